package designer

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"sidian/certid"
	"sidian/internal/catalogue"
	"sidian/internal/web/page"
)

// A choice is a list of boxes of which several may be ticked.
type choice struct {
	Name, Legend, Hint string
	Options            []tick
}

type tick struct {
	ID, Value, Label string
	On               bool
}

type elementsPage struct {
	common
	Groups []group
}

// A group is controls that belong together.
type group struct {
	Legend, Text string
	Fields       []page.Field
	Choices      []choice
}

func joined(list []string) string { return strings.Join(list, "\n") }

func elementValues(k *catalogue.Kind) values {
	v := values{url.Values{}, &wrongs{}}
	var items, excluded, metadata []string
	for _, it := range k.Items {
		items = append(items, strings.TrimRight(it.Name+" | "+it.Code, " |"))
	}
	for _, x := range k.Excluded {
		excluded = append(excluded, strings.Join([]string{x.Field, x.Reason, x.Basis, x.Match}, " | "))
	}
	for name, from := range k.Metadata {
		metadata = append(metadata, name+" | "+from)
	}
	slices.Sort(metadata)
	for name, s := range map[string]string{
		"name": k.Title, "code": k.Code.String(), "code_origin": string(k.Origin), "definer.name": k.Definer.Name, "definer.level": k.Definer.Level,
		"category": string(k.Category), "items": joined(items), "roles": joined(k.Holders.Roles), "number": k.Number.Pattern, "number.check": k.Number.Check,
		"validity.rule": k.Validity.Rule, "validity.years": count(k.Validity.Years), "sharing": string(k.Sharing), "sharing_basis": k.Limit, "sharing_use": k.Use,
		"basis": joined(k.Basis), "pattern": k.Pattern, "standard": k.Standard, "excluded": joined(excluded), "metadata": joined(metadata),
		"effect.exception": k.Effect.Exception, "effect.basis": k.Effect.Basis,
	} {
		v.Set(name, s)
	}
	more := map[string]bool{"more": k.Holders.More, "mint": k.Holders.MintID, "optional": k.Holders.OptionalID, "byholder": k.Number.Holder}
	for name, on := range more {
		if on {
			v.Add("ways", name)
		}
	}
	v.Values["issuer_levels"], v.Values["types"], v.Values["id_types"], v.Values["scope"] = k.Levels, k.Holders.Types, k.Holders.IDTypes, k.Number.Scope
	return v
}

// kept is the order of before where nothing else changed: boxes have none.
func kept(before, chosen []string) []string {
	a, b := slices.Sorted(slices.Values(before)), slices.Sorted(slices.Values(chosen))
	if slices.Equal(a, b) {
		return before
	}
	return chosen
}

func applyElements(k *catalogue.Kind, v values) {
	k.Title, k.Origin, k.Definer = v.str("name"), catalogue.Origin(v.str("code_origin")), catalogue.Definer{Name: v.str("definer.name"), Level: v.str("definer.level")}
	k.Code = catalogue.Code{}
	if code := v.str("code"); code != "" {
		var err error
		if k.Code, err = certid.ParseKind(code); err != nil {
			v.wrong.add("code", "证照类型代码应为定义机构统一社会信用代码 18 位加 3 位序号，共 21 位，校验位要对")
		}
	}
	k.Category, k.Pattern, k.Standard = catalogue.Category(v.str("category")), v.str("pattern"), v.str("standard")
	k.Levels = kept(k.Levels, v.chosen("issuer_levels"))
	items := k.Items
	k.Items = nil
	for _, l := range v.lines("items") {
		c := cells(l, 2)
		k.Items = append(k.Items, catalogue.ServiceItem{Name: c[0], Code: c[1]})
	}
	if slices.Equal(items, k.Items) {
		k.Items = items
	}
	ways := v.chosen("ways")
	k.Holders = catalogue.Holders{Roles: orNil(v.lines("roles"), k.Holders.Roles), Types: kept(k.Holders.Types, v.chosen("types")), IDTypes: kept(k.Holders.IDTypes, v.chosen("id_types")),
		More: slices.Contains(ways, "more"), MintID: slices.Contains(ways, "mint"), OptionalID: slices.Contains(ways, "optional")}
	k.Number = catalogue.Number{Pattern: v.str("number"), Holder: slices.Contains(ways, "byholder"), Scope: kept(k.Number.Scope, v.chosen("scope")), Check: v.str("number.check")}
	k.Validity = catalogue.Validity{Rule: v.str("validity.rule"), Years: v.int("validity.years", "年数")}
	k.Sharing, k.Limit, k.Use = catalogue.Sharing(v.str("sharing")), v.str("sharing_basis"), v.str("sharing_use")
	k.Effect = catalogue.Effect{Exception: v.str("effect.exception"), Basis: v.str("effect.basis")}
	k.Basis = orNil(v.lines("basis"), k.Basis)
	applyMore(k, v)
}

