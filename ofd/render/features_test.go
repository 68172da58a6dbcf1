package render

import (
	"bytes"
	"encoding/xml"
	"errors"
	"flag"
	"image/color"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sidian/ofd"
	"sidian/ofd/draw/fonts"
)

var update = flag.Bool("update", false, "rewrite golden files")

const fontRes = `<ofd:Fonts><ofd:Font ID="10" FontName="SimHei"/><ofd:Font ID="11" FontName="SimSun"/><ofd:Font ID="12" FontName="Own"><ofd:FontFile>own.ttf</ofd:FontFile></ofd:Font></ofd:Fonts>`

func textDoc(attrs, code string) small {
	s := paints(`<ofd:TextObject ID="5" Boundary="0 0 100 80" ` + attrs + `><ofd:FillColor Value="255 0 0"/>` + code + `</ofd:TextObject>`)
	s.resources = fontRes
	return s
}

// ink is the box of all pixels that are not white, in millimetres.
func ink(t *testing.T, doc *ofd.Document) rect {
	t.Helper()
	img, _ := pixels4(t, doc)
	out := rect{1e9, 1e9, -1e9, -1e9}
	for y := range img.Rect.Dy() {
		for x := range img.Rect.Dx() {
			if !near(img.RGBAAt(x, y), white, 40) {
				out.add(point{float64(x) / 4, float64(y) / 4})
				out.add(point{float64(x+1) / 4, float64(y+1) / 4})
			}
		}
	}
	return out
}

func TestText(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name            string
		attrs           string
		code            string
		within, outside rect // the ink lies in within and reaches beyond the middle of it
	}{
		{"at its baseline", `Font="10" Size="20"`, `<ofd:TextCode X="10" Y="40">国</ofd:TextCode>`, rect{10, 22, 30, 43}, rect{}},
		{"deltas move the next character", `Font="10" Size="10"`, `<ofd:TextCode X="10" Y="40" DeltaX="40">国国</ofd:TextCode>`, rect{10, 31, 60, 42}, rect{22, 0, 49, 80}},
		{"delta y goes down", `Font="10" Size="10"`, `<ofd:TextCode X="10" Y="20" DeltaY="30">国国</ofd:TextCode>`, rect{10, 11, 20, 52}, rect{0, 23, 100, 40}},
		{"no deltas: the font's advances", `Font="10" Size="10"`, `<ofd:TextCode X="10" Y="40">国国国</ofd:TextCode>`, rect{10, 31, 40, 42}, rect{}},
		{"short list repeats its last value", `Font="10" Size="5"`, `<ofd:TextCode X="10" Y="40" DeltaX="20">国国国</ofd:TextCode>`, rect{10, 35, 55, 41}, rect{36, 0, 49, 80}},
		{"horizontal scale", `Font="10" Size="20" HScale="0.5"`, `<ofd:TextCode X="10" Y="40">国</ofd:TextCode>`, rect{10, 22, 20, 43}, rect{}},
		{"character direction 90 turns clockwise", `Font="10" Size="20" CharDirection="90"`, `<ofd:TextCode X="50" Y="40">国</ofd:TextCode>`, rect{47, 40, 68, 60}, rect{}},
		{"character direction 180", `Font="10" Size="20" CharDirection="180"`, `<ofd:TextCode X="50" Y="40">国</ofd:TextCode>`, rect{30, 37, 50, 58}, rect{}},
		{"reading direction 90 without deltas goes down", `Font="10" Size="10" ReadDirection="90"`, `<ofd:TextCode X="50" Y="20">国国</ofd:TextCode>`, rect{50, 11, 60, 42}, rect{}},
		{"second run carries the place over", `Font="10" Size="10"`, `<ofd:TextCode X="10" Y="20">国</ofd:TextCode><ofd:TextCode X="40">国</ofd:TextCode>`, rect{10, 11, 50, 22}, rect{22, 0, 39, 80}},
		{"pretty-printed text", `Font="10" Size="20"`, "<ofd:TextCode X=\"10\" Y=\"40\">\n\t\t国\n\t</ofd:TextCode>", rect{10, 22, 30, 43}, rect{}},
		{"missing font", `Font="99" Size="20"`, `<ofd:TextCode X="10" Y="40">国</ofd:TextCode>`, rect{10, 22, 30, 43}, rect{}},
		{"no shape: a box", `Font="10" Size="20"`, `<ofd:TextCode X="10" Y="40">&#xE000;</ofd:TextCode>`, rect{10, 22, 30, 43}, rect{14, 26, 26, 38}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := ink(t, textDoc(tt.attrs, tt.code).open(t))
			if !tt.within.contains(got) {
				t.Errorf("ink in %v, want it within %v", got, tt.within)
			}
			mid := point{(tt.within.x0 + tt.within.x1) / 2, (tt.within.y0 + tt.within.y1) / 2}
			if got.x0 >= mid.x || got.x1 <= mid.x || got.y0 >= mid.y || got.y1 <= mid.y {
				t.Errorf("ink in %v does not spread over %v", got, tt.within)
			}
			if !tt.outside.empty() {
				img, _ := pixels4(t, textDoc(tt.attrs, tt.code).open(t))
				for y := int(tt.outside.y0 * 4); y < int(tt.outside.y1*4); y++ {
					for x := int(tt.outside.x0 * 4); x < int(tt.outside.x1*4); x++ {
						if !near(img.RGBAAt(x, y), white, 40) {
							t.Fatalf("ink at %v, %v, want none in %v", float64(x)/4, float64(y)/4, tt.outside)
						}
					}
				}
			}
		})
	}
}

