package sealapply

import (
	"context"
	"strings"

	"sidian/internal/audit"
	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/iam"
	"sidian/internal/seal"
	"sidian/internal/sealapply/event"
)

// titleOf names an application for promises and notices: the unit, and no
// person.
func titleOf(r *row, orgName string) string {
	if r.sealKind == seal.Personal {
		return seal.Label(r.sealKind) + r.kind.Label()
	}
	return orgName + "的" + seal.Label(r.sealKind) + r.kind.Label()
}

func (s *Service) reviewOf(tx *db.Tx, r *row, orgName string) (*review, error) {
	region, err := iam.RegionTx(tx, r.org)
	return &review{object: r.id, org: r.org, region: region, title: titleOf(r, orgName), link: linkOf(r.id), account: r.account,
		involved: r.involved(), round: r.round, step: r.step}, err
}

// look at an application before the transaction that decides: what was read is
// compared there by its revision.
func (s *Service) read(ctx context.Context, id string) (r *row, steps []*stepRow, err error) {
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		if r, err = appByID(tx, id, false); err != nil {
			return err
		}
		if steps, err = stepsOf(tx, id); err != nil {
			return err
		}
		return s.seesTx(ctx, tx, r, steps)
	})
	return r, steps, err
}

// Checks are what the platform sees by itself of an application now.
func (s *Service) Checks(ctx context.Context, id string) (list []Check, err error) {
	r, _, err := s.read(ctx, id)
	if err != nil {
		return nil, err
	}
	f, err := s.gather(ctx, r)
	if err != nil {
		return nil, err
	}
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		if err := s.settle(tx, f); err != nil {
			return err
		}
		list = f.checks()
		return nil
	})
	return list, err
}

// checked is the transaction of a decision that rests on checks: the
// application as it was looked at, locked, and what the checks say of it.
func (s *Service) checked(ctx context.Context, id string, a Action, side Side, waits bool,
	fn func(tx *db.Tx, r *row, steps []*stepRow, f *facts, list []Check) error,
) error {
	seen, _, err := s.read(ctx, id)
	if err != nil {
		return err
	}
	if rule := move(seen.kind, seen.state, a); rule == nil {
		return errMove(seen.kind, seen.state, a)
	}
	f, err := s.gather(ctx, seen)
	if err != nil {
		return err
	}
	return s.DB.Write(ctx, func(tx *db.Tx) error {
		r, steps, err := s.lockTx(ctx, tx, id, a, side)
		if err != nil {
			return err
		}
		if r.revision != seen.revision {
			return errMoved()
		}
		g := *f
		g.row = r
		if err := s.settle(tx, &g); err != nil {
			return err
		}
		list := g.checks()
		if err := blocking(list, waits); err != nil {
			return err
		}
		return fn(tx, r, steps, &g, list)
	})
}

// Submit sends an application to the lowest tier, in a new round if it was
// refused. What the checks do not pass is not sent.
func (s *Service) Submit(ctx context.Context, id string) (*Application, error) {
	seen, _, err := s.read(ctx, id)
	if err != nil {
		return nil, err
	}
	if err := s.adopt(ctx, seen); err != nil {
		return nil, err
	}
	chain, err := s.chainFor(ctx, seen.org, seen.kind, seen.sealKind)
	if err != nil {
		return nil, err
	}
	err = s.checked(ctx, id, ActSubmit, Applicant, false, func(tx *db.Tx, r *row, steps []*stepRow, f *facts, list []Check) error {
		now := milli(tx.Now())
		r.state, r.submitted, r.trouble = Submitted, &now, ""
		r.round++
		v, err := s.reviewOf(tx, r, f.org.Name)
		if err != nil {
			return err
		}
		if err := s.openSteps(tx, v, chain); err != nil {
			return err
		}
		r.step = v.step
		if err := saveApp(tx, r); err != nil {
			return err
		}
		checks, err := encodeChecks(list)
		if err != nil {
			return err
		}
		if err := s.recordTx(tx, r, &historyRow{action: string(ActSubmit), reason: "逐级审核：" + describe(chain), checks: checks}, "sealapply.submit"); err != nil {
			return err
		}
		if err := s.toApplicant(tx, r.account, r.org, topicApplied, clip("已提交："+v.title, 100), "将由"+describe(chain)+"审核。", v.link); err != nil {
			return err
		}
		return s.eventOf(tx, r, event.Applied, "")
	})
	if err != nil {
		return nil, audit.Refuse(ctx, s.DB, audit.Entry{Action: "sealapply.submit", Object: objectOf(id)}, err)
	}
	return s.Get(ctx, id)
}

