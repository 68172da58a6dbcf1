package matters

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"sidian/internal/catalogue"
	"sidian/internal/fault"
	"sidian/internal/iam"
	"sidian/internal/item"
	"sidian/internal/matter"
	"sidian/internal/web/page"
)

func (s *Service) getNew(w http.ResponseWriter, r *http.Request) error {
	if r.URL.Query().Get("item") == "" {
		return s.chooseItem(w, r)
	}
	p, err := s.openPage(r)
	if err != nil {
		return err
	}
	return s.Kit.ShowSheet(w, p)
}

// chooseItem is the first step: what is it about.
func (s *Service) chooseItem(w http.ResponseWriter, r *http.Request) error {
	ctx, text, cursor := r.Context(), r.URL.Query().Get("q"), r.URL.Query().Get("cursor")
	found, err := s.Items.List(ctx, item.Query{Text: text, Now: true, Cursor: cursor})
	if err != nil {
		return err
	}
	p := s.sheet(r, "受理办件", "先选申请人要办的事项；下一步写申请人和要提交的材料。", page.Wide).Under("办件", Home)
	p.Search = &page.Search{Action: New, Label: "查找事项", Fields: []page.Field{{ID: "q", Name: "q", Label: "事项名称或实施编码", Value: text, Max: 100}}}
	if text != "" {
		p.Search.Clear = New
	}
	t := &page.Table{ID: "items", Caption: "本单位现在办理的事项", Quiet: true, Head: []string{"事项", "类型", "实施机构", ""}, Empty: page.Empty{Title: "没有可以受理的事项", Text: "换一个名称再查；还没有登记的，由本单位的事项管理人员先登记。"}}
	for i := range found.Items {
		v := &found.Items[i]
		if iam.Allow(ctx, "matter.manage", v.Org) != nil {
			continue
		}
		here := page.Asking(New, "item", v.Code)
		t.Rows = append(t.Rows, page.Row{Cells: []page.Cell{{Text: v.Name, Href: here, Sub: v.Code}, {Text: v.TypeName}, {Text: v.OrgName}, {Actions: []page.Action{{Label: "受理", Of: v.Name, Href: here}}}}})
	}
	if found.Next != "" {
		t.Pager.Next = page.Asking(New, "q", text, "cursor", found.Next)
	}
	return s.Kit.ShowSheet(w, p.Add(page.Part{Table: t}))
}

// idTypes are the kinds of identifiers that applicants mostly have, by the type of
// the applicant.
var idTypes = []struct{ code, holder string }{{"111", "person"}, {"001", "legal"}, {"414", "person"}, {"516", "person"}, {"511", "person"}, {"999", "person"}, {"099", "legal"}}

