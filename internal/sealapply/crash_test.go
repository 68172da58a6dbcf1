package sealapply_test

import (
	"context"
	"testing"
	"time"

	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/seal"
	"sidian/internal/sealapply"
	"sidian/internal/sealapply/sealapplytest"
)

// dies is what a process leaves behind that dies at a step: nothing after it.
func dies(at string, s *sealapply.Service, fn func()) (died bool) {
	type death struct{}
	defer func() {
		s.Step = nil
		switch r := recover().(type) {
		case nil:
		case death:
			died = true
		default:
			panic(r)
		}
	}()
	s.Step = func(name string) {
		if name == at {
			panic(death{})
		}
	}
	fn()
	return false
}

// reopen opens the instance as a process does that starts after the crash.
func reopen(t *testing.T, url, dir string) *sealapplytest.World {
	t.Helper()
	d, err := db.Open(t.Context(), url)
	must(t, err)
	t.Cleanup(func() { d.Close() })
	d.Now = func() time.Time { return time.Now().Add(time.Hour) }
	w, err := sealapplytest.Open(context.Background(), d, dir)
	must(t, err)
	return w
}

// The process dies after each step of making, filing and cancelling. The next
// finishes it, once: there is one seal, and it is the application's.
func TestCrash(t *testing.T) {
	for _, engine := range dbtest.Engines {
		for _, step := range []string{"making", "seal", "made", "filing", "file", "filed", "cancelling", "cancel", "done"} {
			t.Run(engine+"/"+step, func(t *testing.T) {
				t.Parallel()
				url, dir := dbtest.URL(t, engine), t.TempDir()
				d, err := db.Open(t.Context(), url)
				must(t, err)
				w := sealapplytest.In(t, d, dir)
				a := w.Filled(t, w.Keeper, sealapplytest.Market, seal.LegalName, sealapplytest.Name(sealapplytest.Market))
				_, err = w.Apply.Submit(w.Keeper, a.ID)
				must(t, err)
				w.Pass(t, a.ID)
				id, made := a.ID, a.Makes
				died := dies(step, w.Apply, func() {
					_, err := w.Apply.Make(w.Another, id)
					must(t, err)
					_, err = w.Apply.File(w.Another, id, sealapply.FileRequest{Number: "9999990000001"})
					must(t, err)
					c, err := w.Apply.Create(w.Keeper, sealapply.CreateRequest{Kind: sealapply.Cancel, Seal: made, Reason: "单位合并",
						Fields: map[string]string{"handler": "王样例", "handler_phone": "13800138000", "why": "单位合并"}})
					must(t, err)
					w.Complete(t, w.Keeper, c)
					id = c.ID
					_, err = w.Apply.Submit(w.Keeper, id)
					must(t, err)
					_, err = w.Apply.Review(w.Another, id, sealapply.ReviewRequest{Tier: "county", Approve: true})
					must(t, err)
				})
				if !died {
					t.Fatal("it was to die")
				}
				maker, keeper := w.Another, w.Keeper
				d.Close()
				w = reopen(t, url, dir)
				if _, err := w.Apply.Resume(t.Context()); err != nil {
					t.Fatal(err)
				}
				if n, err := w.Apply.Resume(t.Context()); err != nil || n != 0 {
					t.Errorf("resuming again did %d, %v", n, err)
				}
				got, err := w.Apply.Get(w.Again(t, keeper), id)
				must(t, err)
				x, err := w.Seal.Get(w.Again(t, maker), made)
				must(t, err)
				want := map[string][2]string{
					"making": {"made", seal.Made}, "seal": {"made", seal.Made}, "made": {"made", seal.Made},
					"filing": {"filed", seal.Effective}, "file": {"filed", seal.Effective}, "filed": {"filed", seal.Effective},
					"cancelling": {"done", seal.Cancelled}, "cancel": {"done", seal.Cancelled}, "done": {"done", seal.Cancelled},
				}[step]
				if string(got.State) != want[0] || x.State != want[1] {
					t.Errorf("the application is %s (%s), the seal %s", got.State, got.Trouble, x.State)
				}
				page, err := w.Seal.Search(w.Again(t, maker), seal.Query{Org: sealapplytest.Market})
				must(t, err)
				if len(page.Items) != 1 {
					t.Errorf("%d seals were made", len(page.Items))
				}
			})
		}
	}
}
