package records

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"sidian/internal/due"
	"sidian/internal/fault"
	"sidian/internal/iam"
	"sidian/internal/todo"
	"sidian/internal/web/page"
	"sidian/workday"
)

type rulesView struct {
	page.Frame
	Manages bool
	Done    *page.Notice
	Groups  []ruleGroup
}

// A ruleGroup is the values of one deadline.
type ruleGroup struct {
	Code, Name string
	Least      bool
	New        string
	Table      page.Table
}

// getRules shows the values of all deadlines, those in force first.
func (s *Service) getRules(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	values, err := s.Todo.Values(ctx, "")
	if err != nil {
		return err
	}
	codes, err := due.Codes()
	if err != nil {
		return err
	}
	p := rulesView{Frame: s.Kit.Frame(r, "时限规则", "due", ""), Manages: iam.Allow(ctx, todo.Manage, "") == nil}
	switch r.URL.Query().Get("done") {
	case "put":
		p.Done = &page.Notice{Class: page.Good, Title: "已登记", Text: "新取值自起用日期起生效；此前作出的承诺仍按原取值计算。"}
	case "end":
		p.Done = &page.Notice{Class: page.Good, Title: "已停用", Text: "停用日期之后，恢复适用其余有效的取值。"}
	}
	for _, c := range codes {
		g := ruleGroup{Code: c.Code, Name: c.Name, Least: c.Least}
		if p.Manages {
			g.New = address("/console/due/rules/new", "code", c.Code)
		}
		var list []todo.Value
		for _, v := range values {
			if v.Code == c.Code {
				list = append(list, v)
			}
		}
		slices.SortStableFunc(list, func(a, b todo.Value) int { return rank(a) - rank(b) })
		g.Table = valueTable(c, list, p.Manages)
		p.Groups = append(p.Groups, g)
	}
	return s.set.Show(w, http.StatusOK, "rules", p)
}

func rank(v todo.Value) int {
	switch {
	case v.InForce:
		return 0
	case v.Ahead:
		return 1
	}
	return 2
}

func valueTable(c due.Code, list []todo.Value, manages bool) page.Table {
	t := page.Table{Caption: c.Name, Quiet: true, Head: []string{"取值", "地区", "起用", "止用", "状态", "来源和依据"}}
	for _, v := range list {
		state := page.Chip{Class: page.Plain, Word: "已停用"}
		switch {
		case v.InForce:
			state = page.Chip{Class: page.Good, Word: "现行"}
		case v.Ahead && (v.Until.IsZero() || !v.Until.Before(v.From)):
			state = page.Chip{Class: page.Care, Word: "待起用"}
		}
		value := page.Cell{Text: v.Text}
		if c.Least {
			value.Text = "不少于 " + v.Text
		}
		if manages && v.Account != "" {
			value.Href = (&url.URL{Path: "/console/due/rules/" + v.ID}).String()
		}
		until := "—"
		if !v.Until.IsZero() {
			until = v.Until.String()
		}
		t.Rows = append(t.Rows, page.Row{Cells: []page.Cell{
			value, {Text: regionWord(v.Region)}, {Text: v.From.String()}, {Text: until}, {Chips: []page.Chip{state}},
			{Chips: []page.Chip{originChip(v.Origin)}, Sub: strings.TrimPrefix(v.Basis, "平台默认：")},
		}})
	}
	return t
}

func originChip(o due.Origin) page.Chip {
	class := page.Plain
	if o == due.Legal {
		class = page.Good
	}
	return page.Chip{Class: class, Word: o.String()}
}

func regionWord(region string) string {
	if region == "" {
		return "全国"
	}
	return region
}

type newRuleView struct {
	page.Frame
	Problem *page.Problem
	Name    string
	Now     page.Table
	Form    page.Form
}

var ruleIDs = map[string]string{
	"code": "r-code", "region": "r-region", "from": "r-from", "until": "r-until", "amount": "r-amount", "unit": "r-unit", "on": "r-on", "origin": "r-origin",
	"basis": "r-basis", "reason": "r-reason",
}

var units = []page.Option{
	{Value: string(due.Workdays), Label: "工作日"}, {Value: string(due.Days), Label: "自然日"}, {Value: string(due.Hours), Label: "小时"},
	{Value: string(due.Months), Label: "个月"}, {Value: string(due.Years), Label: "年"}, {Value: string(due.Date), Label: "固定日期"},
}

func (s *Service) getNewRule(w http.ResponseWriter, r *http.Request) error {
	return s.newRule(w, r, r.URL.Query(), nil)
}

