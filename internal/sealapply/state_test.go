package sealapply

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"sidian/internal/fault"
	"sidian/internal/iam"
	"sidian/internal/seal"
	"sidian/workday"
)

// The table, whole: for each kind, state and action, by whom it may be done and
// where it leads.
func TestTable(t *testing.T) {
	t.Parallel()
	want := map[string]string{
		"draft edit": "applicant draft", "refused edit": "applicant refused",
		"draft submit": "applicant submitted", "refused submit": "applicant submitted",
		"draft withdraw": "applicant withdrawn", "submitted withdraw": "applicant withdrawn", "approved withdraw": "applicant withdrawn", "refused withdraw": "applicant withdrawn",
		"submitted approve": "reviewer approved", "submitted refuse": "reviewer refused",
	}
	makes := map[string]string{
		"approved refuse": "maker refused", "approved make": "maker making", "making made": "platform made", "made file": "filer filing", "filing filed": "platform filed",
	}
	ends := map[string]string{"approved refuse": "manager refused", "approved cancel": "manager cancelling", "cancelling done": "platform done"}
	for _, k := range []Kind{Apply, Renew, Change, Remake, Cancel} {
		more := makes
		if k == Cancel {
			more = ends
		}
		for _, from := range States() {
			for _, a := range Actions() {
				line := string(from) + " " + string(a)
				wanted := want[line]
				if wanted == "" {
					wanted = more[line]
				}
				got := ""
				if r := move(k, from, a); r != nil {
					got = fmt.Sprint(r.side, " ", r.next(from, true))
				}
				if got != wanted {
					t.Errorf("%s %s: got %q, want %q", k, line, got, wanted)
				}
			}
		}
		if r := move(k, Submitted, ActApprove); r.next(Submitted, false) != Submitted {
			t.Errorf("%s: a tier that is not the last ends the review", k)
		}
	}
	for _, s := range States() {
		if s.Label() == "" {
			t.Errorf("%s has no word", s)
		}
	}
	for _, a := range Actions() {
		if a.Label() == "" {
			t.Errorf("%s has no word", a)
		}
	}
}

func TestChain(t *testing.T) {
	t.Parallel()
	org := func(id, parent, tier, kind string) iam.Org {
		return iam.Org{ID: id, Parent: parent, Tier: tier, Type: kind}
	}
	prov, city, gov := org("prov", "", "province", "government"), org("city", "prov", "city", "government"), org("gov", "city", "county", "government")
	pa, ca, ga := org("pa", "prov", "province", authorityType), org("ca", "city", "city", authorityType), org("ga", "gov", "county", authorityType)
	market, village := org("market", "gov", "county", "department"), org("village", "town", "village", "village")
	town, citydept := org("town", "gov", "town", "township"), org("citydept", "city", "city", "department")
	all := []iam.Org{pa, ca, ga}
	for name, tc := range map[string]struct {
		above []iam.Org
		list  []iam.Org
		top   string
		want  string
	}{
		"department":           {[]iam.Org{market, gov, city, prov}, all, "", "county:ga city:ca province:pa"},
		"village":              {[]iam.Org{village, town, gov, city, prov}, all, "", "county:ga city:ca province:pa"},
		"up to the city":       {[]iam.Org{market, gov, city, prov}, all, "city", "county:ga city:ca"},
		"the county alone":     {[]iam.Org{market, gov, city, prov}, all, "county", "county:ga"},
		"city department":      {[]iam.Org{citydept, city, prov}, all, "", "city:ca province:pa"},
		"county authority":     {[]iam.Org{ga, gov, city, prov}, all, "", "city:ca province:pa"},
		"provincial authority": {[]iam.Org{pa, prov}, all, "", ""},
		"no city authority":    {[]iam.Org{market, gov, city, prov}, []iam.Org{pa, ga}, "", "county:ga province:pa"},
		"below the authority":  {[]iam.Org{org("window", "ga", "county", "department"), ga, gov, city, prov}, all, "", "county:ga city:ca province:pa"},
		"another county's":     {[]iam.Org{market, gov, city, prov}, []iam.Org{org("x", "elsewhere", "county", authorityType), ca}, "", "city:ca"},
		"nobody":               {[]iam.Org{market}, nil, "", ""},
		"no unit":              {nil, all, "", ""},
	} {
		var got []string
		for _, l := range chainOf(tc.above, tc.list, tc.top) {
			got = append(got, l.tier+":"+l.org)
		}
		if strings.Join(got, " ") != tc.want {
			t.Errorf("%s: %v, want %s", name, got, tc.want)
		}
	}
}

