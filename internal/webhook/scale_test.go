//go:build scale

package webhook

import (
	"fmt"
	"testing"
	"time"

	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/iam/iamtest"
)

// scaleRows is how many deliveries a subscription has had.
const scaleRows = 1_000_000

// Looking for what to tell, and at what was told, costs what it did when much
// was told. The figures are printed; what is held is the factor.
func TestScale(t *testing.T) {
	for _, engine := range dbtest.Engines {
		t.Run(engine, func(t *testing.T) {
			w := newWorld(t, dbtest.New(t, engine))
			x := w.subscribe(t, w.client, "cert.issued")
			w.happen(t, "cert.issued", iamtest.Market)
			must(t, w.Work(t.Context()))
			list := func(state string) func() error {
				return func() error { _, _, err := w.Deliveries(w.client, x.ID, state, 20, ""); return err }
			}
			jobs := []struct {
				name string
				do   func() error
			}{
				{"deliveries", list("")}, {"that were given up", list(Dead)}, {"that wait", list(Pending)}, {"look for what is due", func() error { return w.Work(t.Context()) }},
			}
			measure := func() (took []time.Duration) {
				for _, j := range jobs {
					const times = 10
					at := time.Now()
					for range times {
						must(t, j.do())
					}
					took = append(took, time.Since(at)/times)
				}
				return took
			}
			measure() // caches
			before := measure()
			fill(t, w.DB, x.ID)
			measure()
			after := measure()
			for i, j := range jobs {
				t.Logf("%s %s: %v with a few rows, %v with %d", engine, j.name, before[i], after[i], scaleRows)
				if after[i] > 5*before[i]+20*time.Millisecond {
					t.Errorf("%s grows with the store: %v, then %v", j.name, before[i], after[i])
				}
			}
		})
	}
}

// How much waits for a paused subscription, and for how many active ones nothing
// or a little is due.
const (
	pausedRows = 100_000
	liveSubs   = 10
)

// What waits for somebody who is paused costs the others nothing: the look for
// what is due, and the telling.
func TestScalePaused(t *testing.T) {
	for _, engine := range dbtest.Engines {
		t.Run(engine, func(t *testing.T) {
			w := newWorld(t, dbtest.New(t, engine))
			paused, _ := w.program(t, iamtest.Market, Manage, "cert.read")
			x, err := w.Subscribe(paused, Request{URL: w.recv.URL + "/hook", Topics: []string{"cert.issued"}})
			must(t, err)
			w.happen(t, "cert.issued", iamtest.Market)
			must(t, w.Pause(paused, x.ID))
			for range liveSubs { // without the scope to know: what is due is looked at and dropped
				_, err := w.Subscribe(w.client, Request{URL: w.recv.URL + "/hook", Topics: []string{"signature.done"}})
				must(t, err)
			}
			jobs := []struct {
				name string
				do   func() error
			}{
				{"nothing is due", func() error { return w.Work(t.Context()) }},
				{"ten are due", func() error {
					w.clock.add(time.Second)
					w.happen(t, "signature.done", iamtest.Market)
					return w.Work(t.Context())
				}},
			}
			measure := func() (took []time.Duration) {
				for _, j := range jobs {
					const times = 10
					at := time.Now()
					for range times {
						must(t, j.do())
					}
					took = append(took, time.Since(at)/times)
				}
				return took
			}
			measure() // caches
			before := measure()
			fillTo(t, w.DB, x.ID, pausedRows)
			measure()
			after := measure()
			for i, j := range jobs {
				t.Logf("%s, %s: %v, and %v with %d waiting for a paused subscription", engine, j.name, before[i], after[i], pausedRows)
				if after[i] > 3*before[i]+10*time.Millisecond {
					t.Errorf("%s grows with what waits for others: %v, then %v", j.name, before[i], after[i])
				}
			}
		})
	}
}

// fill copies the one delivery of a subscription, an hour older.
func fill(t *testing.T, d *db.DB, subscription string) {
	t.Helper()
	fillTo(t, d, subscription, scaleRows)
}

func fillTo(t *testing.T, d *db.DB, subscription string, rows int) {
	t.Helper()
	const step = 50_000
	bigint := map[string]string{"postgres": "::bigint"}[d.Engine()]
	var id string
	must(t, d.Read(t.Context(), func(tx *db.Tx) error {
		return tx.Get(`select id from webhook_delivery where subscription_id = $1`, []any{subscription}, &id)
	}))
	for from := 0; from < rows; from += step {
		must(t, d.Write(t.Context(), func(tx *db.Tx) error {
			_, err := tx.Exec(fmt.Sprintf(`
				insert into webhook_delivery (id, subscription_id, event, topic, body, org_id, state, attempts, next_at, trouble, created_at, closed_at)
				with recursive n(i) as (select %d%s union all select i + 1 from n where i < %d)
				select id || '-' || n.i, subscription_id, event || '-' || n.i, topic, body, org_id, state, attempts, next_at, trouble, created_at - 3600000 - n.i, closed_at
				  from webhook_delivery cross join n
				 where id = $1`, from+1, bigint, from+step), id)
			return err
		}))
	}
	// What PostgreSQL does by itself within minutes of such growth.
	must(t, d.Write(t.Context(), func(tx *db.Tx) error { _, err := tx.Exec(`analyze webhook_delivery`); return err }))
}
