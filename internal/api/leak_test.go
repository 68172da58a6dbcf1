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
