package gbcode_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"sidian/gbcode"
)

var creditValid = []string{
	"91350100M000100Y43", // GB 32100-2015, its own example
	"11100000000013338W", "11100000MB0143028R", "11100000000019713D", "11100000MB03271699",
	"11110000000021135M", "111000000000131433", "11330105002500287C", "11370800MB28559184",
	"11430000006122244L", "11220000013544541J", "1131000068735121X0", "91110000802100433B",
	"11410800MB18523953", "113700000045046442", "11320482014138860P",
}

func TestParseCreditCode(t *testing.T) {
	t.Parallel()
	for _, s := range creditValid {
		c, err := gbcode.ParseCreditCode(s)
		if err != nil || c.String() != s {
			t.Errorf("ParseCreditCode(%s) = %v, %v", s, c, err)
		}
	}
	for _, tc := range []struct {
		name, s string
		want    error
	}{
		{"check character", "91350100M000100Y44", gbcode.ErrCheck},
		{"check character X", "11100000000013338X", gbcode.ErrCheck},
		{"letter I", "91350100I000100Y43", gbcode.ErrCharset},
		{"letter in the area", "9135A100M000100Y43", gbcode.ErrCharset},
		{"organisation check", "91350100M000100X43", gbcode.ErrCheck},
		{"lower case", "91350100m000100y43", gbcode.ErrCharset},
		{"short", "91350100M000100Y4", gbcode.ErrLength},
		{"empty", "", gbcode.ErrLength},
		{"full width", "９1350100M000100Y43", gbcode.ErrLength},
	} {
		c, err := gbcode.ParseCreditCode(tc.s)
		if !errors.Is(err, tc.want) || !c.IsZero() {
			t.Errorf("%s: got %v, %v; want %v", tc.name, c, err, tc.want)
		}
	}
}

func TestCreditCodeParts(t *testing.T) {
	t.Parallel()
	c, err := gbcode.ParseCreditCode("91350100M000100Y43")
	if err != nil {
		t.Fatal(err)
	}
	if c.Authority() != '9' || c.Category() != '1' || c.Area().String() != "350100" || c.Org().Print() != "M000100Y-4" {
		t.Errorf("parts: %c %c %s %s", c.Authority(), c.Category(), c.Area(), c.Org().Print())
	}
	made, err := gbcode.NewCreditCode('9', '1', c.Area(), c.Org())
	if err != nil || made != c {
		t.Errorf("NewCreditCode = %v, %v; want %v", made, err, c)
	}
	if _, err := gbcode.NewCreditCode('S', '1', c.Area(), c.Org()); !errors.Is(err, gbcode.ErrCharset) {
		t.Errorf("authority S: %v", err)
	}
	if got := c.Mask(); got != "9135**********0Y43"[:4]+strings.Repeat("*", 10)+"0Y43" {
		t.Errorf("Mask = %s", got)
	}
}

// Any single wrong digit must be found: that is what the check is for.
func TestCreditCodeFindsEverySingleError(t *testing.T) {
	t.Parallel()
	const charset = "0123456789ABCDEFGHJKLMNPQRTUWXY"
	good := "91350100M000100Y43"
	for i := range good {
		for _, c := range charset {
			bad := good[:i] + string(c) + good[i+1:]
			if _, err := gbcode.ParseCreditCode(bad); bad != good && err == nil {
				t.Errorf("accepted %s", bad)
			}
		}
	}
}

func TestParseCitizenID(t *testing.T) {
	t.Parallel()
	for s, female := range map[string]bool{
		"11010519491231002X": true, "440524188001010014": false,
		"410102199001010012": false, "410102199001010020": true, "411325198512311230": false,
	} {
		id, err := gbcode.ParseCitizenID(s)
		if err != nil || id.String() != s || id.Female() != female {
			t.Errorf("ParseCitizenID(%s) = %v, %v, female %v", s, id, err, id.Female())
		}
	}
	for _, tc := range []struct {
		name, s string
		want    error
	}{
		{"check", "110105194912310021", gbcode.ErrCheck},
		{"check 2", "440524188001010015", gbcode.ErrCheck},
		{"lower x", "11010519491231002x", gbcode.ErrCharset},
		{"31 June", "110105194906310021", gbcode.ErrDate},
		{"29 February of 1900", "110105190002290021", gbcode.ErrDate},
		{"15 digits", "110105491231002", gbcode.ErrLength},
		{"X inside", "1101051949123100X2", gbcode.ErrCharset},
		{"area 00", "000105194912310021", gbcode.ErrShape},
	} {
		if _, err := gbcode.ParseCitizenID(tc.s); !errors.Is(err, tc.want) {
			t.Errorf("%s: %v, want %v", tc.name, err, tc.want)
		}
	}
}

