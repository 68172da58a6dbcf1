package app

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"sidian/internal/conf"
	"sidian/internal/db/dbtest"
)

// TestMain removes the county that tests have copied.
func TestMain(m *testing.M) {
	TuneMemory() // as the program does
	code := m.Run()
	if dir := seededDir; dir != "" {
		_ = os.RemoveAll(dir) // a temporary directory
	}
	os.Exit(code)
}

var seededDir string

// seeded is a county in a directory, seeded once for all tests.
var seeded = sync.OnceValues(func() (*Credentials, error) {
	dir, err := os.MkdirTemp("", "sidian-county-")
	if err != nil {
		return nil, err
	}
	seededDir = dir
	a, creds, err := CreateCounty(context.Background(), CountyConf(filepath.Join(dir, "county"), "http://localhost:1", ""), Options{Log: io.Discard})
	if err != nil {
		return nil, err
	}
	return creds, a.Close()
})

// countyDir is a copy of the seeded county.
func countyDir(t testing.TB) (dir string, creds *Credentials) {
	t.Helper()
	creds, err := seeded()
	if err != nil {
		t.Fatal(err)
	}
	dir = filepath.Join(t.TempDir(), "county")
	if err := os.CopyFS(dir, os.DirFS(filepath.Join(seededDir, "county"))); err != nil {
		t.Fatal(err)
	}
	for name, mode := range map[string]os.FileMode{".": 0o700, "master.key": 0o600, "sidian.db": 0o600} { // CopyFS asks the umask
		if err := os.Chmod(filepath.Join(dir, name), mode); err != nil {
			t.Fatal(err)
		}
	}
	return dir, creds
}

// A world is a county that is being served.
type world struct {
	*App
	creds *Credentials
	base  string // where it listens
	log   *lines
	stop  func() error // ends it, and returns what Run returned
	http  *http.Client
}

// lines is a log that tests read while it is written.
type lines struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// serve serves an instance on a free port until the test ends.
func serve(t testing.TB, a *App, creds *Credentials, log *lines) *world {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	ended := make(chan error, 1)
	go func() { ended <- a.Run(ctx, l) }()
	w := &world{App: a, creds: creds, base: "http://" + l.Addr().String(), log: log, http: &http.Client{Transport: &http.Transport{}}}
	w.stop = sync.OnceValue(func() error { w.http.CloseIdleConnections(); cancel(); return <-ended })
	t.Cleanup(func() {
		if err := w.stop(); err != nil {
			t.Errorf("serving: %v", err)
		}
		if t.Failed() {
			t.Logf("the log:\n%s", log)
		}
	})
	return w
}

// each serves a county of its own on each engine.
func each(t *testing.T, fn func(t *testing.T, w *world)) {
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		dir, creds := countyDir(t)
		fn(t, served(t, CountyConf(dir, "http://localhost:1", ""), creds))
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		c := CountyConf(filepath.Join(t.TempDir(), "county"), "http://localhost:1", dbtest.Bare(t, "postgres"))
		a, creds, err := CreateCounty(t.Context(), c, Options{Log: io.Discard})
		if err != nil {
			t.Fatal(err)
		}
		if err := a.Close(); err != nil {
			t.Fatal(err)
		}
		fn(t, served(t, CountyConf(c.DataDir, c.BaseURL, c.Database.URL), creds))
	})
}

// served is a county opened and served.
func served(t testing.TB, c conf.Config, creds *Credentials) *world {
	t.Helper()
	log := &lines{}
	a, err := Open(t.Context(), c, Options{Mark: Mark, Log: log})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := a.Close(); err != nil {
			t.Errorf("closing: %v", err)
		}
		if strings.Contains(log.String(), "level=ERROR") {
			t.Errorf("errors stand in the log:\n%s", log)
		}
	})
	return serve(t, a, creds, log)
}

// do sends a request, and gives the answer's status and body.
func (w *world) do(t testing.TB, method, path, token string, body []byte, headers ...string) (int, []byte) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, w.base+path, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	res, err := w.http.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, b
}

// token signs the county's client in.
func (w *world) token(t testing.TB) string {
	t.Helper()
	c := w.creds.Apps[0]
	form := url.Values{"grant_type": {"client_credentials"}, "client_id": {c.ClientID}, "client_secret": {c.ClientSecret}}
	status, b := w.do(t, "POST", "/oauth/token", "", []byte(form.Encode()), "Content-Type", "application/x-www-form-urlencoded")
	var out struct {
		AccessToken string `json:"access_token"`
	}
	if err := json.Unmarshal(b, &out); err != nil || status != 200 || out.AccessToken == "" {
		t.Fatalf("signing in: %d %s", status, b)
	}
	return out.AccessToken
}

// eventually asks until the answer is yes. It fails after a time that no
// healthy machine takes.
func eventually(t testing.TB, what string, yes func() bool) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if yes() {
			return
		}
	}
	t.Fatalf("%s: it did not come about", what)
}

// lacks fails when a text holds one of the words.
func lacks(t testing.TB, text string, words ...string) {
	t.Helper()
	for _, w := range words {
		if strings.Contains(text, w) {
			t.Errorf("%q stands in: %s", w, text)
		}
	}
}

func sprint(v any) string { return fmt.Sprintf("%+v", v) }
