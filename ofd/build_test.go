package ofd

import (
	"archive/zip"
	"bytes"
	"flag"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// onePixel is a PNG of one red pixel.
var onePixel = []byte("\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x02\x00\x00\x00\x90wS\xde\x00\x00\x00\x0cIDATx\x9cc\xf8\xcf\xc0\x00\x00\x03\x01\x01\x00\xc9\xfe\x92\xef\x00\x00\x00\x00IEND\xaeB`\x82")

func sampleInfo() DocInfo {
	return DocInfo{
		DocID: "0123456789abcdef0123456789abcdef", Title: "示例 <证照>", Author: "某局", CreationDate: "2026-11-22",
		ModDate: "2026-11-22", Creator: "sidian", CreatorVersion: "1.0", Keywords: []string{"电子证照"}, DocUsage: "Normal",
		CustomDatas: []CustomData{{"ZZMC", "营业执照"}, {"ZZBH", "A&B \"1\""}},
	}
}

func line(font ID, x, y float64, text string) TextObject {
	n := runes(text)
	deltas := make([]float64, n-1)
	for i := range deltas {
		deltas[i] = 4
	}
	return TextObject{
		Graphic: Graphic{Boundary: Box{x, y, 4 * float64(n), 5}}, Font: font, Size: 4,
		Codes: []TextCode{{X: 0, Y: 4, DeltaX: deltas, Text: text}},
	}
}

// full builds a document with everything the builder can write.
func full(t testing.TB) *Builder {
	t.Helper()
	b := New(sampleInfo())
	sys := b.AddFont(FontSpec{Name: "SimSun"})
	font := b.AddFont(FontSpec{Name: "Sub", Family: "Sub Family", Bold: true, Data: bytes.Repeat([]byte("glyf"), 100)})
	img := b.AddImage(onePixel, "PNG")
	space := b.AddColorSpace(ColorSpace{Type: "RGB", Palette: [][]float64{{255, 0, 0}, {0, 0, 255}}})
	width := 0.5
	param := b.AddDrawParam(DrawParam{Pen: Pen{LineWidth: &width, DashPattern: []float64{1, 2}, Cap: "Round", Join: "Bevel"}, FillColor: RGB(1, 2, 3)})
	unit := b.AddComposite(Composite{Width: 10, Height: 10, Objects: []Object{
		&PathObject{Graphic: Graphic{Boundary: Box{0, 0, 10, 10}}, Data: new(Path).Rect(0, 0, 10, 10).String()},
	}})

	tpl := b.AddTemplate("底纹", "Background", 210, 297)
	tpl.Layer("Background", 0)
	tpl.Path(PathObject{Graphic: Graphic{Boundary: Box{5, 5, 200, 287}}, NoStroke: true, Fill: true, EvenOdd: true,
		FillColor: &Color{Axial: &AxialShade{End: Point{200, 0}, Stops: []Stop{{Color: RGB(255, 255, 255)}, {Color: RGB(200, 0, 0)}}}},
		Data:      new(Path).Move(0, 0).Quad(1, 1, 2, 0).Cubic(3, 1, 4, 1, 5, 0).Arc(2, 2, 0, true, false, 9, 0).Close().String()})

	p := b.AddPage(210, 297)
	p.Template(tpl.ID(), "Background")
	name := p.Text(line(font, 20, 30, "统一社会信用代码"))
	clipped := line(sys, 20, 40, "a<b")
	clipped.Clips = &Clips{Clips: []Clip{{Areas: []ClipArea{{Path: &PathObject{Graphic: Graphic{Boundary: Box{0, 0, 9, 9}}, Data: "M 0 0 L 9 9 C"}}}}}}
	clipped.FillColor = &Color{ColorSpace: space, Index: new(int), Alpha: Alpha(128)}
	clipped.Transforms = []GlyphTransform{{CodePosition: 0, CodeCount: 3, GlyphCount: 3, Glyphs: []uint32{4, 5, 6}}}
	p.Text(clipped)
	p.Layer("Foreground", param)
	p.Image(ImageObject{Graphic: Graphic{Boundary: Box{100, 100, 30, 40}, CTM: &Matrix{30, 0, 0, 40, 0, 0}, Alpha: Alpha(200)}, ResourceID: img, Border: &Border{LineWidth: &width, Color: RGB(0, 0, 0)}})
	p.Composite(CompositeObject{Graphic: Graphic{Boundary: Box{50, 50, 10, 10}}, ResourceID: unit})
	block := line(sys, 20, 60, "内")
	block.ID = b.NewID()
	p.Add(&PageBlock{Objects: []Object{&block}})

	q := b.AddPage(100, 50)
	second := q.Text(line(sys, 1, 1, "第二页"))
	b.Tag("ZZMC", p.ID(), name)
	b.Tag("ZZMC", q.ID(), second)
	b.Tag("1 有效期（起）", p.ID(), block.ID, name)
	b.Attach(AttachmentSpec{Name: "数据", Format: "xml", Usage: "data", CreationDate: "2026-11-22T08:00:00", Data: []byte("<a/>"), Level: Fast})
	b.Attach(AttachmentSpec{Name: "原件", Format: "ofd", FileName: "original.ofd", Hidden: true, Data: []byte("PK")})
	mark := line(sys, 0, 0, "仅供核验")
	b.Annotate(p.ID(), Annotation{Type: "Watermark", Boundary: Box{10, 10, 100, 20}, Remark: "加注", Parameters: []CustomData{{"k", "v"}}, Objects: []Object{&mark}})
	b.Permit(Permissions{NoEdit: true, Copies: 3, ValidFrom: "2026-01-01T00:00:00", ValidTo: "2027-01-01T00:00:00"})
	b.Signable()
	return b
}

func built(t testing.TB, b *Builder) (*Document, []byte) {
	t.Helper()
	d, err := b.Build()
	if err != nil {
		t.Fatal(err)
	}
	data, err := d.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	return d, data
}

func TestBuildIsDeterministic(t *testing.T) {
	t.Parallel()
	_, one := built(t, full(t))
	_, two := built(t, full(t))
	if !bytes.Equal(one, two) {
		t.Error("the same input gave other bytes")
	}
	b := full(t)
	b.Info().DocID = ""
	d, _ := built(t, b)
	if id := d.Info().DocID; len(id) != 32 || strings.Trim(id, "0123456789abcdef") != "" {
		t.Errorf("derived DocID %q", id)
	}
}

func TestBuildReadsBack(t *testing.T) {
	t.Parallel()
	_, data := built(t, full(t))
	d, err := Open(data)
	if err != nil {
		t.Fatal(err)
	}
	if got := d.Info(); !reflect.DeepEqual(got, sampleInfo()) {
		t.Errorf("info %+v", got)
	}
	enumerate(t, d)
	if un := d.Unreferenced(); len(un) > 0 {
		t.Errorf("unreferenced: %v", un)
	}
	p := d.Pages()[0]
	c, err := p.Content()
	if err != nil {
		t.Fatal(err)
	}
	first := c.Layers[0].Objects[0].(*TextObject)
	if first.Text() != "统一社会信用代码" || len(first.Codes[0].DeltaX) != 7 || first.Codes[0].DeltaX[6] != 4 {
		t.Errorf("text object %+v", first)
	}
	res, err := p.Resources()
	if err != nil || len(res.Fonts) != 2 || len(res.Media) != 1 || len(res.DrawParams) != 1 || len(res.Composites) != 1 {
		t.Errorf("resources %+v, %v", res, err)
	}
	index, err := d.DataIndex()
	if err != nil || len(index) != 2 || index[1].Field != "1 有效期（起）" {
		t.Fatalf("index %+v, %v", index, err)
	}
	if text, err := d.Body().FieldText(index[0]); err != nil || text != "统一社会信用代码第二页" {
		t.Errorf("field shows %q, %v", text, err)
	}
	if text, err := d.Body().FieldText(index[1]); err != nil || text != "内统一社会信用代码" {
		t.Errorf("field shows %q, %v", text, err)
	}
	marks, err := p.Annotations()
	if err != nil || len(marks) != 1 || marks[0].Type != "Watermark" || marks[0].Remark != "加注" || marks[0].Creator != "sidian" {
		t.Errorf("annotations %+v, %v", marks, err)
	}
	files, err := d.Attachments()
	if err != nil || len(files) != 2 || files[1].File != "Doc_0/Attachs/original.ofd" || !files[1].Hidden {
		t.Errorf("attachments %+v, %v", files, err)
	}
	if perm := d.Permissions(); !perm.NoEdit || perm.NoSignature || perm.Copies != 3 || perm.ValidTo == "" {
		t.Errorf("permissions %+v", perm)
	}
}

func TestMaxUnitID(t *testing.T) {
	t.Parallel()
	d, _ := built(t, full(t))
	largest := ID(0)
	seen := map[ID]bool{}
	note := func(id ID) {
		if id == 0 || seen[id] {
			t.Errorf("ID %d twice or none", id)
		}
		seen[id] = true
		largest = max(largest, id)
	}
	var walk func(list []Object)
	walk = func(list []Object) {
		for _, o := range list {
			note(o.Base().ID)
			if b, ok := o.(*PageBlock); ok {
				walk(b.Objects)
			}
		}
	}
	for _, p := range append(d.Pages(), &d.Body().Templates[0].Page) {
		note(p.ID)
		c, err := p.Content()
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range c.Layers {
			note(l.ID)
			walk(l.Objects)
		}
	}
	marks, err := d.Annotations()
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range marks {
		note(a.ID)
		walk(a.Objects)
	}
	if got := d.Body().MaxUnitID; got < largest || got > largest+20 {
		t.Errorf("MaxUnitID %d, largest ID %d", got, largest)
	}
}

func TestBuildRefuses(t *testing.T) {
	t.Parallel()
	page := func(b *Builder) (*PageBuilder, ID) { return b.AddPage(210, 297), b.AddFont(FontSpec{Name: "SimSun"}) }
	cases := []struct {
		name string
		make func(b *Builder)
		want string
	}{
		{"no page", func(b *Builder) {}, "no page"},
		{"page without area", func(b *Builder) { b.AddPage(0, 297) }, "without area"},
		{"no font", func(b *Builder) { p, _ := page(b); p.Text(line(0, 1, 1, "a")) }, "Font"},
		{"no size", func(b *Builder) { p, f := page(b); o := line(f, 1, 1, "a"); o.Size = 0; p.Text(o) }, "size"},
		{"no distances", func(b *Builder) { p, f := page(b); o := line(f, 1, 1, "ab"); o.Codes[0].DeltaX = nil; p.Text(o) }, "distances"},
		{"n distances", func(b *Builder) {
			p, f := page(b)
			o := line(f, 1, 1, "ab")
			o.Codes[0].DeltaX = []float64{1, 1}
			p.Text(o)
		}, "distances"},
		{"empty text", func(b *Builder) { p, f := page(b); o := line(f, 1, 1, "a"); o.Codes[0].Text = ""; p.Text(o) }, "empty text"},
		{"no boundary", func(b *Builder) { p, f := page(b); o := line(f, 1, 1, "a"); o.Boundary = Box{}; p.Text(o) }, "Boundary"},
		{"no path", func(b *Builder) { p, _ := page(b); p.Path(PathObject{Graphic: Graphic{Boundary: Box{0, 0, 1, 1}}}) }, "no path"},
		{"no image", func(b *Builder) { p, _ := page(b); p.Image(ImageObject{Graphic: Graphic{Boundary: Box{0, 0, 1, 1}}}) }, "ResourceID"},
		{"annotation without date", func(b *Builder) {
			p, _ := page(b)
			b.info.CreationDate = ""
			b.Annotate(p.ID(), Annotation{Type: "Stamp"})
		}, "date"},
		{"field without object", func(b *Builder) { p, _ := page(b); b.Tag("ZZMC", p.ID()) }, "field"},
		{"font without name", func(b *Builder) { page(b); b.AddFont(FontSpec{}) }, "no name"},
		{"image format", func(b *Builder) { page(b); b.AddImage(onePixel, "../x") }, "format"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			b := New(sampleInfo())
			c.make(b)
			if _, err := b.Build(); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want one about %q", err, c.want)
			}
		})
	}
}

