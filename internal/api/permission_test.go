package api_test

import (
	"slices"
	"testing"

	"sidian/internal/db/dbtest"
	"sidian/internal/iam/policy"
	"sidian/internal/iam/policy/policytest"
)

// elsewhere are the permissions that no route asks for, and who does.
var elsewhere = map[string]string{
	"cert.read.any": "a scope of programs that read for sharing, in a later slice",
	"inspect.scan":  "inspections scan in a later slice",
	"share.query":   "sharing is queried in a later slice",
	"person.read":   "asked by iam.Service.Unmask, for whoever broke the glass",
}

// Every permission that a route asks for is one that somebody may hold, and
// every one that somebody may hold is asked for.
func TestPermissionsAreAskedFor(t *testing.T) {
	t.Parallel()
	s := newServer(t, dbtest.New(t, "sqlite"), "road_transport")
	set, err := policy.Shipped()
	must(t, err)
	reading, err := policytest.Read(set)
	must(t, err)
	asked := map[string]bool{}
	for _, r := range s.routes {
		for _, p := range r.Permissions {
			asked[p] = true
			if !slices.Contains(reading.Permissions, p) {
				t.Errorf("%s %s asks for %s, which the policy does not know", r.Method, r.Pattern, p)
			}
			held := slices.ContainsFunc(reading.Roles, func(role policytest.Role) bool { return slices.Contains(role.May, p) })
			if !held {
				t.Errorf("%s %s asks for %s, which nobody can hold", r.Method, r.Pattern, p)
			}
		}
		if !r.Public && r.Need == "unsaid" {
			t.Errorf("%s %s does not say who may", r.Method, r.Pattern)
		}
	}
	for _, p := range reading.Permissions {
		switch _, excused := elsewhere[p]; {
		case asked[p] && excused:
			t.Errorf("%s is asked for by a route: it needs no excuse any more", p)
		case !asked[p] && !excused:
			t.Errorf("no route asks for %s", p)
		}
	}
	for p := range elsewhere {
		if !slices.Contains(reading.Permissions, p) {
			t.Errorf("%s is excused and does not exist", p)
		}
	}
}
