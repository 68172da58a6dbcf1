package issuing_test

import (
	"context"
	"slices"
	"sync"
	"testing"

	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/due"
	"sidian/internal/fault"
	"sidian/internal/issuing"
	"sidian/internal/issuing/issuingtest"
	"sidian/internal/seal/sealtest"
)

// atOnce does something so many times at the same time.
func atOnce(n int, do func(i int)) {
	begin := make(chan struct{})
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			<-begin
			do(i)
		})
	}
	close(begin)
	wg.Wait()
}

// promised counts the promises of a topic by their states.
func promised(t *testing.T, w *issuingtest.World, topic string, drafts []*issuing.Draft) map[due.State]int {
	t.Helper()
	out := map[due.State]int{}
	must(t, w.DB.Read(t.Context(), func(tx *db.Tx) error {
		for _, x := range drafts {
			p, err := w.Due.Promise(tx, topic, x.ID)
			if err != nil {
				return err
			}
			out[p.State]++
		}
		return nil
	}))
	return out
}

// On an empty register, 32 sessions at once collect, submit and review: nobody is
// refused, and each step stands on record once, with its clock.
func TestManySessions(t *testing.T) {
	t.Parallel()
	const sessions = 32
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := issuingtest.New(t, d)
		drafts := make([]*issuing.Draft, sessions)
		errs := make([]error, sessions)
		content := make([]issuing.Content, sessions)
		for i := range content {
			content[i] = issuingtest.Content(t, issuingtest.Kind)
		}
		atOnce(sessions, func(i int) {
			x, err := w.Issuing.Create(w.Collector, issuing.CreateRequest{Kind: issuingtest.Kind, Unit: sealtest.Market, Content: content[i]})
			if err == nil {
				x, err = w.Issuing.Submit(w.Collector, issuingtest.Decide(x))
			}
			if err == nil {
				x, err = w.Issuing.Pass(w.Reviewer, issuingtest.Decide(x))
			}
			drafts[i], errs[i] = x, err
		})
		for _, err := range errs {
			must(t, err)
		}
		for _, x := range drafts {
			if x.State != issuing.Passed || len(x.History) != 3 {
				t.Errorf("%s is %s after %d steps", x.ID, x.State, len(x.History))
			}
		}
		for topic, want := range map[string]due.State{"issuing.collect": due.Kept, "issuing.review": due.Kept, "issuing.seal": due.Open} {
			if got := promised(t, w, topic, drafts); got[want] != sessions {
				t.Errorf("promises of %s: %v", topic, got)
			}
		}
	})
}

// A draft goes one way, however many decide at once; those who were slower are
// told how it stands.
func TestDecidedOnce(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := issuingtest.New(t, d)
		collected := w.Draft(t)
		submit := func(int) (*issuing.Draft, error) { return w.Issuing.Submit(w.Collector, issuingtest.Decide(collected)) }
		x := onlyOne(t, w, 4, submit)
		x = onlyOne(t, w, 4, func(i int) (*issuing.Draft, error) {
			if i%2 == 0 {
				return w.Issuing.Pass(w.Reviewer, issuingtest.Decide(x))
			}
			return w.Issuing.Return(w.Reviewer, reasoned(x, "请核对"))
		})
		want := map[issuing.State]string{issuing.Passed: "issuing.seal", issuing.Drafted: "issuing.collect"}
		if len(x.History) != 3 {
			t.Errorf("%d steps", len(x.History))
		}
		if got := promised(t, w, want[x.State], []*issuing.Draft{x}); got[due.Open] != 1 {
			t.Errorf("%s, its clock: %v", x.State, got)
		}
		if got := promised(t, w, "issuing.review", []*issuing.Draft{x}); got[due.Kept] != 1 {
			t.Errorf("the clock of the review: %v", got)
		}
	})
}

// onlyOne does something at once, wants one to succeed and all others to be
// refused as too late, and returns the draft as it stands then.
func onlyOne(t *testing.T, w *issuingtest.World, n int, do func(int) (*issuing.Draft, error)) *issuing.Draft {
	t.Helper()
	made := make([]*issuing.Draft, n)
	errs := make([]error, n)
	atOnce(n, func(i int) { made[i], errs[i] = do(i) })
	var done []*issuing.Draft
	for i, err := range errs {
		if err == nil {
			done = append(done, made[i])
			continue
		}
		if e := fault.As(err); e == nil || e.Kind != fault.Conflict && e.Kind != fault.Forbidden {
			t.Fatalf("%v", err)
		}
	}
	if len(done) != 1 {
		t.Fatalf("%d of %d were done", len(done), n)
	}
	x, err := w.Issuing.Get(w.Whole, done[0].ID)
	must(t, err)
	return x
}

// Who looks at a draft while others work on it never reads steps that it does not
// count: it would seem to have been edited.
func TestLooksBeside(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := issuingtest.New(t, d)
		x := w.Draft(t)
		errs := make([]error, 4)
		atOnce(len(errs), func(i int) {
			if i > 0 {
				for range 12 {
					if got, err := w.Issuing.Get(w.Second, x.ID); err != nil || got.Content == nil {
						errs[i] = err
						if err == nil {
							t.Error("a draft that nobody edited is not believed")
						}
						return
					}
				}
				return
			}
			seen := x
			for n := range 8 {
				content := *seen.Content
				content.ValidFrom = []string{"2026-01-01", "2026-01-02"}[n%2]
				var err error
				if seen, err = w.Issuing.Save(w.Collector, issuing.SaveRequest{ID: x.ID, Version: seen.Version, Content: content}); err != nil {
					errs[0] = err
					return
				}
			}
		})
		for _, err := range errs {
			must(t, err)
		}
	})
}

// One draft comes of a reference that is pushed many times at once.
func TestReferenceOnce(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := issuingtest.New(t, d)
		const n = 8
		ids, errs := make([]string, n), make([]error, n)
		already := make([]bool, n)
		content := issuingtest.Content(t, issuingtest.Kind)
		who := []context.Context{w.Collector, w.Second}
		atOnce(n, func(i int) {
			x, err := w.Issuing.Create(who[i%2], issuing.CreateRequest{Kind: issuingtest.Kind, Unit: sealtest.Market, Content: content, Ref: "BJ-2026-7"})
			if errs[i] = err; err == nil {
				ids[i], already[i] = x.ID, x.Already
			}
		})
		for _, err := range errs {
			must(t, err)
		}
		slices.Sort(ids)
		first := 0
		for _, x := range already {
			if !x {
				first++
			}
		}
		if len(slices.Compact(ids)) != 1 || first != 1 {
			t.Errorf("drafts %v, %d were the first", ids, first)
		}
	})
}
