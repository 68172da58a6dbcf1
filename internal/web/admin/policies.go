package admin

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"sidian/internal/fault"
	"sidian/internal/httpx"
	"sidian/internal/iam"
	"sidian/internal/iam/policy"
	"sidian/internal/web/page"
)

// maxPolicy is how much a form with both texts may send: they are encoded.
const maxPolicy = 1 << 20

func (s *Service) policyRoutes(r *httpx.Router) {
	propose, approve := iam.Needs("policy.propose"), iam.Needs("policy.approve")
	httpx.HandlePage(r, "GET "+Home+"/policies", needPolicies, s.getPolicies)
	httpx.HandlePage(r, "GET "+Home+"/policies/explain", needPolicies, s.getExplain)
	httpx.HandlePage(r, "GET "+Home+"/policies/new", propose, s.getNewPolicy)
	httpx.HandlePage(r, "POST "+Home+"/policies/new", propose, s.postNewPolicy, httpx.MaxBody(maxPolicy))
	httpx.HandlePage(r, "GET "+Home+"/policies/{version}", needPolicies, s.getPolicy)
	httpx.HandlePage(r, "POST "+Home+"/policies/{version}/decide", approve, s.postDecidePolicy)
}

const policiesLead = "谁可以做什么、什么时候还要拒绝，都写在策略里。由系统管理员起草新版本，安全管理员批准后整个平台立即按新版本执行。"

func policyChip(p iam.Policy) page.Chip {
	switch {
	case p.InForce:
		return page.Chip{Class: page.Good, Word: "现行"}
	case p.State == iam.Draft:
		return page.Chip{Class: page.Care, Word: "待批准"}
	case p.State == iam.Refused:
		return page.Chip{Class: page.Bad, Word: "不批准"}
	}
	return page.Chip{Class: page.Plain, Word: "已被替代"}
}

func (s *Service) getPolicies(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	found, err := s.IAM.Policies(ctx, r.URL.Query().Get("cursor"), perPage)
	if err != nil {
		return err
	}
	p := s.sheet(r, "policies", "策略", policiesLead)
	links := []link{{Label: "现行策略", Href: at("policies", "0"), First: true}, {Label: "为什么能或不能？", Href: at("policies", "explain")}}
	if iam.May(ctx, "policy.propose", "") {
		links = append(links, link{Label: "起草新版本", Href: at("policies", "new")})
	}
	t := &page.Table{ID: "policies", Caption: "版本", Head: []string{"版本", "状态", "起草", "批准或不批准"}}
	for _, v := range found.Items {
		by, dec := page.Cell{Text: v.ByName, Sub: page.Day(moment(v.At))}, page.Cell{Text: dash(v.DecName)}
		if v.State == iam.Shipped {
			by = page.Cell{Text: "随程序提供"}
		}
		if v.DecAt != 0 {
			dec.Sub = page.Day(moment(v.DecAt))
		}
		t.Rows = append(t.Rows, page.Row{Cells: []page.Cell{{Text: "第 " + strconv.Itoa(v.Version) + " 版", Href: at("policies", strconv.Itoa(v.Version)), Sub: v.Reason}, {Chips: []page.Chip{policyChip(v)}}, by, dec}})
	}
	if found.Next != "" {
		t.Pager.Next = page.Asking(at("policies"), "cursor", found.Next)
	}
	return s.show(w, p.add(part{Links: links}, part{Table: t}))
}

func (s *Service) policyOf(r *http.Request) (iam.Policy, error) {
	n, err := strconv.Atoi(r.PathValue("version"))
	if err != nil || n < 0 {
		return iam.Policy{}, fault.NotFound.New("没有这个版本的策略").WithCode("policy.unknown")
	}
	return s.IAM.Policy(r.Context(), n)
}

// policyViews are the tabs of a version.
var policyViews = []page.Option{{Value: "roles", Label: "角色"}, {Value: "permissions", Label: "权限"}, {Value: "rules", Label: "拒绝规则"}, {Value: "text", Label: "原文"}}

func (s *Service) getPolicy(w http.ResponseWriter, r *http.Request) error {
	v, err := s.policyOf(r)
	if err != nil {
		return err
	}
	p, err := s.policySheet(r, v)
	if err != nil {
		return err
	}
	return s.show(w, p)
}

