package onboard

import (
	"strconv"
	"strings"

	"sidian/internal/db"
)

// Name is keys.Resealer.
func (s *Service) Name() string { return "onboard" }

// Count is keys.Counter.
func (s *Service) Count(tx *db.Tx) (int64, error) { return countSealed(tx) }

// Reseal is keys.Resealer for lines that wait.
func (s *Service) Reseal(tx *db.Tx, after string, n int) (next string, changed int, err error) {
	run, at, _ := strings.Cut(after, "/")
	line, _ := strconv.ParseInt(at, 10, 64) // "" is before all
	runs, rows, err := sealedRows(tx, run, line, n)
	if err != nil {
		return "", 0, err
	}
	for i, r := range rows {
		again, stale, err := s.box.Again(cellOf(runs[i], r.line), r.sealed)
		if err != nil {
			return "", changed, err
		}
		if stale {
			m, err := replaceSealed(tx, runs[i], r.line, r.sealed, again)
			if err != nil {
				return "", changed, err
			}
			changed += int(m)
		}
		next = runs[i] + "/" + strconv.FormatInt(r.line, 10)
	}
	return next, changed, nil
}
