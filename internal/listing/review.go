package listing

import (
	"context"

	"sidian/gm"
	"sidian/internal/audit"
	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/iam"
	"sidian/internal/notice"
)

// mayReview refuses who does not review a part: it is for the authority of the same
// level, not for the unit itself, and not for a tier above in its place.
func (s *Service) mayReview(ctx context.Context, r *roundRow, p *partRow) error {
	if _, err := person(ctx); err != nil {
		return err
	}
	if err := iam.Allow(ctx, permReview, p.authority); err != nil {
		if iam.Allow(ctx, permReview, p.unit) == nil {
			return errOwn()
		}
		return err
	}
	switch {
	case p.authority != p.unit && ownUnit(ctx, p.unit):
		return errOwn()
	case p.authority != r.org && !s.heldAt(ctx, p.authority):
		return fault.Forbidden.New("由报送单位的同级主管部门审核，上级不代为审核").WithCode("listing.tier").WithHint("请由同级主管部门的目录管理员审核")
	}
	return nil
}

// submittedTx is a part that waits for its review, locked, for who reviews it.
func (s *Service) submittedTx(ctx context.Context, tx *db.Tx, round, unit string) (*roundRow, *partRow, error) {
	r, err := roundByID(tx, round, false)
	if err != nil {
		return nil, nil, err
	}
	p, err := partByID(tx, round, unit, true)
	if err != nil {
		return nil, nil, err
	}
	if err := s.mayReview(ctx, r, p); err != nil {
		return nil, nil, err
	}
	switch {
	case r.state != Open:
		return nil, nil, errEnded()
	case p.state != Submitted:
		return nil, nil, fault.Conflict.New("这个单位没有待审核的报送（%s）", StateName(p.state)).WithCode("listing.stage").WithHint("先由单位梳理报送，再审核；请刷新后查看")
	case p.submittedBy == actor(ctx):
		return nil, nil, errSame("报送与审核")
	}
	return r, p, nil
}

// A Verdict is what a review says of a row.
type Verdict struct {
	Accept bool   `json:"accept" doc:"通过；否则退回"`
	Reason string `json:"reason,omitempty" maxLength:"500" doc:"退回必填"`
}

// Review accepts a row or returns it.
func (s *Service) Review(ctx context.Context, id string, v Verdict) (*Part, error) {
	if !v.Accept {
		reason, err := reasonOf(v.Reason)
		if err != nil {
			return nil, err
		}
		v.Reason = reason
	} else if err := check(text{"reason", "意见", &v.Reason, 0, 500, true}); err != nil {
		return nil, err
	}
	var l *lineRow
	err := s.DB.Write(ctx, func(tx *db.Tx) (err error) {
		if l, err = lineByID(tx, id); err != nil {
			return err
		}
		r, p, err := s.submittedTx(ctx, tx, l.round, l.unit)
		if f := fault.As(err); f != nil && f.Code == "listing.stage" && (l.state == Accepted || l.state == Returned) {
			return errReviewed()
		}
		if err != nil {
			return err
		}
		return s.reviewTx(ctx, tx, r, p, l, v)
	})
	if err != nil {
		return nil, s.refused(ctx, "listing.review", "list-row/"+id, err)
	}
	return s.Part(ctx, l.round, l.unit)
}

func errReviewed() error {
	return fault.Conflict.New("这一行已经审核").WithCode("listing.reviewed").WithHint("请刷新后查看审核结果")
}

func (s *Service) reviewTx(ctx context.Context, tx *db.Tx, r *roundRow, p *partRow, l *lineRow, v Verdict) error {
	switch {
	case l.state != Submitted:
		return errReviewed()
	case l.account == actor(ctx):
		return errSame("报送与审核")
	}
	now := tx.Now().UnixMilli()
	l.state, l.reviewedBy, l.reviewed, l.reviewedWhy = Accepted, actor(ctx), &now, v.Reason
	if !v.Accept {
		l.state = Returned
	}
	if err := saveLine(tx, l); err != nil {
		return err
	}
	e := audit.Entry{Action: "listing.accept", Object: "list-row/" + l.id, Reason: v.Reason, After: gm.Sum([]byte(l.name + "\n" + l.code))}
	if !v.Accept {
		e.Action = "listing.return"
	}
	if err := audit.Put(tx, e); err != nil {
		return err
	}
	return s.settleTx(ctx, tx, r, p)
}

