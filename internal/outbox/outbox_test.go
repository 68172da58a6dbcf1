package outbox_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/fault"
	"sidian/internal/outbox"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func put(t *testing.T, d *db.DB, o *outbox.Outbox, keys ...string) {
	t.Helper()
	err := d.Write(t.Context(), func(tx *db.Tx) error {
		for _, k := range keys {
			if err := o.Put(tx, outbox.Event{Topic: "x.made", Key: k, Leaf: []byte(k), Body: map[string]string{"key": k}}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func drain(t *testing.T, d *db.DB, c outbox.Consumer, want int) {
	t.Helper()
	if n, err := outbox.Drain(t.Context(), d, c, 1000); n != want || err != nil {
		t.Errorf("drained %d, want %d: %v", n, want, err)
	}
}

func stats(t *testing.T, d *db.DB) (out []outbox.Stat) {
	t.Helper()
	err := d.Read(t.Context(), func(tx *db.Tx) (err error) { out, err = outbox.Stats(tx); return err })
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// gathered collects keys; a consumer in each of the three ways.
type gathered struct {
	mu   sync.Mutex
	keys []string
}

func (g *gathered) add(e outbox.Event) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.keys = append(g.keys, e.Key)
}

func (g *gathered) sorted() string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return strings.Join(slices.Sorted(slices.Values(g.keys)), " ")
}

func ways(fail func(outbox.Event) error) map[string]func(*gathered) outbox.Consumer {
	base := outbox.Consumer{Name: "c", Topics: []string{"x.made"}}
	one := func(g *gathered, e outbox.Event) error {
		if err := fail(e); err != nil {
			return err
		}
		g.add(e)
		return nil
	}
	return map[string]func(*gathered) outbox.Consumer{
		"handle": func(g *gathered) outbox.Consumer {
			c := base
			c.Handle = func(tx *db.Tx, e outbox.Event) error {
				if err := fail(e); err != nil {
					return err
				}
				tx.AfterCommit(func() { g.add(e) })
				return nil
			}
			return c
		},
		"handle all": func(g *gathered) outbox.Consumer {
			c := base
			c.HandleAll = func(_ *db.Tx, all []outbox.Event) error {
				for _, e := range all {
					if err := fail(e); err != nil {
						return err
					}
				}
				for _, e := range all {
					g.add(e)
				}
				return nil
			}
			return c
		},
		"handle rows": func(g *gathered) outbox.Consumer {
			c := base
			c.Rows = true
			c.Handle = func(tx *db.Tx, e outbox.Event) error {
				if err := fail(e); err != nil {
					return err
				}
				tx.AfterCommit(func() { g.add(e) })
				return nil
			}
			return c
		},
		"deliver": func(g *gathered) outbox.Consumer {
			c := base
			c.Pace.Workers = 3
			c.Deliver = func(_ context.Context, e outbox.Event) error { return one(g, e) }
			return c
		},
	}
}

func TestDelivery(t *testing.T) {
	for name, make := range ways(func(outbox.Event) error { return nil }) {
		t.Run(strings.ReplaceAll(name, " ", "_"), func(t *testing.T) {
			dbtest.Each(t, func(t *testing.T, d *db.DB) {
				g := &gathered{}
				c := make(g)
				o := outbox.New(c)
				put(t, d, o, "1", "2", "3", "4")
				if s := stats(t, d); len(s) != 1 || s[0].Waiting != 4 || s[0].Oldest.IsZero() {
					t.Errorf("before: %+v", s)
				}
				drain(t, d, c, 4)
				drain(t, d, c, 0)
				if got := g.sorted(); got != "1 2 3 4" {
					t.Errorf("got %s", got)
				}
				if s := stats(t, d); len(s) != 0 {
					t.Errorf("after: %+v", s)
				}
			})
		})
	}
}

func TestEventComesWhole(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		at := time.Date(2026, 5, 1, 8, 0, 0, 5e6, time.UTC)
		d.Now = func() time.Time { return at }
		var got outbox.Event
		c := outbox.Consumer{Name: "c", Topics: []string{"x.made"}, Handle: func(_ *db.Tx, e outbox.Event) error { got = e; return nil }}
		put(t, d, outbox.New(c), "证")
		drain(t, d, c, 1)
		var body struct{ Key string }
		if err := got.Decode(&body); err != nil {
			t.Fatal(err)
		}
		if got.Topic != "x.made" || got.Key != "证" || string(got.Leaf) != "证" || body.Key != "证" || !got.At.Equal(at) || got.ID == "" {
			t.Errorf("got %+v", got)
		}
	})
}

// One event that fails holds up none of the others, is tried again after a
// backoff, and dies in the end; revived, it is delivered.
func TestFailure(t *testing.T) {
	for name, make := range ways(func(e outbox.Event) error {
		if e.Key == "bad" {
			return fault.Conflict.New("张三 410102199001010012").WithCode("x.bad")
		}
		return nil
	}) {
		t.Run(strings.ReplaceAll(name, " ", "_"), func(t *testing.T) {
			dbtest.Each(t, func(t *testing.T, d *db.DB) {
				now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
				d.Now = func() time.Time { return now }
				g := &gathered{}
				c := make(g)
				c.Pace.Attempts, c.Pace.Backoff, c.Pace.MaxWait = 4, time.Minute, 3*time.Minute
				o := outbox.New(c)
				put(t, d, o, "1", "bad", "2")
				drain(t, d, c, 2)
				if got := g.sorted(); got != "1 2" {
					t.Errorf("got %s", got)
				}
				for attempt, wait := range []time.Duration{time.Minute, 2 * time.Minute, 3 * time.Minute} {
					now = now.Add(wait/2 - time.Second)
					drain(t, d, c, 0)
					if s := stats(t, d); len(s) != 1 || s[0].Waiting != 1 || s[0].Dead != 0 {
						t.Errorf("attempt %d: %+v", attempt, s)
					}
					now = now.Add(wait/2 + 2*time.Second)
					drain(t, d, c, 0)
				}
				if s := stats(t, d); len(s) != 1 || s[0].Waiting != 0 || s[0].Dead != 1 {
					t.Fatalf("dead: %+v", s)
				}
				var dead []outbox.Dead
				err := d.Read(t.Context(), func(tx *db.Tx) (err error) { dead, err = outbox.DeadLetters(tx, "c", "", 10); return err })
				if err != nil || len(dead) != 1 {
					t.Fatalf("%v, %v", dead, err)
				}
				if dead[0].Reason != "conflict x.bad" || dead[0].Attempts != 4 || dead[0].Key != "bad" {
					t.Errorf("%+v", dead[0])
				}
				revive := func() error {
					return d.Write(t.Context(), func(tx *db.Tx) error { return outbox.Revive(tx, "c", dead[0].Event) })
				}
				if err := revive(); err != nil {
					t.Fatal(err)
				}
				if err := revive(); !errors.Is(err, fault.NotFound) {
					t.Errorf("revived twice: %v", err)
				}
				mended := outbox.Consumer{Name: "c", Topics: c.Topics, Handle: func(_ *db.Tx, e outbox.Event) error { g.add(e); return nil }}
				drain(t, d, mended, 1)
			})
		})
	}
}

// What a handler wrote before it failed is undone, and what it breaks in the
// database is its own failure.
func TestHandlerIsolated(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := outbox.Consumer{Name: "c", Topics: []string{"x.made"}, Handle: func(tx *db.Tx, e outbox.Event) error {
			for range map[string]int{"good": 1, "bad": 2}[e.Key] {
				if _, err := tx.Exec(`insert into db_sequence (name, next) values ($1, 1)`, e.Key); err != nil {
					return err
				}
			}
			return nil
		}}
		put(t, d, outbox.New(c), "bad", "good")
		drain(t, d, c, 1)
		var names []string
		err := d.Read(t.Context(), func(tx *db.Tx) error {
			return tx.All(`select name from db_sequence`, nil, func(scan func(...any) error) error {
				var n string
				err := scan(&n)
				names = append(names, n)
				return err
			})
		})
		if err != nil || !slices.Equal(names, []string{"good"}) {
			t.Errorf("%v, %v", names, err)
		}
	})
}

