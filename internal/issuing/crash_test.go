package issuing_test

import (
	"sync"
	"testing"
	"time"

	"sidian/internal/cert"
	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/fault"
	"sidian/internal/issuing"
	"sidian/internal/issuing/issuingtest"
)

// died is what a process is stopped with in its tracks.
type died struct{}

// After a crash at any step there is one certificate, and the draft names it:
// the work is resumed, or asked for again by whoever seals.
func TestCrash(t *testing.T) {
	t.Parallel()
	for _, at := range []string{"begin", "prepare", "plan", "stamp", "store", "issue", "settle", "issued"} {
		t.Run(at, func(t *testing.T) {
			t.Parallel()
			dbtest.Each(t, func(t *testing.T, d *db.DB) {
				w := issuingtest.New(t, d)
				x := w.Passed(t)
				dying(t, w, at, func() { _, _ = w.Issuing.Issue(w.Sealer, issuingtest.Decide(x)) })
				d.Now = func() time.Time { return time.Now().Add(time.Hour) }
				_, _, err := w.Cert.Resume(t.Context())
				must(t, err)
				_, err = w.Issuing.Resume(t.Context())
				must(t, err)
				wantOne(t, w, x)
			})
		})
	}
}

// dying does something in a process that stops at a step.
func dying(t *testing.T, w *issuingtest.World, at string, do func()) {
	t.Helper()
	die := func(name string) {
		if name == at {
			panic(died{})
		}
	}
	w.Cert.Step = die
	w.Issuing.Step = func(name string) {
		if name == "issue" { // the certificate is there, the draft does not know yet
			name = "settle"
		}
		die(name)
	}
	func() {
		defer func() {
			if r := recover(); r != (died{}) {
				t.Errorf("it did not die, but %v", r)
			}
		}()
		do()
	}()
	w.Cert.Step, w.Issuing.Step = nil, nil
}

// wantOne wants that a draft has become one certificate.
func wantOne(t *testing.T, w *issuingtest.World, x *issuing.Draft) {
	t.Helper()
	got, err := w.Issuing.Issue(w.Sealer, issuingtest.Decide(x))
	must(t, err)
	if got.State != issuing.Issued {
		t.Fatalf("it is %s", got.State)
	}
	p, err := w.Cert.List(w.Sealer, cert.ListQuery{Limit: 10})
	must(t, err)
	if len(p.Items) != 1 || p.Items[0].ID != got.Certificate || p.Items[0].Status != cert.Effective {
		t.Errorf("%d certificates, the draft names %s", len(p.Items), got.Certificate)
	}
	must(t, w.CheckAll(t.Context()))
}

// Several press the button at once: one certificate.
func TestTogether(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := issuingtest.New(t, d)
		x := w.Passed(t)
		var all sync.WaitGroup
		for range 4 {
			all.Go(func() {
				_, err := w.Issuing.Issue(w.Sealer, issuingtest.Decide(x))
				if e := fault.As(err); err != nil && (e == nil || e.Kind != fault.Conflict) {
					t.Errorf("one of several: %v", err)
				}
			})
		}
		all.Wait()
		wantOne(t, w, x)
	})
}

// What cannot be made goes back to those that passed, with the rule, and can be
// made when the reason is gone.
func TestFails(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := issuingtest.New(t, d)
		x := w.Passed(t)
		for _, s := range w.Seals {
			must(t, w.Seal.Freeze(w.Keeper, s.ID, "测试"))
		}
		_, err := w.Issuing.Issue(w.Sealer, issuingtest.Decide(x))
		wantKind(t, err, fault.Conflict)
		got, err := w.Issuing.Get(w.Sealer, x.ID)
		must(t, err)
		if got.State != issuing.Passed || got.Returned == nil || got.Returned.Reason == "" || got.Left.Text == "" {
			t.Errorf("it is %s, because of %+v", got.State, got.Returned)
		}
		for _, s := range w.Seals {
			must(t, w.Seal.Thaw(w.Keeper, s.ID, "测试"))
		}
		wantOne(t, w, x)
	})
}
