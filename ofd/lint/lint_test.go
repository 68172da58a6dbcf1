package lint

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sidian/ofd"
)

// onePixel begins as a PNG does; lint looks no further.
var onePixel = []byte("\x89PNG\r\n\x1a\n....")

// glyf is what lint takes for a TrueType font.
func glyf() []byte {
	b := append([]byte{0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0}, "glyf"...)
	return append(b, make([]byte, 100)...)
}

func metadata() []ofd.CustomData {
	var list []ofd.CustomData
	for _, names := range core {
		list = append(list, ofd.CustomData{Name: names[0], Value: "值"})
	}
	return list
}

// certificate builds a document that breaks no rule.
func certificate(t testing.TB) *ofd.Document {
	t.Helper()
	b := ofd.New(ofd.DocInfo{
		DocID: "0123456789abcdef0123456789abcdef", Title: "证照", CreationDate: "2026-11-22", Creator: "sidian", CustomDatas: metadata(),
	})
	font := b.AddFont(ofd.FontSpec{Name: "Song", Data: glyf()})
	img := b.AddImage(onePixel, "PNG")
	width := 0.2
	param := b.AddDrawParam(ofd.DrawParam{Pen: ofd.Pen{LineWidth: &width}})
	box := ofd.Box{X: 10, Y: 10, W: 50, H: 5}
	tpl := b.AddTemplate("底", "Background", 210, 297)
	tpl.Path(ofd.PathObject{Graphic: ofd.Graphic{Boundary: box, DrawParam: param}, Data: "M 0 0 L 9 9 C"})
	p := b.AddPage(210, 297)
	p.Template(tpl.ID(), "Background")
	text := ofd.TextObject{Graphic: ofd.Graphic{Boundary: box}, Font: font, Size: 4, Codes: []ofd.TextCode{{Y: 4, DeltaX: []float64{4, 4, 4}, Text: "营业执照"}}}
	for range 30 {
		id := p.Text(text)
		b.Tag("ZZMC", p.ID(), id)
	}
	p.Image(ofd.ImageObject{Graphic: ofd.Graphic{Boundary: box, CTM: &ofd.Matrix{50, 0, 0, 5, 0, 0}}, ResourceID: img})
	b.Attach(ofd.AttachmentSpec{Name: "数据", Format: "xml", Data: []byte("<a/>")})
	b.Annotate(p.ID(), ofd.Annotation{Type: "Watermark", Boundary: box, Objects: []ofd.Object{&text}})
	b.Signable()
	d, err := b.Build()
	if err != nil {
		t.Fatal(err)
	}
	return d
}

const (
	rootPart = "OFD.xml"
	mainPart = "Doc_0/Document.xml"
	pagePart = "Doc_0/Pages/Page_0/Content.xml"
	pubPart  = "Doc_0/PublicRes.xml"
	ownPart  = "Doc_0/DocumentRes.xml"
	tagPart  = "Doc_0/Tags/CustomTag.xml"
	attPart  = "Doc_0/Attachs/Attachments.xml"
	annPart  = "Doc_0/Annots/Page_0/Annotation.xml"
	sigList  = "Doc_0/Signs/Signatures.xml"
)

// replace changes a text in a part, once.
func replace(t testing.TB, d *ofd.Document, part, old, text string) *ofd.Document {
	t.Helper()
	data, err := d.Part(part).Data()
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(data, []byte(old)) {
		t.Fatalf("%s does not contain %q", part, old)
	}
	return with(t, d, part, bytes.Replace(data, []byte(old), []byte(text), 1))
}

