package policy

import (
	"fmt"
	"iter"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/cedar-policy/cedar-go"
	"github.com/cedar-policy/cedar-go/types"
	"github.com/cedar-policy/cedar-go/x/exp/ast"
)

// clientID is the id of the permit for programs, and clientRole the key under
// which it is kept; no role can have it, being no code.
const (
	clientID   = "client"
	clientRole = "/client"
)

// An acting is everything about acting in one role that does not change from
// question to question.
type acting struct {
	id     string // of the permit
	code   string // of the role; clientRole for programs
	name   string // Chinese
	kind   types.EntityType
	permit *cedar.Policy
	self   types.Entity    // the principal, without its id
	plans  map[string]plan // permission -> the policies that can bear on it; only those that the role grants
}

// A plan is the policies to evaluate: the permit, and each rule whose head
// (principal and action) does not exclude the role and permission. Leaving out
// a rule that cannot match changes no answer; leaving out the bodies would.
type plan []planned

type planned struct {
	id     cedar.PolicyID
	policy *cedar.Policy
}

// All is cedar.PolicyIterator.
func (p plan) All() iter.Seq2[cedar.PolicyID, *cedar.Policy] {
	return func(yield func(cedar.PolicyID, *cedar.Policy) bool) {
		for _, x := range p {
			if !yield(x.id, x.policy) {
				return
			}
		}
	}
}

// compiled is a Set made ready for questions.
type compiled struct {
	acting   map[string]*acting // by code of the role
	holders  []*acting          // those that every holder has
	purposes map[string]int     // code -> 1 + index
	contexts []atomic.Pointer[types.Record]
}

func compile(f *file, rules []Rule) (*compiled, error) {
	c := &compiled{acting: map[string]*acting{}, purposes: map[string]int{}}
	for i, p := range f.Purposes {
		c.purposes[p.Code] = i + 1
	}
	c.contexts = make([]atomic.Pointer[types.Record], c.size())
	for _, r := range f.Roles {
		kind := typeStaff
		if r.Holder {
			kind = typeHolder
		}
		a, err := newActing(r, kind, permitOf(r, kind), rules)
		if err != nil {
			return nil, err
		}
		c.acting[r.Code] = a
		if r.Holder {
			c.holders = append(c.holders, a)
		}
	}
	programs := Role{Code: clientRole, Name: "接入应用", May: f.Clients.May, Purposes: f.Clients.Purposes}
	a, err := newActing(programs, typeClient, permitOfClients(f.Clients), rules)
	if err != nil {
		return nil, err
	}
	c.acting[clientRole] = a
	return c, nil
}

// permitOf writes the permit of a role: for the organisations that it is held
// for; holders also for what is their own.
func permitOf(r Role, kind types.EntityType) string {
	head := fmt.Sprintf(`permit (principal is %s in Role::%s, action in [%s], resource`, kind, quoted(r.Code), actions(r.May))
	if r.Holder {
		return head + `) when { resource in Reach::"held" || context.owner };`
	}
	return head + ` in Reach::"held");`
}

func permitOfClients(c clients) string {
	return fmt.Sprintf(`permit (principal is Client, action in [%s], resource in Reach::"held");`, actions(c.May))
}

func actions(may []string) string {
	var b []string
	for _, p := range may {
		b = append(b, "Action::"+quoted(p))
	}
	return strings.Join(b, ", ")
}

func newActing(r Role, kind types.EntityType, text string, rules []Rule) (*acting, error) {
	a := &acting{id: "role." + r.Code, code: r.Code, name: r.Name, kind: kind, plans: map[string]plan{}}
	var parents types.EntityUIDSet
	if r.Code == clientRole {
		a.id = clientID
	} else {
		parents = types.NewEntityUIDSet(types.NewEntityUID(typeRole, types.String(r.Code)))
	}
	var purposes []types.Value
	for _, p := range r.Purposes {
		purposes = append(purposes, types.String(p))
	}
	a.self = types.Entity{Parents: parents, Attributes: types.NewRecord(types.RecordMap{attrPurposes: types.NewSet(purposes...)})}
	if len(r.May) == 0 {
		return a, nil
	}
	a.permit = new(cedar.Policy)
	if err := a.permit.UnmarshalCedar([]byte(text)); err != nil {
		return nil, fmt.Errorf("policy: compiling the permit of %s: %w", a.id, err)
	}
	for _, permission := range r.May {
		p := plan{{cedar.PolicyID(a.id), a.permit}}
		for _, rule := range rules {
			if a.bears(rule, permission) {
				p = append(p, planned{cedar.PolicyID(rule.ID), rule.policy})
			}
		}
		a.plans[permission] = p
	}
	return a, nil
}

// bears tells whether the head of the rule admits the role and the permission.
// What it does not understand, it admits.
func (a *acting) bears(r Rule, permission string) bool {
	p := (*ast.Policy)(r.policy.AST())
	role := types.NewEntityUID(typeRole, types.String(a.code))
	action := types.NewEntityUID(typeAction, types.String(permission))
	switch s := p.Principal.(type) {
	case ast.ScopeTypeIs:
		if s.Type != a.kind {
			return false
		}
	case ast.ScopeTypeIn:
		if s.Entity != role {
			return false
		}
	case ast.ScopeTypeIsIn:
		if s.Type != a.kind || s.Entity != role {
			return false
		}
	}
	switch s := p.Action.(type) {
	case ast.ScopeTypeEq:
		return s.Entity == action
	case ast.ScopeTypeIn: // there are no groups of actions
		return s.Entity == action
	case ast.ScopeTypeInSet:
		return slices.Contains(s.Entities, action)
	}
	return true
}
