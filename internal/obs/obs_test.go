package obs_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

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