func TestPutIsAtomic(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := outbox.Consumer{Name: "c", Topics: []string{"x.made"}, Handle: func(*db.Tx, outbox.Event) error { return nil }}
		o := outbox.New(c)
		own := errors.New("own")
		err := d.Write(t.Context(), func(tx *db.Tx) error {
			return errors.Join(o.Put(tx, outbox.Event{Topic: "x.made"}), own)
		})
		if !errors.Is(err, own) || len(stats(t, d)) != 0 {
			t.Errorf("%v, %+v", err, stats(t, d))
		}
	})
}

func TestMalformed(t *testing.T) {
	t.Parallel()
	d := dbtest.New(t, "sqlite")
	h := func(*db.Tx, outbox.Event) error { return nil }
	good := outbox.Consumer{Name: "c", Topics: []string{"t"}, Handle: h}
	for name, consumers := range map[string][]outbox.Consumer{
		"no name":   {{Topics: []string{"t"}, Handle: h}},
		"no topic":  {{Name: "c", Handle: h}},
		"no way":    {{Name: "c", Topics: []string{"t"}}},
		"two ways":  {{Name: "c", Topics: []string{"t"}, Handle: h, HandleAll: func(*db.Tx, []outbox.Event) error { return nil }}},
		"same name": {good, good},
		"twice":     {{Name: "c", Topics: []string{"t", "t"}, Handle: h}},
	} {
		o := outbox.New(consumers...)
		if err := d.Write(t.Context(), func(tx *db.Tx) error { return o.Put(tx, outbox.Event{Topic: "t"}) }); err == nil {
			t.Errorf("%s: put", name)
		}
		if _, err := outbox.NewRunner(t.Context(), d, o, nil); err == nil {
			t.Errorf("%s: runs", name)
		}
	}
}

