package iam

import (
	"context"
	"slices"

	"sidian/internal/audit"
	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/iam/policy"
)

// A Grant gives an account a role for an organisation and all below it.
type Grant struct {
	ID      string `json:"id"`
	Account string `json:"account"`
	Role    string `json:"role"`
	Org     string `json:"org"`
	State   string `json:"state" enum:"proposed,effective,refused,revoked"`
	Reason  string `json:"reason"`
	By      string `json:"proposed_by"`
	At      int64  `json:"proposed_at" doc:"毫秒"`
	Decided string `json:"decided_by,omitempty"`
}

// States of a grant.
const (
	Proposed  = "proposed"
	Effective = "effective"
	Refused   = "refused"
	Revoked   = "revoked"
)

// GrantRequest proposes a grant.
type GrantRequest struct {
	Account string `json:"account"`
	Role    string `json:"role"`
	Org     string `json:"org"`
	Reason  string `json:"reason" minLength:"1" maxLength:"500"`
}

// ProposeGrant asks for a role; it has no effect before it is approved.
func (s *Service) ProposeGrant(ctx context.Context, r GrantRequest) (Grant, error) {
	if err := needReason(r.Reason); err != nil {
		return Grant{}, err
	}
	if err := Allow(ctx, "grant.propose", r.Org); err != nil {
		return Grant{}, err
	}
	if p, _ := From(ctx); p != nil && p.Account == r.Account {
		return Grant{}, fault.Forbidden.New("不得为自己申请角色").WithCode("grant.self").WithHint("请由另一位系统管理员提出")
	}
	g := Grant{ID: newID(), Account: r.Account, Role: r.Role, Org: r.Org, Reason: r.Reason, State: Proposed, By: audit.ActorFrom(ctx).Account}
	err := s.DB.Write(ctx, func(tx *db.Tx) error {
		if err := s.grantable(tx, r); err != nil {
			return err
		}
		g.At = tx.Now().UnixMilli()
		return putGrant(tx, g)
	})
	return g, err
}

func putGrant(tx *db.Tx, g Grant) error {
	n, err := insertGrant(tx, g)
	if err != nil {
		return err
	}
	if n == 0 {
		return fault.Conflict.New("该账号已有此角色，或已有待批准的申请").WithCode("grant.exists")
	}
	return audit.Put(tx, audit.Entry{Action: "grant." + g.State, Object: "grant/" + g.ID, Reason: g.Reason})
}

// grantable refuses what may not stand beside what the account has: the three
// administrators are three people who do nothing else.
func (s *Service) grantable(tx *db.Tx, r GrantRequest) error {
	role, err := s.role(r.Role)
	if err != nil {
		return err
	}
	a, err := accountTx(tx, r.Account)
	if err != nil {
		return err
	}
	if _, err := OrgTx(tx, r.Org); err != nil {
		return err
	}
	switch {
	case role.Holder:
		return fault.Invalid.New("持证人角色不需授予").WithCode("grant.holder")
	case a.closed:
		return fault.Conflict.New("账号已停用").WithCode("account.closed")
	case a.kind != Staff:
		return fault.Conflict.New("只有工作人员账号可以授予角色").WithCode("grant.kind")
	}
	has, err := liveGrants(tx, r.Account)
	if err != nil {
		return err
	}
	return s.separate(role, has)
}

// separate is GB/T 22239-2019 level 3: 管理用户权限分离.
func (s *Service) separate(role policy.Role, has []Grant) error {
	for _, g := range has {
		other, err := s.role(g.Role)
		if err != nil {
			return err
		}
		if role.Admin != other.Admin {
			return fault.Conflict.New("三员分立：%s与%s不得由同一账号担任", role.Name, other.Name).
				WithCode("grant.separation").WithHint("请授予另一个账号，或先撤销%s角色", other.Name)
		}
	}
	return nil
}

// DecideGrant approves or refuses a proposed grant. Who proposed it, or whom
// it is for, does not decide.
func (s *Service) DecideGrant(ctx context.Context, id string, approve bool, reason string) error {
	if err := needReason(reason); err != nil {
		return err
	}
	to := Refused
	if approve {
		to = Effective
	}
	return s.moveGrant(ctx, id, "grant.approve", Proposed, to, reason, func(tx *db.Tx, g Grant) error {
		me := audit.ActorFrom(ctx).Account
		if me == g.By || me == g.Account {
			return fault.Forbidden.New("不得批准自己提出的或给自己的授权").WithCode("grant.self").WithHint("请由另一位安全管理员批准")
		}
		if !approve {
			return nil
		}
		role, err := s.role(g.Role)
		if err != nil {
			return err
		}
		has, err := liveGrants(tx, g.Account)
		if err != nil {
			return err
		}
		return s.separate(role, slices.DeleteFunc(has, func(h Grant) bool { return h.ID == g.ID }))
	})
}

// RevokeGrant ends an effective grant at once.
func (s *Service) RevokeGrant(ctx context.Context, id, reason string) error {
	if err := needReason(reason); err != nil {
		return err
	}
	return s.moveGrant(ctx, id, "grant.approve", Effective, Revoked, reason, func(tx *db.Tx, g Grant) error {
		role, err := s.role(g.Role)
		if err != nil || role.Admin == "" {
			return err
		}
		n, err := countEffective(tx, g.Role)
		if err == nil && n < 2 {
			return fault.Conflict.New("这是最后一位%s，不得撤销", role.Name).WithCode("grant.last").WithHint("请先授予并批准继任者")
		}
		return err
	})
}

func (s *Service) moveGrant(ctx context.Context, id, permission, from, to, reason string, guard func(*db.Tx, Grant) error) error {
	var account string
	err := s.DB.Write(ctx, func(tx *db.Tx) error {
		g, err := getGrant(tx, id)
		if err != nil {
			if fault.As(err) != nil {
				return fault.NotFound.New("没有这项授权").WithCode("grant.unknown")
			}
			return err
		}
		account = g.Account
		if err := Allow(ctx, permission, g.Org); err != nil {
			return err
		}
		if g.State != from {
			return fault.Conflict.New("授权的状态不允许此操作").WithCode("grant.state")
		}
		if err := guard(tx, g); err != nil {
			return err
		}
		if err := decideGrant(tx, id, to, audit.ActorFrom(ctx).Account); err != nil {
			return err
		}
		return audit.Put(tx, audit.Entry{Action: "grant." + to, Object: "grant/" + id, Reason: reason})
	})
	s.changed(account)
	return err
}

// Grants lists grants in a state, oldest first, at most 500.
func (s *Service) Grants(ctx context.Context, state string) ([]Grant, error) {
	if err := Allow(ctx, "grant.read", ""); err != nil {
		return nil, err
	}
	scope := Orgs(ctx, "grant.read")
	var list []Grant
	err := s.DB.Read(ctx, func(tx *db.Tx) (err error) { list, err = grantsIn(tx, state); return err })
	return slices.DeleteFunc(list, func(g Grant) bool { _, found := slices.BinarySearch(scope, g.Org); return !found }), err
}
