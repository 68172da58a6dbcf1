package pki_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"sidian/gm"
	"sidian/internal/db/dbtest"
	"sidian/internal/httpx"
	"sidian/internal/iam"
	"sidian/internal/pki"
	"sidian/internal/pki/pkitest"
)

// fixed lets every request act as one.
type fixed struct{ ctx context.Context }

func (f fixed) Identify(r *http.Request) (context.Context, httpx.Caller, error) {
	p, ok := iam.From(f.ctx)
	if !ok {
		return r.Context(), httpx.Caller{}, nil
	}
	return iam.With(r.Context(), p), httpx.Caller{ID: "account/" + p.Account}, nil
}

func (f fixed) Permit(ctx context.Context, permissions []string) error {
	var err error
	for _, p := range permissions {
		if err = iam.Allow(ctx, p, ""); err == nil {
			return nil
		}
	}
	return err
}

func call(t testing.TB, s *pki.Service, as context.Context, method, path string, body any) (int, map[string]any) {
	t.Helper()
	r := httpx.New(httpx.Options{Title: "test", BaseURL: pkitest.BaseURL, Authorizer: fixed{as}})
	s.Routes(r)
	b, err := json.Marshal(body)
	must(t, err)
	q := httptest.NewRequest(method, path, strings.NewReader(string(b)))
	q.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	must(t, r.Err())
	r.ServeHTTP(w, q)
	var out map[string]any
	_ = json.Unmarshal(w.Body.Bytes(), &out) // a file is no JSON
	return w.Code, out
}

// The whole way over HTTP, and what others get who try it.
func TestRoutes(t *testing.T) {
	t.Parallel()
	w, c := pkitest.New(t, dbtest.New(t, "sqlite")), newCA(t, "样例签发机构")
	w.PKI.Outside.Anchors = []*gm.Certificate{c.root}
	w = reopened(t, w)
	clerk := w.Hire(t, "clerk", "clerk", pkitest.Root)
	stranger := t.Context()
	code, made := call(t, w.PKI, w.System, "POST", "/api/v1/certificate-requests", map[string]any{"use": "unit", "org": pkitest.Root, "name": unitName, "code": unitCode})
	if code != http.StatusCreated || made["state"] != "waiting" {
		t.Fatalf("%d %v", code, made)
	}
	request := "/api/v1/certificate-requests/" + made["id"].(string)
	csr, err := gm.ParseRequest([]byte(made["csr"].(string)))
	must(t, err)
	pem := string(answer(c.certify(t, csr.PublicKey, nil), c.issuing))
	for name, as := range map[string]context.Context{"stranger": stranger, "clerk": clerk, "security": w.Security} {
		for _, path := range []string{request + "/install", request + "/withdraw"} {
			if code, _ := call(t, w.PKI, as, "POST", path, map[string]any{"answer": pem, "reason": "x"}); code != http.StatusUnauthorized && code != http.StatusForbidden && code != http.StatusUnprocessableEntity {
				t.Errorf("%s %s: %d", name, path, code)
			}
		}
		if code, _ := call(t, w.PKI, as, "GET", request, nil); code != http.StatusUnauthorized && code != http.StatusForbidden {
			t.Errorf("%s reads the request: %d", name, code)
		}
	}
	code, installed := call(t, w.PKI, w.System, "POST", request+"/install", map[string]any{"answer": pem})
	if code != http.StatusOK || installed["usable"] != true || installed["key_here"] != true {
		t.Fatalf("%d %v", code, installed)
	}
	certificate := "/api/v1/digital-certificates/" + installed["id"].(string)
	if code, got := call(t, w.PKI, clerk, "GET", certificate, nil); code != http.StatusOK || got["subject"] != unitName {
		t.Errorf("a clerk of the unit: %d %v", code, got)
	}
	if code, got := call(t, w.PKI, clerk, "GET", "/api/v1/digital-certificates?org="+pkitest.Root, nil); code != http.StatusOK || len(got["items"].([]any)) != 1 {
		t.Errorf("the list: %d %v", code, got)
	}
	if code, got := call(t, w.PKI, w.System, "POST", "/api/v1/digital-certificates/check", map[string]any{"certificate": pem, "name": "别的单位"}); code != http.StatusOK || got["good"] != false {
		t.Errorf("the check: %d %v", code, got)
	}
	code, issuer := call(t, w.PKI, w.System, "POST", "/api/v1/certificate-issuers", map[string]any{
		"name": "样例", "basis": "省级政务外网电子认证服务机构", "certificate": string(c.issuing.PEM()), "reason": "x",
	})
	if code != http.StatusCreated || issuer["state"] != "proposed" {
		t.Fatalf("%d %v", code, issuer)
	}
	act := "/api/v1/certificate-issuers/" + issuer["id"].(string) + "/actions/"
	if code, _ := call(t, w.PKI, w.System, "POST", act+"allow", map[string]any{"reason": "x"}); code != http.StatusForbidden {
		t.Errorf("who proposed approves: %d", code)
	}
	if code, _ := call(t, w.PKI, w.Security, "POST", act+"allow", map[string]any{"reason": "x"}); code != http.StatusNoContent {
		t.Errorf("another approves: %d", code)
	}
	if code, got := call(t, w.PKI, w.Security, "GET", "/api/v1/certificate-issuers", nil); code != http.StatusOK || len(got["items"].([]any)) != 1 {
		t.Errorf("the issuers: %d %v", code, got)
	}
	if code, _ := call(t, w.PKI, w.System, "POST", certificate+"/end", map[string]any{"code": 5, "reason": "停用"}); code != http.StatusNoContent {
		t.Errorf("ending it: %d", code)
	}
	if code, got := call(t, w.PKI, clerk, "GET", certificate, nil); code != http.StatusOK || got["usable"] != false {
		t.Errorf("ended: %d %v", code, got)
	}
}
