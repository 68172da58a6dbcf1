package feedback

import (
	"context"
	"strings"
	"time"

	"sidian/internal/audit"
	"sidian/internal/cert"
	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/feedback/event"
	"sidian/internal/iam"
)

// A Decision is what the unit says to a feedback.
type Decision struct {
	Accept bool
	Reason string // required to refuse
}

// Decide confirms a feedback, and with it changes the state of the certificate; or
// refuses it. It is for whoever may change the state of certificates of the unit
// that answers for this one today. What the certificate does not allow any more is
// a fault.Conflict that says so; the feedback is open then as before.
func (s *Service) Decide(ctx context.Context, id string, d Decision) (*Feedback, error) {
	if err := checkReason(d.Reason, !d.Accept); err != nil {
		return nil, err
	}
	r, c, err := s.deciding(ctx, id)
	if err != nil {
		return nil, audit.Refuse(ctx, s.DB, audit.Entry{Action: "feedback.decide", Object: objectOf(id)}, err)
	}
	a, _ := actionOf(r.action)
	if n := nowOf(a, c); d.Accept && n.Barred != "" {
		return nil, fault.Conflict.New("现在不能确认：%s", n.Barred).WithCode("feedback.state").WithHint("%s；不能办理的，请写明原因，不予采纳", n.Way)
	}
	to, seen := Refused, int64(c.Acts)
	switch {
	case d.Accept && c.Status == string(a.To):
		to = Moot
	case d.Accept:
		to = Confirming
	}
	err = s.DB.Write(ctx, func(tx *db.Tx) error { return s.decideTx(tx, id, c, to, seen, strings.TrimSpace(d.Reason)) })
	if err != nil {
		return nil, err
	}
	s.step("decided")
	if to == Confirming {
		// The client may go away; what the unit agreed to is done all the same.
		// Before the lease ends nobody else begins with it.
		within, stop := context.WithTimeout(context.WithoutCancel(ctx), s.lease())
		defer stop()
		if err := s.perform(within, id); err != nil {
			return nil, err
		}
	}
	return s.Get(ctx, id)
}

// deciding reads a feedback and its certificate for who decides about it.
func (s *Service) deciding(ctx context.Context, id string) (r *row, c *cert.Certificate, err error) {
	if r, err = s.find(ctx, id); err != nil {
		return nil, nil, err
	}
	if c, err = s.Cert.Copied(ctx, r.certificate); err != nil {
		return nil, nil, err
	}
	if err := s.seen(ctx, r, c.Unit()); err != nil {
		return nil, nil, err
	}
	if err := s.Cert.Given(ctx, c, permDecide); err != nil {
		return nil, nil, err
	}
	if err := iam.Allow(ctx, permDecide, c.Unit()); err != nil {
		return nil, nil, err
	}
	if by := audit.ActorFrom(ctx); own(r, by) {
		return nil, nil, fault.Forbidden.New("不能确认本人提交的反馈").WithCode("feedback.own").WithHint("请由发证单位的其他签发人办理")
	}
	return r, c, nil
}

// own tells whether a feedback was told by whoever acts.
func own(r *row, by audit.Actor) bool {
	return by.Account != "" && by.Account == r.account || by.Account == "" && by.App != "" && by.App == r.app
}

func (s *Service) decideTx(tx *db.Tx, id string, c *cert.Certificate, to State, seen int64, reason string) error {
	r, err := s.lockTx(tx, id)
	if err != nil {
		return err
	}
	if r.state != Filed {
		return errEnded(r)
	}
	if err := s.rehomeTx(tx, r, c.Unit()); err != nil {
		return err
	}
	by, now := audit.ActorFrom(tx.Context()), milli(tx.Now())
	r.state, r.answered, r.decider, r.deciderApp, r.seen = to, &now, by.Account, by.App, seen
	if err := s.answerTx(r, reason); err != nil {
		return err
	}
	if to != Confirming {
		return s.endTx(tx, r, "feedback."+map[State]string{Moot: "moot", Refused: "refuse"}[to])
	}
	if err := s.saveTx(tx, r, s.lease()); err != nil {
		return err
	}
	return audit.Put(tx, audit.Entry{Action: "feedback.confirm", Object: objectOf(id), After: r.digest()})
}

// answerTx keeps what the unit wrote with what the officer wrote.
func (s *Service) answerTx(r *row, reason string) error {
	in, err := s.open(r)
	if err != nil {
		return err
	}
	in.Answer = reason
	r.content, err = s.seal(r.id, in)
	return err
}

// endTx writes the end of a feedback: the clock stops, and everybody is told.
func (s *Service) endTx(tx *db.Tx, r *row, action string) error {
	now := milli(tx.Now())
	r.ended = &now
	if err := s.keptTx(tx, r); err != nil {
		return err
	}
	if err := s.saveTx(tx, r, 0); err != nil {
		return err
	}
	if err := s.tellEnd(tx, r); err != nil {
		return err
	}
	if r.state != Withdrawn {
		if err := s.eventTx(tx, r, event.Decided); err != nil {
			return err
		}
	}
	return audit.Put(tx, audit.Entry{Action: action, Object: objectOf(r.id), After: r.digest()})
}

