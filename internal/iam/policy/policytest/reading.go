// Package policytest reads the policies a second time, plainly and without
// Cedar, and says what is to be expected: of the engine, of every route and of
// every page. Two readings that agree check each other.
package policytest

import (
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"sidian/internal/iam/policy"
)

// A Reading is what roles.yaml says, read plainly.
type Reading struct {
	Roles       []Role
	Permissions []string
	Purposes    []string
}

// A Role is one who asks: a role, or a program with every scope that a program
// may have.
type Role struct {
	Code, Name string
	Kind       string // as in policy.Subject
	Admin      bool
	May        []string
	Purposes   []string
}

// Client is the code of the program among the roles.
const Client = "client"

// Read reads the texts of a set.
func Read(s *policy.Set) (*Reading, error) {
	text, _ := s.Texts()
	var f struct {
		Purposes    []map[string]string
		Permissions []map[string]string
		Roles       []struct {
			Code, Name, Admin string
			Holder            bool
			May, Purposes     []string
		}
		Clients struct{ May, Purposes []string }
	}
	if err := yaml.Unmarshal(text, &f); err != nil {
		return nil, fmt.Errorf("policytest: reading roles.yaml: %w", err)
	}
	r := &Reading{}
	for _, p := range f.Permissions {
		r.Permissions = append(r.Permissions, p["name"])
	}
	for _, p := range f.Purposes {
		r.Purposes = append(r.Purposes, p["code"])
	}
	for _, o := range f.Roles {
		kind := policy.Staff
		if o.Holder {
			kind = policy.Holder
		}
		r.Roles = append(r.Roles, Role{Code: o.Code, Name: o.Name, Kind: kind, Admin: o.Admin != "", May: o.May, Purposes: o.Purposes})
	}
	r.Roles = append(r.Roles, Role{Code: Client, Name: "接入应用", Kind: policy.Client, May: f.Clients.May, Purposes: f.Clients.Purposes})
	return r, nil
}

// A refusal is what a rule of rules.cedar means, said again.
type refusal struct {
	code string
	when func(Case) bool
}

// refusals are the shipped rules by their ids. A rule that is added there is
// said here too: [Reading.Unread] names those that are not.
var refusals = map[string]refusal{
	"purpose.needed": {"auth.purpose", func(c Case) bool {
		return c.Purpose == "" && (c.Permission == "cert.reveal" || c.Permission == "person.read")
	}},
	"purpose.emergency": {"auth.purpose", func(c Case) bool { return c.Purpose == "emergency" && c.Role.Code != "glass" }},
	"purpose.role": {"auth.purpose", func(c Case) bool {
		return c.Purpose != "" && !slices.Contains(c.Role.Purposes, c.Purpose)
	}},
	"class.second": {"auth.second", func(c Case) bool {
		return c.Role.Kind == policy.Staff && c.Class == policy.Sensitive && c.Strict && !c.Second
	}},
	"class.level": {"auth.level", func(c Case) bool {
		return c.Role.Kind == policy.Holder && c.Class == policy.Sensitive && c.Level < 2
	}},
	"holder.level": {"auth.level", func(c Case) bool {
		return c.Role.Kind == policy.Holder && strings.HasSuffix(c.Permission, ".own") && c.Level < 2
	}},
	"glass.second": {"auth.second", func(c Case) bool { return c.Role.Code == "glass" && c.Strict && !c.Second }},
}

// Unread lists the rules of the set that this package does not say again, and
// those that it says and the set does not have.
func Unread(s *policy.Set) (ids []string) {
	seen := map[string]bool{}
	for _, r := range s.Rules() {
		seen[r.ID] = true
		if _, ok := refusals[r.ID]; !ok {
			ids = append(ids, r.ID)
		}
	}
	for id := range refusals {
		if !seen[id] {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}

// Want is what is to be expected of a case: whether it is allowed; if not, the
// codes of which the refusal has one.
func (c Case) Want() (allowed bool, codes []string) {
	elsewhere := policy.CodeOrg
	switch {
	case !slices.Contains(c.Role.May, c.Permission) && c.Role.Kind == policy.Client:
		return false, []string{policy.CodeScope}
	case !slices.Contains(c.Role.May, c.Permission):
		return false, []string{policy.CodePermission}
	case c.Place == Foreign && !(c.Owner && c.Role.Kind == policy.Holder):
		return false, []string{elsewhere}
	case c.Role.Kind == policy.Holder && !c.Owner && c.Place != None: // holders hold for no organisation
		return false, []string{elsewhere}
	}
	for _, r := range refusals {
		if r.when(c) {
			codes = append(codes, r.code)
		}
	}
	return len(codes) == 0, codes
}
