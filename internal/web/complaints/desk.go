package complaints

import (
	"net/http"

	"sidian/internal/complaint"
	"sidian/internal/fault"
	"sidian/internal/iam"
	"sidian/internal/web/page"
)

type listPage struct {
	page.Frame
	Lead  string
	Tabs  page.Tabs
	Table page.Table
}

// A view is a tab of the list.
type view struct {
	key, label string
	query      complaint.Query
	needs      string
}

var views = []view{
	{"explain", "待我单位办理", complaint.Query{View: complaint.ViewUnit, Waiting: true}, "complaint.reply"},
	{"decide", "待我处理", complaint.Query{View: complaint.ViewAuthority, Waiting: true}, "complaint.handle"},
	{"filed", "待单位说明", complaint.Query{View: complaint.ViewAuthority, State: complaint.Filed}, "complaint.handle"},
	{"all", "全部", complaint.Query{}, ""},
}

func (s *Service) getList(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	asked := r.URL.Query()
	p := &listPage{Frame: s.Kit.Frame(r, "拒收投诉", "complaints", page.Wide), Tabs: page.Tabs{Label: "范围"}}
	p.Lead = "单位不得拒收电子印章文件，不得要求重复提交纸质材料。被投诉单位说明情况，处理单位决定。"
	var now *view
	for i := range views {
		v := &views[i]
		if v.needs != "" && iam.Allow(ctx, v.needs, "") != nil {
			continue
		}
		if now == nil || asked.Get("view") == v.key {
			now = v
		}
		p.Tabs.Items = append(p.Tabs.Items, page.Tab{Label: v.label, Href: page.Asking(Home, "view", v.key)})
	}
	for i := range p.Tabs.Items {
		p.Tabs.Items[i].Current = p.Tabs.Items[i].Label == now.label
	}
	q := now.query
	q.Unit, q.Cursor = asked.Get("unit"), asked.Get("cursor")
	list, err := s.Complaints.List(ctx, q)
	if err != nil {
		return err
	}
	p.Table = page.Table{ID: "complaints", Caption: now.label, Quiet: true, Head: []string{"投诉", "被投诉单位", "经过", "状态", "最迟办理", "提交"},
		Empty: page.Empty{Title: "没有" + map[bool]string{true: "等待办理的", false: ""}[q.Waiting] + "投诉", Text: "有人投诉拒收电子印章时，会列在这里，并在站内消息里提醒。"}}
	for i := range list.Items {
		c := &list.Items[i]
		until := page.Cell{Text: "—", Chips: clockOf(c)}
		if !c.Until.IsZero() {
			until.Text = page.Day(c.Until)
		}
		p.Table.Rows = append(p.Table.Rows, page.Row{Cells: []page.Cell{
			{Text: c.WhatName, Sub: c.Happened + "，" + c.WayName, Href: page.At(Home, c.ID)}, {Text: c.OrgName}, {Text: c.Text, Sub: c.Item},
			{Chips: []page.Chip{chipOf(c)}}, until, {Text: page.Day(c.CreatedAt)},
		}})
	}
	if list.Next != "" {
		p.Table.Pager.Next = page.Asking(Home, "view", now.key, "unit", q.Unit, "cursor", list.Next)
	}
	return s.set.Show(w, http.StatusOK, "list", p)
}

type showPage struct {
	page.Frame
	C       *complaint.Complaint
	Lead    string
	Jump    string // to the form of who is next
	Chips   []page.Chip
	Notice  *page.Notice
	Problem *page.Problem
	Steps   []page.Step
	Facts   []page.Fact
	Form    *page.Form // of the unit
	Decide  *decide
	Confirm *page.Form
}

// A decide is the form of the authority's decision.
type decide struct {
	Action   string
	Outcomes []choice
	Error    string
	Opinion  page.Field
	Basis    page.Field
}

type choice struct {
	Value, Label, Text string
	Checked            bool
}

var showNotices = map[string]page.Notice{
	"explained": {Class: page.Good, Title: "说明已提交", Text: "由处理单位决定，结果会在站内消息里告诉您。"},
	"decided":   {Class: page.Good, Title: "处理结果已记录", Text: "投诉人和被投诉单位已收到消息。"},
	"rectified": {Class: page.Good, Title: "改正情况已提交", Text: "由处理单位确认。"},
	"confirmed": {Class: page.Good, Title: "已确认改正，投诉办结", Text: "投诉人已收到消息。"},
	"returned":  {Class: page.Good, Title: "已退回继续改正", Text: "被投诉单位已收到消息。"},
}

