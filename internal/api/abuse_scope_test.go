package api_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"sidian/internal/auth"
	"sidian/internal/iam"
	"sidian/internal/iam/policy/policytest"
)

// foreignFilters: no list shows what is of another unit, whatever it is asked
// to be narrowed to.
func foreignFilters(t *testing.T, s *stage) {
	other := s.records[policytest.Foreign]
	land := units[policytest.Foreign]
	for _, c := range []struct{ who, path, hidden string }{
		{"clerk", "/api/v1/certificates", other.value(t, "cert")},
		{"clerk", "/api/v1/certificates?number=" + url.QueryEscape(s.foreign[0]), other.value(t, "cert")},
		{"custodian", "/api/v1/seals", other.value(t, "seal")},
		{"system", "/api/v1/orgs", other.value(t, "branch")},
		{"system", "/api/v1/orgs?text=" + url.QueryEscape("样例所"), other.value(t, "branch")},
		{"system", "/api/v1/accounts", other.value(t, "account")},
		{"system", "/api/v1/accounts?username=made", other.value(t, "account")},
		{"system", "/api/v1/accounts?below=true&limit=200", other.value(t, "account")},
		{"system", "/api/v1/grants", other.value(t, "grant")},
		{"system", "/api/v1/grants?account=" + other.value(t, "account"), other.value(t, "grant")},
		{"security", "/api/v1/grants?role=clerk", other.value(t, "grant")},
		{"security", "/api/v1/clients", other.value(t, "client")},
		{"security", "/api/v1/clients?text=" + url.QueryEscape("样例应用"), other.value(t, "client")},
		{"security", "/api/v1/sessions/others?limit=200", other.value(t, "session")},
		{"security", "/api/v1/glasses", other.value(t, "glass")},
		{"security", "/api/v1/alarms", other.value(t, "alarm")},
		{"audit", "/api/v1/audit?limit=500", other.value(t, "entry")},
		{"audit", "/api/v1/audit?account=somebody", other.value(t, "entry")},
		{"audit", "/api/v1/audit/people/somebody", other.value(t, "entry")},
		{"system", "/api/v1/units-without/contact?limit=200", other.value(t, "branch")},
		{"clerk", "/console?number=" + url.QueryEscape(s.foreign[0]), other.value(t, "cert")},
		{"system", "/console/admin/people", other.value(t, "account")},
		{"system", "/console/admin/units", other.value(t, "branch")},
		{"system", "/console/admin/grants", other.value(t, "grant")},
		{"security", "/console/admin/clients", other.value(t, "client")},
		{"security", "/console/admin/sessions", other.value(t, "session")},
		{"security", "/console/admin/glasses", other.value(t, "glass")},
		{"security", "/console/alarms", other.value(t, "alarm")},
		{"audit", "/console/audit", other.value(t, "entry")},
	} {
		got := s.get(t, c.path, s.actor(t, c.who).send)
		got.want(t, http.StatusOK)
		if strings.Contains(string(got.body), c.hidden) {
			t.Errorf("%s sees another unit's at %s", c.who, c.path)
		}
	}
	for _, c := range []struct{ who, path string }{
		{"clerk", "/api/v1/certificates?issuer=" + land}, {"system", "/api/v1/orgs?parent=" + land}, {"system", "/api/v1/orgs?text=x&parent=" + land},
		{"system", "/api/v1/accounts?org=" + land}, {"system", "/api/v1/accounts?below=true&org=" + land}, {"security", "/api/v1/grants?org=" + land}, {"security", "/api/v1/clients?org=" + land},
		{"audit", "/api/v1/audit?org=" + land}, {"audit", "/api/v1/audit?org=-"}, {"clerk", "/api/v1/due?view=all&org=" + land}, {"system", "/api/v1/orgs?parent=county"},
	} {
		got := s.get(t, c.path, s.actor(t, c.who).send)
		got.problem(t, http.StatusForbidden, "auth.org")
	}
	for _, name := range []string{"没有这个人", "样例"} {
		got := s.call(t, http.MethodPost, "/api/v1/accounts/find", fmt.Appendf(nil, `{"name":%q,"limit":200}`, name), s.actor(t, "system").send)
		got.want(t, http.StatusOK)
		if strings.Contains(string(got.body), other.value(t, "account")) {
			t.Error("a search finds another unit's people")
		}
	}
	got := s.call(t, http.MethodPost, "/api/v1/certificates/find", fmt.Appendf(nil, `{"holder":%q}`, exampleRequest(t).Holders[0].ID), s.actor(t, "clerk").send)
	got.want(t, http.StatusOK)
	if strings.Contains(string(got.body), other.value(t, "cert")) {
		t.Error("a search finds another unit's certificate")
	}
}

