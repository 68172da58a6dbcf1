package oidc_test

import (
	"context"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"sidian/internal/auth/oidc"
	"sidian/internal/fault"
	"sidian/internal/httpx"
)

func refusedAs(t testing.TB, err error, code string) {
	t.Helper()
	f := fault.As(err)
	if f == nil || f.Code != code {
		t.Fatalf("got %v (%+v), want %s", err, f, code)
	}
	if f.Msg == "" || f.Hint == "" || f.Kind == "" {
		t.Errorf("the refusal says no rule or no way out: %+v", f)
	}
	for _, bad := range []string{"李明", "110101", secret, "code=", "eyJ"} {
		if strings.Contains(err.Error(), bad) {
			t.Errorf("the refusal repeats %q: %v", bad, err)
		}
	}
}

func start(t testing.TB, r *oidc.Relying) oidc.Attempt {
	t.Helper()
	a, err := r.Start(t.Context(), noon)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestSignIn(t *testing.T) {
	t.Parallel()
	for name, set := range map[string]func(*provider){
		"RS256":          func(*provider) {},
		"PS256":          func(p *provider) { p.alg = "PS256" },
		"ES256":          func(p *provider) { p.alg, p.kid = "ES256", "ec" },
		"EdDSA":          func(p *provider) { p.alg, p.kid = "EdDSA", "ed" },
		"ES256, no kid":  func(p *provider) { p.alg, p.kid = "ES256", "" },
		"audience alone": func(p *provider) { p.claims = func(c map[string]any) { c["aud"] = []string{clientID} } },
		"audiences with azp": func(p *provider) {
			p.claims = func(c map[string]any) { c["aud"], c["azp"] = []string{"other", clientID}, clientID }
		},
		"clock a little behind": func(p *provider) { p.claims = func(c map[string]any) { c["iat"] = noon.Unix() - 55 } },
		"clock a little ahead":  func(p *provider) { p.claims = func(c map[string]any) { c["iat"] = noon.Unix() + 55 } },
		"ended a moment ago":    func(p *provider) { p.claims = func(c map[string]any) { c["exp"] = noon.Unix() - 55 } },
		"issuer named": func(p *provider) {
			p.discovery = func(d map[string]any) { d["authorization_response_iss_parameter_supported"] = true }
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newProvider(t)
			set(p)
			r := p.relying(t)
			a := start(t, r)
			q := p.authorize(t, a)
			if name == "issuer named" {
				q.Set("iss", p.URL)
			}
			i, err := r.Finish(t.Context(), a, q, noon)
			if err != nil {
				t.Fatalf("%v", err)
			}
			if i.Issuer != p.URL || i.Subject != "person-1" || i.Name != "李明" || i.Citizen != "110101199003070011" || i.Level != 3 || i.Provider != "province" || i.Kind != oidc.Staff || i.At.IsZero() {
				t.Errorf("%+v", i)
			}
		})
	}
}

