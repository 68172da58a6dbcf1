package admin

import (
	"net/http"
	"strings"

	"sidian/internal/auth"
	"sidian/internal/httpx"
	"sidian/internal/iam"
	"sidian/internal/web/page"
)

func (s *Service) editPerson(r *http.Request, a iam.Account, name string) *sheet {
	p := s.sheet(r, "people", "修改人员", "改动立即生效并记入审计。").under(a.Name, at("people", a.ID))
	f := &form{Form: page.Form{Action: at("people", a.ID, "edit"), Button: "保存修改", Busy: "正在保存…", Cancel: at("people", a.ID), Fields: []page.Field{
		{ID: "name", Name: "name", Label: "姓名", Value: name, Required: true, Max: 100, Autocomplete: "off"},
		{ID: "phone", Name: "phone", Label: "新的手机号码", Value: r.PostFormValue("phone"), Max: 11, Mode: "tel", Hint: "现在登记的：" + dash(a.Phone) + "。不改就留空", Autocomplete: "off"},
		{ID: "drop", Name: "drop", Label: "手机号码", Any: "保留或改为上面的", Options: []page.Option{{Value: "1", Label: "删去登记的号码"}}, Value: r.PostFormValue("drop")},
		reason(r, ""),
	}}}
	return p.add(part{Form: f})
}

func (s *Service) getEditPerson(w http.ResponseWriter, r *http.Request) error {
	a, err := s.person(r)
	if err != nil {
		return err
	}
	return s.show(w, s.editPerson(r, a, a.Name))
}

func (s *Service) postEditPerson(w http.ResponseWriter, r *http.Request) error {
	a, err := s.person(r)
	if err != nil {
		return err
	}
	name, phone := r.PostFormValue("name"), strings.TrimSpace(r.PostFormValue("phone"))
	e := iam.AccountEdit{Name: &name, Reason: r.PostFormValue("reason")}
	if phone != "" || r.PostFormValue("drop") == "1" {
		e.Phone = &phone
	}
	if _, err := s.IAM.EditAccount(r.Context(), a.ID, e); err != nil {
		return s.refuse(w, s.editPerson(r, a, name), err)
	}
	return page.See(w, r, page.Asking(at("people", a.ID), "done", "edited"))
}

func (s *Service) movePerson(r *http.Request, a iam.Account) (*sheet, error) {
	p := s.sheet(r, "people", "调动", "调动立即生效。在原单位的角色和岗位不会跟着走：先移交，或者一并撤销。").under(a.Name, at("people", a.ID))
	held, err := s.IAM.Holdings(r.Context(), a.ID)
	if err != nil {
		return nil, err
	}
	p.add(part{Card: true, Facts: []page.Fact{{Label: "姓名", Text: a.Name}, {Label: "现单位", Text: s.unitName(r.Context(), a.Org)}}})
	f := &form{Form: page.Form{Action: at("people", a.ID, "move"), Button: "调动", Busy: "正在办理…", Cancel: at("people", a.ID), Fields: []page.Field{
		{ID: "org", Name: "org", Label: "调入单位", Value: r.PostFormValue("org"), Required: true, Max: 100, Hint: "单位全称，或单位编号"},
	}}}
	if len(held) > 0 {
		p.add(part{Title: "在原单位还担负的", Table: holdingsTable(held), Links: []link{{Label: "先移交给接手人", Href: page.Asking(at("people", a.ID, "close"), "then", "move")}}})
		f.Fields = append(f.Fields, page.Field{ID: "end", Name: "end", Label: "原单位的角色", Value: r.PostFormValue("end"), Any: "已经移交，没有要撤销的", Options: []page.Option{{Value: "1", Label: "一并撤销（岗位和待办仍须先移交）"}}})
	}
	f.Fields = append(f.Fields, reason(r, "如调令的文号，记入审计"))
	return p.add(part{Form: f}), nil
}

func (s *Service) getMove(w http.ResponseWriter, r *http.Request) error {
	a, err := s.person(r)
	if err != nil {
		return err
	}
	p, err := s.movePerson(r, a)
	if err != nil {
		return err
	}
	return s.show(w, p)
}

func (s *Service) postMove(w http.ResponseWriter, r *http.Request) error {
	a, err := s.person(r)
	if err != nil {
		return err
	}
	o, err := s.unitNamed(r.Context(), "org", r.PostFormValue("org"))
	if err == nil {
		_, err = s.IAM.MoveAccount(r.Context(), a.ID, iam.MoveRequest{Org: o.ID, End: r.PostFormValue("end") == "1", Reason: r.PostFormValue("reason")})
	}
	if err == nil {
		return page.See(w, r, page.Asking(at("people", a.ID), "done", "moved"))
	}
	p, e := s.movePerson(r, a)
	if e != nil {
		return e
	}
	return s.refuse(w, p, err)
}

