package admin

import (
	"net/http"
	"strings"

	"sidian/internal/fault"
	"sidian/internal/httpx"
	"sidian/internal/iam"
	"sidian/internal/web/page"
)

func (s *Service) peopleRoutes(r *httpx.Router) {
	manage, lock := iam.Needs("account.manage"), iam.Needs("account.lock")
	httpx.HandlePage(r, "GET "+Home+"/people", needPeople, s.getPeople)
	httpx.HandlePage(r, "POST "+Home+"/people", needPeople, s.postPeople)
	httpx.HandlePage(r, "GET "+Home+"/people/new", manage, s.getNewPerson)
	httpx.HandlePage(r, "POST "+Home+"/people/new", manage, s.postNewPerson)
	httpx.HandlePage(r, "GET "+Home+"/people/{id}", needPeople, s.getPerson)
	httpx.HandlePage(r, "GET "+Home+"/people/{id}/edit", manage, s.getEditPerson)
	httpx.HandlePage(r, "POST "+Home+"/people/{id}/edit", manage, s.postEditPerson)
	httpx.HandlePage(r, "GET "+Home+"/people/{id}/move", manage, s.getMove)
	httpx.HandlePage(r, "POST "+Home+"/people/{id}/move", manage, s.postMove)
	httpx.HandlePage(r, "GET "+Home+"/people/{id}/unlock", lock, s.getUnlock)
	httpx.HandlePage(r, "POST "+Home+"/people/{id}/unlock", lock, s.postUnlock)
	httpx.HandlePage(r, "GET "+Home+"/people/{id}/link", needPeople, s.getLink)
	httpx.HandlePage(r, "POST "+Home+"/people/{id}/link", needPeople, s.postLink)
	httpx.HandlePage(r, "GET "+Home+"/people/{id}/close", needPeople, s.getClosePerson)
	httpx.HandlePage(r, "POST "+Home+"/people/{id}/close", needPeople, s.postClosePerson)
	httpx.HandlePage(r, "POST "+Home+"/people/{id}/handover", manage, s.postHandOver)
}

const peopleLead = "谁能登录，属于哪个单位，担任什么角色。人员由系统管理员登记；角色由系统管理员起草、安全管理员批准后生效。"

// asked is what is searched for. What could tell who somebody is travels in the
// body alone.
func asked(v func(string) string) iam.AccountQuery {
	return iam.AccountQuery{
		Org: v("unit"), Username: strings.TrimSpace(v("username")), Name: strings.TrimSpace(v("name")), Phone: strings.TrimSpace(v("phone")), Citizen: strings.ToUpper(strings.TrimSpace(v("citizen"))),
		Closed: v("closed") == "1", Cursor: v("cursor"), Limit: perPage,
	}
}

func (s *Service) getPeople(w http.ResponseWriter, r *http.Request) error {
	q := r.URL.Query()
	return s.people(w, r, asked(func(k string) string {
		if k == "name" || k == "phone" || k == "citizen" {
			return ""
		}
		return q.Get(k)
	}))
}

func (s *Service) postPeople(w http.ResponseWriter, r *http.Request) error {
	q := asked(r.PostFormValue)
	if q.Name+q.Phone+q.Citizen == "" {
		return page.See(w, r, peopleAddress(q))
	}
	return s.people(w, r, q)
}

// peopleAddress is the address of a search that may stand in one.
func peopleAddress(q iam.AccountQuery) string {
	closed := ""
	if q.Closed {
		closed = "1"
	}
	return page.Asking(at("people"), "unit", q.Org, "username", q.Username, "closed", closed, "cursor", q.Cursor)
}

