package policy

import (
	"fmt"
	"slices"
)

// A Change is one difference between two versions.
type Change struct {
	ID     string `json:"id" doc:"version、role.<代码>、rule.<编号>、purpose.<代码>、permission.<名称>、client"`
	Say    string `json:"say"`                          // Chinese
	Widens bool   `json:"widens" doc:"变更后可能允许原先不允许的操作"` // who approves looks at these first
}

// Diff lists what changes from one version to the next, in the order of the
// files. Of a rule whose text changed nobody can say in general whether it now
// refuses less, so it counts as widening.
func Diff(before, after *Set) []Change {
	var d diff
	if before.Version() != after.Version() {
		d.say("version", false, "版本由 %d 改为 %d", before.Version(), after.Version())
	}
	d.purposes(before, after)
	d.permissions(before, after)
	d.roles(before, after)
	b, a := before.file.Clients, after.file.Clients
	d.held("client", "接入应用", "授权范围", before, after, Role{May: b.May, Purposes: b.Purposes}, Role{May: a.May, Purposes: a.Purposes})
	d.rules(before.ruleList, after.ruleList)
	return d.list
}

type diff struct{ list []Change }

func (d *diff) say(id string, widens bool, format string, args ...any) {
	d.list = append(d.list, Change{ID: id, Say: fmt.Sprintf(format, args...), Widens: widens})
}

// pairs calls fn for what is in either list: first what was there, then what is
// new.
func pairs[T any](before, after []T, key func(T) string, fn func(b, a *T)) {
	find := func(list []T, k string) *T {
		if i := slices.IndexFunc(list, func(x T) bool { return key(x) == k }); i >= 0 {
			return &list[i]
		}
		return nil
	}
	for i := range before {
		fn(&before[i], find(after, key(before[i])))
	}
	for i := range after {
		if find(before, key(after[i])) == nil {
			fn(nil, &after[i])
		}
	}
}

func (d *diff) purposes(before, after *Set) {
	pairs(before.Purposes(), after.Purposes(), func(p Purpose) string { return p.Code }, func(b, a *Purpose) {
		switch {
		case b == nil:
			d.say("purpose."+a.Code, false, "增加用途‘%s’（%s）", a.Name, a.Code)
		case a == nil:
			d.say("purpose."+b.Code, false, "删除用途‘%s’（%s）", b.Name, b.Code)
		case b.Name != a.Name:
			d.say("purpose."+b.Code, false, "用途‘%s’改名为‘%s’", b.Name, a.Name)
		}
	})
}

func (d *diff) permissions(before, after *Set) {
	pairs(before.Permissions(), after.Permissions(), func(p Permission) string { return p.Name }, func(b, a *Permission) {
		switch {
		case b == nil:
			d.say("permission."+a.Name, false, "增加权限‘%s’（%s）", a.Label, a.Name)
		case a == nil:
			d.say("permission."+b.Name, false, "删除权限‘%s’（%s）", b.Label, b.Name)
		case *b != *a:
			d.say("permission."+b.Name, false, "权限‘%s’（%s）改为‘%s’（%s）", b.Label, b.Group, a.Label, a.Group)
		}
	})
}

func (d *diff) roles(before, after *Set) {
	pairs(before.Roles(), after.Roles(), func(r Role) string { return r.Code }, func(b, a *Role) {
		switch {
		case b == nil:
			d.say("role."+a.Code, true, "增加角色‘%s’（%s）", a.Name, a.Code)
			b = &Role{Code: a.Code, Name: a.Name, Admin: a.Admin, Holder: a.Holder, Temporary: a.Temporary}
		case a == nil:
			d.say("role."+b.Code, false, "删除角色‘%s’（%s）", b.Name, b.Code)
			return
		case b.Name != a.Name:
			d.say("role."+b.Code, false, "角色‘%s’改名为‘%s’", b.Name, a.Name)
		}
		if b.Admin != a.Admin || b.Holder != a.Holder || b.Temporary != a.Temporary {
			d.say("role."+a.Code, true, "角色‘%s’的性质由%s改为%s", a.Name, b.nature(), a.nature())
		}
		d.held("role."+a.Code, "角色‘"+a.Name+"’", "", before, after, *b, *a)
	})
}

func (r *Role) nature() string {
	switch {
	case r.Admin != "":
		return "管理员（" + r.Admin + "）"
	case r.Holder:
		return "持证人"
	case r.Temporary:
		return "临时角色"
	}
	return "业务角色"
}

// held compares what somebody may do and for which purposes.
func (d *diff) held(id, who, noun string, before, after *Set, b, a Role) {
	added, removed := between(b.May, a.May)
	for _, p := range added {
		d.say(id, true, "%s%s增加‘%s’", who, noun, after.Label(p))
	}
	for _, p := range removed {
		d.say(id, false, "%s%s减少‘%s’", who, noun, before.Label(p))
	}
	added, removed = between(b.Purposes, a.Purposes)
	for _, p := range added {
		d.say(id, true, "%s可用的用途增加‘%s’", who, after.purposeName(p))
	}
	for _, p := range removed {
		d.say(id, false, "%s可用的用途减少‘%s’", who, before.purposeName(p))
	}
}

func between(before, after []string) (added, removed []string) {
	for _, s := range after {
		if !slices.Contains(before, s) {
			added = append(added, s)
		}
	}
	for _, s := range before {
		if !slices.Contains(after, s) {
			removed = append(removed, s)
		}
	}
	return added, removed
}

func (s *Set) purposeName(code string) string {
	for _, p := range s.file.Purposes {
		if p.Code == code {
			return p.Name
		}
	}
	return code
}

func (d *diff) rules(before, after []Rule) {
	pairs(before, after, func(r Rule) string { return r.ID }, func(b, a *Rule) {
		switch {
		case b == nil:
			d.say("rule."+a.ID, false, "增加规则 %s：%s", a.ID, a.Say)
		case a == nil:
			d.say("rule."+b.ID, true, "删除规则 %s：%s", b.ID, b.Say)
		case b.bare() != a.bare():
			d.say("rule."+a.ID, true, "修改规则 %s 的条件：%s", a.ID, a.Say)
		case b.Text != a.Text:
			d.say("rule."+a.ID, false, "修改规则 %s 的文字：%s", a.ID, a.Say)
		}
	})
}
