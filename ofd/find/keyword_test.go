package find

import (
	"errors"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sidian/ofd"
	"sidian/ofd/draw"
)

// A draft is a document of one page with text in a font of the reader's system.
type draft struct {
	b    *ofd.Builder
	page *ofd.PageBuilder
	font ofd.ID
	edit []string // old and new text of the page: what other producers write and our builder refuses
}

func newDraft() *draft {
	b := ofd.New(ofd.DocInfo{DocID: "0123456789abcdef0123456789abcdef", Title: "样例"})
	d := &draft{b: b, font: b.AddFont(ofd.FontSpec{Name: "SimSun"})}
	d.page = b.AddPage(210, 297)
	return d
}

func (d *draft) build(t testing.TB) *ofd.Document {
	t.Helper()
	doc, err := d.b.Build()
	if err != nil {
		t.Fatal(err)
	}
	data, err := doc.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	if doc, err = ofd.Open(data); err != nil {
		t.Fatal(err)
	}
	if d.edit == nil {
		return doc
	}
	part := doc.Part(doc.Pages()[0].Part)
	xml, err := part.Data()
	if err != nil {
		t.Fatal(err)
	}
	other := strings.NewReplacer(d.edit...).Replace(string(xml))
	if other == string(xml) {
		t.Fatalf("nothing to edit in %s", xml)
	}
	if doc, err = doc.With(ofd.NewPart(part.Name, []byte(other))); err != nil {
		t.Fatal(err)
	}
	return doc
}

func steps(n int, v float64) []float64 {
	out := make([]float64, max(n, 0))
	for i := range out {
		out[i] = v
	}
	return out
}

// row is a text whose first character stands at x, y, with 5 mm a character.
func (d *draft) row(x, y float64, text string) ofd.TextObject {
	n := len([]rune(text))
	return ofd.TextObject{Graphic: ofd.Graphic{Boundary: ofd.Box{X: x, Y: y - 5, W: 5 * float64(n), H: 7}}, Font: d.font, Size: 5,
		Codes: []ofd.TextCode{{X: 0, Y: 5, DeltaX: steps(n-1, 5), Text: text}}}
}

