package convert

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/jpeg"
	"image/png"
	"io"
	"math"

	"golang.org/x/image/ccitt"

	"sidian/ofd"
	"sidian/ofd/internal/pdf"
)

// imageKey tells pictures apart: a stencil is another picture in each colour.
type imageKey struct {
	stream *pdf.Stream
	rgb    [3]uint8
}

type madeImage struct{ id ofd.ID }

var inlineKeys = map[pdf.Name]pdf.Name{"BPC": "BitsPerComponent", "CS": "ColorSpace", "D": "Decode", "DP": "DecodeParms", "F": "Filter", "H": "Height", "IM": "ImageMask", "I": "Interpolate", "W": "Width"}

// inlineLength tells how many bytes an inline image without filters has.
func (d *drawer) inlineLength(dict pdf.Dict) int {
	full := fullKeys(dict)
	if full["Filter"] != nil {
		return 0
	}
	w, _ := full["Width"].(int)
	h, _ := full["Height"].(int)
	bits, _ := full["BitsPerComponent"].(int)
	n := 1
	if full["ImageMask"] == true {
		bits = 1
	} else if s, err := d.colorSpace(full["ColorSpace"], d.resources, 0); err == nil {
		n = s.n
	}
	if w < 1 || h < 1 || bits < 1 || bits > 16 || w > 1<<16 || h > 1<<16 {
		return 0
	}
	return (w*n*bits + 7) / 8 * h
}

func fullKeys(d pdf.Dict) pdf.Dict {
	out := pdf.Dict{}
	for k, v := range d {
		if long, ok := inlineKeys[k]; ok {
			k = long
		}
		out[k] = v
	}
	return out
}

func (d *drawer) inlineImage(s *pdf.Stream) error {
	return d.imageObject(&pdf.Stream{Dict: fullKeys(s.Dict), Raw: s.Raw})
}

// imageObject paints a picture into the unit square of user space (§8.9.5).
func (d *drawer) imageObject(s *pdf.Stream) error {
	key := imageKey{stream: s}
	if d.file.Get(s.Dict["ImageMask"]) == true {
		if d.st.fill.bad != nil {
			return d.st.fill.bad
		}
		key.rgb = d.st.fill.rgb
	}
	m := d.st.ctm
	corners := boxShape(m, rect{0, 0, 1, 1})
	bound := corners.bounds()
	visible := bound.cut(d.st.box)
	if visible.empty() || d.st.fill.alpha == 0 {
		return nil
	}
	made := d.images[key]
	if made == nil {
		data, format, err := d.picture(s, key.rgb)
		if err != nil {
			return err
		}
		made = &madeImage{id: d.b.AddImage(data, format)}
		d.images[key] = made
	}
	o := &ofd.ImageObject{ResourceID: made.id}
	if a := uint8(math.Round(d.st.fill.alpha * 255)); a != 255 {
		o.Alpha = ofd.Alpha(a)
	}
	// OFD's unit square has its origin in the upper left corner (GB/T 33190 §10).
	unit := ofd.Matrix{1, 0, 0, -1, 0, 1}.Then(m)
	local := unit.Then(moved(-visible.x0, -visible.y0))
	d.placeImage(&o.Graphic, visible, local)
	return d.emit(o)
}

// placeImage is place for a matrix that moves too.
func (d *drawer) placeImage(g *ofd.Graphic, visible rect, local ofd.Matrix) {
	flat := local
	d.place(g, visible, nil, visible)
	if inv, ok := inverse(flat); ok && g.Clips != nil {
		for i := range g.Clips.Clips {
			c := d.st.clips[i]
			to := moved(-g.Boundary.X, -g.Boundary.Y).Then(inv)
			b := nowhere
			for _, s := range c.shape {
				for k := range s.p {
					if s.op == 'c' || k == 0 && s.op != 'h' {
						b.add(to.Apply(s.p[k]))
					}
				}
			}
			p := g.Clips.Clips[i].Areas[0].Path
			// Units are the picture's sides: written larger, so that four decimals do.
			const big = 1000
			p.Boundary = ofd.Box{W: (b.x1 + math.Abs(b.x0)) * big, H: (b.y1 + math.Abs(b.y0)) * big}
			p.Boundary.X, p.Boundary.Y = 0, 0
			p.Data = c.shape.data(to.Then(ofd.Matrix{big, 0, 0, big, 0, 0}))
			g.Clips.Clips[i].Areas[0].CTM = &ofd.Matrix{1.0 / big, 0, 0, 1.0 / big, 0, 0}
			p.Boundary.W, p.Boundary.H = math.Max(p.Boundary.W, 1), math.Max(p.Boundary.H, 1)
		}
	}
	g.CTM = &flat
}

