package catalogue_test

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"

	"sidian/certid"
	"sidian/gbcode"
	"sidian/internal/catalogue"
	"sidian/internal/fault"
)

func content(t testing.TB, k *catalogue.Kind) *catalogue.Content {
	t.Helper()
	c, err := k.Validate(request(t, k, nil))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestNumbers(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"business_license": "91999999MA00002R57",
		"food_operation":   "JY19999990000788",
		"real_estate":      "样（2026）青禾县不动产权第0000078号",
		"road_transport":   "999999000078",
		"marriage":         "J999999-2026-000078",
		"birth":            "Y000000078",
		"physician":        "119999990000078",
		"construction":     "999999202601050078",
		"social_security":  "A00000078",
		"approval":         "青审许准〔2026〕78号",

		"household":         "99999900000078",
		"id_card":           "99999920260105000078",
		"graduation":        "999991202605000078",
		"degree":            "9999942026000078",
		"vocational":        "99999920263000078",
		"driving_licence":   "999900000078",
		"divorce":           "L999999-2026-000078",
		"real_estate_proof": "样（2026）青禾县不动产证明第0000078号",
		"inspection_body":   "269900110078",
	} {
		k := load(t, name)
		i := catalogue.SampleIssuance()
		i.Sequence = 78
		d, err := k.Draft(content(t, k), i)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if name == "business_license" { // minted: the check decides
			if _, err := gbcode.ParseCreditCode(d.Number); err != nil || d.Holders[0].ID != d.Number || !strings.HasPrefix(d.Number, want[:13]) {
				t.Errorf("%s: %s, %v", name, d.Number, err)
			}
			continue
		}
		if name == "food_operation" {
			if err := gbcode.CheckFoodLicence(d.Number); err != nil || d.Number[:15] != want[:15] {
				t.Errorf("%s: %s, %v", name, d.Number, err)
			}
			continue
		}
		if d.Number != want {
			t.Errorf("%s: %s, want %s", name, d.Number, want)
		}
	}
}

// runsOut is the last sequence of kinds whose numbers have room for fewer than the
// tests ask for.
var runsOut = map[string]int64{"food_production": 9999}

