package admin

import (
	"net/http"

	"sidian/internal/fault"
	"sidian/internal/iam"
	"sidian/internal/web/page"
)

// grant is one grant with the steps that it takes, and what the reader may do
// about it now.
func (s *Service) grant(r *http.Request, g iam.GrantItem) *sheet {
	ctx := r.Context()
	p := s.sheet(r, "grants", g.AccountName+"：“"+roleName(g)+"”的授权", grantsLead).under("授权", page.Asking(at("grants"), "state", g.State)).stands(r, at("grants", g.ID))
	p.Chips = grantChips(g)
	if g.Altered {
		p.add(part{Notice: &page.Notice{Class: page.Bad, Title: "这项授权在数据库中被改动", Text: "它不给任何权限。请联系平台运维人员运行 sidian doctor，并核查数据库的访问记录。"}})
	}
	p.add(part{Card: true, Title: "进展", Steps: grantSteps(g)})
	role, known := s.IAM.InForce().Role(g.Role)
	can := "现行策略没有这个角色，不给任何权限"
	if known {
		can = mayOf(s.IAM.InForce(), role.May)
	}
	who := page.Fact{Label: "人员", Text: g.AccountName + "（" + g.Username + "）"}
	if iam.MayAny(ctx, "", "account.manage", "account.lock") {
		who.Href = at("people", g.Account)
	}
	facts := []page.Fact{who, {Label: "角色", Text: roleName(g)}, {Label: "可以做什么", Text: can}}
	if len(role.Purposes) > 0 {
		facts = append(facts, page.Fact{Label: "查看个人信息", Text: "用途限于" + purposesOf(s.IAM.InForce(), role.Purposes) + "，每次都要说明"})
	}
	facts = append(facts, page.Fact{Label: "单位", Text: g.OrgName + "及其下级", Href: at("units", g.Org)}, page.Fact{Label: "最后一天", Text: until(g.Grant)}, page.Fact{Label: "依据", Text: g.Basis})
	p.add(part{Card: true, Title: "内容", Facts: facts})
	mine := g.By == iam.Self(ctx) || g.Account == iam.Self(ctx)
	switch {
	case g.State == iam.Proposed && iam.May(ctx, "grant.approve", g.Org) && !mine:
		p.add(part{Confirms: []page.Confirm{
			{ID: "approve", Title: "批准", Text: "批准后立即生效。请核对：人、角色、单位、期限与依据相符。", Action: at("grants", g.ID, "decide"), Hidden: []page.Hidden{{Name: "do", Value: "approve"}}, Button: "批准", Busy: "正在批准…", Reason: page.Field{ID: "approve-reason"}},
			{ID: "refuse", Title: "不批准", Text: "不批准的理由起草人看得到；改好后可以重新起草。", Action: at("grants", g.ID, "decide"), Hidden: []page.Hidden{{Name: "do", Value: "refuse"}}, Button: "不批准", Busy: "正在记录…", Grave: true, Reason: page.Field{ID: "refuse-reason"}},
		}})
	case g.State == iam.Proposed && mine:
		p.add(part{Notice: &page.Notice{Text: "由安全管理员批准后生效。自己起草的、给自己的，自己不能批准。"}})
	case g.State == iam.Proposed:
		p.add(part{Notice: &page.Notice{Text: "等安全管理员批准。批准之前没有任何权限。"}})
	case g.State == iam.Effective && iam.May(ctx, "grant.approve", g.Org):
		p.add(part{Links: []link{{Label: "撤销授权", Href: at("grants", g.ID, "revoke")}}})
	}
	return p
}