func TestSkeletonSharesParts(t *testing.T) {
	t.Parallel()
	b := New(DocInfo{})
	font := b.AddFont(FontSpec{Name: "Sub", Data: bytes.Repeat([]byte("glyf"), 1000)})
	tpl := b.AddTemplate("底", "Background", 210, 297)
	tpl.Text(line(font, 1, 1, "营业执照"))
	b.Signable()
	s, err := b.Skeleton()
	if err != nil {
		t.Fatal(err)
	}
	make := func(title string) *Document {
		info := sampleInfo()
		info.Title = title
		b := s.New(info)
		own := b.AddFont(FontSpec{Name: "Own", Data: []byte("own")})
		p := b.AddPage(210, 297)
		p.Template(tpl.ID(), "Background")
		p.Text(line(font, 1, 1, title))
		p.Text(line(own, 1, 9, title))
		b.AddImage(onePixel, "PNG")
		d, _ := built(t, b)
		return d
	}
	one, two := make("甲"), make("乙")
	for _, name := range []string{publicName, "Doc_0/Tpls/Tpl_0/Content.xml", "Doc_0/Res/font_1.ttf"} {
		if one.Part(name) == nil || one.Part(name) != two.Part(name) {
			t.Errorf("%s is not shared", name)
		}
	}
	enumerate(t, one)
	if un := one.Unreferenced(); len(un) > 0 || len(one.Problems()) > 0 {
		t.Errorf("unreferenced %v, problems %v", un, one.Problems())
	}
	res, err := one.Pages()[0].Resources()
	if err != nil || len(res.Fonts) != 2 || len(res.Media) != 1 {
		t.Errorf("resources %+v, %v", res, err)
	}
	validate(t, one)
	if _, err := full(t).Skeleton(); err == nil {
		t.Error("a skeleton with pages was made")
	}
}

