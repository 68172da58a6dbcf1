package render

import "image"

// mask is a clip chain in pixels: a window, and a share for each pixel in it; nil shares mean all of it.
type mask struct {
	win image.Rectangle
	pix []uint8
}

func (m *mask) line(y int) []uint8 {
	w := m.win.Dx()
	at := (y - m.win.Min.Y) * w
	return m.pix[at : at+w]
}

// maxMasks is how many clip chains are kept at a time; neighbouring objects often share theirs.
const maxMasks = 4

// mask rasterises a clip chain; nil when nothing can be seen through it. Boxes that stay boxes are widened to whole pixels
// instead of being smoothed, so that a thin line whose boundary is as thin as itself is not washed out.
func (c *canvas) mask(cl *clip) *mask {
	if m, ok := c.masks[cl]; ok {
		return m
	}
	m := c.buildMask(cl)
	if len(c.kept) >= maxMasks {
		delete(c.masks, c.kept[0])
		c.kept = c.kept[1:]
	}
	c.masks[cl] = m
	c.kept = append(c.kept, cl)
	return m
}

func (c *canvas) buildMask(cl *clip) *mask {
	m := &mask{win: c.window(cl.bound)}
	if m.win.Empty() {
		return nil
	}
	var shaped []*clip
	for k := cl; k != nil; k = k.parent {
		if _, ok := k.path.isRect(); ok && c.m.straight() {
			continue // its box is in the bound already
		}
		shaped = append(shaped, k)
	}
	for _, k := range shaped {
		c.carve(m, k)
	}
	return m
}

// carve multiplies the mask with one clip's shape.
func (c *canvas) carve(m *mask, k *clip) {
	w := m.win.Dx()
	pix := make([]uint8, w*m.win.Dy())
	c.coverage(polygonsOf(k.path.flatten(c.m, tolerance)), k.rule, m.win, func(y, x0 int, cov []uint8) {
		copy(pix[(y-m.win.Min.Y)*w+x0-m.win.Min.X:], cov)
	})
	if m.pix != nil {
		for i, v := range m.pix {
			pix[i] = uint8(uint32(pix[i]) * uint32(v) / 255)
		}
	}
	m.pix = pix
}
