package render

import (
	"strings"

	"sidian/ofd"
	"sidian/ses"
)

// maxSeals bounds the stamps drawn on one page.
const maxSeals = 500

// seals draws the pictures of the seals that show on the page. A seal is drawn whether or not its signature is valid: a
// picture on a page proves nothing, and leaving it out would hide that a document claims one.
func (w *walker) seals(page *ofd.Page) {
	drawn := 0
	for _, rec := range page.Body().Signatures() {
		file := w.signature(rec)
		if file == nil {
			w.warn(WarnSeal, "签名 %.20s 的 Signature.xml 无法读取，印章未显示", rec.ID)
			continue
		}
		var look *sealLook
		for _, stamp := range file.Stamps {
			if stamp.PageRef != page.ID || stamp.Boundary.Empty() {
				continue
			}
			if drawn++; drawn > maxSeals {
				w.warn(WarnLimit, "印章过多，其余未显示")
				return
			}
			if look == nil {
				if look = w.sealLook(file); look == nil {
					w.warn(WarnSeal, "签名 %.20s 的印章图片无法显示", rec.ID)
					break
				}
			}
			w.stamp(look, stamp)
		}
	}
}

// signature reads a Signature.xml once for all pages; nil when it cannot be read.
func (w *walker) signature(rec ofd.SignatureRecord) *ofd.SignatureFile {
	file, ok := w.signatures[rec.Part]
	if !ok {
		if f, err := w.doc.Signature(rec); err == nil {
			file = f
		}
		w.signatures[rec.Part] = file
	}
	return file
}

// sealLook is a seal's picture, ready to be put on pages.
type sealLook struct {
	picture *picture
	scene   *scene
}

func (w *walker) sealLook(file *ofd.SignatureFile) *sealLook {
	key := file.Value + "\x00" + file.Seal
	if look, ok := w.looks[key]; ok {
		return look
	}
	var look *sealLook
	if pic := w.sealPicture(file); pic != nil {
		look = w.lookOf(pic)
	}
	w.looks[key] = look
	return look
}

// sealPicture takes the picture out of the signature value, else out of Seal.esl.
func (w *walker) sealPicture(file *ofd.SignatureFile) *ses.Picture {
	if data := w.bytes(file.Value); data != nil {
		if sig, err := ses.ParseSignature(data); err == nil && sig.Seal != nil {
			return &sig.Seal.Picture
		}
	}
	if data := w.bytes(file.Seal); data != nil {
		if seal, err := ses.ParseSeal(data); err == nil {
			return &seal.Picture
		}
	}
	return nil
}

func (w *walker) bytes(name string) []byte {
	if name == "" {
		return nil
	}
	part := w.doc.Part(name)
	if part == nil {
		return nil
	}
	data, err := part.Data()
	if err != nil {
		return nil
	}
	return data
}

func (w *walker) lookOf(pic *ses.Picture) *sealLook {
	if strings.EqualFold(strings.TrimSpace(pic.Type), "ofd") {
		return w.sealDocument(pic.Data)
	}
	p, err := w.images.decode(pic.Data) // the type is a claim: the bytes decide
	if err != nil {
		return nil
	}
	return &sealLook{picture: p}
}

// sealDocument renders a seal's picture that is itself an OFD package, one level deep.
func (w *walker) sealDocument(data []byte) *sealLook {
	doc, err := ofd.OpenWith(data, ofd.Options{Limits: ofd.Limits{File: 4 << 20, Entries: 256, Part: 8 << 20, Total: 16 << 20}})
	if err != nil {
		return nil
	}
	in := newWalker(doc, Options{Limits: w.opts.Limits})
	in.nested = true
	in.limits.Objects = max(w.limits.Objects-w.objects, 0) / 4
	in.limits.Points = max(w.limits.Points-w.points, 0) / 4
	in.images.left = min(w.images.left, 8<<20)
	s, err := in.scene(0)
	if err != nil {
		return nil
	}
	w.spend(in.objects, in.points)
	return &sealLook{scene: s}
}

// stamp stretches the picture into the stamp's box; Clip is the visible slice, in the box's own coordinates (§18.2.3).
func (w *walker) stamp(look *sealLook, a ofd.StampAnnot) {
	b := a.Boundary
	var c *clip
	if a.Clip != nil {
		v := a.Clip
		c = c.narrow(rectPath(rect{b.X + v.X, b.Y + v.Y, b.X + v.X + v.W, b.Y + v.Y + v.H}), nonZero)
	}
	if look.picture != nil {
		w.emit(item{clip: c, m: matrix{b.W, 0, 0, b.H, b.X, b.Y}, alpha: 1, image: look.picture})
		return
	}
	c = c.narrow(rectPath(rect{b.X, b.Y, b.X + b.W, b.Y + b.H}), nonZero)
	m := matrix{b.W / look.scene.width, 0, 0, b.H / look.scene.height, b.X, b.Y}
	if w.spend(len(look.scene.items), 0) {
		w.place(look.scene, m, c)
	}
}

// place puts a scene into this one.
func (w *walker) place(s *scene, m matrix, c *clip) {
	moved := map[*clip]*clip{nil: c}
	for _, it := range s.items {
		it.clip = moveClip(it.clip, m, moved)
		it.m = it.m.then(m)
		w.emit(it)
	}
}

func moveClip(c *clip, m matrix, moved map[*clip]*clip) *clip {
	if to, ok := moved[c]; ok {
		return to
	}
	p := &path{}
	p.appendPath(c.path, m)
	to := moveClip(c.parent, m, moved).narrow(p, c.rule)
	moved[c] = to
	return to
}