func TestGolden(t *testing.T) {
	t.Parallel()
	b := New(sampleInfo())
	font := b.AddFont(FontSpec{Name: "SimSun"})
	p := b.AddPage(210, 297)
	b.Tag("ZZMC", p.ID(), p.Text(line(font, 20, 30, "营业执照")))
	b.Signable()
	_, data := built(t, b)
	file := filepath.Join("testdata", "small.ofd")
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(data, want) {
		t.Error("the small document differs from testdata/small.ofd; see the parts and run with -update when that is meant")
	}
}

// TestOthersReadOurs has archive/zip read what we write.
func TestOthersReadOurs(t *testing.T) {
	t.Parallel()
	d, data := built(t, full(t))
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	if z.File[0].Name != "OFD.xml" || len(z.File) != len(d.Parts()) {
		t.Errorf("first entry %q, %d entries", z.File[0].Name, len(z.File))
	}
	for _, f := range z.File {
		if f.Flags&flagDescriptor != 0 || strings.HasSuffix(f.Name, "/") {
			t.Errorf("entry %s: flags %x", f.Name, f.Flags)
		}
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		want, err := d.Part(f.Name).Data()
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("entry %s differs, %v", f.Name, err)
		}
	}
}

func TestSchemas(t *testing.T) {
	t.Parallel()
	d, _ := built(t, full(t))
	validate(t, d)
}

