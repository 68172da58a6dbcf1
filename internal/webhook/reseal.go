package webhook

import "sidian/internal/db"

// Name is keys.Resealer.
func (s *Service) Name() string { return "webhook" }

// Reseal is keys.Resealer for the secrets that calls are signed with.
func (s *Service) Reseal(tx *db.Tx, after string, n int) (next string, changed int, err error) {
	rows, err := secretsAfter(tx, after, n)
	if err != nil {
		return "", 0, err
	}
	for _, r := range rows {
		next = r.id
		again, stale, err := s.Box.Again(cell(r.id), r.secret)
		if err != nil {
			return "", changed, err
		}
		former, formerStale := r.former, false
		if r.former != nil {
			if former, formerStale, err = s.Box.Again(cell(r.id), r.former); err != nil {
				return "", changed, err
			}
		}
		if !stale && !formerStale {
			continue
		}
		m, err := swapSecrets(tx, r, again, former)
		if err != nil {
			return "", changed, err
		}
		changed += int(m)
	}
	return next, changed, nil
}
