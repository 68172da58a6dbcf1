package obs_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"sidian/internal/obs"
)

func TestLogHidesAndNamesTheRequest(t *testing.T) {
	t.Parallel()
	for _, format := range []string{"text", "json"} {
		var b bytes.Buffer
		log, err := obs.NewLog(&b, format, "info")
		if err != nil {
			t.Fatal(err)
		}
		ctx := obs.WithRequestID(t.Context(), "r-1")
		log.With("citizen_id", "110101199003070011").WithGroup("g").InfoContext(ctx, "hello", "Phone", "13800138000", "client_secret", "s3", "pattern", "GET /x")
		log.DebugContext(ctx, "unheard")
		out := b.String()
		for _, never := range []string{"110101199003070011", "13800138000", "s3", "unheard"} {
			if strings.Contains(out, never) {
				t.Errorf("%s: %q stands in the log: %s", format, never, out)
			}
		}
		for _, must := range []string{"r-1", "GET /x", "hello"} {
			if !strings.Contains(out, must) {
				t.Errorf("%s: %q is missing: %s", format, must, out)
			}
		}
	}
	if _, err := obs.NewLog(&bytes.Buffer{}, "xml", "info"); err == nil {
		t.Error("an unknown format was accepted")
	}
	if _, err := obs.NewLog(&bytes.Buffer{}, "text", "loud"); err == nil {
		t.Error("an unknown level was accepted")
	}
}

func TestReady(t *testing.T) {
	t.Parallel()
	fine := obs.Check{Name: "database", Ask: func(context.Context) (string, error) { return "sqlite", nil }}
	broken := obs.Check{Name: "blob", Ask: func(context.Context) (string, error) { return "", errors.New("disk at 10.0.0.7 is gone") }}
	stuck := obs.Check{Name: "tsa", Timeout: 10 * time.Millisecond, Ask: func(context.Context) (string, error) { select {} }}
	mad := obs.Check{Name: "keys", Ask: func(context.Context) (string, error) { panic("x") }}
	for name, tc := range map[string]struct {
		checks []obs.Check
		status int
		want   []string
	}{
		"none":     {nil, 200, []string{`"ready"`}},
		"all fine": {[]obs.Check{fine}, 200, []string{`"ready"`, "database", "sqlite"}},
		"one down": {[]obs.Check{fine, broken}, 503, []string{`"unready"`, "blob", `"ok":false`}},
		"stuck":    {[]obs.Check{stuck}, 503, []string{"tsa", "无响应"}},
		"panics":   {[]obs.Check{mad, fine}, 503, []string{"keys"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var log bytes.Buffer
			h := &obs.Health{Log: slog.New(slog.NewTextHandler(&log, nil))}
			for _, c := range tc.checks {
				h.Add(c)
			}
			w := httptest.NewRecorder()
			if err := h.Ready(w, httptest.NewRequest(http.MethodGet, "/readyz", nil)); err != nil {
				t.Fatal(err)
			}
			if w.Code != tc.status {
				t.Errorf("status %d, want %d: %s", w.Code, tc.status, w.Body)
			}
			for _, want := range tc.want {
				if !strings.Contains(w.Body.String(), want) {
					t.Errorf("%q is missing: %s", want, w.Body)
				}
			}
			if strings.Contains(w.Body.String(), "10.0.0.7") {
				t.Error("the cause of a failure was told to the world")
			}
			if name == "one down" && !strings.Contains(log.String(), "10.0.0.7") {
				t.Error("the cause of a failure was not logged")
			}
		})
	}
}

func TestMetrics(t *testing.T) {
	t.Parallel()
	m := obs.NewMetrics()
	m.Observe("GET", "GET /x/{id}", 200, time.Millisecond)
	m.Observe("EVIL1", "-", 404, time.Millisecond)
	w := httptest.NewRecorder()
	m.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	body := w.Body.String()
	if !strings.Contains(body, `sidian_http_request_seconds_count{method="GET",pattern="GET /x/{id}",status="200"} 1`) {
		t.Errorf("the request was not counted:\n%s", body)
	}
	if strings.Contains(body, "EVIL1") || !strings.Contains(body, `method="other"`) {
		t.Error("a stranger made a series")
	}
}

func TestTraceOff(t *testing.T) {
	t.Parallel()
	stop, err := obs.Trace(t.Context(), "", "test")
	if err != nil {
		t.Fatal(err)
	}
	if err := stop(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func TestGauge(t *testing.T) {
	t.Parallel()
	m := obs.NewMetrics()
	days := 12.5
	if err := m.Gauge("sidian_tls_days_left", "Days.", func() float64 { return days }); err != nil {
		t.Fatal(err)
	}
	if err := m.Gauge("sidian_tls_days_left", "Days.", func() float64 { return 0 }); err == nil {
		t.Error("two figures have one name")
	}
	w := httptest.NewRecorder()
	m.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	if !strings.Contains(w.Body.String(), "sidian_tls_days_left 12.5") {
		t.Error(w.Body)
	}
}

// A span says which route and how it ended, and what a stranger made up is not
// in it.
func TestSpan(t *testing.T) {
	t.Parallel()
	kept := tracetest.NewInMemoryExporter()
	p := sdktrace.NewTracerProvider(sdktrace.WithSyncer(kept))
	t.Cleanup(func() {
		if err := p.Shutdown(context.Background()); err != nil {
			t.Error(err)
		}
	})
	for _, c := range []struct {
		method, pattern string
		status          int
	}{{"GET", "GET /v/{code}", 200}, {"EVIL", "-", 405}, {"POST", "POST /x", 503}} {
		ctx, done := obs.Spans{Provider: p}.Begin(t.Context(), c.method)
		if !trace.SpanFromContext(ctx).SpanContext().IsValid() {
			t.Error("the context carries no span")
		}
		done(c.pattern, c.status)
	}
	var got []string
	for _, s := range kept.GetSpans() {
		line := s.Name + " " + s.Status.Code.String() + s.Status.Description
		for _, a := range s.Attributes {
			line += " " + string(a.Key) + "=" + a.Value.String()
		}
		got = append(got, line)
	}
	want := []string{
		"GET /v/{code} Unset http.route=GET /v/{code} http.request.method=GET http.response.status_code=200",
		"other Unset http.request.method=other http.response.status_code=405",
		"POST /x Error http.route=POST /x http.request.method=POST http.response.status_code=503",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
	_, done := obs.Spans{}.Begin(t.Context(), "GET") // no provider is set: nothing happens
	done("GET /x", 200)
}
