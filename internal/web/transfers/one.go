package transfers

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"sidian/internal/cert"
	"sidian/internal/fault"
	"sidian/internal/iam"
	"sidian/internal/web/page"
)

// most is more units than stand above each other.
const most = 32

// above are the units above one, nearest first.
func (s *Service) above(ctx context.Context, id string) (list []iam.Org, err error) {
	o, err := s.IAM.Org(ctx, id)
	for err == nil && o.Parent != "" && len(list) < most {
		if o, err = s.IAM.Org(ctx, o.Parent); err == nil {
			list = append(list, o)
		}
	}
	return list, err
}

// decider is the unit that decides: the nearest above both; there may be none.
func (s *Service) decider(ctx context.Context, t *cert.Transfer) (o iam.Org, err error) {
	a, err := s.above(ctx, t.Issuer)
	if err != nil {
		return o, err
	}
	b, err := s.above(ctx, t.Successor)
	for _, x := range a {
		if slices.ContainsFunc(b, func(y iam.Org) bool { return x.ID == y.ID }) {
			return x, err
		}
	}
	return o, err
}

func agreeing(o iam.Org) string {
	if o.ID == "" {
		return "双方没有共同的上级单位，现在没有单位能同意；请由系统管理员在单位管理中核对上下级关系"
	}
	return o.Name + "的目录管理员，且不是提出移交的人"
}

// next says who does what next.
func next(t *cert.Transfer, by iam.Org, today string) string {
	switch {
	case t.State == cert.TransferProposed && t.From < today:
		return "移交之日已过，不能再同意；请撤回或不同意，再由移交单位以新的日期提出。"
	case t.State == cert.TransferProposed && by.ID == "":
		return "待管理单位同意，但双方没有共同的上级单位：请先核对单位的上下级关系，或者撤回。"
	case t.State == cert.TransferProposed:
		return "等" + by.Name + "决定；同意以前仍由" + t.IssuerName + "办理。"
	case t.State == cert.TransferAgreed && t.From > today:
		return "已同意：" + t.From + " 起改由" + t.SuccessorName + "办理，之前仍由" + t.IssuerName + "办理。"
	case t.State == cert.TransferAgreed:
		return "已移交：" + t.From + " 起由" + t.SuccessorName + "办理。"
	}
	return "已办结（" + t.StateName + "），仍由" + t.IssuerName + "办理。"
}

