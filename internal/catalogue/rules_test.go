package catalogue_test

import (
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"sidian/internal/catalogue"
)

// Each row breaks one rule of a kind that was clean.
func TestCheckFindsBadKinds(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ name, kind, file, from, to, where, code string }{
		{"a state secret", "approval", "kind.yaml", "category: 批文", "category: 批文\nstate_secret: true", "state_secret", "secret"},
		{"a mistyped rule", "approval", "kind.yaml", "sharing:", "shareing:", "kind.yaml", "yaml"},
		{"not YAML", "approval", "kind.yaml", "name:", "name: [", "kind.yaml", "yaml"},
		{"a second document", "approval", "kind.yaml", "basis:\n", "basis:\n  - x\n---\n", "kind.yaml", "yaml"},
		{"a code that fails its check", "approval", "kind.yaml", "11999999000000000Q006", "11999999000000000R006", "kind.yaml", "yaml"},
		{"no code", "approval", "kind.yaml", "code: 11999999000000000Q006\n", "", "code", "missing"},
		{"an unknown category", "approval", "kind.yaml", "category: 批文", "category: 证书", "category", "value"},
		{"an unknown level", "approval", "kind.yaml", "level: 区县级", "level: 县", "definer.level", "value"},
		{"an unknown sharing class", "approval", "kind.yaml", "sharing: 有条件共享", "sharing: 共享", "sharing", "value"},
		{"no legal basis", "approval", "kind.yaml", "basis:\n  - 《中华人民共和国行政许可法》第三十八条、第三十九条\n", "basis: []\n", "basis", "missing"},
		{"an unknown origin", "approval", "kind.yaml", "code_origin: local", "code_origin: guessed", "code_origin", "value"},
		{"an id type outside appendix A", "approval", "kind.yaml", `"511"`, `"512"`, "holders.id_types[5]", "value"},
		{"an unknown holder type", "approval", "kind.yaml", "types: [legal,", "types: [firm,", "holders.types[0]", "value"},
		{"a key with a hyphen", "approval", "kind.yaml", "key: slh,", "key: s-lh,", "fields[5].key", "charset"},
		{"a key twice", "approval", "kind.yaml", "key: slrq,", "key: slh,", "fields.slh", "twice"},
		{"an unknown type", "approval", "kind.yaml", "type: code,", "type: codes,", "fields.slh.type", "value"},
		{"too large a max", "approval", "kind.yaml", "max: 900", "max: 9000", "fields.xknr.max", "range"},
		{"an enum without values", "approval", "kind.yaml", "label: 许可依据, type: text", "label: 许可依据, type: enum", "fields.xkyj.values", "value"},
		{"an unknown source", "approval", "kind.yaml", "source: holder.names", "source: holder.nick", "fields.sqr.source", "source"},
		{"an unknown check", "construction", "kind.yaml", "max: 40, class: 公开, hint", "check: magic, class: 公开, hint", "fields.xmdm.check", "value"},
		{"a bad expression", "approval", "kind.yaml", "label: 受理号, type: code", `label: 受理号, match: "(", type: code`, "fields.slh.match", "regexp"},
		{"a number without a sequence", "approval", "kind.yaml", "{seq:1}", "1", "number.pattern", "sequence"},
		{"an unknown token", "approval", "kind.yaml", "{year}", "{years}", "number.pattern", "token"},
		{"two number rules", "approval", "kind.yaml", "scope: [year]", "holder: true", "number", "conflict"},
		{"a code token of an enum without codes", "real_estate", "kind.yaml", "第{seq:7}", "{code:KZ_GYQK}第{seq:7}", "number.pattern", "token"},
		{"an unknown scope", "approval", "kind.yaml", "scope: [year]", "scope: [moon]", "number.scope[0]", "value"},
		{"years without a number", "food_operation", "kind.yaml", "{ rule: years, years: 5 }", "{ rule: years }", "validity.years", "value"},
		{"years without the rule", "marriage", "kind.yaml", "{ rule: none }", "{ rule: none, years: 5 }", "validity.years", "value"},
		{"no seal", "approval", "kind.yaml", "seals:\n  - { role: issuer, kind: legal-name, page: 0, at: [128, 221, 42, 42] }\n", "seals: []\n", "seals", "missing"},
		{"a seal off the page", "approval", "kind.yaml", "at: [128, 221, 42, 42]", "at: [178, 221, 42, 42]", "seals[0].at", "range"},
		{"a seal on no page", "approval", "kind.yaml", "page: 0", "page: 1", "seals[0].page", "range"},
		{"an unknown seal", "approval", "kind.yaml", "kind: legal-name", "kind: rubber", "seals[0].kind", "value"},
		{"minting without holder numbers", "approval", "kind.yaml", "holders:\n", "holders:\n  mint_id: true\n", "holders.mint_id", "conflict"},
		{"metadata that is none", "approval", "kind.yaml", "basis:\n", "metadata: { ZZXX: number }\nbasis:\n", "metadata.ZZXX", "value"},
		{"a field that is not printed", "approval", "kind.yaml", "fields:\n", "fields:\n  - { key: extra, label: 多余, type: text }\n", "template.yaml pages", "unprinted"},

		{"no use stated", "marriage", "kind.yaml", "sharing_use:", "#", "sharing_use", "missing"},
		{"too long a use", "marriage", "kind.yaml", "sharing_use: ", "sharing_use: " + strings.Repeat("用", 400), "sharing_use", "length"},
		{"sensitive by one field, shared with all", "approval", "kind.yaml", "label: 受理号, type: code", "label: 受理号, class: 敏感, type: code", "sharing_use", "missing"},
		{"an unknown mask", "approval", "kind.yaml", "mask: code", "mask: half", "fields.sqrdm.mask", "value"},
		{"an exclusion of no field", "approval", "kind.yaml", "basis:\n", "excluded: [{ field: none, match: x, reason: r, basis: b }]\nbasis:\n", "excluded[0].field", "value"},
		{"an exclusion of what is computed", "approval", "kind.yaml", "basis:\n", "excluded: [{ field: sqr, match: x, reason: r, basis: b }]\nbasis:\n", "excluded[0].field", "value"},
		{"an exclusion of nothing", "approval", "kind.yaml", "basis:\n", "excluded: [{ field: slh, reason: r, basis: b }]\nbasis:\n", "excluded[0].match", "regexp"},
		{"an exclusion with a bad expression", "approval", "kind.yaml", "basis:\n", "excluded: [{ field: slh, match: '(', reason: r, basis: b }]\nbasis:\n", "excluded[0].match", "regexp"},
		{"an exclusion without a law", "approval", "kind.yaml", "basis:\n", "excluded: [{ field: slh, match: x, reason: r }]\nbasis:\n", "excluded[0].basis", "length"},
		{"an exclusion without a reason", "approval", "kind.yaml", "basis:\n", "excluded: [{ field: slh, match: x, basis: b }]\nbasis:\n", "excluded[0].reason", "length"},

		{"less than the original by no law", "approval", "kind.yaml", "basis:\n", "effect: { exception: 不能代替原件 }\nbasis:\n", "effect.basis", "missing"},
		{"a law that says nothing", "approval", "kind.yaml", "basis:\n", "effect: { basis: 某法第一条 }\nbasis:\n", "effect.exception", "length"},
		{"too long a law", "approval", "kind.yaml", "basis:\n", "effect: { exception: x, basis: " + strings.Repeat("法", 401) + " }\nbasis:\n", "effect.basis", "length"},

		{"an item that is two things", "approval", "template.yaml", "qr: true,", "qr: true, text: x,", "template.yaml pages[0].items[14]", "what"},
		{"an item off the page", "approval", "template.yaml", "at: [28, 228, 26, 26]", "at: [28, 280, 26, 26]", "template.yaml pages[0].items[14]", "at"},
		{"a width that is no number", "approval", "template.yaml", "width: 210", "width: .nan", "template.yaml", "size"},
		{"a place that is no number", "approval", "template.yaml", "at: [28, 228, 26, 26]", "at: [28, .nan, 26, 26]", "template.yaml pages[0].items[14]", "at"},
		{"a line that has no end", "approval", "template.yaml", "line: [28, 67, 182, 67]", "line: [28, 67, .inf, 67]", "template.yaml pages[0].items[2]", "measure"},
		{"a size that is no number", "approval", "template.yaml", "size: 22,", "size: .nan,", "template.yaml pages[0].items[3]", "style"},
		{"a seal at no place", "approval", "kind.yaml", "at: [128, 221, 42, 42]", "at: [.nan, 221, 42, 42]", "seals[0].at", "range"},
		{"an unknown field", "approval", "template.yaml", "field: xknr", "field: xknrr", "template.yaml pages[0].items[10]", "slot"},
		{"an unknown style", "approval", "template.yaml", "style: docno", "style: docnoo", "template.yaml pages[0].items[1]", "style"},
		{"an unknown format", "approval", "template.yaml", "format: date", "format: dates", "template.yaml pages[0].items[13]", "format"},
		{"a bad colour", "approval", "template.yaml", `"#d01f1f", weight`, `"red", weight`, "template.yaml pages[0].items[2]", "color"},
		{"words that do not fit", "approval", "template.yaml", "at: [28, 78, 154, 12]", "at: [28, 78, 15, 12]", "template.yaml pages[0].items[3]", "overflow"},
		{"a character no font has", "approval", "template.yaml", "text: 准予行政许可决定书", "text: 准予𠀀", "template.yaml pages[0].items[3]", "glyph"},
		{"a style that is its own base", "approval", "template.yaml", "red:    { font", "red:    { base: red, font", "template.yaml pages[0].items[0]", "style"},
		{"an unknown frame", "marriage", "template.yaml", "frame: meander", "frame: dragon", "template.yaml pages[0].items[3]", "frame"},
		{"an unknown column", "construction", "template.yaml", "key: dwmc, width", "key: dwmm, width", "template.yaml pages[0].items[22]", "columns"},

		{"an example of another kind", "approval", "example.json", `"kind": "approval"`, `"kind": "marriage"`, "example.json kind", "kind"},
		{"an example with a wrong code", "approval", "example.json", "91999999MA000X04X3", "91999999MA000X04X4", "example.json holders[0].id", "id.check"},
		{"an example that is no JSON", "approval", "example.json", `"holders"`, `holders`, "example.json", "json"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			m := change(t, folder(t, tc.kind), tc.kind+"/"+tc.file, tc.from, tc.to)
			found := catalogue.Check(m, fonts(t), tc.kind)
			for _, f := range found {
				if f.Where == tc.where && f.Code == tc.code {
					if !strings.ContainsFunc(f.Message, func(r rune) bool { return r > 0x4e00 }) {
						t.Errorf("the message is not Chinese: %s", f.Message)
					}
					return
				}
			}
			t.Errorf("found %+v, want %s %s", found, tc.where, tc.code)
		})
	}
}

