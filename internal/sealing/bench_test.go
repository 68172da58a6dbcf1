package sealing_test

import (
	"bytes"
	"testing"

	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/pki/pkitest"
	"sidian/internal/seal/sealtest"
	"sidian/internal/sealing/sealingtest"
)

// What a batch stamps in a second: documents that exist, opened, placed,
// stamped, verified and stored, with every use recorded before and closed after.
// Time stamps are of the built-in authority.
func BenchmarkBatch(b *testing.B) {
	const documents = 500
	dbtest.EachBench(b, func(b *testing.B, d *db.DB) {
		w := sealingtest.New(b, d)
		w.Standing(b, sealtest.Market, "", voucher, 0)
		data := archive(b, documents, nil)
		for b.Loop() {
			batch, err := w.Sealing.CreateBatch(w.Asker, batchAsk(w))
			must(b, err)
			_, err = w.Sealing.Add(w.Asker, batch.ID, "a.zip", bytes.NewReader(data), int64(len(data)))
			must(b, err)
			_, err = w.Sealing.Act(w.Asker, batch.ID, "start")
			must(b, err)
			_, err = w.Sealing.Work(b.Context())
			must(b, err)
		}
		b.ReportMetric(documents*float64(b.N)/b.Elapsed().Seconds(), "documents/s")
	})
}

// One request from asking to the sealed document.
func BenchmarkRequest(b *testing.B) {
	dbtest.EachBench(b, func(b *testing.B, d *db.DB) {
		w := sealingtest.New(b, d)
		for b.Loop() {
			w.Approve(b, w.Ask(b, 1, w.Step(pkitest.Root, 0, 20, 200)), 0)
		}
	})
}
