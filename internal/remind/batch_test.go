package remind

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"

	"sidian/gm"
	"sidian/internal/cert/certtest"
	"sidian/internal/cert/event"
	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/iam/iamtest"
	"sidian/internal/outbox"
)

// lives are the events of some certificates of a run, each of two versions or one,
// some of them more than once, and what is watched of them in the end.
func lives(t testing.TB, run string) (all []outbox.Event, watched []string) {
	t.Helper()
	document := fmt.Sprintf("%x", gm.Sum([]byte(run)))
	issued := func(n, version int, to string) event.Certificate {
		return event.Certificate{ID: fmt.Sprintf("%s-%d-%d", run, n, version), Kind: "k", Issuer: iamtest.Market, Version: version, Document: document,
			Identifier: fmt.Sprintf("1.2.156.3005.2.K.I.%s%d.%03d.X", run, n, version), ValidTo: &to}
	}
	add := func(topic string, c event.Certificate) { all = append(all, eventOf(t, topic, c.ID, c)) }
	changed := func(c event.Certificate, seq int, status, to string) {
		all = append(all, eventOf(t, event.Changed, c.ID, event.StatusChanged{ID: c.ID, Seq: seq, Status: status, ValidTo: to}))
	}
	const end, later = "2027-03-01", "2028-03-01"
	for n := range 24 {
		c := issued(n, 1, end)
		w := c.ID + " " + end
		switch n % 8 {
		case 0: // as it came, and once more
			add(event.Issued, c)
		case 1: // another version took its place, while it was suspended
			changed(c, 1, "suspended", end)
			next := issued(n, 2, later)
			add(event.Issued, next)
			w = next.ID + " " + later
		case 2: // extended
			changed(c, 1, "effective", later)
			w = c.ID + " " + later
		case 3: // suspended and restored
			changed(c, 1, "suspended", end)
			changed(c, 2, "effective", end)
		case 4:
			changed(c, 1, "suspended", end)
			changed(c, 2, "effective", end)
			changed(c, 3, "cancelled", end)
			w = ""
		case 5: // came to nothing
			add(event.Withdrawn, c)
			add(event.Withdrawn, c)
			continue
		case 6: // has no end
			c = issued(n, 1, "")
			w = ""
		case 7: // three versions
			add(event.Issued, issued(n, 2, end))
			next := issued(n, 3, later)
			add(event.Issued, next)
			changed(issued(n, 2, end), 1, "effective", later)
			w = next.ID + " " + later
		}
		add(event.Issued, c)
		if w != "" {
			watched = append(watched, w)
		}
	}
	slices.Sort(watched)
	return all, watched
}

// handed delivers events as the outbox does, so many at a time: those of a batch
// that fails each alone, and what fails alone again after the others, as long as
// that helps. It returns what is left.
func (w *world) handed(all []outbox.Event, n int) []outbox.Event {
	w.t.Helper()
	for {
		var left []outbox.Event
		for some := range slices.Chunk(all, n) {
			if w.deliver(some...) == nil {
				continue
			}
			for _, ev := range some {
				if w.deliver(ev) != nil {
					left = append(left, ev)
				}
			}
		}
		if len(left) == 0 || len(left) == len(all) {
			return left
		}
		all = left
	}
}

// watched are the certificates of a run that are watched, with their ends.
func (w *world) watched(run string) (out []string) {
	w.t.Helper()
	must(w.t, w.DB.Read(w.t.Context(), func(tx *db.Tx) error {
		out = nil
		var ids []string
		to := map[string]string{}
		err := tx.All(`select certificate, valid_to from remind_watch where certificate like $1 order by certificate`, []any{run + "-%"}, func(scan func(...any) error) error {
			var id, end string
			err := scan(&id, &end)
			ids, to[id] = append(ids, id), end
			return err
		})
		for _, id := range ids {
			ok, e := isWatched(tx, id)
			if err = errors.Join(err, e); ok {
				out = append(out, id+" "+to[id])
			}
		}
		return err
	}))
	return out
}

