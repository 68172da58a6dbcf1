package dbtest

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"sidian/internal/db"
	"sidian/internal/fault"
)

var errNone = errors.New("none")

func send(tx *db.Tx, id string) error {
	return tx.Send(`insert into suite_item (id, code) values ($1, $1)`, id)
}

// must is a change that must touch a row.
func must(tx *db.Tx, id string) error {
	return tx.SendOr(errNone, `update suite_item set n = n + 1 where id = $1`, id)
}

func ids(t *testing.T, d *db.DB) string {
	t.Helper()
	return strings.Join(texts(t, d, `select id from suite_item order by id`), " ")
}

// suiteSend: what is sent happens in its order, with the rest or not at all.
func suiteSend(t *testing.T, d *db.DB) {
	write(t, d, func(tx *db.Tx) error { return errors.Join(send(tx, "1"), send(tx, "2")) }) // the commit takes them along
	write(t, d, func(tx *db.Tx) error {
		if err := send(tx, "3"); err != nil {
			return err
		}
		var n int
		if err := tx.Get(`select count(*) from suite_item`, nil, &n); err != nil || n != 3 {
			t.Errorf("%d rows, %v: a query sees what was sent before it", n, err)
		}
		if err := send(tx, "4"); err != nil {
			return err
		}
		if n, err := tx.Exec(`delete from suite_item where id in ('3', '4')`); err != nil || n != 2 {
			t.Errorf("deleted %d, %v", n, err)
		}
		return must(tx, "1")
	})
	if got := ids(t, d); got != "1 2" {
		t.Errorf("there are %s", got)
	}
	own := errors.New("own")
	err := d.Write(t.Context(), func(tx *db.Tx) error { return errors.Join(send(tx, "5"), own) })
	if !errors.Is(err, own) || ids(t, d) != "1 2" {
		t.Errorf("%v, %s", err, ids(t, d))
	}
}

// suiteSendFails: whatever goes wrong with what was sent ends the transaction, at
// the latest when it commits.
func suiteSendFails(t *testing.T, d *db.DB) {
	write(t, d, func(tx *db.Tx) error { return send(tx, "1") })
	for _, c := range []struct {
		name string
		fn   func(*db.Tx) error
		want error
	}{
		{"a row that is there", func(tx *db.Tx) error { return errors.Join(send(tx, "2"), send(tx, "1"), send(tx, "3")) }, nil},
		{"and its error is swallowed", func(tx *db.Tx) error { _ = send(tx, "1"); _ = send(tx, "3"); return nil }, nil},
		{"no row to change", func(tx *db.Tx) error { return errors.Join(send(tx, "2"), must(tx, "none"), send(tx, "3")) }, errNone},
		{"and its error is swallowed", func(tx *db.Tx) error { _ = must(tx, "none"); _ = send(tx, "3"); return nil }, errNone},
		{"what follows from it is not the reason", func(tx *db.Tx) error {
			err := tx.SendOr(errNone, `insert into suite_item (id, code) values ('2', '1') on conflict do nothing`)
			return errors.Join(err, tx.Send(`insert into suite_part (id, item) values ('p', '2')`))
		}, errNone},
		{"a query afterwards", func(tx *db.Tx) error {
			_ = must(tx, "none")
			var n int
			return tx.Get(`select count(*) from suite_item`, nil, &n)
		}, errNone},
	} {
		err := d.Write(t.Context(), c.fn)
		if c.want == nil && !errors.Is(err, fault.Conflict) || c.want != nil && !errors.Is(err, c.want) {
			t.Errorf("%s: %v", c.name, err)
		}
		if got := ids(t, d); got != "1" {
			t.Errorf("%s: there are %s", c.name, got)
		}
	}
}

// suiteSendSavepoint: a savepoint answers for what was sent in it.
func suiteSendSavepoint(t *testing.T, d *db.DB) {
	own := errors.New("own")
	write(t, d, func(tx *db.Tx) error {
		if err := send(tx, "1"); err != nil {
			return err
		}
		if err := tx.Savepoint(func() error { return errors.Join(send(tx, "2"), must(tx, "none")) }); !errors.Is(err, errNone) {
			t.Errorf("no row: %v", err)
		}
		if err := tx.Savepoint(func() error { return errors.Join(send(tx, "3"), send(tx, "1")) }); !errors.Is(err, fault.Conflict) {
			t.Errorf("a row that is there: %v", err)
		}
		if err := tx.Savepoint(func() error { return errors.Join(send(tx, "4"), own) }); !errors.Is(err, own) {
			t.Errorf("own error: %v", err)
		}
		return tx.Savepoint(func() error { return errors.Join(send(tx, "5"), must(tx, "5")) })
	})
	if got := ids(t, d); got != "1 5" {
		t.Errorf("there are %s", got)
	}
}

// memoOf counts how often it reads.
type memoOf struct {
	memo  *db.Memo[string, []string]
	reads int
}

func (m *memoOf) get(tx *db.Tx) ([]string, error) {
	return m.memo.Get(tx, "all", func(tx *db.Tx) (out []string, err error) {
		m.reads++
		err = tx.All(`select id from suite_item order by id`, nil, func(scan func(...any) error) error {
			var id string
			err := scan(&id)
			out = append(out, id)
			return err
		})
		return out, err
	})
}

// suiteMemo: a memo never gives what this process has written over, nor takes from
// a transaction what is not committed, or what is older than what it gives.
func suiteMemo(t *testing.T, d *db.DB) {
	m := &memoOf{memo: db.NewMemo[string, []string]("suite_item")}
	want := func(name string, list ...string) {
		t.Helper()
		read(t, d, func(tx *db.Tx) error {
			got, err := m.get(tx)
			if !slices.Equal(got, list) {
				t.Errorf("%s: %v, want %v", name, got, list)
			}
			return err
		})
	}
	want("nothing yet")
	write(t, d, func(tx *db.Tx) error { return send(tx, "1") })
	want("after a write", "1")
	own := errors.New("own")
	_ = d.Write(t.Context(), func(tx *db.Tx) error {
		if err := send(tx, "2"); err != nil {
			return err
		}
		if got, err := m.get(tx); err != nil || len(got) != 2 {
			t.Errorf("inside the transaction: %v %v", got, err)
		}
		return own
	})
	want("after what came to nothing", "1")
	read(t, d, func(tx *db.Tx) error {
		if n := 0; tx.Get(`select count(*) from suite_item`, nil, &n) != nil || n != 1 { // its snapshot stands
			t.Errorf("%d rows", n)
		}
		done := make(chan error)
		go func() { done <- d.Write(t.Context(), func(tx *db.Tx) error { return send(tx, "3") }) }()
		if err := <-done; err != nil {
			return err
		}
		_, err := m.get(tx) // sees one row, and may not leave that to others
		return err
	})
	want("after an old snapshot", "1", "3")
	if m.reads > 8 {
		t.Errorf("read %d times", m.reads)
	}
}
