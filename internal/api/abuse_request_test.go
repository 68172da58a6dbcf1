package api_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"sidian/internal/httpx"
	"sidian/internal/iam/policy/policytest"
)

// otherSite: no write goes through that another site's page makes a browser
// send.
func otherSite(t *testing.T, s *stage) {
	system, program := s.actor(t, "system"), s.actor(t, "program")
	bare := func(r *http.Request) { r.AddCookie(&http.Cookie{Name: "sidian", Value: system.cookie}) }
	body := []byte(`{"parent":"` + units[policytest.Own] + `","name":"样例伪造所","tier":"town"}`)
	before := unaudited(s.Counts(t))
	for name, change := range map[string][]func(*http.Request){
		"from another site":      {header("Sec-Fetch-Site", "cross-site")},
		"from a sibling":         {header("Sec-Fetch-Site", "same-site")},
		"with another origin":    {header("Origin", "https://evil.example")},
		"with no origin at all":  {},
		"with an origin of null": {header("Origin", "null")},
		"with a foreign referer": {header("Referer", "https://evil.example/x")},
		"with a like referer":    {header("Referer", "https://example.com.evil.example/")},
		"as a simple form":       {header("Content-Type", "text/plain"), header("Origin", "https://evil.example")},
		"as another host":        {header("Origin", "https://evil.example"), header("X-Forwarded-Host", "evil.example")},
	} {
		for path, method := range map[string]string{"/api/v1/orgs": http.MethodPost, "/api/v1/sessions": http.MethodDelete, "/me/sessions/end": http.MethodPost, "/console/admin/units/new": http.MethodPost} {
			got := s.call(t, method, path, body, append([]func(*http.Request){bare}, change...)...)
			if got.status != http.StatusForbidden {
				t.Errorf("%s, %s %s: %d %s", name, method, path, got.status, got.brief())
			}
		}
	}
	s.get(t, "/api/v1/me", bare).want(t, http.StatusOK) // it still stands
	if after := unaudited(s.Counts(t)); after != before {
		t.Errorf("before\n%s\nafter\n%s", before, after)
	}
	// A sign-in must not be forged either; a bearer token cannot be.
	s.call(t, http.MethodPost, "/login/session", []byte(`{"username":"x","password":"x"}`), header("Sec-Fetch-Site", "cross-site")).problem(t, http.StatusForbidden, "cross-origin")
	got := s.call(t, http.MethodPost, "/api/v1/explain", []byte(`{"permission":"cert.issue"}`), program.send, header("Sec-Fetch-Site", "cross-site"))
	got.want(t, http.StatusOK)
}

// unaudited is what a database holds, but for the audit, which tells of refusals
// too.
func unaudited(counts string) string {
	return regexp.MustCompile(`audit_entry \d+`).ReplaceAllString(counts, "")
}

// otherMethod: a method is what it is, whatever a header or a parameter says.
func otherMethod(t *testing.T, s *stage) {
	clerk := s.actor(t, "clerk")
	for _, name := range []string{"X-HTTP-Method-Override", "X-Method-Override", "X-HTTP-Method"} {
		s.get(t, "/api/v1/sessions", clerk.send, header(name, "DELETE")).want(t, http.StatusOK)
		s.get(t, "/api/v1/me", clerk.send).want(t, http.StatusOK)
	}
	s.get(t, "/api/v1/sessions?_method=DELETE", clerk.send).want(t, http.StatusUnprocessableEntity)
	s.get(t, "/api/v1/me", clerk.send).want(t, http.StatusOK)
	known := map[string][]string{}
	for _, r := range s.routes {
		known[r.Pattern] = append(known[r.Pattern], r.Method)
	}
	for _, method := range []string{"TRACE", "CONNECT", "OPTIONS", "PATCH", "BREW", "get"} {
		got := s.call(t, method, "/api/v1/sessions", nil, clerk.send)
		if got.status != http.StatusMethodNotAllowed && got.status != http.StatusNotFound {
			t.Errorf("%s: %d %s", method, got.status, got.body)
		}
	}
	// HEAD is GET without its body, and asks as much.
	s.call(t, http.MethodHead, "/api/v1/clients", nil, clerk.send).want(t, http.StatusForbidden)
	s.call(t, http.MethodHead, "/api/v1/clients", nil).want(t, http.StatusUnauthorized)
	// A path that is written otherwise leads to no other door.
	for _, path := range []string{"//api/v1/clients", "/api/v1/./clients", "/api//v1/clients", "/api/v1/clients/", "/API/v1/clients", "/api/v1/%63lients", "/api/v1/clients%2f", "/api/v1/x/../clients", "/api/v1/clients;x", "/api/v1/clients%00"} {
		if got := s.get(t, path, clerk.send); got.status == http.StatusOK {
			t.Errorf("%s: %d %s", path, got.status, got.brief())
		}
	}
}

