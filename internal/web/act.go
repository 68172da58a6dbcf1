package web

import (
	"cmp"
	"context"
	"net/http"
	"strconv"

	"sidian/internal/cert"
	"sidian/internal/cert/state"
	"sidian/internal/fault"
	"sidian/internal/iam"
	"sidian/internal/web/page"
)

// actPage asks for what an action needs, and says what will follow.
type actPage struct {
	page.Frame
	Back    string
	Problem *page.Problem
	Confirm page.Confirm
}

// draftsOf lead to where a next version is drawn up, and to annotated copies, for
// whoever may.
func draftsOf(ctx context.Context, c *cert.Certificate) (out []page.Action) {
	may := func(permission string) bool {
		return iam.Ask(ctx, iam.Question{Permission: permission, Org: c.Unit(), Gate: true}) == nil
	}
	if may("cert.draft") {
		for _, a := range state.Open(c.State()) {
			if a.Next {
				out = append(out, page.Action{Label: a.Name, Href: "/console/corrections/new?certificate=" + c.ID + "&action=" + a.Code, Of: c.Number})
			}
		}
	}
	if i, ok := state.Of(state.Status(c.Status)); ok && i.Stands && may("cert.annotate") {
		out = append(out, page.Action{Label: "制作加注件", Href: "/console/annotations/new?certificate=" + c.ID, Of: c.Number})
	}
	return out
}

// actsOf are the actions that may be done now on this page, by whoever may: nil
// for others. A next version is drawn up elsewhere.
func actsOf(ctx context.Context, c *cert.Certificate) (out []page.Action) {
	if iam.Ask(ctx, iam.Question{Permission: state.Permission, Org: c.Unit(), Gate: true}) != nil {
		return nil
	}
	for _, a := range state.Open(c.State()) {
		if !a.Next && (a.Code != state.Extend || c.ValidTo != "") {
			out = append(out, page.Action{Label: a.Name, Href: actPath(c.ID, a.Code), Of: c.Number})
		}
	}
	return out
}

func actPath(id, action string) string { return "/console/certificates/" + id + "/actions/" + action }

// fates are what was done to a certificate, the latest first.
func fates(acts []*cert.Act) (out []page.Step) {
	for i := len(acts) - 1; i >= 0; i-- {
		a := acts[i]
		s := page.Step{Title: a.Name, Text: a.Reason, At: a.At, Who: a.Actor}
		if s.Who == "" {
			s.Who = "平台"
		}
		if a.Basis != "" {
			s.Text += "；依据：" + a.Basis
		}
		s.Text += "；" + a.Was + " → " + a.Became
		if a.Until != "" {
			s.Text += "，至 " + a.Until
		}
		if a.Changes != "" {
			s.Text += "；改动：" + a.Changes
		}
		out = append(out, s)
	}
	return out
}

