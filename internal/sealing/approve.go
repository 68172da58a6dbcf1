package sealing

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"sidian/gm"
	"sidian/internal/audit"
	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/httpx"
	"sidian/internal/iam"
	"sidian/internal/notice"
	"sidian/internal/seal"
	"sidian/internal/sealing/event"
	"sidian/ofd"
)

// An ApproveRequest allows a step on the level that it has come to.
type ApproveRequest struct {
	Step   string // id
	Seen   string // digest of the base that the approver looked at, as the request gives it
	Answer string // to the demand for a second factor
	Note   string
}

// Approve allows the use of a seal on the document that the approver saw. The
// last level leads to the stamp at once, unless the asker wants to begin it. A
// stamp that does not come about takes nothing back of the approval: the step
// says what is the matter, and Resume tries again.
func (s *Service) Approve(ctx context.Context, q ApproveRequest) (*Request, error) {
	r, st, err := s.stepToDecide(ctx, q.Step)
	if err != nil {
		return nil, s.Seal.Refused(ctx, "sealing.approve", object(q.Step), err)
	}
	if q.Note != "" {
		f := fault.Invalid.New("意见不能这样写").WithCode("sealing.note").WithHint("请按说明更正")
		if err := words(f, "note", "意见", q.Note, 500).OrNil(); err != nil {
			return nil, err
		}
	}
	if q.Seen != r.Base {
		return nil, s.Seal.Refused(ctx, "sealing.approve", object(q.Step), fault.Conflict.New("文件已不是您所看的那一份").
			WithCode("sealing.seen").WithHint("请重新查看文件后再批准").WithField("seen", "changed", "文件已变化"))
	}
	content, err := s.contentOf(ctx, r, st)
	if err != nil {
		return nil, err
	}
	factor, err := s.confirm(ctx, q.Answer)
	if err != nil {
		return nil, err
	}
	var granted bool
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		granted, err = s.approve(tx, st.ID, r.base, content, factor, q.Note)
		return err
	})
	if errors.Is(err, errMoved) {
		err = fault.Conflict.New("这一步刚刚由他人办理").WithCode("sealing.state").WithHint("请刷新后查看最新状态")
	}
	if err != nil {
		return nil, s.Seal.Refused(ctx, "sealing.approve", object(q.Step), err)
	}
	s.step("approve")
	if granted && !r.Manual {
		// The browser may go away; what is approved is stamped all the same. What
		// stands in the way is told by the step.
		_ = s.stampStep(context.WithoutCancel(ctx), st.ID)
	}
	return s.Get(ctx, r.ID)
}

// confirm asks for the second factor.
func (s *Service) confirm(ctx context.Context, answer string) (string, error) {
	needed := fault.Forbidden.New("批准用印须再次证明是本人").WithCode("confirm.needed").WithHint("请输入一次性口令后重试").WithField("code", "confirm.needed", "请再次验证身份")
	if s.Confirm == nil {
		return "", needed
	}
	factor, err := s.Confirm(ctx, answer)
	if err == nil && factor == "" {
		err = needed
	}
	return factor, err
}

// stepToDecide returns a step to who may decide it as it stands.
func (s *Service) stepToDecide(ctx context.Context, id string) (r *Request, st *Step, err error) {
	p, err := person(ctx)
	if err != nil {
		return nil, nil, err
	}
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		r, st, err = s.decidable(tx, p, id)
		return err
	})
	return r, st, err
}

func (s *Service) decidable(tx *db.Tx, p *iam.Principal, id string) (*Request, *Step, error) {
	rid, err := requestOfStep(tx, id)
	if errors.Is(err, fault.NotFound) {
		return nil, nil, unknown()
	}
	if err != nil {
		return nil, nil, err
	}
	r, err := requestByID(tx, rid)
	if err != nil {
		return nil, nil, err
	}
	st := r.Steps[slices.IndexFunc(r.Steps, func(st *Step) bool { return st.ID == id })]
	if !mayLook(tx.Context(), r) {
		return nil, nil, unknown()
	}
	if err := iam.Allow(tx.Context(), "seal.use", st.SealOrg); err != nil {
		return nil, nil, err
	}
	if p.Account == r.Account {
		return nil, nil, fault.Forbidden.New("不能批准自己提出的用印申请").WithCode("sealing.own").WithHint("请由印章保管人或其他有权人员审批")
	}
	if _, err := st.move(actApprove); err != nil {
		return nil, nil, err
	}
	return r, st, nil
}

