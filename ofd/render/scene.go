package render

// scene is one page, ready for any back end: what to paint, in order. Its space is the page in millimetres.
type scene struct {
	width, height float64
	items         []item
	warnings      []Warning
	title         string
}

// item is one paint operation. Exactly one of the shapes is set.
type item struct {
	clip   *clip
	m      matrix  // from the item's own space to the page
	alpha  float64 // 0..1
	paint  paint   // not for pictures
	path   *path
	rule   fillRule
	stroke *pen // strokes path instead of filling it
	glyphs []glyph
	image  *picture // painted into the unit square of the item's space
}

type fillRule uint8

const (
	nonZero fillRule = iota
	evenOdd
)

// glyph is an outline with the matrix from its units into the item's space.
type glyph struct {
	shape *glyphShape
	m     matrix
}

// glyphShape is shared by all uses of a glyph of a face.
type glyphShape struct {
	path  *path
	bound rect
}

// pen is how a stroke looks, in the units of the item's space.
type pen struct {
	width      float64
	cap        lineCap
	join       lineJoin
	miter      float64
	dash       []float64
	dashOffset float64
}

type lineCap uint8

const (
	capButt lineCap = iota
	capRound
	capSquare
)

type lineJoin uint8

const (
	joinMiter lineJoin = iota
	joinRound
	joinBevel
)

// clip narrows its parent to the inside of path, which is in page space.
type clip struct {
	parent *clip
	path   *path
	rule   fillRule
	bound  rect // of the whole chain
	depth  int
}

// maxClips bounds how many clips may lie inside each other; deeper ones only narrow the box.
const maxClips = 128

// narrow adds a path in page space. A nil clip means the whole plane.
func (c *clip) narrow(p *path, rule fillRule) *clip {
	b := p.bounds()
	if c != nil {
		b = b.intersect(c.bound)
		if _, ok := p.isRect(); ok && p.bounds().contains(c.bound) {
			return c // the box is wider than what is visible anyway
		}
	}
	depth := 1
	if c != nil {
		if depth = c.depth + 1; depth > maxClips {
			return &clip{parent: c.parent, path: c.path, rule: c.rule, bound: b, depth: c.depth}
		}
	}
	return &clip{parent: c, path: p, rule: rule, bound: b, depth: depth}
}

// paint is a colour or a shading. The zero value is opaque black.
type paint struct {
	r, g, b uint8
	shade   *shade
}

// shade is an axial or radial gradient in the item's space.
type shade struct {
	radial  bool
	p0, p1  point
	r0, r1  float64
	extend0 bool
	extend1 bool
	spread  spread
	stops   []stop // in order, at least two
	mean    [3]uint8
}

type spread uint8

const (
	spreadPad spread = iota
	spreadRepeat
	spreadReflect
)

type stop struct {
	at      float64 // 0..1
	r, g, b uint8
	alpha   float64
}

// bounds is the box of what the item paints, in page space, before clipping.
func (it *item) bounds() rect {
	switch {
	case it.image != nil:
		return it.m.bounds(rect{0, 0, 1, 1})
	case it.glyphs != nil:
		out := rect{}
		for i, g := range it.glyphs {
			b := g.m.then(it.m).bounds(g.shape.bound)
			if i == 0 {
				out = b
				continue
			}
			out = out.union(b)
		}
		if it.stroke != nil {
			out = out.grow(it.stroke.width * it.m.size())
		}
		return out
	case it.stroke != nil:
		reach := it.stroke.width / 2
		if it.stroke.join == joinMiter {
			reach *= max(it.stroke.miter, 1.5)
		} else {
			reach *= 1.5
		}
		return it.m.bounds(it.path.bounds().grow(reach))
	}
	return it.m.bounds(it.path.bounds())
}

func (r rect) union(s rect) rect {
	return rect{min(r.x0, s.x0), min(r.y0, s.y0), max(r.x1, s.x1), max(r.y1, s.y1)}
}
