package lasting_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"sidian/internal/audit"
	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/lasting"
	"sidian/internal/pki/pkitest"
)

// whole wants that every document is in a chain of so many time stamps that hold.
func (w *world) whole(t *testing.T, ctx context.Context, ids []string, stamps int) {
	t.Helper()
	for _, id := range ids {
		p, err := w.Proof(ctx, id)
		must(t, err)
		if p.State != lasting.Stamped || len(p.Record.Stamps) != stamps {
			t.Fatalf("%s: %s with %d time stamps, want %d", id, p.State, len(p.Record.Stamps), stamps)
		}
		for _, x := range p.Report.Problems {
			if x.Code != "document" { // they are no certificates
				t.Fatalf("%s: %+v", id, x)
			}
		}
	}
}

// Many documents cost few time stamps, and their renewal one.
func TestBatches(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		p := pkitest.New(t, d)
		reader := p.Hire(t, "reader", "clerk", pkitest.Root)
		w := over(t, d, p)
		var stamps atomic.Int64
		ask := w.TimeStamp
		w.TimeStamp = func(ctx context.Context, m []byte) ([]byte, error) { stamps.Add(1); return ask(ctx, m) }
		w.Batch = 7
		ids := w.note(t, pkitest.Root, texts(23)...)
		if n := w.work(t); n != 4 || stamps.Load() != 4 {
			t.Fatalf("%d time stamps for 23 documents", n)
		}
		w.whole(t, reader, ids, 1)
		if n := w.work(t); n != 0 {
			t.Errorf("%d more when nothing is due", n)
		}
		w.now = w.by.root.NotAfter.Add(-24 * time.Hour)
		if _, err := w.Work(t.Context()); err == nil {
			t.Error("a renewal by what ends as soon is taken for one")
		}
		w.by = newAuthority(t, w.now, 12)
		w.now = w.now.Add(time.Hour) // the lease is over
		if n := w.work(t); n != 1 {
			t.Errorf("%d time stamps renew four", n)
		}
		w.whole(t, reader, ids, 2)
		must(t, d.Read(t.Context(), func(tx *db.Tx) error {
			list, _, err := audit.List(tx, audit.Query{Action: "lasting.stamps"})
			if len(list) != 1 {
				t.Errorf("%d audit entries of one renewal", len(list))
			}
			return err
		}))
	})
}

type died struct{}

// die works until a step, and dies there.
func (w *world) die(t *testing.T, at string) {
	t.Helper()
	defer func() {
		if r := recover(); r != (died{}) {
			t.Errorf("it did not die, but %v", r)
		}
		w.Step = nil
	}()
	w.Step = func(name string) {
		if name == at {
			panic(died{})
		}
	}
	_, _ = w.Work(t.Context())
}

// both is two workers at once, and how many time stamps they made.
func (w *world) both(t *testing.T) int64 {
	t.Helper()
	var all sync.WaitGroup
	var n atomic.Int64
	for range 2 {
		all.Go(func() {
			x, err := w.Work(t.Context())
			n.Add(int64(x))
			if err != nil {
				t.Errorf("one of two: %v", err)
			}
		})
	}
	all.Wait()
	return n.Load()
}

// Whatever step it dies at, the batch is finished by the next, and nothing is
// stamped twice.
func TestCrash(t *testing.T) {
	t.Parallel()
	for _, at := range []string{"choose", "stamp", "write"} {
		t.Run(at, func(t *testing.T) {
			t.Parallel()
			dbtest.Each(t, func(t *testing.T, d *db.DB) {
				p := pkitest.New(t, d)
				reader := p.Hire(t, "reader", "clerk", pkitest.Root)
				w := over(t, d, p)
				w.Batch = 3
				ids := w.note(t, pkitest.Root, texts(5)...)
				w.die(t, at)
				if n := w.work(t); at == "choose" && n != 1 {
					t.Errorf("%d time stamps while the lease of another lasts", n)
				}
				w.now = w.now.Add(time.Hour)
				w.work(t)
				w.whole(t, reader, ids, 1)
				w.now = w.by.root.NotAfter.Add(-24 * time.Hour)
				w.by = newAuthority(t, w.now, 12)
				w.die(t, at)
				w.now = w.now.Add(time.Hour)
				w.work(t)
				w.whole(t, reader, ids, 2)
				if n := w.work(t); n != 0 {
					t.Errorf("%d more", n)
				}
			})
		})
	}
}

// Two workers share the work; every document is stamped once.
func TestTogether(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		p := pkitest.New(t, d)
		reader := p.Hire(t, "reader", "clerk", pkitest.Root)
		w := over(t, d, p)
		w.Batch = 5
		ids := w.note(t, pkitest.Root, texts(40)...)
		if n := w.both(t); n != 8 {
			t.Errorf("%d time stamps for eight batches", n)
		}
		w.whole(t, reader, ids, 1)
		w.now = w.by.root.NotAfter.Add(-24 * time.Hour)
		w.by = newAuthority(t, w.now, 12)
		if n := w.both(t); n < 2 {
			t.Errorf("%d time stamps renew eight in batches of five", n)
		}
		w.whole(t, reader, ids, 2)
	})
}

// A time stamp that cannot be had leaves the batch for later, and stops nobody.
func TestNoAuthority(t *testing.T) {
	t.Parallel()
	d := dbtest.New(t, "sqlite")
	p := pkitest.New(t, d)
	reader := p.Hire(t, "reader", "clerk", pkitest.Root)
	w := over(t, d, p)
	ids := w.note(t, pkitest.Root, texts(2)...)
	ask := w.TimeStamp
	w.TimeStamp = func(context.Context, []byte) ([]byte, error) { return nil, errors.New("down") }
	if _, err := w.Work(t.Context()); err == nil {
		t.Error("it is stamped by nobody")
	}
	// One that stamps something else is not believed.
	w.now = w.now.Add(time.Hour)
	w.TimeStamp = func(ctx context.Context, _ []byte) ([]byte, error) { return ask(ctx, []byte("another")) }
	if _, err := w.Work(t.Context()); err == nil {
		t.Error("a token over something else is taken")
	}
	w.TimeStamp = ask
	w.now = w.now.Add(time.Hour)
	w.work(t)
	w.whole(t, reader, ids, 1)
}
