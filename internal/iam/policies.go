package iam

import (
	"context"
	"encoding/hex"
	"errors"
	"math"
	"slices"
	"strconv"

	"sidian/gm"
	"sidian/internal/audit"
	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/iam/policy"
)

// States of a policy beside Effective and Refused. Shipped is the one that comes
// with the program, in force while none was approved.
const (
	Draft      = "draft"
	Superseded = "superseded"
	Shipped    = "shipped"
)

// A Policy is one version of the policies, with how it came about.
type Policy struct {
	Version int             `json:"version"`
	State   string          `json:"state" enum:"draft,effective,refused,superseded,shipped"`
	InForce bool            `json:"in_force" doc:"现行"`
	Digest  string          `json:"digest" doc:"SM3 摘要，十六进制"`
	Reason  string          `json:"reason,omitempty"`
	By      string          `json:"proposed_by,omitempty"`
	ByName  string          `json:"proposed_by_name,omitempty"`
	At      int64           `json:"proposed_at,omitempty" doc:"毫秒"`
	Decided string          `json:"decided_by,omitempty"`
	DecName string          `json:"decided_by_name,omitempty"`
	DecAt   int64           `json:"decided_at,omitempty" doc:"毫秒"`
	Note    string          `json:"note,omitempty" doc:"批准或不批准的理由"`
	Roles   string          `json:"roles,omitempty" doc:"roles.yaml；列表不含"`
	Rules   string          `json:"rules,omitempty" doc:"rules.cedar；列表不含"`
	Changes []policy.Change `json:"changes,omitempty" doc:"与现行策略的差别；列表不含"`
}

// PolicyRequest proposes a version.
type PolicyRequest struct {
	Roles  string `json:"roles" minLength:"1" maxLength:"32768" doc:"roles.yaml"`
	Rules  string `json:"rules" maxLength:"32768" doc:"rules.cedar"`
	Reason string `json:"reason" minLength:"1" maxLength:"500"`
}

// A PolicyPage is a page of versions, newest first, without their texts.
type PolicyPage struct {
	Items []Policy `json:"items"`
	Next  string   `json:"cursor,omitempty" doc:"还有下一页时返回"`
}

func itoa(n int) string { return strconv.Itoa(n) }

// parse reads two texts; what is wrong with them is told to whoever wrote them.
func parse(r PolicyRequest) (*policy.Set, error) {
	set, err := policy.Parse([]byte(r.Roles), []byte(r.Rules))
	var bad *policy.Error
	if errors.As(err, &bad) {
		field := "roles"
		if bad.File == "rules.cedar" {
			field = "rules"
		}
		return nil, fault.Invalid.New("策略不符合规则：%s", bad.Error()).WithCode("policy.invalid").WithHint("请按提示修改后重新提交").WithField(field, "policy", bad.Say)
	}
	return set, err
}

// CheckPolicy reads two texts and tells what they would change, without keeping
// them.
func (s *Service) CheckPolicy(ctx context.Context, r PolicyRequest) (Policy, error) {
	if err := allowAny(ctx, "", "policy.read", "policy.propose"); err != nil {
		return Policy{}, err
	}
	set, err := parse(r)
	if err != nil {
		return Policy{}, err
	}
	err = s.DB.Read(ctx, func(tx *db.Tx) error { return s.wayBack(tx, set) })
	return Policy{Version: set.Version(), State: Draft, Digest: hexOf(set.Digest()), Changes: policy.Diff(s.InForce(), set)}, err
}

// whole asks for a permission for the whole platform: the policy is one for all.
func (s *Service) whole(ctx context.Context, permission string) error {
	for id := range s.live.orgs.Load().rootsOf() {
		if err := Allow(ctx, permission, id); err != nil {
			return err
		}
	}
	return Allow(ctx, permission, "")
}

// ProposePolicy keeps a draft; it has no effect before it is approved. There is
// one draft at a time, so that who approves knows what it is compared with.
func (s *Service) ProposePolicy(ctx context.Context, r PolicyRequest) (Policy, error) {
	if err := needReason(r.Reason); err != nil {
		return Policy{}, err
	}
	if err := s.whole(ctx, "policy.propose"); err != nil {
		return Policy{}, s.refused(ctx, "policy.draft", "policy/new", err)
	}
	set, err := parse(r)
	if err != nil {
		return Policy{}, err
	}
	digest := set.Digest()
	row := &policyRow{version: set.Version(), roles: r.Roles, rules: r.Rules, digest: digest[:], state: Draft, reason: r.Reason, by: audit.ActorFrom(ctx).Account}
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		if err := s.proposable(tx, set); err != nil {
			return err
		}
		row.at = tx.Now().UnixMilli()
		n, err := s.insertPolicy(tx, row)
		if err != nil {
			return err
		}
		if n == 0 {
			return errDraft()
		}
		return audit.Put(tx, audit.Entry{Action: "policy.draft", Object: "policy/" + row.id(), Reason: r.Reason, After: digest})
	})
	if err != nil {
		return Policy{}, err
	}
	out := s.policyOf(row, nil)
	out.Changes = policy.Diff(s.InForce(), set)
	return out, nil
}

