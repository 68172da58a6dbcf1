package notice

import (
	"sidian/internal/db"
	"sidian/internal/keys"
)

// Resealer is what a rotation of the keys of fields calls for addresses.
func (s *Service) Resealer() keys.Resealer { return resealer{s} }

type resealer struct{ s *Service }

func (resealer) Name() string { return "notice" }

func (x resealer) Reseal(tx *db.Tx, after string, n int) (next string, done int, err error) {
	values, err := addressesAfter(tx, after, n)
	if err != nil {
		return "", 0, err
	}
	return x.s.Box.Reseal(values, n, func(was keys.Sealed, again []byte) (int64, error) { return swapAddress(tx, was, again) })
}