// contentOf is the digest of what a step stamps.
func (s *Service) contentOf(ctx context.Context, r *Request, st *Step) (gm.Digest, error) {
	d, err := s.slotOf(ctx, r, st)
	if err != nil {
		return gm.Digest{}, err
	}
	return seal.Content(d)
}

func (s *Service) slotOf(ctx context.Context, r *Request, st *Step) (*ofd.Document, error) {
	base, err := s.document(ctx, r.base)
	if err != nil {
		return nil, err
	}
	return slot(base, st.slot)
}

// document reads a document that a row names.
func (s *Service) document(ctx context.Context, digest gm.Digest) (*ofd.Document, error) {
	b, err := s.bytes(ctx, digest)
	if err != nil {
		return nil, err
	}
	d, err := ofd.Open(b)
	if err != nil {
		return nil, fmt.Errorf("sealing: opening a stored document: %w", err)
	}
	return d, nil
}

func (s *Service) bytes(ctx context.Context, digest gm.Digest) ([]byte, error) {
	b, err := s.Blob.Get(ctx, digest)
	if errors.Is(err, fault.NotFound) {
		return nil, fmt.Errorf("sealing: a document that a row names is not in the store")
	}
	return b, err
}

// device names what somebody sits at: the browser, and the address as a digest.
func device(ctx context.Context) string {
	m := httpx.MetaFrom(ctx)
	if m.UserAgent == "" && !m.Address.IsValid() {
		return ""
	}
	d := gm.Sum([]byte("sidian-device-1\x00" + m.Address.String()))
	return fmt.Sprintf("%.120s；地址摘要 %x", m.UserAgent, d[:8])
}

// approve records one level, and with the custodian's the right to use the seal.
func (s *Service) approve(tx *db.Tx, step string, base, content gm.Digest, factor, note string) (granted bool, err error) {
	p, err := person(tx.Context())
	if err != nil {
		return false, err
	}
	r, st, err := s.decidable(tx, p, step)
	if err != nil {
		return false, err
	}
	if r.base != base {
		return false, errMoved
	}
	level := st.Levels[st.Level]
	if slices.ContainsFunc(st.Approvals, func(a Approval) bool { return !a.Lapsed && a.Account == p.Account }) {
		return false, fault.Forbidden.New("您已在前一级批准过，各级须由不同的人批准").WithCode("sealing.levels").WithHint("请由%s批准", levelName(level))
	}
	a := &Approval{ID: newID(), Level: level, Account: p.Account, Approver: p.Name, Factor: factor, Device: device(tx.Context()), Note: note, step: step, document: base}
	right, err := s.grant(tx, r, st, a, content)
	if err != nil {
		return false, err
	}
	to := Waiting
	if granted = st.Level+1 == len(st.Levels); granted {
		to = Approved
	}
	if err := setLevel(tx, st, to, right, content, s.lease()); err != nil {
		return false, err
	}
	if err := insertApproval(tx, a); err != nil {
		return false, err
	}
	if !granted {
		st.Level++
		if err := s.callApprover(tx, r, st); err != nil {
			return false, err
		}
	} else if r.Manual {
		err := s.tell(tx, notice.Notice{Account: r.Account, Topic: "sealing.approved", Title: "用印已批准，请盖章", Text: "“" + r.Title + "”可加盖“" + st.SealName + "”", Link: link(r.ID)})
		if err != nil {
			return false, err
		}
	}
	return granted, audit.Put(tx, audit.Entry{Action: "sealing.approve", Object: object(step), Reason: note, Before: base, After: content})
}

