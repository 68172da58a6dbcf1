package face

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"sidian/ofd"
	"sidian/ofd/draw"
)

// page is what is drawn on a page of each document.
type page struct {
	template ofd.ID
	items    []item
}

// item is a compiled Item of which each document has its own.
type item struct {
	what   byte // 'f' field, 'p' picture, 't' table, 'q' code
	key    string
	slot   Slot
	box    ofd.Box
	style  draw.Style
	format func(string) string
	prefix string
	suffix string
	empty  string
	color  *ofd.Color

	columns   []TableColumn
	rowHeight float64
	pen       draw.Pen
}

// compiler gathers what is wrong with a template and draws what never changes.
type compiler struct {
	t        *Template
	slots    map[string]Slot
	fonts    *draw.Fonts
	problems Problems
	printed  map[string]bool
	b        *ofd.Builder
	drawing  *draw.Drawing
	canvas   *draw.Canvas
	ground   *ofd.PageBuilder
}

// tagNameSpace names the data index of our documents (GB/T 36905 §6).
const tagNameSpace = "urn:sidian:certificate:face"

// maxItems bounds a template: a face is a page for people.
const maxItems, maxPages = 400, 10

func compile(t *Template, slots map[string]Slot, fonts *draw.Fonts) (*Face, error) {
	c := &compiler{t: t, slots: slots, fonts: fonts, printed: map[string]bool{}}
	if !t.Sane() {
		c.problems.add("width", "size", "版面 width、height 应为 20 到 1200 毫米")
		return nil, c.problems
	}
	if len(t.Pages) == 0 || len(t.Pages) > maxPages {
		c.problems.add("pages", "count", "照面应有 1 到 %d 页", maxPages)
		return nil, c.problems
	}
	c.b = ofd.New(ofd.DocInfo{DocID: strings.Repeat("0", 32)})
	c.drawing = draw.New(c.b)
	c.drawing.Level = ofd.Best
	c.b.TagNameSpace(tagNameSpace)
	c.b.Signable()
	f := &Face{template: t}
	for i := range t.Pages {
		f.pages = append(f.pages, c.page(i))
	}
	c.unprinted()
	if len(c.problems) > 0 {
		return nil, c.problems
	}
	if err := c.reserve(f); err != nil {
		return nil, err
	}
	f.mark = c.markStyle()
	if err := c.drawing.Finish(); err != nil {
		return nil, fmt.Errorf("face: drawing what never changes: %w", err)
	}
	f.shared = c.drawing.Shared()
	var err error
	if f.skeleton, err = c.b.Skeleton(); err != nil {
		return nil, fmt.Errorf("face: freezing what never changes: %w", err)
	}
	return f, nil
}

func (c *compiler) page(i int) page {
	if len(c.t.Pages[i].Items) > maxItems {
		c.problems.add(fmt.Sprintf("pages[%d]", i), "count", "一页最多 %d 项", maxItems)
		return page{}
	}
	c.ground = c.b.AddTemplate(fmt.Sprintf("face%d", i), "Background", c.t.Width, c.t.Height)
	c.canvas = c.drawing.Page(c.ground)
	p := page{template: c.ground.ID()}
	for n := range c.t.Pages[i].Items {
		where := fmt.Sprintf("pages[%d].items[%d]", i, n)
		if made, ok := c.item(where, &c.t.Pages[i].Items[n]); ok {
			p.items = append(p.items, made)
		}
	}
	return p
}

// unprinted finds fields that the face forgot.
func (c *compiler) unprinted() {
	for _, key := range slices.Sorted(maps.Keys(c.slots)) {
		if c.slots[key].Required && !c.printed[key] {
			c.problems.add("pages", "unprinted", "照面上没有印出“%s”（%s）；不需要印的请在 kind.yaml 标 hidden: true", c.slots[key].Label, key)
		}
	}
}

// reserve puts into the shared fonts what most documents print.
func (c *compiler) reserve(f *Face) error {
	for _, p := range f.pages {
		for _, it := range p.items {
			if it.what != 'f' {
				continue
			}
			chars := it.prefix + it.suffix + it.empty
			if strings.HasPrefix(it.slot.Format, "date") {
				chars += "0123456789年月日"
			}
			if err := c.drawing.Reserve(it.style.Font, chars); err != nil {
				return fmt.Errorf("face: reserving characters: %w", err)
			}
		}
	}
	return nil
}

func (c *compiler) markStyle() draw.Style {
	return draw.Style{
		Font: c.fonts.Sans, Size: min(c.t.Width, c.t.Height) / 5, MinSize: 4, Align: draw.Center, VAlign: draw.Middle, LetterSpacing: 0.5,
		Color: &ofd.Color{Value: []float64{120, 120, 120}, Alpha: ofd.Alpha(26)},
	}
}

// words draws text that never changes.
func (c *compiler) words(where string, box ofd.Box, text string, style draw.Style) {
	_, err := c.canvas.Text(box, text, style)
	var overflow *draw.OverflowError
	var missing *draw.MissingGlyphError
	switch {
	case errors.As(err, &overflow):
		c.problems.add(where, "overflow", "文字“%s”放不下：需要 %.1f × %.1f 毫米，只有 %.1f × %.1f 毫米", text,
			overflow.NeededWidth, overflow.NeededHeight, box.W, box.H)
	case errors.As(err, &missing):
		c.problems.add(where, "glyph", "字体里没有“%c”这个字", missing.Rune)
	case err != nil:
		c.problems.add(where, "text", "文字“%s”画不出来", text)
	}
}
