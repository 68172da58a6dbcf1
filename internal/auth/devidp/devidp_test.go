package devidp_test

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"html"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	gooidc "github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"sidian/internal/auth/devidp"
	"sidian/internal/auth/oidc"
	"sidian/internal/httpx"
)

const (
	redirect = "http://localhost:8080/auth/oidc/dev?from=page"
	secret   = "client's secret & more"
)

var people = []devidp.Person{
	{Subject: "li", Name: "李明", Citizen: "110101199003070011", Level: 3, Staff: true},
	{Subject: "wang", Name: "王<b>芳</b>", Level: 1},
}

// site is a provider under a path, with a clock of its own and a browser that
// does not follow.
type site struct {
	*httptest.Server
	issuer  string
	browser *http.Client
	mu      sync.Mutex
	now     time.Time
}

func (s *site) clock() time.Time { s.mu.Lock(); defer s.mu.Unlock(); return s.now }

func (s *site) later(d time.Duration) { s.mu.Lock(); defer s.mu.Unlock(); s.now = s.now.Add(d) }

func serve(t *testing.T) *site {
	t.Helper()
	s := &site{now: time.Now().Truncate(time.Second)}
	var p *devidp.Provider
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { p.ServeHTTP(w, r) }))
	t.Cleanup(s.Close)
	p = s.provider(t)
	return s
}

func (s *site) provider(t *testing.T) *devidp.Provider {
	t.Helper()
	s.issuer = s.URL + "/dev/idp"
	s.browser = &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	p, err := devidp.New(s.issuer, people, []devidp.Client{
		{ID: "sidian", Secret: secret, Redirects: []string{redirect}}, {ID: "app", Redirects: []string{"http://localhost:9000/back"}},
	}, devidp.Options{Now: s.clock, Stylesheet: "/assets/app.css"})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// within is the same, mounted in the platform's router as the demo does it.
func within(t *testing.T) *site {
	t.Helper()
	s := &site{now: time.Now().Truncate(time.Second)}
	r := httpx.New(httpx.Options{BaseURL: "http://localhost:8080"})
	s.Server = httptest.NewServer(r)
	t.Cleanup(s.Close)
	p := s.provider(t)
	for _, pattern := range p.Patterns() {
		httpx.HandleHTTP(r, pattern, httpx.Public(), func(w http.ResponseWriter, r *http.Request) error {
			p.ServeHTTP(w, r)
			return nil
		}, httpx.Hidden(), httpx.NoIdempotency())
	}
	if err := r.Err(); err != nil {
		t.Fatal(err)
	}
	return s
}

func (s *site) get(t *testing.T, address string) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := s.browser.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, string(b)
}

var link = regexp.MustCompile(`<a href="([^"]+)">([^<]*)</a>`)

// choose reads the page as a person does and follows the link of that name.
func (s *site) choose(t *testing.T, address, name string) url.Values {
	t.Helper()
	resp, body := s.get(t, address)
	if resp.StatusCode != http.StatusOK {
		t.Fatalf("%d: %s", resp.StatusCode, body)
	}
	for _, m := range link.FindAllStringSubmatch(body, -1) {
		if html.UnescapeString(m[2]) == name {
			return s.back(t, s.URL+html.UnescapeString(m[1]))
		}
	}
	t.Fatalf("no link %q in\n%s", name, body)
	return nil
}

// back follows an address and returns the query with which the browser lands.
func (s *site) back(t *testing.T, address string) url.Values {
	t.Helper()
	resp, body := s.get(t, address)
	where, err := resp.Location()
	if err != nil || resp.StatusCode != http.StatusSeeOther {
		t.Fatalf("%d %v: %s", resp.StatusCode, err, body)
	}
	if got := where.Scheme + "://" + where.Host + where.Path; got != "http://localhost:8080/auth/oidc/dev" {
		t.Fatalf("led to %s", got)
	}
	return where.Query()
}

