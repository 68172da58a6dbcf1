package cert_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"sidian/internal/audit"
	"sidian/internal/cert"
	"sidian/internal/cert/certtest"
	"sidian/internal/cert/event"
	"sidian/internal/cert/state"
	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/fault"
	"sidian/internal/iam"
	"sidian/internal/pki/pkitest"
	"sidian/internal/seal"
	"sidian/internal/seal/sealtest"
	"sidian/internal/status"
)

// ending is the kind whose validity ends, on 2028-01-04.
const ending = "approval"

// A life is an instance with a clock and somebody who issues.
type life struct {
	*certtest.World
	t      *testing.T
	now    time.Time
	issuer context.Context
	system context.Context // a program that issues and changes states, for the county
}

func newLife(t *testing.T, d *db.DB, kinds ...string) *life {
	t.Helper()
	l := &life{t: t, now: time.Date(2026, 11, 20, 4, 0, 0, 0, time.UTC)}
	d.Now = func() time.Time { return l.now }
	l.World = certtest.New(t, d, kinds...)
	l.issuer = l.Hire(t, "issuer", "issuer", sealtest.Market)
	app, err := l.IAM.CreateClient(l.Security, iam.ClientRequest{Name: "样例业务系统", Org: pkitest.Root, Scopes: []string{"cert.issue", "cert.status", "cert.read"}})
	must(t, err)
	l.system, err = l.IAM.AsClient(context.Background(), app.ID)
	must(t, err)
	for _, x := range l.Seals {
		_, err := l.Seal.Grant(l.Keeper, seal.Policy{Seal: x.ID, App: app.ID, Purpose: seal.Any, Until: l.now.AddDate(3, 0, 0), Reason: "测试"})
		must(t, err)
	}
	return l
}

func (l *life) act(id, action string, change ...func(*cert.ActRequest)) (*cert.Certificate, error) {
	r := cert.ActRequest{ID: id, Action: action, Reason: "办件 7 号"}
	if a, _ := state.Find(action); a.Basis {
		r.Basis = "《行政许可法》第六十九条"
	}
	for _, f := range change {
		f(&r)
	}
	if r.Certificate != nil {
		return l.Cert.Act(l.system, r) // only a program has a standing permission to use the seal
	}
	return l.Cert.Act(l.issuer, r)
}

func (l *life) done(id, action string, change ...func(*cert.ActRequest)) *cert.Certificate {
	l.t.Helper()
	c, err := l.act(id, action, change...)
	if err != nil {
		l.t.Fatalf("%s: %v", action, err)
	}
	return c
}

// listed is what the signed public list says to a stranger.
func (l *life) listed(c *cert.Certificate) status.Value {
	l.t.Helper()
	got, err := l.Cert.Get(l.Client, c.ID)
	must(l.t, err)
	if got.StatusList == nil {
		l.t.Fatalf("%s has no place in the list", c.ID)
	}
	keys, err := l.Status.PublicKeys(l.t.Context())
	must(l.t, err)
	p, err := l.Status.Page(l.t.Context(), status.Certificates, 0, status.ES256)
	must(l.t, err)
	tok, err := status.ParseToken(p.Data, keys, got.StatusList.URI, l.now)
	must(l.t, err)
	v, ok := tok.List.Get(got.StatusList.Index)
	if !ok {
		l.t.Fatalf("the list ends before %d", got.StatusList.Index)
	}
	return v
}

func (l *life) count(q string, args ...any) (n int64) {
	l.t.Helper()
	must(l.t, l.DB.Read(l.t.Context(), func(tx *db.Tx) error { return tx.Get(q, args, &n) }))
	return n
}

func (l *life) rows(action, result string) (n int) {
	l.t.Helper()
	must(l.t, l.DB.Read(l.t.Context(), func(tx *db.Tx) error {
		found, _, err := audit.List(tx, audit.Query{Action: action, Result: result})
		n = len(found)
		return err
	}))
	return n
}

// The values of the table are those of the list.
func TestListValues(t *testing.T) {
	t.Parallel()
	for v, want := range map[uint8]status.Value{
		state.ListValid: status.Valid, state.ListInvalid: status.Invalid, state.ListSuspended: status.Suspended, state.ListReplaced: status.Replaced, state.ListExpired: status.Expired,
	} {
		if status.Value(v) != want {
			t.Errorf("%d, want %d", v, want)
		}
	}
}