// newRule asks for a value, with what stands there today above it.
func (s *Service) newRule(w http.ResponseWriter, r *http.Request, given url.Values, wrong error) error {
	codes, err := due.Codes()
	if err != nil {
		return err
	}
	i := slices.IndexFunc(codes, func(c due.Code) bool { return c.Code == given.Get("code") })
	if i < 0 {
		return fault.NotFound.New("没有这种时限").WithCode("due.unknown").WithHint("请从“时限规则”中选择")
	}
	values, err := s.Todo.Values(r.Context(), codes[i].Code)
	if err != nil {
		return err
	}
	p := newRuleView{Frame: s.Kit.Frame(r, "登记时限取值", "due", page.Middle), Name: codes[i].Name}
	values = slices.DeleteFunc(values, func(v todo.Value) bool { return !v.InForce })
	p.Now = valueTable(codes[i], values, false)
	unit := ""
	if len(values) > 0 {
		unit = string(values[0].Unit)
	}
	if given.Has("unit") {
		unit = given.Get("unit")
	}
	status := http.StatusOK
	if wrong != nil {
		shown, ok := page.ProblemOf(wrong, ruleIDs)
		if !ok {
			return wrong
		}
		p.Problem, p.Title, status = shown, "有错误：登记时限取值", http.StatusUnprocessableEntity
	}
	region := page.Field{ID: "r-region", Name: "region", Label: "地区", Value: given.Get("region"), Max: 12, Short: true, Code: true, Mode: "numeric", Hint: "区划代码，6、9 或 12 位；不填为全国。只能登记本单位所在地区及其下级"}
	p.Form = page.Form{ID: "rule", Title: "登记新的取值", Text: "自起用日期起生效，原取值保留在表中；此前作出的承诺仍按原取值计算。登记即生效，并记入审计。", Action: "/console/due/rules",
		Hidden: []page.Hidden{{Name: "code", Value: codes[i].Code}}, Button: "登记", Busy: "正在登记…", Cancel: "/console/due/rules#" + codes[i].Code,
		Fields: []page.Field{
			region,
			{ID: "r-amount", Name: "amount", Label: "数量", Value: given.Get("amount"), Max: 4, Short: true, Mode: "numeric", Hint: "单位为固定日期的，不填"},
			{ID: "r-unit", Name: "unit", Label: "单位", Value: unit, Options: units, Required: true},
			{ID: "r-on", Name: "on", Label: "固定日期", Type: "date", Value: dayOr(given.Get("on")), Hint: "只有单位为固定日期的才填"},
			{ID: "r-from", Name: "from", Label: "起用日期", Type: "date", Value: dayOr(given.Get("from")), Required: true},
			{ID: "r-until", Name: "until", Label: "止用日期", Type: "date", Value: dayOr(given.Get("until")), Hint: "文件有有效期的填写；不填则一直有效"},
			{ID: "r-origin", Name: "origin", Label: "来源", Value: given.Get("origin"), Required: true, Options: []page.Option{
				{Value: string(due.Local), Label: "本地规定（不得宽于法定值）"}, {Value: string(due.Legal), Label: "法定（法律、法规、规章或政府文件写明）"}}},
			{ID: "r-basis", Name: "basis", Label: "依据", Value: given.Get("basis"), Lines: 3, Max: 500, Required: true, Hint: "写明文件名称、文号和条款"},
			{ID: "r-reason", Name: "reason", Label: "登记理由", Value: given.Get("reason"), Lines: 2, Max: 500, Required: true, Hint: "记入审计"},
		}}
	for i := range p.Form.Fields {
		p.Form.Fields[i].Error = p.Problem.At(p.Form.Fields[i].ID)
	}
	return s.set.Show(w, status, "rule-new", p)
}

// requestOf reads the form; what cannot be read is told at its control.
func requestOf(v url.Values) (q todo.ValueRequest, err error) {
	e := fault.Invalid.New("取值填写不正确").WithCode("due.rule").WithHint("请按提示修改后重新提交")
	q = todo.ValueRequest{Code: v.Get("code"), Region: strings.TrimSpace(v.Get("region")), Unit: due.Unit(v.Get("unit")), Legal: v.Get("origin") == string(due.Legal),
		Basis: v.Get("basis"), Reason: v.Get("reason")}
	for name, to := range map[string]*workday.Date{"from": &q.From, "until": &q.Until, "on": &q.On} {
		text := strings.TrimSpace(v.Get(name))
		if text == "" {
			continue
		}
		if *to, err = workday.ParseDate(text); err != nil {
			e = e.WithField(name, "malformed", "日期应写作 2026-11-05")
		}
	}
	if text := strings.TrimSpace(v.Get("amount")); text != "" {
		if q.Amount, err = strconv.Atoi(text); err != nil {
			e = e.WithField("amount", "malformed", "数量应为整数")
		}
	}
	if o := v.Get("origin"); o != string(due.Legal) && o != string(due.Local) {
		e = e.WithField("origin", "required", "请选择来源")
	}
	return q, e.OrNil()
}

