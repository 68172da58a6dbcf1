package cert_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"sidian/internal/cert/certtest"
	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/httpx"
	"sidian/internal/iam"
	"sidian/internal/keys"
	"sidian/internal/pki/pkitest"
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

func TestRoutes(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := certtest.New(t, d, "physician")
		c, holder := w.Issue(t, "physician"), certtest.Example(t, "physician").Holders[0]
		box, err := w.Keys.BoxFor(t.Context(), keys.Session)
		must(t, err)
		r := httpx.New(httpx.Options{Idempotency: &httpx.Idempotency{DB: d, Box: box}, Authorizer: acting{
			"clerk": w.Hire(t, "clerk", "clerk", sealtest.Market),
			"land":  w.Hire(t, "land", "clerk", sealtest.Land),
			"above": w.Hire(t, "above", "reviewer", pkitest.Root),
			"app":   w.Client,
		}})
		w.Cert.Routes(r)
		must(t, r.Err())
		call := func(who, method, path, body string) *httptest.ResponseRecorder {
			req := httptest.NewRequest(method, path, strings.NewReader(body))
			req.Header.Set("Acting", who)
			req.Header.Set("Content-Type", "application/json")
			req.Header.Set("Idempotency-Key", "one")
			rec := httptest.NewRecorder()
			r.ServeHTTP(rec, req)
			if got := rec.Header().Get("Cache-Control"); strings.Contains(rec.Body.String(), holder.ID) && !strings.Contains(got, "no-store") {
				t.Errorf("%s %s may be kept: %q", method, path, got)
			}
			return rec
		}
		path := "/api/v1/certificates/" + c.ID
		const good = `{"keys": ["sfzjh", "holder"], "purpose": "issue", "reason": "核对申请材料"}`
		for name, tc := range map[string]struct {
			who, method, path, body string
			status                  int
			shows                   bool // the number of the holder
		}{
			"reveal":                           {"clerk", "POST", path + "/reveal", good, 200, true},
			"reveal to nobody":                 {"", "POST", path + "/reveal", good, 401, false},
			"reveal to another unit":           {"land", "POST", path + "/reveal", good, 403, false},
			"reveal to a program":              {"app", "POST", path + "/reveal", good, 403, false},
			"reveal another in the body":       {"clerk", "POST", path + "/reveal", strings.Replace(good, "{", `{"id": "x", `, 1), 422, false},
			"reveal as somebody else":          {"clerk", "POST", path + "/reveal", strings.Replace(good, "{", `{"account": "x", `, 1), 422, false},
			"reveal for no purpose":            {"clerk", "POST", path + "/reveal", `{"keys": ["sfzjh"], "reason": "核对申请材料"}`, 422, false},
			"reveal nothing":                   {"clerk", "POST", path + "/reveal", `{"keys": [], "purpose": "issue", "reason": "核对申请材料"}`, 422, false},
			"reveal what is not there":         {"clerk", "POST", "/api/v1/certificates/none/reveal", good, 404, false},
			"record":                           {"clerk", "GET", path, "", 200, false},
			"record, asking for more":          {"clerk", "GET", path + "?reveal=1", "", 422, false},
			"file":                             {"clerk", "GET", path + "/file", "", 200, false},
			"file to another unit":             {"land", "GET", path + "/file?purpose=issue&reason=x1", "", 403, false},
			"file above, for no purpose":       {"above", "GET", path + "/file", "", 422, false},
			"file above, for a purpose":        {"above", "GET", path + "/file?purpose=issue&reason=%E6%A0%B8%E5%AF%B9", "", 200, false},
			"file above, for another's":        {"above", "GET", path + "/file?purpose=window&reason=%E6%A0%B8%E5%AF%B9", "", 403, false},
			"list of a holder, masked":         {"clerk", "POST", "/api/v1/certificates/find", `{"holder":"` + holder.ID + `"}`, 200, false},
			"list of a holder by another unit": {"land", "POST", "/api/v1/certificates/find", `{"issuer":"market","holder":"` + holder.ID + `"}`, 403, false},
		} {
			t.Run(name, func(t *testing.T) {
				rec := call(tc.who, tc.method, tc.path, tc.body)
				if rec.Code != tc.status && !(tc.status == 422 && rec.Code == 400) {
					t.Errorf("%d: %s", rec.Code, rec.Body)
				}
				if got := strings.Contains(rec.Body.String(), holder.ID); got != tc.shows {
					t.Errorf("the number of the holder: %v", got)
				}
			})
		}
		// The same key again: shown again, and written down again.
		before := len(rows(t, w, "cert/"+c.ID))
		rec := call("clerk", "POST", path+"/reveal", good)
		var got struct{ Fields []struct{ Value string } }
		must(t, json.Unmarshal(rec.Body.Bytes(), &got))
		if len(got.Fields) != 1 || got.Fields[0].Value != holder.ID || len(rows(t, w, "cert/"+c.ID)) != before+1 {
			t.Errorf("a repetition: %d, %d rows more", rec.Code, len(rows(t, w, "cert/"+c.ID))-before)
		}
	})
}
