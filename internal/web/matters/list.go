package matters

import (
	"net/http"

	"sidian/internal/iam"
	"sidian/internal/matter"
	"sidian/internal/web/page"
)

func chipOf(m *matter.Matter) page.Chip {
	switch {
	case m.State == matter.Open:
		return page.Chip{Class: page.Care, Word: "办理中"}
	case m.Outcome == matter.Issued || m.Outcome == matter.Done:
		return page.Chip{Class: page.Good, Word: m.OutcomeName}
	}
	return page.Chip{Class: page.Plain, Word: m.OutcomeName}
}

func (s *Service) getList(w http.ResponseWriter, r *http.Request) error {
	ctx, asked := r.Context(), r.URL.Query()
	q := matter.Query{State: asked.Get("state"), Unit: asked.Get("unit"), CaseNo: asked.Get("case_no"), Cursor: asked.Get("cursor")}
	found, err := s.Matters.List(ctx, q)
	if err != nil {
		return err
	}
	units, err := s.units(r)
	if err != nil {
		return err
	}
	p := s.sheet(r, "办件", "本单位受理的办件：事项要办出证照的，证照签发以后才能办结；由受理单位的经办人、窗口人员办理。", page.Wide)
	if iam.May(ctx, "matter.manage", "") {
		p.Doors = []page.Door{{ID: "new", Label: "受理办件", Href: New, First: true}}
	}
	p.Search = &page.Search{Action: Home, Label: "查询办件", Fields: []page.Field{
		{ID: "case_no", Name: "case_no", Label: "办件编号", Value: q.CaseNo, Max: 64},
		{ID: "state", Name: "state", Label: "状态", Value: q.State, Any: "全部", Options: []page.Option{{Value: string(matter.Open), Label: "办理中"}, {Value: string(matter.Closed), Label: "已办结"}}},
	}}
	if len(units) > 1 {
		p.Search.Fields = append(p.Search.Fields, page.Field{ID: "unit", Name: "unit", Label: "受理单位", Value: q.Unit, Any: "全部", Options: units})
	}
	empty := page.Empty{Title: "还没有办件", Text: "受理申请时在这里建立办件；业务系统也可以通过接口建立。"}
	if q.State+q.Unit+q.CaseNo != "" {
		p.Search.Clear = Home
		empty = page.Empty{Title: "没有符合条件的办件", Text: "办件编号要写全。"}
	}
	t := &page.Table{ID: "matters", Caption: "办件", Quiet: true, Head: []string{"办件", "事项", "申请人", "状态", "受理"}, Empty: empty}
	for _, m := range found.Items {
		t.Rows = append(t.Rows, page.Row{ID: "matter-" + m.ID, Cells: []page.Cell{{Text: m.CaseNo, Href: at(m.ID)}, {Text: m.ItemName, Sub: m.UnitName}, {Text: m.Applicant.Name}, {Chips: []page.Chip{chipOf(m)}}, {At: m.OpenedAt}}})
	}
	if found.Next != "" {
		t.Pager.Next = page.Asking(Home, "state", q.State, "unit", q.Unit, "case_no", q.CaseNo, "cursor", found.Next)
	}
	return s.Kit.ShowSheet(w, p.Add(page.Part{Table: t}))
}

// units are those whose cases whoever asks may see.
func (s *Service) units(r *http.Request) (list []page.Option, err error) {
	ctx := r.Context()
	sees := map[string]bool{}
	for _, p := range needSee.Permissions() {
		for _, id := range iam.Orgs(ctx, p) {
			sees[id] = true
		}
	}
	all, err := s.IAM.Organisations(ctx)
	for _, o := range all {
		if sees[o.ID] {
			list = append(list, page.Option{Value: o.ID, Label: o.Name})
		}
	}
	return list, err
}
