// Package httpx turns functions of the domain into HTTP handlers, so that
// handlers have no bodies in which logic could gather.
//
// [Handle] mounts a func(ctx, Req) (Resp, error) and says who may call it: no
// route exists without a [Need]. What a request may look like is read off the
// type Req with the tags of huma (path, query, header, doc, enum, minLength …),
// checked before the function runs, and published as OpenAPI 3.1. Every refusal
// is an RFC 9457 problem with a stable code, a Chinese message and a way out;
// an error without a kind answers 500 and its text stays in the log beside the
// request's id.
//
// The package also carries what every request shares: credentials
// ([Authorizer]), defence against forged requests of browsers, limits of size,
// rate and time, security headers, idempotency ([Idempotency], table
// httpx_idempotency), and the only client for outgoing calls ([NewClient]).
package httpx