// TestForged: a malicious provider, or one between us and a good one. Each of
// its tokens is refused for its own reason.
func TestForged(t *testing.T) {
	t.Parallel()
	claim := func(name string, v any) func(*provider) {
		return func(p *provider) {
			p.claims = func(c map[string]any) {
				if v == nil {
					delete(c, name)
				} else {
					c[name] = v
				}
			}
		}
	}
	publicDER := func() []byte {
		der, err := x509.MarshalPKIXPublicKey(&keys().rsa.PublicKey)
		if err != nil {
			t.Error(err)
		}
		return der
	}
	for name, tc := range map[string]struct {
		code string
		set  func(*provider)
	}{
		"none":                    {"oidc.algorithm", func(p *provider) { p.alg, p.kid = "none", "" }},
		"None":                    {"oidc.algorithm", func(p *provider) { p.alg, p.sign = "None", signers["none"] }},
		"none under our key":      {"oidc.signature", func(p *provider) { p.sign = signers["none"] }},
		"HS256 with the secret":   {"oidc.algorithm", func(p *provider) { p.alg, p.kid, p.sign = "HS256", "oct", mac([]byte(secret)) }},
		"HS256 with the key, DER": {"oidc.algorithm", func(p *provider) { p.alg, p.sign = "HS256", mac(publicDER()) }},
		"HS256 with the key, PEM": {"oidc.algorithm", func(p *provider) {
			p.alg, p.sign = "HS256", mac(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: publicDER()}))
		}},
		"HMAC said to be RS256": {"oidc.signature", func(p *provider) { p.sign = mac([]byte(secret)) }},
		"RS384":                 {"oidc.algorithm", func(p *provider) { p.alg, p.sign = "RS384", signers["RS256"] }},
		"RS256 by a key of EC":  {"oidc.key", func(p *provider) { p.kid = "ec" }},
		"ES256 by a key of RSA": {"oidc.key", func(p *provider) { p.alg, p.sign = "ES256", signers["ES256"] }},
		"weak key":              {"oidc.weak-key", func(p *provider) { p.kid, p.sign = "weak", signers["weak"] }},
		"key for encryption":    {"oidc.key", func(p *provider) { p.kid = "enc" }},
		"symmetric key":         {"oidc.key", func(p *provider) { p.kid = "oct" }},
		"key that nobody knows": {"oidc.key", func(p *provider) { p.kid = "gone" }},
		"no kid, two keys":      {"oidc.key", func(p *provider) { p.kid = "" }},
		"kid as a path":         {"oidc.key", func(p *provider) { p.kid = "../../dev/null" }},
		"kid a number":          {"oidc.token", func(p *provider) { p.kid = 7 }},
		"another's key":         {"oidc.signature", func(p *provider) { p.sign = signers["weak"] }},
		"key brought along": {"oidc.signature", func(p *provider) {
			p.header = map[string]any{"jwk": rsaJWK("rsa", &keys().weak.PublicKey)}
			p.sign = signers["weak"]
		}},
		"key elsewhere":          {"oidc.key", func(p *provider) { p.header = map[string]any{"jku": "https://evil.example/keys", "kid": "evil"} }},
		"critical header":        {"oidc.signature", func(p *provider) { p.header = map[string]any{"crit": []string{"x"}, "x": 1} }},
		"access token":           {"oidc.token", func(p *provider) { p.header = map[string]any{"typ": "at+jwt"} }},
		"logout token":           {"oidc.token", func(p *provider) { p.header = map[string]any{"typ": "logout+jwt"} }},
		"claims changed":         {"oidc.signature", func(p *provider) { p.token = changedClaims }},
		"no token":               {"oidc.token", func(p *provider) { p.token = func(string) string { return "" } }},
		"two parts":              {"oidc.token", func(p *provider) { p.token = func(s string) string { return s[:strings.LastIndex(s, ".")] } }},
		"JSON form":              {"oidc.token", func(p *provider) { p.token = jsonForm }},
		"huge":                   {"oidc.token", claim("filler", strings.Repeat("x", 40<<10))},
		"another audience":       {"oidc.audience", claim("aud", "other")},
		"no audience":            {"oidc.audience", claim("aud", nil)},
		"audience like ours":     {"oidc.audience", claim("aud", clientID+" ")},
		"audiences without azp":  {"oidc.audience", claim("aud", []string{clientID, "other"})},
		"azp of another":         {"oidc.audience", claim("azp", "other")},
		"another nonce":          {"oidc.nonce", claim("nonce", "AAAA")},
		"no nonce":               {"oidc.nonce", claim("nonce", nil)},
		"another issuer":         {"oidc.issuer", claim("iss", "https://other.example")},
		"issuer with a slash":    {"oidc.issuer", func(p *provider) { p.claims = func(c map[string]any) { c["iss"] = p.URL + "/" } }},
		"no issuer":              {"oidc.issuer", claim("iss", nil)},
		"expired":                {"oidc.time", claim("exp", noon.Unix()-61)},
		"no end":                 {"oidc.time", claim("exp", nil)},
		"from the future":        {"oidc.time", claim("iat", noon.Unix()+61)},
		"no time":                {"oidc.time", claim("iat", nil)},
		"before this attempt":    {"oidc.time", claim("iat", noon.Unix()-61)},
		"not yet":                {"oidc.time", claim("nbf", noon.Unix()+61)},
		"signed in in future":    {"oidc.time", claim("auth_time", noon.Unix()+61)},
		"sign-in at no time":     {"oidc.time", claim("auth_time", "yesterday")},
		"end as text":            {"oidc.token", claim("exp", "tomorrow")},
		"no subject":             {"oidc.subject", claim("sub", nil)},
		"long subject":           {"oidc.subject", claim("sub", strings.Repeat("x", 256))},
		"name of many lines":     {"oidc.claims", claim("name", "李明\n管理员")},
		"name as a list":         {"oidc.claims", claim("name", []string{"李明"})},
		"citizen as an object":   {"oidc.claims", claim("citizen", map[string]string{"id": "110101199003070011"})},
		"long name":              {"oidc.claims", claim("name", strings.Repeat("李", 101))},
		"access token exchanged": {"oidc.token", claim("at_hash", "AAAAAAAAAAAAAAAAAAAAAA")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newProvider(t)
			tc.set(p)
			r := p.relying(t)
			a := start(t, r)
			i, err := r.Finish(t.Context(), a, p.authorize(t, a), noon)
			refusedAs(t, err, tc.code)
			if i != (oidc.Identity{}) {
				t.Errorf("refused, and yet %+v", i)
			}
		})
	}
}

