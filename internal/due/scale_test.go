//go:build scale

package due_test

import (
	"fmt"
	"testing"
	"time"

	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/due"
)

// scaleRows is how many promises a full store holds.
const scaleRows = 1_000_000

// The cost of the daily work stays what it was when a store is full. The
// figures are printed; what is held is the factor.
func TestScale(t *testing.T) {
	for _, engine := range dbtest.Engines {
		t.Run(engine, func(t *testing.T) {
			w := newWorld(t, dbtest.New(t, engine), "2026-11-20 15:00")
			names := []string{"put", "keep", "mine", "unit", "many units", "counts", "tick"}
			work(t, w, "warm")
			before := work(t, w, "before")
			fill(t, w.DB, w, scaleRows)
			work(t, w, "warm again")
			after := work(t, w, "after")
			for i, name := range names {
				t.Logf("%s %s: %v with a few rows, %v with %d", engine, name, before[i], after[i], scaleRows)
				if after[i] > 5*before[i]+20*time.Millisecond {
					t.Errorf("%s grows with the store: %v, then %v", name, before[i], after[i])
				}
			}
		})
	}
}

// work is what one of each kind of the daily work takes, the mean of 40.
func work(t *testing.T, w *world, round string) (took [7]time.Duration) {
	t.Helper()
	const times = 40
	var many []string
	for i := range 300 {
		many = append(many, fmt.Sprint("u", i))
	}
	many = append(many, "far", "near")
	for i := range times {
		p := grant(fmt.Sprint(round, i))
		p.Org, p.Link = "near", ""
		for step, fn := range []func() error{
			func() error { return w.try(func(tx *db.Tx) error { _, err := w.Put(tx, p); return err }) },
			func() error {
				return w.try(func(tx *db.Tx) error { _, err := w.Keep(tx, p.Topic, p.Object); return err })
			},
			func() error {
				return w.mine(due.Query{Account: "far", Holds: []due.Hold{{Permission: "grant.approve", Orgs: []string{"near", "far"}}}})
			},
			func() error { return w.mine(due.Query{Orgs: []string{"far", "near"}}) },
			func() error { return w.mine(due.Query{Orgs: many}) },
			func() error {
				return w.DB.Read(t.Context(), func(tx *db.Tx) error { _, err := w.Counts(tx, due.Query{Account: "far", Orgs: many}); return err })
			},
			func() error { _, err := w.Tick(t.Context()); return err },
		} {
			at := time.Now()
			if err := fn(); err != nil {
				t.Fatal(err)
			}
			took[step] += time.Since(at) / times
		}
	}
	return took
}

func (w *world) mine(q due.Query) error {
	return w.DB.Read(w.t.Context(), func(tx *db.Tx) error { _, err := w.Mine(tx, q); return err })
}
