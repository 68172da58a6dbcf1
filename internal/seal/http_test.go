package seal_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/httpx"
	"sidian/internal/iam"
	"sidian/internal/keys"
	"sidian/internal/seal"
	"sidian/internal/seal/sealtest"
)

// acting believes the header Acting: its value is one of these contexts.
type acting map[string]context.Context

func (a acting) Identify(r *http.Request) (context.Context, httpx.Caller, error) {
	ctx, ok := a[r.Header.Get("Acting")]
	if !ok {
		return r.Context(), httpx.Caller{}, nil
	}
	p, _ := iam.From(ctx)
	return iam.With(r.Context(), p), httpx.Caller{ID: "account/" + r.Header.Get("Acting")}, nil
}

func (a acting) Permit(ctx context.Context, permissions []string) error {
	var err error
	for _, p := range permissions {
		if err = iam.Ask(ctx, iam.Question{Permission: p, Gate: true}); err == nil {
			return nil
		}
	}
	return err
}

// A life of a seal over its routes, with those who may not at each.
func TestRoutes(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := sealtest.New(t, d)
		x := w.Make(t, sealtest.Market, seal.LegalName)
		box, err := w.Keys.BoxFor(t.Context(), keys.Session)
		must(t, err)
		next := w.Hire(t, "next", "custodian", sealtest.Market)
		r := httpx.New(httpx.Options{Idempotency: &httpx.Idempotency{DB: d, Box: box}, Authorizer: acting{
			"keeper": w.Keeper, "admin": w.Admin, "clerk": w.Clerk, "next": next, "land": w.Hire(t, "land", "custodian", sealtest.Land), "app": w.Client,
		}})
		w.Seal.Routes(r)
		must(t, r.Err())
		n := 0
		call := func(who, method, path, body string, status int) map[string]any {
			t.Helper()
			req := httptest.NewRequest(method, "/api/v1/"+strings.ReplaceAll(path, "$", x.ID), strings.NewReader(body))
			req.Header.Set("Acting", who)
			req.Header.Set("Content-Type", "application/json")
			n++
			req.Header.Set("Idempotency-Key", fmt.Sprint("key-", n))
			rec := httptest.NewRecorder()
			r.ServeHTTP(rec, req)
			if rec.Code != status && !(status == 422 && rec.Code == 400) {
				t.Errorf("%s %s %s: %d, want %d: %s", who, method, path, rec.Code, status, rec.Body)
			}
			var out map[string]any
			json.Unmarshal(rec.Body.Bytes(), &out)
			return out
		}
		const reason = `{"reason":"测试"}`
		if got := call("land", "GET", "seals", "", 200); len(got["items"].([]any)) != 0 {
			t.Errorf("another unit lists %v", got)
		}
		if got := call("app", "GET", "seals?kind=legal-name&state=effective&text="+x.ID, "", 200); len(got["items"].([]any)) != 1 {
			t.Errorf("the program lists %v", got)
		}
		call("app", "GET", "seals?state=x", "", 422)
		call("", "GET", "seals", "", 401)
		call("clerk", "GET", "seals/$", "", 200)
		call("land", "GET", "seals/$", "", 403)
		if got := call("admin", "GET", "seals/$", "", 200); got["custodian"] != sealtest.Account(w.Keeper) || got["number"] != x.Number {
			t.Errorf("record %v", got)
		}
		for _, list := range []string{"uses", "rules", "policies", "handovers"} {
			call("land", "GET", "seals/$/"+list, "", 403)
			if got := call("keeper", "GET", "seals/$/"+list, "", 200); len(got["items"].([]any)) != 0 {
				t.Errorf("%s: %v", list, got)
			}
		}

		until := d.Now().AddDate(1, 0, 0).Format("2006-01-02T15:04:05Z")
		rule := `{"purpose":"公文","levels":["custodian"],"max":3,"reason":"办法","until":"` + until + `"}`
		call("clerk", "POST", "seals/$/rules", rule, 403)
		made := call("keeper", "POST", "seals/$/rules", rule, 201)
		call("keeper", "POST", "seals/$/rules", strings.Replace(rule, "3", "0", 1), 422)
		end := "seal-rules/" + fmt.Sprint(made["id"]) + "/end"
		call("next", "POST", end, reason, 403)
		call("admin", "POST", end, `{"reason":""}`, 422)
		call("admin", "POST", end+"?reason=x", `{}`, 422) // not in the address
		call("admin", "DELETE", strings.TrimSuffix(end, "/end")+"?reason=x", "", 404)
		call("admin", "POST", end, reason, 204)
		call("admin", "POST", end, reason, 404) // it has ended
		policy := `{"app":"` + w.App.ID + `","purpose":"*","reason":"办法","daily":5,"until":"` + until + `"}`
		call("admin", "POST", "seals/$/policies", policy, 403)
		made = call("keeper", "POST", "seals/$/policies", policy, 201)
		if made["daily"] != 5.0 {
			t.Errorf("policy %v", made)
		}
		end = "seal-policies/" + fmt.Sprint(made["id"]) + "/end"
		call("land", "POST", end, reason, 403)
		call("keeper", "POST", end+"?reason=x", "", 422)
		call("keeper", "POST", end, reason, 204)
		call("keeper", "POST", end, reason, 409)

		call("land", "POST", "seals/$/handovers", `{"to":"`+sealtest.Account(next)+`","reason":"轮岗"}`, 403)
		call("keeper", "POST", "seals/$/handovers", `{"to":"`+sealtest.Account(next)+`","reason":"轮岗"}`, 201)
		call("land", "POST", "seals/$/handovers/accept", "", 403)
		call("admin", "POST", "seals/$/handovers/accept", "", 403)
		call("next", "POST", "seals/$/handovers/accept", "", 200)
		call("keeper", "POST", "seals/$/handovers", `{"to":"`+sealtest.Account(w.Keeper)+`","reason":"收回"}`, 201)
		call("next", "POST", "seals/$/handovers/decline", reason, 204)

		call("next", "POST", "seals/$/freeze", `{"reason":""}`, 422)
		call("land", "POST", "seals/$/freeze", reason, 403)
		if got := call("next", "POST", "seals/$/freeze", reason, 200); got["state"] != seal.Frozen {
			t.Errorf("frozen: %v", got)
		}
		call("next", "POST", "seals/$/thaw", reason, 403)
		call("admin", "POST", "seals/$/thaw", reason, 200)
		call("next", "POST", "seals/$/lost", reason, 200)
		call("admin", "POST", "seals/$/thaw", reason, 409)
		call("next", "POST", "seals/$/cancel", reason, 403)
		if got := call("admin", "POST", "seals/$/cancel", reason, 200); got["state"] != seal.Cancelled {
			t.Errorf("cancelled: %v", got)
		}
		call("admin", "POST", "seals", `{}`, 405) // seals are made from applications
	})
}
