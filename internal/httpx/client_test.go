package httpx_test

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"sidian/internal/httpx"
)

func quiet() *slog.Logger { return slog.New(slog.NewTextHandler(io.Discard, nil)) }

func TestClient(t *testing.T) {
	t.Parallel()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/echo":
			_, _ = io.Copy(w, r.Body)
		case "/large":
			_, _ = w.Write(make([]byte, 2000))
		case "/away":
			http.Redirect(w, r, "http://169.254.169.254/", http.StatusFound)
		default:
			http.Error(w, "Geheim", http.StatusTeapot)
		}
	}))
	t.Cleanup(srv.Close)
	u, err := url.Parse(srv.URL)
	if err != nil {
		t.Fatal(err)
	}
	inner := httpx.NewClient(httpx.ClientOptions{Hosts: []string{u.Host}, Private: []string{u.Host}, MaxBody: 1000})
	if b, err := inner.Post(t.Context(), srv.URL+"/echo", "text/plain", []byte("hi")); err != nil || string(b) != "hi" {
		t.Fatalf("%q, %v", b, err)
	}
	outer := httpx.NewClient(httpx.ClientOptions{Hosts: []string{u.Host, "localhost"}})
	for name, tc := range map[string]struct {
		c            *httpx.Client
		target, want string
	}{
		"private address": {outer, srv.URL + "/echo", "not public"},
		"private name":    {outer, "http://localhost:" + u.Port() + "/echo", "not public"},
		"not listed":      {inner, "http://other.example/", "not in the list"},
		"redirected":      {inner, srv.URL + "/away", "302"},
		"too large":       {inner, srv.URL + "/large", "exceeds"},
		"refused":         {inner, srv.URL + "/Geheim", "418"},
		"scheme":          {inner, "file:///etc/passwd", "plain http"},
		"credentials":     {inner, "http://u:Geheim@" + u.Host + "/", "plain http"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := tc.c.Get(t.Context(), tc.target)
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Fatalf("got %v, want one with %q", err, tc.want)
			}
			if strings.Contains(err.Error(), "Geheim") {
				t.Error("the error repeats the address or the answer")
			}
		})
	}
}
