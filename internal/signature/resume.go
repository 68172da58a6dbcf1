package signature

import (
	"context"
	"errors"
	"fmt"
	"time"

	"sidian/internal/audit"
	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/signature/event"
)

// resumeBatch is how many rows are looked for at a time.
const resumeBatch = 100

// settling bounds what is done about a failure.
const settling = 5 * time.Second

// failed settles a signature whose making failed. What will fail again goes back
// to before the confirmation; what may pass waits for Resume.
func (s *Service) failed(ctx context.Context, id string, number int, why error) error {
	if errors.Is(why, errMoved) {
		return again(why)
	}
	if !fault.Final(why) {
		return why
	}
	ctx, stop := context.WithTimeout(context.WithoutCancel(ctx), settling)
	defer stop()
	if err := s.takeBack(ctx, id, number, why); err != nil && !errors.Is(err, errMoved) {
		return errors.Join(why, err)
	}
	return why
}

// takeBack takes a confirmation back, and says why.
func (s *Service) takeBack(ctx context.Context, id string, number int, why error) error {
	return s.DB.Write(ctx, func(tx *db.Tx) error {
		r, err := signerBy(tx, id, number)
		if err != nil {
			return err
		}
		if err := unconfirm(tx, r); err != nil {
			return err
		}
		t, err := taskByID(tx, id)
		if err != nil {
			return err
		}
		if t.state != Open { // the task ended meanwhile: nothing is left to sign
			if err := forgetDrawings(tx, id); err != nil {
				return err
			}
		}
		return audit.Put(tx, audit.Entry{Action: "signature.unconfirm", Object: signerObject(id, number), Result: audit.Failed, Rule: code(why)})
	})
}

func code(why error) string {
	if e := fault.As(why); e != nil {
		return e.Code
	}
	return "internal"
}

// Resume finishes what crashes left between the two transactions of signing: it
// completes each signature that was confirmed, or takes the confirmation back when
// it cannot be completed any more. It finishes evidence, too.
func (s *Service) Resume(ctx context.Context) (completed, withdrawn int, err error) {
	for err == nil {
		var list []*signerRow
		if err = s.DB.Read(ctx, func(tx *db.Tx) (err error) { list, err = left(tx, resumeBatch); return err }); err != nil || len(list) == 0 {
			break
		}
		for _, r := range list {
			done, failed := s.resumeOne(ctx, r)
			switch {
			case failed != nil:
				err = errors.Join(err, fmt.Errorf("signature: resuming %s: %w", signerKey(r.task, r.number), failed))
			case done == Signed:
				completed++
			case done != "":
				withdrawn++
			}
			if ctx.Err() != nil {
				return completed, withdrawn, err
			}
		}
	}
	return completed, withdrawn, errors.Join(err, s.resumeEvidence(ctx))
}

// resumeOne returns what it brought the signer to, or "" if another was faster.
func (s *Service) resumeOne(ctx context.Context, r *signerRow) (string, error) {
	mine := false
	err := s.DB.Write(ctx, func(tx *db.Tx) (err error) {
		mine, err = takeOver(tx, r.task, r.number, tx.Now().Add(s.lease()).UnixMilli())
		return err
	})
	if err != nil || !mine {
		return "", err
	}
	one, stop := context.WithTimeout(ctx, s.lease())
	defer stop()
	err = s.finish(one, r.task, r.number)
	switch {
	case err == nil:
		return Signed, nil
	case errors.Is(err, errMoved):
		return "", nil
	case !fault.Final(err):
		return "", err // something does not answer: again when the lease has run out
	}
	if err := s.takeBack(ctx, r.task, r.number, err); err != nil && !errors.Is(err, errMoved) {
		return "", err
	}
	return ready(r.way), nil
}

// warnBefore is when the signers whose turn it is are told that time runs out.
const warnBefore = 24 * time.Hour

// Tick expires tasks whose time is over, reminds signers a day before, and forgets
// old links. It may be called by any number of processes, every minute or so.
func (s *Service) Tick(ctx context.Context) (expired, reminded int, err error) {
	var over, soon []*taskRow
	err = s.DB.Read(ctx, func(tx *db.Tx) (err error) {
		if over, err = overdue(tx, tx.Now().UnixMilli(), resumeBatch); err != nil {
			return err
		}
		soon, err = unwarned(tx, tx.Now().Add(warnBefore).UnixMilli(), resumeBatch)
		return err
	})
	if err != nil {
		return 0, 0, err
	}
	for _, t := range over {
		done, failed := s.expire(ctx, t.id)
		err = errors.Join(err, failed)
		if done {
			expired++
		}
	}
	for _, t := range soon {
		done, failed := s.warn(ctx, t.id)
		err = errors.Join(err, failed)
		if done {
			reminded++
		}
	}
	return expired, reminded, errors.Join(err, s.DB.Write(ctx, func(tx *db.Tx) error { return sweepLinks(tx, tx.Now().Add(-keepLinks).UnixMilli()) }))
}

func (s *Service) expire(ctx context.Context, id string) (done bool, err error) {
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		done = false
		t, err := load(tx, id)
		if err != nil || !t.over(tx.Now()) {
			return err
		}
		done = true
		if err := audit.Put(tx, audit.Entry{Action: "signature.expire", Object: object(id), Before: t.document}); err != nil {
			return err
		}
		return s.end(tx, t, Expired, event.Expired, 0, "签署任务已过期")
	})
	if errors.Is(err, errMoved) {
		return false, nil
	}
	return done, err
}

func (s *Service) warn(ctx context.Context, id string) (done bool, err error) {
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		done = false
		t, err := load(tx, id)
		if err != nil || t.state != Open || t.warned || t.over(tx.Now()) {
			return err
		}
		done = true
		return s.remind(tx, t, true, "签署任务将在一日内截止")
	})
	return done, err
}
