//go:build scale

package batch_test

import (
	"testing"
	"time"

	"sidian/internal/batch"
	"sidian/internal/batch/batchtest"
	"sidian/internal/db"
	"sidian/internal/db/dbtest"
)

// TestScale issues five thousand, pausing on the way.
func TestScale(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := batchtest.New(t, d)
		began := time.Now()
		b := w.Started(t, 5000)
		t.Logf("checked 5000 rows in %v", time.Since(began))
		steps := 0
		w.Batch.Step = func(name string) {
			if steps++; name == "issue" && steps > 100 {
				w.Do(t, w.Issuer, b.ID, batch.ActPause)
				w.Batch.Step = nil
			}
		}
		began = time.Now()
		must(t, w.Batch.Work(t.Context()))
		w.Do(t, w.Issuer, b.ID, batch.ActResume)
		must(t, w.Batch.Work(t.Context()))
		t.Logf("issued 5000 in %v", time.Since(began))
		x, err := w.Batch.Get(w.Issuer, b.ID)
		must(t, err)
		if x.State != batch.Done || x.Issued != 5000 {
			t.Fatalf("%+v", x)
		}
		if n := certificates(t, w); n != 5000 {
			t.Errorf("%d certificates", n)
		}
	})
}
