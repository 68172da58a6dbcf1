package find

import (
	"fmt"
	"math"
	"strings"

	"sidian/ofd"
)

// A char is a character where it stands on the page, in millimetres.
type char struct {
	written, folded rune
	origin          ofd.Point // on the base line
	size            float64   // height of an em on the page
	width           float64   // along the line
	angle           int       // of the line, whole degrees, -180..179; 90 runs downwards
	loose           bool      // alone in its code: the line's direction is not known
	code, at        int       // number of the text code on the page, place in it
	box             rect
}

type rect struct{ x0, y0, x1, y1 float64 }

func (r rect) join(s rect) rect {
	return rect{min(r.x0, s.x0), min(r.y0, s.y0), max(r.x1, s.x1), max(r.y1, s.y1)}
}

// A collector walks one page.
type collector struct {
	page   *ofd.Page
	limits Limits
	fonts  *fonts
	res    *ofd.Resources
	out    []char
	codes  int
	spent  int // characters and objects
	over   bool
}

func collect(p *ofd.Page, l Limits, f *fonts) ([]char, error) {
	content, err := p.Content()
	if err != nil {
		return nil, err
	}
	c := &collector{page: p, limits: l, fonts: f}
	if c.res, err = p.Resources(); err != nil || c.res == nil {
		c.res = &ofd.Resources{} // what is on the page can be found all the same
	}
	for _, use := range content.Templates {
		t := p.Body().Template(use.TemplateID)
		if t == nil {
			continue
		}
		tc, err := t.Content()
		if err != nil {
			return nil, fmt.Errorf("template page %d: %w", use.TemplateID, err)
		}
		c.layers(tc.Layers)
	}
	c.layers(content.Layers)
	if c.over {
		return nil, &ofd.RefusedError{Code: "text_limit", Reason: "页面文字过多，无法按关键字定位，请改用坐标定位",
			Detail: fmt.Sprintf("more than %d characters and objects on a page", l.Characters)}
	}
	return c.out, nil
}

func (c *collector) layers(list []*ofd.Layer) {
	for _, l := range list {
		c.objects(l.Objects, ofd.Identity, 0)
	}
}

func (c *collector) spend(n int) bool {
	if c.spent += n; c.spent > c.limits.Characters {
		c.over = true
	}
	return !c.over
}

func (c *collector) objects(list []ofd.Object, m ofd.Matrix, depth int) {
	if depth > c.limits.Depth {
		return
	}
	for _, o := range list {
		if o == nil || o.Base().Hidden {
			continue
		}
		if !c.spend(1) {
			return
		}
		switch v := o.(type) {
		case *ofd.PageBlock: // has no space of its own
			c.objects(v.Objects, m, depth+1)
		case *ofd.CompositeObject:
			if unit := c.res.Composites[v.ResourceID]; unit != nil {
				c.objects(unit.Objects, enter(&v.Graphic, m), depth+1)
			}
		case *ofd.TextObject:
			c.text(v, enter(&v.Graphic, m))
		}
	}
}

// enter gives the matrix from an object's own space to the page (GB/T
// 33190-2016 §8.5): CTM, then the boundary's corner.
func enter(g *ofd.Graphic, m ofd.Matrix) ofd.Matrix {
	m = ofd.Matrix{1, 0, 0, 1, g.Boundary.X, g.Boundary.Y}.Then(m)
	if g.CTM != nil {
		m = g.CTM.Then(m)
	}
	return m
}

func (c *collector) text(t *ofd.TextObject, m ofd.Matrix) {
	if !(t.Size > 0) || t.Size > 1e5 {
		return
	}
	pen := &pen{t: t, m: m, hs: t.HScale, font: c.fonts.get(c.res.Fonts[t.Font])}
	if !(pen.hs > 0) {
		pen.hs = 1
	}
	at := 0
	for i := range t.Codes {
		code := &t.Codes[i]
		chars := []rune(tidy(code.Text))
		if !c.spend(len(chars)) {
			return
		}
		c.codes++
		c.out = append(c.out, pen.code(code, chars, at, c.codes)...)
		at += len(chars)
	}
}

// tidy drops the line ends and indentation that pretty-printing puts round the text.
func tidy(s string) string {
	if strings.ContainsAny(s, "\n\r") {
		return strings.TrimSpace(s)
	}
	return s
}

// A pen follows the characters of one text object.
type pen struct {
	t    *ofd.TextObject
	m    ofd.Matrix
	hs   float64
	font *face
}