func (s *Service) people(w http.ResponseWriter, r *http.Request, q iam.AccountQuery) error {
	ctx := r.Context()
	p := s.sheet(r, "people", "人员", peopleLead)
	search := &page.Search{Action: at("people"), Label: "查找人员", Post: true, Fields: []page.Field{
		{ID: "username", Name: "username", Label: "用户名", Value: q.Username, Max: 40, Code: true, Autocomplete: "off"},
		{ID: "name", Name: "name", Label: "姓名（全名）", Value: q.Name, Max: 100, Autocomplete: "off"},
		{ID: "phone", Name: "phone", Label: "手机号码", Value: q.Phone, Max: 11, Mode: "tel", Autocomplete: "off"},
		{ID: "citizen", Name: "citizen", Label: "公民身份号码", Value: q.Citizen, Max: 18, Code: true, Autocomplete: "off"},
		{ID: "closed", Name: "closed", Label: "已停用的", Any: "不显示", Options: []page.Option{{Value: "1", Label: "也显示"}}},
	}}
	if q.Closed {
		search.Fields[4].Value = "1"
	}
	secret := q.Name+q.Phone+q.Citizen != ""
	searched := secret || q.Username != ""
	if searched || q.Org != "" {
		search.Clear = at("people")
	}
	p.add(part{Search: search})
	found, err := s.IAM.FindAccounts(ctx, q)
	if err != nil {
		return err
	}
	empty := page.Empty{Title: "还没有人员", Text: "先登记一名人员，再为其起草授权。", Href: at("people", "new"), Action: "登记人员"}
	if searched {
		empty = page.Empty{Title: "没有找到", Text: "姓名、手机号码、公民身份号码须填写完整；用户名可以只填开头。"}
	}
	if !iam.May(ctx, "account.manage", "") {
		empty.Href, empty.Action = "", ""
	}
	t := peopleTable(found.Items, empty)
	t.Caption = "人员"
	if q.Org != "" {
		t.Caption = s.unitName(ctx, q.Org) + "的人员"
	}
	p.add(part{Table: t})
	next := q
	next.Cursor = found.Next
	var links []link
	switch {
	case found.Next == "":
	case secret:
		links = append(links, link{Label: "下一页", Href: at("people"), Post: true, Hidden: []page.Hidden{{Name: "unit", Value: q.Org}, {Name: "username", Value: q.Username}, {Name: "name", Value: q.Name}, {Name: "phone", Value: q.Phone}, {Name: "citizen", Value: q.Citizen}, {Name: "cursor", Value: next.Cursor}}})
	default:
		t.Pager.Next = peopleAddress(next)
	}
	if q.Cursor != "" && !secret {
		first := q
		first.Cursor = ""
		t.Pager.First = peopleAddress(first)
	}
	if iam.May(ctx, "account.manage", "") && len(t.Rows) > 0 {
		links = append(links, link{Label: "登记人员", Href: page.Asking(at("people", "new"), "unit", q.Org), First: true})
	}
	p.add(part{Links: links})
	return s.show(w, p)
}

func peopleTable(list []iam.Account, empty page.Empty) *page.Table {
	t := &page.Table{ID: "people", Head: []string{"姓名", "用户名", "单位", "角色", "手机号码"}, Empty: empty}
	for _, a := range list {
		name := page.Cell{Text: a.Name, Href: at("people", a.ID), Chips: openChip(a.Closed)}
		var roles []string
		for _, x := range a.Roles {
			roles = append(roles, x.Name)
		}
		held := page.Cell{Text: strings.Join(roles, "、")}
		if a.Kind == iam.Holder {
			held.Text = "持证人"
		} else if len(roles) == 0 {
			held.Text = "没有角色"
		}
		t.Rows = append(t.Rows, page.Row{Cells: []page.Cell{name, {Text: a.Username, Code: true}, {Text: dash(a.OrgName)}, held, {Text: dash(a.Phone), Code: true}}})
	}
	return t
}

func dash(s string) string {
	if s == "" {
		return "—"
	}
	return s
}

