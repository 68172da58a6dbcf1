package catalogue_test

import (
	"encoding/json"
	"io/fs"
	"strings"
	"testing"

	"sidian/internal/catalogue"
	"sidian/internal/fault"
)

// The figures are those of a table of usual masks; no standard sets any.
func TestMasks(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ rule, in, want string }{
		{"", "青禾县", "青禾县"},
		{"name", "张样例", "张**"}, {"name", "张样", "张*"}, {"name", "张", "*"}, {"name", "", ""},
		{"id", "999999199005060117", "999999********0117"}, {"id-strict", "999999199005060117", "9****************7"},
		{"id", "999999900506011", "999999*****6011"}, // of fifteen digits
		{"id", "99999919", "99****19"}, {"id", "999", "***"}, {"id", "", ""},
		{"phone", "13800008000", "138****8000"}, {"phone-strict", "13800008000", "*******8000"}, {"phone", "12345", "1***5"},
		{"passport", "E12345678", "E******78"}, {"passport-strict", "E12345678", "*******78"}, {"passport", "E1", "**"},
		{"bank", "6200000000000005", "620000******0005"}, {"bank-strict", "6200000000000005", "************0005"},
		{"code", "91999999MA000X015M", "9199**********015M"}, {"code-strict", "91999999MA000X015M", "**************015M"},
		{"all", "1990-05-06", "**********"}, {"all", "", ""}, {"unheard of", "张样例", "***"},
		{"address", "青禾县城关街道样例路99号6号楼", "青禾县*************"},
		{"address", "某省某市某区样例路99号", "某省某市某区******"},
		{"address", "某省某市样例路阳光小区3号", "某省某市*********"},
		{"address", "某某自治区某市某区某路1号", "某某自治区某市某区****"},
		{"address", "某某自治州某某自治县某乡", "某某自治州某某自治县**"},
		{"address", "阳光小区3号楼", "*******"}, {"address", "", ""}, {"address", "区", "区"},
	} {
		if got := catalogue.Mask(tc.rule, tc.in); got != tc.want {
			t.Errorf("Mask(%q, %q) = %q, want %q", tc.rule, tc.in, got, tc.want)
		}
	}
}

// A mask hides something of every value, and a strict one shows nothing that
// the usual one hides: seen side by side they tell no more.
func TestMasksNest(t *testing.T) {
	t.Parallel()
	for _, rule := range []string{"id", "phone", "passport", "bank", "code"} {
		for n := 1; n < 40; n++ {
			value := strings.Repeat("0123456789", 4)[:n]
			usual, strict := catalogue.Mask(rule, value), catalogue.Mask(rule+"-strict", value)
			if len(usual) != n || len(strict) != n || !strings.Contains(usual, "*") {
				t.Errorf("%s of %d: %q, %q", rule, n, usual, strict)
			}
			for i := range n {
				if usual[i] == '*' && strict[i] != '*' {
					t.Errorf("%s of %d: %q shows more than %q", rule, n, strict, usual)
					break
				}
			}
		}
	}
}

