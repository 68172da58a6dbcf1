package status_test

import (
	"bytes"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/fault"
	"sidian/internal/keys"
	"sidian/internal/status"
)

func TestAllot(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := newOffice(t, d)
		a := o.allot(status.Seals, "a", status.Valid)
		if a.List != status.Seals || a.Page != 0 || a.Index < 0 || a.Index >= status.PageSize || a.Value != status.Valid || !a.At.Equal(o.clock.Now()) {
			t.Errorf("%+v", a)
		}
		if got, want := o.URI(a), base+"/status/v1/seals/0"; got != want {
			t.Errorf("its address is %s, want %s", got, want)
		}
		o.set(status.Seals, "a", status.Suspended)
		again := o.allot(status.Seals, "a", status.Valid) // a repetition
		if again.Index != a.Index || again.Value != status.Suspended {
			t.Errorf("allotted again: %+v", again)
		}
		other := o.allot(status.Certificates, "a", status.Replaced) // another list, another entry
		o.wants(a, status.Suspended)
		o.wants(other, status.Replaced)
		if b := o.allot(status.Seals, "b", status.Valid); b.Index == a.Index {
			t.Error("two objects have one place")
		}
		for name, fn := range map[string]func(*db.Tx) error{
			"no object":     func(tx *db.Tx) error { _, err := o.AllotTx(tx, status.Seals, "", 0); return err },
			"five bits":     func(tx *db.Tx) error { _, err := o.AllotTx(tx, status.Seals, "c", 16); return err },
			"set five bits": func(tx *db.Tx) error { return o.SetTx(tx, status.Seals, "a", 16) },
		} {
			if err := d.Write(t.Context(), fn); err == nil {
				t.Error(name)
			}
		}
		err := d.Write(t.Context(), func(tx *db.Tx) error { _, err := o.AllotTx(tx, "stamps", "a", 0); return err })
		wantCode(t, err, fault.NotFound, "status.list")
	})
}

func TestSet(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := newOffice(t, d)
		e := o.allot(status.Seals, "a", status.Valid)
		for _, v := range []status.Value{status.Suspended, status.Suspended, status.Valid, status.Replaced, status.Invalid, status.Invalid} {
			o.set(status.Seals, "a", v)
			o.wants(e, v)
		}
		err := d.Write(t.Context(), func(tx *db.Tx) error { return o.SetTx(tx, status.Seals, "a", status.Valid) })
		wantCode(t, err, fault.Conflict, "status.final")
		o.wants(e, status.Invalid)
		err = d.Write(t.Context(), func(tx *db.Tx) error { return o.SetTx(tx, status.Seals, "b", status.Valid) })
		wantCode(t, err, fault.NotFound, "status.unknown")
		err = d.Write(t.Context(), func(tx *db.Tx) error { return o.SetTx(tx, status.Certificates, "a", status.Invalid) })
		wantCode(t, err, fault.NotFound, "status.unknown")
	})
}

// A change that is not committed is not published, and nor is it by what comes after.
func TestRolledBack(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := newOffice(t, d)
		e := o.allot(status.Seals, "a", status.Valid)
		o.wants(e, status.Valid)
		stop := errors.New("stop")
		err := d.Write(t.Context(), func(tx *db.Tx) error {
			if err := o.SetTx(tx, status.Seals, "a", status.Invalid); err != nil {
				return err
			}
			return stop
		})
		if !errors.Is(err, stop) {
			t.Fatal(err)
		}
		o.clock.pass(2 * time.Second)
		o.wants(e, status.Valid)
	})
}

// What one process changes, the others publish within a second; what a
// transaction did that began long before it ended, within a minute.
func TestOtherProcess(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		here := newOffice(t, d)
		there := here.beside()
		e := here.allot(status.Seals, "a", status.Valid)
		there.wants(e, status.Valid)
		here.set(status.Seals, "a", status.Invalid)
		here.wants(e, status.Invalid)
		there.wants(e, status.Valid) // it has looked in this very moment
		there.clock.pass(500 * time.Millisecond)
		there.wants(e, status.Invalid)

		for began, within := range map[time.Duration]time.Duration{
			3 * time.Second: 500 * time.Millisecond, 30 * time.Second: 10 * time.Second, 10 * time.Minute: 61 * time.Second,
		} {
			late := here.allot(status.Seals, began.String(), status.Valid)
			there.clock.pass(time.Second)
			there.wants(late, status.Valid)
			here.write(func(tx *db.Tx) error {
				at := tx.Now().Add(-began).UnixMilli()
				_, err := tx.Exec(`update status_entry set value = 1, changed_at = $1 where object = $2`, at, began.String())
				return err
			})
			there.clock.pass(within)
			there.wants(late, status.Invalid)
		}

		a, err := here.Page(t.Context(), status.Seals, 0, status.ES256)
		must(t, err)
		b, err := there.Page(t.Context(), status.Seals, 0, status.ES256)
		must(t, err)
		if !bytes.Equal(a.Data, b.Data) || a.ETag != b.ETag {
			t.Error("two processes sign the same page differently")
		}
	})
}

