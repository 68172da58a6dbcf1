package policy

import (
	"github.com/cedar-policy/cedar-go"
	"strings"
	"testing"
)

// unchecked is Parse without the checks that keep such rules out: what happens
// if one of them errs.
func unchecked(t *testing.T, rules string) *Set {
	t.Helper()
	f, err := readRoles(shippedRoles)
	if err != nil {
		t.Fatal(err)
	}
	list, err := readRules([]byte(rules))
	if err != nil {
		t.Fatal(err)
	}
	s, err := newSet(f, list)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// Cedar skips a forbid that it cannot evaluate, and allows. Here that refuses,
// without telling the subject what was wrong.
func TestRuleThatCannotBeEvaluatedRefuses(t *testing.T) {
	t.Parallel()
	for name, when := range map[string]string{
		"attribute not stated":      `context.class == "敏感"`,
		"attribute that is not":     `context.weather == "rain"`,
		"attribute of no entity":    `principal.salary > 1`,
		"attribute of the resource": `resource.secret`,
		"wrong type":                `context.level == 3 && context.level.contains(2)`,
		"overflow":                  `context.level + 9223372036854775807 > 1`,
		"address that is none":      `ip("x").isLoopback()`,
		"not a truth":               `context.level`,
		"behind a true or":          `context.weather || true`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := unchecked(t, `@id("x.y") @say("不行") forbid (principal, action, resource) when { `+when+` };`)
			for kind, sub := range map[string]Subject{
				"staff":  {Kind: Staff, ID: "7", Roles: []Held{{"clerk", "unit"}}, Second: true, Level: 3},
				"client": {Kind: Client, ID: "7", Scopes: []string{"cert.read"}, ScopeOrgs: []string{"unit"}, Level: 3},
			} {
				q := Question{Permission: "cert.read", Org: "unit"}
				if d := unchecked(t, "").Decide(sub, q, anywhere{}); !d.Allowed {
					t.Fatalf("%s is refused without the rule: %+v", kind, d)
				}
				d := s.Explain(sub, q, anywhere{})
				if d.Allowed || d.Code != CodeError || len(d.By) != 1 || d.By[0] != "x.y" {
					t.Errorf("%s: %+v", kind, d)
				}
				for _, text := range []string{d.Say, d.Hint} {
					if strings.Contains(text, "context") || strings.Contains(text, "weather") || strings.Contains(text, "x.y") {
						t.Errorf("%s: the refusal tells %q", kind, text)
					}
				}
				if got := s.Scopes(sub, "cert.read"); len(got) != 0 {
					t.Errorf("%s: scopes %v", kind, got)
				}
			}
		})
	}
}

// An error for one role takes nothing from another role, in either order.
func TestErrorIsForItsRole(t *testing.T) {
	t.Parallel()
	s := unchecked(t, `@id("x.y") @say("不行") forbid (principal in Role::"clerk", action, resource) when { context.level + 9223372036854775807 > 1 };`)
	for _, roles := range [][]Held{{{"clerk", "unit"}, {"reviewer", "unit"}}, {{"reviewer", "unit"}, {"clerk", "unit"}}} {
		d := s.Decide(Subject{Kind: Staff, Roles: roles, Level: 3}, Question{Permission: "cert.read", Org: "unit"}, anywhere{})
		if !d.Allowed || d.By[0] != "role.reviewer" {
			t.Errorf("%v: %+v", roles, d)
		}
	}
}

// The heads by which rules are left out of plans are read as Cedar reads them:
// plans with every rule give the same answers.
func TestPlansLeaveNothingOut(t *testing.T) {
	t.Parallel()
	f, err := readRoles(shippedRoles)
	if err != nil {
		t.Fatal(err)
	}
	text := string(shippedRules)
	for i, head := range []string{
		`principal is Staff, action, resource`, `principal is Holder in Role::"holder", action, resource`, `principal is Staff in Role::"glass", action, resource`,
		`principal, action in Action::"cert.read", resource`, `principal in Role::"issuer", action == Action::"cert.status", resource`,
		`principal is Client, action in [Action::"cert.issue", Action::"share.query"], resource`,
	} {
		text += "\n@id(\"x." + strings.Repeat("y", i+1) + "\") @say(\"不行\") forbid (" + head + ") when { context.level == 3 };"
	}
	rules, err := readRules([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	lean, err := newSet(f, rules)
	if err != nil {
		t.Fatal(err)
	}
	full, err := newSet(f, rules)
	if err != nil {
		t.Fatal(err)
	}
	left := 0
	for _, a := range full.compiled.acting {
		for permission, p := range a.plans {
			whole := p[:1:1]
			for _, r := range rules {
				whole = append(whole, planned{cedar.PolicyID(r.ID), r.policy})
			}
			left += len(whole) - len(p)
			a.plans[permission] = whole
		}
	}
	if left == 0 {
		t.Fatal("nothing was left out of any plan")
	}
	for _, p := range f.Permissions {
		for _, sub := range full.everyone(p.Name) {
			for bits := range 16 {
				sub.Second, sub.Level = bits&1 == 0, 3-bits&2
				q := Question{Permission: p.Name, Org: "unit", Owner: bits&4 == 0}
				for _, q.Purpose = range []string{"", "issue", "emergency", "self"} {
					if bits&8 != 0 {
						q.Class = Sensitive
					}
					a, b := lean.Decide(sub, q, anywhere{}), full.Decide(sub, q, anywhere{})
					if a.Allowed != b.Allowed || strings.Join(a.By, " ") != strings.Join(b.By, " ") {
						t.Fatalf("%+v asks %+v: %+v with the plan, %+v with all rules", sub, q, a, b)
					}
				}
			}
		}
	}
}
