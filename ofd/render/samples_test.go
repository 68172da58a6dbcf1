package render

import (
	"bytes"
	"image/color"
	"os"
	"path/filepath"
	"testing"

	"sidian/ofd"
)

// samples are the public and generated documents beside the repository; a bare checkout has none.
func samples(t testing.TB) []string {
	t.Helper()
	files, err := filepath.Glob("../../../shared/samples/*/*.ofd")
	if err != nil {
		t.Fatal(err)
	}
	if len(files) == 0 {
		t.Skip("../shared/samples is not there")
	}
	return files
}

func load(t testing.TB, name string) *ofd.Document {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	doc, err := ofd.Open(data)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return doc
}

func TestSamples(t *testing.T) {
	t.Parallel()
	for _, name := range samples(t) {
		if filepath.Base(name) == "x13-zip-slip.ofd" {
			continue // refused by the container
		}
		t.Run(filepath.Base(name), func(t *testing.T) {
			t.Parallel()
			doc := load(t, name)
			for i := range doc.Pages() {
				var svg bytes.Buffer
				if _, err := SVG(doc, i, &svg, Options{}); err != nil {
					t.Fatalf("page %d: SVG: %v", i+1, err)
				}
				checkSVG(t, svg.Bytes())
				img, _, err := Image(doc, i, Options{DPI: 50})
				if err != nil {
					t.Fatalf("page %d: PNG: %v", i+1, err)
				}
				if blank(img.Pix) {
					t.Errorf("page %d is empty", i+1)
				}
			}
			var pdf bytes.Buffer
			if _, err := PDF(doc, &pdf, Options{}); err != nil {
				t.Fatalf("PDF: %v", err)
			}
			if n := bytes.Count(pdf.Bytes(), []byte("/Type /Page\n")); n != len(doc.Pages()) {
				t.Errorf("PDF has %d pages, the document %d", n, len(doc.Pages()))
			}
		})
	}
}

func blank(pix []byte) bool {
	for _, v := range pix {
		if v != 255 {
			return false
		}
	}
	return true
}

// TestSeals looks for the red of the seal inside its box, and for its absence outside and on request.
func TestSeals(t *testing.T) {
	t.Parallel()
	tests := []struct {
		file         string
		box, outside rect
	}{
		{"signed/q00-plain.ofd", rect{50, 50, 90, 90}, rect{100, 100, 200, 280}},               // V4, PNG
		{"signed/q10-v1.ofd", rect{50, 50, 90, 90}, rect{100, 100, 200, 280}},                  // V1
		{"signed/q15-v5.ofd", rect{50, 50, 90, 90}, rect{100, 100, 200, 280}},                  // V5
		{"open/easy-4_gen_13_riding_seal.ofd", rect{203, 30, 210, 80}, rect{160, 30, 203, 80}}, // a slice at the edge
	}
	samples(t)
	for _, tt := range tests {
		t.Run(filepath.Base(tt.file), func(t *testing.T) {
			t.Parallel()
			doc := load(t, filepath.Join("../../../shared/samples", tt.file))
			if n := reds(t, doc, tt.box, Options{}); n < 50 {
				t.Errorf("%d red pixels in the seal's box", n)
			}
			if n := reds(t, doc, tt.outside, Options{}); n > 0 {
				t.Errorf("%d red pixels outside the seal", n)
			}
			if n := reds(t, doc, tt.box, Options{WithoutSeals: true}); n > 0 {
				t.Errorf("%d red pixels without seals", n)
			}
		})
	}
}

func reds(t *testing.T, doc *ofd.Document, box rect, opts Options) int {
	t.Helper()
	opts.DPI = 2 * mmPerInch
	img, _, err := Image(doc, 0, opts)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for y := int(box.y0 * 2); y < int(box.y1*2); y++ {
		for x := int(box.x0 * 2); x < int(box.x1*2); x++ {
			if near(img.RGBAAt(x, y), color.RGBA{230, 20, 20, 255}, 60) {
				n++
			}
		}
	}
	return n
}

func BenchmarkSVG(b *testing.B) {
	benchmark(b, func(d *ofd.Document) error { _, err := SVG(d, 0, &bytes.Buffer{}, Options{}); return err })
}
func BenchmarkPNG96(b *testing.B) {
	benchmark(b, func(d *ofd.Document) error { _, err := PNG(d, 0, &bytes.Buffer{}, Options{}); return err })
}
func BenchmarkPDF(b *testing.B) {
	benchmark(b, func(d *ofd.Document) error { _, err := PDF(d, &bytes.Buffer{}, Options{}); return err })
}

// benchmark renders a page of 40 lines of text and a few rules, in the embedded fonts.
func benchmark(b *testing.B, draw func(*ofd.Document) error) {
	doc := textPage(40).open(b)
	if err := draw(doc); err != nil { // fonts are parsed once in a process
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if err := draw(doc); err != nil {
			b.Fatal(err)
		}
	}
}

