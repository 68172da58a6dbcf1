package status

import (
	"context"
	"sidian/internal/db"
	"sidian/internal/keys"
)

// resealer seals the wrapped keys again: the encrypted column of this package.
type resealer struct{ box *keys.Box }

// Resealer is what a rotation of the keys of fields calls for the keys that sign
// lists.
func (s *Service) Resealer(ctx context.Context) (keys.Counter, error) {
	box, err := s.Keys.Box(ctx)
	return resealer{box}, err
}

func (resealer) Name() string { return "status" }

func (resealer) Count(tx *db.Tx) (int64, error) { return countKeys(tx) }

func (x resealer) Reseal(tx *db.Tx, after string, n int) (next string, done int, err error) {
	values, err := keysAfter(tx, after, n)
	if err != nil {
		return "", 0, err
	}
	return x.box.Reseal(values, n, func(was keys.Sealed, again []byte) (int64, error) { return replaceKey(tx, was, again) })
}