// An example can be issued again and again: every sequence gives another
// number and another identifier, or, where its number has no more room, none.
func TestNumbersNeverRepeat(t *testing.T) {
	t.Parallel()
	for _, name := range shipped(t) {
		k := load(t, name)
		c, seen := content(t, k), map[string]int64{}
		for _, n := range []int64{1, 2, 9, 10, 31, 32, 961, 9999, 10000, 99999, 123456} {
			i := catalogue.SampleIssuance()
			i.Sequence = n
			d, err := k.Draft(c, i)
			if e := fault.As(err); e != nil && e.Code == "catalogue.number" && n > runsOut[name] && runsOut[name] > 0 {
				continue
			}
			if err != nil {
				t.Errorf("%s %d: %v", name, n, err)
				continue
			}
			if was := seen[d.Number] + seen[d.Identifier.String()]; was != 0 {
				t.Errorf("%s: %d and %d have the same number or identifier", name, was, n)
			}
			seen[d.Number], seen[d.Identifier.String()] = n, n
			if _, err := certid.Parse(d.Identifier.String()); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}

func TestSequenceRunsOut(t *testing.T) {
	t.Parallel()
	for name, n := range map[string]int64{"food_operation": 1_000_000, "food_production": 10_000, "business_license": 31 * 31 * 31 * 31 * 31 * 31} {
		k := load(t, name)
		i := catalogue.SampleIssuance()
		i.Sequence = n
		if _, err := k.Draft(content(t, k), i); fault.As(err) == nil || fault.As(err).Kind != fault.Conflict {
			t.Errorf("%s: %v", name, err)
		}
		i.Sequence--
		if _, err := k.Draft(content(t, k), i); err != nil {
			t.Errorf("%s, one before: %v", name, err)
		}
	}
}

func TestSequenceNames(t *testing.T) {
	t.Parallel()
	i := catalogue.SampleIssuance()
	for name, want := range map[string]string{
		"marriage": "catalogue/marriage/999999/2026", "construction": "catalogue/construction/999999/2026-01-05", "birth": "catalogue/birth",
	} {
		if got := load(t, name).SequenceName(i); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
}

func TestDraftComputes(t *testing.T) {
	t.Parallel()
	k := load(t, "marriage")
	d, err := k.Draft(content(t, k), catalogue.SampleIssuance())
	if err != nil {
		t.Fatal(err)
	}
	for key, want := range map[string]string{
		"nfxm": "张示范", "nvfxm": "李示范", "nfcsrq": "1990-05-06", "nvfsfzjh": "999999199208090148", "djjg": "青禾县行政审批服务管理局", "djrq": "2026-01-05",
	} {
		if got := d.Fields[key].Text; got != want {
			t.Errorf("%s = %q, want %q", key, got, want)
		}
	}
	meta := map[string]string{}
	for _, m := range d.Metadata {
		meta[m.Name] = m.Value
	}
	for key, want := range map[string]string{
		"ZZMC": "结婚证", "ZZLXDM": "111000000000131433001", "ZZBH": d.Number, "ZZBS": d.Identifier.String(), "ZZBFRQ": "20260105",
		"CZZT": "张示范,李示范", "CZZTDM": "999999199005060117,999999199208090148", "CZZTDMLX": "公民身份号码", "CZZTDMLXDM": "111",
		"ZZYXQQSRQ": "20260105", "ZZYXQJZRQ": "", "KZ_hydjy": "王登记",
	} {
		if meta[key] != want {
			t.Errorf("metadata %s = %q, want %q", key, meta[key], want)
		}
	}
}

// A passport tells no date of birth: then it must be given.
func TestDefaultThatCannotBeDerived(t *testing.T) {
	t.Parallel()
	k := load(t, "marriage")
	r := request(t, k, nil)
	r.Holders[1] = catalogue.Holder{Type: "person", IDType: "414", ID: "E00000000", Name: "样例外籍"}
	c, err := k.Validate(r)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := k.Draft(c, catalogue.SampleIssuance()); refused(err) != "fields.nvfcsrq required" {
		t.Errorf("%v", refused(err))
	}
	r.Fields["nvfcsrq"] = json.RawMessage(`"1991-01-01"`)
	if c, err = k.Validate(r); err != nil {
		t.Fatal(err)
	}
	if d, err := k.Draft(c, catalogue.SampleIssuance()); err != nil || d.Fields["nvfcsrq"].Text != "1991-01-01" {
		t.Errorf("%v", err)
	}
}

func TestChangeKeepsNumberAndSerial(t *testing.T) {
	t.Parallel()
	k := load(t, "food_operation")
	c := content(t, k)
	first, err := k.Draft(c, catalogue.SampleIssuance())
	if err != nil {
		t.Fatal(err)
	}
	i := catalogue.SampleIssuance()
	i.Sequence, i.Number, i.Serial, i.Version = 0, first.Number, first.Serial, 2
	second, err := k.Draft(c, i)
	if err != nil {
		t.Fatal(err)
	}
	next, err := first.Identifier.NextVersion()
	if err != nil || second.Number != first.Number || second.Identifier != next {
		t.Errorf("%s %v, want %s %v (%v)", second.Number, second.Identifier, first.Number, next, err)
	}
}

func TestIssuerMustBeComplete(t *testing.T) {
	t.Parallel()
	k := load(t, "road_transport")
	i := catalogue.SampleIssuance()
	i.Issuer.Code = gbcode.CreditCode{}
	if _, err := k.Draft(content(t, k), i); fault.As(err) == nil || fault.As(err).Code != "catalogue.issuer" {
		t.Errorf("%v", err)
	}
	i = catalogue.SampleIssuance()
	i.Issuer.Region = gbcode.Division{}
	if _, err := k.Draft(content(t, k), i); fault.As(err) == nil || fault.As(err).Code != "catalogue.region" {
		t.Errorf("%v", err)
	}
}

// The plan of a certificate is stored as JSON and drafted again after a crash.
func TestContentAndIssuanceSurviveJSON(t *testing.T) {
	t.Parallel()
	for _, name := range shipped(t) {
		k := load(t, name)
		type plan struct {
			Content  *catalogue.Content
			Issuance catalogue.Issuance
		}
		before := plan{content(t, k), catalogue.SampleIssuance()}
		data, err := json.Marshal(before)
		if err != nil {
			t.Fatal(err)
		}
		var after plan
		if err := json.Unmarshal(data, &after); err != nil {
			t.Fatal(err)
		}
		a, err := k.Draft(before.Content, before.Issuance)
		if err != nil {
			t.Fatal(err)
		}
		b, err := k.Draft(after.Content, after.Issuance)
		if err != nil || !reflect.DeepEqual(a, b) {
			t.Errorf("%s: another draft after JSON (%v)", name, err)
		}
	}
}

func TestIDTypesOfAppendixA(t *testing.T) {
	t.Parallel()
	if catalogue.IDTypeName("001") != "统一社会信用代码" || catalogue.IDTypeName("516") != "港澳居民来往内地通行证" || catalogue.IDTypeName("112") != "" {
		t.Error("appendix A")
	}
	if !slices.Contains(catalogue.Checks(), "food_licence") {
		t.Error("Checks")
	}
}
