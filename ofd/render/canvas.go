package render

import (
	"image"
	"math"
)

// canvas paints a scene into pixels on white. All its work is counted, so that no scene takes for ever.
type canvas struct {
	img    *image.RGBA
	m      matrix // page millimetres to pixels
	ras    raster
	row    []uint8
	masks  map[*clip]*mask
	kept   []*clip // of masks, oldest first
	work   int
	limit  int
	halted bool
}

func newCanvas(width, height int, m matrix, limit int) *canvas {
	c := &canvas{img: image.NewRGBA(image.Rect(0, 0, width, height)), m: m, masks: map[*clip]*mask{}, limit: limit, row: make([]uint8, width)}
	for i := range c.img.Pix {
		c.img.Pix[i] = 255
	}
	return c
}

// sampleCost is what a pixel of an image or a shading costs beyond one of plain colour.
const sampleCost = 12

// edgeCost is what an edge, or its passage through a row, costs compared with a plain pixel.
const edgeCost = 16

func (c *canvas) spend(n int) bool {
	if c.work += n; c.work > c.limit {
		c.halted = true
	}
	return !c.halted
}

// tolerance is how far, in pixels, straight pieces may leave a curve.
const tolerance = 0.1

func (c *canvas) draw(s *scene) {
	for i := range s.items {
		if c.halted {
			return
		}
		c.item(&s.items[i])
	}
}

func (c *canvas) item(it *item) {
	win := c.window(it.bounds())
	var mk *mask
	if it.clip != nil {
		if mk = c.mask(it.clip); mk == nil {
			return
		}
		win = win.Intersect(mk.win)
	}
	if win.Empty() || it.paint.shade != nil && !c.spend(sampleCost*win.Dx()*win.Dy()) {
		return
	}
	m := it.m.then(c.m)
	switch {
	case it.image != nil:
		b := c.imageBrush(it.image, m, it.alpha)
		if b == nil || !c.spend(sampleCost*win.Dx()*win.Dy()) {
			return
		}
		c.polygons(polygonsOf(rectPath(rect{0, 0, 1, 1}).flatten(m, tolerance)), nonZero, win, mk, b)
	case it.glyphs != nil:
		b := brushOf(it, m)
		for _, g := range it.glyphs {
			c.glyph(g, it, m, win, mk, b)
		}
	case it.stroke != nil:
		c.stroke(it.path, it.stroke, m, win, mk, brushOf(it, m))
	default:
		c.polygons(polygonsOf(it.path.flatten(m, tolerance)), it.rule, win, mk, brushOf(it, m))
	}
}

func (c *canvas) glyph(g glyph, it *item, m matrix, win image.Rectangle, mk *mask, b brush) {
	if c.halted {
		return
	}
	gm := g.m.then(m)
	reach := 1.0
	if it.stroke != nil {
		reach += it.stroke.width * m.size()
	}
	win = win.Intersect(pixels(gm.bounds(g.shape.bound).grow(reach)))
	if win.Empty() || it.paint.shade != nil && !c.spend(sampleCost*win.Dx()*win.Dy()) {
		return
	}
	if it.stroke == nil {
		c.polygons(polygonsOf(g.shape.path.flatten(gm, tolerance)), nonZero, win, mk, b)
		return
	}
	outline := &path{}
	outline.appendPath(g.shape.path, g.m)
	c.stroke(outline, it.stroke, m, win, mk, b)
}

// stroke widens the path in the item's own space, where the pen is round, and then transforms the result.
func (c *canvas) stroke(p *path, pn *pen, m matrix, win image.Rectangle, mk *mask, b brush) {
	size := m.size()
	if !(size > 0) {
		return
	}
	thin := *pn
	thin.width = math.Max(pn.width, 0.8/size) // thinner lines would fade instead of getting thinner
	polys := strokePolygons(p.flatten(identity, tolerance/size), &thin, tolerance/size)
	for _, poly := range polys {
		for i := range poly {
			poly[i] = m.apply(poly[i])
		}
	}
	c.polygons(polys, nonZero, win, mk, b)
}

func polygonsOf(lines []polyline) [][]point {
	out := make([][]point, len(lines))
	for i := range lines {
		out[i] = lines[i].pts
	}
	return out
}

// window is the part of the picture that a box of the page can touch.
func (c *canvas) window(r rect) image.Rectangle {
	return pixels(c.m.bounds(r)).Intersect(c.img.Rect)
}

// pixels is the smallest rectangle of whole pixels round r.
func pixels(r rect) image.Rectangle {
	lim := func(v float64) int { return int(math.Min(math.Max(v, -1e6), 1e6)) }
	if math.IsNaN(r.x0 + r.y0 + r.x1 + r.y1) {
		return image.Rectangle{}
	}
	return image.Rect(lim(math.Floor(r.x0)), lim(math.Floor(r.y0)), lim(math.Ceil(r.x1)), lim(math.Ceil(r.y1)))
}

// polygons fills them, in pixel coordinates, with the brush.
func (c *canvas) polygons(polys [][]point, rule fillRule, win image.Rectangle, mk *mask, b brush) {
	c.coverage(polys, rule, win, func(y, x0 int, cov []uint8) {
		if mk != nil && mk.pix != nil {
			line := mk.line(y)[x0-mk.win.Min.X:]
			for i := range cov {
				cov[i] = uint8(uint32(cov[i]) * uint32(line[i]) / 255)
			}
		}
		b.paint(c.img, y, x0, cov)
	})
}

// coverage calls fn for each row of win that the polygons touch. It works in bands of bounded size.
func (c *canvas) coverage(polys [][]point, rule fillRule, win image.Rectangle, fn func(y, x0 int, cov []uint8)) {
	w := win.Dx()
	band := max(maxCells/(w+2), 1)
	edges := 0
	for _, p := range polys {
		edges += len(p)
	}
	for y := win.Min.Y; y < win.Max.Y; y += band {
		h := min(band, win.Max.Y-y)
		if !c.spend(w*h + edgeCost*edges) {
			return
		}
		c.ras.reset(win.Min.X, y, w, h)
		dx, dy := -float64(win.Min.X), -float64(y)
		for _, p := range polys {
			for i, a := range p {
				e := p[(i+1)%len(p)]
				c.ras.edge(point{a.x + dx, a.y + dy}, point{e.x + dx, e.y + dy})
			}
		}
		c.spend(edgeCost * c.ras.spans)
		for r := range h {
			cov := c.row[:w]
			if from, to := c.ras.row(r, rule, cov); to > from {
				fn(y+r, win.Min.X+from, cov[from:to])
			}
		}
	}
}
