package batch

import (
	"sidian/internal/db"
	"sidian/internal/keys"
)

type resealer struct{ s *Service }

// Resealer is what a rotation of the keys of fields calls for rows that wait.
func (s *Service) Resealer() keys.Counter { return resealer{s} }

func (resealer) Name() string { return "batch" }

func (resealer) Count(tx *db.Tx) (int64, error) { return countSealed(tx) }

func (x resealer) Reseal(tx *db.Tx, after string, n int) (next string, done int, err error) {
	values, err := sealedRows(tx, after, n)
	if err != nil {
		return "", 0, err
	}
	return x.s.box.Reseal(values, n, func(was keys.Sealed, again []byte) (int64, error) { return replaceSealed(tx, was, again) })
}