// Nobody asked for an hour, then somebody does; and the clock goes back.
func TestAfterLong(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		here := newOffice(t, d)
		there := here.beside()
		e := here.allot(status.Seals, "a", status.Valid)
		there.wants(e, status.Valid)
		here.set(status.Seals, "a", status.Suspended)
		here.clock.pass(90 * time.Minute)
		there.wants(e, status.Suspended)
		tok := there.token(status.Seals, 0, status.ES256)
		if now := there.clock.Now(); tok.Issued.After(now) || now.Sub(tok.Issued) >= time.Hour || !tok.Expires.After(now.Add(12*time.Hour)) {
			t.Errorf("issued %v, expires %v at %v", tok.Issued, tok.Expires, now)
		}
		here.clock.pass(-2 * time.Minute)
		here.set(status.Seals, "a", status.Invalid)
		there.wants(e, status.Invalid)
	})
}

// A restart builds the pages from the rows.
func TestReopen(t *testing.T) {
	for _, engine := range dbtest.Engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			url := dbtest.URL(t, engine)
			d, err := db.Open(t.Context(), url)
			must(t, err)
			master := filepath.Join(t.TempDir(), "master.key")
			must(t, keys.CreateMaster(master))
			k, err := keys.Create(t.Context(), d, master)
			must(t, err)
			o := open(t, d, k, &clock{now: time.Now()})
			a, b := o.allot(status.Seals, "a", status.Valid), o.allot(status.Seals, "b", status.Suspended)
			o.set(status.Seals, "a", status.Invalid)
			o.set(status.Seals, "b", status.Valid)
			before := o.token(status.Seals, 0, status.SM2)
			must(t, d.Close())

			d, err = db.Open(t.Context(), url)
			must(t, err)
			t.Cleanup(func() { _ = d.Close() })
			k, err = keys.Open(t.Context(), d, master)
			must(t, err)
			again := open(t, d, k, o.clock)
			again.wants(a, status.Invalid)
			again.wants(b, status.Valid)
			if after := again.token(status.Seals, 0, status.SM2); !same(before.List, after.List) || !before.Issued.Equal(after.Issued) {
				t.Error("after the restart the page says something else")
			}
		})
	}
}

func TestIndex(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := newOffice(t, d)
		x, err := o.Index(t.Context(), status.Seals)
		must(t, err)
		if x.Pages != 1 || x.Size != status.PageSize || x.Bits != 4 || !x.Updated.IsZero() || len(x.Lists) != 1 || x.Lists[0] != base+"/status/v1/seals/0" {
			t.Errorf("of nothing: %+v", x)
		}
		o.clock.pass(time.Minute)
		o.allot(status.Seals, "a", status.Invalid)
		if x, err = o.Index(t.Context(), status.Seals); err != nil || !x.Updated.Equal(o.clock.Now()) {
			t.Errorf("%+v, %v", x, err)
		}
		_, err = o.Index(t.Context(), "stamps")
		wantCode(t, err, fault.NotFound, "status.list")
		for _, page := range []int64{-1, 1, 1 << 40} {
			_, err := o.Page(t.Context(), status.Seals, page, status.ES256)
			wantCode(t, err, fault.NotFound, "status.page")
		}
		_, err = o.Page(t.Context(), "stamps", 0, status.ES256)
		wantCode(t, err, fault.NotFound, "status.list")
		_, err = o.Page(t.Context(), status.Seals, 0, "none")
		wantCode(t, err, fault.Invalid, "status.alg")
	})
}

// fillPage gives every place of a page to somebody, but the first free ones.
func fillPage(t testing.TB, d *db.DB, page, free int) {
	t.Helper()
	bigint := map[string]string{"postgres": "::bigint"}[d.Engine()]
	must(t, d.Write(t.Context(), func(tx *db.Tx) error {
		_, err := tx.Exec(fmt.Sprintf(`
			insert into status_entry (list, object, page, idx, value, created_at)
			with recursive n(i) as (select %d%s union all select i + 1 from n where i < %d)
			select 'seals', '%d/' || n.i, %d, n.i, 0, 0 from n`, free, bigint, status.PageSize-1, page, page))
		return err
	}))
}

