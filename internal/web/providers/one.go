package providers

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"sidian/gm"
	"sidian/internal/fault"
	"sidian/internal/iam"
	"sidian/internal/provider"
	"sidian/internal/web/page"
)

// A onePage is all about a provider.
type onePage struct {
	page.Frame
	ID, Name string
	Lead     string
	Chips    []page.Chip
	Notices  []page.Notice
	Problem  *page.Problem
	Facts    []page.Fact
	Health   []page.Fact
	Makers   page.Table
	Change   *changeCard // what waits for approval
	Compared bool        // with a version in force: what differs comes first
	Acts     []page.Confirm
	Test     string // where to ask now; empty: not by the reader
	Edit     string
	History  []page.Step
}

// A changeCard is a proposal, beside what is in force.
type changeCard struct {
	Title, Text string
	Facts       []page.Fact
	Makers      page.Table
	Acts        []page.Confirm
}

// done are what is said after something was done.
var done = map[string]page.Notice{
	"proposed":  {Class: page.Good, Title: "已提出登记", Text: "由另一位印章管理人员批准后生效，在此之前不向它询问。"},
	"approve":   {Class: page.Good, Title: "已批准，立即生效", Text: "从下一次核验起，由它答复所登记制章者的签章。"},
	"reject":    {Class: page.Good, Title: "已退回", Text: "此前有效的版本（如有）不受影响。"},
	"suspend":   {Class: page.Care, Title: "已暂停，立即生效", Text: "不再向它询问，也不采信它的结论。恢复须重新提出，由另一人批准。"},
	"resume":    {Class: page.Good, Title: "已提出恢复", Text: "由另一位印章管理人员批准后恢复。"},
	"remove":    {Class: page.Good, Title: "已移除", Text: "它的登记不再有效，历次版本仍可查看。"},
	"unchanged": {Class: page.Plain, Title: "没有改动"},
}

func (s *Service) getOne(w http.ResponseWriter, r *http.Request) error {
	p, err := s.one(r)
	if err != nil {
		return err
	}
	if n, ok := done[r.URL.Query().Get("done")]; ok {
		p.Notices = append([]page.Notice{n}, p.Notices...)
	}
	return s.set.Show(w, http.StatusOK, "one", p)
}