// code places the characters of one run (§11.3). Distances lead from character
// to character, or from glyph to glyph where transforms join characters; a list
// that is too short repeats its last value, and without any the font's own
// advances hold, as in ofd/render.
func (p *pen) code(c *ofd.TextCode, chars []rune, first, number int) []char {
	cells := p.cells(chars, first)
	free := len(c.DeltaX) == 0 && len(c.DeltaY) == 0
	byChar := len(cells) != len(chars) && max(len(c.DeltaX), len(c.DeltaY)) == len(chars)-1
	angle := p.angle(c, free)
	x, y, n := c.X, c.Y, 0
	out := make([]char, 0, len(chars))
	for k, size := range cells {
		from, to := k, k
		if byChar {
			from, to = n, n+size-1
		}
		dx, dy := total(c.DeltaX, from, to), total(c.DeltaY, from, to)
		if free {
			wide := 0.0
			for _, r := range chars[n : n+size] {
				wide += p.advance(r)
			}
			dx, dy = turned(wide, p.t.ReadDirection)
		}
		for j := range size { // the characters of a joined glyph share its width
			part := float64(j) / float64(size)
			ch := p.char(chars[n+j], x+dx*part, y+dy*part, angle)
			ch.code, ch.at, ch.loose = number, n+j, len(chars) == 1
			out = append(out, ch)
		}
		x, y, n = x+dx, y+dy, n+size
	}
	return out
}

// cells gives how many characters stand at each place (§11.4).
func (p *pen) cells(chars []rune, first int) []int {
	out := make([]int, 0, len(chars))
	for i := 0; i < len(chars); {
		n := 1
		for _, t := range p.t.Transforms {
			if t.CodePosition == first+i && t.GlyphCount == 1 {
				n = min(max(t.CodeCount, 1), len(chars)-i)
			}
		}
		out = append(out, n)
		i += n
	}
	return out
}

func total(list []float64, from, to int) float64 {
	sum := 0.0
	for i := from; i <= to && len(list) > 0; i++ {
		sum += list[min(i, len(list)-1)]
	}
	return sum
}

func turned(d float64, degrees int) (x, y float64) {
	s, c := math.Sincos(float64(degrees) * math.Pi / 180)
	return d * c, d * s
}

// angle is where the line leads on the page.
func (p *pen) angle(c *ofd.TextCode, free bool) int {
	dx, dy := turned(1, p.t.ReadDirection)
	if !free {
		if x, y := total(c.DeltaX, 0, len(c.DeltaX)-1), total(c.DeltaY, 0, len(c.DeltaY)-1); x != 0 || y != 0 {
			dx, dy = x, y
		}
	}
	return degrees(p.m[0]*dx+p.m[2]*dy, p.m[1]*dx+p.m[3]*dy)
}

func degrees(x, y float64) int {
	a := int(math.Round(math.Atan2(y, x) * 180 / math.Pi))
	if a == 180 {
		a = -180
	}
	return a
}

// advance is a character's width in the object's space.
func (p *pen) advance(r rune) float64 {
	return p.font.advance(r) * p.t.Size * p.hs
}

// Ascent and descent of the box drawn round characters, in em: those of the
// square that Chinese characters fill.
const (
	ascent  = 0.88
	descent = 0.12
)

func (p *pen) char(r rune, x, y float64, angle int) char {
	w := p.advance(r)
	corners := [4]ofd.Point{{X: 0, Y: -ascent * p.t.Size}, {X: w, Y: -ascent * p.t.Size}, {X: w, Y: descent * p.t.Size}, {X: 0, Y: descent * p.t.Size}}
	s, c := math.Sincos(float64(p.t.CharDirection) * math.Pi / 180)
	var box rect
	for i, q := range corners {
		q = p.m.Apply(ofd.Point{X: x + q.X*c - q.Y*s, Y: y + q.X*s + q.Y*c})
		if one := (rect{q.X, q.Y, q.X, q.Y}); i == 0 {
			box = one
		} else {
			box = box.join(one)
		}
	}
	// An em on the page: the geometric mean of what the matrix does to both axes.
	scale := math.Sqrt(math.Abs(p.m[0]*p.m[3] - p.m[1]*p.m[2]))
	return char{written: r, folded: fold(r), origin: p.m.Apply(ofd.Point{X: x, Y: y}), size: p.t.Size * scale, width: w * scale, angle: angle, box: box}
}
