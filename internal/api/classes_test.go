package api_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"testing"

	"sidian/internal/audit"
	"sidian/internal/auth"
	"sidian/internal/cert"
	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/httpx"
	"sidian/internal/iam"
	"sidian/internal/iam/policy"
	"sidian/internal/iam/policy/policytest"
)

// classed are fields of stageKind by their class.
var classed = map[string]string{policy.Public: "KZ_SZSXQC", policy.Internal: "KZ_BDCDYH", policy.Sensitive: "KZ_ZL"}

// Every role × field of every class × purpose × second factor × unit, over
// HTTP: what is shown is what the policy says, and every look is in the audit.
func TestRevealMatrix(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newStage(t, d)
		cells, shown := 0, 0
		for _, a := range s.lookers(t) {
			for _, class := range []string{policy.Public, policy.Internal, policy.Sensitive} {
				for _, purpose := range append([]string{""}, s.reading.Purposes...) {
					for _, place := range []policytest.Place{policytest.Own, policytest.Foreign} {
						cells++
						if s.reveal(t, a, class, purpose, place) {
							shown++
						}
					}
				}
			}
		}
		if shown == 0 {
			t.Error("nobody was shown anything")
		}
		t.Logf("%d cells, %d of them shown", cells, shown)
	})
}

// A looker is an actor in a session with a second factor, or without.
type looker struct {
	*actor
	second bool
}

// lookers are the cast, and those of them who are people also in a session
// without a second factor.
func (s *stage) lookers(t *testing.T) (list []looker) {
	t.Helper()
	for _, a := range s.cast {
		list = append(list, looker{a, true})
		if a.id() == "" || !a.known || len(a.roles) != 1 {
			continue
		}
		weak := &actor{name: a.name + " without a second factor", roles: a.roles, known: true, from: a.from}
		if a.roles[0].Kind == policy.Staff {
			weak.account = s.equip(t, "weak-"+a.name, iam.Staff, units[policytest.Own], auth.EquipRequest{})
			s.grant(t, weak.id(), a.roles[0].Code, units[policytest.Own])
			weak.cookie = s.enter(t, weak.account)
			list = append(list, looker{weak, false})
		}
	}
	return list
}

// reveal asks for one field, and tells whether it is rightly shown.
func (s *stage) reveal(t *testing.T, a looker, class, purpose string, place policytest.Place) bool {
	t.Helper()
	what := fmt.Sprintf("%s, %s, for %q, %s", a.name, class, purpose, place)
	want, codes := a.may(class, purpose, place)
	id, key := s.records[place].value(t, "cert"), classed[class]
	body, err := json.Marshal(map[string]any{"keys": []string{key}, "purpose": purpose, "reason": "办件 1 号"})
	must(t, err)
	before := s.looks(t, id)
	got := s.call(t, http.MethodPost, "/api/v1/certificates/"+id+"/reveal", body, a.send)
	after := s.looks(t, id)
	if got.status == http.StatusOK {
		var r cert.Revealed
		must(t, json.Unmarshal(got.body, &r))
		if !want || len(r.Fields) != 1 || r.Fields[0].Key != key || r.Fields[0].Masked || r.Fields[0].Value == "" || len(r.Holders) != 0 {
			t.Errorf("%s: shown %s, want %v", what, got.body, want)
		}
		action := map[bool]string{true: "glass.read", false: "cert.reveal"}[a.name == policy.Glass]
		fresh := slices.DeleteFunc(after, func(e audit.Entry) bool {
			return slices.ContainsFunc(before, func(old audit.Entry) bool { return old.ID == e.ID })
		})
		if len(fresh) != 1 || fresh[0].Action != action || fresh[0].Purpose != purpose || fresh[0].Rule == "" || fresh[0].Actor.Account != a.id() || fresh[0].Actor.App != a.app {
			t.Errorf("%s: was shown, and the audit says %+v", what, fresh)
		}
		return true
	}
	var p httpx.Problem
	must(t, json.Unmarshal(got.body, &p))
	switch {
	case want:
		t.Errorf("%s: refused: %s", what, got.body)
	case !a.known && got.status == http.StatusUnauthorized:
	case got.status == http.StatusUnprocessableEntity && purpose == "" && p.Code == "cert.purpose":
	case got.status != http.StatusForbidden || !slices.Contains(codes, p.Code):
		t.Errorf("%s: %s, want one of %v", what, got.body, codes)
	}
	for _, secret := range s.foreign {
		wantNone(t, what, string(got.body), secret)
	}
	return false
}

// may is what the policy says.
func (a looker) may(class, purpose string, place policytest.Place) (bool, []string) {
	codes := []string{}
	for _, role := range a.roles {
		c := policytest.Case{Role: role, Permission: "cert.reveal", Place: place, Class: class, Purpose: purpose, Second: a.second, Strict: true, Level: 2}
		ok, why := c.Want()
		if ok {
			return true, nil
		}
		codes = append(codes, why...)
	}
	if len(a.roles) == 0 {
		codes = []string{policy.CodePermission}
	}
	return false, codes
}

// looks are the audit rows of who was shown a certificate.
func (s *stage) looks(t *testing.T, id string) (found []audit.Entry) {
	t.Helper()
	must(t, s.DB.Read(t.Context(), func(tx *db.Tx) (err error) {
		found, _, err = audit.List(tx, audit.Query{Object: "cert/" + id, Result: audit.Done, Limit: 1000})
		return err
	}))
	return slices.DeleteFunc(found, func(e audit.Entry) bool { return e.Action != "cert.reveal" && e.Action != "glass.read" })
}
