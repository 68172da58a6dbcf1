package policy_test

import (
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"sidian/internal/iam/policy"
	"sidian/internal/iam/policy/policytest"
)

var update = flag.Bool("update", false, "write the golden table of permissions anew")

func shipped(tb testing.TB) *policy.Set {
	tb.Helper()
	s, err := policy.Shipped()
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

// tree is a tree of organisations: child -> parent.
type tree map[string]string

func (t tree) Covers(scope, org string) bool {
	if scope == "" || org == "" {
		return false
	}
	for range len(t) + 1 {
		parent, known := t[org]
		if !known {
			return false
		}
		if org == scope {
			return true
		}
		org = parent
	}
	return false
}

var county = tree{"county": "", "market": "county", "booth": "market", "land": "county"}

var places = policytest.Orgs{Own: "market", Below: "booth", Foreign: "land"}

// The engine and the plain reading of the data agree on every cell.
func TestMatrix(t *testing.T) {
	t.Parallel()
	s := shipped(t)
	if ids := policytest.Unread(s); len(ids) > 0 {
		t.Fatalf("rules that are not said again in policytest: %v", ids)
	}
	reading, err := policytest.Read(s)
	if err != nil {
		t.Fatal(err)
	}
	cells, yes, bad := 0, 0, 0
	for c := range reading.Matrix() {
		d := s.Decide(c.Subject(places), c.Question(places), county)
		want, codes := c.Want()
		cells++
		if want {
			yes++
		}
		if d.Allowed != want || !want && !slices.Contains(codes, d.Code) {
			t.Errorf("%v: allowed %v, code %q; want %v, one of %v", c, d.Allowed, d.Code, want, codes)
			if bad++; bad > 20 {
				t.Fatal("and more")
			}
		}
		if !d.Allowed && (d.Say == "" || d.Hint == "") || d.Allowed && (d.Code != "" || len(d.By) == 0) || d.Version != s.Version() {
			t.Fatalf("%v: the decision is not whole: %+v", c, d)
		}
	}
	if cells < 1_000_000 || yes == 0 || yes == cells {
		t.Errorf("%d cells, %d allowed: this is not the whole matrix", cells, yes)
	}
}

// A change of who may do what is reviewed as a change of this table.
func TestPermissionTable(t *testing.T) {
	t.Parallel()
	s := shipped(t)
	var b strings.Builder
	for _, p := range s.Permissions() {
		var with []string
		for _, r := range s.Roles() {
			if slices.Contains(r.May, p.Name) {
				with = append(with, r.Code)
			}
		}
		if s.ForClients(p.Name) {
			with = append(with, "(client)")
		}
		b.WriteString(p.Name + " " + p.Label + ": " + strings.Join(with, " ") + "\n")
	}
	for _, r := range s.Roles() {
		b.WriteString("purposes of " + r.Code + ": " + strings.Join(r.Purposes, " ") + "\n")
	}
	for _, r := range s.Rules() {
		b.WriteString("rule " + r.ID + " " + r.Code + "\n")
	}
	path := filepath.Join("testdata", "permissions.golden")
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if b.String() != string(want) {
		t.Errorf("who may do what has changed; if that is meant, run with -update and have it reviewed:\n%s", b.String())
	}
}

// Every permission is held by somebody, a program included: one that nobody
// holds is a route that nobody can call.
func TestEveryPermissionIsHeld(t *testing.T) {
	t.Parallel()
	s := shipped(t)
	for _, p := range s.Permissions() {
		held := func(r policy.Role) bool { return slices.Contains(r.May, p.Name) }
		if !slices.ContainsFunc(s.Roles(), held) && !s.ForClients(p.Name) {
			t.Errorf("nobody holds %s", p.Name)
		}
	}
}
