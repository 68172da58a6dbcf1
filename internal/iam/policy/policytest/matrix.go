package policytest

import (
	"fmt"
	"iter"

	"sidian/internal/iam/policy"
)

// A Place is where the record's organisation stands, seen from that for which
// the role is held.
type Place string

// The places.
const (
	Own     Place = "own"
	Below   Place = "below"
	Foreign Place = "foreign" // beside, above or unknown
	None    Place = "none"    // the question is for any organisation
)

// A Case is one cell of the matrix.
type Case struct {
	Role           Role
	Permission     string
	Place          Place
	Class, Purpose string
	Second, Strict bool
	Level          int
	Owner          bool
}

func (c Case) String() string {
	return fmt.Sprintf("%s %s at %s, class %q, purpose %q, second %v of %v, level %d, owner %v",
		c.Role.Code, c.Permission, c.Place, c.Class, c.Purpose, c.Second, c.Strict, c.Level, c.Owner)
}

// Matrix goes through every role × permission × place × class × purpose ×
// second factor × level × owner, the program included.
func (r *Reading) Matrix() iter.Seq[Case] {
	return func(yield func(Case) bool) {
		for _, role := range r.Roles {
			for _, permission := range r.Permissions {
				for _, place := range []Place{Own, Below, Foreign, None} {
					if !r.rest(Case{Role: role, Permission: permission, Place: place}, yield) {
						return
					}
				}
			}
		}
	}
}

func (r *Reading) rest(c Case, yield func(Case) bool) bool {
	for _, c.Class = range []string{"", policy.Public, policy.Internal, policy.Sensitive} {
		for _, c.Purpose = range append([]string{""}, r.Purposes...) {
			for bits := range 8 {
				c.Second, c.Strict, c.Owner = bits&1 != 0, bits&2 != 0, bits&4 != 0
				for _, c.Level = range c.levels() {
					if !yield(c) {
						return false
					}
				}
			}
		}
	}
	return true
}

// levels are all that matter: assurance levels tell holders apart.
func (c Case) levels() []int {
	if c.Role.Kind == policy.Holder {
		return []int{0, 1, 2, 3}
	}
	return []int{0, 3}
}

// Orgs are the organisations of which a test puts cases: Foreign beside Own.
type Orgs struct{ Own, Below, Foreign string }

// Subject is who asks in a case.
func (c Case) Subject(o Orgs) policy.Subject {
	s := policy.Subject{Kind: c.Role.Kind, ID: "who", Org: o.Own, Second: c.Second, Strict: c.Strict, Level: c.Level}
	switch c.Role.Kind {
	case policy.Client:
		s.Scopes, s.ScopeOrgs = c.Role.May, []string{o.Own}
	case policy.Staff:
		s.Roles = []policy.Held{{Role: c.Role.Code, Org: o.Own}}
	}
	return s
}

// Question is what is asked in a case.
func (c Case) Question(o Orgs) policy.Question {
	org := map[Place]string{Own: o.Own, Below: o.Below, Foreign: o.Foreign}[c.Place]
	return policy.Question{Permission: c.Permission, Org: org, Class: c.Class, Purpose: c.Purpose, Owner: c.Owner}
}