// TestOurRelyingParty: our own side signs in through it, over the platform's
// client for outgoing calls.
func TestOurRelyingParty(t *testing.T) {
	t.Parallel()
	for name, make := range map[string]func(*testing.T) *site{"alone": serve, "within the platform": within} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			signIn(t, make(t))
		})
	}
}

func signIn(t *testing.T, s *site) {
	t.Helper()
	host := strings.TrimPrefix(s.URL, "http://")
	r, err := oidc.New(oidc.Provider{
		Name: "dev", Issuer: s.issuer, ClientID: "sidian", ClientSecret: secret, Redirect: redirect, Scopes: []string{"profile"}, Kind: oidc.Staff,
		Claims: oidc.Claims{Citizen: "id_number", Levels: devidp.Levels()},
	}, oidc.Through(httpx.NewClient(httpx.ClientOptions{Hosts: []string{host}, Private: []string{host}})))
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]oidc.Identity{
		"李明":        {Subject: "li", Name: "李明", Citizen: "110101199003070011", Level: 3},
		"王<b>芳</b>": {Subject: "wang", Name: "王<b>芳</b>", Level: 1},
	} {
		a, err := r.Start(t.Context(), s.clock())
		if err != nil {
			t.Fatal(err)
		}
		q := s.choose(t, a.URL, name)
		if q.Get("from") != "page" || q.Get("iss") != s.issuer {
			t.Errorf("query %v", q)
		}
		got, err := r.Finish(t.Context(), a, q, s.clock())
		if err != nil {
			t.Fatal(err)
		}
		if got.Subject != want.Subject || got.Name != want.Name || got.Citizen != want.Citizen || got.Level != want.Level || got.Issuer != s.issuer {
			t.Errorf("%+v", got)
		}
	}
	a, err := r.Start(t.Context(), s.clock())
	if err != nil {
		t.Fatal(err)
	}
	if q := s.choose(t, a.URL, "取消登录"); q.Get("error") != "access_denied" || q.Has("code") || q.Get("state") != a.State {
		t.Errorf("cancelled: %v", q)
	}
}

// TestIndependent: go-oidc and x/oauth2 as they come, with discovery, keys and
// userinfo of their own, and the secret in the header.
func TestIndependent(t *testing.T) {
	t.Parallel()
	s := serve(t)
	ctx := context.WithValue(t.Context(), oauth2.HTTPClient, s.browser)
	p, err := gooidc.NewProvider(ctx, s.issuer)
	if err != nil {
		t.Fatal(err)
	}
	endpoint := p.Endpoint()
	endpoint.AuthStyle = oauth2.AuthStyleInHeader
	c := oauth2.Config{ClientID: "sidian", ClientSecret: secret, Endpoint: endpoint, RedirectURL: redirect, Scopes: []string{"openid", "profile"}}
	v := oauth2.GenerateVerifier()
	q := s.choose(t, c.AuthCodeURL("s", oauth2.S256ChallengeOption(v), gooidc.Nonce("n")), "李明")
	tokens, err := c.Exchange(ctx, q.Get("code"), oauth2.VerifierOption(v))
	if err != nil {
		t.Fatal(err)
	}
	raw, _ := tokens.Extra("id_token").(string)
	id, err := p.Verifier(&gooidc.Config{ClientID: "sidian"}).Verify(ctx, raw)
	if err != nil {
		t.Fatal(err)
	}
	if err := id.VerifyAccessToken(tokens.AccessToken); err != nil || id.Nonce != "n" || id.Subject != "li" {
		t.Errorf("%+v, %v", id, err)
	}
	info, err := p.UserInfo(ctx, oauth2.StaticTokenSource(tokens))
	if err != nil || info.Subject != "li" {
		t.Fatalf("%+v, %v", info, err)
	}
	if _, err := c.Exchange(ctx, q.Get("code"), oauth2.VerifierOption(v)); err == nil {
		t.Error("the code served twice")
	}
	if _, err := p.UserInfo(ctx, oauth2.StaticTokenSource(tokens)); err == nil {
		t.Error("the access token outlived the second use of its code")
	}
}