func (s *Service) newPerson(r *http.Request, v func(string) string) *sheet {
	p := s.sheet(r, "people", "登记人员", "登记后还不能登录：请再为其开一次性链接，由本人设置密码。角色另行起草，由安全管理员批准后生效。").under("人员", at("people"))
	kind := page.Field{ID: "kind", Name: "kind", Label: "身份", Value: v("kind"), Required: true, Options: []page.Option{{Value: string(iam.Staff), Label: "工作人员"}, {Value: string(iam.Holder), Label: "持证人"}}}
	if kind.Value == "" {
		kind.Value = string(iam.Staff)
	}
	unit := v("unit")
	if o, err := s.IAM.Org(r.Context(), unit); unit != "" && err == nil {
		unit = o.Name
	}
	f := &form{Form: page.Form{Action: at("people", "new"), Button: "登记", Busy: "正在登记…", Cancel: at("people"), Fields: []page.Field{
		kind,
		{ID: "name", Name: "name", Label: "姓名", Value: v("name"), Required: true, Max: 100, Autocomplete: "off"},
		{ID: "username", Name: "username", Label: "用户名", Value: v("username"), Required: true, Code: true, Max: 40, Hint: "登录用，小写字母、数字和 . _ -，2 至 40 个字符", Autocomplete: "off"},
		{ID: "org", Name: "org", Label: "单位", Value: unit, Max: 100, Hint: "工作人员必填：单位全称，或单位编号"},
		{ID: "phone", Name: "phone", Label: "手机号码", Value: v("phone"), Max: 11, Mode: "tel", Hint: "加密保存，显示时脱敏", Autocomplete: "off"},
		{ID: "citizen", Name: "citizen", Label: "公民身份号码", Value: v("citizen"), Max: 18, Code: true, Hint: "持证人必填；加密保存，显示时脱敏", Autocomplete: "off"},
	}}}
	return p.add(part{Form: f})
}

func (s *Service) getNewPerson(w http.ResponseWriter, r *http.Request) error {
	return s.show(w, s.newPerson(r, r.URL.Query().Get))
}

func (s *Service) postNewPerson(w http.ResponseWriter, r *http.Request) error {
	a, err := s.createPerson(r)
	if err == nil {
		return page.See(w, r, page.Asking(at("people", a.ID), "done", "registered"))
	}
	return s.refuse(w, s.newPerson(r, func(k string) string {
		if k == "unit" {
			k = "org"
		}
		return r.PostFormValue(k)
	}), err)
}

func (s *Service) createPerson(r *http.Request) (iam.Account, error) {
	q := iam.AccountRequest{Username: r.PostFormValue("username"), Kind: iam.Kind(r.PostFormValue("kind")), Name: r.PostFormValue("name"),
		Citizen: strings.ToUpper(strings.TrimSpace(r.PostFormValue("citizen"))), Phone: strings.TrimSpace(r.PostFormValue("phone"))}
	if q.Kind != iam.Holder {
		q.Org = strings.TrimSpace(r.PostFormValue("org"))
	}
	if err := q.Validate(); err != nil {
		return iam.Account{}, err
	}
	if q.Org != "" {
		o, err := s.unitNamed(r.Context(), "org", q.Org)
		if err != nil {
			return iam.Account{}, err
		}
		q.Org = o.ID
	}
	return s.IAM.CreateAccount(r.Context(), q)
}

// person is the account of a page, masked. One that the reader may not see is
// not there.
func (s *Service) person(r *http.Request) (iam.Account, error) {
	a, err := s.IAM.Account(r.Context(), r.PathValue("id"))
	if e := fault.As(err); e != nil && e.Kind == fault.Forbidden {
		return a, fault.NotFound.New("没有这个账号").WithCode("account.unknown").WithHint("可能不在您管理的单位内")
	}
	if err == nil && !iam.MayAny(r.Context(), a.Org, "account.manage", "account.lock") { // one's own is seen elsewhere
		return a, iam.Allow(r.Context(), "account.manage", a.Org)
	}
	return a, err
}

