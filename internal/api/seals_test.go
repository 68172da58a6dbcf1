package api_test

import (
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/iam"
	"sidian/internal/seal"
	"sidian/internal/seal/sealtest"
)

// A custodian's program makes a unit's seal, permits its use, freezes it and
// cancels it: all that an instance needs beside init to issue.
func TestSealOverHTTP(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newServer(t, d, "physician")
		keeper, err := s.IAM.CreateClient(s.Security, iam.ClientRequest{Name: "印章管理", Org: sealtest.Market, Scopes: []string{"seal.manage", "seal.use", "seal.read"}})
		must(t, err)
		s.signIn(t, keeper.ID, keeper.Secret)
		r := s.Request(t, sealtest.Market, seal.Special)
		body := func(name string) []byte {
			b, err := json.Marshal(map[string]any{
				"org": r.Org, "org_name": r.OrgName, "org_code": r.OrgCode, "kind": r.Kind, "name": name,
				"imprint": map[string]any{"png": r.Imprint.PNG, "width": 42, "height": 42},
			})
			must(t, err)
			return b
		}
		s.call(t, http.MethodPost, "/api/v1/seals", body("别的单位公章")).problem(t, http.StatusUnprocessableEntity, "seal.request", "name")
		a := s.call(t, http.MethodPost, "/api/v1/seals", body(r.Name))
		a.want(t, http.StatusCreated)
		made := "/api/v1/seals/" + a.json(t)["id"].(string)

		policy, err := json.Marshal(map[string]any{"app": s.App.ID, "purpose": "*", "until": d.Now().AddDate(1, 0, 0).Format(time.RFC3339), "reason": "常备用印"})
		must(t, err)
		a = s.call(t, http.MethodPost, made+"/policies", policy)
		a.want(t, http.StatusCreated)
		s.call(t, http.MethodPost, made+"/policies", []byte(`{"purpose":"*","until":"2027-01-01T00:00:00Z","reason":""}`)).want(t, http.StatusUnprocessableEntity)
		s.call(t, http.MethodDelete, "/api/v1/seal-policies/"+a.json(t)["id"].(string)+"?reason=%E5%88%B0%E6%9C%9F", nil).want(t, http.StatusNoContent)

		a = s.call(t, http.MethodPost, made+"/state", []byte(`{"state":"frozen","reason":"遗失"}`))
		a.want(t, http.StatusOK)
		if a.json(t)["state"] != "frozen" {
			t.Errorf("a frozen seal: %s", a.body)
		}
		s.call(t, http.MethodPost, made+"/policies", policy).problem(t, http.StatusConflict, "seal.frozen")
		s.call(t, http.MethodPost, made+"/state", []byte(`{"state":"cancelled","reason":"作废"}`)).want(t, http.StatusOK)
		s.call(t, http.MethodPost, made+"/state", []byte(`{"state":"effective","reason":"反悔"}`)).want(t, http.StatusConflict)

		other, err := s.IAM.CreateClient(s.Security, iam.ClientRequest{Name: "另一单位", Org: sealtest.Land, Scopes: []string{"seal.manage", "seal.use"}})
		must(t, err)
		s.signIn(t, other.ID, other.Secret)
		s.call(t, http.MethodPost, "/api/v1/seals", body(r.Name)).problem(t, http.StatusForbidden, "auth.org")
		s.call(t, http.MethodPost, made+"/policies", policy).problem(t, http.StatusForbidden, "auth.org")
	})
}
