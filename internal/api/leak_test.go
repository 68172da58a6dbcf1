package api_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"sidian/internal/auth"
	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/iam"
	"sidian/internal/iam/policy/policytest"
)

// A full story of issuing, looking, refusing, mistyping and searching leaves no
// personal datum in the log, in an answer of refusal, in the audit, in an event
// or in an address.
func TestNothingPersonalIsLeft(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newStage(t, d)
		q := exampleRequest(t)
		personal := []string{"999999198504120116", "13900139000", "赵隐私", "城关街道隐私路7号"}
		for _, h := range q.Holders {
			personal = append(personal, h.Name, h.ID)
		}
		var refusals []answer
		keep := func(a answer) answer {
			if a.status >= 400 {
				refusals = append(refusals, a)
			}
			return a
		}
		s.tellStory(t, personal, keep)
		if len(refusals) < 20 {
			t.Errorf("only %d refusals", len(refusals))
		}
		for _, a := range refusals {
			if strings.HasPrefix(a.header.Get("Content-Type"), "text/html") {
				continue // a page gives back to the reader what they filled in, and the address that they asked for
			}
			wantNone(t, fmt.Sprintf("a refusal (%d %.600s)", a.status, a.brief()), string(a.body), personal...)
			for _, values := range a.header {
				wantNone(t, "a header", strings.Join(values, " "), personal...)
			}
		}
		texts := s.Texts(t)
		for _, secret := range personal {
			for what, text := range map[string]string{"the log": s.log.String(), "audit and outbox": texts} {
				for _, form := range []string{secret, url.QueryEscape(secret), strings.Trim(fmt.Sprintf("%+q", secret), `"`)} {
					if before, _, found := strings.Cut(text, form); found {
						t.Errorf("%s has %q after %q", what, form, before[max(0, len(before)-200):])
					}
				}
			}
		}
	})
}

// tellStory lets people do their work, and mistakes that people make.
func (s *stage) tellStory(t *testing.T, personal []string, keep func(answer) answer) {
	t.Helper()
	clerk, issuer, security := s.actor(t, "clerk"), s.actor(t, "issuer"), s.actor(t, "security")
	post := func(a *actor, path string, v any) answer {
		body, err := json.Marshal(v)
		must(t, err)
		return keep(s.call(t, http.MethodPost, path, body, a.send))
	}
	q := exampleRequest(t)
	q.Issuer = units[policytest.Own]
	made := post(issuer, certificates, q)
	made.want(t, http.StatusCreated)
	id := made.json(t)["id"].(string)
	post(issuer, certificates+"/"+id+"/reveal", map[string]any{"keys": []string{"holder", "KZ_ZL"}, "purpose": "issue", "reason": "办件 2 号"}).want(t, http.StatusOK)
	s.get(t, "/console/certificates/"+id, issuer.send).want(t, http.StatusOK)
	keep(s.get(t, certificates+"/"+id+"/file", issuer.send)).want(t, http.StatusOK)
	s.get(t, "/v/"+made.json(t)["code"].(string)).want(t, http.StatusOK)
	stranger := &actor{}
	for i, secret := range personal {
		because := "办件 3 号"
		if i == 0 || i >= 4 { // a citizen number and the holders are known for what they are; a name that is nobody's here is not
			because = "为" + secret
		}
		for _, a := range []*actor{clerk, security, s.actor(t, "narrow"), stranger} {
			post(a, certificates+"/"+id+"/reveal", map[string]any{"keys": []string{secret}, "purpose": secret, "reason": because})
			post(a, "/api/v1/accounts/find", map[string]any{"citizen": secret, "name": secret, "phone": secret})
			post(a, "/api/v1/explain", map[string]any{"permission": secret, "purpose": secret, "org": secret})
			keep(s.get(t, "/api/v1/certificates/"+url.PathEscape(secret), a.send))
			keep(s.get(t, "/console/certificates/"+url.PathEscape(secret), a.send))
			keep(s.get(t, "/v/"+url.PathEscape(secret), a.send, header("Accept", "application/json")))
			post(a, certificates+"/find", map[string]any{"holder": secret})
			keep(s.get(t, "/"+url.PathEscape(secret), a.send, header("User-Agent", secret), header("Referer", "https://zz.example/"+url.PathEscape(secret))))
			keep(s.call(t, http.MethodPost, "/console", []byte("holder="+url.QueryEscape(secret)), a.send, header("Content-Type", "application/x-www-form-urlencoded")))
		}
		s.tellOfSeals(t, i, secret, keep)
		// people type who they are where a username or a password belongs
		keep(s.signInAs(t, auth.Equipped{Account: iam.Account{Username: secret}, Password: secret}, ""))
		keep(s.call(t, http.MethodPost, "/login", []byte("username="+url.QueryEscape(secret)+"&password="+url.QueryEscape(secret)), header("Content-Type", "application/x-www-form-urlencoded"), header("Sec-Fetch-Site", "same-origin"), header("Accept", "application/json")))
		keep(s.call(t, http.MethodPost, "/oauth/token", []byte("grant_type=client_credentials&client_id="+url.QueryEscape(secret)+"&client_secret=x"), header("Content-Type", "application/x-www-form-urlencoded")))
		wrong := q
		wrong.Holders = slices.Clone(q.Holders)
		wrong.Holders[0].Name, wrong.Holders[0].ID = secret, secret
		wrong.CaseNo = ""
		post(issuer, certificates, wrong)
		post(clerk, certificates, wrong)
		post(s.actor(t, "system"), "/api/v1/accounts", map[string]any{"username": secret, "kind": "staff", "name": secret, "phone": secret, "citizen": secret, "org": secret})
	}
}

