package dbtest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"sidian/internal/db"
)

func suitePanic(t *testing.T, d *db.DB) {
	func() {
		defer func() {
			if p := recover(); p != "own" {
				t.Errorf("recovered %v", p)
			}
		}()
		d.Write(t.Context(), func(tx *db.Tx) error {
			if _, err := tx.Exec(`insert into suite_item (id, code) values ('1', 'A')`); err != nil {
				return err
			}
			panic("own")
		})
	}()
	write(t, d, func(tx *db.Tx) error {
		_, err := tx.Exec(`insert into suite_item (id, code) values ('2', 'B')`)
		return err
	})
	if got := texts(t, d, `select id from suite_item`); !slices.Equal(got, []string{"2"}) {
		t.Error(got)
	}
}

func suiteCancel(t *testing.T, d *db.DB) {
	ctx, cancel := context.WithCancel(t.Context())
	err := d.Write(ctx, func(tx *db.Tx) error {
		if _, err := tx.Exec(`insert into suite_item (id, code) values ('1', 'A')`); err != nil {
			return err
		}
		cancel()
		_, err := tx.Exec(`insert into suite_item (id, code) values ('2', 'B')`)
		return err
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled within: %v", err)
	}
	ran := false
	err = d.Write(ctx, func(*db.Tx) error { ran = true; return nil })
	if !errors.Is(err, context.Canceled) || ran {
		t.Errorf("cancelled before: %v, ran: %v", err, ran)
	}
	if err := d.Read(ctx, func(*db.Tx) error { return nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("reading: %v", err)
	}
	if n := count(t, d, "suite_item"); n != 0 {
		t.Errorf("%d rows were kept", n)
	}
}

func suiteSnapshot(t *testing.T, d *db.DB) {
	read(t, d, func(tx *db.Tx) error {
		var before, after int
		if err := tx.Get(`select count(*) from suite_item`, nil, &before); err != nil {
			return err
		}
		wrote := make(chan error)
		go func() {
			wrote <- d.Write(t.Context(), func(tx *db.Tx) error {
				_, err := tx.Exec(`insert into suite_item (id, code) values ('1', 'A')`)
				return err
			})
		}()
		if err := <-wrote; err != nil {
			return err
		}
		if err := tx.Get(`select count(*) from suite_item`, nil, &after); err != nil {
			return err
		}
		if before != 0 || after != 0 {
			t.Errorf("saw %d, then %d", before, after)
		}
		return nil
	})
	if n := count(t, d, "suite_item"); n != 1 {
		t.Errorf("a later read sees %d", n)
	}
}

func suiteNesting(t *testing.T, d *db.DB) {
	nothing := func(*db.Tx) error { return nil }
	begin := map[string]func(context.Context, func(*db.Tx) error) error{"read": d.Read, "write": d.Write}
	for outer, begins := range begin {
		for inner, beginsToo := range begin {
			err := begins(t.Context(), func(*db.Tx) error { return beginsToo(t.Context(), nothing) })
			if !errors.Is(err, db.ErrNested) {
				t.Errorf("%s in %s: %v", inner, outer, err)
			}
		}
	}
	if err := d.Write(t.Context(), func(*db.Tx) error { _, err := d.Sequence(t.Context(), "x", 1); return err }); !errors.Is(err, db.ErrNested) {
		t.Errorf("sequence: %v", err)
	}
	if err := d.Write(t.Context(), nothing); err != nil {
		t.Errorf("afterwards: %v", err)
	}
}

func suiteOver(t *testing.T, d *db.DB) {
	var kept *db.Tx
	write(t, d, func(tx *db.Tx) error { kept = tx; return nil })
	if _, err := kept.Exec(`insert into suite_item (id, code) values ('1', 'A')`); err == nil {
		t.Error("a statement ran after its transaction")
	}
}

func suiteWriters(t *testing.T, d *db.DB) {
	const writers, each = 12, 15
	own := errors.New("own")
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for i := range each {
				fail := i%5 == 4
				err := d.Write(t.Context(), func(tx *db.Tx) error {
					id := fmt.Sprint(w, "-", i)
					if _, err := tx.Exec(`insert into suite_item (id, code) values ($1, $1)`, id); err != nil {
						return err
					}
					if fail {
						return own
					}
					return nil
				})
				if fail != errors.Is(err, own) || !fail && err != nil {
					t.Errorf("writer %d, %d: %v", w, i, err)
				}
			}
		})
	}
	wg.Wait()
	if n := count(t, d, "suite_item"); n != writers*each*4/5 {
		t.Errorf("%d rows", n)
	}
}

