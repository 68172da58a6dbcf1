package seals

import (
	"net/http"
	"strconv"
	"strings"

	"sidian/internal/fault"
	"sidian/internal/iam"
	"sidian/internal/seal"
	"sidian/internal/web/page"
)

type rulesPage struct {
	sealHead
	Rules    page.Table
	Policies page.Table
	Rule     *page.Form // nil: the reader adds none
	Policy   *page.Form
	AddRule  bool // the form was sent: it stands open
	AddGrant bool
}

// purposes are the sorts of document that seals are put on (用印管理): what a rule
// is for. Others may be typed by programs.
var purposes = []string{"公文", "协议", "凭据", "流转单", "证明"}

// forms of levels: who decides.
var levels = []page.Option{{Value: seal.ByCustodian, Label: "印章保管人批准"}, {Value: seal.ByLeader + "," + seal.ByCustodian, Label: "先由负责人批准，再由保管人批准"}}

func (s *Service) rules(r *http.Request) (*rulesPage, error) {
	h, err := s.head(r, rulesView, "谁可以为哪类文件申请用印、由谁批准、一次几件、到什么时候。没有规则允许的，不能申请；由保管人或印章管理员增减，立即生效。")
	if err != nil {
		return nil, err
	}
	ctx, x := r.Context(), h.X
	rules, err := s.Seal.Rules(ctx, x.ID)
	if err != nil {
		return nil, err
	}
	policies, err := s.Seal.Policies(ctx, x.ID)
	if err != nil {
		return nil, err
	}
	kinds, err := s.kinds(ctx)
	if err != nil {
		return nil, err
	}
	keeps, uses := s.keeps(ctx, x), iam.May(ctx, "seal.use", x.Org)
	p := &rulesPage{sealHead: *h, Rules: s.ruleTable(x, rules, keeps), Policies: policyTable(x, policies, kinds, uses, s.now())}
	if keeps && open(x) {
		p.Rule = s.ruleForm(r, x)
	}
	if uses && x.State == seal.Effective {
		p.Policy = policyForm(r, x, kinds)
	}
	return p, nil
}

func labelOf(list []page.Option, value string) string {
	for _, o := range list {
		if o.Value == value {
			return o.Label
		}
	}
	return value
}

// askers are whom a rule lets ask.
func (s *Service) askers() []page.Option {
	out := []page.Option{{Value: askHere, Label: "本单位可以申请用印的人"}, {Value: seal.AskAny, Label: "任何单位可以申请用印的人"}}
	for _, role := range s.IAM.InForce().Roles() {
		for _, p := range role.May {
			if p == "seal.ask" {
				out = append(out, page.Option{Value: role.Code, Label: "只限" + role.Name})
			}
		}
	}
	return out
}

// askHere stands for seal.AskHere, which is empty, in a form.
const askHere = "here"

func purposeWord(purpose string) string {
	if purpose == seal.Any {
		return "全部"
	}
	return purpose
}

