package sealing

import (
	"context"
	"errors"
	"fmt"
	"time"

	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/seal"
)

const (
	// settling bounds what is done about a failure.
	settling = 5 * time.Second
	// resumeBatch is how many steps are looked for at a time.
	resumeBatch = 100
)

// Resume finishes the stamps that crashes, or something that did not answer,
// left: it completes each, or sends the step back to be approved again. It
// reports how many it completed and sent back; those whose attempt has not run
// out are left alone. One that fails does not hold up the others.
func (s *Service) Resume(ctx context.Context) (completed, lost int, err error) {
	for ctx.Err() == nil {
		var ids []string
		if e := s.DB.Read(ctx, func(tx *db.Tx) (e error) { ids, e = leftSteps(tx, resumeBatch); return e }); e != nil {
			return completed, lost, errors.Join(err, e)
		}
		if len(ids) == 0 {
			return completed, lost, err
		}
		for _, id := range ids {
			state, e := s.resumeOne(ctx, id)
			switch {
			case e != nil:
				err = errors.Join(err, fmt.Errorf("sealing: resuming step %s: %w", id, e))
			case state == Stamped:
				completed++
			case state == Waiting:
				lost++
			}
		}
	}
	return completed, lost, errors.Join(err, ctx.Err())
}

// resumeOne returns the state that it brought the step to, or "" if another was
// faster.
func (s *Service) resumeOne(ctx context.Context, id string) (state string, err error) {
	var mine bool
	err = s.DB.Write(ctx, func(tx *db.Tx) (err error) { mine, err = takeStep(tx, id, s.lease()); return err })
	if err != nil || !mine {
		return "", err
	}
	w, err := s.workOf(ctx, id)
	if err != nil {
		return "", err
	}
	if w.st.State == Approved {
		err = s.stampStep(ctx, id)
	} else {
		err = s.again(ctx, w)
	}
	var now *Step
	if e := s.DB.Read(ctx, func(tx *db.Tx) (e error) { now, e = stepByID(tx, id); return e }); e != nil {
		return "", errors.Join(err, e)
	}
	if now.State == Waiting && err != nil && fault.Final(err) {
		return Waiting, nil // it was told why
	}
	return now.State, err
}

// again repeats a stamp whose use is recorded.
func (s *Service) again(ctx context.Context, w *work) error {
	ctx, err := s.asAsker(ctx, w.request)
	if err != nil {
		return s.failed(ctx, w, err)
	}
	ctx, stop := context.WithTimeout(ctx, s.lease())
	defer stop()
	content, err := seal.Content(w.slot)
	if err != nil {
		return err
	}
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		st, err := stepByID(tx, w.st.ID)
		if err != nil {
			return err
		}
		if st.State != Stamping {
			return errMoved
		}
		w.token, err = seal.AgainTx(tx, st.Use, content)
		return err
	})
	if err != nil {
		return s.failed(ctx, w, err)
	}
	return s.failed(ctx, w, s.finish(ctx, w))
}

// reason is what is told of a failure: the rule, or that something inside went
// wrong.
func reason(why error) string {
	if _, msg := fault.Of(why); msg != "" {
		return msg
	}
	return "系统内部错误，盖章没有完成"
}

// stepByID returns a step without its approvals.
func stepByID(tx *db.Tx, id string) (*Step, error) {
	list, err := querySteps(tx, `id = $1`, id)
	if err != nil {
		return nil, err
	}
	if len(list) == 0 {
		return nil, unknown()
	}
	return list[0], nil
}
