package iam

import (
	"context"
	"regexp"
	"slices"
	"strings"
	"time"

	"sidian/gm"
	"sidian/internal/audit"
	"sidian/internal/db"
	"sidian/internal/due"
	"sidian/internal/fault"
	"sidian/internal/iam/policy"
)

// A Grant gives an account a role for an organisation and all below it.
type Grant struct {
	ID        string    `json:"id"`
	Account   string    `json:"account"`
	Role      string    `json:"role"`
	Org       string    `json:"org"`
	State     string    `json:"state" enum:"proposed,effective,refused,revoked"`
	Until     time.Time `json:"until,omitzero" doc:"到期自动撤销；没有则长期"`
	Basis     string    `json:"basis,omitempty" doc:"依据，如任职文件"`
	Reason    string    `json:"reason"`
	By        string    `json:"proposed_by"`
	At        int64     `json:"proposed_at" doc:"毫秒"`
	Decided   string    `json:"decided_by,omitempty"`
	DecidedAt int64     `json:"decided_at,omitempty" doc:"毫秒"`
	Note      string    `json:"note,omitempty" doc:"批准、不批准或撤销的理由"`
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
	Account string    `json:"account" maxLength:"64"`
	Role    string    `json:"role" maxLength:"40"`
	Org     string    `json:"org" maxLength:"64"`
	Reason  string    `json:"reason" minLength:"1" maxLength:"500"`
	Until   time.Time `json:"until,omitzero" required:"false" doc:"到期自动撤销；不填则长期"`
	Basis   string    `json:"basis,omitempty" maxLength:"200" doc:"依据，如任职文件"`
}

// topicDecide is the promise that a proposed grant is decided.
const topicDecide = "grant.decide"

// ProposeGrant asks for a role; it has no effect before it is approved.
func (s *Service) ProposeGrant(ctx context.Context, r GrantRequest) (Grant, error) {
	if err := needReason(r.Reason); err != nil {
		return Grant{}, err
	}
	if r.Org == "" {
		return Grant{}, fault.Invalid.New("须填写单位").WithCode("org.unknown").WithField("org", "required", "必填")
	}
	if err := Allow(ctx, "grant.propose", r.Org); err != nil {
		return Grant{}, s.refused(ctx, "grant.proposed", "account/"+r.Account, err)
	}
	me := audit.ActorFrom(ctx).Account
	if me == r.Account {
		err := fault.Forbidden.New("不得为自己申请角色").WithCode("grant.self").WithHint("请由另一位系统管理员提出")
		return Grant{}, s.refused(ctx, "grant.proposed", "account/"+r.Account, err)
	}
	var g *grantRow
	err := s.DB.Write(ctx, func(tx *db.Tx) (err error) {
		g, err = s.propose(tx, r, me)
		return err
	})
	if err != nil {
		return Grant{}, err
	}
	return g.Grant, nil
}

func (s *Service) propose(tx *db.Tx, r GrantRequest, by string) (*grantRow, error) {
	if !r.Until.IsZero() && !r.Until.After(tx.Now()) {
		return nil, fault.Invalid.New("到期时间应在将来").WithCode("grant.until").WithField("until", "past", "应在将来")
	}
	if err := s.expire(tx, r.Account); err != nil {
		return nil, err
	}
	if err := s.grantable(tx, r); err != nil {
		return nil, err
	}
	g := &grantRow{Grant: Grant{ID: newID(), Account: r.Account, Role: r.Role, Org: r.Org, Reason: r.Reason, State: Proposed, By: by,
		At: tx.Now().UnixMilli(), Until: r.Until.UTC().Truncate(time.Millisecond), Basis: r.Basis}}
	if err := s.putGrant(tx, g); err != nil {
		return nil, err
	}
	return g, s.promise(tx, due.Promise{Topic: topicDecide, Object: g.ID, Org: g.Org, Permission: "grant.approve", Title: "审批角色授权", Link: "/console/admin/grants/" + g.ID})
}

