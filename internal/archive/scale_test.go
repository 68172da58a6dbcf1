//go:build scale

package archive_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"sidian/gm"
	"sidian/internal/archive"
	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/seal/sealtest"
)

// scaleRows is how many sealed documents, each with its item in the queue, a
// full store holds. It may be raised to a million.
const scaleRows = 100_000

// The cost of the daily work stays what it was when a store is full. The figures
// are printed, for docs/performance.md; what is held is the factor.
func TestScale(t *testing.T) {
	for _, engine := range dbtest.Engines {
		t.Run(engine, func(t *testing.T) {
			w := newWorld(t, dbtest.New(t, engine))
			it := w.filed(t)
			other := w.sealed(t)
			w.drain(t)
			list := func(ctx context.Context, q archive.Query) func() error {
				return func() error { _, err := w.archive.List(ctx, q); return err }
			}
			jobs := []job{
				{"list to file", list(w.archivist, archive.Query{State: archive.Waiting})},
				{"list of all units to do", list(w.county, archive.Query{State: archive.Open})},
				{"list of all units handed over", list(w.county, archive.Query{State: archive.Handed})},
				{"list of everything", list(w.county, archive.Query{})},
				{"rates", func() error { _, err := w.archive.Rates(w.county); return err }},
				{"one item", func() error { _, err := w.archive.Get(w.archivist, it.ID); return err }},
				{"file", func() error { _, err := w.archive.File(w.archivist, it.ID, w.filing()); return err }},
				{"sweep", func() error { _, err := w.archive.Sweep(t.Context()); return err }},
				{"named", func() error { _, err := w.archive.Named(t.Context(), []gm.Digest{gm.Sum([]byte("a"))}); return err }},
			}
			measure(t, jobs) // caches
			before := measure(t, jobs)
			began := time.Now()
			fill(t, w, it.SourceID)
			t.Logf("%s: filled in %v", engine, time.Since(began))
			measure(t, jobs)
			after := measure(t, jobs)
			for i, j := range jobs {
				t.Logf("%s %s: %v with a few rows, %v with %d", engine, j.name, before[i], after[i], scaleRows)
				if after[i] > 5*before[i]+20*time.Millisecond {
					t.Errorf("%s grows with the store: %v, then %v", j.name, before[i], after[i])
				}
			}
			rates, err := w.archive.Rates(w.county)
			must(t, err)
			if rates.Total.Sealed != scaleRows+2 || other.ID == it.SourceID {
				t.Errorf("%d counted", rates.Total.Sealed)
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

// fill copies a request that is done and its item until the store is full: a day
// older and more, of two units, one in ten waiting.
func fill(t *testing.T, w *world, request string) {
	t.Helper()
	const step = 50_000
	digest := map[string]string{"sqlite": "cast(n.i as blob)", "postgres": "int8send(n.i)"}[w.DB.Engine()]
	bigint := map[string]string{"postgres": "::bigint"}[w.DB.Engine()]
	for from := 0; from < scaleRows; from += step {
		numbers := fmt.Sprintf(`with recursive n(i) as (select %d%s union all select i + 1 from n where i < %d)`, from+1, bigint, min(from+step, scaleRows))
		must(t, w.DB.Write(t.Context(), func(tx *db.Tx) error {
			if _, err := tx.Exec(`
				insert into sealing_request (id, title, purpose, reason, org, account, asker, state, ord, manual, pages, original, base, document, converted, findings, closing, created_at, closed_at)
				`+numbers+`
				select c.id || '-' || n.i, title, purpose, reason, org, account, asker, state, ord, manual, pages, `+digest+`, `+digest+`, `+digest+`, converted, findings, closing,
				       created_at - 86400000 - n.i, closed_at - 86400000 - n.i
				  from sealing_request c cross join n where c.id = $1`, request); err != nil {
				return err
			}
			_, err := tx.Exec(`
				insert into archive_item (id, source, source_id, org, purpose, asker, original, document, sealed_at, created_at, state, title, responsible, year, term, agency, secrecy)
				`+numbers+`
				select c.id || n.i, source, source_id || '-' || n.i, case n.i % 2 when 0 then org else $2 end, purpose, asker, `+digest+`, `+digest+`, sealed_at - 86400000 - n.i,
				       created_at, case n.i % 10 when 0 then 'waiting' when 1 then 'packed' else 'handed' end, title, responsible, year, term, agency, secrecy
				  from archive_item c cross join n where c.source_id = $1`, request, sealtest.Land)
			return err
		}))
	}
	must(t, w.DB.Write(t.Context(), func(tx *db.Tx) error {
		if _, err := tx.Exec(`delete from archive_count`); err != nil {
			return err
		}
		_, err := tx.Exec(`insert into archive_count (org, state, items) select org, state, count(*) from archive_item group by org, state`)
		for _, table := range []string{"sealing_request", "archive_item"} { // what PostgreSQL does by itself within minutes of such growth
			if err == nil {
				_, err = tx.Exec(`analyze ` + table)
			}
		}
		return err
	}))
}
