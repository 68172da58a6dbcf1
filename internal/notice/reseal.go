package notice

import (
	"strings"

	"sidian/internal/db"
	"sidian/internal/keys"
)

// Resealer is what a rotation of the keys of fields calls for addresses.
func (s *Service) Resealer() keys.Resealer { return resealer{s} }

type resealer struct{ s *Service }

func (resealer) Name() string { return "notice" }

func (r resealer) Reseal(tx *db.Tx, after string, n int) (next string, changed int, err error) {
	account, channel, _ := strings.Cut(after, "/")
	rows, err := addressesAfter(tx, account, channel, n)
	if err != nil {
		return "", 0, err
	}
	for _, row := range rows {
		next = row.account + "/" + string(row.channel)
		again, stale, err := r.s.Box.Again(cell(row.account, row.channel), row.sealed)
		if err != nil {
			return "", changed, err
		}
		if !stale {
			continue
		}
		m, err := swapAddress(tx, row, again)
		if err != nil {
			return "", changed, err
		}
		changed += int(m)
	}
	return next, changed, nil
}
