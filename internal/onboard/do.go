package onboard

import (
	"context"
	"maps"
	"slices"
	"strings"

	"sidian/internal/fault"
	"sidian/internal/iam"
	"sidian/internal/table"
)

// checkerOf looks at a line that is about to be done as Check did, since then
// much may have happened.
func (w *worker) checkerOf(l *table.Line, row *rowRow) (*checker, *checked) {
	c := &checker{Service: w.Service, ctx: w.acting, table: w.table, units: w.units, posts: map[string]map[string]string{}, taken: map[string]*iam.Subject{}}
	one := &checked{Line: l}
	copy(one.digest[:], row.digest)
	c.lines = []*checked{one}
	return c, one
}

// allowed refuses a unit that is beyond what the sender may bring in.
func allowed(ctx context.Context, org string) error { return iam.Allow(ctx, Permission, org) }

// unit brings in a unit, and then who holds its posts.
func (w *worker) unit(l *table.Line, row *rowRow) ([]Problem, error) {
	c, one := w.checkerOf(l, row)
	r := c.unitOf(one)
	parent, why := w.units.find(l.Text("parent"))
	if why != nil {
		rule := why.rule
		if why == &noUnit {
			rule = "上级单位没有导入"
		}
		return []Problem{w.table.problem(l, "parent", why.code, rule, why.fix)}, nil
	}
	r.Parent = parent.ID
	if err := allowed(w.acting, parent.ID); err != nil {
		return w.refusedBy(l, err, map[string]string{"": "parent"})
	}
	if w.units.below[r.Parent][r.Name] && w.units.byID[r.ID].Name != r.Name {
		return []Problem{w.table.problem(l, "name", "org.twin", "该上级单位下已有同名单位", "如果是同一单位，请不再导入")}, nil
	}
	o, err := w.IAM.CreateOrg(w.acting, r)
	if err != nil {
		if o, err = w.madeUnit(row, r, err); err != nil {
			return w.refusedBy(l, err, unitKeys)
		}
	}
	w.units.add(o)
	row.object = "org/" + o.ID
	return w.unitPosts(l, o.ID)
}

// madeUnit finds the unit that a line made before the process died.
func (w *worker) madeUnit(row *rowRow, r iam.OrgRequest, refusal error) (iam.Org, error) {
	f := fault.As(refusal)
	if f == nil || f.Code != "org.exists" || row.state != begun {
		return iam.Org{}, refusal
	}
	o, err := w.IAM.Org(w.acting, r.ID)
	if g := fault.As(err); g != nil && g.Kind == fault.NotFound {
		return o, refusal // another has its credit code
	}
	if err == nil && (o.Name != strings.TrimSpace(r.Name) || o.Parent != r.Parent || o.USCC != r.USCC) {
		err = refusal
	}
	return o, err
}

func (w *worker) unitPosts(l *table.Line, org string) (list []Problem, err error) {
	for _, p := range posts {
		username := l.Text(p.code)
		if username == "" {
			continue
		}
		who, err := w.subject(w.acting, iam.FoldUsername(username))
		if err != nil {
			return nil, err
		}
		if who == nil {
			list = append(list, w.table.problem(l, p.code, "account.unknown", "单位已导入；岗位未任命：没有这个用户名", "请在“单位”页面任命"))
			continue
		}
		more, err := w.appoint(l, org, p.code, who.ID, p.code)
		if err != nil {
			return nil, err
		}
		list = append(list, more...)
	}
	return list, nil
}

// appoint gives a post, in bulk never in place of somebody else.
func (w *worker) appoint(l *table.Line, org, post, account, key string) ([]Problem, error) {
	held, err := w.IAM.Posts(w.acting, org, false)
	if err == nil {
		for _, h := range held {
			switch {
			case h.Post == post && h.Account == account:
				return nil, nil // done before the process died
			case h.Post == post:
				return []Problem{w.table.problem(l, key, "post.taken", "已导入；岗位未任命：该岗位已有人担任", "确要更换的，在“单位”页面办理")}, nil
			}
		}
		_, err = w.IAM.Appoint(w.acting, iam.PostRequest{Org: org, Post: post, Account: account, Reason: w.reason()})
	}
	if err == nil {
		return nil, nil
	}
	list, err := w.refusedBy(l, err, map[string]string{"": key, "post": key, "account": key})
	for i := range list {
		list[i].Rule = "已导入；岗位未任命：" + list[i].Rule
	}
	return list, err
}

