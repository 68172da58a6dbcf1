package db_test

import (
	"errors"
	"testing"

	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/fault"
)

func add(id string) func(*db.Tx) error {
	return func(tx *db.Tx) error { _, err := tx.Exec(`insert into x_item (id) values ($1)`, id); return err }
}

// Nobody is told of a commit before it is on the disk: neither who wrote it, nor
// who reads it meanwhile. What follows runs while the disk is busy.
func TestDurable(t *testing.T) {
	t.Parallel()
	d := dbtest.New(t, "sqlite")
	define(t, d, "create table x_item (\n  id text primary key\n);")
	syncing, release := make(chan struct{}), make(chan struct{})
	db.SetDisk(d, func() error {
		syncing <- struct{}{}
		<-release
		return nil
	})
	wrote, read, ran, saw := make(chan error, 2), make(chan error, 1), make(chan struct{}), make(chan struct{})
	go func() { wrote <- d.Write(t.Context(), add("1")) }()
	<-syncing
	go func() {
		read <- d.Read(t.Context(), func(tx *db.Tx) error {
			var n int
			err := tx.Get(`select count(*) from x_item`, nil, &n)
			if n == 0 { // it comes after the commit, at the least
				t.Errorf("%d rows are seen", n)
			}
			close(saw)
			return err
		})
	}()
	go func() {
		wrote <- d.Write(t.Context(), func(tx *db.Tx) error { close(ran); return add("2")(tx) })
	}()
	<-ran
	<-saw
	select {
	case err := <-wrote:
		t.Fatalf("a write was answered before it was on the disk: %v", err)
	case err := <-read:
		t.Fatalf("a read was answered before what it saw was on the disk: %v", err)
	default:
	}
	release <- struct{}{}
	<-syncing // the second commit
	release <- struct{}{}
	for _, c := range []chan error{wrote, wrote, read} {
		if err := <-c; err != nil {
			t.Error(err)
		}
	}
}

// After a disk has failed nothing is acknowledged any more, whatever it says
// later. Who begins anew finds what had been acknowledged.
func TestDiskFails(t *testing.T) {
	t.Parallel()
	url := dbtest.URL(t, "sqlite")
	d, err := db.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	define(t, d, "create table x_item (\n  id text primary key\n);")
	if err := d.Write(t.Context(), add("1")); err != nil {
		t.Fatal(err)
	}
	broken := true
	db.SetDisk(d, func() error {
		if broken {
			broken = false
			return errors.New("the disk is gone")
		}
		return nil
	})
	for _, id := range []string{"2", "3"} {
		if err := d.Write(t.Context(), add(id)); fault.As(err) == nil || fault.As(err).Code != "db.disk" {
			t.Errorf("%s: %v", id, err)
		}
	}
	if err := d.Read(t.Context(), func(*db.Tx) error { return nil }); !errors.Is(err, fault.Unavailable) {
		t.Errorf("reading: %v", err)
	}
	if err := d.Close(); err != nil {
		t.Error(err)
	}
	if d, err = db.Open(t.Context(), url); err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if n := rows(t, d, "x_item"); n < 1 || n > 2 { // of the second nobody knows
		t.Errorf("%d rows", n)
	}
}

func TestWritten(t *testing.T) {
	t.Parallel()
	for q, want := range map[string]string{
		"\n\t\tinsert into a_b (id) values ($1)":                           "a_b",
		"insert into a_b(id) values ($1)":                                  "a_b",
		"update a_b\n set x = 1":                                           "a_b",
		"delete from a_b":                                                  "a_b",
		"select id from a_b for update":                                    "",
		"with x as (select id from a_b) select id from x":                  "",
		"with x as (select id from a_b) delete from c_d where id in (x.i)": "*",
		"savepoint sp1":                                                    "",
	} {
		if got := db.Written(q); got != want {
			t.Errorf("%s: %q, want %q", q, got, want)
		}
	}
}
