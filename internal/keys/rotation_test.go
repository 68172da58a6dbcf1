package keys_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/fault"
	"sidian/internal/keys"
	"sidian/internal/keys/keystest"
)

// The whole way: rotated, sealed again, looked through once more, retired,
// destroyed.
func TestRotation(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := newClock(d)
		s := keystest.New(t, d)
		const rows = 3000
		x := newShelf(t, d, s, rows)
		x.fail = func(string) error { c.pass(10 * time.Millisecond); return nil }
		r := s.Rotation(keys.Field, x)
		run(t, r)
		if all, err := r.Progress(t.Context()); err != nil || len(all) != 0 {
			t.Errorf("never rotated: %+v, %v", all, err)
		}
		rotate(t, s)
		if p := progress(t, r); p.Pass != 0 || !p.Started.IsZero() {
			t.Errorf("not begun: %+v", p)
		}
		run(t, r)
		first, now := current(t, s)
		if n := x.under(t, original); n[now.ID] != rows || len(n) != 1 {
			t.Errorf("under the new root: %v", n)
		}
		p := progress(t, r)
		if p.Done != rows || p.Total != rows || !p.Finished.IsZero() || p.Root != now.ID || p.Rate <= 0 {
			t.Errorf("progress %+v", p)
		}
		wantConflict(t, "before the last look", d, func(tx *db.Tx) error { return r.Retire(tx, first.ID) }, "key.inuse")
		c.pass(5 * time.Minute)
		run(t, r)
		if p := progress(t, r); p.Finished.IsZero() || p.Done != rows || p.Trouble != "" {
			t.Errorf("after the last look: %+v", p)
		}
		finished := progress(t, r).Finished
		run(t, r) // nothing to do
		if p := progress(t, r); !p.Finished.Equal(finished) {
			t.Errorf("finished twice: %+v", p)
		}
		wantConflict(t, "too early", d, func(tx *db.Tx) error { return r.Retire(tx, first.ID) }, "key.inuse")
		wantConflict(t, "the current root", d, func(tx *db.Tx) error { return r.Retire(tx, now.ID) }, "key.current")
		c.pass(49 * time.Hour)
		write(t, d, func(tx *db.Tx) error { return r.Retire(tx, first.ID) })
		wantConflict(t, "twice", d, func(tx *db.Tx) error { return r.Retire(tx, first.ID) }, "key.retired")
		x.under(t, original)
		c.pass(31 * 24 * time.Hour)
		wantConflict(t, "the first root", d, func(tx *db.Tx) error { return r.Destroy(tx, first.ID) }, "key.first")
	})
}

func wantConflict(t testing.TB, what string, d *db.DB, fn func(*db.Tx) error, code string) {
	t.Helper()
	err := d.Write(t.Context(), fn)
	e := fault.As(err)
	if e == nil || e.Code != code || e.Hint == "" || e.Msg == "" {
		t.Errorf("%s: %v, want %s", what, err, code)
	}
}

