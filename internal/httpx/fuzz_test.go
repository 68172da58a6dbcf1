package httpx_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"sidian/internal/httpx"
)

// Whatever is sent, the answer is 201 or a complete problem, never a 500.
func FuzzRequestBody(f *testing.F) {
	for _, body := range []string{`{"name":"ab"}`, `{"name":"ab","parts":[{"id":"123","kind":"person"}]}`, `{`, `[]`, `null`, `{"name":1}`, `{"amount":1e400}`, `{"parts":[[]]}`, "\xff", `{"":{}}`, `{"a.b[0]":1}`, `{"parts[0]":[1]}`} {
		f.Add(body, "limit=2")
	}
	f.Add(`{"name":"ab"}`, "tags=a,b&limit=%zz&%=")
	r := httpx.New(httpx.Options{Authorizer: badge{}, Log: quiet()})
	httpx.Handle(r, "POST /boxes/{box}/things", httpx.Needs("thing.make"), make1)
	f.Fuzz(func(t *testing.T, body, query string) {
		hr := httptest.NewRequest(http.MethodPost, "/boxes/b/things", strings.NewReader(body))
		hr.URL.RawQuery = query
		hr.Header.Set("Badge", may)
		w := httptest.NewRecorder()
		r.ServeHTTP(w, hr)
		if w.Code == http.StatusCreated {
			return
		}
		if w.Code >= 500 {
			t.Fatalf("status %d: %s", w.Code, w.Body)
		}
		checkProblem(t, w)
	})
}