// A full page is left for the next, by one process after the other.
func TestFullPage(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := newOffice(t, d)
		fillPage(t, d, 0, 0)
		e := o.allot(status.Seals, "a", status.Invalid)
		if e.Page != 1 {
			t.Fatalf("%+v", e)
		}
		o.wants(e, status.Invalid)
		there := o.beside()
		f := there.allot(status.Seals, "b", status.Valid)
		if f.Page != 1 {
			t.Errorf("%+v", f)
		}
		if x, err := there.Index(t.Context(), status.Seals); err != nil || x.Pages != 2 || len(x.Lists) != 2 {
			t.Errorf("%+v, %v", x, err)
		}
		if l := o.token(status.Seals, 0, status.ES256).List; l.Len() != status.PageSize {
			t.Errorf("a page of %d", l.Len())
		}
	})
}

// Many allot, change and read at once, in two processes: every place is given
// once, and in the end the lists say what the rows say.
func TestConcurrent(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		offices := []*office{newOffice(t, d)}
		offices = append(offices, offices[0].beside())
		const workers, each = 4, 12
		var wait sync.WaitGroup
		places := make([][]status.Entry, workers)
		for w := range workers {
			o := offices[w%len(offices)]
			wait.Go(func() {
				for i := range each {
					object := fmt.Sprintf("%d/%d", w, i)
					err := d.Write(t.Context(), func(tx *db.Tx) error {
						e, err := o.AllotTx(tx, status.Seals, object, status.Valid)
						if err != nil {
							return err
						}
						if _, err := o.AllotTx(tx, status.Seals, "shared", status.Suspended); err != nil {
							return err
						}
						places[w] = append(places[w][:i], e)
						return nil
					})
					if err == nil {
						err = d.Write(t.Context(), func(tx *db.Tx) error { return o.SetTx(tx, status.Seals, object, status.Value(i%3)) })
					}
					if err != nil {
						t.Error(err)
						return
					}
				}
			})
			wait.Go(func() {
				for range each {
					if _, err := o.Page(t.Context(), status.Seals, 0, []string{status.ES256, status.SM2}[w%2]); err != nil {
						t.Error(err)
					}
				}
			})
		}
		wait.Wait()
		if t.Failed() {
			return
		}
		offices[0].clock.pass(time.Second)
		taken := map[int64]bool{}
		for _, list := range places {
			for i, e := range list {
				if taken[e.Index] {
					t.Errorf("place %d was given twice", e.Index)
				}
				taken[e.Index] = true
				for _, o := range offices {
					o.wants(e, status.Value(i%3))
				}
			}
		}
	})
}

// Keys are made once, by whoever is first, and stay published when replaced.
func TestKeys(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := newOffice(t, d)
		var wait sync.WaitGroup
		for range 4 {
			wait.Go(func() {
				if _, err := o.beside().PublicKeys(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}
		wait.Wait()
		first, err := o.PublicKeys(t.Context())
		must(t, err)
		if len(first) != 2 || first[0].Alg == first[1].Alg {
			t.Fatalf("%d keys", len(first))
		}
		old, err := o.Page(t.Context(), status.Seals, 0, status.ES256)
		must(t, err)
		there := o.beside()
		must(t, there.Rotate(t.Context()))
		all, err := there.PublicKeys(t.Context())
		must(t, err)
		if len(all) != 4 || all[0].ID == first[0].ID {
			t.Fatalf("%d keys after they were replaced", len(all))
		}
		if _, err := status.ParseToken(old.Data, all, base+"/status/v1/seals/0", o.clock.Now()); err != nil {
			t.Errorf("a list of before: %v", err)
		}
		there.token(status.Seals, 0, status.ES256)
		o.clock.pass(time.Hour)
		p, err := o.Page(t.Context(), status.Seals, 0, status.ES256)
		must(t, err)
		if _, err := status.ParseToken(p.Data, all[:2], base+"/status/v1/seals/0", o.clock.Now()); err != nil {
			t.Errorf("the other process does not sign with the new key: %v", err)
		}
	})
}

// The wrapped keys move to a new root, and sign on.
func TestReseal(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := newOffice(t, d)
		before, err := o.PublicKeys(t.Context())
		must(t, err)
		must(t, o.Keys.Rotate(t.Context(), keys.Field))
		x, err := o.Resealer(t.Context())
		must(t, err)
		reseal := func() (done int) {
			o.write(func(tx *db.Tx) (err error) { _, done, err = x.Reseal(tx, "", 100); return err })
			return done
		}
		o.write(func(tx *db.Tx) error {
			if n, err := x.Count(tx); err != nil || n != 2 {
				t.Errorf("%d keys: %v", n, err)
			}
			return nil
		})
		if n := reseal(); n != 2 {
			t.Errorf("%d keys were sealed again", n)
		}
		if n := reseal(); n != 0 {
			t.Errorf("%d keys were sealed once more", n)
		}
		there := o.beside()
		after, err := there.PublicKeys(t.Context())
		must(t, err)
		if len(after) != 2 || after[0].ID != before[0].ID {
			t.Error("they are other keys")
		}
		there.token(status.Seals, 0, status.SM2)
	})
}
