package due_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"

	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/due"
	"sidian/internal/fault"
)

// together runs each of a list at the same time, in a transaction that row locks
// order, and returns their errors.
func together(t *testing.T, d *db.DB, all ...func(*db.Tx) error) []error {
	t.Helper()
	results := make([]error, len(all))
	begin := make(chan struct{})
	var wg sync.WaitGroup
	for i, fn := range all {
		wg.Go(func() {
			<-begin
			results[i] = d.WriteRows(t.Context(), fn)
		})
	}
	close(begin)
	wg.Wait()
	return results
}

// Where row locks alone order the transactions, a promise still ends once, and in
// one way: who comes second is told how.
func TestEndsOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, "2026-11-20 15:00")
		for i := range 12 {
			object := fmt.Sprint("g", i)
			w.put(grant(object))
			keep := func(tx *db.Tx) error { _, err := w.Keep(tx, "grant.decide", object); return err }
			drop := func(tx *db.Tx) error { _, err := w.Drop(tx, "grant.decide", object, "撤回"); return err }
			results := together(t, d, keep, drop, keep, drop)
			p := w.do(w.Promise, object)
			for i, err := range results {
				kept := i%2 == 0
				switch {
				case kept == (p.State == due.Kept):
					if err != nil {
						t.Errorf("%s is %s: %v", object, p.State, err)
					}
				case kept:
					refused(t, err, fault.Conflict, "due.dropped")
				default:
					refused(t, err, fault.Conflict, "due.kept")
				}
			}
		}
	})
}

// The clock is paused while moments are announced: neither undoes what the other
// wrote.
func TestPauseBesideTick(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, "2026-11-20 15:00")
		const n = 30
		w.write(func(tx *db.Tx) error {
			for i := range n {
				if _, err := w.Put(tx, grant(fmt.Sprint("g", i))); err != nil {
					return err
				}
			}
			return nil
		})
		w.at("2026-11-24 09:00") // the reminder is due
		var wg sync.WaitGroup
		for i := range n {
			wg.Go(func() {
				err := d.WriteRows(t.Context(), func(tx *db.Tx) error {
					_, err := w.Pause(tx, "grant.decide", fmt.Sprint("g", i), "等待申请人补正")
					return err
				})
				if err != nil {
					t.Error(err)
				}
			})
		}
		wg.Go(func() {
			if _, err := w.Tick(t.Context()); err != nil {
				t.Error(err)
			}
		})
		wg.Wait()
		for i := range n {
			w.do(w.Resume, fmt.Sprint("g", i))
		}
		w.tick()
		heard := strings.Split(w.hear(), "; ")
		seen := map[string]bool{}
		for _, line := range heard {
			if seen[line] {
				t.Errorf("announced twice: %s", line)
			}
			seen[line] = true
		}
		if len(seen) != n {
			t.Errorf("%d announced, want %d", len(seen), n)
		}
	})
}

// One promise comes of many that are put at once.
func TestPutOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, "2026-11-20 15:00")
		for i := range 8 {
			object := fmt.Sprint("g", i)
			var mu sync.Mutex
			made := map[string]bool{}
			put := func(tx *db.Tx) error {
				p, err := w.Put(tx, grant(object))
				tx.AfterCommit(func() { mu.Lock(); defer mu.Unlock(); made[p.ID] = true })
				return err
			}
			other := grant(object)
			other.Org = "o2"
			results := together(t, d, put, put, put, func(tx *db.Tx) error { _, err := w.Put(tx, other); return err })
			p := w.do(w.Promise, object)
			for i, err := range results {
				if (i == 3) == (p.Org == "o2") {
					if err != nil {
						t.Errorf("%s: %v", object, err)
					}
					continue
				}
				refused(t, err, fault.Conflict, "due.open")
			}
			if p.Org == "o1" && (len(made) != 1 || !made[p.ID]) {
				t.Errorf("%s: made %v, open is %s", object, made, p.ID)
			}
		}
	})
}

// A promise that was counted while a notice was put, in a transaction that did
// not see it, is counted anew once nobody can be on the way any more; what was
// made long before is not looked at twice.
func TestBesideNotice(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, "2026-12-31 12:00")
		putYear := func(text string) {
			w.write(func(tx *db.Tx) error { return w.PutYear(tx, text, "admin") })
		}
		putYear(year2027)
		w.put(grant("before"))
		w.at("2026-12-31 15:00")
		w.put(grant("beside"))
		w.tick()
		putYear(strings.Replace(year2027, "2027-01-04", "2027-01-08", 1))
		unseen := func(tx *db.Tx) error {
			_, err := tx.Exec(`update due_promise set missing_year = 0 where object in ('beside', 'before')`)
			return err
		}
		w.write(unseen)
		w.at("2026-12-31 15:09").tick()
		if got := local(w.do(w.Promise, "beside").Due)[:10]; got != "2027-01-06" {
			t.Errorf("counted anew too early: %s", got)
		}
		w.at("2026-12-31 15:10").tick()
		for object, want := range map[string]string{"beside": "2027-01-05", "before": "2027-01-06"} {
			if got := local(w.do(w.Promise, object).Due)[:10]; got != want {
				t.Errorf("%s is due on %s, want %s", object, got, want)
			}
		}
		if got := w.hear(); got != "moved beside 12-31 15:10" {
			t.Errorf("heard %s", got)
		}
		ctx := context.WithoutCancel(t.Context())
		if n, err := w.Recount(ctx); n != 0 || err != nil {
			t.Errorf("counted again: %d, %v", n, err)
		}
	})
}
