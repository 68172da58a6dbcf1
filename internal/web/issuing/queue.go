package issuing

import (
	"net/http"

	"sidian/internal/due"
	"sidian/internal/iam"
	"sidian/internal/issuing"
	"sidian/internal/web/page"
)

type queuePage struct {
	page.Frame
	Collects bool
	Tabs     page.Tabs
	Search   *page.Search
	Table    page.Table
}

// views are the tabs of the queue, each for who has that part.
var views = []struct{ key, label, needs, empty string }{
	{issuing.ViewMine, "轮到我的", "", "现在没有轮到您办理的。"},
	{issuing.ViewCollect, "采集", "cert.draft", "没有采集中的证照；点“采集新证照”开始。"},
	{issuing.ViewReview, "审核", "cert.review", "没有待审核的证照；经办人提交后列在这里。"},
	{issuing.ViewSeal, "制作签发", "cert.issue", "没有待制作签发的证照；审核通过后列在这里。"},
	{issuing.ViewEnded, "已办结", "", "还没有办结的证照。"},
}

func (s *Service) getQueue(w http.ResponseWriter, r *http.Request) error {
	ctx, asked := r.Context(), r.URL.Query()
	p := &queuePage{Frame: s.Kit.Frame(r, "证照经办", "issuing", page.Wide), Collects: iam.May(ctx, "cert.draft", ""), Tabs: page.Tabs{Label: "环节"}}
	counts, err := s.Issuing.Counts(ctx)
	if err != nil {
		return err
	}
	now := 0
	for i, v := range views {
		if v.needs != "" && !iam.May(ctx, v.needs, "") {
			continue
		}
		if v.key == asked.Get("view") {
			now = i
		}
		p.Tabs.Items = append(p.Tabs.Items, page.Tab{Label: v.label, Href: page.Asking(Home, "view", v.key), Count: counts[v.key]})
	}
	for i := range p.Tabs.Items {
		p.Tabs.Items[i].Current = p.Tabs.Items[i].Label == views[now].label
	}
	only := asked.Get("only")
	if views[now].key == issuing.ViewEnded {
		only = ""
	}
	list, err := s.Issuing.List(ctx, issuing.Query{View: views[now].key, Kind: asked.Get("kind"), Unit: asked.Get("unit"), Only: only, Cursor: asked.Get("cursor")})
	if err != nil {
		return err
	}
	p.Table = page.Table{ID: "drafts", Caption: views[now].label, Quiet: true, Head: []string{"证照", "持证主体", "状态", "剩余时间", "来源"},
		Empty: page.Empty{Title: "这里是空的", Text: views[now].empty}}
	if only != "" {
		p.Table.Empty = page.Empty{Title: "没有符合条件的", Text: "可以清除筛选，查看全部。"}
	}
	for _, d := range list.Items {
		p.Table.Rows = append(p.Table.Rows, rowOf(d))
	}
	p.Search = &page.Search{Action: Home, Label: "筛选经办件", Button: "筛选", Fields: []page.Field{
		{ID: "view", Name: "view", Label: "环节", Value: views[now].key, Options: viewOptions(p.Tabs)},
		{ID: "kind", Name: "kind", Label: "证照种类", Value: asked.Get("kind"), Any: "全部", Options: s.issuedKinds(r)},
		{ID: "only", Name: "only", Label: "情况", Value: only, Any: "全部", Options: []page.Option{{Value: issuing.OnlyReturned, Label: "已退回"}, {Value: issuing.OnlyLate, Label: "已超期"}}}}}
	if views[now].key == issuing.ViewEnded {
		p.Search.Fields = p.Search.Fields[:2]
	}
	if asked.Get("kind") != "" || only != "" {
		p.Search.Clear = page.Asking(Home, "view", views[now].key)
	}
	if list.Next != "" {
		p.Table.Pager.Next = page.Asking(Home, "view", views[now].key, "kind", asked.Get("kind"), "unit", asked.Get("unit"), "only", only, "cursor", list.Next)
	}
	return s.set.Show(w, http.StatusOK, "queue", p)
}

// viewOptions are the views that the tabs offer.
func viewOptions(tabs page.Tabs) (out []page.Option) {
	for _, v := range views {
		for _, t := range tabs.Items {
			if t.Label == v.label {
				out = append(out, page.Option{Value: v.key, Label: v.label})
			}
		}
	}
	return out
}

// issuedKinds are the kinds that are issued, to choose from.
func (s *Service) issuedKinds(r *http.Request) (out []page.Option) {
	kinds, err := s.Catalogue.Published(r.Context())
	if err != nil {
		return nil // the list stands without
	}
	for _, k := range kinds {
		out = append(out, page.Option{Value: k.Name, Label: k.Title})
	}
	return out
}

func rowOf(d *issuing.Draft) page.Row {
	holder := d.Holder
	if holder == "" {
		holder = "—"
	}
	left := page.Cell{Text: "—"}
	if d.Left.Text != "" {
		left = page.Cell{Text: "最迟 " + page.Day(d.Due), Chips: []page.Chip{leftOf(d.Left)}}
	}
	what := page.Cell{Text: d.KindName, Sub: d.UnitName, Href: page.At(Home, d.ID)}
	if d.CaseNo != "" {
		what.Sub += "，办件 " + d.CaseNo
	}
	source := page.Cell{Text: d.OriginName, Sub: d.ModeName}
	if d.Origin == issuing.ByHolder {
		source = page.Cell{Chips: []page.Chip{{Class: page.Care, Word: d.OriginName}}, Sub: d.ModeName}
	}
	return page.Row{ID: "draft-" + d.ID, Cells: []page.Cell{what, {Text: holder}, {Chips: chipsOf(d), Sub: waitsOf(d)}, left, source}}
}

// waitsOf says why it is not the reader's turn, where it is not.
func waitsOf(d *issuing.Draft) string {
	if len(d.May) > 0 || d.State.Ended() {
		return ""
	}
	return d.Waits
}

func leftOf(x due.Left) page.Chip {
	return chip(map[due.Level]string{due.Care: page.Care, due.Bad: page.Bad}[x.Level], x.Text)
}

func chipsOf(d *issuing.Draft) []page.Chip {
	class := map[issuing.State]string{issuing.Issued: page.Good, issuing.Dropped: page.Bad, issuing.Issuing: page.Care}[d.State]
	out := []page.Chip{chip(class, d.StateName)}
	if d.Correction != nil {
		out = append(out, page.Chip{Class: page.Plain, Word: d.Correction.ActionName})
	}
	if d.Late {
		out = append(out, page.Chip{Class: page.Bad, Word: "推送超时"})
	}
	if d.Returned != nil {
		out = append(out, page.Chip{Class: page.Care, Word: "已退回"})
	}
	return out
}

func chip(class, word string) page.Chip {
	if class == "" {
		class = page.Plain
	}
	return page.Chip{Class: class, Word: word}
}