// picture gives a file that OFD readers show: JPEG as it is where nothing is
// to be changed, else PNG.
func (c *converter) picture(s *pdf.Stream, ink [3]uint8) (data []byte, format string, err error) {
	w, _ := c.file.Get(s.Dict["Width"]).(int)
	h, _ := c.file.Get(s.Dict["Height"]).(int)
	if w < 1 || h < 1 || w > 1<<16 || h > 1<<16 || w*h > c.limits.Pixels {
		return nil, "", refuse("limit", "a picture of %d × %d pixels", w, h)
	}
	raw, rest, err := c.file.Decode(s)
	if err != nil {
		return nil, "", err
	}
	if rest != nil && rest.Name == "DCTDecode" && c.plainJPEG(s, raw, w, h) {
		return raw, "JPEG", nil
	}
	if c.pixels += w * h; c.pixels > c.limits.AllPixels {
		return nil, "", refuse("limit", "more than %d pixels in all pictures", c.limits.AllPixels)
	}
	img, err := c.decodeImage(s, raw, rest, w, h, ink)
	if err != nil {
		return nil, "", err
	}
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		return nil, "", refuse("image", "%v", err)
	}
	return b.Bytes(), "PNG", nil
}

// plainJPEG tells whether a JPEG file shows by itself what the page wants.
func (c *converter) plainJPEG(s *pdf.Stream, raw []byte, w, h int) bool {
	cfg, err := jpeg.DecodeConfig(bytes.NewReader(raw))
	if err != nil || cfg.Width != w || cfg.Height != h {
		return false
	}
	for _, key := range []pdf.Name{"SMask", "Mask", "Decode", "SMaskInData"} {
		if v := c.file.Get(s.Dict[key]); v != nil && v != 0 {
			return false
		}
	}
	space, err := c.colorSpace(s.Dict["ColorSpace"], nil, 0)
	if err != nil || space.indexed != nil || space.n == 4 || components(raw) != space.n {
		return false
	}
	return space.n == 1 || space.n == 3
}

// components reads from a JPEG frame how many components it has.
func components(raw []byte) int {
	for i := 2; i+9 < len(raw) && raw[i] == 0xFF; {
		kind := raw[i+1]
		if kind >= 0xC0 && kind <= 0xCF && kind != 0xC4 && kind != 0xC8 && kind != 0xCC {
			return int(raw[i+9])
		}
		i += 2 + int(binary.BigEndian.Uint16(raw[i+2:]))
	}
	return 0
}

// decodeImage gives the pixels with their masks (§8.9.6).
func (c *converter) decodeImage(s *pdf.Stream, raw []byte, rest *pdf.Filter, w, h int, ink [3]uint8) (image.Image, error) {
	stencil := c.file.Get(s.Dict["ImageMask"]) == true
	bits, _ := c.file.Get(s.Dict["BitsPerComponent"]).(int)
	if stencil {
		bits = 1
	}
	decode, _ := c.file.Numbers(s.Dict["Decode"])
	out := image.NewNRGBA(image.Rect(0, 0, w, h))
	if stencil {
		samples, err := c.samples(raw, rest, w, h, 1, 1)
		if err != nil {
			return nil, err
		}
		paints := uint16(0)
		if len(decode) == 2 && decode[0] == 1 {
			paints = 1
		}
		for i, v := range samples {
			if v == paints {
				copy(out.Pix[4*i:], []byte{ink[0], ink[1], ink[2], 255})
			}
		}
		return out, nil
	}
	space, err := c.colorSpace(s.Dict["ColorSpace"], nil, 0)
	if err != nil {
		return nil, err
	}
	if space.pattern {
		return nil, refuse("image", "a picture made of a pattern")
	}
	if rest != nil && rest.Name == "DCTDecode" {
		bits = 8
	}
	samples, err := c.samples(raw, rest, w, h, space.n, bits)
	if err != nil {
		return nil, err
	}
	if err := colorize(out, samples, space, bits, decode); err != nil {
		return nil, err
	}
	return out, c.mask(out, s, samples, space.n)
}

