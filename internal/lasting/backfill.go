package lasting

import (
	"context"
	"time"

	"sidian/internal/db"
)

// settled is how long after the first full look at what was issued before there was
// evidence others may still put events without a delivery for this consumer: programs
// of an older version, until the last of them is replaced.
const settled = 3 * 24 * time.Hour

// Backfill calls all, which notes every certificate whose issue was told before this
// consumer was there, until that cannot find any more; afterwards it costs nothing,
// however many there are.
func (s *Service) Backfill(ctx context.Context, all func(context.Context) error) error {
	var first int64
	var done bool
	err := s.DB.Read(ctx, func(tx *db.Tx) (err error) { first, done, err = backfilled(tx); return err })
	if err != nil || done {
		return err
	}
	began := s.DB.Now()
	if err := all(ctx); err != nil {
		return err
	}
	enough := first > 0 && began.Sub(time.UnixMilli(first)) >= settled
	return s.DB.Write(ctx, func(tx *db.Tx) error { return putBackfill(tx, enough) })
}
