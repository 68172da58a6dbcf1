package todo_test

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"

	"sidian/internal/audit"
	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/due"
	"sidian/internal/fault"
	"sidian/internal/iam"
	"sidian/internal/iam/iamtest"
	"sidian/internal/outbox"
	"sidian/internal/todo"
	"sidian/workday"
)

type office struct {
	*iamtest.County
	*todo.Service
	t *testing.T
}

func newOffice(t *testing.T, d *db.DB) *office {
	t.Helper()
	c := iamtest.New(t, d)
	return &office{c, &todo.Service{DB: d, Due: &due.Service{DB: d, Outbox: outbox.New()}}, t}
}

func (o *office) promise(p due.Promise) {
	o.t.Helper()
	if p.Rule == "" {
		p.Rule = "grant.decide"
	}
	err := o.Service.DB.Write(o.t.Context(), func(tx *db.Tx) error { _, err := o.Service.Due.Put(tx, p); return err })
	if err != nil {
		o.t.Fatal(err)
	}
}

func (o *office) rows(action, result string) (n int) {
	o.t.Helper()
	err := o.Service.DB.Read(o.t.Context(), func(tx *db.Tx) error {
		found, _, err := audit.List(tx, audit.Query{Action: action, Result: result})
		n = len(found)
		return err
	})
	if err != nil {
		o.t.Fatal(err)
	}
	return n
}

func wants(t *testing.T, name string, err error, kind fault.Kind, code string) {
	t.Helper()
	if f := fault.As(err); f == nil || f.Kind != kind || f.Code != code || f.Hint == "" && kind != fault.NotFound {
		t.Errorf("%s: %v, want %s %s", name, err, kind, code)
	}
}

// Who sees which promise: by account, by permission and by unit.
func TestList(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := newOffice(t, d)
		o.promise(due.Promise{Topic: "a", Object: "own", Account: o.People["clerk"].ID, Org: iamtest.Market, Title: "own"})
		o.promise(due.Promise{Topic: "a", Object: "issue", Permission: "cert.issue", Org: iamtest.Market, Title: "issue"})
		o.promise(due.Promise{Topic: "a", Object: "land", Permission: "cert.issue", Org: iamtest.Land, Title: "land"})
		o.promise(due.Promise{Topic: "a", Object: "grant", Permission: "grant.approve", Org: iamtest.Land, Title: "grant"})
		o.promise(due.Promise{Topic: "a", Object: "read", Permission: "cert.read", Org: iamtest.Market, Title: "read"})
		for name, c := range map[string]struct {
			who  string
			q    todo.Query
			want string
		}{
			"clerk":              {"clerk", todo.Query{}, "own"},
			"issuer":             {"issuer", todo.Query{View: todo.Mine}, "issue"},
			"outsider":           {"outsider", todo.Query{}, "land"},
			"security":           {"security", todo.Query{}, "grant"},
			"system":             {"system", todo.Query{}, ""},
			"holder":             {"holder", todo.Query{}, ""},
			"unit":               {"clerk", todo.Query{View: todo.Unit}, "issue own read"},
			"another unit":       {"outsider", todo.Query{View: todo.Unit}, "grant land"},
			"all of a unit":      {"clerk", todo.Query{View: todo.All}, "issue own read"},
			"all":                {"supervisor", todo.Query{View: todo.All}, "grant issue land own read"},
			"one organisation":   {"supervisor", todo.Query{Org: iamtest.Land}, "grant land"},
			"all, administrator": {"security", todo.Query{View: todo.All}, "grant"},
		} {
			l, err := o.List(o.Ctx(t, c.who), c.q)
			if err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			var titles []string
			for _, x := range l.Items {
				titles = append(titles, x.Title)
			}
			slices.Sort(titles)
			if got := strings.Join(titles, " "); got != c.want {
				t.Errorf("%s: %s, want %s", name, got, c.want)
			}
		}
		l, err := o.List(o.Ctx(t, "supervisor"), todo.Query{View: todo.All, Limit: 2})
		if err != nil || len(l.Items) != 2 || l.Next == "" || l.Items[0].Mine {
			t.Errorf("%+v, %v", l, err)
		}
		rest, err := o.List(o.Ctx(t, "supervisor"), todo.Query{View: todo.All, Cursor: l.Next})
		if err != nil || len(rest.Items) != 3 {
			t.Errorf("%+v, %v", rest, err)
		}
		c, err := o.Counts(o.Ctx(t, "clerk"))
		if err != nil || c.Mine.Open != 1 || c.Unit.Open != 3 {
			t.Errorf("%+v, %v", c, err)
		}
		if c, err = o.Counts(o.Ctx(t, "security")); err != nil || c.Mine.Open != 1 || c.Unit.Open != 0 {
			t.Errorf("%+v, %v", c, err)
		}
	})
}

