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
func TestStamps(t *testing.T) {
	t.Parallel()
	d := dbtest.New(t, "sqlite")
	w := over(t, d, pkitest.New(t, d))
	data := texts(2)
	ids := w.note(t, pkitest.Root, data...)
	stamps := func(id string, data []byte, want int) []lasting.Made {
		t.Helper()
		got, err := w.Stamps(t.Context(), id, gm.Sum(data))
		must(t, err)
		if len(got) != want {
			t.Errorf("%d stamps, want %d", len(got), want)
		}
		return got
	}
	stamps(ids[1], data[1], 0)
	w.work(t)
	first := w.now
	w.now = w.by.root.NotAfter.Add(-24 * time.Hour)
	w.by = newAuthority(t, w.now, 12)
	w.work(t)
	if got := stamps(ids[1], data[1], 2); len(got) == 2 && (got[0].At.Sub(first).Abs() > time.Second || !got[1].At.After(got[0].At)) {
		t.Errorf("renewed at %v", got)
	}
	stamps(ids[0], data[1], 0)
	stamps(ids[1], nil, 0)
}
