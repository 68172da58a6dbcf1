package keys

import (
	"context"
	"errors"
	"fmt"

	"sidian/internal/db"
)

// RotateMaster wraps every key under the master key in the file next, which
// must be another, in one transaction. From then on only that file opens the
// store; s itself goes on with it, and other processes must be started again.
// Old backups of the database still need the old file.
func (s *Store) RotateMaster(ctx context.Context, next string) error {
	m, err := readMaster(next)
	if err != nil {
		return err
	}
	old := s.master.Load()
	if m.id == old.id {
		return errors.New("keys: the new master key is the present one")
	}
	if err := s.db.Write(ctx, func(tx *db.Tx) error { return rewrap(tx, old, m) }); err != nil {
		return fmt.Errorf("keys: rotating the master key: %w", err)
	}
	s.master.Store(m)
	return nil
}

func rewrap(tx *db.Tx, old, next *master) error {
	if err := insertMaster(tx, next); err != nil {
		return err
	}
	all, err := keysUnder(tx, old.id)
	if err != nil {
		return err
	}
	for _, r := range all {
		if r.destroyed() {
			r.wrapped = []byte{} // not null
			if err := updateWrapped(tx, r, next.id); err != nil {
				return err
			}
			continue
		}
		plain, err := old.unwrap(r)
		if err != nil {
			return err
		}
		r.wrapped = next.wrap(r, plain)
		clear(plain)
		if err := updateWrapped(tx, r, next.id); err != nil {
			return err
		}
	}
	return deleteMaster(tx, old.id)
}
