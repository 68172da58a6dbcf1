package issuing

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"sidian/internal/audit"
	"sidian/internal/cert"
	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/httpx"
	"sidian/internal/iam"
)

// Issue makes the certificate of a draft that passed, by somebody who neither
// collected nor reviewed it. It may be asked for again and again: a draft has one
// certificate at most.
func (s *Service) Issue(ctx context.Context, d Decision) (*Draft, error) {
	if err := d.check(false); err != nil {
		return nil, err
	}
	done := false
	err := s.rows(ctx, func(tx *db.Tx) error {
		r, err := s.takeTx(tx, d.ID)
		if err != nil {
			return err
		}
		if err := sees(ctx, r); err != nil {
			return err
		}
		if done = r.state == Issued && int64(d.Version) == r.version && iam.Allow(ctx, permSeal, r.unit) == nil; done {
			return nil
		}
		if r.state == Issuing { // begun already: go on with it
			return may(ctx, r, move(Issuing, ActIssue))
		}
		r.issuer = actorOf(ctx)
		if err := decideTx(tx, r.id); err != nil {
			return err
		}
		return s.actTx(ctx, tx, r, ActIssue, &d)
	})
	if err != nil {
		return nil, s.staled(ctx, audit.Refuse(ctx, s.DB, audit.Entry{Action: "issuing.issue", Object: objectOf(d.ID)}, err))
	}
	if !done {
		s.step("begin")
		if err := s.goOn(ctx, d.ID); err != nil {
			return nil, err
		}
	}
	return s.Get(ctx, d.ID)
}

// goOn asks for the certificate and notes what became of it. The client may go
// away; what was begun is finished all the same.
func (s *Service) goOn(ctx context.Context, id string) error {
	ctx = context.WithoutCancel(ctx)
	var req cert.IssueRequest
	var follows *correctionRow
	var pending string
	err := s.DB.Read(ctx, func(tx *db.Tx) error {
		r, err := byID(tx, id, false)
		if err != nil {
			return err
		}
		if r.state != Issuing {
			return errDone
		}
		if err := s.genuineTx(tx, r, false); err != nil {
			return err
		}
		c, err := s.contentOf(r)
		if err == nil {
			req, pending = c.request(r), r.pending
			follows, err = correctionOf(tx, id)
		}
		return err
	})
	if errors.Is(err, errDone) {
		return nil
	}
	if err != nil {
		return s.alarmed(ctx, err)
	}
	if pending != "" {
		if given, err := s.waits(ctx, id, pending); given || err != nil {
			return err
		}
	}
	c, why := s.make(once(ctx, id), req, follows)
	s.step("issue")
	switch {
	case why == nil && c.Status == cert.Sealing: // others seal it, too
		return s.waiting(ctx, id, c.ID)
	case why == nil:
		return s.issued(ctx, id, c.ID)
	case cert.Final(why):
		if err := s.failed(ctx, id, why); err != nil {
			return err
		}
	}
	return why
}

// waiting notes that a certificate is made but for the seals of others. What
// waits longest is looked at first.
func (s *Service) waiting(ctx context.Context, id, certificate string) error {
	request := ""
	if now, err := s.Cert.Sealings(ctx, certificate); err == nil {
		request = now.Request
	} else if !cert.Final(err) {
		return err
	}
	return s.rows(ctx, func(tx *db.Tx) error {
		r, err := s.takeTx(tx, id)
		if err != nil || r.state != Issuing {
			return err
		}
		r.pending = certificate
		if request != "" {
			r.request = request
		}
		return save(tx, s.guard, r)
	})
}

// waits looks whether the certificate that a draft waits for was given up by who
// should have sealed it: then the draft is put back, and not made again until
// somebody says so.
func (s *Service) waits(ctx context.Context, id, certificate string) (givenUp bool, err error) {
	c, err := s.Cert.Get(ctx, certificate)
	switch {
	case err != nil && cert.Final(err): // who began may not look any more: it waits for another
		return true, s.waiting(ctx, id, certificate)
	case err != nil:
		return false, err
	case c.Status != cert.Withdrawn:
		return false, nil
	}
	refused, err := s.refusal(ctx, id)
	if err != nil {
		return true, err
	}
	if refused != "" {
		return true, s.refused(ctx, id, refused)
	}
	why := fault.Conflict.New("没有盖齐印章，签发已撤回").WithCode("issuing.seals").WithHint("原因见用印申请；排除后重新制作签发")
	if err := s.failed(ctx, id, why); err != nil {
		return true, err
	}
	return true, why
}