func (s *Service) unlock(r *http.Request, a iam.Account) *sheet {
	p := s.sheet(r, "people", "解除登录锁定", "").under(a.Name, at("people", a.ID))
	return p.add(part{Confirms: []page.Confirm{{Title: "让“" + a.Name + "”现在就能重新登录", Text: "多次输错密码会锁定一段时间，到时自动解除。请先与本人核实：确实是本人输错的。密码和第二因素不变。",
		Action: at("people", a.ID, "unlock"), Reason: given(r), Button: "解除锁定", Busy: "正在解除…", Cancel: at("people", a.ID)}}})
}

func (s *Service) getUnlock(w http.ResponseWriter, r *http.Request) error {
	a, err := s.person(r)
	if err != nil {
		return err
	}
	return s.show(w, s.unlock(r, a))
}

func (s *Service) postUnlock(w http.ResponseWriter, r *http.Request) error {
	a, err := s.person(r)
	if err != nil {
		return err
	}
	if err := s.Auth.Unlock(r.Context(), a.ID, r.PostFormValue("reason")); err != nil {
		return s.refuse(w, s.unlock(r, a), err)
	}
	return page.See(w, r, page.Asking(at("people", a.ID), "done", "unlocked"))
}

// linkFor is the page that makes a one-time link.
func (s *Service) linkFor(r *http.Request, a iam.Account) *sheet {
	p := s.sheet(r, "people", "开一次性链接", "本人打开链接，自己设置密码；管理员看不到密码。链接只能用一次，新开的会使以前的失效。").under(a.Name, at("people", a.ID))
	var purposes []page.Option
	if iam.May(r.Context(), "account.manage", a.Org) {
		purposes = append(purposes, page.Option{Value: string(auth.First), Label: "首次登录：还没有密码，72 小时内有效"})
	}
	purposes = append(purposes, page.Option{Value: string(auth.Reset), Label: "重设密码：第二因素不变，1 小时内有效"})
	if iam.May(r.Context(), "account.lock", a.Org) {
		purposes = append(purposes, page.Option{Value: string(auth.Recover), Label: "恢复登录：密码和第二因素都丢了，1 小时内有效"})
	}
	f := &form{Form: page.Form{Action: at("people", a.ID, "link"), Button: "开链接", Busy: "正在开…", Cancel: at("people", a.ID), Fields: []page.Field{
		{ID: "purpose", Name: "purpose", Label: "用于", Value: r.PostFormValue("purpose"), Required: true, Options: purposes},
		reason(r, "怎样核实了是本人，记入审计"),
	}}}
	return p.add(part{Card: true, Facts: []page.Fact{{Label: "姓名", Text: a.Name}, {Label: "用户名", Text: a.Username, Code: true}}}, part{Form: f})
}

func (s *Service) getLink(w http.ResponseWriter, r *http.Request) error {
	a, err := s.person(r)
	if err != nil {
		return err
	}
	return s.show(w, s.linkFor(r, a))
}

// postLink shows the link, this once: it is stored nowhere in clear.
func (s *Service) postLink(w http.ResponseWriter, r *http.Request) error {
	a, err := s.person(r)
	if err != nil {
		return err
	}
	made, err := s.Auth.Invite(r.Context(), a.ID, auth.Purpose(r.PostFormValue("purpose")), r.PostFormValue("reason"))
	if err != nil {
		return s.refuse(w, s.linkFor(r, a), err)
	}
	p := s.sheet(r, "people", "一次性链接", "").under(a.Name, at("people", a.ID)).stands(r, at("people", a.ID))
	p.add(part{Notice: &page.Notice{Class: page.Care, Title: "链接只显示这一次", Text: "离开本页后不能再看到；丢了就重新开一个。"}},
		part{Card: true, Copy: &page.Copy{ID: "link", Label: "给“" + a.Name + "”的链接，" + page.Moment(made.Until) + " 前有效", Text: s.base(r) + made.Path, Hint: "谁拿到链接，谁就能设置密码"}},
		part{Card: true, Title: "怎样交给本人", Facts: []page.Fact{
			{Label: "当面", Text: "让本人在自己的设备上打开，或写在纸上当面交给本人。"},
			{Label: "不在一处", Text: "用已经核实过的电话或政务内网消息发给本人，再打电话确认收到。不要发到群里，不要由他人转交。"},
			{Label: "之后", Text: "本人设置密码和第二因素后即可登录。没有按时完成的，重新开链接。"},
		}},
		part{Links: []link{{Label: "已经交给本人", Href: at("people", a.ID), First: true}}})
	return s.show(w, p)
}

// base is what the address of a link begins with.
func (s *Service) base(r *http.Request) string {
	if s.BaseURL != "" {
		return strings.TrimSuffix(s.BaseURL, "/")
	}
	scheme := "http://"
	if httpx.MetaFrom(r.Context()).Secure {
		scheme = "https://"
	}
	return scheme + r.Host
}
