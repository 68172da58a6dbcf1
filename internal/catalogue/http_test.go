package catalogue_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"

	"sidian/internal/catalogue"
	"sidian/internal/catalogue/cataloguetest"
	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/httpx"
)

// known identifies everyone who sends a header.
type known struct{}

func (known) Identify(r *http.Request) (context.Context, httpx.Caller, error) {
	return r.Context(), httpx.Caller{ID: r.Header.Get("X-Test-Caller")}, nil
}

func (known) Permit(context.Context, []string) error { return nil }

func TestRoutes(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := cataloguetest.New(t, d, "approval", "birth", "marriage")
		r := httpx.New(httpx.Options{Authorizer: known{}})
		s.Routes(r)
		if err := r.Err(); err != nil {
			t.Fatal(err)
		}
		get := func(path, caller string, into any) int {
			req := httptest.NewRequest("GET", path, nil)
			req.Header.Set("X-Test-Caller", caller)
			w := httptest.NewRecorder()
			r.ServeHTTP(w, req)
			if err := json.Unmarshal(w.Body.Bytes(), into); err != nil {
				t.Fatalf("%s: %v: %s", path, err, w.Body)
			}
			return w.Code
		}
		var page struct {
			Items []catalogue.KindView
			Next  string
		}
		if code := get("/api/v1/kinds?limit=2", "somebody", &page); code != 200 || len(page.Items) != 2 || page.Next != "birth" {
			t.Fatalf("first page: %d %+v", code, page)
		}
		next := page.Next
		page.Items, page.Next = nil, ""
		if code := get("/api/v1/kinds?limit=2&cursor="+next, "somebody", &page); code != 200 || len(page.Items) != 1 || page.Next != "" {
			t.Fatalf("last page: %d %+v", code, page)
		}
		var k catalogue.KindView
		if code := get("/api/v1/kinds/111000000000131433001", "somebody", &k); code != 200 || k.Name != "marriage" ||
			k.Holders.Category != "1" || len(k.Holders.Roles) != 2 || k.Fields[0].Key != "jhzzh" || k.Validity.Rule != "none" {
			t.Fatalf("by code: %d %+v", code, k)
		}
		var problem struct{ Code, Detail, Hint string }
		if code := get("/api/v1/kinds/nothing", "somebody", &problem); code != 404 || problem.Code != "catalogue.kind" || problem.Hint == "" {
			t.Fatalf("unknown: %d %+v", code, problem)
		}
		if code := get("/api/v1/kinds", "", &problem); code != 401 {
			t.Fatalf("a stranger: %d", code)
		}
	})
}
