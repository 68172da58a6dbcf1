package db_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/fstest"

	"sidian/internal/db"
	"sidian/internal/db/dbtest"
)

func TestOpenCreatesNothing(t *testing.T) {
	t.Parallel()
	for _, engine := range dbtest.Engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			url := dbtest.Bare(t, engine)
			if _, err := db.Open(t.Context(), url); !errors.Is(err, db.ErrAbsent) {
				t.Fatalf("opening: %v", err)
			}
			if _, err := db.Migrate(t.Context(), url); !errors.Is(err, db.ErrAbsent) {
				t.Fatalf("migrating: %v", err)
			}
			d, err := db.Create(t.Context(), url)
			if err != nil {
				t.Fatal(err)
			}
			if err := errors.Join(d.Ping(t.Context()), d.Close()); err != nil {
				t.Fatal(err)
			}
			if _, err := db.Create(t.Context(), url); !errors.Is(err, db.ErrExists) {
				t.Fatalf("creating again: %v", err)
			}
			applied, err := db.Migrate(t.Context(), url)
			if err != nil || len(applied) != 0 {
				t.Fatalf("migrating: %v, %v", applied, err)
			}
		})
	}
}

// An older program refuses a newer schema, and any refuses altered history.
func TestSchemaRefused(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, change string
		want         error
	}{
		{"newer", `insert into db_migration (name, checksum, applied_at) values ('9999_future', 'x', 1)`, db.ErrNewer},
		{"altered", `update db_migration set checksum = 'x' where name = '0002_audit'`, db.ErrAltered},
	} {
		for _, engine := range dbtest.Engines {
			t.Run(c.name+"/"+engine, func(t *testing.T) {
				t.Parallel()
				url := dbtest.URL(t, engine)
				d, err := db.Open(t.Context(), url)
				if err != nil {
					t.Fatal(err)
				}
				err = d.Write(t.Context(), func(tx *db.Tx) error { _, err := tx.Exec(c.change); return err })
				if err := errors.Join(err, d.Close()); err != nil {
					t.Fatal(err)
				}
				if _, err := db.Open(t.Context(), url); !errors.Is(err, c.want) {
					t.Errorf("opening: %v", err)
				}
				if _, err := db.Migrate(t.Context(), url); !errors.Is(err, c.want) {
					t.Errorf("migrating: %v", err)
				}
			})
		}
	}
}

func TestOlderIsMigrated(t *testing.T) {
	t.Parallel()
	for _, engine := range dbtest.Engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			url := dbtest.URL(t, engine)
			d, err := db.Open(t.Context(), url)
			if err != nil {
				t.Fatal(err)
			}
			var last string
			err = d.Write(t.Context(), func(tx *db.Tx) error {
				if err := tx.Get(`select max(name) from db_migration`, nil, &last); err != nil {
					return err
				}
				_, err := tx.Exec(`delete from db_migration where name = $1`, last)
				return err
			})
			if err := errors.Join(err, d.Close()); err != nil {
				t.Fatal(err)
			}
			if _, err := db.Open(t.Context(), url); !errors.Is(err, db.ErrOlder) {
				t.Errorf("opening: %v", err)
			}
			// Its tables are there already: the migration fails, and is not noted.
			if _, err := db.Migrate(t.Context(), url); err == nil {
				t.Error("a migration that failed was applied")
			}
			if _, err := db.Open(t.Context(), url); !errors.Is(err, db.ErrOlder) {
				t.Errorf("opening after a failed migration: %v", err)
			}
		})
	}
}

func TestPending(t *testing.T) {
	t.Parallel()
	files := fstest.MapFS{
		"migrations/0001_a.sql": {Data: []byte("a")},
		"migrations/0002_b.sql": {Data: []byte("b")},
		"migrations/0003_c.sql": {Data: []byte("c")},
	}
	sums := db.Sums(files)
	without := func(names ...string) map[string]string {
		m := map[string]string{}
		for n, s := range sums {
			if !slices.Contains(names, n) {
				m[n] = s
			}
		}
		return m
	}
	for _, c := range []struct {
		name    string
		applied map[string]string
		want    []string
		ok      bool
	}{
		{"none applied", map[string]string{}, []string{"0001_a", "0002_b", "0003_c"}, true},
		{"all applied", sums, nil, true},
		{"the last to do", without("0003_c"), []string{"0003_c"}, true},
		{"one in between", without("0002_b"), nil, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got, err := db.Pending(files, c.applied)
			if (err == nil) != c.ok || c.ok && !slices.Equal(got, c.want) {
				t.Errorf("got %v, %v", got, err)
			}
		})
	}
	double := fstest.MapFS{
		"migrations/0001_a.sql": {Data: []byte("a")},
		"migrations/0001_x.sql": {Data: []byte("x")},
	}
	if _, err := db.Pending(double, nil); err == nil {
		t.Error("two migrations have one number")
	}
}

// Processes that start together migrate once.
func TestCreateTogether(t *testing.T) {
	t.Parallel()
	url := dbtest.Bare(t, "postgres")
	var wg sync.WaitGroup
	errs := make([]error, 4)
	for i := range errs {
		wg.Go(func() {
			d, err := db.Create(context.WithoutCancel(t.Context()), url)
			if err == nil {
				err = d.Close()
			}
			errs[i] = err
		})
	}
	wg.Wait()
	made := 0
	for _, err := range errs {
		if err == nil {
			made++
		}
	}
	if made == 0 {
		t.Fatalf("none made it: %v", errs)
	}
	d, err := db.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	d.Close()
}

// Every table of the schema is strict on SQLite.
func TestTablesAreStrict(t *testing.T) {
	t.Parallel()
	d := dbtest.New(t, "sqlite")
	err := d.Read(t.Context(), func(tx *db.Tx) error {
		return tx.All(`select name, strict from pragma_table_list where schema = 'main' and type = 'table' and name not like 'sqlite\_%' escape '\'`, nil,
			func(scan func(...any) error) error {
				var name string
				var strict bool
				if err := scan(&name, &strict); err != nil {
					return err
				}
				if !strict {
					t.Errorf("table %s is not strict: does its definition end with \");\" on a line of its own?", name)
				}
				return nil
			})
	})
	if err != nil {
		t.Fatal(err)
	}
}
