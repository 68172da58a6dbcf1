package iam_test

import (
	"encoding/json"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/httpx"
	"sidian/internal/iam"
	"sidian/internal/iam/iamtest"
)

// site is the county behind HTTP.
type site struct {
	*iamtest.County
	*httptest.Server
	t *testing.T
}

func newSite(t *testing.T, d *db.DB, o iam.Options) *site {
	t.Helper()
	c := iamtest.NewWith(t, d, o)
	r := httpx.New(httpx.Options{Title: "test", Authorizer: c.Service, SlowPublic: httpx.Rate{PerSecond: 1000, Burst: 1000}})
	c.Routes(r)
	if err := r.Err(); err != nil {
		t.Fatal(err)
	}
	s := &site{County: c, Server: httptest.NewServer(r), t: t}
	t.Cleanup(s.Close)
	return s
}

func (s *site) browser() *http.Client {
	jar, err := cookiejar.New(nil)
	if err != nil {
		s.t.Fatal(err)
	}
	return &http.Client{Jar: jar}
}

type reply struct {
	status int
	header http.Header
	body   string
}

func (s *site) send(c *http.Client, method, path, body string, header ...string) reply {
	s.t.Helper()
	req, err := http.NewRequestWithContext(s.t.Context(), method, s.URL+path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := c.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer resp.Body.Close()
	var b strings.Builder
	buf := make([]byte, 4096)
	for {
		n, err := resp.Body.Read(buf)
		b.Write(buf[:n])
		if err != nil {
			break
		}
	}
	return reply{resp.StatusCode, resp.Header, b.String()}
}

func (s *site) signIn(c *http.Client, who string) reply {
	s.t.Helper()
	body, err := json.Marshal(map[string]string{"username": who, "password": s.People[who].Password})
	if err != nil {
		s.t.Fatal(err)
	}
	r := s.send(c, "POST", "/login/session", string(body))
	if r.status != 200 {
		s.t.Fatalf("%s signing in: %d %s", who, r.status, r.body)
	}
	return r
}

func (s *site) want(r reply, status int, parts ...string) {
	s.t.Helper()
	if r.status != status {
		s.t.Fatalf("status %d, want %d: %s", r.status, status, r.body)
	}
	for _, p := range parts {
		if !strings.Contains(r.body, p) {
			s.t.Fatalf("%q is missing: %s", p, r.body)
		}
	}
}

func TestSessionOverHTTP(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newSite(t, d, iam.Options{})
		b := s.browser()
		s.want(s.send(b, "GET", "/api/v1/me", ""), 401, "auth.required")
		r := s.signIn(b, "issuer")
		cookie := r.header.Get("Set-Cookie")
		for _, must := range []string{"HttpOnly", "SameSite=Lax", "Path=/"} {
			if !strings.Contains(cookie, must) {
				t.Errorf("the cookie lacks %s: %s", must, cookie)
			}
		}
		s.want(s.send(b, "GET", "/api/v1/me", ""), 200, `"cert.issue"`, "签发人", "市场监督管理局")
		s.want(s.send(b, "GET", "/api/v1/clients", ""), 403, "auth.permission", "安全管理员")
		s.want(s.send(b, "GET", "/api/v1/sessions", ""), 200, `"current":true`)
		s.want(s.send(b, "DELETE", "/api/v1/session", ""), 200)
		s.want(s.send(b, "GET", "/api/v1/me", ""), 401)
	})
}

func TestSessionFixation(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newSite(t, d, iam.Options{})
		planted := strings.Repeat("A", 43)
		body := `{"username":"clerk","password":"` + s.People["clerk"].Password + `"}`
		r := s.send(http.DefaultClient, "POST", "/login/session", body, "Cookie", "sidian="+planted)
		s.want(r, 200)
		if strings.Contains(r.header.Get("Set-Cookie"), planted) {
			t.Fatal("a planted token became a session")
		}
		s.want(s.send(http.DefaultClient, "GET", "/api/v1/me", "", "Cookie", "sidian="+planted), 401)
		first := strings.SplitN(r.header.Get("Set-Cookie"), ";", 2)[0]
		again := s.send(http.DefaultClient, "POST", "/login/session", body, "Cookie", first)
		s.want(again, 200)
		if strings.HasPrefix(again.header.Get("Set-Cookie"), first) {
			t.Error("signing in again did not make a new token")
		}
		s.want(s.send(http.DefaultClient, "GET", "/api/v1/me", "", "Cookie", first), 401) // the old one ended
	})
}

