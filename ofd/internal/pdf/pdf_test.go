package pdf

import (
	"bytes"
	"compress/zlib"
	"encoding/ascii85"
	"errors"
	"fmt"
	"strings"
	"testing"
)

func TestLexer(t *testing.T) {
	t.Parallel()
	tests := []struct {
		text string
		want []Object
	}{
		{"1 -2 +3 4.5 -.5 6. 0", []Object{1, -2, 3, 4.5, -.5, 6.0, 0}},
		{"/Name /A#42c /#zz /", []Object{Name("Name"), Name("ABc"), Name("#zz"), Name("")}},
		{`(a(b)c) (\)\\\n\101\7x) (a\
b)`, []Object{String("a(b)c"), String(")\\\nA\ax"), String("ab")}},
		{"(a\r\nb)", []Object{String("a\nb")}},
		{"<48 65 6C6c6> <>", []Object{String("Hell`"), String("")}},
		{"[1[/a(b)]null true]<</K 1/L<</M[]>>>>", []Object{Array{1, Array{Name("a"), String("b")}, nil, true}, Dict{"K": 1, "L": Dict{"M": Array{}}}}},
		{"q 1 0 R% comment\nBT", []Object{Op("q"), 1, 0, Op("R"), Op("BT")}},
		{"f*/N", []Object{Op("f*"), Name("N")}},
	}
	for _, tt := range tests {
		l := NewLexer([]byte(tt.text))
		var got []Object
		for {
			o, ok, err := l.Next()
			if err != nil {
				t.Fatalf("%s: %v", tt.text, err)
			}
			if !ok {
				break
			}
			got = append(got, o)
		}
		if fmt.Sprintf("%#v", got) != fmt.Sprintf("%#v", tt.want) {
			t.Errorf("%s: got %#v", tt.text, got)
		}
	}
	for _, bad := range []string{"(a", "<4", "<4x>", "[1", "<</a", "<<1 2>>", ")", "1.2.3", strings.Repeat("[", 100)} {
		if o, ok, err := NewLexer([]byte(bad)).Next(); err == nil {
			t.Errorf("%q was read as %v, %v", bad, o, ok)
		}
	}
}

func packed(data string) []byte {
	var b bytes.Buffer
	w := zlib.NewWriter(&b)
	w.Write([]byte(data)) // a buffer takes everything
	w.Close()
	return b.Bytes()
}

func base85(data string) string {
	var b bytes.Buffer
	w := ascii85.NewEncoder(&b)
	w.Write([]byte(data))
	w.Close()
	return b.String() + "~>"
}

func testFile() *File { return &File{limits: Limits{Stream: 10_000, Total: 100_000, Objects: 100}} }

func TestDecode(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		dict Dict
		raw  string
		want string
	}{
		{"none", Dict{}, "abc", "abc"},
		{"deflated", Dict{"Filter": Name("FlateDecode")}, string(packed("hello")), "hello"},
		{"deflated, its checksum missing", Dict{"Filter": Name("Fl")}, string(packed("hello")[:len(packed("hello"))-4]), "hello"},
		{"hexadecimal", Dict{"Filter": Name("ASCIIHexDecode")}, "48 65 6c 6C 6f>", "Hello"},
		{"base 85", Dict{"Filter": Array{Name("A85")}}, base85("Hello, base 85\x00\x00\x00\x00!"), "Hello, base 85\x00\x00\x00\x00!"},
		{"run lengths", Dict{"Filter": Name("RunLengthDecode")}, "\x02abc\xfex\x80", "abcxxx"},
		{"the standard's own LZW", Dict{"Filter": Name("LZWDecode")}, "\x80\x0b\x60\x50\x22\x0c\x0c\x85\x01", "-----A---B"},
		{"two filters", Dict{"Filter": Array{Name("AHx"), Name("RL")}}, "026162 63 80>", "abc"},
		{"a TIFF predictor", Dict{"Filter": Name("FlateDecode"), "DecodeParms": Dict{"Predictor": 2, "Columns": 3}}, string(packed("\x01\x01\x01\x05\x00\x01")), "\x01\x02\x03\x05\x05\x06"},
		{"PNG predictors", Dict{"Filter": Name("FlateDecode"), "DecodeParms": Dict{"Predictor": 12, "Columns": 3}},
			string(packed("\x00\x01\x02\x03\x01\x01\x01\x01\x02\x01\x01\x01\x03\x02\x02\x02\x04\x01\x01\x01")),
			"\x01\x02\x03" + "\x01\x02\x03" + "\x02\x03\x04" + "\x03\x05\x06" + "\x04\x06\x07"},
	}
	for _, tt := range tests {
		got, rest, err := testFile().Decode(&Stream{Dict: tt.dict, Raw: []byte(tt.raw)})
		if err != nil || rest != nil || string(got) != tt.want {
			t.Errorf("%s: %q, %v, %v", tt.name, got, rest, err)
		}
	}
	data, rest, err := testFile().Decode(&Stream{Dict: Dict{"Filter": Array{Name("AHx"), Name("DCT")}}, Raw: []byte("6162>")})
	if err != nil || rest == nil || rest.Name != "DCTDecode" || string(data) != "ab" {
		t.Errorf("a picture: %q, %v, %v", data, rest, err)
	}
}

