package iam

import (
	"context"
	"slices"

	"sidian/internal/audit"
	"sidian/internal/httpx"
	"sidian/internal/iam/policy"
)

// A Principal is who acts in a context: an account, or a client program.
type Principal struct {
	Account string   // id; empty for a client
	Name    string   // as shown to auditors
	Kind    Kind     // Staff, Holder; empty for a client
	Org     string   // id of the organisation that they belong to
	Roles   []Scoped // effective roles, each with the organisation it is for
	Client  string   // client_id; empty for an account
	Scopes  []string // of the client's token: permissions
	Session string   // id of the session; empty for a client
	Second  bool     // the session was opened with a second factor
	// Level is the assurance of the session's identity (实名等级): 0 none, 1
	// self-declared, 2 verified (实名), 3 verified in person or by face (实人).
	Level  int
	Strict bool // the platform demands the second factor for 敏感 data

	orgs []string // a client: the organisations on whose behalf it may act, each with all below it
	live *live
}

// Scoped is a role for an organisation and all below it.
type Scoped = policy.Held

// Kind tells accounts apart.
type Kind string

// The kinds of account.
const (
	Staff  Kind = "staff"
	Holder Kind = "holder"
)

type principalKey struct{}

// With returns a context in which p acts. It also sets the audit's actor: a
// program with its name, a person without (see Names).
func With(ctx context.Context, p *Principal) context.Context {
	a := audit.ActorFrom(ctx)
	a.Account, a.Org, a.App, a.Session, a.Name = p.Account, p.Org, p.Client, p.Session, ""
	if p.Client != "" {
		a.Name = p.Name
	}
	return audit.WithActor(context.WithValue(ctx, principalKey{}, p), a)
}

// From returns who acts in ctx, and whether anyone does.
func From(ctx context.Context) (*Principal, bool) {
	p, ok := ctx.Value(principalKey{}).(*Principal)
	return p, ok
}

// Has tells whether p holds role for any organisation.
func (p *Principal) Has(role string) bool {
	return slices.ContainsFunc(p.Roles, func(s Scoped) bool { return s.Role == role })
}

// Needs is the need of a route: one of the permissions, for any organisation.
func Needs(permission ...string) httpx.Need { return httpx.Needs(permission...) }
