package render

import (
	"archive/zip"
	"bytes"
	"image"
	"image/color"
	"image/png"
	"maps"
	"slices"
	"strings"
	"testing"

	"sidian/ofd"
)

// small is a document written by hand: what it draws is known to the last number.
type small struct {
	page      string // inside Page
	resources string // inside Res
	common    string // added to CommonData
	document  string // added behind Pages
	files     map[string]string
	info      string
}

const xmlHead = `<?xml version="1.0" encoding="UTF-8"?>`

// pack writes the package; a page is 100 × 80 mm.
func (s small) pack(t testing.TB) []byte {
	t.Helper()
	ns := ` xmlns:ofd="http://www.ofdspec.org/2016"`
	files := map[string]string{
		"OFD.xml": xmlHead + `<ofd:OFD` + ns + ` Version="1.0" DocType="OFD"><ofd:DocBody><ofd:DocInfo><ofd:DocID>0123456789abcdef0123456789abcdef</ofd:DocID>` +
			s.info + `</ofd:DocInfo><ofd:DocRoot>Doc_0/Document.xml</ofd:DocRoot></ofd:DocBody></ofd:OFD>`,
		"Doc_0/Document.xml": xmlHead + `<ofd:Document` + ns + `><ofd:CommonData><ofd:MaxUnitID>900</ofd:MaxUnitID><ofd:PageArea><ofd:PhysicalBox>0 0 100 80</ofd:PhysicalBox></ofd:PageArea>` +
			`<ofd:PublicRes>Res.xml</ofd:PublicRes>` + s.common + `</ofd:CommonData><ofd:Pages><ofd:Page ID="1" BaseLoc="Page.xml"/></ofd:Pages>` + s.document + `</ofd:Document>`,
		"Doc_0/Res.xml":  xmlHead + `<ofd:Res` + ns + ` BaseLoc="Res">` + s.resources + `</ofd:Res>`,
		"Doc_0/Page.xml": xmlHead + `<ofd:Page` + ns + `>` + s.page + `</ofd:Page>`,
	}
	for name, text := range s.files {
		if strings.HasSuffix(name, ".xml") {
			text = xmlHead + strings.Replace(text, ">", ns+">", 1)
		}
		files[name] = text
	}
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		w, err := z.Create(name)
		if err == nil {
			_, err = w.Write([]byte(files[name]))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func (s small) open(t testing.TB) *ofd.Document {
	t.Helper()
	doc, err := ofd.Open(s.pack(t))
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

// layer puts objects on the page's one layer.
func layer(objects string) string {
	return `<ofd:Content><ofd:Layer ID="2">` + objects + `</ofd:Layer></ofd:Content>`
}

func paints(objects string) small { return small{page: layer(objects)} }

// pixels4 renders at 4 pixels to the millimetre.
func pixels4(t testing.TB, doc *ofd.Document) (*image.RGBA, []Warning) {
	t.Helper()
	img, warnings, err := Image(doc, 0, Options{DPI: 4 * mmPerInch})
	if err != nil {
		t.Fatal(err)
	}
	return img, warnings
}

// at is the colour in the middle of the pixel that holds a place in millimetres.
func at(img *image.RGBA, x, y float64) color.RGBA { return img.RGBAAt(int(x*4), int(y*4)) }

func near(a, b color.RGBA, tol int) bool {
	d := func(x, y uint8) int { return max(int(x)-int(y), int(y)-int(x)) }
	return d(a.R, b.R) <= tol && d(a.G, b.G) <= tol && d(a.B, b.B) <= tol
}

var (
	white = color.RGBA{255, 255, 255, 255}
	black = color.RGBA{0, 0, 0, 255}
	red   = color.RGBA{255, 0, 0, 255}
	green = color.RGBA{0, 255, 0, 255}
	blue  = color.RGBA{0, 0, 255, 255}
)

// flatPNG is a PNG of one colour, 2 × 2.
func flatPNG(t testing.TB, c color.NRGBA) string {
	t.Helper()
	m := image.NewNRGBA(image.Rect(0, 0, 2, 2))
	for i := 0; i < 4; i++ {
		m.SetNRGBA(i%2, i/2, c)
	}
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

type spot struct {
	x, y float64
	want color.RGBA
}

func rgbPath(color, extra, data string) string {
	return `<ofd:PathObject ID="5" Boundary="0 0 100 80" Stroke="false" Fill="true" ` + extra + `><ofd:FillColor Value="` + color + `"/><ofd:AbbreviatedData>` + data + `</ofd:AbbreviatedData></ofd:PathObject>`
}

const square = "M 10 10 L 50 10 L 50 50 L 10 50 C"

func TestPixels(t *testing.T) {
	t.Parallel()
	ring := "M 10 10 L 50 10 L 50 50 L 10 50 C M 20 20 L 40 20 L 40 40 L 20 40 C"
	tests := []struct {
		name  string
		doc   small
		spots []spot
	}{
		{"fill", paints(rgbPath("255 0 0", "", square)), []spot{{30, 30, red}, {9.5, 30, white}, {50.5, 30, white}}},
		{"non-zero ring is full", paints(rgbPath("255 0 0", "", ring)), []spot{{30, 30, red}}},
		{"even-odd ring is empty", paints(rgbPath("255 0 0", `Rule="Even-Odd"`, ring)), []spot{{30, 30, white}, {15, 15, red}}},
		{"ctm rotates about the boundary", paints(`<ofd:PathObject ID="5" Boundary="50 20 40 40" CTM="0 1 -1 0 40 0" Stroke="false" Fill="true"><ofd:FillColor Value="0 0 255"/><ofd:AbbreviatedData>M 0 0 L 40 0 L 40 10 L 0 10 C</ofd:AbbreviatedData></ofd:PathObject>`),
			[]spot{{85, 40, blue}, {75, 40, white}, {85, 15, white}}},
		{"boundary clips", paints(`<ofd:PathObject ID="5" Boundary="20 20 10 10" Stroke="false" Fill="true"><ofd:FillColor Value="255 0 0"/><ofd:AbbreviatedData>M -50 -50 L 90 -50 L 90 90 L -50 90 C</ofd:AbbreviatedData></ofd:PathObject>`),
			[]spot{{25, 25, red}, {19, 25, white}, {31, 25, white}, {25, 31, white}}},
		{"alpha of object and colour", paints(`<ofd:PathObject ID="5" Boundary="0 0 100 80" Alpha="128" Stroke="false" Fill="true"><ofd:FillColor Value="0 0 0" Alpha="128"/><ofd:AbbreviatedData>` + square + `</ofd:AbbreviatedData></ofd:PathObject>`),
			[]spot{{30, 30, color.RGBA{191, 191, 191, 255}}}},
		{"hidden", paints(rgbPath("255 0 0", `Visible="false"`, square)), []spot{{30, 30, white}}},
		{"fill without a colour is transparent", paints(`<ofd:PathObject ID="5" Boundary="0 0 100 80" Stroke="false" Fill="true"><ofd:AbbreviatedData>` + square + `</ofd:AbbreviatedData></ofd:PathObject>`), []spot{{30, 30, white}}},
		{"stroke is black and half a width wide on both sides", paints(`<ofd:PathObject ID="5" Boundary="0 0 100 80" LineWidth="4"><ofd:AbbreviatedData>M 10 40 L 60 40</ofd:AbbreviatedData></ofd:PathObject>`),
			[]spot{{30, 38.5, black}, {30, 41.5, black}, {30, 37.5, white}, {30, 42.5, white}, {9, 40, white}}},
		{"square cap", paints(`<ofd:PathObject ID="5" Boundary="0 0 100 80" LineWidth="4" Cap="Square"><ofd:AbbreviatedData>M 10 40 L 60 40</ofd:AbbreviatedData></ofd:PathObject>`),
			[]spot{{8.5, 38.5, black}, {7.5, 40, white}}},
		{"round cap", paints(`<ofd:PathObject ID="5" Boundary="0 0 100 80" LineWidth="4" Cap="Round"><ofd:AbbreviatedData>M 10 40 L 60 40</ofd:AbbreviatedData></ofd:PathObject>`),
			[]spot{{8.5, 40, black}, {8.3, 38.3, white}}},
		{"miter join", paints(`<ofd:PathObject ID="5" Boundary="0 0 100 80" LineWidth="4"><ofd:AbbreviatedData>M 10 40 L 40 40 L 40 70</ofd:AbbreviatedData></ofd:PathObject>`), []spot{{41.6, 38.4, black}}},
		{"bevel join", paints(`<ofd:PathObject ID="5" Boundary="0 0 100 80" LineWidth="4" Join="Bevel"><ofd:AbbreviatedData>M 10 40 L 40 40 L 40 70</ofd:AbbreviatedData></ofd:PathObject>`), []spot{{41.6, 38.4, white}, {40.3, 39, black}}},
		{"dashes", paints(`<ofd:PathObject ID="5" Boundary="0 0 100 80" LineWidth="4" DashPattern="10 10"><ofd:AbbreviatedData>M 10 40 L 60 40</ofd:AbbreviatedData></ofd:PathObject>`),
			[]spot{{15, 40, black}, {25, 40, white}, {35, 40, black}, {45, 40, white}}},
		{"dash offset", paints(`<ofd:PathObject ID="5" Boundary="0 0 100 80" LineWidth="4" DashPattern="10 10" DashOffset="10"><ofd:AbbreviatedData>M 10 40 L 60 40</ofd:AbbreviatedData></ofd:PathObject>`),
			[]spot{{15, 40, white}, {25, 40, black}}},
		{"curve", paints(rgbPath("255 0 0", "", "M 10 40 B 10 0 60 0 60 40 C")), []spot{{35, 20, red}, {12, 15, white}}},
		{"arc, clockwise", paints(rgbPath("255 0 0", "", "M 20 40 A 15 15 0 0 1 50 40 C")), []spot{{35, 30, red}, {35, 45, white}}},
		{"arc, the other way", paints(rgbPath("255 0 0", "", "M 20 40 A 15 15 0 0 0 50 40 C")), []spot{{35, 30, white}, {35, 45, red}}},
		{"gray by one value", paints(rgbPath("128", "", square)), []spot{{30, 30, color.RGBA{128, 128, 128, 255}}}},
		{"cmyk by four values", paints(rgbPath("0 255 255 0", "", square)), []spot{{30, 30, red}}},
		{"clip of a unit", paints(`<ofd:PathObject ID="5" Boundary="0 0 100 80" Stroke="false" Fill="true"><ofd:Clips><ofd:Clip><ofd:Area><ofd:Path Boundary="0 0 100 80"><ofd:AbbreviatedData>M 10 10 L 50 10 L 10 50 C</ofd:AbbreviatedData></ofd:Path></ofd:Area></ofd:Clip></ofd:Clips><ofd:FillColor Value="255 0 0"/><ofd:AbbreviatedData>` + square + `</ofd:AbbreviatedData></ofd:PathObject>`),
			[]spot{{20, 20, red}, {45, 45, white}}},
		{"axial shading", paints(`<ofd:PathObject ID="5" Boundary="0 0 100 80" Stroke="false" Fill="true"><ofd:FillColor><ofd:AxialShd StartPoint="10 0" EndPoint="50 0" Extend="3"><ofd:Segment Position="0"><ofd:Color Value="255 0 0"/></ofd:Segment><ofd:Segment Position="1"><ofd:Color Value="0 0 255"/></ofd:Segment></ofd:AxialShd></ofd:FillColor><ofd:AbbreviatedData>` + square + `</ofd:AbbreviatedData></ofd:PathObject>`),
			[]spot{{10.5, 30, color.RGBA{252, 0, 3, 255}}, {30, 30, color.RGBA{127, 0, 128, 255}}, {49.5, 30, color.RGBA{3, 0, 252, 255}}}},
		{"radial shading", paints(`<ofd:PathObject ID="5" Boundary="0 0 100 80" Stroke="false" Fill="true"><ofd:FillColor><ofd:RadialShd StartPoint="30 30" EndPoint="30 30" EndRadius="10"><ofd:Segment Position="0"><ofd:Color Value="255 0 0"/></ofd:Segment><ofd:Segment Position="1"><ofd:Color Value="0 0 255"/></ofd:Segment></ofd:RadialShd></ofd:FillColor><ofd:AbbreviatedData>` + square + `</ofd:AbbreviatedData></ofd:PathObject>`),
			[]spot{{30, 30, color.RGBA{250, 0, 5, 255}}, {39.5, 30, color.RGBA{10, 0, 245, 255}}, {45, 30, white}}},
		{"pattern", paints(`<ofd:PathObject ID="5" Boundary="0 0 100 80" Stroke="false" Fill="true"><ofd:FillColor><ofd:Pattern Width="10" Height="10"><ofd:CellContent><ofd:PathObject ID="6" Boundary="0 0 5 10" Stroke="false" Fill="true"><ofd:FillColor Value="0 255 0"/><ofd:AbbreviatedData>M 0 0 L 5 0 L 5 10 L 0 10 C</ofd:AbbreviatedData></ofd:PathObject></ofd:CellContent></ofd:Pattern></ofd:FillColor><ofd:AbbreviatedData>` + square + `</ofd:AbbreviatedData></ofd:PathObject>`),
			[]spot{{12, 30, green}, {17, 30, white}, {32, 30, green}, {52, 30, white}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			img, warnings := pixels4(t, tt.doc.open(t))
			if len(warnings) > 0 {
				t.Errorf("warnings: %v", warnings)
			}
			for _, s := range tt.spots {
				if got := at(img, s.x, s.y); !near(got, s.want, 4) {
					t.Errorf("at %v, %v: %v, want %v", s.x, s.y, got, s.want)
				}
			}
		})
	}
}

func colorOf(c color.RGBA) color.NRGBA { return color.NRGBA(c) }
