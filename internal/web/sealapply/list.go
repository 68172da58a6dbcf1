package sealapply

import (
	"context"
	"net/http"
	"strings"

	"sidian/internal/due"
	"sidian/internal/iam"
	"sidian/internal/sealapply"
	"sidian/internal/todo"
	"sidian/internal/web/page"
)

const perPage = 20

// Views of the list.
const (
	viewWaiting = "waiting" // for a decision of the reader
	viewMine    = "mine"
	viewAll     = "all"
)

type listPage struct {
	page.Frame
	Lead      string
	Notice    *page.Notice
	Tabs      page.Tabs
	Search    page.Search
	Table     page.Table
	New       string
	Campaigns string
	Bonds     string
}

// classes are the colours of how much time is left.
var classes = map[due.Level]string{due.Good: page.Good, due.Care: page.Care, due.Bad: page.Bad}

// clocks are what is left of the reader's promises, by application.
func (s *Service) clocks(ctx context.Context) (map[string]page.Chip, error) {
	chips := map[string]page.Chip{}
	if s.Todo == nil || !iam.May(ctx, "seal.review", "") {
		return chips, nil
	}
	q := todo.Query{View: todo.Mine, Limit: 100}
	for range 10 { // the most urgent thousand
		list, err := s.Todo.List(ctx, q)
		if err != nil {
			return nil, err
		}
		for i := range list.Items {
			x := &list.Items[i]
			if id, _, ok := strings.Cut(x.Object, "/"); ok && x.Topic == "seal.review" {
				chips[id] = page.Chip{Class: classes[x.Left.Level], Word: x.Left.Text}
			}
		}
		if q.Cursor = list.Next; q.Cursor == "" {
			break
		}
	}
	return chips, nil
}

func (s *Service) getList(w http.ResponseWriter, r *http.Request) error {
	if holder(r.Context()) {
		return page.See(w, r, Wallet)
	}
	ctx, q := r.Context(), r.URL.Query()
	applies, reviews := iam.May(ctx, "seal.apply", ""), iam.May(ctx, "seal.review", "")
	view := q.Get("view")
	switch {
	case view == viewMine || view == viewAll || view == viewWaiting && reviews:
	case reviews:
		view = viewWaiting
	default:
		view = viewAll
	}
	ask := sealapply.Query{State: sealapply.State(q.Get("state")), Kind: sealapply.Kind(q.Get("kind")), Tier: q.Get("tier"), Unit: q.Get("unit"), Limit: perPage, Cursor: q.Get("cursor"),
		Mine: view == viewMine, Waiting: view == viewWaiting}
	list, err := s.Apply.List(ctx, ask)
	if err != nil {
		return err
	}
	p := &listPage{Frame: s.Kit.Frame(r, "印章申请", "seal-applications", page.Wide), Campaigns: Campaigns, Notice: done(r, shownNotices)}
	p.Lead = "单位申请的印章在这里办理：申请单位填报，县、市、省逐级审核，再由印章管理部门制作、备案。"
	p.Tabs.Label = "范围"
	if reviews {
		p.Bonds = Bonds
		p.Tabs.Items = append(p.Tabs.Items, page.Tab{Label: "待我审核", Href: page.Asking(Home, "view", viewWaiting), Current: view == viewWaiting})
	}
	if applies {
		p.New = Home + "/new"
		p.Tabs.Items = append(p.Tabs.Items, page.Tab{Label: "我发起的", Href: page.Asking(Home, "view", viewMine), Current: view == viewMine})
	}
	p.Tabs.Items = append(p.Tabs.Items, page.Tab{Label: allWord(applies, reviews), Href: page.Asking(Home, "view", viewAll), Current: view == viewAll})
	clocks, err := s.clocks(ctx)
	if err != nil {
		return err
	}
	p.Search = searchOf(view, ask)
	p.Table = s.table(list, clocks)
	p.Table.Caption = "印章申请，最近的在前"
	p.Table.Empty = emptyOf(view, ask, p.New)
	filters := []string{"view", view, "state", string(ask.State), "kind", string(ask.Kind), "tier", ask.Tier, "unit", ask.Unit}
	if list.Next != "" {
		p.Table.Pager.Next = page.Asking(Home, append(filters, "cursor", list.Next)...)
	}
	if ask.Cursor != "" {
		p.Table.Pager.First = page.Asking(Home, filters...)
	}
	return s.set.Show(w, http.StatusOK, "list", p)
}