// Every way through the life that ends in each status: the record, the list, the
// history, the audit and the events say the same.
func TestAct(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		l := newLife(t, d, ending)
		for _, way := range []struct{ actions, status, marks string }{
			{"suspend", "suspended", ""}, {"suspend resume", "effective", ""}, {"report_lost", "lost", ""}, {"report_lost found", "effective", ""},
			{"suspend revoke", "revoked", ""}, {"recall", "recalled", ""}, {"rescind", "rescinded", ""}, {"cancel", "cancelled", ""}, {"abolish", "abolished", ""},
			{"mortgage", "effective", "mortgaged"}, {"mortgage unmortgage cancel", "cancelled", ""}, {"pledge", "effective", "pledged"}, {"pledge unpledge", "effective", ""},
			{"mortgage object suspend", "suspended", "mortgaged,objected"}, {"object unobject", "effective", ""},
			{"inspect_due inspect_fail", "effective", "inspection_failed"}, {"inspect_due inspect_fail inspect_pass", "effective", "inspection_passed"},
		} {
			c := l.Issue(t, ending)
			if v := l.listed(c); v != status.Valid {
				t.Errorf("issued, and listed as %d", v)
			}
			actions := strings.Fields(way.actions)
			for i, a := range actions {
				before := l.rows("cert."+a, audit.Done)
				c = l.done(c.ID, a)
				if n := l.rows("cert."+a, audit.Done); n != before+1 || c.Acts != i+1 {
					t.Errorf("%s: %d audit rows more, %d acts", a, n-before, c.Acts)
				}
			}
			info, _ := state.Of(state.Status(way.status))
			var marks []string
			for _, m := range c.Marks {
				marks = append(marks, m.Code)
			}
			if c.Status != way.status || c.StatusName != info.Name || strings.Join(marks, ",") != way.marks || l.listed(c) != status.Value(info.List) {
				t.Errorf("%s: %s %v, listed as %d", way.actions, c.Status, marks, l.listed(c))
			}
			tr, err := l.Cert.Trace(l.issuer, c.ID)
			must(t, err)
			if len(tr.Acts) != len(actions) {
				t.Fatalf("%d acts of %d", len(tr.Acts), len(actions))
			}
			for i, a := range tr.Acts {
				if a.Action != actions[i] || a.Seq != i+1 || a.Actor == "" || a.Reason != "办件 7 号" || a.Name == "" || a.Was == a.Became || a.On != "2026-11-20" {
					t.Errorf("%+v", a)
				}
			}
			if n := l.count(`select count(*) from outbox_event where topic = $1 and key = $2`, event.Changed, c.ID); n != int64(len(actions)) {
				t.Errorf("%d events for %d acts", n, len(actions))
			}
		}
		must(t, l.CheckAll(t.Context()))
	})
}

// What the table does not allow is refused with the rule and the way out, leaves
// a row in the audit and nothing else.
func TestActRefused(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		l := newLife(t, d, ending)
		c := l.Issue(t, ending)
		for name, x := range map[string]struct {
			action, field, code string
			change              func(*cert.ActRequest)
		}{
			"no reason":            {"suspend", "reason", "required", func(r *cert.ActRequest) { r.Reason = " " }},
			"no basis":             {"revoke", "basis", "required", func(r *cert.ActRequest) { r.Basis = "" }},
			"a number in it":       {"suspend", "reason", "personal", func(r *cert.ActRequest) { r.Reason = "持有人 13800138000" }},
			"two lines":            {"suspend", "reason", "length", func(r *cert.ActRequest) { r.Reason = "一行\n又一行" }},
			"tomorrow":             {"suspend", "at", "future", func(r *cert.ActRequest) { r.At = "2026-11-21" }},
			"long ago":             {"suspend", "at", "old", func(r *cert.ActRequest) { r.At = "2026-10-20" }},
			"no date":              {"suspend", "at", "date", func(r *cert.ActRequest) { r.At = "2026-13-01" }},
			"before it was issued": {"suspend", "at", "issued", func(r *cert.ActRequest) { r.At = "2026-11-19" }},
			"until what":           {"extend", "until", "required", func(*cert.ActRequest) {}},
			"until yesterday":      {"suspend", "until", "past", func(r *cert.ActRequest) { r.Until = "2026-11-19" }},
			"shorter":              {"extend", "until", "shorter", func(r *cert.ActRequest) { r.Until = "2028-01-04" }},
			"until, of no term":    {"revoke", "until", "unwanted", func(r *cert.ActRequest) { r.Until = "2028-01-04" }},
			"no new version":       {"correct", "certificate", "required", func(*cert.ActRequest) {}},
			"a version of nothing": {"suspend", "certificate", "unwanted", func(r *cert.ActRequest) { r.Certificate = &cert.IssueRequest{} }},
		} {
			_, err := l.act(c.ID, x.action, x.change)
			if f := fault.As(err); f == nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			wantFault(t, err, fault.Invalid, "cert.act", x.field, x.code)
		}
		for _, x := range []struct{ before, action, code string }{
			{"", "resume", "cert.state"}, {"", "unmortgage", "cert.unmarked"}, {"", "inspect_pass", "cert.unmarked"},
			{"mortgage", "mortgage", "cert.marked"}, {"", "cancel", "cert.barred"}, {"suspend", "suspend", "cert.state"}, {"", "extend", "cert.state"},
			{"revoke", "resume", "cert.final"}, {"", "object", "cert.final"}, {"", "cancel", "cert.final"},
		} {
			if x.before != "" {
				l.done(c.ID, x.before)
			}
			before, events := l.rows("cert."+x.action, audit.Refused), l.count(`select count(*) from outbox_event`)
			_, err := l.act(c.ID, x.action, func(r *cert.ActRequest) {
				if x.action == "extend" {
					r.Until = "2030-01-01"
				}
			})
			wantFault(t, err, fault.Conflict, x.code, "", "")
			if n := l.rows("cert."+x.action, audit.Refused); n != before+1 || l.count(`select count(*) from outbox_event`) != events {
				t.Errorf("%s: %d rows", x.action, n-before)
			}
		}
		if v := l.listed(c); v != status.Invalid {
			t.Errorf("revoked, and listed as %d", v)
		}
		for _, action := range []string{"none", "expire", "issue", ""} {
			_, err := l.act(c.ID, action)
			wantFault(t, err, fault.NotFound, "cert.action", "", "")
		}
		_, err := l.act("none", "suspend")
		wantFault(t, err, fault.NotFound, "cert.not-found", "", "")
	})
}

