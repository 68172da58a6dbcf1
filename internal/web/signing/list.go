package signing

import (
	"net/http"
	"net/url"
	"slices"

	"sidian/internal/iam"
	"sidian/internal/signature"
	"sidian/internal/web/page"
)

type listPage struct {
	page.Frame
	Notice *page.Notice
	Tabs   page.Tabs
	Table  page.Table
	May    bool // begin tasks
}

// states are the tabs of a list.
var states = []string{"", signature.Open, signature.Done, signature.Refused, signature.Withdrawn, signature.Expired}

func stateOf(r *http.Request) string {
	if q := r.URL.Query().Get("state"); slices.Contains(states, q) {
		return q
	}
	return ""
}

func (s *Service) getList(w http.ResponseWriter, r *http.Request) error {
	state := stateOf(r)
	p := listPage{Frame: s.Kit.Frame(r, "文件签署", "signing", page.Wide), May: len(iam.ScopeRoots(r.Context(), "signature.ask")) > 0}
	p.Tabs.Label = "按状态"
	for _, x := range states {
		tab := page.Tab{Label: "全部", Href: Home, Current: x == state}
		if x != "" {
			tab.Label, tab.Href = signature.Word(x), Home+"?state="+x
		}
		p.Tabs.Items = append(p.Tabs.Items, tab)
	}
	list, err := s.Signature.List(r.Context(), state, 20, r.URL.Query().Get("cursor"))
	if err != nil {
		return err
	}
	p.Table = page.Table{ID: "tasks", Caption: "签署任务", Quiet: true, Head: []string{"文件", "状态", "已签", "截止", "发起"}, Empty: s.emptyList(state, p.May)}
	for _, t := range list.Items {
		p.Table.Rows = append(p.Table.Rows, page.Row{Cells: []page.Cell{
			{Text: t.Title, Sub: t.OrgName, Href: page.At(Home, t.ID)}, {Chips: []page.Chip{chipOf(t.State)}}, {Text: count(t)}, {At: t.Until}, {At: t.CreatedAt},
		}})
	}
	if list.Next != "" {
		p.Table.Pager = page.Pager{Next: Home + "?" + url.Values{"state": {state}, "cursor": {list.Next}}.Encode(), NextWord: "更早的"}
	}
	if r.URL.Query().Has("cursor") {
		p.Table.Pager.First = Home + "?state=" + state
	}
	return s.set.Show(w, http.StatusOK, "list", p)
}

func (s *Service) emptyList(state string, may bool) page.Empty {
	switch {
	case state != "":
		return page.Empty{Title: "没有“" + signature.Word(state) + "”的签署"}
	case may:
		return page.Empty{Title: "还没有发起过签署", Text: "把需要群众、企业或同事签字的文件发给他们，在手机上就能签，不用打印。", Href: Home + "/new", Action: "发起签署"}
	}
	return page.Empty{Title: "还没有签署"}
}
