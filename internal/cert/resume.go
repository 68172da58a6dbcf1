package cert

import (
	"context"
	"fmt"

	"sidian/internal/audit"
	"sidian/internal/cert/event"
	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/seal"
)

// Resume finishes what crashes left between the two transactions of issuing:
// it completes each certificate from its plan, or withdraws it when it cannot
// be completed any more. It reports how many it completed and withdrew; those
// whose attempt has not run out are left alone.
func (s *Service) Resume(ctx context.Context) (completed, withdrawn int, err error) {
	for {
		var ids []string
		if err := s.DB.Read(ctx, func(tx *db.Tx) (err error) { ids, err = left(tx, 100); return err }); err != nil {
			return completed, withdrawn, err
		}
		if len(ids) == 0 {
			return completed, withdrawn, nil
		}
		for _, id := range ids {
			done, err := s.resumeOne(ctx, id)
			switch {
			case err != nil:
				return completed, withdrawn, fmt.Errorf("cert: resuming %s: %w", id, err)
			case done == Effective:
				completed++
			case done == Withdrawn:
				withdrawn++
			}
		}
	}
}

// resumeOne returns the status that the certificate came to, or "" if another
// was faster.
func (s *Service) resumeOne(ctx context.Context, id string) (string, error) {
	var r *row
	var mine bool
	err := s.DB.Write(ctx, func(tx *db.Tx) (err error) {
		if mine, err = takeOver(tx, id, s.lease()); err != nil || !mine {
			return err
		}
		r, err = byID(tx, id)
		return err
	})
	if err != nil || !mine {
		return "", err
	}
	w, err := s.rework(ctx, r)
	if err == nil {
		err = s.DB.Write(ctx, func(tx *db.Tx) (err error) {
			w.token, err = seal.AgainTx(tx, r.Use, r.content)
			return err
		})
	}
	if err == nil {
		_, err = s.finish(ctx, w)
	}
	if err == nil {
		return Effective, nil
	}
	if !final(err) {
		return "", err // something does not answer: try again when the lease has run out
	}
	return Withdrawn, s.withdraw(ctx, r, err)
}

// withdraw gives up a certificate that cannot be issued, and says why.
func (s *Service) withdraw(ctx context.Context, r *row, why error) error {
	_, reason := fault.Of(why)
	return s.DB.Write(ctx, func(tx *db.Tx) error {
		if err := markWithdrawn(tx, r.ID); err != nil {
			return err
		}
		if err := seal.WithdrawTx(tx, r.Use); err != nil {
			return err
		}
		if err := audit.Put(tx, audit.Entry{Action: "cert.withdraw", Object: "cert/" + r.ID, Reason: reason}); err != nil {
			return err
		}
		return s.tell(tx, r, event.Withdrawn)
	})
}

// final tells an error that will be the same next time from one that may pass.
func final(err error) bool {
	kind, _ := fault.Of(err)
	switch kind {
	case fault.Invalid, fault.NotFound, fault.Conflict, fault.Forbidden, fault.TooLarge:
		return true
	}
	return false
}