const verifier = "0123456789012345678901234567890123456789abc"

func authorization(change func(url.Values)) string {
	h := sha256.Sum256([]byte(verifier))
	q := url.Values{
		"client_id": {"sidian"}, "redirect_uri": {redirect}, "response_type": {"code"}, "scope": {"openid"}, "state": {"s"}, "nonce": {"n"},
		"code_challenge": {base64.RawURLEncoding.EncodeToString(h[:])}, "code_challenge_method": {"S256"},
	}
	if change != nil {
		change(q)
	}
	return q.Encode()
}

// TestAuthorizationRefused: what cannot be trusted is refused on a page and
// leads nowhere; what can goes back to the client with its error.
func TestAuthorizationRefused(t *testing.T) {
	t.Parallel()
	s := serve(t)
	for name, change := range map[string]func(url.Values){
		"unknown client":      func(q url.Values) { q.Set("client_id", "evil") },
		"no client":           func(q url.Values) { q.Del("client_id") },
		"another's address":   func(q url.Values) { q.Set("redirect_uri", "http://localhost:9000/back") },
		"address in its path": func(q url.Values) { q.Set("redirect_uri", "http://localhost:8080/auth/oidc/dev/../x?from=page") },
		"address with more":   func(q url.Values) { q.Set("redirect_uri", redirect+"&x=1") },
		"address with less":   func(q url.Values) { q.Set("redirect_uri", "http://localhost:8080/auth/oidc/dev") },
		"other host": func(q url.Values) {
			q.Set("redirect_uri", "http://localhost:8080.evil.example/auth/oidc/dev?from=page")
		},
		"no address": func(q url.Values) { q.Del("redirect_uri") },
		"twice":      func(q url.Values) { q.Add("redirect_uri", "http://evil.example") },
		"nobody":     func(q url.Values) { q.Set("person", "zhao") },
		"long":       func(q url.Values) { q.Set("state", strings.Repeat("x", 9<<10)) },
	} {
		resp, body := s.get(t, s.issuer+"/authorize?"+authorization(change))
		if resp.StatusCode != http.StatusBadRequest || !strings.Contains(body, `role="alert"`) || strings.Contains(body, "<a ") {
			t.Errorf("%s: %d %s", name, resp.StatusCode, body)
		}
	}
	for name, tc := range map[string]struct {
		change func(url.Values)
		want   string
	}{
		"implicit":       {func(q url.Values) { q.Set("response_type", "id_token") }, "unsupported_response_type"},
		"fragment":       {func(q url.Values) { q.Set("response_mode", "fragment") }, "invalid_request"},
		"no openid":      {func(q url.Values) { q.Set("scope", "profile") }, "invalid_scope"},
		"no PKCE":        {func(q url.Values) { q.Del("code_challenge") }, "invalid_request"},
		"plain PKCE":     {func(q url.Values) { q.Set("code_challenge_method", "plain") }, "invalid_request"},
		"silent":         {func(q url.Values) { q.Set("prompt", "none") }, "login_required"},
		"request object": {func(q url.Values) { q.Set("request", "e30") }, "request_not_supported"},
		"request by URI": {func(q url.Values) { q.Set("request_uri", "http://x") }, "request_uri_not_supported"},
	} {
		q := s.back(t, s.issuer+"/authorize?"+authorization(tc.change))
		if q.Get("error") != tc.want || q.Get("state") != "s" || q.Get("iss") != s.issuer || q.Has("code") {
			t.Errorf("%s: %v", name, q)
		}
	}
}