// misshapen: what is too large, too deep or said twice is refused, and breaks
// nothing.
func misshapen(t *testing.T, s *stage) {
	system := s.actor(t, "system")
	deep := strings.Repeat(`{"a":`, 100_000) + "1" + strings.Repeat("}", 100_000)
	for name, c := range map[string]struct {
		body   string
		change func(*http.Request)
		want   []int
	}{
		"a long URL": {"", func(r *http.Request) {
			r.URL.RawQuery = strings.Repeat("x", 9000)
			r.RequestURI += "?" + r.URL.RawQuery
		}, []int{414}},
		"a large body":          {`{"name":"` + strings.Repeat("x", 2<<20) + `"}`, nil, []int{413}},
		"deep JSON":             {deep, nil, []int{400, 413, 422}},
		"deep arrays":           {strings.Repeat("[", 100_000), nil, []int{400, 413, 422}},
		"a key in another case": {`{"Parent":"` + units[policytest.Own] + `","name":"样例","tier":"town"}`, nil, []int{400, 422}},
		"two values":            {`{"parent":"x","name":"样例","tier":"town"}{}`, nil, []int{400, 422}},
		"a NUL":                 {`{"parent":"` + units[policytest.Own] + `","name":"a\u0000b","tier":"town"}`, nil, []int{400, 422}},
		"null":                  {`null`, nil, []int{400, 422}},
		"a number too large":    {`{"parent":"x","name":"样例","tier":"town","sort":1e400}`, nil, []int{400, 422}},
		"another charset":       {`{}`, header("Content-Type", "application/json; charset=utf-16"), []int{400, 415, 422}},
		"a form":                {`parent=x`, header("Content-Type", "application/x-www-form-urlencoded"), []int{400, 415, 422}},
		"XML":                   {`<a/>`, header("Content-Type", "application/xml"), []int{400, 415, 422}},
		"compressed":            {`{}`, header("Content-Encoding", "gzip"), []int{400, 415, 422}},
	} {
		t.Run(name, func(t *testing.T) {
			change := []func(*http.Request){system.send}
			if c.change != nil {
				change = append(change, c.change)
			}
			got := s.call(t, http.MethodPost, "/api/v1/orgs", []byte(c.body), change...)
			var p httpx.Problem
			if err := json.Unmarshal(got.body, &p); err != nil || !within(c.want, got.status) || !strings.ContainsFunc(p.Detail, isHan) {
				t.Errorf("%d, want %v: %.300s", got.status, c.want, got.body)
			}
		})
	}
}

func within(list []int, n int) bool {
	for _, x := range list {
		if x == n {
			return true
		}
	}
	return false
}

// smuggled are members that would say more than a request may.
var smuggled = []string{"id", "state", "org_id", "roles", "level", "admin", "created_at", "closed", "mac", "account_id", "owner", "permissions", "proposed_by", "__proto__", "is_admin", "version_id"}

// massAssignment: a member that a request does not have is refused, whatever
// the record has.
func massAssignment(t *testing.T, s *stage) {
	tried := 0
	for _, l := range apiLines() {
		method, _, _ := strings.Cut(l.name(), " ")
		if method == http.MethodGet || !strings.HasPrefix(l.body, "{") || l.about == anybody && !strings.HasPrefix(l.path(), "/login/session") || strings.Contains(l.route, "#") {
			continue
		}
		a := s.able(t, &l)
		rec := s.records[policytest.Own]
		rec.forActor(t, &l, a, policytest.Own, true)
		var sound map[string]any
		must(t, json.Unmarshal([]byte(rec.fill(t, l.body)), &sound))
		path := rec.fill(t, l.path())
		for _, name := range smuggled {
			if _, has := sound[name]; has || name == "id" && strings.HasSuffix(l.path(), "/orgs") {
				continue
			}
			sound[name] = "x"
			body, err := json.Marshal(sound)
			must(t, err)
			delete(sound, name)
			got := s.call(t, method, path, body, a.send)
			tried++
			if got.status != http.StatusUnprocessableEntity || !strings.Contains(string(got.body), `"`+name+`"`) {
				t.Errorf("%s with %q: %d %.300s", l.route, name, got.status, got.body)
			}
		}
	}
	if tried < 300 {
		t.Errorf("only %d were tried", tried)
	}
	t.Logf("%d members smuggled", tried)
}

// able is somebody who may do what a line asks, of their own unit.
func (s *stage) able(t *testing.T, l *line) *actor {
	t.Helper()
	for _, r := range s.routes {
		if r.Method+" "+r.Pattern != l.name() {
			continue
		}
		for _, a := range s.cast {
			e := s.expect(l, r, a, policytest.Own)
			if e.allowed || l.about == whole && a.known && s.gate(a, r.Permissions).allowed {
				return a
			}
		}
	}
	t.Fatalf("nobody may %s", l.route)
	return nil
}

// foreignKey: what was answered to one caller is not repeated to another.
func foreignKey(t *testing.T, s *stage) {
	system, glass := s.actor(t, "system"), s.actor(t, "glass")
	body := func(n string) []byte {
		return fmt.Appendf(nil, `{"username":"once%s","kind":"staff","name":"样例","org":"%s"}`, n, units[policytest.Own])
	}
	key := header("Idempotency-Key", "one-and-the-same-key")
	first := s.call(t, http.MethodPost, "/api/v1/accounts", body("a"), system.send, key)
	first.want(t, http.StatusCreated)
	again := s.call(t, http.MethodPost, "/api/v1/accounts", body("a"), system.send, key)
	again.want(t, http.StatusCreated)
	if again.json(t)["id"] != first.json(t)["id"] {
		t.Error("a repetition made another")
	}
	other := s.call(t, http.MethodPost, "/api/v1/accounts", body("a"), glass.send, key)
	if other.status != http.StatusConflict || strings.Contains(string(other.body), first.json(t)["id"].(string)) {
		t.Errorf("another caller with the key: %d %s", other.status, other.body)
	}
	s.call(t, http.MethodPost, "/api/v1/accounts", body("b"), glass.send, key).want(t, http.StatusCreated)
	s.call(t, http.MethodPost, "/api/v1/accounts", body("a"), s.actor(t, "clerk").send, key).problem(t, http.StatusForbidden, "auth.permission")
	s.call(t, http.MethodPost, "/api/v1/accounts", body("a"), key).problem(t, http.StatusUnauthorized, "auth.required")
}
