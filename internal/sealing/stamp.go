package sealing

import (
	"context"
	"errors"
	"fmt"

	"sidian/gm"
	"sidian/internal/audit"
	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/iam"
	"sidian/internal/notice"
	"sidian/internal/seal"
	"sidian/internal/sealing/event"
	"sidian/ofd"
	"sidian/ofd/sign"
)

// work is one step on its way to being stamped.
type work struct {
	request *Request
	st      *Step
	slot    *ofd.Document
	token   *seal.Token
}

// Stamp puts the seals on that are approved, by who asked for them.
func (s *Service) Stamp(ctx context.Context, id string) (*Request, error) {
	p, err := person(ctx)
	if err != nil {
		return nil, err
	}
	r, err := s.Get(ctx, id)
	if err != nil {
		return nil, err
	}
	if r.Account != p.Account {
		return nil, s.Seal.Refused(ctx, "sealing.stamp", "sealing/"+id,
			fault.Forbidden.New("只能由申请人发起盖章").WithCode("sealing.asker").WithHint("请由申请人办理"))
	}
	stamped := 0
	for _, st := range r.Steps {
		if st.State != Approved {
			continue
		}
		if err := s.stampStep(context.WithoutCancel(ctx), st.ID); err != nil {
			return nil, err
		}
		stamped++
	}
	if stamped == 0 {
		return nil, s.Seal.Refused(ctx, "sealing.stamp", "sealing/"+id,
			fault.Conflict.New("没有已批准、待盖章的印章").WithCode("sealing.unapproved").WithHint("请等印章保管人批准后再盖章"))
	}
	return s.Get(ctx, id)
}

// stampStep stamps a step that is approved. What will fail again next time
// sends it back to be approved again.
func (s *Service) stampStep(ctx context.Context, id string) error {
	w, err := s.workOf(ctx, id)
	if err != nil {
		return err
	}
	if ctx, err = s.asAsker(ctx, w.request); err == nil {
		err = s.DB.Write(ctx, func(tx *db.Tx) error { return s.intend(tx, w) })
	}
	if err != nil {
		return s.failed(ctx, w, err)
	}
	s.step("intend")
	ctx, stop := context.WithTimeout(ctx, s.lease())
	defer stop()
	return s.failed(ctx, w, s.finish(ctx, w))
}

