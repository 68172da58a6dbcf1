// Package oidc signs people in through identity providers of others: the
// relying party of OpenID Connect Core 1.0, authorization code flow with PKCE
// (RFC 7636, S256) and nothing else.
package oidc

import (
	"context"
	"errors"
	"net/url"
	"time"
)

var errSkeleton = errors.New("oidc: being written")

// Kind is whom a provider knows.
type Kind string

// The kinds.
const (
	Staff  Kind = "staff"
	Holder Kind = "holder"
)

// A Provider is an identity provider that the platform trusts.
type Provider struct {
	Name         string // short, for URLs and records: "province"
	Title        string // as the sign-in page shows it: 省统一身份认证
	Issuer       string // exactly as the provider writes it
	ClientID     string
	ClientSecret string // empty: a public client
	Redirect     string // our address to which it sends people back, exactly as registered there
	Scopes       []string
	Claims       Claims
	Kind         Kind
}

// Claims say where a provider puts what we want to know. Empty: not told.
type Claims struct {
	Name    string         // the person's name; "name" when empty
	Citizen string         // the citizen identity number
	Level   string         // the assurance level; "acr" when empty
	Levels  map[string]int // its values → 0..3; a value that is not listed is 1
}

// An Attempt is one sign-in under way. It is for the server alone, kept with
// the browser's session, and deleted by the first Finish.
type Attempt struct {
	Provider string    `json:"provider"`
	URL      string    `json:"url"` // where the browser goes
	State    string    `json:"state"`
	Nonce    string    `json:"nonce"`
	Verifier string    `json:"verifier"`
	At       time.Time `json:"at"`
}

// An Identity is whom the provider signed in.
type Identity struct {
	Provider string // Name of ours
	Kind     Kind
	Issuer   string
	Subject  string    // unique within Issuer, never reused
	Name     string    // empty: not told
	Citizen  string    // empty: not told
	Level    int       // 0..3
	At       time.Time // when the provider signed the person in
}

// A Relying asks one provider. Safe for concurrent use.
type Relying struct {
	p Provider
}

// Provider returns the provider without its secret.
func (r *Relying) Provider() Provider { return r.p }

// Start begins a sign-in.
func (r *Relying) Start(ctx context.Context, now time.Time) (Attempt, error) {
	return Attempt{}, errSkeleton
}

// Finish takes the query with which the browser came back, exchanges the code,
// and checks the ID token. Every refusal is a fault.
func (r *Relying) Finish(ctx context.Context, a Attempt, query url.Values, now time.Time) (Identity, error) {
	return Identity{}, errSkeleton
}
