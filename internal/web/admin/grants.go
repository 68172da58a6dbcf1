package admin

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"sidian/internal/fault"
	"sidian/internal/httpx"
	"sidian/internal/iam"
	"sidian/internal/iam/policy"
	"sidian/internal/web/page"
)

func (s *Service) grantRoutes(r *httpx.Router) {
	propose, approve := iam.Needs("grant.propose"), iam.Needs("grant.approve")
	httpx.HandlePage(r, "GET "+Home+"/grants", needGrants, s.getGrants)
	httpx.HandlePage(r, "GET "+Home+"/grants/new", propose, s.getNewGrant)
	httpx.HandlePage(r, "POST "+Home+"/grants/new", propose, s.postNewGrant)
	httpx.HandlePage(r, "GET "+Home+"/grants/{id}", needGrants, s.getGrant)
	httpx.HandlePage(r, "POST "+Home+"/grants/{id}/decide", approve, s.postDecide)
	httpx.HandlePage(r, "GET "+Home+"/grants/{id}/revoke", approve, s.getRevoke)
	httpx.HandlePage(r, "POST "+Home+"/grants/{id}/revoke", approve, s.postRevoke)
}

const grantsLead = "角色由系统管理员起草，安全管理员批准后生效，两人缺一不可；审计管理员可以查看。"

// grantStates are the tabs of the list.
var grantStates = []page.Option{{Value: iam.Proposed, Label: "待批准"}, {Value: iam.Effective, Label: "生效"}, {Value: iam.Refused, Label: "不批准"}, {Value: iam.Revoked, Label: "已撤销"}, {Value: "all", Label: "全部"}}

func (s *Service) getGrants(w http.ResponseWriter, r *http.Request) error {
	ctx, q := r.Context(), r.URL.Query()
	state := q.Get("state")
	if !slices.ContainsFunc(grantStates, func(o page.Option) bool { return o.Value == state }) {
		state = iam.Proposed
	}
	ask := iam.GrantQuery{State: state, Account: q.Get("account"), Org: q.Get("unit"), Role: q.Get("role"), Cursor: q.Get("cursor"), Limit: perPage}
	if state == "all" {
		ask.State = ""
	}
	found, err := s.IAM.GrantsPage(ctx, ask)
	if err != nil {
		return err
	}
	address := func(state, cursor string) string {
		return page.Asking(at("grants"), "state", state, "account", ask.Account, "unit", ask.Org, "role", ask.Role, "cursor", cursor)
	}
	p := s.sheet(r, "grants", "授权", grantsLead)
	tabs := &page.Tabs{Label: "状态"}
	for _, o := range grantStates {
		tabs.Items = append(tabs.Items, page.Tab{Label: o.Label, Href: address(o.Value, ""), Current: o.Value == state})
	}
	if iam.May(ctx, "grant.propose", "") {
		p.add(part{Links: []link{{Label: "起草授权", Href: at("grants", "new"), First: true}}})
	}
	p.add(part{Tabs: tabs})
	search := &page.Search{Action: at("grants"), Label: "筛选", Button: "筛选", Fields: []page.Field{
		{ID: "role", Name: "role", Label: "角色", Value: ask.Role, Any: "不限", Options: s.grantable()},
		{ID: "state", Name: "state", Label: "状态", Value: state, Options: grantStates},
	}}
	if ask.Role+ask.Account+ask.Org != "" {
		search.Clear = page.Asking(at("grants"), "state", state)
	}
	p.add(part{Search: search})
	t := grantTable(found.Items)
	t.Caption = labelOf(grantStates, state) + "的授权"
	t.Empty = page.Empty{Title: "没有" + strings.TrimPrefix(labelOf(grantStates, state), "全部") + "的授权", Text: "由系统管理员起草后，在这里等安全管理员批准。"}
	if found.Next != "" {
		t.Pager.Next = address(state, found.Next)
	}
	if ask.Cursor != "" {
		t.Pager.First = address(state, "")
	}
	return s.show(w, p.add(part{Table: t}))
}

func grantTable(list []iam.GrantItem) *page.Table {
	t := &page.Table{ID: "grants", Head: []string{"谁担任什么", "单位", "到期", "状态", "起草"}}
	for _, g := range list {
		t.Rows = append(t.Rows, page.Row{Cells: []page.Cell{
			{Text: g.AccountName + "：" + roleName(g), Href: at("grants", g.ID), Sub: g.Username}, {Text: g.OrgName + "及其下级"}, {Text: until(g.Grant)},
			{Chips: grantChips(g), Sub: g.Due}, {Text: drafter(g), Sub: page.Day(moment(g.At))},
		}})
	}
	return t
}