func changedClaims(token string) string {
	parts := strings.Split(token, ".")
	c, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return ""
	}
	return parts[0] + "." + b64([]byte(strings.Replace(string(c), "person-1", "person-2", 1))) + "." + parts[2]
}

func jsonForm(token string) string {
	parts := strings.Split(token, ".")
	return fmt.Sprintf(`{"payload":"%s","protected":"%s","signature":"%s","x":"..."}`, parts[1], parts[0], parts[2])
}

// TestReturned: what may be wrong with how the browser comes back.
func TestReturned(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		code    string
		query   func(q url.Values)
		attempt func(a *oidc.Attempt)
		after   time.Duration
		set     func(*provider)
	}{
		"good":               {},
		"other state":        {code: "oidc.state", query: func(q url.Values) { q.Set("state", "x") }},
		"no state":           {code: "oidc.state", query: func(q url.Values) { q.Del("state") }},
		"two states":         {code: "oidc.state", query: func(q url.Values) { q.Add("state", q.Get("state")) }},
		"no attempt":         {code: "oidc.attempt", attempt: func(a *oidc.Attempt) { *a = oidc.Attempt{} }},
		"other provider":     {code: "oidc.attempt", attempt: func(a *oidc.Attempt) { a.Provider = "city" }},
		"empty state":        {code: "oidc.attempt", attempt: func(a *oidc.Attempt) { a.State = "" }, query: func(q url.Values) { q.Set("state", "") }},
		"too late":           {code: "oidc.expired", after: oidc.Lifetime + time.Second},
		"clock set back":     {code: "oidc.expired", after: -time.Second},
		"mix-up":             {code: "oidc.issuer", query: func(q url.Values) { q.Set("iss", "https://other.example") }},
		"two issuers":        {code: "oidc.issuer", query: func(q url.Values) { q["iss"] = []string{"a", "b"} }},
		"issuer missing":     {code: "oidc.issuer", set: func(p *provider) { p.discovery = namesIssuer }},
		"denied":             {code: "oidc.denied", query: func(q url.Values) { q.Del("code"); q.Set("error", "access_denied") }},
		"error and code":     {code: "oidc.provider", query: func(q url.Values) { q.Set("error", "server_error") }},
		"error of a person":  {code: "oidc.provider", query: func(q url.Values) { q.Set("error", "李明") }},
		"empty error":        {code: "oidc.provider", query: func(q url.Values) { q.Set("error", "") }},
		"no code":            {code: "oidc.provider", query: func(q url.Values) { q.Del("code") }},
		"two codes":          {code: "oidc.provider", query: func(q url.Values) { q.Add("code", "x") }},
		"long code":          {code: "oidc.provider", query: func(q url.Values) { q.Set("code", strings.Repeat("x", 5000)) }},
		"code of another":    {code: "oidc.code", query: func(q url.Values) { q.Set("code", "x") }},
		"other verifier":     {code: "oidc.code", attempt: func(a *oidc.Attempt) { a.Verifier = strings.Repeat("v", 43) }},
		"other nonce":        {code: "oidc.nonce", attempt: func(a *oidc.Attempt) { a.Nonce = "n" }},
		"provider's failure": {code: "oidc.unavailable", set: answers(503, "server_error")},
		"provider's limit":   {code: "oidc.unavailable", set: answers(429, "slow_down")},
		"secret changed":     {code: "oidc.client", set: answers(401, "invalid_client")},
		"client unknown":     {code: "oidc.client", set: answers(400, "unauthorized_client")},
		"error without name": {code: "oidc.code", set: answers(400, "李明")},
		"other error":        {code: "oidc.provider", set: answers(400, "invalid_scope")},
		"not JSON": {code: "oidc.unavailable", set: func(p *provider) {
			p.answer = func(w http.ResponseWriter) bool { _, _ = w.Write([]byte("<html>")); return true }
		}},
		"no ID token": {code: "oidc.token", set: func(p *provider) {
			p.answer = func(w http.ResponseWriter) bool {
				write(w, map[string]any{"access_token": "a", "token_type": "Bearer"})
				return true
			}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newProvider(t)
			if tc.set != nil {
				tc.set(p)
			}
			r := p.relying(t)
			a := start(t, r)
			q := p.authorize(t, a)
			if tc.query != nil {
				tc.query(q)
			}
			if tc.attempt != nil {
				tc.attempt(&a)
			}
			_, err := r.Finish(t.Context(), a, q, noon.Add(tc.after))
			if tc.code == "" {
				if err != nil {
					t.Fatal(err)
				}
				_, err = r.Finish(t.Context(), a, q, noon)
				tc.code = "oidc.code" // a keeper that forgot to delete the attempt: the code is spent
			}
			refusedAs(t, err, tc.code)
		})
	}
}

