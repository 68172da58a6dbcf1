package cert_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"sidian/internal/blob"
	"sidian/internal/cert"
	"sidian/internal/cert/certtest"
	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/fault"
	"sidian/internal/seal"
)

// A broken engine does not store; the store of a full disk.
type broken struct {
	blob.Engine
	failing *bool
}

var errDisk = errors.New("no space left")

func (b broken) Put(ctx context.Context, name string, data []byte) error {
	if *b.failing {
		return errDisk
	}
	return b.Engine.Put(ctx, name, data)
}

// breakable is a world whose documents cannot be stored while failing is set.
func breakable(t testing.TB, d *db.DB) (w *certtest.World, failing *bool) {
	t.Helper()
	w, failing = certtest.New(t, d, "road_transport"), new(bool)
	e, err := blob.CreateDir(t.TempDir() + "/documents")
	must(t, err)
	w.Blob, err = blob.New(t.Context(), broken{e, failing}, w.Keys)
	must(t, err)
	w.Cert.Blob = w.Blob
	return w, failing
}

// What has a key waits for Resume, which gives the repetition its certificate.
func TestStoreFailsWithKey(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		now := time.Now()
		d.Now = func() time.Time { return now }
		w, failing := breakable(t, d)
		ctx, r := repeating(w.Client, "key"), certtest.Example(t, "road_transport")
		*failing, w.Cert.Wait = true, time.Millisecond
		_, err := w.Cert.Issue(ctx, r)
		wantFault(t, err, fault.Unavailable, "blob.unavailable", "", "")
		_, err = w.Cert.Issue(ctx, r)
		wantFault(t, err, fault.Conflict, "cert.sealing", "", "")
		resume(t, w, 0, 0) // its attempt has not run out
		now = now.Add(time.Minute)
		if _, _, err := w.Cert.Resume(t.Context()); !errors.Is(err, errDisk) {
			t.Errorf("resuming on a full disk: %v", err)
		}
		must(t, w.CheckAll(t.Context()))
		*failing = false
		resume(t, w, 0, 0) // the new lease runs
		now = now.Add(time.Minute)
		resume(t, w, 1, 0)
		c, err := w.Cert.Issue(ctx, r)
		must(t, err)
		uses, err := w.Seal.UsesOf(t.Context(), "cert/"+c.ID)
		must(t, err)
		if c.Status != cert.Effective || uses[0].Attempts != 3 {
			t.Errorf("%+v after %d attempts", c, uses[0].Attempts)
		}
		must(t, w.CheckAll(t.Context()))
	})
}

// What nobody can ask for again is withdrawn at once.
func TestStoreFailsWithoutKey(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w, failing := breakable(t, d)
		*failing = true
		_, err := w.Cert.Issue(w.Client, certtest.Example(t, "road_transport"))
		wantFault(t, err, fault.Unavailable, "blob.unavailable", "", "")
		if n, err := w.Tally(t.Context()); err != nil || n[cert.Withdrawn] != 1 || len(n) != 1 {
			t.Errorf("%v, %v", n, err)
		}
		must(t, w.CheckAll(t.Context()))
		*failing = false
		w.Issue(t, "road_transport")
		p, err := w.Cert.List(w.Client, cert.ListQuery{})
		must(t, err)
		if len(p.Items) != 1 {
			t.Errorf("%d are listed", len(p.Items))
		}
		must(t, w.CheckAll(t.Context()))
	})
}

// One that cannot be finished does not hold up the others.
func TestResumeGoesOn(t *testing.T) {
	t.Parallel()
	d := dbtest.New(t, "sqlite")
	now := time.Now()
	d.Now = func() time.Time { return now }
	w := certtest.New(t, d, "road_transport")
	cut(t, w, "plan", 3)
	must(t, d.Write(t.Context(), func(tx *db.Tx) error {
		_, err := tx.Exec(`update cert_certificate set plan = content where id = (select min(id) from cert_certificate)`)
		return err
	}))
	now = now.Add(time.Minute)
	completed, withdrawn, err := w.Cert.Resume(t.Context())
	if err == nil || completed != 2 || withdrawn != 0 {
		t.Errorf("completed %d, withdrew %d, %v", completed, withdrawn, err)
	}
	must(t, w.CheckAll(t.Context()))
}

