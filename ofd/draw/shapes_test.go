package draw

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"image"
	"image/jpeg"
	"image/png"
	"reflect"
	"strings"
	"testing"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/qrcode"
	"golang.org/x/image/vector"

	"sidian/ofd"
)

// The path on the page, not the encoder's modules, is what gets read.
func TestQRIsRead(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"A", "https://zz.example.gov.cn/v/1.2.156.3005.2?k=aB3", "统一社会信用代码", strings.Repeat("0123456789", 30)} {
		t.Run(fmt.Sprintf("%.12s", text), func(t *testing.T) {
			t.Parallel()
			_, c := canvas(t)
			box := ofd.Box{X: 20, Y: 30, W: 40, H: 30}
			if _, err := c.QR(box, text, nil); err != nil {
				t.Fatal(err)
			}
			o := c.objects[0].other.(*ofd.PathObject)
			if o.Boundary != (ofd.Box{X: 25, Y: 30, W: 30, H: 30}) || !o.Fill || !o.NoStroke {
				t.Errorf("%+v", o.Boundary)
			}
			bitmap, err := gozxing.NewBinaryBitmapFromImage(painted(t, o, 20))
			if err != nil {
				t.Fatal(err)
			}
			result, err := qrcode.NewQRCodeReader().Decode(bitmap, map[gozxing.DecodeHintType]any{gozxing.DecodeHintType_CHARACTER_SET: "UTF-8"})
			if err != nil {
				t.Fatal(err)
			}
			if result.GetText() != text {
				t.Errorf("read %q", result.GetText())
			}
		})
	}
	_, c := canvas(t)
	if _, err := c.QR(ofd.Box{W: 30, H: 30}, strings.Repeat("x", 700), nil); err == nil || len(c.objects) != 0 {
		t.Errorf("a text too long gave %v", err)
	}
}

// painted fills a path of straight lines, by its CTM, at some pixels per mm.
func painted(t *testing.T, o *ofd.PathObject, scale float64) image.Image {
	t.Helper()
	n := int(o.Boundary.W * scale)
	r := vector.NewRasterizer(n, n)
	fields := strings.Fields(o.Data)
	for i := 0; i < len(fields); i++ {
		if fields[i] == "C" {
			r.ClosePath()
			continue
		}
		var x, y float64
		if _, err := fmt.Sscan(fields[i+1]+" "+fields[i+2], &x, &y); err != nil {
			t.Fatal(err)
		}
		p := o.CTM.Apply(ofd.Point{X: x, Y: y})
		if fields[i] == "M" {
			r.MoveTo(float32(p.X*scale), float32(p.Y*scale))
		} else {
			r.LineTo(float32(p.X*scale), float32(p.Y*scale))
		}
		i += 2
	}
	mask := image.NewAlpha(image.Rect(0, 0, n, n))
	r.Draw(mask, mask.Bounds(), image.Opaque, image.Point{})
	out := image.NewGray(mask.Bounds())
	for i, a := range mask.Pix {
		out.Pix[i] = 255 - a
	}
	return out
}

