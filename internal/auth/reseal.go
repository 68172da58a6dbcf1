package auth

import (
	"sidian/internal/db"
	"sidian/internal/keys"
)

// Service seals its columns again when their key has been replaced.
var _ keys.Counter = (*Service)(nil)

// Name is that of the owner of columns.
func (s *Service) Name() string { return "auth" }

// Count tells how many rows have a sealed column.
func (s *Service) Count(tx *db.Tx) (int64, error) { return countSealed(tx) }

// Reseal seals again what is stale of up to n rows after a key: see
// keys.Resealer. What lives for hours at most is not sealed under this key.
func (s *Service) Reseal(tx *db.Tx, after string, n int) (next string, done int, err error) {
	rows, err := sealedAfter(tx, after, n)
	if err != nil {
		return "", 0, err
	}
	for _, r := range rows {
		next = r.account
		again, changed, err := s.box.Again(totpCell(r.account), r.totp)
		if err != nil {
			return "", 0, err
		}
		if !changed {
			continue
		}
		mac, was := r.mac, r.totp
		right := s.guards.credentials.Check(mac, r.account, r.guarded()...) == nil
		if r.totp = again; right { // one that was wrong stays wrong
			mac = s.guards.credentials.Mac(r.account, r.guarded()...)
		}
		written, err := resealTOTP(tx, r.account, was, again, mac)
		if err != nil {
			return "", 0, err
		}
		done += int(written)
	}
	return next, done, nil
}