// colorize turns samples into colours. Few colours are many pixels: those met
// are kept.
func colorize(out *image.NRGBA, samples []uint16, s *space, bits int, decode []float64) error {
	top := float64(int(1)<<bits - 1)
	if decode == nil {
		for range s.n {
			if s.indexed != nil {
				decode = append(decode, 0, top)
			} else {
				decode = append(decode, 0, 1)
			}
		}
	}
	if len(decode) < 2*s.n || s.n > 4 {
		return refuse("image", "a picture of %d components", s.n)
	}
	v := make([]float64, s.n)
	known := map[uint64][3]uint8{}
	for i := range len(out.Pix) / 4 {
		var key uint64
		for k := range s.n {
			key = key<<16 | uint64(samples[i*s.n+k])
		}
		rgb, ok := known[key]
		if !ok {
			for k := range v {
				v[k] = decode[2*k] + float64(samples[i*s.n+k])/top*(decode[2*k+1]-decode[2*k])
			}
			rgb = s.rgb(v)
			if len(known) < 1<<16 {
				known[key] = rgb
			}
		}
		copy(out.Pix[4*i:], []byte{rgb[0], rgb[1], rgb[2], 255})
	}
	return nil
}

// mask applies a soft mask, a stencil mask or a range of colours.
func (c *converter) mask(out *image.NRGBA, s *pdf.Stream, samples []uint16, n int) error {
	if v, ok := c.file.Get(s.Dict["SMaskInData"]).(int); ok && v != 0 {
		return refuse("image", "a mask inside JPEG 2000")
	}
	soft, isSoft := c.file.Get(s.Dict["SMask"]).(*pdf.Stream)
	hard, isHard := c.file.Get(s.Dict["Mask"]).(*pdf.Stream)
	switch {
	case isSoft:
		if soft.Dict["Matte"] != nil {
			return refuse("image", "a soft mask with a matte")
		}
		return c.applyMask(out, soft, false)
	case isHard:
		return c.applyMask(out, hard, true)
	}
	ranges, ok := c.file.Numbers(s.Dict["Mask"])
	if !ok || len(ranges) < 2*n {
		return nil
	}
	for i := range len(out.Pix) / 4 {
		in := true
		for k := range n {
			v := float64(samples[i*n+k])
			in = in && v >= ranges[2*k] && v <= ranges[2*k+1]
		}
		if in {
			out.Pix[4*i+3] = 0
		}
	}
	return nil
}

// applyMask puts a mask over a picture. Sizes may differ: the finer of the two
// decides, so that neither loses detail.
func (c *converter) applyMask(out *image.NRGBA, m *pdf.Stream, hard bool) error {
	w, _ := c.file.Get(m.Dict["Width"]).(int)
	h, _ := c.file.Get(m.Dict["Height"]).(int)
	if w < 1 || h < 1 || w > 1<<16 || h > 1<<16 || w*h > c.limits.Pixels {
		return refuse("limit", "a mask of %d × %d pixels", w, h)
	}
	if c.pixels += w * h; c.pixels > c.limits.AllPixels {
		return refuse("limit", "more than %d pixels in all pictures", c.limits.AllPixels)
	}
	raw, rest, err := c.file.Decode(m)
	if err != nil {
		return err
	}
	bits, _ := c.file.Get(m.Dict["BitsPerComponent"]).(int)
	if hard {
		bits = 1
	} else if rest != nil && rest.Name == "DCTDecode" {
		bits = 8
	}
	samples, err := c.samples(raw, rest, w, h, 1, bits)
	if err != nil {
		return err
	}
	top := float64(int(1)<<bits - 1)
	lo, hi := 0.0, 1.0
	if d, ok := c.file.Numbers(m.Dict["Decode"]); ok && len(d) == 2 {
		lo, hi = d[0], d[1]
	}
	alpha := make([]uint8, w*h)
	for i := range alpha {
		v := lo + float64(samples[i])/top*(hi-lo)
		if hard {
			v = 1 - v // 1 masks out
		}
		alpha[i] = byteOf(v)
	}
	b := out.Bounds()
	if w > b.Dx() || h > b.Dy() {
		if err := c.enlarge(out, max(w, b.Dx()), max(h, b.Dy())); err != nil {
			return err
		}
		b = out.Bounds()
	}
	for y := range b.Dy() {
		for x := range b.Dx() {
			out.Pix[4*(y*b.Dx()+x)+3] = alpha[y*h/b.Dy()*w+x*w/b.Dx()]
		}
	}
	return nil
}

func (c *converter) enlarge(img *image.NRGBA, w, h int) error {
	if w*h > c.limits.Pixels {
		return refuse("limit", "a picture of %d × %d pixels", w, h)
	}
	big := image.NewNRGBA(image.Rect(0, 0, w, h))
	b := img.Bounds()
	for y := range h {
		for x := range w {
			copy(big.Pix[4*(y*w+x):4*(y*w+x)+4], img.Pix[4*(y*b.Dy()/h*b.Dx()+x*b.Dx()/w):])
		}
	}
	*img = *big
	return nil
}

