package status_test

import (
	"fmt"
	"testing"

	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/keys/keystest"
	"sidian/internal/status"
	"sidian/internal/status/statustest"
)

func benchOffice(b *testing.B, d *db.DB) *office {
	b.Helper()
	return &office{Service: &status.Service{DB: d, Keys: keystest.New(b, d), BaseURL: base}, t: b}
}

// BenchmarkPage serves a page of which one entry in thirty is changed, from
// memory.
func BenchmarkPage(b *testing.B) {
	dbtest.EachBench(b, func(b *testing.B, d *db.DB) {
		o := benchOffice(b, d)
		fillPage(b, d, 0, 0)
		o.write(func(tx *db.Tx) error {
			_, err := tx.Exec(`update status_entry set value = 1, changed_at = $1 where idx % 30 = 0`, tx.Now().UnixMilli())
			return err
		})
		p, err := o.Page(b.Context(), status.Seals, 0, status.ES256)
		must(b, err)
		b.ReportMetric(float64(len(p.Data)), "bytes")
		b.ReportAllocs()
		b.ResetTimer()
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				if _, err := o.Page(b.Context(), status.Seals, 0, status.ES256); err != nil {
					b.Error(err)
				}
			}
		})
	})
}

// BenchmarkRebuild makes a full page from its rows, as after a restart.
func BenchmarkRebuild(b *testing.B) {
	dbtest.EachBench(b, func(b *testing.B, d *db.DB) {
		o := benchOffice(b, d)
		fillPage(b, d, 0, 0)
		o.write(func(tx *db.Tx) error {
			_, err := tx.Exec(`update status_entry set value = 1, changed_at = $1 where idx % 30 = 0`, tx.Now().UnixMilli())
			return err
		})
		_, err := o.PublicKeys(b.Context())
		must(b, err)
		for b.Loop() {
			again := &status.Service{DB: d, Keys: o.Keys, BaseURL: base}
			if _, err := again.Page(b.Context(), status.Seals, 0, status.ES256); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkChange changes an entry of a full page and serves the page that says
// so: the worst, for one change a request.
func BenchmarkChange(b *testing.B) {
	dbtest.EachBench(b, func(b *testing.B, d *db.DB) {
		o := benchOffice(b, d)
		fillPage(b, d, 0, 0)
		i := 0
		for b.Loop() {
			o.set(status.Seals, fmt.Sprintf("0/%d", i%1000), status.Value(2*(1-i/1000%2)))
			if _, err := o.Page(b.Context(), status.Seals, 0, status.ES256); err != nil {
				b.Fatal(err)
			}
			i++
		}
	})
}

// What the programs print figures with works on a small list, too.
func TestMeasure(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		k := keystest.New(t, d)
		here, there := &status.Service{DB: d, Keys: k, BaseURL: base}, &status.Service{DB: d, Keys: k, BaseURL: base}
		f, err := statustest.Measure(t.Context(), here, there, status.Seals, 1000)
		must(t, err)
		if f.Rows != 1000 || f.Pages != 1 || f.Bytes == 0 || f.Here <= 0 || f.There < f.Here || f.Serve <= 0 {
			t.Errorf("%+v", f)
		}
	})
}
