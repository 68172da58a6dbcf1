package batch

import (
	"strconv"
	"strings"

	"sidian/internal/db"
	"sidian/internal/keys"
)

type resealer struct{ s *Service }

// Resealer is what a rotation of the keys of fields calls for rows that wait.
func (s *Service) Resealer() keys.Counter { return resealer{s} }

func (resealer) Name() string { return "batch" }

func (resealer) Count(tx *db.Tx) (int64, error) { return countSealed(tx) }

// Reseal is keys.Resealer; its keys are batch/line.
func (x resealer) Reseal(tx *db.Tx, after string, n int) (next string, changed int, err error) {
	run, at, _ := strings.Cut(after, "/")
	line, _ := strconv.ParseInt(at, 10, 64) // "" is before all
	runs, rows, err := sealedRows(tx, run, line, n)
	if err != nil {
		return "", 0, err
	}
	for i, r := range rows {
		again, stale, err := x.s.box.Again(cellOf(runs[i], r.line), r.sealed)
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
