package composite

import (
	"net/http"
	"strings"

	"sidian/internal/composite"
	"sidian/internal/web/page"
)

// composing is the form, as it was filled in: it is sent with POST, and changed under
// an address that says what stood there.
func (s *Service) composing(r *http.Request) (*page.Sheet, error) {
	ctx := r.Context()
	schemes, err := s.Composite.Schemes(ctx, composite.Published)
	if err != nil {
		return nil, err
	}
	p := s.sheet(r, "composites", "组合一份综合许可", "写企业任一份许可的电子证照标识，平台核对企业、查找其余许可，并说明还缺什么；提出后由另一位签发人签发。", page.Wide).Under("行业综合许可", Home)
	unit, err := s.unitField(ctx, "cert.draft", "牵头单位", r.FormValue("unit"))
	if err != nil {
		return nil, err
	}
	scheme := page.Field{ID: "scheme", Name: "scheme", Label: "方案", Value: r.FormValue("scheme"), Required: true}
	for _, x := range schemes {
		scheme.Options = append(scheme.Options, page.Option{Value: x.ID, Label: x.Title + "（" + x.Industry + "）"})
	}
	if len(schemes) == 0 {
		p.Notice = &page.Notice{Class: page.Care, Title: "还没有现行的方案", Text: "由管理单位的模板设计员起草，目录管理员同意后才能组合。"}
		return p, nil
	}
	return p.Add(page.Part{ID: "compose", Form: &page.Form{ID: "compose-form", Action: Home + "/new", Button: "查看归集哪些", Fields: []page.Field{
		scheme, unit,
		{ID: "holder", Name: "holder", Label: "企业的一份许可", Value: r.FormValue("holder"), Required: true, Code: true, Max: 120, Hint: "电子证照标识，以 1.2.156.3005.2 开头，印在照面上"},
		{ID: "members", Name: "members", Label: "其他许可", Value: r.FormValue("members"), Lines: 4, Code: true, Max: 1200, Hint: "其他单位签发的，每行写一个电子证照标识；本单位可查阅的由平台查找，不用写"},
	}}}), nil
}

func (s *Service) getNew(w http.ResponseWriter, r *http.Request) error {
	p, err := s.composing(r)
	if err != nil {
		return err
	}
	return s.Kit.ShowSheet(w, p)
}

func requestOf(r *http.Request) composite.ComposeRequest {
	f := func(name string) string { return strings.TrimSpace(r.PostFormValue(name)) }
	return composite.ComposeRequest{Scheme: f("scheme"), Unit: f("unit"), Holder: f("holder"), Members: strings.Fields(f("members"))}
}

// postNew shows what folds in, and with propose proposes it.
func (s *Service) postNew(w http.ResponseWriter, r *http.Request) error {
	q := requestOf(r)
	if r.PostFormValue("as") == "propose" {
		c, err := s.Composite.Propose(r.Context(), q)
		if err != nil {
			return s.again(w, r, err, s.composing)
		}
		return page.See(w, r, page.Asking(page.At(Home, c.ID), "done", "propose"))
	}
	v, err := s.Composite.Preview(r.Context(), q)
	if err != nil {
		return s.again(w, r, err, s.composing)
	}
	p, err := s.composing(r)
	if err != nil {
		return err
	}
	p.Heading = v.HolderName + "：归集哪些"
	p.Lead = "按填写的标识查到的许可；核对后提出，由另一位签发人签发。"
	preview := page.Part{ID: "preview", Title: "归集哪些，还缺什么", Table: candidateTable(v)}
	if !v.Ready { // what was written is changed below
		p.Notice = &page.Notice{Class: page.Care, Title: "还不能提出", Text: strings.Join(v.Problems, "；")}
		p.Parts = append([]page.Part{preview}, p.Parts...)
		return s.Kit.ShowSheet(w, p)
	}
	text := "平台在签发时再核对一次各项许可的状态。"
	if v.Prior != "" {
		text += "该企业现有的综合许可由新证代替。"
	}
	members := strings.Join(q.Members, "\n")
	hidden := []page.Hidden{{Name: "as", Value: "propose"}, {Name: "scheme", Value: q.Scheme}, {Name: "unit", Value: q.Unit}, {Name: "holder", Value: q.Holder}, {Name: "members", Value: members}}
	p.Doors = []page.Door{{ID: "edit", Label: "修改", Href: page.Asking(Home+"/new", "scheme", q.Scheme, "unit", q.Unit, "holder", q.Holder, "members", members)}}
	p.Parts = []page.Part{preview,
		{ID: "propose-part", Confirm: &page.Confirm{ID: "propose", Title: "提出综合许可", Text: text, Action: Home + "/new", Hidden: hidden, NoReason: true, Button: "提出，由签发人签发", Cancel: Home}}}
	return s.Kit.ShowSheet(w, p)
}

var candidateChips = map[string]page.Chip{composite.Ready: {Class: page.Good, Word: "归集"}, composite.Missing: {Class: page.Care, Word: "没有查到"},
	composite.Several: {Class: page.Care, Word: "有多份"}, composite.Unfit: {Class: page.Bad, Word: "不是有效状态"}}

func candidateTable(v *composite.Preview) *page.Table {
	t := &page.Table{ID: "candidates", Caption: "归集哪些", Quiet: true, Head: []string{"许可", "结果", "许可证编号", "许可机关", "有效期至"}}
	for _, c := range v.Candidates {
		title := page.Cell{Text: c.Title, Sub: "必备"}
		chip := candidateChips[c.State]
		if !c.Required {
			title.Sub = "可选"
			if c.State == composite.Missing {
				chip = page.Chip{Class: page.Plain, Word: "没有，不归集"}
			}
		}
		ends := ""
		if c.Number != "" {
			ends = till(c.ValidTo)
		}
		t.Rows = append(t.Rows, page.Row{ID: "candidate-" + c.Kind, Cells: []page.Cell{title, {Chips: []page.Chip{chip}, Sub: c.Say}, {Text: c.Number, Code: true}, {Text: c.IssuerName}, {Text: ends}}})
	}
	return t
}
