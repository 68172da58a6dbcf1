package matters

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"sidian/internal/cert"
	"sidian/internal/fault"
	"sidian/internal/iam"
	"sidian/internal/matter"
	"sidian/internal/matter/event"
	"sidian/internal/web/page"
)

// next says who does what next.
func next(m *matter.Matter) string {
	switch {
	case m.State == matter.Closed:
		return "已办结（" + m.OutcomeName + "），不再改变。"
	case m.Missing > 0:
		return "办理中：由" + m.UnitName + "为申请人签发下面的结果证照，全部签发后才能办结；不出证的，写明理由办结。"
	case len(m.Results) > 0:
		return "结果证照已齐，由" + m.UnitName + "办结。"
	}
	return "办理中：本事项没有结果证照，办完由" + m.UnitName + "办结。"
}

func (s *Service) onePage(r *http.Request) (*page.Sheet, error) {
	ctx := r.Context()
	m, err := s.Matters.Get(ctx, r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	names, err := page.Named(ctx, s.IAM, slices.DeleteFunc([]string{m.OpenedBy, m.ClosedBy}, isApp)...)
	if err != nil {
		return nil, err
	}
	p := s.sheet(r, "办件 "+m.CaseNo, next(m), page.Wide).Under("办件", Home)
	p.Chips = []page.Chip{chipOf(m)}
	p.Add(page.Part{ID: "facts", Facts: factsOf(m)})
	if len(m.Results) > 0 {
		p.Add(page.Part{ID: "results", Title: "结果证照", Table: resultTable(m)})
	}
	if len(m.Certificates) > 0 {
		p.Add(page.Part{ID: "linked", Title: "以本办件编号签发或关联的证照", Table: linkTable(r, m)})
	}
	if m.State == matter.Open && iam.Allow(ctx, "matter.manage", m.Unit) == nil {
		p.Add(actParts(r, m)...)
	}
	p.Add(page.Part{ID: "history", Title: "经过", Steps: steps(m, names)}, page.Part{ID: "calls", Title: "向业务系统推送", Text: "办件的受理、出证、办结通知订阅了它的应用；未送达的由该应用的管理人员重新取。", Table: callTable(m)})
	return p, nil
}

func factsOf(m *matter.Matter) []page.Fact {
	facts := []page.Fact{{Label: "事项", Text: m.ItemName}, {Label: "实施编码", Text: m.Item, Code: true}, {Label: "受理单位", Text: m.UnitName}, {Label: "申请人", Text: m.Applicant.Name}, {Label: "证件号码", Text: m.Applicant.ID, Code: true}}
	var names []string
	for _, d := range m.Materials {
		names = append(names, d.Name)
	}
	if len(names) > 0 {
		facts = append(facts, page.Fact{Label: "要求提交的材料", Text: strings.Join(names, "、")})
	}
	if m.Reason != "" {
		facts = append(facts, page.Fact{Label: "不出证的理由", Text: m.Reason})
	}
	return facts
}

func resultTable(m *matter.Matter) *page.Table {
	t := &page.Table{ID: "result-list", Caption: "结果证照", Quiet: true, Head: []string{"证照", "状态", ""}}
	for _, w := range m.Results {
		row := page.Row{ID: "result-" + w.Kind, Cells: []page.Cell{{Text: w.Title}, {Chips: []page.Chip{{Class: page.Good, Word: "已签发"}}}, {}}}
		switch {
		case w.Certificate != "":
			row.Cells[2].Actions = []page.Action{{Label: "看证照", Of: w.Title, Href: "/console/certificates/" + w.Certificate}}
		case m.State == matter.Open:
			row.Cells[1] = page.Cell{Chips: []page.Chip{{Class: page.Care, Word: "还没有签发"}}, Sub: "以办件编号 " + m.CaseNo + " 签发"}
		default:
			row.Cells[1] = page.Cell{Chips: []page.Chip{{Class: page.Plain, Word: "没有签发"}}}
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

func linkTable(r *http.Request, m *matter.Matter) *page.Table {
	t := &page.Table{ID: "certificates", Caption: "证照", Quiet: true, Head: []string{"电子证照标识", "状态", "算作结果", "签发"}}
	may := iam.Allow(r.Context(), "cert.read", m.Unit) == nil
	for _, l := range m.Certificates {
		id := page.Cell{Text: l.Identifier, Code: true}
		if may {
			id.Href = "/console/certificates/" + l.ID
		}
		counts := page.Cell{Chips: []page.Chip{{Class: page.Good, Word: "是"}}}
		if !l.Counts {
			counts = page.Cell{Chips: []page.Chip{{Class: page.Bad, Word: "否"}}, Sub: l.Why}
		}
		t.Rows = append(t.Rows, page.Row{Cells: []page.Cell{id, {Text: l.StatusName}, counts, {At: l.IssuedAt}}})
	}
	return t
}

// actParts are what whoever works on an open case does with it.
func actParts(r *http.Request, m *matter.Matter) (parts []page.Part) {
	v := r.PostFormValue
	closing := page.Form{ID: "close", Title: "办结", Text: "结果证照齐全才能办结；办结后不能改变。", Action: at(m.ID, "close"), Button: "办结", Busy: "正在办结…", Plain: m.Missing > 0}
	if len(m.Results) > 0 {
		parts = append(parts, page.Part{Form: &page.Form{ID: "attach", Title: "关联证照", Text: "为本件签发、没有写办件编号的证照，在这里关联；写了本办件编号的已自动关联。", Action: at(m.ID, "attach"), Button: "关联", Plain: true,
			Fields: []page.Field{{ID: "number", Name: "number", Label: "证照编号", Value: v("number"), Required: true, Max: 100, Code: true, Autocomplete: "off", Hint: "证照照面上的编号"}}}})
	}
	how := page.Field{ID: "how", Name: "how", Label: "结果", Value: v("how"), Required: true, Options: []page.Option{{Value: string(matter.Withdrawn), Label: matter.Withdrawn.Label()}, {Value: string(matter.Refused), Label: matter.Refused.Label()}}}
	return append(parts, page.Part{Form: &closing}, page.Part{Form: &page.Form{ID: "end", Title: "不出证办结", Text: "申请人撤回，或不予许可。已为本件签发证照的，先撤销或注销证照。", Action: at(m.ID, "end"), Button: "不出证办结", Plain: true, Fields: []page.Field{
		how, {ID: "reason", Name: "reason", Label: "理由", Value: v("reason"), Required: true, Lines: 2, Max: 500, Hint: "写明依据，不写个人信息"}}}})
}

func isApp(id string) bool { return strings.HasPrefix(id, "app/") }

func who(id string, names *page.Names) string {
	if isApp(id) {
		return "应用 " + strings.TrimPrefix(id, "app/")
	}
	return names.Person(id)
}

// steps are what happened to a case, in its order.
func steps(m *matter.Matter, names *page.Names) (list []page.Step) {
	list = append(list, page.Step{Title: "受理", Text: m.ItemName, Who: who(m.OpenedBy, names), At: m.OpenedAt, State: "done"})
	for _, l := range m.Certificates {
		list = append(list, page.Step{Title: "签发证照", Text: l.Identifier, At: l.IssuedAt, State: "done"})
	}
	slices.SortStableFunc(list, func(a, b page.Step) int { return a.At.Compare(b.At) })
	if m.State == matter.Closed {
		return append(list, page.Step{Title: "办结", Text: m.OutcomeName, Who: who(m.ClosedBy, names), At: m.ClosedAt, State: "done"})
	}
	if m.Missing > 0 {
		list = append(list, page.Step{Title: "签发结果证照", State: "now"})
		return append(list, page.Step{Title: "办结", State: "todo"})
	}
	return append(list, page.Step{Title: "办结", State: "now"})
}

var topics = map[string]string{event.Opened: "受理", event.Result: "出证", event.Closed: "办结"}

var callChips = map[string]page.Chip{
	"pending": {Class: page.Care, Word: "等待推送"}, "delivered": {Class: page.Good, Word: "已送达"}, "dead": {Class: page.Bad, Word: "未送达"}, "dropped": {Class: page.Plain, Word: "不再推送"},
}

func callTable(m *matter.Matter) *page.Table {
	t := &page.Table{ID: "call-list", Caption: "向业务系统推送", Quiet: true, Head: []string{"事件", "状态", "次数", "开始", "结束"}, Empty: page.Empty{Title: "没有应用订阅", Text: "需要推送的，由系统对接人员为业务系统订阅“办件已办结”等事件。"}}
	for _, c := range m.Calls {
		over := page.Cell{Text: "—"}
		if !c.Closed.IsZero() {
			over = page.Cell{At: c.Closed}
		}
		t.Rows = append(t.Rows, page.Row{Cells: []page.Cell{{Text: topics[c.Topic]}, {Chips: []page.Chip{callChips[c.State]}}, {Text: strconv.Itoa(c.Attempts)}, {At: c.At}, over}})
	}
	return t
}

func (s *Service) getOne(w http.ResponseWriter, r *http.Request) error {
	p, err := s.onePage(r)
	if err != nil {
		return err
	}
	return s.Kit.ShowSheet(w, p)
}

// numbered is the certificate of the case's unit that has a number.
func (s *Service) numbered(r *http.Request) (string, error) {
	number := strings.TrimSpace(r.PostFormValue("number"))
	bad := func(rule string) error {
		return fault.Invalid.New("%s", rule).WithCode("matter.number").WithHint("照证照照面上的编号填写").WithField("number", "unknown", rule)
	}
	if number == "" {
		return "", bad("请填写证照编号")
	}
	m, err := s.Matters.Get(r.Context(), r.PathValue("id"))
	if err != nil {
		return "", err
	}
	found, err := s.Cert.List(r.Context(), cert.ListQuery{Issuer: m.Unit, Number: number, Limit: 100})
	if err != nil {
		return "", err
	}
	id := ""
	for _, c := range found.Items {
		if !slices.ContainsFunc(m.Results, func(w matter.Wanted) bool { return w.Kind == c.Kind }) {
			continue
		}
		if id != "" && c.Status != cert.Effective {
			continue // an older version of the same certificate
		}
		id = c.ID
	}
	if id == "" {
		return "", bad("本单位没有签发过这个编号的结果证照")
	}
	return id, nil
}

func (s *Service) postAttach(w http.ResponseWriter, r *http.Request) error {
	id := r.PathValue("id")
	certificate, err := s.numbered(r)
	if err == nil {
		_, err = s.Matters.Attach(r.Context(), matter.AttachRequest{ID: id, Certificate: certificate})
	}
	return s.after(w, r, "attach", atNumber(err))
}

// atNumber puts what is wrong with a certificate at the control that names it.
func atNumber(err error) error {
	e := fault.As(err)
	if e == nil {
		return err
	}
	out := *e
	out.Fields = slices.Clone(e.Fields)
	for i := range out.Fields {
		if out.Fields[i].Name == "certificates" {
			out.Fields[i].Name = "number"
		}
	}
	return &out
}

func (s *Service) postClose(w http.ResponseWriter, r *http.Request) error {
	_, err := s.Matters.Close(r.Context(), matter.CloseRequest{ID: r.PathValue("id")})
	return s.after(w, r, "close", err)
}

func (s *Service) postEnd(w http.ResponseWriter, r *http.Request) error {
	req := matter.EndRequest{ID: r.PathValue("id"), Reason: r.PostFormValue("reason")}
	var err error
	switch matter.Outcome(r.PostFormValue("how")) {
	case matter.Withdrawn:
		_, err = s.Matters.Withdraw(r.Context(), req)
	case matter.Refused:
		_, err = s.Matters.Refuse(r.Context(), req)
	default:
		err = fault.Invalid.New("请选择结果").WithCode("matter.how").WithHint("申请人撤回，或不予许可").WithField("how", "required", "请选择结果")
	}
	return s.after(w, r, "end", err)
}

// after leads back to the case, or shows it again with what was wrong.
func (s *Service) after(w http.ResponseWriter, r *http.Request, what string, err error) error {
	if err != nil {
		return s.again(w, r, err, s.onePage)
	}
	return page.See(w, r, page.Asking(at(r.PathValue("id")), "done", what))
}
