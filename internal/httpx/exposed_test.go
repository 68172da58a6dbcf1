package httpx_test

import (
	"bytes"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"testing"

	"sidian/internal/httpx"
)

// safeBuffer is a log that is read while it is written.
type safeBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *safeBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *safeBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

func TestExposed(t *testing.T) {
	t.Parallel()
	proxy := []netip.Prefix{netip.MustParsePrefix("10.0.0.7/32")}
	for _, c := range []struct {
		name, listen string
		tls          bool
		proxies      []netip.Prefix
		refused      bool
	}{
		{"localhost", "localhost:8080", false, nil, false},
		{"loopback", "127.0.0.9:8080", false, nil, false},
		{"loopback 6", "[::1]:8080", false, nil, false},
		{"mapped loopback", "[::ffff:127.0.0.1]:80", false, nil, false},
		{"everywhere", ":8080", false, nil, true},
		{"any address", "0.0.0.0:8080", false, nil, true},
		{"any address 6", "[::]:8080", false, nil, true},
		{"an address", "192.0.2.1:80", false, nil, true},
		{"private is not own", "10.0.0.5:8080", false, nil, true},
		{"a name may be anything", "zz.example.gov.cn:80", false, nil, true},
		{"a name that begins like one", "localhost.example:80", false, nil, true},
		{"with TLS", ":443", true, nil, false},
		{"behind a proxy", ":8080", false, proxy, false},
		{"everybody is the proxy", ":8080", false, []netip.Prefix{netip.MustParsePrefix("0.0.0.0/0")}, true},
		{"everybody is the proxy, TLS", ":443", true, []netip.Prefix{netip.MustParsePrefix("::/0")}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			err := httpx.Exposed(c.listen, c.tls, c.proxies)
			if (err != nil) != c.refused {
				t.Fatalf("got %v", err)
			}
			var e *httpx.Exposure
			if !c.refused {
				return
			}
			if !errors.As(err, &e) {
				t.Fatalf("%T", err)
			}
			chinese, english := e.Words()
			for _, text := range []string{chinese, english} {
				if !strings.Contains(text, "trusted_proxies") || !e.Everyone && !strings.Contains(text, "tls.cert_file") {
					t.Errorf("does not name the ways out: %s", text)
				}
			}
		})
	}
}

func TestRedirectToTLS(t *testing.T) {
	t.Parallel()
	h := httpx.Redirect("https://zz.example.gov.cn/")
	for _, c := range []struct {
		name, method, target, host string
		status                     int
		location                   string
	}{
		{"page", "GET", "/verify?q=1", "zz.example.gov.cn", 308, "https://zz.example.gov.cn/verify?q=1"},
		{"another host is not believed", "GET", "/verify", "evil.example", 308, "https://zz.example.gov.cn/verify"},
		{"two slashes", "GET", "//evil.example/", "x", 308, "https://zz.example.gov.cn//evil.example/"},
		{"absolute", "GET", "http://evil.example/a", "x", 308, "https://zz.example.gov.cn/a"},
		{"what was sent", "POST", "/login", "x", 403, ""},
	} {
		r := httptest.NewRequest(c.method, c.target, nil)
		r.Host = c.host
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != c.status || w.Header().Get("Location") != c.location {
			t.Errorf("%s: %d %q", c.name, w.Code, w.Header().Get("Location"))
		}
		if w.Header().Get("Strict-Transport-Security") != "" {
			t.Errorf("%s: HSTS in the clear", c.name) // RFC 6797 §7.2
		}
	}
}

func TestHTTPSOnly(t *testing.T) {
	t.Parallel()
	s := newShop(t, httpx.Options{HTTPSOnly: true, TrustedProxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.7/32"), netip.MustParsePrefix("127.0.0.2/32")}}, func(r *httpx.Router) {
		for _, path := range []string{"/x", "/readyz"} {
			httpx.HandleHTTP(r, "GET "+path, httpx.Public(), func(http.ResponseWriter, *http.Request) error { return nil })
		}
	})
	for _, c := range []struct {
		name, path, remote, proto string
		status                    int
	}{
		{"neighbour", "/x", "10.0.0.8:1", "", 403},
		{"neighbour that lies", "/x", "10.0.0.8:1", "https", 403},
		{"proxy, https", "/x", "10.0.0.7:1", "https", 200},
		{"proxy, http", "/x", "10.0.0.7:1", "http", 403},
		{"proxy, client lied first", "/x", "10.0.0.7:1", "https, http", 403},
		{"proxy, client lied http", "/x", "10.0.0.7:1", "http, https", 200},
		{"this machine", "/x", "127.0.0.1:1", "", 200},
		{"proxy on this machine, http", "/x", "127.0.0.2:1", "http", 403},
		{"proxy on this machine, https", "/x", "127.0.0.2:1", "https", 200},
		{"probe", "/readyz", "10.0.0.8:1", "", 200},
	} {
		header := []string{"remote", c.remote}
		if c.proto != "" {
			header = append(header, "X-Forwarded-Proto", c.proto, "X-Forwarded-For", "203.0.113.9")
		}
		w := s.do("GET", c.path, "", header...)
		if w.Code != c.status {
			t.Errorf("%s: %d %s", c.name, w.Code, w.Body)
		}
		if hsts := w.Header().Get("Strict-Transport-Security") != ""; hsts != (c.status == 200 && c.proto != "") {
			t.Errorf("%s: HSTS %v", c.name, hsts)
		}
	}
}