func textPage(lines int) small {
	text := ""
	for i := range lines {
		y := num(float64(i) * 1.9)
		text += `<ofd:TextObject ID="5" Boundary="2 ` + y + ` 96 3" Font="11" Size="2.4"><ofd:TextCode X="0" Y="2.2" DeltaX="g 35 2.6">统一社会信用代码有限责任公司法定代表人注册资本成立日期住所经营范围登记机关年</ofd:TextCode></ofd:TextObject>` +
			`<ofd:PathObject ID="6" Boundary="2 ` + y + ` 96 3"><ofd:AbbreviatedData>M 0 2.8 L 96 2.8</ofd:AbbreviatedData></ofd:PathObject>`
	}
	s := paints(text)
	s.resources = fontRes
	return s
}

// FuzzPage renders whatever a page, its resources and its annotations may hold. Time and memory are bounded by small limits.
func FuzzPage(f *testing.F) {
	for _, s := range []small{
		paints(rgbPath("255 0 0", `Alpha="9" CTM="1 2 3 4 5 6"`, square+" A 3 4 5 1 0 9 9 B 1 2 3 4 5 6 Q 1 2 3 4")),
		textDoc(`Font="10" Size="20" CharDirection="90" Stroke="true"`, `<ofd:CGTransform CodePosition="0" CodeCount="2"><ofd:Glyphs>3 4</ofd:Glyphs></ofd:CGTransform><ofd:TextCode X="10" Y="40" DeltaX="g 2 3 4">国a&#xE000;</ofd:TextCode>`),
		paints(`<ofd:PathObject ID="5" Boundary="0 0 100 80" LineWidth="4" Join="Round" DashPattern="1 0.001" DashOffset="-7"><ofd:Clips><ofd:Clip><ofd:Area CTM="1 0 0 0 0 1"><ofd:Path Boundary="0 0 1 1"><ofd:AbbreviatedData>M 10 10 L 50 10 C</ofd:AbbreviatedData></ofd:Path></ofd:Area></ofd:Clip></ofd:Clips><ofd:StrokeColor><ofd:RadialShd StartPoint="1 2" StartRadius="3" EndPoint="4 5" EndRadius="1" MapType="Reflect"><ofd:Segment><ofd:Color Value="1 2 3"/></ofd:Segment></ofd:RadialShd></ofd:StrokeColor><ofd:AbbreviatedData>M 10 40 L 60 1e9</ofd:AbbreviatedData></ofd:PathObject>`),
		paints(`<ofd:PathObject ID="5" Boundary="0 0 100 80" Fill="true"><ofd:FillColor><ofd:Pattern Width="0.1" Height="10" XStep="-1" CTM="0 0 0 0 0 0"><ofd:CellContent><ofd:CompositeObject ID="7" Boundary="0 0 1 1" ResourceID="7"/></ofd:CellContent></ofd:Pattern></ofd:FillColor><ofd:AbbreviatedData>` + square + `</ofd:AbbreviatedData></ofd:PathObject>`),
	} {
		f.Add(s.page, s.resources)
	}
	f.Fuzz(func(t *testing.T, page, resources string) {
		doc, err := ofd.Open(small{page: page, resources: resources}.pack(t))
		if err != nil {
			return
		}
		opts := Options{DPI: 30, Limits: Limits{Objects: 2000, Points: 20000, Pixels: 1 << 20, Work: 50 << 20, Source: 1 << 20}}
		var svg bytes.Buffer
		if _, err := SVG(doc, 0, &svg, opts); err == nil {
			checkSVG(t, svg.Bytes())
		}
		_, _ = PNG(doc, 0, &bytes.Buffer{}, opts)
		_, _ = PDF(doc, &bytes.Buffer{}, opts)
	})
}

// FuzzRaster compares with the definition: the winding number at the middle of pixels that no edge comes near.
func FuzzRaster(f *testing.F) {
	f.Add(1.0, 1.0, 9.0, 2.0, 5.0, 9.0, -3.0, 20.0)
	f.Add(-50.0, -50.0, 90.0, 4.0, 3.0, 70.0, 2.5, 2.5)
	f.Fuzz(func(t *testing.T, ax, ay, bx, by, cx, cy, dx, dy float64) {
		pts := []point{{ax, ay}, {bx, by}, {cx, cy}, {dx, dy}}
		for _, p := range pts {
			if !(p.x > -1e4 && p.x < 1e4 && p.y > -1e4 && p.y < 1e4) {
				return
			}
		}
		const n = 12
		var r raster
		r.reset(0, 0, n, n)
		for i := range pts {
			r.edge(pts[i], pts[(i+1)%len(pts)])
		}
		row := make([]uint8, n)
		for y := range n {
			clear(row)
			from, to := r.row(y, nonZero, row)
			for x := range n {
				mid := point{float64(x) + 0.5, float64(y) + 0.5}
				if distance(pts, mid) < 1 {
					continue
				}
				got := x >= from && x < to && row[x] > 127
				if want := winding(pts, mid) != 0; got != want {
					t.Errorf("%v at %v: %v, want %v", pts, mid, got, want)
				}
			}
		}
	})
}