func (s *Service) onePage(r *http.Request) (*page.Sheet, error) {
	ctx := r.Context()
	t, err := s.Cert.TransferOf(ctx, r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	title, err := s.kindTitle(ctx, t.Kind)
	if err != nil {
		return nil, err
	}
	by, err := s.decider(ctx, t)
	if err != nil {
		return nil, err
	}
	today := s.today()
	p := s.sheet(r, title+"的颁证职责移交", next(t, by, today), page.Middle).Under("颁证职责移交", Home)
	p.Chips = chipsOf(t, today)
	facts := []page.Fact{
		{Label: "证照", Text: title}, {Label: "移交单位", Text: t.IssuerName}, {Label: "承接单位", Text: t.SuccessorName}, {Label: "移交之日", Text: t.From},
		{Label: "依据", Text: t.Basis}, {Label: "事由", Text: t.Reason},
	}
	if t.Moves != nil {
		facts = append(facts, page.Fact{Label: "涉及的证照", Text: moves(t.Moves)})
	}
	if t.State == cert.TransferProposed {
		facts = append(facts, page.Fact{Label: "须谁同意", Text: agreeing(by)})
	}
	p.Add(page.Part{ID: "facts", Facts: facts}, page.Part{ID: "meaning", Title: "移交意味着什么", Blocks: meaning(t, title)})
	if t.State == cert.TransferProposed {
		p.Add(actParts(r, t, by, today)...)
	}
	return p.Add(page.Part{ID: "history", Title: "经过", Steps: steps(t, by, today)}), nil
}

// moves says how many certificates go along, and how they stand now.
func moves(m *cert.Moves) string {
	if m.Total == 0 {
		return "现在没有已签发的证照"
	}
	var by []string
	for _, x := range m.States {
		by = append(by, x.StatusName+" "+strconv.FormatInt(x.Count, 10)+" 份")
	}
	return "现在共 " + strconv.FormatInt(m.Total, 10) + " 份：" + strings.Join(by, "，") + "；到移交之日以前新签发的也随之移交"
}

// meaning is what changes on the day, for whoever decides and whoever is asked.
func meaning(t *cert.Transfer, title string) []page.Block {
	return []page.Block{{Items: []string{
		"自 " + t.From + " 起，新的“" + title + "”由" + t.SuccessorName + "签发，" + t.IssuerName + "不能再签发。",
		t.IssuerName + "已签发的“" + title + "”全部随之移交：暂扣、注销、更正、换发等都由" + t.SuccessorName + "办理，原单位仍可查阅。",
		"已签发的证照不重新制作，照面和印章不变，持证人不需要办理；换发的新证照在数据里注明原颁证机构。",
	}}}
}

// actParts are what the reader may do with a transfer that waits.
func actParts(r *http.Request, t *cert.Transfer, by iam.Org, today string) (parts []page.Part) {
	ctx, v := r.Context(), r.PostFormValue
	decides := by.ID != "" && iam.May(ctx, permAgree, by.ID)
	if decides {
		f := &page.Form{ID: "decide", Title: "决定", Text: "提出移交的人不能自己决定。同意后到移交之日自动生效，不能撤回。", Action: at(t.ID, "decision"), Button: "提交决定", Busy: "正在提交…", Fields: []page.Field{
			{ID: "decision", Name: "decision", Label: "意见", Value: v("decision"), Required: true, Options: []page.Option{{Value: "agree", Label: "同意移交"}, {Value: "refuse", Label: "不同意"}}},
			{ID: "reason", Name: "reason", Label: "理由", Value: v("reason"), Required: true, Lines: 2, Max: 200, Hint: "双方单位看得到，不写个人信息"},
		}}
		if t.From < today {
			f.Text, f.Fields[0].Options = "移交之日已过，只能不同意；由移交单位以新的日期重新提出。", f.Fields[0].Options[1:]
		}
		parts = append(parts, page.Part{Form: f})
	}
	if iam.MayAny(ctx, t.Issuer, permIssue, permAgree) {
		parts = append(parts, page.Part{Form: &page.Form{ID: "withdraw", Title: "撤回", Text: "写错了或者不再移交的，在同意以前撤回。", Action: at(t.ID, "withdrawal"), Button: "撤回移交", Busy: "正在撤回…", Plain: decides, Fields: []page.Field{
			{ID: "why", Name: "why", Label: "撤回的理由", Value: v("why"), Required: true, Lines: 2, Max: 200, Hint: "双方单位看得到，不写个人信息"},
		}}})
	}
	return parts
}

// steps are what happened to a transfer, and what is still to be done.
func steps(t *cert.Transfer, by iam.Org, today string) []page.Step {
	over := page.Step{Title: "改由承接单位办理", Text: "自 " + t.From + " 起", Who: t.SuccessorName, State: "todo"}
	out := []page.Step{{Title: "提出移交", At: t.CreatedAt, State: "done"}}
	switch t.State {
	case cert.TransferProposed:
		return append(out, page.Step{Title: "管理单位决定", Who: by.Name, State: "now"}, over)
	case cert.TransferAgreed:
		if t.From <= today {
			over.State = "done"
		}
		return append(out, page.Step{Title: t.StateName, Who: by.Name, Text: t.Decision, At: t.DecidedAt, State: "done"}, over)
	case cert.TransferRefused:
		return append(out, page.Step{Title: t.StateName, Who: by.Name, Text: t.Decision, At: t.DecidedAt, State: "done"})
	}
	return append(out, page.Step{Title: t.StateName, Text: t.Decision, At: t.DecidedAt, State: "done"})
}

func (s *Service) getOne(w http.ResponseWriter, r *http.Request) error {
	p, err := s.onePage(r)
	if err != nil {
		return err
	}
	return s.Kit.ShowSheet(w, p)
}

func (s *Service) postDecision(w http.ResponseWriter, r *http.Request) error {
	what := r.PostFormValue("decision")
	var err error
	switch what {
	case "agree", "refuse":
		_, err = s.Cert.DecideTransfer(r.Context(), r.PathValue("id"), what == "agree", r.PostFormValue("reason"))
	default:
		err = fault.Invalid.New("请选择意见").WithCode("cert.transfer-decision").WithHint("同意移交，或不同意").WithField("decision", "required", "请选择同意或不同意")
	}
	return s.after(w, r, what, err)
}

func (s *Service) postWithdrawal(w http.ResponseWriter, r *http.Request) error {
	_, err := s.Cert.WithdrawTransfer(r.Context(), r.PathValue("id"), r.PostFormValue("why"))
	return s.after(w, r, "withdraw", renamed(err, map[string]string{"reason": "why"}))
}

// after leads back to the transfer with what was done, or shows it with what was
// wrong.
func (s *Service) after(w http.ResponseWriter, r *http.Request, what string, err error) error {
	if err != nil {
		return s.again(w, r, err, s.onePage)
	}
	return page.See(w, r, page.Asking(at(r.PathValue("id")), "done", what))
}

// renamed puts what is wrong with a request at the controls of a form that are
// called otherwise.
func renamed(err error, names map[string]string) error {
	e := fault.As(err)
	if e == nil {
		return err
	}
	out := *e
	out.Fields = slices.Clone(e.Fields)
	for i, f := range out.Fields {
		if name := names[f.Name]; name != "" {
			out.Fields[i].Name = name
		}
	}
	return &out
}
