package render

import (
	"math"
	"strings"
	"unicode"

	"sidian/ofd"
)

// cell is what stands at one place of a text: a character, a glyph, or several characters that share a place because a
// glyph transform made one of them.
type cell struct {
	char  int // index of its first character in the run
	runes []rune
	gid   uint16
	glyph bool // gid is given by a transform
}

// setter places the glyphs of one text object.
type setter struct {
	w     *walker
	t     *ofd.TextObject
	face  *face
	hs    float64
	forms map[int]*ofd.GlyphTransform
	at    int // characters so far, in the whole object
	out   []glyph
}

// layout gives the glyphs in the object's space.
func (w *walker) layout(t *ofd.TextObject) []glyph {
	s := &setter{w: w, t: t, face: w.face(t.Font), hs: t.HScale}
	if s.face.font == nil {
		return nil
	}
	if !(s.hs > 0) || s.hs > 100 {
		s.hs = 1
	}
	if len(t.Transforms) > 0 {
		s.forms = make(map[int]*ofd.GlyphTransform, len(t.Transforms))
		for i := range t.Transforms {
			s.forms[t.Transforms[i].CodePosition] = &t.Transforms[i]
		}
	}
	for i := range t.Codes {
		if !w.spend(len(t.Codes[i].Text)/4, 0) {
			break
		}
		s.code(&t.Codes[i])
	}
	return s.out
}

// tidy drops the line ends and indentation that pretty-printing puts round the text.
func tidy(s string) string {
	if strings.ContainsAny(s, "\n\r") {
		return strings.TrimSpace(s)
	}
	return s
}

// code sets one run. Distances come from DeltaX and DeltaY; where a run of several cells has neither, the fonts' own
// advances are used, because characters on top of each other are never what a writer meant.
func (s *setter) code(c *ofd.TextCode) {
	chars := []rune(tidy(c.Text))
	cells := s.cells(chars)
	s.at += len(chars)
	free := len(c.DeltaX) == 0 && len(c.DeltaY) == 0
	byChar := countsChars(c, len(chars), len(cells))
	x, y := c.X, c.Y
	for k := range cells {
		if s.w.ended {
			return
		}
		first, last := k, k // which distances lead to the next cell
		if byChar {
			first, last = cells[k].char, len(chars)-1
			if k+1 < len(cells) {
				last = cells[k+1].char - 1
			}
		}
		dx, dy := sum(c.DeltaX, first, last), sum(c.DeltaY, first, last)
		advance := s.cell(&cells[k], x, y, s.room(dx, c, first))
		if free || last < first { // several glyphs of one character stand one after the other
			d := rotate(float64(s.t.ReadDirection)).apply(point{advance, 0})
			dx, dy = d.x, d.y
		}
		x, y = x+dx, y+dy
	}
}

// countsChars tells whether the distances are from character to character where transforms make these differ from the
// glyphs. Most writers count glyphs.
func countsChars(c *ofd.TextCode, chars, cells int) bool {
	n := max(len(c.DeltaX), len(c.DeltaY))
	return chars != cells && n == chars-1
}

// sum adds the distances from first to last; a list that is too short repeats its last value.
func sum(list []float64, first, last int) float64 {
	if len(list) == 0 {
		return 0
	}
	total := 0.0
	for i := first; i <= last; i++ {
		total += list[min(i, len(list)-1)]
	}
	return total
}

// room is the width a cell may take: the distance to the next one, where the text runs along a line; 0 means any.
func (s *setter) room(dx float64, c *ofd.TextCode, at int) float64 {
	if !s.face.replaced || len(c.DeltaX) == 0 || at >= len(c.DeltaX) || s.t.CharDirection != 0 {
		return 0
	}
	return math.Abs(dx)
}

// cells applies the glyph transforms of a run (GB/T 33190-2016 §11.4). Their glyph numbers mean nothing in a replacement
// font; there the characters are kept, in as many cells.
func (s *setter) cells(chars []rune) []cell {
	out := make([]cell, 0, len(chars))
	for i := 0; i < len(chars); {
		form := s.forms[s.at+i]
		if form == nil || len(form.Glyphs) == 0 {
			out = append(out, cell{char: i, runes: chars[i : i+1]})
			i++
			continue
		}
		n := min(max(form.CodeCount, 1), len(chars)-i)
		out = s.formed(out, form.Glyphs, chars[i:i+n], i)
		i += n
	}
	return out
}