func TestCheckFindsFilesThatDoNotBelong(t *testing.T) {
	t.Parallel()
	m := folder(t, "approval")
	m["approval/notes.docx"] = &fstest.MapFile{Data: []byte("x")}
	delete(m, "approval/example.json")
	got := catalogue.Check(m, fonts(t))
	if len(got) != 2 || got[0].Code != "file.unknown" || got[1].Code != "file.missing" {
		t.Errorf("%+v", got)
	}
	bad := fstest.MapFS{}
	for name, f := range folder(t, "approval") {
		bad["Appro-val"+strings.TrimPrefix(name, "approval")] = f
	}
	if got := catalogue.Check(bad, fonts(t)); len(got) == 0 || got[0].Code != "name.charset" {
		t.Errorf("%+v", got)
	}
}

func FuzzLoad(f *testing.F) {
	files := folder(f, "approval")
	f.Add(files["approval/kind.yaml"].Data, files["approval/template.yaml"].Data)
	files = folder(f, "construction")
	f.Add(files["construction/kind.yaml"].Data, files["construction/template.yaml"].Data)
	all := fonts(f)
	f.Fuzz(func(t *testing.T, kind, template []byte) {
		m := fstest.MapFS{
			"kind.yaml": {Data: kind}, "template.yaml": {Data: template}, "example.json": {Data: []byte("{}")},
		}
		k, err := catalogue.Load("fuzz", m)
		if err != nil {
			return
		}
		if k.Secret {
			t.Fatal("a kind that is a state secret was loaded")
		}
		_, _ = catalogue.Compile(k, all) // must not panic or hang
	})
}

