package keys

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	"sidian/internal/db"
)

// An Adoption remembers that the rows which stood in a table before it was guarded
// have been given their MACs: until then a row without one is taken for right, from
// then on it is one that was put there by hand. Nothing takes that back, not even
// who edits or deletes the mark.
//
// It is safe for concurrent use, and by any number of processes.
type Adoption struct {
	mark *Rows // has one row once all have theirs
	done atomic.Bool
}

// adoptedRow names the row of the mark.
const adoptedRow = "adopted"

// Adoption returns what remembers it, by the name of a table that holds nothing else.
func (s *Store) Adoption(ctx context.Context, table string) (*Adoption, error) {
	mark, err := s.Rows(ctx, table)
	return &Adoption{mark: mark}, err
}

// Done tells whether every row must carry a MAC.
func (a *Adoption) Done(tx *db.Tx) (bool, error) {
	if a.done.Load() {
		return true, nil
	}
	c, err := a.mark.Census(tx)
	if err != nil && !errors.Is(err, ErrAltered) {
		return false, err
	}
	yes := err != nil || c.Revision > 0 // a mark that was edited is not one that never was
	if yes {
		a.done.Store(true)
	}
	return yes, nil
}

// Run gives the rows of before their MACs, once, and reports how many it gave.
// Each call of give does so for some rows in a transaction of their own, and tells
// how many; with none left the adoption is done.
func (a *Adoption) Run(ctx context.Context, d *db.DB, give func(tx *db.Tx) (n int, err error)) (n int, err error) {
	for more := !a.done.Load(); more && ctx.Err() == nil; {
		var some int
		err := d.Write(ctx, func(tx *db.Tx) (err error) {
			some, err = a.round(tx, give)
			return err
		})
		if err != nil {
			return n, fmt.Errorf("keys: giving old rows their MACs: %w", err)
		}
		n, more = n+some, some > 0
	}
	return n, ctx.Err()
}

func (a *Adoption) round(tx *db.Tx, give func(tx *db.Tx) (int, error)) (int, error) {
	if done, err := a.Done(tx); err != nil || done {
		return 0, err
	}
	n, err := give(tx)
	if err == nil && n == 0 { // from the next look on, none may be without
		err = a.mark.Insert(tx, a.mark.Mac(adoptedRow))
	}
	return n, err
}
