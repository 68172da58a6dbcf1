package sealapply

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"

	"sidian/internal/iam"
	"sidian/internal/seal"
	"sidian/internal/sealapply"
	"sidian/internal/web/page"
)

func sealLabel(kind string) string { return seal.Label(kind) }

type campaignPage struct {
	page.Frame
	C        *sealapply.Campaign
	At       string
	Chip     page.Chip
	Lead     string
	Notice   *page.Notice
	Problem  *page.Problem
	Facts    []page.Fact
	Percent  int
	Follow   bool
	Way      []wayStep
	Refused  *refusal
	Upload   *slot // the table may still be changed
	Report   *sealapply.CampaignReport
	Wrong    page.Table // rows that will not be made
	Rows     page.Table
	Tabs     page.Tabs
	Submit   bool
	Text     sealapply.StatementText
	Agree    string
	Review   *review
	Run      []string // what may be done with the making
	End      *page.Confirm
	Withdraw *page.Confirm
	History  []page.Step
}

var campaignNotices = map[string]page.Notice{
	"loaded":    {Class: page.Good, Title: "清单已上传", Text: "下面是逐行核验的结果。"},
	"submitted": {Class: page.Good, Title: "已提交", Text: "各级审核通过后由印章管理部门开始制作。"},
	"approved":  {Class: page.Good, Title: "已审核通过"},
	"refused":   {Class: page.Good, Title: "已退回主管部门"},
	"withdrawn": {Class: page.Good, Title: "已撤回"},
	"start":     {Class: page.Good, Title: "已开始制作", Text: "可以离开这个页面，制作会继续。"},
	"pause":     {Class: page.Care, Title: "已暂停", Text: "已制作的不受影响。"},
	"resume":    {Class: page.Good, Title: "已继续制作"},
	"end":       {Class: page.Care, Title: "已终止", Text: "已制作的印章保留。"},
}

var campaignLeads = map[sealapply.State]string{
	sealapply.Draft:     "先上传清单和印模图像，逐行核验后签署声明并提交，由各级审核。上传和核验不制作任何印章。",
	sealapply.Submitted: "正在逐级审核。审核一次，对清单中的每一枚都有效；每一枚制作前仍自动核验。",
	sealapply.Approved:  "各级审核均已通过，由印章管理部门开始制作。",
	sealapply.Running:   "正在逐枚制作、备案，可以离开这个页面，制作会继续。",
	sealapply.Paused:    "制作已暂停，已制作的保留；由印章管理部门继续或终止。",
	sealapply.Finished:  "制作已完成。未制作的行和原因在报告里，更正后可以另行申请。",
	sealapply.Refused:   "审核未通过，由主管部门按理由更正后重新提交。",
	sealapply.Withdrawn: "已撤回，不再办理。",
	sealapply.Over:      "已终止，已制作的印章保留。",
}