func TestListRefuses(t *testing.T) {
	t.Parallel()
	o := newOffice(t, dbtest.New(t, "sqlite"))
	for name, c := range map[string]struct {
		ctx  context.Context
		q    todo.Query
		kind fault.Kind
		code string
	}{
		"stranger":             {t.Context(), todo.Query{}, fault.Unauthorized, "auth.required"},
		"program":              {o.AppCtx(t), todo.Query{}, fault.Forbidden, "due.person"},
		"foreign organisation": {o.Ctx(t, "clerk"), todo.Query{Org: iamtest.Land}, fault.Forbidden, "auth.org"},
		"the one above":        {o.Ctx(t, "clerk"), todo.Query{Org: iamtest.Root}, fault.Forbidden, "auth.org"},
		"unknown organisation": {o.Ctx(t, "clerk"), todo.Query{Org: "x' or 1=1\x00"}, fault.Forbidden, "auth.org"},
		"administrator's unit": {o.Ctx(t, "security"), todo.Query{View: todo.Unit}, fault.Forbidden, "auth.permission"},
		"holder's unit":        {o.Ctx(t, "holder"), todo.Query{View: todo.Unit}, fault.Forbidden, "due.no-unit"},
		"no such view":         {o.Ctx(t, "clerk"), todo.Query{View: "whole"}, fault.Invalid, "due.view"},
	} {
		_, err := o.List(c.ctx, c.q)
		wants(t, name, err, c.kind, c.code)
	}
	if n := o.rows("due.list", audit.Refused); n != 4 {
		t.Errorf("%d refusals are audited, want 4", n)
	}
	if _, err := o.History(o.Ctx(t, "security"), "", ""); fault.As(err) == nil {
		t.Error("an administrator reads the history of units")
	}
}

// A value holds for the regions of those who put it, and its author stands in
// the audit.
func TestRegister(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := newOffice(t, d)
		region := "411526"
		if _, err := o.EditOrg(o.Ctx(t, "system"), iamtest.Root, iam.OrgEdit{Region: &region, Reason: "补登"}); err != nil {
			t.Fatal(err)
		}
		today := workday.DateOf(d.Now())
		good := todo.ValueRequest{Code: "grant.decide", Region: "411526", From: today, Amount: 1, Basis: "县文件第一条", Reason: "加快"}
		refuse := func(name, who string, change func(*todo.ValueRequest), kind fault.Kind, code string) {
			t.Helper()
			q := good
			change(&q)
			_, err := o.Register(o.Ctx(t, who), q)
			wants(t, name, err, kind, code)
		}
		same := func(*todo.ValueRequest) {}
		refuse("security", "security", same, fault.Forbidden, "auth.permission")
		refuse("a clerk", "clerk", same, fault.Forbidden, "auth.permission")
		refuse("the province", "system", func(q *todo.ValueRequest) { q.Region = "410000" }, fault.Forbidden, "auth.region")
		refuse("the country", "system", func(q *todo.ValueRequest) { q.Region = "" }, fault.Forbidden, "auth.region")
		refuse("another county", "system", func(q *todo.ValueRequest) { q.Region = "140525" }, fault.Forbidden, "auth.region")
		refuse("no region", "system", func(q *todo.ValueRequest) { q.Region = "'; --" }, fault.Forbidden, "auth.region")
		refuse("unknown code", "system", func(q *todo.ValueRequest) { q.Code = "none" }, fault.Invalid, "due.rule")
		refuse("past", "system", func(q *todo.ValueRequest) { q.From = today.AddDays(-1) }, fault.Invalid, "due.rule")
		refuse("no basis", "system", func(q *todo.ValueRequest) { q.Basis = " " }, fault.Invalid, "due.rule")
		refuse("looser than the law", "system", func(q *todo.ValueRequest) { q.Code, q.Amount = "sharing.review", 9 }, fault.Invalid, "due.looser")
		if n := o.rows("due.rule-put", audit.Refused); n != 6 {
			t.Errorf("%d refusals are audited, want 6", n)
		}

		var wait sync.WaitGroup
		for range 4 { // pressed by several at once, it stands once
			wait.Go(func() {
				if _, err := o.Register(o.Ctx(t, "system"), good); err != nil && fault.As(err) == nil {
					t.Error(err)
				}
			})
		}
		wait.Wait()
		values, err := o.Values(t.Context(), "grant.decide")
		if err != nil {
			t.Fatal(err)
		}
		var put []todo.Value
		for _, v := range values {
			if v.Account != "" {
				put = append(put, v)
			}
		}
		if len(values) < 2 || len(put) != 1 || !put[0].InForce || put[0].Text != "1 个工作日" || put[0].Account != o.People["system"].ID {
			t.Fatalf("%+v", put)
		}
		o.promise(due.Promise{Topic: "a", Object: "new", Region: "411526", Permission: "grant.approve", Org: iamtest.Market, Title: "new"})
		l, err := o.List(o.Ctx(t, "security"), todo.Query{})
		if err != nil || len(l.Items) != 1 || l.Items[0].Amount != "1 个工作日" || l.Items[0].Origin != due.Local {
			t.Errorf("%+v, %v", l, err)
		}

		_, err = o.End(o.Ctx(t, "security"), put[0].ID, today, "x")
		wants(t, "ended by security", err, fault.Forbidden, "auth.permission")
		_, err = o.End(o.Ctx(t, "system"), "none", today, "x")
		wants(t, "ended: none", err, fault.NotFound, "due.unknown")
		_, err = o.End(o.Ctx(t, "system"), values[0].ID, today, "x")
		if values[0].Account == "" {
			wants(t, "ended: a shipped one", err, fault.Conflict, "due.shipped")
		}
		_, err = o.End(o.Ctx(t, "system"), put[0].ID, today.AddDays(-1), "x")
		wants(t, "ended yesterday", err, fault.Invalid, "due.rule-end")
		r, err := o.End(o.Ctx(t, "system"), put[0].ID, today, "不再执行")
		if err != nil || r.Until != today {
			t.Errorf("%+v, %v", r, err)
		}
		if n := o.rows("due.rule-end", audit.Done); n != 1 {
			t.Errorf("%d endings are audited", n)
		}
	})
}
