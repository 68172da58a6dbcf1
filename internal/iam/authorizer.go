package iam

import (
	"context"
	"fmt"

	"sidian/internal/db"
	"sidian/internal/fault"
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
	if err != nil || row.closed {
		return nil, errStranger
	}
	p, err := s.principal(ctx, row, roles)
	if err != nil {
		return nil, err
	}
	p.Session, p.Second, p.Level = proof.Session, proof.Second, proof.Level
	return p, nil
}

func (s *Service) load(ctx context.Context, account string) (row accountRow, roles []Scoped, err error) {
	err = s.DB.Read(ctx, func(tx *db.Tx) (err error) {
		if row, err = accountTx(tx, account); err != nil {
			return err
		}
		roles, err = effectiveRoles(tx, account)
		return err
	})
	return row, roles, err
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
	return &Principal{Account: a.id, Name: shown.Name, Kind: a.kind, Org: a.org, Roles: roles, Strict: s.opts.Strict, live: &s.live}, nil
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
	var c Client
	if err := s.DB.Read(ctx, func(tx *db.Tx) (err error) { c, err = clientTx(tx, client); return err }); err != nil {
		return nil, err
	}
	p, err := s.clientPrincipal(ctx, c, append([]string(nil), c.Scopes...))
	if err != nil {
		return nil, err
	}
	return With(ctx, p), nil
}
