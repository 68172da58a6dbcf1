// Package devidp is an identity provider for development and the demo: OpenID
// Connect, authorization code flow with PKCE. It signs in whoever is chosen
// from a list and asks for no proof at all. It is NOT for production, and New
// refuses an issuer that is not this machine itself.
//
// What it does toward its clients is strict all the same, so that what works
// with it works elsewhere: redirect addresses are compared octet by octet, PKCE
// (S256) is required, a code serves once within a minute, and its second use
// ends the access token that the first one gave (RFC 9700 §2.1, RFC 6749
// §4.1.2). Its key is made at the start and lives in memory, as do codes and
// tokens. ID tokens are signed with ES256.
//
// Claims: name (scope profile), id_number (scope profile), acr (L0 … L3, the
// assurance level), kind (staff or holder), auth_time.
//
// Where it stands: at the path of the issuer, as an http.Handler. Its pages
// have no script and no style of their own, and lead on by links, so that no
// form ends at another site.
package devidp

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"
)

// How long what is given out lasts.
const (
	CodeLife  = time.Minute
	TokenLife = 5 * time.Minute
)

// limits of what is kept and read.
const (
	maxKept  = 1000
	maxBody  = 16 << 10
	maxQuery = 8 << 10
)

// A Person is someone to be chosen.
type Person struct {
	Subject string
	Name    string
	Citizen string // empty: not told to clients
	Level   int    // 0..3
	Staff   bool
}

// A Client is a platform that may ask.
type Client struct {
	ID        string
	Secret    string   // empty: a public client
	Redirects []string // complete addresses
}

// Options are what a provider may be given.
type Options struct {
	Now        func() time.Time // required
	Stylesheet string           // address of a style sheet for the page, optional
}

// Levels maps the acr values to assurance levels, for oidc.Claims.
func Levels() map[string]int { return map[string]int{"L0": 0, "L1": 1, "L2": 2, "L3": 3} }

//go:embed page.html
var pageText string

// A Provider answers requests below its issuer's path. Safe for concurrent use.
type Provider struct {
	issuer  string
	prefix  string
	people  []Person
	clients []Client
	opts    Options
	page    *template.Template
	key     *ecdsa.PrivateKey
	keyID   string

	mu     sync.Mutex
	codes  map[string]*grant
	tokens map[string]access
}

// grant is what a code stands for.
type grant struct {
	client, redirect, nonce, challenge string
	scopes                             []string
	person                             Person
	at                                 time.Time
	used                               bool
	token                              string // given for it
}

// access is what an access token opens.
type access struct {
	person Person
	scopes []string
	until  time.Time
}

// New returns a Provider with a new key.
func New(issuer string, people []Person, clients []Client, o Options) (*Provider, error) {
	u, err := url.Parse(issuer)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.RawQuery != "" || u.Fragment != "" || strings.HasSuffix(u.Path, "/") {
		return nil, fmt.Errorf("devidp: the issuer is not a URL without query and slash at its end")
	}
	if ip, err := netip.ParseAddr(u.Hostname()); u.Hostname() != "localhost" && (err != nil || !ip.IsLoopback()) {
		return nil, fmt.Errorf("devidp: the issuer is not this machine: this provider asks for no proof, and is for development only")
	}
	if o.Now == nil || len(people) == 0 {
		return nil, fmt.Errorf("devidp: no clock, or nobody to sign in")
	}
	if err := check(people, clients); err != nil {
		return nil, err
	}
	p := &Provider{
		issuer: issuer, prefix: u.Path, people: slices.Clone(people), clients: slices.Clone(clients), opts: o,
		codes: map[string]*grant{}, tokens: map[string]access{},
	}
	if p.key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
		return nil, fmt.Errorf("devidp: making the key: %w", err)
	}
	p.keyID = rand.Text()
	if p.page, err = template.New("page").Parse(pageText); err != nil {
		return nil, fmt.Errorf("devidp: reading the page: %w", err)
	}
	return p, nil
}

func check(people []Person, clients []Client) error {
	seen := map[string]bool{}
	for _, x := range people {
		if x.Subject == "" || x.Name == "" || x.Level < 0 || x.Level > 3 || seen[x.Subject] {
			return fmt.Errorf("devidp: person %q: no subject, no name, a level that is not 0 to 3, or twice", x.Subject)
		}
		seen[x.Subject] = true
	}
	ids := map[string]bool{}
	for _, c := range clients {
		if c.ID == "" || len(c.Redirects) == 0 || ids[c.ID] {
			return fmt.Errorf("devidp: client %q: no identifier, no redirect address, or twice", c.ID)
		}
		ids[c.ID] = true
		for _, r := range c.Redirects {
			if u, err := url.Parse(r); err != nil || u.Host == "" || u.Fragment != "" || u.Scheme != "http" && u.Scheme != "https" {
				return fmt.Errorf("devidp: client %q: a redirect address is not a complete URL without fragment", c.ID)
			}
		}
	}
	return nil
}

// Patterns are the methods and paths that ServeHTTP answers, as http.ServeMux
// writes them.
func (p *Provider) Patterns() []string {
	return []string{
		"GET " + p.prefix + "/.well-known/openid-configuration", "GET " + p.prefix + "/keys", "GET " + p.prefix + "/authorize",
		"POST " + p.prefix + "/token", "GET " + p.prefix + "/userinfo",
	}
}

func (p *Provider) discovery() map[string]any {
	return map[string]any{
		"issuer": p.issuer, "authorization_endpoint": p.issuer + "/authorize", "token_endpoint": p.issuer + "/token",
		"userinfo_endpoint": p.issuer + "/userinfo", "jwks_uri": p.issuer + "/keys",
		"response_types_supported": []string{"code"}, "response_modes_supported": []string{"query"}, "grant_types_supported": []string{"authorization_code"},
		"subject_types_supported": []string{"public"}, "id_token_signing_alg_values_supported": []string{"ES256"},
		"scopes_supported": []string{"openid", "profile"}, "claims_supported": []string{"sub", "name", "id_number", "acr", "kind", "auth_time"},
		"acr_values_supported": []string{"L0", "L1", "L2", "L3"}, "code_challenge_methods_supported": []string{"S256"},
		"token_endpoint_auth_methods_supported":          []string{"client_secret_post", "client_secret_basic", "none"},
		"authorization_response_iss_parameter_supported": true, "request_parameter_supported": false, "request_uri_parameter_supported": false,
	}
}

func (p *Provider) keys() map[string]any {
	point, err := p.key.PublicKey.Bytes()
	if err != nil || len(point) != 65 {
		return map[string]any{"keys": []any{}}
	}
	b64 := base64.RawURLEncoding.EncodeToString
	return map[string]any{"keys": []any{map[string]string{
		"kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": p.keyID, "x": b64(point[1:33]), "y": b64(point[33:]),
	}}}
}

// forget drops what is over, and the oldest when there is too much.
func (p *Provider) forget(now time.Time) {
	oldest := ""
	for c, g := range p.codes {
		if now.Sub(g.at) > CodeLife+TokenLife { // spent ones stay as long as their token lives, to be recognised
			delete(p.codes, c)
		} else if oldest == "" || g.at.Before(p.codes[oldest].at) {
			oldest = c
		}
	}
	if len(p.codes) >= maxKept {
		delete(p.codes, oldest)
	}
	for t, a := range p.tokens {
		if now.After(a.until) {
			delete(p.tokens, t)
		}
	}
}
