package certid_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"sidian/certid"
	"sidian/gbcode"
)

var valid = []string{
	"1.2.156.3005.2.11100000000013338W011.11430000006122244L.20230000403.001.U",
	"1.2.156.3005.2.11100000000013338W011.11430000006122244L.20230000403.002.S",
	"1.2.156.3005.2.11100000000013338W032.11220000013544541J.2430599.001.F",
	"1.2.156.3005.2.11100000000013338W087.11370800MB28559184.37080001202411010001.001.3",
}

// Two identifiers seen in the wild that deviate.
const (
	areaIssuer = "1.2.156.3005.2.11100000MB03271699022.340100.000000016.001.9"
	wrongCheck = "1.2.156.3005.2.11100000000013661B006.113700000045046442.209FA4E88F9E4C878F3E9BED2CE7EA49.001.M"
)

func TestParse(t *testing.T) {
	t.Parallel()
	for _, s := range valid {
		id, err := certid.Parse(s)
		if err != nil || id.String() != s || !id.Conforms() {
			t.Errorf("Parse(%s) = %v, %v", s, id, err)
		}
		if _, warnings, err := certid.ParseLenient(s); err != nil || len(warnings) != 0 {
			t.Errorf("ParseLenient(%s): %v, %v", s, warnings, err)
		}
	}
	for _, tc := range []struct {
		name, s string
		want    error
	}{
		{"issuer is an area", areaIssuer, certid.ErrIssuer},
		{"wrong check", wrongCheck, certid.ErrCheck},
		{"lower case", strings.ToLower(valid[2]), certid.ErrCharset},
		{"no root", strings.TrimPrefix(valid[2], certid.Root+"."), certid.ErrShape},
		{"another root", "1.2.156.3005.3" + valid[2][14:], certid.ErrShape},
		{"no check", valid[2][:len(valid[2])-2], certid.ErrShape},
		{"one part more", valid[2] + ".1", certid.ErrShape},
		{"empty serial", strings.Replace(valid[2], "2430599", "", 1), certid.ErrLength},
		{"long serial", strings.Replace(valid[2], "2430599", strings.Repeat("1", 65), 1), certid.ErrLength},
		{"version with a letter", strings.Replace(valid[2], ".001.", ".00A.", 1), certid.ErrVersion},
		{"version 000", strings.Replace(valid[2], ".001.", ".000.", 1), certid.ErrVersion},
		{"kind of no body", strings.Replace(valid[2], "13338W032", "13338X032", 1), certid.ErrKind},
		{"kind with letters", strings.Replace(valid[2], "W032", "W0A2", 1), certid.ErrKind},
		{"space", valid[2] + " ", certid.ErrCharset},
		{"empty", "", certid.ErrShape},
	} {
		if id, err := certid.Parse(tc.s); !errors.Is(err, tc.want) || !id.IsZero() {
			t.Errorf("%s: %v, %v; want %v", tc.name, id, err, tc.want)
		}
	}
}

func TestParseLenient(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ name, in, out, codes string }{
		{"issuer is an area", areaIssuer, areaIssuer, "issuer"},
		{"wrong check is kept", wrongCheck, wrongCheck, "check"},
		{"space", " " + valid[0] + "\n", valid[0], "space"},
		{"no root", strings.TrimPrefix(valid[0], certid.Root+"."), valid[0], "root"},
		{"version 000", strings.Replace(valid[2], ".001.", ".000.", 1), strings.Replace(valid[2], ".001.", ".000.", 1), "version check"},
	} {
		id, warnings, err := certid.ParseLenient(tc.in)
		var codes []string
		for _, w := range warnings {
			codes = append(codes, w.Code)
		}
		if err != nil || id.String() != tc.out || strings.Join(codes, " ") != tc.codes {
			t.Errorf("%s: %v, %v, %v", tc.name, id, codes, err)
		}
	}
	_, warnings, _ := certid.ParseLenient(wrongCheck)
	if want := "校验位为 M，按 GB/T 36904 应为 D"; warnings[0].Message != want {
		t.Errorf("message %q, want %q", warnings[0].Message, want)
	}
	if _, _, err := certid.ParseLenient("JY24107110024586"); !errors.Is(err, certid.ErrShape) {
		t.Errorf("not an identifier: %v", err)
	}
}

