package lists

import (
	"net/http"
	"slices"
	"strings"

	"sidian/internal/listing"
	"sidian/internal/web/page"
)

// partPage shows what a unit reports; row is the one that is changed or returned.
func (s *Service) partPage(r *http.Request, row string) (*page.Sheet, error) {
	round, err := s.Listing.Round(r.Context(), r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	v, err := s.Listing.Part(r.Context(), round.ID, r.PathValue("org"))
	if err != nil {
		return nil, err
	}
	p := s.sheet(r, "lists", v.UnitName, "“"+round.Title+"”中"+v.UnitName+"的内容：由本单位梳理报送；"+reviewing(v)+"。", page.Wide).Under(round.Title, roundAt(round.ID))
	if r.URL.Query().Get("done") == "submit" && p.Notice != nil {
		p.Notice.Text = reviewing(v) + "。"
	}
	p.Chips = []page.Chip{chipOf(v.State)}
	if v.Late {
		p.Chips = append(p.Chips, page.Chip{Class: page.Bad, Word: "逾期报送"})
	}
	for _, f := range []page.Fact{{Label: "报送说明", Text: v.Note}, {Label: "未报送的说明", Text: v.DecidedWhy}} {
		if f.Text != "" {
			p.Add(page.Part{Facts: []page.Fact{f}})
		}
	}
	here := roundAt(v.Round, "units", v.Unit)
	n := slices.IndexFunc(v.Rows, func(l listing.Row) bool { return l.ID == row })
	if n >= 0 && v.Review && v.Rows[n].State == listing.Submitted {
		p.Add(page.Part{Form: &page.Form{ID: "return", Title: "退回“" + v.Rows[n].Name + "”", Text: "退回后由报送单位修改或删除，再次报送。", Action: here + "/return", Hidden: []page.Hidden{{Name: "row", Value: row}}, Fields: []page.Field{reasonField(r, "return-reason", "写明怎样改；报送单位看得到")}, Button: "退回", Cancel: here}})
	}
	p.Add(page.Part{Title: "内容", Table: rowTable(v, here)})
	if v.Review && n < 0 {
		p.Add(page.Part{Button: &page.Link{Label: "其余全部通过", Href: here + "/accept"}})
	}
	if !v.Report {
		return p, nil
	}
	if n >= 0 && (v.Rows[n].State == listing.Draft || v.Rows[n].State == listing.Returned) {
		form, err := s.rowForm(r, here+"/change", &v.Rows[n])
		if err != nil {
			return nil, err
		}
		return p.Add(page.Part{Form: form}), nil
	}
	form, err := s.rowForm(r, here+"/add", nil)
	if err != nil {
		return nil, err
	}
	return p.Add(page.Part{Button: &page.Link{Label: "按本单位事项办出的证照预填", Href: here + "/prefill"}}, page.Part{Form: form},
		page.Part{Form: &page.Form{ID: "submit", Title: "报送", Text: "报送后不能修改；" + reviewing(v) + "，退回的再改。", Action: here + "/submit", Button: "报送", Busy: "正在报送…",
			Fields: []page.Field{{ID: "submit-note", Name: "submit_note", Label: "报送说明", Value: r.PostFormValue("submit_note"), Lines: 2, Max: 500, Hint: "没有内容的须说明为什么没有"}}}}), nil
}

// rowForm adds a row, or changes one.
func (s *Service) rowForm(r *http.Request, action string, row *listing.Row) (*page.Form, error) {
	kinds, err := s.Listing.Kinds(r.Context())
	if err != nil {
		return nil, err
	}
	v := r.PostFormValue
	f := &page.Form{ID: "row", Title: "增加一行", Action: action, Button: "增加", Plain: true}
	if row != nil {
		f.Title, f.Button, f.Hidden, f.Plain = "修改“"+row.Name+"”", "保存修改", []page.Hidden{{Name: "row", Value: row.ID}}, false
		if row.ReviewedWhy != "" {
			f.Text = "退回的理由：" + row.ReviewedWhy
		}
		if r.Method == http.MethodGet {
			had := map[string]string{"name": row.Name, "code": row.Code, "kind": row.Kind, "items": strings.Join(row.Items, "\n"), "basis": row.Basis, "note": row.Note}
			v = func(name string) string { return had[name] }
		}
	}
	f.Fields = []page.Field{
		{ID: "name", Name: "name", Label: "证照或材料名称", Value: v("name"), Required: true, Max: 100},
		{ID: "kind", Name: "kind", Label: "证照类型", Value: v("kind"), Any: "目录中还没有"},
		{ID: "code", Name: "code", Label: "代码", Value: v("code"), Code: true, Max: 40, Hint: "选了证照类型的不用填"},
		{ID: "items", Name: "items", Label: "办出它的事项", Value: v("items"), Lines: 3, Code: true, Hint: "本单位事项的实施编码，每行一个"},
		{ID: "basis", Name: "basis", Label: "依据", Value: v("basis"), Lines: 2, Max: 500},
		{ID: "note", Name: "note", Label: "说明", Value: v("note"), Lines: 2, Max: 500, Hint: "随清单公布，不写个人信息"},
	}
	for _, k := range kinds {
		f.Fields[1].Options = append(f.Fields[1].Options, page.Option{Value: k.Code, Label: k.Name})
	}
	return f, nil
}

func rowTable(v *listing.Part, here string) *page.Table {
	t := &page.Table{ID: "rows", Caption: "内容", Quiet: true, Head: []string{"名称", "代码", "依据", "状态", "办理"}, Empty: page.Empty{Title: "还没有内容", Text: "先按本单位事项办出的证照预填，再核对、补充。"}}
	for i := range v.Rows {
		l := &v.Rows[i]
		act := page.Cell{}
		hidden := []page.Hidden{{Name: "row", Value: l.ID}}
		switch {
		case v.Review && l.State == listing.Submitted:
			act.Actions = []page.Action{{Label: "通过", Of: l.Name, Href: here + "/review", Post: true, Hidden: hidden}, {Label: "退回", Of: l.Name, Href: page.Asking(here, "row", l.ID)}}
		case v.Report && (l.State == listing.Draft || l.State == listing.Returned):
			act.Actions = []page.Action{{Label: "修改", Of: l.Name, Href: page.Asking(here, "row", l.ID)}, {Label: "删除", Of: l.Name, Href: here + "/drop", Post: true, Hidden: hidden}}
		}
		t.Rows = append(t.Rows, page.Row{ID: "row-" + l.ID, Cells: []page.Cell{{Text: l.Name, Sub: l.Note}, {Text: l.Code, Code: true, Sub: strings.Join(l.Items, " ")}, {Text: l.Basis}, {Chips: []page.Chip{chipOf(l.State)}, Sub: l.ReviewedWhy}, act}})
	}
	return t
}

func (s *Service) getPart(w http.ResponseWriter, r *http.Request) error {
	p, err := s.partPage(r, r.URL.Query().Get("row"))
	if err != nil {
		return err
	}
	return s.Kit.ShowSheet(w, p)
}

func saidOf(r *http.Request) listing.Said {
	v := r.PostFormValue
	return listing.Said{Name: v("name"), Code: v("code"), Kind: v("kind"), Items: strings.Fields(v("items")), Basis: v("basis"), Note: v("note")}
}

func (s *Service) postPart(w http.ResponseWriter, r *http.Request) error {
	ctx, id, org, act, row := r.Context(), r.PathValue("id"), r.PathValue("org"), r.PathValue("act"), r.PostFormValue("row")
	var err error
	switch act {
	case "prefill":
		_, err = s.Listing.Prefill(ctx, id, org)
	case "add":
		_, err = s.Listing.AddRow(ctx, id, org, saidOf(r))
	case "change":
		_, err = s.Listing.ChangeRow(ctx, row, saidOf(r))
	case "drop":
		_, err = s.Listing.DropRow(ctx, row)
	case "submit":
		_, err = s.Listing.Submit(ctx, id, org, r.PostFormValue("submit_note"))
	case "accept":
		_, err = s.Listing.AcceptAll(ctx, id, org)
	case "review":
		_, err = s.Listing.Review(ctx, row, listing.Verdict{Accept: true})
	case "return":
		_, err = s.Listing.Review(ctx, row, listing.Verdict{Reason: r.PostFormValue("reason")})
	default:
		return errAct()
	}
	if err == nil {
		if act == "return" {
			act = "review"
		}
		return page.See(w, r, page.Asking(roundAt(id, "units", org), "done", act))
	}
	if page.StatusOf(err) == 0 {
		return err
	}
	p, e := s.partPage(r, row)
	if e != nil {
		return e
	}
	return s.Kit.ShowAgain(w, p, err)
}