func TestTokenRefused(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		change func(url.Values)
		after  time.Duration
		header func(*http.Request)
		want   string
	}{
		"good":              {},
		"wrong secret":      {change: func(f url.Values) { f.Set("client_secret", "x") }, want: "invalid_client"},
		"no secret":         {change: func(f url.Values) { f.Del("client_secret") }, want: "invalid_client"},
		"another client":    {change: func(f url.Values) { f.Set("client_id", "app"); f.Del("client_secret") }, want: "invalid_grant"},
		"unknown client":    {change: func(f url.Values) { f.Set("client_id", "x"); f.Del("client_secret") }, want: "invalid_client"},
		"both ways":         {header: func(r *http.Request) { r.SetBasicAuth("sidian", url.QueryEscape(secret)) }, want: "invalid_client"},
		"other grant":       {change: func(f url.Values) { f.Set("grant_type", "password") }, want: "unsupported_grant_type"},
		"no code":           {change: func(f url.Values) { f.Del("code") }, want: "invalid_grant"},
		"two codes":         {change: func(f url.Values) { f.Add("code", "x") }, want: "invalid_request"},
		"wrong verifier":    {change: func(f url.Values) { f.Set("code_verifier", strings.Repeat("x", 43)) }, want: "invalid_grant"},
		"no verifier":       {change: func(f url.Values) { f.Del("code_verifier") }, want: "invalid_grant"},
		"other address":     {change: func(f url.Values) { f.Set("redirect_uri", redirect+"&x") }, want: "invalid_grant"},
		"last moment":       {after: devidp.CodeLife},
		"too late":          {after: devidp.CodeLife + time.Second, want: "invalid_grant"},
		"secret in address": {header: func(r *http.Request) { r.URL.RawQuery = "client_secret=x" }, want: "invalid_request"},
		"huge":              {change: func(f url.Values) { f.Set("x", strings.Repeat("x", 17<<10)) }, want: "invalid_request"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := serve(t)
			code := s.back(t, s.issuer+"/authorize?"+authorization(func(q url.Values) { q.Set("person", "wang") })).Get("code")
			f := url.Values{"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {redirect}, "client_id": {"sidian"}, "client_secret": {secret}, "code_verifier": {verifier}}
			if tc.change != nil {
				tc.change(f)
			}
			s.later(tc.after)
			got := s.post(t, f, tc.header)
			if got["error"] != any(tc.want) && (tc.want != "" || got["error"] != nil) {
				t.Fatalf("%v, want %q", got, tc.want)
			}
			if (got["id_token"] != nil) != (tc.want == "") {
				t.Errorf("%v", got)
			}
			if tc.want == "invalid_grant" && f.Get("code") == code { // a failed attempt spends the code too
				good := url.Values{"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {redirect}, "client_id": {"sidian"}, "client_secret": {secret}, "code_verifier": {verifier}}
				if got := s.post(t, good, nil); got["error"] != "invalid_grant" {
					t.Errorf("a code that failed once serves: %v", got)
				}
			}
		})
	}
}

func (s *site) post(t *testing.T, f url.Values, header func(*http.Request)) map[string]any {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.issuer+"/token", strings.NewReader(f.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if header != nil {
		header(req)
	}
	resp, err := s.browser.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var out map[string]any
	if err := json.NewDecoder(resp.Body).Decode(&out); err != nil {
		t.Fatal(err)
	}
	if out["error"] == nil != (resp.StatusCode == http.StatusOK) || resp.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("%d %v %v", resp.StatusCode, resp.Header, out)
	}
	return out
}

