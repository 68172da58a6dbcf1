package admin

import (
	"net/http"
	"slices"

	"sidian/internal/auth"
	"sidian/internal/iam"
	"sidian/internal/web/page"
)

func (s *Service) getSessions(w http.ResponseWriter, r *http.Request) error {
	cursor := r.URL.Query().Get("cursor")
	list, next, err := s.Auth.OtherSessions(r.Context(), cursor, perPage)
	if err != nil {
		return err
	}
	p := s.sheet(r, "sessions", "会话", "谁正在登录、从哪里登录。账号可能被他人使用时，由安全管理员结束会话并通知本人；姓名和地址只显示一部分。")
	t := &page.Table{ID: "sessions", Caption: "登录中的会话", Head: []string{"姓名", "单位", "设备", "网络地址", "最近使用", ""}, Empty: page.Empty{Title: "没有人登录", Text: "有人登录时会列在这里。"}}
	for _, o := range list {
		t.Rows = append(t.Rows, page.Row{Cells: s.sessionCells(r, o)})
	}
	if next != "" {
		t.Pager.Next = page.Asking(at("sessions"), "cursor", next)
	}
	if cursor != "" {
		t.Pager.First = at("sessions")
	}
	return s.show(w, p.add(part{Table: t}))
}

func (s *Service) sessionCells(r *http.Request, o auth.OtherSession) []page.Cell {
	how := "只用了密码"
	if o.Second {
		how = "用了第二因素"
	}
	last := page.Cell{Actions: []page.Action{{Label: "结束", Of: o.Name + "的会话", Href: at("sessions", o.ID, "end")}}}
	name := page.Cell{Text: dash(o.Name)}
	if o.Account == iam.Self(r.Context()) {
		name.Chips, last = []page.Chip{{Class: page.Plain, Word: "您自己"}}, page.Cell{Text: "在“我的安全”里结束"}
	}
	return []page.Cell{name, {Text: s.unitName(r.Context(), o.Org)}, {Text: o.Device, Sub: how}, {Text: dash(o.Address), Code: true}, {Text: page.Ago(o.Seen, s.IAM.DB.Now()), Sub: "登录于 " + page.Moment(o.Created)}, last}
}

func (s *Service) sessionEnd(r *http.Request) *sheet {
	p := s.sheet(r, "sessions", "结束会话", "").under("会话", at("sessions"))
	c := page.Confirm{Title: "结束这个会话", Text: "立即生效，对方须重新登录，没有提交的内容会丢失。密码不变：怀疑被盗用的，再为其开“恢复登录”的一次性链接。",
		Action: r.URL.EscapedPath(), Reason: given(r), Button: "结束会话", Busy: "正在结束…", Grave: true, Cancel: at("sessions")}
	list, _, err := s.Auth.OtherSessions(r.Context(), "", 200)
	if i := slices.IndexFunc(list, func(o auth.OtherSession) bool { return o.ID == r.PathValue("id") }); err == nil && i >= 0 {
		o := list[i]
		c.Facts = []page.Fact{{Label: "姓名", Text: o.Name}, {Label: "单位", Text: s.unitName(r.Context(), o.Org)}, {Label: "设备", Text: o.Device}, {Label: "网络地址", Text: o.Address, Code: true}, {Label: "最近使用", At: o.Seen}}
	}
	return p.add(part{Confirms: []page.Confirm{c}})
}

func (s *Service) getEndSession(w http.ResponseWriter, r *http.Request) error {
	return s.show(w, s.sessionEnd(r))
}

func (s *Service) postEndSession(w http.ResponseWriter, r *http.Request) error {
	if err := s.Auth.EndOther(r.Context(), r.PathValue("id"), r.PostFormValue("reason")); err != nil {
		return s.refuse(w, s.sessionEnd(r), err)
	}
	return page.See(w, r, page.Asking(at("sessions"), "done", "ended"))
}
