package convert

import (
	"strings"
	"unicode"

	"sidian/ofd"
	"sidian/ofd/internal/font"
)

// A used glyph is how a code is written in the document: by its characters,
// and where these alone do not lead to the glyph, by its number too.
type usedGlyph struct {
	text   []rune
	gid    int
	forced bool
	bound  rect // em, y upwards; nowhere when blank
}

// use puts the glyph of a code into the font that is made.
func (f *face) use(c code, invisible bool) (usedGlyph, error) {
	text := f.text(c)
	gid := 0
	if f.missing == nil {
		gid = f.gid(c)
	}
	key := glyphKey{gid: gid, blank: invisible}
	for i, r := range text {
		text[i] = writable(r)
	}
	key.text = string(text)
	if f.missing != nil || len(text) == 0 {
		key.text += string(rune(c.value)) // told apart by code
	}
	n, have := f.places[key]
	if !have {
		var err error
		if n, err = f.add(key, c, text); err != nil {
			return usedGlyph{}, err
		}
	}
	u := usedGlyph{text: text, gid: n, bound: f.bounds[n]}
	if len(text) == 0 {
		u.text = f.glyphs[n].Runes
	}
	u.forced = len(u.text) != 1 || f.owners[u.text[0]] != n
	return u, nil
}

func (f *face) add(key glyphKey, c code, text []rune) (int, error) {
	em := f.em()
	g := font.Glyph{Advance: int(f.width(c)/1000*float64(em) + 0.5)}
	bound := nowhere
	if !key.blank && f.missing == nil {
		o, err := f.outline(key.gid)
		if err != nil {
			return 0, refuse("font", "glyph %d of font %s: %v", key.gid, f.name, err)
		}
		g.Outline = o
		for _, s := range o {
			bound.add(point{X: float64(s.To.X) / float64(em), Y: float64(s.To.Y) / float64(em)})
			if s.Op == font.QuadTo {
				bound.add(point{X: float64(s.Control.X) / float64(em), Y: float64(s.Control.Y) / float64(em)})
			}
		}
	}
	n := len(f.glyphs)
	if n >= 0xFFF0 {
		return 0, refuse("limit", "a font with too many glyphs")
	}
	switch {
	case len(text) == 1 && f.owners[text[0]] == 0:
		g.Runes = []rune{text[0]}
	case len(text) == 0:
		for f.owners[f.free] != 0 {
			f.free++
		}
		if f.free > 0xF8FF {
			return 0, refuse("limit", "a font with too many glyphs without characters")
		}
		g.Runes = []rune{f.free}
	}
	for _, r := range g.Runes {
		f.owners[r] = n
	}
	f.glyphs, f.bounds = append(f.glyphs, g), append(f.bounds, bound)
	f.places[key] = n
	return n, nil
}

// writable gives a character that XML can hold, and that no reader takes for
// layout; radicals are written as the characters they stand for in no case:
// what the file says is kept.
func writable(r rune) rune {
	if r == 0xFFFE || r == 0xFFFF || r < 0 || r > unicode.MaxRune || r >= 0xD800 && r < 0xE000 {
		return 0xFFFD
	}
	if r < 0x20 || r >= 0x7F && r < 0xA0 {
		return ' '
	}
	return r
}

// embed writes the font into the document.
func (f *face) embed(b *ofd.Builder, number int) (ofd.ID, error) {
	if len(f.glyphs) < 2 {
		return 0, nil // nothing was shown in it
	}
	name := f.name
	if _, rest, ok := strings.Cut(name, "+"); ok {
		name = rest // the tag of a subset
	}
	if name = cleaned(name); name == "" {
		name = "Font"
	}
	data, err := font.Make(name, f.em(), f.glyphs)
	if err != nil {
		return 0, err
	}
	return b.AddFont(ofd.FontSpec{Name: name, Data: data}), nil
}
