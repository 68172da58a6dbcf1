package issuing

import (
	"net/http"
	"strconv"
	"time"

	"sidian/internal/fault"
	"sidian/internal/iam"
	"sidian/internal/issuing"
	"sidian/internal/web/page"
)

// Incidents is where incidents (突发情况) are.
const Incidents = "/console/incidents"

var incidentNotices = map[string]page.Notice{
	"declared": {Class: page.Good, Title: "已报告突发情况", Text: "管理单位已收到报告。不能及时办理的，逐项登记待办；排除后在补办期限内补办。"},
	"owed":     {Class: page.Good, Title: "已登记待办"},
	"cleared":  {Class: page.Good, Title: "已登记故障排除", Text: "补办期限开始计算。"},
	"done":     {Class: page.Good, Title: "已登记补办"},
}

func (s *Service) getIncidents(w http.ResponseWriter, r *http.Request) error {
	list, err := s.Issuing.Incidents(r.Context(), 20, r.URL.Query().Get("cursor"))
	if err != nil {
		return err
	}
	p := s.Kit.Sheet(r, "incidents", "突发情况", "因突发情况不能及时签发、注销、更新证照的，由经办单位在这里报告管理单位；排除后在期限内补办。", page.Wide)
	if iam.May(r.Context(), "cert.draft", "") {
		p.Doors = []page.Door{{ID: "declare", Label: "报告突发情况", Href: Incidents + "/new", First: true}}
	}
	t := &page.Table{ID: "incidents", Caption: "突发情况", Quiet: true, Head: []string{"情况", "单位", "状态", "待补办", "补办剩余时间"},
		Empty: page.Empty{Title: "没有突发情况", Text: "停电、断网、灾害等使证照不能及时办理时，在这里报告。"}}
	for _, x := range list.Items {
		t.Rows = append(t.Rows, page.Row{ID: "incident-" + x.ID, Cells: []page.Cell{
			{Text: x.What, Href: page.At(Incidents, x.ID), Sub: "开始于 " + page.Moment(x.BeganAt)}, {Text: x.UnitName}, {Chips: incidentChips(x)}, {Text: strconv.Itoa(x.Remaining) + " 项"}, leftCell(x)}})
	}
	if list.Next != "" {
		t.Pager.Next = page.Asking(Incidents, "cursor", list.Next)
	}
	return s.Kit.ShowSheet(w, p.Add(page.Part{ID: "list", Table: t}))
}

func leftCell(x *issuing.Incident) page.Cell {
	if x.Left.Text == "" {
		return page.Cell{Text: "—"}
	}
	return page.Cell{Text: "最迟 " + page.Day(x.Due), Chips: []page.Chip{leftOf(x.Left)}}
}

func incidentChips(x *issuing.Incident) []page.Chip {
	class := map[issuing.IncidentState]string{issuing.Open: page.Bad, issuing.Cleared: page.Care, issuing.Closed: page.Good}[x.State]
	out := []page.Chip{{Class: class, Word: x.StateName}}
	if x.Late {
		out = append(out, page.Chip{Class: page.Bad, Word: "补办超时"})
	}
	return out
}

// unitsOf are the units for which the reader collects, to choose from.
func (s *Service) unitsOf(r *http.Request) (out []page.Option, err error) {
	for _, id := range iam.Orgs(r.Context(), "cert.draft") {
		o, err := s.IAM.Org(r.Context(), id)
		if err != nil {
			return nil, err
		}
		if !o.Closed && o.USCC != "" { // who issues has a credit code
			out = append(out, page.Option{Value: o.ID, Label: o.Name})
		}
	}
	return out, nil
}

