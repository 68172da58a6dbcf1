package auth_test

import (
	"encoding/json"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"sidian/internal/auth"
	"sidian/internal/auth/authtest"
	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/httpx"
)

// site is the county behind HTTP.
type site struct {
	*authtest.County
	*httptest.Server
	t *testing.T
}

func newSite(t *testing.T, d *db.DB, o auth.Options) *site {
	t.Helper()
	c := authtest.NewWith(t, d, o)
	r := httpx.New(httpx.Options{Title: "test", Authorizer: c.Auth, SlowPublic: httpx.Rate{PerSecond: 1000, Burst: 1000}})
	c.Routes(r)
	c.Auth.Routes(r)
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
	req.Header.Set("Origin", s.URL) // as browsers do
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
	body, err := json.Marshal(map[string]string{"username": who, "password": s.Passwords[who].Password})
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
		s := newSite(t, d, auth.Options{})
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
		s := newSite(t, d, auth.Options{})
		planted := strings.Repeat("A", 43)
		body := `{"username":"clerk","password":"` + s.Passwords["clerk"].Password + `"}`
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
		s := newSite(t, d, auth.Options{})
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
		s := newSite(t, d, auth.Options{})
		victim, thief := s.browser(), s.browser()
		s.signIn(victim, "issuer")
		s.signIn(thief, "clerk")
		var list struct{ Items []auth.Session }
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
		s := newSite(t, d, auth.Options{Idle: 10 * time.Minute, Absolute: 30 * time.Minute})
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
		s := newSite(t, d, auth.Options{})
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
