package pki_test

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"sidian/gm"
	"sidian/internal/audit"
	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/pki"
	"sidian/internal/pki/pkitest"
)

// The time stamp authority has a new digital certificate before the old ends; what
// was stamped before is believed, in every process, and it is done once.
func TestRoll(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		now := time.Date(2026, 11, 20, 4, 0, 0, 0, time.UTC)
		var ahead atomic.Int64
		d.Now = func() time.Time { return now.Add(time.Duration(ahead.Load())) }
		w := pkitest.New(t, d)
		other := &pki.Service{DB: d, Keys: w.Keys, BaseURL: w.PKI.BaseURL} // another process
		stamped := func(s *pki.Service) *gm.Timestamp {
			token, err := s.TimeStamp(t.Context(), []byte("a document"))
			must(t, err)
			x, err := gm.ParseTimestamp(token)
			must(t, err)
			return x
		}
		first := stamped(w.PKI)
		stamped(other)
		for _, years := range []int{0, 8} {
			ahead.Store(int64(now.AddDate(years, 0, 0).Sub(now)))
			if did, err := w.PKI.Roll(t.Context()); did || err != nil {
				t.Fatalf("rolled after %d years: %v", years, err)
			}
		}
		ahead.Store(int64(first.Certificate.NotAfter.AddDate(0, -6, 0).Sub(now)))
		var wait sync.WaitGroup
		var n atomic.Int64
		for _, s := range []*pki.Service{w.PKI, other} {
			wait.Go(func() {
				did, err := s.Roll(t.Context())
				if err != nil {
					t.Errorf("rolling: %v", err)
				}
				if did {
					n.Add(1)
				}
			})
		}
		wait.Wait()
		for _, s := range []*pki.Service{w.PKI, other} {
			if did, err := s.Roll(t.Context()); did || err != nil {
				t.Errorf("rolled again: %v", err)
			}
		}
		a, b := stamped(w.PKI), stamped(other)
		if n.Load() != 1 || !a.Certificate.Equal(b.Certificate) || a.Certificate.Equal(first.Certificate) || !a.Certificate.NotAfter.After(first.Certificate.NotAfter.AddDate(8, 0, 0)) {
			t.Errorf("%d times, until %v and %v", n.Load(), a.Certificate.NotAfter, b.Certificate.NotAfter)
		}
		trust, err := w.PKI.Trust(t.Context())
		must(t, err)
		for _, x := range []*gm.Timestamp{first, a, b} {
			if _, _, err := x.Verify(gm.Candidate{Name: "document", Message: []byte("a document")}); err != nil {
				t.Error(err)
			}
			if !x.Certificate.BuildChain(gm.NewPool(x.Chain...), trust.Anchors).Reached {
				t.Error("a time stamp leads to no root")
			}
		}
		must(t, d.Read(t.Context(), func(tx *db.Tx) error {
			list, _, err := audit.List(tx, audit.Query{Action: "pki.roll"})
			if len(list) != 1 {
				t.Errorf("%d audit rows", len(list))
			}
			return err
		}))
		// What the root cannot outlive is said, not done.
		ahead.Store(int64(now.AddDate(29, 6, 0).Sub(now)))
		for range 3 {
			_, err = w.PKI.Roll(t.Context())
		}
		if err == nil {
			t.Error("an authority is rolled that ends with its root")
		}
	})
}