func (s *Service) declarePage(r *http.Request) (*page.Sheet, error) {
	units, err := s.unitsOf(r)
	if err != nil {
		return nil, err
	}
	p := s.Kit.Sheet(r, "incidents", "报告突发情况", "报告后管理单位随即收到通知。先说明情况和已采取的应急措施；要补办的在下一页逐项登记。", page.Narrow).Under("突发情况", Incidents)
	began := r.PostFormValue("began_at")
	if began == "" {
		began = page.In(s.Cert.DB.Now()).Format(clockLayout)
	}
	f := &page.Form{ID: "declare", Action: Incidents + "/new", Button: "报告", Busy: "正在报告…", Cancel: Incidents}
	if len(units) == 1 {
		f.Hidden = []page.Hidden{{Name: "unit", Value: units[0].Value}}
		f.Text = "单位：" + units[0].Label
	} else {
		f.Fields = append(f.Fields, page.Field{ID: "unit", Name: "unit", Label: "单位", Value: r.PostFormValue("unit"), Required: true, Options: units})
	}
	f.Fields = append(f.Fields,
		page.Field{ID: "what", Name: "what", Label: "情况", Value: r.PostFormValue("what"), Required: true, Lines: 3, Max: 500, Hint: "发生了什么，影响哪些办理；不要写个人信息"},
		page.Field{ID: "measures", Name: "measures", Label: "应急措施", Value: r.PostFormValue("measures"), Required: true, Lines: 3, Max: 500, Hint: "如窗口先收件、开具受理单"},
		page.Field{ID: "began_at", Name: "began_at", Label: "开始时间", Value: began, Type: "datetime-local", Required: true, Short: true})
	return p.Add(page.Part{Form: f}), nil
}

func (s *Service) getDeclare(w http.ResponseWriter, r *http.Request) error {
	p, err := s.declarePage(r)
	if err != nil {
		return err
	}
	return s.Kit.ShowSheet(w, p)
}

// clockLayout is how browsers give a time of the day.
const clockLayout = "2006-01-02T15:04"

// timeOf reads a control for a time; what cannot be read is told at it.
func timeOf(r *http.Request, name string) (time.Time, error) {
	text := r.PostFormValue(name)
	if text == "" {
		return time.Time{}, nil
	}
	at, err := time.ParseInLocation(clockLayout, text, page.In(time.Time{}).Location())
	if err != nil {
		return at, fault.Invalid.New("时间填写不对").WithCode("issuing.time").WithHint("应写作 2026-01-05T09:30").WithField(name, "date", "应写作 2026-01-05T09:30")
	}
	return at, nil
}

func (s *Service) postDeclare(w http.ResponseWriter, r *http.Request) error {
	began, err := timeOf(r, "began_at")
	var x *issuing.Incident
	if err == nil {
		x, err = s.Issuing.Declare(r.Context(), issuing.DeclareRequest{Unit: r.PostFormValue("unit"), What: r.PostFormValue("what"), Measures: r.PostFormValue("measures"), BeganAt: began})
	}
	if err == nil {
		return page.See(w, r, page.Asking(page.At(Incidents, x.ID), "done", "declared"))
	}
	p, wrong := s.declarePage(r)
	if wrong != nil {
		return wrong
	}
	return s.Kit.ShowAgain(w, p, err)
}

