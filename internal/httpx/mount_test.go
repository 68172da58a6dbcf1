package httpx_test

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sidian/internal/httpx"
)

func TestMountRefuses(t *testing.T) {
	t.Parallel()
	type body struct {
		Name string `json:"name"`
	}
	ok := func(context.Context, struct{}) (httpx.Empty, error) { return httpx.Empty{}, nil }
	for name, tc := range map[string]struct {
		mount func(*httpx.Router)
		want  string
	}{
		"no need":     {func(r *httpx.Router) { httpx.Handle(r, "GET /x", httpx.Need{}, ok) }, "who may call"},
		"empty needs": {func(r *httpx.Router) { httpx.Handle(r, "GET /x", httpx.Needs(), ok) }, "who may call"},
		"no method":   {func(r *httpx.Router) { httpx.Handle(r, "/x", httpx.Public(), ok) }, "METHOD /path"},
		"twice": {func(r *httpx.Router) {
			httpx.Handle(r, "GET /x", httpx.Public(), ok)
			httpx.Handle(r, "GET /x", httpx.Public(), ok)
		}, "GET /x"},
		"body of a GET": {func(r *httpx.Router) {
			httpx.Handle(r, "GET /x", httpx.Public(), func(context.Context, body) (httpx.Empty, error) { return httpx.Empty{}, nil })
		}, "has no body"},
		"not a struct": {func(r *httpx.Router) {
			httpx.Handle(r, "GET /x", httpx.Public(), func(context.Context, string) (httpx.Empty, error) { return httpx.Empty{}, nil })
		}, "not a struct"},
		"parameter without a text": {func(r *httpx.Router) {
			type odd struct {
				C []int `query:"c"`
			}
			httpx.Handle(r, "GET /x", httpx.Public(), func(context.Context, odd) (httpx.Empty, error) { return httpx.Empty{}, nil })
		}, "cannot be read"},
		"page, no need": {func(r *httpx.Router) {
			httpx.HandlePage(r, "GET /x", httpx.Need{}, func(http.ResponseWriter, *http.Request) error { return nil })
		}, "who may call"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := httpx.New(httpx.Options{})
			tc.mount(r)
			if err := r.Err(); err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got %v, want one with %q", err, tc.want)
			}
		})
	}
}

func TestRoutesAndDocument(t *testing.T) {
	t.Parallel()
	s := newShop(t, httpx.Options{}, func(r *httpx.Router) {
		httpx.Handle(r, "POST /boxes/{box}/things", httpx.Needs("thing.make", "thing.all"), make1, httpx.Doc("物", "造物"), httpx.Status(201))
		httpx.Handle(r, "GET /me", httpx.SignedIn(), func(context.Context, struct{}) (thing, error) { return thing{}, nil })
		httpx.HandlePage(r, "GET /{$}", httpx.Public(), func(http.ResponseWriter, *http.Request) error { return nil })
	})
	want := []httpx.Route{
		{Method: "POST", Pattern: "/boxes/{box}/things", Need: "thing.make|thing.all", Request: "httpx_test.makeThing", Response: "httpx_test.thing", Permissions: []string{"thing.make", "thing.all"}},
		{Method: "GET", Pattern: "/me", Need: "signed-in", Request: "struct", Response: "httpx_test.thing"},
		{Method: "GET", Pattern: "/{$}", Need: "public", Request: "page", Response: "page", Page: true, Public: true},
	}
	if diff := cmp.Diff(want, s.Routes()); diff != "" {
		t.Error(diff)
	}
	b, err := s.OpenAPI()
	if err != nil {
		t.Fatal(err)
	}
	var doc struct {
		OpenAPI string
		Paths   map[string]map[string]struct {
			OperationID string
			Parameters  []struct{ Name, In string }
			Need        string `json:"x-need"`
			Responses   map[string]any
		}
		Components struct {
			Schemas map[string]struct{ Properties map[string]any }
		}
	}
	if err := json.Unmarshal(b, &doc); err != nil {
		t.Fatal(err)
	}
	op := doc.Paths["/boxes/{box}/things"]["post"]
	if doc.OpenAPI != "3.1.0" || op.OperationID != "post-boxes-box-things" || op.Need != "thing.make|thing.all" || len(op.Parameters) != 5 || op.Responses["201"] == nil || op.Responses["default"] == nil {
		t.Errorf("%+v in %s", op, b)
	}
	schema := doc.Components.Schemas["Httpx_testMakeThing"].Properties
	if schema["name"] == nil || schema["Box"] != nil || schema["Limit"] != nil {
		t.Errorf("the body's schema has %v", schema)
	}
	if _, page := doc.Paths["/"]; page {
		t.Error("a page stands in the API's document")
	}
}