func grantSteps(g iam.GrantItem) []page.Step {
	steps := []page.Step{{Title: "起草", Text: g.Reason, Who: drafter(g), At: moment(g.At), State: "done"}}
	second := page.Step{Title: "批准", Text: g.Note, Who: g.DecidedName, At: moment(g.DecidedAt), State: "done"}
	switch g.State {
	case iam.Proposed:
		second = page.Step{Title: "批准", Text: "由安全管理员办理", State: "now"}
		if g.Due != "" {
			second.Chips = []page.Chip{{Class: g.Level, Word: g.Due}}
		}
		return append(steps, second, page.Step{Title: "生效", State: "todo"})
	case iam.Refused:
		second.Title = "不批准"
		return append(steps, second)
	case iam.Effective:
		return append(steps, second, page.Step{Title: "生效", Text: "最后一天：" + until(g.Grant), State: "now"})
	}
	// Of a grant that was revoked the decision that is kept is the revocation.
	who := g.DecidedName
	if g.Decided == "" {
		who = "系统自动"
	}
	return append(steps, page.Step{Title: "批准并生效", State: "done"}, page.Step{Title: "撤销", Text: g.Note, Who: who, At: moment(g.DecidedAt), State: "done"})
}

func (s *Service) getGrant(w http.ResponseWriter, r *http.Request) error {
	g, err := s.IAM.Grant(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	return s.show(w, s.grant(r, g))
}

func (s *Service) postDecide(w http.ResponseWriter, r *http.Request) error {
	g, err := s.IAM.Grant(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	do := r.PostFormValue("do")
	if do != "approve" && do != "refuse" {
		return s.refuse(w, s.grant(r, g), errNoDecision())
	}
	if err := s.IAM.DecideGrant(r.Context(), g.ID, do == "approve", r.PostFormValue("reason")); err != nil {
		p := s.grant(r, g)
		return s.refuse(w, p.keep(do, r), err)
	}
	word := "refused"
	if do == "approve" {
		word = "approved"
	}
	return page.See(w, r, page.Asking(at("grants", g.ID), "done", word))
}

// keep leaves of two confirmations the one that was sent first, so that what is
// wrong with it is said there, and keeps its reason.
func (p *sheet) keep(id string, r *http.Request) *sheet {
	for i := range p.Parts {
		c := p.Parts[i].Confirms
		for j := range c {
			if c[j].ID == id {
				c[j].Reason.Value = r.PostFormValue("reason")
				c[0], c[j] = c[j], c[0]
			}
		}
	}
	return p
}

func errNoDecision() error {
	return fault.Invalid.New("请选择批准或不批准").WithCode("decision").WithHint("按“批准”或“不批准”办理")
}

func errNoItems() error {
	return fault.Invalid.New("请勾选要移交的事项").WithCode("handover.items").WithField("items", "required", "至少勾选一项")
}

func (s *Service) revocation(r *http.Request, g iam.GrantItem) *sheet {
	p := s.sheet(r, "grants", "撤销授权", "").under("授权", at("grants", g.ID))
	return p.add(part{Confirms: []page.Confirm{{Title: "撤销“" + g.AccountName + "”的“" + roleName(g) + "”", Text: "撤销立即生效，对方正在办的事也随即没有权限。不能恢复，需要时重新起草、批准。",
		Facts:  []page.Fact{{Label: "单位", Text: g.OrgName + "及其下级"}, {Label: "最后一天", Text: until(g.Grant)}},
		Action: at("grants", g.ID, "revoke"), Reason: given(r), Button: "撤销授权", Busy: "正在撤销…", Grave: true, Cancel: at("grants", g.ID)}}})
}

func (s *Service) getRevoke(w http.ResponseWriter, r *http.Request) error {
	g, err := s.IAM.Grant(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	return s.show(w, s.revocation(r, g))
}

func (s *Service) postRevoke(w http.ResponseWriter, r *http.Request) error {
	g, err := s.IAM.Grant(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	if err := s.IAM.RevokeGrant(r.Context(), g.ID, r.PostFormValue("reason")); err != nil {
		return s.refuse(w, s.revocation(r, g), err)
	}
	return page.See(w, r, page.Asking(at("grants", g.ID), "done", "revoked"))
}