// incidentPage shows an incident, with its make-up list and what may be done.
func (s *Service) incidentPage(r *http.Request) (*page.Sheet, error) {
	ctx := r.Context()
	x, err := s.Issuing.Incident(ctx, r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	names, err := page.Named(ctx, s.IAM, personOf(x.DeclaredBy))
	if err != nil {
		return nil, err
	}
	p := s.Kit.Sheet(r, "incidents", "突发情况", x.UnitName+"。"+map[issuing.IncidentState]string{
		issuing.Open: "故障持续期间不能办理的，由经办人登记待办；排除后登记排除，补办期限开始计算。", issuing.Cleared: "故障已排除，由经办人在期限内补办完待办清单。", issuing.Closed: "已全部补办。"}[x.State], page.Wide).
		Under("突发情况", Incidents).Said(r, incidentNotices)
	p.Path, p.Chips = page.At(Incidents, x.ID), incidentChips(x)
	if x.Left.Text != "" {
		p.Chips = append(p.Chips, leftOf(x.Left))
	}
	facts := []page.Fact{{Label: "情况", Text: x.What}, {Label: "应急措施", Text: x.Measures}, {Label: "报告给", Text: x.ManagerName}, {Label: "报告人", Text: whoOf(names, x.DeclaredBy)},
		{Label: "开始", At: x.BeganAt}, {Label: "报告", At: x.CreatedAt}}
	if !x.ClearedAt.IsZero() {
		facts = append(facts, page.Fact{Label: "故障排除", At: x.ClearedAt}, page.Fact{Label: "补办最迟", Text: page.Day(x.Due)})
	}
	if !x.ClosedAt.IsZero() {
		facts = append(facts, page.Fact{Label: "补办完", At: x.ClosedAt})
	}
	p.Add(page.Part{ID: "facts", Facts: facts})
	works := iam.May(ctx, "cert.draft", x.Unit)
	p.Add(page.Part{ID: "owed", Title: "待办清单", Text: "还有 " + strconv.Itoa(x.Remaining) + " 项没有补办。补签发的由新的经办件办理，签发后自动登记；注销、更新的在这里登记。", Table: s.owedTable(x, works)})
	if works && x.State != issuing.Closed {
		p.Add(s.incidentForms(r, x)...)
	}
	return p, nil
}

func personOf(actor string) string {
	if len(actor) > 4 && actor[:4] == "app/" {
		return ""
	}
	return actor
}

func whoOf(names *page.Names, actor string) string {
	if personOf(actor) == "" {
		return "业务系统"
	}
	return names.Person(actor)
}

func (s *Service) owedTable(x *issuing.Incident, works bool) *page.Table {
	t := &page.Table{ID: "owed-list", Caption: "待办清单", Quiet: true, Head: []string{"待办", "事项", "状态", ""}, Empty: page.Empty{Title: "还没有待办", Text: "故障期间不能办理的，逐项登记在这里。"}}
	for _, o := range x.Owed {
		state := page.Chip{Class: page.Care, Word: "待补办"}
		last := page.Cell{}
		switch {
		case !o.DoneAt.IsZero():
			state = page.Chip{Class: page.Good, Word: "已补办"}
			if !x.Due.IsZero() && o.DoneAt.After(x.Due) {
				state = page.Chip{Class: page.Bad, Word: "超时补办"}
			}
			last = page.Cell{At: o.DoneAt, Sub: o.Note}
			if o.Draft != "" {
				last = page.Cell{At: o.DoneAt, Actions: []page.Action{{Label: "经办件", Href: page.At(Home, o.Draft), Of: o.About}}}
			}
		case works && o.Operation == issuing.OweIssue && o.Kind != "":
			last = page.Cell{Actions: []page.Action{{Label: "补签发", Href: page.Asking(Home+"/new", "kind", o.Kind, "owed", o.ID), Of: o.About}}}
		}
		t.Rows = append(t.Rows, page.Row{ID: "owed-" + o.ID, Cells: []page.Cell{{Text: o.OperationName}, {Text: o.About}, {Chips: []page.Chip{state}}, last}})
	}
	return t
}

func (s *Service) incidentForms(r *http.Request, x *issuing.Incident) (out []page.Part) {
	at := page.At(Incidents, x.ID)
	out = append(out, page.Part{Form: &page.Form{ID: "owe", Title: "登记待办", Action: at + "/owed", Button: "登记", Busy: "正在登记…", Plain: x.State == issuing.Open && len(x.Owed) > 0, Fields: []page.Field{
		{ID: "operation", Name: "operation", Label: "要补办什么", Value: r.PostFormValue("operation"), Required: true, Options: []page.Option{{Value: issuing.OweIssue, Label: "补签发"}, {Value: issuing.OweCancel, Label: "补注销"}, {Value: issuing.OweUpdate, Label: "补更新"}}},
		{ID: "kind", Name: "kind", Label: "证照种类", Value: r.PostFormValue("kind"), Any: "不限", Options: s.kindsOf(r)},
		{ID: "about", Name: "about", Label: "办件编号或证照编号", Value: r.PostFormValue("about"), Required: true, Max: 100, Code: true, Hint: "不要写个人信息"},
	}}})
	var open []page.Option
	for _, o := range x.Owed {
		if o.DoneAt.IsZero() {
			open = append(open, page.Option{Value: o.ID, Label: o.OperationName + "：" + o.About})
		}
	}
	if len(open) > 0 {
		out = append(out, page.Part{Form: &page.Form{ID: "done", Title: "登记补办完成", Text: "由经办件补签发的不用登记。", Action: at + "/done", Button: "登记补办", Busy: "正在登记…", Plain: true, Fields: []page.Field{
			{ID: "owed-id", Name: "owed", Label: "待办", Value: r.PostFormValue("owed"), Required: true, Options: open},
			{ID: "note", Name: "note", Label: "怎样补办的，或为何不再需要", Value: r.PostFormValue("note"), Required: true, Max: 200},
		}}})
	}
	if x.State == issuing.Open {
		out = append(out, page.Part{Form: &page.Form{ID: "clear", Title: "登记故障排除", Text: "登记后补办期限开始计算，不能撤回。", Action: at + "/clear", Button: "故障已排除", Busy: "正在登记…", Plain: true, Fields: []page.Field{
			{ID: "cleared_at", Name: "cleared_at", Label: "排除时间", Value: r.PostFormValue("cleared_at"), Type: "datetime-local", Short: true, Hint: "不填为现在"},
		}}})
	}
	return out
}

// kindsOf are the kinds that the reader's units issue, to choose from.
func (s *Service) kindsOf(r *http.Request) (out []page.Option) {
	kinds, err := s.Catalogue.Published(r.Context())
	if err != nil {
		return nil
	}
	for _, k := range kinds {
		if issuers, err := s.issuersOf(r, k.Name); err == nil && len(issuers) > 0 {
			out = append(out, page.Option{Value: k.Name, Label: k.Title})
		}
	}
	return out
}

func (s *Service) getIncident(w http.ResponseWriter, r *http.Request) error {
	p, err := s.incidentPage(r)
	if err != nil {
		return err
	}
	return s.Kit.ShowSheet(w, p)
}

// incident does something to an incident and leads back, or shows what was
// refused.
func (s *Service) incident(w http.ResponseWriter, r *http.Request, done string, do func(id string) error) error {
	id := r.PathValue("id")
	err := do(id)
	if err == nil {
		return page.See(w, r, page.Asking(page.At(Incidents, id), "done", done))
	}
	p, wrong := s.incidentPage(r)
	if wrong != nil {
		return wrong
	}
	return s.Kit.ShowAgain(w, p, err)
}

func (s *Service) postOwe(w http.ResponseWriter, r *http.Request) error {
	return s.incident(w, r, "owed", func(id string) error {
		_, err := s.Issuing.Owe(r.Context(), issuing.OweRequest{ID: id, Operation: r.PostFormValue("operation"), Kind: r.PostFormValue("kind"), About: r.PostFormValue("about")})
		return err
	})
}

func (s *Service) postOwedDone(w http.ResponseWriter, r *http.Request) error {
	return s.incident(w, r, "done", func(id string) error {
		_, err := s.Issuing.Done(r.Context(), issuing.DoneRequest{ID: id, Owed: r.PostFormValue("owed"), Note: r.PostFormValue("note")})
		return err
	})
}

func (s *Service) postClear(w http.ResponseWriter, r *http.Request) error {
	return s.incident(w, r, "cleared", func(id string) error {
		at, err := timeOf(r, "cleared_at")
		if err == nil {
			_, err = s.Issuing.Clear(r.Context(), id, at)
		}
		return err
	})
}
