package chain_test

import (
	"testing"

	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/keys/keystest"
)

// BenchmarkRun is what linking one entry takes, in runs of a thousand.
func BenchmarkRun(b *testing.B) {
	dbtest.EachBench(b, func(b *testing.B, d *db.DB) {
		ks := keystest.New(b, d)
		const each = 1000
		linked := 0
		for b.Loop() {
			b.StopTimer()
			put(b, d, each)
			b.StartTimer()
			linked += run(b, d, ks)
		}
		b.ReportMetric(float64(linked)/b.Elapsed().Seconds(), "entries/s")
	})
}
