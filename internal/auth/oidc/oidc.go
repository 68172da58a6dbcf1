// Package oidc signs people in through identity providers of others: the
// relying party of OpenID Connect Core 1.0, authorization code flow with PKCE
// (RFC 7636, S256) and nothing else.
//
// Start makes an Attempt: where the browser goes, and what the server must
// remember. The caller keeps it on the server, bound to the browser by a cookie
// of its own, and deletes it with the first Finish, whatever its outcome.
// Finish takes the query with which the browser came back, exchanges the code,
// and holds the ID token to: an algorithm of RS256, ES256, PS256 or EdDSA and
// a strong key of the provider; issuer, audience, authorized party, nonce and
// time as they must be. Nothing else of the provider is asked or kept: no
// refresh token, no userinfo.
//
// A provider is discovered when it is first needed, and again every hour: one
// that is down does not stop the start of the platform.
//
// Calls go out through the client that New is given. The httpx client sends no
// headers of ours, so the provider must let clients say their secret in the
// form (client_secret_post); with a provider that wants client_secret_basic
// alone, Finish says so.
//
// Codes of refusals: oidc.attempt, .expired, .state, .issuer, .denied,
// .provider, .code, .client, .unavailable, .token, .algorithm, .key, .weak-key,
// .signature, .audience, .nonce, .time, .subject, .claims.
package oidc

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"maps"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	gooidc "github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

// Lifetime is how long a person may take at the provider.
const Lifetime = 10 * time.Minute

// Skew is how far the provider's clock may be from ours.
const Skew = time.Minute

// Kind is whom a provider knows.
type Kind string

// The kinds.
const (
	Staff  Kind = "staff"  // 工作人员
	Holder Kind = "holder" // 持证主体
)

// A Provider is an identity provider that the platform trusts.
type Provider struct {
	Name         string // short, for addresses and records: "province"
	Title        string // as the sign-in page shows it: 省统一身份认证平台
	Issuer       string // exactly as the provider writes it
	ClientID     string
	ClientSecret string   `json:"-"` // empty: a public client
	Redirect     string   // our address to which it sends people back, exactly as registered there
	Scopes       []string // beside openid
	Claims       Claims
	Kind         Kind
}

// Claims say where a provider puts what we want to know.
type Claims struct {
	Name    string         // the person's name; empty: "name"
	Citizen string         // the citizen identity number; empty: not told
	Level   string         // the assurance level (实名等级); empty: "acr"
	Levels  map[string]int // its values → 0..3; a value that is not listed, or none, is 1
}

// An Attempt is one sign-in under way. It is for the server alone.
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
	Provider string // our Name of it
	Kind     Kind
	Issuer   string
	Subject  string    // unique within Issuer, never reused
	Name     string    // empty: not told
	Citizen  string    // empty: not told; as the provider wrote it
	Level    int       // 0..3
	At       time.Time // when the provider signed the person in
}

// A Relying asks one provider. Safe for concurrent use.
type Relying struct {
	p    Provider
	wire wire

	mu   sync.Mutex // guards what was fetched
	meta metadata
	keys keySet
}

// String names the provider, without its secret.
func (p Provider) String() string { return p.Name + " " + p.Issuer }

var nameForm = regexp.MustCompile(`^[a-z][a-z0-9-]{0,31}$`)

// check says what is wrong with a configuration.
func (p Provider) check() error {
	switch {
	case !nameForm.MatchString(p.Name):
		return fmt.Errorf("oidc: provider %q: the name is not a short word of a–z, 0–9 and -", p.Name)
	case !secure(p.Issuer) || strings.ContainsAny(p.Issuer, "?#"):
		return fmt.Errorf("oidc: provider %s: the issuer is not an https URL without query", p.Name)
	case !secure(p.Redirect) || strings.Contains(p.Redirect, "#"):
		return fmt.Errorf("oidc: provider %s: the redirect address is not an https URL", p.Name)
	case p.ClientID == "":
		return fmt.Errorf("oidc: provider %s: no client identifier", p.Name)
	case p.Kind != Staff && p.Kind != Holder:
		return fmt.Errorf("oidc: provider %s: kind %q is neither staff nor holder", p.Name, p.Kind)
	}
	for value, level := range p.Claims.Levels {
		if level < 0 || level > 3 {
			return fmt.Errorf("oidc: provider %s: the level of %q is %d, not 0 to 3", p.Name, value, level)
		}
	}
	return nil
}

// secure: https, or http to this machine, for development.
func secure(address string) bool {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.User != nil {
		return false
	}
	ip, err := netip.ParseAddr(u.Hostname())
	return u.Scheme == "https" || u.Scheme == "http" && (u.Hostname() == "localhost" || err == nil && ip.IsLoopback())
}

// withDefaults fills in what was left out, on copies of the caller's values.
func (p Provider) withDefaults() Provider {
	p.Scopes = slices.Clone(p.Scopes)
	if !slices.Contains(p.Scopes, gooidc.ScopeOpenID) {
		p.Scopes = append([]string{gooidc.ScopeOpenID}, p.Scopes...)
	}
	p.Claims.Levels = maps.Clone(p.Claims.Levels)
	if p.Claims.Name == "" {
		p.Claims.Name = "name"
	}
	if p.Claims.Level == "" {
		p.Claims.Level = "acr"
	}
	if p.Title == "" {
		p.Title = p.Name
	}
	return p
}

// Provider returns the provider without its secret.
func (r *Relying) Provider() Provider {
	p := r.p
	p.ClientSecret = ""
	return p
}

// Start begins a sign-in. A provider that does not answer is
// oidc.unavailable.
func (r *Relying) Start(ctx context.Context, now time.Time) (Attempt, error) {
	meta, err := r.metadata(ctx, now)
	if err != nil {
		return Attempt{}, err
	}
	a := Attempt{Provider: r.p.Name, Verifier: oauth2.GenerateVerifier(), At: now.UTC()}
	for _, s := range []*string{&a.State, &a.Nonce} {
		var b [32]byte
		if _, err := rand.Read(b[:]); err != nil {
			return Attempt{}, fmt.Errorf("oidc: beginning a sign-in: %w", err)
		}
		*s = base64.RawURLEncoding.EncodeToString(b[:])
	}
	a.URL = r.config(meta).AuthCodeURL(a.State, gooidc.Nonce(a.Nonce), oauth2.S256ChallengeOption(a.Verifier))
	return a, nil
}

func (r *Relying) config(m metadata) *oauth2.Config {
	style := oauth2.AuthStyleInParams
	if len(m.AuthMethods) > 0 && !slices.Contains(m.AuthMethods, "client_secret_post") && r.p.ClientSecret != "" {
		style = oauth2.AuthStyleInHeader
	}
	return &oauth2.Config{
		ClientID: r.p.ClientID, ClientSecret: r.p.ClientSecret, RedirectURL: r.p.Redirect, Scopes: r.p.Scopes,
		Endpoint: oauth2.Endpoint{AuthURL: m.Authorization, TokenURL: m.Token, AuthStyle: style},
	}
}
