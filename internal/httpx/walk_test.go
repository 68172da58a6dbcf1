package httpx_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"sidian/internal/fault"
	"sidian/internal/httpx"
	"sidian/internal/obs"
)

// secret stands wherever a stranger or a handler can put a value; it may stand
// in no log line, no span and no answer.
const secret = "110101199003070011"

// everyKind mounts one route of each kind of outcome.
func everyKind(r *httpx.Router) {
	type q struct {
		ID   string `path:"id"`
		Name string `query:"name"`
	}
	outcome := func(id string) error {
		switch id {
		case "conflict-" + secret:
			return fault.Conflict.Wrap(errors.New("row "+secret), "与现状冲突").WithCode("taken")
		case "internal-" + secret:
			return errors.New("sql: row " + secret)
		case "unavailable-" + secret:
			return fault.Unavailable.Wrap(errors.New("dial "+secret), "暂时不可用")
		case "panic-" + secret:
			panic(secret)
		}
		return nil
	}
	httpx.Handle(r, "GET /api/things/{id}", httpx.Public(), func(_ context.Context, in q) (struct {
		OK bool `json:"ok"`
	}, error) {
		return struct {
			OK bool `json:"ok"`
		}{true}, outcome(in.ID)
	})
	httpx.Handle(r, "POST /api/things/{id}", httpx.Needs("thing.make"), func(_ context.Context, in q) (httpx.Empty, error) {
		return httpx.Empty{}, outcome(in.ID)
	})
	httpx.HandlePage(r, "GET /things/{id}", httpx.Public(), func(w http.ResponseWriter, hr *http.Request) error {
		if err := outcome(hr.PathValue("id")); err != nil {
			return err
		}
		_, err := io.WriteString(w, "<p>ok")
		return err
	})
	httpx.HandleHTTP(r, "GET /files/{id}", httpx.SignedIn(), func(w http.ResponseWriter, hr *http.Request) error {
		if err := outcome(hr.PathValue("id")); err != nil {
			return err
		}
		http.Error(w, "gone", http.StatusGone) // net/http drops headers here
		return nil
	})
	httpx.HandlePage(r, "POST /away/{id}", httpx.Public(), func(w http.ResponseWriter, hr *http.Request) error {
		http.Redirect(w, hr, "/things/1", http.StatusSeeOther)
		return nil
	})
}

// eachAnswer asks every mounted route for every outcome, by every kind of
// caller, and what is mounted nowhere.
func eachAnswer(s *shop, check func(asked string, w *httptest.ResponseRecorder)) {
	var asked []string
	for _, r := range s.Routes() {
		for _, outcome := range []string{"ok-", "conflict-", "internal-", "unavailable-", "panic-"} {
			target := strings.ReplaceAll(r.Pattern, "{id}", outcome+secret)
			asked = append(asked, r.Method+" "+target, r.Method+" "+target+"?name="+secret, r.Method+" "+target+"?unknown="+secret)
		}
		other := map[string]string{"GET": "DELETE", "POST": "PUT"}[r.Method]
		asked = append(asked, other+" "+strings.ReplaceAll(r.Pattern, "{id}", secret), "HEAD "+strings.ReplaceAll(r.Pattern, "{id}", secret))
	}
	asked = append(asked, "GET /nowhere/"+secret, "POST /"+secret, "X"+secret+" /api/things/1", "GET /things/"+secret+strings.Repeat("x", 9000), "GET /things/../"+secret)
	for _, a := range asked {
		method, target, _ := strings.Cut(a, " ")
		for _, who := range []string{"", "li:thing.make", "li:nothing", "forged:x"} {
			body := ""
			if method == "POST" {
				body = `{"x":"` + secret + `"}`
			}
			w := s.do(method, target, body, "Badge", who, "User-Agent", secret, "Referer", "https://a/"+secret, "X-Request-Id", secret, "Traceparent", "00-"+strings.Repeat("a", 32)+"-"+strings.Repeat("b", 16)+"-01")
			check(method+" "+target+" by "+who, w)
		}
	}
}

// Whatever is asked and whatever comes of it, the answer carries the same
// defence, and nobody on the way may keep it.
func TestEveryRouteIsSecured(t *testing.T) {
	t.Parallel()
	s := newShop(t, httpx.Options{
		NotFoundPage: func(path string) bool { return strings.HasPrefix(path, "/nowhere") },
		PageError: func(w http.ResponseWriter, _ *http.Request, p *httpx.Problem) {
			w.WriteHeader(p.Status)
			if err := json.NewEncoder(w).Encode(p); err != nil {
				t.Error(err)
			}
		},
	}, everyKind)
	seen := map[int]bool{}
	eachAnswer(s, func(asked string, w *httptest.ResponseRecorder) {
		seen[w.Code] = true
		h := w.Header()
		for name, want := range map[string]string{
			"X-Content-Type-Options": "nosniff", "Cache-Control": "no-store", "Referrer-Policy": "same-origin", "X-Frame-Options": "DENY",
			"Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Resource-Policy": "same-origin",
		} {
			if h.Get(name) != want {
				t.Errorf("%s (%d): %s is %q", asked, w.Code, name, h.Get(name))
			}
		}
		checkPolicy(t, asked, h)
		if len(h.Get("X-Request-Id")) < 20 || strings.Contains(h.Get("X-Request-Id"), secret) {
			t.Errorf("%s: request %q", asked, h.Get("X-Request-Id"))
		}
		if strings.Contains(w.Body.String(), secret) {
			t.Errorf("%s (%d): the answer repeats a value: %s", asked, w.Code, w.Body)
		}
	})
	for _, code := range []int{200, 204, 303, 401, 403, 404, 405, 409, 410, 414, 422, 500, 503} {
		if !seen[code] {
			t.Errorf("no answer was a %d", code)
		}
	}
}