// schemas names the XSD of each root element.
var schemas = map[string]string{
	"OFD": "OFD", "Document": "Document", "Page": "Page", "Res": "Res", "Annotations": "Annotations",
	"PageAnnot": "Annotation", "Attachments": "Attachments", "CustomTags": "CustomTags",
}

// validate checks the parts against the standard's schemas with xmllint.
// Signatures are left out: the schema knows neither plain numbers as IDs nor SM3.
func validate(t *testing.T, d *Document) {
	t.Helper()
	dir := shared(t, "xsd")
	tool, err := exec.LookPath("xmllint")
	if err != nil {
		t.Fatal("xmllint is missing: install libxml2-utils")
	}
	checked := 0
	for _, p := range d.Parts() {
		data, err := p.Data()
		if err != nil {
			t.Fatal(err)
		}
		_, rest, _ := bytes.Cut(data, []byte("<ofd:"))
		root := rest[:max(0, bytes.IndexAny(rest, " >"))]
		if schemas[string(root)] == "" {
			continue
		}
		cmd := exec.Command(tool, "--noout", "--nonet", "--schema", filepath.Join(dir, schemas[string(root)]+".xsd"), "-")
		cmd.Stdin = bytes.NewReader(data)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", p.Name, err, out)
		}
		checked++
	}
	if checked < 4 {
		t.Errorf("only %d parts were checked", checked)
	}
}
