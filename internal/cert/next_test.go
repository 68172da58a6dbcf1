package cert_test

import (
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"sidian/internal/cert"
	"sidian/internal/cert/certtest"
	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/fault"
	"sidian/internal/status"
)

// amended is the content of a next version of the example.
func amended(t testing.TB, change func(*cert.IssueRequest)) func(*cert.ActRequest) {
	return func(r *cert.ActRequest) {
		q := certtest.Example(t, ending)
		change(&q)
		r.Certificate = &q
	}
}

func otherSubject(t testing.TB) func(*cert.ActRequest) {
	return amended(t, func(q *cert.IssueRequest) { q.Fields["sxmc"] = raw(t, "户外招牌设置审批") })
}

// A correction, a change and a replacement issue the next version with the same
// number and end the one before, and the trace of both says so.
func TestNextVersion(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		l := newLife(t, d, ending)
		for _, x := range []struct {
			action, ends string
			listed       status.Value
		}{{"correct", "abolished", status.Invalid}, {"change", "changed", status.Replaced}, {"replace", "replaced", status.Replaced}} {
			old := l.Issue(t, ending)
			l.done(old.ID, "object")
			next := l.done(old.ID, x.action, otherSubject(t))
			if next.ID == old.ID || next.Status != cert.Effective || next.Version != 2 || next.Number != old.Number || next.Prior != old.ID || next.Identifier == old.Identifier ||
				len(next.Marks) != 1 || next.Marks[0].Code != "objected" || l.listed(next) != status.Valid {
				t.Errorf("%s: %+v", x.action, next)
			}
			was, err := l.Cert.Get(l.issuer, old.ID)
			must(t, err)
			if was.Status != x.ends || was.Successor != next.ID || l.listed(old) != x.listed {
				t.Errorf("%s: %+v, listed as %d", x.action, was, l.listed(old))
			}
			tr, err := l.Cert.Trace(l.issuer, old.ID)
			must(t, err)
			if a := tr.Acts[len(tr.Acts)-1]; a.Action != x.action || a.Successor != next.ID || a.Changes != "事项名称" && !strings.Contains(a.Changes, "事项") || strings.Contains(a.Changes, "招牌") || a.Actor == "" {
				t.Errorf("%+v", a)
			}
			third := l.done(next.ID, "replace", otherSubject(t))
			if third.Version != 3 || third.Number != old.Number {
				t.Errorf("%+v", third)
			}
			if _, err := l.act(old.ID, x.action, otherSubject(t)); fault.As(err) == nil || fault.As(err).Code != "cert.final" {
				t.Errorf("a second version in its place: %v", err)
			}
			if public, err := l.Cert.Public(t.Context(), old.Code); err != nil || public.Successor != "" || public.Prior != "" {
				t.Errorf("the public is told of %+v %v", public, err)
			}
		}
		must(t, l.CheckAll(t.Context()))
	})
}

// What is no version of the same certificate is refused before anything is
// written.
func TestNextRefused(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		l := newLife(t, d, ending, "road_transport")
		c := l.Issue(t, ending)
		before := l.Counts(t)
		_, err := l.act(c.ID, "correct", amended(t, func(*cert.IssueRequest) {}))
		wantFault(t, err, fault.Invalid, "cert.same", "certificate.fields", "same")
		_, err = l.act(c.ID, "change", amended(t, func(q *cert.IssueRequest) {
			q.Holders[0].ID, q.Holders[0].Name = "91999999MA000X023G", "另一家样例公司"
		}))
		wantFault(t, err, fault.Invalid, "cert.version", "certificate.holders", "other")
		_, err = l.act(c.ID, "change", func(r *cert.ActRequest) { q := certtest.Example(t, "road_transport"); r.Certificate = &q })
		wantFault(t, err, fault.Invalid, "cert.version", "certificate.kind", "other")
		_, err = l.act(c.ID, "change", amended(t, func(q *cert.IssueRequest) { delete(q.Fields, "sxmc") }))
		if f := fault.As(err); f == nil || f.Kind != fault.Invalid || !strings.HasPrefix(f.Fields[0].Name, "certificate.") {
			t.Errorf("an incomplete version: %v", err)
		}
		if after := l.Counts(t); after != before {
			t.Errorf("rows were written:\n%s\n%s", before, after)
		}
		l.done(c.ID, "mortgage")
		_, err = l.act(c.ID, "change", otherSubject(t))
		wantFault(t, err, fault.Conflict, "cert.barred", "", "")
		l.done(c.ID, "correct", otherSubject(t)) // what is wrong is corrected all the same, and stays mortgaged
		must(t, l.CheckAll(t.Context()))
	})
}

// The same request again gives the same version; of several at once one wins.
func TestNextTogether(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		l := newLife(t, d, ending)
		old := l.Issue(t, ending)
		r := cert.ActRequest{ID: old.ID, Action: "change", Reason: "办件 8 号", Basis: "申请人申请"}
		otherSubject(t)(&r)
		ctx := repeating(l.system, "once")
		first, err := l.Cert.Act(ctx, r)
		must(t, err)
		if again, err := l.Cert.Act(ctx, r); err != nil || again.ID != first.ID {
			t.Errorf("%+v %v", again, err)
		}
		var won atomic.Int64
		var wg sync.WaitGroup
		for range 12 {
			wg.Go(func() {
				_, err := l.act(first.ID, "correct", amended(t, func(q *cert.IssueRequest) { q.Fields["slh"] = raw(t, "999999202601040002") }))
				if f := fault.As(err); err == nil {
					won.Add(1)
				} else if f == nil || f.Kind != fault.Conflict && f.Kind != fault.Unavailable {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if won.Load() != 1 {
			t.Errorf("%d won", won.Load())
		}
		must(t, l.CheckAll(t.Context()))
	})
}

// A crash while the new version is made leaves the old one standing; afterwards
// it is finished, or, where the old one ended meanwhile, withdrawn.
func TestNextAfterCrash(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		l := newLife(t, d, ending)
		for _, step := range []string{"plan", "stamp", "store"} {
			for _, ended := range []bool{false, true} {
				old := l.Issue(t, ending)
				l.Cert.Step = func(name string) {
					if name == step {
						panic(step)
					}
				}
				func() {
					defer func() { _ = recover() }()
					_, err := l.act(old.ID, "change", otherSubject(t))
					t.Errorf("%s: it did not crash: %v", step, err)
				}()
				l.Cert.Step = nil
				if got, err := l.Cert.Get(l.issuer, old.ID); err != nil || got.Status != cert.Effective {
					t.Errorf("%s: %+v %v", step, got, err)
				}
				want, completed, withdrawn := "changed", 1, 0
				if ended {
					l.done(old.ID, "revoke")
					want, completed, withdrawn = "revoked", 0, 1
				}
				l.now = l.now.Add(time.Minute)
				resume(t, l.World, completed, withdrawn)
				got, err := l.Cert.Get(l.issuer, old.ID)
				must(t, err)
				if got.Status != want || (got.Successor == "") != ended {
					t.Errorf("%s, %t: %+v", step, ended, got)
				}
			}
		}
		must(t, l.CheckAll(t.Context()))
	})
}
