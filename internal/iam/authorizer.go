package iam

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/iam/policy"
)

var errStranger = fault.Unauthorized.New("会话已结束").WithCode("auth.session").WithHint("请重新登录")

// Proof is how an account proved itself in the session in which it acts.
type Proof struct {
	Session string // id of the session
	Second  bool   // with a second factor
	Level   int    // assurance of who the person is: see Principal.Level
}

// Principal returns an account as it acts in a session. One that is closed, or
// that does not exist, is a fault.Unauthorized.
func (s *Service) Principal(ctx context.Context, account string, proof Proof) (*Principal, error) {
	row, roles, err := s.load(ctx, account)
	if err != nil && fault.As(err) == nil {
		return nil, fmt.Errorf("iam: reading who acts: %w", err)
	}
	if err != nil || row.closed() {
		return nil, errStranger
	}
	p, err := s.principal(ctx, row, roles)
	if err != nil {
		return nil, err
	}
	p.Session, p.Second, p.Level = proof.Session, proof.Second, proof.Level
	return p, nil
}

// load reads who acts, with the roles that they hold now. What was edited in the
// database gives nothing, and is alarmed about.
func (s *Service) load(ctx context.Context, account string) (row accountRow, roles []Scoped, err error) {
	var altered []string
	err = s.DB.Read(ctx, func(tx *db.Tx) (err error) {
		if row, err = accountTx(tx, account); err != nil {
			return err
		}
		roles, altered, err = s.rolesOf(tx, account)
		return err
	})
	if err != nil {
		return row, nil, err
	}
	for _, id := range altered {
		table, id, _ := strings.Cut(id, "/")
		s.alarm(ctx, table, id)
	}
	if !intact(s.guards.accounts, &row) {
		s.alarm(ctx, "iam_account", row.key)
		return row, nil, errStranger
	}
	return row, roles, nil
}

// rolesOf lists the roles that an account holds now, and the rows that were
// edited in the database.
func (s *Service) rolesOf(tx *db.Tx, account string) (roles []Scoped, altered []string, err error) {
	grants, err := effectiveOf(tx, account)
	if err != nil {
		return nil, nil, err
	}
	for _, g := range grants {
		switch {
		case !intact(s.guards.grants, g):
			altered = append(altered, "iam_grant/"+g.ID)
		case !g.over(tx.Now()):
			roles = append(roles, Scoped{Role: g.Role, Org: g.Org})
		}
	}
	glass, err := openGlass(tx, account)
	switch {
	case err != nil || glass == nil:
	case !intact(s.guards.glasses, glass):
		altered = append(altered, "iam_glass/"+glass.ID)
	case tx.Now().Before(glass.Until):
		roles = append(roles, Scoped{Role: policy.Glass, Org: glass.Org})
	}
	return roles, altered, err
}

func (s *Service) principal(ctx context.Context, a accountRow, roles []Scoped) (*Principal, error) {
	shown, err := s.open(a)
	if err != nil {
		return nil, err
	}
	if err := s.refresh(ctx); err != nil {
		return nil, err
	}
	if a.kind == Holder {
		roles = nil
		for _, r := range s.InForce().Roles() {
			if r.Holder {
				roles = append(roles, Scoped{Role: r.Code})
			}
		}
	}
	return &Principal{Account: a.key, Name: shown.Name, Kind: a.kind, Org: a.org, Roles: roles, Strict: s.opts.Strict, live: &s.live}, nil
}

// Permit tells whether whoever acts may come in at the door of a route: with
// one of the permissions, for any organisation and any purpose that their roles
// know. What happens behind the door is asked again.
func (s *Service) Permit(ctx context.Context, permissions []string) (err error) {
	for i := len(permissions) - 1; i >= 0; i-- { // the refusal names the first
		if err = Ask(ctx, Question{Permission: permissions[i], Gate: true}); err == nil {
			return nil
		}
	}
	return err
}

// As returns a context in which an account acts, without a session: for the
// command line, the demo's seeding and tests. Whoever can call it holds the
// database already: it counts as a session with a second factor, of a person
// whose identity is verified.
func (s *Service) As(ctx context.Context, account string) (context.Context, error) {
	row, roles, err := s.load(ctx, account)
	if err != nil {
		return nil, err
	}
	p, err := s.principal(ctx, row, roles)
	if err != nil {
		return nil, err
	}
	p.Second, p.Level = true, 2
	return With(ctx, p), nil
}

// AsClient is As for a client with all of its scopes.
func (s *Service) AsClient(ctx context.Context, client string) (context.Context, error) {
	var c *clientRow
	if err := s.DB.Read(ctx, func(tx *db.Tx) (err error) { c, err = clientTx(tx, client); return err }); err != nil {
		return nil, err
	}
	if !intact(s.guards.clients, c) {
		s.alarm(ctx, "iam_client", c.ID)
		return nil, errToken
	}
	p, err := s.clientPrincipal(ctx, &c.Client, slices.Clone(c.Scopes))
	if err != nil {
		return nil, err
	}
	return With(ctx, p), nil
}
