package catalogue_test

import (
	"encoding/json"
	"strings"
	"testing"

	"sidian/internal/catalogue"
	"sidian/internal/fault"
)

// request is a kind's example with some members replaced; null removes one.
func request(t testing.TB, k *catalogue.Kind, fields map[string]string) catalogue.Request {
	t.Helper()
	r, err := k.ExampleRequest()
	if err != nil {
		t.Fatal(err)
	}
	for key, raw := range fields {
		if raw == "" {
			delete(r.Fields, key)
			continue
		}
		r.Fields[key] = json.RawMessage(raw)
	}
	return r
}

// refused are the names and codes of what an error complains about.
func refused(err error) string {
	e := fault.As(err)
	if e == nil || e.Kind != fault.Invalid {
		return "not a refusal"
	}
	var all []string
	for _, f := range e.Fields {
		all = append(all, f.Name+" "+f.Code)
	}
	return strings.Join(all, ", ")
}

func TestValidateFields(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ name, kind, key, raw, want string }{
		{"missing", "business_license", "dom", "", "fields.dom required"},
		{"null is missing", "business_license", "dom", "null", "fields.dom required"},
		{"empty", "business_license", "dom", `""`, "fields.dom required"},
		{"unknown", "business_license", "colour", `"red"`, "fields.colour unknown"},
		{"unknown, of another case", "business_license", "Dom", `"red"`, "fields.Dom unknown"},
		{"a name for a key is not told again", "business_license", "张样例", `"red"`, "fields unknown"},
		{"a number for a key is not told again", "business_license", "999999198504120116", `"red"`, "fields unknown"},
		{"computed", "business_license", "uniscid", `"91350100M000100Y43"`, "fields.uniscid computed"},
		{"number for a text", "business_license", "dom", `5`, "fields.dom type"},
		{"too long", "business_license", "enttype", `"` + strings.Repeat("长", 61) + `"`, "fields.enttype length"},
		{"spaces around", "business_license", "dom", `" 路"`, "fields.dom space"},
		{"line break in one line", "business_license", "dom", `"a\nb"`, "fields.dom control"},
		{"invisible character", "business_license", "dom", `"a\u202eb"`, "fields.dom control"},
		{"control in lines", "business_license", "opscope", `"a\u0007b"`, "fields.opscope control"},
		{"money with text", "business_license", "regcap", `"一百万"`, "fields.regcap number"},
		{"money with commas", "business_license", "regcap", `"1,000"`, "fields.regcap number"},
		{"three decimals", "business_license", "regcap", `"1.005"`, "fields.regcap decimals"},
		{"negative", "business_license", "regcap", `-1`, "fields.regcap number"},
		{"exponent", "business_license", "regcap", `1e9`, "fields.regcap number"},
		{"no such day", "business_license", "estdate", `"2026-02-30"`, "fields.estdate date"},
		{"day written otherwise", "business_license", "estdate", `"2026年1月5日"`, "fields.estdate date"},
		{"not in the list", "food_operation", "ztyt", `"路边摊"`, "fields.ztyt value"},
		{"phone", "food_operation", "tsjbdh", `"call-me"`, "fields.tsjbdh format"},
		{"property unit", "real_estate", "KZ_BDCDYH", `"999999001002GB00123F0006002"`, "fields.KZ_BDCDYH format"},
		{"bank card", "social_security", "yhkh", `"6222020200012345678"`, "fields.yhkh check"},
		{"time of day", "birth", "birthTime", `"2026-01-02 08:36"`, "fields.birthTime date"},
		{"weeks with decimals", "birth", "gestationalAge", `39.5`, "fields.gestationalAge decimals"},
		{"picture as text", "physician", "photo", `"x"`, "fields.photo type"},
		{"picture is none", "physician", "photo", `{"media_type":"image/png","data":"aGVsbG8="}`, "fields.photo picture"},
		{"picture missing", "physician", "photo", "", "fields.photo required"},
		{"table as text", "construction", "cjdw", `"x"`, "fields.cjdw type"},
		{"unknown column", "construction", "cjdw", `[{"dwlx":"a","dwmc":"b","xmfzr":"c","x":"d"}]`, "fields.cjdw[0].x unknown"},
		{"cell missing", "construction", "cjdw", `[{"dwlx":"a","dwmc":"b"}]`, "fields.cjdw[0].xmfzr required"},
		{"no rows", "construction", "cjdw", `[]`, "fields.cjdw required"},
		{"six rows", "construction", "cjdw", `[{},{},{},{},{},{}]`, "fields.cjdw length"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			k := load(t, tc.kind)
			_, err := k.Validate(request(t, k, map[string]string{tc.key: tc.raw}))
			got := refused(err)
			if tc.name == "no rows" || tc.name == "six rows" || tc.name == "empty" {
				got, _, _ = strings.Cut(got, ", ")
			}
			if got != tc.want {
				t.Errorf("refused %q, want %q", got, tc.want)
			}
		})
	}
}

func TestValidatePictureMediaType(t *testing.T) {
	t.Parallel()
	k := load(t, "physician")
	r := request(t, k, nil)
	r.Fields["photo"] = json.RawMessage(strings.Replace(string(r.Fields["photo"]), "image/png", "image/jpeg", 1))
	if _, err := k.Validate(r); refused(err) != "fields.photo.media_type conflict" {
		t.Errorf("%v", refused(err))
	}
}

