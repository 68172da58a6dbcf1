//go:build scale

package seal_test

import (
	"fmt"
	"testing"
	"time"

	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/pki/pkitest"
	"sidian/internal/seal"
	"sidian/internal/seal/sealtest"
)

// scaleRows is how many seals a full store holds: those of a province.
const scaleRows = 1_000_000

// Looking for seals costs what it did when a store is full. The figures are
// printed, for docs/performance.md; what is held is the factor.
func TestScale(t *testing.T) {
	for _, engine := range dbtest.Engines {
		t.Run(engine, func(t *testing.T) {
			w := sealtest.New(t, dbtest.New(t, engine))
			x := w.Make(t, sealtest.Market, seal.LegalName)
			y := w.Make(t, sealtest.Land, seal.LegalName)
			search := func(q seal.Query) func() error {
				return func() error { _, err := w.Seal.Search(w.Keeper, q); return err }
			}
			public := func(q string, want string) func() error {
				return func() error {
					found, err := w.Seal.PublicFind(t.Context(), q)
					if err == nil && (len(found) == 0 || want != "" && found[0].ID != want) {
						err = fmt.Errorf("%q finds %d seals", q, len(found))
					}
					return err
				}
			}
			jobs := []struct {
				name string
				do   func() error
			}{
				{"list", search(seal.Query{Limit: 20})}, {"list of a unit", search(seal.Query{Org: sealtest.Land, Limit: 20})},
				{"search by name", search(seal.Query{Text: y.Name[:18], Limit: 20})}, {"search by number", search(seal.Query{Text: y.Number, Limit: 20})},
				{"search by id", search(seal.Query{Text: y.ID, Limit: 20})}, {"search for nothing", search(seal.Query{Text: "没有这样的印章", Limit: 20})},
				{"run out", search(seal.Query{State: seal.Expired, Limit: 20})}, {"search in general", search(seal.Query{Text: x.Name[:9], Limit: 20})},
				{"frozen ones", search(seal.Query{State: seal.Frozen, Limit: 20})}, {"a kind", search(seal.Query{Kind: seal.Special, Limit: 20})},
				{"public by name", public(x.Name, "")}, {"public by id", public(y.ID, y.ID)}, {"public by number", public(y.Number, y.ID)},
				{"public one", func() error { _, err := w.Seal.PublicGet(t.Context(), y.ID); return err }},
			}
			measure := func() (took []time.Duration) {
				for _, j := range jobs {
					const times = 10
					at := time.Now()
					for range times {
						if err := j.do(); err != nil {
							t.Fatalf("%s: %v", j.name, err)
						}
					}
					took = append(took, time.Since(at)/times)
				}
				return took
			}
			measure() // caches
			before := measure()
			fillSeals(t, w.DB, x)
			measure()
			after := measure()
			for i, j := range jobs {
				t.Logf("%s %s: %v with a few rows, %v with %d", engine, j.name, before[i], after[i], scaleRows)
				if after[i] > 5*before[i]+20*time.Millisecond {
					t.Errorf("%s grows with the store: %v, then %v", j.name, before[i], after[i])
				}
			}
			if _, err := w.Seal.File(w.Keeper, x.ID, seal.FileRequest{Authority: pkitest.Root}); err != nil {
				t.Errorf("filing again: %v", err)
			}
		})
	}
}

// fillSeals copies a seal's row until the store is full.
func fillSeals(t *testing.T, d *db.DB, x *seal.Seal) {
	t.Helper()
	const step = 50_000
	for from := 0; from < scaleRows; from += step {
		copySeal(t, d, x, from, step)
	}
	// What PostgreSQL does by itself within minutes of such growth.
	must(t, d.Write(t.Context(), func(tx *db.Tx) error { _, err := tx.Exec(`analyze seal_seal`); return err }))
}