func resume(t testing.TB, w *certtest.World, completed, withdrawn int) {
	t.Helper()
	c, x, err := w.Cert.Resume(t.Context())
	if err != nil || c != completed || x != withdrawn {
		t.Errorf("completed %d, withdrew %d, %v; want %d and %d", c, x, err, completed, withdrawn)
	}
}

// cut leaves n certificates as a process leaves them that dies after a step.
func cut(t testing.TB, w *certtest.World, step string, n int) {
	t.Helper()
	w.Cert.Step = func(name string) {
		if name == step {
			panic(step)
		}
	}
	for range n {
		func() {
			defer func() {
				if p := recover(); p != step {
					t.Fatalf("after %s: %v", step, p)
				}
			}()
			_, _ = w.Cert.Issue(w.Client, certtest.Example(t, "road_transport"))
		}()
	}
	w.Cert.Step = nil
}

// A seal that was frozen meanwhile does not stamp: each is withdrawn, and the
// holder may be given another.
func TestFrozenMeanwhile(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		for _, step := range []string{"plan", "stamp", "store"} {
			now := time.Now()
			w := certtest.New(t, dbtest.New(t, d.Engine()), "road_transport")
			w.DB.Now = func() time.Time { return now }
			cut(t, w, step, 2)
			must(t, w.Seal.SetState(w.Keeper, w.Seals[seal.LegalName].ID, seal.Frozen, "核查"))
			now = now.Add(time.Minute)
			resume(t, w, 0, 2)
			must(t, w.CheckAll(t.Context()))
			must(t, w.Seal.SetState(w.Keeper, w.Seals[seal.LegalName].ID, seal.Effective, "核查完毕"))
			w.Issue(t, "road_transport")
			must(t, w.CheckAll(t.Context()))
		}
	})
}

// Several that resume at once complete each certificate once between them.
func TestResumeRace(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		now := time.Now()
		d.Now = func() time.Time { return now }
		w := certtest.New(t, d, "road_transport")
		cut(t, w, "stamp", 10)
		now = now.Add(time.Minute)
		var mu sync.Mutex
		var total int
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				completed, withdrawn, err := w.Cert.Resume(t.Context())
				if err != nil || withdrawn != 0 {
					t.Errorf("withdrew %d, %v", withdrawn, err)
				}
				mu.Lock()
				defer mu.Unlock()
				total += completed
			})
		}
		wg.Wait()
		if total != 10 {
			t.Errorf("completed %d", total)
		}
		if n, err := w.Attempts(t.Context()); err != nil || n != 20 {
			t.Errorf("%d attempts at 10 certificates that were each left once, %v", n, err)
		}
		must(t, w.CheckAll(t.Context()))
	})
}

// A first attempt that is slower than its lease finds what Resume made of it.
func TestSlowAttempt(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		now := time.Now()
		d.Now = func() time.Time { return now }
		w := certtest.New(t, d, "road_transport")
		slow := true
		w.Cert.Step = func(name string) {
			if name == "store" && slow {
				slow = false
				now = now.Add(time.Minute)
				resume(t, w, 1, 0)
			}
		}
		c := w.Issue(t, "road_transport")
		if c.Status != cert.Effective || c.Document == "" {
			t.Errorf("%+v", c)
		}
		must(t, w.CheckAll(t.Context()))
		if n, err := w.Attempts(t.Context()); err != nil || n != 2 {
			t.Errorf("%d attempts, %v", n, err)
		}
		// And where Resume withdrew it, that is what the first is told.
		slow = true
		w.Cert.Step = func(name string) {
			if name == "store" && slow {
				slow = false
				must(t, w.Seal.SetState(w.Keeper, w.Seals[seal.LegalName].ID, seal.Frozen, "核查"))
				now = now.Add(time.Minute)
				resume(t, w, 0, 1)
			}
		}
		_, err := w.Cert.Issue(w.Client, certtest.Example(t, "road_transport"))
		wantFault(t, err, fault.Conflict, "cert.withdrawn", "", "")
		must(t, w.CheckAll(t.Context()))
	})
}
