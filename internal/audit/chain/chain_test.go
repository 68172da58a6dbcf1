package chain_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"sidian/gm"
	"sidian/internal/audit"
	"sidian/internal/audit/chain"
	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/keys"
	"sidian/internal/keys/keystest"
)

func put(t testing.TB, d *db.DB, n int) {
	t.Helper()
	for begin := 0; begin < n; begin += 500 {
		err := d.Write(context.Background(), func(tx *db.Tx) error {
			for i := begin; i < min(n, begin+500); i++ {
				e := audit.Entry{Actor: audit.Actor{Account: "a", Org: "o"}, Action: "x.y", Object: fmt.Sprint("x/", i), Reason: "理由"}
				if err := audit.Put(tx, e); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

func run(t testing.TB, d *db.DB, ks *keys.Store) int {
	t.Helper()
	n, err := chain.Run(context.Background(), d, ks)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func check(t testing.TB, d *db.DB, ks *keys.Store, o chain.Options) *chain.Report {
	t.Helper()
	r, err := chain.Check(context.Background(), d, ks, o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// codes are the findings' codes, each once.
func codes(r *chain.Report) string {
	var out []string
	for _, f := range r.Findings {
		out = append(out, f.Code)
	}
	slices.Sort(out)
	return strings.Join(slices.Compact(out), " ")
}

func exec(t testing.TB, d *db.DB, q string) {
	t.Helper()
	err := d.Write(context.Background(), func(tx *db.Tx) error { return tx.Define(q) })
	if err != nil {
		t.Fatalf("%s: %v", q, err)
	}
}

func clock(d *db.DB, start time.Time) func(time.Duration) {
	var mu sync.Mutex
	now := start
	d.Now = func() time.Time { mu.Lock(); defer mu.Unlock(); return now }
	return func(by time.Duration) { mu.Lock(); defer mu.Unlock(); now = now.Add(by) }
}

var start = time.Date(2026, 1, 5, 1, 0, 0, 0, time.UTC)

func TestRun(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		wait := clock(d, start)
		ks := keystest.New(t, d)
		put(t, d, 700)
		if n := run(t, d, ks); n != 700 {
			t.Errorf("linked %d", n)
		}
		put(t, d, 1)
		if n := run(t, d, ks) + run(t, d, ks); n != 1 {
			t.Errorf("linked %d of one", n)
		}
		r := check(t, d, ks, chain.Options{})
		if !r.Intact() || r.Links != 701 || r.Entries != 701 || r.Heads != 1 || r.Waiting != 0 {
			t.Errorf("%+v", r)
		}
		wait(6 * time.Minute)
		run(t, d, ks)
		if r := check(t, d, ks, chain.Options{}); r.Heads != 2 || !r.Intact() {
			t.Errorf("%+v", r)
		}
		wait(6 * time.Minute)
		run(t, d, ks)
		if r := check(t, d, ks, chain.Options{}); r.Heads != 2 {
			t.Error("a head is signed twice")
		}
	})
}

// A link is what the documentation says, and does not change when the root of
// its key is rotated.
func TestLinkIsDocumented(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ks := keystest.New(t, d)
		put(t, d, 1)
		run(t, d, ks)
		if err := ks.Rotate(t.Context(), keys.Field); err != nil {
			t.Fatal(err)
		}
		put(t, d, 1)
		run(t, d, ks)
		key, err := ks.StableSecret(t.Context(), keys.Field, "audit.chain")
		if err != nil {
			t.Fatal(err)
		}
		var all []audit.Entry
		err = d.Read(t.Context(), func(tx *db.Tx) (err error) { all, _, err = audit.List(tx, audit.Query{}); return err })
		if err != nil || len(all) != 2 {
			t.Fatalf("%d entries, %v", len(all), err)
		}
		before := make([]byte, 32)
		for i, e := range []audit.Entry{all[1], all[0]} {
			want := gm.HMAC(key, slices.Concat(before, []byte{0, 0, 0, 0, 0, 0, 0, byte(i + 1)}, e.Canonical()))
			var l chain.Link
			err := d.Read(t.Context(), func(tx *db.Tx) (err error) { l, _, err = chain.Of(tx, e.ID); return err })
			if err != nil || l.Digest != want || l.Seq != int64(i+1) {
				t.Errorf("link %d: %+v, %v", i, l, err)
			}
			if ok, err := chain.Proves(t.Context(), d, ks, e, l); !ok || err != nil {
				t.Errorf("link %d: %v, %v", i, ok, err)
			}
			e.Reason = "别的"
			if ok, _ := chain.Proves(t.Context(), d, ks, e, l); ok {
				t.Error("another reason has the same link")
			}
			before = want[:]
		}
		if r := check(t, d, ks, chain.Options{}); !r.Intact() {
			t.Errorf("%+v", r)
		}
	})
}

// An entry whose transaction commits late is linked later, and none is lost.
func TestLateCommit(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		if !d.Can(db.ParallelWriters) {
			return // nobody commits late where there is one writer
		}
		ks := keystest.New(t, d)
		begun, release, done := make(chan struct{}), make(chan struct{}), make(chan error)
		var once sync.Once
		go func() {
			done <- d.Write(t.Context(), func(tx *db.Tx) error {
				err := audit.Put(tx, audit.Entry{Action: "late", Object: "x"})
				once.Do(func() { close(begun) })
				<-release
				return err
			})
		}()
		<-begun
		put(t, d, 10)
		if n := run(t, d, ks); n != 10 {
			t.Errorf("linked %d", n)
		}
		close(release)
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		if n := run(t, d, ks); n != 1 {
			t.Errorf("linked %d late", n)
		}
		if r := check(t, d, ks, chain.Options{}); !r.Intact() || r.Links != 11 {
			t.Errorf("%+v", r)
		}
	})
}

// Two processes link at once while others write: every entry is linked once,
// without a gap.
func TestConcurrentWorkers(t *testing.T) {
	for _, engine := range dbtest.Engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			url := dbtest.URL(t, engine)
			var handles []*db.DB
			for range 2 {
				d, err := db.Open(t.Context(), url)
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() { _ = d.Close() })
				handles = append(handles, d)
			}
			ks := keystest.New(t, handles[0])
			const each, writers = 300, 2
			var wg sync.WaitGroup
			for w := range writers {
				wg.Go(func() {
					for range each {
						err := handles[w].Write(t.Context(), func(tx *db.Tx) error {
							return audit.Put(tx, audit.Entry{Action: "x.y", Object: "x"})
						})
						if err != nil {
							t.Error(err)
							return
						}
					}
				})
			}
			written := make(chan struct{})
			go func() { wg.Wait(); close(written) }()
			var workers sync.WaitGroup
			for _, d := range handles {
				workers.Go(func() {
					for last := false; ; {
						if _, err := chain.Run(t.Context(), d, ks); err != nil {
							t.Error(err)
							return
						}
						if last {
							return
						}
						select {
						case <-written:
							last = true
						case <-time.After(time.Millisecond):
						}
					}
				})
			}
			workers.Wait()
			r := check(t, handles[1], ks, chain.Options{})
			if !r.Intact() || r.Links != each*writers || r.Waiting != 0 {
				t.Errorf("%+v", r)
			}
		})
	}
}

