package api_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"sidian/internal/httpx"
	"sidian/internal/iam/policy/policytest"
)

// A line is a request for a route, and whose business it is. Every route has one
// at least; a second is for what a filter or a body names.
type line struct {
	route  string // "GET /api/v1/x/{id}"; what follows a # tells two lines of a route apart
	at     string // path and query; empty: the route's path, if that has no parameter
	body   string // JSON of the interface, a form of a page
	about  about
	needs  []string // asked of the record, where it is not what the route asks
	class  string   // of the data
	means  bool     // the request says what for, with a purpose of the actor's
	also   []int    // answers to those who may, beside 2xx and 3xx
	codes  []string // of refusals for the record's sake, beside what the policy says
	people bool     // programs have no such thing, whatever they may
	// blunt: a page tells with 422 that there is no such thing for who asks.
	blunt bool
	leads string // where a page leads whoever has their own page of such things
	// fresh: the actor signs in anew for it, because it ends their session.
	fresh bool
	after func(t testing.TB, s *stage, a *actor)
}

// about is whose business a request is.
type about int

const (
	unsaid  about = iota
	anybody       // strangers may
	known         // whoever is signed in
	person        // people who are signed in, for themselves
	mine          // people, for what is their own; another's is not there
	door          // who holds the permission for any unit; lists hold what is theirs
	unit          // who holds the permission for the record's unit
	whole         // who holds the permission for the whole platform
	own           // who holds the permission, for what is their own; another's is not there
	self          // who holds the permission, for themselves
	region        // who holds the permission, for what lies in the region of their unit
)

func (l *line) name() string { r, _, _ := strings.Cut(l.route, " #"); return r }

// path is the path and query of the request, with ${name} to be filled.
func (l *line) path() string {
	if l.at != "" {
		return l.at
	}
	_, p, _ := strings.Cut(l.name(), " ")
	return strings.ReplaceAll(p, "{$}", "")
}

// placed tells whether the request names something of a unit.
func (l *line) placed() bool { return l.about != self && strings.Contains(l.path()+l.body, "${") }

// expected is what an answer must be.
type expected struct {
	allowed  bool
	statuses []int    // of a refusal
	codes    []string // of a refusal; nil: any
	record   bool     // refused for the record's sake: behind the door
}

var (
	unknown  = expected{statuses: []int{http.StatusUnauthorized}}
	noPerson = expected{statuses: []int{http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound, http.StatusUnprocessableEntity}}
	notThere = expected{statuses: []int{http.StatusNotFound, http.StatusForbidden}, record: true}
)

// expect reads off the policy what the answer of a line must be.
func (s *stage) expect(l *line, r httpx.Route, a *actor, p policytest.Place) expected {
	switch {
	case l.about == anybody:
		return expected{allowed: true}
	case !a.known:
		return unknown
	}
	if len(r.Permissions) > 0 {
		if e := s.gate(a, r.Permissions); !e.allowed {
			return e
		}
	}
	switch l.about {
	case person:
		if a.program() {
			return noPerson
		}
	case mine:
		if a.program() {
			return noPerson
		}
		if p == policytest.Foreign {
			return notThere
		}
	case own, self:
		switch {
		case a.program() && l.people:
			return noPerson
		case p == policytest.Foreign:
			return notThere
		}
	case unit:
		return s.ofUnit(l, r, a, p)
	case whole: // on a stage everybody holds their role for one unit
		return expected{statuses: []int{http.StatusForbidden, http.StatusNotFound}, codes: append([]string{"auth.org"}, l.codes...), record: true}
	}
	return expected{allowed: true}
}

// gate is what the door asks: one of the permissions, for any unit and any
// purpose.
func (s *stage) gate(a *actor, permissions []string) expected {
	e := expected{statuses: []int{http.StatusForbidden}}
	for _, permission := range permissions {
		for _, purpose := range append([]string{""}, s.reading.Purposes...) {
			ok, codes := a.want(policytest.Case{Permission: permission, Place: policytest.None, Purpose: purpose})
			if ok {
				return expected{allowed: true}
			}
			e.codes = append(e.codes, codes...)
		}
	}
	if len(a.roles) == 0 {
		e.codes = []string{"auth.permission"}
	}
	return e
}

// ofUnit is what the use case asks: one of the permissions, for the unit of the
// record.
func (s *stage) ofUnit(l *line, r httpx.Route, a *actor, p policytest.Place) expected {
	needs := l.needs
	if needs == nil {
		needs = r.Permissions
	}
	e := expected{statuses: []int{http.StatusForbidden, http.StatusNotFound}, codes: slices.Clone(l.codes), record: true}
	for _, permission := range needs {
		if a.program() && l.people {
			return noPerson
		}
		c := policytest.Case{Permission: permission, Place: p, Class: l.class}
		if l.means {
			c.Purpose = a.purpose()
		}
		ok, codes := a.want(c)
		if ok {
			return expected{allowed: true}
		}
		e.codes = append(e.codes, codes...)
	}
	if len(a.roles) == 0 {
		e.codes = []string{"auth.permission"}
	}
	return e
}

// want is what the policy says of an actor with a second factor, on a platform
// that demands it.
func (a *actor) want(c policytest.Case) (allowed bool, codes []string) {
	c.Second, c.Strict, c.Level = true, true, 2
	for _, c.Role = range a.roles {
		ok, why := c.Want()
		if ok {
			return true, nil
		}
		codes = append(codes, why...)
	}
	return false, codes
}

// purpose is one that a role of the actor may use.
func (a *actor) purpose() string {
	for _, r := range a.roles {
		if len(r.Purposes) > 0 {
			return r.Purposes[0]
		}
	}
	return ""
}
