package bound

import (
	"net/http"

	"sidian/internal/bound"
	"sidian/internal/web/page"
	applypages "sidian/internal/web/sealapply"
)

var said = map[string]page.Notice{
	"agent":      {Class: page.Good, Title: "已登记经办人", Text: "经办人登录后即可申领；已有账号的，已收到消息。"},
	"registered": {Class: page.Good, Title: "已登记为用章单位", Text: "还须为企业的印章保管人开通账号，并授予印章保管员角色。"},
	"thawed":     {Class: page.Good, Title: "印章已恢复使用"},
	"cancelled":  {Class: page.Good, Title: "印章已注销"},
	"put":        {Class: page.Good, Title: "规则已登记", Text: "此后签发的证照按新规则办理。"},
	"wished":     {Class: page.Good, Title: "已选择同时申领", Text: "证照签发后，会请申领人确认并提交印章申请。"},
	"unwished":   {Class: page.Good, Title: "已取消同时申领"},
}

func (s *Service) sheet(r *http.Request) (*page.Sheet, error) {
	o, err := s.Bound.Get(r.Context(), r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	at := page.At(Home, o.ID)
	p := s.Kit.Sheet(r, "bound", o.KindName+"和"+o.SealLabel, leadOf(o), page.Middle).Under("同步发放", Home).Said(r, said)
	if r.Method == http.MethodPost {
		p.Path = at
	}
	p.Chips = []page.Chip{applypages.OfferChip(o)}
	facts := []page.Fact{{Label: "证照", Text: o.KindName}, {Label: "证照状态", Text: o.StatusName}, {Label: "电子证照标识", Text: o.Identifier, Code: true},
		{Label: "持证主体", Text: o.Name}}
	if o.Sort == bound.Enterprise {
		unit := "还没有登记为用章单位"
		if o.Org != "" {
			unit = "已登记"
		}
		facts = append(facts, page.Fact{Label: "统一社会信用代码", Text: o.Code, Code: true}, page.Fact{Label: "平台登记", Text: unit}, page.Fact{Label: "经办人", Text: o.Agent})
	}
	facts = append(facts, page.Fact{Label: "签发单位", Text: o.IssuerName}, page.Fact{Label: "办理时已选择同时申领", Text: map[bool]string{true: "是", false: "否"}[o.Wished]},
		page.Fact{Label: "申领期限", Text: page.Day(o.Until)})
	if o.Reason != "" {
		facts = append(facts, page.Fact{Label: "谢绝的原因", Text: o.Reason})
	}
	p.Add(page.Part{ID: "certificate", Title: "证照和持证主体", Facts: facts}, page.Part{ID: "progress", Title: "进度", Steps: applypages.OfferSteps(o)})
	if f := o.Follow; f != nil {
		p.Add(page.Part{ID: "follow", Title: f.StateName, Text: f.Reason + "。"})
	}
	for _, action := range o.May {
		s.offerAction(r, p, o, action, at)
	}
	return p, nil
}

func leadOf(o *bound.Offer) string {
	switch o.State {
	case bound.Open:
		return "由持证人或企业经办人申领，最迟 " + page.Day(o.Until) + "。"
	case bound.Taken:
		return "已开始申领，印章申请按各层级审核、制作、备案。"
	case bound.Done:
		return "印章已备案。证照暂扣、吊销、注销时，企业印章随即冻结，由印章管理部门恢复或注销。"
	}
	return "已结束：" + o.StateName + "。"
}

// offerAction adds what the reader may do.
func (s *Service) offerAction(r *http.Request, p *page.Sheet, o *bound.Offer, action, at string) {
	reason := page.Field{ID: "reason", Value: r.PostFormValue("reason"), Max: 500, Hint: "写入审计记录，不要写个人信息"}
	switch action {
	case "register":
		p.Add(page.Part{ID: "register", Confirm: &page.Confirm{ID: "register-form", Title: "登记为用章单位", Text: "单位信息取自证照，登记在签发单位的上级之下。", NoReason: true,
			Facts: []page.Fact{{Label: "单位名称", Text: o.Name}, {Label: "统一社会信用代码", Text: o.Code, Code: true}, {Label: "类别", Text: "企业"}}, Action: at + "/register", Button: "按证照登记"}})
	case "agent":
		p.Add(page.Part{ID: "agent", Form: &page.Form{ID: "agent-form", Title: "登记经办人", Text: "核验经办人的身份证件和企业委托书后登记；经办人凭实名账号申领。", Action: at + "/agent", Fields: agentFields(r), Button: "登记", Plain: true}})
	case "thaw":
		p.Add(page.Part{ID: "thaw", Confirm: &page.Confirm{ID: "thaw-form", Title: "恢复印章", Text: "证照已恢复有效。核实后恢复，印章即可使用。", Action: at + "/thaw", Reason: reason, Button: "恢复印章"}})
	case "cancel":
		p.Add(page.Part{ID: "cancel", Confirm: &page.Confirm{ID: "cancel-form", Title: "注销印章", Text: "证照已失效。注销后不能恢复；以前盖章的文件仍然有效。", Action: at + "/cancel", Reason: reason, Button: "注销印章", Grave: true}})
	}
}

func agentFields(r *http.Request) []page.Field {
	return []page.Field{
		{ID: "agent_name", Name: "agent_name", Label: "经办人姓名", Value: r.PostFormValue("agent_name"), Required: true, Max: 100, Autocomplete: "off"},
		{ID: "agent_citizen", Name: "agent_citizen", Label: "公民身份号码", Value: r.PostFormValue("agent_citizen"), Required: true, Max: 18, Code: true, Autocomplete: "off"},
	}
}

func (s *Service) getShow(w http.ResponseWriter, r *http.Request) error {
	p, err := s.sheet(r)
	if err != nil {
		return err
	}
	return s.Kit.ShowSheet(w, p)
}

// result leads back with what was done, or shows the page with what was refused.
func (s *Service) result(w http.ResponseWriter, r *http.Request, word string, err error) error {
	if err == nil {
		return page.See(w, r, page.Asking(page.At(Home, r.PathValue("id")), "done", word))
	}
	if page.StatusOf(err) == 0 {
		return err
	}
	p, e := s.sheet(r)
	if e != nil {
		return e
	}
	return s.Kit.ShowAgain(w, p, err)
}

func (s *Service) postAgent(w http.ResponseWriter, r *http.Request) error {
	_, err := s.Bound.NameAgent(r.Context(), bound.AgentRequest{ID: r.PathValue("id"), Name: r.PostFormValue("agent_name"), Citizen: r.PostFormValue("agent_citizen")})
	return s.result(w, r, "agent", err)
}

func (s *Service) postRegister(w http.ResponseWriter, r *http.Request) error {
	_, err := s.Bound.Register(r.Context(), r.PathValue("id"))
	return s.result(w, r, "registered", err)
}

func (s *Service) postThaw(w http.ResponseWriter, r *http.Request) error {
	_, err := s.Bound.Thaw(r.Context(), bound.Decision{ID: r.PathValue("id"), Reason: r.PostFormValue("reason")})
	return s.result(w, r, "thawed", err)
}

func (s *Service) postCancel(w http.ResponseWriter, r *http.Request) error {
	_, err := s.Bound.Cancel(r.Context(), bound.Decision{ID: r.PathValue("id"), Reason: r.PostFormValue("reason")})
	return s.result(w, r, "cancelled", err)
}
