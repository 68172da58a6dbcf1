package auth

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"sidian/internal/httpx"
	"sidian/internal/iam"
)

// Service is the platform's authorizer.
var (
	_ httpx.Authorizer = (*Service)(nil)
	_ httpx.Recorder   = (*Service)(nil)
)

// Identify reads a bearer token, or else the session's cookie. A bearer token
// that is wrong is not replaced by a cookie.
func (s *Service) Identify(r *http.Request) (context.Context, httpx.Caller, error) {
	ctx := r.Context()
	if scheme, token, ok := strings.Cut(r.Header.Get("Authorization"), " "); ok && strings.EqualFold(scheme, "Bearer") {
		p, err := s.IAM.Bearer(ctx, strings.TrimSpace(token))
		if err != nil {
			return ctx, httpx.Caller{}, err
		}
		return iam.With(ctx, p), httpx.Caller{ID: "client/" + p.Client}, nil
	}
	token := httpx.SessionToken(r)
	if token == "" {
		return ctx, httpx.Caller{}, nil
	}
	p, err := s.principalOf(ctx, token)
	if errors.Is(err, errSession) {
		// A sign-in under way makes nobody of a stranger: every route that asks
		// who it is refuses. It is there for the routes of its steps alone.
		pending, found, wrong := s.pendingOf(ctx, token)
		if wrong != nil {
			return ctx, httpx.Caller{}, wrong
		}
		if found {
			return context.WithValue(ctx, pendingKey{}, pending), httpx.Caller{}, nil
		}
	}
	if err != nil {
		return ctx, httpx.Caller{}, err
	}
	return iam.With(ctx, p), httpx.Caller{ID: "account/" + p.Account, Browser: true}, nil
}