func TestNew(t *testing.T) {
	t.Parallel()
	kind, err := certid.ParseKind("11100000000013338W011")
	if err != nil {
		t.Fatal(err)
	}
	issuer, err := gbcode.ParseCreditCode("11430000006122244L")
	if err != nil {
		t.Fatal(err)
	}
	id, err := certid.New(kind, issuer, "20230000403", 1)
	if err != nil || id.String() != valid[0] {
		t.Fatalf("New = %v, %v", id, err)
	}
	next, err := id.NextVersion()
	if err != nil || next.String() != valid[1] || next.Serial() != id.Serial() || next.Version() != 2 {
		t.Errorf("NextVersion = %v, %v", next, err)
	}
	for _, tc := range []struct {
		name    string
		kind    certid.Kind
		issuer  gbcode.CreditCode
		serial  string
		version int
		want    error
	}{
		{"no kind", certid.Kind{}, issuer, "1", 1, certid.ErrKind},
		{"no issuer", kind, gbcode.CreditCode{}, "1", 1, certid.ErrIssuer},
		{"no serial", kind, issuer, "", 1, certid.ErrLength},
		{"Chinese serial", kind, issuer, "豫1", 1, certid.ErrCharset},
		{"lower case", kind, issuer, "a1", 1, certid.ErrCharset},
		{"version 0", kind, issuer, "1", 0, certid.ErrVersion},
		{"version 1000", kind, issuer, "1", 1000, certid.ErrVersion},
	} {
		if id, err := certid.New(tc.kind, tc.issuer, tc.serial, tc.version); !errors.Is(err, tc.want) || !id.IsZero() {
			t.Errorf("%s: %v, %v", tc.name, id, err)
		}
	}
	last, err := certid.New(kind, issuer, "1", 999)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := last.NextVersion(); !errors.Is(err, certid.ErrVersion) {
		t.Errorf("after 999: %v", err)
	}
	if _, err := (certid.ID{}).NextVersion(); err == nil {
		t.Error("next version of nothing")
	}
}

func TestNewKind(t *testing.T) {
	t.Parallel()
	body, _ := gbcode.ParseCreditCode("11410800MB18523953")
	k, err := certid.NewKind(body, 4)
	if err != nil || k.String() != "11410800MB18523953004" || k.Definer() != body {
		t.Errorf("%v, %v", k, err)
	}
	for _, serial := range []int{0, 1000} {
		if _, err := certid.NewKind(body, serial); err == nil {
			t.Errorf("serial %d accepted", serial)
		}
	}
}

func TestCheck3736FindsEverySingleError(t *testing.T) {
	t.Parallel()
	good := "11100000000013338W03211220000013544541J2430599001"
	want, _ := certid.Check3736(good)
	for i := range good {
		for _, c := range "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ" {
			bad := good[:i] + string(c) + good[i+1:]
			if got, ok := certid.Check3736(bad); bad != good && (!ok || got == want) {
				t.Errorf("%s passes", bad)
			}
		}
	}
	if _, ok := certid.Check3736("a"); ok {
		t.Error("lower case passes")
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range append(valid, areaIssuer, wrongCheck) {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		id, err := certid.Parse(s)
		if err == nil && id.String() != s {
			t.Fatalf("%q became %q", s, id)
		}
		lenient, _, err2 := certid.ParseLenient(s)
		if err == nil && (err2 != nil || lenient != id) {
			t.Fatalf("%q: strict accepts, lenient %v", s, err2)
		}
		if err2 == nil {
			if again, _, err := certid.ParseLenient(lenient.String()); err != nil || again != lenient {
				t.Fatalf("%q: %v, %v", s, again, err)
			}
		}
	})
}

func ExampleNew() {
	kind, _ := certid.ParseKind("11100000000013338W032")
	issuer, _ := gbcode.ParseCreditCode("11220000013544541J")
	id, err := certid.New(kind, issuer, "2430599", 1)
	fmt.Println(id, err)
	// Output: 1.2.156.3005.2.11100000000013338W032.11220000013544541J.2430599.001.F <nil>
}

func ExampleParseLenient() {
	_, warnings, err := certid.ParseLenient("1.2.156.3005.2.11100000000013338W032.11220000013544541J.2430599.001.G")
	fmt.Println(warnings[0].Message, err)
	// Output: 校验位为 G，按 GB/T 36904 应为 F <nil>
}

func TestSeries(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"1.2.156.3005.2.kind.issuer.serial.001.X": "1.2.156.3005.2.kind.issuer.serial",
		"1.2.156.3005.2.kind.issuer.serial.002.7": "1.2.156.3005.2.kind.issuer.serial",
		"a.b": "a.b", "": "",
	} {
		if got := certid.Series(in); got != want {
			t.Errorf("Series(%q) = %q, want %q", in, got, want)
		}
	}
}