func (s *Service) getPerson(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	a, err := s.person(r)
	if err != nil {
		return err
	}
	p := s.sheet(r, "people", a.Name, "").under("人员", at("people"))
	p.Chips = openChip(a.Closed)
	kind := "工作人员"
	if a.Kind == iam.Holder {
		kind = "持证人"
	}
	facts := []page.Fact{{Label: "用户名", Text: a.Username, Code: true}, {Label: "身份", Text: kind}}
	if a.Org != "" {
		facts = append(facts, page.Fact{Label: "单位", Text: s.unitName(ctx, a.Org), Href: at("units", a.Org)})
	}
	facts = append(facts, page.Fact{Label: "手机号码", Text: a.Phone, Code: true}, page.Fact{Label: "公民身份号码", Text: a.Citizen, Code: true})
	about := part{Card: true, Title: "基本信息", Facts: facts}
	if !a.Closed && a.ID != iam.Self(ctx) {
		about.Links = s.personLinks(r, a)
	}
	p.add(about)
	if a.ID == iam.Self(ctx) {
		p.add(part{Notice: &page.Notice{Text: "这是您自己的账号：修改和授权由另一位管理员办理，密码在“我的安全”里改。"}})
	}
	if a.Kind == iam.Staff && iam.May(ctx, "grant.read", "") {
		held, err := s.rolesOf(r, a)
		if err != nil {
			return err
		}
		p.add(held)
	}
	return s.show(w, p)
}

func (s *Service) personLinks(r *http.Request, a iam.Account) (list []link) {
	ctx := r.Context()
	if iam.May(ctx, "account.manage", a.Org) {
		list = append(list, link{Label: "修改", Href: at("people", a.ID, "edit")})
		if a.Kind == iam.Staff {
			list = append(list, link{Label: "调动", Href: at("people", a.ID, "move")})
		}
	}
	list = append(list, link{Label: "开一次性链接", Href: at("people", a.ID, "link")})
	if iam.May(ctx, "account.lock", a.Org) {
		list = append(list, link{Label: "解除登录锁定", Href: at("people", a.ID, "unlock")})
	}
	if iam.May(ctx, "policy.read", "") {
		list = append(list, link{Label: "为什么能或不能？", Href: page.Asking(at("policies", "explain"), "who", a.Username)})
	}
	return append(list, link{Label: "停用", Href: at("people", a.ID, "close")})
}

// rolesOf lists what somebody was granted, and what waits for approval.
func (s *Service) rolesOf(r *http.Request, a iam.Account) (part, error) {
	ctx := r.Context()
	found, err := s.IAM.GrantsPage(ctx, iam.GrantQuery{Account: a.ID, Limit: perPage})
	if err != nil {
		return part{}, err
	}
	t := &page.Table{ID: "roles", Caption: "角色", Quiet: true, Head: []string{"角色", "单位", "到期", "状态"}, Empty: page.Empty{Title: "还没有角色", Text: "没有角色的人登录后什么也做不了。由系统管理员起草，安全管理员批准后生效。"}}
	for _, g := range found.Items {
		t.Rows = append(t.Rows, page.Row{Cells: []page.Cell{{Text: g.RoleName, Href: at("grants", g.ID)}, {Text: g.OrgName + "及其下级"}, {Text: until(g.Grant)}, {Chips: grantChips(g), Sub: g.Due}}})
	}
	if found.Next != "" {
		t.Pager = page.Pager{Next: page.Asking(at("grants"), "state", "all", "account", a.ID), NextWord: "查看全部"}
	}
	out := part{Title: "角色", Table: t}
	if iam.May(ctx, "grant.propose", "") && a.ID != iam.Self(ctx) && !a.Closed {
		out.Links = []link{{Label: "起草授权", Href: page.Asking(at("grants", "new"), "account", a.ID), First: true}}
	}
	return out, nil
}