func (s *Service) policySheet(r *http.Request, v iam.Policy) (*sheet, error) {
	p := s.sheet(r, "policies", "策略第 "+strconv.Itoa(v.Version)+" 版", policiesLead).under("策略", at("policies")).stands(r, at("policies", r.PathValue("version")))
	p.Chips = []page.Chip{policyChip(v)}
	if v.State != iam.Shipped {
		p.add(part{Card: true, Title: "进展", Steps: policySteps(v)})
	}
	if !v.InForce && len(v.Changes) > 0 {
		p.add(part{Title: "与现行策略的差别", Table: changesTable(v.Changes)})
	}
	s.addDecision(r, p, v)
	view := r.URL.Query().Get("view")
	if labelOf(policyViews, view) == view {
		view = "roles"
	}
	tabs := &page.Tabs{Label: "内容"}
	for _, o := range policyViews {
		tabs.Items = append(tabs.Items, page.Tab{Label: o.Label, Href: page.Asking(at("policies", r.PathValue("version")), "view", o.Value), Current: o.Value == view})
	}
	p.add(part{Title: "内容", Tabs: tabs})
	set, err := policy.Parse([]byte(v.Roles), []byte(v.Rules))
	switch {
	case err != nil || view == "text":
		if err != nil {
			p.add(part{Notice: &page.Notice{Class: page.Care, Title: "这个版本按现在的规则不能使用", Text: "只能看原文；批准会被拒绝。"}})
		}
		p.add(part{Card: true, Facts: []page.Fact{{Label: "SM3 摘要", Text: v.Digest, Code: true}}, Folded: []folded{{"角色和权限（roles.yaml）", v.Roles}, {"拒绝规则（rules.cedar）", v.Rules}}})
	case view == "permissions":
		p.add(part{Table: permissionsTable(set)})
	case view == "rules":
		p.add(rulesParts(set)...)
	default:
		p.add(part{Table: rolesTable(set, func(policy.Role) bool { return true })})
	}
	return p, nil
}

// addDecision adds what the reader may do about a draft.
func (s *Service) addDecision(r *http.Request, p *sheet, v iam.Policy) {
	if v.State != iam.Draft {
		return
	}
	if !iam.May(r.Context(), "policy.approve", "") || v.By == iam.Self(r.Context()) {
		p.add(part{Notice: &page.Notice{Text: "由安全管理员批准后生效，自己起草的自己不能批准。在此之前按现行策略执行。"}})
		return
	}
	action := at("policies", strconv.Itoa(v.Version), "decide")
	p.add(part{Confirms: []page.Confirm{
		{ID: "approve", Title: "批准", Text: "批准后整个平台立即按第 " + strconv.Itoa(v.Version) + " 版执行。请逐条核对上面的差别，先看“可能放宽”的。", Action: action, Hidden: []page.Hidden{{Name: "do", Value: "approve"}}, Button: "批准并生效", Busy: "正在批准…", Reason: page.Field{ID: "approve-reason"}},
		{ID: "refuse", Title: "不批准", Text: "现行策略不变；理由起草人看得到。", Action: action, Hidden: []page.Hidden{{Name: "do", Value: "refuse"}}, Button: "不批准", Busy: "正在记录…", Grave: true, Reason: page.Field{ID: "refuse-reason"}},
	}})
}

func policySteps(v iam.Policy) []page.Step {
	steps := []page.Step{{Title: "起草", Text: v.Reason, Who: v.ByName, At: moment(v.At), State: "done", Code: v.Digest, CodeLabel: "SM3 摘要"}}
	decided := page.Step{Title: "批准", Text: v.Note, Who: v.DecName, At: moment(v.DecAt), State: "done"}
	switch v.State {
	case iam.Draft:
		return append(steps, page.Step{Title: "批准", Text: "由安全管理员办理", State: "now"}, page.Step{Title: "生效", State: "todo"})
	case iam.Refused:
		decided.Title = "不批准"
		return append(steps, decided)
	case iam.Superseded:
		return append(steps, decided, page.Step{Title: "已被后来的版本替代", State: "done"})
	}
	return append(steps, decided, page.Step{Title: "现行", State: "now"})
}

// changesTable lists differences, those that may widen first.
func changesTable(list []policy.Change) *page.Table {
	t := &page.Table{ID: "changes", Caption: "差别", Quiet: true, Head: []string{"改动", "影响"}, Empty: page.Empty{Title: "没有差别", Text: "与现行策略完全相同。"}}
	for _, widens := range []bool{true, false} {
		for _, c := range list {
			if c.Widens != widens {
				continue
			}
			chip := page.Chip{Class: page.Plain, Word: "不放宽"}
			if widens {
				chip = page.Chip{Class: page.Care, Word: "可能放宽"}
			}
			t.Rows = append(t.Rows, page.Row{Cells: []page.Cell{{Text: c.Say}, {Chips: []page.Chip{chip}}}})
		}
	}
	return t
}

// permissionsTable says of each permission who has it.
func permissionsTable(set *policy.Set) *page.Table {
	t := &page.Table{ID: "permissions", Caption: "各项权限归谁", Head: []string{"权限", "类别", "角色", "应用"}}
	for _, x := range set.Permissions() {
		app := page.Cell{Text: "不可以"}
		if set.ForClients(x.Name) {
			app.Text = "可以授予"
		}
		var roles []string
		for _, r := range set.Roles() {
			for _, m := range r.May {
				if m == x.Name {
					roles = append(roles, r.Name)
				}
			}
		}
		t.Rows = append(t.Rows, page.Row{Cells: []page.Cell{{Text: x.Label, Sub: x.Name}, {Text: x.Group}, {Text: dash(strings.Join(roles, "、"))}, app}})
	}
	return t
}

