package onboard

import (
	"context"

	"sidian/internal/db"
)

// Die is a worker that marks a batch as begun, does some of its lines, and dies
// before it writes down what it did.
func (s *Service) Die(ctx context.Context, run string, does int) error {
	w := &worker{Service: s, run: run, me: newID()}
	var rows []*rowRow
	err := s.DB.Write(ctx, func(tx *db.Tx) error {
		if mine, err := w.hold(tx); err != nil || !mine {
			return err
		}
		var err error
		if rows, err = nextRows(tx, run, s.Batch); err != nil {
			return err
		}
		for _, r := range rows {
			if err := beginRow(tx, run, r.line); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil {
		err = w.act(ctx)
	}
	for _, r := range rows[:min(does, len(rows))] {
		if err == nil {
			err = w.line(r)
		}
	}
	return err
}

// Lease is for how long a run is a worker's.
const Lease = lease

// Kept is everything that the tables hold, for who looks for what they must not.
func Kept(tx *db.Tx, run string) (sealed int, text string, err error) {
	rows, err := queryRows(tx, `where run = $1 order by run, line`, run)
	for _, r := range rows {
		text += r.problems + " " + r.object + " " + r.grants + "\n"
		if r.sealed != nil {
			sealed++
			text += string(r.sealed)
		}
	}
	return sealed, text, err
}
