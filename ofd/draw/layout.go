package draw

import (
	"fmt"
	"math"
	"unicode/utf8"

	"sidian/ofd"
)

// glyph is a character with the font that shows it. advance is along the line,
// in em.
type glyph struct {
	r       rune
	font    *Font
	advance float64
	width   float64 // horizontal advance; differs from advance in columns
}

// line is glyphs[from:to], width in em with letter spacing between them.
type line struct {
	from, to int
	width    float64
	indent   float64
	last     bool // of its paragraph
}

// typeset is a text broken into lines at the size that fits.
type typeset struct {
	box    ofd.Box
	style  *Style
	size   float64
	glyphs []glyph
	lines  []line
}

// sizeStep is how finely a text shrinks, in mm.
const sizeStep = 0.05

// tolerance absorbs rounding, in mm.
const tolerance = 1e-6

// layout chooses the largest size between MinSize and Size at which the text
// fits its box.
func layout(box ofd.Box, text string, style *Style) (*typeset, error) {
	if style.Font == nil || style.Size <= 0 || box.Empty() {
		return nil, fmt.Errorf("draw: a text needs a font, a size and a box")
	}
	glyphs, err := style.glyphs(text)
	if err != nil {
		return nil, err
	}
	t := &typeset{box: box, style: style, size: style.Size, glyphs: glyphs}
	if t.lines = t.broken(t.size); t.fits() {
		return t, nil
	}
	smallest := style.Size
	if style.MinSize > 0 {
		smallest = math.Min(style.MinSize, style.Size)
	}
	if smallest == style.Size {
		return nil, t.overflow(text)
	}
	t.size = smallest
	if t.lines = t.broken(t.size); !t.fits() {
		return nil, t.overflow(text)
	}
	t.enlarge(smallest)
	return t, nil
}

// Check tells whether Canvas.Text would set a text, with the same errors: what
// a form can ask before a document is made.
func Check(box ofd.Box, text string, style Style) error {
	_, err := layout(box, text, &style)
	return err
}

// enlarge searches the largest size that fits, above one that does.
func (t *typeset) enlarge(fitting float64) {
	best, low, high := t.lines, 0, int((t.style.Size-fitting)/sizeStep)
	for low < high {
		mid := (low + high + 1) / 2
		t.size = fitting + float64(mid)*sizeStep
		if t.lines = t.broken(t.size); t.fits() {
			low, best = mid, t.lines
		} else {
			high = mid - 1
		}
	}
	t.size, t.lines = fitting+float64(low)*sizeStep, best
}

func (t *typeset) overflow(text string) error {
	w, h := t.extent()
	return &OverflowError{Text: text, Box: t.box, NeededWidth: w, NeededHeight: h}
}

// extent is the width and height of the lines at their size, in mm.
func (t *typeset) extent() (w, h float64) {
	for i := range t.lines {
		w = math.Max(w, (t.lines[i].width+t.lines[i].indent)*t.size)
	}
	h = t.thickness()
	if t.style.Vertical {
		return h, w
	}
	return w, h
}

// thickness is the size of all lines across their direction: no leading
// before the first and after the last.
func (t *typeset) thickness() float64 {
	n := len(t.lines)
	if n == 0 {
		return 0
	}
	return (float64(n-1)*t.style.lineHeight() + 1) * t.size
}

func (t *typeset) fits() bool {
	if t.style.MaxLines > 0 && len(t.lines) > t.style.MaxLines {
		return false
	}
	w, h := t.extent()
	return w <= t.box.W+tolerance && h <= t.box.H+tolerance
}

// plain maps what has no shape of its own: a tabulator is a space, a carriage
// return is nothing (-1).
func plain(r rune) rune {
	switch r {
	case '\t', '\u00A0':
		return ' '
	case '\r':
		return -1
	}
	return r
}

// glyphs finds the font of each character. Newlines stay, without a font.
func (s *Style) glyphs(text string) ([]glyph, error) {
	glyphs := make([]glyph, 0, utf8.RuneCountInString(text))
	for _, r := range text {
		if r = plain(r); r < 0 {
			continue
		}
		if r == '\n' {
			glyphs = append(glyphs, glyph{r: r})
			continue
		}
		if s.Vertical {
			r = s.Font.upright(r)
		}
		found, width := s.Font.find(r)
		if found == nil {
			return nil, &MissingGlyphError{Rune: r, Text: text}
		}
		g := glyph{r: r, font: found, advance: width, width: width}
		if s.Vertical && r != ' ' {
			g.advance = 1
		}
		glyphs = append(glyphs, g)
	}
	return glyphs, nil
}

// broken breaks the text at a size.
func (t *typeset) broken(size float64) []line {
	length := t.box.W
	if t.style.Vertical {
		length = t.box.H
	}
	b := breaker{glyphs: t.glyphs, room: (length + tolerance) / size, spacing: t.style.LetterSpacing, indent: t.style.Indent}
	b.run()
	return b.lines
}