// roleName is the name of a role; one that the policy no longer has keeps its
// code.
func roleName(g iam.GrantItem) string {
	if g.RoleName == "" {
		return g.Role
	}
	return g.RoleName
}

// drafter is who drafted a grant; the first administrators come with the
// platform.
func drafter(g iam.GrantItem) string {
	if g.By == "" {
		return "平台初始化"
	}
	return g.ByName
}

func until(g iam.Grant) string {
	if g.Until.IsZero() {
		return "长期"
	}
	return page.Day(g.Until)
}

func grantChips(g iam.GrantItem) []page.Chip {
	if g.Altered {
		return []page.Chip{{Class: page.Bad, Word: "数据被改动，不生效"}}
	}
	switch g.State {
	case iam.Proposed:
		class := page.Plain
		if g.Level == page.Care || g.Level == page.Bad {
			class = g.Level
		}
		return []page.Chip{{Class: class, Word: "待批准"}}
	case iam.Effective:
		return []page.Chip{{Class: page.Good, Word: "生效"}}
	case iam.Refused:
		return []page.Chip{{Class: page.Bad, Word: "不批准"}}
	}
	return []page.Chip{{Class: page.Plain, Word: "已撤销"}}
}

// grantable are the roles that can be granted.
func (s *Service) grantable() (list []page.Option) {
	for _, r := range s.IAM.InForce().Roles() {
		if !r.Holder && !r.Temporary {
			list = append(list, page.Option{Value: r.Code, Label: r.Name})
		}
	}
	return list
}

// mayOf says in words what a role may do, group by group.
func mayOf(set *policy.Set, names []string) string {
	var groups, lines []string
	by := map[string][]string{}
	for _, p := range set.Permissions() {
		if !slices.Contains(names, p.Name) {
			continue
		}
		if !slices.Contains(groups, p.Group) {
			groups = append(groups, p.Group)
		}
		by[p.Group] = append(by[p.Group], p.Label)
	}
	for _, g := range groups {
		lines = append(lines, g+"："+strings.Join(by[g], "、"))
	}
	return strings.Join(lines, "\n")
}

func purposesOf(set *policy.Set, codes []string) string {
	var names []string
	for _, p := range set.Purposes() {
		if slices.Contains(codes, p.Code) {
			names = append(names, p.Name)
		}
	}
	return strings.Join(names, "、")
}

// rolesTable says what each role may do.
func rolesTable(set *policy.Set, keep func(policy.Role) bool) *page.Table {
	t := &page.Table{ID: "roles", Caption: "各角色可以做什么", Head: []string{"角色", "可以做什么", "查看个人信息的用途"}}
	for _, r := range set.Roles() {
		if !keep(r) {
			continue
		}
		name := page.Cell{Text: r.Name}
		switch {
		case r.Admin != "":
			name.Sub = "三员之一，不能兼任其他角色"
		case r.Holder:
			name.Sub = "每个持证人都有，只对本人"
		case r.Temporary:
			name.Sub = "临时，只在应急查阅期间"
		}
		t.Rows = append(t.Rows, page.Row{Cells: []page.Cell{name, {Text: strings.ReplaceAll(mayOf(set, r.May), "\n", "；")}, {Text: dash(purposesOf(set, r.Purposes))}}})
	}
	return t
}

func canBeGranted(r policy.Role) bool { return !r.Holder && !r.Temporary }