// What a field shows follows from its class, then from its type.
func TestMaskOfClass(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		f    catalogue.Field
		want string
	}{
		"public text":                  {catalogue.Field{Type: catalogue.Text, Class: "公开"}, ""},
		"public number of a citizen":   {catalogue.Field{Type: catalogue.CitizenID, Class: "公开"}, ""},
		"public with a mask":           {catalogue.Field{Type: catalogue.CodeType, Class: "公开", Mask: "code"}, "code"},
		"text without a class":         {catalogue.Field{Type: catalogue.Text}, ""},
		"citizen without a class":      {catalogue.Field{Type: catalogue.CitizenID}, "id"},
		"internal citizen":             {catalogue.Field{Type: catalogue.CitizenID, Class: "内部"}, "id"},
		"internal telephone":           {catalogue.Field{Type: catalogue.Text, Check: "mobile"}, "phone"},
		"internal bank card":           {catalogue.Field{Type: catalogue.CodeType, Check: "luhn"}, "bank"},
		"internal credit code":         {catalogue.Field{Type: catalogue.USCC}, ""},
		"internal with a mask":         {catalogue.Field{Type: catalogue.Text, Mask: "address"}, "address"},
		"sensitive text":               {catalogue.Field{Type: catalogue.Text, Class: "敏感"}, "all"},
		"sensitive choice":             {catalogue.Field{Type: catalogue.Enum, Class: "敏感"}, "all"},
		"sensitive citizen":            {catalogue.Field{Type: catalogue.CitizenID, Class: "敏感"}, "id-strict"},
		"sensitive credit code":        {catalogue.Field{Type: catalogue.USCC, Class: "敏感"}, "id-strict"},
		"sensitive with a mask":        {catalogue.Field{Type: catalogue.CodeType, Class: "敏感", Mask: "code"}, "code-strict"},
		"sensitive address":            {catalogue.Field{Type: catalogue.Text, Class: "敏感", Mask: "address"}, "all"},
		"sensitive name":               {catalogue.Field{Type: catalogue.Text, Class: "敏感", Mask: "name"}, "name"},
		"sensitive name of the holder": {catalogue.Field{Type: catalogue.Text, Class: "敏感", Source: "holder2.name"}, "name"},
		"sensitive id of the holders":  {catalogue.Field{Type: catalogue.Text, Class: "敏感", Source: "holder.ids"}, "id-strict"},
	} {
		if got := tc.f.MaskOf(); got != tc.want {
			t.Errorf("%s: %q, want %q", name, got, tc.want)
		}
	}
}

// No sensitive field of a kind that we ship is shown in clear.
func TestShippedKindsMask(t *testing.T) {
	t.Parallel()
	n := 0
	for _, name := range shipped(t) {
		k := load(t, name)
		for _, f := range k.Fields {
			if f.ClassOf() != catalogue.Sensitive {
				continue
			}
			n++
			if value := "样例样例样例样例"; f.Masked(value) == value {
				t.Errorf("%s %s is shown", k.Name, f.Key)
			}
		}
	}
	if n < 20 {
		t.Errorf("only %d sensitive fields", n)
	}
}

func TestMaskHolder(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ in, want catalogue.Holder }{
		"citizen":  {catalogue.Holder{Type: "person", IDType: "111", ID: "999999199005060117", Name: "张样例"}, catalogue.Holder{ID: "999999********0117", Name: "张**"}},
		"passport": {catalogue.Holder{Type: "person", IDType: "414", ID: "E12345678", Name: "李样"}, catalogue.Holder{ID: "E******78", Name: "李*"}},
		"firm":     {catalogue.Holder{Type: "legal", IDType: "001", ID: "91999999MA000X015M", Name: "青禾县样例商行"}, catalogue.Holder{ID: "91999999MA000X015M", Name: "青禾县样例商行"}},
		"new-born": {catalogue.Holder{Type: "person", IDType: "111", Name: "王样例"}, catalogue.Holder{Name: "王**"}},
	} {
		tc.want.Type, tc.want.IDType = tc.in.Type, tc.in.IDType
		if got := catalogue.MaskHolder(tc.in); got != tc.want {
			t.Errorf("%s: %+v, want %+v", name, got, tc.want)
		}
	}
}

// The marking is refused, the words alone are not.
func TestSecretMarked(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"秘密★10年": true, "机密★20年": true, "绝密★30年": true, "秘密★": true, "绝密★长期": true, "机密★启用前": true, "秘密★解密前": true,
		"秘密★６个月": true, "秘密 ★ 十年": true, "秘　密★10年": true, "绝密★\n": true, "文件（机密★）": true, "依据某办〔2026〕1号（秘密★5年）办理": true, "机密☆20年": true,
		"秘密★2030年1月1日解密": true,
		"绝密餐饮有限公司":       false, "绝密": false, "机密文件销毁服务": false, "秘密花园幼儿园": false, "绝密★酒吧": false, "★★★★★级景区": false,
		"商业秘密": false, "秘密 10年": false, "": false, "★秘密": false, "机密★星光剧本杀馆": false,
	} {
		if got := catalogue.SecretMarked(text); got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
}

