package annotation

import (
	"fmt"

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
	plans, err := plansAfter(tx, after, n)
	if err != nil {
		return "", 0, err
	}
	for _, p := range plans {
		again, changed, err := x.s.box.Again(cellOf(p.id), p.sealed)
		if err != nil {
			return "", 0, fmt.Errorf("annotation: sealing the plan of %s again: %w", p.id, err)
		}
		if !changed {
			continue
		}
		ok, err := replacePlan(tx, p, again)
		if err != nil {
			return "", 0, err
		}
		if ok {
			done++
		}
	}
	if len(plans) == n {
		next = plans[n-1].id
	}
	return next, done, nil
}
