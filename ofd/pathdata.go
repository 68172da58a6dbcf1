package ofd

import (
	"fmt"
)

// A Segment is one operator of AbbreviatedData with its operands
// (GB/T 33190-2016 §9.1):
//
//	S x y                          where the path starts
//	M x y                          move
//	L x y                          line
//	Q x1 y1 x y                    quadratic Bézier curve
//	B x1 y1 x2 y2 x y              cubic Bézier curve
//	A rx ry angle large sweep x y  elliptical arc
//	C                              close
type Segment struct {
	Op   byte
	Args [7]float64
}

// operands gives how many numbers follow an operator, -1 for what is none.
func operands(op byte) int {
	switch op {
	case 'S', 'M', 'L':
		return 2
	case 'Q':
		return 4
	case 'B':
		return 6
	case 'A':
		return 7
	case 'C':
		return 0
	}
	return -1
}

// End gives the point a segment leads to; false for C.
func (s Segment) End() (Point, bool) {
	n := operands(s.Op)
	if n < 2 {
		return Point{}, false
	}
	return Point{s.Args[n-2], s.Args[n-1]}, true
}

// maxSegments bounds one path.
const maxSegments = 1 << 19

// ParsePath reads AbbreviatedData. Operators may stand without blanks around
// them, and one may serve for several groups of operands, as some producers
// write. On an error the segments read so far are given too.
func ParsePath(data string) ([]Segment, error) {
	b := []byte(data)
	segs := make([]Segment, 0, min(len(b)/8+1, 1<<12))
	var op byte
	for i := 0; ; {
		for i < len(b) && blank(b[i]) {
			i++
		}
		if i == len(b) {
			return segs, nil
		}
		if c := b[i]; operands(c) >= 0 {
			op = c
			i++
		} else if op == 0 || op == 'C' || !numeric(c) {
			return segs, fmt.Errorf("ofd: reading a path: %q at byte %d is no operator", c, i)
		}
		seg, next, err := operandsAt(b, i, op)
		if err != nil {
			return segs, err
		}
		if len(segs) == maxSegments {
			return segs, fmt.Errorf("ofd: reading a path: more than %d segments", maxSegments)
		}
		segs = append(segs, seg)
		i = next
	}
}

func operandsAt(b []byte, i int, op byte) (Segment, int, error) {
	seg := Segment{Op: op}
	for k := range operands(op) {
		for i < len(b) && blank(b[i]) {
			i++
		}
		from := i
		for i < len(b) && numeric(b[i]) && !(i > from && (b[i] == '-' || b[i] == '+') && b[i-1] != 'e' && b[i-1] != 'E') {
			i++
		}
		v, ok := parseFloat(b[from:i])
		if !ok {
			return seg, i, fmt.Errorf("ofd: reading a path: operand %d of %c at byte %d is no number", k+1, op, from)
		}
		seg.Args[k] = v
	}
	return seg, i, nil
}

func numeric(c byte) bool {
	return c >= '0' && c <= '9' || c == '.' || c == '-' || c == '+' || c == 'e' || c == 'E'
}

// A Path collects AbbreviatedData, in object space. Each method gives the
// path back, so that calls can be chained.
type Path struct{ buf []byte }

func (p *Path) add(op byte, args ...float64) *Path {
	if len(p.buf) > 0 {
		p.buf = append(p.buf, ' ')
	}
	p.buf = append(p.buf, op)
	for _, v := range args {
		p.buf = append(p.buf, ' ')
		p.buf = appendNumber(p.buf, v)
	}
	return p
}

// Move starts a new subpath.
func (p *Path) Move(x, y float64) *Path { return p.add('M', x, y) }

// Line draws to a point.
func (p *Path) Line(x, y float64) *Path { return p.add('L', x, y) }

// Quad draws a quadratic Bézier curve.
func (p *Path) Quad(x1, y1, x, y float64) *Path { return p.add('Q', x1, y1, x, y) }

// Cubic draws a cubic Bézier curve.
func (p *Path) Cubic(x1, y1, x2, y2, x, y float64) *Path { return p.add('B', x1, y1, x2, y2, x, y) }

// Arc draws an elliptical arc; angle is in degrees.
func (p *Path) Arc(rx, ry, angle float64, large, sweep bool, x, y float64) *Path {
	return p.add('A', rx, ry, angle, bit(large), bit(sweep), x, y)
}

// Close closes the subpath.
func (p *Path) Close() *Path { return p.add('C') }

// Rect adds a closed rectangle.
func (p *Path) Rect(x, y, w, h float64) *Path {
	return p.Move(x, y).Line(x+w, y).Line(x+w, y+h).Line(x, y+h).Close()
}

// String gives the AbbreviatedData.
func (p *Path) String() string { return string(p.buf) }

func bit(v bool) float64 {
	if v {
		return 1
	}
	return 0
}
