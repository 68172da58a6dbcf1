package font

import (
	"encoding/binary"
	"math"
	"slices"
)

// A Glyph is one to be put in a font made by Make.
type Glyph struct {
	Outline Outline // in font units
	Advance int
	Runes   []rune // characters that are shown by it; none is reached by its number only
}

// Make writes a TrueType font out of outlines; glyph 0 is .notdef. The same
// glyphs give the same bytes. Errors are *MalformedError: too many glyphs, or
// shapes that do not fit into the 16 bits of a coordinate.
func Make(family string, unitsPerEm int, glyphs []Glyph) ([]byte, error) {
	if len(glyphs) == 0 || len(glyphs) > 0xFFFF || unitsPerEm < 16 || unitsPerEm > 16384 {
		return nil, &MalformedError{"maxp", "too many or no glyphs, or an em that is not allowed"}
	}
	m := maker{bound: [4]int{math.MaxInt16, math.MaxInt16, math.MinInt16, math.MinInt16}}
	for i := range glyphs {
		if err := m.glyph(&glyphs[i]); err != nil {
			return nil, err
		}
	}
	f := m.font(unitsPerEm, len(glyphs))
	s := &subsetter{font: f, newGID: make(map[uint16]uint16, len(glyphs))}
	type pair struct {
		r   rune
		gid uint16
	}
	var pairs []pair
	for i, g := range glyphs {
		gid := uint16(i)
		s.glyphs = append(s.glyphs, gid)
		s.newGID[gid] = gid
		for _, r := range g.Runes {
			pairs = append(pairs, pair{r, gid})
		}
	}
	slices.SortStableFunc(pairs, func(a, b pair) int { return int(a.r - b.r) })
	for _, p := range slices.CompactFunc(pairs, func(a, b pair) bool { return a.r == b.r }) {
		s.runes, s.gids = append(s.runes, p.r), append(s.gids, p.gid)
	}
	return s.write(nil, family)
}

// A maker collects the tables of a font.
type maker struct {
	glyf, hmtx, loca []byte
	points, contours int // most of any glyph
	advance          int
	bound            [4]int
}

func (m *maker) glyph(g *Glyph) error {
	list, err := contoursOf(g.Outline)
	if err != nil {
		return err
	}
	m.loca = put32(m.loca, uint32(len(m.glyf)))
	advance := min(max(g.Advance, 0), math.MaxUint16)
	m.advance = max(m.advance, advance)
	left := 0
	if len(list) > 0 {
		left = m.simple(list)
	}
	m.hmtx = put16(m.hmtx, uint16(advance), uint16(left))
	return nil
}

// A knot is a point of a contour, on the curve or off it.
type knot struct {
	x, y int
	on   bool
}

func contoursOf(o Outline) ([][]knot, error) {
	var out [][]knot
	var now []knot
	end := func() {
		if n := len(now); n > 1 && now[0].on && now[n-1].on && now[0].x == now[n-1].x && now[0].y == now[n-1].y {
			now = now[:n-1]
		}
		if len(now) > 1 {
			out = append(out, now)
		}
		now = nil
	}
	total := 0
	for _, s := range o {
		if s.Op == MoveTo {
			end()
		}
		if s.Op == QuadTo {
			now = append(now, knotAt(s.Control, false))
		}
		now = append(now, knotAt(s.To, true))
		if total++; total > maxPoints {
			return nil, &MalformedError{"glyf", "too many points in a glyph"}
		}
	}
	end()
	for _, c := range out {
		for _, k := range c {
			if k.x < math.MinInt16 || k.x > math.MaxInt16 || k.y < math.MinInt16 || k.y > math.MaxInt16 {
				return nil, &MalformedError{"glyf", "a point outside the 16 bits of a coordinate"}
			}
		}
	}
	return out, nil
}

func knotAt(p Point, on bool) knot {
	limit := func(v float32) int { return int(math.Round(math.Max(-1e6, math.Min(1e6, float64(v))))) }
	return knot{limit(p.X), limit(p.Y), on}
}

