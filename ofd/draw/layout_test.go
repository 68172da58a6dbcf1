package draw

import (
	"errors"
	"math"
	"reflect"
	"strings"
	"testing"

	"sidian/ofd"
)

func testFonts(t testing.TB) *Fonts {
	t.Helper()
	f, err := Embedded()
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// linesOf are the texts of the lines.
func linesOf(t *typeset) []string {
	out := []string{}
	for _, l := range t.lines {
		var s strings.Builder
		for _, g := range t.glyphs[l.from:l.to] {
			s.WriteRune(g.r)
		}
		out = append(out, s.String())
	}
	return out
}

func TestWrap(t *testing.T) {
	t.Parallel()
	fonts := testFonts(t)
	for _, tc := range []struct {
		name  string
		text  string
		width float64 // in characters
		want  []string
	}{
		{"nothing", "", 5, []string{}},
		{"one line", "一二三四五", 5, []string{"一二三四五"}},
		{"full lines", "一二三四五六七八九十", 5, []string{"一二三四五", "六七八九十"}},
		{"no line starts with a comma", "一二三四五，六七", 5, []string{"一二三四", "五，六七"}},
		{"no line starts with a closing mark", "一二三四五》。六", 5, []string{"一二三四", "五》。六"}},
		{"no line ends with an opening mark", "一二三四（五六）七", 5, []string{"一二三四", "（五六）七"}},
		{"nested marks stay together", "一二《（三四", 4, []string{"一二", "《（三四"}},
		{"dashes are not parted", "一二三四——五六", 5, []string{"一二三四", "——五六"}},
		{"ellipses are not parted", "一二三四……", 5, []string{"一二三四", "……"}},
		{"numbers stay whole", "注册资本1234567890元", 7, []string{"注册资本", "1234567890元"}},
		{"number and unit may part", "一二三四12.5%五", 5, []string{"一二三四", "12.5%五"}},
		{"words stay whole", "公司ABC Company Limited", 7, []string{"公司ABC", "Company", "Limited"}},
		{"a long word is cut", "MMMMMMMMMMMM", 3, []string{"MMM", "MMM", "MMM", "MMM"}},
		{"spaces do not start or end lines", "一二三  四五六", 4, []string{"一二三", "四五六"}},
		{"paragraphs", "一\n\n二三\r\n四", 4, []string{"一", "", "二三", "四"}},
		{"final newline", "一二\n", 4, []string{"一二"}},
		{"spaces at the end", "一二  ", 5, []string{"一二"}},
		{"only spaces", "  ", 5, []string{""}},
		{"tabulator", "一\t二", 5, []string{"一 二"}},
		{"mark wider than the rule", "，，，，", 2, []string{"，，", "，，"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			set, err := layout(ofd.Box{W: tc.width * 4, H: 100}, tc.text, &Style{Font: fonts.Serif, Size: 4})
			if err != nil {
				t.Fatal(err)
			}
			if got := linesOf(set); !reflect.DeepEqual(got, tc.want) {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}

func TestShrink(t *testing.T) {
	t.Parallel()
	fonts := testFonts(t)
	for _, tc := range []struct {
		name     string
		style    Style
		box      ofd.Box
		text     string
		size     float64
		lines    int
		overflow bool
	}{
		{"fits", Style{Size: 5, MinSize: 3}, ofd.Box{W: 50, H: 5}, "一二三四五六七八九十", 5, 1, false},
		{"one line shrinks", Style{Size: 5, MinSize: 3}, ofd.Box{W: 40, H: 5}, "一二三四五六七八九十", 4, 1, false},
		{"exactly the smallest", Style{Size: 5, MinSize: 3}, ofd.Box{W: 30, H: 5}, "一二三四五六七八九十", 3, 1, false},
		{"too long", Style{Size: 5, MinSize: 3}, ofd.Box{W: 29, H: 5}, "一二三四五六七八九十", 0, 0, true},
		{"may not shrink", Style{Size: 5}, ofd.Box{W: 49, H: 5}, "一二三四五六七八九十", 0, 0, true},
		{"two lines", Style{Size: 5, MinSize: 3}, ofd.Box{W: 25, H: 12}, "一二三四五六七八九十", 5, 2, false},
		{"two lines need three", Style{Size: 5, MinSize: 3}, ofd.Box{W: 16, H: 12}, "一二三四五六七八九", 3.2, 2, false},
		{"one line wanted", Style{Size: 5, MinSize: 2, MaxLines: 1}, ofd.Box{W: 25, H: 12}, "一二三四五六七八九十", 2.5, 1, false},
		{"narrower than a character", Style{Size: 5, MinSize: 3}, ofd.Box{W: 2.9, H: 50}, "一", 0, 0, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			tc.style.Font = fonts.Sans
			set, err := layout(tc.box, tc.text, &tc.style)
			if checked := Check(tc.box, tc.text, tc.style); !reflect.DeepEqual(checked, err) {
				t.Errorf("Check gives %v", checked)
			}
			var overflow *OverflowError
			if tc.overflow {
				if !errors.As(err, &overflow) || overflow.Text != tc.text || overflow.Box != tc.box {
					t.Fatalf("got %v", err)
				}
				if overflow.NeededWidth <= tc.box.W+tolerance && overflow.NeededHeight <= tc.box.H+tolerance {
					t.Errorf("needs %v × %v, has %v", overflow.NeededWidth, overflow.NeededHeight, tc.box)
				}
				if strings.Contains(err.Error(), tc.text) {
					t.Error("the message tells the text")
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if math.Abs(set.size-tc.size) > sizeStep || len(set.lines) != tc.lines || !set.fits() {
				t.Errorf("size %v in %d lines, want %v in %d", set.size, len(set.lines), tc.size, tc.lines)
			}
		})
	}
}

func TestMissingGlyph(t *testing.T) {
	t.Parallel()
	fonts := testFonts(t)
	for _, tc := range []struct {
		name, text string
		r          rune
	}{
		{"rare character", "张\U00020000明", 0x20000},
		{"direction override", "张\u202E明", 0x202E},
		{"control", "张\x01明", 1},
		{"emoji", "张😀", 0x1F600},
		{"broken utf-8", "张\xFF", 0xFFFD},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			_, err := layout(ofd.Box{W: 100, H: 100}, tc.text, &Style{Font: fonts.Serif, Size: 4})
			var missing *MissingGlyphError
			if !errors.As(err, &missing) || missing.Rune != tc.r || missing.Text != tc.text {
				t.Fatalf("got %v", err)
			}
			if strings.Contains(err.Error(), "张") {
				t.Error("the message tells the text")
			}
			if got := fonts.Serif.Missing(tc.text); len(got) != 1 || got[0] != tc.r {
				t.Errorf("Missing gives %q", got)
			}
		})
	}
}

// Every character of the list is in one of the two fonts, and all of the
// 通用规范汉字表 in both.
func TestEmbeddedCoverage(t *testing.T) {
	t.Parallel()
	fonts := testFonts(t)
	counts := map[*Font]int{}
	for _, r := range characterList() {
		for _, f := range fonts.Serif.fonts {
			if unicodeHan(r) && f.Has(r) {
				counts[f]++
			}
		}
		if unicodeHan(r) && (!fonts.Serif.fonts[0].Has(r) || !fonts.Sans.fonts[0].Has(r)) {
			t.Errorf("%c U+%04X is missing", r, r)
		}
	}
	for f, n := range counts {
		if n != 8105 {
			t.Errorf("%s has %d ideographs", f.Name(), n)
		}
	}
	for _, r := range "〇①⑳㎡㎥℃№×÷±°·—…《》「」【】￥†■□▲●○★☆✓“”‘’（）［］〔〕、。；：？！％＋－＝／" {
		if missing := fonts.Serif.Missing(string(r)); len(missing) != 0 {
			t.Errorf("no font has %c U+%04X", r, r)
		}
	}
}

func TestBreakable(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		pair string
		want bool
	}{
		{"中国", true}, {"中，", false}, {"，中", true}, {"（中", false}, {"中）", false}, {"中（", true},
		{"ab", false}, {"a1", false}, {"1中", true}, {"中a", true}, {"a ", false}, {" a", true},
		{"——", false}, {"…中", true}, {"1.", false}, {".5", false}, {"￥5", false}, {"5％", false}, {"中·", false},
	} {
		r := []rune(tc.pair)
		if got := breakable(r[0], r[1]); got != tc.want {
			t.Errorf("%q: %v", tc.pair, got)
		}
	}
}

func FuzzText(f *testing.F) {
	fonts := testFonts(f)
	f.Add("营业执照（副本）", 40.0, 20.0, 5.0, 2.0, uint8(0), false)
	f.Add("a b\n\n，，——……\t", 3.0, 90.0, 4.0, 0.0, uint8(4), false)
	f.Add("《一》\r\n1234567890", 20.0, 10.0, 3.0, 1.0, uint8(3), true)
	f.Fuzz(func(t *testing.T, text string, w, h, size, smallest float64, align uint8, vertical bool) {
		if !(w > 0 && w < 1000 && h > 0 && h < 1000 && size > 0.1 && size < 100 && smallest >= 0) || len(text) > 2000 {
			return
		}
		box := ofd.Box{X: 5, Y: 5, W: w, H: h}
		style := Style{Font: fonts.Sans, Size: size, MinSize: smallest, Align: Align(align % 5), Vertical: vertical}
		_, c := canvas(t)
		ids, err := c.Text(box, text, style)
		if err != nil {
			if len(c.objects) != 0 {
				t.Fatal("a refused text left objects")
			}
			return
		}
		if len(ids) != len(c.objects) {
			t.Fatalf("%d IDs of %d objects", len(ids), len(c.objects))
		}
		var shown, want strings.Builder
		for _, o := range c.objects {
			_, xs, ys := positions(o.text)
			for i := range xs {
				if xs[i] < box.X-0.2 || xs[i] > box.X+w+0.2 || ys[i] < box.Y-0.2 || ys[i] > box.Y+h+0.2 {
					t.Fatalf("a character at %v, %v outside %v", xs[i], ys[i], box)
				}
			}
			shown.WriteString(strings.ReplaceAll(o.text.Text(), " ", ""))
		}
		for _, r := range text {
			if r = plain(r); r >= 0 && r != '\n' && r != ' ' {
				if vertical {
					r = fonts.Sans.upright(r)
				}
				want.WriteRune(r)
			}
		}
		if shown.String() != want.String() {
			t.Fatalf("shown %q, want %q", shown.String(), want.String())
		}
	})
}
