package composite_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"sidian/internal/cert"
	"sidian/internal/cert/certtest"
	"sidian/internal/composite"
	"sidian/internal/composite/compositetest"
	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/fault"
	"sidian/internal/pki/pkitest"
	"sidian/internal/seal/sealtest"
)

func code(err error) string {
	if e := fault.As(err); e != nil {
		return e.Code
	}
	if err != nil {
		return err.Error()
	}
	return ""
}

func decide(w *compositetest.World, who context.Context, c *composite.Composite, action string) (*composite.Composite, error) {
	return w.Composite.Decide(who, composite.Decision{ID: c.ID, Action: action, Revision: c.Revision, Reason: "样例理由"})
}

// What is refused, by which rule.
func TestRefused(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := compositetest.New(t, d)
		x := w.Scheme(t)
		food, build := w.Permit(t, compositetest.Food), w.Permit(t, compositetest.Build)
		q := compositetest.Request(x, food)
		preview := func(who context.Context, change func(*composite.ComposeRequest)) string {
			q := q
			change(&q)
			_, err := w.Composite.Preview(who, q)
			return code(err)
		}
		none := func(*composite.ComposeRequest) {}
		if _, err := w.Composite.Propose(w.Clerk, q); code(err) != "composite.missing" || !strings.Contains(fault.As(err).Msg, "道路运输经营许可证") {
			t.Errorf("a required one is missing: %v", err)
		}
		other, road := w.PermitOf(t, compositetest.Road, compositetest.Other), w.Permit(t, compositetest.Road)
		second := w.Permit(t, compositetest.Food)
		for name, c := range map[string]struct{ got, want string }{
			"foreign unit":     {preview(w.Stranger, none), "auth.org"},
			"its own, foreign": {preview(w.Stranger, func(q *composite.ComposeRequest) { q.Unit = sealtest.Land }), "composite.issuer"},
			"an issuer":        {preview(w.Issuer, none), "auth.permission"},
			"foreign holder":   {preview(w.Clerk, func(q *composite.ComposeRequest) { q.Members = []string{other.Identifier} }), "composite.holder"},
			"same twice":       {preview(w.Clerk, func(q *composite.ComposeRequest) { q.Members = []string{food.Identifier} }), "composite.twice"},
			"two of a kind":    {preview(w.Clerk, func(q *composite.ComposeRequest) { q.Members = []string{second.Identifier} }), "composite.twice"},
			"no such member":   {preview(w.Clerk, func(q *composite.ComposeRequest) { q.Members = []string{food.Identifier + "0"} }), "cert.not-found"},
			"no such scheme":   {preview(w.Clerk, func(q *composite.ComposeRequest) { q.Scheme = "none" }), "composite.scheme-unknown"},
		} {
			if c.got != c.want {
				t.Errorf("%s: %s, want %s", name, c.got, c.want)
			}
		}
		p, err := w.Composite.Preview(w.Clerk, compositetest.Request(x, road)) // of two foods somebody must say which
		compositetest.Must(t, err)
		if p.Ready || p.Candidates[0].State != composite.Several {
			t.Errorf("%+v", p.Candidates)
		}

		narrow := compositetest.SchemeRequest()
		narrow.Code, narrow.Parts = "CY-02", narrow.Parts[:2]
		y, err := w.Composite.Define(w.Designer, narrow)
		compositetest.Must(t, err)
		if got := preview(w.Clerk, func(q *composite.ComposeRequest) { q.Scheme = y.ID }); got != "composite.scheme-unknown" {
			t.Errorf("a draft: %s", got)
		}
		step := func(who context.Context, action string) error {
			z, err := w.Composite.DecideScheme(who, composite.SchemeDecision{ID: y.ID, Action: action, Revision: y.Revision, Reason: "样例理由"})
			if err == nil {
				y = z
			}
			return err
		}
		compositetest.Must(t, step(w.Designer, "submit"))
		if got := code(step(w.Designer, "publish")); got != "composite.own" {
			t.Errorf("who drew it up agrees: %s", got)
		}
		if got := code(step(w.Hire(t, "designer2", "designer", pkitest.Root), "publish")); got != "composite.side" {
			t.Errorf("another designer agrees: %s", got)
		}
		compositetest.Must(t, step(w.Manager, "publish"))
		if got := preview(w.Clerk, func(q *composite.ComposeRequest) { q.Scheme, q.Members = y.ID, []string{build.Identifier} }); got != "composite.kind" {
			t.Errorf("a kind outside the scheme: %s", got)
		}
		compositetest.Must(t, step(w.Designer, "withdraw"))
		if got := preview(w.Clerk, func(q *composite.ComposeRequest) { q.Scheme = y.ID }); got != "composite.scheme-unknown" {
			t.Errorf("a scheme that was withdrawn: %s", got)
		}

		c, err := w.Composite.Propose(w.Whole, q)
		compositetest.Must(t, err)
		if _, err := w.Composite.Propose(w.Clerk, q); code(err) != "composite.open" {
			t.Errorf("proposed twice: %v", err)
		}
		for name, try := range map[string]struct {
			who          context.Context
			action, want string
		}{"both by one": {w.Whole, "issue", "composite.own"}, "a clerk issues": {w.Clerk, "issue", "auth.permission"}, "another takes it back": {w.Clerk, "withdraw", "composite.own"}, "another unit": {w.Foreign, "issue", "composite.unknown"}} {
			if _, err := decide(w, try.who, c, try.action); code(err) != try.want {
				t.Errorf("%s: %v, want %s", name, err, try.want)
			}
		}
		w.Act(t, road.ID, "revoke")
		if _, err := decide(w, w.Issuer, c, "issue"); code(err) != "composite.member" {
			t.Errorf("a member was revoked since: %v", err)
		}
		c, err = decide(w, w.Issuer, c, "refuse")
		if err != nil || c.State != composite.Refused {
			t.Errorf("%+v %v", c, err)
		}
	})
}