// TestGlyphTransforms uses the embedded font of a document, whose glyph numbers are known from the font itself.
func TestGlyphTransforms(t *testing.T) {
	t.Parallel()
	own := map[string]string{"Doc_0/Res/own.ttf": string(fonts.Sans())}
	gid, ok := embedded["sans"]().GID('一')
	if !ok {
		t.Fatal("the font has no 一")
	}
	form := func(at, codes string, glyphs ...uint16) string {
		var list []string
		for _, g := range glyphs {
			list = append(list, num(float64(g)))
		}
		return `<ofd:CGTransform CodePosition="` + at + `" CodeCount="` + codes + `" GlyphCount="` + num(float64(len(glyphs))) + `"><ofd:Glyphs>` + strings.Join(list, " ") + `</ofd:Glyphs></ofd:CGTransform>`
	}
	places := func(d small) []point {
		w := newWalker(d.open(t), Options{})
		s, err := w.scene(0)
		if err != nil {
			t.Fatal(err)
		}
		var out []point
		for _, it := range s.items {
			for _, g := range it.glyphs {
				out = append(out, point{g.m[4], g.m[5]})
			}
		}
		return out
	}
	tests := []struct {
		name, code string
		want       []float64
	}{
		{"one to one", form("1", "1", gid) + `<ofd:TextCode X="0" Y="9" DeltaX="10 10">abc</ofd:TextCode>`, []float64{0, 10, 20}},
		{"two to one, distances by glyph", form("0", "2", gid) + `<ofd:TextCode X="0" Y="9" DeltaX="10">abc</ofd:TextCode>`, []float64{0, 10}},
		{"two to one, distances by character", form("0", "2", gid) + `<ofd:TextCode X="0" Y="9" DeltaX="10 20">abc</ofd:TextCode>`, []float64{0, 30}},
		{"one to two, distances by glyph", form("0", "1", gid, gid) + `<ofd:TextCode X="0" Y="9" DeltaX="10 20">ab</ofd:TextCode>`, []float64{0, 10, 30}},
		{"two to two", form("0", "2", gid, gid) + `<ofd:TextCode X="0" Y="9" DeltaX="10 20">abc</ofd:TextCode>`, []float64{0, 10, 30}},
		{"more characters than there are", form("1", "9", gid) + `<ofd:TextCode X="0" Y="9" DeltaX="10">abc</ofd:TextCode>`, []float64{0, 10}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d := textDoc(`Font="12" Size="10"`, tt.code)
			d.files = own
			got := places(d)
			if len(got) != len(tt.want) {
				t.Fatalf("%d glyphs at %v, want %d", len(got), got, len(tt.want))
			}
			for i, p := range got {
				if p.x < tt.want[i]-0.01 || p.x > tt.want[i]+0.01 {
					t.Errorf("glyph %d at %v, want %v", i, p.x, tt.want[i])
				}
			}
		})
	}
}

