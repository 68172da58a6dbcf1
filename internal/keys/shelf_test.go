package keys_test

import (
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"sidian/internal/db"
	"sidian/internal/keys"
)

// A shelf is a table with one encrypted column, and its resealer.
type shelf struct {
	d    *db.DB
	s    *keys.Store
	box  *keys.Box
	name string
	// fail is called with each batch's first key.
	fail func(after string) error
}

func newShelf(t testing.TB, d *db.DB, s *keys.Store, rows int) *shelf {
	t.Helper()
	box, err := s.Box(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	x := &shelf{d: d, s: s, box: box, name: "shelf"}
	write(t, d, func(tx *db.Tx) error {
		return tx.Define("create table test_shelf (\n  id text primary key,\n  value bytea not null\n);")
	})
	x.fill(t, rows)
	return x
}

func write(t testing.TB, d *db.DB, fn func(tx *db.Tx) error) {
	t.Helper()
	if err := d.Write(t.Context(), fn); err != nil {
		t.Fatal(err)
	}
}

func (x *shelf) fill(t testing.TB, rows int) {
	t.Helper()
	const step = 2000
	for from := 0; from < rows; from += step {
		write(t, x.d, func(tx *db.Tx) error {
			for i := from; i < min(from+step, rows); i++ {
				if err := x.put(tx, fmt.Sprintf("%07d", i), fmt.Sprint("value ", i)); err != nil {
					return err
				}
			}
			return nil
		})
	}
}

func (x *shelf) cell(id string) keys.Cell {
	return keys.Cell{Table: "test_shelf", Column: "value", Row: id}
}

// put is a business transaction.
func (x *shelf) put(tx *db.Tx, id, value string) error {
	sealed, err := x.box.Seal(x.cell(id), []byte(value))
	if err != nil {
		return err
	}
	_, err = tx.Exec(`insert into test_shelf (id, value) values ($1, $2) on conflict (id) do update set value = excluded.value`, id, sealed)
	return err
}

func (x *shelf) Name() string { return x.name }

func (x *shelf) Count(tx *db.Tx) (n int64, err error) {
	err = tx.Get(`select count(*) from test_shelf`, nil, &n)
	return n, err
}

func (x *shelf) Reseal(tx *db.Tx, after string, n int) (next string, done int, err error) {
	if x.fail != nil {
		if err := x.fail(after); err != nil {
			return "", 0, err
		}
	}
	type row struct {
		id    string
		value []byte
	}
	var rows []row
	err = tx.All(`select id, value from test_shelf where id > $1 order by id limit $2`, []any{after, n}, func(scan func(...any) error) error {
		var r row
		err := scan(&r.id, &r.value)
		rows = append(rows, r)
		return err
	})
	if err != nil {
		return "", 0, err
	}
	for _, r := range rows {
		again, changed, err := x.box.Again(x.cell(r.id), r.value)
		if err != nil {
			return "", 0, err
		}
		if !changed {
			continue
		}
		if _, err := tx.Exec(`update test_shelf set value = $2 where id = $1 and value = $3`, r.id, again, r.value); err != nil {
			return "", 0, err
		}
		done++
	}
	if len(rows) == n {
		next = rows[n-1].id
	}
	return next, done, nil
}

// under counts the values by the root that they are sealed under, and opens all.
func (x *shelf) under(t testing.TB, want func(id string) string) map[string]int {
	t.Helper()
	n := map[string]int{}
	err := x.d.Read(t.Context(), func(tx *db.Tx) error {
		return tx.All(`select id, value from test_shelf order by id`, nil, func(scan func(...any) error) error {
			var id string
			var value []byte
			if err := scan(&id, &value); err != nil {
				return err
			}
			n[x.box.SealedUnder(value)]++
			got, err := x.box.Open(x.cell(id), value)
			if err == nil && string(got) != want(id) {
				err = fmt.Errorf("row %s says %q, want %q", id, got, want(id))
			}
			return err
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func original(id string) string {
	return "value " + strings.TrimLeft(id[:6], "0") + id[6:]
}

// clock is a clock that tests move.
type clock struct{ ms atomic.Int64 }

func newClock(d *db.DB) *clock {
	c := &clock{}
	c.ms.Store(time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC).UnixMilli())
	d.Now = func() time.Time { return time.UnixMilli(c.ms.Load()).UTC() }
	return c
}

func (c *clock) pass(d time.Duration) { c.ms.Add(d.Milliseconds()) }

func current(t testing.TB, s *keys.Store) (first, now keys.Root) {
	t.Helper()
	all, err := s.Roots(t.Context(), keys.Field)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range all {
		if r.Current != (r == all[len(all)-1]) || r.First != (r == all[0]) {
			t.Errorf("roots %+v", all)
		}
	}
	return all[0], all[len(all)-1]
}

func rotate(t testing.TB, s *keys.Store) {
	t.Helper()
	if err := s.Rotate(t.Context(), keys.Field); err != nil {
		t.Fatal(err)
	}
}

func progress(t testing.TB, r *keys.Rotation) keys.Progress {
	t.Helper()
	all, err := r.Progress(t.Context())
	if err != nil || len(all) == 0 {
		t.Fatalf("progress %+v, %v", all, err)
	}
	return all[0]
}

func run(t testing.TB, r *keys.Rotation) {
	t.Helper()
	if err := r.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
}