// reason is what the records of a line give as its reason.
func (w *worker) reason() string {
	r := []rune("批量导入 " + w.run + "：" + w.row.reason)
	return string(r[:min(len(r), 400)])
}

// person opens an account, proposes its roles and gives its post.
func (w *worker) person(l *table.Line, row *rowRow) ([]Problem, error) {
	c, one := w.checkerOf(l, row)
	p := &one.person
	p.account = iam.AccountRequest{Username: l.Text("username"), Kind: iam.Staff, Name: l.Text("name"), Citizen: strings.ToUpper(l.Text("citizen")), Phone: l.Text("phone")}
	p.basis = l.Text("basis")
	c.unitOfPerson(one)
	c.rolesOf(one)
	c.untilOf(one)
	if err := c.postOfAgain(one); err != nil {
		return nil, err
	}
	if len(one.problems) > 0 {
		return one.problems, nil
	}
	if p.account.Org == "" {
		return []Problem{w.table.problem(l, "org", noUnit.code, noUnit.rule, noUnit.fix)}, nil
	}
	account, err := w.account(row, p.account)
	if err != nil {
		return w.refusedBy(l, err, withDefault(personKeys, "username"))
	}
	row.object = "account/" + account
	list, err := w.grants(l, row, p, account)
	if err != nil || p.post == "" {
		return list, err
	}
	more, err := w.appoint(l, p.account.Org, p.post, account, "post")
	return append(list, more...), err
}

func withDefault(keys map[string]string, key string) map[string]string {
	m := maps.Clone(keys)
	m[""] = key
	return m
}

// postOfAgain reads the post; whether it is free is looked at when it is given.
func (c *checker) postOfAgain(l *checked) error {
	if typed := l.Text("post"); typed != "" {
		l.person.post, _ = codeOf(posts, typed)
	}
	return nil
}

// account opens the account, or finds the one that the line opened before the
// process died.
func (w *worker) account(row *rowRow, r iam.AccountRequest) (string, error) {
	a, err := w.IAM.CreateAccount(w.acting, r)
	if f := fault.As(err); f == nil || f.Code != "account.exists" || row.state != begun {
		return a.ID, err
	}
	who, e := w.subject(w.acting, iam.FoldUsername(r.Username))
	if e != nil || who == nil || who.Org != r.Org || who.Kind != r.Kind || who.Closed {
		return "", firstOf(e, err)
	}
	there, e := w.IAM.Account(w.acting, who.ID)
	if e != nil || there.Name != strings.TrimSpace(r.Name) {
		return "", firstOf(e, err)
	}
	return who.ID, nil
}

func firstOf(a, b error) error {
	if a != nil {
		return a
	}
	return b
}

// grants proposes the roles: nothing has effect before a security administrator
// approves it.
func (w *worker) grants(l *table.Line, row *rowRow, p *person, account string) (list []Problem, err error) {
	var ids []string
	for _, role := range p.roles {
		g, err := w.IAM.ProposeGrant(w.acting, iam.GrantRequest{Account: account, Role: role, Org: p.scope, Reason: w.reason(), Until: p.until, Basis: p.basis})
		if f := fault.As(err); f != nil && f.Code == "grant.exists" {
			page, e := w.IAM.GrantsPage(w.acting, iam.GrantQuery{Account: account, Role: role, Org: p.scope, State: iam.Proposed})
			if e != nil {
				return nil, e
			}
			if len(page.Items) > 0 {
				ids = append(ids, page.Items[0].ID) // proposed before the process died
				continue
			}
		}
		if err != nil {
			more, err := w.refusedBy(l, err, map[string]string{"": "roles", "until": "until", "org": "scope"})
			if err != nil {
				return nil, err
			}
			for i := range more {
				more[i].Rule = "账号已开通；角色未提出：" + more[i].Rule
			}
			list = append(list, more...)
			continue
		}
		ids = append(ids, g.ID)
	}
	row.grants = strings.Join(slices.Compact(ids), ",")
	return list, nil
}