func TestValidateHolders(t *testing.T) {
	t.Parallel()
	person := catalogue.Holder{Type: "person", IDType: "111", ID: "999999199005060117", Name: "张样例"}
	other := catalogue.Holder{Type: "person", IDType: "111", ID: "999999199208090148", Name: "李样例"}
	firm := catalogue.Holder{Type: "legal", IDType: "001", ID: "91999999MA000X015M", Name: "青禾县样例商行"}
	with := func(h catalogue.Holder, change func(*catalogue.Holder)) catalogue.Holder { change(&h); return h }
	for _, tc := range []struct {
		name, kind string
		holders    []catalogue.Holder
		want       string
	}{
		{"none", "business_license", nil, "holders count"},
		{"two firms", "business_license", []catalogue.Holder{firm, firm}, "holders count"},
		{"one spouse", "marriage", []catalogue.Holder{person}, "holders count"},
		{"the same spouse", "marriage", []catalogue.Holder{person, person}, "holders[1].id twice"},
		{"a firm marries", "marriage", []catalogue.Holder{person, firm}, "holders[1].type value, holders[1].id_type value"},
		{"a person as a firm", "business_license", []catalogue.Holder{person}, "holders[0].type value, holders[0].id_type value"},
		{"wrong check", "business_license", []catalogue.Holder{with(firm, func(h *catalogue.Holder) { h.ID = "91999999MA000X015N" })}, "holders[0].id id.check"},
		{"short number", "social_security", []catalogue.Holder{with(person, func(h *catalogue.Holder) { h.ID = "9999" })}, "holders[0].id id.length"},
		{"no number", "social_security", []catalogue.Holder{with(person, func(h *catalogue.Holder) { h.ID = "" })}, "holders[0].id required"},
		{"no name", "social_security", []catalogue.Holder{with(person, func(h *catalogue.Holder) { h.Name = "" })}, "holders[0].name required"},
		{"unknown type of number", "social_security", []catalogue.Holder{with(person, func(h *catalogue.Holder) { h.IDType = "777" })}, "holders[0].id_type value"},
		{"number of a firm for a person", "food_operation", []catalogue.Holder{with(firm, func(h *catalogue.Holder) { h.Type = "person" })}, "holders[0].id_type conflict"},
		{"a child needs no number", "birth", []catalogue.Holder{{Type: "person", IDType: "999", Name: "张小样"}}, ""},
		{"a new firm needs no number", "business_license", []catalogue.Holder{with(firm, func(h *catalogue.Holder) { h.ID = "" })}, ""},
		{"three owners", "real_estate", []catalogue.Holder{person, other, firm}, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			k := load(t, tc.kind)
			r := request(t, k, nil)
			r.Holders = tc.holders
			_, err := k.Validate(r)
			got := ""
			if err != nil {
				got = refused(err)
			}
			if got != tc.want {
				t.Errorf("refused %q, want %q", got, tc.want)
			}
		})
	}
}

func TestValidatePeriod(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ name, kind, from, to, want, refused string }{
		{"five years by rule", "food_operation", "2026-03-15", "", "2031-03-14", ""},
		{"from a leap day", "food_operation", "2028-02-29", "", "2033-02-28", ""},
		{"shorter", "food_operation", "2026-03-15", "2027-03-14", "2027-03-14", ""},
		{"longer", "food_operation", "2026-03-15", "2031-03-15", "", "valid_to years"},
		{"backwards", "approval", "2026-03-15", "2026-03-14", "", "valid_to order"},
		{"one day", "approval", "2026-03-15", "2026-03-15", "2026-03-15", ""},
		{"open", "approval", "2026-03-15", "", "0000-00-00", ""},
		{"for ever", "marriage", "2026-03-15", "2027-03-15", "", "valid_to none"},
		{"no start", "marriage", "", "", "", "valid_from required"},
		{"no such day", "marriage", "2026-02-29", "", "", "valid_from date"},
		{"not a day", "approval", "2026-02-01", "soon", "", "valid_to date"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			k := load(t, tc.kind)
			r := request(t, k, nil)
			r.ValidFrom, r.ValidTo = tc.from, tc.to
			c, err := k.Validate(r)
			if tc.refused != "" {
				if got := refused(err); got != tc.refused {
					t.Errorf("refused %q, want %q", got, tc.refused)
				}
				return
			}
			if err != nil || c.ValidTo.String() != tc.want {
				t.Errorf("valid to %v, %v; want %s", c.ValidTo, err, tc.want)
			}
		})
	}
}

// A refusal must not repeat what was given: it may be personal data.
func TestRefusalsHoldNoValues(t *testing.T) {
	t.Parallel()
	k := load(t, "marriage")
	r := request(t, k, map[string]string{"nfgj": `"秘密秘密 "`})
	r.Holders[0].ID = "999999199005060118"
	_, err := k.Validate(r)
	e := fault.As(err)
	if e == nil || len(e.Fields) != 2 {
		t.Fatalf("%v", err)
	}
	for _, f := range e.Fields {
		if strings.Contains(f.Message, "秘密") || strings.Contains(f.Message, "1990") {
			t.Errorf("%s: %s", f.Name, f.Message)
		}
	}
}

func FuzzValidate(f *testing.F) {
	for _, name := range shipped(f) {
		f.Add(name, string(load(f, name).Example))
	}
	all := map[string]*catalogue.Kind{}
	for _, name := range shipped(f) {
		all[name] = load(f, name)
	}
	f.Fuzz(func(t *testing.T, name, body string) {
		k := all[name]
		var r catalogue.Request
		if k == nil || json.Unmarshal([]byte(body), &r) != nil {
			return
		}
		c, err := k.Validate(r)
		if err != nil {
			if refused(err) == "not a refusal" {
				t.Fatalf("%v", err)
			}
			return
		}
		if _, err := k.Draft(c, catalogue.SampleIssuance()); err != nil && refused(err) == "not a refusal" {
			t.Fatalf("valid content is not drafted: %v", err)
		}
	})
}