func (s *Service) one(r *http.Request) (*onePage, error) {
	ctx := r.Context()
	all, err := s.Providers.Get(ctx, r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	last := all[len(all)-1]
	var x standing
	if list := standings(all); len(list) > 0 {
		x = list[0]
		last = x.shown()
	}
	p := &onePage{Frame: s.Kit.Frame(r, last.Name, "providers", page.Wide), ID: last.ID, Name: last.Name, Chips: append([]page.Chip{stateChip(last)}, warningChips(last)...)}
	if r.Method == http.MethodPost {
		p.Path = at(last.ID)
	}
	names, err := s.IAM.Names(ctx, accounts(all))
	if err != nil {
		return nil, err
	}
	if p.Facts, err = s.facts(ctx, last); err != nil {
		return nil, err
	}
	p.Makers, p.Lead, p.Notices, p.Health = makers(last), lead(x), warnings(last), healthFacts(last.Health, s.Now())
	p.History = history(all, names)
	if iam.Allow(ctx, provider.Manage, last.Org) == nil {
		s.offer(ctx, p, x)
	}
	if x.proposal != nil {
		p.Compared = x.live != nil
		p.Change, err = s.change(ctx, x, names)
	}
	return p, err
}

// lead says what the page is for, and who decides next.
func lead(x standing) string {
	switch {
	case x.proposal != nil && x.live == nil:
		return "这项登记待另一位印章管理人员批准；批准前不向它询问，也不采信它的结论。"
	case x.proposal != nil:
		return "新版本待另一位印章管理人员批准；批准前仍按现有版本办理。"
	case x.live == nil:
		return "这项登记已经结束，不再向它询问。"
	case x.live.State == provider.Suspended:
		return "已暂停：不向它询问，也不采信它的结论。恢复须重新提出，由另一人批准；不再需要的，由暂停人以外的人移除。"
	}
	return "文件上的签章由它登记的制章者制作时，核验会交给它答复。变更由一人提出、另一人批准；暂停一人即可，立即生效。"
}

func warnings(e *provider.Entry) (out []page.Notice) {
	if e.Altered {
		out = append(out, page.Notice{Class: page.Bad, Title: "登记信息在数据库中被改动", Text: "平台已不再采信它，并已告警。请系统管理员查明原因，核实后重新登记。"})
	}
	if !e.FlaggedAt.IsZero() && e.State != provider.Replaced {
		out = append(out, page.Notice{Class: page.Bad, Title: "它的答复曾与事实不符", Text: "在 " + page.Moment(e.FlaggedAt) + "，它把本平台查明已被改动的签章答为有效。从那时起它的“有效”结论不被采信，“无效”结论仍然算数。请向它核实；查明前建议暂停，查明后重新提出登记。"})
	}
	return out
}

func (s *Service) facts(ctx context.Context, e *provider.Entry) ([]page.Fact, error) {
	org, err := s.orgName(ctx, e.Org)
	out := []page.Fact{
		{Label: "服务商标识", Text: e.ID, Code: true}, {Label: "运营单位", Text: e.Operator}, {Label: "所在网络", Text: zoneName(e.Zone)},
		{Label: "核验服务地址", Text: e.Endpoint, Code: true}, {Label: "协议", Text: e.Protocol, Code: true},
	}
	out = append(out, certificateFacts("答复用的数字证书", e.Certificate)...)
	out = append(out, page.Fact{Label: "登记单位", Text: org}, page.Fact{Label: "版本", Text: "第 " + strconv.FormatInt(e.Version, 10) + " 版"})
	if e.Source != "" {
		out = append(out, page.Fact{Label: "来源", Text: "平台 " + e.Source + " 的信任列表"})
	}
	return out, err
}

func certificateFacts(label, pem string) []page.Fact {
	all, err := gm.ParseCertificates([]byte(pem))
	if err != nil || len(all) != 1 {
		return []page.Fact{{Label: label, Text: "读不出"}}
	}
	return []page.Fact{
		{Label: label, Text: all[0].SubjectName() + "，有效期至 " + page.Day(all[0].NotAfter)}, {Label: "证书 SM3 摘要", Text: digest(all[0]), Code: true},
	}
}

func healthFacts(h *provider.Health, now time.Time) []page.Fact {
	if h == nil {
		return nil
	}
	c := health(h)
	out := []page.Fact{{Label: "现在", Chips: c.Chips, Text: ""}}
	if h.Asked == 0 {
		return append(out, page.Fact{Label: "说明", Text: "自本平台启动以来还没有问过它。可以试问一次。"})
	}
	out = append(out, page.Fact{Label: "询问", Text: fmt.Sprintf("%d 次，其中 %d 次没有答复", h.Asked, h.Failed)})
	if !h.LastAnswer.IsZero() {
		out = append(out, page.Fact{Label: "最近答复", Text: page.Ago(h.LastAnswer, now) + "，" + page.Moment(h.LastAnswer)})
	}
	if h.P50 > 0 {
		out = append(out, page.Fact{Label: "通常用时", Text: took(h.P50)})
	}
	if h.LastTrouble != "" {
		out = append(out, page.Fact{Label: "最近的问题", Text: troubleName(h.LastTrouble) + "，" + page.Moment(h.TroubleAt)})
	}
	return append(out, page.Fact{Label: "统计范围", Text: "自本平台启动以来，本进程"})
}

// troubleName is the word for what came of asking.
func troubleName(result string) string {
	word := map[provider.Result]string{
		provider.Answered: "已答复", provider.Down: "没有正常答复", provider.Slow: "没有按时答复", provider.Lying: "把已改动的签章答为有效",
		provider.Foreign: "对不属于它的签章作了答复", provider.Rejected: "答复的签名、文件或时间不符",
	}[provider.Result(result)]
	if word == "" {
		return result
	}
	return word
}

// makers lists what a version answers for.
func makers(e *provider.Entry) page.Table {
	t := page.Table{Caption: "归它核验的制章者", Quiet: true, Head: []string{"数字证书", "归它核验的", "SM3 摘要"}, Empty: page.Empty{Title: "没有登记制章者"}}
	for _, m := range e.Makers {
		what := "该制章者制作的印章"
		if m.Use == provider.UseAuthority {
			what = "该机构签发的制章者和签名人"
		}
		t.Rows = append(t.Rows, page.Row{Cells: []page.Cell{{Text: m.Subject}, {Text: what}, {Text: m.Digest, Code: true}}})
	}
	return t
}

// accounts are those who decided anything on a provider.
func accounts(all []*provider.Entry) (ids []string) {
	for _, e := range all {
		for _, id := range []string{e.ProposedBy, e.DecidedBy, e.EndedBy} {
			if id != "" && !slices.Contains(ids, id) {
				ids = append(ids, id)
			}
		}
	}
	return ids
}

// history is what became of each version, the newest first.
func history(all []*provider.Entry, names map[string]string) (out []page.Step) {
	for _, e := range all {
		version := "第 " + strconv.FormatInt(e.Version, 10) + " 版："
		out = append(out, page.Step{Title: version + "提出", Text: e.Reason, Who: names[e.ProposedBy], At: e.ProposedAt})
		switch {
		case e.State == provider.Refused:
			out = append(out, page.Step{Title: version + "退回", Text: e.Note, Who: names[e.DecidedBy], At: e.DecidedAt})
		case !e.DecidedAt.IsZero():
			out = append(out, page.Step{Title: version + "批准", Text: e.Note, Who: names[e.DecidedBy], At: e.DecidedAt})
		}
		if !e.FlaggedAt.IsZero() {
			out = append(out, page.Step{Title: version + "答复不可信", Text: "把已改动的签章答为有效", Who: "平台", At: e.FlaggedAt})
		}
		if !e.EndedAt.IsZero() {
			word := map[provider.State]string{provider.Suspended: "暂停", provider.Removed: "移除", provider.Replaced: "由新版本代替"}[e.State]
			out = append(out, page.Step{Title: version + word, Text: e.EndedReason, Who: names[e.EndedBy], At: e.EndedAt})
		}
	}
	slices.SortStableFunc(out, func(a, b page.Step) int { return b.At.Compare(a.At) })
	return out
}

// offer is what the reader may do with the version that speaks.
func (s *Service) offer(ctx context.Context, p *onePage, x standing) {
	if x.live != nil && x.live.Altered || x.live == nil && x.proposal == nil {
		return
	}
	p.Test = at(p.ID, "test")
	if x.live == nil {
		return
	}
	if x.proposal == nil && x.live.State == provider.Active {
		p.Edit = Home + "/new?from=" + p.ID
	}
	switch x.live.State {
	case provider.Active:
		p.Acts = []page.Confirm{{ID: "suspend", Title: "立即暂停", Text: "不再向它询问，也不采信它的结论，马上生效。恢复须重新提出，由另一人批准。", Action: at(p.ID, "suspend"), Grave: true,
			Reason: page.Field{ID: "suspend-reason"}, Button: "立即暂停", Busy: "正在暂停…"}}
	case provider.Suspended:
		if x.proposal == nil {
			p.Acts = append(p.Acts, page.Confirm{ID: "resume", Title: "提出恢复", Text: "按暂停前的登记重新提出，由另一位印章管理人员批准后恢复。", Action: at(p.ID, "resume"),
				Reason: page.Field{ID: "resume-reason", Hint: "写明查明了什么，记入审计"}, Button: "提出恢复", Busy: "正在提出…"})
		}
		if x.live.EndedBy != iam.Self(ctx) {
			p.Acts = append(p.Acts, page.Confirm{ID: "remove", Title: "移除", Text: "它的登记不再有效，不能恢复；以后需要时重新登记。", Action: at(p.ID, "remove"), Grave: true,
				Reason: page.Field{ID: "remove-reason"}, Button: "移除", Busy: "正在移除…"})
		}
	}
}

// change is the card of a proposal.
func (s *Service) change(ctx context.Context, x standing, names map[string]string) (*changeCard, error) {
	e := x.proposal
	c := &changeCard{Title: "待批准的登记", Text: "由" + names[e.ProposedBy] + "于 " + page.Moment(e.ProposedAt) + " 提出，理由：" + e.Reason}
	if x.live != nil {
		c.Title = "待批准的新版本"
		was, err := s.facts(ctx, x.live)
		if err != nil {
			return nil, err
		}
		if c.Facts, err = s.facts(ctx, e); err != nil {
			return nil, err
		}
		c.Facts = differing(append([]page.Fact{{Label: "名称", Text: e.Name}}, c.Facts...), append([]page.Fact{{Label: "名称", Text: x.live.Name}}, was...))
		if !slices.EqualFunc(e.Makers, x.live.Makers, func(a, b provider.Maker) bool { return a.Use == b.Use && a.Digest == b.Digest }) {
			c.Makers = makers(e)
			c.Makers.Caption = "新版本归它核验的制章者"
		}
	}
	if iam.Allow(ctx, provider.Manage, e.Org) != nil {
		return c, nil
	}
	reject := page.Confirm{ID: "reject", Title: "退回", Text: "不批准这个版本；现有的登记（如有）不受影响。", Action: at(e.ID, "reject"), Reason: page.Field{ID: "reject-reason"}, Button: "退回", Busy: "正在退回…", Grave: true}
	if e.ProposedBy == iam.Self(ctx) {
		reject.Title, reject.Text, reject.Button = "撤回", "这是您提出的，须由另一位印章管理人员批准；您可以撤回。", "撤回"
		c.Acts = []page.Confirm{reject}
		return c, nil
	}
	c.Acts = []page.Confirm{{ID: "approve", Title: "批准", Text: "请先与对方核对证书的 SM3 摘要和地址；批准后立即采信它的答复。", Action: at(e.ID, "approve"),
		Reason: page.Field{ID: "approve-reason", Hint: "写明怎样核实了对方和证书，记入审计"}, Button: "批准", Busy: "正在批准…"}, reject}
	return c, nil
}

// differing are the facts that are not as they were, with what they were.
func differing(now, was []page.Fact) (out []page.Fact) {
	for i, f := range now {
		if i >= len(was) || was[i].Label != f.Label || was[i].Text != f.Text {
			if i < len(was) && was[i].Label == f.Label {
				f.Text += "\n原为：" + was[i].Text
			}
			out = append(out, f)
		}
	}
	return out
}

// postAction decides, or asks now.
func (s *Service) postAction(w http.ResponseWriter, r *http.Request) error {
	id, action := r.PathValue("id"), r.PathValue("action")
	if action == "test" {
		return s.postTest(w, r, id)
	}
	do := map[string]func(context.Context, string, string) (*provider.Entry, error){
		"approve": s.Providers.Approve, "reject": s.Providers.Reject, "suspend": s.Providers.Suspend, "resume": s.Providers.Resume, "remove": s.Providers.Remove,
	}[action]
	if do == nil {
		return fault.NotFound.New("没有这个操作").WithCode("route.unknown")
	}
	_, err := do(r.Context(), id, r.PostFormValue("reason"))
	if err == nil {
		return page.See(w, r, at(id)+"?done="+action)
	}
	f := fault.As(err)
	if f == nil || f.Kind != fault.Invalid && f.Kind != fault.Conflict {
		return err
	}
	p, e := s.one(r)
	if e != nil {
		return e
	}
	p.Problem, _ = page.ProblemOf(err, map[string]string{"reason": action + "-reason"})
	p.Title = "有错误：" + p.Title
	acts := p.Acts
	if p.Change != nil {
		acts = append(acts[:len(acts):len(acts)], p.Change.Acts...)
		mark(p.Change.Acts, action, p.Problem, r)
	}
	mark(p.Acts, action, p.Problem, r)
	if !slices.ContainsFunc(acts, func(c page.Confirm) bool { return c.ID == action }) {
		for i := range p.Problem.Fields {
			p.Problem.Fields[i].ID = "" // the form is not there any more
		}
	}
	status := http.StatusUnprocessableEntity
	if f.Kind == fault.Conflict {
		status = http.StatusConflict
	}
	return s.set.Show(w, status, "one", p)
}

// mark puts what is wrong at the form that was sent.
func mark(acts []page.Confirm, action string, p *page.Problem, r *http.Request) {
	for i := range acts {
		if acts[i].ID == action {
			acts[i].Reason.Error, acts[i].Reason.Value = p.At(action+"-reason"), r.PostFormValue("reason")
		}
	}
}

// postTest asks once, and says what came of it on the page.
func (s *Service) postTest(w http.ResponseWriter, r *http.Request, id string) error {
	src, err := s.Providers.Test(r.Context(), id)
	f := fault.As(err)
	if err != nil && (f == nil || f.Kind != fault.Invalid && f.Kind != fault.Conflict) {
		return err
	}
	p, e := s.one(r)
	if e != nil {
		return e
	}
	if err != nil {
		p.Problem, _ = page.ProblemOf(err, nil)
		p.Title = "有错误：" + p.Title
		return s.set.Show(w, http.StatusUnprocessableEntity, "one", p)
	}
	n := page.Notice{Class: page.Bad, Title: "试问没有成功：" + troubleName(string(src.Result)), Text: src.Message + "（用时 " + took(src.Millis) + "）"}
	if src.Result == provider.Answered {
		n = page.Notice{Class: page.Good, Title: "试问成功，用时 " + took(src.Millis), Text: src.Message}
		if len(src.Remarks) > 0 {
			n.Text += "。对方的说明：" + strings.Join(src.Remarks, "；")
		}
	}
	p.Notices = append([]page.Notice{n}, p.Notices...)
	return s.set.Show(w, http.StatusOK, "one", p)
}
