package policy

import (
	"slices"
	"strings"

	"github.com/cedar-policy/cedar-go"
	"github.com/cedar-policy/cedar-go/types"
)

// reach is the parent of every organisation that the grant covers.
var reach = types.NewEntityUIDSet(types.NewEntityUID(typeReach, "held"))

// An outcome is what one role came to; a later one is closer to yes.
type outcome int

const (
	ungranted outcome = iota // the role does not grant the permission
	outside                  // it does, but not for the organisation
	failed                   // the policy could not be evaluated
	refused                  // a rule refuses
	allowed
)

// A verdict is the outcome for one role, and which rules made it.
type verdict struct {
	outcome outcome
	role    *acting
	rules   []string
}

// better tells whether v says more to the subject than w: what is closer to
// yes, with fewer rules in the way.
func (v verdict) better(w verdict) bool {
	if v.outcome != w.outcome {
		return v.outcome > w.outcome
	}
	return v.outcome == refused && len(v.rules) < len(w.rules)
}

// Decide answers a question.
func (s *Set) Decide(sub Subject, q Question, tree Tree) Decision {
	v, q := s.settle(&sub, q, tree)
	return s.decision(&sub, &q, v)
}

// settle asks, under Gate with every purpose, and returns the question that the
// verdict is about.
func (s *Set) settle(sub *Subject, q Question, tree Tree) (verdict, Question) {
	best := s.ask(sub, &q, tree)
	if best.outcome != refused || !q.Gate || q.Purpose != "" {
		return best, q
	}
	for _, p := range s.file.Purposes {
		with := q
		with.Purpose = p.Code
		if v := s.ask(sub, &with, tree); v.outcome == allowed {
			return v, with
		}
	}
	return best, q
}

// ask puts the question for every role, and stops at the first yes.
func (s *Set) ask(sub *Subject, q *Question, tree Tree) (best verdict) {
	situation, ok := s.compiled.situation(sub, q)
	if !ok {
		return verdict{outcome: failed}
	}
	s.each(sub, q.Permission, func(a *acting, org string) bool {
		if v := s.judge(sub, q, a, s.compiled.context(situation, q.Purpose), within(tree, org, q.Org)); v.better(best) {
			best = v
		}
		return best.outcome != allowed
	})
	return best
}

// each calls fn for every role that the subject acts in, with the organisation
// it is held for, until fn returns false. Of a client these are its
// organisations, if it has the scope.
func (s *Set) each(sub *Subject, permission string, fn func(a *acting, org string) bool) {
	switch sub.Kind {
	case Client:
		if !slices.Contains(sub.Scopes, permission) {
			return
		}
		for _, org := range sub.ScopeOrgs {
			if !fn(s.compiled.acting[clientRole], org) {
				return
			}
		}
	case Holder:
		for _, a := range s.compiled.holders {
			if !fn(a, "") {
				return
			}
		}
	case Staff:
		for _, h := range sub.Roles {
			if a := s.compiled.acting[h.Role]; a != nil && a.kind == typeStaff && !fn(a, h.Org) {
				return
			}
		}
	}
}

// within tells whether a grant for scope covers org; an empty org asks for any.
func within(tree Tree, scope, org string) bool {
	return org == "" || scope != "" && tree != nil && tree.Covers(scope, org)
}

// judge evaluates Cedar for one role. What cannot be permitted (no grant, not
// for this organisation) is refused without: the permit says the same.
func (s *Set) judge(sub *Subject, q *Question, a *acting, context types.Record, covered bool) verdict {
	plan, granted := a.plans[q.Permission]
	if !granted {
		return verdict{outcome: ungranted, role: a}
	}
	if !covered && !(a.kind == typeHolder && q.Owner) {
		return verdict{outcome: outside, role: a}
	}
	return a.evaluate(plan, sub, q, context, covered)
}