func errDraft() error {
	return fault.Conflict.New("已有一份待批准的策略").WithCode("policy.draft").WithHint("请先批准或不批准已有的草案")
}

func (s *Service) proposable(tx *db.Tx, set *policy.Set) error {
	if draft, err := draftPolicy(tx); err != nil || draft != nil {
		if err != nil {
			return err
		}
		return errDraft()
	}
	least := s.InForce().Version()
	if last, err := lastPolicy(tx); err != nil {
		return err
	} else if last != nil {
		least = max(least, last.version)
	}
	if set.Version() <= least {
		return fault.Conflict.New("版本号应大于 %d", least).WithCode("policy.version").WithHint("请把 roles.yaml 中的 version 改为 %d", least+1)
	}
	return s.wayBack(tx, set)
}

// lifelines are what must remain possible under any policy: to change it again,
// to give somebody a role, and to see what was done.
var lifelines = []string{"grant.propose", "grant.approve", "policy.propose", "policy.approve", "audit.read"}

// wayBack refuses a policy under which nobody who has an account could do one of
// the lifelines for the whole platform.
func (s *Service) wayBack(tx *db.Tx, set *policy.Set) error {
	t := s.live.orgs.Load()
	for _, permission := range lifelines {
		ok := false
		for _, role := range set.Roles() {
			if !slices.Contains(role.May, permission) || role.Temporary || role.Holder {
				continue
			}
			held, err := effectiveIn(tx, role.Code)
			if err != nil {
				return err
			}
			for _, g := range held {
				ok = ok || g.Until.IsZero() && t.rootsOf()[g.Org] && intact(s.guards.grants, g)
			}
		}
		if !ok {
			return fault.Conflict.New("按此策略，没有人拥有“%s”（%s），平台将无法再更正", set.Label(permission), permission).
				WithCode("policy.lockout").WithHint("请保留现有管理员所持角色的此项权限")
		}
	}
	return nil
}

// DecidePolicy approves or refuses a draft. Who proposed it does not decide.
func (s *Service) DecidePolicy(ctx context.Context, version int, approve bool, reason string) error {
	if err := needReason(reason); err != nil {
		return err
	}
	action := "policy." + Refused
	if approve {
		action = "policy." + Effective
	}
	object := "policy/" + itoa(version)
	if err := s.whole(ctx, "policy.approve"); err != nil {
		return s.refused(ctx, action, object, err)
	}
	var denied error
	err := s.DB.Write(ctx, func(tx *db.Tx) error {
		denied = nil
		row, err := s.draft(tx, version)
		if err != nil {
			return err
		}
		me := audit.ActorFrom(ctx).Account
		if me == row.by {
			denied = fault.Forbidden.New("不得批准自己提出的策略").WithCode("policy.self").WithHint("请由另一位安全管理员批准")
			return denied
		}
		var before gm.Digest
		if approve {
			if before, err = s.supersede(tx, row, me); err != nil {
				return err
			}
			row.state = Effective
		} else {
			row.state = Refused
		}
		row.decided, row.decidedAt, row.note = me, tx.Now().UnixMilli(), reason
		if err := s.savePolicy(tx, row); err != nil {
			return err
		}
		return audit.Put(tx, audit.Entry{Action: action, Object: object, Reason: reason, Before: before, After: row.digestOf()})
	})
	if denied != nil {
		return s.refused(ctx, action, object, denied)
	}
	s.reloadTree(ctx)
	return err
}

// draft returns the draft of a version, unless it was edited in the database.
func (s *Service) draft(tx *db.Tx, version int) (*policyRow, error) {
	row, err := policyOf(tx, version)
	switch {
	case err != nil:
		return nil, err
	case row == nil:
		return nil, fault.NotFound.New("没有这个版本的策略").WithCode("policy.unknown")
	case row.state != Draft:
		return nil, fault.Conflict.New("该版本不是待批准的草案").WithCode("policy.state").WithHint("请刷新后查看当前状态")
	case !intact(s.guards.policies, row):
		return nil, errAltered()
	}
	return row, nil
}

// supersede ends the version in force for the sake of one that is read again:
// the vocabulary may have changed since it was proposed.
func (s *Service) supersede(tx *db.Tx, next *policyRow, by string) (before gm.Digest, err error) {
	set, err := parse(PolicyRequest{Roles: next.roles, Rules: next.rules})
	if err != nil {
		return before, err
	}
	if err := s.wayBack(tx, set); err != nil {
		return before, err
	}
	before = s.InForce().Digest()
	now, err := effectivePolicy(tx)
	if err != nil || now == nil {
		return before, err
	}
	if now.version >= next.version {
		return before, fault.Conflict.New("现行策略的版本更新").WithCode("policy.version").WithHint("请不批准，并以更大的版本号重新提出")
	}
	now.state = Superseded
	return now.digestOf(), s.savePolicy(tx, now)
}