// wideningScope: a program has what it was given, and cannot give itself more.
func wideningScope(t *testing.T, s *stage) {
	security := s.actor(t, "security")
	made := s.call(t, http.MethodPost, "/api/v1/clients", fmt.Appendf(nil, `{"name":"样例窄","org":%q,"scopes":["cert.read","kind.read"]}`, units[policytest.Own]), security.send)
	made.want(t, http.StatusCreated)
	id, secret := made.json(t)["client_id"].(string), made.json(t)["client_secret"].(string)
	token := func(secret string, more url.Values) answer {
		form := url.Values{"grant_type": {"client_credentials"}, "client_id": {id}, "client_secret": {secret}}
		for k, v := range more {
			form[k] = v
		}
		return s.call(t, http.MethodPost, "/oauth/token", []byte(form.Encode()), header("Content-Type", "application/x-www-form-urlencoded"))
	}
	for name, more := range map[string]url.Values{
		"a scope beyond":      {"scope": {"cert.read cert.issue"}},
		"an administrator's":  {"scope": {"client.manage"}},
		"an unknown scope":    {"scope": {"*"}},
		"a scope said twice":  {"scope": {"cert.read", "cert.issue"}},
		"another grant":       {"grant_type": {"password"}, "username": {"cast-clerk"}, "password": {"x"}},
		"a grant said twice":  {"grant_type": {"client_credentials", "password"}},
		"a client said twice": {"client_id": {id, s.App.ID}},
	} {
		if got := token(secret, more); got.status != http.StatusBadRequest && got.status != http.StatusUnauthorized || strings.Contains(string(got.body), "access_token") {
			t.Errorf("%s: %d %s", name, got.status, got.body)
		}
	}
	if got := token(secret+"x", nil); got.status != http.StatusUnauthorized {
		t.Errorf("a wrong secret: %d", got.status)
	}
	granted := token(secret, url.Values{"scope": {"kind.read"}})
	granted.want(t, http.StatusOK)
	narrow := &actor{bearer: granted.json(t)["access_token"].(string)}
	s.get(t, "/api/v1/certificates", narrow.send).problem(t, http.StatusForbidden, "auth.scope")
	for _, l := range allLines() { // a program is no administrator, of itself neither
		if !strings.HasPrefix(l.path(), "/api/v1/clients") && !strings.HasPrefix(l.path(), "/api/v1/grants") && !strings.HasPrefix(l.path(), "/api/v1/policies") {
			continue
		}
		method, _, _ := strings.Cut(l.name(), " ")
		path := strings.ReplaceAll(l.path(), "${client}", id)
		rec := s.records[policytest.Own]
		for _, who := range []*actor{narrow, s.actor(t, "program")} {
			if got := s.call(t, method, rec.fill(t, path), orNil(rec.fill(t, l.body)), who.send); got.status != http.StatusForbidden {
				t.Errorf("a program at %s: %d", l.route, got.status)
			}
		}
	}
	for name, body := range map[string]string{
		"a scope of administrators": `{"scopes":["client.manage"],` + because + `}`,
		"an unknown scope":          `{"scopes":["cert.read","nothing"],` + because + `}`,
		"every unit":                `{"orgs":["county"],` + because + `}`,
		"another unit":              `{"orgs":["` + units[policytest.Foreign] + `"],` + because + `}`,
	} {
		got := s.call(t, http.MethodPatch, "/api/v1/clients/"+id, []byte(body), security.send)
		if got.status != http.StatusUnprocessableEntity && got.status != http.StatusForbidden {
			t.Errorf("a program was given %s: %d %s", name, got.status, got.body)
		}
	}
	// What it loses is lost to its tokens as well.
	wide := token(secret, nil)
	wide.want(t, http.StatusOK)
	held := &actor{bearer: wide.json(t)["access_token"].(string)}
	s.get(t, "/api/v1/certificates", held.send).want(t, http.StatusOK)
	s.call(t, http.MethodPatch, "/api/v1/clients/"+id, []byte(`{"scopes":["kind.read"],`+because+`}`), security.send).want(t, http.StatusOK)
	s.get(t, "/api/v1/certificates", held.send).want(t, http.StatusForbidden)
	s.call(t, http.MethodPost, "/api/v1/clients/"+id+"/close", []byte("{"+because+"}"), security.send)
	s.get(t, "/api/v1/me", held.send).want(t, http.StatusUnauthorized)
}

