package render

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/draw"
	_ "image/gif"  // registers the decoder
	_ "image/jpeg" // registers the decoder
	"image/png"
	"sync"

	_ "golang.org/x/image/bmp"  // registers the decoder
	_ "golang.org/x/image/tiff" // registers the decoder

	"sidian/ofd"
)

// picture is a decoded image. Encoded is a PNG or JPEG of the same pixels, as PDF and SVG embed it.
type picture struct {
	pix    *image.RGBA // premultiplied
	width  int
	height int
	source []byte // the file as found, when browsers and PDF can take it as it is
	format string // of source: png or jpeg

	levels []*image.RGBA // ever halved, for shrinking without flicker
	once   sync.Once
	png    []byte
	err    error
}

// encoded gives bytes and media type for embedding.
func (p *picture) encoded() ([]byte, string, error) {
	if p.source != nil {
		return p.source, p.format, nil
	}
	p.once.Do(func() {
		var b bytes.Buffer
		enc := png.Encoder{CompressionLevel: png.BestSpeed}
		p.err = enc.Encode(&b, p.pix)
		p.png = b.Bytes()
	})
	return p.png, "png", p.err
}

type imageCache struct {
	left     int // pixels that may still be decoded
	pictures map[string]*picture
	failed   map[string]string
}

func newImageCache(pixels int) *imageCache {
	return &imageCache{left: pixels, pictures: map[string]*picture{}, failed: map[string]string{}}
}

// maxScans bounds the scans of a progressive JPEG: each goes over the whole picture.
const maxScans = 64

var (
	errPixels = errors.New("image has too many pixels")
	errFormat = errors.New("image format cannot be drawn")
)

// decode reads an image file whose size was checked first.
func (c *imageCache) decode(data []byte) (*picture, error) {
	cfg, format, err := image.DecodeConfig(bytes.NewReader(data))
	if err != nil {
		return nil, errFormat
	}
	if cfg.Width <= 0 || cfg.Height <= 0 || cfg.Width > 1<<16 || cfg.Height > 1<<16 || cfg.Width*cfg.Height > c.left {
		return nil, errPixels
	}
	if format == "jpeg" && bytes.Count(data, []byte{0xFF, 0xDA}) > maxScans {
		return nil, errPixels
	}
	c.left -= cfg.Width * cfg.Height
	img, _, err := image.Decode(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("decoding a %s image: %w", format, err)
	}
	p := &picture{pix: toRGBA(img), width: img.Bounds().Dx(), height: img.Bounds().Dy()}
	if p.width <= 0 || p.height <= 0 {
		return nil, errFormat
	}
	if embeddable(img, format) {
		p.source, p.format = data, format
	}
	return p, nil
}

// embeddable leaves out what browsers or PDF show otherwise than we do: CMYK JPEG, deep PNG.
func embeddable(img image.Image, format string) bool {
	switch img.(type) {
	case *image.YCbCr, *image.Gray:
		return format == "jpeg"
	case *image.NRGBA, *image.RGBA, *image.Paletted:
		return format == "png"
	}
	return false
}

func toRGBA(img image.Image) *image.RGBA {
	if n, ok := img.(*image.RGBA); ok && n.Rect.Min == (image.Point{}) {
		return n
	}
	b := img.Bounds()
	out := image.NewRGBA(image.Rect(0, 0, b.Dx(), b.Dy()))
	draw.Draw(out, out.Bounds(), img, b.Min, draw.Src)
	return out
}

// media finds an image resource.
func (w *walker) media(id ofd.ID) *picture {
	m := w.res.Media[id]
	if m == nil {
		w.warn(WarnImage, "图片资源 %d 不存在", id)
		return nil
	}
	if p := w.images.pictures[m.File]; p != nil {
		return p
	}
	if w.images.failed[m.File] == "" {
		p, err := w.loadMedia(m)
		if err == nil {
			w.images.pictures[m.File] = p
			return p
		}
		w.images.failed[m.File] = imageReason(err, m.Format)
	}
	w.warn(WarnImage, "图片资源 %d %s", id, w.images.failed[m.File])
	return nil
}

func (w *walker) loadMedia(m *ofd.Media) (*picture, error) {
	part := w.doc.Part(m.File)
	if m.File == "" || part == nil {
		return nil, errNoPart
	}
	data, err := part.Data()
	if err != nil {
		return nil, err
	}
	return w.images.decode(data)
}

func imageReason(err error, format string) string {
	switch {
	case errors.Is(err, errNoPart):
		return "在文件包中不存在"
	case errors.Is(err, errPixels):
		return "像素过多，未绘制"
	case errors.Is(err, errFormat):
		return fmt.Sprintf("的格式（%.16s）不能绘制", format)
	}
	return "无法读取"
}

// imageObject paints an image: the unit square under the object's CTM (GB/T 33190-2016 §10).
func (w *walker) imageObject(o *ofd.ImageObject, st state) {
	p := w.media(o.ResourceID)
	if p == nil && o.Substitution != 0 {
		p = w.media(o.Substitution)
	}
	if p == nil {
		return
	}
	if o.CTM == nil { // left out: fill the boundary, as readers do
		st.m = scale(o.Boundary.W, o.Boundary.H).then(st.m)
	}
	if o.ImageMask != 0 {
		if mask := w.media(o.ImageMask); mask != nil {
			p = w.masked(p, mask)
		}
	}
	w.emit(item{clip: st.clip, m: st.m, alpha: st.alpha, image: p})
	if o.Border != nil {
		w.border(o, st)
	}
}

// masked makes the image transparent where the mask is black. The standard asks for a mask of the image's size; others
// are stretched.
func (w *walker) masked(p, mask *picture) *picture {
	n := p.width * p.height
	if n > w.images.left {
		w.warn(WarnImage, "图片蒙版像素过多，未应用")
		return p
	}
	w.images.left -= n
	out := image.NewRGBA(image.Rect(0, 0, p.width, p.height))
	copy(out.Pix, p.pix.Pix)
	for y := range p.height {
		my := y * mask.height / p.height
		for x := range p.width {
			at := mask.pix.PixOffset(x*mask.width/p.width, my)
			m := mask.pix.Pix[at : at+4]
			luma := (299*int(m[0]) + 587*int(m[1]) + 114*int(m[2])) / 1000 * int(m[3]) / 255
			i := out.PixOffset(x, y)
			for k := range 4 {
				out.Pix[i+k] = uint8(int(out.Pix[i+k]) * luma / 255)
			}
		}
	}
	return &picture{pix: out, width: p.width, height: p.height}
}

func (w *walker) border(o *ofd.ImageObject, st state) {
	s := defaultStyle()
	s.apply(&ofd.Pen{LineWidth: o.Border.LineWidth, DashPattern: o.Border.DashPattern, DashOffset: o.Border.DashOffset})
	paint, alpha := w.color(o.Border.Color, rect{0, 0, 1, 1})
	outline := &path{}
	outline.appendPath(rectPath(rect{0, 0, 1, 1}), st.m)
	w.emit(item{clip: st.clip, m: identity, alpha: st.alpha * alpha, paint: paint, path: outline, stroke: s.pen()})
}
