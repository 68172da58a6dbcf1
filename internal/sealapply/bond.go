package sealapply

import (
	"context"
	"strings"
	"time"

	"sidian/internal/audit"
	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/iam"
)

// A Bond says that a holder acts for an enterprise in what concerns its seals.
type Bond struct {
	ID           string    `json:"id"`
	Account      string    `json:"account" doc:"持证人账号"`
	Org          string    `json:"org" doc:"企业、社会组织的单位编号"`
	Basis        string    `json:"basis" doc:"核验依据"`
	RegisteredBy string    `json:"registered_by"`
	CreatedAt    time.Time `json:"created_at"`
	EndedAt      time.Time `json:"ended_at,omitzero"`
	EndedReason  string    `json:"ended_reason,omitempty"`
}

// Bind registers who acts for an enterprise, after their papers were verified:
// by a person who reviews for the authority of its tier (seal.review).
func (s *Service) Bind(ctx context.Context, account, org, basis string) (*Bond, error) {
	if err := needReason(basis); err != nil {
		return nil, err
	}
	if err := s.reviewsFor(ctx, org); err != nil {
		return nil, audit.Refuse(ctx, s.DB, audit.Entry{Action: "sealapply.bind", Object: "sealapply/bond/" + org}, err)
	}
	b := &Bond{ID: newID(), Account: account, Org: org, Basis: strings.TrimSpace(basis), RegisteredBy: audit.ActorFrom(ctx).Account}
	err := s.DB.Write(ctx, func(tx *db.Tx) error {
		who, err := iam.SubjectTx(tx, account)
		if err != nil {
			return err
		}
		o, err := iam.OrgTx(tx, org)
		switch {
		case err != nil:
			return err
		case who.Kind != iam.Holder || who.Closed:
			return fault.Conflict.New("经办人须是在用的持证人账号").WithCode("sealapply.bond-kind").WithHint("工作人员由系统管理员授予印章保管员角色")
		case o.Closed:
			return fault.Conflict.New("单位已停用").WithCode("org.closed").WithHint("请核对单位")
		}
		b.CreatedAt = tx.Now()
		n, err := insertBond(tx, b)
		if err != nil {
			return err
		}
		if n == 0 {
			return fault.Conflict.New("已登记为该单位的经办人").WithCode("sealapply.bond-exists").WithHint("无需重复登记")
		}
		return audit.Put(tx, audit.Entry{Action: "sealapply.bind", Object: "sealapply/bond/" + b.ID, Reason: b.Basis})
	})
	if err != nil {
		return nil, err
	}
	return b, nil
}

// Unbind ends a bond.
func (s *Service) Unbind(ctx context.Context, id, reason string) error {
	if err := needReason(reason); err != nil {
		return err
	}
	var b *Bond
	if err := s.DB.Read(ctx, func(tx *db.Tx) (err error) { b, err = bondByID(tx, id); return err }); err != nil {
		return err
	}
	if err := s.reviewsFor(ctx, b.Org); err != nil {
		return audit.Refuse(ctx, s.DB, audit.Entry{Action: "sealapply.unbind", Object: "sealapply/bond/" + id}, err)
	}
	return s.DB.Write(ctx, func(tx *db.Tx) error {
		n, err := endBond(tx, id, audit.ActorFrom(ctx).Account, reason)
		if err != nil {
			return err
		}
		if n == 0 {
			return fault.Conflict.New("经办登记已经终止").WithCode("sealapply.bond-ended").WithHint("无需重复办理")
		}
		return audit.Put(tx, audit.Entry{Action: "sealapply.unbind", Object: "sealapply/bond/" + id, Reason: reason})
	})
}

// Bonds lists who acts or acted for an enterprise, newest first.
func (s *Service) Bonds(ctx context.Context, org string) (list []Bond, err error) {
	if err := s.reviewsFor(ctx, org); err != nil {
		return nil, audit.Refuse(ctx, s.DB, audit.Entry{Action: "sealapply.bonds", Object: "sealapply/bond/" + org}, err)
	}
	err = s.DB.Read(ctx, func(tx *db.Tx) error { list, err = bondsOf(tx, org); return err })
	return list, err
}

// reviewsFor refuses who does not review for the lowest authority of a unit.
func (s *Service) reviewsFor(ctx context.Context, org string) error {
	if err := iam.Allow(ctx, permissions[Reviewer], ""); err != nil {
		return err
	}
	chain, err := s.chainFor(ctx, org, Cancel, "")
	if err != nil {
		return err
	}
	return iam.Allow(ctx, permissions[Reviewer], chain[0].org)
}