// grant makes the custodian's approval the right to use the seal once.
func (s *Service) grant(tx *db.Tx, r *Request, st *Step, a *Approval, content gm.Digest) (string, error) {
	if a.Level != seal.ByCustodian {
		x, err := s.Seal.UsableTx(tx, st.Seal)
		if err != nil {
			return "", err
		}
		if x.Custodian == a.Account {
			return "", fault.Forbidden.New("这一级须由单位负责人批准，不能由印章保管人代替").WithCode("sealing.levels").WithHint("请由单位负责人批准")
		}
		return "", nil
	}
	return s.Seal.ApproveTx(tx, seal.Approval{
		Seal: st.Seal, Object: object(st.ID), Content: content, Operator: r.Account, Approver: a.Account,
		Device: a.Device, Factor: a.Factor, Basis: "用印审批规则 " + st.Rule + "；用印申请 " + r.ID,
	})
}

// LevelName is the Chinese word for a level of approval.
func LevelName(level string) string { return levelName(level) }

func levelName(level string) string {
	switch level {
	case seal.ByCustodian:
		return "印章保管人"
	case seal.ByLeader:
		return "单位负责人"
	}
	return level
}

// Refuse ends a request with a reason, by whoever may decide one of its steps
// now. Seals that stand on the document already are accounted for; the document
// is not handed out.
func (s *Service) Refuse(ctx context.Context, step, reason string) (*Request, error) {
	if err := needReason(reason); err != nil {
		return nil, err
	}
	p, err := person(ctx)
	if err != nil {
		return nil, err
	}
	var id string
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		r, st, err := s.decidable(tx, p, step)
		if err != nil {
			return err
		}
		if id = r.ID; st.Levels[st.Level] == seal.ByCustodian {
			x, err := s.Seal.UsableTx(tx, st.Seal)
			if err == nil && x.Custodian != "" && x.Custodian != p.Account {
				return fault.Forbidden.New("这枚印章由他人保管，只能由其保管人办理").WithCode("sealing.custodian").WithHint("请由印章保管人办理")
			}
		}
		if err := s.end(tx, r, Refused, reason); err != nil {
			return err
		}
		return s.tell(tx, notice.Notice{Account: r.Account, Topic: "sealing.refused", Title: "用印申请未获批准", Text: "“" + r.Title + "”：" + reason, Link: link(r.ID)})
	})
	if err != nil {
		return nil, s.Seal.Refused(ctx, "sealing.refuse", object(step), err)
	}
	return s.Get(ctx, id)
}

// Withdraw takes a request back, by who asked.
func (s *Service) Withdraw(ctx context.Context, id, reason string) (*Request, error) {
	if err := needReason(reason); err != nil {
		return nil, err
	}
	p, err := person(ctx)
	if err != nil {
		return nil, err
	}
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		r, err := requestByID(tx, id)
		if err != nil {
			return err
		}
		if !mayLook(ctx, r) {
			return unknown()
		}
		if r.Account != p.Account {
			return fault.Forbidden.New("只能撤回自己提出的用印申请").WithCode("sealing.asker").WithHint("请由申请人撤回，或由印章保管人不予批准")
		}
		return s.end(tx, r, Withdrawn, reason)
	})
	if err != nil {
		return nil, err
	}
	return s.Get(ctx, id)
}

// end closes a request that came to nothing, and what of its steps is not done.
func (s *Service) end(tx *db.Tx, r *Request, state, reason string) error {
	if err := r.end(state); err != nil {
		return err
	}
	if err := closeRequest(tx, r.ID, state, reason); err != nil {
		return err
	}
	for _, st := range r.Steps {
		if _, ok := stepMoves[st.State][actDrop]; !ok {
			continue
		}
		if err := setStepState(tx, st.ID, st.State, Dropped); err != nil {
			return err
		}
	}
	topic := map[string]string{Refused: event.Refused, Withdrawn: event.Withdrawn}[state]
	if err := s.announce(tx, r, topic, state); err != nil {
		return err
	}
	action := "sealing.refuse"
	if state == Withdrawn {
		action = "sealing.withdraw"
	}
	return audit.Put(tx, audit.Entry{Action: action, Object: "sealing/" + r.ID, Reason: reason, Before: r.document})
}
