package policy

import (
	"fmt"
	"slices"
	"strings"
)

// A probe is a question to which no policy may say yes.
type probe struct {
	why     string
	subject Subject
	asks    Question
}

// anywhere covers everything: the probes are about rules, not about grants.
type anywhere struct{}

func (anywhere) Covers(_, _ string) bool { return true }

// floor asks what no policy may allow. The rules that refuse it may be written
// anew, but not away: rules that are there and refuse nothing are found too.
func (s *Set) floor() error {
	for _, p := range s.probes() {
		if s.Decide(p.subject, p.asks, anywhere{}).Allowed {
			return &Error{Say: fmt.Sprintf("策略低于底线：%s（%s）", p.why, s.Label(p.asks.Permission))}
		}
	}
	return nil
}

func (s *Set) probes() (list []probe) {
	for _, p := range s.file.Permissions {
		for _, sub := range s.everyone(p.Name) {
			list = append(list, s.probesOf(p.Name, sub)...)
		}
	}
	return list
}

// everyone is a subject in each role that grants the permission, at its
// strongest: with the second factor and the highest level.
func (s *Set) everyone(permission string) (list []Subject) {
	if s.ForClients(permission) {
		list = append(list, Subject{Kind: Client, ID: "probe", Scopes: []string{permission}, ScopeOrgs: []string{"unit"}, Second: true, Level: levels - 1, Strict: true})
	}
	for _, r := range s.file.Roles {
		if !slices.Contains(r.May, permission) {
			continue
		}
		kind := Staff
		if r.Holder {
			kind = Holder
		}
		list = append(list, Subject{Kind: kind, ID: "probe", Roles: []Held{{r.Code, "unit"}}, Second: true, Level: levels - 1, Strict: true})
	}
	return list
}

// needPurpose are the permissions that show personal data.
var needPurpose = []string{"cert.reveal", "person.read"}

func (s *Set) probesOf(permission string, sub Subject) (list []probe) {
	q := Question{Permission: permission, Org: "unit", Owner: sub.Kind == Holder}
	add := func(why string, sub Subject, q Question) { list = append(list, probe{why, sub, q}) }
	// SEC-04, GB/T 35273-2020 §7.1: shown for a purpose only, and for one's own.
	if slices.Contains(needPurpose, permission) {
		add("不说明用途即可查看未脱敏的个人信息", sub, q)
	}
	for _, p := range s.file.Purposes {
		with := q
		with.Purpose = p.Code
		if !slices.Contains(s.purposesOf(sub), p.Code) {
			add("可以岗位之外的用途“"+p.Name+"”查看", sub, with)
		}
		with.Class = Sensitive
		s.weak(sub, with, add)
	}
	s.weak(sub, Question{Permission: permission, Org: "unit", Class: Sensitive, Owner: q.Owner}, add)
	// HLD-01, SIGN-02: holders do what is theirs once their identity is verified.
	if sub.Kind == Holder && strings.HasSuffix(permission, ".own") {
		sub.Level = 1
		add("未经实名认证即可使用本人权限 "+permission, sub, q)
	}
	return list
}

// weak adds what a weaker session must not be told.
func (s *Set) weak(sub Subject, q Question, add func(string, Subject, Question)) {
	switch sub.Kind {
	case Staff:
		sub.Second = false
		add("要求双因素时，单因素登录即可查看敏感信息", sub, q)
	case Holder:
		sub.Level = 1
		add("未经实名认证即可查看敏感信息", sub, q)
	}
}

func (s *Set) purposesOf(sub Subject) []string {
	if sub.Kind == Client {
		return s.file.Clients.Purposes
	}
	r, _ := s.Role(sub.Roles[0].Role)
	return r.Purposes
}
