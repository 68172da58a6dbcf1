package api_test

import (
	"bytes"
	"encoding/json"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
)

// An answer is what came back.
type answer struct {
	status int
	header http.Header
	body   []byte
}

func (a answer) want(t testing.TB, status int) {
	t.Helper()
	if a.status != status {
		t.Fatalf("status %d, want %d: %.600s", a.status, status, a.body)
	}
}

func (a answer) json(t testing.TB) map[string]any {
	t.Helper()
	var v map[string]any
	must(t, json.Unmarshal(a.body, &v))
	return v
}

// problem wants an RFC 9457 problem with a code and a way out, that names the
// fields.
func (a answer) problem(t testing.TB, status int, code string, fields ...string) {
	t.Helper()
	a.want(t, status)
	var p struct {
		Title, Detail, Code, Hint string
		Status                    int
		Errors                    []struct{ Field, Message, Code string }
	}
	if a.header.Get("Content-Type") != "application/problem+json" {
		t.Errorf("a problem as %s", a.header.Get("Content-Type"))
	}
	must(t, json.Unmarshal(a.body, &p))
	if p.Code != code || p.Status != status || p.Title == "" || p.Detail == "" || p.Hint == "" {
		t.Errorf("problem %s, want %s", a.body, code)
	}
	for _, f := range fields {
		if !slices.ContainsFunc(p.Errors, func(e struct{ Field, Message, Code string }) bool {
			return e.Field == f && e.Message != "" && e.Code != ""
		}) {
			t.Errorf("errors %+v do not name %s", p.Errors, f)
		}
	}
}

// call sends a request as the program does; change may alter it.
func (s *server) call(t testing.TB, method, path string, body []byte, change ...func(*http.Request)) answer {
	t.Helper()
	r := httptest.NewRequest(method, path, bytes.NewReader(body))
	if s.token != "" {
		r.Header.Set("Authorization", "Bearer "+s.token)
	}
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	for _, f := range change {
		f(r)
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	res := w.Result()
	b, err := io.ReadAll(res.Body)
	must(t, err)
	return answer{res.StatusCode, res.Header, b}
}

func (s *server) get(t testing.TB, path string, change ...func(*http.Request)) answer {
	t.Helper()
	return s.call(t, http.MethodGet, path, nil, change...)
}

func header(name, value string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set(name, value) }
}

// signIn fetches a token for a client.
func (s *server) signIn(t testing.TB, id, secret string) {
	t.Helper()
	form := url.Values{"grant_type": {"client_credentials"}}.Encode()
	a := s.call(t, http.MethodPost, "/oauth/token", []byte(form), func(r *http.Request) {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.SetBasicAuth(id, secret)
	})
	a.want(t, http.StatusOK)
	s.token = a.json(t)["access_token"].(string)
}

// upload is a form with one file.
func upload(t testing.TB, field, name string, data []byte) ([]byte, func(*http.Request)) {
	t.Helper()
	var b bytes.Buffer
	m := multipart.NewWriter(&b)
	f, err := m.CreateFormFile(field, name)
	must(t, err)
	_, err = f.Write(data)
	must(t, err)
	must(t, m.Close())
	return b.Bytes(), header("Content-Type", m.FormDataContentType())
}

// wantNone wants that a text shows none of the secrets.
func wantNone(t testing.TB, what, text string, secrets ...string) {
	t.Helper()
	for _, secret := range secrets {
		if strings.Contains(text, secret) {
			t.Errorf("%s shows a personal value in full", what)
		}
	}
}