// However events come, one by one or in batches, in any order, more than once, to
// one process or to several at once: the same certificates are watched.
func TestBatch(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, "2026-11-22")
		for i, size := range []int{1, 1, 3, 16, 100, 100, 100} {
			run, dice := fmt.Sprintf("r%c", 'a'+i), rand.New(rand.NewPCG(1, uint64(i)))
			all, want := lives(t, run)
			if i > 0 {
				dice.Shuffle(len(all), func(x, y int) { all[x], all[y] = all[y], all[x] })
				all = append(all, all[:len(all)/4]...)
			}
			if i > 4 { // several processes, and then whoever tries again
				var wait sync.WaitGroup
				var mu sync.Mutex
				var left []outbox.Event
				for part := range slices.Chunk(all, len(all)/3+1) {
					wait.Go(func() {
						some := w.handed(part, size/10)
						mu.Lock()
						defer mu.Unlock()
						left = append(left, some...)
					})
				}
				wait.Wait()
				all = left
			}
			if left := w.handed(all, size); len(left) > 0 {
				t.Errorf("in batches of %d (%s): %d events are never taken", size, run, len(left))
			}
			if got := w.watched(run); !slices.Equal(got, want) {
				t.Errorf("in batches of %d (%s):\n%s\nare watched, want\n%s", size, run, strings.Join(got, "\n"), strings.Join(want, "\n"))
			}
		}
	})
}

// One event that cannot be read, or that comes too early, is no other's matter.
func TestBadEvent(t *testing.T) {
	t.Parallel()
	d := dbtest.New(t, "sqlite")
	w := newWorld(t, d, "2026-11-22")
	end := "2027-03-01"
	good := event.Certificate{ID: "x-good", Kind: "k", Issuer: iamtest.Market, Identifier: "1.2.156.3005.2.K.I.x.001.X", Version: 1, Document: fmt.Sprintf("%x", gm.Sum(nil)), ValidTo: &end}
	early := event.StatusChanged{ID: "x-none", Seq: 1, Status: "suspended"}
	blank, unknown := good, good
	blank.ID, blank.Document = "x-blank", ""
	unknown.ID, unknown.ValidTo = "x-unknown", nil
	o := outbox.New(w.Consumer())
	must(t, d.Write(t.Context(), func(tx *db.Tx) error {
		return errors.Join(o.Put(tx, outbox.Event{Topic: event.Changed, Key: early.ID, Body: early}), o.Put(tx, outbox.Event{Topic: event.Issued, Key: "x-blank", Body: blank}),
			o.Put(tx, outbox.Event{Topic: event.Issued, Key: "x-unknown", Body: unknown}), o.Put(tx, outbox.Event{Topic: event.Issued, Key: "x-good", Body: good}))
	}))
	n, err := outbox.Drain(t.Context(), d, o.Consumers()[0], 100)
	if got := w.watched("x"); err != nil || n != 1 || len(got) != 1 || got[0] != "x-good "+end {
		t.Errorf("%d are delivered and %v watched: %v", n, got, err)
	}
}

// An event of before told no end: the register knows it.
func TestUndated(t *testing.T) {
	t.Parallel()
	w := certtest.New(t, dbtest.New(t, "sqlite"), "food_operation")
	c := w.Issue(t, "food_operation")
	s := &Service{DB: w.Cert.DB}
	ev := eventOf(t, event.Issued, c.ID, event.Certificate{ID: c.ID, Kind: c.Kind, Issuer: c.Issuer, Identifier: c.Identifier, Version: 1, Document: c.Document})
	for range 2 {
		must(t, s.DB.WriteRows(t.Context(), func(tx *db.Tx) error { return s.Consumer().HandleAll(tx, []outbox.Event{ev}) }))
	}
	var to, state string
	must(t, s.DB.Read(t.Context(), func(tx *db.Tx) error {
		return tx.Get(`select valid_to, state from remind_watch where certificate = $1`, []any{c.ID}, &to, &state)
	}))
	if to != c.ValidTo || to == "" || state != watching {
		t.Errorf("it is %s until %q, the register says %q", state, to, c.ValidTo)
	}
}
