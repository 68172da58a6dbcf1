package admin

import (
	"net/http"
	"strings"

	"sidian/internal/fault"
	"sidian/internal/iam"
	"sidian/internal/iam/policy"
	"sidian/internal/web/page"
)

// getExplain tells why somebody may or may not do something. It changes nothing
// and names nobody but by username, so its address can be kept.
func (s *Service) getExplain(w http.ResponseWriter, r *http.Request) error {
	p := s.explainSheet(r)
	q := r.URL.Query()
	if q.Get("permission") == "" {
		return s.show(w, p)
	}
	ask, err := s.question(r)
	var d policy.Decision
	if err == nil {
		d, err = s.IAM.Explain(r.Context(), ask)
	}
	if err != nil {
		return s.refuse(w, p, err)
	}
	p.Parts = append([]part{s.verdict(r, ask, d)}, p.Parts...)
	p.Parts = append(p.Parts[:1:1], append([]part{{Title: "怎样得出的", Text: "先看每个角色是否允许，再看拒绝规则；只要有一个角色允许且没有规则拒绝，就允许。", Table: s.stepsTable(r, d.Steps)}}, p.Parts[1:]...)...)
	return s.show(w, p)
}

func (s *Service) explainSheet(r *http.Request) *sheet {
	q, set := r.URL.Query(), s.IAM.InForce()
	p := s.sheet(r, "policies", "为什么能或不能？", "按现行策略推演一次，什么也不会改变。看清是缺角色、单位不对，还是用途或登录方式不够。").under("策略", at("policies"))
	var permissions, purposes []page.Option
	for _, x := range set.Permissions() {
		permissions = append(permissions, page.Option{Value: x.Name, Label: x.Group + "：" + x.Label})
	}
	for _, x := range set.Purposes() {
		purposes = append(purposes, page.Option{Value: x.Code, Label: x.Name})
	}
	classes := []page.Option{{Value: policy.Public, Label: policy.Public}, {Value: policy.Internal, Label: policy.Internal}, {Value: policy.Sensitive, Label: policy.Sensitive}}
	return p.add(part{Card: true, Search: &page.Search{Action: at("policies", "explain"), Label: "推演", Button: "推演", Fields: []page.Field{
		{ID: "who", Name: "who", Label: "谁：用户名或应用编号", Value: q.Get("who"), Code: true, Max: 64, Hint: "不填就是您自己"},
		{ID: "permission", Name: "permission", Label: "要做什么", Value: q.Get("permission"), Required: true, Options: permissions},
		{ID: "unit", Name: "unit", Label: "哪个单位的", Value: q.Get("unit"), Max: 100, Hint: "单位全称或编号；不填为任一单位"},
		{ID: "purpose", Name: "purpose", Label: "用途", Value: q.Get("purpose"), Any: "没有说明", Options: purposes},
		{ID: "class", Name: "class", Label: "数据分级", Value: q.Get("class"), Any: "不涉及", Options: classes},
		{ID: "second", Name: "second", Label: "登录方式", Value: q.Get("second"), Any: "只用密码", Options: []page.Option{{Value: "1", Label: "用了第二因素"}}, Hint: "问您自己时按这次登录"},
	}}})
}

func (s *Service) question(r *http.Request) (iam.ExplainRequest, error) {
	ctx, q := r.Context(), r.URL.Query()
	ask := iam.ExplainRequest{Permission: q.Get("permission"), Purpose: q.Get("purpose"), Class: q.Get("class"), Second: q.Get("second") == "1"}
	if ask.Second {
		ask.Level = 2
	}
	if unit := strings.TrimSpace(q.Get("unit")); unit != "" {
		o, err := s.unitNamed(ctx, "unit", unit)
		if err != nil {
			return ask, err
		}
		ask.Org = o.ID
	}
	who := strings.TrimSpace(q.Get("who"))
	if who == "" {
		return ask, nil
	}
	if iam.MayAny(ctx, "", "account.manage", "account.lock") {
		a, err := s.personNamed(ctx, "who", who)
		if err == nil {
			ask.Account = a.ID
			return ask, nil
		}
		if fault.As(err) == nil {
			return ask, err
		}
	}
	try := ask
	try.Account = who
	if _, err := s.IAM.Explain(ctx, try); err == nil {
		return try, nil
	}
	try.Account, try.Client = "", who
	if _, err := s.IAM.Explain(ctx, try); err == nil {
		return try, nil
	}
	return ask, fault.Invalid.New("请说明是谁").WithCode("explain.who").WithField("who", "account.unknown", "没有这个用户名、账号编号或应用编号，或不归您管")
}

func (s *Service) verdict(r *http.Request, ask iam.ExplainRequest, d policy.Decision) part {
	what := "“" + s.IAM.InForce().Label(ask.Permission) + "”"
	where := "任一单位"
	if ask.Org != "" {
		where = s.unitName(r.Context(), ask.Org)
	}
	if d.Allowed {
		var by []string
		for _, id := range d.By {
			by = append(by, s.policyName(id))
		}
		return part{Notice: &page.Notice{Class: page.Good, Title: "允许", Text: what + "，" + where + "。凭：" + strings.Join(by, "、")}}
	}
	return part{Notice: &page.Notice{Class: page.Bad, Title: "拒绝", Text: what + "，" + where + "。" + d.Say + "。" + d.Hint}}
}

// policyName is what an id of a role or of a rule is called.
func (s *Service) policyName(id string) string {
	if code, ok := strings.CutPrefix(id, "role."); ok {
		if r, found := s.IAM.InForce().Role(code); found {
			return r.Name
		}
		return code
	}
	if id == "client" {
		return "应用的授权范围"
	}
	return id
}

func (s *Service) stepsTable(r *http.Request, steps []policy.Step) *page.Table {
	t := &page.Table{ID: "steps", Caption: "推演的每一步", Quiet: true, Head: []string{"看什么", "授权单位", "结果", "说明"}}
	for _, x := range steps {
		name, chip := page.Cell{Text: "角色：" + x.Name}, page.Chip{Class: page.Plain, Word: "不适用"}
		switch {
		case x.Effect == "forbid" && x.Matched:
			name, chip = page.Cell{Text: "规则：" + x.Name}, page.Chip{Class: page.Bad, Word: "拒绝"}
		case x.Effect == "forbid":
			name = page.Cell{Text: "规则：" + x.Name}
		case x.Matched:
			chip = page.Chip{Class: page.Good, Word: "允许"}
		}
		t.Rows = append(t.Rows, page.Row{Cells: []page.Cell{name, {Text: s.unitName(r.Context(), x.Org)}, {Chips: []page.Chip{chip}}, {Text: x.Why}}})
	}
	return t
}
