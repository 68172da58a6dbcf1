package annotation

import (
	"sidian/internal/db"
	"sidian/internal/keys"
)

// resealer seals the plans again: the encrypted column of this package.
type resealer struct{ s *Service }

// Resealer is what a rotation of the keys of fields calls.
func (s *Service) Resealer() keys.Counter { return resealer{s} }

func (resealer) Name() string { return "annotation" }

func (resealer) Count(tx *db.Tx) (int64, error) { return countPlans(tx) }

func (x resealer) Reseal(tx *db.Tx, after string, n int) (next string, done int, err error) {
	values, err := plansAfter(tx, after, n)
	if err != nil {
		return "", 0, err
	}
	return x.s.box.Reseal(values, n, func(was keys.Sealed, again []byte) (int64, error) { return replacePlan(tx, was, again) })
}