// orNil is list, or before where it says the same.
func orNil(list, before []string) []string {
	if slices.Equal(list, before) {
		return before
	}
	return list
}

func applyMore(k *catalogue.Kind, v values) {
	k.Excluded = nil
	for _, l := range v.lines("excluded") {
		c := cells(l, 4)
		if c[3] == "" {
			v.wrong.add("excluded", "每条一行，写“照面项的键 | 理由 | 依据 | 正则表达式”")
			return
		}
		k.Excluded = append(k.Excluded, catalogue.Exclusion{Field: c[0], Reason: c[1], Basis: c[2], Match: c[3]})
	}
	k.Metadata = nil
	for _, l := range v.lines("metadata") {
		c := cells(l, 2)
		if k.Metadata == nil {
			k.Metadata = map[string]string{}
		}
		k.Metadata[c[0]] = c[1]
	}
}

func ticks(v values, name, legend, hint string, list []page.Option) choice {
	c := choice{Name: name, Legend: legend, Hint: hint}
	for _, o := range list {
		c.Options = append(c.Options, tick{ID: idOf(name + "." + o.Value), Value: o.Value, Label: o.Label, On: slices.Contains(v.Values[name], o.Value)})
	}
	return c
}

func idTypeOptions() (out []page.Option) {
	for _, c := range idTypes {
		out = append(out, page.Option{Value: c, Label: c + " " + catalogue.IDTypeName(c)})
	}
	return out
}

func checkOptions() []page.Option { return options(catalogue.Checks()...) }

func categoryOptions() (out []page.Option) {
	for _, c := range catalogue.Categories() {
		out = append(out, page.Option{Value: string(c), Label: string(c)})
	}
	return out
}