func (s *setter) formed(out []cell, glyphs []uint32, chars []rune, at int) []cell {
	for k, g := range glyphs {
		c := cell{char: at + min(k, len(chars)-1), gid: gid16(g), glyph: true}
		if s.face.replaced {
			c.glyph = false
			switch {
			case k >= len(chars): // a second glyph of the same character
			case k == len(glyphs)-1:
				c.runes = chars[k:]
			default:
				c.runes = chars[k : k+1]
			}
		}
		out = append(out, c)
	}
	return out
}

func gid16(g uint32) uint16 {
	if g > math.MaxUint16 {
		return 0
	}
	return uint16(g)
}

// firstIdeographic is where full-width characters begin; their punctuation may be set closer, its blank half overlapping.
const firstIdeographic = 0x2E80

// cell sets one cell and gives its advance in object units. In a replacement font, characters wider than their room are
// made narrower, so that they do not run into each other.
func (s *setter) cell(c *cell, x, y, room float64) float64 {
	if c.glyph {
		return s.put(s.face, c.gid, x, y, 1)
	}
	natural := 0.0
	for _, r := range c.runes {
		if r < firstIdeographic {
			natural += s.advance(r)
		}
	}
	squeeze := 1.0
	if room > 0 && natural > room*1.02 {
		squeeze = math.Max(room/natural, 0.4)
	}
	sum := 0.0
	for _, r := range c.runes {
		d := rotate(float64(s.t.ReadDirection)).apply(point{sum, 0})
		sum += s.char(r, x+d.x, y+d.y, squeeze)
	}
	return sum
}

func (s *setter) advance(r rune) float64 {
	f, gid, ok := s.find(r)
	if !ok {
		return s.t.Size * s.hs
	}
	return float64(f.font.Advance(gid)) / f.units() * s.t.Size * s.hs
}

func (s *setter) char(r rune, x, y, squeeze float64) float64 {
	if f, gid, ok := s.find(r); ok {
		return s.put(f, gid, x, y, squeeze)
	}
	return s.missing(r, x, y, squeeze)
}

// find looks a character up in the font, then in the replacements.
func (s *setter) find(r rune) (*face, uint16, bool) {
	if gid, ok := s.face.font.GID(r); ok {
		return s.face, gid, true
	}
	for _, other := range [...]*face{s.face.spare, s.w.faces.fallback("serif"), s.w.faces.fallback("sans")} {
		if other == nil || other.font == nil {
			continue
		}
		if gid, ok := other.font.GID(r); ok {
			if !s.face.replaced && !unicode.IsSpace(r) {
				s.w.warn(WarnFont, "嵌入字体缺少部分字符，以内置字体代替")
			}
			return other, gid, true
		}
	}
	return nil, 0, false
}

// missing draws an empty box: a character must never vanish without a trace.
func (s *setter) missing(r rune, x, y, squeeze float64) float64 {
	if unicode.IsSpace(r) || unicode.IsControl(r) || !unicode.IsPrint(r) && !unicode.Is(unicode.Co, r) {
		return s.t.Size / 2 * s.hs * squeeze
	}
	s.w.warn(WarnGlyph, "有字符在可用字体中没有字形，以方框表示")
	s.place(missingShape, 1000, false, x, y, squeeze)
	return s.t.Size * s.hs * squeeze
}

var missingShape = func() *glyphShape {
	p := rectPath(rect{80, -80, 920, 840})
	p.move(point{140, -20})
	for _, q := range []point{{140, 780}, {860, 780}, {860, -20}} { // the other way round: a hole
		p.line(q)
	}
	p.close()
	return &glyphShape{path: p, bound: p.bounds()}
}()

func (s *setter) put(f *face, gid uint16, x, y, squeeze float64) float64 {
	s.place(f.shape(gid), f.units(), (s.t.Italic || s.face.italic) && f.replaced, x, y, squeeze)
	return float64(f.font.Advance(gid)) / f.units() * s.t.Size * s.hs * squeeze
}

// place turns font units, y upwards, into object units, y downwards; CharDirection turns each character about its origin.
func (s *setter) place(shape *glyphShape, units float64, slant bool, x, y, squeeze float64) {
	// Charged here and not when drawn: a font may hold 65,535 glyphs of the largest size, and each is an outline kept.
	if !s.w.spend(1, len(shape.path.points)) {
		return
	}
	k := s.t.Size / units
	m := matrix{k * s.hs * squeeze, 0, 0, -k, 0, 0}
	if slant {
		m = matrix{1, 0, 0.2, 1, 0, 0}.then(m)
	}
	if s.t.CharDirection != 0 {
		m = m.then(rotate(float64(s.t.CharDirection)))
	}
	s.out = append(s.out, glyph{shape: shape, m: m.then(translate(x, y))})
}
