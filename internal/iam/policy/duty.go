package policy

import (
	"slices"
	"strings"
)

// business and administrative tell permissions apart by the beginning of their
// names. What stands in neither may be held by both sides. It stands in the
// program, not in the policy, so that no policy can move it: GB/T 22239-2019
// level 3 (管理用户权限分离).
var (
	business       = []string{"cert.", "seal.", "person.", "inspect.", "share.", "supervise."}
	administrative = []string{"org.manage", "account.", "person.onboard", "session.", "grant.", "policy.", "glass.", "client.", "param.", "pki.", "audit."}
)

// apart are pairs that no role joins: who proposes does not approve, who acts
// does not keep the record of it.
var apart = [][2]string{
	{"grant.propose", "grant.approve"},
	{"policy.propose", "policy.approve"},
	{"account.manage", "account.lock"},
	{"account.manage", "grant.approve"},
	{"glass.open", "glass.review"},
	{"audit.read", "grant.approve"}, {"audit.read", "grant.propose"},
	{"audit.read", "policy.approve"}, {"audit.read", "policy.propose"},
	{"audit.read", "account.manage"}, {"audit.read", "client.manage"},
	{"audit.read", "param.manage"}, {"audit.read", "org.manage"},
	{"audit.export", "grant.approve"}, {"audit.export", "grant.propose"},
}

// kept are permissions that somebody must hold: without one of them a policy
// could not be changed back, or nobody could see what was done under it.
var kept = []string{"grant.propose", "grant.approve", "policy.propose", "policy.approve", "glass.review", "audit.read"}

// admins are the three administrators (三员), by what admin says in a role.
var admins = []string{"system", "security", "audit"}

// auditOnly are held by the audit administrator alone.
var auditOnly = []string{"audit."}

func isBusiness(p string) bool       { return begins(p, business) && !isAdministrative(p) }
func isAdministrative(p string) bool { return begins(p, administrative) }

func begins(p string, with []string) bool {
	return slices.ContainsFunc(with, func(w string) bool {
		return p == w || strings.HasSuffix(w, ".") && strings.HasPrefix(p, w)
	})
}

// duties refuses roles that join what must be apart.
func (f *file) duties(vocabulary map[string]bool) error {
	held := map[string]bool{}
	three := map[string]int{}
	for _, r := range f.Roles {
		if err := r.duty(); err != nil {
			return err
		}
		three[r.Admin]++
		for _, p := range r.May {
			held[p] = true
		}
	}
	for _, a := range admins {
		if three[a] != 1 {
			return inRoles("三员分立：应有且只有一个 admin 为 %s 的角色", a)
		}
	}
	for _, p := range kept {
		if !held[p] {
			return inRoles("没有角色拥有 %s：这样的策略无法再更正", p)
		}
	}
	for _, p := range f.Permissions {
		if vocabulary != nil && !vocabulary[p.Name] {
			return inRoles("权限 %s 不是本程序的权限", p.Name)
		}
	}
	return f.Clients.duty()
}

// duty checks one role.
func (r *Role) duty() error {
	if r.Admin != "" && !slices.Contains(admins, r.Admin) {
		return inRoles("角色“%s”：admin 应为 system、security 或 audit", r.Name)
	}
	if r.Holder && (r.Admin != "" || r.Temporary) || r.Temporary && r.Admin != "" {
		return inRoles("角色“%s”不能同时是管理员、持证人或临时角色", r.Name)
	}
	if r.Temporary != (r.Code == Glass) {
		return inRoles("临时角色只有 %s", Glass)
	}
	for _, p := range r.May {
		if err := r.dutyOf(p); err != nil {
			return err
		}
	}
	for _, pair := range apart {
		if slices.Contains(r.May, pair[0]) && slices.Contains(r.May, pair[1]) {
			return inRoles("角色“%s”不得同时拥有 %s 和 %s", r.Name, pair[0], pair[1])
		}
	}
	for _, p := range r.Purposes {
		if (p == emergency) != r.Temporary {
			return inRoles("用途 %s 属于且只属于临时角色，“%s”不符", emergency, r.Name)
		}
		if (p == self) != r.Holder {
			return inRoles("用途 %s 属于且只属于持证人，“%s”不符", self, r.Name)
		}
	}
	return nil
}

// Purposes with a meaning of their own.
const (
	emergency = "emergency"
	self      = "self"
)

func (r *Role) dutyOf(p string) error {
	switch {
	case r.Admin != "" && isBusiness(p):
		return inRoles("三员分立：“%s”不得拥有业务权限 %s", r.Name, p)
	case r.Admin == "" && isAdministrative(p):
		return inRoles("三员分立：“%s”不是管理员，不得拥有管理权限 %s", r.Name, p)
	case r.Admin != "audit" && begins(p, auditOnly):
		return inRoles("三员分立：只有审计管理员可以拥有 %s", p)
	case r.Holder && !strings.HasSuffix(p, ".own"):
		return inRoles("持证人只能拥有以 .own 结尾的权限，%s 不是", p)
	case !r.Holder && strings.HasSuffix(p, ".own"):
		return inRoles("权限 %s 只能由持证人拥有", p)
	case !r.Temporary && p == "person.read":
		return inRoles("权限 %s 只能在应急查阅期间拥有，“%s”不得拥有", p, r.Name)
	case r.Temporary && !slices.Contains([]string{"cert.read", "cert.reveal", "person.read"}, p):
		return inRoles("应急查阅只能查阅，不得拥有 %s", p)
	}
	return nil
}

func (c *clients) duty() error {
	for _, p := range c.May {
		if isAdministrative(p) || strings.HasSuffix(p, ".own") || p == "person.read" {
			return inRoles("接入应用不得拥有 %s", p)
		}
	}
	for _, p := range c.Purposes {
		if p == emergency || p == self {
			return inRoles("接入应用不得以 %s 为用途", p)
		}
	}
	return nil
}
