package sealapply

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"sidian/internal/fault"
	"sidian/internal/seal"
	"sidian/internal/sealapply"
	"sidian/internal/web/page"
)

// A wayStep is one on the way of an application: a tier, the making, the filing.
type wayStep struct {
	Title, Where, Who, Text string
	At                      time.Time
	State, Word             string // "done", "now", "todo", "wrong"
	Clock                   *page.Chip
}

type showPage struct {
	page.Frame
	A         *sealapply.Application
	At, Base  string
	Chips     []page.Chip
	Lead      string
	Notice    *page.Notice
	Problem   *page.Problem
	Picture   *picture
	Way       []wayStep
	Refused   *refusal
	Continue  string // where a draft is filled in
	Review    *review
	Make      *page.Confirm
	File      *page.Form
	Withdraw  *page.Confirm
	Lines     []checkLine
	Bad       int
	Waits     int
	Facts     []page.Fact
	Files     page.Table
	Statement *page.Notice
	History   []page.Step
	Seal      string // the page of the seal that was made
	Open      string // and its public state
}

// A refusal is what was wrong, and who said so.
type refusal struct{ Reason, Who, Correct string }

// A review is the form of a decision.
type review struct {
	Action, Title, Text string
	Tier                string
	Round               int64
	Approve             string // empty: it may only be sent back
	Opinion             page.Field
}

var shownNotices = map[string]page.Notice{
	"submitted": {Class: page.Good, Title: "已提交", Text: "各级审核的进展会在站内消息里告诉您。"},
	"approved":  {Class: page.Good, Title: "已审核通过"},
	"refused":   {Class: page.Good, Title: "已退回申请单位", Text: "申请人已收到消息，可以更正后重新提交。"},
	"made":      {Class: page.Good, Title: "印章已制作", Text: "备案后生效，备案前不能使用。"},
	"filed":     {Class: page.Good, Title: "印章已备案并生效", Text: "公开状态已更新为有效。"},
	"cancelled": {Class: page.Good, Title: "印章已注销", Text: "公开状态已更新。"},
	"withdrawn": {Class: page.Good, Title: "申请已撤回"},
}

