package ofd

import (
	"math"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"sidian/ofd/internal/xmlx"
)

var resolveCases = []struct{ name, base, loc, want string }{
	{"from the root", "Doc_0/Document.xml", "/Doc_0/a.xml", "Doc_0/a.xml"},
	{"relative", "Doc_0/Document.xml", "Pages/Page_0/Content.xml", "Doc_0/Pages/Page_0/Content.xml"},
	{"in the root", "OFD.xml", "Doc_0/Document.xml", "Doc_0/Document.xml"},
	{"parent", "Doc_0/Signs/Sign_0/Signature.xml", "../../Document.xml", "Doc_0/Document.xml"},
	{"dot", "Doc_0/Document.xml", "./a.xml", "Doc_0/a.xml"},
	{"two slashes", "Doc_0/Document.xml", "//Doc_0//a.xml", "Doc_0/a.xml"},
	{"white space", "OFD.xml", " a.xml\n", "a.xml"},
	{"dots in a name", "OFD.xml", "a..b/c.d", "a..b/c.d"},
	{"chinese", "OFD.xml", "/文件.xml", "文件.xml"},
	{"up and down", "a/b.xml", "../a/../c", "c"},
	{"outside", "OFD.xml", "../a", ""},
	{"outside by the root", "a/b.xml", "/../a", ""},
	{"outside deeper", "a/b.xml", "x/../../../a", ""},
	{"nothing", "a/b.xml", "", ""},
	{"the root itself", "a/b.xml", "/", ""},
	{"backslash", "OFD.xml", `a\b`, ""},
	{"drive", "OFD.xml", "C:/x", ""},
}

func TestResolve(t *testing.T) {
	t.Parallel()
	for _, c := range resolveCases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got, err := Resolve(c.base, c.loc)
			if got != c.want || (err != nil) != (c.want == "") {
				t.Errorf("got %q, %v; want %q", got, err, c.want)
			}
		})
	}
}

func FuzzResolve(f *testing.F) {
	for _, c := range resolveCases {
		f.Add(c.base, c.loc)
	}
	f.Fuzz(func(t *testing.T, base, loc string) {
		got, err := Resolve(base, loc)
		if err != nil {
			return
		}
		for seg := range strings.SplitSeq(got, "/") {
			if seg == ".." {
				t.Fatalf("Resolve(%q, %q) = %q", base, loc, got)
			}
		}
		if got == "" || strings.HasPrefix(got, "/") || strings.Contains(got, "\\") {
			t.Fatalf("Resolve(%q, %q) = %q", base, loc, got)
		}
		if !strings.ContainsAny(got, " \t\r\n") {
			if again, err := Resolve("", "/"+got); err != nil || again != got {
				t.Fatalf("%q resolves to %q, %v", got, again, err)
			}
		}
	})
}

var deltaCases = []struct {
	name, in string
	want     []float64
	ok       bool
}{
	{"nothing", "", nil, true},
	{"one", "4", []float64{4}, true},
	{"several", "1 2.5\t-3", []float64{1, 2.5, -3}, true},
	{"group", "g 4 6.35 7.1 g 2 5", []float64{6.35, 6.35, 6.35, 6.35, 7.1, 5, 5}, true},
	{"group of none", "g 0 1 2", []float64{2}, true},
	{"cut", "g 4000000000 1", []float64{1, 1, 1, 1, 1, 1, 1, 1, 1, 1}, true},
	{"group without value", "g 4", nil, false},
	{"group without number", "g x 1", nil, false},
	{"negative group", "g -1 1", nil, false},
	{"half a group", "g 1.5 1", nil, false},
	{"word", "1 a", []float64{1}, false},
	{"not a number", "NaN", nil, false},
	{"infinite", "1e999", nil, false},
}

func TestParseDelta(t *testing.T) {
	t.Parallel()
	for _, c := range deltaCases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got, ok := ParseDelta(c.in, 10)
			if ok != c.ok || len(got) != len(c.want) || len(got) > 0 && !reflect.DeepEqual(got, c.want) {
				t.Errorf("got %v, %v", got, ok)
			}
		})
	}
}

// FuzzDelta: what is read can be written and read again as the same, to the
// precision we write.
func FuzzDelta(f *testing.F) {
	for _, c := range deltaCases {
		f.Add(c.in)
	}
	f.Fuzz(func(t *testing.T, s string) {
		list, ok := ParseDelta(s, 100)
		if len(list) > 100 {
			t.Fatalf("%d values", len(list))
		}
		for _, v := range list {
			if math.IsNaN(v) || math.IsInf(v, 0) {
				t.Fatalf("value %v", v)
			}
			if math.Abs(v) > 1e8 {
				return
			}
		}
		if !ok || len(list) == 0 {
			return
		}
		var e encoder
		e.deltas("D", list)
		text := strings.TrimSuffix(strings.TrimPrefix(string(e.b), ` D="`), `"`)
		again, ok := ParseDelta(text, 101)
		if !ok || len(again) != len(list) {
			t.Fatalf("%q: %v written as %q, read as %v", s, list, text, again)
		}
		for i := range list {
			if math.Abs(again[i]-list[i]) > 0.0001 {
				t.Fatalf("%v written as %q", list[i], text)
			}
		}
	})
}

