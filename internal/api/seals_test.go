package api_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"testing"

	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/iam/policy/policytest"
)

// tell sends a body as an actor and returns the answer, which must have a
// status.
func (s *stage) tell(t testing.TB, a *actor, method, path, body string, status int, change ...func(*http.Request)) map[string]any {
	t.Helper()
	got := s.call(t, method, path, orNil(body), append([]func(*http.Request){a.send, multi(body)}, change...)...)
	if got.status != status {
		t.Fatalf("%s %s by %s: %d, want %d: %s", method, path, a.name, got.status, status, got.brief())
	}
	var out map[string]any
	_ = json.Unmarshal(got.body, &out)
	return out
}

// multi says that a body is a form with files, if it is.
func multi(body string) func(*http.Request) {
	return func(r *http.Request) {
		if len(body) > 3 && body[:3] == "--b" {
			r.Header.Set("Content-Type", "multipart/form-data; boundary=b")
		}
	}
}

// A seal comes about, is used and ends over HTTP, each step by who may, and once.
func TestSealOverHTTP(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newStage(t, d)
		keeper, office, clerk := s.actor(t, "custodian"), s.actor(t, "sealadmin"), s.actor(t, "clerk")
		r := s.records[policytest.Own].fresh()
		id := r.draft(t).ID
		at := "/api/v1/seal-applications/" + id
		s.tell(t, keeper, "PUT", at, fmt.Sprintf(`{"custodian":%q,"reason":"新设机构"}`, keeper.id()), 200)
		s.tell(t, keeper, "POST", at+"/submit", "", 200)
		s.tell(t, keeper, "POST", at+"/submit", "", 409) // it waits for others
		s.tell(t, keeper, "PUT", at, `{"reason":"改"}`, 409)
		s.tell(t, office, "POST", at+"/review", `{"tier":"county","approve":false}`, 422) // no reason
		s.tell(t, office, "POST", at+"/review", `{"tier":"county","approve":false,"opinion":"印模不清晰"}`, 200)
		s.tell(t, keeper, "POST", at+"/submit", "", 200)
		s.tell(t, office, "POST", at+"/review", `{"tier":"county","approve":true,"opinion":"同意"}`, 200)
		s.tell(t, office, "POST", at+"/review", `{"tier":"county","approve":true,"opinion":"同意"}`, 409) // approved already
		s.tell(t, office, "POST", at+"/file", `{}`, 409)                                                // nothing is made yet
		made := s.tell(t, office, "POST", at+"/make", "", 200)
		id = made["makes"].(string)
		s.get(t, "/api/v1/seals/"+id, office.send).want(t, http.StatusOK)
		s.tell(t, keeper, "POST", "/api/v1/seals/"+id+"/policies", `{"purpose":"*","until":"`+r.value(t, "soon")+`","reason":"x"}`, 409) // not filed
		s.tell(t, office, "POST", at+"/file", `{"reason":"备案"}`, 200)
		s.tell(t, office, "POST", at+"/make", "", 409)

		// Nothing is stamped that nobody allowed; what is allowed is stamped once.
		seal := "/api/v1/seals/" + id
		stamp := parts(map[string]string{"seal": id, "title": "样例通知", "purpose": "公文", "reason": "对外发布", "places": `[{"page":1,"x":50,"y":50}]`}, "a.ofd", r.document(t))
		s.tell(t, clerk, "POST", "/api/v1/stamp", stamp, 403)
		s.tell(t, keeper, "POST", seal+"/rules", `{"purpose":"公文","asker":"*","levels":["custodian"],"max":10,"until":"`+r.value(t, "soon")+`","reason":"印章管理制度"}`, 201)
		s.tell(t, clerk, "POST", "/api/v1/stamp", stamp, 403) // each document is asked for
		asked := s.tell(t, clerk, "POST", "/api/v1/sealing-requests", r.asking(t, id), 201)
		step := asked["steps"].([]any)[0].(map[string]any)["id"].(string)
		approve := func(seen, code string, status int) {
			t.Helper()
			s.tell(t, keeper, "POST", "/api/v1/sealing-steps/"+step+"/approval", fmt.Sprintf(`{"seen":%q,"code":%q}`, seen, code), status)
		}
		seen := asked["base"].(string)
		approve(fmt.Sprintf("%064d", 0), s.nextCode(keeper), 409) // of another document
		approve(seen, "", 403)
		approve(seen, "000000", 403)
		once := s.nextCode(keeper)
		approve(seen, once, 200)
		approve(seen, once, 409)
		approve(seen, s.nextCode(keeper), 409)
		got := s.get(t, "/api/v1/sealing-requests/"+asked["id"].(string)+"/file", clerk.send)
		got.want(t, http.StatusOK)
		if uses := s.tell(t, keeper, "GET", seal+"/uses", "", 200)["items"].([]any); len(uses) != 1 {
			t.Errorf("%d uses of one approval", len(uses))
		}
		body, kind := upload(t, "file", "a.ofd", got.body)
		if v := s.call(t, http.MethodPost, "/api/v1/verify", body, kind); v.status != http.StatusOK || v.json(t)["verdict"] != "valid" {
			t.Errorf("the document: %d %.300s", v.status, v.body)
		}

		s.tell(t, keeper, "POST", seal+"/freeze", `{"reason":"疑似失控"}`, 200)
		s.tell(t, clerk, "POST", "/api/v1/sealing-requests", r.asking(t, id), 409)
		s.tell(t, keeper, "POST", seal+"/thaw", `{"reason":"反悔"}`, 403)
		s.tell(t, office, "POST", seal+"/thaw", `{"reason":"核实无误"}`, 200)
		s.tell(t, office, "POST", seal+"/cancel", `{"reason":"单位撤销"}`, 200)
		s.tell(t, office, "POST", seal+"/thaw", `{"reason":"反悔"}`, 409)
		s.tell(t, clerk, "POST", "/api/v1/sealing-requests", r.asking(t, id), 409)
		// The routes by which a program once made and changed seals are gone.
		for _, path := range []string{"/api/v1/seals", seal + "/state"} {
			if got := s.call(t, http.MethodPost, path, []byte(`{"state":"effective","reason":"x"}`), s.actor(t, "program").send); got.status != http.StatusNotFound && got.status != http.StatusMethodNotAllowed {
				t.Errorf("%s: %d", path, got.status)
			}
		}
	})
}