// otherAdministrators: each of the three (三员) at every route that is another's
// alone, also for the whole county.
func otherAdministrators(t *testing.T, s *stage) {
	tried := 0
	for _, role := range []string{"system", "security", "audit"} {
		chief := s.chief(t, role)
		for _, l := range allLines() {
			for _, r := range s.routes {
				if r.Method+" "+r.Pattern != l.name() || len(r.Permissions) == 0 || s.gate(chief, r.Permissions).allowed {
					continue
				}
				tried++
				rec := s.records[policytest.Own]
				rec.forActor(t, &l, chief, policytest.Own, false)
				got := s.call(t, r.Method, rec.fill(t, l.path()), orNil(rec.fill(t, l.body)), chief.send, form(r, l.body))
				if got.status != http.StatusForbidden {
					t.Errorf("%s at %s: %d %s", role, l.route, got.status, got.brief())
				}
			}
		}
	}
	if tried < 100 {
		t.Errorf("only %d were tried", tried)
	}
}

// chief is an administrator of the whole county, signed in.
func (s *stage) chief(t *testing.T, role string) *actor {
	t.Helper()
	ctx := s.Hire(t, "chief-"+role+s.records[policytest.Own].value(t, "number"), role, "county")
	p, _ := iam.From(ctx)
	e, err := s.Auth.Equip(s.root["system"], p.Account, auth.EquipRequest{})
	must(t, err)
	a := &actor{name: "chief " + role, roles: []policytest.Role{s.role(t, role)}, account: e, known: true, from: "198.51.100.7:1"}
	s.admit(t, a)
	return a
}

// ownApproval: nobody decides on what they proposed, or on what is for
// themselves; and no account becomes two administrators.
func ownApproval(t *testing.T, s *stage) {
	system, security := s.chief(t, "system"), s.chief(t, "security")
	post := func(a *actor, path, body string) answer {
		return s.call(t, http.MethodPost, path, []byte(body), a.send)
	}
	propose := func(account, role string) answer {
		return post(system, "/api/v1/grants", fmt.Sprintf(`{"account":%q,"role":%q,"org":%q,%s}`, account, role, units[policytest.Own], because))
	}
	propose(system.id(), "clerk").problem(t, http.StatusForbidden, "grant.self")
	propose(security.id(), "system").problem(t, http.StatusConflict, "grant.separation")
	propose(security.id(), "clerk").problem(t, http.StatusConflict, "grant.separation")
	propose(security.id(), "glass").want(t, http.StatusUnprocessableEntity)
	propose(s.actor(t, "clerk").id(), "holder").want(t, http.StatusUnprocessableEntity)
	propose(s.actor(t, "clerk").id(), "audit").problem(t, http.StatusConflict, "grant.separation")
	waiting := propose(s.records[policytest.Own].fresh().value(t, "account"), "clerk")
	waiting.want(t, http.StatusCreated)
	grant := "/api/v1/grants/" + waiting.json(t)["id"].(string) + "/actions/"
	post(system, grant+"approve", "{"+because+"}").problem(t, http.StatusForbidden, "auth.permission")
	more := propose(security.id(), "security")
	if more.status == http.StatusCreated { // for the same role in another unit: it is theirs to refuse, not to approve
		own := "/api/v1/grants/" + more.json(t)["id"].(string) + "/actions/approve"
		post(security, own, "{"+because+"}").problem(t, http.StatusForbidden, "grant.self")
		if s.refusals(t, security, time.Time{}) == 0 {
			t.Error("approving one's own is not in the audit")
		}
	} else {
		t.Errorf("proposing: %s", more.body)
	}
	post(security, grant+"approve", "{"+because+"}").want(t, http.StatusNoContent)
	post(security, grant+"approve", "{"+because+"}").problem(t, http.StatusConflict, "grant.state")
	post(security, grant+"nothing", "{"+because+"}").want(t, http.StatusUnprocessableEntity)
	opened := post(system, "/api/v1/glasses", fmt.Sprintf(`{"org":%q,"object":"cert/x","reason":"测试中的应急查阅，事由至少十个字"}`, units[policytest.Own]))
	opened.want(t, http.StatusCreated)
	glass := "/api/v1/glasses/" + opened.json(t)["id"].(string)
	post(system, glass+"/review", `{"verdict":"proper","note":"自己复核"}`).want(t, http.StatusForbidden)
	post(security, glass+"/review", `{"verdict":"proper","note":"复核"}`).want(t, http.StatusNoContent)
	var me struct{ Permissions []string }
	must(t, json.Unmarshal(s.get(t, "/api/v1/me", security.send).body, &me))
	if slices.Contains(me.Permissions, "grant.propose") || slices.Contains(me.Permissions, "audit.read") {
		t.Errorf("security may %v", me.Permissions)
	}
}
