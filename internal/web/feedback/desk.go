package feedback

import (
	"net/http"
	"strconv"

	"sidian/internal/fault"
	"sidian/internal/feedback"
	"sidian/internal/iam"
	"sidian/internal/web/page"
)

var classes = map[feedback.State]string{
	feedback.Filed: page.Care, feedback.Confirming: page.Care, feedback.Done: page.Good, feedback.Moot: page.Good, feedback.Refused: page.Bad, feedback.Withdrawn: page.Plain,
}

func chipsOf(f *feedback.Feedback) []page.Chip {
	out := []page.Chip{{Class: classes[f.State], Word: f.StateName}}
	if f.Late {
		out = append(out, page.Chip{Class: page.Bad, Word: "超期"})
	}
	return out
}

type listPage struct {
	page.Frame
	Lead  string
	New   bool
	Tabs  page.Tabs
	Table page.Table
}

// A view is a tab of the list, for who has one of its needs.
type view struct {
	key, label string
	query      feedback.Query
	needs      []string
	empty      string
}

var views = []view{
	{"waiting", "待我单位确认", feedback.Query{View: feedback.ViewUnit, State: feedback.Filed}, []string{"cert.status"}, "执法单位反馈了本单位的证照时，会列在这里，并在站内消息里提醒。"},
	{"mine", "我单位反馈的", feedback.Query{View: feedback.ViewMine}, []string{"inspect.record"}, "作出暂扣、收回、吊销、注销等决定后，从上面的按钮反馈发证单位。"},
	{"unit", "关于本单位证照的", feedback.Query{View: feedback.ViewUnit}, []string{"cert.status", "cert.read"}, "执法单位反馈了本单位的证照时，会列在这里。"},
}

func (s *Service) getList(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	asked := r.URL.Query()
	p := &listPage{Frame: s.Kit.Frame(r, "执法反馈", "feedback", page.Wide), Tabs: page.Tabs{Label: "范围"}, New: iam.Allow(ctx, "inspect.record", "") == nil}
	p.Lead = "执法单位反馈暂扣、收回、吊销、注销等决定，由发证单位确认；确认后证照状态随即变更，并通知各接入系统。"
	var now *view
	for i := range views {
		v := &views[i]
		may := false
		for _, n := range v.needs {
			may = may || iam.Allow(ctx, n, "") == nil
		}
		if !may {
			continue
		}
		if now == nil || asked.Get("view") == v.key {
			now = v
		}
		p.Tabs.Items = append(p.Tabs.Items, page.Tab{Label: v.label, Href: page.Asking(Home, "view", v.key)})
	}
	if now == nil { // the door is wider than any purpose of who came in
		now = &views[len(views)-1]
	}
	for i := range p.Tabs.Items {
		p.Tabs.Items[i].Current = p.Tabs.Items[i].Label == now.label
	}
	q := now.query
	q.Cursor = asked.Get("cursor")
	list, err := s.Feedback.List(ctx, q)
	if err != nil {
		return err
	}
	p.Table = page.Table{ID: "feedback", Caption: now.label, Quiet: true, Head: []string{"决定", "证照", "反馈单位", "发证单位", "状态", "最迟答复", "反馈时间"},
		Empty: page.Empty{Title: "没有执法反馈", Text: now.empty}}
	for i := range list.Items {
		f := &list.Items[i]
		until := "—"
		if f.State == feedback.Filed && !f.Due.IsZero() {
			until = page.Day(f.Due)
		}
		p.Table.Rows = append(p.Table.Rows, page.Row{ID: "feedback-" + f.ID, Cells: []page.Cell{
			{Text: f.ActionName, Sub: f.Number, Href: page.At(Home, f.ID)}, {Text: f.KindName, Sub: f.Identifier}, {Text: f.OrgName}, {Text: f.UnitName},
			{Chips: chipsOf(f)}, {Text: until}, {At: f.FiledAt},
		}})
	}
	if list.Next != "" {
		p.Table.Pager.Next = page.Asking(Home, "view", now.key, "cursor", list.Next)
	}
	return s.set.Show(w, http.StatusOK, "list", p)
}