func (s *Service) show(r *http.Request) (*showPage, error) {
	c, err := s.Complaints.Get(r.Context(), r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	at := page.At(Home, c.ID)
	p := &showPage{Frame: s.Kit.Frame(r, "对"+c.OrgName+"的投诉", "complaints", page.Wide), C: c, Lead: leads[c.State],
		Chips: append([]page.Chip{chipOf(c)}, clockOf(c)...), Steps: stepsOf(c, false), Facts: factsOf(c)}
	if turn, form := turnOf(c); form != "" {
		p.Lead, p.Jump = turn, form
	}
	if n, ok := showNotices[r.URL.Query().Get("done")]; ok && r.Method == http.MethodGet {
		p.Notice = &n
	}
	if r.Method == http.MethodPost {
		p.Path = at
	}
	text := page.Field{ID: "text", Name: "text", Label: "情况说明", Value: r.PostFormValue("text"), Required: true, Lines: 5, Max: 1000, Hint: "投诉人和处理单位都会看到，不要写个人信息"}
	switch {
	case may(c, complaint.ActExplain):
		p.Form = &page.Form{ID: "explain", Title: "说明情况", Text: "写明当时的情况和原因；确有法律法规规定不适用电子印章的，写明依据。", Action: at + "/explanation", Fields: []page.Field{text}, Button: "提交说明", Busy: "正在提交…"}
	case may(c, complaint.ActRectify):
		text.Label = "改正情况"
		p.Form = &page.Form{ID: "rectify", Title: "报告改正情况", Text: "写明已怎样改正：已接受文件、已培训人员、已修订办事指南等。", Action: at + "/rectification", Fields: []page.Field{text}, Button: "提交改正情况", Busy: "正在提交…"}
	}
	if may(c, complaint.ActUphold) {
		p.Decide = decideOf(r, at)
	}
	if may(c, complaint.ActAccept) {
		p.Confirm = &page.Form{ID: "confirm", Title: "确认改正情况", Text: "确认后投诉办结；不满意的退回继续改正，写明理由。", Action: at + "/confirmation",
			Fields: []page.Field{{ID: "reason", Name: "reason", Label: "意见", Value: r.PostFormValue("reason"), Lines: 3, Max: 1000, Hint: "退回的必填"}}}
	}
	return p, nil
}

func decideOf(r *http.Request, at string) *decide {
	v := r.PostFormValue("outcome")
	d := &decide{Action: at + "/decision", Outcomes: []choice{
		{Value: string(complaint.Upheld), Label: "属实", Text: "责令改正，单位在期限内报告改正情况"},
		{Value: string(complaint.Dismissed), Label: "不属实", Text: "没有发生，或与电子印章无关"},
		{Value: string(complaint.Exempt), Label: "法定不适用情形", Text: "法律法规规定这件事不适用电子印章，须写明依据"},
	}}
	for i := range d.Outcomes {
		d.Outcomes[i].Checked = d.Outcomes[i].Value == v
	}
	d.Opinion = page.Field{ID: "opinion", Name: "opinion", Label: "处理意见", Value: r.PostFormValue("opinion"), Required: true, Lines: 4, Max: 1000, Hint: "投诉人和被投诉单位都会看到，不要写个人信息"}
	d.Basis = page.Field{ID: "basis", Name: "basis", Label: "法定不适用情形的依据", Value: r.PostFormValue("basis"), Max: 300, Hint: "只在选“法定不适用情形”时填写，如《电子签名法》第三条"}
	return d
}

func (s *Service) getShow(w http.ResponseWriter, r *http.Request) error {
	p, err := s.show(r)
	if err != nil {
		return err
	}
	return s.set.Show(w, http.StatusOK, "show", p)
}

// result leads to the complaint with what was done, or shows it with what was
// refused.
func (s *Service) result(w http.ResponseWriter, r *http.Request, word string, err error) error {
	if err == nil {
		return see(w, r, page.Asking(page.At(Home, r.PathValue("id")), "done", word))
	}
	code := statusOf(err)
	if code == 0 {
		return err
	}
	p, e := s.show(r)
	if e != nil {
		return e
	}
	switch {
	case p.Decide != nil:
		fields := []page.Field{{ID: "outcome-upheld", Name: "outcome", Label: "处理结果"}, p.Decide.Opinion, p.Decide.Basis}
		p.Problem = mark(err, fields)
		p.Decide.Error, p.Decide.Opinion, p.Decide.Basis = fields[0].Error, fields[1], fields[2]
	case p.Form != nil:
		p.Problem = mark(err, p.Form.Fields)
	case p.Confirm != nil:
		p.Problem = mark(err, p.Confirm.Fields)
	default:
		p.Problem = mark(err, nil)
	}
	p.Title = "有错误：" + p.Title
	return s.set.Show(w, code, "show", p)
}

func (s *Service) postExplanation(w http.ResponseWriter, r *http.Request) error {
	_, err := s.Complaints.Explain(r.Context(), r.PathValue("id"), r.PostFormValue("text"))
	return s.result(w, r, "explained", err)
}

func (s *Service) postRectification(w http.ResponseWriter, r *http.Request) error {
	_, err := s.Complaints.Rectify(r.Context(), r.PathValue("id"), r.PostFormValue("text"))
	return s.result(w, r, "rectified", err)
}

func (s *Service) postDecision(w http.ResponseWriter, r *http.Request) error {
	_, err := s.Complaints.Decide(r.Context(), r.PathValue("id"), complaint.Decision{Outcome: complaint.State(r.PostFormValue("outcome")), Opinion: r.PostFormValue("opinion"), Basis: r.PostFormValue("basis")})
	return s.result(w, r, "decided", err)
}

func (s *Service) postConfirmation(w http.ResponseWriter, r *http.Request) error {
	id, word := r.PathValue("id"), "returned"
	var err error
	switch r.PostFormValue("decision") {
	case "accept":
		word = "confirmed"
		_, err = s.Complaints.Confirm(r.Context(), id, true, r.PostFormValue("reason"))
	case "return":
		_, err = s.Complaints.Confirm(r.Context(), id, false, r.PostFormValue("reason"))
	default:
		err = fault.Invalid.New("请选择确认或退回").WithCode("complaint.decision").WithHint("按其中一个按钮")
	}
	return s.result(w, r, word, err)
}
