package provider_test

import (
	"bytes"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"sidian/internal/db/dbtest"
	"sidian/internal/httpx"
	"sidian/internal/iam/iamtest"
	"sidian/internal/provider"
	"sidian/internal/provider/providertest"
)

func serve(t testing.TB, w *world) *httptest.Server {
	t.Helper()
	r := httpx.New(httpx.Options{Title: "t", Version: "1", Authorizer: w.County, Log: slog.New(slog.NewTextHandler(io.Discard, nil))})
	w.S.Routes(r)
	must(t, r.Err())
	s := httptest.NewServer(r)
	t.Cleanup(s.Close)
	return s
}

func send(t testing.TB, s *httptest.Server, who, method, path string, body any) (int, []byte) {
	t.Helper()
	var b bytes.Buffer
	if body != nil {
		must(t, json.NewEncoder(&b).Encode(body))
	}
	req, err := http.NewRequestWithContext(t.Context(), method, s.URL+path, &b)
	must(t, err)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set(iamtest.Acting, who)
	resp, err := s.Client().Do(req)
	must(t, err)
	defer resp.Body.Close()
	out, err := io.ReadAll(resp.Body)
	must(t, err)
	return resp.StatusCode, out
}

func TestHTTP(t *testing.T) {
	t.Parallel()
	p := providertest.New(t, "third-a", nil)
	w := newWorld(t, dbtest.New(t, "sqlite"), nil, p)
	s := serve(t, w)
	reason := map[string]string{"reason": "已核实"}
	for _, c := range []struct {
		who, method, path string
		body              any
		want              int
	}{
		{"", "GET", "/api/v1/providers", nil, 401},
		{"clerk", "GET", "/api/v1/providers", nil, 403},
		{"clerk", "POST", "/api/v1/providers", p.Request(iamtest.Market), 403},
		{"sealadmin", "POST", "/api/v1/providers", map[string]any{"id": "x"}, 422},
		{"sealadmin", "POST", "/api/v1/providers", p.Request(iamtest.Market), 201},
		{"sealadmin", "GET", "/api/v1/providers", nil, 200},
		{"sealadmin", "GET", "/api/v1/providers/third-a", nil, 200},
		{"sealadmin", "GET", "/api/v1/providers/none", nil, 404},
		{"sealadmin", "POST", "/api/v1/providers/third-a/test", nil, 200},
		{"sealadmin", "POST", "/api/v1/providers/third-a/approve", reason, 403},
		{"second", "POST", "/api/v1/providers/third-a/approve", map[string]string{}, 422},
		{"second", "POST", "/api/v1/providers/third-a/approve", reason, 200},
		{"second", "POST", "/api/v1/providers/third-a/approve", reason, 404},
		{"foreign", "POST", "/api/v1/providers/third-a/suspend", reason, 403},
		{"second", "POST", "/api/v1/providers/third-a/suspend", reason, 200},
		{"second", "POST", "/api/v1/providers/third-a/resume", reason, 200},
		{"second", "POST", "/api/v1/providers/third-a/reject", reason, 200},
		{"second", "POST", "/api/v1/providers/third-a/remove", reason, 403},
		{"sealadmin", "POST", "/api/v1/providers/third-a/remove", reason, 200},
		{"sealadmin", "POST", "/api/v1/providers/import", provider.ImportRequest{Org: iamtest.Market, List: "a.b.c", Signer: string(p.CA.PEM()), Reason: "测试"}, 422},
		{"", "GET", "/open/v1/providers", nil, 200},
	} {
		code, body := send(t, s, c.who, c.method, c.path, c.body)
		if code != c.want && !(c.want == 422 && code == 400) {
			t.Errorf("%s %s by %q: %d %s", c.method, c.path, c.who, code, body)
		}
		if strings.Contains(string(body), "PRIVATE") {
			t.Errorf("%s tells a key", c.path)
		}
		if c.path == "/open/v1/providers" && (bytes.Contains(body, []byte("proposed_by")) || !bytes.Contains(body, []byte(`"jws"`))) {
			t.Errorf("the public list: %s", body)
		}
	}
}