// samples gives the numbers of a picture, row by row.
func (c *converter) samples(raw []byte, rest *pdf.Filter, w, h, n, bits int) ([]uint16, error) {
	if rest != nil {
		switch rest.Name {
		case "DCTDecode":
			return c.jpegSamples(raw, rest, w, h, n)
		case "CCITTFaxDecode":
			if n != 1 || bits != 1 {
				return nil, refuse("image", "a fax of %d components", n)
			}
			var err error
			if raw, err = c.fax(raw, rest.Parms, w, h); err != nil {
				return nil, err
			}
		default:
			return nil, refuse("image", "a picture of %s", rest.Name)
		}
	}
	row := (w*n*bits + 7) / 8
	switch bits {
	case 1, 2, 4, 8, 16:
	default:
		return nil, refuse("image", "a picture of %d bits", bits)
	}
	if len(raw) < row*h {
		return nil, refuse("image", "a picture of %d bytes, %d are wanted", len(raw), row*h)
	}
	out := make([]uint16, w*h*n)
	for y := range h {
		line := raw[y*row : (y+1)*row]
		to := out[y*w*n : (y+1)*w*n]
		for i := range to {
			switch bits {
			case 8:
				to[i] = uint16(line[i])
			case 16:
				to[i] = binary.BigEndian.Uint16(line[2*i:])
			default:
				at := i * bits
				to[i] = uint16(line[at/8] >> (8 - bits - at%8) & (1<<bits - 1))
			}
		}
	}
	return out, nil
}

// fax decodes CCITT group 3 and 4 (§7.4.6).
func (c *converter) fax(raw []byte, p pdf.Dict, w, h int) ([]byte, error) {
	k, _ := pdf.Number(c.file.Get(p["K"]))
	columns := 1728
	if v, ok := c.file.Get(p["Columns"]).(int); ok {
		columns = v
	}
	if columns != w || k > 0 {
		return nil, refuse("image", "a fax of %d columns, K %g", columns, k)
	}
	format := ccitt.Group3
	if k < 0 {
		format = ccitt.Group4
	}
	align := c.file.Get(p["EncodedByteAlign"]) == true
	black := c.file.Get(p["BlackIs1"]) == true
	r := ccitt.NewReader(bytes.NewReader(raw), ccitt.MSB, format, w, h, &ccitt.Options{Invert: !black, Align: align})
	out := make([]byte, (w+7)/8*h)
	if _, err := io.ReadFull(r, out); err != nil {
		return nil, refuse("image", "a fax: %v", err)
	}
	return out, nil
}

// jpegSamples decodes a JPEG into the components that the page means.
func (c *converter) jpegSamples(raw []byte, rest *pdf.Filter, w, h, n int) ([]uint16, error) {
	cfg, err := jpeg.DecodeConfig(bytes.NewReader(raw))
	if err != nil || cfg.Width != w || cfg.Height != h {
		return nil, refuse("image", "a JPEG of another size, or damaged: %v", err)
	}
	if v, ok := c.file.Get(rest.Parms["ColorTransform"]).(int); ok && v != 1 && n == 3 {
		return nil, refuse("image", "a JPEG with a colour transform of %d", v)
	}
	img, err := jpeg.Decode(bytes.NewReader(raw))
	if err != nil {
		return nil, refuse("image", "a JPEG: %v", err)
	}
	out := make([]uint16, w*h*n)
	switch v := img.(type) {
	case *image.Gray:
		if n == 1 {
			for i := range out {
				out[i] = uint16(v.Pix[i/w*v.Stride+i%w])
			}
			return out, nil
		}
	case *image.CMYK: // the decoder has undone Adobe's inversion; PDF wants it as it was
		if n == 4 {
			for i := range w * h {
				for k := range 4 {
					out[4*i+k] = 255 - uint16(v.Pix[i/w*v.Stride+i%w*4+k])
				}
			}
			return out, nil
		}
	default:
		if n == 3 {
			for i := range w * h {
				r, g, b, _ := img.At(i%w, i/w).RGBA()
				out[3*i], out[3*i+1], out[3*i+2] = uint16(r>>8), uint16(g>>8), uint16(b>>8)
			}
			return out, nil
		}
	}
	return nil, refuse("image", "a JPEG of other than %d components", n)
}