// settleTx ends the review of a part when no row waits any more.
func (s *Service) settleTx(ctx context.Context, tx *db.Tx, r *roundRow, p *partRow) error {
	n, err := countLines(tx, p.round, p.unit)
	if err != nil || n[Submitted] > 0 {
		return err
	}
	now := tx.Now().UnixMilli()
	p.state, p.decidedBy, p.decided = Accepted, actor(ctx), &now
	told := notice.Notice{Org: r.org, Permission: permReview, Topic: "listing.accepted", Title: "审核通过：" + clip(r.title, 60), Text: "一个单位的报送已审核通过，全部通过后可以统一编制。", Link: "/console/lists/rounds/" + r.id}
	if n[Returned] > 0 {
		p.state = Returned
		told = notice.Notice{Org: p.unit, Permission: permReport, Topic: "listing.returned", Title: "清单有退回的内容：" + clip(r.title, 60), Text: "请按退回的理由逐行修改或删除，再次报送。", Link: partLink(p.round, p.unit)}
	}
	if err := savePart(tx, p); err != nil {
		return err
	}
	return s.tell(tx, told)
}

// AcceptAll accepts what is left of a part, and a part that says it has nothing.
func (s *Service) AcceptAll(ctx context.Context, round, unit string) (*Part, error) {
	err := s.DB.Write(ctx, func(tx *db.Tx) error {
		r, p, err := s.submittedTx(ctx, tx, round, unit)
		if err != nil {
			return err
		}
		rows, err := linesOf(tx, round, unit)
		if err != nil {
			return err
		}
		left := 0
		for _, l := range rows {
			if l.state != Submitted {
				continue
			}
			left++
			if err := s.reviewTx(ctx, tx, r, p, l, Verdict{Accept: true}); err != nil {
				return err
			}
		}
		if left > 0 {
			return nil
		}
		if err := audit.Put(tx, audit.Entry{Action: "listing.accept", Object: roundObject(round), After: gm.Sum([]byte(unit))}); err != nil {
			return err
		}
		return s.settleTx(ctx, tx, r, p)
	})
	if err != nil {
		return nil, s.refused(ctx, "listing.review", roundObject(round), err)
	}
	return s.Part(ctx, round, unit)
}

// Excuse lets a round go on without a unit that did not report; the reason is
// published with the list.
func (s *Service) Excuse(ctx context.Context, round, unit, reason string) (*Round, error) {
	reason, err := reasonOf(reason)
	if err != nil {
		return nil, err
	}
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		r, err := roundByID(tx, round, false)
		if err != nil {
			return err
		}
		account, err := person(ctx)
		if err != nil {
			return err
		}
		if err := iam.Allow(ctx, permReview, r.org); err != nil {
			return err
		}
		p, err := partByID(tx, round, unit, true)
		switch {
		case err != nil:
			return err
		case r.state != Open:
			return errEnded()
		case p.state != Open && p.state != Returned:
			return fault.Conflict.New("这个单位已经报送（%s）", StateName(p.state)).WithCode("listing.stage").WithHint("已报送的须审核通过")
		}
		n, err := countLines(tx, round, unit)
		if err != nil {
			return err
		}
		if n[Accepted] > 0 {
			return fault.Conflict.New("这个单位已有通过的内容，不能按未报送处理").WithCode("listing.stage").WithHint("请单位改正退回的内容后重新报送")
		}
		now := tx.Now().UnixMilli()
		p.state, p.decidedBy, p.decided, p.decidedWhy = Excused, account, &now, reason
		if err := savePart(tx, p); err != nil {
			return err
		}
		return audit.Put(tx, audit.Entry{Action: "listing.excuse", Object: roundObject(round), Reason: reason, After: gm.Sum([]byte(unit))})
	})
	if err != nil {
		return nil, s.refused(ctx, "listing.excuse", roundObject(round), err)
	}
	return s.Round(ctx, round)
}
