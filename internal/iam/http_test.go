package iam_test

import (
	"encoding/json"
	"net/http"
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
	r := httpx.New(httpx.Options{Title: "test", Authorizer: c, SlowPublic: httpx.Rate{PerSecond: 1000, Burst: 1000}})
	c.Routes(r)
	if err := r.Err(); err != nil {
		t.Fatal(err)
	}
	s := &site{County: c, Server: httptest.NewServer(r), t: t}
	t.Cleanup(s.Close)
	return s
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
		s.want(s.send(http.DefaultClient, "GET", "/api/v1/me", "", "Authorization", "Bearer wrong"), 401)
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
		system, security := []string{iamtest.Acting, "system"}, []string{iamtest.Acting, "security"}
		s.want(s.send(http.DefaultClient, "POST", "/api/v1/orgs", `{"parent":"county","name":"青禾县档案馆","tier":"county","usscc":"x"}`, system...), 422, `"usscc"`, "uscc？")
		s.want(s.send(http.DefaultClient, "POST", "/api/v1/orgs", `{"id":"archive","parent":"county","name":"青禾县档案馆","tier":"county"}`, system...), 201, `"archive"`)
		r := s.send(http.DefaultClient, "POST", "/api/v1/accounts", `{"username":"keeper","kind":"staff","name":"样例·保管员","org":"archive"}`, system...)
		s.want(r, 201, `"keeper"`)
		var a iam.Account
		if err := json.Unmarshal([]byte(r.body), &a); err != nil {
			t.Fatal(err)
		}
		r = s.send(http.DefaultClient, "POST", "/api/v1/grants", `{"account":"`+a.ID+`","role":"custodian","org":"archive","reason":"任职"}`, system...)
		s.want(r, 201, "proposed")
		var g iam.Grant
		if err := json.Unmarshal([]byte(r.body), &g); err != nil {
			t.Fatal(err)
		}
		s.want(s.send(http.DefaultClient, "GET", "/api/v1/grants", "", security...), 200, g.ID)
		s.want(s.send(http.DefaultClient, "POST", "/api/v1/grants/"+g.ID+"/actions/dance", `{"reason":"x"}`, security...), 422, "approve")
		s.want(s.send(http.DefaultClient, "POST", "/api/v1/grants/"+g.ID+"/actions/approve", `{"reason":"同意"}`, security...), 204)
		s.want(s.send(http.DefaultClient, "GET", "/api/v1/accounts?org=archive&limit=1", "", system...), 200, "keeper")
		s.want(s.send(http.DefaultClient, "GET", "/api/v1/accounts?limit=1", "", system...), 200, `"cursor"`)
		s.want(s.send(http.DefaultClient, "POST", "/api/v1/accounts/"+a.ID+"/close", `{"reason":"停用","id":"x"}`, security...), 422, "unknown")
		s.want(s.send(http.DefaultClient, "POST", "/api/v1/accounts/"+a.ID+"/close", `{"reason":"停用"}`, security...), 409, "account.holds", "印章保管员")
		s.want(s.send(http.DefaultClient, "POST", "/api/v1/grants/"+g.ID+"/actions/revoke", `{"reason":"离岗"}`, security...), 204)
		s.want(s.send(http.DefaultClient, "POST", "/api/v1/accounts/"+a.ID+"/close", `{"reason":"停用"}`, security...), 204)
		s.want(s.send(http.DefaultClient, "GET", "/api/v1/clients", "", security...), 200, "样例审批系统")
	})
}