// evaluate puts one request to Cedar.
func (a *acting) evaluate(p plan, sub *Subject, q *Question, context types.Record, covered bool) verdict {
	e := entities{self: &a.self, kind: a.kind, covered: covered}
	decision, diag := cedar.Authorize(p, &e, cedar.Request{
		Principal: types.EntityUID{Type: a.kind, ID: types.String(sub.ID)},
		Action:    types.EntityUID{Type: typeAction, ID: types.String(q.Permission)},
		Resource:  types.EntityUID{Type: typeUnit, ID: types.String(q.Org)},
		Context:   context,
	})
	switch {
	case len(diag.Errors) > 0: // Cedar skips what it cannot evaluate; here that refuses
		return verdict{outcome: failed, role: a, rules: failing(diag.Errors)}
	case decision == cedar.Allow:
		return verdict{outcome: allowed, role: a}
	case len(diag.Reasons) > 0:
		return verdict{outcome: refused, role: a, rules: reasons(diag.Reasons)}
	}
	return verdict{outcome: outside, role: a}
}

func failing(errs []cedar.DiagnosticError) (ids []string) {
	for _, e := range errs {
		ids = append(ids, string(e.PolicyID))
	}
	return ids
}

func reasons(list []cedar.DiagnosticReason) (ids []string) {
	for _, r := range list {
		ids = append(ids, string(r.PolicyID))
	}
	return ids
}

// entities answers what Cedar asks about the two entities of a request.
type entities struct {
	self    *types.Entity
	kind    types.EntityType
	covered bool
}

// Get is types.EntityGetter.
func (e *entities) Get(uid types.EntityUID) (types.Entity, bool) {
	switch uid.Type {
	case e.kind:
		found := *e.self
		found.UID = uid
		return found, true
	case typeUnit:
		if e.covered {
			return types.Entity{UID: uid, Parents: reach}, true
		}
	}
	return types.Entity{}, false
}

// decision puts a verdict into words.
func (s *Set) decision(sub *Subject, q *Question, v verdict) Decision {
	d := Decision{Version: s.file.Version}
	switch v.outcome {
	case allowed:
		d.Allowed, d.By = true, []string{v.role.id}
	case refused:
		d.By = v.rules
		if i := slices.IndexFunc(s.ruleList, func(r Rule) bool { return r.ID == v.rules[0] }); i >= 0 {
			d.Code, d.Say, d.Hint = s.ruleList[i].Code, s.ruleList[i].Say, s.ruleList[i].Hint
		}
	case failed:
		d.By = v.rules
		d.Code, d.Say = CodeError, "授权策略无法对此请求作出判断，按拒绝处理"
		d.Hint = "请联系平台系统管理员检查授权策略"
		if s.unknownPurpose(q.Purpose) {
			d.Code, d.Say, d.Hint = "auth.purpose", "没有这种用途", "请从列出的用途中选择"
		}
	default:
		d.Code, d.Say, d.Hint = s.unheld(sub, q, v.outcome == outside)
	}
	return d
}

func (s *Set) unknownPurpose(code string) bool {
	if code == "" || s.compiled == nil {
		return false
	}
	_, known := s.compiled.purposes[code]
	return !known
}

// unheld words the refusal of what the subject's roles or scopes do not give.
func (s *Set) unheld(sub *Subject, q *Question, elsewhere bool) (code, say, hint string) {
	what := "“" + s.Label(q.Permission) + "”"
	name := "（" + q.Permission + "）"
	if sub.Kind == Client {
		hint = "请联系平台安全管理员，为应用增加授权范围"
		if elsewhere || slices.Contains(sub.Scopes, q.Permission) && s.ForClients(q.Permission) {
			return CodeOrg, "本应用不能代表该单位行使" + what + name, hint
		}
		return CodeScope, "本应用没有" + what + "的权限" + name, hint
	}
	hint = "请联系本单位系统管理员申请授权，由安全管理员批准"
	if with := s.With(q.Permission); len(with) > 0 {
		hint = "需要" + strings.Join(with, "、") + "角色；" + hint
	} else if glass, ok := s.Role(Glass); ok && slices.Contains(glass.May, q.Permission) {
		hint = "须由系统管理员发起应急查阅并说明事由"
	}
	if elsewhere {
		return CodeOrg, "您的" + what + "权限" + name + "不包括该单位", hint
	}
	return CodePermission, "您没有" + what + "的权限" + name, hint
}
