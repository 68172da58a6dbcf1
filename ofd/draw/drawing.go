package draw

import (
	"fmt"
	"slices"
	"strconv"

	"sidian/ofd"
)

// VariableLevel is how the subset made for one document is stored unless
// Drawing.Level says otherwise; see BenchmarkSubsetLevel for the choice.
const VariableLevel = ofd.Store

// A Drawing is all that is drawn into one document; its pages share the fonts.
// It is not safe for concurrent use. Nothing reaches the builder's pages
// before Finish.
type Drawing struct {
	// Level is how the font subsets of this drawing are stored.
	Level ofd.Level

	b      *ofd.Builder
	shared *Shared
	used   []*usedFont
	images map[*Image]ofd.ID
	pages  []*Canvas
	done   bool
}

// usedFont is a font with the characters drawn in it.
type usedFont struct {
	font  *Font
	id    ofd.ID
	runes []rune // with repetitions
	fixed bool   // a font of the skeleton: nothing to embed
}

// Shared are the fonts of a skeleton with the characters they hold. It is
// immutable and safe for concurrent use.
type Shared struct{ fonts []sharedFont }

type sharedFont struct {
	font  *Font
	id    ofd.ID
	runes map[rune]struct{}
}

// New starts to draw into a document.
func New(b *ofd.Builder) *Drawing { return NewShared(b, nil) }

// NewShared starts to draw into a document made from a skeleton: texts whose
// characters are all in a font of the skeleton use that one.
func NewShared(b *ofd.Builder, shared *Shared) *Drawing {
	return &Drawing{Level: VariableLevel, b: b, shared: shared}
}

// Page begins to draw on a page or a template page. Objects are painted in the
// order of the calls.
func (d *Drawing) Page(p *ofd.PageBuilder) *Canvas {
	c := &Canvas{d: d, page: p}
	d.pages = append(d.pages, c)
	return c
}

// Annotate begins to draw an annotation of a page, such as a watermark: what is
// drawn stands in the coordinates of its boundary, and is its appearance.
func (d *Drawing) Annotate(page ofd.ID, a ofd.Annotation) *Canvas {
	c := &Canvas{d: d, note: &note{page, a}}
	d.pages = append(d.pages, c)
	return c
}

// Reserve puts characters into the subset of the family's fonts although
// nothing is drawn with them yet: digits and 年月日 in a face, for example, so
// that the documents made from it need not bring them again. Characters that
// no font has are refused.
func (d *Drawing) Reserve(family *Family, text string) error {
	for _, r := range text {
		found, _ := family.find(r)
		if found == nil {
			return &MissingGlyphError{Rune: r, Text: text}
		}
		u := d.font(found)
		u.runes = append(u.runes, r)
	}
	return nil
}

func (d *Drawing) font(f *Font) *usedFont {
	for _, u := range d.used {
		if u.font == f && !u.fixed {
			return u
		}
	}
	u := &usedFont{font: f}
	d.used = append(d.used, u)
	return u
}

// fontFor gives the font of the skeleton if it holds the whole text.
func (d *Drawing) fontFor(f *Font, codes []ofd.TextCode) *usedFont {
	if s := d.shared.holding(f, codes); s != nil {
		for _, u := range d.used {
			if u.fixed && u.id == s.id {
				return u
			}
		}
		u := &usedFont{font: f, id: s.id, fixed: true}
		d.used = append(d.used, u)
		return u
	}
	u := d.font(f)
	for i := range codes {
		for _, r := range codes[i].Text {
			u.runes = append(u.runes, r)
		}
	}
	return u
}

func (s *Shared) holding(f *Font, codes []ofd.TextCode) *sharedFont {
	if s == nil {
		return nil
	}
	for i := range s.fonts {
		if s.fonts[i].font == f && s.fonts[i].holds(codes) {
			return &s.fonts[i]
		}
	}
	return nil
}

func (s *sharedFont) holds(codes []ofd.TextCode) bool {
	for i := range codes {
		for _, r := range codes[i].Text {
			if _, ok := s.runes[r]; !ok {
				return false
			}
		}
	}
	return true
}

// Finish embeds the fonts and puts the objects on the pages. It must be called
// once, before the document or skeleton is built.
func (d *Drawing) Finish() error {
	if d.done {
		return fmt.Errorf("draw: Finish called twice")
	}
	d.done = true
	for _, u := range d.used {
		if err := d.embed(u); err != nil {
			return err
		}
	}
	for _, c := range d.pages {
		c.finish()
	}
	return nil
}

// finish hands over what was drawn, with the fonts that it has now.
func (c *Canvas) finish() {
	for _, o := range c.objects {
		drawn := o.other
		if o.text != nil {
			o.text.Font = o.font.id
			drawn = o.text
		}
		switch {
		case c.note != nil:
			c.note.a.Objects = append(c.note.a.Objects, drawn)
		case o.text != nil:
			c.page.Text(*o.text)
		default:
			c.page.Add(drawn)
		}
	}
	if c.note != nil {
		c.d.b.Annotate(c.note.page, c.note.a)
	}
}

func (d *Drawing) embed(u *usedFont) error {
	if u.fixed {
		return nil
	}
	slices.Sort(u.runes)
	u.runes = slices.Compact(u.runes)
	name := d.distinct(u)
	data, err := u.font.file.Subset(u.runes, name)
	if err != nil {
		return fmt.Errorf("embedding %s: %w", name, err)
	}
	u.id = d.b.AddFont(ofd.FontSpec{
		Name:   name,
		Family: u.font.name,
		Serif:  u.font.serif,
		File:   ofd.NewPartLevel("", data, d.Level),
	})
	return nil
}

// distinct gives a font a name that no other subset in the document has, both
// in the resources and in the font itself: readers that register embedded
// fonts by name would else take the characters of one from the other.
func (d *Drawing) distinct(u *usedFont) string {
	n := 1
	if d.shared != nil {
		for i := range d.shared.fonts {
			if d.shared.fonts[i].font.name == u.font.name {
				n++
			}
		}
	}
	for _, other := range d.used {
		if other == u {
			break
		}
		if !other.fixed && other.font.name == u.font.name {
			n++
		}
	}
	if n == 1 {
		return u.font.name
	}
	return u.font.name + " " + strconv.Itoa(n)
}

// Shared gives the fonts of a finished drawing, for the documents made from
// the skeleton it was drawn into.
func (d *Drawing) Shared() *Shared {
	s := &Shared{}
	for _, u := range d.used {
		if u.fixed {
			continue
		}
		runes := make(map[rune]struct{}, len(u.runes))
		for _, r := range u.runes {
			runes[r] = struct{}{}
		}
		s.fonts = append(s.fonts, sharedFont{u.font, u.id, runes})
	}
	return s
}