// Withdraw takes an application back, for good.
func (s *Service) Withdraw(ctx context.Context, id, reason string) (*Application, error) {
	if err := needReason(reason); err != nil {
		return nil, err
	}
	err := s.DB.Write(ctx, func(tx *db.Tx) error {
		r, steps, err := s.lockTx(ctx, tx, id, ActWithdraw, Applicant)
		if err != nil {
			return err
		}
		if err := s.dropSteps(tx, steps, "申请已撤回"); err != nil {
			return err
		}
		now := milli(tx.Now())
		r.state, r.step, r.ended = Withdrawn, 0, &now
		if err := saveApp(tx, r); err != nil {
			return err
		}
		return s.recordTx(tx, r, &historyRow{action: string(ActWithdraw), reason: reason}, "sealapply.withdraw")
	})
	if err != nil {
		return nil, audit.Refuse(ctx, s.DB, audit.Entry{Action: "sealapply.withdraw", Object: objectOf(id)}, err)
	}
	return s.Get(ctx, id)
}

// Review is the decision of one tier. To refuse takes a reason, which the
// applicant is told; to approve, the checks must pass again. After the last tier
// a seal to be cancelled is cancelled at once, if the reviewer may.
func (s *Service) Review(ctx context.Context, id string, q ReviewRequest) (*Application, error) {
	q.Opinion = strings.TrimSpace(q.Opinion)
	if err := checkNote(q.Opinion); err != nil {
		return nil, err
	}
	var err error
	if q.Approve {
		err = s.approve(ctx, id, q)
	} else {
		err = s.refuse(ctx, id, q)
	}
	if err != nil {
		return nil, audit.Refuse(ctx, s.DB, audit.Entry{Action: "sealapply.review", Object: objectOf(id)}, err)
	}
	a, err := s.Get(ctx, id)
	if err != nil || a.Kind != Cancel || a.State != Approved {
		return a, err
	}
	done, err := s.CancelSeal(ctx, id)
	if e := fault.As(err); e != nil && e.Kind == fault.Forbidden {
		return a, nil // another person does it
	}
	return done, err
}

func (s *Service) approve(ctx context.Context, id string, q ReviewRequest) error {
	if seen, _, err := s.read(ctx, id); err != nil {
		return err
	} else if err := s.adopt(ctx, seen); err != nil {
		return err
	}
	return s.checked(ctx, id, ActApprove, Reviewer, true, func(tx *db.Tx, r *row, steps []*stepRow, f *facts, list []Check) error {
		v, err := s.reviewOf(tx, r, f.org.Name)
		if err != nil {
			return err
		}
		x, last, err := s.decide(tx, v, steps, q)
		if err != nil {
			return err
		}
		r.state = move(r.kind, r.state, ActApprove).next(r.state, last)
		r.step = v.step
		if err := saveApp(tx, r); err != nil {
			return err
		}
		checks, err := encodeChecks(list)
		if err != nil {
			return err
		}
		if err := s.recordTx(tx, r, &historyRow{action: string(ActApprove), tier: x.tier, reason: q.Opinion, checks: checks}, "sealapply.approve"); err != nil {
			return err
		}
		text := "等待上一级审核。"
		if last {
			text = "各级审核均已通过。"
		}
		if err := s.toApplicant(tx, r.account, r.org, topicPassed, clip(tierLabels[x.tier]+"审核通过："+v.title, 100), text, v.link); err != nil {
			return err
		}
		if last {
			if err := s.ready(tx, r, v, steps); err != nil {
				return err
			}
		}
		return s.eventOf(tx, r, event.Reviewed, x.tier)
	})
}

// ready tells the authority of the applicant's tier that a seal can be made, or
// cancelled.
func (s *Service) ready(tx *db.Tx, r *row, v *review, steps []*stepRow) error {
	permission, what := permissions[Maker], "待制作："
	if r.kind == Cancel {
		permission, what = permissions[Manager], "待注销："
	}
	return s.noticeTx(tx, noticeAt(first(r.round, steps).org, permission, topicReady, clip(what+v.title, 100), "各级审核均已通过。", v.link))
}

// refuse sends an application back with a reason: at a tier, or before it is
// carried out.
func (s *Service) refuse(ctx context.Context, id string, q ReviewRequest) error {
	if err := needReason(q.Opinion); err != nil {
		return err
	}
	return s.DB.Write(ctx, func(tx *db.Tx) error {
		r, steps, err := s.lockTx(ctx, tx, id, ActRefuse, "")
		if err != nil {
			return err
		}
		o, err := orgName(tx, r.org)
		if err != nil {
			return err
		}
		v, err := s.reviewOf(tx, r, o)
		if err != nil {
			return err
		}
		tier := ""
		if r.state == Submitted {
			x, _, err := s.decide(tx, v, steps, q)
			if err != nil {
				return err
			}
			tier = x.tier
		} else if err := ownTx(tx, r.id, r.involved(), r.round, nil); err != nil {
			return err
		}
		r.state, r.step = Refused, 0
		if err := saveApp(tx, r); err != nil {
			return err
		}
		if err := s.recordTx(tx, r, &historyRow{action: string(ActRefuse), tier: tier, reason: q.Opinion}, "sealapply.refuse"); err != nil {
			return err
		}
		// The reason stands on the application's page, not in the notice: people
		// write freely.
		if err := s.toApplicant(tx, r.account, r.org, topicRefused, clip("未通过："+v.title, 100), "请查看未通过的理由，更正后可以重新提交。", v.link); err != nil {
			return err
		}
		return s.eventOf(tx, r, event.Refused, tier)
	})
}