func (s *Service) postRule(w http.ResponseWriter, r *http.Request) error {
	if err := r.ParseForm(); err != nil {
		return fault.Invalid.Wrap(err, "表单读不出")
	}
	q, err := requestOf(r.PostForm)
	if err == nil {
		_, err = s.Todo.Register(r.Context(), q)
	}
	if f := fault.As(err); f != nil && f.Code != "auth.permission" {
		return s.newRule(w, r, r.PostForm, err)
	}
	if err != nil {
		return err
	}
	return page.See(w, r, "/console/due/rules?done=put#"+q.Code)
}

type ruleView struct {
	page.Frame
	Problem *page.Problem
	Name    string
	Facts   []page.Fact
	End     *page.Confirm
}

func (s *Service) getRule(w http.ResponseWriter, r *http.Request) error {
	return s.rule(w, r, nil)
}

// rule shows one value that was put, and ends it.
func (s *Service) rule(w http.ResponseWriter, r *http.Request, wrong error) error {
	ctx := r.Context()
	id := r.PathValue("id")
	values, err := s.Todo.Values(ctx, "")
	if err != nil {
		return err
	}
	i := slices.IndexFunc(values, func(v todo.Value) bool { return v.ID == id && v.Account != "" })
	if i < 0 {
		return fault.NotFound.New("没有这个取值").WithCode("due.unknown").WithHint("随程序提供的取值不在此处管理，见“时限规则”")
	}
	v := values[i]
	names, err := s.Usernames(ctx, []string{v.Account})
	if err != nil {
		return err
	}
	p := ruleView{Frame: s.Kit.Frame(r, v.Name+"：取值", "due", page.Middle), Name: v.Name}
	p.Facts = []page.Fact{{Label: "取值", Text: v.Text}, {Label: "地区", Text: regionWord(v.Region)}, {Label: "起用", Text: v.From.String()}}
	if !v.Until.IsZero() {
		p.Facts = append(p.Facts, page.Fact{Label: "止用", Text: v.Until.String()})
	}
	p.Facts = append(p.Facts, page.Fact{Label: "来源", Chips: []page.Chip{originChip(v.Origin)}}, page.Fact{Label: "依据", Text: v.Basis},
		page.Fact{Label: "登记人", Text: names[v.Account]}, page.Fact{Label: "登记时间", At: v.At}, page.Fact{Label: "登记理由", Text: v.Reason})
	status := http.StatusOK
	if wrong != nil {
		shown, ok := page.ProblemOf(wrong, map[string]string{"last": "e-last", "reason": "reason"})
		if !ok {
			return wrong
		}
		p.Problem, p.Title, status = shown, "有错误："+p.Title, http.StatusUnprocessableEntity
	}
	if v.InForce || v.Ahead {
		p.End = &page.Confirm{Title: "停用这个取值", Text: "停用后恢复适用其余有效的取值。此前作出的承诺不受影响。", Action: "/console/due/rules/" + url.PathEscape(id) + "/end", Button: "停用", Grave: true,
			Fields: []page.Field{{ID: "e-last", Name: "last", Label: "最后有效的一天", Type: "date", Value: dayOr(r.PostFormValue("last")), Required: true, Error: p.Problem.At("e-last"),
				Hint: fmt.Sprintf("今天或以后；尚未起用的，可填起用日期的前一天（%s）", v.From.AddDays(-1))}},
			Reason: page.Field{Value: r.PostFormValue("reason"), Error: p.Problem.At("reason"), Max: 500}, Cancel: "/console/due/rules#" + v.Code}
	}
	return s.set.Show(w, status, "rule", p)
}

func (s *Service) postEndRule(w http.ResponseWriter, r *http.Request) error {
	last, err := workday.ParseDate(strings.TrimSpace(r.PostFormValue("last")))
	if err != nil {
		return s.rule(w, r, fault.Invalid.New("停用日期没有填写或写错").WithCode("due.rule-end").WithField("last", "malformed", "日期应写作 2026-11-05"))
	}
	v, err := s.Todo.End(r.Context(), r.PathValue("id"), last, r.PostFormValue("reason"))
	if f := fault.As(err); f != nil && (f.Kind == fault.Invalid || f.Kind == fault.Conflict) && f.Code != "due.shipped" {
		return s.rule(w, r, err)
	}
	if err != nil {
		return err
	}
	return page.See(w, r, "/console/due/rules?done=end#"+v.Code)
}