// openPage is the second step: who applies, and what is to be handed in.
func (s *Service) openPage(r *http.Request) (*page.Sheet, error) {
	code := r.FormValue("item")
	it, err := s.Items.Get(r.Context(), code)
	if err != nil {
		return nil, err
	}
	if err := iam.Allow(r.Context(), "matter.manage", it.Org); err != nil {
		return nil, err
	}
	g, err := s.Items.Guide(r.Context(), it.Code)
	if err != nil {
		return nil, err
	}
	p := s.sheet(r, "受理“"+g.Name+"”", "写明申请人和要提交的材料；免提交的证照不得要求提交。受理后由"+g.OrgName+"办理。", page.Middle).Under("受理办件", New)
	facts := []page.Fact{{Label: "事项", Text: g.Name}, {Label: "受理单位", Text: g.OrgName}}
	for _, k := range g.Results {
		facts = append(facts, page.Fact{Label: "办结须有的证照", Text: k.Title})
	}
	var spared []string
	v := r.PostFormValue
	_ = v("case_no") // reads the form
	t := &page.Tick{Name: "materials", Label: "要求申请人提交的材料", Form: page.Form{ID: "open", Action: New, Hidden: []page.Hidden{{Name: "item", Value: it.Code}, {Name: "unit", Value: it.Org}}, Button: "受理", Busy: "正在受理…", Cancel: New}}
	for i, m := range g.Materials {
		if m.Exempt {
			spared = append(spared, m.Name)
			continue
		}
		b := page.Box{ID: "material-" + strconv.Itoa(i+1), Value: strconv.Itoa(i), Label: m.Name, On: !m.Optional}
		if m.Optional {
			b.Sub = "没有也可以"
		}
		if m.Kind != nil {
			b.Sub = strings.TrimPrefix(b.Sub+"；可用电子证照“"+m.Kind.Title+"”", "；")
		}
		if r.Method == http.MethodPost {
			b.On = slices.Contains(r.PostForm["materials"], b.Value)
		}
		t.Boxes = append(t.Boxes, b)
	}
	if len(spared) > 0 {
		facts = append(facts, page.Fact{Label: "免交", Text: strings.Join(spared, "、") + "：调取电子证照，不得要求提交"})
	}
	kind := page.Field{ID: "id_type", Name: "id_type", Label: "证件类型", Value: v("id_type"), Required: true}
	for _, x := range idTypes {
		kind.Options = append(kind.Options, page.Option{Value: x.code, Label: catalogue.IDTypeName(x.code)})
	}
	t.Fields = []page.Field{
		{ID: "more", Name: "more", Label: "其他材料", Value: v("more"), Lines: 3, Hint: "每行一种；没有不填，不写个人信息"},
		{ID: "case_no", Name: "case_no", Label: "办件编号", Value: v("case_no"), Required: true, Max: 64, Code: true, Hint: "本单位内不重复；不得是证件号码"},
		{ID: "type", Name: "type", Label: "申请人类型", Value: v("type"), Required: true, Options: []page.Option{{Value: "person", Label: "自然人"}, {Value: "legal", Label: "法人"}, {Value: "unincorporated", Label: "非法人组织"}}},
		{ID: "name", Name: "name", Label: "申请人姓名或名称", Value: v("name"), Required: true, Max: 200, Autocomplete: "off"},
		kind,
		{ID: "id", Name: "id", Label: "证件号码", Value: v("id"), Required: true, Max: 64, Code: true, Autocomplete: "off", Hint: "结果证照的持证主体须是申请人；受理后脱敏显示"},
	}
	return p.Add(page.Part{Facts: facts}, page.Part{Tick: t}), nil
}

// requestOf is what the form asks.
func (s *Service) requestOf(r *http.Request) (q matter.OpenRequest, err error) {
	v := r.PostFormValue
	q = matter.OpenRequest{Item: v("item"), Unit: v("unit"), CaseNo: v("case_no"), Applicant: catalogue.Holder{Type: v("type"), IDType: v("id_type"), ID: v("id"), Name: v("name")}}
	g, err := s.Items.Guide(r.Context(), q.Item)
	if err != nil {
		return q, err
	}
	for _, at := range r.PostForm["materials"] {
		i, err := strconv.Atoi(at)
		if err != nil || i < 0 || i >= len(g.Materials) {
			return q, fault.Invalid.New("所选的材料不在事项的材料中").WithCode("matter.materials").WithHint("请刷新后重新选择").WithField("materials", "unknown", "请重新选择")
		}
		d := matter.Demand{Name: g.Materials[i].Name}
		if k := g.Materials[i].Kind; k != nil {
			d.Kind = k.Name
		}
		q.Materials = append(q.Materials, d)
	}
	for line := range strings.Lines(v("more")) {
		if line = strings.TrimSpace(line); line != "" {
			q.Materials = append(q.Materials, matter.Demand{Name: line})
		}
	}
	return q, nil
}

func (s *Service) postNew(w http.ResponseWriter, r *http.Request) error {
	q, err := s.requestOf(r)
	var m *matter.Matter
	if err == nil {
		m, err = s.Matters.Open(r.Context(), q)
	}
	if err != nil {
		return s.again(w, r, atControls(err), s.openPage)
	}
	what := "open"
	if m.Already {
		what = "there"
	}
	return page.See(w, r, page.Asking(at(m.ID), "done", what))
}

// atControls puts what is wrong with a request at the controls of the form.
func atControls(err error) error {
	e := fault.As(err)
	if e == nil {
		return err
	}
	out := *e
	out.Fields = slices.Clone(e.Fields)
	for i := range out.Fields {
		name := strings.TrimPrefix(out.Fields[i].Name, "applicant.")
		if strings.HasPrefix(name, "materials") {
			name = "materials"
		}
		out.Fields[i].Name = name
	}
	return &out
}
