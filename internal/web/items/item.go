package items

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"sidian/internal/fault"
	"sidian/internal/item"
	"sidian/internal/web/page"
)

func (s *Service) getShow(w http.ResponseWriter, r *http.Request) error {
	i, err := s.Items.Get(r.Context(), r.PathValue("code"))
	if err != nil {
		return err
	}
	p := s.sheet(r, i.Name, "事项登记的内容和关联的证照类型；由"+i.OrgName+"的事项管理人员维护，办事指南随之更新。", page.Wide).Under("事项", Home)
	p.Chips = []page.Chip{stateChips[i.State]}
	if i.State == item.Upcoming && i.InForce > 0 {
		p.Chips = []page.Chip{stateChips[item.InForce], {Class: page.Care, Word: "新版本自 " + i.Starts + " 起"}}
	}
	if p.Notice == nil && len(i.Oddities) > 0 {
		p.Notice = &page.Notice{Title: "编码提示", Text: strings.Join(i.Oddities, "；") + "。不影响使用。"}
	}
	if i.Managed {
		p.Doors = []page.Door{{Label: "关联证照类型", Href: at(i.Code, "bind"), First: true}, {Label: "登记新版本", Href: at(i.Code, "edit")}, {Label: "提出部门间需求", Href: at(i.Code, "need")}}
	}
	if i.InForce > 0 {
		p.Doors = append(p.Doors, page.Door{Label: "看办事指南", Href: page.At(Guides, i.Code)})
	}
	p.Add(page.Part{Facts: factsOf(i)}, page.Part{Title: "关联的证照类型", Table: boundTable(i)})
	if len(i.Needs) > 0 {
		p.Add(page.Part{Title: "需其他部门提供的", Table: needTable(i.Needs)})
	}
	return s.Kit.ShowSheet(w, p.Add(page.Part{Title: "历史版本", Steps: versionSteps(i)}))
}

func factsOf(i *item.Item) []page.Fact {
	facts := []page.Fact{{Label: "实施编码", Text: i.Code, Code: true}, {Label: "基本编码", Text: i.Base, Code: true}, {Label: "实施机构", Text: i.OrgName}, {Label: "事项类型", Text: i.TypeName},
		{Label: "行使层级", Text: i.TierName}}
	add := func(label, text string) {
		if text != "" {
			facts = append(facts, page.Fact{Label: label, Text: text})
		}
	}
	add("服务对象", item.NameOf(item.Audiences(), i.Audience))
	add("办件类型", wayOf(i.Way, i.Days))
	add("设定依据", i.Basis)
	var names []string
	for _, m := range i.Materials {
		name := m.Name
		if m.Spared {
			name += "（可容缺）"
		}
		names = append(names, name)
	}
	add("申请材料", strings.Join(names, "、"))
	add("办事说明", i.Note)
	if i.NoResult {
		add("办理结果", "不是证照")
	}
	return append(facts, page.Fact{Label: "有效期", Text: "自 " + i.Starts + " 起" + untilOf(i.Ends)}, page.Fact{Label: "版本", Text: "第 " + strconv.Itoa(i.Version) + " 版"})
}

func wayOf(way string, days int) string {
	text := item.NameOf(item.Ways(), way)
	if days > 0 {
		text += fmt.Sprintf("，%d 个工作日", days)
	}
	return strings.TrimPrefix(text, "，")
}

