package complaint

import (
	"archive/zip"
	"bytes"
	"fmt"
	"mime/multipart"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"sidian/internal/fault"
)

// fuzzNow is when fuzzed filings are filed.
var fuzzNow = time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)

// formOf is the body of a form with a document, as a browser sends it.
func formOf(fields [][2]string, files ...[]byte) []byte {
	var b bytes.Buffer
	m := multipart.NewWriter(&b)
	_ = m.SetBoundary("b") // a buffer takes everything
	for _, f := range fields {
		_ = m.WriteField(f[0], f[1])
	}
	for _, data := range files {
		w, _ := m.CreateFormFile("document", "a.ofd")
		_, _ = w.Write(data)
	}
	_ = m.Close()
	return b.Bytes()
}

func ofdOf(names ...string) []byte {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, n := range names {
		_, _ = z.Create(n)
	}
	_ = z.Close()
	return b.Bytes()
}

// What FilingOf reads from a hostile form and the check lets pass is a filing
// within its limits; what it refuses, it refuses in words.
func FuzzFilingOf(f *testing.F) {
	whole := [][2]string{{"org", "market"}, {"what", "refused"}, {"way", "window"}, {"happened", "2026-11-20"}, {"text", "窗口不收电子印章文件"}, {"named", "true"}}
	ofd := ofdOf("OFD.xml", "Doc_0/Document.xml")
	for _, body := range [][]byte{
		formOf(whole), formOf(whole, ofd), formOf(whole, ofd, ofd), formOf(whole, nil), formOf(whole, ofd[:len(ofd)/2]), formOf(whole, ofdOf("../OFD.xml.exe")), formOf(whole, ofdOf("/OFD.xml")),
		formOf(append(whole, [2]string{"text", "第二个经过"})), formOf([][2]string{{"text", "一\u202e二三四五"}, {"happened", "2026-02-30"}}), formOf(nil), []byte("--b\r\n"), nil,
	} {
		f.Add(body)
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		form, err := multipart.NewReader(bytes.NewReader(body), "b").ReadForm(1 << 20)
		if err != nil {
			form = nil
		} else {
			defer form.RemoveAll()
		}
		in, err := FilingOf(form)
		if err == nil {
			err = in.check(fuzzNow)
		}
		if err != nil {
			if e := fault.As(err); e == nil || e.Kind != fault.Invalid || e.Hint == "" {
				t.Fatalf("refused as %v", err)
			}
			return
		}
		for name, x := range map[string]struct {
			text string
			most int
		}{"text": {in.Text, maxText}, "item": {in.Item, maxItem}, "number": {in.Number, maxNumber}} {
			if !legible(x.text) || utf8.RuneCountInString(x.text) > x.most {
				t.Errorf("%s passes: %q", name, x.text)
			}
			if v := form.Value[name]; len(v) > 1 {
				t.Errorf("%s passes of %d", name, len(v))
			}
		}
		if nameOf(whats, in.What) == "" || nameOf(ways, in.Way) == "" || len(in.Happened) != len(time.DateOnly) || in.Org == "" {
			t.Errorf("%+v passes", in)
		}
		if in.Document != nil && (!isOFD(in.Document) || len(in.Document) > MaxDocument || len(form.File["document"]) != 1) {
			t.Errorf("a document of %d bytes passes", len(in.Document))
		}
	})
}

// What is left of a text has neither the name nor a number of a person.
func FuzzWithout(f *testing.F) {
	for _, text := range []string{
		"我是张样例，身份证 999999198504120116", "电话１３８００１３８０００，又写作 138 0013 8000", "138  0013—8000", "138\u200b0013\u200b8000", "一三八〇〇一三八〇〇〇", "张 样 例", "张\u200b样例", "张张样例样例",
		"99999919850412011X", "2026-11-20 上午", "青禾证〔2026〕12号",
	} {
		f.Add(text, "张样例")
	}
	f.Add("a.b", "a+b(")
	f.Fuzz(func(t *testing.T, text, name string) {
		got := without(text, name)
		if numbers.MatchString(without(text, "")) {
			t.Errorf("a number is left in %q", got)
		}
		if n := utf8.RuneCountInString(name); n > 1 && utf8.ValidString(name) && utf8.ValidString(text) && !strings.ContainsAny(name, "某*") && strings.Contains(got, name) {
			t.Errorf("%q is left in %q", name, got)
		}
	})
}

// The ways in which people write numbers and names, and what is none.
func TestWithout(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"电话 138  0013—8000 找我": "电话 138********00 找我", "138\u200b0013\u200b8000": "138********00", "一三八〇〇一三八〇〇〇": "一三八******〇〇", "电话１３８００１３８０００": "电话１３８******００",
		"张 样\u200b例本人": "某某本人", "张样例、张样例": "某某、某某", "青禾证〔2026〕12号": "青禾证〔2026〕12号", "2026年11月20日上午": "2026年11月20日上午", "2026-11-20 下午三点": "2026-11-20 下午三点", "第一、二、三项": "第一、二、三项",
	} {
		got := without(text, "张样例")
		if squeezed(got) != squeezed(want) {
			t.Errorf("%q leaves %q, want %q", text, got, want)
		}
	}
}

// squeezed is a text with each run of stars as one.
func squeezed(s string) string {
	for strings.Contains(s, "**") {
		s = strings.ReplaceAll(s, "**", "*")
	}
	return fmt.Sprintf("%q", s)
}
