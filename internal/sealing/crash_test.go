package sealing_test

import (
	"context"
	"fmt"
	"runtime"
	"testing"
	"time"

	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/httpx"
	"sidian/internal/seal"
	"sidian/internal/seal/sealtest"
	"sidian/internal/sealing"
	"sidian/internal/sealing/sealingtest"
	"sidian/ofd"
)

// crash runs fn until it comes to a step, and there no further: what stood in
// memory is gone, as if the process had been killed.
func crash(w *sealingtest.World, step string, fn func()) {
	w.Sealing.Step = func(name string) {
		if name == step {
			runtime.Goexit()
		}
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		fn()
	}()
	<-done
	w.Sealing.Step = nil
}

// later makes every attempt that was under way run out.
func later(w *sealingtest.World) {
	now := w.DB.Now
	w.DB.Now = func() time.Time { return now().Add(time.Hour) }
}

func repeating(ctx context.Context, key string) context.Context {
	m := httpx.MetaFrom(ctx)
	m.Idempotency = key
	return httpx.WithMeta(ctx, m)
}

func attached(t testing.TB, data []byte) []byte {
	t.Helper()
	d, err := ofd.Open(data)
	must(t, err)
	list, err := d.Attachments()
	must(t, err)
	if len(list) != 1 {
		t.Fatalf("%d attachments", len(list))
	}
	b, err := d.Part(list[0].File).Data()
	must(t, err)
	return b
}

// wantUses wants that a step has this many uses that came to something and came
// to nothing, and none that is open.
func wantUses(t testing.TB, w *sealingtest.World, st *sealing.Step, done, withdrawn int) {
	t.Helper()
	uses, err := w.Seal.UsesOf(t.Context(), "sealing/"+st.ID)
	must(t, err)
	n := map[string]int{}
	for _, u := range uses {
		n[u.State]++
	}
	if n[seal.Done] != done || n[seal.Withdrawn] != withdrawn || n[seal.Intended] != 0 {
		t.Errorf("uses: %v, want %d done and %d withdrawn", n, done, withdrawn)
	}
}

// The process is lost after each step of stamping; Resume finishes the request,
// no stamp is unaccounted for, and no approval is used twice.
func TestCrash(t *testing.T) {
	t.Parallel()
	for _, step := range []string{"approve", "intend", "stamp", "store", "done"} {
		t.Run(step, func(t *testing.T) {
			t.Parallel()
			dbtest.Each(t, func(t *testing.T, d *db.DB) {
				w := sealingtest.New(t, d)
				r := w.Ask(t, 1, w.Step(sealtest.Market, 0, 20, 200), w.Step(sealtest.Land, 0, 80, 200))
				r = w.Approve(t, r, 1)
				crash(w, step, func() {
					_, _ = w.Sealing.Approve(w.Keepers[sealtest.Market], sealing.ApproveRequest{Step: r.Steps[0].ID, Seen: r.Base, Answer: sealingtest.Code})
				})
				if n, lost, err := w.Sealing.Resume(t.Context()); n+lost != 0 || err != nil {
					t.Errorf("before the attempt ran out: %d, %d, %v", n, lost, err)
				}
				later(w)
				n, lost, err := w.Sealing.Resume(t.Context())
				must(t, err)
				if want := map[string]int{"done": 0}; lost != 0 || step != "done" && n != 1 || step == "done" && n != want[step] {
					t.Errorf("resumed %d, lost %d", n, lost)
				}
				r, err = w.Sealing.Get(w.Asker, r.ID)
				must(t, err)
				wantSealed(t, w, r, 2)
				for _, st := range r.Steps {
					wantUses(t, w, st, 1, 0)
				}
				if n, lost, err := w.Sealing.Resume(t.Context()); n+lost != 0 || err != nil {
					t.Errorf("again: %d, %d, %v", n, lost, err)
				}
			})
		})
	}
}

// The seal was frozen while the process was down: the use is withdrawn, and the
// step must be approved again, which then works.
func TestCrashThenFrozen(t *testing.T) {
	t.Parallel()
	for _, step := range []string{"approve", "intend", "stamp", "store"} {
		t.Run(step, func(t *testing.T) {
			t.Parallel()
			dbtest.Each(t, func(t *testing.T, d *db.DB) {
				w := sealingtest.New(t, d)
				keeper, x := w.Keepers[sealtest.Market], w.Seals[sealtest.Market]
				r := w.Ask(t, 1, w.Step(sealtest.Market, 0, 20, 200))
				crash(w, step, func() {
					_, _ = w.Sealing.Approve(keeper, sealing.ApproveRequest{Step: r.Steps[0].ID, Seen: r.Base, Answer: sealingtest.Code})
				})
				must(t, w.Seal.Freeze(keeper, x.ID, "核查"))
				later(w)
				n, lost, err := w.Sealing.Resume(t.Context())
				must(t, err)
				if n != 0 || lost != 1 {
					t.Errorf("resumed %d, lost %d", n, lost)
				}
				r, err = w.Sealing.Get(w.Asker, r.ID)
				must(t, err)
				if state(r) != "open waiting" || r.Steps[0].Trouble == "" || r.Steps[0].Level != 0 || !r.Steps[0].Approvals[0].Lapsed {
					t.Fatalf("after the freeze: %s %+v", state(r), r.Steps[0])
				}
				must(t, w.Seal.Thaw(w.Admin, x.ID, "核查完毕"))
				r = w.Approve(t, r, 0)
				wantSealed(t, w, r, 1)
				wantUses(t, w, r.Steps[0], 1, btoi(step != "approve"))
			})
		})
	}
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// Several approve and resume at once: each step is stamped once.
func TestConcurrent(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := sealingtest.New(t, d)
		r := w.Ask(t, 1, w.Step(sealtest.Market, 0, 20, 200), w.Step(sealtest.Land, 0, 80, 200), w.Step("county", 0, 140, 200))
		done := make(chan error)
		n := 0
		for _, st := range r.Steps {
			for range 2 {
				n++
				go func() {
					_, err := w.Sealing.Approve(w.Keepers[st.SealOrg], sealing.ApproveRequest{Step: st.ID, Seen: r.Base, Answer: sealingtest.Code})
					done <- err
				}()
			}
		}
		won := 0
		for range n {
			if err := <-done; err == nil {
				won++
			}
		}
		later(w)
		_, lost, err := w.Sealing.Resume(t.Context())
		must(t, err)
		r, err = w.Sealing.Get(w.Asker, r.ID)
		must(t, err)
		if won != 3 || lost != 0 {
			t.Errorf("%d approvals won, %d lost: %s", won, lost, fmt.Sprint(state(r)))
		}
		wantSealed(t, w, r, 3)
		for _, st := range r.Steps {
			wantUses(t, w, st, 1, 0)
		}
	})
}