func (s *Service) ruleTable(x *seal.Seal, rules []seal.Rule, keeps bool) page.Table {
	t := page.Table{ID: "rules", Caption: "用印审批规则", Quiet: true, Head: []string{"文件种类", "谁可以申请", "由谁批准", "一次至多", "期限", "依据"},
		Empty: page.Empty{Title: "还没有规则", Text: "没有规则时谁也不能为文件申请用这枚印章。先加入一条：哪类文件、谁申请、谁批准。"}}
	if keeps {
		t.Head = append(t.Head, "")
	}
	askers := s.askers()
	for _, r := range rules {
		who := r.Asker
		if who == seal.AskHere {
			who = askHere
		}
		row := page.Row{ID: "rule-" + r.ID, Cells: []page.Cell{
			{Text: purposeWord(r.Purpose)}, {Text: labelOf(askers, who)}, {Text: labelOf(levels, strings.Join(r.Levels, ","))}, {Text: strconv.Itoa(r.Max) + " 件"}, {Text: "至 " + page.Day(r.Until)}, {Text: r.Reason},
		}}
		if keeps {
			row.Cells = append(row.Cells, page.Cell{Actions: []page.Action{{Label: "终止", Of: purposeWord(r.Purpose), Href: page.At(Home, x.ID, "rules", r.ID, "end")}}})
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

func (s *Service) ruleForm(r *http.Request, x *seal.Seal) *page.Form {
	v := r.PostFormValue
	f := &page.Form{ID: "rule", Action: page.At(Home, x.ID, "rules"), Button: "加入规则", Busy: "正在加入…", Fields: []page.Field{
		{ID: "purpose", Name: "purpose", Label: "文件种类", Required: true, Value: v("purpose"), Options: []page.Option{}},
		{ID: "asker", Name: "asker", Label: "谁可以申请", Required: true, Value: v("asker"), Options: s.askers()},
		{ID: "levels", Name: "levels", Label: "由谁批准", Required: true, Value: v("levels"), Options: levels},
		{ID: "max", Name: "max", Label: "一次至多几件", Required: true, Value: v("max"), Type: "number", Mode: "numeric", Short: true},
		{ID: "until", Name: "until", Label: "期限", Required: true, Value: v("until"), Type: "date", Hint: "不晚于印章有效期 " + page.Day(x.ValidTo)},
		{ID: "rule-reason", Name: "reason", Label: "依据", Required: true, Value: v("reason"), Max: 200, Hint: "如：本单位印章管理办法第几条，记入审计"},
	}}
	for _, p := range purposes {
		f.Fields[0].Options = append(f.Fields[0].Options, page.Option{Value: p, Label: p})
	}
	f.Fields[0].Options = append(f.Fields[0].Options, page.Option{Value: seal.Any, Label: "全部文件"})
	return f
}

func (s *Service) getRules(w http.ResponseWriter, r *http.Request) error {
	p, err := s.rules(r)
	if err != nil {
		return err
	}
	return s.set.Show(w, http.StatusOK, "rules", p)
}

// number reads a number that was typed; an empty one is zero.
func number(field, typed string) (int64, error) {
	typed = strings.TrimSpace(typed)
	if typed == "" {
		return 0, nil
	}
	n, err := strconv.ParseInt(typed, 10, 64)
	if err != nil || n < 0 {
		return 0, fault.Invalid.New("次数不正确").WithCode("number").WithField(field, "format.number", "应为整数，例如 100")
	}
	return n, nil
}

func (s *Service) putRule(r *http.Request) error {
	v := r.PostFormValue
	until, err := untilOf("until", v("until"))
	if err != nil {
		return err
	}
	most, err := number("max", v("max"))
	if err != nil {
		return err
	}
	asker := v("asker")
	switch asker {
	case "":
		return fault.Invalid.New("请选择谁可以申请").WithCode("seal.rule").WithField("asker", "required", "请选择")
	case askHere:
		asker = seal.AskHere
	}
	_, err = s.Seal.PutRule(r.Context(), seal.Rule{Seal: r.PathValue("id"), Purpose: strings.TrimSpace(v("purpose")), Asker: asker,
		Levels: strings.Split(v("levels"), ","), Max: int(min(most, 1<<30)), Until: until, Reason: strings.TrimSpace(v("reason"))})
	return err
}

func (s *Service) postRule(w http.ResponseWriter, r *http.Request) error {
	err := s.putRule(r)
	if err == nil {
		return page.See(w, r, page.Asking(page.At(Home, r.PathValue("id"), "rules"), "done", "ruled"))
	}
	return s.rulesAgain(w, r, err, true)
}

// rulesAgain shows the page with why it could not be done, at the form that was
// sent; the other is empty.
func (s *Service) rulesAgain(w http.ResponseWriter, r *http.Request, err error, rule bool) error {
	code := page.StatusOf(err)
	if code == 0 {
		return err
	}
	p, e := s.rules(r)
	if e != nil {
		return e
	}
	sent, other := p.Rule, p.Policy
	if !rule {
		sent, other = other, sent
	}
	if other != nil {
		for i := range other.Fields {
			other.Fields[i].Value = ""
		}
	}
	var fields []page.Field
	if sent != nil {
		fields = sent.Fields
	}
	p.Problem, p.Title = page.Mark(err, fields), "有错误："+p.Title
	p.AddRule, p.AddGrant = rule, !rule
	return s.set.Show(w, code, "rules", p)
}

func (s *Service) endRule(r *http.Request) (*confirmPage, error) {
	p, x, err := s.sealConfirm(r, rulesView, "终止用印审批规则", "终止后不能再按它申请；已经批准的不受影响。", page.Confirm{Title: "终止规则", Button: "终止规则", Busy: "正在终止…"})
	if err != nil {
		return nil, err
	}
	rules, err := s.Seal.Rules(r.Context(), x.ID)
	if err != nil {
		return nil, err
	}
	for _, one := range rules {
		if one.ID == r.PathValue("rule") {
			t := s.ruleTable(x, []seal.Rule{one}, false)
			for i, c := range t.Rows[0].Cells {
				p.Confirm.Facts = append(p.Confirm.Facts, page.Fact{Label: t.Head[i], Text: c.Text})
			}
			p.Confirm.Action = page.At(Home, x.ID, "rules", one.ID, "end")
			return p, nil
		}
	}
	return nil, fault.NotFound.New("没有这条用印审批规则，或已终止").WithCode("seal.rule-unknown").WithHint("请返回印章页面核对")
}

func (s *Service) getEndRule(w http.ResponseWriter, r *http.Request) error {
	p, err := s.endRule(r)
	if err != nil {
		return err
	}
	return s.set.Show(w, http.StatusOK, "confirm", p)
}

func (s *Service) postEndRule(w http.ResponseWriter, r *http.Request) error {
	p, err := s.endRule(r) // the rule is that of the seal in the address
	if err != nil {
		return err
	}
	if err := s.Seal.EndRule(r.Context(), r.PathValue("rule"), strings.TrimSpace(r.PostFormValue("reason"))); err != nil {
		return s.again(w, p, err)
	}
	return page.See(w, r, page.Asking(page.At(Home, r.PathValue("id"), "rules"), "done", "unruled"))
}