func TestStolenSessionEndsEverywhere(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newSite(t, d, iam.Options{})
		b := s.browser()
		stolen := strings.SplitN(s.signIn(b, "clerk").header.Get("Set-Cookie"), ";", 2)[0]
		s.want(s.send(http.DefaultClient, "GET", "/api/v1/me", "", "Cookie", stolen), 200)
		other := s.browser()
		s.signIn(other, "clerk")
		s.want(s.send(other, "DELETE", "/api/v1/sessions", ""), 200)
		for _, c := range []*http.Client{b, other} {
			s.want(s.send(c, "GET", "/api/v1/me", ""), 401)
		}
		s.want(s.send(http.DefaultClient, "GET", "/api/v1/me", "", "Cookie", stolen), 401)
	})
}

func TestOnlyOwnSessionsEnd(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newSite(t, d, iam.Options{})
		victim, thief := s.browser(), s.browser()
		s.signIn(victim, "issuer")
		s.signIn(thief, "clerk")
		var list struct{ Items []iam.Session }
		if err := json.Unmarshal([]byte(s.send(victim, "GET", "/api/v1/sessions", "").body), &list); err != nil || len(list.Items) != 1 {
			t.Fatalf("%v, %v", list, err)
		}
		s.want(s.send(thief, "DELETE", "/api/v1/sessions/"+list.Items[0].ID, ""), 404)
		s.want(s.send(victim, "GET", "/api/v1/me", ""), 200)
	})
}

func TestSessionExpires(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		clock := setClock(d)
		s := newSite(t, d, iam.Options{Idle: 10 * time.Minute, Absolute: 30 * time.Minute})
		idle, busy := s.browser(), s.browser()
		s.signIn(idle, "clerk")
		s.signIn(busy, "issuer")
		for range 4 { // 28 minutes of work
			clock.add(7 * time.Minute)
			s.want(s.send(busy, "GET", "/api/v1/me", ""), 200)
		}
		s.want(s.send(idle, "GET", "/api/v1/me", ""), 401, "auth.session")
		clock.add(3 * time.Minute)
		s.want(s.send(busy, "GET", "/api/v1/me", ""), 401, "auth.session") // busy, but too old
	})
}

func TestForgedWritesAreRefused(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newSite(t, d, iam.Options{})
		b := s.browser()
		s.signIn(b, "clerk")
		for name, header := range map[string][]string{
			"fetch metadata": {"Sec-Fetch-Site", "cross-site"},
			"same site":      {"Sec-Fetch-Site", "same-site"},
			"foreign origin": {"Origin", "https://evil.example"},
			"null origin":    {"Origin", "null"},
		} {
			s.want(s.send(b, "DELETE", "/api/v1/sessions", "", header...), 403, "cross-origin")
			s.want(s.send(b, "POST", "/login/session", `{"username":"x","password":"y"}`, header...), 403, "cross-origin")
			_ = name
		}
		s.want(s.send(b, "GET", "/api/v1/me", ""), 200)
		s.want(s.send(b, "DELETE", "/api/v1/session", "", "Sec-Fetch-Site", "same-origin"), 200)
	})
}