func TestParts(t *testing.T) {
	t.Parallel()
	media := `<ofd:MultiMedias><ofd:MultiMedia ID="20" Type="Image" Format="PNG"><ofd:MediaFile>red.png</ofd:MediaFile></ofd:MultiMedia><ofd:MultiMedia ID="21" Type="Image"><ofd:MediaFile>none.png</ofd:MediaFile></ofd:MultiMedia><ofd:MultiMedia ID="22" Type="Image" Format="GBIG2"><ofd:MediaFile>bad.jb2</ofd:MediaFile></ofd:MultiMedia><ofd:MultiMedia ID="23" Type="Image"><ofd:MediaFile>black.png</ofd:MediaFile></ofd:MultiMedia></ofd:MultiMedias>`
	files := map[string]string{"Doc_0/Res/red.png": flatPNG(t, color.NRGBA{255, 0, 0, 255}), "Doc_0/Res/black.png": flatPNG(t, color.NRGBA{0, 0, 0, 255}), "Doc_0/Res/bad.jb2": "\x97JB2 not drawn"}
	image := func(extra string) string {
		return `<ofd:ImageObject ID="5" Boundary="20 20 40 20" CTM="40 0 0 20 0 0" ` + extra + `/>`
	}
	block := `<ofd:PathObject ID="6" Boundary="0 0 20 20" Stroke="false" Fill="true"><ofd:FillColor Value="0 0 255"/><ofd:AbbreviatedData>M 0 0 L 20 0 L 20 20 L 0 20 C</ofd:AbbreviatedData></ofd:PathObject>`
	tests := []struct {
		name    string
		doc     small
		spots   []spot
		warning string
	}{
		{"image fills its square", small{page: layer(image(`ResourceID="20"`)), resources: media, files: files}, []spot{{21, 21, red}, {59, 39, red}, {19, 21, white}, {40, 41, white}}, ""},
		{"image with alpha", small{page: layer(image(`ResourceID="20" Alpha="128"`)), resources: media, files: files}, []spot{{40, 30, color.RGBA{255, 127, 127, 255}}}, ""},
		{"missing image", small{page: layer(image(`ResourceID="21"`) + rgbPath("0 255 0", "", square)), resources: media, files: files}, []spot{{30, 30, green}}, WarnImage},
		{"missing resource", small{page: layer(image(`ResourceID="77"`)), resources: media, files: files}, []spot{{40, 30, white}}, WarnImage},
		{"substitution", small{page: layer(image(`ResourceID="22" Substitution="20"`)), resources: media, files: files}, []spot{{40, 30, red}}, WarnImage},
		{"black mask hides", small{page: layer(image(`ResourceID="20" ImageMask="23"`)), resources: media, files: files}, []spot{{40, 30, white}}, ""},
		{"composite unit", small{page: layer(`<ofd:CompositeObject ID="5" Boundary="30 30 40 40" CTM="2 0 0 2 0 0" ResourceID="30"/>`),
			resources: `<ofd:CompositeGraphicUnits><ofd:CompositeGraphicUnit ID="30" Width="20" Height="20"><ofd:Content>` + block + `</ofd:Content></ofd:CompositeGraphicUnit></ofd:CompositeGraphicUnits>`},
			[]spot{{69, 69, blue}, {29, 29, white}, {71, 50, white}}, ""},
		{"composite unit that holds itself", small{page: layer(`<ofd:CompositeObject ID="5" Boundary="30 30 40 40" ResourceID="30"/>`),
			resources: `<ofd:CompositeGraphicUnits><ofd:CompositeGraphicUnit ID="30" Width="20" Height="20"><ofd:Content>` + block + `<ofd:CompositeObject ID="7" Boundary="0 0 40 40" ResourceID="30"/></ofd:Content></ofd:CompositeGraphicUnit></ofd:CompositeGraphicUnits>`},
			[]spot{{31, 31, blue}}, WarnLimit},
		{"draw parameters inherit", small{page: `<ofd:Content><ofd:Layer ID="2"><ofd:PathObject ID="5" Boundary="0 0 100 80" DrawParam="41"><ofd:AbbreviatedData>M 10 40 L 60 40</ofd:AbbreviatedData></ofd:PathObject></ofd:Layer></ofd:Content>`,
			resources: `<ofd:DrawParams><ofd:DrawParam ID="40" LineWidth="8"><ofd:StrokeColor Value="255 0 0"/></ofd:DrawParam><ofd:DrawParam ID="41" Relative="40" Cap="Square"/></ofd:DrawParams>`},
			[]spot{{30, 43, red}, {7, 40, red}}, ""},
		{"draw parameters in a ring", small{page: layer(`<ofd:PathObject ID="5" Boundary="0 0 100 80" DrawParam="40"><ofd:AbbreviatedData>M 10 40 L 60 40</ofd:AbbreviatedData></ofd:PathObject>`),
			resources: `<ofd:DrawParams><ofd:DrawParam ID="40" Relative="41" LineWidth="8"/><ofd:DrawParam ID="41" Relative="40"/></ofd:DrawParams>`}, []spot{{30, 43, black}}, ""},
		{"palette", small{page: layer(`<ofd:PathObject ID="5" Boundary="0 0 100 80" Stroke="false" Fill="true"><ofd:FillColor ColorSpace="50" Index="1"/><ofd:AbbreviatedData>` + square + `</ofd:AbbreviatedData></ofd:PathObject>`),
			resources: `<ofd:ColorSpaces><ofd:ColorSpace ID="50" Type="RGB"><ofd:Palette><ofd:CV>1 2 3</ofd:CV><ofd:CV>0 255 0</ofd:CV></ofd:Palette></ofd:ColorSpace></ofd:ColorSpaces>`}, []spot{{30, 30, green}}, ""},
		{"templates below and above", small{
			common: `<ofd:TemplatePage ID="60" BaseLoc="Low.xml" ZOrder="Background"/><ofd:TemplatePage ID="61" BaseLoc="High.xml" ZOrder="Foreground"/>`,
			page:   `<ofd:Template TemplateID="61" ZOrder="Foreground"/><ofd:Template TemplateID="60"/>` + layer(rgbPath("0 255 0", "", "M 20 20 L 60 20 L 60 60 L 20 60 C")),
			files: map[string]string{"Doc_0/Low.xml": `<ofd:Page>` + layer(rgbPath("255 0 0", "", square)) + `</ofd:Page>`,
				"Doc_0/High.xml": `<ofd:Page>` + layer(rgbPath("0 0 255", "", "M 30 30 L 70 30 L 70 70 L 30 70 C")) + `</ofd:Page>`}},
			[]spot{{15, 15, red}, {25, 25, green}, {40, 40, blue}}, ""},
		{"missing template", small{page: `<ofd:Template TemplateID="99"/>` + layer(rgbPath("0 255 0", "", square))}, []spot{{30, 30, green}}, WarnTemplate},
		{"layers by kind", small{page: `<ofd:Content><ofd:Layer ID="2" Type="Foreground">` + rgbPath("255 0 0", "", square) + `</ofd:Layer><ofd:Layer ID="3" Type="Background">` + rgbPath("0 0 255", "", "M 0 0 L 60 0 L 60 60 L 0 60 C") + `</ofd:Layer></ofd:Content>`},
			[]spot{{30, 30, red}, {5, 5, blue}}, ""},
		{"annotation", small{page: layer(""), document: `<ofd:Annotations>Annots.xml</ofd:Annotations>`, files: map[string]string{
			"Doc_0/Annots.xml": `<ofd:Annotations><ofd:Page PageID="1"><ofd:FileLoc>A1.xml</ofd:FileLoc></ofd:Page></ofd:Annotations>`,
			"Doc_0/A1.xml":     `<ofd:PageAnnot><ofd:Annot ID="70" Type="Watermark" Creator="x" LastModDate="2026-01-01"><ofd:Appearance Boundary="40 40 20 20">` + block + `</ofd:Appearance></ofd:Annot><ofd:Annot ID="71" Type="Path" Visible="false"><ofd:Appearance Boundary="0 0 20 20">` + block + `</ofd:Appearance></ofd:Annot></ofd:PageAnnot>`}},
			[]spot{{50, 50, blue}, {39, 50, white}, {10, 10, white}}, ""},
		{"broken path is drawn as far as it goes", small{page: layer(rgbPath("255 0 0", "", square+" M 1 1 X 3"))}, []spot{{30, 30, red}}, WarnPath},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			img, warnings := pixels4(t, tt.doc.open(t))
			for _, s := range tt.spots {
				if got := at(img, s.x, s.y); !near(got, s.want, 4) {
					t.Errorf("at %v, %v: %v, want %v", s.x, s.y, got, s.want)
				}
			}
			if (tt.warning == "") != (len(warnings) == 0) || tt.warning != "" && warnings[0].Code != tt.warning {
				t.Errorf("warnings %v, want code %q", warnings, tt.warning)
			}
		})
	}
}