func (s *Service) campaign(r *http.Request) (*campaignPage, error) {
	ctx := r.Context()
	c, err := s.Apply.Campaign(ctx, r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	p := &campaignPage{Frame: s.Kit.Frame(r, c.Title, "seal-applications", page.Wide), C: c, At: campaignAt(c.ID), Chip: chipOf(c.State, c.StateName), Lead: campaignLeads[c.State], Notice: done(r, campaignNotices)}
	if r.Method == http.MethodPost {
		p.Path = p.At
	}
	var who []string
	for _, x := range c.Steps {
		who = append(who, x.Reviewer)
	}
	for _, h := range c.History {
		who = append(who, h.By)
	}
	n, err := s.names(ctx, append(who, c.Applicant)...)
	if err != nil {
		return nil, err
	}
	p.campaignFacts(n)
	for _, h := range slices.Backward(c.History) {
		st := page.Step{Title: h.ActionName, Text: h.Reason, At: h.At, Who: n.Person(h.By)}
		if h.Tier != "" {
			st.Title = sealapply.TierLabel(h.Tier) + st.Title
		}
		p.History = append(p.History, st)
		if h.Action == sealapply.ActRefuse && c.State == sealapply.Refused && p.Refused == nil {
			p.Refused = &refusal{Reason: h.Reason, Who: st.Title + "，" + st.Who + "，" + page.Moment(h.At)}
		}
	}
	if err := s.campaignOffer(r, p); err != nil {
		return nil, err
	}
	return p, s.campaignRows(r, p)
}

func (p *campaignPage) campaignFacts(n *page.Names) {
	c := p.C
	if c.Total > 0 {
		p.Percent = (c.Done + c.Refused) * 100 / c.Total
	}
	p.Follow = c.State == sealapply.Running
	if p.Follow {
		p.Frame = p.WithScript("sealapply.js")
	}
	p.Facts = []page.Fact{
		{Label: "主管部门", Text: c.OrgName}, {Label: "印章种类", Text: c.SealLabel}, {Label: "依据", Text: c.Basis}, {Label: "期限", Text: page.Day(c.Until)},
		{Label: "共", Text: itoa(c.Total) + " 枚"}, {Label: "已制作并备案", Text: itoa(c.Done) + " 枚"}, {Label: "待制作", Text: itoa(c.Pending) + " 枚"}, {Label: "未制作", Text: itoa(c.Refused) + " 枚"},
	}
	if c.State == sealapply.Running && c.Rate > 0 {
		p.Facts = append(p.Facts, page.Fact{Label: "速度", Text: fmt.Sprintf("每秒 %.1f 枚，约剩 %d 秒", c.Rate, c.Left)})
	}
	if c.Round > 0 {
		p.Way = wayOf(&sealapply.Application{Kind: sealapply.Cancel, Round: c.Round, OrgName: c.OrgName, Applicant: c.Applicant, SubmittedAt: c.SubmittedAt, Steps: c.Steps}, n)
		last := &p.Way[len(p.Way)-1]
		*last = wayStep{Title: "制作、备案", State: "todo", Word: "未到", Where: last.Where}
		switch c.State {
		case sealapply.Approved, sealapply.Running, sealapply.Paused:
			last.State, last.Word = "now", c.StateName
		case sealapply.Finished, sealapply.Over:
			last.State, last.Word, last.At = "done", c.StateName, c.EndedAt
		}
	}
	if c.Trouble != "" {
		p.Notice = &page.Notice{Class: page.Bad, Title: "制作停下了", Text: c.Trouble}
	}
}

// campaignOffer adds what the reader may do now; the domain decides again.
func (s *Service) campaignOffer(r *http.Request, p *campaignPage) error {
	ctx, c := r.Context(), p.C
	mine := iam.May(ctx, "seal.apply", c.Org)
	if mine && (c.State == sealapply.Draft || c.State == sealapply.Refused) {
		p.Upload = &slot{ID: "file", Name: "file", Label: "清单和印模", Required: true, Accept: ".zip,.xlsx,.csv", Hint: "清单（.xlsx 或 .csv），或清单与印模图像（.png）一起压缩的 .zip；至多 5000 行、200 MB。再次上传清单会代替以前的"}
		if c.Total > 0 {
			report, err := s.Apply.CheckCampaign(ctx, c.ID)
			if err != nil {
				return err
			}
			p.Report, p.Submit = report, report.Good > 0
		}
		form, _, _, err := s.Apply.FormFor(ctx, c.Org, sealapply.Apply, c.SealKind)
		if err != nil {
			return err
		}
		p.Text = form.Statement
	}
	if mine && !slices.Contains([]sealapply.State{sealapply.Running, sealapply.Paused, sealapply.Finished, sealapply.Over, sealapply.Withdrawn}, c.State) {
		p.Withdraw = &page.Confirm{ID: "withdraw", Action: p.At + "/withdraw", Title: "撤回", Text: "撤回后作废，需要时重新发起。", Button: "撤回", Grave: true, Reason: page.Field{ID: "withdraw-reason", Name: "why", Value: r.PostFormValue("why")}}
	}
	for i, x := range c.Steps {
		if x.Round == c.Round && x.State == "waiting" && c.Applicant != iam.Self(ctx) && iam.May(ctx, "seal.review", x.Org) {
			p.Review = &review{Action: p.At + "/review", Tier: x.Tier, Round: c.Round, Title: x.TierName + "审核", Text: "请核对依据、清单和印模。", Approve: "通过",
				Opinion: page.Field{ID: "opinion", Name: "opinion", Label: "意见", Value: r.PostFormValue("opinion"), Lines: 3, Max: 500, Hint: "不通过的必须写明理由"}}
			if i+1 < len(c.Steps) && c.Steps[i+1].State == "ahead" {
				p.Review.Approve = "通过并报送" + c.Steps[i+1].TierName
			}
		}
	}
	if mine || c.Applicant == iam.Self(ctx) || !iam.May(ctx, "seal.make", "") {
		return nil
	}
	switch c.State {
	case sealapply.Approved:
		p.Run = []string{"start"}
	case sealapply.Running:
		p.Run = []string{"pause"}
	case sealapply.Paused:
		p.Run = []string{"resume"}
	}
	if c.State == sealapply.Paused || c.State == sealapply.Approved {
		p.End = &page.Confirm{ID: "give-up", Action: p.At + "/run/end", Title: "终止制作", Text: "剩下的不再制作，已制作的印章保留。", Button: "终止", Grave: true, Reason: page.Field{ID: "withdraw-reason", Name: "why", Value: r.PostFormValue("why")}}
	}
	return nil
}

// campaignRows shows rows: before it is submitted those that are wrong, then
// those in a state.
func (s *Service) campaignRows(r *http.Request, p *campaignPage) error {
	if p.Report != nil {
		p.Wrong = page.Table{ID: "wrong", Caption: "不会制作的行", Quiet: true, Head: []string{"行", "单位", "印模", "问题"}}
		for _, x := range p.Report.Items {
			p.Wrong.Rows = append(p.Wrong.Rows, page.Row{Cells: []page.Cell{{Text: "第 " + itoa(x.Line) + " 行"}, {Text: x.OrgName}, {Text: x.Picture}, {Text: joined(x.Problems)}}})
		}
		return nil
	}
	if p.C.Total == 0 {
		return nil
	}
	q := r.URL.Query()
	state := q.Get("state")
	after, _ := strconv.ParseInt(q.Get("after"), 10, 64)
	list, err := s.Apply.Rows(r.Context(), p.C.ID, state, max(after, 0), 50)
	if err != nil {
		return err
	}
	p.Tabs.Label = "按状态查看"
	for _, t := range []struct{ state, label string }{{"", "全部"}, {"pending", "待制作"}, {"done", "已备案"}, {"refused", "未制作"}} {
		p.Tabs.Items = append(p.Tabs.Items, page.Tab{Label: t.label, Href: page.Asking(p.At, "state", t.state) + "#rows", Current: t.state == state})
	}
	p.Rows = page.Table{ID: "rows", Caption: "逐行结果", Quiet: true, Head: []string{"行", "单位", "印模上的名称", "状态", "印章"}, Empty: page.Empty{Title: "没有这样的行"}}
	for _, x := range list.Items {
		cell := page.Cell{Text: "—"}
		if x.Seal != "" && x.State == "done" {
			cell = page.Cell{Text: "公开状态", Href: "/open/seals/" + x.Seal}
		}
		p.Rows.Rows = append(p.Rows.Rows, page.Row{Cells: []page.Cell{{Text: "第 " + itoa(x.Line) + " 行"}, {Text: x.OrgName}, {Text: x.SealName}, {Chips: []page.Chip{rowWords[x.State]}, Sub: joined(x.Problems)}, cell}})
	}
	if list.Next > 0 {
		p.Rows.Pager.Next = page.Asking(p.At, "state", state, "after", itoa(list.Next)) + "#rows"
	}
	if after > 0 {
		p.Rows.Pager.First = page.Asking(p.At, "state", state) + "#rows"
	}
	return nil
}

func joined(list []string) (text string) {
	for i, x := range list {
		if i > 0 {
			text += "；"
		}
		text += x
	}
	return text
}

func (s *Service) getCampaign(w http.ResponseWriter, r *http.Request) error {
	p, err := s.campaign(r)
	if err != nil {
		return err
	}
	return s.set.Show(w, http.StatusOK, "campaign", p)
}

func (s *Service) campaignResult(w http.ResponseWriter, r *http.Request, word string, wrong error) error {
	if wrong == nil {
		return page.See(w, r, page.Asking(campaignAt(r.PathValue("id")), "done", word))
	}
	code := page.StatusOf(wrong)
	if code == 0 {
		return wrong
	}
	p, err := s.campaign(r)
	if err != nil {
		return err
	}
	fields := []page.Field{{ID: "opinion", Name: "opinion", Label: "意见"}, {ID: "withdraw-reason", Name: "why", Label: "理由"}, {ID: "file", Name: "file", Label: "清单和印模"}, {ID: "agree", Name: "agree", Label: "声明"}}
	p.Problem, p.Notice, p.Title = page.Mark(wrong, fields), nil, "有错误："+p.Title
	if p.Review != nil {
		p.Review.Opinion.Error = fields[0].Error
	}
	if p.Withdraw != nil {
		p.Withdraw.Reason.Error = fields[1].Error
	}
	if p.End != nil {
		p.End.Reason.Error = fields[1].Error
	}
	if p.Upload != nil {
		p.Upload.Error = fields[2].Error
	}
	p.Agree = fields[3].Error
	return s.set.Show(w, code, "campaign", p)
}
