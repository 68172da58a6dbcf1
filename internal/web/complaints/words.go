package complaints

import (
	"cmp"
	"net/http"
	"net/url"
	"strconv"

	"sidian/internal/complaint"
	"sidian/internal/fault"
	"sidian/internal/web/page"
)

var classes = map[complaint.State]string{
	complaint.Filed: page.Care, complaint.Explained: page.Care, complaint.Upheld: page.Bad, complaint.Rectified: page.Care,
	complaint.Closed: page.Good, complaint.Dismissed: page.Plain, complaint.Exempt: page.Plain, complaint.Withdrawn: page.Plain,
}

func chipOf(c *complaint.Complaint) page.Chip {
	return page.Chip{Class: classes[c.State], Word: c.StateName}
}

// clockOf is how the clock of a complaint stands.
func clockOf(c *complaint.Complaint) []page.Chip {
	if !c.Late {
		return nil
	}
	return []page.Chip{{Class: page.Bad, Word: "已超期"}}
}

// leads says what a complaint waits for, and who is next.
var leads = map[complaint.State]string{
	complaint.Filed:     "被投诉单位正在说明情况；说明后，或期限过后，由处理单位决定。",
	complaint.Explained: "单位已说明，由处理单位决定。",
	complaint.Upheld:    "投诉属实，已责令被投诉单位改正，由它报告改正情况。",
	complaint.Rectified: "单位已报告改正情况，由处理单位确认。",
	complaint.Closed:    "投诉属实，单位已改正，已办结。",
	complaint.Dismissed: "处理单位认定不属实，已办结。",
	complaint.Exempt:    "处理单位认定属法律法规规定不适用电子印章的情形，已办结。",
	complaint.Withdrawn: "投诉人已撤回，不再处理。",
}

// turnOf tells who may do the next step that it is theirs, and where the form is.
func turnOf(c *complaint.Complaint) (lead, form string) {
	until := ""
	if !c.Until.IsZero() {
		until = "，最迟 " + page.Day(c.Until)
	}
	switch {
	case may(c, complaint.ActExplain):
		return "轮到您：请代表本单位说明情况" + until + "。之后由" + c.AuthorityName + "决定。", "#explain"
	case may(c, complaint.ActRectify):
		return "轮到您：投诉属实，请改正后报告改正情况" + until + "。之后由" + c.AuthorityName + "确认。", "#rectify"
	case may(c, complaint.ActUphold) && c.State == complaint.Filed:
		return "轮到您：单位逾期没有说明，可以直接决定。", "#decide"
	case may(c, complaint.ActUphold):
		return "轮到您：请看过投诉内容和单位的说明，再决定" + until + "。", "#decide"
	case may(c, complaint.ActAccept):
		return "轮到您：单位已报告改正情况，请确认，或退回继续改正。", "#confirm"
	}
	return "", ""
}

// ownLead tells a complainant how far their complaint is, and whether they have to
// do something.
func ownLead(c *complaint.Complaint) string {
	const wait = "您不用再做什么，有进展会在站内消息里告诉您。"
	switch c.State {
	case complaint.Filed:
		if c.Late {
			return c.OrgName + "逾期没有说明，由" + c.AuthorityName + "直接决定。" + wait
		}
		return "现在由" + c.OrgName + "说明情况，再由" + c.AuthorityName + "决定。" + wait
	case complaint.Explained:
		return c.OrgName + "已说明，现在由" + c.AuthorityName + "决定。" + wait
	case complaint.Upheld:
		return "投诉属实，已责令" + c.OrgName + "改正。您可以再拿电子印章文件去办理。"
	case complaint.Rectified:
		return c.OrgName + "已报告改正情况，由" + c.AuthorityName + "确认。您可以再拿电子印章文件去办理。"
	case complaint.Closed:
		return "投诉属实，" + c.OrgName + "已改正。您可以再拿电子印章文件去办理。"
	case complaint.Dismissed:
		return c.AuthorityName + "认定不属实，理由见下面。不同意的，可以拨打 12345 反映。"
	case complaint.Exempt:
		return "法律法规规定这件事不适用电子印章，依据见下面。请按单位的要求办理。"
	}
	return "您已撤回，不再处理。"
}