// simple writes one glyph and gives its left edge.
func (m *maker) simple(list [][]knot) int {
	box := [4]int{math.MaxInt16, math.MaxInt16, math.MinInt16, math.MinInt16}
	n := 0
	var ends, flags, xs, ys []byte
	x, y := 0, 0
	for _, c := range list {
		for _, k := range c {
			box[0], box[1], box[2], box[3] = min(box[0], k.x), min(box[1], k.y), max(box[2], k.x), max(box[3], k.y)
			flag := byte(0)
			if k.on {
				flag = 1
			}
			xs, flag = appendDelta(xs, k.x-x, flag, 0x02, 0x10)
			ys, flag = appendDelta(ys, k.y-y, flag, 0x04, 0x20)
			flags = append(flags, flag)
			x, y = k.x, k.y
		}
		n += len(c)
		ends = put16(ends, uint16(n-1))
	}
	m.points, m.contours = max(m.points, n), max(m.contours, len(list))
	for i := range 2 {
		m.bound[i], m.bound[i+2] = min(m.bound[i], box[i]), max(m.bound[i+2], box[i+2])
	}
	m.glyf = put16(m.glyf, uint16(len(list)), uint16(box[0]), uint16(box[1]), uint16(box[2]), uint16(box[3]))
	m.glyf = append(m.glyf, ends...)
	m.glyf = put16(m.glyf, 0) // no instructions
	m.glyf = append(append(append(m.glyf, flags...), xs...), ys...)
	for len(m.glyf)&3 != 0 {
		m.glyf = append(m.glyf, 0)
	}
	return box[0]
}

// appendDelta writes a coordinate as the distance from the one before it.
func appendDelta(b []byte, d int, flag, short, same byte) ([]byte, byte) {
	switch {
	case d == 0:
		return b, flag | same
	case d > 0 && d < 256:
		return append(b, byte(d)), flag | short | same
	case d < 0 && d > -256:
		return append(b, byte(-d)), flag | short
	}
	return put16(b, uint16(d)), flag
}

// font gives what was collected as a font that a subset can be written of.
func (m *maker) font(unitsPerEm, n int) *Font {
	m.loca = put32(m.loca, uint32(len(m.glyf)))
	if m.bound[0] > m.bound[2] {
		m.bound = [4]int{}
	}
	head := make([]byte, 54)
	for i, v := range m.bound {
		binary.BigEndian.PutUint16(head[36+2*i:], uint16(v))
	}
	binary.BigEndian.PutUint16(head[16:], 3)
	binary.BigEndian.PutUint16(head[46:], 8) // smallest readable size
	binary.BigEndian.PutUint16(head[48:], 2)
	hhea := make([]byte, 36)
	binary.BigEndian.PutUint16(hhea[10:], uint16(m.advance))
	binary.BigEndian.PutUint16(hhea[16:], uint16(m.bound[2]))
	binary.BigEndian.PutUint16(hhea[18:], 1) // upright
	maxp := make([]byte, 32)
	binary.BigEndian.PutUint16(maxp[6:], uint16(m.points))
	binary.BigEndian.PutUint16(maxp[8:], uint16(m.contours))
	return &Font{
		tables: map[string][]byte{"head": head, "hhea": hhea, "maxp": maxp}, glyf: m.glyf, loca: m.loca, hmtx: m.hmtx, longLoca: true,
		numGlyphs: n, numHMetric: n, unitsPerEm: unitsPerEm, ascent: unitsPerEm * 88 / 100, descent: -unitsPerEm * 12 / 100,
	}
}

// GIDByCode looks a code up in the cmap subtable of one platform and encoding:
// PDF names subtables instead of taking the best one (ISO 32000-1 §9.6.6.4).
func (f *Font) GIDByCode(platform, encoding uint16, code uint32) (gid uint16, ok bool) {
	table := f.tables["cmap"]
	if len(table) < 4 {
		return 0, false
	}
	for i := range min(int(u16(table, 2)), 64) {
		at := 4 + 8*i
		if at+8 > len(table) {
			return 0, false
		}
		off := u32(table, at+4)
		if u16(table, at) != platform || u16(table, at+2) != encoding || uint64(off)+6 > uint64(len(table)) {
			continue
		}
		if sub := parseCmap(table[off:]); sub != nil {
			gid = sub.lookup(code)
			return gid, gid != 0 && int(gid) < f.numGlyphs
		}
	}
	return 0, false
}

// HasCmapOf tells whether there is a cmap subtable of a platform and encoding.
func (f *Font) HasCmapOf(platform, encoding uint16) bool {
	table := f.tables["cmap"]
	if len(table) < 4 {
		return false
	}
	for i := range min(int(u16(table, 2)), 64) {
		if at := 4 + 8*i; at+8 <= len(table) && u16(table, at) == platform && u16(table, at+2) == encoding {
			return true
		}
	}
	return false
}
