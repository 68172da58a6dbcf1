package notices

import (
	"context"
	"net/http"
	"net/url"

	"sidian/internal/notice"
	"sidian/internal/web/page"
)

// The two views of an inbox.
const (
	unread = ""
	all    = "all"
)

const (
	perPage = 20
	walked  = 25 // pages of the inbox that are looked through for what is not read
)

type homePage struct {
	page.Frame
	Done  *page.Notice
	Tabs  page.Tabs
	Table page.Table
	All   []page.Hidden // what marking all as read carries along; nil: nothing to mark
}

// done are what is said after something was done.
var done = map[string]page.Notice{
	"read": {Class: page.Good, Title: "已标为已读"},
	"all":  {Class: page.Good, Title: "已全部标为已读", Text: "在“全部”中仍可查看。"},
}

func (s *Service) getHome(w http.ResponseWriter, r *http.Request) error {
	ctx, q := r.Context(), r.URL.Query()
	view, cursor := q.Get("view"), q.Get("cursor")
	if view != all {
		view = unread
	}
	list, next, err := s.some(ctx, view, cursor)
	if err != nil {
		return err
	}
	count, err := s.Notices.Unread(ctx)
	if err != nil {
		return err
	}
	p := homePage{Frame: s.Kit.Frame(r, "消息", "notices", page.Wide), Tabs: page.Tabs{Label: "消息", Items: []page.Tab{
		{Label: "未读", Href: Home, Current: view == unread, Count: count}, {Label: "全部", Href: address(all, ""), Current: view == all},
	}}}
	if n, ok := done[q.Get("done")]; ok {
		p.Done = &n
	}
	if p.Table, err = s.table(ctx, view, cursor, list); err != nil {
		return err
	}
	if next != "" && len(list) == 0 { // what was walked through is all read, and there is more
		p.Table.Empty = page.Empty{Title: "近来的消息都已读", Text: "更早的还没有找过。", Href: address(view, next), Action: "继续往前找"}
	}
	if next != "" {
		p.Table.Pager = page.Pager{Next: address(view, next), NextWord: "更早的消息"}
	}
	if cursor != "" {
		p.Table.Pager.First = address(view, "")
	}
	if count > 0 {
		p.All = []page.Hidden{{Name: "view", Value: view}}
	}
	return s.set.Show(w, http.StatusOK, "home", p)
}

// some are the notices of a page of a view. An inbox is in the order of time:
// for what is not read it is walked through, so far as one request may.
func (s *Service) some(ctx context.Context, view, cursor string) (list []notice.Notice, next string, err error) {
	if view == all {
		p, err := s.Notices.Inbox(ctx, perPage, cursor)
		if err != nil {
			return nil, "", err
		}
		return p.Items, p.Next, nil
	}
	for range walked {
		p, err := s.Notices.Inbox(ctx, perPage, cursor)
		if err != nil {
			return nil, "", err
		}
		for _, n := range p.Items {
			if n.ReadAt.IsZero() {
				list = append(list, n)
			}
		}
		if cursor = p.Next; cursor == "" || len(list) >= perPage {
			break
		}
	}
	return list, cursor, nil
}

func (s *Service) table(ctx context.Context, view, cursor string, list []notice.Notice) (page.Table, error) {
	t := page.Table{ID: "list", Caption: "消息列表", Quiet: true, Head: []string{"消息", "相关单位", "时间", ""}, Empty: empty(view, cursor)}
	orgs := map[string]string{}
	for _, n := range list {
		if _, asked := orgs[n.Org]; !asked && n.Org != "" {
			o, err := s.IAM.Org(ctx, n.Org)
			if err != nil {
				return t, err
			}
			orgs[n.Org] = o.Name
		}
		t.Rows = append(t.Rows, row(n, orgs[n.Org], view, cursor))
	}
	return t, nil
}

func row(n notice.Notice, org, view, cursor string) page.Row {
	title := page.Cell{Text: n.Title, Sub: n.Text}
	if org == "" {
		org = "本人"
	}
	var acts []page.Action
	back := []page.Hidden{{Name: "view", Value: view}, {Name: "cursor", Value: cursor}}
	read := (&url.URL{Path: Home + "/" + n.ID + "/read"}).String()
	switch {
	case n.ReadAt.IsZero():
		title.Chips = []page.Chip{{Class: page.Care, Word: "未读"}}
		if n.Link != "" {
			acts = append(acts, page.Action{Label: "查看", Of: n.Title, Href: read, Post: true, Hidden: []page.Hidden{{Name: "to", Value: n.Link}}})
		}
		acts = append(acts, page.Action{Label: "标为已读", Of: n.Title, Href: read, Post: true, Hidden: back})
	case n.Link != "":
		acts = append(acts, page.Action{Label: "查看", Of: n.Title, Href: n.Link})
	}
	return page.Row{ID: n.ID, Cells: []page.Cell{title, {Text: org}, {At: n.At}, {Actions: acts}}}
}

func empty(view, cursor string) page.Empty {
	switch {
	case cursor != "":
		return page.Empty{Title: "没有更早的了", Href: address(view, ""), Action: "回到最前"}
	case view == all:
		return page.Empty{Title: "还没有消息", Text: "有事等您办理，或您经手的事有了结果，这里会告诉您。"}
	}
	return page.Empty{Title: "没有未读的消息", Text: "有事等您办理，或您经手的事有了结果，这里会告诉您。", Href: address(all, ""), Action: "查看以前的消息"}
}

// address is that of a view from a place on; more are pairs of names and values.
func address(view, cursor string, more ...string) string {
	v := url.Values{}
	if view != unread {
		v.Set("view", view)
	}
	if cursor != "" {
		v.Set("cursor", cursor)
	}
	for i := 0; i+1 < len(more); i += 2 {
		v.Set(more[i], more[i+1])
	}
	return (&url.URL{Path: Home, RawQuery: v.Encode()}).String()
}

// postRead marks one as read, and goes to what it is about or back to the list.
func (s *Service) postRead(w http.ResponseWriter, r *http.Request) error {
	if err := s.Notices.Read(r.Context(), r.PathValue("id")); err != nil {
		return err
	}
	return page.See(w, r, page.Local(r.PostFormValue("to"), back(r, "read")))
}

func (s *Service) postReadAll(w http.ResponseWriter, r *http.Request) error {
	if err := s.Notices.ReadAll(r.Context()); err != nil {
		return err
	}
	return page.See(w, r, back(r, "all"))
}

// back is the list that a form was sent from, saying what was done.
func back(r *http.Request, what string) string {
	view, cursor := r.PostFormValue("view"), r.PostFormValue("cursor")
	if view != all {
		view = unread
	}
	return address(view, cursor, "done", what)
}