// A retired root opens nothing, can be had back, and not after it was
// destroyed; what outlives rotation is derived from the first all the while.
func TestRetire(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := newClock(d)
		s := keystest.New(t, d)
		x := newShelf(t, d, s, 10)
		stable, err := s.StableSecret(t.Context(), keys.Field, "x")
		if err != nil {
			t.Fatal(err)
		}
		rotate(t, s)
		at := keys.Cell{Table: "other", Column: "forgotten", Row: "1"}
		lost, err := x.box.Seal(at, []byte("x"))
		if err != nil {
			t.Fatal(err)
		}
		_, middle := current(t, s)
		c.pass(time.Hour)
		rotate(t, s)
		first, _ := current(t, s)
		r := s.Rotation(keys.Field, x)
		run(t, r)
		c.pass(49 * time.Hour)
		run(t, r)
		open := func(want bool) {
			t.Helper()
			c.pass(time.Minute)
			if _, err := x.box.Seal(at, nil); err != nil { // reads the roots again
				t.Fatal(err)
			}
			if _, err := x.box.Open(at, lost); (err == nil) != want {
				t.Errorf("opening: %v", err)
			}
		}
		for _, id := range []string{first.ID, middle.ID} {
			wantConflict(t, "not retired", d, func(tx *db.Tx) error { return r.Destroy(tx, id) }, map[bool]string{true: "key.first", false: "key.inuse"}[id == first.ID])
			wantConflict(t, "not retired", d, func(tx *db.Tx) error { return r.Recall(tx, id) }, "key.retired")
			write(t, d, func(tx *db.Tx) error { return r.Retire(tx, id) })
		}
		open(false)
		write(t, d, func(tx *db.Tx) error { return r.Recall(tx, middle.ID) })
		open(true)
		write(t, d, func(tx *db.Tx) error { return r.Retire(tx, middle.ID) })
		wantConflict(t, "too early", d, func(tx *db.Tx) error { return r.Destroy(tx, middle.ID) }, "key.recall")
		c.pass(31 * 24 * time.Hour)
		write(t, d, func(tx *db.Tx) error { return r.Destroy(tx, middle.ID) })
		wantConflict(t, "destroyed", d, func(tx *db.Tx) error { return r.Recall(tx, middle.ID) }, "key.retired")
		open(false)
		if still, err := s.StableSecret(t.Context(), keys.Field, "x"); err != nil || !bytes.Equal(still, stable) {
			t.Errorf("the stable secret changed: %v", err)
		}
		next := master(t)
		if err := s.RotateMaster(t.Context(), next); err != nil {
			t.Fatal(err)
		}
		again, err := keys.Open(t.Context(), d, next)
		if err != nil {
			t.Fatal(err)
		}
		if still, err := again.StableSecret(t.Context(), keys.Field, "x"); err != nil || !bytes.Equal(still, stable) {
			t.Errorf("the stable secret changed with the master key: %v", err)
		}
		x.under(t, original)
	})
}

func TestRetireRefuses(t *testing.T) {
	t.Parallel()
	d := dbtest.New(t, "sqlite")
	c := newClock(d)
	s := keystest.New(t, d)
	first, _ := current(t, s)
	rotate(t, s)
	x := newShelf(t, d, s, 1)
	y := &shelf{d: d, s: s, box: x.box, name: "another"}
	c.pass(72 * time.Hour)
	run(t, s.Rotation(keys.Field, x))
	for what, r := range map[string]*keys.Rotation{
		"one that has not begun": s.Rotation(keys.Field, x, y),
		"nobody at all":          s.Rotation(keys.Field),
		"documents of nobody":    s.Rotation(keys.Blob),
	} {
		id := first.ID
		if what == "documents of nobody" {
			all, err := s.Roots(t.Context(), keys.Blob)
			if err != nil || s.Rotate(t.Context(), keys.Blob) != nil {
				t.Fatal(err)
			}
			id = all[0].ID
			c.pass(72 * time.Hour)
		}
		wantConflict(t, what, d, func(tx *db.Tx) error { return r.Retire(tx, id) }, "key.inuse")
	}
	for what, id := range map[string]string{"unknown": "none", "of another purpose": first.ID} {
		wantConflict(t, what, d, func(tx *db.Tx) error { return s.Rotation(keys.Session).Retire(tx, id) }, "key.unknown")
	}
}

// Business goes on meanwhile: nothing that it writes is lost, or left behind.
func TestRotationWhileWriting(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := newClock(d)
		s := keystest.New(t, d)
		const rows = 2000
		x := newShelf(t, d, s, rows)
		rotate(t, s)
		other, stop := context.WithCancel(t.Context())
		var writers sync.WaitGroup
		wrote := make([]map[string]string, 3)
		for w := range wrote {
			wrote[w] = map[string]string{}
			writers.Go(func() {
				for i := 0; other.Err() == nil; i++ {
					id := fmt.Sprintf("%07d", (i*7*len(wrote)+w*3+w)%(rows+300)/len(wrote)*len(wrote)+w) // each its own rows
					value := fmt.Sprintf("changed %d %d", w, i)
					if err := d.Write(t.Context(), func(tx *db.Tx) error { return x.put(tx, id, value) }); err != nil {
						t.Error(err)
						return
					}
					wrote[w][id] = value
				}
			})
		}
		r := s.Rotation(keys.Field, x)
		run(t, r)
		stop()
		writers.Wait()
		c.pass(5 * time.Minute)
		run(t, r)
		if p := progress(t, r); p.Finished.IsZero() {
			t.Errorf("not finished: %+v", p)
		}
		_, now := current(t, s)
		n := x.under(t, func(id string) string {
			for _, w := range wrote {
				if v, ok := w[id]; ok {
					return v
				}
			}
			return original(id)
		})
		if len(n) != 1 || n[now.ID] < rows {
			t.Errorf("under %v, want all under %s", n, now.ID)
		}
	})
}