func boundTable(i *item.Item) *page.Table {
	t := &page.Table{ID: "bindings", Caption: "关联的证照类型", Quiet: true, Head: []string{"证照类型", "作用", "约定", "依据", "状态"},
		Empty: page.Empty{Title: "还没有关联证照类型", Text: "关联后，办事指南写明哪些材料免交、办出什么证照，签发时也由此选择证照类型。"}}
	for _, b := range i.Bindings {
		row := page.Row{ID: b.ID, Cells: []page.Cell{{Text: b.Title, Sub: b.KindCode}, {Text: b.RoleName}, {Text: termsOf(b)}, {Text: b.Reason, Sub: page.Day(b.At)}, {}}}
		end := &row.Cells[4]
		switch {
		case !b.EndedAt.IsZero():
			end.Chips, end.Sub = []page.Chip{{Class: page.Plain, Word: "已解除"}}, b.EndedWhy
		default:
			end.Chips = []page.Chip{{Class: page.Good, Word: "有效"}}
			if i.Managed {
				end.Actions = []page.Action{{Label: "解除", Of: b.Title + "，" + b.RoleName, Href: at(i.Code, "unbind", b.ID)}}
			}
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

// termsOf are the terms of a binding in words.
func termsOf(b item.Binding) string {
	var list []string
	if b.Role == item.Input {
		list = append(list, map[bool]string{true: "没有也可以办理", false: "必需"}[b.Optional])
	}
	if b.Exempt {
		list = append(list, "免提交")
	}
	if b.Material != "" {
		list = append(list, "代替“"+b.Material+"”")
	}
	if len(b.Fields) > 0 {
		names := b.Labels
		if len(names) == 0 {
			names = b.Fields
		}
		list = append(list, "可以看到："+strings.Join(names, "、"))
	}
	if len(list) == 0 {
		return "—"
	}
	return strings.Join(list, "，")
}

func versionSteps(i *item.Item) (out []page.Step) {
	for _, v := range i.Versions {
		st := page.Step{Title: "第 " + strconv.Itoa(v.Version) + " 版", Text: v.Content.Name + "，自 " + v.Content.Starts + " 起" + untilOf(v.Content.Ends) + "。" + v.Reason, At: v.At}
		if v.Version == i.InForce {
			st.Chips = []page.Chip{{Class: page.Good, Word: "现行"}}
		}
		out = append(out, st)
	}
	return out
}

// contentFields are the controls of a content, with what they hold.
func contentFields(v func(string) string) []page.Field {
	return []page.Field{
		{ID: "name", Name: "name", Label: "事项名称", Value: v("name"), Required: true, Max: 200},
		{ID: "type", Name: "type", Label: "事项类型", Value: v("type"), Any: "由编码确定", Options: optionsOf(item.Types())},
		{ID: "tier", Name: "tier", Label: "行使层级", Value: v("tier"), Any: "由编码确定", Options: optionsOf(item.Tiers())},
		{ID: "base", Name: "base", Label: "基本编码", Value: v("base"), Code: true, Max: 12, Hint: "12 位；31 位的实施编码中已有，可不填"},
		{ID: "audience", Name: "audience", Label: "服务对象", Value: v("audience"), Any: "不限", Options: optionsOf(item.Audiences())},
		{ID: "way", Name: "way", Label: "办件类型", Value: v("way"), Any: "未定", Options: optionsOf(item.Ways())},
		{ID: "days", Name: "days", Label: "承诺时限", Value: v("days"), Mode: "numeric", Short: true, Hint: "工作日数；没有不填"},
		{ID: "basis", Name: "basis", Label: "设定依据", Value: v("basis"), Lines: 3, Max: 1000, Hint: "法律法规的名称和条款"},
		{ID: "materials", Name: "materials", Label: "申请材料", Value: v("materials"), Lines: 5, Hint: "每行一种；可容缺的在后面写（可容缺）"},
		{ID: "note", Name: "note", Label: "办事说明", Value: v("note"), Lines: 3, Max: 1000, Hint: "公开给办事人看，不写个人信息"},
		{ID: "result", Name: "no_result", Label: "办理结果", Value: v("no_result"), Options: []page.Option{{Value: "", Label: "是证照"}, {Value: "1", Label: "不是证照"}}},
		{ID: "starts", Name: "starts", Label: "生效日期", Type: "date", Value: v("starts"), Hint: "不填则为今天"},
		{ID: "ends", Name: "ends", Label: "失效日期", Type: "date", Value: v("ends"), Hint: "当天仍有效；不填则长期"},
	}
}

const spared = "（可容缺）"

// contentOf reads the controls of a content.
func contentOf(r *http.Request) (c item.Content, err error) {
	v := r.PostFormValue
	c = item.Content{Name: v("name"), Base: v("base"), Type: v("type"), Tier: v("tier"), Audience: v("audience"), Way: v("way"), Basis: v("basis"), Note: v("note"),
		NoResult: v("no_result") == "1", Starts: v("starts"), Ends: v("ends")}
	if d := strings.TrimSpace(v("days")); d != "" {
		if c.Days, err = strconv.Atoi(d); err != nil {
			return c, fault.Invalid.New("承诺时限不正确").WithCode("item.days").WithHint("写工作日数，如 10").WithField("days", "item.days", "写工作日数，如 10")
		}
	}
	for one := range strings.Lines(v("materials")) {
		if one = strings.TrimSpace(one); one != "" {
			name, ok := strings.CutSuffix(one, spared)
			c.Materials = append(c.Materials, item.Material{Name: strings.TrimSpace(name), Spared: ok})
		}
	}
	return c, nil
}

// valueOf is what a content holds, for its controls.
func valueOf(c item.Content) func(string) string {
	var lines []string
	for _, m := range c.Materials {
		if m.Spared {
			m.Name += spared
		}
		lines = append(lines, m.Name)
	}
	days, no := "", ""
	if c.Days > 0 {
		days = strconv.Itoa(c.Days)
	}
	if c.NoResult {
		no = "1"
	}
	values := map[string]string{"name": c.Name, "base": c.Base, "type": c.Type, "tier": c.Tier, "audience": c.Audience, "way": c.Way, "days": days, "basis": c.Basis,
		"note": c.Note, "no_result": no, "starts": "", "ends": c.Ends, "materials": strings.Join(lines, "\n")}
	return func(name string) string { return values[name] }
}

func (s *Service) newPage(r *http.Request) (*page.Sheet, error) {
	units, err := s.Items.Managed(r.Context())
	if err != nil {
		return nil, err
	}
	p := s.sheet(r, "登记事项", "登记后立即公开，自生效日期起列入办事指南；不用他人批准，记入审计。", page.Middle).Under("事项", Home)
	f := &page.Form{Action: Home + "/new", Button: "登记", Busy: "正在登记…", Cancel: Home}
	org := page.Field{ID: "org", Name: "org", Label: "实施机构", Value: r.PostFormValue("org"), Required: true}
	for _, o := range units {
		org.Options = append(org.Options, page.Option{Value: o.ID, Label: o.Name})
	}
	f.Fields = append([]page.Field{org, {ID: "code", Name: "code", Label: "实施编码", Value: r.PostFormValue("code"), Required: true, Code: true, Max: 64, Hint: "31 位；本级旧编码照写"}}, contentFields(r.PostFormValue)...)
	return p.Add(page.Part{Form: f}), nil
}

func (s *Service) getNew(w http.ResponseWriter, r *http.Request) error {
	p, err := s.newPage(r)
	if err != nil {
		return err
	}
	return s.Kit.ShowSheet(w, p)
}

func (s *Service) postNew(w http.ResponseWriter, r *http.Request) error {
	c, err := contentOf(r)
	if err == nil {
		var i *item.Item
		if i, err = s.Items.Create(r.Context(), r.PostFormValue("org"), r.PostFormValue("code"), c); err == nil {
			return page.See(w, r, page.Asking(at(i.Code), "done", "new"))
		}
	}
	p, e := s.newPage(r)
	if e != nil {
		return e
	}
	return s.Kit.ShowAgain(w, p, err)
}

// managed is an item, for who may change it.
func (s *Service) managed(r *http.Request) (*item.Item, error) {
	i, err := s.Items.Get(r.Context(), r.PathValue("code"))
	if err == nil && !i.Managed {
		err = fault.Forbidden.New("您不能管理这个单位的事项").WithCode("item.foreign").WithHint("请由%s的事项管理人员办理", i.OrgName)
	}
	return i, err
}

func (s *Service) editPage(r *http.Request, v func(string) string) (*page.Sheet, error) {
	i, err := s.managed(r)
	if err != nil {
		return nil, err
	}
	if v == nil {
		v = valueOf(i.Content)
	}
	p := s.sheet(r, "登记新版本", "“"+i.Name+"”的第 "+strconv.Itoa(i.Version+1)+" 版；生效日期起使用，原版本保留，记入审计。", page.Middle).Under(i.Name, at(i.Code))
	f := &page.Form{Action: at(i.Code, "edit"), Fields: contentFields(v), Button: "登记新版本", Busy: "正在登记…", Cancel: at(i.Code)}
	f.Fields = append(f.Fields, page.Field{ID: "reason", Name: "reason", Label: "修改理由", Value: r.PostFormValue("reason"), Required: true, Lines: 2, Max: 500, Hint: "依据的文件，记入审计"})
	return p.Add(page.Part{Form: f}), nil
}

func (s *Service) getEdit(w http.ResponseWriter, r *http.Request) error {
	p, err := s.editPage(r, nil)
	if err != nil {
		return err
	}
	return s.Kit.ShowSheet(w, p)
}

func (s *Service) postEdit(w http.ResponseWriter, r *http.Request) error {
	c, err := contentOf(r)
	if err == nil {
		if _, err = s.Items.Change(r.Context(), r.PathValue("code"), c, r.PostFormValue("reason")); err == nil {
			return page.See(w, r, page.Asking(at(r.PathValue("code")), "done", "edit"))
		}
	}
	if page.StatusOf(err) == 0 {
		return err
	}
	p, e := s.editPage(r, r.PostFormValue)
	if e != nil {
		return e
	}
	return s.Kit.ShowAgain(w, p, err)
}

// kindOptions are the kinds to choose from.
func (s *Service) kindOptions(r *http.Request) (out []page.Option, err error) {
	list, err := s.Items.Kinds(r.Context())
	for _, k := range list {
		out = append(out, page.Option{Value: k.Name, Label: k.Title})
	}
	return out, err
}

func (s *Service) bindPage(r *http.Request) (*page.Sheet, error) {
	i, err := s.managed(r)
	if err != nil {
		return nil, err
	}
	kinds, err := s.kindOptions(r)
	if err != nil {
		return nil, err
	}
	p := s.sheet(r, "关联证照类型", "写明“"+i.Name+"”需要或办出哪种证照；立即生效，办事指南随之更新，记入审计。", page.Middle).Under(i.Name, at(i.Code))
	if kind := r.FormValue("kind"); i.Type == item.Inspection && (r.FormValue("role") == item.Inspect || r.Method == http.MethodGet && kind != "") {
		return s.tickPage(r, p, i, kind)
	}
	v := r.PostFormValue
	material := page.Field{ID: "material", Name: "material", Label: "代替的申请材料", Value: v("material"), Any: "不代替材料", Hint: "只用于所需证照"}
	for _, m := range i.Materials {
		material.Options = append(material.Options, page.Option{Value: m.Name, Label: m.Name})
	}
	roles := slices.DeleteFunc(item.Roles(), func(w item.Word) bool { return w.Code == item.Inspect })
	f := &page.Form{Action: at(i.Code, "bind"), Button: "关联", Busy: "正在关联…", Cancel: at(i.Code), Fields: []page.Field{
		{ID: "role", Name: "role", Label: "作用", Value: v("role"), Required: true, Options: optionsOf(roles)},
		{ID: "kind", Name: "kind", Label: "证照类型", Value: v("kind"), Required: true, Options: kinds},
		{ID: "terms", Name: "terms", Label: "所需证照的约定", Value: v("terms"), Hint: "免提交：窗口调取电子证照，不得要求提交原件或复印件", Options: []page.Option{
			{Value: "", Label: "必需"}, {Value: "exempt", Label: "必需，免提交"}, {Value: "optional", Label: "没有也可以办理"}, {Value: "optional-exempt", Label: "没有也可以办理，免提交"}}},
		material, {ID: "reason", Name: "reason", Label: "依据", Value: v("reason"), Required: true, Lines: 2, Max: 500, Hint: "如免提交证照清单的文号"},
	}}
	p.Add(page.Part{Form: f})
	if i.Type == item.Inspection {
		p.Add(page.Part{Title: "检查时查看的证照", Text: "先选证照类型，再选执法人员扫码后可以看到的照面项。", Table: inspectTable(i, kinds)})
	}
	return p, nil
}

// inspectTable leads to the fields of each kind.
func inspectTable(i *item.Item, kinds []page.Option) *page.Table {
	t := &page.Table{ID: "inspect", Caption: "证照类型", Quiet: true, Head: []string{"证照类型", "办理"}}
	for _, k := range kinds {
		t.Rows = append(t.Rows, page.Row{Cells: []page.Cell{{Text: k.Label}, {Actions: []page.Action{{Label: "选照面项", Of: k.Label, Href: page.Asking(at(i.Code, "bind"), "kind", k.Value)}}}}})
	}
	return t
}

// tickPage asks which fields of a kind an officer sees.
func (s *Service) tickPage(r *http.Request, p *page.Sheet, i *item.Item, kind string) (*page.Sheet, error) {
	k, err := s.Items.Catalogue.Get(r.Context(), kind)
	if err != nil {
		return nil, err
	}
	p.Lead = "执法人员按“" + i.Name + "”检查、扫描" + k.Title + "时，只看到勾选的照面项；立即生效，记入审计。"
	t := &page.Tick{Name: "fields", Label: "可以看到的照面项", Form: page.Form{ID: "bind", Busy: "正在保存…", Title: k.Title, Action: at(i.Code, "bind"), Button: "关联", Cancel: at(i.Code),
		Hidden: []page.Hidden{{Name: "role", Value: item.Inspect}, {Name: "kind", Value: k.Name}},
		Fields: []page.Field{{ID: "reason", Name: "reason", Label: "依据", Value: r.PostFormValue("reason"), Required: true, Lines: 2, Max: 500, Hint: "如检查事项清单的文号"}}}}
	for n, f := range k.Fields {
		t.Boxes = append(t.Boxes, page.Box{ID: "field-" + strconv.Itoa(n), Value: f.Key, Label: f.Label, Sub: f.Class, On: slices.Contains(r.PostForm["fields"], f.Key)})
	}
	return p.Add(page.Part{Tick: t}), nil
}

func (s *Service) getBind(w http.ResponseWriter, r *http.Request) error {
	p, err := s.bindPage(r)
	if err != nil {
		return err
	}
	return s.Kit.ShowSheet(w, p)
}

func (s *Service) postBind(w http.ResponseWriter, r *http.Request) error {
	v := r.PostFormValue
	b := item.Bound{Role: v("role"), Kind: v("kind"), Reason: v("reason"), Fields: r.PostForm["fields"]}
	if b.Role == item.Input {
		b.Material, b.Exempt, b.Optional = v("material"), strings.HasSuffix(v("terms"), "exempt"), strings.HasPrefix(v("terms"), "optional")
	}
	_, err := s.Items.Bind(r.Context(), r.PathValue("code"), b)
	if err == nil {
		return page.See(w, r, page.Asking(at(r.PathValue("code")), "done", "bind"))
	}
	if page.StatusOf(err) == 0 {
		return err
	}
	p, e := s.bindPage(r)
	if e != nil {
		return e
	}
	return s.Kit.ShowAgain(w, p, err)
}

func (s *Service) unbindPage(r *http.Request) (*page.Sheet, error) {
	i, err := s.managed(r)
	if err != nil {
		return nil, err
	}
	n := slices.IndexFunc(i.Bindings, func(b item.Binding) bool { return b.ID == r.PathValue("id") && b.EndedAt.IsZero() })
	if n < 0 {
		return nil, fault.NotFound.New("没有这个关联，或已解除").WithCode("item.binding").WithHint("请从事项的关联中选择")
	}
	b := i.Bindings[n]
	p := s.sheet(r, "解除关联", "解除后办事指南立即更新；原关联保留在历史中，记入审计。", page.Middle).Under(i.Name, at(i.Code))
	return p.Add(page.Part{Confirm: &page.Confirm{Title: "解除“" + b.Title + "”", Facts: []page.Fact{{Label: "作用", Text: b.RoleName}, {Label: "约定", Text: termsOf(b)}},
		Action: at(i.Code, "unbind", b.ID), Button: "解除", Busy: "正在解除…", Grave: true, Cancel: at(i.Code), Reason: page.Field{Value: r.PostFormValue("reason")}}}), nil
}

func (s *Service) getUnbind(w http.ResponseWriter, r *http.Request) error {
	p, err := s.unbindPage(r)
	if err != nil {
		return err
	}
	return s.Kit.ShowSheet(w, p)
}

func (s *Service) postUnbind(w http.ResponseWriter, r *http.Request) error {
	code := r.PathValue("code")
	_, err := s.Items.Unbind(r.Context(), code, r.PathValue("id"), r.PostFormValue("reason"))
	if err == nil {
		return page.See(w, r, page.Asking(at(code), "done", "unbind"))
	}
	if page.StatusOf(err) == 0 {
		return err
	}
	p, e := s.unbindPage(r)
	if e != nil {
		return e
	}
	return s.Kit.ShowAgain(w, p, err)
}