func TestDecodeRefuses(t *testing.T) {
	t.Parallel()
	bomb := strings.Repeat("a", 20_000)
	for _, tt := range []struct {
		name  string
		dict  Dict
		raw   string
		limit bool
	}{
		{"unknown", Dict{"Filter": Name("X")}, "", false},
		{"not deflated", Dict{"Filter": Name("Fl")}, "hello, this is text", false},
		{"cut off", Dict{"Filter": Name("Fl")}, string(packed("hello hello hello")[:8]), false},
		{"a bomb", Dict{"Filter": Name("Fl")}, string(packed(bomb)), true},
		{"a bomb of run lengths", Dict{"Filter": Name("RL")}, strings.Repeat("\x81a", 200), true},
		{"too many filters", Dict{"Filter": Array{Name("RL"), Name("RL"), Name("RL"), Name("RL"), Name("RL"), Name("RL"), Name("RL"), Name("RL"), Name("RL")}}, "", true},
		{"a picture inside", Dict{"Filter": Array{Name("DCT"), Name("Fl")}}, "", false},
		{"run lengths cut off", Dict{"Filter": Name("RL")}, "\x05ab", false},
		{"base 85 with others", Dict{"Filter": Name("A85")}, "ab\x7fcd~>", false},
		{"a predictor without columns", Dict{"Filter": Name("Fl"), "DecodeParms": Dict{"Predictor": 12, "Columns": 0}}, string(packed("a")), false},
	} {
		_, _, err := testFile().Decode(&Stream{Dict: tt.dict, Raw: []byte(tt.raw)})
		var e *Error
		if !errors.As(err, &e) || e.Limit != tt.limit {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
	f := testFile()
	f.limits.Total = 15_000
	s := &Stream{Dict: Dict{"Filter": Name("Fl")}, Raw: packed(bomb[:9_000])}
	if _, _, err := f.Decode(s); err != nil {
		t.Error(err)
	}
	if _, _, err := f.Decode(s); err == nil {
		t.Error("streams together have no bound")
	}
}

// modern is a file whose objects stand in an object stream, and whose
// cross references are a stream.
func modern() []byte {
	var b bytes.Buffer
	b.WriteString("junk before\n%PDF-1.5\n")
	base := bytes.Index(b.Bytes(), []byte("%PDF"))
	inside := "1 0 2 29 " + "<</Type/Catalog/Pages 2 0 R>>" + "<</Type/Pages/Kids[]/Count 0>>"
	at := b.Len() - base
	body := packed(inside)
	fmt.Fprintf(&b, "3 0 obj\n<</Type/ObjStm/N 2/First 9/Filter/FlateDecode/Length %d>>\nstream\n%s\nendstream\nendobj\n", len(body), body)
	start := b.Len() - base
	table := packed("\x00\x00\x00\x00" + "\x02\x00\x03\x00" + "\x02\x00\x03\x01" + string([]byte{1, byte(at >> 8), byte(at), 0}) + string([]byte{1, byte(start >> 8), byte(start), 0}))
	fmt.Fprintf(&b, "4 0 obj\n<</Type/XRef/Size 5/W[1 2 1]/Root 1 0 R/Filter/FlateDecode/Length %d>>\nstream\n%s\nendstream\nendobj\nstartxref\n%d\n%%%%EOF", len(table), table, start)
	return b.Bytes()
}

func TestOpen(t *testing.T) {
	t.Parallel()
	f, err := Open(modern(), Limits{Stream: 1000, Total: 10_000, Objects: 10})
	if err != nil {
		t.Fatal(err)
	}
	if root := f.Dict(f.Trailer["Root"]); f.Name(root["Type"]) != "Catalog" || f.Name(f.Dict(root["Pages"])["Type"]) != "Pages" {
		t.Errorf("the catalogue is %v", root)
	}
	if o := f.Get(Ref{99, 0}); o != nil {
		t.Errorf("an object that is not there is %v", o)
	}
	if _, err := Open(modern(), Limits{Stream: 1000, Total: 10_000, Objects: 2}); err == nil {
		t.Error("the number of objects has no bound")
	}
}

func FuzzOpen(f *testing.F) {
	f.Add(modern())
	f.Add([]byte("%PDF-1.4\n1 0 obj\n<</Length 1 0 R>>\nstream\nendstream\nendobj\nxref\n0 2\n0000000000 65535 f \n0000000009 00000 n \ntrailer\n<</Root 1 0 R/Size 2>>\nstartxref\n60\n%%EOF"))
	f.Fuzz(func(t *testing.T, data []byte) {
		file, err := Open(data, Limits{Stream: 1 << 16, Total: 1 << 18, Objects: 1000})
		if err != nil {
			var e *Error
			if !errors.As(err, &e) {
				t.Fatal(err)
			}
			return
		}
		for n := range 20 {
			if s, ok := file.Get(Ref{n, 0}).(*Stream); ok {
				if out, _, err := file.Decode(s); err == nil && len(out) > 1<<20 {
					t.Fatalf("%d bytes", len(out))
				}
			}
		}
	})
}