// checkPolicy reads the Content-Security-Policy as browsers do.
func checkPolicy(t *testing.T, asked string, h http.Header) {
	t.Helper()
	directives := map[string]string{}
	for _, d := range strings.Split(h.Get("Content-Security-Policy"), ";") {
		name, value, _ := strings.Cut(strings.TrimSpace(d), " ")
		directives[name] = value
	}
	for name, want := range map[string]string{
		"default-src": "'none'", "script-src": "'self'", "style-src": "'self'", "img-src": "'self' data:", "form-action": "'self'",
		"frame-ancestors": "'none'", "base-uri": "'none'", "connect-src": "'self'",
	} {
		if directives[name] != want {
			t.Errorf("%s: %s is %q", asked, name, directives[name])
		}
	}
	for name, value := range directives {
		for _, source := range strings.Fields(value) {
			if source != "'self'" && source != "'none'" && !(name == "img-src" && source == "data:") {
				t.Errorf("%s: %s lets in %s", asked, name, source)
			}
		}
	}
	if p := h.Get("Permissions-Policy"); !strings.Contains(p, "microphone=()") || strings.Contains(p, "*") {
		t.Errorf("%s: Permissions-Policy %q", asked, p)
	}
}

// Neither the log nor a span holds a value out of the path, the query, the
// body or a header: the pattern of the route and the request's id only. Text of
// an internal error is the log's alone, and the one exception.
func TestNoValuesInLogsAndSpans(t *testing.T) {
	t.Parallel()
	spans := tracetest.NewInMemoryExporter()
	provider := sdktrace.NewTracerProvider(sdktrace.WithSyncer(spans))
	t.Cleanup(func() {
		if err := provider.Shutdown(context.Background()); err != nil {
			t.Error(err)
		}
	})
	s := newShop(t, httpx.Options{Spans: obs.Spans{Provider: provider}}, everyKind)
	n := 0
	eachAnswer(s, func(asked string, w *httptest.ResponseRecorder) {
		n++
		for _, line := range strings.Split(s.log.String(), "\n") {
			if strings.Contains(line, "err=") && w.Code >= 500 {
				continue
			}
			if strings.Contains(line, secret) {
				t.Errorf("%s: the log says %s", asked, line)
			}
		}
		s.log.Reset()
	})
	all := spans.GetSpans()
	if len(all) != n {
		t.Errorf("%d requests, %d spans", n, len(all))
	}
	named := map[string]bool{}
	for _, span := range all {
		named[span.Name] = true
		b, err := json.Marshal(span)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(b), secret) {
			t.Fatalf("a span holds a value: %s", b)
		}
		if span.Parent.IsValid() {
			t.Fatal("a stranger chose a span's parent")
		}
	}
	for _, want := range []string{"GET /api/things/{id}", "POST /api/things/{id}", "GET /things/{id}", "GET /files/{id}", "GET", "other"} {
		if !named[want] {
			t.Errorf("no span is called %s: %v", want, named)
		}
	}
}

// The name of the cookie goes with the scheme: what was set in the clear, or by
// a neighbour's name, is not taken over https, and the other way round.
func TestSessionCookie(t *testing.T) {
	t.Parallel()
	var got string
	s := newShop(t, httpx.Options{TrustedProxies: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}}, func(r *httpx.Router) {
		httpx.HandleHTTP(r, "GET /x", httpx.Public(), func(_ http.ResponseWriter, hr *http.Request) error {
			got = httpx.SessionToken(hr)
			return nil
		})
	})
	for name, c := range map[string]struct{ proto, remote, cookie, want string }{
		"https":                        {"https", "127.0.0.1:1", "__Host-sidian=a", "a"},
		"https, planted in the clear":  {"https", "127.0.0.1:1", "sidian=a", ""},
		"https, both":                  {"https", "127.0.0.1:1", "sidian=evil; __Host-sidian=a", "a"},
		"https, other case":            {"https", "127.0.0.1:1", "__host-sidian=evil", ""},
		"http":                         {"", "127.0.0.1:1", "sidian=a", "a"},
		"http, the secure one":         {"", "127.0.0.1:1", "__Host-sidian=a", ""},
		"says https, is not the proxy": {"https", "192.0.2.1:1", "__Host-sidian=a", ""},
		"none":                         {"https", "127.0.0.1:1", "", ""},
	} {
		s.do("GET", "/x", "", "remote", c.remote, "X-Forwarded-Proto", c.proto, "Cookie", c.cookie)
		if got != c.want {
			t.Errorf("%s: %q", name, got)
		}
	}
	for _, c := range []struct {
		token, want string
		secure      bool
	}{
		{"a", "__Host-sidian=a; Path=/; HttpOnly; Secure; SameSite=Lax", true},
		{"a", "sidian=a; Path=/; HttpOnly; SameSite=Lax", false},
		{"", "__Host-sidian=; Path=/; Max-Age=0; HttpOnly; Secure; SameSite=Lax", true},
	} {
		if got := httpx.SessionCookie(c.token, c.secure).String(); got != c.want {
			t.Error(got)
		}
	}
}
