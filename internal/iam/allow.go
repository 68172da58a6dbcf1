package iam

import (
	"context"
	"fmt"
	"strings"

	"sidian/internal/audit"
	"sidian/internal/fault"
	"sidian/internal/iam/policy"
)

// A Question is what whoever acts wants: see package policy.
type Question = policy.Question

// Allow returns nil if whoever acts in ctx holds the permission for the
// organisation, by a role or scope for it or for one above it. An empty org
// asks whether they hold it for any. It is Ask without a purpose or a class.
func Allow(ctx context.Context, permission, org string) error {
	return Ask(ctx, Question{Permission: permission, Org: org})
}

// Ask puts a question to the policy in force. Refused unless said: without a
// principal it is a fault.Unauthorized, otherwise a fault.Forbidden with the
// code of the rule, what it demands, and who can help.
func Ask(ctx context.Context, q Question) error {
	p, ok := From(ctx)
	if !ok {
		return errAnonymous()
	}
	return Refusal(p.decide(q))
}

// Decide is Ask with the decision itself. A stranger's is the zero Decision.
func Decide(ctx context.Context, q Question) policy.Decision {
	p, ok := From(ctx)
	if !ok {
		return policy.Decision{Code: "auth.required", Say: "请先登录"}
	}
	return p.decide(q)
}

// Decided is Ask for what is to be recorded with its grounds: the audit rows
// written under the context that it returns, refused or not, name the purpose
// and what in the policy made the decision.
func Decided(ctx context.Context, q Question) (context.Context, error) {
	p, ok := From(ctx)
	if !ok {
		return ctx, errAnonymous()
	}
	d := p.decide(q)
	g := audit.Grounds{Rule: Grounds(d)}
	if p.set().KnowsPurpose(q.Purpose) { // what else was sent may be anything
		g.Purpose = q.Purpose
	}
	ctx = audit.WithGrounds(ctx, g)
	return ctx, Refusal(d)
}

// Grounds names what made a decision, and the version of the policy:
// "role.clerk@3".
func Grounds(d policy.Decision) string {
	by := d.Code
	if len(d.By) > 0 {
		by = strings.Join(d.By, ",")
	}
	if len(by) > 200 { // what an audit row takes
		by = by[:200]
	}
	return fmt.Sprintf("%s@%d", by, d.Version)
}

// Refusal is a decision as an error: nil when it allows.
func Refusal(d policy.Decision) error {
	if d.Allowed {
		return nil
	}
	return fault.Forbidden.New("%s", d.Say).WithCode(d.Code).WithHint("%s", d.Hint)
}

func errAnonymous() error {
	return fault.Unauthorized.New("请先登录").WithCode("auth.required").WithHint("登录后重试；程序调用请携带访问令牌")
}

// PurposesFor lists the purposes with which whoever acts may do what the
// question asks: what a page offers before it shows personal data.
func PurposesFor(ctx context.Context, q Question) []policy.Purpose {
	p, ok := From(ctx)
	set := p.set()
	if !ok || set == nil {
		return nil
	}
	return set.PurposesFor(p.subject(), q, p.tree())
}

// Orgs lists the organisations for which whoever acts in ctx holds the
// permission, those below included, sorted: the scope of a list's SQL. It is
// empty for a stranger. Where a list can be scoped by roots, ScopeRoots spares
// one mark for each organisation.
func Orgs(ctx context.Context, permission string) []string {
	p, ok := From(ctx)
	if !ok {
		return nil
	}
	return p.tree().below(ScopeRoots(ctx, permission))
}

// ScopeRoots lists the organisations for which, and for all below which,
// whoever acts holds the permission, sorted. A caller who holds it for the
// whole platform has one root, however many organisations there are.
func ScopeRoots(ctx context.Context, permission string) []string {
	p, ok := From(ctx)
	set := p.set()
	if !ok || set == nil {
		return nil
	}
	return p.tree().highest(set.Scopes(p.subject(), permission))
}

// decide puts the question to the policy in force.
func (p *Principal) decide(q Question) policy.Decision {
	set := p.set()
	if set == nil {
		return policy.Decision{Code: policy.CodeError, Say: "授权策略无法使用，按拒绝处理", Hint: "请联系平台运维人员运行 sidian doctor 检查授权策略"}
	}
	return set.Decide(p.subject(), q, p.tree())
}

// subject is p as the policy sees it.
func (p *Principal) subject() policy.Subject {
	s := policy.Subject{
		ID: p.Account, Org: p.Org, Roles: p.Roles, Second: p.Second, Level: p.Level, Strict: p.Strict,
	}
	switch {
	case p.Client != "":
		s.Kind, s.ID, s.Scopes, s.ScopeOrgs = policy.Client, p.Client, p.Scopes, p.orgs
	case p.Kind == Holder:
		s.Kind = policy.Holder
	case p.Kind == Staff:
		s.Kind = policy.Staff
	}
	return s
}
