package admin

import (
	"net/http"

	"sidian/internal/iam"
	"sidian/internal/web/page"
)

func holdingsTable(list []iam.Holding) *page.Table {
	t := &page.Table{ID: "holdings", Caption: "还担负的角色、岗位和待办", Quiet: true, Head: []string{"事项", "单位", "怎样移交"}, Empty: page.Empty{Title: "没有要移交的", Text: "可以直接停用。"}}
	for _, h := range list {
		t.Rows = append(t.Rows, page.Row{Cells: []page.Cell{{Text: h.Title}, {Text: dash(h.OrgName)}, {Text: h.How}}})
	}
	return t
}

// closePerson is the page on which an account ends: what somebody holds is
// handed over first, each thing to whoever takes it.
func (s *Service) closePerson(r *http.Request, a iam.Account) (*sheet, error) {
	ctx := r.Context()
	held, err := s.IAM.Holdings(ctx, a.ID)
	if err != nil {
		return nil, err
	}
	p := s.sheet(r, "people", "停用账号", "离岗人员先移交角色、岗位和待办，再停用账号。停用后不能登录，已做过的事仍留在记录里。").under(a.Name, at("people", a.ID)).stands(r, at("people", a.ID, "close"))
	if r.URL.Query().Get("then") == "move" {
		p.Heading, p.Title, p.Lead = "移交", "移交", "先把在原单位担负的交给接手人，再办理调动。"
	}
	now := "now"
	second := "todo"
	if len(held) == 0 {
		now, second = "done", "now"
	}
	p.add(part{Card: true, Steps: []page.Step{{Title: "移交", Text: "角色由系统管理员为接手人起草，安全管理员批准后生效；岗位和待办立即移交", State: now}, {Title: "停用", Text: "结束所有登录", State: second}}})
	if len(held) == 0 {
		return p.add(part{Confirms: []page.Confirm{{Title: "停用“" + a.Name + "”的账号", Text: "没有要移交的事项。停用立即生效，所有登录随即结束，不能恢复。",
			Facts:  []page.Fact{{Label: "用户名", Text: a.Username, Code: true}, {Label: "单位", Text: s.unitName(ctx, a.Org)}},
			Action: at("people", a.ID, "close"), Reason: given(r), Button: "停用账号", Busy: "正在停用…", Grave: true, Cancel: at("people", a.ID)}}}), nil
	}
	p.add(part{Title: "要移交的事项，共 " + count(int64(len(held))) + " 项", Table: holdingsTable(held)})
	if !iam.May(ctx, "account.manage", a.Org) {
		return p.add(part{Notice: &page.Notice{Text: "移交由系统管理员办理，完成后再来停用。"}}), nil
	}
	return p.add(part{Form: s.handOver(r, a, held)}), nil
}

func (s *Service) handOver(r *http.Request, a iam.Account, held []iam.Holding) *form {
	chosen := map[string]bool{}
	for _, v := range ticked(r, "items") {
		chosen[v] = true
	}
	items := boxGroup{}
	for _, h := range held {
		key := h.Kind + "/" + h.ID
		items.Items = append(items.Items, box{Value: key, Label: h.Title, Sub: h.OrgName, On: len(chosen) == 0 || chosen[key]})
	}
	return &form{Form: page.Form{Action: at("people", a.ID, "handover"), Title: "移交给接手人", Text: "可以分几次移交给不同的人：每次勾选交给同一个人的事项。", Button: "移交", Busy: "正在移交…", Cancel: at("people", a.ID),
		Fields: []page.Field{{ID: "to", Name: "to", Label: "接手人的用户名", Value: r.PostFormValue("to"), Required: true, Code: true, Max: 64, Autocomplete: "off"}}},
		Boxes: []boxes{{ID: "items", Name: "items", Label: "交给这个人的事项", Groups: []boxGroup{items}}},
		Last:  []page.Field{reason(r, "")}}
}

func (s *Service) getClosePerson(w http.ResponseWriter, r *http.Request) error {
	a, err := s.person(r)
	if err != nil {
		return err
	}
	p, err := s.closePerson(r, a)
	if err != nil {
		return err
	}
	return s.show(w, p)
}

func (s *Service) postClosePerson(w http.ResponseWriter, r *http.Request) error {
	a, err := s.person(r)
	if err != nil {
		return err
	}
	if err := s.IAM.CloseAccount(r.Context(), a.ID, r.PostFormValue("reason")); err != nil {
		return s.again(w, r, a, err)
	}
	return page.See(w, r, page.Asking(at("people", a.ID), "done", "closed"))
}

// again shows the page with why it could not be done.
func (s *Service) again(w http.ResponseWriter, r *http.Request, a iam.Account, err error) error {
	p, e := s.closePerson(r, a)
	if e != nil {
		return e
	}
	return s.refuse(w, p, err)
}

func (s *Service) postHandOver(w http.ResponseWriter, r *http.Request) error {
	a, err := s.person(r)
	if err != nil {
		return err
	}
	to, err := s.personNamed(r.Context(), "to", r.PostFormValue("to"))
	if err != nil {
		return s.again(w, r, a, err)
	}
	items := ticked(r, "items")
	if len(items) == 0 {
		return s.again(w, r, a, errNoItems())
	}
	handed, err := s.IAM.HandOver(r.Context(), iam.HandOverRequest{From: a.ID, To: to.ID, Items: items, Reason: r.PostFormValue("reason")})
	if err != nil {
		return s.again(w, r, a, err)
	}
	p := s.sheet(r, "people", "移交结果", "").under(a.Name, at("people", a.ID)).stands(r, at("people", a.ID))
	t := &page.Table{ID: "handed", Caption: "移交给 " + to.Name, Head: []string{"事项", "单位", "结果"}}
	for _, h := range handed {
		chip := page.Chip{Class: page.Good, Word: "已移交"}
		if !h.Done {
			chip = page.Chip{Class: page.Care, Word: "还须办理"}
		}
		t.Rows = append(t.Rows, page.Row{Cells: []page.Cell{{Text: h.Title}, {Text: dash(h.OrgName)}, {Chips: []page.Chip{chip}, Sub: h.Note}}})
	}
	p.add(part{Table: t}, part{Links: []link{{Label: "继续：移交其余事项或停用账号", Href: at("people", a.ID, "close"), First: true}, {Label: "查看接手人", Href: at("people", to.ID)}}})
	return s.show(w, p)
}
