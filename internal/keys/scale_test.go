//go:build scale

package keys_test

import (
	"testing"
	"time"

	"sidian/internal/db/dbtest"
	"sidian/internal/keys"
	"sidian/internal/keys/keystest"
)

// scaleRows is how many sealed values a full store holds.
const scaleRows = 1_000_000

// A million values are sealed again online. The figures are printed, for
// docs/performance.md; what is held is that every value is.
func TestScale(t *testing.T) {
	for _, engine := range []string{"sqlite", "postgres"} {
		t.Run(engine, func(t *testing.T) {
			d := dbtest.New(t, engine)
			s := keystest.New(t, d)
			x := newShelf(t, d, s, scaleRows)
			rotate(t, s)
			r := s.Rotation(keys.Field, x)
			at := time.Now()
			run(t, r)
			took := time.Since(at)
			if p := progress(t, r); p.Done != scaleRows || p.Pass != 2 {
				t.Errorf("progress %+v", p)
			}
			_, now := current(t, s)
			if n := x.under(t, original); n[now.ID] != scaleRows || len(n) != 1 {
				t.Errorf("under %v", n)
			}
			t.Logf("%s: %d values in %v, %.0f a second", engine, scaleRows, took.Round(time.Second), scaleRows/took.Seconds())
		})
	}
}
