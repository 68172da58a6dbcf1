package seal

import (
	"context"

	"sidian/internal/db"
)

// Filed pages through the identifiers of all seals that were ever filed, in
// their order: for what is told to others about each. What may be told is
// PublicGet's to say.
func (s *Service) Filed(ctx context.Context, after string, limit int) (ids []string, err error) {
	err = s.DB.Read(ctx, func(tx *db.Tx) error { ids, err = filedAfter(tx, after, limit); return err })
	return ids, err
}
