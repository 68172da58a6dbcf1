package httpx

import (
	"context"
	"net/http"
	"net/netip"
)

// A Caller is who a request comes from, as far as this package must know.
type Caller struct {
	ID      string // stable, without personal data: "account/…" or "client/…"; empty for a stranger
	Browser bool   // the credential is a cookie, so the request could be forged by another site
}

// An Authorizer knows callers and what they may do. Package iam is one.
type Authorizer interface {
	// Identify reads the request's credentials. The context that it returns
	// carries what Permit and the use cases ask for. A request without
	// credentials is a stranger's: no error. Bad credentials are a
	// fault.Unauthorized.
	Identify(r *http.Request) (context.Context, Caller, error)
	// Permit returns nil if the caller in ctx holds one of the permissions for
	// at least one organisation, and otherwise a refusal that names the rule.
	Permit(ctx context.Context, permissions []string) error
}

// A Recorder is an Authorizer that records refusals. Refused is told of a
// fault.Forbidden that a known caller is about to be answered with, at the door
// or behind it, unless a use case has put it into the audit.
type Recorder interface {
	Refused(ctx context.Context, err error) error
}

// Meta is what a use case may know about the request that it serves.
type Meta struct {
	RequestID   string
	Address     netip.Addr // of the client, with trusted proxies removed
	UserAgent   string     // at most 200 bytes
	Secure      bool       // the client speaks https
	Method      string
	Pattern     string
	Caller      Caller
	Idempotency string // opaque, the same for the same caller and Idempotency-Key; empty without one
}

type metaKey struct{}

// MetaFrom returns the request's Meta, or the zero Meta outside of a request.
func MetaFrom(ctx context.Context) Meta {
	if m, ok := ctx.Value(metaKey{}).(*Meta); ok {
		return *m
	}
	return Meta{}
}

// WithMeta returns a context that carries m.
func WithMeta(ctx context.Context, m Meta) context.Context {
	return context.WithValue(ctx, metaKey{}, &m)
}

// IdempotencyID is an opaque text that is the same for each repetition of a
// write: same caller, same Idempotency-Key. A use case that must not happen
// twice stores it under a unique constraint: the answer kept by this package
// does not survive a crash between the use case's commit and its own.
func IdempotencyID(ctx context.Context) string { return MetaFrom(ctx).Idempotency }
