package httpx_test

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"sidian/internal/httpx"
)

func nothing(context.Context, struct{}) (httpx.Empty, error) { return httpx.Empty{}, nil }

// Each has a budget of its own: an address, a caller, and for what is costly an
// address on a route. Nobody widens it by changing what is free to change.
func TestBudgets(t *testing.T) {
	t.Parallel()
	slow := httpx.Rate{PerSecond: 0.1, Burst: 1}
	mount := func(r *httpx.Router) {
		httpx.Handle(r, "GET /x", httpx.Public(), nothing)
		httpx.Handle(r, "GET /costly", httpx.Public(), nothing, httpx.Costly())
		httpx.Handle(r, "GET /costly/{id}", httpx.Public(), nothing, httpx.Costly())
	}
	type call struct {
		path, remote, badge string
		status              int
	}
	for name, c := range map[string]struct {
		opts  httpx.Options
		calls []call
	}{
		"another port is no other address": {httpx.Options{RateLimit: slow}, []call{
			{"/x", "192.0.2.1:1", "", 204}, {"/x", "192.0.2.1:2", "", 429}, {"/x", "192.0.2.2:1", "", 204}}},
		"a /64 is one address": {httpx.Options{RateLimit: slow}, []call{
			{"/x", "[2001:db8:1:2::1]:1", "", 204}, {"/x", "[2001:db8:1:2:ffff::9]:1", "", 429}, {"/x", "[2001:db8:1:3::1]:1", "", 204}}},
		"a mapped address is the address": {httpx.Options{RateLimit: slow}, []call{
			{"/x", "192.0.2.1:1", "", 204}, {"/x", "[::ffff:192.0.2.1]:1", "", 429}, {"/x", "[::ffff:192.0.2.2]:1", "", 204}}},
		"a caller, from two addresses": {httpx.Options{CallerRate: slow}, []call{
			{"/x", "192.0.2.1:1", "li:x", 204}, {"/x", "192.0.2.2:1", "li:y", 429}, {"/x", "192.0.2.1:1", "wang:x", 204}, {"/x", "192.0.2.1:1", "", 204}}},
		"costly, by route": {httpx.Options{SlowPublic: slow}, []call{
			{"/costly", "192.0.2.1:1", "", 204}, {"/costly", "192.0.2.1:1", "", 429}, {"/costly/1", "192.0.2.1:1", "", 204},
			{"/costly/2", "192.0.2.1:1", "", 429}, {"/x", "192.0.2.1:1", "", 204}, {"/costly", "192.0.2.2:1", "", 204}}},
		"a caller's badge does not widen the address": {httpx.Options{SlowPublic: slow}, []call{
			{"/costly", "192.0.2.1:1", "li:x", 204}, {"/costly", "192.0.2.1:1", "wang:x", 429}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newShop(t, c.opts, mount)
			for i, call := range c.calls {
				w := s.do("GET", call.path, "", "remote", call.remote, "Badge", call.badge)
				if w.Code != call.status {
					t.Errorf("call %d: %d, want %d", i, w.Code, call.status)
				}
				if w.Code == 429 && w.Header().Get("Retry-After") != "10" {
					t.Errorf("call %d: Retry-After %q", i, w.Header().Get("Retry-After"))
				}
			}
		})
	}
}

// A connection that sends slowly, too much, or nothing is ended by the server.
func TestSlowConnections(t *testing.T) {
	t.Parallel()
	read := make(chan error, 1)
	s := newShop(t, httpx.Options{}, func(r *httpx.Router) {
		httpx.HandleHTTP(r, "POST /x", httpx.Public(), func(_ http.ResponseWriter, hr *http.Request) error {
			_, err := io.ReadAll(hr.Body)
			read <- err
			return err
		})
	})
	server := httpx.Server(s, quiet())
	if server.ReadHeaderTimeout <= 0 || server.ReadHeaderTimeout > 30*time.Second || server.ReadTimeout <= 0 || server.WriteTimeout <= 0 || server.IdleTimeout <= 0 || server.MaxHeaderBytes > 64<<10 {
		t.Fatalf("limits are missing: %+v", server)
	}
	server.ReadHeaderTimeout, server.ReadTimeout, server.IdleTimeout = 50*time.Millisecond, 100*time.Millisecond, 50*time.Millisecond
	l, err := net.Listen("tcp", "localhost:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- httpx.Serve(ctx, server, l, "", "", time.Second) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	for name, c := range map[string]struct{ sent, want string }{
		"nothing":     {"", ""},
		"half a head": {"POST /x HTTP/1.1\r\nHost: a\r\nX-A: ", ""},
		"half a body": {"POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nabc", ""},
		"large head":  {"GET /x HTTP/1.1\r\nHost: a\r\nX-A: " + strings.Repeat("a", 40<<10) + "\r\n\r\n", "431"},
		"two lengths": {"POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 5\r\n\r\nabcde", "400"},
		"both kinds":  {"POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: what\r\n\r\nabc", "501"},
		"no host":     {"GET /x HTTP/1.1\r\n\r\n", "400"},
	} {
		conn, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(conn, c.sent); err != nil {
			t.Fatal(err)
		}
		// The server ends the connection: otherwise this never returns.
		got, _ := io.ReadAll(bufio.NewReader(conn))
		if c.want != "" && !strings.HasPrefix(string(got), "HTTP/1.1 "+c.want) {
			t.Errorf("%s: %.80q", name, got)
		}
		if strings.HasPrefix(string(got), "HTTP/1.1 2") {
			t.Errorf("%s: was served: %.80q", name, got)
		}
		if err := conn.Close(); err != nil {
			t.Error(err)
		}
		if name == "half a body" {
			if err := <-read; err == nil {
				t.Error("half a body looked whole")
			}
		}
	}
}

// A body that says it is small and is not, or says nothing, is cut at the limit.
func TestUploads(t *testing.T) {
	t.Parallel()
	s := newShop(t, httpx.Options{MaxBody: 100}, func(r *httpx.Router) {
		type raw struct {
			RawBody []byte `contentType:"application/ofd"`
		}
		take := func(_ context.Context, q raw) (thing, error) { return thing{Count: int64(len(q.RawBody))}, nil }
		httpx.Handle(r, "POST /small", httpx.Public(), take)
		httpx.Handle(r, "POST /large", httpx.Public(), take, httpx.MaxBody(1000))
	})
	for name, c := range map[string]struct {
		path   string
		size   int
		status int
	}{
		"fits": {"/small", 100, 201}, "one too many": {"/small", 101, 413}, "route allows": {"/large", 1000, 201}, "route's limit": {"/large", 1001, 413},
	} {
		if w := s.do("POST", c.path, strings.Repeat("x", c.size), "Content-Type", "application/ofd"); w.Code != c.status {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
		}
	}
}
