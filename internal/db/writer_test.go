package db_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"sidian/internal/db"
	"sidian/internal/db/dbtest"
)

func define(t *testing.T, d *db.DB, ddl string) {
	t.Helper()
	if err := d.Write(t.Context(), func(tx *db.Tx) error { return tx.Define(ddl) }); err != nil {
		t.Fatal(err)
	}
}

func rows(t *testing.T, d *db.DB, table string) (n int) {
	t.Helper()
	err := d.Read(t.Context(), func(tx *db.Tx) error { return tx.Get(`select count(*) from `+table, nil, &n) })
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// together runs fns so that those after the first queue while it runs, and so
// share its batch. It returns their outcomes.
func together(t *testing.T, d *db.DB, fns ...func(*db.Tx) error) []error {
	t.Helper()
	out := make([]error, len(fns))
	started, release := make(chan struct{}), make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		out[0] = d.Write(t.Context(), func(tx *db.Tx) error {
			close(started)
			<-release
			return fns[0](tx)
		})
	})
	<-started
	for i, fn := range fns[1:] {
		wg.Go(func() { out[i+1] = d.Write(t.Context(), fn) })
		for db.Queued(d) < i+1 {
			// until it is in the queue: the writer is busy with the first
			continueScheduling()
		}
	}
	close(release)
	wg.Wait()
	return out
}

// A commit that fails is the failure of everything in its batch.
func TestCommitFails(t *testing.T) {
	t.Parallel()
	d := dbtest.New(t, "sqlite")
	define(t, d, `
create table x_item (
  id text primary key
);
create table x_part (
  id text primary key,
  item text not null references x_item (id) deferrable initially deferred
);`)
	good := func(id string) func(*db.Tx) error {
		return func(tx *db.Tx) error { _, err := tx.Exec(`insert into x_item (id) values ($1)`, id); return err }
	}
	bad := func(tx *db.Tx) error { // noticed at the commit alone
		_, err := tx.Exec(`insert into x_part (id, item) values ('p', 'none')`)
		return err
	}
	own := errors.New("own")
	for i, err := range together(t, d, good("1"), bad, func(*db.Tx) error { return own }, good("2")) {
		if err == nil || errors.Is(err, own) {
			t.Errorf("function %d: %v, though nothing was committed", i, err)
		}
	}
	if n := rows(t, d, "x_item"); n != 0 {
		t.Errorf("%d rows were kept", n)
	}
	if err := d.Write(t.Context(), good("3")); err != nil {
		t.Errorf("afterwards: %v", err)
	}
}

// Of a batch, a function that fails or panics loses its own part alone, and one
// that is withdrawn while it waits does not run.
func TestBatchIsolation(t *testing.T) {
	t.Parallel()
	d := dbtest.New(t, "sqlite")
	define(t, d, "create table x_item (\n  id text primary key\n);")
	add := func(tx *db.Tx, id string) error {
		_, err := tx.Exec(`insert into x_item (id) values ($1)`, id)
		return err
	}
	own := errors.New("own")
	ctx, cancel := context.WithCancel(t.Context())
	withdrawn := make(chan error, 1)
	out := together(t, d,
		func(tx *db.Tx) error {
			go func() { withdrawn <- d.Write(ctx, func(tx *db.Tx) error { return add(tx, "withdrawn") }) }()
			for db.Queued(d) < 5 {
				continueScheduling()
			}
			cancel()
			if err := <-withdrawn; !errors.Is(err, context.Canceled) {
				t.Errorf("withdrawn: %v", err)
			}
			return add(tx, "first")
		},
		func(tx *db.Tx) error { return errors.Join(add(tx, "failed"), own) },
		func(tx *db.Tx) error { return add(tx, "first") },
		func(tx *db.Tx) error { return add(tx, "last") },
		func(tx *db.Tx) error {
			_, err := tx.Exec(`insert into x_item (id) select id || '+' from x_item`) // sees what went before
			return err
		},
	)
	if out[0] != nil || !errors.Is(out[1], own) || out[2] == nil || out[3] != nil || out[4] != nil {
		t.Errorf("outcomes: %v", out)
	}
	if n := rows(t, d, "x_item"); n < 3 || n > 4 { // the order of those who queued is theirs
		t.Errorf("%d rows", n)
	}
}

// A test's FailNow, or any Goexit, inside a function gives the connection back.
func TestGoexit(t *testing.T) {
	t.Parallel()
	d := dbtest.New(t, "sqlite")
	define(t, d, "create table x_item (\n  id text primary key\n);")
	var wg sync.WaitGroup
	wg.Go(func() { d.Write(t.Context(), func(*db.Tx) error { goexit(); return nil }) })
	wg.Wait()
	if err := d.Write(t.Context(), func(tx *db.Tx) error { _, err := tx.Exec(`insert into x_item (id) values ('1')`); return err }); err != nil {
		t.Fatal(err)
	}
}

// What SQLite rolls back by itself takes the whole batch with it, and is told to
// everyone.
func TestSelfRollback(t *testing.T) {
	t.Parallel()
	d := dbtest.New(t, "sqlite")
	define(t, d, "create table x_item (\n  id text primary key on conflict rollback\n);")
	add := func(id string) func(*db.Tx) error {
		return func(tx *db.Tx) error { _, err := tx.Exec(`insert into x_item (id) values ($1)`, id); return err }
	}
	for i, err := range together(t, d, add("1"), add("1")) {
		if err == nil {
			t.Errorf("function %d was acknowledged", i)
		}
	}
	if err := d.Write(t.Context(), add("2")); err != nil {
		t.Errorf("afterwards: %v", err)
	}
}

// Many distinct statements do not grow a session without bound, nor break it.
func TestManyStatements(t *testing.T) {
	t.Parallel()
	d := dbtest.New(t, "sqlite")
	for i := range 1200 {
		err := d.Write(t.Context(), func(tx *db.Tx) error {
			var n int
			return tx.Get(fmt.Sprintf(`select %d`, i), nil, &n)
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if n := db.Prepared(d); n > 600 {
		t.Errorf("%d statements are kept", n)
	}
}

func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	for _, url := range []string{"mysql://x", "sqlite:" + t.TempDir(), "sqlite:/tmp/x?y=1", "postgres://u:hidden@/x?max_conns=none"} {
		_, err := db.Open(t.Context(), url)
		if err == nil || strings.Contains(err.Error(), "hidden") {
			t.Errorf("%s: %v", url, err)
		}
	}
}