// make asks for the certificate, or for the next version of the one that the
// draft follows: its place is taken in one transaction, if it stands as it did
// when the draft was submitted.
func (s *Service) make(ctx context.Context, req cert.IssueRequest, x *correctionRow) (*cert.Certificate, error) {
	if x == nil {
		return s.Cert.Issue(ctx, req)
	}
	acts := int(x.acts)
	c, err := s.Cert.Act(ctx, cert.ActRequest{ID: x.certificate, Action: x.action, Reason: x.reason, Basis: x.basis, At: x.decided, Acts: &acts, Certificate: &req})
	if e := fault.As(err); e != nil {
		plain := *e
		plain.Fields = nil
		for _, f := range e.Fields {
			f.Name = strings.TrimPrefix(f.Name, "certificate.")
			plain.Fields = append(plain.Fields, f)
		}
		return nil, &plain
	}
	return c, err
}

// decideTx notes the day on which a correction is decided upon: the first on
// which its issuing was begun, however long it takes.
func decideTx(tx *db.Tx, id string) error {
	x, err := correctionOf(tx, id)
	if err != nil || x == nil {
		return err
	}
	x.decided = tx.Now().In(beijing).Format(time.DateOnly)
	return saveCorrection(tx, x)
}

// errDone is never shown: another was faster.
var errDone = errors.New("issuing: it is not being issued any more")

// once gives the request for the certificate the key that the draft has for
// ever, whoever asks, so that it is answered with the same certificate.
func once(ctx context.Context, id string) context.Context {
	meta := httpx.MetaFrom(ctx)
	meta.Idempotency = "issuing/" + id
	return httpx.WithMeta(ctx, meta)
}

// issued closes a draft with its certificate.
func (s *Service) issued(ctx context.Context, id, certificate string) error {
	err := s.settle(ctx, id, ActIssued, nil, func(tx *db.Tx, r *row) error {
		r.certificate = certificate
		return s.madeUpTx(tx, r)
	})
	s.step("issued")
	return err
}

// failed puts a draft back to those that passed, with the rule that refused.
func (s *Service) failed(ctx context.Context, id string, why error) error {
	e := fault.As(why)
	text := strings.TrimSuffix(e.Msg, "。")
	if len(e.Fields) > 0 {
		text += "：" + e.Fields[0].Message
	}
	return s.settle(ctx, id, ActFail, &note{Reason: clip(text, maxReason)}, func(_ *db.Tx, r *row) error { r.pending = ""; return nil })
}

func (s *Service) settle(ctx context.Context, id string, a Action, n *note, with func(*db.Tx, *row) error) error {
	return s.rows(ctx, func(tx *db.Tx) error {
		r, err := s.takeTx(tx, id)
		if err != nil {
			return err
		}
		x := move(r.state, a)
		if x == nil { // another was faster
			return nil
		}
		if err := with(tx, r); err != nil {
			return err
		}
		k, err := s.Catalogue.VersionTx(tx, r.kind, int(r.kindVersion))
		if err != nil {
			return err
		}
		return s.moveTx(tx, r, x, k, "", n)
	})
}

const (
	// resumeAfter is how long one who issues is left alone with it.
	resumeAfter = time.Minute
	// resumeBatch is how many drafts are looked for at a time.
	resumeBatch = 100
)

// Resume goes on with what a crash left half issued, in the name of who began it
// and with the rights that they have now; before that it gives the drafts of
// before what [Service.Adopt] gives them. It reports how many certificates came
// of it; one that fails does not hold up the others.
func (s *Service) Resume(ctx context.Context) (issued int, err error) {
	if _, err := s.Adopt(ctx); err != nil {
		return 0, err
	}
	var left []*row
	err = s.DB.Read(ctx, func(tx *db.Tx) (err error) {
		left, err = going(tx, milli(tx.Now().Add(-resumeAfter)), resumeBatch)
		return err
	})
	if err != nil {
		return 0, err
	}
	for _, r := range left {
		failed := s.resumeOne(ctx, r)
		if failed == nil {
			issued++
		} else if !cert.Final(failed) {
			err = errors.Join(err, fmt.Errorf("issuing: going on with %s: %w", r.id, failed))
		}
		if ctx.Err() != nil {
			break
		}
	}
	return issued, err
}

func (s *Service) resumeOne(ctx context.Context, r *row) error {
	as := s.IAM.As
	account, program := strings.CutPrefix(r.issuer, "app/")
	if program {
		as = s.IAM.AsClient
	}
	who, err := as(ctx, account)
	if err != nil {
		if !cert.Final(err) {
			return err
		}
		who = ctx // nobody: what is made already is found all the same
	}
	return s.goOn(who, r.id)
}
