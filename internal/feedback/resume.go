package feedback

import (
	"context"
	"errors"

	"sidian/internal/audit"
	"sidian/internal/db"
	"sidian/internal/fault"
)

// some is how many feedbacks one round of a chore takes.
const some = 20

// Resume goes on with what a crash left after a unit's word, as who gave it, and
// reports how many it looked at. Any number of processes may do it at the same time.
func (s *Service) Resume(ctx context.Context) (n int, err error) {
	var ids []string
	if err := s.DB.Read(ctx, func(tx *db.Tx) (err error) { ids, err = going(tx, some); return err }); err != nil {
		return 0, err
	}
	var wrong []error
	for _, id := range ids {
		r, err := s.take(ctx, id)
		if err == nil && r != nil {
			n++
			err = s.goOn(ctx, r)
		}
		wrong = append(wrong, err)
	}
	return n, errors.Join(wrong...)
}

// take makes a feedback this process's for a lease; nil: another has it.
func (s *Service) take(ctx context.Context, id string) (r *row, err error) {
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		if r, err = s.lockTx(tx, id); err != nil {
			return err
		}
		if r.state != Confirming || r.lease > milli(tx.Now()) {
			r = nil
			return nil
		}
		return s.saveTx(tx, r, s.lease())
	})
	return r, err
}

func (s *Service) goOn(ctx context.Context, r *row) error {
	as, err := s.as(ctx, r)
	if f := fault.As(err); f != nil && f.Kind != fault.Unavailable { // whoever gave their word is gone
		return s.reopen(ctx, r.id)
	}
	if err != nil {
		return err
	}
	if act := s.ours(as, r); act > 0 {
		return s.finish(as, r.id, act)
	}
	err = s.perform(as, r.id)
	if f := fault.As(err); f != nil && f.Code == "feedback.refused" { // the unit was told
		return nil
	}
	return err
}

// as is a context in which who gave the unit's word acts.
func (s *Service) as(ctx context.Context, r *row) (context.Context, error) {
	if r.decider != "" {
		return s.IAM.As(ctx, r.decider)
	}
	return s.IAM.AsClient(ctx, r.deciderApp)
}

// Tick gives open feedback about certificates that another unit answers for by now
// to that unit, and reports how many those were. Each is looked at once a day.
func (s *Service) Tick(ctx context.Context) (n int, err error) {
	for ctx.Err() == nil {
		var rows []*row
		err := s.DB.Read(ctx, func(tx *db.Tx) (err error) { rows, err = unlooked(tx, dayOf(tx.Now()), some); return err })
		if err != nil || len(rows) == 0 {
			return n, err
		}
		for _, r := range rows {
			moved, err := s.rehome(ctx, r)
			if err != nil {
				return n, err
			}
			if moved {
				n++
			}
		}
	}
	return n, ctx.Err()
}

func (s *Service) rehome(ctx context.Context, was *row) (moved bool, err error) {
	c, err := s.Cert.Copied(ctx, was.certificate)
	if err != nil {
		return false, err
	}
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		moved = false
		r, err := s.lockTx(tx, was.id)
		if err != nil || r.state != Filed {
			return err
		}
		moved = r.unit != c.Unit()
		r.looked = dayOf(tx.Now())
		if err := s.rehomeTx(tx, r, c.Unit()); err != nil {
			return err
		}
		if err := s.saveTx(tx, r, 0); err != nil || !moved {
			return err
		}
		if err := s.tellUnit(tx, r); err != nil {
			return err
		}
		return audit.Put(tx, audit.Entry{Action: "feedback.rehome", Object: objectOf(r.id), After: r.digest()})
	})
	return moved, err
}

// rehomeTx makes another unit the one that answers, with a clock of its own.
func (s *Service) rehomeTx(tx *db.Tx, r *row, unit string) error {
	if r.unit == unit {
		return nil
	}
	if err := s.dropTx(tx, r, "颁证职责已移交"); err != nil {
		return err
	}
	r.unit = unit
	region, err := s.placeTx(tx, r)
	if err != nil {
		return err
	}
	return s.promiseTx(tx, r, region)
}
