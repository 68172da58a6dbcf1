package composite

import (
	"context"
	"errors"
	"fmt"
	"time"

	certevent "sidian/internal/cert/event"
	"sidian/internal/cert/state"
	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/iam"
	"sidian/internal/outbox"
)

// Consumer notes which composites what happened to a certificate is about. It is
// idempotent: a composite that is looked at once too often stays what it is.
func (s *Service) Consumer() outbox.Consumer {
	return outbox.Consumer{Name: "composite", Topics: []string{certevent.Changed}, HandleAll: s.changed}
}

func (s *Service) changed(tx *db.Tx, all []outbox.Event) error {
	ids := make([]string, len(all))
	for i, ev := range all {
		var body certevent.StatusChanged
		if err := ev.Decode(&body); err != nil {
			return err
		}
		ids[i] = body.ID
	}
	due, err := touched(tx, ids)
	for _, id := range due {
		if err == nil {
			err = wanted(tx, id)
		}
	}
	return err
}

const (
	workBatch = 50
	// claimed is how long one who looks at a composite is left alone with it.
	claimed = 30 * time.Second
	// mostWait is between two tries of what cannot be done.
	mostWait = 5 * time.Minute
)

// Work looks at every composite that is due. It is to be called often; any number
// of processes may. One that fails does not hold up the others.
func (s *Service) Work(ctx context.Context) (err error) {
	for ctx.Err() == nil {
		var ids []string
		if e := s.DB.Read(ctx, func(tx *db.Tx) (err error) { ids, err = dueOnes(tx, workBatch); return err }); e != nil || len(ids) == 0 {
			return errors.Join(err, e)
		}
		for _, id := range ids {
			if e := s.workOne(ctx, id); e != nil {
				err = errors.Join(err, fmt.Errorf("composite: following the members of %s: %w", id, e))
			}
		}
		if err != nil || len(ids) < workBatch {
			return err
		}
	}
	return errors.Join(err, ctx.Err())
}

// workOne follows the members of one that is due, unless another does.
func (s *Service) workOne(ctx context.Context, id string) error {
	var due, tries int64
	err := s.DB.Write(ctx, func(tx *db.Tx) (err error) {
		due, tries, err = claim(tx, id, tx.Now().Add(claimed).UnixMilli())
		return err
	})
	if err != nil || due == 0 {
		return err
	}
	s.step("claimed")
	_, why := s.follow(ctx, id)
	err = s.DB.Write(context.WithoutCancel(ctx), func(tx *db.Tx) error {
		if why == nil {
			return settled(tx, id, due)
		}
		wait := min(time.Second<<min(tries, 10), mostWait)
		return putOff(tx, id, due, tx.Now().Add(wait).UnixMilli(), troubleOf(why))
	})
	if e := fault.As(why); e != nil && e.Kind == fault.Unavailable { // known, shown and tried again
		why = nil
	}
	return errors.Join(why, err)
}

// troubleOf is what is kept of a failure: the text of an error may hold anything.
func troubleOf(why error) string {
	if e := fault.As(why); e != nil {
		return clip(e.Msg, 200)
	}
	return "平台内部错误，会再试"
}

const reconcileBatch = 200

// Reconcile finds composites that are not what their members make of them, though
// no event told so, and makes them due. It reports how many.
func (s *Service) Reconcile(ctx context.Context) (found int, err error) {
	for after := ""; ctx.Err() == nil; {
		var off, edited []string
		var n int
		err := s.DB.Read(ctx, func(tx *db.Tx) error {
			off, edited = nil, nil
			rows, err := living(tx, after, reconcileBatch)
			n = len(rows)
			for _, r := range rows {
				after = r.id
				differs, err := s.differs(tx, r)
				var e *iam.AlteredError
				if errors.As(err, &e) { // nothing is done with it
					edited = append(edited, r.id)
					continue
				}
				if err != nil {
					return err
				}
				if differs {
					off = append(off, r.id)
				}
			}
			return err
		})
		if err != nil {
			return found, err
		}
		for _, id := range edited {
			s.alarm(ctx, tableComposites, id)
		}
		for _, id := range off {
			if err := s.DB.Write(ctx, func(tx *db.Tx) error { return wanted(tx, id) }); err != nil {
				return found, err
			}
			found++
		}
		if n < reconcileBatch {
			return found, nil
		}
	}
	return found, ctx.Err()
}

// differs tells whether the state of a composite, or of a member, is not what was
// seen last.
func (s *Service) differs(tx *db.Tx, r *row) (bool, error) {
	if err := s.vet(tx, r); err != nil {
		return false, err
	}
	own, err := s.Cert.ForCaseTx(tx, r.certificate, "")
	if err != nil {
		return false, err
	}
	members, err := s.members(tx, r)
	if err != nil {
		return false, err
	}
	off := false
	parts := make([]Part, len(members))
	for i, m := range members {
		c, err := s.Cert.ForCaseTx(tx, m.certificate, "")
		if err != nil {
			return false, err
		}
		parts[i], off = Part{m.required, state.Status(c.Status)}, off || c.Status != m.status
	}
	standing, _ := Stand(parts)
	now := state.Status(own.Status)
	return off || string(standing) != r.standing || state.Final(now) || now == state.Effective && standing != InForce ||
		now == state.Suspended && standing == InForce && r.held == 1, nil
}