// The effect of the original is the rule; an exception stands with its law where
// people read of the kind, and in what a version changes (GEN-04).
func TestEffect(t *testing.T) {
	t.Parallel()
	before := load(t, "approval")
	if before.Effect.Excepted() || before.View().Effect != nil || before.Element().Effect != nil {
		t.Error("a kind without an exception has one")
	}
	m := change(t, folder(t, "approval"), "approval/kind.yaml", "basis:\n", "effect: { exception: 不能代替原件, basis: 《某法》第九条 }\nbasis:\n")
	if found := catalogue.Check(m, fonts(t), "approval"); len(found) > 0 {
		t.Fatalf("%+v", found)
	}
	files := map[string][]byte{}
	for name, f := range m {
		if file, ok := strings.CutPrefix(name, "approval/"); ok {
			files[file] = f.Data
		}
	}
	k, err := catalogue.Load("approval", subOf(t, m, "approval"))
	if err != nil {
		t.Fatal(err)
	}
	want := catalogue.Effect{Exception: "不能代替原件", Basis: "《某法》第九条"}
	if k.Effect != want || *k.View().Effect != want || *k.Element().Effect != want {
		t.Errorf("%+v %+v", k.Effect, k.View().Effect)
	}
	changed := catalogue.DiffFiles(before, files)
	if len(changed) != 1 || changed[0].Where != "法律效力例外" || !strings.Contains(changed[0].After, "《某法》第九条") {
		t.Errorf("%+v", changed)
	}
}

func subOf(t testing.TB, m fstest.MapFS, name string) fs.FS {
	t.Helper()
	f, err := fs.Sub(m, name)
	if err != nil {
		t.Fatal(err)
	}
	return f
}