func (s *Service) showPage(r *http.Request) (*showPage, error) {
	ctx := r.Context()
	a, err := s.Apply.Get(ctx, r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	base := baseOf(r)
	p := &showPage{Frame: s.Kit.Frame(r, titleOf(a), navOf(base), page.Wide), A: a, Base: base, At: page.At(base, a.ID), Chips: []page.Chip{chipOf(a.State, a.StateName)}, Notice: done(r, shownNotices)}
	if r.Method == http.MethodPost {
		p.Path = p.At
	}
	p.Picture = pictureOf(a, p.At)
	n, err := s.peopleOf(ctx, a)
	if err != nil {
		return nil, err
	}
	clocks, err := s.clocks(ctx)
	if err != nil {
		return nil, err
	}
	p.Way = wayOf(a, n)
	if c, ok := clocks[a.ID]; ok {
		p.Chips = append(p.Chips, c)
	}
	p.Lead = leadOf(a)
	if err := s.offer(r, p, n); err != nil {
		return nil, err
	}
	form, err := s.formOf(ctx, a)
	if err != nil {
		return nil, err
	}
	if p.Facts, err = s.facts(ctx, a, form); err != nil {
		return nil, err
	}
	p.Files = filesOf(a, p.At, n)
	p.History = historyOf(a, n)
	if !a.State.Ended() && a.State != sealapply.Making && a.State != sealapply.Filing && a.State != sealapply.Made && a.State != sealapply.Cancelling {
		list, err := s.Apply.Checks(ctx, a.ID)
		if err != nil {
			return nil, err
		}
		fix := ""
		if can(a, sealapply.ActEdit) {
			fix = p.At
		}
		p.Lines, p.Bad, p.Waits = linesOf(list, fix)
	}
	return p, nil
}

func (s *Service) peopleOf(ctx context.Context, a *sealapply.Application) (*page.Names, error) {
	who := []string{a.Applicant, a.Custodian, a.Person}
	for _, x := range a.Steps {
		who = append(who, x.Reviewer)
	}
	for _, x := range a.History {
		who = append(who, x.By)
	}
	for _, x := range a.Attachments {
		who = append(who, x.By)
	}
	if a.Statement != nil {
		who = append(who, a.Statement.By)
	}
	return s.names(ctx, who...)
}

// offer adds what the reader may do now.
func (s *Service) offer(r *http.Request, p *showPage, n *page.Names) error {
	a := p.A
	if can(a, sealapply.ActEdit) {
		p.Continue = p.At + "/" + firstOpen(a)
	}
	if a.State == sealapply.Refused {
		p.Refused = &refusal{Correct: p.Continue}
		for _, h := range slices.Backward(a.History) {
			if h.Action == sealapply.ActRefuse {
				where := sealapply.TierLabel(h.Tier) + "审核"
				if h.Tier == "" {
					where = "制作前核对"
				}
				p.Refused.Reason, p.Refused.Who = h.Reason, where+"，"+n.Person(h.By)+"，"+page.Moment(h.At)
				break
			}
		}
	}
	if can(a, sealapply.ActApprove, sealapply.ActRefuse) && p.Base == Home {
		p.Review = reviewOf(r, p)
	}
	if can(a, sealapply.ActMake) {
		p.Make = &page.Confirm{ID: "make", Action: p.At + "/make", Title: "制作印章", Text: "按审核通过的印模制作，有效期与数字证书一致。制作前自动核验会再运行一次。", Button: "制作", Busy: "正在制作…", NoReason: true}
	}
	if can(a, sealapply.ActCancel) {
		p.Make = &page.Confirm{ID: "make", Action: p.At + "/make", Title: "办理注销", Text: "注销后立即公布，不能恢复；注销前盖过的文件仍可核验。", Button: "注销印章", Busy: "正在注销…", NoReason: true, Grave: true}
	}
	if can(a, sealapply.ActFile) {
		p.File = &page.Form{ID: "file", Action: p.At + "/file", Title: "备案", Text: "备案后印章生效，公开状态变为有效。", Button: "备案", Busy: "正在备案…", Fields: []page.Field{
			{ID: "number", Name: "number", Label: "备案号", Value: r.PostFormValue("number"), Code: true, Max: 40, Hint: "不填则由平台编号"},
			{ID: "file-reason", Name: "reason", Label: "说明", Value: r.PostFormValue("note"), Max: 500},
		}}
	}
	if can(a, sealapply.ActWithdraw) {
		p.Withdraw = &page.Confirm{ID: "withdraw", Action: p.At + "/withdraw", Title: "撤回申请", Text: "撤回后这份申请作废，需要时重新申请。", Button: "撤回申请", Grave: true, Reason: page.Field{ID: "withdraw-reason", Name: "why", Value: r.PostFormValue("why"), Hint: "写明为什么撤回"}}
	}
	if a.State == sealapply.Made || a.State == sealapply.Filing || a.State == sealapply.Filed {
		if _, err := s.Seal.Get(r.Context(), a.Makes); err == nil {
			p.Seal = "/console/seals/" + a.Makes
		} else if fault.As(err) == nil {
			return err
		}
		if a.State == sealapply.Filed {
			p.Open = "/open/seals/" + a.Makes
		}
	}
	return nil
}

// firstOpen is where a draft is gone on with.
func firstOpen(a *sealapply.Application) string {
	if a.State == sealapply.Refused {
		return "check"
	}
	return "form"
}

func reviewOf(r *http.Request, p *showPage) *review {
	a := p.A
	v := &review{Action: p.At + "/review", Round: a.Round, Tier: a.Tier, Title: "退回申请单位",
		Text:    "制作前发现问题的，退回申请单位更正。",
		Opinion: page.Field{ID: "opinion", Name: "opinion", Label: "意见", Value: r.PostFormValue("opinion"), Lines: 3, Max: 500, Hint: "不通过的必须写明理由，会原样告诉申请单位；不要写个人身份信息"}}
	if !can(a, sealapply.ActApprove) {
		return v
	}
	v.Title, v.Text, v.Approve = a.TierName+"审核", "请核对印模、材料与登记信息。", "通过"
	next := false
	for _, x := range a.Steps {
		if x.Round == a.Round && x.State == "ahead" && !next {
			v.Approve, next = "通过并报送"+x.TierName, true
		}
	}
	if !next && a.Kind == sealapply.Cancel {
		v.Text += "您有注销权限时，通过后立即注销。"
	}
	return v
}

// leadOf says what an application waits for and who decides next.
func leadOf(a *sealapply.Application) string {
	first, waits := sealapply.Step{}, sealapply.Step{}
	for _, x := range a.Steps {
		if x.Round != a.Round {
			continue
		}
		if first.Org == "" {
			first = x
		}
		if x.State == "waiting" {
			waits = x
		}
	}
	switch a.State {
	case sealapply.Draft:
		return "草稿，还没有提交。填好、检查通过后由您提交，再逐级审核。"
	case sealapply.Submitted:
		lead := "正由" + waits.TierName + "（" + waits.OrgName + "）审核"
		if !waits.Due.IsZero() {
			lead += "，应在 " + page.Day(waits.Due) + " 前办理"
		}
		return lead + "。"
	case sealapply.Approved:
		if a.Kind == sealapply.Cancel {
			return "审核已通过，由" + first.OrgName + "办理注销。"
		}
		return "各级审核均已通过，由" + first.OrgName + "制作印章。"
	case sealapply.Making, sealapply.Filing, sealapply.Cancelling:
		return "正在办理，平台会自动完成，请稍后刷新。"
	case sealapply.Made:
		return "印章已制作，由" + first.OrgName + "备案；备案后生效，备案前不能使用。"
	case sealapply.Filed:
		return "印章已备案生效，备案号 " + a.Number + "。"
	case sealapply.Done:
		return "印章已注销，公开状态已更新。"
	case sealapply.Refused:
		return "审核未通过。由申请单位按下面的理由更正，更正后重新逐级审核。"
	}
	return "申请已撤回，不再办理。"
}

// wayOf shows the tiers of this round and what follows them.
func wayOf(a *sealapply.Application, n *page.Names) (way []wayStep) {
	if a.Round == 0 {
		return nil
	}
	way = append(way, wayStep{Title: "提交", Where: a.OrgName, Who: n.Person(a.Applicant), At: a.SubmittedAt, State: "done", Word: "已完成"})
	for _, x := range a.Steps {
		if x.Round != a.Round {
			continue
		}
		st := wayStep{Title: x.TierName + "审核", Where: x.OrgName, At: x.DecidedAt, Text: x.Opinion, State: "todo", Word: "未到"}
		switch x.State {
		case "passed":
			st.State, st.Word, st.Who = "done", "通过", n.Person(x.Reviewer)
		case "refused":
			st.State, st.Word, st.Who = "wrong", "不通过", n.Person(x.Reviewer)
		case "waiting":
			st.State, st.Word = "now", "审核中"
		case "dropped":
			st.Word = "不再审核"
		}
		way = append(way, st)
	}
	if a.Kind == sealapply.Cancel {
		return append(way, doneBy(a, n, "注销", sealapply.ActDone, sealapply.Approved, sealapply.Cancelling))
	}
	return append(way, doneBy(a, n, "制作", sealapply.ActMade, sealapply.Approved, sealapply.Making), doneBy(a, n, "备案", sealapply.ActFiled, sealapply.Made, sealapply.Filing))
}

// doneBy is a step that the history tells of; it is its turn in some states.
func doneBy(a *sealapply.Application, n *page.Names, title string, act sealapply.Action, turn ...sealapply.State) wayStep {
	st := wayStep{Title: title, State: "todo", Word: "未到"}
	for _, x := range a.Steps {
		if x.Round == a.Round && x.Seq == 1 {
			st.Where = x.OrgName
		}
	}
	if slices.Contains(turn, a.State) {
		st.State, st.Word = "now", "待办理"
	}
	for _, h := range a.History {
		if h.Action == act && h.Round == a.Round {
			st.State, st.Word, st.At, st.Who = "done", "已完成", h.At, n.Person(h.By)
			if act == sealapply.ActFiled {
				st.Text = "备案号 " + a.Number
			}
		}
	}
	return st
}

// facts are what an application says.
func (s *Service) facts(ctx context.Context, a *sealapply.Application, form *sealapply.Form) ([]page.Fact, error) {
	n, err := s.names(ctx, a.Custodian, a.Person, a.Applicant)
	if err != nil {
		return nil, err
	}
	list := []page.Fact{{Label: "办什么", Text: a.KindName}, {Label: "用章单位", Text: a.OrgName}, {Label: "印章种类", Text: a.SealLabel}, {Label: "印模上的名称", Text: a.SealName}}
	if a.SealKind == seal.Personal {
		list[1].Label = "受理单位"
	}
	if a.Seal != "" {
		list = append(list, page.Fact{Label: "原印章", Text: a.Seal, Code: true, Href: "/open/seals/" + a.Seal})
	}
	if a.Reason != "" {
		list = append(list, page.Fact{Label: "事由", Text: a.Reason})
	}
	fields, _ := form.For(a.Kind, a.SealKind)
	for _, f := range fields {
		if v := a.Fields[f.Code]; v != "" {
			list = append(list, page.Fact{Label: f.Label, Text: v, Code: f.Type == "uscc" || f.Type == "citizen"})
		}
	}
	if a.Kind.Makes() {
		list = append(list, page.Fact{Label: "数字证书", Text: certificateWords[a.Certificate.Mode]})
		if a.SealKind != seal.Personal {
			keeper := "还没有指定"
			if a.Custodian != "" {
				keeper = n.Person(a.Custodian)
			}
			list = append(list, page.Fact{Label: "保管人", Text: keeper})
		}
	}
	if a.Person != "" && a.SealKind != seal.Personal {
		list = append(list, page.Fact{Label: "印章属于", Text: n.Person(a.Person)})
	}
	return append(list, page.Fact{Label: "申请人", Text: n.Person(a.Applicant)}, page.Fact{Label: "申请编号", Text: a.ID, Code: true}, page.Fact{Label: "申请表", Text: form.Title + "（" + a.FormDate + " 版）"}), nil
}

var certificateWords = map[string]string{sealapply.Held: "使用已持有的", sealapply.BuiltIn: "制作时由本平台签发", sealapply.Outside: "向外部电子认证服务机构申请"}

func filesOf(a *sealapply.Application, at string, n *page.Names) page.Table {
	t := page.Table{ID: "files", Caption: "材料", Quiet: true, Head: []string{"材料", "文件", "大小", "上传"}, Empty: page.Empty{Title: "没有材料", Text: "材料在“申请表和材料”一步上传。"}}
	for _, f := range a.Attachments {
		t.Rows = append(t.Rows, page.Row{Cells: []page.Cell{{Text: f.Label}, {Text: f.Name, Href: at + "/attachments/" + f.ID}, {Text: size(f.Size)}, {Text: n.Person(f.By), Sub: page.Moment(f.At)}}})
	}
	return t
}

// historyOf tells what was done, newest first; of many edits in a row one line.
func historyOf(a *sealapply.Application, n *page.Names) (out []page.Step) {
	edits := 0
	for _, h := range slices.Backward(a.History) {
		if h.Action == sealapply.ActEdit {
			if edits++; edits > 1 {
				continue
			}
		} else {
			edits = 0
		}
		st := page.Step{Title: h.ActionName, Text: h.Reason, At: h.At, Who: n.Person(h.By)}
		if h.Tier != "" {
			st.Title = sealapply.TierLabel(h.Tier) + strings.TrimPrefix(h.ActionName, sealapply.TierLabel(h.Tier))
		}
		if h.Action == sealapply.ActRefuse {
			st.Chips = []page.Chip{{Class: page.Bad, Word: "不通过"}}
		}
		out = append(out, st)
	}
	return out
}

func (s *Service) getShow(w http.ResponseWriter, r *http.Request) error {
	if r.URL.Path == page.At(Home, r.PathValue("id")) && holder(r.Context()) {
		return page.See(w, r, page.At(Wallet, r.PathValue("id")))
	}
	p, err := s.showPage(r)
	if err != nil {
		return err
	}
	return s.set.Show(w, http.StatusOK, "show", p)
}
