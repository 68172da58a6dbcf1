package complaint

import (
	"context"
	"strings"
	"unicode/utf8"

	"sidian/internal/audit"
	"sidian/internal/db"
	"sidian/internal/fault"
)

// maxNote is how long what sides write may be, in characters.
const maxNote = 1000

func checkNote(field, text string, required bool) error {
	n := utf8.RuneCountInString(strings.TrimSpace(text))
	if required && n == 0 || n > maxNote || !legible(text) {
		return fault.Invalid.New("须填写%s", map[string]string{"text": "情况说明", "opinion": "处理意见", "reason": "理由"}[field]).WithCode("complaint.note").
			WithHint("至多 %d 个字", maxNote).WithField(field, "length", "必填，至多 1000 个字")
	}
	if audit.Personal(text) {
		return fault.Invalid.New("不得写证件号码、手机号码").WithCode("complaint.personal").WithHint("投诉人和单位都会看到这些文字").WithField(field, "personal", "不得写证件号码、手机号码")
	}
	return nil
}

// Explain is the unit's account of what happened.
func (s *Service) Explain(ctx context.Context, id, text string) (*Complaint, error) {
	if err := checkNote("text", text, true); err != nil {
		return nil, err
	}
	return s.act(ctx, id, ActExplain, &note{Text: strings.TrimSpace(text)}, "complaint.explain")
}

// Decide is what the authority finds.
func (s *Service) Decide(ctx context.Context, id string, d Decision) (*Complaint, error) {
	a := map[State]Action{Upheld: ActUphold, Dismissed: ActDismiss, Exempt: ActExempt}[d.Outcome]
	if a == "" {
		return nil, fault.Invalid.New("请选择处理结果").WithCode("complaint.outcome").WithHint("属实、不属实，或法定不适用情形").WithField("outcome", "unknown", "请选择处理结果")
	}
	if err := checkNote("opinion", d.Opinion, true); err != nil {
		return nil, err
	}
	d.Basis = strings.TrimSpace(d.Basis)
	n := utf8.RuneCountInString(d.Basis)
	if d.Outcome == Exempt && n < 4 || n > 300 || !legible(d.Basis) || audit.Personal(d.Basis) {
		return nil, fault.Invalid.New("法定不适用情形须写明依据").WithCode("complaint.basis").WithHint("写明法律法规的名称和条款，如《电子签名法》第三条").
			WithField("basis", "required", "请写明法律法规的名称和条款，至多 300 个字")
	}
	if d.Outcome != Exempt {
		d.Basis = ""
	}
	return s.act(ctx, id, a, &note{Text: strings.TrimSpace(d.Opinion), Basis: d.Basis}, "complaint.decide")
}

// Rectify is the unit's report that it made good.
func (s *Service) Rectify(ctx context.Context, id, text string) (*Complaint, error) {
	if err := checkNote("text", text, true); err != nil {
		return nil, err
	}
	return s.act(ctx, id, ActRectify, &note{Text: strings.TrimSpace(text)}, "complaint.rectify")
}

// Confirm is the authority's word on that: accepted, or to be done again, with the
// reason.
func (s *Service) Confirm(ctx context.Context, id string, accepted bool, reason string) (*Complaint, error) {
	if err := checkNote("reason", reason, !accepted); err != nil {
		return nil, err
	}
	if !accepted {
		return s.act(ctx, id, ActReturn, &note{Text: strings.TrimSpace(reason)}, "complaint.return")
	}
	return s.act(ctx, id, ActAccept, noteOf(reason), "complaint.confirm")
}

// Withdraw takes a complaint back, by who filed it.
func (s *Service) Withdraw(ctx context.Context, id, reason string) (*Complaint, error) {
	if err := checkNote("reason", reason, false); err != nil {
		return nil, err
	}
	return s.act(ctx, id, ActWithdraw, noteOf(reason), "complaint.withdraw")
}

func noteOf(text string) *note {
	if text = strings.TrimSpace(text); text == "" {
		return nil
	}
	return &note{Text: text}
}

// act does what the table allows, in one transaction.
func (s *Service) act(ctx context.Context, id string, a Action, n *note, action string) (*Complaint, error) {
	err := s.DB.Write(ctx, func(tx *db.Tx) error {
		r, err := byID(tx, id, true)
		if err != nil {
			return err
		}
		sides, err := sidesOf(ctx, r)
		if err != nil {
			return err
		}
		rule := move(r.state, a)
		if rule == nil {
			return errMove(r.state, a)
		}
		if err := mayTx(ctx, tx, r, rule.side, sides); err != nil {
			return err
		}
		if rule.late && milli(tx.Now()) <= r.explainDue {
			return fault.Conflict.New("单位的说明期限还没有到").WithCode("complaint.early").WithHint("请等单位说明，或期限过后再处理")
		}
		if err := s.moveTx(tx, r, rule); err != nil {
			return err
		}
		if err := save(tx, r); err != nil {
			return err
		}
		return s.recordTx(tx, r, a, rule.side, n, action)
	})
	if err != nil {
		return nil, audit.Refuse(ctx, s.DB, audit.Entry{Action: action, Object: objectOf(id)}, err)
	}
	s.step(string(a))
	return s.Get(ctx, id)
}

// moveTx brings a complaint where a line of the table leads: its state, its
// outcome, and its clocks.
func (s *Service) moveTx(tx *db.Tx, r *row, rule *rule) error {
	now, from := milli(tx.Now()), r.state
	r.state = rule.to
	switch rule.action {
	case ActUphold, ActDismiss, ActExempt:
		r.outcome, r.decided = rule.to, &now
		days, err := s.workdays(tx, r.created)
		if err != nil {
			return err
		}
		r.days = days
	}
	if r.state.Ended() {
		r.ended = &now
	}
	return s.clocksTx(tx, r, from)
}
