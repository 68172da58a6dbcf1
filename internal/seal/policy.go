package seal

import (
	"context"
	"time"

	"sidian/gm"
	"sidian/internal/audit"
	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/iam"
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

// Grant records a policy. It ends with the seal at the latest.
func (s *Service) Grant(ctx context.Context, p Policy) (*Policy, error) {
	if p.Reason == "" || p.Purpose == "" || p.Until.IsZero() {
		return nil, fault.Invalid.New("常备用印授权须写明用途、期限和依据").WithCode("seal.policy-request").WithHint("请补全后重试")
	}
	p.ID = newID()
	err := s.DB.Write(ctx, func(tx *db.Tx) error {
		x, err := byID(tx, p.Seal)
		if err != nil {
			return err
		}
		if err := iam.Allow(ctx, "seal.use", x.Org); err != nil {
			return err
		}
		if err := x.usable(tx.Now()); err != nil {
			return err
		}
		if p.Until.After(x.ValidTo) {
			p.Until = x.ValidTo
		}
		if err := insertPolicy(tx, &p); err != nil {
			return err
		}
		return audit.Put(tx, audit.Entry{Action: "seal.grant", Object: "seal/" + p.Seal, Reason: p.Reason, After: p.digest()})
	})
	if err != nil {
		return nil, err
	}
	return &p, nil
}

// EndGrant ends a policy now. What was intended under it may still be finished.
func (s *Service) EndGrant(ctx context.Context, id, reason string) error {
	if reason == "" {
		return fault.Invalid.New("终止用印授权须说明理由").WithCode("seal.reason").WithHint("请填写理由").WithField("reason", "required", "必填")
	}
	return s.DB.Write(ctx, func(tx *db.Tx) error {
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
		n, err := endPolicy(tx, id)
		if err != nil {
			return err
		}
		if n == 0 {
			return fault.Conflict.New("常备用印授权已经终止").WithCode("seal.policy-ended")
		}
		return audit.Put(tx, audit.Entry{Action: "seal.grant-end", Object: "seal/" + p.Seal, Reason: reason, Before: p.digest()})
	})
}

func (p *Policy) digest() gm.Digest {
	return gm.Sum([]byte(p.ID + "\x00" + p.App + "\x00" + p.Purpose))
}
