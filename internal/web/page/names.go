package page

import (
	"context"
	"slices"

	"sidian/internal/iam"
)

// Names are what accounts and organisations are called, each asked for once.
type Names struct {
	// Nobody is said where no account is: a dash, unless a page knows better.
	Nobody string

	ctx  context.Context
	iam  *iam.Service
	orgs map[string]string
	who  map[string]string
}

// Named looks up accounts, some of which may be empty or the same.
func Named(ctx context.Context, s *iam.Service, accounts ...string) (*Names, error) {
	ids := slices.DeleteFunc(slices.Clone(accounts), func(id string) bool { return id == "" })
	slices.Sort(ids)
	who, err := s.Names(ctx, slices.Compact(ids))
	return &Names{Nobody: "—", ctx: ctx, iam: s, orgs: map[string]string{}, who: who}, err
}

// Org is the name of an organisation; an unknown id stays itself.
func (n *Names) Org(id string) string {
	if id == "" {
		return "—"
	}
	if n.orgs[id] == "" {
		n.orgs[id] = id
		if o, err := n.iam.Org(n.ctx, id); err == nil {
			n.orgs[id] = o.Name
		}
	}
	return n.orgs[id]
}

// Person is what an account that was looked up is called, and that it is the
// reader's own.
func (n *Names) Person(id string) string {
	switch {
	case id == "":
		return n.Nobody
	case n.who[id] == "":
		return "账号 " + id
	case id == iam.Self(n.ctx):
		return n.who[id] + "（您）"
	}
	return n.who[id]
}