func with(t testing.TB, d *ofd.Document, part string, data []byte) *ofd.Document {
	t.Helper()
	e, err := d.With(ofd.NewPart(part, data))
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// signed adds a signature as a signer would write it, without meaning.
func signed(t testing.TB, d *ofd.Document, record, file string) *ofd.Document {
	t.Helper()
	d = replace(t, d, sigList, "</ofd:Signatures>", record+"</ofd:Signatures>")
	return with(t, with(t, d, "Doc_0/Signs/Sign_0/Signature.xml", []byte(file)), "Doc_0/Signs/Sign_0/SignedValue.dat", []byte("x"))
}

const (
	goodRecord = `<ofd:Signature ID="1" Type="Seal" BaseLoc="/Doc_0/Signs/Sign_0/Signature.xml"/>`
	goodFile   = `<ofd:Signature xmlns:ofd="http://www.ofdspec.org/2016"><ofd:SignedInfo><ofd:Provider ProviderName="x"/><ofd:References CheckMethod="SM3"><ofd:Reference FileRef="/OFD.xml"><ofd:CheckValue>AAAA</ofd:CheckValue></ofd:Reference></ofd:References><ofd:StampAnnot ID="2" PageRef="7" Boundary="1 1 40 40"/></ofd:SignedInfo><ofd:SignedValue>/Doc_0/Signs/Sign_0/SignedValue.dat</ofd:SignedValue></ofd:Signature>`
)

func TestGoodDocument(t *testing.T) {
	t.Parallel()
	d := certificate(t)
	for _, p := range []Profile{Standard, Certificate, Issuing} {
		if found := CheckProfile(d, p); len(found) > 0 {
			t.Errorf("profile %d: %+v", p, found)
		}
	}
	d = signed(t, d, goodRecord, goodFile)
	if found := CheckProfile(d, Certificate); len(found) > 0 {
		t.Errorf("signed: %+v", found)
	}
}

// bad is one broken document for each way to break each rule.
var bad = []struct {
	rule, name string
	severity   Severity
	profile    Profile
	make       func(t testing.TB, d *ofd.Document) *ofd.Document
}{
	{"readable", "page is no XML", Error, Issuing, func(t testing.TB, d *ofd.Document) *ofd.Document { return with(t, d, pagePart, []byte("<x")) }},
	{"readable", "DTD", Error, Standard, func(t testing.TB, d *ofd.Document) *ofd.Document {
		return replace(t, d, pagePart, "<ofd:Page", "<!DOCTYPE a><ofd:Page")
	}},
	{"readable", "location outside", Error, Standard, func(t testing.TB, d *ofd.Document) *ofd.Document {
		return replace(t, d, pubPart, "font_1.ttf", "../../../x")
	}},
	{"mandatory", "no DocID", Error, Issuing, func(t testing.TB, d *ofd.Document) *ofd.Document {
		return replace(t, d, rootPart, "<ofd:DocID>0123456789abcdef0123456789abcdef</ofd:DocID>", "")
	}},
	{"mandatory", "no DocType", Error, Standard, func(t testing.TB, d *ofd.Document) *ofd.Document {
		return replace(t, d, rootPart, ` DocType="OFD"`, "")
	}},
	{"mandatory", "another version", Warning, Standard, func(t testing.TB, d *ofd.Document) *ofd.Document {
		return replace(t, d, rootPart, ` Version="1.0"`, ` Version="2.0"`)
	}},
	{"mandatory", "no version", Error, Standard, func(t testing.TB, d *ofd.Document) *ofd.Document {
		return replace(t, d, rootPart, ` Version="1.0"`, "")
	}},
	{"mandatory", "no pages", Error, Standard, func(t testing.TB, d *ofd.Document) *ofd.Document {
		return replace(t, d, mainPart, `<ofd:Page ID="7" BaseLoc="Pages/Page_0/Content.xml"/>`, "")
	}},
	{"mandatory", "no MaxUnitID", Error, Standard, func(t testing.TB, d *ofd.Document) *ofd.Document {
		return replace(t, d, mainPart, "<ofd:MaxUnitID>41</ofd:MaxUnitID>", "")
	}},
	{"doc_id", "dashes", Error, Issuing, func(t testing.TB, d *ofd.Document) *ofd.Document {
		return replace(t, d, rootPart, "0123456789abcdef0123456789abcdef", "01234567-89ab-cdef-0123-456789abcdef")
	}},
	{"date_form", "slashes", Error, Issuing, func(t testing.TB, d *ofd.Document) *ofd.Document {
		return replace(t, d, rootPart, "2026-11-22", "2026/11/22")
	}},
	{"date_form", "annotation", Error, Standard, func(t testing.TB, d *ofd.Document) *ofd.Document {
		return replace(t, d, annPart, "2026-11-22", "20261122")
	}},
	{"namespace", "old namespace", Error, Standard, func(t testing.TB, d *ofd.Document) *ofd.Document {
		return replace(t, d, pagePart, "ofdspec.org/2016", "ofdspec.org")
	}},
	{"namespace", "default namespace", Warning, Standard, func(t testing.TB, d *ofd.Document) *ofd.Document {
		return with(t, d, pagePart, []byte(`<Page xmlns="http://www.ofdspec.org/2016"/>`))
	}},
	{"element_order", "area before MaxUnitID", Warning, Standard, func(t testing.TB, d *ofd.Document) *ofd.Document {
		return replace(t, d, mainPart, "<ofd:CommonData>", "<ofd:CommonData><ofd:PageArea><ofd:PhysicalBox>0 0 9 9</ofd:PhysicalBox></ofd:PageArea>")
	}},
	{"root_first", "another entry first", Warning, Standard, func(t testing.TB, d *ofd.Document) *ofd.Document {
		e, err := d.Without("Doc_0/Tags/CustomTags.xml")
		if err != nil {
			t.Fatal(err)
		}
		// Bytes would put OFD.xml first: rename it, as some producers spell it.
		p, err := e.Part(rootPart).Renamed("ofd.xml")
		if err != nil {
			t.Fatal(err)
		}
		all, err := e.With(p)
		if err != nil {
			t.Fatal(err)
		}
		if all, err = all.Without(rootPart); err != nil {
			t.Fatal(err)
		}
		return all
	}},
	{"unique_id", "object twice", Error, Issuing, func(t testing.TB, d *ofd.Document) *ofd.Document {
		return replace(t, d, pagePart, `<ofd:TextObject ID="9"`, `<ofd:TextObject ID="10"`)
	}},
	{"unique_id", "no ID", Error, Standard, func(t testing.TB, d *ofd.Document) *ofd.Document {
		return replace(t, d, pagePart, `<ofd:TextObject ID="9"`, `<ofd:TextObject`)
	}},
	{"unique_id", "resource twice", Error, Standard, func(t testing.TB, d *ofd.Document) *ofd.Document {
		return replace(t, d, pubPart, "<ofd:Fonts>", `<ofd:Fonts><ofd:Font ID="1" FontName="x"/>`)
	}},
	{"max_unit_id", "too low", Error, Issuing, func(t testing.TB, d *ofd.Document) *ofd.Document {
		return replace(t, d, mainPart, "<ofd:MaxUnitID>41", "<ofd:MaxUnitID>40")
	}},
	{"page_area", "no area", Error, Issuing, func(t testing.TB, d *ofd.Document) *ofd.Document {
		e := replace(t, d, pagePart, "0 0 210 297", "0 0 0 297")
		return replace(t, e, mainPart, "0 0 210 297", "0 0")
	}},
	{"page_area", "too large", Warning, Standard, func(t testing.TB, d *ofd.Document) *ofd.Document {
		return replace(t, d, pagePart, "0 0 210 297", "0 0 21000 29700")
	}},
	{"boundary", "none", Error, Issuing, func(t testing.TB, d *ofd.Document) *ofd.Document {
		return replace(t, d, pagePart, ` Boundary="10 10 50 5"`, "")
	}},
	{"boundary", "no height", Warning, Standard, func(t testing.TB, d *ofd.Document) *ofd.Document {
		return replace(t, d, pagePart, ` Boundary="10 10 50 5"`, ` Boundary="10 10 50 0"`)
	}},
	{"boundary", "no height when issuing", Error, Issuing, func(t testing.TB, d *ofd.Document) *ofd.Document {
		return replace(t, d, pagePart, ` Boundary="10 10 50 5"`, ` Boundary="10 10 50 0"`)
	}},
	{"delta_count", "none", Error, Issuing, func(t testing.TB, d *ofd.Document) *ofd.Document {
		return replace(t, d, pagePart, ` DeltaX="g 3 4"`, "")
	}},
	{"delta_count", "too few", Error, Standard, func(t testing.TB, d *ofd.Document) *ofd.Document {
		return replace(t, d, pagePart, `g 3 4`, "g 2 4")
	}},
	{"delta_count", "too many", Warning, Standard, func(t testing.TB, d *ofd.Document) *ofd.Document {
		return replace(t, d, pagePart, `g 3 4`, "g 4 4")
	}},
	{"delta_count", "no size", Error, Standard, func(t testing.TB, d *ofd.Document) *ofd.Document {
		return replace(t, d, pagePart, `Size="4"`, `Size="0"`)
	}},
	{"path_data", "SVG close", Error, Certificate, func(t testing.TB, d *ofd.Document) *ofd.Document {
		return replace(t, d, "Doc_0/Tpls/Tpl_0/Content.xml", "9 9 C", "9 9 Z")
	}},
	{"path_data", "no start", Warning, Standard, func(t testing.TB, d *ofd.Document) *ofd.Document {
		return replace(t, d, "Doc_0/Tpls/Tpl_0/Content.xml", "M 0 0 L", "L 0 0 L")
	}},
	{"resource_ref", "font", Error, Issuing, func(t testing.TB, d *ofd.Document) *ofd.Document {
		return replace(t, d, pagePart, `Font="1"`, `Font="99"`)
	}},
	{"resource_ref", "image", Error, Standard, func(t testing.TB, d *ofd.Document) *ofd.Document {
		return replace(t, d, pagePart, `ResourceID="2"`, `ResourceID="99"`)
	}},
	{"resource_ref", "template", Error, Standard, func(t testing.TB, d *ofd.Document) *ofd.Document {
		return replace(t, d, pagePart, `TemplateID="4"`, `TemplateID="99"`)
	}},
	{"resource_ref", "draw parameter", Error, Standard, func(t testing.TB, d *ofd.Document) *ofd.Document {
		return replace(t, d, "Doc_0/Tpls/Tpl_0/Content.xml", `DrawParam="3"`, `DrawParam="99"`)
	}},
	{"resource_ref", "none", Error, Standard, func(t testing.TB, d *ofd.Document) *ofd.Document {
		return replace(t, d, pagePart, ` Font="1"`, "")
	}},
	{"font_embedded", "system font", Warning, Standard, func(t testing.TB, d *ofd.Document) *ofd.Document {
		return replace(t, d, pubPart, `<ofd:FontFile>font_1.ttf</ofd:FontFile>`, "")
	}},
	{"font_embedded", "system font when issuing", Error, Issuing, func(t testing.TB, d *ofd.Document) *ofd.Document {
		return replace(t, d, pubPart, `<ofd:FontFile>font_1.ttf</ofd:FontFile>`, "")
	}},
	{"font_embedded", "OpenType outlines", Error, Certificate, func(t testing.TB, d *ofd.Document) *ofd.Document {
		return with(t, d, "Doc_0/Res/font_1.ttf", []byte("OTTO............"))
	}},
	{"image_format", "other content", Error, Issuing, func(t testing.TB, d *ofd.Document) *ofd.Document {
		return with(t, d, "Doc_0/Res/image_2.png", []byte("\xff\xd8\xff"))
	}},
	{"image_format", "other format", Error, Standard, func(t testing.TB, d *ofd.Document) *ofd.Document {
		return replace(t, d, ownPart, `Format="PNG"`, `Format="WEBP"`)
	}},
	{"missing_part", "font file", Error, Issuing, func(t testing.TB, d *ofd.Document) *ofd.Document {
		e, err := d.Without("Doc_0/Res/font_1.ttf")
		if err != nil {
			t.Fatal(err)
		}
		return e
	}},
	{"missing_part", "document", Error, Standard, func(t testing.TB, d *ofd.Document) *ofd.Document {
		e, err := d.Without(mainPart)
		if err != nil {
			t.Fatal(err)
		}
		return e
	}},
	{"unreferenced_part", "extra", Warning, Standard, func(t testing.TB, d *ofd.Document) *ofd.Document {
		return with(t, d, "Doc_0/extra.bin", []byte("x"))
	}},
	{"unreferenced_part", "extra when issuing", Error, Issuing, func(t testing.TB, d *ofd.Document) *ofd.Document {
		return with(t, d, "Doc_0/extra.bin", []byte("x"))
	}},
	{"attachment_id", "no name", Error, Issuing, func(t testing.TB, d *ofd.Document) *ofd.Document {
		return replace(t, d, attPart, ` Name="数据"`, "")
	}},
	{"attachment_id", "twice", Error, Standard, func(t testing.TB, d *ofd.Document) *ofd.Document {
		return replace(t, d, attPart, "</ofd:Attachments>", `<ofd:Attachment ID="a1" Name="x"><ofd:FileLoc>a1.xml</ofd:FileLoc></ofd:Attachment></ofd:Attachments>`)
	}},
	{"data_index", "no object", Error, Issuing, func(t testing.TB, d *ofd.Document) *ofd.Document {
		return replace(t, d, tagPart, `>9<`, `>999<`)
	}},
	{"data_index", "no page", Error, Standard, func(t testing.TB, d *ofd.Document) *ofd.Document {
		return replace(t, d, tagPart, `PageRef="7"`, `PageRef="8"`)
	}},
	{"certificate_data", "missing", Error, Issuing, func(t testing.TB, d *ofd.Document) *ofd.Document {
		return replace(t, d, rootPart, `Name="ZZBS"`, `Name="X"`)
	}},
	{"certificate_data", "holder without code", Warning, Issuing, func(t testing.TB, d *ofd.Document) *ofd.Document {
		return replace(t, d, rootPart, `Name="CZZTDM">值`, `Name="CZZTDM">`)
	}},
	{"certificate_data", "empty", Error, Certificate, func(t testing.TB, d *ofd.Document) *ofd.Document {
		return replace(t, d, rootPart, `Name="ZZBS">值`, `Name="ZZBS">`)
	}},
	{"certificate_data", "twice", Error, Certificate, func(t testing.TB, d *ofd.Document) *ofd.Document {
		return replace(t, d, rootPart, `</ofd:CustomDatas>`, `<ofd:CustomData Name="ZZBS">值</ofd:CustomData></ofd:CustomDatas>`)
	}},
	{"certificate_data", "half a copy", Error, Certificate, func(t testing.TB, d *ofd.Document) *ofd.Document {
		return replace(t, d, rootPart, `</ofd:CustomDatas>`, `<ofd:CustomData Name="JZJZZZ">值</ofd:CustomData></ofd:CustomDatas>`)
	}},
	{"signature_location", "relative record", Warning, Standard, func(t testing.TB, d *ofd.Document) *ofd.Document {
		return signed(t, d, strings.Replace(goodRecord, "/Doc_0/Signs/", "", 1), goodFile)
	}},
	{"signature_location", "relative reference", Warning, Standard, func(t testing.TB, d *ofd.Document) *ofd.Document {
		return signed(t, d, goodRecord, strings.Replace(goodFile, "/OFD.xml", "../../../OFD.xml", 1))
	}},
	{"signature_permission", "forbidden", Error, Standard, func(t testing.TB, d *ofd.Document) *ofd.Document {
		d = replace(t, d, mainPart, "</ofd:Pages>", "</ofd:Pages><ofd:Permissions><ofd:Signature>false</ofd:Signature></ofd:Permissions>")
		return signed(t, d, goodRecord, goodFile)
	}},
	{"stamp_page", "no such page", Error, Standard, func(t testing.TB, d *ofd.Document) *ofd.Document {
		return signed(t, d, goodRecord, strings.Replace(goodFile, `PageRef="7"`, `PageRef="77"`, 1))
	}},
	{"stamp_page", "no box", Error, Standard, func(t testing.TB, d *ofd.Document) *ofd.Document {
		return signed(t, d, goodRecord, strings.Replace(goodFile, "1 1 40 40", "1 1 0 0", 1))
	}},
	{"stamp_page", "another type", Error, Standard, func(t testing.TB, d *ofd.Document) *ofd.Document {
		return signed(t, d, strings.Replace(goodRecord, `"Seal"`, `"Stamp"`, 1), goodFile)
	}},
}

func TestBadDocuments(t *testing.T) {
	t.Parallel()
	for _, c := range bad {
		t.Run(c.rule+"/"+c.name, func(t *testing.T) {
			t.Parallel()
			found := CheckProfile(c.make(t, certificate(t)), c.profile)
			for _, f := range found {
				if f.Rule == c.rule {
					if f.Severity != c.severity || f.Clause == "" || f.Message == "" {
						t.Errorf("finding %+v", f)
					}
					return
				}
			}
			t.Errorf("not found; others: %+v", found)
		})
	}
}

// TestEveryRuleIsTested: each rule has a document that breaks it.
func TestEveryRuleIsTested(t *testing.T) {
	t.Parallel()
	tested := map[string]bool{"stored_descriptor": true} // below: it takes an archive
	for _, c := range bad {
		tested[c.rule] = true
	}
	seen := map[string]bool{}
	for _, r := range Rules() {
		if !tested[r.ID] || seen[r.ID] || r.Clause == "" {
			t.Errorf("rule %s is not tested, or there twice, or has no clause", r.ID)
		}
		seen[r.ID] = true
	}
	if len(seen) < 16 {
		t.Errorf("%d rules", len(seen))
	}
}

func TestFindingsAreBounded(t *testing.T) {
	t.Parallel()
	d := certificate(t)
	for i := range 80 {
		d = with(t, d, "x/"+strings.Repeat("a", i+1), nil)
	}
	if found := Check(d); len(found) != maxFindings {
		t.Errorf("%d findings", len(found))
	}
}

// TestSamples: no file in use stops the rules, and the same file gives the
// same findings.
func TestSamples(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(filepath.Join("..", "..", "..", "shared", "samples", "*", "*.ofd"))
	if err != nil {
		t.Fatal(err)
	}
	if len(files) == 0 {
		t.Skip("no ../shared")
	}
	for _, f := range files {
		data, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		d, err := ofd.Open(data)
		if err != nil {
			continue
		}
		one, two := CheckProfile(d, Certificate), CheckProfile(d, Certificate)
		if len(one) != len(two) {
			t.Errorf("%s: %d findings, then %d", f, len(one), len(two))
		}
		for i := range one {
			if one[i] != two[i] {
				t.Errorf("%s: %+v, then %+v", f, one[i], two[i])
				break
			}
		}
	}
}

func BenchmarkIssuing(b *testing.B) {
	data, err := certificate(b).Bytes()
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		b.StopTimer()
		d, err := ofd.Open(data)
		if err != nil {
			b.Fatal(err)
		}
		for _, p := range d.Parts() {
			if _, err := p.Data(); err != nil {
				b.Fatal(err)
			}
		}
		b.StartTimer()
		if found := CheckProfile(d, Issuing); len(found) > 0 {
			b.Fatal(found)
		}
	}
}
