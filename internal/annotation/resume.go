package annotation

import (
	"context"
	"errors"
	"fmt"

	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/seal"
)

// resumeBatch is how many copies are looked for at a time.
const resumeBatch = 100

// Resume finishes what crashes left between the two transactions of making: it
// completes each copy from its plan, or withdraws it when it cannot be completed
// any more. Those whose attempt has not run out are left alone.
func (s *Service) Resume(ctx context.Context) (completed, withdrawn int, err error) {
	for err == nil {
		var ids []string
		if err = s.DB.Read(ctx, func(tx *db.Tx) (err error) { ids, err = left(tx, resumeBatch); return err }); err != nil || len(ids) == 0 {
			break
		}
		for _, id := range ids {
			done, failed := s.resumeOne(ctx, id)
			switch {
			case failed != nil:
				err = errors.Join(err, fmt.Errorf("annotation: resuming %s: %w", id, failed))
			case done == Made:
				completed++
			case done == Withdrawn:
				withdrawn++
			}
			if ctx.Err() != nil {
				return completed, withdrawn, err
			}
		}
	}
	return completed, withdrawn, err
}

// resumeOne returns the status that it brought a copy to, or "" if another was
// faster.
func (s *Service) resumeOne(ctx context.Context, id string) (string, error) {
	var r *row
	err := s.DB.Write(ctx, func(tx *db.Tx) error {
		r = nil
		mine, err := takeOver(tx, id, s.lease())
		if err == nil && mine {
			r, err = byID(tx, id)
		}
		return err
	})
	if err != nil || r == nil {
		return "", err
	}
	err = s.again(ctx, r)
	switch {
	case err == nil:
		return Made, nil
	case errors.Is(err, errMoved):
		return "", nil
	case !fault.Final(err):
		return "", err // something does not answer: again when the lease has run out
	}
	err = s.withdraw(ctx, r, err)
	if errors.Is(err, errMoved) {
		return "", nil
	}
	return Withdrawn, err
}

// again finishes a stored plan. The document must come out as it was: its content
// is what the seal's use was recorded for.
func (s *Service) again(ctx context.Context, r *row) (err error) {
	ctx, stop := context.WithTimeout(ctx, s.lease())
	defer stop()
	w := &work{row: *r}
	if w.plan, err = s.openPlan(r); err != nil {
		return err
	}
	if w.base, err = s.Cert.Base(ctx, r.certificate); err != nil {
		return err
	}
	if err := s.lay(ctx, w); err != nil {
		return err
	}
	if w.planned != r.planned {
		return fault.Conflict.New("按原计划生成的加注件与用印记录不一致").WithCode("annotation.content")
	}
	err = s.DB.Write(ctx, func(tx *db.Tx) (err error) {
		if err = stillSealing(tx, r.id); err == nil {
			w.token, err = seal.AgainTx(tx, r.use, r.planned)
		}
		return err
	})
	if err != nil {
		return err
	}
	return s.finish(ctx, w)
}
