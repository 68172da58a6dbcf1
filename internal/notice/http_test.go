package notice_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/httpx"
	"sidian/internal/iam/iamtest"
	"sidian/internal/notice"
)

// Two people read their inboxes over HTTP; nobody else can.
func TestHTTP(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := newOffice(t, d)
		r := httpx.New(httpx.Options{Title: "test", Authorizer: o.County})
		o.Service.Routes(r)
		must(t, r.Err())
		srv := httptest.NewServer(r)
		t.Cleanup(srv.Close)
		call := func(who, method, path string, want int) string {
			t.Helper()
			req, err := http.NewRequestWithContext(t.Context(), method, srv.URL+path, nil)
			must(t, err)
			if who != "" {
				req.Header.Set(iamtest.Acting, who)
			}
			resp, err := srv.Client().Do(req)
			must(t, err)
			defer resp.Body.Close()
			b, err := io.ReadAll(resp.Body)
			must(t, err)
			if resp.StatusCode != want {
				t.Errorf("%s %s by %q: %d %s, want %d", method, path, who, resp.StatusCode, b, want)
			}
			return strings.TrimSpace(string(b))
		}
		o.tell(notice.Notice{Permission: permission, Org: iamtest.Market, Title: "印章已冻结", Link: "/seals/1"})
		var page notice.Page
		body := call("issuer", "GET", "/api/v1/notices", 200)
		must(t, json.Unmarshal([]byte(body), &page))
		if len(page.Items) != 1 || page.Items[0].Title != "印章已冻结" || strings.Contains(body, "read_at") || strings.Contains(body, "account") {
			t.Fatalf("%s", body)
		}
		id := page.Items[0].ID
		if got := call("issuer", "GET", "/api/v1/notices/unread", 200); got != `{"unread":1}` {
			t.Error(got)
		}
		call("", "GET", "/api/v1/notices", 401)
		call("", "POST", "/api/v1/notices/"+id+"/read", 401)
		call("outsider", "POST", "/api/v1/notices/"+id+"/read", 404)
		call("issuer", "POST", "/api/v1/notices/none/read", 404)
		call("issuer", "GET", "/api/v1/notices?cursor=x", 422)
		call("issuer", "GET", "/api/v1/notices?limit=1000", 422)
		call("issuer", "POST", "/api/v1/notices/"+id+"/read", 204)
		call("issuer", "POST", "/api/v1/notices/"+id+"/read", 204)
		call("issuer", "POST", "/api/v1/notices/read", 204)
		if got := call("issuer", "GET", "/api/v1/notices/unread", 200); got != `{"unread":0}` {
			t.Error(got)
		}
		if got := call("outsider", "GET", "/api/v1/notices", 200); got != `{"items":[]}` {
			t.Error(got)
		}
	})
}
