package interop

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"sidian/internal/app"
	"sidian/internal/cert"
)

// readerVersion of ofd.js (Apache-2.0), a reader that renders and checks seals
// in the browser.
const readerVersion = "ofd.js@0.2.6"

// A reader that is not ours shows what we issue, and finds the seal genuine.
func TestOtherReaderVerifiesTheSeal(t *testing.T) {
	reader := fetchReader(t)
	document := issued(t)
	page := open(t, reader, document)
	if page.Error != "" || page.Pages != 1 {
		t.Fatalf("the reader shows %d pages, error %q", page.Pages, page.Error)
	}
	for _, want := range []string{"营", "业", "执", "照", "青禾县市场监督管理局"} {
		if !strings.Contains(page.Text, want) {
			t.Errorf("the reader does not show %s", want)
		}
	}
	if len(page.Seals) != 1 || !page.Seals[0].Verified || page.Seals[0].Method != "1.2.156.10197.1.501" {
		t.Errorf("the reader finds seals %+v", page.Seals)
	}
}

// It tells a document apart in which one octet of the signature was changed.
func TestOtherReaderRefusesAForgedSeal(t *testing.T) {
	reader := fetchReader(t)
	page := open(t, reader, forged(t, issued(t)))
	if page.Error == "" && len(page.Seals) == 1 && page.Seals[0].Verified {
		t.Error("the reader takes a forged seal for genuine: its verdict says nothing")
	}
}

type finding struct {
	Pages int
	Text  string
	Error string
	Seals []struct {
		Verified bool
		Method   string
		Pictures int
	}
}

// fetchReader gets the reader's script out of its package.
func fetchReader(t *testing.T) []byte {
	t.Helper()
	if _, err := exec.LookPath("npm"); err != nil {
		missing(t, "npm")
	}
	dir := t.TempDir()
	if out, err := exec.Command("npm", "pack", "--silent", "--pack-destination", dir, readerVersion).CombinedOutput(); err != nil {
		t.Fatalf("npm pack %s: %v\n%s", readerVersion, err, out)
	}
	archives, err := filepath.Glob(filepath.Join(dir, "*.tgz"))
	if err != nil || len(archives) != 1 {
		t.Fatalf("npm pack left %v, %v", archives, err)
	}
	f, err := os.Open(archives[0])
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	for r := tar.NewReader(z); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			t.Fatal("the package holds no lib/ofd.umd.min.js")
		}
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(h.Name, "lib/ofd.umd.min.js") {
			b, err := io.ReadAll(io.LimitReader(r, 20<<20))
			if err != nil {
				t.Fatal(err)
			}
			return b
		}
	}
}

func missing(t *testing.T, what string) {
	t.Helper()
	if os.Getenv("CI") != "" {
		t.Fatalf("%s is not installed", what)
	}
	t.Skipf("%s is not installed", what)
}

// issued is a business licence of a freshly seeded county.
func issued(t *testing.T) []byte {
	t.Helper()
	a, creds, err := app.CreateCounty(t.Context(), app.CountyConf(filepath.Join(t.TempDir(), "county"), "http://localhost", ""), app.Options{Log: io.Discard})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.Close() })
	ctx, err := a.IAM.AsClient(t.Context(), creds.Apps[0].ClientID)
	if err != nil {
		t.Fatal(err)
	}
	found, err := a.Cert.List(ctx, cert.ListQuery{Kind: "business_license", Limit: 1})
	if err != nil || len(found.Items) != 1 {
		t.Fatalf("the county has no business licence: %v", err)
	}
	b, _, err := a.Cert.Document(ctx, found.Items[0].ID)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// open lets the reader open a document in headless Chromium.
func open(t *testing.T, reader, document []byte) (out finding) {
	t.Helper()
	browser := ""
	for _, name := range []string{"chromium-headless-shell", "chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			browser = path
			break
		}
	}
	if browser == "" {
		missing(t, "chromium")
	}
	page, err := os.ReadFile("testdata/reader.html")
	if err != nil {
		t.Fatal(err)
	}
	files := map[string][]byte{"/": page, "/ofd.js": reader, "/document.ofd": document}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, ok := files[r.URL.Path]
		if !ok {
			http.NotFound(w, r)
			return
		}
		if r.URL.Path == "/" {
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
		}
		w.Write(b)
	}))
	defer server.Close()
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(browser), chromedp.NoSandbox,
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true), chromedp.UserDataDir(t.TempDir()))
	ctx, cancel := chromedp.NewExecAllocator(context.Background(), options...)
	defer cancel()
	ctx, cancel = chromedp.NewContext(ctx)
	defer cancel()
	ctx, cancel = context.WithTimeout(ctx, time.Minute)
	defer cancel()
	if _, err := chromedp.Run(ctx, chromedp.Navigate(server.URL)); err != nil {
		t.Fatal(err)
	}
	if _, err := chromedp.Run(ctx, chromedp.Poll[bool](`document.title === "done" || out.error !== ""`)); err != nil {
		t.Fatal(err)
	}
	text, err := chromedp.Run(ctx, chromedp.Evaluate[string](`JSON.stringify(out)`))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(text), &out); err != nil {
		t.Fatal(err)
	}
	return out
}