func TestKeyword(t *testing.T) {
	t.Parallel()
	const none = -1
	tests := []struct {
		name string
		make func(d *draft)
		word string
		x, y float64 // of the first hit's box; none: not found
		w    float64
		hits int
	}{
		{"in one text", func(d *draft) { d.page.Text(d.row(20, 50, "请在此处盖章。")) }, "盖章", 40, 45.6, 10, 1},
		{"full width for half", func(d *draft) { d.page.Text(d.row(20, 50, "（ＡＢ１２）")) }, "(AB12)", 20, 45.6, 30, 1},
		{"half width for full", func(d *draft) { d.page.Text(d.row(20, 50, "(AB12)")) }, "（ＡＢ１２）", 20, 45.6, 27.5, 1},
		{"blanks do not count", func(d *draft) { d.page.Text(d.row(20, 50, "盖　章 处")) }, "盖章处", 20, 45.6, 25, 1},
		{"blanks of the word do not count", func(d *draft) { d.page.Text(d.row(20, 50, "盖章处")) }, " 盖 章\t", 20, 45.6, 10, 1},
		{"across objects of a line", func(d *draft) {
			for i, r := range "盖章处" {
				d.page.Text(d.row(20+float64(i/3)*8, 50, string(r)))
			}
		}, "盖章处", 20, 45.6, 21, 1},
		{"across objects painted in another order", func(d *draft) {
			d.page.Text(d.row(30, 50, "处"))
			d.page.Text(d.row(20, 50.4, "盖章"))
		}, "章处", 25, 45.6, 10, 1},
		{"across text codes", func(d *draft) {
			o := d.row(20, 50, "盖章")
			o.Codes = []ofd.TextCode{{X: 0, Y: 5, Text: "盖"}, {X: 5, Y: 5, Text: "章"}}
			d.page.Text(o)
		}, "盖章", 20, 45.6, 10, 1},
		{"not across a wide blank", func(d *draft) {
			d.page.Text(d.row(20, 50, "盖"))
			d.page.Text(d.row(80, 50, "章"))
		}, "盖章", none, 0, 0, 0},
		{"not across lines", func(d *draft) {
			d.page.Text(d.row(20, 50, "请盖"))
			d.page.Text(d.row(20, 58, "章处"))
		}, "盖章", none, 0, 0, 0},
		{"distributed in one code", func(d *draft) {
			o := d.row(20, 50, "盖章")
			o.Codes[0].DeltaX = []float64{60}
			d.page.Text(o)
		}, "盖章", 20, 45.6, 65, 1},
		{"without distances", func(d *draft) {
			d.page.Text(d.row(20, 50, "请盖章"))
			d.edit = []string{` DeltaX="g 2 5"`, "", ` DeltaX="5 5"`, ""}
		}, "盖章", 25, 45.6, 10, 1},
		{"downwards", func(d *draft) {
			o := d.row(20, 50, "请盖章")
			o.Codes[0].DeltaX, o.Codes[0].DeltaY = nil, []float64{6, 6}
			d.page.Text(o)
		}, "盖章", 20, 51.6, 5, 1},
		{"downwards, each character alone", func(d *draft) {
			d.page.Text(d.row(20, 50, "盖"))
			d.page.Text(d.row(20, 56, "章"))
		}, "盖章", 20, 45.6, 5, 1},
		{"scaled and moved by the matrix", func(d *draft) {
			o := d.row(20, 50, "请盖章")
			o.CTM = &ofd.Matrix{2, 0, 0, 2, 10, 0}
			d.page.Text(o)
		}, "盖章", 40, 46.2, 20, 1},
		{"turned by the matrix", func(d *draft) {
			o := d.row(20, 50, "盖章")
			o.CTM = &ofd.Matrix{0, 1, -1, 0, 0, 0}
			d.page.Text(o)
		}, "盖章", 14.4, 45, 5, 1},
		{"turned upside down", func(d *draft) {
			o := d.row(100, 50, "盖章")
			o.CTM = &ofd.Matrix{-1, 0, 0, -1, 0, 0}
			d.page.Text(o)
		}, "盖章", 90, 39.4, 10, 1},
		{"joined by a glyph transform", func(d *draft) {
			o := d.row(20, 50, "a盖章b")
			d.edit = []string{` DeltaX="g 3 5"`, ` DeltaX="5 10"`, ` DeltaX="5 5 5"`, ` DeltaX="5 10"`}
			o.Transforms = []ofd.GlyphTransform{{CodePosition: 1, CodeCount: 2, GlyphCount: 1, Glyphs: []uint32{7}}}
			d.page.Text(o)
		}, "章b", 30, 45.6, 7.5, 1},
		{"drawn twice for boldness", func(d *draft) {
			d.page.Text(d.row(20, 50, "盖章"))
			d.page.Text(d.row(20.1, 50, "盖章"))
		}, "盖章", 20, 45.6, 10, 1},
		{"transparent", func(d *draft) {
			o := d.row(20, 50, "盖章")
			o.Alpha = ofd.Alpha(0)
			d.page.Text(o)
		}, "盖章", 20, 45.6, 10, 1},
		{"hidden", func(d *draft) {
			o := d.row(20, 50, "盖章")
			o.Hidden = true
			d.page.Text(o)
		}, "盖章", none, 0, 0, 0},
		{"in a block", func(d *draft) {
			o := d.row(20, 50, "盖章")
			d.page.Add(&ofd.PageBlock{Objects: []ofd.Object{&o}})
		}, "盖章", 20, 45.6, 10, 1},
		{"in a composite", func(d *draft) {
			o := d.row(20, 50, "盖章")
			unit := d.b.AddComposite(ofd.Composite{Width: 100, Height: 100, Objects: []ofd.Object{&o}})
			d.page.Composite(ofd.CompositeObject{Graphic: ofd.Graphic{Boundary: ofd.Box{X: 5, Y: 7, W: 100, H: 100}}, ResourceID: unit})
		}, "盖章", 25, 52.6, 10, 1},
		{"on a template page", func(d *draft) {
			tpl := d.b.AddTemplate("底", "Background", 210, 297)
			tpl.Text(d.row(20, 50, "盖章"))
			d.page.Template(tpl.ID(), "Background")
		}, "盖章", 20, 45.6, 10, 1},
		{"twice, in reading order", func(d *draft) {
			d.page.Text(d.row(20, 150, "盖章"))
			d.page.Text(d.row(60, 50, "盖章，再盖章"))
		}, "盖章", 60, 45.6, 10, 3},
		{"not there", func(d *draft) { d.page.Text(d.row(20, 50, "签名")) }, "盖章", none, 0, 0, 0},
		{"half a word", func(d *draft) { d.page.Text(d.row(20, 50, "盖")) }, "盖章", none, 0, 0, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d := newDraft()
			tt.make(d)
			hits, err := Keyword(d.build(t), tt.word, Options{})
			if err != nil {
				t.Fatal(err)
			}
			if tt.x == none {
				if len(hits) != 0 {
					t.Fatalf("found %+v", hits)
				}
				return
			}
			if len(hits) != tt.hits {
				t.Fatalf("got %d hits, want %d: %+v", len(hits), tt.hits, hits)
			}
			h := hits[0]
			if math.Abs(h.X-tt.x)+math.Abs(h.Y-tt.y)+math.Abs(h.W-tt.w) > 0.7 || h.H < 4.9 {
				t.Errorf("got %+v, want x %g y %g w %g", h, tt.x, tt.y, tt.w)
			}
			if string(foldAll(h.Text)) != string(foldAll(tt.word)) {
				t.Errorf("the text found is %q", h.Text)
			}
		})
	}
}