// TestScopesAndTime: without profile no name, and an access token ends.
func TestScopesAndTime(t *testing.T) {
	t.Parallel()
	s := serve(t)
	code := s.back(t, s.issuer+"/authorize?"+authorization(func(q url.Values) { q.Set("person", "li") })).Get("code")
	got := s.post(t, url.Values{"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {redirect}, "client_id": {"sidian"}, "client_secret": {secret}, "code_verifier": {verifier}}, nil)
	access, _ := got["access_token"].(string)
	info := func(token string) (int, string) {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.issuer+"/userinfo", nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+token)
		resp, err := s.browser.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		b, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		return resp.StatusCode, string(b)
	}
	if status, body := info(access); status != 200 || strings.Contains(body, "李明") || strings.Contains(body, "110101") || !strings.Contains(body, `"kind":"staff"`) {
		t.Errorf("%d %s", status, body)
	}
	if status, _ := info("x"); status != 401 {
		t.Errorf("a made-up token: %d", status)
	}
	s.later(devidp.TokenLife + time.Second)
	if status, _ := info(access); status != 401 {
		t.Errorf("an old token: %d", status)
	}
}

// TestPage: no script, no style of its own, nothing unescaped, a policy, and a
// word of warning.
func TestPage(t *testing.T) {
	t.Parallel()
	s := serve(t)
	resp, body := s.get(t, s.issuer+"/authorize?"+authorization(func(q url.Values) { q.Set("state", `"><script>x`) }))
	for _, bad := range []string{"<script", "<style", "style=", "onclick", "<b>芳", "<form"} {
		if strings.Contains(body, bad) {
			t.Errorf("the page holds %q", bad)
		}
	}
	for _, want := range []string{`lang="zh-CN"`, "不得用于生产", "王&lt;b&gt;芳", "（持证主体，实名等级：自报身份）", "（工作人员，实名等级：实人）", `href="/assets/app.css"`} {
		if !strings.Contains(body, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	if p := resp.Header.Get("Content-Security-Policy"); !strings.Contains(p, "default-src 'none'") || strings.Contains(p, "unsafe") {
		t.Errorf("policy %q", p)
	}
	for _, other := range []string{"/dev/idp", "/dev/idp/", "/dev/idp/x", "/keys", "/"} {
		if resp, _ := s.get(t, s.URL+other); resp.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %d", other, resp.StatusCode)
		}
	}
}

func TestNew(t *testing.T) {
	t.Parallel()
	o := devidp.Options{Now: time.Now}
	clients := []devidp.Client{{ID: "a", Redirects: []string{"http://localhost/x"}}}
	for name, tc := range map[string]struct {
		issuer  string
		people  []devidp.Person
		clients []devidp.Client
		o       devidp.Options
		ok      bool
	}{
		"good":              {"http://localhost:8080/dev/idp", people, clients, o, true},
		"address":           {"http://127.0.0.1:8080/dev/idp", people, clients, o, true},
		"a real host":       {"https://zhengwu.example/dev/idp", people, clients, o, false},
		"all addresses":     {"http://0.0.0.0:8080/dev/idp", people, clients, o, false},
		"slash":             {"http://localhost/dev/", people, clients, o, false},
		"no scheme":         {"localhost/dev", people, clients, o, false},
		"nobody":            {"http://localhost/dev", nil, clients, o, false},
		"no clock":          {"http://localhost/dev", people, clients, devidp.Options{}, false},
		"twice":             {"http://localhost/dev", append(people[:1:1], people[0]), clients, o, false},
		"level":             {"http://localhost/dev", []devidp.Person{{Subject: "x", Name: "x", Level: 4}}, clients, o, false},
		"client twice":      {"http://localhost/dev", people, append(clients[:1:1], clients[0]), o, false},
		"no redirect":       {"http://localhost/dev", people, []devidp.Client{{ID: "a"}}, o, false},
		"relative redirect": {"http://localhost/dev", people, []devidp.Client{{ID: "a", Redirects: []string{"/x"}}}, o, false},
		"script":            {"http://localhost/dev", people, []devidp.Client{{ID: "a", Redirects: []string{"javascript:alert(1)"}}}, o, false},
	} {
		p, err := devidp.New(tc.issuer, tc.people, tc.clients, tc.o)
		if (err == nil) != tc.ok {
			t.Errorf("%s: %v", name, err)
		}
		if err == nil && len(p.Patterns()) != 5 {
			t.Errorf("%s: %v", name, p.Patterns())
		}
	}
}
