package db_test

import (
	"sync/atomic"
	"testing"

	"sidian/internal/db"
	"sidian/internal/db/dbtest"
)

const benchTable = `create table x_item (
  id bigint primary key,
  body text not null
);`

func insertOne(b *testing.B, d *db.DB, id int64) {
	err := d.Write(b.Context(), func(tx *db.Tx) error {
		_, err := tx.Exec(`insert into x_item (id, body) values ($1, $2)`, id, "电子证照")
		return err
	})
	if err != nil {
		b.Error(err)
	}
}

func benchmark(b *testing.B, fn func(b *testing.B, d *db.DB)) {
	dbtest.EachBench(b, func(b *testing.B, d *db.DB) {
		if err := d.Write(b.Context(), func(tx *db.Tx) error { return tx.Define(benchTable) }); err != nil {
			b.Fatal(err)
		}
		fn(b, d)
	})
}

func BenchmarkWriteSerial(b *testing.B) {
	benchmark(b, func(b *testing.B, d *db.DB) {
		var id int64
		for b.Loop() {
			id++
			insertOne(b, d, id)
		}
		b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "tx/s")
	})
}

func BenchmarkWriteParallel(b *testing.B) {
	benchmark(b, func(b *testing.B, d *db.DB) {
		var id atomic.Int64
		b.SetParallelism(16)
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				insertOne(b, d, id.Add(1))
			}
		})
		b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "tx/s")
	})
}

func BenchmarkRead(b *testing.B) {
	benchmark(b, func(b *testing.B, d *db.DB) {
		insertOne(b, d, 1)
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				err := d.Read(b.Context(), func(tx *db.Tx) error {
					var s string
					return tx.Get(`select body from x_item where id = $1`, []any{1}, &s)
				})
				if err != nil {
					b.Error(err)
				}
			}
		})
	})
}