// Killed after any batch, by any process, it goes on where it was. A process
// is killed by its context.
func TestRotationKilled(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := newClock(d)
		s := keystest.New(t, d)
		const rows = 1500
		x := newShelf(t, d, s, rows)
		rotate(t, s)
		var last int64
		for life := 1; ; life++ {
			if life > 200 {
				t.Fatal("it does not get on")
			}
			ctx, kill := context.WithCancel(t.Context())
			batches := 0
			x.fail = func(string) error {
				if batches++; batches > 1+life%3 {
					kill()
					return context.Canceled
				}
				return nil
			}
			err := s.Rotation(keys.Field, x).Run(ctx)
			kill()
			p := progress(t, s.Rotation(keys.Field, x))
			if p.Done < last || p.Trouble != "" {
				t.Errorf("life %d: %d done, %d before, trouble %q", life, p.Done, last, p.Trouble)
			}
			last = p.Done
			if err == nil && !p.Finished.IsZero() {
				break
			}
			c.pass(time.Minute) // until its lease ran out
		}
		if last != rows {
			t.Errorf("%d rows were changed, want each once: %d", last, rows)
		}
		_, now := current(t, s)
		if n := x.under(t, original); n[now.ID] != rows || len(n) != 1 {
			t.Errorf("under %v", n)
		}
	})
}

// Two processes at once: one works, no row is changed twice.
func TestRotationTwice(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		newClock(d)
		s := keystest.New(t, d)
		const rows = 1000
		x := newShelf(t, d, s, rows)
		rotate(t, s)
		var both sync.WaitGroup
		for range 2 {
			both.Go(func() {
				if err := s.Rotation(keys.Field, x).Run(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}
		both.Wait()
		if p := progress(t, s.Rotation(keys.Field, x)); p.Done != rows {
			t.Errorf("progress %+v", p)
		}
		_, now := current(t, s)
		if n := x.under(t, original); n[now.ID] != rows {
			t.Errorf("under %v", n)
		}
	})
}

func TestRotationPaused(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := newClock(d)
		s := keystest.New(t, d)
		x := newShelf(t, d, s, 500)
		rotate(t, s)
		r := s.Rotation(keys.Field, x)
		batches := 0
		x.fail = func(string) error {
			c.pass(10 * time.Millisecond)
			if batches++; batches == 3 {
				return errors.New("stop here")
			}
			return nil
		}
		if err := r.Run(t.Context()); err == nil {
			t.Fatal("it did not stop")
		}
		half := progress(t, r)
		if half.Done == 0 || half.Done == 500 || half.Trouble != "stop here" || half.Left <= 0 {
			t.Errorf("half way: %+v", half)
		}
		for range 2 {
			write(t, d, r.Pause)
			run(t, r)
			if p := progress(t, r); p.Done != half.Done || !p.Paused {
				t.Errorf("it went on: %+v", p)
			}
		}
		write(t, d, r.Resume)
		run(t, r)
		c.pass(5 * time.Minute)
		run(t, r)
		if p := progress(t, r); p.Done != 500 || p.Finished.IsZero() || p.Trouble != "" || p.Paused {
			t.Errorf("at the end: %+v", p)
		}
	})
}

