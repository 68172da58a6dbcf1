package bound

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"

	"sidian/internal/bound"
	"sidian/internal/iam"
	"sidian/internal/web/page"
	applypages "sidian/internal/web/sealapply"
)

func (s *Service) getList(w http.ResponseWriter, r *http.Request) error {
	ctx, asked := r.Context(), r.URL.Query()
	list, err := s.Bound.List(ctx, bound.Query{State: bound.State(asked.Get("state")), Cursor: asked.Get("cursor")})
	if err != nil {
		return err
	}
	report, err := s.Bound.Report(ctx)
	if err != nil {
		return err
	}
	p := s.Kit.Sheet(r, "bound", "同步发放", "证照签发后，向持证主体提供同时申领的印章：营业执照和企业印章，身份证电子证照和个人印章。由持证人申领，印章管理部门逐级审核。", page.Wide)
	tabs := []page.Tab{{Label: "全部", Href: Home}}
	for _, st := range bound.States() {
		tabs = append(tabs, page.Tab{Label: st.Label(), Href: page.Asking(Home, "state", string(st))})
	}
	p.Views("状态", page.Asking(Home, "state", asked.Get("state")), tabs...)
	if iam.Allow(ctx, "kind.read", "") == nil {
		p.Doors = append(p.Doors, page.Door{ID: "rules", Label: "绑定规则", Href: Rules})
	}
	t := page.Table{ID: "offers", Caption: "同步发放", Quiet: true, Head: []string{"证照", "持证主体", "签发单位", "印章", "状态", "印章进度", "签发时间"},
		Empty: page.Empty{Title: "没有同步发放", Text: "营业执照等证照签发后，自动列在这里；哪些证照提供印章，见绑定规则。"}}
	for _, o := range list.Items {
		chips := []page.Chip{applypages.OfferChip(o)}
		if o.Follow != nil {
			chips = append(chips, page.Chip{Class: page.Bad, Word: o.Follow.StateName})
		}
		t.Rows = append(t.Rows, page.Row{ID: "offer-" + o.ID, Cells: []page.Cell{
			{Text: o.KindName, Sub: o.Identifier, Href: page.At(Home, o.ID)}, {Text: o.Name, Sub: o.Code}, {Text: o.IssuerName}, {Text: o.SealLabel},
			{Chips: chips}, progress(o), {At: o.CreatedAt},
		}})
	}
	if list.Next != "" {
		t.Pager.Next = page.Asking(Home, "state", asked.Get("state"), "cursor", list.Next)
	}
	p.Add(page.Part{Table: &t}, page.Part{ID: "report", Title: "近一年", Table: tableOf(report)})
	return s.Kit.ShowSheet(w, p)
}

// progress is how far the seal is, or what the reader is to do first.
func progress(o *bound.Offer) page.Cell {
	c := page.Cell{Text: cmp.Or(o.Progress, "—"), Sub: o.SealState}
	todo := ""
	switch {
	case slices.Contains(o.May, "register"):
		todo = "登记企业"
	case slices.Contains(o.May, "agent") && o.Org == "" && o.Agent == "":
		todo = "登记经办人"
	}
	if todo != "" {
		c.Actions = []page.Action{{Label: todo, Of: o.Name, Href: page.At(Home, o.ID)}}
	}
	return c
}

func tableOf(report *bound.Report) *page.Table {
	t := &page.Table{ID: "tally", Caption: "近一年的同步发放", Quiet: true, Head: []string{"证照种类", "提供", "已发放", "办理中", "待申领", "谢绝或过期", "签发到申领（平均）", "签发到备案（平均）"},
		Empty: page.Empty{Title: "还没有统计", Text: "有同步发放后，这里按证照种类统计数量和用时。"}}
	for _, x := range report.Items {
		n := func(states ...bound.State) string {
			sum := int64(0)
			for _, st := range states {
				sum += x.Counts[st]
			}
			return strconv.FormatInt(sum, 10)
		}
		long := func(seconds int64) string {
			if seconds == 0 {
				return "—"
			}
			return page.Lasting(int(seconds))
		}
		t.Rows = append(t.Rows, page.Row{Cells: []page.Cell{{Text: x.Kind}, {Text: strconv.FormatInt(x.Offered, 10)}, {Text: n(bound.Done)}, {Text: n(bound.Taken)}, {Text: n(bound.Open)},
			{Text: n(bound.Declined, bound.Expired, bound.Void)}, {Text: long(x.Took)}, {Text: long(x.Finished)}}})
	}
	return t
}
