package status_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"sidian/internal/db/dbtest"
	"sidian/internal/httpx"
	"sidian/internal/status"
)

func serve(t *testing.T, o *office) func(path string, header ...string) (*http.Response, string) {
	t.Helper()
	r := httpx.New(httpx.Options{Title: "test"})
	o.Routes(r)
	must(t, r.Err())
	srv := httptest.NewServer(r)
	t.Cleanup(srv.Close)
	return func(path string, header ...string) (*http.Response, string) {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, srv.URL+path, nil)
		must(t, err)
		for i := 0; i < len(header); i += 2 {
			req.Header.Set(header[i], header[i+1])
		}
		resp, err := srv.Client().Do(req)
		must(t, err)
		defer resp.Body.Close()
		b, err := io.ReadAll(resp.Body)
		must(t, err)
		return resp, string(b)
	}
}

// A stranger fetches, keeps, asks again, and is told of a change.
func TestHTTP(t *testing.T) {
	t.Parallel()
	o := newOffice(t, dbtest.New(t, "sqlite"))
	get := serve(t, o)
	o.allot(status.Seals, "a", status.Valid)
	resp, body := get("/status/v1/seals/0", "Accept", status.MediaType)
	etag := resp.Header.Get("ETag")
	if resp.StatusCode != 200 || resp.Header.Get("Content-Type") != status.MediaType || resp.Header.Get("Cache-Control") != "public, max-age=1" || etag == "" {
		t.Fatalf("%d %v", resp.StatusCode, resp.Header)
	}
	all, err := o.PublicKeys(t.Context())
	must(t, err)
	if _, err := status.ParseToken([]byte(body), all, base+"/status/v1/seals/0", o.clock.Now()); err != nil {
		t.Error(err)
	}
	if resp, body := get("/status/v1/seals/0", "If-None-Match", etag); resp.StatusCode != 304 || body != "" {
		t.Errorf("asked again: %d %s", resp.StatusCode, body)
	}
	o.clock.pass(2 * time.Second) // looked at again, and the same
	if resp, _ := get("/status/v1/seals/0", "If-None-Match", etag); resp.StatusCode != 304 {
		t.Errorf("asked again later: %d", resp.StatusCode)
	}
	o.set(status.Seals, "a", status.Suspended)
	if resp, _ := get("/status/v1/seals/0", "If-None-Match", etag); resp.StatusCode != 200 || resp.Header.Get("ETag") == etag {
		t.Errorf("after a change: %d %s", resp.StatusCode, resp.Header.Get("ETag"))
	}
	if resp, sm2 := get("/status/v1/seals/0?alg=sm2"); resp.StatusCode != 200 || sm2 == body {
		t.Errorf("with SM2: %d", resp.StatusCode)
	}

	var keys struct{ Keys []map[string]string }
	resp, body = get("/status/v1/keys")
	if err := json.Unmarshal([]byte(body), &keys); err != nil || resp.Header.Get("Content-Type") != "application/jwk-set+json" || len(keys.Keys) != 2 {
		t.Errorf("keys: %d %s %v", resp.StatusCode, body, err)
	}
	if strings.Contains(body, `"d"`) {
		t.Error("a private key is published")
	}
	var index status.Index
	_, body = get("/status/v1/seals")
	if err := json.Unmarshal([]byte(body), &index); err != nil || index.Pages != 1 || index.Size != status.PageSize || len(index.Lists) != 1 {
		t.Errorf("index: %s %v", body, err)
	}
}

func TestHTTPRefuses(t *testing.T) {
	t.Parallel()
	get := serve(t, newOffice(t, dbtest.New(t, "sqlite")))
	for path, want := range map[string]struct {
		status int
		code   string
	}{
		"/status/v1/stamps":                     {404, "status.list"},
		"/status/v1/stamps/0":                   {404, "status.list"},
		"/status/v1/seals/1":                    {404, "status.page"},
		"/status/v1/seals/-1":                   {404, "status.page"},
		"/status/v1/seals/00":                   {404, "status.page"},
		"/status/v1/seals/+0":                   {404, "status.page"},
		"/status/v1/seals/x":                    {404, "status.page"},
		"/status/v1/seals/99999999999999999999": {404, "status.page"},
		"/status/v1/seals/9223372036854775807":  {404, "status.page"},
		"/status/v1/seals/0?time=1686925000":    {404, "status.time"},
		"/status/v1/seals/0?alg=none":           {422, ""},
		"/status/v1/seals/0?alg=ES256":          {422, ""},
	} {
		resp, body := get(path)
		var p httpx.Problem
		if err := json.Unmarshal([]byte(body), &p); err != nil || resp.StatusCode != want.status || want.code != "" && p.Code != want.code {
			t.Errorf("%s: %d %s", path, resp.StatusCode, body)
		}
		if cache := resp.Header.Get("Cache-Control"); strings.Contains(cache, "public") {
			t.Errorf("%s: a refusal may be kept: %s", path, cache)
		}
	}
}