func TestPagesAndLimits(t *testing.T) {
	t.Parallel()
	d := newDraft()
	d.page.Text(d.row(20, 50, "盖章"))
	d.page = d.b.AddPage(100, 50)
	d.page.Text(d.row(10, 20, "盖章盖章"))
	doc := d.build(t)
	for _, tt := range []struct {
		name  string
		o     Options
		pages []int
		ok    bool
	}{
		{"all pages", Options{}, []int{0, 1, 1}, true},
		{"one page", Options{Pages: []int{1}}, []int{1, 1}, true},
		{"no page", Options{Pages: []int{}}, nil, true},
		{"at most two", Options{Limit: 2}, []int{0, 1}, true},
		{"a page that is not there", Options{Pages: []int{2}}, nil, false},
		{"a negative page", Options{Pages: []int{-1}}, nil, false},
		{"a document that is not there", Options{DocIndex: 1}, nil, false},
		{"too much text", Options{Limits: Limits{Characters: 3}}, nil, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			hits, err := Keyword(doc, "盖章", tt.o)
			if (err == nil) != tt.ok || len(hits) != len(tt.pages) {
				t.Fatalf("got %+v, %v", hits, err)
			}
			for i, h := range hits {
				if h.Page != tt.pages[i] {
					t.Errorf("hit %d is on page %d", i, h.Page)
				}
			}
		})
	}
	for _, word := range []string{"", " \u3000\t", strings.Repeat("章", maxKeyword+1)} {
		if _, err := Keyword(doc, word, Options{}); !errors.Is(err, ErrKeyword) {
			t.Errorf("%q: %v", word, err)
		}
	}
	boxes, err := doc.Body().Boxes()
	if err != nil || len(boxes) != 2 || boxes[1].W != 100 || boxes[1].H != 50 {
		t.Errorf("boxes %v, %v", boxes, err)
	}
}

// TestDrawn finds what ofd/draw has set in an embedded font, where it was set.
func TestDrawn(t *testing.T) {
	t.Parallel()
	fonts, err := draw.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	d := newDraft()
	dr := draw.New(d.b)
	box := ofd.Box{X: 100, Y: 200, W: 60, H: 8}
	if _, err := dr.Page(d.page).Text(box, "登记机关（盖章）", draw.Style{Font: fonts.Serif, Size: 5, Align: draw.Distribute}); err != nil {
		t.Fatal(err)
	}
	if err := dr.Finish(); err != nil {
		t.Fatal(err)
	}
	hits, err := Keyword(d.build(t), "登记机关(盖章)", Options{})
	if err != nil || len(hits) != 1 {
		t.Fatalf("%+v, %v", hits, err)
	}
	h := hits[0]
	if math.Abs(h.X-box.X) > 1 || math.Abs(h.X+h.W-box.X-box.W) > 1.5 || h.Y < box.Y-2 || h.Y+h.H > box.Y+box.H+2 {
		t.Errorf("found at %+v", h)
	}
}

// TestSamples finds words in documents of other producers; the places were
// measured on pictures of the pages.
func TestSamples(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		file, word string
		hits       int
	}{
		{"ofdrw_converter_helloworld.ofd", "你好呀,OFD Reader&Writer!", 1},
		{"easy-4_gen_02_multi_page.ofd", "多页文档", 5},
		{"easy-4_gen_12_attachment.ofd", "附件测试文档", 1},
		{"ofdrw_converter_文字横向-数科.ofd", "购买方", 0},
	} {
		data, err := os.ReadFile(filepath.Join("..", "..", "..", "shared", "samples", "open", tt.file))
		if errors.Is(err, os.ErrNotExist) {
			t.Skip("needs the project's shared samples")
		}
		if err != nil {
			t.Fatal(err)
		}
		doc, err := ofd.Open(data)
		if err != nil {
			t.Fatal(err)
		}
		hits, err := Keyword(doc, tt.word, Options{})
		if err != nil || len(hits) != tt.hits {
			t.Errorf("%s: %s: %+v, %v", tt.file, tt.word, hits, err)
		}
	}
}

func FuzzKeyword(f *testing.F) {
	f.Add("盖章", 0.0, 5.0, 5.0, 1.0, 0.0, 20.0, "（盖 章）")
	f.Add("(AB)", 1e9, -5.0, 0.0, 0.0, 1.0, 1e-9, "ＡＢ")
	f.Add("a", math.NaN(), math.Inf(1), -1.0, 0.0, 0.0, 0.0, "a")
	f.Fuzz(func(t *testing.T, text string, x, y, step, a, b, boundary float64, word string) {
		d := newDraft()
		o := ofd.TextObject{Graphic: ofd.Graphic{Boundary: ofd.Box{X: boundary, Y: 1, W: 10, H: 10}, CTM: &ofd.Matrix{a, b, -b, a, 0, 0}}, Font: d.font, Size: 4,
			Codes: []ofd.TextCode{{X: x, Y: y, DeltaX: []float64{step}, Text: text}}}
		d.page.Text(o)
		doc, err := d.b.Build()
		if err != nil {
			return // what cannot be written cannot be sought
		}
		hits, err := Keyword(doc, word, Options{})
		if err != nil {
			return
		}
		for _, h := range hits {
			if string(foldAll(h.Text)) != string(foldAll(word)) || h.W < 0 || h.H < 0 {
				t.Fatalf("sought %q, found %+v", word, h)
			}
		}
	})
}
