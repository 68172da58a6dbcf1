package onboard

import (
	"sidian/internal/db"
	"sidian/internal/keys"
)

// Name is keys.Resealer.
func (s *Service) Name() string { return "onboard" }

// Count is keys.Counter.
func (s *Service) Count(tx *db.Tx) (int64, error) { return countSealed(tx) }

// Reseal is keys.Resealer for lines that wait.
func (s *Service) Reseal(tx *db.Tx, after string, n int) (next string, done int, err error) {
	values, err := sealedRows(tx, after, n)
	if err != nil {
		return "", 0, err
	}
	return s.box.Reseal(values, n, func(was keys.Sealed, again []byte) (int64, error) { return replaceSealed(tx, was, again) })
}
