package cff

import (
	"math"

	"sidian/ofd/internal/font"
)

// Outline gives a glyph's shape in units of 1/em of the em, by the font's and
// its font dictionary's matrix. A blank glyph has none.
func (f *Font) Outline(gid int, em float64) (font.Outline, error) {
	if gid < 0 || gid >= len(f.glyphs) {
		return nil, broken("there is no glyph %d", gid)
	}
	p := &f.dicts[0]
	if f.choice != nil {
		p = &f.dicts[f.choice[gid]]
	}
	r := &runner{font: f, local: p.local, m: multiply(p.matrix, f.Matrix), em: em}
	if err := r.run(f.glyphs[gid], 0); err != nil {
		return nil, err
	}
	return r.out, nil
}

func multiply(a, b [6]float64) [6]float64 {
	return [6]float64{
		a[0]*b[0] + a[1]*b[2], a[0]*b[1] + a[1]*b[3], a[2]*b[0] + a[3]*b[2], a[2]*b[1] + a[3]*b[3],
		a[4]*b[0] + a[5]*b[2] + b[4], a[4]*b[1] + a[5]*b[3] + b[5],
	}
}

// A runner carries out one glyph's charstring (Technical Note 5177).
type runner struct {
	font  *Font
	local [][]byte
	m     [6]float64
	em    float64

	out   font.Outline
	stack []float64
	x, y  float64
	stems int
	wide  bool // the width was taken
	done  bool
	steps int
}

func (r *runner) point(x, y float64) font.Point {
	return font.Point{X: float32((x*r.m[0] + y*r.m[2] + r.m[4]) * r.em), Y: float32((x*r.m[1] + y*r.m[3] + r.m[5]) * r.em)}
}

func (r *runner) move(dx, dy float64) {
	r.x, r.y = r.x+dx, r.y+dy
	r.out = append(r.out, font.Segment{Op: font.MoveTo, To: r.point(r.x, r.y)})
}

func (r *runner) line(dx, dy float64) {
	r.x, r.y = r.x+dx, r.y+dy
	r.out = append(r.out, font.Segment{Op: font.LineTo, To: r.point(r.x, r.y)})
}

// curve gives a cubic curve as quadratic ones. Cut in n equal parts it differs
// from them by √3/36 · |p3 − 3p2 + 3p1 − p0| / n³.
func (r *runner) curve(d ...float64) {
	const tolerance = 0.25
	x1, y1 := r.x+d[0], r.y+d[1]
	x2, y2 := x1+d[2], y1+d[3]
	x3, y3 := x2+d[4], y2+d[5]
	p := [4]font.Point{r.point(r.x, r.y), r.point(x1, y1), r.point(x2, y2), r.point(x3, y3)}
	off := math.Hypot(float64(p[3].X-3*p[2].X+3*p[1].X-p[0].X), float64(p[3].Y-3*p[2].Y+3*p[1].Y-p[0].Y))
	n := int(math.Ceil(math.Cbrt(off * math.Sqrt(3) / 36 / tolerance)))
	n = min(max(n, 1), 16)
	for i := range n {
		a, b := float64(i)/float64(n), float64(i+1)/float64(n)
		from, to := cubicAt(p, a), cubicAt(p, b)
		da, db := cubicSlope(p, a), cubicSlope(p, b)
		// The control points of the part, then the one quadratic between them.
		k := float32((b - a) / 3)
		c1 := font.Point{X: from.X + da.X*k, Y: from.Y + da.Y*k}
		c2 := font.Point{X: to.X - db.X*k, Y: to.Y - db.Y*k}
		c := font.Point{X: (3*(c1.X+c2.X) - from.X - to.X) / 4, Y: (3*(c1.Y+c2.Y) - from.Y - to.Y) / 4}
		r.out = append(r.out, font.Segment{Op: font.QuadTo, Control: c, To: to})
	}
	r.x, r.y = x3, y3
}

