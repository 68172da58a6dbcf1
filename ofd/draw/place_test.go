package draw

import (
	"math"
	"reflect"
	"strings"
	"testing"

	"sidian/ofd"
)

// canvas is a page of a new document.
func canvas(t testing.TB) (*Drawing, *Canvas) {
	t.Helper()
	b := ofd.New(ofd.DocInfo{DocID: "0123456789abcdef0123456789abcdef"})
	d := New(b)
	return d, d.Page(b.AddPage(210, 297))
}

// positions are where the characters of an object stand on the page.
func positions(o *ofd.TextObject) (runes []rune, xs, ys []float64) {
	for _, code := range o.Codes {
		x, y := o.Boundary.X+code.X, o.Boundary.Y+code.Y
		for i, r := range []rune(code.Text) {
			if i > 0 {
				x += code.DeltaX[i-1]
				if code.DeltaY != nil {
					y += code.DeltaY[i-1]
				}
			}
			runes, xs, ys = append(runes, r), append(xs, x), append(ys, y)
		}
	}
	return runes, xs, ys
}

func near(a, b float64) bool { return math.Abs(a-b) < 0.02 }

func TestPlaceHorizontal(t *testing.T) {
	t.Parallel()
	fonts := testFonts(t)
	box := ofd.Box{X: 10, Y: 20, W: 30, H: 20}
	for _, tc := range []struct {
		name  string
		text  string
		style Style
		xs    []float64
		ys    []float64 // baselines; the em reaches 0.88 above
	}{
		{"left", "一二", Style{}, []float64{10, 14}, []float64{23.52, 23.52}},
		{"right", "一二", Style{Align: Right}, []float64{32, 36}, []float64{23.52, 23.52}},
		{"center", "一二", Style{Align: Center}, []float64{21, 25}, []float64{23.52, 23.52}},
		{"distribute", "一二三", Style{Align: Distribute}, []float64{10, 23, 36}, nil},
		{"distribute one", "一", Style{Align: Distribute}, []float64{23}, nil},
		{"justify leaves the last line", "一二三四五六七八", Style{Align: Justify}, []float64{10, 14.333, 18.667, 23, 27.333, 31.667, 36, 10}, []float64{23.52, 23.52, 23.52, 23.52, 23.52, 23.52, 23.52, 29.12}},
		{"middle", "一", Style{VAlign: Middle}, []float64{10}, []float64{31.52}},
		{"bottom", "一", Style{VAlign: Bottom}, []float64{10}, []float64{39.52}},
		{"line height", "一\n二", Style{LineHeight: 2}, []float64{10, 10}, []float64{23.52, 31.52}},
		{"letter spacing", "一二三", Style{LetterSpacing: 0.5}, []float64{10, 16, 22}, nil},
		{"indent", "一\n二", Style{Indent: 2}, []float64{18, 18}, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			_, c := canvas(t)
			tc.style.Font, tc.style.Size = fonts.Serif, 4
			ids, err := c.Text(box, tc.text, tc.style)
			if err != nil || len(ids) != 1 || len(c.objects) != 1 {
				t.Fatalf("%d objects, %v", len(ids), err)
			}
			o := c.objects[0].text
			runes, xs, ys := positions(o)
			if got := string(runes); got != strings.ReplaceAll(tc.text, "\n", "") {
				t.Errorf("text %q", got)
			}
			for i := range xs {
				if !near(xs[i], tc.xs[i]) || tc.ys != nil && !near(ys[i], tc.ys[i]) {
					t.Errorf("character %d at %.3f, %.3f; want %.3f, %v", i, xs[i], ys[i], tc.xs[i], tc.ys)
				}
				if xs[i] < o.Boundary.X || xs[i]+4 > o.Boundary.X+o.Boundary.W || ys[i]+1 > o.Boundary.Y+o.Boundary.H || ys[i]-3.6 < o.Boundary.Y {
					t.Errorf("character %d is clipped by %v", i, o.Boundary)
				}
			}
		})
	}
}

