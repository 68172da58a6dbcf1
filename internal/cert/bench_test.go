package cert_test

import (
	"fmt"
	"sync/atomic"
	"testing"

	"sidian/internal/cert/certtest"
	"sidian/internal/db"
	"sidian/internal/db/dbtest"
)

// BenchmarkIssue issues as many clients do at once: prepare, two transactions,
// a stamp with a time stamp, a durable document. FSYNC=on gives PostgreSQL the
// durability that SQLite has here.
func BenchmarkIssue(b *testing.B) {
	dbtest.EachBench(b, func(b *testing.B, d *db.DB) {
		w := certtest.New(b, d, "business_license")
		r := certtest.Example(b, "business_license")
		if _, err := w.Cert.Issue(w.Client, r); err != nil {
			b.Fatal(err)
		}
		var n atomic.Int64
		b.SetParallelism(16)
		b.ReportAllocs()
		b.ResetTimer()
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				if _, err := w.Cert.Issue(repeating(w.Client, fmt.Sprint(n.Add(1))), r); err != nil {
					b.Error(err)
				}
			}
		})
		b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "certs/s")
	})
}
