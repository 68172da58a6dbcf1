package iam

import (
	"context"
	"slices"
	"strings"

	"sidian/internal/fault"
)

// Allow returns nil if whoever acts in ctx holds the permission for the
// organisation, by a role or scope for it or for one above it. An empty org
// asks whether they hold it for any. Refused unless said: without a principal
// it is a fault.Unauthorized, otherwise a fault.Forbidden that names the
// permission and who can help.
func Allow(ctx context.Context, permission, org string) error {
	p, ok := From(ctx)
	if !ok {
		return fault.Unauthorized.New("请先登录").WithCode("auth.required").WithHint("登录后重试；程序调用请携带访问令牌")
	}
	if p.may(permission, org) {
		return nil
	}
	return p.refusal(permission, org)
}

// may is the decision; refused unless said.
func (p *Principal) may(permission, org string) bool {
	t := p.tree()
	covers := func(scope string) bool { return org == "" || t.covers(scope, org) }
	if p.Client != "" {
		return slices.Contains(p.Scopes, permission) && slices.ContainsFunc(p.orgs, covers)
	}
	for _, s := range p.Roles {
		if p.roles.grants(s.Role, permission) && covers(s.Org) {
			return true
		}
	}
	return false
}

// Orgs lists the organisations for which whoever acts in ctx holds the
// permission, those below included, sorted: the scope of a list's SQL. It is
// empty for a stranger.
func Orgs(ctx context.Context, permission string) []string {
	p, ok := From(ctx)
	if !ok {
		return nil
	}
	var scopes []string
	if p.Client != "" {
		if slices.Contains(p.Scopes, permission) {
			scopes = p.orgs
		}
	} else {
		for _, s := range p.Roles {
			if p.roles.grants(s.Role, permission) {
				scopes = append(scopes, s.Org)
			}
		}
	}
	return p.tree().below(scopes)
}

func (p *Principal) refusal(permission, org string) error {
	name := permission
	if p.roles != nil {
		name = p.roles.Label(permission)
	}
	if p.Client != "" {
		e := fault.Forbidden.New("本应用没有“%s”的权限（%s）", name, permission).WithCode("auth.scope")
		if slices.Contains(p.Scopes, permission) {
			e = fault.Forbidden.New("本应用不能代表该单位行使“%s”（%s）", name, permission).WithCode("auth.org")
		}
		return e.WithHint("请联系平台安全管理员，为应用增加授权范围")
	}
	e := fault.Forbidden.New("您没有“%s”的权限（%s）", name, permission).WithCode("auth.permission")
	if org != "" && p.may(permission, "") {
		e = fault.Forbidden.New("您的“%s”权限（%s）不包括该单位", name, permission).WithCode("auth.org")
	}
	hint := "请联系本单位系统管理员申请授权，由安全管理员批准"
	if p.roles != nil {
		if with := p.roles.With(permission); len(with) > 0 {
			hint = "需要" + strings.Join(with, "、") + "角色；" + hint
		}
	}
	return e.WithHint("%s", hint)
}
