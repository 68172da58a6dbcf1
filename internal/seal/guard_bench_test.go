package seal_test

import (
	"testing"

	"sidian/gm"
	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/seal"
	"sidian/internal/seal/sealtest"
)

// What it costs to record a use under a policy, checked and guarded, and to close
// it again: 64 in a transaction, as batches do.
func BenchmarkUse(b *testing.B) {
	const many = 64
	dbtest.EachBench(b, func(b *testing.B, d *db.DB) {
		w := sealtest.New(b, d)
		x := w.Make(b, sealtest.Market, seal.LegalName)
		w.Permit(b, x)
		for b.Loop() {
			must(b, d.Write(w.Client, func(tx *db.Tx) error {
				for range many {
					token, err := w.Seal.IntendTx(tx, x, "cert/1", "license", gm.Sum([]byte("a")))
					if err != nil {
						return err
					}
					if err := seal.WithdrawTx(tx, token.Use()); err != nil {
						return err
					}
				}
				return nil
			}))
		}
		b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/many, "µs/use")
	})
}
