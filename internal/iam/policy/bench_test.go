package policy_test

import (
	"fmt"
	"testing"

	"sidian/internal/iam/policy"
)

// BenchmarkDecide is one decision for an account with three roles in a county of
// 1,000 organisations; the record stands three tiers below the last of them.
func BenchmarkDecide(b *testing.B) {
	s, t := shipped(b), tree{"county": ""}
	for i := range 30 {
		office := fmt.Sprintf("office%d", i)
		t[office] = "county"
		for j := range 6 {
			bureau := fmt.Sprintf("%s.%d", office, j)
			t[bureau] = office
			for k := range 5 {
				t[fmt.Sprintf("%s.%d", bureau, k)] = bureau
			}
		}
	}
	sub := policy.Subject{Kind: policy.Staff, ID: "account", Second: true, Strict: true, Level: 2,
		Roles: []policy.Held{{Role: "clerk", Org: "office3.1"}, {Role: "counter", Org: "office4"}, {Role: "issuer", Org: "office5"}}}
	for name, q := range map[string]policy.Question{
		"allow":          {Permission: "cert.issue", Org: "office5.1.2"},
		"allow, purpose": {Permission: "cert.reveal", Org: "office5.1.2", Purpose: "issue", Class: policy.Sensitive},
		"deny, role":     {Permission: "audit.read", Org: "office5.1.2"},
		"deny, org":      {Permission: "cert.read", Org: "office7.1.2"},
		"deny, rule":     {Permission: "cert.reveal", Org: "office5.1.2", Class: policy.Sensitive},
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				s.Decide(sub, q, t)
			}
		})
	}
	b.Run("gate", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			s.Decide(sub, policy.Question{Permission: "cert.reveal", Gate: true}, t)
		}
	})
	b.Run("scopes", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			s.Scopes(sub, "cert.read")
		}
	})
}

func BenchmarkParse(b *testing.B) {
	roles, rules := shipped(b).Texts()
	for b.Loop() {
		if _, err := policy.Parse(roles, rules); err != nil {
			b.Fatal(err)
		}
	}
}
