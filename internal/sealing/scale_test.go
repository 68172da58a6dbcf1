//go:build scale

package sealing_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/seal/sealtest"
	"sidian/internal/sealing"
	"sidian/internal/sealing/sealingtest"
)

// scaleRows is how many requests, documents stamped at once and uses a full
// store holds.
const scaleRows = 1_000_000

// Ten thousand documents in a batch, with the process killed again and again.
func TestScaleBatch(t *testing.T) {
	for _, engine := range dbtest.Engines {
		t.Run(engine, func(t *testing.T) { killBatch(t, engine, 10_000) })
	}
}

// The cost of the daily work stays what it was when a store is full. The figures
// are printed, for docs/performance.md; what is held is the factor.
func TestScale(t *testing.T) {
	for _, engine := range dbtest.Engines {
		t.Run(engine, func(t *testing.T) {
			w := sealingtest.New(t, dbtest.New(t, engine))
			w.Standing(t, sealtest.Market, "", voucher, 0)
			keeper := w.Keepers[sealtest.Market]
			above := w.Hire(t, "above", "custodian", "county") // sees every unit
			r := w.Ask(t, 1, w.Step(sealtest.Market, 0, 20, 200))
			r = w.Approve(t, r, 0)
			waiting := w.Ask(t, 1, w.Step(sealtest.Market, 0, 20, 200))
			_, item, err := w.Sealing.StampNow(w.Asker, sealing.NowAsk{BatchAsk: batchAsk(w), Name: "a.ofd", Data: sealingtest.Document(t, "收件凭证", 1)})
			must(t, err)
			newBatch(t, w, 3, nil)
			list := func(ctx context.Context, whose, state string) func() error {
				return func() error {
					_, err := w.Sealing.List(ctx, sealing.ListQuery{Whose: whose, State: state})
					return err
				}
			}
			jobs := []job{
				{"ask", func() error {
					r, err := w.Sealing.Ask(w.Asker, sealingtest.Request(t, 1, w.Step(sealtest.Market, 0, 20, 200)))
					if err == nil {
						_, err = w.Sealing.Withdraw(w.Asker, r.ID, "不办了")
					}
					return err
				}},
				{"list of mine", list(w.Asker, sealing.Mine, "")}, {"of mine that are open", list(w.Asker, sealing.Mine, sealing.Open)},
				{"list to approve", list(keeper, sealing.ToApprove, "")},
				{"list of the unit", list(keeper, sealing.Unit, "")}, {"list of all units", list(above, sealing.Unit, "")},
				{"batches", func() error { _, err := w.Sealing.Batches(above, 20, ""); return err }},
				{"look for batches", func() error { _, err := w.Sealing.Work(t.Context()); return err }},
				{"look for what is left", func() error { _, _, err := w.Sealing.Resume(t.Context()); return err }},
				{"one request", func() error { _, err := w.Sealing.Get(w.Asker, waiting.ID); return err }},
				{"evidence", func() error { _, err := w.Sealing.Evidence(w.Asker, item.Use); return err }},
				{"uses of a seal", func() error {
					_, err := w.Seal.Uses(keeper, w.Seals[sealtest.Market].ID, 20, "")
					return err
				}},
				{"stamp at once", func() error {
					_, _, err := w.Sealing.StampNow(w.Asker, sealing.NowAsk{BatchAsk: batchAsk(w), Name: "a.ofd", Data: sealingtest.Document(t, "收件凭证", 1)})
					return err
				}},
			}
			measure(t, jobs) // caches
			before := measure(t, jobs)
			began := time.Now()
			fill(t, w, r, item)
			t.Logf("%s: filled in %v", engine, time.Since(began))
			measure(t, jobs)
			after := measure(t, jobs)
			for i, j := range jobs {
				t.Logf("%s %s: %v with a few rows, %v with %d", engine, j.name, before[i], after[i], scaleRows)
				if after[i] > 5*before[i]+20*time.Millisecond {
					t.Errorf("%s grows with the store: %v, then %v", j.name, before[i], after[i])
				}
			}
		})
	}
}

// A job is a piece of the daily work.
type job struct {
	name string
	do   func() error
}