func TestTokenEndpoint(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newSite(t, d, iam.Options{})
		id, secret := s.App.ID, s.App.Secret
		grant := func(more ...string) url.Values {
			v := url.Values{"grant_type": {"client_credentials"}}
			for i := 0; i < len(more); i += 2 {
				v.Add(more[i], more[i+1])
			}
			return v
		}
		for name, tc := range map[string]struct {
			form   url.Values
			basic  []string
			status int
			want   string
		}{
			"basic":           {grant(), []string{id, secret}, 200, ""},
			"body":            {grant("client_id", id, "client_secret", secret), nil, 200, ""},
			"some scopes":     {grant("scope", "cert.read kind.read"), []string{id, secret}, 200, ""},
			"both ways":       {grant("client_id", id, "client_secret", secret), []string{id, secret}, 400, "invalid_request"},
			"wrong secret":    {grant(), []string{id, "x"}, 401, "invalid_client"},
			"empty secret":    {grant(), []string{id, ""}, 401, "invalid_client"},
			"unknown client":  {grant(), []string{"x", secret}, 401, "invalid_client"},
			"no credentials":  {grant(), nil, 401, "invalid_client"},
			"more scope":      {grant("scope", "audit.read"), []string{id, secret}, 400, "invalid_scope"},
			"no grant":        {url.Values{}, []string{id, secret}, 400, "invalid_request"},
			"other grant":     {url.Values{"grant_type": {"password"}}, []string{id, secret}, 400, "unsupported_grant_type"},
			"repeated member": {grant("scope", "cert.read", "scope", "cert.issue"), []string{id, secret}, 400, "invalid_request"},
		} {
			t.Run(name, func(t *testing.T) {
				r := s.raw(tc.form, tc.basic)
				s.want(r, tc.status, tc.want)
				if r.header.Get("Cache-Control") != "no-store" {
					t.Error("a token may be cached")
				}
				if tc.status == 401 && tc.basic != nil && !strings.HasPrefix(r.header.Get("WWW-Authenticate"), "Basic") {
					t.Error("a 401 to Basic does not say so")
				}
			})
		}
		s.want(s.send(http.DefaultClient, "POST", "/oauth/token", `{"grant_type":"client_credentials"}`), 400, "invalid_request")
	})
}

func (s *site) raw(form url.Values, basic []string) reply {
	header := []string{"Content-Type", "application/x-www-form-urlencoded"}
	if basic != nil {
		req := &http.Request{Header: http.Header{}}
		req.SetBasicAuth(basic[0], basic[1])
		header = append(header, "Authorization", req.Header.Get("Authorization"))
	}
	return s.send(http.DefaultClient, "POST", "/oauth/token", form.Encode(), header...)
}

func (s *site) bearer(scope string) string {
	s.t.Helper()
	form := url.Values{"grant_type": {"client_credentials"}}
	if scope != "" {
		form.Set("scope", scope)
	}
	var tok iam.Token
	r := s.raw(form, []string{s.App.ID, s.App.Secret})
	if err := json.Unmarshal([]byte(r.body), &tok); err != nil || tok.Type != "Bearer" || tok.Expires != 3600 {
		s.t.Fatalf("%d %s: %v", r.status, r.body, err)
	}
	return "Bearer " + tok.Access
}

func TestBearer(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		clock := setClock(d)
		s := newSite(t, d, iam.Options{})
		all, some := s.bearer(""), s.bearer("cert.read")
		s.want(s.send(http.DefaultClient, "GET", "/api/v1/me", "", "Authorization", all), 200, "cert.issue", s.App.ID)
		r := s.send(http.DefaultClient, "GET", "/api/v1/me", "", "Authorization", some)
		s.want(r, 200, "cert.read")
		if strings.Contains(r.body, "cert.issue") {
			t.Error("a token has more than was asked for")
		}
		s.want(s.send(http.DefaultClient, "GET", "/api/v1/orgs", "", "Authorization", some), 403, "auth.scope")
		s.want(s.send(http.DefaultClient, "GET", "/api/v1/me", "", "Authorization", all+"x"), 401, "auth.token")
		b := s.browser()
		s.signIn(b, "clerk")
		s.want(s.send(b, "GET", "/api/v1/me", "", "Authorization", "Bearer wrong"), 401) // the cookie does not help
		clock.add(time.Hour)
		s.want(s.send(http.DefaultClient, "GET", "/api/v1/me", "", "Authorization", all), 401, "auth.token")
	})
}

