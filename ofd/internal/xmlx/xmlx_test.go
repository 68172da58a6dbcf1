package xmlx

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"sidian/ofd/internal/limits"
)

// flat writes a document's tokens as text, to be compared.
func flat(r *Reader) string {
	var s strings.Builder
	for {
		switch r.Next() {
		case Start:
			fmt.Fprintf(&s, "<%s:%s", r.Prefix(), r.Local())
			for _, a := range r.Attrs() {
				fmt.Fprintf(&s, " %s:%s=%q", a.Prefix, a.Local, a.Value)
			}
			s.WriteByte('>')
		case End:
			fmt.Fprintf(&s, "</%s:%s>", r.Prefix(), r.Local())
		case Text:
			s.Write(r.Raw())
		case None:
			return s.String()
		}
	}
}

var accepted = []struct{ name, in, want string }{
	{"element", `<a/>`, `<:a></:a>`},
	{"declaration", `<?xml version="1.0" encoding="UTF-8"?><a/>`, `<:a></:a>`},
	{"declaration in apostrophes", "<?xml version='1.0' encoding='utf-8' standalone='yes'?>\r\n<a/>\n", `<:a></:a>`},
	{"byte order mark", "\xEF\xBB\xBF<a/>", `<:a></:a>`},
	{"attributes", `<a x="1" y = 'a"b' p:z="&lt;&#65;&#x4e2d;"/>`, `<:a :x="1" :y="a\"b" p:z="<A中"></:a>`},
	{"prefix", `<ofd:a xmlns:ofd="u"><ofd:b></ofd:b ></ofd:a>`, `<ofd:a><ofd:b></ofd:b></ofd:a>`},
	{"text", "<a>x&amp;y\r\nz\rw]]</a>", "<:a>x&y\nz\nw]]</:a>"},
	{"cdata", `<a><![CDATA[<&>]]>t</a>`, `<:a><&>t</:a>`},
	{"comment", `<!-- c --><a>1<!-- - -->2</a><!-- d -->`, `<:a>12</:a>`},
	{"instruction", `<a><?x y?></a>`, `<:a></:a>`},
	{"chinese name", `<中文 名="1"/>`, `<:中文 :名="1"></:中文>`},
	{"newline in attribute", "<a x=\"1\r\n2\"/>", `<:a :x="1\n2"></:a>`},
}

var refused = []struct {
	name, in string
	limit    bool
}{
	{"nothing", "", false},
	{"white space", " \n", false},
	{"text outside", "x<a/>", false},
	{"text behind", "<a/>x", false},
	{"two roots", "<a/><b/>", false},
	{"open", "<a>", false},
	{"open inside", "<a><b></a>", false},
	{"crossed", "<a><b></a></b>", false},
	{"end only", "</a>", false},
	{"half a tag", "<", false},
	{"half a name", "<a", false},
	{"half a value", `<a x="1`, false},
	{"attribute twice", `<a x="1" x="2"/>`, false},
	{"attributes together", `<a x="1"y="2"/>`, false},
	{"attribute without quotes", `<a x=1/>`, false},
	{"attribute without value", `<a x/>`, false},
	{"less in attribute", `<a x="<"/>`, false},
	{"unknown entity", `<a>&nbsp;</a>`, false},
	{"bare ampersand", `<a>a & b</a>`, false},
	{"null reference", `<a>&#0;</a>`, false},
	{"surrogate reference", `<a>&#xD800;</a>`, false},
	{"huge reference", `<a>&#x110000;</a>`, false},
	{"control character", "<a>\x01</a>", false},
	{"not UTF-8", "<a>\xff</a>", false},
	{"noncharacter", "<a>\uFFFE</a>", false},
	{"other encoding", `<?xml version="1.0" encoding="GBK"?><a/>`, false},
	{"other version", `<?xml version="1.1"?><a/>`, false},
	{"late declaration", ` <?xml version="1.0"?><a/>`, false},
	{"cdata end in text", `<a>]]></a>`, false},
	{"comment with dashes", `<a><!-- -- --></a>`, false},
	{"open comment", `<a><!-- `, false},
	{"two colons", `<a:b:c/>`, false},
	{"leading colon", `<:a/>`, false},
	{"digit name", `<1/>`, false},
	{"doctype", `<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>`, true},
	{"entity declaration", `<!ENTITY b "c"><a/>`, true},
	{"deep", strings.Repeat("<a>", 70) + strings.Repeat("</a>", 70), true},
	{"long name", "<" + strings.Repeat("a", 300) + "/>", true},
	{"many attributes", "<a" + attributes(70) + "/>", true},
}

func attributes(n int) string {
	var s strings.Builder
	for i := range n {
		fmt.Fprintf(&s, ` a%d=""`, i)
	}
	return s.String()
}

func TestAccepted(t *testing.T) {
	t.Parallel()
	for _, c := range accepted {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := New([]byte(c.in), limits.XML{})
			if got := flat(r); got != c.want || r.Err() != nil {
				t.Errorf("got %s, error %v; want %s", got, r.Err(), c.want)
			}
		})
	}
}

func TestRefused(t *testing.T) {
	t.Parallel()
	for _, c := range refused {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := New([]byte(c.in), limits.XML{})
			got := flat(r)
			var e *Error
			if !errors.As(r.Err(), &e) {
				t.Fatalf("accepted as %s", got)
			}
			if e.Limit != c.limit {
				t.Errorf("limit = %v, error %v", e.Limit, e)
			}
		})
	}
}