// measure is what each job takes, the mean of ten.
func measure(t *testing.T, jobs []job) []time.Duration {
	t.Helper()
	took := make([]time.Duration, len(jobs))
	for i, j := range jobs {
		const times = 10
		at := time.Now()
		for range times {
			if err := j.do(); err != nil {
				t.Fatalf("%s: %v", j.name, err)
			}
		}
		took[i] = time.Since(at) / times
	}
	return took
}

// fill copies a request that is done, a document that was stamped at once, and
// its use, until the store is full. The copies are a day older.
func fill(t *testing.T, w *sealingtest.World, r *sealing.Request, item *sealing.Item) {
	t.Helper()
	const step = 50_000
	engine := w.DB.Engine()
	digest := map[string]string{"sqlite": "cast(n.i as blob)", "postgres": "int8send(n.i)"}[engine]
	bigint := map[string]string{"postgres": "::bigint"}[engine]
	var batch string
	must(t, w.DB.Read(t.Context(), func(tx *db.Tx) error {
		return tx.Get(`select batch from sealing_item where use_id = $1`, []any{item.Use}, &batch)
	}))
	for from := 0; from < scaleRows; from += step {
		numbers := fmt.Sprintf(`with recursive n(i) as (select %d%s union all select i + 1 from n where i < %d)`, from+1, bigint, from+step)
		copies := []struct{ into, columns, values, from, id string }{
			{"sealing_request", "id, title, purpose, reason, org, account, asker, state, ord, manual, pages, original, base, document, converted, findings, closing, created_at, closed_at",
				"c.id || '-' || n.i, title, purpose, reason, org, account, asker, state, ord, manual, pages, " + digest + ", " + digest + ", " + digest + ", converted, findings, closing, created_at - 86400000 - n.i, closed_at",
				"sealing_request", r.ID},
			{"sealing_step", "id, request, position, ord, slot, seal, seal_name, seal_org, rule, levels, level, state, places, content, approval, use_id, before, after, lease_until, stamped_at",
				"c.id || '-' || n.i, request || '-' || n.i, position, ord, slot, seal, seal_name, seal_org, rule, levels, level, state, places, content, approval, use_id || '-' || n.i, before, " + digest + ", lease_until, stamped_at",
				"sealing_step", r.Steps[0].ID},
			{"sealing_batch", "id, title, purpose, reason, org, account, app, asker, device, seal, seal_name, seal_org, places, width, height, state, single, created_at, started_at, finished_at",
				"c.id || '-' || n.i, title, purpose, reason, org, account, app, asker, device, seal, seal_name, seal_org, places, width, height, state, single, created_at - 86400000 - n.i, started_at, finished_at",
				"sealing_batch", batch},
			{"sealing_item", "batch, line, name, original, state, content, use_id, document, trouble, at",
				"batch || '-' || n.i, line, name, " + digest + ", state, content, use_id || '-' || n.i, " + digest + ", trouble, at",
				"sealing_item", ""},
			{"seal_use", "id, seal_id, policy_id, object, plan, state, document, attempts, account, app, approval_id, operator, device, created_at, closed_at",
				"c.id || '-' || n.i, seal_id, policy_id, object || '-' || n.i, plan, state, document, attempts, account, app, '', operator, device, created_at - 86400000 - n.i, closed_at",
				"seal_use", item.Use},
		}
		must(t, w.DB.Write(t.Context(), func(tx *db.Tx) error {
			for _, c := range copies {
				where, args := `c.id = $1`, []any{c.id}
				if c.id == "" {
					where, args = `c.use_id = $1`, []any{item.Use}
				}
				if _, err := tx.Exec(`insert into `+c.into+` (`+c.columns+`) `+numbers+` select `+c.values+` from `+c.from+` c cross join n where `+where, args...); err != nil {
					return err
				}
			}
			return nil
		}))
	}
	// What PostgreSQL does by itself within minutes of such growth.
	must(t, w.DB.Write(t.Context(), func(tx *db.Tx) error {
		for _, table := range []string{"sealing_request", "sealing_step", "sealing_batch", "sealing_item", "seal_use"} {
			if _, err := tx.Exec(`analyze ` + table); err != nil {
				return err
			}
		}
		return nil
	}))
}