func namesIssuer(d map[string]any) { d["authorization_response_iss_parameter_supported"] = true }

func answers(status int, code string) func(*provider) {
	return func(p *provider) {
		p.answer = func(w http.ResponseWriter) bool { refuse(w, status, code); return true }
	}
}

// TestReplayedToken: a token of an earlier sign-in does not serve the next.
func TestReplayedToken(t *testing.T) {
	t.Parallel()
	p := newProvider(t)
	r := p.relying(t)
	var first string
	p.token = func(s string) string {
		if first == "" {
			first = s
		}
		return first
	}
	a := start(t, r)
	if _, err := r.Finish(t.Context(), a, p.authorize(t, a), noon); err != nil {
		t.Fatal(err)
	}
	a = start(t, r)
	_, err := r.Finish(t.Context(), a, p.authorize(t, a), noon)
	refusedAs(t, err, "oidc.nonce")
}

func TestLevels(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		acr  any
		want int
	}{"listed": {"L2", 2}, "none at all": {"L0", 0}, "not listed": {"gold", 1}, "missing": {nil, 1}, "empty": {"", 1}, "number": {3, 1}, "null": {struct{}{}, 1}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newProvider(t)
			p.claims = func(c map[string]any) {
				switch tc.acr {
				case nil:
					delete(c, "acr")
				case struct{}{}:
					c["acr"] = nil
				default:
					c["acr"] = tc.acr
				}
			}
			r := p.relying(t)
			a := start(t, r)
			i, err := r.Finish(t.Context(), a, p.authorize(t, a), noon)
			if err != nil || i.Level != tc.want {
				t.Errorf("level %d, %v; want %d", i.Level, err, tc.want)
			}
		})
	}
}