// stepsOf is the history of a complaint, and what is still to come; own: to who
// filed it.
func stepsOf(c *complaint.Complaint, own bool) (out []page.Step) {
	for _, h := range c.History {
		st := page.Step{Title: h.ActionName, Text: h.Text, Who: h.OrgName, At: h.At, State: "done"}
		switch {
		case h.Org != "":
		case own:
			st.Who = "您"
		default:
			st.Who = "投诉人"
		}
		if own && h.Action == complaint.ActWithdraw {
			st.Title = "撤回投诉"
		}
		if h.Basis != "" {
			st.Text += "（依据：" + h.Basis + "）"
		}
		out = append(out, st)
	}
	next := map[complaint.State]page.Step{
		complaint.Filed: {Title: "等待单位说明", Who: c.OrgName}, complaint.Explained: {Title: "等待处理", Who: c.AuthorityName},
		complaint.Upheld: {Title: "等待改正", Who: c.OrgName}, complaint.Rectified: {Title: "等待确认改正", Who: c.AuthorityName},
	}
	if st, ok := next[c.State]; ok {
		st.State = "now"
		if !c.Until.IsZero() {
			st.Text = "最迟 " + page.Day(c.Until)
		}
		st.Chips = clockOf(c)
		out = append(out, st)
	}
	return out
}

// toldOf are the facts that all sides are shown.
func toldOf(c *complaint.Complaint) []page.Fact {
	facts := []page.Fact{
		{Label: "被投诉单位", Text: c.OrgName}, {Label: "处理单位", Text: c.AuthorityName}, {Label: "发生了什么", Text: c.WhatName},
		{Label: "时间和地点", Text: c.Happened + "，" + c.WayName},
	}
	if c.Item != "" {
		facts = append(facts, page.Fact{Label: "办理事项", Text: c.Item})
	}
	if c.Number != "" {
		facts = append(facts, page.Fact{Label: "文件编号", Text: c.Number, Code: true})
	}
	return append(facts, page.Fact{Label: "经过", Text: c.Text})
}

func documentFact(c *complaint.Complaint, at string) page.Fact {
	return page.Fact{Label: "被拒收的文件", Text: "下载 OFD（" + size(c.Document.Size) + "）", Href: page.At(at, c.ID, "document")}
}

// factsOf are the facts at the desk.
func factsOf(c *complaint.Complaint) []page.Fact {
	who := page.Fact{Label: "投诉人", Text: "未公开"}
	if who.Text = cmp.Or(c.Complainant, who.Text); c.Complainant != "" && !c.Named {
		who.Text += "（不向被投诉单位公开）"
	}
	facts := append(toldOf(c), who)
	if c.Document != nil {
		facts = append(facts, documentFact(c, Home), page.Fact{Label: "文件摘要", Text: c.Document.Digest, Code: true})
	}
	return append(facts, page.Fact{Label: "提交时间", At: c.CreatedAt})
}

// ownFacts are the facts in the wallet.
func ownFacts(c *complaint.Complaint) []page.Fact {
	facts := append(toldOf(c), page.Fact{Label: "您的姓名", Text: map[bool]string{true: "告诉被投诉单位", false: "不告诉被投诉单位"}[c.Named]})
	if c.Document != nil {
		facts = append(facts, documentFact(c, Wallet))
	}
	return append(facts, page.Fact{Label: "提交时间", At: c.CreatedAt})
}

func size(n int64) string {
	if n >= 1<<20 {
		return strconv.FormatFloat(float64(n)/(1<<20), 'f', 1, 64) + " MB"
	}
	return strconv.FormatInt(max(n>>10, 1), 10) + " KB"
}

// statusOf is the status of a refusal that is shown on the page of the form; 0 for
// what is another page's.
func statusOf(err error) int {
	e := fault.As(err)
	if e == nil {
		return 0
	}
	switch e.Kind {
	case fault.Invalid:
		return http.StatusUnprocessableEntity
	case fault.Conflict:
		return http.StatusConflict
	case fault.TooMany:
		return http.StatusTooManyRequests
	}
	return 0
}

func options(list []complaint.Option) (out []page.Option) {
	for _, o := range list {
		out = append(out, page.Option{Value: o.Code, Label: o.Name})
	}
	return out
}

// mark shows a refusal above the fields, and at each what is wrong with it.
func mark(err error, fields []page.Field) *page.Problem {
	ids, labels := map[string]string{}, map[string]string{}
	for _, f := range fields {
		ids[f.Name], labels[f.ID] = f.ID, f.Label
	}
	p, _ := page.ProblemOf(err, ids)
	for i := range p.Fields {
		p.Fields[i].Label = labels[p.Fields[i].ID]
	}
	for i := range fields {
		fields[i].Error = p.At(fields[i].ID)
	}
	return p
}

func send(w http.ResponseWriter, c *complaint.Copy) error {
	w.Header().Set("Content-Type", c.Media)
	w.Header().Set("Content-Disposition", "attachment; filename*=UTF-8''"+url.PathEscape(c.Name))
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("Content-Length", strconv.Itoa(len(c.Data)))
	_, _ = w.Write(c.Data) // the client went away: nobody is left to tell
	return nil
}

func see(w http.ResponseWriter, r *http.Request, to string) error {
	http.Redirect(w, r, to, http.StatusSeeOther)
	return nil
}
