// Package dbtest runs tests on every database engine, and holds the suite that
// an engine must pass.
package dbtest

import (
	"context"
	"testing"

	"sidian/internal/db"
)

// Engines are the names of the engines that tests run on.
var Engines = []string{"sqlite", "postgres"}

// Each runs fn as one parallel subtest per engine, each with an empty migrated
// database of its own.
func Each(t *testing.T, fn func(t *testing.T, d *db.DB)) {
	t.Helper()
	for _, name := range Engines {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fn(t, New(t, name))
		})
	}
}

// EachBench does for benchmarks what Each does for tests, one after the other.
func EachBench(b *testing.B, fn func(b *testing.B, d *db.DB)) {
	b.Helper()
	for _, name := range Engines {
		b.Run(name, func(b *testing.B) { fn(b, New(b, name)) })
	}
}

// New returns an empty migrated database on the named engine, which is closed
// and deleted when the test ends.
func New(t testing.TB, engine string) *db.DB {
	t.Helper()
	d, err := db.Open(context.Background(), URL(t, engine))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Errorf("closing the database: %v", err)
		}
	})
	return d
}

// URL returns the address of an empty migrated database on the named engine,
// which is deleted when the test ends.
func URL(t testing.TB, engine string) string {
	t.Helper()
	switch engine {
	case "sqlite":
		return sqliteURL(t)
	case "postgres":
		return postgresURL(t, true)
	}
	t.Fatalf("dbtest: no engine %q", engine)
	return ""
}

// Bare returns the address of a database without a schema.
func Bare(t testing.TB, engine string) string {
	t.Helper()
	if engine == "postgres" {
		return postgresURL(t, false)
	}
	return "sqlite:" + t.TempDir() + "/bare.db"
}