// RestorePolicy puts the shipped policy in force in place of one that cannot be
// read or trusted: for the operator at the command line.
func (s *Service) RestorePolicy(ctx context.Context, reason string) error {
	if err := needReason(reason); err != nil {
		return err
	}
	err := s.DB.Write(ctx, func(tx *db.Tx) error {
		row, err := effectivePolicy(tx)
		switch {
		case err != nil:
			return err
		case row == nil:
			return fault.Conflict.New("现行策略就是程序自带的策略").WithCode("policy.state")
		}
		row.state = Superseded
		if err := s.savePolicy(tx, row); err != nil {
			return err
		}
		return audit.Put(tx, audit.Entry{Action: "policy.restore", Object: "policy/" + row.id(), Reason: reason, Before: row.digestOf()})
	})
	s.reloadTree(ctx)
	return err
}

// Policies lists versions, newest first; without any, the shipped one.
func (s *Service) Policies(ctx context.Context, cursor string, limit int) (*PolicyPage, error) {
	if err := Allow(ctx, "policy.read", ""); err != nil {
		return nil, err
	}
	before := int64(math.MaxInt32)
	if cursor != "" {
		var err error
		if before, err = strconv.ParseInt(cursor, 10, 32); err != nil {
			return nil, fault.Invalid.New("游标不正确").WithCode("cursor").WithHint("请从第一页重新查询")
		}
	}
	limit = pageSize(limit)
	page := &PolicyPage{}
	err := s.DB.Read(ctx, func(tx *db.Tx) error {
		page.Items, page.Next = []Policy{}, ""
		list, err := policiesBefore(tx, before, limit+1)
		if err != nil {
			return err
		}
		if len(list) > limit {
			list = list[:limit]
			page.Next = itoa(list[limit-1].version)
		}
		people, err := s.deciders(tx, list)
		for _, row := range list {
			p := s.policyOf(row, people)
			p.Roles, p.Rules = "", ""
			page.Items = append(page.Items, p)
		}
		if effective, e := effectivePolicy(tx); page.Next == "" && effective == nil && e == nil {
			page.Items = append(page.Items, s.shippedPolicy(false))
		}
		return err
	})
	return page, err
}

func (s *Service) deciders(tx *db.Tx, list []*policyRow) (map[string]Account, error) {
	var ids []string
	for _, row := range list {
		ids = append(ids, row.by, row.decided)
	}
	return s.people(tx, ids)
}

func (s *Service) shippedPolicy(texts bool) Policy {
	set := s.InForce()
	p := Policy{Version: set.Version(), State: Shipped, InForce: true, Digest: hexOf(set.Digest())}
	if texts {
		roles, rules := set.Texts()
		p.Roles, p.Rules = string(roles), string(rules)
	}
	return p
}

// Policy returns one version with its texts, and how it differs from the one in
// force. Version 0 is the one in force.
func (s *Service) Policy(ctx context.Context, version int) (Policy, error) {
	if err := Allow(ctx, "policy.read", ""); err != nil {
		return Policy{}, err
	}
	var out Policy
	err := s.DB.Read(ctx, func(tx *db.Tx) error {
		row, err := policyOf(tx, version)
		if version == 0 {
			row, err = effectivePolicy(tx)
		}
		switch {
		case err != nil:
			return err
		case row == nil && (version == 0 || version == s.InForce().Version()):
			out = s.shippedPolicy(true)
			return nil
		case row == nil:
			return fault.NotFound.New("没有这个版本的策略").WithCode("policy.unknown")
		}
		people, err := s.deciders(tx, []*policyRow{row})
		out = s.policyOf(row, people)
		return err
	})
	if err != nil || out.InForce {
		return out, err
	}
	if set, err := parse(PolicyRequest{Roles: out.Roles, Rules: out.Rules}); err == nil { // one of long ago may not be readable any more
		out.Changes = policy.Diff(s.InForce(), set)
	}
	return out, nil
}

func (s *Service) policyOf(r *policyRow, people map[string]Account) Policy {
	return Policy{Version: r.version, State: r.state, InForce: r.state == Effective, Digest: hex.EncodeToString(r.digest), Reason: r.reason,
		By: r.by, ByName: people[r.by].Name, At: r.at, Decided: r.decided, DecName: people[r.decided].Name, DecAt: r.decidedAt, Note: r.note,
		Roles: r.roles, Rules: r.rules}
}

func hexOf(d gm.Digest) string { return hex.EncodeToString(d[:]) }
