package font

// Limits against hostile glyphs.
const (
	maxDepth      = 8      // composites inside composites
	maxComponents = 512    // components of one glyph, all levels
	maxPoints     = 100000 // points of one glyph, all components
)

// Op is the kind of a Segment.
type Op uint8

// The kinds of segments. Each contour begins with a MoveTo and ends where it
// began, so there is no close operation.
const (
	MoveTo Op = iota
	LineTo
	QuadTo
)

// Point is a position in font units: x to the right, y upwards.
type Point struct{ X, Y float32 }

// Segment goes from the end of the one before it to To; Control is used by
// QuadTo only.
type Segment struct {
	Op          Op
	Control, To Point
}

// Outline is the shape of a glyph, filled by the non-zero winding rule.
type Outline []Segment

// Outline returns the shape of a glyph; a blank such as the space has none.
// Errors are *MalformedError.
func (f *Font) Outline(gid uint16) (Outline, error) {
	r := outliner{font: f}
	if err := r.glyph(gid, identity, 0); err != nil {
		return nil, err
	}
	return r.out, nil
}

// glyphData returns the bytes of a glyph in glyf, nil for an empty one.
func (f *Font) glyphData(gid uint16) ([]byte, error) {
	if int(gid) >= f.numGlyphs {
		return nil, &MalformedError{"glyf", "glyph outside the font"}
	}
	var from, to uint64
	if f.longLoca {
		from, to = uint64(u32(f.loca, 4*int(gid))), uint64(u32(f.loca, 4*int(gid)+4))
	} else {
		from, to = 2*uint64(u16(f.loca, 2*int(gid))), 2*uint64(u16(f.loca, 2*int(gid)+2))
	}
	if from == to {
		return nil, nil
	}
	if from > to || to > uint64(len(f.glyf)) {
		return nil, &MalformedError{"loca", "glyph outside glyf"}
	}
	if to-from < 10 {
		return nil, &MalformedError{"glyf", "glyph header cut"}
	}
	return f.glyf[from:to:to], nil
}

// matrix maps x' = a·x + c·y + e, y' = b·x + d·y + f.
type matrix struct{ a, b, c, d, e, f float32 }

var identity = matrix{a: 1, d: 1}

func (m matrix) apply(x, y float32) Point {
	return Point{m.a*x + m.c*y + m.e, m.b*x + m.d*y + m.f}
}

// then returns the matrix that applies inner first, m second.
func (m matrix) then(inner matrix) matrix {
	o := m.apply(inner.e, inner.f)
	return matrix{
		a: m.a*inner.a + m.c*inner.b, b: m.b*inner.a + m.d*inner.b,
		c: m.a*inner.c + m.c*inner.d, d: m.b*inner.c + m.d*inner.d,
		e: o.X, f: o.Y,
	}
}

type outliner struct {
	font       *Font
	out        Outline
	points     int
	components int
}

func (r *outliner) glyph(gid uint16, m matrix, depth int) error {
	data, err := r.font.glyphData(gid)
	if err != nil || data == nil {
		return err
	}
	if n := i16(data, 0); n >= 0 {
		return r.simple(data, n, m)
	}
	if depth >= maxDepth {
		return &MalformedError{"glyf", "composites nested too deep"}
	}
	return eachComponent(data, func(c component) error {
		if r.components++; r.components > maxComponents {
			return &MalformedError{"glyf", "too many components"}
		}
		return r.glyph(c.gid, m.then(c.place), depth+1)
	})
}

// Flags of a point in a simple glyph.
const (
	onCurve  = 0x01
	xShort   = 0x02
	yShort   = 0x04
	repeated = 0x08
	xSame    = 0x10 // or, with xShort: positive
	ySame    = 0x20
)

type flagged struct {
	Point
	on bool
}

func (r *outliner) simple(data []byte, contours int, m matrix) error {
	if contours == 0 {
		return nil
	}
	cut := &MalformedError{"glyf", "glyph data cut"}
	at := 10 + 2*contours
	if at+2 > len(data) {
		return cut
	}
	n := int(u16(data, at-2)) + 1
	if r.points += n; r.points > maxPoints {
		return &MalformedError{"glyf", "too many points"}
	}
	at += 2 + int(u16(data, at))
	flags, at, ok := readFlags(data, at, n)
	if !ok {
		return cut
	}
	points := make([]flagged, n)
	if !readCoordinates(data, at, flags, points) {
		return cut
	}
	for i := range points {
		points[i].Point = m.apply(points[i].X, points[i].Y)
	}
	start := 0
	for c := range contours {
		end := int(u16(data, 10+2*c)) + 1
		if end < start || end > n {
			return &MalformedError{"glyf", "contour ends out of order"}
		}
		r.contour(points[start:end])
		start = end
	}
	return nil
}

func readFlags(data []byte, at, n int) (flags []byte, next int, ok bool) {
	flags = make([]byte, 0, n)
	for len(flags) < n {
		if at >= len(data) {
			return nil, 0, false
		}
		flag := data[at]
		at++
		flags = append(flags, flag)
		if flag&repeated == 0 {
			continue
		}
		if at >= len(data) {
			return nil, 0, false
		}
		for k := int(data[at]); k > 0 && len(flags) < n; k-- {
			flags = append(flags, flag)
		}
		at++
	}
	return flags, at, true
}

func readCoordinates(data []byte, at int, flags []byte, points []flagged) bool {
	x, y := 0, 0
	for i, flag := range flags {
		d, next, ok := readDelta(data, at, flag&xShort != 0, flag&xSame != 0)
		if !ok {
			return false
		}
		at, x = next, x+d
		points[i].X, points[i].on = float32(x), flag&onCurve != 0
	}
	for i, flag := range flags {
		d, next, ok := readDelta(data, at, flag&yShort != 0, flag&ySame != 0)
		if !ok {
			return false
		}
		at, y = next, y+d
		points[i].Y = float32(y)
	}
	return true
}

func readDelta(data []byte, at int, short, same bool) (delta, next int, ok bool) {
	switch {
	case short && at < len(data):
		if same {
			return int(data[at]), at + 1, true
		}
		return -int(data[at]), at + 1, true
	case !short && same:
		return 0, at, true
	case !short && at+2 <= len(data):
		return i16(data, at), at + 2, true
	}
	return 0, at, false
}

func middle(a, b Point) Point { return Point{(a.X + b.X) / 2, (a.Y + b.Y) / 2} }

// contour turns points on and off the curve into segments. Between two points
// off the curve lies one on it, halfway.
func (r *outliner) contour(p []flagged) {
	if len(p) == 0 {
		return
	}
	start, rest := p[0].Point, p[1:]
	if !p[0].on {
		last := p[len(p)-1]
		switch {
		case last.on:
			start, rest = last.Point, p[:len(p)-1]
		default:
			start, rest = middle(last.Point, p[0].Point), p
		}
	}
	r.out = append(r.out, Segment{Op: MoveTo, To: start})
	var control Point
	pending := false
	for _, q := range rest {
		switch {
		case q.on && pending:
			r.out = append(r.out, Segment{QuadTo, control, q.Point})
			pending = false
		case q.on:
			r.out = append(r.out, Segment{Op: LineTo, To: q.Point})
		default:
			if pending {
				r.out = append(r.out, Segment{QuadTo, control, middle(control, q.Point)})
			}
			control, pending = q.Point, true
		}
	}
	if pending {
		r.out = append(r.out, Segment{QuadTo, control, start})
	} else {
		r.out = append(r.out, Segment{Op: LineTo, To: start})
	}
}