func rulesParts(set *policy.Set) []part {
	t := &page.Table{ID: "rules", Caption: "角色虽然允许，这些情况仍然拒绝", Head: []string{"拒绝时怎么说", "办法", "编号"}, Empty: page.Empty{Title: "没有拒绝规则", Text: "角色允许的都允许。"}}
	out := part{Card: true, Title: "条件原文（Cedar）"}
	for _, x := range set.Rules() {
		t.Rows = append(t.Rows, page.Row{Cells: []page.Cell{{Text: x.Say}, {Text: dash(x.Hint)}, {Text: x.ID, Code: true, Sub: x.Code}}})
		out.Folded = append(out.Folded, folded{x.ID + "：" + x.Say, x.Text})
	}
	if len(out.Folded) == 0 {
		return []part{{Table: t}}
	}
	return []part{{Table: t}, out}
}

func (s *Service) postDecidePolicy(w http.ResponseWriter, r *http.Request) error {
	v, err := s.policyOf(r)
	if err != nil {
		return err
	}
	do := r.PostFormValue("do")
	if do != "approve" && do != "refuse" {
		err = errNoDecision()
	} else {
		err = s.IAM.DecidePolicy(r.Context(), v.Version, do == "approve", r.PostFormValue("reason"))
	}
	if err == nil {
		return page.See(w, r, page.Asking(at("policies", strconv.Itoa(v.Version)), "done", map[string]string{"approve": "approved", "refuse": "refused"}[do]))
	}
	p, e := s.policySheet(r, v)
	if e != nil {
		return e
	}
	return s.refuse(w, p.keep(do, r), err)
}

// newPolicy is the draft of a version: the texts of the one in force, to change.
func (s *Service) newPolicy(r *http.Request, q iam.PolicyRequest) *sheet {
	p := s.sheet(r, "policies", "起草策略", "先“检查并比较”，再提交。由安全管理员批准后生效；同时只能有一份待批准的。").under("策略", at("policies"))
	f := &form{Form: page.Form{Action: at("policies", "new"), Button: "提交批准", Busy: "正在提交…", Cancel: at("policies"), Fields: []page.Field{
		{ID: "roles", Name: "roles", Label: "角色和权限（roles.yaml）", Value: q.Roles, Lines: 18, Required: true, Max: 32768, Hint: "每个角色可以做什么。改动后把 version 加一"},
		{ID: "rules", Name: "rules", Label: "拒绝规则（rules.cedar）", Value: q.Rules, Lines: 14, Max: 32768, Hint: "只能拒绝，不能允许。每条都要有 @id 和 @say"},
		{ID: "reason", Name: "reason", Label: "理由", Value: q.Reason, Required: true, Lines: 3, Max: 200, Hint: "为什么要改，供批准的人判断；记入审计"},
	}}, Check: "检查并比较"}
	return p.add(part{Form: f})
}

func (s *Service) getNewPolicy(w http.ResponseWriter, r *http.Request) error {
	v, err := s.IAM.Policy(r.Context(), 0)
	if err != nil {
		return err
	}
	return s.show(w, s.newPolicy(r, iam.PolicyRequest{Roles: v.Roles, Rules: v.Rules}))
}

func (s *Service) postNewPolicy(w http.ResponseWriter, r *http.Request) error {
	lines := func(k string) string { return strings.ReplaceAll(r.PostFormValue(k), "\r\n", "\n") }
	q := iam.PolicyRequest{Roles: lines("roles"), Rules: lines("rules"), Reason: strings.TrimSpace(r.PostFormValue("reason"))}
	p := s.newPolicy(r, q)
	if r.PostFormValue("look") != "1" {
		made, err := s.IAM.ProposePolicy(r.Context(), q)
		if err != nil {
			return s.refuse(w, p, err)
		}
		return page.See(w, r, page.Asking(at("policies", strconv.Itoa(made.Version)), "done", "proposed"))
	}
	v, err := s.IAM.CheckPolicy(r.Context(), q)
	if err != nil {
		return s.refuse(w, p, err)
	}
	widens := 0
	for _, c := range v.Changes {
		if c.Widens {
			widens++
		}
	}
	p.Notice = &page.Notice{Class: page.Good, Title: "检查通过", Text: fmt.Sprintf("与现行策略相比有 %d 处改动，其中 %d 处可能放宽。还没有提交。", len(v.Changes), widens)}
	p.Parts = append([]part{{Title: "与现行策略的差别", Table: changesTable(v.Changes)}}, p.Parts...)
	return s.show(w, p)
}