// tellOfSeals tells the same of whoever applies for seals, asks for them, and
// signs; and mistypes it.
func (s *stage) tellOfSeals(t *testing.T, i int, secret string, keep func(answer) answer) {
	t.Helper()
	r := s.records[policytest.Own]
	clerk, keeper := s.actor(t, "clerk"), s.actor(t, "custodian")
	post := func(a *actor, method, path, body string) {
		keep(s.call(t, method, path, []byte(body), a.send, multi(body)))
	}
	fields := map[string]string{"org_name": secret, "legal_person": secret, "handler": secret, "handler_phone": secret, "handler_citizen": secret}
	post(keeper, "POST", "/api/v1/seal-applications", textOf(t, map[string]any{"kind": "apply", "org": r.org(), "seal_kind": "name", "seal_name": secret, "fields": fields}))
	post(keeper, "PUT", "/api/v1/seal-applications/"+r.value(t, "draft"), textOf(t, map[string]any{"fields": fields}))
	task := func(signer map[string]any) string {
		return parts(map[string]string{"task": textOf(t, map[string]any{"org": r.org(), "title": "样例协议", "signers": []any{signer}})}, secret+".ofd", r.contract(t))
	}
	post(clerk, "POST", "/api/v1/signature-tasks", task(map[string]any{"name": secret, "citizen": secret, "places": []any{map[string]any{"page": 1, "x": 10, "y": 10}}}))
	post(clerk, "POST", "/api/v1/signature-tasks", task(map[string]any{"name": secret, "citizen": "999999198504120116", "places": []any{map[string]any{"page": 1, "x": 10, "y": 10}}}))
	post(clerk, "POST", "/api/v1/signature-tasks", task(map[string]any{"account": secret}))
	post(clerk, "POST", "/api/v1/signature/verify", parts(nil, secret+".ofd", []byte(secret)))
	post(clerk, "POST", "/api/v1/sealing-requests", parts(map[string]string{"title": "x", "purpose": secret, "reason": "x", "org": secret, "steps": secret}, secret+".ofd", []byte(secret)))
	for _, path := range []string{"/api/v1/seals/", "/api/v1/seal-applications/", "/api/v1/sealing-requests/", "/api/v1/signature-tasks/", "/api/v1/digital-certificates/", "/api/v1/providers/", "/api/v1/seal-uses/", "/s/sign/", "/s/pad/", "/open/seals/", "/console/seals/"} {
		keep(s.get(t, path+url.PathEscape(secret), clerk.send))
	}
	keep(s.get(t, "/api/v1/seals?text="+url.QueryEscape(secret)+"&org="+url.QueryEscape(secret), keeper.send))
	post(s.actor(t, "stranger"), "POST", "/s/pad/"+url.PathEscape(secret)+"/drawing", `{"width":1,"height":1,"strokes":[]}`)
	if i == 0 { // a number is known for what it is; words are not
		post(keeper, "POST", "/api/v1/seals/"+r.value(t, "spare")+"/freeze", textOf(t, map[string]string{"reason": "为" + secret}))
		post(keeper, "POST", "/api/v1/seal-campaigns", textOf(t, map[string]any{"title": secret, "org": r.org(), "seal_kind": "branch", "until": r.value(t, "soon"), "basis": "为" + secret}))
		post(clerk, "POST", "/api/v1/stamp", strings.Replace(r.value(t, "stamping"), "对外发布", "为"+secret, 1))
		post(clerk, "POST", "/api/v1/sealing-requests", strings.Replace(r.value(t, "asking"), "对外发布", "为"+secret, 1))
	}
}