func (s *Service) putGrant(tx *db.Tx, g *grantRow) error {
	n, err := s.insertGrant(tx, g)
	if err != nil {
		return err
	}
	if n == 0 {
		return fault.Conflict.New("该账号已有此角色，或已有待批准的申请").WithCode("grant.exists").WithHint("请先查看该账号已有的角色和申请")
	}
	return audit.Put(tx, audit.Entry{Action: "grant." + g.State, Object: "grant/" + g.ID, Reason: g.Reason, After: g.digest()})
}

// digest is of what a grant gives, for the audit row.
func (r *grantRow) digest() gm.Digest { return digestOf(r.fields()) }

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
	o, err := OrgTx(tx, r.Org)
	if err != nil {
		return err
	}
	switch {
	case role.Holder:
		return fault.Invalid.New("持证人角色不需授予").WithCode("grant.holder")
	case role.Temporary:
		return fault.Invalid.New("临时角色不能授予").WithCode("grant.temporary").WithHint("应急查阅须逐次发起，并事后复核")
	case a.closed():
		return fault.Conflict.New("账号已停用").WithCode("account.closed")
	case o.Closed:
		return fault.Conflict.New("单位已停用").WithCode("org.closed")
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
func (s *Service) separate(role policy.Role, has []*grantRow) error {
	for _, g := range has {
		other, err := s.role(g.Role)
		if err != nil {
			continue // a role that the policy no longer has gives nothing
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
	to := Refused
	if approve {
		to = Effective
	}
	return s.moveGrant(ctx, id, Proposed, to, reason, func(tx *db.Tx, g *grantRow) error {
		me := audit.ActorFrom(ctx).Account
		if me == g.By || me == g.Account {
			return fault.Forbidden.New("不得批准自己提出的或给自己的授权").WithCode("grant.self").WithHint("请由另一位安全管理员批准")
		}
		if !approve {
			return s.kept(tx, topicDecide, g.ID)
		}
		if !g.Until.IsZero() && !g.Until.After(tx.Now()) {
			return fault.Conflict.New("授权已过到期时间").WithCode("grant.until").WithHint("请不批准，并重新提出")
		}
		role, err := s.role(g.Role)
		if err != nil {
			return err
		}
		has, err := liveGrants(tx, g.Account)
		if err != nil {
			return err
		}
		if err := s.separate(role, slices.DeleteFunc(has, func(h *grantRow) bool { return h.ID == g.ID })); err != nil {
			return err
		}
		return s.kept(tx, topicDecide, g.ID)
	})
}

// RevokeGrant ends an effective grant at once.
func (s *Service) RevokeGrant(ctx context.Context, id, reason string) error {
	return s.moveGrant(ctx, id, Effective, Revoked, reason, s.replaceable)
}

// replaceable refuses to end the last grant of an administrator's role: nobody
// could give it again.
func (s *Service) replaceable(tx *db.Tx, g *grantRow) error {
	role, err := s.role(g.Role)
	if err != nil || role.Admin == "" {
		return nil
	}
	all, err := effectiveIn(tx, g.Role)
	if err != nil {
		return err
	}
	others := slices.DeleteFunc(all, func(h *grantRow) bool { return h.ID == g.ID || !h.Until.IsZero() || !intact(s.guards.grants, h) })
	if len(others) == 0 {
		return fault.Conflict.New("这是最后一位%s，不得撤销", role.Name).WithCode("grant.last").WithHint("请先授予并批准继任者")
	}
	return nil
}

func (s *Service) moveGrant(ctx context.Context, id, from, to, reason string, guard func(*db.Tx, *grantRow) error) error {
	if err := needReason(reason); err != nil {
		return err
	}
	var account string
	var denied error
	err := s.DB.Write(ctx, func(tx *db.Tx) error {
		denied = nil
		g, err := getGrant(tx, id)
		switch {
		case err != nil:
			return err
		case g == nil:
			return fault.NotFound.New("没有这项授权").WithCode("grant.unknown")
		}
		account = g.Account
		if denied = Allow(ctx, "grant.approve", g.Org); denied != nil {
			return denied
		}
		if !intact(s.guards.grants, g) {
			return errAltered()
		}
		if g.State != from {
			return fault.Conflict.New("授权的状态不允许此操作").WithCode("grant.state").WithHint("请刷新后查看当前状态")
		}
		if err := guard(tx, g); err != nil {
			if f := fault.As(err); f != nil && f.Kind == fault.Forbidden {
				denied = err
			}
			return err
		}
		return s.endGrant(tx, g, to, audit.ActorFrom(ctx).Account, reason)
	})
	if denied != nil {
		return s.refused(ctx, "grant."+to, "grant/"+id, denied)
	}
	s.changed(account)
	return err
}

// endGrant moves a grant on, with its audit row.
func (s *Service) endGrant(tx *db.Tx, g *grantRow, to, by, note string) error {
	before := g.digest()
	g.State, g.Decided, g.DecidedAt, g.Note = to, by, tx.Now().UnixMilli(), note
	if err := s.saveGrant(tx, g); err != nil {
		return err
	}
	return audit.Put(tx, audit.Entry{Action: "grant." + to, Object: "grant/" + g.ID, Reason: note, Before: before, After: g.digest()})
}

// expire ends the grants of an account whose time is over.
func (s *Service) expire(tx *db.Tx, account string) error {
	list, err := effectiveOf(tx, account)
	if err != nil {
		return err
	}
	for _, g := range list {
		if g.over(tx.Now()) && intact(s.guards.grants, g) {
			if err := s.endGrant(tx, g, Revoked, "", "授权到期"); err != nil {
				return err
			}
		}
	}
	return nil
}

// over tells whether a grant has no effect any more at a time.
func (g *Grant) over(now time.Time) bool { return !g.Until.IsZero() && !now.Before(g.Until) }

// sweepGrants ends all grants whose time is over. They have had no effect since.
func (s *Service) sweepGrants(ctx context.Context) error {
	for more := true; more; {
		err := s.DB.Write(ctx, func(tx *db.Tx) error {
			list, err := overGrants(tx, 100)
			more = false
			for _, g := range list {
				if err != nil || !intact(s.guards.grants, g) {
					continue // doctor tells of it; it gives nothing
				}
				more = len(list) == 100
				err = s.endGrant(tx, g, Revoked, "", "授权到期")
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

var objectForm = regexp.MustCompile(`^[a-z]+/[a-z0-9-]{1,64}$`)

// refused records a refusal in a transaction of its own, and returns it. What
// was typed in place of an id is not recorded: it may be anything.
func (s *Service) refused(ctx context.Context, action, object string, err error) error {
	f := fault.As(err)
	if f == nil || f.Kind != fault.Forbidden {
		return err
	}
	if !objectForm.MatchString(object) {
		kind, _, _ := strings.Cut(object, "/")
		object = kind + "/unknown"
	}
	put := s.DB.Write(ctx, func(tx *db.Tx) error {
		return audit.Put(tx, audit.Entry{Action: action, Object: object, Result: audit.Refused, Rule: f.Code})
	})
	if put != nil {
		return put
	}
	return err
}

// promise keeps a deadline by the rules of the region of its unit, where the
// program keeps any.
func (s *Service) promise(tx *db.Tx, p due.Promise) error {
	if s.Due == nil {
		return nil
	}
	o, err := OrgTx(tx, p.Org)
	if err != nil {
		return err
	}
	p.Region = o.Region
	_, err = s.Due.Put(tx, p)
	return err
}

// kept tells that what was promised is done; that nothing was promised is fine.
func (s *Service) kept(tx *db.Tx, topic, object string) error {
	if s.Due == nil {
		return nil
	}
	_, err := s.Due.Keep(tx, topic, object)
	if f := fault.As(err); f != nil && f.Code == "due.unknown" {
		return nil
	}
	return err
}