// A lease that ends makes the delivery due again, and what its holder says
// later counts no more.
func TestLeaseEnds(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		var mu sync.Mutex
		now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
		d.Now = func() time.Time { mu.Lock(); defer mu.Unlock(); return now }
		second := outbox.Consumer{Name: "c", Topics: []string{"x.made"}, Deliver: func(context.Context, outbox.Event) error { return nil }}
		first := second
		first.Pace.Lease = time.Hour
		first.Deliver = func(ctx context.Context, _ outbox.Event) error {
			drain(t, d, second, 0) // it is held
			mu.Lock()
			now = now.Add(2 * time.Hour)
			mu.Unlock()
			drain(t, d, second, 1)
			return errors.New("too late")
		}
		put(t, d, outbox.New(first), "1")
		drain(t, d, first, 0)
		if s := stats(t, d); len(s) != 0 {
			t.Errorf("the late failure counts: %+v", s)
		}
	})
}

func TestPanicInDeliver(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := outbox.Consumer{Name: "c", Topics: []string{"x.made"}, Pace: outbox.Pace{Attempts: 1},
			Deliver: func(context.Context, outbox.Event) error { panic("own") }}
		put(t, d, outbox.New(c), "1")
		drain(t, d, c, 0)
		if s := stats(t, d); len(s) != 1 || s[0].Dead != 1 {
			t.Errorf("%+v", s)
		}
	})
}

