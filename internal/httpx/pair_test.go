package httpx_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sidian/internal/httpx"
)

// aPair makes the PEM of a digital certificate for localhost and of its key.
func aPair(t *testing.T, name string, from, to time.Time) (public, private []byte) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, NotBefore: from, NotAfter: to,
		DNSNames: []string{"localhost"}, IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, c, c, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	k, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: k})
}

type pairFiles struct{ cert, key string }

func (f pairFiles) write(t *testing.T, public, private []byte) {
	t.Helper()
	for name, data := range map[string][]byte{f.cert: public, f.key: private} {
		if data == nil {
			continue
		}
		// As tools do it: a new file takes the place of the old one.
		if err := os.WriteFile(name+".new", data, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(name+".new", name); err != nil {
			t.Fatal(err)
		}
	}
}

func valid(t *testing.T, name string) (public, private []byte) {
	t.Helper()
	return aPair(t, name, time.Now().Add(-time.Hour), time.Now().Add(100*24*time.Hour))
}

func newFiles(t *testing.T, name string) pairFiles {
	t.Helper()
	dir := t.TempDir()
	f := pairFiles{filepath.Join(dir, "tls.crt"), filepath.Join(dir, "tls.key")}
	public, private := valid(t, name)
	f.write(t, public, private)
	return f
}

// serving serves h over TLS with p and returns the address.
func serving(t *testing.T, p *httpx.Pair, h http.Handler) string {
	t.Helper()
	l, err := net.Listen("tcp", "localhost:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- httpx.ServePair(ctx, httpx.Server(h, quiet()), l, p, time.Second) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return l.Addr().String()
}

// shown is the name in the digital certificate that a new connection is shown.
func shown(t *testing.T, address string) string {
	t.Helper()
	c, err := tls.Dial("tcp", address, &tls.Config{InsecureSkipVerify: true}) // only the name is looked at
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	return c.ConnectionState().PeerCertificates[0].Subject.CommonName
}

func TestPairFollowsItsFiles(t *testing.T) {
	t.Parallel()
	f := newFiles(t, "first")
	p, err := httpx.OpenPair(f.cert, f.key, quiet())
	if err != nil {
		t.Fatal(err)
	}
	address := serving(t, p, http.NotFoundHandler())
	reload := func(name string, wantChanged bool, wantErr, wantShown string) {
		t.Helper()
		changed, err := p.Reload()
		if changed != wantChanged || (err == nil) != (wantErr == "") || err != nil && !strings.Contains(err.Error(), wantErr) {
			t.Errorf("%s: changed %v, %v", name, changed, err)
		}
		if got := shown(t, address); got != wantShown {
			t.Errorf("%s: %s is shown, want %s", name, got, wantShown)
		}
	}
	reload("nothing changed", false, "", "first")
	secondCert, secondKey := valid(t, "second")
	f.write(t, secondCert, nil)
	reload("half of it", false, "cannot be used together", "first")
	reload("half of it, told once", false, "", "first")
	if detail, err := p.Health(t.Context()); err != nil || !strings.Contains(detail, "不能使用") || !strings.Contains(detail, "剩余 99 天") {
		t.Errorf("%s %v", detail, err)
	}
	f.write(t, nil, secondKey)
	reload("the other half", true, "", "second")
	reload("again", false, "", "second")
	f.write(t, []byte("rubbish"), nil)
	reload("broken", false, "cannot be used together", "second")
	if err := os.Remove(f.cert); err != nil {
		t.Fatal(err)
	}
	reload("gone", false, "looking at the files", "second")
	f.write(t, secondCert, secondKey)
	reload("back", true, "", "second")
	public, private := aPair(t, "old", time.Now().Add(-48*time.Hour), time.Now().Add(-24*time.Hour))
	f.write(t, public, private)
	reload("over", false, "ended on", "second")
	public, private = aPair(t, "early", time.Now().Add(24*time.Hour), time.Now().Add(48*time.Hour))
	f.write(t, public, private)
	reload("not yet", false, "begins on", "second")
	public, private = aPair(t, "short", time.Now().Add(-time.Hour), time.Now().Add(50*time.Hour))
	f.write(t, public, private)
	reload("short", true, "", "short")
	if detail, err := p.Health(t.Context()); err != nil || detail != "剩余 2 天，请更换" {
		t.Errorf("%s %v", detail, err)
	}
}

// The watch is what calls Reload: a new pair is in use without anybody's doing.
func TestPairIsWatched(t *testing.T) {
	t.Parallel()
	f := newFiles(t, "first")
	var log safeBuffer
	p, err := httpx.OpenPair(f.cert, f.key, slog.New(slog.NewTextHandler(&log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { p.Watch(ctx, time.Millisecond); close(done) }()
	f.write(t, []byte("rubbish"), nil)
	for !strings.Contains(log.String(), "the old one stays") {
		time.Sleep(time.Millisecond)
	}
	before := p.NotAfter()
	public, private := aPair(t, "second", time.Now().Add(-time.Hour), time.Now().Add(200*24*time.Hour))
	f.write(t, public, private)
	for !p.NotAfter().After(before) {
		time.Sleep(time.Millisecond)
	}
	stop()
	<-done
	if strings.Contains(log.String(), "PRIVATE") {
		t.Error("the log holds the key")
	}
}

func TestPairIsRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		from, to time.Time
		broken   bool
		want     string
	}{
		"over":    {time.Now().Add(-48 * time.Hour), time.Now().Add(-time.Hour), false, "ended on"},
		"not yet": {time.Now().Add(time.Hour), time.Now().Add(48 * time.Hour), false, "begins on"},
		"broken":  {time.Now(), time.Now(), true, "cannot be used together"},
	} {
		f := newFiles(t, name)
		public, private := aPair(t, name, c.from, c.to)
		if c.broken {
			private = []byte("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n")
		}
		f.write(t, public, private)
		if _, err := httpx.OpenPair(f.cert, f.key, quiet()); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := httpx.OpenPair(filepath.Join(t.TempDir(), "none"), "none", quiet()); err == nil {
		t.Error("files that are not there were opened")
	}
	l, err := net.Listen("tcp", "localhost:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := httpx.Serve(t.Context(), httpx.Server(http.NotFoundHandler(), quiet()), l, "none", "none", time.Second); err == nil {
		t.Error("served without the files")
	}
	if _, err := net.Dial("tcp", l.Addr().String()); err == nil {
		t.Error("still listens")
	}
}

// What is spoken: TLS 1.2 with forward secrecy or newer, HTTP/2, HSTS, and a
// cookie that only https may carry.
func TestTLS(t *testing.T) {
	t.Parallel()
	s := newShop(t, httpx.Options{}, func(r *httpx.Router) {
		httpx.HandleHTTP(r, "GET /x", httpx.Public(), func(w http.ResponseWriter, hr *http.Request) error {
			http.SetCookie(w, httpx.SessionCookie("t0ken", httpx.MetaFrom(hr.Context()).Secure))
			return nil
		})
	})
	f := newFiles(t, "localhost")
	p, err := httpx.OpenPair(f.cert, f.key, quiet())
	if err != nil {
		t.Fatal(err)
	}
	address := serving(t, p, s)
	public, err := os.ReadFile(f.cert)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(public)
	tr := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, ServerName: "localhost"}, ForceAttemptHTTP2: true}
	t.Cleanup(tr.CloseIdleConnections)
	resp, err := (&http.Client{Transport: tr}).Get("https://" + address + "/x")
	if err != nil {
		t.Fatal(err)
	}
	if err := resp.Body.Close(); err != nil {
		t.Error(err)
	}
	cookie := resp.Header.Get("Set-Cookie")
	if resp.ProtoMajor != 2 || resp.TLS.Version != tls.VersionTLS13 || resp.Header.Get("Strict-Transport-Security") == "" {
		t.Errorf("%s, TLS %x, %v", resp.Proto, resp.TLS.Version, resp.Header)
	}
	if cookie != "__Host-sidian=t0ken; Path=/; HttpOnly; Secure; SameSite=Lax" {
		t.Error(cookie)
	}
	for name, c := range map[string]struct {
		config *tls.Config
		ok     bool
	}{
		"1.3": {&tls.Config{MinVersion: tls.VersionTLS13}, true},
		"1.2": {&tls.Config{MaxVersion: tls.VersionTLS12}, true},
		"1.1": {&tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}, false},
		"CBC": {&tls.Config{MaxVersion: tls.VersionTLS12, CipherSuites: []uint16{tls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA}}, false},
		"RSA": {&tls.Config{MaxVersion: tls.VersionTLS12, CipherSuites: []uint16{tls.TLS_RSA_WITH_AES_128_GCM_SHA256}}, false},
	} {
		c.config.RootCAs, c.config.ServerName = roots, "localhost"
		conn, err := tls.Dial("tcp", address, c.config)
		if (err == nil) != c.ok {
			t.Errorf("%s: %v", name, err)
		}
		if err == nil {
			if err := conn.Close(); err != nil {
				t.Error(err)
			}
		}
	}
	// Plain HTTP on this listener gets no page and no cookie.
	if resp, err := http.Get("http://" + address + "/x"); err == nil {
		body, _ := io.ReadAll(resp.Body)
		if err := resp.Body.Close(); err != nil {
			t.Error(err)
		}
		if resp.StatusCode != http.StatusBadRequest || resp.Header.Get("Set-Cookie") != "" {
			t.Errorf("in the clear: %d %s", resp.StatusCode, bytes.TrimSpace(body))
		}
	}
}
