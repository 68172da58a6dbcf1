package catalogue_test

import (
	"errors"
	"strings"
	"sync"
	"testing"

	"sidian/internal/catalogue"
	"sidian/internal/catalogue/face"
	"sidian/ofd"
	"sidian/ofd/lint"
)

func TestFillRefusesWhatCannotBePrinted(t *testing.T) {
	t.Parallel()
	d, f := sampleAndFace(t, load(t, "business_license"))
	for _, tc := range []struct{ name, key, text, code, says string }{
		{"too long", "opscope", strings.Repeat("技术开发；", 400), "overflow", "经营范围"},
		{"a word that cannot break", "entname", strings.Repeat("W", 200), "overflow", "名称"},
		{"a character no font has", "name", "周𠀀", "glyph", "𠀀"},
		{"an emoji", "dom", "路😀", "glyph", "U+1F600"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			v := d.Face
			v.Texts = map[string]string{}
			for k, s := range d.Face.Texts {
				v.Texts[k] = s
			}
			v.Texts[tc.key] = tc.text
			_, err := f.Fill(v)
			var e *face.FieldError
			if !errors.As(err, &e) || e.Key != tc.key || e.Code != tc.code || !strings.Contains(e.Msg, tc.says) {
				t.Fatalf("%v", err)
			}
			if got := refused(catalogue.Refusal(err)); got != "fields."+tc.key+" "+tc.code {
				t.Errorf("as a refusal: %s", got)
			}
			if strings.Contains(err.Error(), tc.text) {
				t.Error("the error tells the text")
			}
		})
	}
}

func TestFillRefusesTooManyRowsAndBrokenPictures(t *testing.T) {
	t.Parallel()
	d, f := sampleAndFace(t, load(t, "construction"))
	for range 20 {
		d.Face.Rows["cjdw"] = append(d.Face.Rows["cjdw"], d.Face.Rows["cjdw"][0])
	}
	var e *face.FieldError
	if _, err := f.Fill(d.Face); !errors.As(err, &e) || e.Code != "rows" {
		t.Errorf("%v", err)
	}
	d, f = sampleAndFace(t, load(t, "physician"))
	d.Face.Pictures["photo"] = face.Picture{MediaType: "image/png", Data: []byte("no picture")}
	if _, err := f.Fill(d.Face); !errors.As(err, &e) || e.Code != "picture" {
		t.Errorf("%v", err)
	}
}

// What a filled document must hold: GB/T 36905 metadata, data index,
// attachment, and a place for signatures.
func TestDocumentsHoldTheirData(t *testing.T) {
	t.Parallel()
	for _, name := range shipped(t) {
		doc := filled(t, name)
		data, err := doc.Bytes()
		if err != nil {
			t.Fatal(err)
		}
		again, err := ofd.Open(data)
		if err != nil {
			t.Fatal(err)
		}
		info := again.Info()
		if n, _ := info.Custom("ZZBH"); n == "" || info.DocID != "00000000000000000000000000000001" {
			t.Errorf("%s: no number in the metadata, or another DocID", name)
		}
		index, err := again.DataIndex()
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range index {
			for _, ref := range e.Refs {
				content, err := again.Body().Page(ref.PageID).Content()
				if err != nil || content.Find(ref.ObjectID) == nil {
					t.Errorf("%s: %s points to nothing (%v)", name, e.Field, err)
				}
			}
		}
		if len(index) < 5 {
			t.Errorf("%s: %d entries in the data index", name, len(index))
		}
		attached, err := again.Attachments()
		tables := 0
		for _, f := range load(t, name).Fields {
			if f.Type == catalogue.Table {
				tables = 1
			}
		}
		if err != nil || len(attached) != tables || tables > 0 && attached[0].Usage != "FaceData" {
			t.Errorf("%s: attachments %v, %v", name, attached, err)
		}
		for _, finding := range lint.Check(again) {
			if finding.Severity == lint.Error {
				t.Errorf("%s: %+v", name, finding)
			}
		}
		if again.Part("Doc_0/Signs/Signatures.xml") == nil {
			t.Errorf("%s: no list of signatures", name)
		}
	}
}

// The index lets a reader compare the page with the metadata (GB/T 36905 §6).
func TestIndexLeadsToThePrintedText(t *testing.T) {
	t.Parallel()
	doc := filled(t, "business_license")
	index, err := doc.DataIndex()
	if err != nil {
		t.Fatal(err)
	}
	want, _ := doc.Info().Custom("CZZT")
	for _, e := range index {
		if e.Field != "CZZT" {
			continue
		}
		content, err := doc.Body().Page(e.Refs[0].PageID).Content()
		if err != nil {
			t.Fatal(err)
		}
		text, ok := content.Find(e.Refs[0].ObjectID).(*ofd.TextObject)
		if !ok || text.Text() != want {
			t.Errorf("the index leads to %v, the metadata says %s", text, want)
		}
		return
	}
	t.Error("the holder is not in the index")
}

func TestFillIsDeterministicAndConcurrent(t *testing.T) {
	t.Parallel()
	d, f := sampleAndFace(t, load(t, "real_estate"))
	var wg sync.WaitGroup
	out := make([]string, 4)
	for i := range out {
		wg.Go(func() {
			doc, err := f.Fill(d.Face)
			if err != nil {
				t.Error(err)
				return
			}
			data, err := doc.Bytes()
			if err != nil {
				t.Error(err)
			}
			out[i] = string(data)
		})
	}
	wg.Wait()
	for _, s := range out[1:] {
		if s != out[0] || s == "" {
			t.Fatal("the same certificate came out in different bytes")
		}
	}
}

func TestMarkIsDataNotTemplate(t *testing.T) {
	t.Parallel()
	d, f := sampleAndFace(t, load(t, "approval"))
	marked := func(mark string) bool {
		v := d.Face
		v.Mark = mark
		doc, err := f.Fill(v)
		if err != nil {
			t.Fatal(err)
		}
		content, err := doc.Pages()[0].Content()
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range content.Layers[0].Objects {
			if text, ok := o.(*ofd.TextObject); ok && text.Text() == "样例" {
				return true
			}
		}
		return false
	}
	if !marked("样例") || marked("") {
		t.Error("the mark must stand on the page when asked for, and only then")
	}
}
