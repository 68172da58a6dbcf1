package lists

import (
	"net/http"

	"sidian/internal/listing"
	"sidian/internal/web/page"
)

const itemsOpen = "/open/items" // the guides of items, which other pages show to anybody

func (s *Service) exemptPage(r *http.Request) (*page.Sheet, error) {
	ctx := r.Context()
	v, err := s.Listing.Exempts(ctx, "", true)
	if err != nil {
		return nil, err
	}
	units, err := s.Listing.Compilers(ctx)
	if err != nil {
		return nil, err
	}
	mine := map[string]bool{}
	for _, o := range units {
		mine[o.ID] = true
	}
	p := tabs(s.sheet(r, "lists", "免提交证照清单", "列入的证照，公布单位和下级单位的任何事项受理时都不得要求申请人提交原件或复印件；由目录管理员列入、移出，立即公开。", page.Wide), Exempts)
	p.Doors = []page.Door{{Label: "看公开的清单", Href: PublicExempts}}
	ending := r.FormValue("end")
	t := &page.Table{ID: "exempts", Caption: "免提交证照清单", Quiet: true, Head: []string{"证照类型", "公布单位", "自", "状态", "依据", ""}, Empty: page.Empty{Title: "清单上还没有证照", Text: "在下面选择证照类型列入。"}}
	for i := range v.Items {
		e := &v.Items[i]
		act := page.Cell{}
		if e.State != listing.Ended && mine[e.Org] {
			act.Actions = []page.Action{{Label: "移出", Of: e.Title, Href: page.Asking(Exempts, "end", e.ID)}}
			if e.ID == ending {
				p.Add(page.Part{ID: "ending", Confirm: &page.Confirm{ID: "end", Title: "把“" + e.Title + "”移出清单", Text: "移出后，事项自己没有约定免提交的，又可以要求提交。理由和移出的日期公开。", Action: page.At(Exempts, e.ID, "end"),
					Hidden: []page.Hidden{{Name: "end", Value: e.ID}}, Reason: page.Field{Value: r.PostFormValue("reason"), Max: 500}, Button: "移出", Cancel: Exempts}})
			}
		}
		state := page.Cell{Chips: []page.Chip{chipOf(e.State)}, Sub: e.EndedWhy}
		t.Rows = append(t.Rows, page.Row{ID: "exempt-" + e.ID, Cells: []page.Cell{{Text: e.Title, Sub: e.Code}, {Text: e.OrgName}, {Text: e.Starts}, state, {Text: e.Basis}, act}})
	}
	p.Add(page.Part{Table: t})
	if len(units) == 0 {
		return p, nil
	}
	kind, err := s.kindField(r, "kind")
	if err != nil {
		return nil, err
	}
	f := r.PostFormValue
	return p.Add(page.Part{Form: &page.Form{ID: "exempt", Title: "列入一种证照", Text: "列入后立即公开。", Action: Exempts, Button: "列入清单", Plain: ending != "", Fields: []page.Field{
		orgField("org", "公布单位", f("org"), units), kind,
		{ID: "starts", Name: "starts", Label: "起始日期", Type: "date", Value: f("starts"), Hint: "不填则为今天"},
		{ID: "basis", Name: "basis", Label: "依据", Value: f("basis"), Required: true, Lines: 2, Max: 500, Hint: "如文号，随清单公布"},
	}}}), nil
}

func (s *Service) getExempts(w http.ResponseWriter, r *http.Request) error {
	p, err := s.exemptPage(r)
	if err != nil {
		return err
	}
	return s.Kit.ShowSheet(w, p)
}

func (s *Service) postExempt(w http.ResponseWriter, r *http.Request) error {
	f := r.PostFormValue
	if _, err := s.Listing.AddExempt(r.Context(), listing.Exemption{Org: f("org"), Kind: f("kind"), Starts: f("starts"), Basis: f("basis")}); err != nil {
		return s.again(w, r, err, s.exemptPage)
	}
	return page.See(w, r, page.Asking(Exempts, "done", "exempt"))
}

func (s *Service) postExemptOver(w http.ResponseWriter, r *http.Request) error {
	if _, err := s.Listing.EndExempt(r.Context(), r.PathValue("id"), r.PostFormValue("reason")); err != nil {
		return s.again(w, r, err, s.exemptPage)
	}
	return page.See(w, r, page.Asking(Exempts, "done", "unexempt"))
}

func (s *Service) getPublicExempts(w http.ResponseWriter, r *http.Request) error {
	v, err := s.Listing.Exempts(r.Context(), "", false)
	if err != nil {
		return err
	}
	p := openTabs(s.sheet(r, "openlists", "免提交证照清单", "办事时不用提交的证照：公布单位和它的下级单位不得要求您提交原件或复印件，由窗口调取电子证照。被要求提交的，请向公布单位反映。", page.Wide), PublicExempts)
	p.Doors = []page.Door{{ID: "csv", Label: "下载表格（CSV）", Href: "/open/v1/exempts.csv", File: true}, {ID: "json", Label: "接口（JSON）", Href: "/open/v1/exempts"}}
	t := &page.Table{ID: "exempts", Caption: "免提交证照清单", Quiet: true, Head: []string{"证照类型", "公布单位（含下级单位）", "自", "依据", "用到它的事项"}, Empty: page.Empty{Title: "还没有公布免提交的证照", Text: "具体事项免交什么，请看办事指南。", Href: itemsOpen, Action: "看办事指南"}}
	for i := range v.Items {
		e := &v.Items[i]
		since := page.Cell{Text: e.Starts}
		if e.State == listing.Upcoming {
			since.Chips = []page.Chip{{Class: page.Care, Word: "未到起始日期"}}
		}
		t.Rows = append(t.Rows, page.Row{ID: "exempt-" + e.ID, Cells: []page.Cell{kindCell(e.Title, e.Code, e.Kind), {Text: e.OrgName}, since, {Text: e.Basis}, {Text: "看办事指南", Href: page.Asking(itemsOpen, "kind", e.Kind)}}})
	}
	return s.Kit.ShowSheet(w, p.Add(page.Part{Table: t}))
}

// kindCell names a kind, with the way to the public directory where it stands there.
func kindCell(title, code, name string) page.Cell {
	c := page.Cell{Text: title, Sub: code}
	if code != "" {
		c.Href = kindAt(name)
	}
	return c
}
