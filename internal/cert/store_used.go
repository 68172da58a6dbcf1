package cert

import (
	"context"

	"sidian/internal/db"
)

// CountOf is how many certificates were made of a kind, in all its versions.
func (s *Service) CountOf(ctx context.Context, kind string) (n int64, err error) {
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		return tx.Get(`select count(*) from cert_certificate where kind = $1 and status <> 'withdrawn'`, []any{kind}, &n)
	})
	return n, err
}
