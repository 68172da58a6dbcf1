package convert

import (
	"math"

	"sidian/ofd"
	"sidian/ofd/internal/pdf"
)

type point = ofd.Point

// A rect is a box on the page, mm.
type rect struct{ x0, y0, x1, y1 float64 }

func (r rect) empty() bool { return !(r.x1 > r.x0 && r.y1 > r.y0) }

func (r rect) cut(s rect) rect {
	return rect{math.Max(r.x0, s.x0), math.Max(r.y0, s.y0), math.Min(r.x1, s.x1), math.Min(r.y1, s.y1)}
}

func (r rect) grow(d float64) rect { return rect{r.x0 - d, r.y0 - d, r.x1 + d, r.y1 + d} }

func (r *rect) add(p point) {
	r.x0, r.y0, r.x1, r.y1 = math.Min(r.x0, p.X), math.Min(r.y0, p.Y), math.Max(r.x1, p.X), math.Max(r.y1, p.Y)
}

// nowhere is the box that grows from its first point.
var nowhere = rect{math.Inf(1), math.Inf(1), math.Inf(-1), math.Inf(-1)}

// seg is a piece of a path, in page millimetres.
type seg struct {
	op byte // m l c h
	p  [3]point
}

type shape []seg

func (s shape) bounds() rect {
	r := nowhere
	for i := range s {
		switch s[i].op {
		case 'm', 'l':
			r.add(s[i].p[0])
		case 'c':
			r.add(s[i].p[0])
			r.add(s[i].p[1])
			r.add(s[i].p[2])
		}
	}
	return r
}

// box tells whether the path is one upright rectangle.
func (s shape) box() (rect, bool) {
	const e = 1e-4
	if len(s) > 0 && s[len(s)-1].op == 'h' {
		s = s[:len(s)-1]
	}
	if len(s) == 5 && s[4].op == 'l' && math.Hypot(s[4].p[0].X-s[0].p[0].X, s[4].p[0].Y-s[0].p[0].Y) < e {
		s = s[:4]
	}
	if len(s) != 4 || s[0].op != 'm' || s[1].op != 'l' || s[2].op != 'l' || s[3].op != 'l' {
		return rect{}, false
	}
	a, b, c, d := s[0].p[0], s[1].p[0], s[2].p[0], s[3].p[0]
	near := func(x, y float64) bool { return math.Abs(x-y) < e }
	if near(a.Y, b.Y) && near(b.X, c.X) && near(c.Y, d.Y) && near(d.X, a.X) || near(a.X, b.X) && near(b.Y, c.Y) && near(c.X, d.X) && near(d.Y, a.Y) {
		return s.bounds(), true
	}
	return rect{}, false
}

// data writes the path as AbbreviatedData, through a matrix.
func (s shape) data(m ofd.Matrix) string {
	var p ofd.Path
	for i := range s {
		a := m.Apply(s[i].p[0])
		switch s[i].op {
		case 'm':
			p.Move(a.X, a.Y)
		case 'l':
			p.Line(a.X, a.Y)
		case 'c':
			b, c := m.Apply(s[i].p[1]), m.Apply(s[i].p[2])
			p.Cubic(a.X, a.Y, b.X, b.Y, c.X, c.Y)
		case 'h':
			p.Close()
		}
	}
	return p.String()
}

// A clip is a path that is not a box.
type clip struct {
	shape   shape
	evenOdd bool
}

// A paint is what the current colour of filling or stroking is.
type paint struct {
	space *space
	rgb   [3]uint8
	alpha float64
	bad   error // the colour cannot be shown; told when something is painted with it
}

func (p *paint) color() *ofd.Color {
	c := ofd.RGB(p.rgb[0], p.rgb[1], p.rgb[2])
	if a := uint8(math.Round(p.alpha * 255)); a != 255 {
		c.Alpha = ofd.Alpha(a)
	}
	return c
}

// A state is the graphics state (ISO 32000-1 §8.4).
type state struct {
	ctm          ofd.Matrix // to page millimetres
	fill, stroke paint
	width        float64
	miter        float64
	cap, join    int
	dash         []float64
	phase        float64
	box          rect // what all clips that are boxes leave
	clips        []clip

	charSpace, wordSpace, leading, rise float64
	scale                               float64 // horizontal, 1 = 100 %
	face                                *face
	size                                float64
	mode                                int
}

func newState(ctm ofd.Matrix, box rect) state {
	gray := deviceSpace(1)
	return state{ctm: ctm, box: box, fill: paint{space: gray, alpha: 1}, stroke: paint{space: gray, alpha: 1}, width: 1, miter: 10, scale: 1}
}

// narrow adds a clip.
func (s *state) narrow(p shape, evenOdd bool) {
	if b, ok := p.box(); ok {
		s.box = s.box.cut(b)
		return
	}
	b := p.bounds()
	s.box = s.box.cut(b)
	s.clips = append(s.clips[:len(s.clips):len(s.clips)], clip{p, evenOdd})
}

func inverse(m ofd.Matrix) (ofd.Matrix, bool) {
	d := m[0]*m[3] - m[1]*m[2]
	if math.Abs(d) < 1e-12 || math.IsNaN(d) || math.IsInf(d, 0) {
		return m, false
	}
	a, b, c, e := m[3]/d, -m[1]/d, -m[2]/d, m[0]/d
	return ofd.Matrix{a, b, c, e, -(m[4]*a + m[5]*c), -(m[4]*b + m[5]*e)}, true
}

func moved(x, y float64) ofd.Matrix { return ofd.Matrix{1, 0, 0, 1, x, y} }

// even gives the scale of a matrix that turns and scales alike in both
// directions; false when it does not.
func even(m ofd.Matrix) (float64, bool) {
	x, y := math.Hypot(m[0], m[1]), math.Hypot(m[2], m[3])
	skew := math.Abs(m[0]*m[2] + m[1]*m[3])
	return math.Sqrt(x * y), math.Abs(x-y) < 0.01*math.Max(x, y) && skew < 0.01*x*y
}

// matrixOf reads an array of six numbers.
func matrixOf(f *pdf.File, o pdf.Object) (ofd.Matrix, bool) {
	v, ok := f.Numbers(o)
	if !ok || len(v) != 6 {
		return ofd.Identity, false
	}
	return ofd.Matrix(v), true
}