func TestSecretRotation(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newSite(t, d, iam.Options{})
		sec := s.Ctx(t, "security")
		before := s.bearer("")
		list, err := s.Secrets(sec, s.App.ID)
		if err != nil || len(list) != 1 {
			t.Fatalf("%v, %v", list, err)
		}
		_, next, err := s.AddSecret(sec, s.App.ID)
		if err != nil {
			t.Fatal(err)
		}
		_, _, err = s.AddSecret(sec, s.App.ID)
		wantCode(t, err, "client.secrets")
		form := url.Values{"grant_type": {"client_credentials"}}
		s.want(s.raw(form, []string{s.App.ID, next}), 200)
		s.want(s.raw(form, []string{s.App.ID, s.App.Secret}), 200) // both, for now
		if err := s.EndSecret(sec, s.App.ID, list[0].ID, "轮换"); err != nil {
			t.Fatal(err)
		}
		s.want(s.raw(form, []string{s.App.ID, s.App.Secret}), 401)
		s.want(s.raw(form, []string{s.App.ID, next}), 200)
		s.want(s.send(http.DefaultClient, "GET", "/api/v1/me", "", "Authorization", before), 401)
		if err := s.CloseClient(sec, s.App.ID, "下线"); err != nil {
			t.Fatal(err)
		}
		s.want(s.raw(form, []string{s.App.ID, next}), 401)
		_, err = s.CreateClient(sec, iam.ClientRequest{Name: "坏", Org: iamtest.Root, Scopes: []string{"audit.read", "cert.read.own"}})
		wantCode(t, err, "client.scope")
		_, err = s.CreateClient(s.Ctx(t, "system"), iam.ClientRequest{Name: "坏", Org: iamtest.Root, Scopes: []string{"cert.read"}})
		wantCode(t, err, "auth.permission")
	})
}

func TestAdministrationOverHTTP(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newSite(t, d, iam.Options{})
		system, security := s.browser(), s.browser()
		s.signIn(system, "system")
		s.signIn(security, "security")
		s.want(s.send(system, "POST", "/api/v1/orgs", `{"parent":"county","name":"青禾县档案馆","tier":"county","usscc":"x"}`), 422, `"usscc"`, "uscc？")
		s.want(s.send(system, "POST", "/api/v1/orgs", `{"id":"archive","parent":"county","name":"青禾县档案馆","tier":"county"}`), 201, `"archive"`)
		r := s.send(system, "POST", "/api/v1/accounts", `{"username":"keeper","kind":"staff","name":"样例·保管员","org":"archive"}`)
		s.want(r, 201, `"password"`, `"totp"`)
		var a iam.NewAccount
		if err := json.Unmarshal([]byte(r.body), &a); err != nil {
			t.Fatal(err)
		}
		r = s.send(system, "POST", "/api/v1/grants", `{"account":"`+a.ID+`","role":"custodian","org":"archive","reason":"任职"}`)
		s.want(r, 201, "proposed")
		var g iam.Grant
		if err := json.Unmarshal([]byte(r.body), &g); err != nil {
			t.Fatal(err)
		}
		s.want(s.send(security, "GET", "/api/v1/grants", ""), 200, g.ID)
		s.want(s.send(security, "POST", "/api/v1/grants/"+g.ID+"/actions/dance", `{"reason":"x"}`), 422, "approve")
		s.want(s.send(security, "POST", "/api/v1/grants/"+g.ID+"/actions/approve", `{"reason":"同意"}`), 204)
		s.want(s.send(system, "GET", "/api/v1/accounts?org=archive&limit=1", ""), 200, "keeper", `"cursor"`)
		s.want(s.send(security, "POST", "/api/v1/accounts/"+a.ID+"/close", `{"reason":"停用","id":"x"}`), 422, "unknown")
		s.want(s.send(security, "POST", "/api/v1/accounts/"+a.ID+"/close", `{"reason":"停用"}`), 204)
		s.want(s.send(security, "GET", "/api/v1/clients", ""), 200, "样例审批系统")
	})
}