// A member ends by time: the composite follows when cert says so, and nothing
// expired is folded.
func TestExpires(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := compositetest.New(t, d)
		x := w.Scheme(t)
		food, road := w.Permit(t, compositetest.Food), w.Permit(t, compositetest.Road)
		c := w.Issued(t, x, food)
		end, err := time.Parse(time.DateOnly, road.ValidTo)
		compositetest.Must(t, err)
		began := time.Now()
		d.Now = func() time.Time { return end.AddDate(0, 0, 3).Add(time.Since(began)) }
		if n, err := w.Composite.Reconcile(t.Context()); n != 1 || err != nil {
			t.Errorf("no event told of it: %d %v", n, err)
		}
		_, err = w.Cert.Expire(t.Context())
		compositetest.Must(t, err)
		w.Settle(t)
		got := wants(t, w, c.ID, composite.Broken, "suspended")
		if got.Members[1].Status != cert.Expired {
			t.Errorf("%+v", got.Members)
		}
		p, err := w.Composite.Preview(w.Clerk, compositetest.Request(x, road))
		compositetest.Must(t, err)
		if p.Ready || p.Candidates[1].State != composite.Unfit || p.Prior != c.ID {
			t.Errorf("%+v", p)
		}
		if n, err := w.Composite.Reconcile(t.Context()); n != 0 || err != nil {
			t.Errorf("%d %v", n, err)
		}
	})
}

// next issues the next version of a permit.
func next(t *testing.T, w *compositetest.World, c *cert.Certificate, kind, action string) *cert.Certificate {
	t.Helper()
	r := certtest.Example(t, kind)
	r.Holders[0] = compositetest.Enterprise
	n, err := w.Cert.Act(w.Issuer, cert.ActRequest{ID: c.ID, Action: action, Reason: "样例换证", Basis: "样例规定", Certificate: &r})
	compositetest.Must(t, err)
	return n
}

// A member is followed to its next version; one that is gone for good is replaced
// by composing anew, and the composite before is cancelled, or becomes the version
// before.
func TestVersions(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := compositetest.New(t, d)
		x := w.Scheme(t)
		food, road := w.Permit(t, compositetest.Food), w.Permit(t, compositetest.Road)
		c := w.Issued(t, x, food)
		newer := next(t, w, food, compositetest.Food, "replace")
		w.Settle(t)
		got := wants(t, w, c.ID, composite.InForce, cert.Effective)
		if got.Members[0].Certificate != newer.ID || !got.Members[0].Followed {
			t.Errorf("%+v", got.Members[0])
		}
		w.Act(t, newer.ID, "suspend") // the version that counts
		w.Settle(t)
		wants(t, w, c.ID, composite.Suspended, "suspended")
		w.Act(t, newer.ID, "resume")

		w.Permit(t, compositetest.Build) // while it stands: a version of the same
		w.Settle(t)
		second := w.Issued(t, x, newer)
		w.Settle(t)
		was, err := w.Composite.Get(w.Clerk, c.ID)
		compositetest.Must(t, err)
		if was.State != composite.Ended || was.Status != "changed" || second.Number != c.Number || len(second.Members) != 3 || second.Prior != c.ID || was.Successor != second.ID {
			t.Errorf("%+v, then %+v", was, second)
		}

		w.Act(t, road.ID, "revoke") // while it does not: another number
		w.Settle(t)
		wants(t, w, second.ID, composite.Broken, "suspended")
		w.Permit(t, compositetest.Road)
		third := w.Issued(t, x, newer)
		w.Settle(t)
		if was, err = w.Composite.Get(w.Clerk, second.ID); err != nil || was.State != composite.Ended || was.Status != "cancelled" || third.Number == second.Number {
			t.Errorf("%+v %v", was, err)
		}
		wants(t, w, third.ID, composite.InForce, cert.Effective)
	})
}