// perform does what the unit agreed to, and writes down what became of it. It may be
// called again: what was done already is found by the words under which it stands.
func (s *Service) perform(ctx context.Context, id string) error {
	r, err := s.find(ctx, id)
	if err != nil || r.state != Confirming {
		return err
	}
	in, err := s.open(r)
	if err != nil {
		return err
	}
	seen := int(r.seen)
	c, refused := s.Cert.Act(ctx, cert.ActRequest{ID: r.certificate, Action: r.action, Reason: reasonOf(r), Basis: in.Basis + "（" + in.DocumentNo + "）", Until: r.until, At: r.on, Acts: &seen})
	if refused == nil {
		s.step("acted")
		return s.finish(ctx, id, int64(c.Acts))
	}
	f := fault.As(refused)
	if f == nil || f.Kind == fault.Unavailable {
		return refused // not known whether it was done: Resume finds out
	}
	if act := s.ours(ctx, r); act > 0 {
		return s.finish(ctx, id, act)
	}
	if err := s.reopen(ctx, id); err != nil {
		return err
	}
	return fault.Conflict.New("状态没有变更：%s", f.Msg).WithCode("feedback.refused").WithHint("%s。反馈仍待确认；不能办理的，请写明原因，不予采纳", strings.TrimSuffix(f.Hint, "。"))
}

// reasonOf is under what an act stands that a feedback led to.
func reasonOf(r *row) string { return "执法反馈 " + r.number }

// ours is the number of the act that a feedback led to; 0: there is none, or whoever
// acts may not see it.
func (s *Service) ours(ctx context.Context, r *row) int64 {
	t, err := s.Cert.Trace(ctx, r.certificate)
	if err != nil {
		return 0
	}
	for _, a := range t.Acts {
		if a.Action == r.action && a.Reason == reasonOf(r) {
			return int64(a.Seq)
		}
	}
	return 0
}

// finish writes down that the act stands.
func (s *Service) finish(ctx context.Context, id string, act int64) error {
	err := s.DB.Write(ctx, func(tx *db.Tx) error {
		r, err := s.lockTx(tx, id)
		if err != nil || r.state != Confirming {
			return err
		}
		r.state, r.act = Done, act
		return s.endTx(tx, r, "feedback.done")
	})
	if err == nil {
		s.step("told")
	}
	return err
}

// reopen takes the unit's word back: the certificate did not allow it.
func (s *Service) reopen(ctx context.Context, id string) error {
	return s.DB.Write(ctx, func(tx *db.Tx) error {
		r, err := s.lockTx(tx, id)
		if err != nil || r.state != Confirming {
			return err
		}
		r.state, r.answered, r.decider, r.deciderApp, r.seen = Filed, nil, "", "", 0
		if err := s.answerTx(r, ""); err != nil {
			return err
		}
		if err := s.saveTx(tx, r, 0); err != nil {
			return err
		}
		if err := s.tellReopened(tx, r); err != nil {
			return err
		}
		return audit.Put(tx, audit.Entry{Action: "feedback.reopen", Object: objectOf(id), After: r.digest()})
	})
}

// Withdraw takes a feedback back, by the body that told it, while the unit has not
// answered.
func (s *Service) Withdraw(ctx context.Context, id, reason string) (*Feedback, error) {
	if err := checkReason(reason, true); err != nil {
		return nil, err
	}
	err := s.DB.Write(ctx, func(tx *db.Tx) error {
		r, err := s.lockTx(tx, id)
		if err != nil {
			return err
		}
		if err := s.sees(ctx, r, r.unit); err != nil {
			return err
		}
		if err := iam.Allow(ctx, permTell, r.org); err != nil {
			return err
		}
		if r.state != Filed {
			return errEnded(r)
		}
		r.state = Withdrawn
		if err := s.answerTx(r, strings.TrimSpace(reason)); err != nil {
			return err
		}
		return s.endTx(tx, r, "feedback.withdraw")
	})
	if err != nil {
		return nil, audit.Refuse(ctx, s.DB, audit.Entry{Action: "feedback.withdraw", Object: objectOf(id)}, err)
	}
	return s.Get(ctx, id)
}

func errEnded(r *row) error {
	if r.state == Confirming {
		return fault.Conflict.New("此件已确认，正在变更证照状态").WithCode("feedback.moved").WithHint("请稍后刷新查看结果")
	}
	return fault.Conflict.New("此件已办结：%s", r.state.Label()).WithCode("feedback.ended").WithHint("请刷新后查看")
}

func checkReason(text string, required bool) error {
	n := len([]rune(strings.TrimSpace(text)))
	f := fault.Invalid.New("须写明理由").WithCode("feedback.reason").WithHint("2 到 500 个字，反馈单位和发证单位都会看到")
	switch {
	case n == 0 && !required:
		return nil
	case n < 2 || n > 500 || !legible(text):
		return f.WithField("reason", "length", "请写明理由，2 到 500 个字")
	case audit.Personal(text):
		return f.WithField("reason", "personal", "不得写证件号码、手机号码")
	}
	return nil
}

// lockTx reads a feedback for who will change it. One that was edited in the
// database is nobody's to act upon.
func (s *Service) lockTx(tx *db.Tx, id string) (*row, error) {
	r, err := byID(tx, id, true)
	if err != nil {
		return nil, err
	}
	return r, s.intact(r)
}

func (s *Service) saveTx(tx *db.Tx, r *row, lease time.Duration) error {
	r.mac = s.mac(r)
	return save(tx, r, lease)
}