func TestParseFloat(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		in   string
		want float64
		ok   bool
	}{
		{"0", 0, true}, {"-12.5", -12.5, true}, {"+3", 3, true}, {".5", 0.5, true}, {"5.", 5, true}, {"1e3", 1000, true},
		{"0.1", 0.1, true}, {"123456789.123456", 123456789.123456, true}, {"3.14159265358979323846", math.Pi, true},
		{"", 0, false}, {"-", 0, false}, {"1.2.3", 0, false}, {"NaN", 0, false}, {"Inf", 0, false}, {"0x10", 0, false}, {"1,5", 0, false},
	} {
		if got, ok := parseFloat([]byte(c.in)); ok != c.ok || got != c.want {
			t.Errorf("parseFloat(%q) = %v, %v", c.in, got, ok)
		}
	}
}

func TestAppendNumber(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		v    float64
		want string
	}{
		{0, "0"}, {1, "1"}, {-1.5, "-1.5"}, {0.1 + 0.2, "0.3"}, {3.52777, "3.5278"}, {-0.00001, "0"}, {0.0001, "0.0001"}, {1e6, "1000000"}, {math.NaN(), "NaN"},
	} {
		if got := string(appendNumber(nil, c.v)); got != c.want {
			t.Errorf("%v written as %s, want %s", c.v, got, c.want)
		}
	}
}

var pathCases = []struct {
	name, in string
	segments int
	ok       bool
}{
	{"nothing", "", 0, true},
	{"rectangle", "M 0 0 L 10 0 L 10 10 L 0 10 C", 5, true},
	{"start", "S 0 0 M 1 1 L 2 2", 3, true},
	{"curves", "M 0 0 Q 1 1 2 0 B 1 1 2 2 3 3 A 5 5 0 1 0 9 9 C", 5, true},
	{"without blanks", "M0 0L10-5L.5.5C", 0, false},
	{"signs part numbers", "M0 0L10-5C", 3, true},
	{"commas", "M 0,0 L 1,1", 2, true},
	{"several groups", "M 0 0 L 1 1 2 2 3 3", 4, true},
	{"exponents", "M 1e-3 2E+1", 1, true},
	{"too few", "M 0 0 L 1", 1, false},
	{"unknown operator", "M 0 0 Z", 1, false},
	{"numbers first", "0 0 L 1 1", 0, false},
	{"numbers behind close", "M 0 0 C 1 1", 2, false},
}

func TestParsePath(t *testing.T) {
	t.Parallel()
	for _, c := range pathCases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got, err := ParsePath(c.in)
			if (err == nil) != c.ok || c.ok && len(got) != c.segments {
				t.Errorf("got %v, %v", got, err)
			}
		})
	}
	segs, err := ParsePath("A 1 2 30 1 0 8 9")
	if end, ok := segs[0].End(); err != nil || !ok || end != (Point{8, 9}) || segs[0].Args[2] != 30 {
		t.Errorf("arc %+v, %v", segs, err)
	}
}

// FuzzPath: what is read can be written and read again as the same operators.
func FuzzPath(f *testing.F) {
	for _, c := range pathCases {
		f.Add(c.in)
	}
	f.Fuzz(func(t *testing.T, s string) {
		segs, err := ParsePath(s)
		if err != nil {
			return
		}
		var p Path
		for _, seg := range segs {
			for _, v := range seg.Args {
				if math.IsNaN(v) || math.IsInf(v, 0) {
					t.Fatalf("operand %v", v)
				}
				if math.Abs(v) > 1e8 {
					return
				}
			}
			p.add(seg.Op, seg.Args[:operands(seg.Op)]...)
		}
		again, err := ParsePath(p.String())
		if err != nil || len(again) != len(segs) {
			t.Fatalf("%q written as %q: %v", s, p.String(), err)
		}
		for i := range segs {
			if segs[i].Op != again[i].Op {
				t.Fatalf("%q written as %q", s, p.String())
			}
		}
	})
}

var tagCases = []struct{ field, tag string }{
	{"ZZMC", "ZZMC"}, {"KZ_FDDBR", "KZ_FDDBR"}, {"统一社会信用代码", "统一社会信用代码"},
	{"1a", "_x0031_a"}, {"有效期（起）", "有效期_xFF08_起_xFF09_"}, {"a b", "a_x0020_b"}, {"a_x", "a_x005F_x"}, {"a:b", "a_x003A_b"},
}

func TestTagName(t *testing.T) {
	t.Parallel()
	for _, c := range tagCases {
		if got := TagName(c.field); got != c.tag {
			t.Errorf("TagName(%q) = %q, want %q", c.field, got, c.tag)
		}
		if got := FieldName(c.tag); got != c.field {
			t.Errorf("FieldName(%q) = %q, want %q", c.tag, got, c.field)
		}
	}
	if got := FieldName("a_x1_b_xZZZZ_"); got != "a_x1_b_xZZZZ_" {
		t.Errorf("what is no escape became %q", got)
	}
}

func FuzzTagName(f *testing.F) {
	for _, c := range tagCases {
		f.Add(c.field)
	}
	f.Fuzz(func(t *testing.T, field string) {
		if field == "" || !utf8.ValidString(field) {
			return
		}
		tag := TagName(field)
		if got := FieldName(tag); got != field {
			t.Fatalf("%q → %q → %q", field, tag, got)
		}
		doc := NewPart("t.xml", []byte("<"+tag+"/>"))
		if err := readXML(doc, Limits{XML: XMLLimits{Name: 1 << 20}}, func(*xmlx.Reader) {}); err != nil {
			t.Fatalf("%q → %q: %v", field, tag, err)
		}
	})
}