func cubicAt(p [4]font.Point, t float64) font.Point {
	s := 1 - t
	w := [4]float32{float32(s * s * s), float32(3 * s * s * t), float32(3 * s * t * t), float32(t * t * t)}
	var out font.Point
	for i := range p {
		out.X, out.Y = out.X+w[i]*p[i].X, out.Y+w[i]*p[i].Y
	}
	return out
}

func cubicSlope(p [4]font.Point, t float64) font.Point {
	s := 1 - t
	w := [3]float32{float32(3 * s * s), float32(6 * s * t), float32(3 * t * t)}
	var out font.Point
	for i := range w {
		out.X, out.Y = out.X+w[i]*(p[i+1].X-p[i].X), out.Y+w[i]*(p[i+1].Y-p[i].Y)
	}
	return out
}

// run carries out a charstring or subroutine.
func (r *runner) run(b []byte, depth int) error {
	if depth > maxCalls {
		return broken("subroutines deeper than %d", maxCalls)
	}
	for i := 0; i < len(b) && !r.done; {
		if r.steps++; r.steps > maxSteps {
			return broken("a glyph of more than %d steps", maxSteps)
		}
		c := int(b[i])
		i++
		if v, n, ok := operand(c, b[i:]); ok {
			if r.stack = append(r.stack, v); len(r.stack) > 513 {
				return broken("a glyph with too many operands")
			}
			i += n
			continue
		}
		switch c {
		case 11: // return
			return nil
		case 10, 29: // callsubr, callgsubr
			list := r.local
			if c == 29 {
				list = r.font.global
			}
			if err := r.call(list, depth); err != nil {
				return err
			}
		case 19, 20: // hintmask, cntrmask
			r.hints()
			i += (r.stems + 7) / 8
		case 12:
			if i >= len(b) {
				return broken("a glyph is cut off")
			}
			c = 0x0C00 | int(b[i])
			i++
			if err := r.flex(c); err != nil {
				return err
			}
			r.stack = r.stack[:0]
		default:
			if err := r.operator(c); err != nil {
				return err
			}
			r.stack = r.stack[:0]
		}
	}
	return nil
}

// operand reads a number that begins with byte c.
func operand(c int, b []byte) (v float64, size int, ok bool) {
	switch {
	case c == 28 && len(b) >= 2:
		return float64(int16(u16(b))), 2, true
	case c >= 32 && c <= 246:
		return float64(c - 139), 0, true
	case c >= 247 && c <= 250 && len(b) >= 1:
		return float64((c-247)*256 + int(b[0]) + 108), 1, true
	case c >= 251 && c <= 254 && len(b) >= 1:
		return float64(-(c-251)*256 - int(b[0]) - 108), 1, true
	case c == 255 && len(b) >= 4:
		return float64(int32(uint32(u16(b))<<16|uint32(u16(b[2:])))) / 65536, 4, true
	}
	return 0, 0, false
}

func (r *runner) call(list [][]byte, depth int) error {
	if len(r.stack) == 0 {
		return broken("a call of no subroutine")
	}
	bias := 107
	if len(list) >= 33900 {
		bias = 32768
	} else if len(list) >= 1240 {
		bias = 1131
	}
	n := int(r.stack[len(r.stack)-1]) + bias
	r.stack = r.stack[:len(r.stack)-1]
	if n < 0 || n >= len(list) {
		return broken("there is no subroutine %d", n)
	}
	return r.run(list[n], depth+1)
}

// hints counts stems; an odd operand in front of the first is the width.
func (r *runner) hints() {
	r.stems += len(r.stack) / 2
	r.wide = true
	r.stack = r.stack[:0]
}

// taken drops the width in front of a first operator that has n operands.
func (r *runner) taken(n int) {
	if !r.wide && len(r.stack) > n {
		r.stack = r.stack[len(r.stack)-n:]
	}
	r.wide = true
}

