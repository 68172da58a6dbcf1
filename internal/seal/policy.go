package seal

import (
	"context"
	"time"

	"sidian/internal/audit"
	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/iam"
	"sidian/internal/seal/event"
)

// A Policy lets an application stamp a purpose with a seal until a time,
// without a person at each document.
type Policy struct {
	ID      string    `json:"id"`
	Seal    string    `json:"seal"`
	App     string    `json:"app" doc:"应用的 client_id；空：本平台工作人员已审核签发的证照"`
	Purpose string    `json:"purpose" doc:"证照种类；* 为全部"`
	Until   time.Time `json:"until"`
	Reason  string    `json:"reason"`
	Max     int64     `json:"max,omitempty" doc:"至多用印几次；0：不限"`
	Daily   int64     `json:"daily,omitempty" doc:"每日至多用印几次；0：不限"`
	EndedAt time.Time `json:"ended_at,omitzero"`
}

// Any stands for every purpose.
const Any = "*"

// maxUses is the most that a limit of a policy may be.
const maxUses = 1_000_000

// Grant records a policy, by the custodian: what needs nobody at each document
// needs them once. A program allows itself nothing. It ends with the seal at the
// latest.
func (s *Service) Grant(ctx context.Context, p Policy) (*Policy, error) {
	if p.Reason == "" || p.Purpose == "" || p.Until.IsZero() {
		return nil, fault.Invalid.New("常备用印授权须写明用途、期限和依据").WithCode("seal.policy-request").WithHint("请补全后重试")
	}
	if p.Max < 0 || p.Daily < 0 || p.Max > maxUses || p.Daily > maxUses {
		return nil, fault.Invalid.New("常备用印授权的次数应为 0 至 %d", maxUses).WithCode("seal.policy-request").WithHint("0 为不限").WithField("max", "range", "请更正")
	}
	p.ID = newID()
	err := s.write(ctx, "seal.grant", object(p.Seal), func(tx *db.Tx) error {
		x, err := byID(tx, p.Seal)
		if err != nil {
			return err
		}
		if err := iam.Allow(ctx, "seal.use", x.Org); err != nil {
			return err
		}
		if err := x.keeps(ctx); err != nil {
			return err
		}
		if err := x.usable(tx.Now()); err != nil {
			return err
		}
		if p.Until.After(x.ValidTo) {
			p.Until = x.ValidTo
		}
		g, err := s.guard(ctx)
		if err != nil {
			return err
		}
		if err := insertPolicy(tx, g, &p); err != nil {
			return err
		}
		if err := s.emit(tx, event.Granted, p.ID, event.Use{ID: p.ID, Seal: p.Seal, Purpose: p.Purpose, Policy: p.ID, At: tx.Now().UnixMilli()},
			[]byte(p.ID), []byte(p.Seal), nil, nil, []byte(p.Purpose)); err != nil {
			return err
		}
		return audit.Put(tx, audit.Entry{Action: "seal.grant", Object: object(p.Seal), Reason: p.Reason, After: p.digest()})
	})
	if err != nil {
		return nil, err
	}
	return &p, nil
}

// EndGrant ends a policy now, by a person who may approve the seal's use. What was
// intended under it may still be finished.
func (s *Service) EndGrant(ctx context.Context, id, reason string) error {
	if reason == "" {
		return fault.Invalid.New("终止用印授权须说明理由").WithCode("seal.reason").WithHint("请填写理由").WithField("reason", "required", "必填")
	}
	return s.write(ctx, "seal.grant-end", "policy/"+id, func(tx *db.Tx) error {
		p, err := policyByID(tx, id)
		if err != nil {
			return err
		}
		x, err := byID(tx, p.Seal)
		if err != nil {
			return err
		}
		if err := iam.Allow(ctx, "seal.use", x.Org); err != nil {
			return err
		}
		if err := person(ctx); err != nil {
			return err
		}
		g, err := s.guard(ctx)
		if err != nil {
			return err
		}
		if !intact(g.policies, p) {
			return errAltered("seal_policy", id)
		}
		ended, err := endPolicy(tx, g, p)
		if err != nil {
			return err
		}
		if !ended {
			return fault.Conflict.New("常备用印授权已经终止").WithCode("seal.policy-ended")
		}
		return audit.Put(tx, audit.Entry{Action: "seal.grant-end", Object: object(p.Seal), Reason: reason, Before: p.digest()})
	})
}

// Policies lists the standing policies of a seal, newest first.
func (s *Service) Policies(ctx context.Context, id string) (out []Policy, err error) {
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		x, err := byID(tx, id)
		if err != nil {
			return err
		}
		if err := x.readable(ctx, tx); err != nil {
			return err
		}
		g, err := s.guard(ctx)
		if err != nil {
			return err
		}
		out, err = policiesOf(tx, g, id)
		return err
	})
	return out, err
}

// allowing returns the policy under which whoever acts in tx stamps now, or
// refuses: there is none, or what it allows is used up. One that was edited counts
// for nothing, and is told of where no other allows the use.
func allowing(tx *db.Tx, g *guards, x *Seal, app, purpose string) (id string, err error) {
	found, err := policiesFor(tx, x.ID, app, purpose)
	if err != nil {
		return "", err
	}
	if len(found) == 0 {
		return "", fault.Forbidden.New("没有授权用印：印章“%s”没有允许此用途的常备用印授权", x.Name).WithCode("seal.policy").
			WithHint("请印章保管人批准常备用印授权，或逐件审批用印")
	}
	altered := ""
	for _, p := range found {
		if !intact(g.policies, &p) {
			altered = p.ID
			continue
		}
		free, err := p.free(tx)
		if err != nil {
			return "", err
		}
		if free {
			return p.ID, nil
		}
	}
	if altered != "" {
		return "", errAltered("seal_policy", altered)
	}
	return "", fault.Forbidden.New("印章“%s”的常备用印授权次数已用完", x.Name).WithCode("seal.policy-limit").
		WithHint("请明日再办，或请印章保管人批准新的常备用印授权、逐件审批用印")
}

// free tells whether a policy allows one use more, in all and today.
func (p *Policy) free(tx *db.Tx) (bool, error) {
	now := tx.Now().In(beijing)
	day := time.Date(now.Year(), now.Month(), now.Day(), 0, 0, 0, 0, beijing)
	for _, limit := range []struct{ most, since int64 }{{p.Max, 0}, {p.Daily, day.UnixMilli()}} {
		if limit.most == 0 {
			continue
		}
		n, err := countUses(tx, p.ID, limit.since, limit.most)
		if err != nil || n >= limit.most {
			return false, err
		}
	}
	return true, nil
}