// A reason does not keep the name of a person for years.
func TestActNamesNobody(t *testing.T) {
	t.Parallel()
	l := newLife(t, dbtest.New(t, "sqlite"), "physician")
	c := l.Issue(t, "physician")
	name := certtest.Example(t, "physician").Holders[0].Name
	_, err := l.act(c.ID, "suspend", func(r *cert.ActRequest) { r.Basis = "关于" + name + "的决定" })
	wantFault(t, err, fault.Invalid, "cert.act", "basis", "personal")
	_, err = l.act(c.ID, "report_lost", func(r *cert.ActRequest) { r.Reason = name + "报失" })
	wantFault(t, err, fault.Invalid, "cert.act", "reason", "personal")
	wantNone(t, "the tables", l.Texts(t), []string{name})
}

// Every role, in its unit, in another, above: only who changes states of the
// issuer's certificates may, and a refusal stands in the audit.
func TestActPermission(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		l := newLife(t, d, ending)
		c := l.Issue(t, ending)
		try := func(who string, ctx context.Context, may bool) {
			t.Helper()
			for _, a := range state.Actions() {
				if a.Permission == "" {
					continue
				}
				// Nothing is done: what is asked is right in who asks and lacks a reason.
				_, err := l.Cert.Act(ctx, cert.ActRequest{ID: c.ID, Action: a.Code})
				want := fault.Invalid
				if !may {
					want = fault.Forbidden
				}
				if f := fault.As(err); f == nil || f.Kind != want {
					t.Errorf("%s %s: %v", who, a.Code, err)
				}
			}
		}
		for i, role := range []string{"clerk", "reviewer", "issuer", "custodian", "sealadmin", "archivist", "designer", "manager", "counter", "officer", "supervisor", "integrator"} {
			for j, org := range []string{sealtest.Market, sealtest.Land, "county"} {
				may := role == "issuer" && org != sealtest.Land
				try(role+" of "+org, l.Hire(t, fmt.Sprintf("u%d-%d", i, j), role, org), may)
			}
		}
		if _, err := l.Cert.Act(t.Context(), cert.ActRequest{ID: c.ID, Action: "suspend"}); fault.As(err) == nil || fault.As(err).Kind != fault.Unauthorized {
			t.Errorf("nobody: %v", err)
		}
		if l.rows("cert.suspend", audit.Refused) == 0 || l.count(`select count(*) from cert_act`) != 0 {
			t.Error("refusals leave no row, or something was done")
		}
	})
}

// Of two hundred who decide at once on what they have seen exactly one does.
func TestActTogether(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		l := newLife(t, d, ending)
		c := l.Issue(t, ending)
		var won, lost atomic.Int64
		var wg sync.WaitGroup
		seen := 0
		for i := range 200 {
			wg.Go(func() {
				action := []string{"suspend", "report_lost", "object", "mortgage"}[i%4]
				_, err := l.act(c.ID, action, func(r *cert.ActRequest) { r.Acts = &seen })
				f := fault.As(err)
				switch {
				case err == nil:
					won.Add(1)
				case f != nil && (f.Kind == fault.Conflict || f.Kind == fault.Unavailable):
					lost.Add(1)
				default:
					t.Errorf("%s: %v", action, err)
				}
			})
		}
		wg.Wait()
		if won.Load() != 1 || won.Load()+lost.Load() != 200 {
			t.Errorf("%d won, %d lost", won.Load(), lost.Load())
		}
		if n := l.count(`select count(*) from cert_act where certificate_id = $1`, c.ID); n != 1 {
			t.Errorf("%d acts", n)
		}
		if n := l.count(`select count(*) from outbox_event where topic = $1`, event.Changed); n != 1 {
			t.Errorf("%d events", n)
		}
	})
}

