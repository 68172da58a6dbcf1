package keystest

import (
	"testing"

	"sidian/internal/db"
	"sidian/internal/keys"
)

// Reseals replaces the key of fields and fails unless r seals so many values
// again, row after row, and no value twice.
func Reseals(t testing.TB, d *db.DB, s *keys.Store, r keys.Resealer, want int) {
	t.Helper()
	if err := s.Rotate(t.Context(), keys.Field); err != nil {
		t.Fatal(err)
	}
	pass := func() (sealed int) {
		err := d.Write(t.Context(), func(tx *db.Tx) error {
			sealed = 0
			for after := ""; ; {
				next, done, err := r.Reseal(tx, after, 1)
				sealed += done
				if err != nil || next == "" {
					return err
				}
				after = next
			}
		})
		if err != nil {
			t.Fatal(err)
		}
		return sealed
	}
	if got := pass(); got != want {
		t.Errorf("%s: %d values were sealed again, want %d", r.Name(), got, want)
	}
	if got := pass(); got != 0 {
		t.Errorf("%s: %d values were sealed again under the key that they were sealed under", r.Name(), got)
	}
}