func TestCitizenIDErrorsHoldNoPersonalData(t *testing.T) {
	t.Parallel()
	for _, s := range []string{"110105194912310021", "110105194906310021", "11010519491231002x"} {
		if _, err := gbcode.ParseCitizenID(s); err == nil || strings.Contains(err.Error(), s[6:14]) {
			t.Errorf("error tells the number: %v", err)
		}
	}
}

func TestCitizenIDLenient(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ name, in, want, codes string }{
		{"as printed", "11010519491231002X", "11010519491231002X", ""},
		{"fifteen", "110105491231002", "11010519491231002X", "fifteen"},
		{"small x", "11010519491231002x", "11010519491231002X", "case"},
		{"spaces", " 110105 19491231 002X\n", "11010519491231002X", "space"},
		{"full width", "１１０１０５１９４９１２３１００２Ｘ", "11010519491231002X", "width"},
		{"from a spreadsheet", "\ufeff11010519491231002x", "11010519491231002X", "bom case"},
	} {
		id, warnings, err := gbcode.ParseCitizenIDLenient(tc.in)
		var codes []string
		for _, w := range warnings {
			codes = append(codes, w.Code)
		}
		if err != nil || id.String() != tc.want || strings.Join(codes, " ") != tc.codes {
			t.Errorf("%s: %v, %v, %v", tc.name, id, codes, err)
		}
	}
	if _, _, err := gbcode.ParseCitizenIDLenient("110105194912310021"); !errors.Is(err, gbcode.ErrCheck) {
		t.Errorf("a wrong check digit is not mended: %v", err)
	}
}

func TestNewCitizenID(t *testing.T) {
	t.Parallel()
	area, err := gbcode.ParseDivision("999999")
	if err != nil {
		t.Fatal(err)
	}
	id, err := gbcode.NewCitizenID(area, time.Date(1990, 5, 6, 0, 0, 0, 0, time.UTC), 12)
	if err != nil || !strings.HasPrefix(id.String(), "99999919900506012") || !id.Female() {
		t.Fatalf("NewCitizenID = %v, %v", id, err)
	}
	if got := id.Birth().Format("2006-01-02"); got != "1990-05-06" {
		t.Errorf("Birth = %s", got)
	}
	if got := id.Mask(); got[:3] != "999" || !strings.Contains(got, "***********") || strings.Contains(got, "1990") {
		t.Errorf("Mask = %s", got)
	}
}