// workOf reads a step, its request and the document that it stamps.
func (s *Service) workOf(ctx context.Context, id string) (*work, error) {
	w := &work{}
	err := s.DB.Read(ctx, func(tx *db.Tx) error {
		rid, err := requestOfStep(tx, id)
		if err != nil {
			return err
		}
		if w.request, err = requestByID(tx, rid); err != nil {
			return err
		}
		for _, st := range w.request.Steps {
			if st.ID == id {
				w.st = st
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	w.slot, err = s.slotOf(ctx, w.request, w.st)
	return w, err
}

// asAsker acts for who asked: the right to use the seal is theirs.
func (s *Service) asAsker(ctx context.Context, r *Request) (context.Context, error) {
	if p, ok := iam.From(ctx); ok && p.Account == r.Account {
		return ctx, nil
	}
	return s.IAM.As(ctx, r.Account)
}

// intend is the first transaction: the approval is spent, the use recorded.
func (s *Service) intend(tx *db.Tx, w *work) error {
	st, err := stepByID(tx, w.st.ID)
	if err != nil {
		return err
	}
	if _, err := st.move(actIntend); err != nil {
		return errMoved
	}
	content, err := seal.Content(w.slot)
	if err != nil {
		return err
	}
	w.token, err = s.Seal.IntendApprovedTx(tx, st.approval, object(st.ID), content)
	if err != nil {
		return err
	}
	w.st = st
	w.st.Use = w.token.Use()
	return setIntended(tx, st.ID, w.st.Use, s.lease())
}

// finish stamps, puts together, stores and acknowledges.
func (s *Service) finish(ctx context.Context, w *work) error {
	stamped, err := s.Seal.Stamp(ctx, w.token, w.slot, signPlaces(w.st.Places)...)
	if err != nil {
		return err
	}
	s.step("stamp")
	for range joinTries {
		err = s.joinIn(ctx, w, stamped)
		if !errors.Is(err, errJoined) {
			return err
		}
	}
	return err
}

// joinTries is how often a stamp is put together with the document again,
// because another of the group was faster.
const joinTries = 2 * maxSteps

// errJoined says that the document is another since it was read.
var errJoined = fault.Unavailable.New("文件正被另一枚印章更新").WithCode("sealing.busy").WithHint("稍后自动重试")

// joinIn puts the stamp into the document as it is now.
func (s *Service) joinIn(ctx context.Context, w *work, stamped *ofd.Document) error {
	var before gm.Digest
	err := s.DB.Read(ctx, func(tx *db.Tx) error {
		r, err := requestByID(tx, w.request.ID)
		if err == nil {
			before = r.document
		}
		return err
	})
	if err != nil {
		return err
	}
	now, err := s.document(ctx, before)
	if err != nil {
		return err
	}
	joined, err := join(now, stamped)
	if err != nil {
		return err
	}
	data, err := joined.Bytes()
	if err != nil {
		return fmt.Errorf("sealing: writing the document: %w", err)
	}
	if err := s.verified(ctx, data, now); err != nil {
		return err
	}
	after, err := s.Blob.Put(ctx, data)
	if err != nil {
		return fmt.Errorf("sealing: storing the document: %w", err)
	}
	s.step("store")
	err = s.DB.Write(ctx, func(tx *db.Tx) error { return s.done(tx, w, before, after) })
	if err == nil {
		s.step("done")
	}
	return err
}

// verified opens a stamped document as a stranger would: the new signature is
// valid, and none that was valid before is not.
func (s *Service) verified(ctx context.Context, data []byte, before *ofd.Document) error {
	o, err := s.trust(ctx)
	if err != nil {
		return err
	}
	return s.verifiedBy(data, before, o)
}

// verifiedBy is verified by what the caller trusts.
func (s *Service) verifiedBy(data []byte, before *ofd.Document, o sign.Options) error {
	report := sign.Verify(data, o)
	n := len(before.Body().Signatures())
	if len(report.Signatures) != n+1 {
		return fmt.Errorf("sealing: the stamped document has %d signatures and should have %d", len(report.Signatures), n+1)
	}
	last := report.Signatures[n]
	if last.Verdict != sign.Valid && (s.Trust != nil || last.Verdict != sign.Undetermined) {
		return fmt.Errorf("sealing: the new stamp is %s: %s", last.Verdict, failures(&last))
	}
	if report.Verdict != sign.Invalid {
		return nil
	}
	was := sign.VerifyDocument(before, o)
	for i, sig := range report.Signatures[:n] {
		if sig.Verdict == sign.Invalid && was.Signatures[i].Verdict != sign.Invalid {
			return fmt.Errorf("sealing: the stamp breaks signature %s: %s", sig.ID, failures(&sig))
		}
	}
	return nil
}

// failures names the checks that a signature does not pass.
func failures(r *sign.SignatureReport) (out string) {
	for _, c := range r.Checks {
		if c.Result == sign.Fail || c.Result == sign.Unknown {
			out += c.Code + " "
		}
	}
	return out
}

// done is the second transaction: the stamp counts, and what follows begins.
func (s *Service) done(tx *db.Tx, w *work, before, after gm.Digest) error {
	r, err := requestByID(tx, w.request.ID)
	if err != nil {
		return err
	}
	if r.document != before {
		return errJoined
	}
	if err := setDocument(tx, r.ID, before, after); err != nil {
		return err
	}
	if err := setStamped(tx, w.st.ID, before, after); err != nil {
		return err
	}
	if err := s.Seal.DoneTx(tx, w.st.Use, after); err != nil {
		return err
	}
	if err := audit.Put(tx, audit.Entry{Action: "sealing.stamp", Object: object(w.st.ID), Before: before, After: after}); err != nil {
		return err
	}
	r.document = after
	for _, st := range r.Steps {
		if st.ID == w.st.ID {
			st.State = Stamped
		}
	}
	return s.follow(tx, r)
}

// follow begins the next group when this one is stamped, or ends the request.
func (s *Service) follow(tx *db.Tx, r *Request) error {
	next := -1
	for _, st := range r.Steps {
		switch {
		case st.State == Draft && (next < 0 || st.Order < next):
			next = st.Order
		case st.State != Stamped && st.State != Draft:
			return nil // the group is not through
		}
	}
	if next < 0 {
		if err := r.end(Done); err != nil {
			return err
		}
		if err := closeRequest(tx, r.ID, Done, ""); err != nil {
			return err
		}
		if err := s.announce(tx, r, event.Done, Done); err != nil {
			return err
		}
		if err := audit.Put(tx, audit.Entry{Action: "sealing.done", Object: "sealing/" + r.ID, Before: r.original, After: r.document}); err != nil {
			return err
		}
		return s.tell(tx, notice.Notice{Account: r.Account, Topic: "sealing.done", Title: "用印已完成", Text: "“" + r.Title + "”可以下载", Link: link(r.ID)})
	}
	r.base = r.document
	if err := setGroup(tx, r.ID, r.base, next); err != nil {
		return err
	}
	for _, st := range r.Steps {
		if st.Order != next || st.State != Draft {
			continue
		}
		to, err := st.move(actBegin)
		if err != nil {
			return err
		}
		if err := setStepState(tx, st.ID, Draft, to); err != nil {
			return err
		}
		st.State = to
	}
	return s.callApprovers(tx, r)
}

// failed settles a step whose stamping failed. What may pass waits for Resume;
// what will not is sent back: a use that was recorded is withdrawn, and the step
// must be approved again.
func (s *Service) failed(ctx context.Context, w *work, why error) error {
	switch {
	case why == nil:
		return nil
	case errors.Is(why, errMoved):
		return nil
	case !fault.Final(why):
		return s.note(ctx, w, why)
	}
	ctx, stop := context.WithTimeout(context.WithoutCancel(ctx), settling)
	defer stop()
	err := s.DB.Write(ctx, func(tx *db.Tx) error { return s.lose(tx, w, why) })
	if errors.Is(err, errMoved) {
		err = nil
	}
	_ = s.Seal.Refused(ctx, "sealing.stamp", object(w.st.ID), why)
	return errors.Join(why, err)
}

func (s *Service) note(ctx context.Context, w *work, why error) error {
	ctx, stop := context.WithTimeout(context.WithoutCancel(ctx), settling)
	defer stop()
	err := s.DB.Write(ctx, func(tx *db.Tx) error { return setTrouble(tx, w.st.ID, reason(why)) })
	return errors.Join(why, err)
}

func (s *Service) lose(tx *db.Tx, w *work, why error) error {
	st, err := stepByID(tx, w.st.ID)
	if err != nil {
		return err
	}
	if _, err := st.move(actLose); err != nil {
		return errMoved
	}
	if st.State == Stamping {
		if err := seal.WithdrawTx(tx, st.Use); err != nil {
			return err
		}
	}
	if err := setLost(tx, st.ID, st.State, reason(why)); err != nil {
		return err
	}
	if err := audit.Put(tx, audit.Entry{Action: "sealing.lose", Object: object(st.ID), Reason: reason(why), Before: st.content}); err != nil {
		return err
	}
	r := w.request
	err = s.tell(tx, notice.Notice{Account: r.Account, Topic: "sealing.lost", Title: "盖章没有完成，须重新审批", Text: "“" + r.Title + "”：" + reason(why), Link: link(r.ID)})
	if err != nil {
		return err
	}
	st.Level, st.State = 0, Waiting
	return s.callApprover(tx, r, st)
}
