package status

import (
	"context"
	"fmt"

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
	rows, err := keysAfter(tx, after, n)
	if err != nil {
		return "", 0, err
	}
	for _, k := range rows {
		again, changed, err := x.box.Again(keyCell(k.id), k.sealed)
		if err != nil {
			return "", 0, fmt.Errorf("status: sealing key %s again: %w", k.id, err)
		}
		if !changed {
			continue
		}
		ok, err := replaceKey(tx, k, again)
		if err != nil {
			return "", 0, err
		}
		if ok {
			done++
		}
	}
	if len(rows) == n {
		next = rows[n-1].id
	}
	return next, done, nil
}
