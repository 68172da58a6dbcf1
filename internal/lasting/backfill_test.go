package lasting_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"sidian/gm"
	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/lasting"
	"sidian/internal/pki/pkitest"
)

// What was issued before is looked for until it cannot be more, and then never again;
// a look that failed does not count.
func TestBackfill(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		now := time.Date(2026, 11, 20, 4, 0, 0, 0, time.UTC)
		d.Now = func() time.Time { return now }
		s := &lasting.Service{DB: d}
		looks := 0
		all := func(context.Context) error { looks++; return nil }
		if err := s.Backfill(t.Context(), func(context.Context) error { return errors.New("down") }); err == nil {
			t.Error("a look that failed counts")
		}
		for day := range 10 {
			now = time.Date(2026, 11, 20+day, 4, 0, 0, 0, time.UTC)
			must(t, s.Backfill(t.Context(), all))
		}
		if looks != 4 {
			t.Errorf("%d looks in ten days, want four", looks)
		}
	})
}

// The time line of a document's evidence is for who may read the certificate.
func TestProofs(t *testing.T) {
	t.Parallel()
	d := dbtest.New(t, "sqlite")
	p := pkitest.New(t, d)
	reader := p.Hire(t, "reader", "clerk", pkitest.Root)
	w := over(t, d, p)
	data := texts(2)
	ids := w.note(t, pkitest.Root, data...)
	digest := gm.Sum(data[1])
	got, err := w.Proofs(reader, digest)
	must(t, err)
	if len(got) != 1 || got[0].Certificate != ids[1] || got[0].State != lasting.Waiting || len(got[0].Stamped) != 0 {
		t.Errorf("before: %+v", got)
	}
	w.work(t)
	first := w.now
	w.now = w.by.root.NotAfter.Add(-24 * time.Hour)
	w.by = newAuthority(t, w.now, 12)
	w.work(t)
	got, err = w.Proofs(reader, digest)
	must(t, err)
	if len(got) != 1 || got[0].State != lasting.Stamped || len(got[0].Stamped) != 2 || got[0].Since.Sub(first).Abs() > time.Second || !got[0].Until.After(w.now.AddDate(10, 0, 0)) {
		t.Errorf("renewed: %+v", got)
	}
	for name, x := range map[string]struct {
		who    context.Context
		digest gm.Digest
	}{"nobody": {context.Background(), digest}, "another role": {p.Hire(t, "keeper9", "custodian", pkitest.Root), digest}, "another document": {reader, gm.Sum(nil)}} {
		if got, err := w.Proofs(x.who, x.digest); err != nil || len(got) != 0 {
			t.Errorf("%s: %+v %v", name, got, err)
		}
	}
}