// Several sign the newest link at once: one head stands, and all are told of it.
func TestConcurrentHeads(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ks := keystest.New(t, d)
		for range 8 {
			put(t, d, 1)
			run(t, d, ks)
			var heads [4]chain.Head
			var signers sync.WaitGroup
			for i := range heads {
				signers.Go(func() {
					h, err := chain.Sign(t.Context(), d, ks)
					if err != nil {
						t.Error(err)
					}
					heads[i] = h
				})
			}
			signers.Wait()
			for _, h := range heads {
				if string(h.Signature) != string(heads[0].Signature) || h.Seq != heads[0].Seq {
					t.Errorf("two heads of one link: %+v and %+v", h, heads[0])
				}
			}
		}
	})
}

// A worker that stops between batches leaves a chain that the next continues.
func TestStopBetweenBatches(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ks := keystest.New(t, d)
		put(t, d, 1500)
		// The root of the key is in memory, so the count of transactions begun is
		// that of the worker.
		ctx, cancel := context.WithCancel(t.Context())
		n := 0
		now := d.Now
		d.Now = func() time.Time {
			if n++; n == 12 {
				cancel()
			}
			return now()
		}
		linked, err := chain.Run(ctx, d, ks)
		d.Now = now
		if err == nil || linked == 0 || linked == 1500 {
			t.Fatalf("linked %d, %v: it was to stop between", linked, err)
		}
		if r := check(t, d, ks, chain.Options{}); !r.Intact() || r.Links < int64(linked) || r.Links+r.Waiting != 1500 {
			t.Errorf("after the stop: %+v", r)
		}
		run(t, d, ks)
		if r := check(t, d, ks, chain.Options{}); !r.Intact() || r.Links != 1500 {
			t.Errorf("continued: %+v", r)
		}
	})
}