func TestElementsAreBounded(t *testing.T) {
	t.Parallel()
	doc := []byte("<a>" + strings.Repeat("<b/>", 10) + "</a>")
	r := New(doc, limits.XML{Elements: 10})
	flat(r)
	var e *Error
	if !errors.As(r.Err(), &e) || !e.Limit {
		t.Errorf("error %v", r.Err())
	}
	r.Reset(doc, limits.XML{Elements: 11})
	if flat(r); r.Err() != nil {
		t.Errorf("eleven elements: %v", r.Err())
	}
	r.Reset(doc, limits.XML{Size: 20})
	if flat(r); r.Err() == nil {
		t.Error("size is not bounded")
	}
}

func TestChildren(t *testing.T) {
	t.Parallel()
	doc := `<o:a xmlns:o="http://www.ofdspec.org/2016" xmlns:f="urn:f"><o:b><o:c>in</o:c></o:b><f:b/><o:d> x<o:e>no</o:e>&amp;y </o:d><o:f/></o:a>`
	r := New([]byte(doc), limits.XML{})
	if !r.Root("a") {
		t.Fatal(r.Err())
	}
	var got []string
	for d := r.Depth(); r.Child(d); {
		name := string(r.Local())
		if name == "d" {
			name += "=" + string(r.Trimmed())
		}
		got = append(got, name)
	}
	if s := strings.Join(got, " "); s != "b d=x&y f" || r.Err() != nil {
		t.Errorf("got %q, error %v", s, r.Err())
	}
	if r := New([]byte(doc), limits.XML{}); r.Root("z") || r.Err() == nil {
		t.Error("another root was accepted")
	}
}

func TestEscape(t *testing.T) {
	t.Parallel()
	for _, s := range []string{"", "plain", `a<b>&"c'`, "中文\t\n\r x", "𠮷", "]]>"} {
		doc := append(AppendAttr([]byte("<a"), "x", s), '>')
		doc = append(AppendText(doc, s), "</a>"...)
		r := New(doc, limits.XML{})
		r.Root()
		if got := string(r.Attr("x")); got != s {
			t.Errorf("attribute %q came back as %q", s, got)
		}
		if got := string(r.Content()); got != s || r.Err() != nil {
			t.Errorf("text %q came back as %q, error %v", s, got, r.Err())
		}
	}
	if got := string(AppendText(nil, "a\x00b\xff\uFFFEc")); got != "a\uFFFDb\uFFFD\uFFFDc" {
		t.Errorf("got %q", got)
	}
}

// standard is the same flat text by encoding/xml.
func standard(doc []byte) (string, error) {
	d := xml.NewDecoder(bytes.NewReader(doc))
	var s strings.Builder
	depth := 0
	for {
		tok, err := d.RawToken()
		if errors.Is(err, io.EOF) {
			return s.String(), nil
		}
		if err != nil {
			return s.String(), err
		}
		switch e := tok.(type) {
		case xml.StartElement:
			depth++
			fmt.Fprintf(&s, "<%s:%s", e.Name.Space, e.Name.Local)
			for _, a := range e.Attr {
				if a.Name.Space == "xmlns" || a.Name.Space == "" && a.Name.Local == "xmlns" {
					continue
				}
				fmt.Fprintf(&s, " %s:%s=%q", a.Name.Space, a.Name.Local, a.Value)
			}
			s.WriteByte('>')
		case xml.EndElement:
			depth--
			fmt.Fprintf(&s, "</%s:%s>", e.Name.Space, e.Name.Local)
		case xml.CharData:
			if depth > 0 {
				s.Write(e)
			}
		}
	}
}

// FuzzReader: what we accept, encoding/xml reads as the same tokens.
func FuzzReader(f *testing.F) {
	for _, c := range accepted {
		f.Add([]byte(c.in))
	}
	for _, c := range refused {
		f.Add([]byte(c.in))
	}
	f.Fuzz(func(t *testing.T, doc []byte) {
		r := New(doc, limits.XML{})
		got := flat(r)
		if r.Err() != nil {
			return
		}
		want, err := standard(bytes.TrimPrefix(doc, []byte("\xEF\xBB\xBF")))
		if err != nil {
			// encoding/xml knows the name tables of the fourth edition, we those of the fifth.
			if strings.Contains(err.Error(), "invalid XML name") || strings.Contains(err.Error(), "expected") && !isASCII(doc) {
				return
			}
			t.Fatalf("accepted %q as %s, encoding/xml says %v", doc, got, err)
		}
		if got != want {
			t.Fatalf("%q read as\n%s, by encoding/xml as\n%s", doc, got, want)
		}
	})
}

func isASCII(b []byte) bool {
	for _, c := range b {
		if c >= 0x80 {
			return false
		}
	}
	return true
}

func BenchmarkReader(b *testing.B) {
	doc := []byte(`<ofd:a xmlns:ofd="http://www.ofdspec.org/2016">` + strings.Repeat(
		`<ofd:TextObject ID="12" Boundary="10 20 30.5 4.25" Font="3" Size="4.2"><ofd:TextCode X="0" Y="3.5" DeltaX="g 5 4.2">统一社会信用</ofd:TextCode></ofd:TextObject>`, 200) + `</ofd:a>`)
	b.SetBytes(int64(len(doc)))
	b.ReportAllocs()
	r := New(nil, limits.XML{})
	for b.Loop() {
		r.Reset(doc, limits.XML{})
		for r.Next() != None {
		}
	}
}