// Where the list cannot say it, nothing says it: record, history, list, audit
// and event are one transaction.
func TestActIsWhole(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		l := newLife(t, d, ending)
		c := l.Issue(t, ending)
		must(t, d.Write(t.Context(), func(tx *db.Tx) error { return l.Status.SetTx(tx, status.Certificates, c.ID, status.Invalid) }))
		_, err := l.act(c.ID, "suspend")
		wantFault(t, err, fault.Conflict, "status.final", "", "")
		got, err := l.Cert.Get(l.issuer, c.ID)
		must(t, err)
		if got.Status != cert.Effective || got.Acts != 0 || l.count(`select count(*) from cert_act`) != 0 || l.count(`select count(*) from outbox_event where topic = $1`, event.Changed) != 0 || l.rows("cert.suspend", audit.Done) != 0 {
			t.Errorf("half done: %+v", got)
		}
	})
}

// An extension moves the end, and one that was decided in time may be recorded
// after it; a suspension is not lost when the validity ends.
func TestExtend(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		l := newLife(t, d, ending)
		until := func(day, at string) func(*cert.ActRequest) {
			return func(r *cert.ActRequest) { r.Until, r.At = day, at }
		}
		a, b, c := l.Issue(t, ending), l.Issue(t, ending), l.Issue(t, ending)
		if got := l.done(a.ID, "extend", until("2029-06-30", "")); got.ValidTo != "2029-06-30" || got.Status != cert.Effective {
			t.Errorf("%+v", got)
		}
		l.done(c.ID, "suspend")
		l.now = time.Date(2028, 1, 10, 4, 0, 0, 0, time.UTC)
		if n, err := l.Cert.Expire(t.Context()); n != 1 || err != nil {
			t.Errorf("%d ended, %v", n, err)
		}
		if l.listed(a) != status.Valid || l.listed(b) != status.Expired || l.listed(c) != status.Suspended {
			t.Errorf("listed as %d %d %d", l.listed(a), l.listed(b), l.listed(c))
		}
		_, err := l.act(b.ID, "extend", until("2030-01-04", "2028-01-05"))
		wantFault(t, err, fault.Invalid, "cert.act", "at", "late")
		if got := l.done(b.ID, "extend", until("2030-01-04", "2028-01-04")); got.Status != cert.Effective || l.listed(b) != status.Valid {
			t.Errorf("%+v", got)
		}
		_, err = l.act(c.ID, "extend", until("2030-01-04", "2028-01-04"))
		wantFault(t, err, fault.Conflict, "cert.state", "", "")
		if got := l.done(c.ID, "resume"); got.Status != cert.Expired || l.listed(c) != status.Expired {
			t.Errorf("%+v", got)
		}
		if n, err := l.Cert.Expire(t.Context()); n != 0 || err != nil {
			t.Errorf("%d ended again, %v", n, err)
		}
		l.now = time.Date(2029, 6, 30, 16, 0, 0, 0, time.UTC) // midnight in Beijing
		if n, err := l.Cert.Expire(t.Context()); n != 1 || err != nil {
			t.Errorf("%d ended, %v", n, err)
		}
		if got, err := l.Cert.Get(l.issuer, a.ID); err != nil || got.Status != cert.Expired || got.Since != "2029-07-01" || l.listed(a) != status.Expired {
			t.Errorf("%+v %v", got, err)
		}
	})
}

// What was issued before there was a list gets its place and its end, in steps;
// several processes may do it at once.
func TestAdopt(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		l := newLife(t, d, ending)
		var all []*cert.Certificate
		for range 5 {
			all = append(all, l.Issue(t, ending))
		}
		must(t, d.Write(t.Context(), func(tx *db.Tx) error {
			if _, err := tx.Exec(`delete from status_entry where list = $1`, status.Certificates); err != nil {
				return err
			}
			_, err := tx.Exec(`update cert_certificate set listed = 0, expires_at = null`)
			return err
		}))
		l.done(all[0].ID, "suspend") // meanwhile
		var wg sync.WaitGroup
		for range 3 {
			wg.Go(func() {
				if _, err := l.Cert.Expire(t.Context()); err != nil && !strings.Contains(err.Error(), "moved") {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		for i, c := range all {
			want := status.Valid
			if i == 0 {
				want = status.Suspended
			}
			if v := l.listed(c); v != want {
				t.Errorf("%d: listed as %d", i, v)
			}
		}
		if n := l.count(`select count(*) from cert_certificate where listed = 1 and expires_at is not null`); n != 5 {
			t.Errorf("%d have a place and an end", n)
		}
	})
}
