package iam

import (
	"context"
	"net/http"
	"strings"

	"sidian/internal/db"
	"sidian/internal/httpx"
)

// Service is the platform's authorizer.
var _ httpx.Authorizer = (*Service)(nil)

// Identify reads a bearer token, or else the session's cookie. A bearer token
// that is wrong is not replaced by a cookie.
func (s *Service) Identify(r *http.Request) (context.Context, httpx.Caller, error) {
	ctx := r.Context()
	if scheme, token, ok := strings.Cut(r.Header.Get("Authorization"), " "); ok && strings.EqualFold(scheme, "Bearer") {
		p, err := s.bearer(ctx, strings.TrimSpace(token))
		if err != nil {
			return ctx, httpx.Caller{}, err
		}
		return With(ctx, p), httpx.Caller{ID: "client/" + p.Client}, nil
	}
	token := httpx.SessionToken(r)
	if token == "" {
		return ctx, httpx.Caller{}, nil
	}
	p, err := s.principalOf(ctx, token)
	if err != nil {
		return ctx, httpx.Caller{}, err
	}
	return With(ctx, p), httpx.Caller{ID: "account/" + p.Account, Browser: true}, nil
}

// Permit is Allow for one of the permissions, for any organisation.
func (s *Service) Permit(ctx context.Context, permissions []string) error {
	return allowAny(ctx, "", permissions...)
}

// As returns a context in which an account acts, without a session: for the
// command line, the demo's seeding and tests. Whoever can call it holds the
// database already.
func (s *Service) As(ctx context.Context, account string) (context.Context, error) {
	var row accountRow
	var roles []Scoped
	err := s.DB.Read(ctx, func(tx *db.Tx) (err error) {
		if row, err = accountTx(tx, account); err != nil {
			return err
		}
		roles, err = effectiveRoles(tx, account)
		return err
	})
	if err != nil {
		return nil, err
	}
	p, err := s.principal(ctx, row, roles)
	if err != nil {
		return nil, err
	}
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
