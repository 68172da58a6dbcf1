package cert

import (
	"context"
	"errors"
	"fmt"

	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/iam"
	"sidian/internal/seal"
)

// resumeBatch is how many certificates are looked for at a time.
const resumeBatch = 100

// Resume finishes what crashes left between the two transactions of issuing:
// it completes each certificate from its plan, or withdraws it when it cannot
// be completed any more. It reports how many it completed and withdrew; those
// whose attempt has not run out are left alone. One that fails does not hold up
// the others: it is tried again when its new lease has run out.
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
				err = errors.Join(err, fmt.Errorf("cert: resuming %s: %w", id, failed))
			case done == Effective:
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

// resumeOne returns the status that it brought the certificate to, or "" if
// another was faster.
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
		return Effective, nil
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

// again finishes a stored plan.
func (s *Service) again(ctx context.Context, r *row) error {
	ctx, stop := context.WithTimeout(ctx, s.lease())
	defer stop()
	if r.desk != "" {
		return s.askAgain(ctx, r)
	}
	w, err := s.rework(ctx, r)
	if err != nil {
		return err
	}
	err = s.DB.Write(ctx, func(tx *db.Tx) (err error) {
		if err = stillSealing(tx, r.ID); err == nil {
			w.token, err = seal.AgainTx(tx, r.Use, r.content)
		}
		return err
	})
	if err != nil {
		return err
	}
	_, err = s.finish(ctx, w)
	return err
}

// rework makes the work of a stored plan again. The document must come out as
// it was: its content is what the seal's use was recorded for.
func (s *Service) rework(ctx context.Context, r *row) (*work, error) {
	w := &work{row: *r}
	err := s.DB.Read(ctx, func(tx *db.Tx) (err error) {
		if w.kind, err = s.Catalogue.VersionTx(tx, r.Kind, r.KindVersion); err != nil {
			return err
		}
		o, err := iam.OrgTx(tx, r.Issuer)
		w.org = &o
		return err
	})
	if err != nil {
		return nil, err
	}
	if w.plan, err = s.openPlan(r); err != nil {
		return nil, err
	}
	if err := s.draw(w); err != nil {
		return nil, err
	}
	if w.content != r.content {
		return nil, fault.Conflict.New("按原计划生成的版式文件与用印记录不一致").WithCode("cert.content")
	}
	return w, nil
}

// Final tells whether issuing was refused in a way that will be the same next time.
// A certificate whose seals are still being set is none.
func Final(err error) bool {
	e := fault.As(err)
	return e != nil && e.Code != "cert.sealing" && fault.Final(err)
}

// reason is what the audit says of a failure: the rule that was shown, or that
// something inside went wrong.
func reason(why error) string {
	if _, msg := fault.Of(why); msg != "" {
		return msg
	}
	return "系统内部错误，签发没有完成"
}