func TestErrors(t *testing.T) {
	t.Parallel()
	doc := paints(rgbPath("255 0 0", "", square)).open(t)
	if _, err := SVG(doc, 1, io.Discard, Options{}); !errors.Is(err, ErrNoPage) {
		t.Errorf("page 2 of 1: %v", err)
	}
	if _, err := PNG(doc, -1, io.Discard, Options{}); !errors.Is(err, ErrNoPage) {
		t.Errorf("page 0: %v", err)
	}
	var limit *LimitError
	if _, err := PNG(doc, 0, io.Discard, Options{DPI: 20000}); !errors.As(err, &limit) || limit.What != "pixels" {
		t.Errorf("20,000 DPI: %v", err)
	}
	if _, err := PDF(doc, io.Discard, Options{Pages: []int{0, 0, 0}, Limits: Limits{PDFPages: 2}}); !errors.As(err, &limit) {
		t.Errorf("three pages of two: %v", err)
	}
	huge := small{page: `<ofd:Area><ofd:PhysicalBox>0 0 90000 10</ofd:PhysicalBox></ofd:Area>` + layer("")}.open(t)
	if _, err := SVG(huge, 0, io.Discard, Options{}); !errors.As(err, &limit) {
		t.Errorf("a page of 90 metres: %v", err)
	}
}