func TestOrgCode(t *testing.T) {
	t.Parallel()
	c, w, err := gbcode.ParseOrgCodeLenient("m000100y-4")
	if err != nil || c.String() != "M000100Y4" || len(w) != 2 {
		t.Errorf("lenient: %v, %v, %v", c, w, err)
	}
	for name, tc := range map[string]struct {
		s    string
		want error
	}{
		"check": {"M000100Y5", gbcode.ErrCheck}, "hyphen": {"M000100Y-4", gbcode.ErrLength}, "star": {"M0*0100Y4", gbcode.ErrCharset},
	} {
		if _, err := gbcode.ParseOrgCode(tc.s); !errors.Is(err, tc.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if c, err := gbcode.NewOrgCode("00001333"); err != nil || c.String() != "000013338" {
		t.Errorf("NewOrgCode = %v, %v", c, err)
	}
}

func TestDivision(t *testing.T) {
	t.Parallel()
	for s, level := range map[string]gbcode.Level{
		"410000": gbcode.Province, "410100": gbcode.City, "410102": gbcode.County,
		"410102001": gbcode.Town, "410102001003": gbcode.Village, "410102000000": gbcode.County, "410102001000": gbcode.Town,
	} {
		d, err := gbcode.ParseDivision(s)
		if err != nil || d.Level() != level {
			t.Errorf("%s: %v %v", s, d.Level(), err)
		}
	}
	for _, s := range []string{"", "41", "4101", "41010", "010102", "4101O2", "410002", "41010200"} {
		if _, err := gbcode.ParseDivision(s); err == nil {
			t.Errorf("accepted %q", s)
		}
	}
	henan, warnings, err := gbcode.ParseDivisionLenient("41")
	if err != nil || len(warnings) != 1 {
		t.Fatal(henan, warnings, err)
	}
	county, _ := gbcode.ParseDivision("410102")
	other, _ := gbcode.ParseDivision("420102")
	if !henan.Contains(county) || henan.Contains(other) || county.Contains(henan) || (gbcode.Division{}).Contains(county) {
		t.Error("Contains")
	}
}

func TestLicences(t *testing.T) {
	t.Parallel()
	for _, s := range []string{"JY24107110024586", "JY14403030012013", "JY13101140093802", "JY13101160000083", "JY23101140041987"} {
		if err := gbcode.CheckFoodLicence(s); err != nil {
			t.Errorf("%s: %v", s, err)
		}
	}
	for s, want := range map[string]error{
		"JY14101040103251": gbcode.ErrCheck, "JY2410711002458": gbcode.ErrLength,
		"SC24107110024586": gbcode.ErrShape, "JY2410711002458X": gbcode.ErrCharset,
	} {
		if err := gbcode.CheckFoodLicence(s); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", s, err, want)
		}
	}
	if err := gbcode.CheckRegistrationNumber("110108000000016"); err != nil {
		t.Error(err)
	}
	if err := gbcode.CheckRegistrationNumber("110108000000017"); !errors.Is(err, gbcode.ErrCheck) {
		t.Error(err)
	}
	body := "10141010200001"
	c, _ := gbcode.CheckDigit1110(body[:13])
	if err := gbcode.CheckFoodProduction("SC" + body[:13] + string(c)); err != nil {
		t.Error(err)
	}
}

func TestMask(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		s          string
		head, tail int
		want       string
	}{
		{"", 3, 4, ""}, {"1", 3, 4, "*"}, {"12", 3, 4, "**"}, {"1234567", 3, 4, "1*****7"},
		{"13800001111", 3, 4, "13*******11"}, {"411325198512311230", 3, 4, "411***********1230"}, {"豫字第壹号", 1, 1, "豫***号"},
	} {
		if got := gbcode.Mask(tc.s, tc.head, tc.tail); got != tc.want {
			t.Errorf("Mask(%q) = %q, want %q", tc.s, got, tc.want)
		}
	}
	if gbcode.MaskName("张三丰") != "张**" || gbcode.MaskName("李") != "*" {
		t.Error("MaskName")
	}
}

func FuzzCreditCode(f *testing.F) {
	for _, s := range creditValid {
		f.Add(s)
	}
	f.Add(" ９1350100m000100y43-")
	f.Fuzz(func(t *testing.T, s string) {
		if c, err := gbcode.ParseCreditCode(s); err == nil {
			if again, err := gbcode.ParseCreditCode(c.String()); err != nil || again != c || c.String() != s {
				t.Fatalf("%q: %v, %v", s, again, err)
			}
		}
		if c, _, err := gbcode.ParseCreditCodeLenient(s); err == nil {
			if again, warnings, err := gbcode.ParseCreditCodeLenient(c.String()); err != nil || again != c || len(warnings) > 0 {
				t.Fatalf("%q: %v, %v", s, again, err)
			}
		}
	})
}

func FuzzCitizenID(f *testing.F) {
	for _, s := range []string{"11010519491231002X", "440524188001010014", "110105491231002", "1101054912 3100２"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		id, _, err := gbcode.ParseCitizenIDLenient(s)
		if err != nil {
			return
		}
		if again, err := gbcode.ParseCitizenID(id.String()); err != nil || again != id || id.Birth().IsZero() {
			t.Fatalf("%q: %v, %v", s, again, err)
		}
	})
}

func FuzzDivision(f *testing.F) {
	for _, s := range []string{"41", "410102", "410102001003", "４１0000"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		d, _, err := gbcode.ParseDivisionLenient(s)
		if err != nil {
			return
		}
		if again, err := gbcode.ParseDivision(d.String()); err != nil || again != d || d.Level() == "" || !d.Contains(d) {
			t.Fatalf("%q: %v, %v", s, again, err)
		}
	})
}