// Wherever a request may say it, it is refused, and not repeated.
func TestSecretIsRefused(t *testing.T) {
	t.Parallel()
	const marked = "关于某项目的批复 秘密★10年"
	for name, tc := range map[string]struct {
		kind, where string
		change      func(r *catalogue.Request)
	}{
		"a field":  {"approval", "fields.xknr", func(r *catalogue.Request) { r.Fields["xknr"] = raw(t, marked) }},
		"a holder": {"approval", "holders[0].name", func(r *catalogue.Request) { r.Holders[0].Name = marked }},
		"a row":    {"construction", "fields.dwxx[0].dwmc", nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			k := load(t, tc.kind)
			r := exampleOf(t, k)
			if tc.change == nil {
				tc.where = rowOf(t, k, &r, marked)
			} else {
				tc.change(&r)
			}
			_, err := k.Validate(r)
			wantField(t, err, tc.where, "secret")
			if strings.Contains(err.Error(), marked) {
				t.Error("the refusal repeats it")
			}
		})
	}
}

// rowOf puts text into the first cell of the first table, and says where.
func rowOf(t *testing.T, k *catalogue.Kind, r *catalogue.Request, text string) string {
	t.Helper()
	for _, f := range k.Fields {
		if f.Type == catalogue.Table {
			r.Fields[f.Key] = raw(t, []map[string]string{{f.Columns[0].Key: text}})
			return "fields." + f.Key + "[0]." + f.Columns[0].Key
		}
	}
	t.Fatal("no table")
	return ""
}

func exampleOf(t *testing.T, k *catalogue.Kind) catalogue.Request {
	t.Helper()
	r, err := k.ExampleRequest()
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func raw(t *testing.T, v any) json.RawMessage {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func wantField(t *testing.T, err error, where, code string) {
	t.Helper()
	e := fault.As(err)
	if e == nil {
		t.Fatalf("got %v, want %s %s", err, where, code)
	}
	for _, f := range e.Fields {
		if f.Name == where && f.Code == code && f.Message != "" {
			return
		}
	}
	t.Errorf("got %+v, want %s %s", e.Fields, where, code)
}

// What the law keeps out is configured by the kind, and refused with the law.
func TestExcluded(t *testing.T) {
	t.Parallel()
	files := change(t, folder(t, "approval"), "approval/kind.yaml", "basis:\n", `excluded:
  - { field: slh, match: "X.*", reason: 涉密事项不得制发电子证照，请办理纸质批文, basis: 某条例第四条 }
  - { field: holder.id_type, match: "414", reason: 外国人的此类许可不制发电子证照，请到窗口办理, basis: 某条例第五条 }
basis:
`)
	sub, err := fs.Sub(files, "approval")
	if err != nil {
		t.Fatal(err)
	}
	k, err := catalogue.Load("approval", sub)
	if err != nil {
		t.Fatal(err)
	}
	r := exampleOf(t, k)
	if _, err := k.Validate(r); err != nil {
		t.Fatal(err)
	}
	r.Fields["slh"] = raw(t, "AX1")
	if _, err := k.Validate(r); err != nil {
		t.Errorf("a part of the value matches: %v", err)
	}
	r.Fields["slh"] = raw(t, "X1")
	_, err = k.Validate(r)
	wantField(t, err, "fields.slh", "excluded")
	r = exampleOf(t, k)
	r.Holders[0].Type, r.Holders[0].IDType, r.Holders[0].ID = "person", "414", "E12345678"
	_, err = k.Validate(r)
	wantField(t, err, "holders[0].id_type", "excluded")
}
