package outbox_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/outbox"
)

// attempts are those counted of each delivery that is not done, by its event's key.
func attempts(t *testing.T, d *db.DB) map[string]int {
	t.Helper()
	out := map[string]int{}
	err := d.Read(t.Context(), func(tx *db.Tx) error {
		clear(out)
		return tx.All(`
			select e.key, d.attempts
			  from outbox_delivery d
			  join outbox_event e on e.id = d.event_id
			 where d.done_at is null`, nil, func(scan func(...any) error) error {
			var key string
			var n int
			err := scan(&key, &n)
			out[key] = n
			return err
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// Events share a lease. What was not begun when half of it was over is given
// back, its attempts uncounted.
func TestLeaseShared(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
		d.Now = func() time.Time { return now }
		slow := outbox.Consumer{Name: "c", Topics: []string{"x.made"}, Pace: outbox.Pace{Lease: 40 * time.Millisecond, Backoff: time.Hour},
			Deliver: func(ctx context.Context, _ outbox.Event) error { <-ctx.Done(); return ctx.Err() }}
		put(t, d, outbox.New(slow), "1", "2", "3", "4", "5")
		if n, err := outbox.Drain(t.Context(), d, slow, 5); n != 0 || err != nil {
			t.Fatal(n, err)
		}
		// Each in its turn was the first of a lease of its own.
		for key, n := range attempts(t, d) {
			if n != 1 {
				t.Errorf("%s has %d attempts", key, n)
			}
		}
	})
}

// Events that were tried before are not taken together with others: one that
// kills the process does not use up the attempts of many.
func TestTriedApart(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
		d.Now = func() time.Time { return now }
		var mu sync.Mutex
		tries := 0
		c := outbox.Consumer{Name: "c", Topics: []string{"x.made"}, Pace: outbox.Pace{Backoff: time.Second}}
		c.Deliver = func(_ context.Context, e outbox.Event) error {
			if e.Key != "bad" {
				return nil
			}
			mu.Lock()
			defer mu.Unlock()
			if tries++; tries == 1 {
				return errors.New("own")
			}
			for key, n := range attempts(t, d) { // as the process would leave them, if it died now
				if want := map[bool]int{true: 2}[key == "bad"]; n != want {
					t.Errorf("%s has %d attempts, want %d", key, n, want)
				}
			}
			return nil
		}
		o := outbox.New(c)
		put(t, d, o, "bad")
		drain(t, d, c, 0)
		now = now.Add(time.Minute)
		for i := range 9 {
			put(t, d, o, fmt.Sprint(i))
		}
		drain(t, d, c, 10)
		if tries != 2 {
			t.Errorf("tried %d times", tries)
		}
	})
}

// Who puts an event wakes those who take it, at once, and a burst is taken in few
// transactions.
func TestBurst(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		const n = 60
		var mu sync.Mutex
		batches, got := 0, 0
		all := make(chan struct{})
		c := outbox.Consumer{Name: "c", Topics: []string{"x.made"}, Pace: outbox.Pace{Interval: time.Hour}, Rows: true,
			HandleAll: func(tx *db.Tx, evs []outbox.Event) error {
				tx.AfterCommit(func() {
					mu.Lock()
					defer mu.Unlock()
					batches++
					if got += len(evs); got == n+1 {
						close(all)
					}
				})
				return nil
			}}
		o := outbox.New(c)
		r, err := outbox.NewRunner(t.Context(), d, o, func(_ string, err error) { t.Error(err) })
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		put(t, d, o, "first")
		keys := make([]string, n)
		for i := range keys {
			keys[i] = fmt.Sprint(i)
		}
		put(t, d, o, keys...) // one transaction, n wakes
		<-all
		mu.Lock()
		defer mu.Unlock()
		if batches > 3 {
			t.Errorf("%d events in %d transactions", n+1, batches)
		}
	})
}