// suiteSkew is write skew: each of two transactions reads what the other
// writes. At most one of two doctors may leave.
func suiteSkew(t *testing.T, d *db.DB) {
	for round := range int64(10) {
		write(t, d, func(tx *db.Tx) error {
			_, err := tx.Exec(`insert into suite_flag (id, set_by) values ($1, 'on'), ($2, 'on')`, 2*round, 2*round+1)
			return err
		})
		var wg sync.WaitGroup
		for me := range int64(2) {
			wg.Go(func() {
				err := d.Write(t.Context(), func(tx *db.Tx) error {
					var on int
					if err := tx.Get(`select count(*) from suite_flag where id in ($1, $2) and set_by = 'on'`,
						[]any{2 * round, 2*round + 1}, &on); err != nil || on < 2 {
						return err
					}
					_, err := tx.Exec(`update suite_flag set set_by = 'off' where id = $1`, 2*round+me)
					return err
				})
				if err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
	}
	var on int
	read(t, d, func(tx *db.Tx) error {
		return tx.Get(`select count(*) from suite_flag where set_by = 'on'`, nil, &on)
	})
	if on != 10 {
		t.Errorf("%d are on, want 10", on)
	}
}

// suiteRows: of many that change one row under a condition, one does, and none
// has to run again: what WriteRows promises.
func suiteRows(t *testing.T, d *db.DB) {
	write(t, d, func(tx *db.Tx) error {
		_, err := tx.Exec(`insert into suite_flag (id, set_by) values (1, 'nobody')`)
		return err
	})
	const writers = 12
	var changed, runs atomic.Int64
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			var n int64
			err := d.WriteRows(t.Context(), func(tx *db.Tx) (err error) {
				runs.Add(1)
				if _, err := tx.Exec(`insert into suite_item (id, code) values ($1, $1)`, fmt.Sprint(w)); err != nil {
					return err
				}
				n, err = tx.Exec(`update suite_flag set set_by = $1 where id = 1 and set_by = 'nobody'`, fmt.Sprint(w))
				return err
			})
			if err != nil {
				t.Error(err)
			}
			changed.Add(n)
		})
	}
	wg.Wait()
	if changed.Load() != 1 || runs.Load() != writers || count(t, d, "suite_item") != writers {
		t.Errorf("%d changed the row in %d runs, %d rows", changed.Load(), runs.Load(), count(t, d, "suite_item"))
	}
}

// suiteSkipLocked: two transactions that take the first free row do not take
// the same one, where two can run at all.
func suiteSkipLocked(t *testing.T, d *db.DB) {
	write(t, d, func(tx *db.Tx) error {
		_, err := tx.Exec(`insert into suite_item (id, code) values ('1', 'A'), ('2', 'B')`)
		return err
	})
	take := func(tx *db.Tx) (id string, err error) {
		err = tx.Get(`select id from suite_item order by id limit 1 for update skip locked`, nil, &id)
		return id, err
	}
	if !d.Can(db.RowLocks) {
		write(t, d, func(tx *db.Tx) error {
			id, err := take(tx)
			if id != "1" {
				t.Errorf("took %q", id)
			}
			return err
		})
		return
	}
	write(t, d, func(tx *db.Tx) error {
		mine, err := take(tx)
		if err != nil {
			return err
		}
		other := make(chan string)
		go func() {
			var theirs string
			if err := d.Write(t.Context(), func(tx *db.Tx) (err error) { theirs, err = take(tx); return err }); err != nil {
				t.Error(err)
			}
			other <- theirs
		}()
		if theirs := <-other; mine != "1" || theirs != "2" {
			t.Errorf("took %q and %q", mine, theirs)
		}
		return nil
	})
}

func suiteClosed(t *testing.T, d *db.DB) {
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	nothing := func(*db.Tx) error { return nil }
	if err := d.Write(t.Context(), nothing); !errors.Is(err, db.ErrClosed) {
		t.Errorf("write: %v", err)
	}
	if err := d.Read(t.Context(), nothing); !errors.Is(err, db.ErrClosed) {
		t.Errorf("read: %v", err)
	}
}