func pngOf(t *testing.T, w, h int) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, w, h))); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func jpegOf(t *testing.T, w, h int) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, image.NewGray(image.Rect(0, 0, w, h)), nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestParseImage(t *testing.T) {
	t.Parallel()
	whole := pngOf(t, 30, 40)
	gif, _ := base64.StdEncoding.DecodeString("R0lGODlhAQABAAAAACwAAAAAAQABAAACAkQBADs=")
	huge := bytes.Clone(whole)
	copy(huge[16:], []byte{0, 0, 0xFF, 0xFF, 0, 0, 0xFF, 0xFF}) // 65535 × 65535
	for _, tc := range []struct {
		name string
		data []byte
		ok   bool
	}{
		{"png", whole, true},
		{"jpeg", jpegOf(t, 30, 40), true},
		{"gif", gif, false},
		{"nothing", nil, false},
		{"cut png", whole[:len(whole)-20], false},
		{"more pixels than allowed", huge, false},
		{"more bytes than allowed", append(bytes.Clone(whole), make([]byte, MaxImageBytes)...), false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			img, err := ParseImage(tc.data)
			var refused *ImageError
			if !tc.ok {
				if !errors.As(err, &refused) {
					t.Fatalf("got %v", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if w, h := img.Size(); w != 30 || h != 40 {
				t.Errorf("%d × %d", w, h)
			}
		})
	}
}

func TestImage(t *testing.T) {
	t.Parallel()
	img, err := ParseImage(pngOf(t, 30, 40))
	if err != nil {
		t.Fatal(err)
	}
	_, c := canvas(t)
	box := ofd.Box{X: 10, Y: 10, W: 40, H: 40}
	c.Image(box, img, Contain)
	c.Image(box, img, Stretch)
	first, second := c.objects[0].other.(*ofd.ImageObject), c.objects[1].other.(*ofd.ImageObject)
	if want := (ofd.Box{X: 15, Y: 10, W: 30, H: 40}); first.Boundary != want || *first.CTM != (ofd.Matrix{30, 0, 0, 40, 0, 0}) {
		t.Errorf("contained in %v by %v", first.Boundary, *first.CTM)
	}
	if second.Boundary != box || second.ResourceID != first.ResourceID {
		t.Errorf("stretched to %v", second.Boundary)
	}
}

func TestTable(t *testing.T) {
	t.Parallel()
	fonts := testFonts(t)
	style := Style{Font: fonts.Sans, Size: 4}
	_, c := canvas(t)
	placed, err := c.Table(ofd.Point{X: 10, Y: 20}, Table{
		Columns: []float64{20, 30, 30},
		Style:   style,
		Rows: []Row{
			{Height: 8, Cells: []Cell{{Text: "项目", RowSpan: 2}, {Text: "内容", ColSpan: 2}}},
			{Height: 8, Cells: []Cell{{Text: "一二三四五六七八九十"}, {}}},
			{Height: 8, Fixed: true, Cells: []Cell{{Text: "末"}, {Text: "行", ColSpan: 2}}},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	// The second row holds two lines of 4 mm at 1.4, and 1 mm around them.
	if want := 8 + (4*1.4 + 4 + 2) + 8; !near(placed.Box.H, want) || placed.Box.W != 80 {
		t.Errorf("box %v, height should be %.2f", placed.Box, want)
	}
	shape := [][]int{}
	for _, row := range placed.IDs {
		counts := []int{}
		for _, ids := range row {
			counts = append(counts, len(ids))
		}
		shape = append(shape, counts)
	}
	if !reflect.DeepEqual(shape, [][]int{{1, 1}, {1, 0}, {1, 1}}) {
		t.Errorf("objects %v", shape)
	}
}

func TestTableRefusals(t *testing.T) {
	t.Parallel()
	fonts := testFonts(t)
	style := Style{Font: fonts.Sans, Size: 4}
	for name, tc := range map[string]struct {
		rows []Row
		as   any
	}{
		"a cell too few":    {[]Row{{Height: 8, Cells: []Cell{{}}}}, new(*TableError)},
		"a cell too many":   {[]Row{{Height: 8, Cells: []Cell{{}, {}, {}}}}, new(*TableError)},
		"span too wide":     {[]Row{{Height: 8, Cells: []Cell{{ColSpan: 3}}}}, new(*TableError)},
		"span too low":      {[]Row{{Height: 8, Cells: []Cell{{RowSpan: 2}, {}}}}, new(*TableError)},
		"no rows":           {nil, new(*TableError)},
		"text too long":     {[]Row{{Height: 8, Fixed: true, Cells: []Cell{{Text: strings.Repeat("长", 20)}, {}}}}, new(*OverflowError)},
		"unknown character": {[]Row{{Height: 8, Cells: []Cell{{Text: "\U00020000"}, {}}}}, new(*MissingGlyphError)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, c := canvas(t)
			if _, err := c.Table(ofd.Point{}, Table{Columns: []float64{20, 20}, Rows: tc.rows, Style: style}); !errors.As(err, tc.as) {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestShapesStayInside(t *testing.T) {
	t.Parallel()
	_, c := canvas(t)
	box := ofd.Box{X: 10, Y: 10, W: 100, H: 60}
	c.Border(box, Border{})
	c.RoundRect(box, 5, Pen{})
	c.Rect(box, Pen{Width: 1})
	c.Line(ofd.Point{X: 10, Y: 10}, ofd.Point{X: 110, Y: 10}, Pen{})
	c.Fill(box, ofd.RGB(240, 240, 240))
	outer := inflate(box, 0.51)
	for i, o := range c.objects {
		path := o.other.(*ofd.PathObject)
		b := path.Boundary
		if b.Empty() || b.X < outer.X || b.Y < outer.Y || b.X+b.W > outer.X+outer.W || b.Y+b.H > outer.Y+outer.H {
			t.Errorf("object %d has the boundary %v", i, b)
		}
		if path.Data == "" {
			t.Errorf("object %d has no path", i)
		}
	}
}