// TestDown: a provider that is down, or not itself, stops its sign-ins and
// nothing else; when it comes back they go on, and nobody hammers at it.
func TestDown(t *testing.T) {
	t.Parallel()
	for name, set := range map[string]func(d map[string]any){
		"another issuer":    func(d map[string]any) { d["issuer"] = "https://other.example" },
		"no issuer":         func(d map[string]any) { delete(d, "issuer") },
		"keys over http":    func(d map[string]any) { d["jwks_uri"] = "http://keys.example/" },
		"no token endpoint": func(d map[string]any) { delete(d, "token_endpoint") },
		"script":            func(d map[string]any) { d["authorization_endpoint"] = "javascript:alert(1)" },
		"not of the form":   func(d map[string]any) { d["issuer"] = 7 },
		"huge":              func(d map[string]any) { d["filler"] = strings.Repeat("x", 300<<10) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newProvider(t)
			p.discovery = set
			r := p.relying(t)
			for range 3 {
				_, err := r.Start(t.Context(), noon)
				refusedAs(t, err, "oidc.unavailable")
			}
			p.mu.Lock()
			if n := p.calls["/.well-known/openid-configuration"]; n != 1 {
				t.Errorf("asked %d times within seconds", n)
			}
			p.discovery = nil
			p.mu.Unlock()
			if _, err := r.Start(t.Context(), noon.Add(11*time.Second)); err != nil {
				t.Error(err)
			}
		})
	}
	t.Run("nobody answers", func(t *testing.T) {
		t.Parallel()
		p := newProvider(t)
		r := p.relying(t)
		p.Close()
		_, err := r.Start(t.Context(), noon)
		refusedAs(t, err, "oidc.unavailable")
	})
	t.Run("down later", func(t *testing.T) {
		t.Parallel()
		p := newProvider(t)
		r := p.relying(t)
		start(t, r)
		p.mu.Lock()
		p.discovery = func(d map[string]any) { d["issuer"] = "" }
		p.mu.Unlock()
		if _, err := r.Start(t.Context(), noon.Add(2*time.Hour)); err != nil {
			t.Errorf("what was good an hour ago serves no more: %v", err)
		}
	})
	t.Run("browser gone", func(t *testing.T) {
		t.Parallel()
		p := newProvider(t)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := p.relying(t).Start(ctx, noon); err != nil {
			t.Errorf("discovery is for everyone: %v", err)
		}
	})
}

// TestRotation: a new key of the provider is found; a kid that points nowhere
// does not make us ask for every token.
func TestRotation(t *testing.T) {
	t.Parallel()
	p := newProvider(t)
	r := p.relying(t)
	only := func(n int) func([]map[string]any) any {
		return func(all []map[string]any) any { return all[n : n+1] }
	}
	sign := func(at time.Time) error {
		a, err := r.Start(t.Context(), at)
		if err != nil {
			return err
		}
		p.mu.Lock()
		p.claims = func(c map[string]any) { c["iat"], c["exp"] = at.Unix(), at.Unix()+60 }
		p.mu.Unlock()
		_, err = r.Finish(t.Context(), a, p.authorize(t, a), at)
		return err
	}
	p.keys = only(0)
	if err := sign(noon); err != nil {
		t.Fatal(err)
	}
	p.mu.Lock()
	p.keys, p.alg, p.kid = only(2), "ES256", "ec"
	p.mu.Unlock()
	if err := sign(noon.Add(40 * time.Second)); err != nil {
		t.Fatalf("the new key: %v", err)
	}
	p.mu.Lock()
	p.kid = "gone"
	p.mu.Unlock()
	for range 5 {
		refusedAs(t, sign(noon.Add(41*time.Second)), "oidc.key")
	}
	p.mu.Lock()
	n := p.calls["/keys"]
	p.alg, p.kid = "RS256", "rsa"
	p.mu.Unlock()
	if n != 2 {
		t.Errorf("keys fetched %d times", n)
	}
	refusedAs(t, sign(noon.Add(80*time.Second)), "oidc.key") // the old key is withdrawn
	p.mu.Lock()
	p.keys = func([]map[string]any) any { return "none" }
	p.mu.Unlock()
	refusedAs(t, sign(noon.Add(3*time.Hour)), "oidc.unavailable")
}

func TestConcurrent(t *testing.T) {
	t.Parallel()
	p := newProvider(t)
	r := p.relying(t)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			a, err := r.Start(t.Context(), noon)
			if err != nil {
				t.Error(err)
				return
			}
			if _, err := r.Finish(t.Context(), a, p.authorize(t, a), noon); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if p.calls["/keys"] != 1 || p.calls["/.well-known/openid-configuration"] != 1 {
		t.Errorf("asked more than once: %v", p.calls)
	}
}