// newGrant is the draft of a grant. Whom it is for is chosen first.
func (s *Service) newGrant(r *http.Request, who *iam.Account) (*sheet, error) {
	p := s.sheet(r, "grants", "起草授权", "起草后没有任何权限，由安全管理员在两个工作日内批准后生效。不能为自己起草。").under("授权", at("grants"))
	ctx, v := r.Context(), r.PostFormValue
	f := &form{Form: page.Form{Action: at("grants", "new"), Button: "提交批准", Busy: "正在提交…", Cancel: at("grants")}}
	unit := page.Field{ID: "org", Name: "org", Label: "单位", Value: v("org"), Required: true, Max: 100, Hint: "单位全称，或单位编号；角色对它和它的下级都有效"}
	if who != nil {
		units, err := s.unitsFor(ctx, *who)
		if err != nil {
			return nil, err
		}
		f.Hidden = []page.Hidden{{Name: "account", Value: who.ID}}
		p.add(part{Card: true, Title: "为谁", Facts: []page.Fact{{Label: "姓名", Text: who.Name, Href: at("people", who.ID)}, {Label: "用户名", Text: who.Username, Code: true}, {Label: "单位", Text: s.unitName(ctx, who.Org)}}})
		if v("other") == "" && len(units) > 0 {
			unit.Options, unit.Hint = units, "角色对它和它的下级都有效"
			if unit.Value == "" {
				unit.Value = who.Org
			}
			unit.Required = len(units) == 1
		}
	} else {
		f.Fields = append(f.Fields, page.Field{ID: "username", Name: "username", Label: "为谁：用户名", Value: v("username"), Required: true, Code: true, Max: 64, Hint: "只知道姓名的，先在“人员”中查找，再从那里起草", Autocomplete: "off"})
	}
	f.Fields = append(f.Fields,
		page.Field{ID: "role", Name: "role", Label: "角色", Value: v("role"), Required: true, Options: s.grantable(), Hint: "可以做什么见下表"},
		unit)
	if len(unit.Options) > 0 {
		f.Fields = append(f.Fields, page.Field{ID: "other", Name: "other", Label: "其他单位", Max: 100, Hint: "上面没有的才填：单位全称，或单位编号"})
	} else if who != nil {
		f.Hidden = append(f.Hidden, page.Hidden{Name: "other", Value: ""})
	}
	f.Fields = append(f.Fields,
		page.Field{ID: "until", Name: "until", Label: "最后一天", Type: "date", Value: v("until"), Hint: "临时授权才填，到期自动撤销；不填为长期"},
		page.Field{ID: "basis", Name: "basis", Label: "依据", Value: v("basis"), Max: 200, Hint: "如任职文件的名称和文号"},
		reason(r, "为什么需要这个角色，供批准的人判断"))
	return p.add(part{Form: f}, part{Table: rolesTable(s.IAM.InForce(), canBeGranted)}), nil
}

// unitsFor are the units that somebody is most likely to act for: their own and
// those above it, of those that the reader may grant for.
func (s *Service) unitsFor(ctx context.Context, who iam.Account) (list []page.Option, err error) {
	if who.Org == "" {
		return nil, nil
	}
	o, err := s.IAM.Org(ctx, who.Org)
	if err != nil {
		return nil, err
	}
	up, err := s.above(ctx, o)
	if err != nil {
		return nil, err
	}
	slices.Reverse(up)
	for _, u := range append([]iam.Org{o}, up...) {
		if !u.Closed && iam.May(ctx, "grant.propose", u.ID) {
			list = append(list, page.Option{Value: u.ID, Label: u.Name})
		}
	}
	return list, nil
}

func (s *Service) getNewGrant(w http.ResponseWriter, r *http.Request) error {
	var who *iam.Account
	if id := r.URL.Query().Get("account"); id != "" {
		a, err := s.IAM.Account(r.Context(), id)
		if err != nil {
			return err
		}
		who = &a
	}
	p, err := s.newGrant(r, who)
	if err != nil {
		return err
	}
	return s.show(w, p)
}

func (s *Service) postNewGrant(w http.ResponseWriter, r *http.Request) error {
	var who *iam.Account
	if id := r.PostFormValue("account"); id != "" {
		a, err := s.IAM.Account(r.Context(), id)
		if err != nil {
			return err
		}
		who = &a
	}
	g, err := s.propose(r, who)
	if err == nil {
		return page.See(w, r, page.Asking(at("grants", g.ID), "done", "proposed"))
	}
	p, e := s.newGrant(r, who)
	if e != nil {
		return e
	}
	return s.refuse(w, p, err)
}

func (s *Service) propose(r *http.Request, who *iam.Account) (iam.Grant, error) {
	ctx := r.Context()
	if who == nil {
		a, err := s.personNamed(ctx, "username", r.PostFormValue("username"))
		if err != nil {
			return iam.Grant{}, err
		}
		who = &a
	}
	field := "other"
	unit := r.PostFormValue(field)
	if strings.TrimSpace(unit) == "" {
		field = "org"
		unit = r.PostFormValue(field)
	}
	o, err := s.unitNamed(ctx, field, unit)
	if err != nil {
		return iam.Grant{}, err
	}
	if r.PostFormValue("role") == "" {
		return iam.Grant{}, fault.Invalid.New("请选择角色").WithCode("role.required").WithField("role", "required", "必填")
	}
	end, err := untilOf("until", r.PostFormValue("until"))
	if err != nil {
		return iam.Grant{}, err
	}
	return s.IAM.ProposeGrant(ctx, iam.GrantRequest{Account: who.ID, Role: r.PostFormValue("role"), Org: o.ID, Reason: r.PostFormValue("reason"), Until: end, Basis: strings.TrimSpace(r.PostFormValue("basis"))})
}