// Without distances readers disagree (n-1 values are the rule).
func TestDeltasAlways(t *testing.T) {
	t.Parallel()
	fonts := testFonts(t)
	_, c := canvas(t)
	text := "编号 330110000123456，Company Ltd. ①㎡\n第二段"
	if _, err := c.Text(ofd.Box{W: 40, H: 60}, text, Style{Font: fonts.Sans, Size: 4, Align: Justify}); err != nil {
		t.Fatal(err)
	}
	for _, o := range c.objects {
		for _, code := range o.text.Codes {
			if n := len([]rune(code.Text)); len(code.DeltaX) != n-1 || len(code.DeltaY) != 0 {
				t.Errorf("%q: %d characters, %d and %d distances", code.Text, n, len(code.DeltaX), len(code.DeltaY))
			}
		}
	}
}

func TestPlaceVertical(t *testing.T) {
	t.Parallel()
	fonts := testFonts(t)
	_, c := canvas(t)
	box := ofd.Box{X: 10, Y: 20, W: 20, H: 16}
	ids, err := c.Text(box, "中华（一）1月", Style{Font: fonts.Serif, Size: 4, Vertical: true})
	if err != nil || len(ids) != 1 {
		t.Fatal(ids, err)
	}
	o := c.objects[0].text
	runes, xs, ys := positions(o)
	if got := string(runes); got != "中华︵一︶1月" {
		t.Errorf("text %q", got)
	}
	// Three columns from the right: the bracket must not end the first one, and
	// the second is full.
	middle := (4 - fonts.Serif.fonts[0].Advance('1')*4) / 2
	want := [][2]float64{{26, 23.52}, {26, 27.52}, {20.4, 23.52}, {20.4, 27.52}, {20.4, 31.52}, {20.4 + middle, 35.52}, {14.8, 23.52}}
	for i, w := range want {
		if !near(xs[i], w[0]) || !near(ys[i], w[1]) {
			t.Errorf("character %d at %.3f, %.3f, want %v", i, xs[i], ys[i], w)
		}
	}
	for _, code := range o.Codes {
		if n := len([]rune(code.Text)); len(code.DeltaX) != n-1 || len(code.DeltaY) != n-1 {
			t.Errorf("%q: %d and %d distances", code.Text, len(code.DeltaX), len(code.DeltaY))
		}
	}
}

// A character that only the second font has becomes an object of its own, in
// reading order.
func TestFallback(t *testing.T) {
	t.Parallel()
	fonts := testFonts(t)
	data, err := fonts.Serif.fonts[0].Subset([]rune("前后"))
	if err != nil {
		t.Fatal(err)
	}
	small, err := NewFont("Two Characters", data)
	if err != nil {
		t.Fatal(err)
	}
	d, c := canvas(t)
	ids, err := c.Text(ofd.Box{W: 50, H: 10}, "前中后", Style{Font: NewFamily(small, fonts.Sans.fonts[0]), Size: 4})
	if err != nil || len(ids) != 3 {
		t.Fatal(ids, err)
	}
	var texts, names []string
	for _, o := range c.objects {
		texts, names = append(texts, o.text.Text()), append(names, o.font.font.Name())
	}
	if !reflect.DeepEqual(texts, []string{"前", "中", "后"}) || !reflect.DeepEqual(names, []string{"Two Characters", "Noto Sans SC", "Two Characters"}) {
		t.Errorf("texts %q in %q", texts, names)
	}
	if len(d.used) != 2 {
		t.Errorf("%d fonts", len(d.used))
	}
}

func TestBold(t *testing.T) {
	t.Parallel()
	fonts := testFonts(t)
	_, c := canvas(t)
	color := ofd.RGB(200, 0, 0)
	if _, err := c.Text(ofd.Box{W: 50, H: 10}, "证", Style{Font: fonts.Serif, Size: 10, Bold: true, Color: color}); err != nil {
		t.Fatal(err)
	}
	o := c.objects[0].text
	if !o.Stroke || o.NoFill || o.StrokeColor != color || o.LineWidth == nil || !near(*o.LineWidth, 0.3) {
		t.Errorf("%+v", o)
	}
}