func TestLimits(t *testing.T) {
	t.Parallel()
	doc := paints(strings.Repeat(rgbPath("255 0 0", "", square), 50)).open(t)
	for name, l := range map[string]Limits{"objects": {Objects: 10}, "points": {Points: 20}, "work": {Work: 100_000}} {
		_, warnings, err := Image(doc, 0, Options{Limits: l})
		if err != nil || len(warnings) != 1 || warnings[0].Code != WarnLimit {
			t.Errorf("%s: %v, %v", name, warnings, err)
		}
	}
}

// TestSVGGolden shows the whole picture of a small page, and that it is well-formed and passive.
func TestSVGGolden(t *testing.T) {
	t.Parallel()
	d := small{
		page: layer(rgbPath("255 0 0", `Rule="Even-Odd"`, square) +
			`<ofd:PathObject ID="6" Boundary="10 60 50 10" LineWidth="0.5" DashPattern="2 1" Cap="Round"><ofd:StrokeColor Value="0 0 255"/><ofd:AbbreviatedData>M 0 5 Q 25 -5 50 5</ofd:AbbreviatedData></ofd:PathObject>` +
			`<ofd:TextObject ID="7" Boundary="60 10 30 10" Font="11" Size="8" CTM="1 0 0 1 1 0"><ofd:TextCode X="0" Y="8" DeltaX="8 8">一二一</ofd:TextCode></ofd:TextObject>` +
			`<ofd:ImageObject ID="8" Boundary="70 40 10 10" CTM="10 0 0 10 0 0" ResourceID="20" Alpha="51"/>`),
		resources: fontRes + `<ofd:MultiMedias><ofd:MultiMedia ID="20" Type="Image"><ofd:MediaFile>red.png</ofd:MediaFile></ofd:MultiMedia></ofd:MultiMedias>`,
		files:     map[string]string{"Doc_0/Res/red.png": flatPNG(t, color.NRGBA{255, 0, 0, 255})},
		info:      `<ofd:Title>&lt;script&gt;alert(1)&lt;/script&gt;</ofd:Title>`,
	}
	var b bytes.Buffer
	warnings, err := SVG(d.open(t), 0, &b, Options{})
	if err != nil || len(warnings) > 0 {
		t.Fatal(warnings, err)
	}
	checkSVG(t, b.Bytes())
	golden := filepath.Join("testdata", "small.svg")
	if *update {
		if err := os.WriteFile(golden, b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(b.Bytes(), want) {
		t.Errorf("SVG differs from %s; look at it and run with -update\n%s", golden, b.Bytes())
	}
}

// passive are the only elements and attributes a picture may have.
var (
	passiveElements   = strings.Fields("svg rect defs g path use image clipPath linearGradient radialGradient stop")
	passiveAttributes = strings.Fields(`xmlns width height viewBox role id d transform fill fill-opacity fill-rule clip-path clip-rule stroke stroke-width
		stroke-opacity stroke-linecap stroke-linejoin stroke-miterlimit stroke-dasharray stroke-dashoffset opacity href preserveAspectRatio
		gradientUnits spreadMethod x1 y1 x2 y2 fx fy fr cx cy r offset stop-color stop-opacity`)
)

func checkSVG(t *testing.T, data []byte) {
	t.Helper()
	has := func(list []string, s string) bool {
		for _, x := range list {
			if x == s {
				return true
			}
		}
		return false
	}
	dec := xml.NewDecoder(bytes.NewReader(data))
	for {
		tok, err := dec.Token()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatalf("not well-formed: %v", err)
		}
		el, ok := tok.(xml.StartElement)
		if !ok {
			continue
		}
		if !has(passiveElements, el.Name.Local) {
			t.Errorf("element %s", el.Name.Local)
		}
		for _, a := range el.Attr {
			if !has(passiveAttributes, a.Name.Local) {
				t.Errorf("attribute %s of %s", a.Name.Local, el.Name.Local)
			}
			if a.Name.Local == "href" && !strings.HasPrefix(a.Value, "#") && !strings.HasPrefix(a.Value, "data:image/png;base64,") && !strings.HasPrefix(a.Value, "data:image/jpeg;base64,") {
				t.Errorf("reference to %.40s", a.Value)
			}
		}
	}
}

func TestMark(t *testing.T) {
	t.Parallel()
	doc := paints(rgbPath("255 0 0", "", square)).open(t)
	opts := Options{DPI: 4 * mmPerInch, Mark: &Mark{Lines: []string{"复印件 不具有法律效力", "核验码 ABCD-1234"}, QR: "https://example.cn/v/ABCD1234"}}
	plain, _ := pixels4(t, doc)
	img, _, err := Image(doc, 0, opts)
	if err != nil {
		t.Fatal(err)
	}
	if img.Rect.Dx() != plain.Rect.Dx() || img.Rect.Dy() <= plain.Rect.Dy() {
		t.Errorf("marked %v, plain %v: the strip belongs below the page", img.Rect, plain.Rect)
	}
	changed := 0
	for i := range plain.Pix {
		if plain.Pix[i] != img.Pix[i] {
			changed++
		}
		if d := int(plain.Pix[i]) - int(img.Pix[i]); d > 60 || d < -60 {
			t.Fatal("the watermark hides what is under it")
		}
	}
	if changed < 1000 {
		t.Errorf("the watermark changes %d values only", changed)
	}
	dark := 0
	for y := plain.Rect.Dy() + 4; y < img.Rect.Dy(); y++ {
		for x := range img.Rect.Dx() {
			if img.RGBAAt(x, y).R < 128 {
				dark++
			}
		}
	}
	if dark < 500 {
		t.Errorf("%d dark pixels in the strip, want text and a code", dark)
	}
	if _, _, err := Image(doc, 0, Options{Mark: &Mark{QR: strings.Repeat("x", 5000)}}); err == nil {
		t.Error("a code of 5,000 characters was drawn")
	}
}

func TestPDF(t *testing.T) {
	t.Parallel()
	d := paints(rgbPath("255 0 0", `Alpha="100"`, square) + `<ofd:ImageObject ID="8" Boundary="70 40 10 10" CTM="10 0 0 10 0 0" ResourceID="20"/>`)
	d.resources = `<ofd:MultiMedias><ofd:MultiMedia ID="20" Type="Image"><ofd:MediaFile>red.png</ofd:MediaFile></ofd:MultiMedia></ofd:MultiMedias>`
	d.files = map[string]string{"Doc_0/Res/red.png": flatPNG(t, color.NRGBA{255, 0, 0, 128})}
	var a, b bytes.Buffer
	for _, w := range []*bytes.Buffer{&a, &b} {
		if warnings, err := PDF(d.open(t), w, Options{Pages: []int{0, 0}}); err != nil || len(warnings) > 0 {
			t.Fatal(warnings, err)
		}
	}
	if !bytes.Equal(a.Bytes(), b.Bytes()) {
		t.Error("the same document gave two different files")
	}
	if !bytes.HasPrefix(a.Bytes(), []byte("%PDF-")) || bytes.Count(a.Bytes(), []byte("/Type /Page\n")) != 2 {
		t.Errorf("not a PDF of two pages: %.300s", a.Bytes())
	}
	if !bytes.Contains(a.Bytes(), []byte("283.46 226.77")) {
		t.Error("the page is not 100 × 80 mm")
	}
}