func allWord(applies, reviews bool) string {
	if applies && !reviews {
		return "本单位的"
	}
	return "全部"
}

func emptyOf(view string, ask sealapply.Query, apply string) page.Empty {
	switch {
	case ask.State != "" || ask.Kind != "" || ask.Tier != "":
		return page.Empty{Title: "没有符合条件的申请", Href: page.Asking(Home, "view", view), Action: "清除条件"}
	case view == viewWaiting:
		return page.Empty{Title: "没有等您审核的申请", Text: "申请报送到您所在的层级时会列在这里，并在“待办”里计时。"}
	case apply != "":
		return page.Empty{Title: "还没有印章申请", Text: "先准备好印模图像、申请表和书面申请的扫描件，再开始填报；填到一半可以离开，草稿会保存。", Href: apply, Action: "申请印章"}
	}
	return page.Empty{Title: "还没有印章申请", Text: "单位提交申请后列在这里。"}
}

func (s *Service) table(list *sealapply.Page, clocks map[string]page.Chip) page.Table {
	t := page.Table{ID: "applications", Quiet: true, Head: []string{"申请", "单位", "状态", "提交时间"}}
	for i := range list.Items {
		a := &list.Items[i]
		state := page.Cell{Chips: []page.Chip{chipOf(a.State, a.StateName)}}
		if a.TierName != "" {
			state.Sub = "正由" + a.TierName + "审核"
		}
		if c, ok := clocks[a.ID]; ok {
			state.Chips = append(state.Chips, c)
		}
		if a.Round > 1 {
			state.Sub = strings.TrimPrefix(state.Sub+"，更正后第 "+itoa(a.Round)+" 次提交", "，")
		}
		sent := page.Cell{Text: "未提交", Sub: "起草于 " + page.Day(a.CreatedAt)}
		if !a.SubmittedAt.IsZero() {
			sent = page.Cell{Text: page.Day(a.SubmittedAt)}
		}
		t.Rows = append(t.Rows, page.Row{ID: a.ID, Cells: []page.Cell{
			{Text: titleOf(a), Href: page.At(Home, a.ID)}, {Text: a.OrgName}, state, sent,
		}})
	}
	return t
}

func searchOf(view string, ask sealapply.Query) page.Search {
	q := page.Search{Action: Home, Label: "筛选印章申请", Button: "筛选", Fields: []page.Field{
		{ID: "kind", Name: "kind", Label: "办什么", Value: string(ask.Kind), Any: "不限"},
		{ID: "state", Name: "state", Label: "状态", Value: string(ask.State), Any: "不限"},
		{ID: "tier", Name: "tier", Label: "正由哪一级审核", Value: ask.Tier, Any: "不限"},
		{ID: "view", Name: "view", Label: "范围", Value: view, Options: []page.Option{{Value: viewAll, Label: "全部"}, {Value: viewMine, Label: "我发起的"}, {Value: viewWaiting, Label: "待我审核"}}},
	}}
	for _, k := range kinds {
		q.Fields[0].Options = append(q.Fields[0].Options, page.Option{Value: string(k.kind), Label: k.kind.Label()})
	}
	for _, st := range sealapply.States() {
		q.Fields[1].Options = append(q.Fields[1].Options, page.Option{Value: string(st), Label: st.Label()})
	}
	for _, tier := range []string{"county", "city", "province"} {
		q.Fields[2].Options = append(q.Fields[2].Options, page.Option{Value: tier, Label: sealapply.TierLabel(tier)})
	}
	if ask.State != "" || ask.Kind != "" || ask.Tier != "" || ask.Unit != "" {
		q.Clear = page.Asking(Home, "view", view)
	}
	return q
}