// A consumer added later gets old events by Backfill, and each only once.
func TestBackfillAndPrune(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		g := &gathered{}
		h := func(_ *db.Tx, e outbox.Event) error { g.add(e); return nil }
		old := outbox.Consumer{Name: "old", Topics: []string{"x.made"}, Handle: h}
		late := outbox.Consumer{Name: "late", Topics: []string{"x.made", "y.made"}, Handle: h}
		put(t, d, outbox.New(old), "1", "2", "3")
		both := outbox.New(old, late)
		for _, want := range []int64{3, 0} {
			if n, err := both.Backfill(t.Context(), d, "late", time.Time{}); n != want || err != nil {
				t.Errorf("backfilled %d, want %d: %v", n, want, err)
			}
		}
		if _, err := both.Backfill(t.Context(), d, "nobody", time.Time{}); err == nil {
			t.Error("backfilled nobody")
		}
		drain(t, d, late, 3)
		far := time.Now().Add(time.Hour)
		if n, err := outbox.Prune(t.Context(), d, far); n != 0 || err != nil {
			t.Errorf("pruned %d that wait: %v", n, err)
		}
		drain(t, d, old, 3)
		if n, err := outbox.Prune(t.Context(), d, far); n != 3 || err != nil {
			t.Errorf("pruned %d: %v", n, err)
		}
	})
}

// Many runners, many writers: every event once per consumer.
func TestRunner(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		const writers, each = 6, 20
		all := make(chan string, writers*each*4)
		h := func(_ *db.Tx, e outbox.Event) error { all <- e.Key; return nil }
		consumers := []outbox.Consumer{
			{Name: "batch", Topics: []string{"x.made"}, HandleAll: func(tx *db.Tx, es []outbox.Event) error {
				// Of the database, exactly once: a second insert would fail.
				for _, e := range es {
					if _, err := tx.Exec(`insert into db_sequence (name, next) values ($1, 1)`, e.Key); err != nil {
						return err
					}
					tx.AfterCommit(func() { all <- e.Key })
				}
				return nil
			}},
			{Name: "away", Topics: []string{"x.made"}, Pace: outbox.Pace{Workers: 4}, Deliver: func(_ context.Context, e outbox.Event) error { return h(nil, e) }},
		}
		var outboxes []*outbox.Outbox
		for range 2 { // two processes
			o := outbox.New(consumers...)
			r, err := outbox.NewRunner(t.Context(), d, o, func(c string, err error) { t.Error(c, err) })
			if err != nil {
				t.Fatal(err)
			}
			defer r.Close()
			outboxes = append(outboxes, o)
		}
		var wg sync.WaitGroup
		for w := range writers {
			wg.Go(func() {
				for i := range each {
					put(t, d, outboxes[w%2], fmt.Sprint(w, "-", i))
				}
			})
		}
		seen := map[string]int{}
		for range 2 * writers * each {
			select {
			case k := <-all:
				seen[k]++
			case <-time.After(time.Minute):
				t.Fatalf("%d of %d events came", len(seen), writers*each)
			}
		}
		wg.Wait()
		if len(seen) != writers*each {
			t.Errorf("%d events came", len(seen))
		}
	})
}

func TestRunnerOnce(t *testing.T) {
	t.Parallel()
	d := dbtest.New(t, "sqlite")
	o := outbox.New(outbox.Consumer{Name: "c", Topics: []string{"t"}, Handle: func(*db.Tx, outbox.Event) error { return nil }})
	for range 2 {
		r, err := outbox.NewRunner(t.Context(), d, o, nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := outbox.NewRunner(t.Context(), d, o, nil); err == nil {
			t.Error("an outbox has two runners")
		}
		r.Wake()
		r.Close()
		r.Close()
	}
}

func BenchmarkDrain(b *testing.B) {
	dbtest.EachBench(b, func(b *testing.B, d *db.DB) {
		c := outbox.Consumer{Name: "c", Topics: []string{"x.made"}, HandleAll: func(*db.Tx, []outbox.Event) error { return nil }}
		o := outbox.New(c)
		for left := b.N; left > 0; left -= 500 {
			err := d.Write(b.Context(), func(tx *db.Tx) error {
				for range min(left, 500) {
					if err := o.Put(tx, outbox.Event{Topic: "x.made"}); err != nil {
						return err
					}
				}
				return nil
			})
			if err != nil {
				b.Fatal(err)
			}
		}
		b.ResetTimer()
		if n, err := outbox.Drain(b.Context(), d, c, b.N); n != b.N || err != nil {
			b.Fatal(n, err)
		}
	})
}