// groupsOf are the controls of the elements.
func groupsOf(v values) []group {
	f := func(name, label, hint string, more page.Field) page.Field {
		more.ID, more.Name, more.Label, more.Hint, more.Value = idOf(name), name, label, hint, v.str(name)
		return more
	}
	one := func(name, label string, list []page.Option, none string) page.Field {
		return f(name, label, "", page.Field{Options: with(list, v.str(name)), Any: none})
	}
	return []group{
		{Legend: "这是什么证照", Fields: []page.Field{
			f("name", "证照类型名称", "", page.Field{Required: true, Max: 128}),
			f("code", "证照类型代码", "21 位：定义机构统一社会信用代码 18 位加 3 位序号（GB/T 36904）", page.Field{Code: true, Required: true, Max: 21}),
			one("code_origin", "代码的来历", origins, ""), one("category", "种类", categoryOptions(), ""),
			f("definer.name", "定义机构", "", page.Field{Required: true, Max: 256}), one("definer.level", "定义机构级别", levels, "请选择"),
			f("pattern", "照面依据的式样", "如 营业执照（副本）2018 年版式样", page.Field{Required: true, Max: 256}),
			f("standard", "国家标准", "有国家标准的，写标准号和年份", page.Field{Max: 128}),
			f("basis", "设定依据", "法律、法规或文件，一行一项", page.Field{Lines: 3, Required: true, Max: 4000}),
		}},
		{Legend: "谁来签发", Fields: []page.Field{
			f("items", "关联事项", "产生证照的政务服务事项，一行一项：名称 | 编码", page.Field{Lines: 3, Required: true, Max: 8000}),
			f("number", "编号规则", "{region} 六位区划，{year} 年，{seq:6} 六位顺序号；也可写 {yy} 年份后两位、{city} {month} {date} {照面项的键}", page.Field{Code: true, Max: 200}),
			f("number.check", "编号须通过的校验", "", page.Field{Options: with(checkOptions(), v.str("number.check")), Any: "不校验"}),
		}, Choices: []choice{
			ticks(v, "issuer_levels", "证照颁发机构级别", "", levels),
			ticks(v, "scope", "顺序号从 1 重新开始", "", scopes),
		}},
		{Legend: "发给谁，管多久", Fields: []page.Field{
			f("roles", "持证主体的称呼", "有几个持证主体的一行一个，如 男方、女方；只有一个的不填", page.Field{Lines: 2, Max: 1000}),
			one("validity.rule", "有效期", rules, ""), f("validity.years", "年数", "固定年数的才填", page.Field{Mode: "numeric", Short: true, Max: 2}),
		}, Choices: []choice{
			ticks(v, "types", "持证主体类别", "", holders),
			ticks(v, "id_types", "证件种类（GB/T 36903 附录 A）", "", idTypeOptions()),
			ticks(v, "ways", "其他", "", []page.Option{{Value: "byholder", Label: "以持证主体代码为证照编号（不写编号规则）"}, {Value: "more", Label: "可以增加持证主体（如共有人）"},
				{Value: "optional", Label: "可以没有证件号码（如新生儿）"}, {Value: "mint", Label: "签发时赋统一社会信用代码"}}),
		}},
		{Legend: "怎样共享", Fields: []page.Field{
			one("sharing", "共享类型", shares, ""), f("sharing_basis", "限制共享的依据", "不是无条件共享的，写明法律、法规条款", page.Field{Lines: 2, Max: 400}),
			f("sharing_use", "使用要求", "含敏感项而可以共享的，写明供谁、用于什么、如何保护", page.Field{Lines: 2, Max: 400}),
		}},
		{Legend: "少用的", Text: "不清楚的不用填。", Fields: []page.Field{
			f("excluded", "依法不发的情形", "一行一条：照面项的键 | 理由 | 依据 | 正则表达式", page.Field{Lines: 2, Max: 8000}),
			f("effect.exception", "法律效力的例外", "电子证照与纸质证照同等有效；法律、行政法规另有规定的，写明哪些情形不能代替原件", page.Field{Lines: 2, Max: 400}),
			f("effect.basis", "例外的依据", "写了例外的才填：法律、行政法规的名称和条款", page.Field{Lines: 2, Max: 400}),
			f("metadata", "元数据的来源", "一行一项：GB/T 36903 短名 | 来源；不填即按通行的取值", page.Field{Lines: 2, Max: 4000}),
		}},
	}
}

func (s *Service) getElements(w http.ResponseWriter, r *http.Request) error {
	o, err := s.open(r)
	if err != nil {
		return err
	}
	return s.showElements(w, r, http.StatusOK, o, elementValues(&o.design.kind), nil)
}

func (s *Service) showElements(w http.ResponseWriter, r *http.Request, code int, o *opened, v values, refusal error) error {
	p := &elementsPage{common: s.common(r, o, "elements", refusal), Groups: groupsOf(v)}
	if refusal != nil && !p.Clash {
		var lists [][]page.Field
		for _, g := range p.Groups {
			lists = append(lists, g.Fields)
		}
		p.Problem = page.Mark(refusal, lists...)
	}
	return s.set.Show(w, code, "elements", p)
}

func (s *Service) postElements(w http.ResponseWriter, r *http.Request) error {
	v, err := formOf(r)
	if err != nil {
		return err
	}
	return s.change(w, r, v, "elements", func(d *design) string {
		applyElements(&d.kind, v)
		return ""
	}, func(code int, o *opened, refusal error) error { return s.showElements(w, r, code, o, v, refusal) })
}

func num(n int) string { return strconv.Itoa(n) }