func (s *Service) getAct(w http.ResponseWriter, r *http.Request) error {
	c, err := s.Cert.Get(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	p, err := s.actPage(r, c)
	if err != nil {
		return err
	}
	return s.show(w, http.StatusOK, "act", p)
}

// actPage is refused for what cannot be done now, as doing it would be.
func (s *Service) actPage(r *http.Request, c *cert.Certificate) (*actPage, error) {
	a, ok := state.Find(r.PathValue("action"))
	if !ok || a.Permission == "" || a.Next {
		return nil, fault.NotFound.New("这里没有这个办理事项").WithCode("cert.action").WithHint("请从证照页面选择；变更、换证、更正在“更正与变更”中拟制新版本办理")
	}
	if err := s.Cert.Given(r.Context(), c, a.Permission); err != nil {
		return nil, err
	}
	if err := iam.Allow(r.Context(), a.Permission, c.Unit()); err != nil {
		return nil, err
	}
	became, no := a.Apply(c.State())
	if no != nil {
		return nil, fault.Conflict.New("%s", no.Rule).WithCode(no.Code).WithHint("%s", no.Way)
	}
	p := &actPage{Frame: s.frame(r, a.Name+"："+c.KindName, "console", ""), Back: "/console/certificates/" + c.ID}
	p.Confirm = page.Confirm{
		Title: a.Name, Action: actPath(c.ID, a.Code), Button: "确认" + a.Name, Busy: "正在办理…", Cancel: p.Back,
		Text:   "由您代表" + cmp.Or(c.KeeperName, c.IssuerName) + "决定，确认后立即生效：核验结果和公开的状态列表随即改变，不再经他人审批。",
		Hidden: []page.Hidden{{Name: "acts", Value: strconv.Itoa(c.Acts)}},
		Facts: []page.Fact{
			{Label: "证照", Text: c.KindName}, {Label: "证照编号", Text: c.Number, Code: true}, {Label: "现在", Text: stateWord(c.State())}, {Label: "办理后", Text: stateWord(became)},
		},
		Fields: actFields(a, c), Grave: a.To != "" && state.Final(a.To),
		Reason: page.Field{ID: "act-reason", Label: "事由", Max: 200, Hint: "如办件编号；请勿写个人信息。记入办理记录和审计"},
	}
	if err := s.actPhysical(r, c, p); err != nil {
		return nil, err
	}
	if p.Confirm.Grave {
		p.Confirm.Text += "“" + a.Name + "”不能撤回。"
	}
	return p, nil
}

// actPhysical asks whether it was done to a physical certificate that is out: one
// act then is noted on both.
func (s *Service) actPhysical(r *http.Request, c *cert.Certificate, p *actPage) error {
	all, err := s.Cert.Physicals(r.Context(), c.ID)
	if err != nil {
		return err
	}
	f := page.Field{ID: "act-physical", Name: "physical", Label: "实体证照", Options: []page.Option{{Value: "", Label: "不涉及实体证照"}}, Hint: "因实体证照办理的，选定印刷号，它的状态同时登记"}
	for _, x := range all {
		if x.State == cert.PhysicalPrinted || x.State == cert.PhysicalHanded {
			f.Options = append(f.Options, page.Option{Value: x.ID, Label: x.Number + "（" + x.StateName + "）"})
		}
	}
	if len(f.Options) > 1 {
		p.Confirm.Fields = append(p.Confirm.Fields, f)
	}
	return nil
}

func stateWord(s state.State) string {
	out := cert.Label(string(s.Status))
	for _, m := range s.Marks {
		if i, ok := state.MarkOf(m); ok {
			out += "、" + i.Name
		}
	}
	return out
}

func actFields(a state.Action, c *cert.Certificate) (out []page.Field) {
	if a.Until != state.No {
		f := page.Field{ID: "act-until", Name: "until", Label: "截止日期", Type: "date", Required: a.Until == state.Must, Short: true, Hint: "暂扣到哪一天；不定期的不填。到期不自动恢复"}
		if a.Code == state.Extend {
			f.Label, f.Hint = "新的有效期截止日期", "现在的截止日期是 "+c.ValidTo
		}
		out = append(out, f)
	}
	return append(out,
		page.Field{ID: "act-basis", Name: "basis", Label: "依据", Required: a.Basis, Max: 200, Autocomplete: "off", Hint: "法律条款或决定文号；核验时公开"},
		page.Field{ID: "act-at", Name: "at", Label: "决定日期", Type: "date", Short: true, Hint: "作出决定的那一天；不填为今天"},
	)
}

func (s *Service) postAct(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	req := cert.ActRequest{
		ID: r.PathValue("id"), Action: r.PathValue("action"), Reason: r.PostFormValue("reason"), Basis: r.PostFormValue("basis"),
		Until: r.PostFormValue("until"), At: r.PostFormValue("at"), Physical: r.PostFormValue("physical"),
	}
	if n, err := strconv.Atoi(r.PostFormValue("acts")); err == nil {
		req.Acts = &n
	}
	c, err := s.Cert.Act(ctx, req)
	if f := fault.As(err); f != nil && f.Kind == fault.Invalid {
		return s.refuseAct(w, r, &req, err)
	}
	if err != nil {
		return err
	}
	return page.See(w, r, "/console/certificates/"+c.ID+"?done="+req.Action)
}

// refuseAct shows the form again, with what is wrong at the fields.
func (s *Service) refuseAct(w http.ResponseWriter, r *http.Request, req *cert.ActRequest, err error) error {
	c, got := s.Cert.Get(r.Context(), req.ID)
	if got != nil {
		return got
	}
	p, got := s.actPage(r, c)
	if got != nil {
		return got
	}
	reason := []page.Field{p.Confirm.Reason}
	reason[0].Name = "reason"
	p.Problem = page.Mark(err, p.Confirm.Fields, reason)
	p.Confirm.Reason = reason[0]
	p.Confirm.Reason.Value = req.Reason
	for i := range p.Confirm.Fields {
		f := &p.Confirm.Fields[i]
		f.Value = map[string]string{"until": req.Until, "basis": req.Basis, "at": req.At, "physical": req.Physical}[f.Name]
	}
	p.Title = "有错误：" + p.Title
	return s.show(w, http.StatusUnprocessableEntity, "act", p)
}

// doneNotice says what was done a moment ago.
func doneNotice(c *cert.Certificate, t *cert.Trace, action string) *page.Notice {
	if len(t.Acts) == 0 {
		return nil
	}
	last := t.Acts[len(t.Acts)-1]
	if last.Action != action {
		return nil
	}
	return &page.Notice{Class: page.Good, Title: "已办理：" + last.Name, Text: "现在的状态：" + stateWord(c.State()) + "。核验结果和公开的状态列表已随之改变。"}
}
