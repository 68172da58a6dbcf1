package feedback

import (
	"sidian/internal/db"
	"sidian/internal/keys"
)

// resealer seals again what people wrote.
type resealer struct{ s *Service }

// Resealer is what a rotation of the keys of fields calls.
func (s *Service) Resealer() keys.Counter { return resealer{s} }

func (resealer) Name() string { return "feedback" }

func (resealer) Count(tx *db.Tx) (int64, error) { return countSealed(tx) }

func (x resealer) Reseal(tx *db.Tx, after string, n int) (next string, done int, err error) {
	values, err := sealedAfter(tx, after, n)
	if err != nil {
		return "", 0, err
	}
	return x.s.box.Reseal(values, n, func(was keys.Sealed, again []byte) (int64, error) { return replaceContent(tx, was, again) })
}