type showPage struct {
	page.Frame
	F        *feedback.Feedback
	Lead     string
	Chips    []page.Chip
	Notice   *page.Notice
	Problem  *page.Problem
	Facts    []page.Fact
	Steps    []page.Step
	Decide   *decide
	Withdraw *page.Confirm
}

// A decide is the unit's form: two buttons and one text.
type decide struct {
	Action string
	Facts  []page.Fact
	Bar    *page.Notice // what stands against it
	Reason page.Field
	Button string
	Barred bool
}

var notices = map[string]page.Notice{
	"told":      {Class: page.Good, Title: "已反馈", Text: "发证单位已收到消息。结果会在站内消息里告诉您。"},
	"already":   {Class: page.Care, Title: "这份文书已反馈过", Text: "下面是原来的反馈，没有重复登记。"},
	"decided":   {Class: page.Good, Title: "答复已记录", Text: "反馈单位已收到消息。"},
	"withdrawn": {Class: page.Good, Title: "已撤回", Text: "发证单位已收到消息。"},
}

func (s *Service) show(r *http.Request) (*showPage, error) {
	f, err := s.Feedback.Get(r.Context(), r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	at := page.At(Home, f.ID)
	p := &showPage{Frame: s.Kit.Frame(r, f.ActionName+" "+f.KindName, "feedback", page.Wide), F: f, Lead: leadOf(f), Chips: chipsOf(f), Facts: factsOf(f), Steps: stepsOf(f)}
	if n, ok := notices[r.URL.Query().Get("done")]; ok && r.Method == http.MethodGet {
		p.Notice = &n
	}
	if r.Method == http.MethodPost {
		p.Path = at
	}
	if f.May.Decide {
		p.Decide = &decide{Action: at + "/decision", Button: "确认，证照变更为" + f.ActionName, Facts: []page.Fact{{Label: "证照现在的状态", Text: f.Now.StatusName}},
			Reason: page.Field{ID: "reason", Name: "reason", Label: "说明", Value: r.PostFormValue("reason"), Lines: 3, Max: 500, Hint: "不予采纳的必填；反馈单位会看到，不要写个人信息"}}
		switch {
		case f.Now.Already:
			p.Decide.Button, p.Decide.Bar = "确认，证照已是该状态", &page.Notice{Text: "证照的状态已经是“" + f.Now.StatusName + "”，确认后不再变更。"}
		case f.Now.Barred != "":
			p.Decide.Barred, p.Decide.Bar = true, &page.Notice{Class: page.Care, Title: "现在不能确认", Text: f.Now.Barred + "。" + f.Now.Way}
		}
	}
	if f.May.Withdraw {
		p.Withdraw = &page.Confirm{ID: "withdraw", Title: "撤回这件反馈", Text: "写错了文书或证照的，撤回后重新反馈。", Action: at + "/withdraw", Button: "撤回",
			Reason: page.Field{ID: "withdraw-reason", Value: r.PostFormValue("reason"), Hint: "发证单位会看到", Max: 500}}
	}
	return p, nil
}

func leadOf(f *feedback.Feedback) string {
	switch {
	case f.May.Decide && !f.Due.IsZero():
		return "轮到您：请核对决定文书和证照后确认，或不予采纳，最迟 " + page.Day(f.Due) + "。确认后证照状态随即变更。"
	case f.State == feedback.Filed:
		return "由" + f.UnitName + "确认，结果会在站内消息里告诉反馈单位。"
	case f.State == feedback.Confirming:
		return f.UnitName + "已确认，正在变更证照状态，请稍后刷新。"
	}
	return "已办结：" + f.StateName + "。"
}

func factsOf(f *feedback.Feedback) []page.Fact {
	out := []page.Fact{
		{Label: "证照", Text: f.KindName}, {Label: "电子证照标识", Text: f.Identifier, Code: true}, {Label: "发证单位", Text: f.UnitName}, {Label: "反馈单位", Text: f.OrgName},
		{Label: "决定", Text: f.ActionName}, {Label: "决定日期", Text: f.On},
	}
	if f.Until != "" {
		out = append(out, page.Fact{Label: "暂扣至", Text: f.Until})
	}
	out = append(out, page.Fact{Label: "依据", Text: f.Basis}, page.Fact{Label: "文书编号", Text: f.DocumentNo})
	if f.Note != "" {
		out = append(out, page.Fact{Label: "情况说明", Text: f.Note})
	}
	if f.Document != nil {
		out = append(out, page.Fact{Label: "决定文书", Text: "下载（" + size(f.Document.Size) + "）", Href: page.At(Home, f.ID, "document")})
	}
	return append(out, page.Fact{Label: "反馈编号", Text: f.Number, Code: true})
}

func size(n int64) string {
	if n >= 1<<20 {
		return strconv.FormatFloat(float64(n)/(1<<20), 'f', 1, 64) + " MB"
	}
	return strconv.FormatInt(max(n>>10, 1), 10) + " KB"
}

func stepsOf(f *feedback.Feedback) []page.Step {
	out := []page.Step{{Title: "反馈", Who: f.OrgName, At: f.FiledAt, State: "done"}}
	answered := page.Step{Title: "发证单位答复", Who: f.UnitName, At: f.AnsweredAt, Text: f.Answer, State: "done"}
	switch f.State {
	case feedback.Filed:
		answered.State = "now"
		if !f.Due.IsZero() {
			answered.Text = "最迟 " + page.Day(f.Due)
		}
		return append(out, answered, page.Step{Title: "变更证照状态", State: "todo"})
	case feedback.Confirming:
		return append(out, answered, page.Step{Title: "变更证照状态", State: "now"})
	case feedback.Done:
		return append(out, answered, page.Step{Title: "证照状态已变更为" + f.ActionName, At: f.EndedAt, State: "done"})
	case feedback.Withdrawn:
		return append(out, page.Step{Title: "撤回", Who: f.OrgName, At: f.EndedAt, Text: f.Answer, State: "done"})
	}
	answered.Title = f.StateName
	return append(out, answered)
}

func (s *Service) getShow(w http.ResponseWriter, r *http.Request) error {
	p, err := s.show(r)
	if err != nil {
		return err
	}
	return s.set.Show(w, http.StatusOK, "show", p)
}

// result leads to the feedback with what was done, or shows it with what was
// refused.
func (s *Service) result(w http.ResponseWriter, r *http.Request, word string, err error) error {
	if err == nil {
		return page.See(w, r, page.Asking(page.At(Home, r.PathValue("id")), "done", word))
	}
	code := page.StatusOf(err)
	if code == 0 || fault.As(err).Kind == fault.NotFound {
		return err
	}
	p, e := s.show(r)
	if e != nil {
		return e
	}
	switch {
	case p.Decide != nil && word == "decided":
		fields := []page.Field{p.Decide.Reason}
		p.Problem = page.Mark(err, fields)
		p.Decide.Reason = fields[0]
	case p.Withdraw != nil && word == "withdrawn":
		fields := []page.Field{p.Withdraw.Reason}
		fields[0].Name = "reason"
		p.Problem = page.Mark(err, fields)
		p.Withdraw.Reason = fields[0]
	default:
		p.Problem = page.Mark(err)
	}
	p.Title = "有错误：" + p.Title
	return s.set.Show(w, code, "show", p)
}

func (s *Service) postDecision(w http.ResponseWriter, r *http.Request) error {
	var err error
	switch r.PostFormValue("decision") {
	case "accept", "refuse":
		_, err = s.Feedback.Decide(r.Context(), r.PathValue("id"), feedback.Decision{Accept: r.PostFormValue("decision") == "accept", Reason: r.PostFormValue("reason")})
	default:
		err = fault.Invalid.New("请选择确认或不予采纳").WithCode("feedback.decision").WithHint("按其中一个按钮")
	}
	return s.result(w, r, "decided", err)
}

func (s *Service) postWithdraw(w http.ResponseWriter, r *http.Request) error {
	_, err := s.Feedback.Withdraw(r.Context(), r.PathValue("id"), r.PostFormValue("reason"))
	return s.result(w, r, "withdrawn", err)
}

func (s *Service) getDocument(w http.ResponseWriter, r *http.Request) error {
	c, err := s.Feedback.Document(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	return page.Send(w, page.File{Name: c.Name, Media: c.Media, Data: c.Data})
}