// A value that does not open stops its own table alone, is named, and keeps its
// root from being retired.
func TestRotationTrouble(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := newClock(d)
		s := keystest.New(t, d)
		x := newShelf(t, d, s, 100)
		y := &shelf{d: d, s: s, box: x.box, name: "failing", fail: func(string) error { return errors.New("it does not open") }}
		rotate(t, s)
		r := s.Rotation(keys.Field, y, x)
		for range 2 {
			if err := r.Run(t.Context()); err == nil {
				t.Error("no error")
			}
			c.pass(72 * time.Hour)
		}
		all, err := r.Progress(t.Context())
		if err != nil || len(all) != 2 || all[0].Trouble == "" || all[0].Done != 0 || all[1].Finished.IsZero() {
			t.Errorf("progress %+v, %v", all, err)
		}
		first, _ := current(t, s)
		wantConflict(t, "with trouble", d, func(tx *db.Tx) error { return r.Retire(tx, first.ID) }, "key.inuse")
	})
}

// Rotated again half way, all ends under the newest root, also where the clock
// was set back.
func TestRotatedAgain(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := newClock(d)
		s := keystest.New(t, d)
		x := newShelf(t, d, s, 300)
		rotate(t, s)
		r := s.Rotation(keys.Field, x)
		x.fail = func(after string) error {
			if after != "" {
				return errors.New("half way")
			}
			return nil
		}
		if err := r.Run(t.Context()); err == nil {
			t.Fatal("it did not stop")
		}
		x.fail = nil
		_, before := current(t, s)
		c.pass(-24 * time.Hour)
		rotate(t, s)
		_, now := current(t, s)
		if now.ID == before.ID || !now.Created.After(before.Created) {
			t.Fatalf("the new root is not the newest: %+v", now)
		}
		run(t, r)
		c.pass(25 * time.Hour)
		run(t, r)
		if n := x.under(t, original); n[now.ID] != 300 || progress(t, r).Finished.IsZero() {
			t.Errorf("under %v, %+v", n, progress(t, r))
		}
	})
}

func TestDue(t *testing.T) {
	t.Parallel()
	d := dbtest.New(t, "sqlite")
	c := newClock(d)
	s := keystest.New(t, d)
	purposes := func() (out []keys.Purpose) {
		t.Helper()
		due, err := s.Due(t.Context(), 90*24*time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range due {
			out = append(out, r.Purpose)
		}
		return out
	}
	if got := purposes(); len(got) != 0 {
		t.Errorf("at once: %v", got)
	}
	c.pass(91 * 24 * time.Hour)
	if got := fmt.Sprint(purposes()); got != "[session field blob]" {
		t.Errorf("after 91 days: %v", got)
	}
	rotate(t, s)
	if got := fmt.Sprint(purposes()); got != "[session blob]" {
		t.Errorf("one rotated: %v", got)
	}
}

func TestStale(t *testing.T) {
	t.Parallel()
	d := dbtest.New(t, "sqlite")
	newClock(d)
	s := keystest.New(t, d)
	box, err := s.Box(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	at := keys.Cell{Table: "a", Column: "b", Row: "c"}
	sealed, err := box.Seal(at, []byte("x"))
	if err != nil {
		t.Fatal(err)
	}
	want := func(what string, sealed []byte, want bool) {
		t.Helper()
		if got, err := box.Stale(sealed); err != nil || got != want {
			t.Errorf("%s: %v, %v", what, got, err)
		}
	}
	want("new", sealed, false)
	if again, changed, err := box.Again(at, sealed); err != nil || changed || !bytes.Equal(again, sealed) {
		t.Errorf("sealed again for nothing: %v", err)
	}
	rotate(t, s)
	want("after a rotation", sealed, true)
	again, changed, err := box.Again(at, sealed)
	if err != nil || !changed || box.SealedUnder(again) == box.SealedUnder(sealed) {
		t.Errorf("again: %v %v", changed, err)
	}
	want("sealed again", again, false)
	for name, bad := range map[string][]byte{"nil": nil, "short": sealed[:10], "another version": append([]byte{9}, sealed[1:]...)} {
		want(name, bad, true)
		if _, _, err := box.Again(at, bad); err == nil || box.SealedUnder(bad) != "" {
			t.Errorf("%s was sealed again: %v", name, err)
		}
	}
	if _, _, err := box.Again(keys.Cell{Table: "a", Column: "b", Row: "d"}, sealed); err == nil {
		t.Error("a moved value was sealed again")
	}
}
