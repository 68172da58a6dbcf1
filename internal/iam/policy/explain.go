package policy

import (
	"slices"
	"strings"

	"github.com/cedar-policy/cedar-go"
	"github.com/cedar-policy/cedar-go/types"
)

// Explain is Decide with the steps that led to the answer: every role that the
// subject acts in, and for each that grants the permission every rule that can
// bear on it.
func (s *Set) Explain(sub Subject, q Question, tree Tree) Decision {
	v, q := s.settle(&sub, q, tree)
	d := s.decision(&sub, &q, v)
	situation, ok := s.compiled.situation(&sub, &q)
	if !ok {
		return d
	}
	context := s.compiled.context(situation, q.Purpose)
	s.every(&sub, func(a *acting, org string) {
		d.Steps = append(d.Steps, s.steps(&sub, &q, a, org, context, within(tree, org, q.Org))...)
	})
	if len(d.Steps) == 0 {
		d.Steps = append(d.Steps, Step{ID: "none", Name: "没有角色", Effect: "permit", Why: "没有有效的角色或授权范围，默认拒绝"})
	}
	return d
}

// every is each, with the scopes that a client lacks and the roles that the
// policy does not know.
func (s *Set) every(sub *Subject, fn func(a *acting, org string)) {
	switch sub.Kind {
	case Client:
		for _, org := range sub.ScopeOrgs {
			fn(s.compiled.acting[clientRole], org)
		}
	case Staff:
		for _, h := range sub.Roles {
			if a := s.compiled.acting[h.Role]; a != nil {
				fn(a, h.Org)
			} else {
				fn(&acting{id: "role." + h.Role, name: h.Role}, h.Org)
			}
		}
	default:
		s.each(sub, "", func(a *acting, org string) bool { fn(a, org); return true })
	}
}

// steps explains one role.
func (s *Set) steps(sub *Subject, q *Question, a *acting, org string, context types.Record, covered bool) []Step {
	plan := a.plans[q.Permission]
	own := a.kind == typeHolder && q.Owner
	what := "“" + s.Label(q.Permission) + "”"
	head := Step{ID: a.id, Name: a.name, Org: org, Effect: "permit"}
	switch {
	case a.kind == "":
		head.Why = "现行策略没有这个角色"
	case sub.Kind == Client && !slices.Contains(sub.Scopes, q.Permission):
		head.Why = "应用的授权范围不含" + what
	case plan == nil:
		head.Why = "不含" + what
	case sub.Kind == Staff && a.kind != typeStaff:
		head.Why = "这个角色不授予工作人员"
	case !covered && !own:
		head.Why = "含" + what + "，但授权单位不包括该单位"
	case own && !covered:
		head.Matched, head.Why = true, "含"+what+"，是本人的记录"
	default:
		head.Matched, head.Why = true, "含"+what+"，授权单位包括该单位"
	}
	list := []Step{head}
	if !head.Matched {
		return list
	}
	for _, r := range s.ruleList {
		list = append(list, r.step(sub, q, a, org, context, covered))
	}
	return list
}

// step evaluates one rule by itself.
func (r *Rule) step(sub *Subject, q *Question, a *acting, org string, context types.Record, covered bool) Step {
	st := Step{ID: r.ID, Name: r.Say, Org: org, Effect: "forbid"}
	if !a.bears(*r, q.Permission) {
		st.Why = "与此角色或操作无关"
		return st
	}
	verdict := a.evaluate(plan{{cedar.PolicyID(r.ID), r.policy}}, sub, q, context, covered)
	switch verdict.outcome {
	case failed:
		st.Matched, st.Why = true, "规则无法执行，按拒绝处理"
	case refused:
		st.Matched, st.Why = true, strings.TrimSuffix("拒绝。"+r.Hint, "。")
	default:
		st.Why = "条件不成立，不拒绝"
	}
	return st
}