func (r *runner) operator(c int) error {
	s := r.stack
	switch c {
	case 1, 3, 18, 23: // stems
		r.hints()
	case 21: // rmoveto
		r.taken(2)
		if len(r.stack) >= 2 {
			r.move(r.stack[0], r.stack[1])
		}
	case 22, 4: // hmoveto, vmoveto
		r.taken(1)
		if len(r.stack) >= 1 && c == 22 {
			r.move(r.stack[0], 0)
		} else if len(r.stack) >= 1 {
			r.move(0, r.stack[0])
		}
	case 14: // endchar
		if len(s) >= 4 {
			return broken("a glyph composed of two others")
		}
		r.done = true
	case 5: // rlineto
		for ; len(s) >= 2; s = s[2:] {
			r.line(s[0], s[1])
		}
	case 6, 7: // hlineto, vlineto
		for flat := c == 6; len(s) > 0; s, flat = s[1:], !flat {
			if flat {
				r.line(s[0], 0)
			} else {
				r.line(0, s[0])
			}
		}
	case 8, 24, 25: // rrcurveto, rcurveline, rlinecurve
		for ; c == 25 && len(s) >= 8; s = s[2:] {
			r.line(s[0], s[1])
		}
		for ; len(s) >= 6; s = s[6:] {
			r.curve(s[:6]...)
		}
		if c == 24 && len(s) >= 2 {
			r.line(s[0], s[1])
		}
	case 26, 27: // vvcurveto, hhcurveto
		r.parallel(s, c == 27)
	case 30, 31: // vhcurveto, hvcurveto
		r.turning(s, c == 31)
	default:
		return broken("operator %d in a glyph", c)
	}
	return nil
}

// parallel draws curves that begin and end in one direction.
func (r *runner) parallel(s []float64, flat bool) {
	side := 0.0
	if len(s)%4 == 1 {
		side, s = s[0], s[1:]
	}
	for ; len(s) >= 4; s = s[4:] {
		if flat {
			r.curve(s[0], side, s[1], s[2], s[3], 0)
		} else {
			r.curve(side, s[0], s[1], s[2], 0, s[3])
		}
		side = 0
	}
}

// turning draws curves that begin level and end upright, or the other way
// round, in turn.
func (r *runner) turning(s []float64, flat bool) {
	for ; len(s) >= 4; s, flat = s[4:], !flat {
		last := 0.0
		if len(s) == 5 {
			last = s[4]
		}
		if flat {
			r.curve(s[0], 0, s[1], s[2], last, s[3])
		} else {
			r.curve(0, s[0], s[1], s[2], s[3], last)
		}
	}
}

func (r *runner) flex(c int) error {
	s := r.stack
	switch {
	case c == 0x0C22 && len(s) >= 7: // hflex
		r.curve(s[0], 0, s[1], s[2], s[3], 0)
		r.curve(s[4], 0, s[5], -s[2], s[6], 0)
	case c == 0x0C23 && len(s) >= 12: // flex
		r.curve(s[:6]...)
		r.curve(s[6:12]...)
	case c == 0x0C24 && len(s) >= 9: // hflex1
		r.curve(s[0], s[1], s[2], s[3], s[4], 0)
		r.curve(s[5], 0, s[6], s[7], s[8], -(s[1] + s[3] + s[7]))
	case c == 0x0C25 && len(s) >= 11: // flex1
		dx, dy := s[0]+s[2]+s[4]+s[6]+s[8], s[1]+s[3]+s[5]+s[7]+s[9]
		r.curve(s[:6]...)
		if math.Abs(dx) > math.Abs(dy) {
			r.curve(s[6], s[7], s[8], s[9], s[10], -dy)
		} else {
			r.curve(s[6], s[7], s[8], s[9], -dx, s[10])
		}
	default:
		return broken("operator %#x in a glyph", c)
	}
	return nil
}
