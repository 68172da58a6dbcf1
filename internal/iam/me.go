package iam

import (
	"context"
	"slices"
)

// Me is who the caller is and what they may do.
type Me struct {
	Account     string   `json:"account,omitempty"`
	Client      string   `json:"client,omitempty"`
	Kind        Kind     `json:"kind,omitempty"`
	Name        string   `json:"name"`
	Org         *Org     `json:"org,omitempty"`
	Roles       []MyRole `json:"roles"`
	Permissions []string `json:"permissions"`
	Second      bool     `json:"second" doc:"会话使用了第二因素"`
}

// MyRole is a role with its name, for an organisation and all below it.
type MyRole struct {
	Code string `json:"code"`
	Name string `json:"name"`
	Org  string `json:"org,omitempty"`
}

// Me describes the caller.
func (s *Service) Me(ctx context.Context) (Me, error) {
	p, ok := From(ctx)
	if !ok {
		return Me{}, errStranger
	}
	m := Me{Account: p.Account, Client: p.Client, Kind: p.Kind, Name: p.Name, Second: p.Second, Roles: []MyRole{}, Permissions: p.Permissions()}
	if p.Org != "" {
		o, err := s.Org(ctx, p.Org)
		if err != nil {
			return Me{}, err
		}
		m.Org = &o
	}
	for _, r := range p.Roles {
		role, found := s.InForce().Role(r.Role)
		if !found {
			continue // a role that this version no longer has gives nothing
		}
		m.Roles = append(m.Roles, MyRole{role.Code, role.Name, r.Org})
	}
	return m, nil
}

// Permissions lists what p may do for at least one organisation, sorted.
func (p *Principal) Permissions() []string {
	out := []string{}
	if p.Client != "" {
		out = append(out, p.Scopes...)
	} else if set := p.set(); set != nil {
		for _, r := range p.Roles {
			role, _ := set.Role(r.Role)
			out = append(out, role.May...)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}
