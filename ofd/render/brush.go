package render

import (
	"image"
	"math"
)

// brush lays colour on a row of pixels, weighted by cov.
type brush interface {
	paint(dst *image.RGBA, y, x0 int, cov []uint8)
}

// brushOf is for all items but images; m goes from the item's space to pixels.
func brushOf(it *item, m matrix) brush {
	if s := it.paint.shade; s != nil {
		if inv, ok := m.invert(); ok {
			return &shadeBrush{shade: s, inv: inv, alpha: it.alpha}
		}
	}
	return solidBrush{uint32(it.paint.r), uint32(it.paint.g), uint32(it.paint.b), uint32(it.alpha*255 + 0.5)}
}

type solidBrush struct{ r, g, b, a uint32 }

func (s solidBrush) paint(dst *image.RGBA, y, x0 int, cov []uint8) {
	at := dst.PixOffset(x0, y)
	for i, v := range cov {
		if v != 0 {
			blend(dst.Pix[at+4*i:at+4*i+3:at+4*i+3], s.r, s.g, s.b, uint32(v)*s.a)
		}
	}
}

// blend puts a colour over an opaque pixel; a is 0..255².
func blend(p []uint8, r, g, b, a uint32) {
	const full = 255 * 255
	rest := full - a
	p[0] = uint8((uint32(p[0])*rest + r*a + full/2) / full)
	p[1] = uint8((uint32(p[1])*rest + g*a + full/2) / full)
	p[2] = uint8((uint32(p[2])*rest + b*a + full/2) / full)
}

type shadeBrush struct {
	shade *shade
	inv   matrix
	alpha float64
}

func (s *shadeBrush) paint(dst *image.RGBA, y, x0 int, cov []uint8) {
	at := dst.PixOffset(x0, y)
	for i, v := range cov {
		if v == 0 {
			continue
		}
		st := s.shade.at(s.inv.apply(point{float64(x0+i) + 0.5, float64(y) + 0.5}))
		a := uint32(float64(v)*s.alpha*st.alpha*255 + 0.5)
		blend(dst.Pix[at+4*i:at+4*i+3:at+4*i+3], uint32(st.r), uint32(st.g), uint32(st.b), a)
	}
}

type imageBrush struct {
	pix   *image.RGBA
	inv   matrix // pixels to source pixels
	alpha float64
}

// imageBrush chooses a shrunken copy of the picture that is at most twice as fine as the pixels it becomes.
func (c *canvas) imageBrush(p *picture, m matrix, alpha float64) brush {
	inv, ok := m.invert()
	if !ok {
		return nil
	}
	factor := math.Sqrt(float64(p.width) * float64(p.height) / math.Abs(m.det()))
	level := p.pix
	for k := 0; factor >= 2 && (level.Rect.Dx() > 1 || level.Rect.Dy() > 1); k++ {
		if k == len(p.levels) {
			if !c.spend(level.Rect.Dx() * level.Rect.Dy()) {
				return nil
			}
			p.levels = append(p.levels, halve(level))
		}
		level = p.levels[k]
		factor /= 2
	}
	toSource := scale(float64(level.Rect.Dx()), float64(level.Rect.Dy()))
	return &imageBrush{pix: level, inv: inv.then(toSource), alpha: alpha}
}

func halve(in *image.RGBA) *image.RGBA {
	w, h := in.Rect.Dx(), in.Rect.Dy()
	out := image.NewRGBA(image.Rect(0, 0, (w+1)/2, (h+1)/2))
	for y := range out.Rect.Dy() {
		y0, y1 := 2*y, min(2*y+1, h-1)
		for x := range out.Rect.Dx() {
			x0, x1 := 2*x, min(2*x+1, w-1)
			a, b := in.PixOffset(x0, y0), in.PixOffset(x1, y0)
			c, d := in.PixOffset(x0, y1), in.PixOffset(x1, y1)
			o := out.PixOffset(x, y)
			for k := range 4 {
				sum := int(in.Pix[a+k]) + int(in.Pix[b+k]) + int(in.Pix[c+k]) + int(in.Pix[d+k])
				out.Pix[o+k] = uint8((sum + 2) / 4)
			}
		}
	}
	return out
}

func (b *imageBrush) paint(dst *image.RGBA, y, x0 int, cov []uint8) {
	at := dst.PixOffset(x0, y)
	for i, v := range cov {
		if v == 0 {
			continue
		}
		s := b.sample(b.inv.apply(point{float64(x0+i) + 0.5, float64(y) + 0.5}))
		k := float64(v) / 255 * b.alpha
		rest := 1 - s[3]*k/255
		p := dst.Pix[at+4*i : at+4*i+3 : at+4*i+3]
		for n := range 3 {
			p[n] = uint8(math.Min(float64(p[n])*rest+s[n]*k+0.5, 255))
		}
	}
}

// sample is the bilinear mean round a place; the image's rim goes on outwards.
func (b *imageBrush) sample(p point) [4]float64 {
	w, h := b.pix.Rect.Dx(), b.pix.Rect.Dy()
	x := math.Min(math.Max(p.x-0.5, 0), float64(w-1))
	y := math.Min(math.Max(p.y-0.5, 0), float64(h-1))
	xi, yi := int(x), int(y)
	fx, fy := x-float64(xi), y-float64(yi)
	xn, yn := min(xi+1, w-1), min(yi+1, h-1)
	var out [4]float64
	add := func(at int, k float64) {
		for n := range 4 {
			out[n] += float64(b.pix.Pix[at+n]) * k
		}
	}
	add(b.pix.PixOffset(xi, yi), (1-fx)*(1-fy))
	if fx > 0 {
		add(b.pix.PixOffset(xn, yi), fx*(1-fy))
	}
	if fy > 0 {
		add(b.pix.PixOffset(xi, yn), (1-fx)*fy)
		add(b.pix.PixOffset(xn, yn), fx*fy)
	}
	return out
}