func TestForms(t *testing.T) {
	t.Parallel()
	all, err := shippedForms()
	if err != nil {
		t.Fatal(err)
	}
	day := func(s string) workday.Date {
		d, err := workday.ParseDate(s)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	for region, want := range map[string]string{"140525": "140000", "140000": "140000", "411526": "", "": ""} {
		if f := inForce(all, region, day("2026-01-01")); f == nil || f.Region != want {
			t.Errorf("%q has the form of %+v", region, f)
		}
	}
	if f := inForce(all, "140525", day("2022-06-01")); f == nil || f.Region != "" {
		t.Errorf("before the province had one: %+v", f)
	}
	later := *all[0]
	later.Version = day("2026-05-01")
	list := append(slices.Clone(all), &later)
	if f := inForce(list, later.Region, day("2026-04-30")); f == &later {
		t.Error("a version counts before its day")
	}
	if f := inForce(list, later.Region, day("2026-05-01")); f != &later {
		t.Error("a version does not count on its day")
	}
	for _, f := range all {
		for _, k := range []Kind{Apply, Renew, Change, Remake, Cancel} {
			if fields, _ := f.For(k, seal.LegalName); len(fields) == 0 {
				t.Errorf("%q asks nothing for %s", f.Region, k)
			}
		}
	}
}

func TestParseForm(t *testing.T) {
	t.Parallel()
	b, err := os.ReadFile(filepath.Join("forms", "country.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	good := string(b)
	for name, tc := range map[string][2]string{
		"no identity proof":     {"code: identity", "code: identity2"},
		"identity not required": {"label: 身份证明, required: true", "label: 身份证明, required: false"},
		"no statement":          {`version: "2025-1"`, `version: ""`},
		"unknown type":          {"type: uscc", "type: secret"},
		"unknown kind":          {"for: [cancel] }", "for: [explode] }"},
		"unknown seal":          {"except: [personal]", "except: [nobody]"},
		"unknown key":           {"title:", "sudo: true\ntitle:"},
		"code twice":            {"code: handler,", "code: org_name,"},
		"choices of a text":     {"type: long, help", "type: long, choices: [a], help"},
		"media":                 {"media: [pdf, png, jpg, ofd]", "media: [exe]"},
		"size":                  {"max: 10", "max: 1000"},
		"region":                {`region: ""`, `region: "99"`},
		"no version":            {"version: 2022-01-01", "version: 2022-13-01"},
		"two documents":         {"fields:", "---\nfields:"},
		"bomb":                  {"region:", "a: &a [x,x]\nb: [*a,*a]\nregion:"},
	} {
		changed := strings.Replace(good, tc[0], tc[1], 1)
		if changed == good {
			t.Errorf("%s changes nothing", name)
		}
		if _, err := ParseForm([]byte(changed)); fault.As(err) == nil || fault.As(err).Kind != fault.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := ParseForm([]byte(good + strings.Repeat("# x\n", maxForm))); fault.As(err) == nil {
		t.Errorf("too large: %v", err)
	}
}

func TestMerge(t *testing.T) {
	t.Parallel()
	all, err := shippedForms()
	if err != nil {
		t.Fatal(err)
	}
	f := inForce(all, "", workday.Date{Year: 2026, Month: 1, Day: 1})
	old := map[string]string{"handler": "王样例", "handler_phone": "13800138000", "use": "公文"}
	got, err := f.merge(Apply, seal.LegalName, old, map[string]string{"handler": f.masked(old)["handler"], "use": "", "org_name": " 青禾县 "})
	if err != nil || got["handler"] != "王样例" || got["use"] != "" || got["org_name"] != "青禾县" || got["handler_phone"] != "13800138000" {
		t.Errorf("%v %v", got, err)
	}
	for name, bad := range map[string]map[string]string{
		"unknown": {"nothing": "x"}, "phone": {"handler_phone": "12345"}, "code": {"uscc": "91"}, "two lines": {"handler": "王\n样例"},
		"of another kind": {"why": "停止使用"}, "long": {"use": strings.Repeat("长", 2001)},
	} {
		if _, err := f.merge(Apply, seal.LegalName, nil, bad); fault.As(err) == nil || len(fault.As(err).Fields) != 1 {
			t.Errorf("%s: %v", name, err)
		}
	}
	if v := f.masked(map[string]string{"gone": "秘密"})["gone"]; v != "***" {
		t.Errorf("what the form does not know is shown: %q", v)
	}
}

func TestZone(t *testing.T) {
	t.Parallel()
	for _, kind := range seal.Kinds() {
		outside := kind == seal.Enterprise || kind == seal.Personal
		if err := (Options{Zone: Extranet}).zoned(kind); (err != nil) != outside {
			t.Errorf("extranet %s: %v", kind, err)
		}
		if err := (Options{Zone: Internet}).zoned(kind); (err == nil) != outside {
			t.Errorf("internet %s: %v", kind, err)
		}
		if err := (Options{}).zoned(kind); err != nil {
			t.Errorf("both %s: %v", kind, err)
		}
		if err := (Options{Zone: Extranet}).zoned(kind); err != nil && !strings.Contains(fault.As(err).Hint, "请在") {
			t.Errorf("no way out: %v", err)
		}
	}
}

func FuzzUnpack(f *testing.F) {
	f.Add([]byte("单位编号,单位名称,保管人用户名,印模文件,宽（毫米）,高（毫米）\na,b,c,d,1,2\n"))
	f.Add([]byte("PK\x03\x04"))
	f.Add([]byte("\xb5\xa5\xce\xbb,\n1,2\n"))
	f.Add([]byte("a,\"b\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		b, err := unpack(data)
		if err != nil {
			if fault.As(err) == nil {
				t.Fatalf("no refusal: %v", err)
			}
			return
		}
		if len(b.lines) > MaxRows {
			t.Fatal("too many lines")
		}
	})
}

func FuzzParseForm(f *testing.F) {
	b, err := os.ReadFile(filepath.Join("forms", "140000.yaml"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Add([]byte("region: ''\nversion: 2022-01-01\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		form, err := ParseForm(data)
		if err != nil && fault.As(err) == nil {
			t.Fatalf("no refusal: %v", err)
		}
		if err == nil && (form.Title == "" || len(form.Fields) == 0) {
			t.Fatal("an empty form was taken")
		}
	})
}