// TestThrough: over the platform's client, with its list of hosts.
func TestThrough(t *testing.T) {
	t.Parallel()
	p := newProvider(t)
	host := strings.TrimPrefix(p.URL, "http://")
	r, err := oidc.New(p.config(), oidc.Through(httpx.NewClient(httpx.ClientOptions{Hosts: []string{host}, Private: []string{host}})))
	if err != nil {
		t.Fatal(err)
	}
	a := start(t, r)
	q := p.authorize(t, a)
	if i, err := r.Finish(t.Context(), a, q, noon); err != nil || i.Subject != "person-1" {
		t.Fatalf("%+v, %v", i, err)
	}
	_, err = r.Finish(t.Context(), a, q, noon)
	refusedAs(t, err, "oidc.code") // the status is told through httpx's error
	p.mu.Lock()
	p.answer = func(w http.ResponseWriter) bool { refuse(w, 502, "x"); return true }
	p.mu.Unlock()
	a = start(t, r)
	_, err = r.Finish(t.Context(), a, p.authorize(t, a), noon)
	refusedAs(t, err, "oidc.unavailable")

	elsewhere, err := oidc.New(p.config(), oidc.Through(httpx.NewClient(httpx.ClientOptions{Hosts: []string{"idp.example"}})))
	if err != nil {
		t.Fatal(err)
	}
	_, err = elsewhere.Start(t.Context(), noon)
	refusedAs(t, err, "oidc.unavailable")
	if !strings.Contains(err.Error(), "not in the list") {
		t.Errorf("the log is not told why: %v", err)
	}

	basic := newProvider(t)
	basic.discovery = func(d map[string]any) { d["token_endpoint_auth_methods_supported"] = []string{"client_secret_basic"} }
	host = strings.TrimPrefix(basic.URL, "http://")
	r, err = oidc.New(basic.config(), oidc.Through(httpx.NewClient(httpx.ClientOptions{Hosts: []string{host}, Private: []string{host}})))
	if err != nil {
		t.Fatal(err)
	}
	a = start(t, r)
	_, err = r.Finish(t.Context(), a, basic.authorize(t, a), noon)
	refusedAs(t, err, "oidc.unavailable")
}

func TestConfig(t *testing.T) {
	t.Parallel()
	good := (&provider{Server: &httptest.Server{URL: "https://idp.example"}}).config()
	for name, tc := range map[string]struct {
		change func(*oidc.Provider)
		ok     bool
	}{
		"good":              {func(*oidc.Provider) {}, true},
		"public client":     {func(p *oidc.Provider) { p.ClientSecret = "" }, true},
		"this machine":      {func(p *oidc.Provider) { p.Issuer = "http://localhost:8080/dev/idp" }, true},
		"no name":           {func(p *oidc.Provider) { p.Name = "" }, false},
		"name of a path":    {func(p *oidc.Provider) { p.Name = "a/b" }, false},
		"issuer over http":  {func(p *oidc.Provider) { p.Issuer = "http://idp.example" }, false},
		"issuer with query": {func(p *oidc.Provider) { p.Issuer += "?x" }, false},
		"no redirect":       {func(p *oidc.Provider) { p.Redirect = "/auth" }, false},
		"no client":         {func(p *oidc.Provider) { p.ClientID = "" }, false},
		"other kind":        {func(p *oidc.Provider) { p.Kind = "robot" }, false},
		"level 4":           {func(p *oidc.Provider) { p.Claims.Levels = map[string]int{"x": 4} }, false},
	} {
		p := good
		tc.change(&p)
		r, err := oidc.New(p, http.DefaultClient)
		if (err == nil) != tc.ok {
			t.Errorf("%s: %v", name, err)
		}
		if err == nil && r.Provider().ClientSecret != "" || strings.Contains(fmt.Sprintf("%v %+v", p, p), secret) {
			t.Errorf("%s: the secret is shown", name)
		}
	}
	if _, err := oidc.New(good, nil); err == nil {
		t.Error("no client, and yet a relying party")
	}
}

// FuzzFinish: whatever stands in a token or a query, the answer is a refusal
// with a kind.
func FuzzFinish(f *testing.F) {
	p := newProvider(f)
	r := p.relying(f)
	good, err := p.make("n")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good, "x")
	f.Add("e30.e30.AA", "error=access_denied")
	var token string
	p.token = func(string) string { return token }
	f.Fuzz(func(t *testing.T, tok, query string) {
		a, err := r.Start(t.Context(), noon)
		if err != nil {
			t.Fatal(err)
		}
		q := p.authorize(t, a)
		if more, err := url.ParseQuery(query); err == nil {
			for k, v := range more {
				q[k] = append(q[k], v...)
			}
		}
		token = tok
		if _, err := r.Finish(t.Context(), a, q, noon); fault.As(err) == nil {
			t.Errorf("%v", err)
		}
	})
}
