package app_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"sidian/internal/app"
)

// A world is a demo and a browser that all browser stories share. It lives as
// long as one of them holds it.
type world struct {
	mu     sync.Mutex
	base   string
	users  map[string]app.DemoUser
	cookie map[string]*http.Cookie
	ids    sync.Map // user names to accounts
	chrome *browser
	end    func() error
}

var shared struct {
	sync.Mutex
	holders int
	world   *world
}

// enter takes the shared world, which the first caller makes. Stories enter
// before they turn parallel, so that it is made once.
func enter(t *testing.T) *world {
	t.Helper()
	bin := chromium(t)
	shared.Lock()
	defer shared.Unlock()
	if shared.world == nil {
		shared.world = newWorld(t, bin)
	}
	shared.holders++
	t.Cleanup(func() {
		shared.Lock()
		defer shared.Unlock()
		if shared.holders--; shared.holders == 0 {
			if err := shared.world.end(); err != nil {
				t.Errorf("ending the demo and the browser: %v", err)
			}
			shared.world = nil
		}
	})
	return shared.world
}

func chromium(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"chromium-headless-shell", "chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	if os.Getenv("CI") != "" {
		t.Fatal("Chromium is missing: install the package chromium-headless-shell")
	}
	t.Skip("Chromium is missing: the pages are not driven")
	return ""
}

func newWorld(t *testing.T, bin string) *world {
	t.Helper()
	dir, err := os.MkdirTemp("", "sidian-browser-")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	w := &world{users: map[string]app.DemoUser{}, cookie: map[string]*http.Cookie{}}
	stopped := w.serve(ctx, t, filepath.Join(dir, "county"))
	endBrowser := w.startBrowser(ctx, t, bin, filepath.Join(dir, "profile"))
	w.end = func() error {
		endBrowser()
		stop()
		return errors.Join(<-stopped, os.RemoveAll(dir))
	}
	return w
}

// serve serves a copy of the county as a demo does.
func (w *world) serve(ctx context.Context, t *testing.T, data string) (stopped chan error) {
	t.Helper()
	county, creds := app.CountyDir(t)
	if err := os.Rename(county, data); err != nil { // it outlives this test
		t.Fatal(err)
	}
	for _, u := range creds.Users {
		w.users[u.Username] = u
	}
	l, err := net.Listen("tcp", "localhost:0")
	if err != nil {
		t.Fatal(err)
	}
	w.base = fmt.Sprintf("http://localhost:%d", l.Addr().(*net.TCPAddr).Port)
	a, err := app.Open(ctx, app.CountyConf(data, w.base, ""), app.Options{Mark: app.Mark, Log: io.Discard})
	if err != nil {
		t.Fatal(err)
	}
	stopped = make(chan error, 1)
	go func() { stopped <- errors.Join(a.Run(ctx, l), a.Close()) }()
	return stopped
}

func (w *world) startBrowser(ctx context.Context, t *testing.T, bin, profile string) (end func()) {
	t.Helper()
	opts := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(bin), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.UserDataDir(profile),
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true), chromedp.Flag("lang", "zh-CN"),
		chromedp.Env("LANGUAGE=zh_CN", "LC_ALL=C.UTF-8")) // where LANG names no installed locale Chromium loses files with Chinese names
	allocated, endAllocator := chromedp.NewExecAllocator(ctx, opts...)
	chrome, endChrome := chromedp.NewContext(allocated)
	if err := chromedp.Do(chrome); err != nil {
		t.Fatalf("starting Chromium: %v", err)
	}
	w.chrome = &browser{ctx: chrome}
	return func() {
		endChrome()
		endAllocator()
	}
}

// session signs a user in once, and lends the cookie to every tab.
func (w *world) session(t *testing.T, user string) *http.Cookie {
	t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	if c := w.cookie[user]; c != nil {
		return c
	}
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	r, err := client.PostForm(w.base+"/login", url.Values{"username": {user}, "password": {w.users[user].Password}})
	if err != nil {
		t.Fatal(err)
	}
	r.Body.Close()
	for _, c := range r.Cookies() {
		if !c.HttpOnly || c.SameSite != http.SameSiteLaxMode {
			t.Errorf("the session's cookie is not HttpOnly and SameSite=Lax: %v", c)
		}
		w.cookie[user] = c
	}
	if w.cookie[user] == nil {
		t.Fatalf("%s cannot sign in: %s", user, r.Status)
	}
	return w.cookie[user]
}

// get fetches an address as a user, without a browser.
func (w *world) get(t *testing.T, user, path string) []byte {
	t.Helper()
	q, err := http.NewRequestWithContext(t.Context(), http.MethodGet, w.base+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	q.AddCookie(w.session(t, user))
	r, err := http.DefaultClient.Do(q)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	b, err := io.ReadAll(r.Body)
	if err != nil || r.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s %v", path, r.Status, err)
	}
	return b
}

// A view is how somebody looks at the pages.
type view struct {
	width    int64
	held     bool // the story is about this width
	user     string
	elder    bool
	dark     bool
	noScript bool
}

// everyView is in which ways the pages that no story passes are looked at: both
// widths, both lights, elder mode; in more where pictures are taken.
func everyView() []view {
	if os.Getenv("SCREENSHOTS") == "" {
		return []view{{width: 360, elder: true}, {width: 1440, dark: true}}
	}
	return []view{{width: 360}, {width: 1440}, {width: 1440, dark: true}, {width: 360, elder: true}, {width: 1440, elder: true, dark: true}}
}

// A tab is a browser tab with cookies of its own.
type tab struct {
	t     *testing.T
	w     *world
	ctx   context.Context
	view  view
	pane  *pane
	waits time.Duration // for what a page should show
	// spoilt is set where something was done to the pane that cannot be undone.
	spoilt bool
	mu     sync.Mutex
	wrong  []string
}

// patience is how long a tab waits where nothing else is said.
const patience = 30 * time.Second

// open opens a tab: where OTHER_WIDTH is set, at the width at which a story does not
// tell it, so that both are told by two runs. When the test ends, whatever the console complained about
// fails it: an error of a script, or what the content security policy stopped.
func (w *world) open(t *testing.T, v view) *tab {
	t.Helper()
	if os.Getenv("OTHER_WIDTH") != "" && !v.held {
		v.width = 360 + 1440 - v.width
	}
	p := w.chrome.take(t)
	tb := &tab{t: t, w: w, ctx: p.ctx, view: v, pane: p, waits: patience}
	p.lend(tb)
	tb.do(chromedp.EmulateViewport(v.width, 900))
	tb.prepare()
	t.Cleanup(func() {
		w.chrome.put(p, !t.Failed() && !tb.spoilt)
		tb.mu.Lock()
		defer tb.mu.Unlock()
		for _, m := range tb.wrong {
			t.Errorf("console: %s", m)
		}
	})
	return tb
}

// hear keeps what should not be there. That a page came with a status of
// refusal is no complaint.
func (tb *tab) hear(m chromedp.ConsoleMessage) {
	refused := m.Source == "network" && strings.Contains(m.Text, "the server responded with a status of 4")
	if refused || m.Type == chromedp.ConsoleInfo || m.Type == chromedp.ConsoleDebug {
		return
	}
	tb.mu.Lock()
	defer tb.mu.Unlock()
	tb.wrong = append(tb.wrong, fmt.Sprintf("%s %s (%s)", m.Type, m.Text, m.URL))
}

func (tb *tab) prepare() {
	tb.t.Helper()
	if tb.view.noScript {
		call(tb, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
	}
	if tb.view.dark {
		tb.darken(true)
	}
	if tb.view.elder {
		call(tb, network.SetCookie, network.SetCookieParams{Name: "elder", Value: "1", URL: tb.w.base})
	}
	if tb.view.user != "" {
		c := tb.w.session(tb.t, tb.view.user)
		call(tb, network.SetCookie, network.SetCookieParams{Name: c.Name, Value: c.Value, URL: tb.w.base, HTTPOnly: ptr(true)})
	}
}

func (tb *tab) darken(dark bool) {
	tb.t.Helper()
	scheme := map[bool]string{true: "dark", false: "light"}[dark]
	call(tb, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}})
}

func ptr[T any](v T) *T { return &v }

func (tb *tab) do(steps ...chromedp.Action[chromedp.Void]) {
	tb.t.Helper()
	ctx, cancel := context.WithTimeout(tb.ctx, tb.waits)
	defer cancel()
	if err := chromedp.Do(ctx, steps...); err != nil {
		tb.t.Fatalf("%v\n%s", err, tb.where())
	}
}

// where tells what the page shows, for a failure.
func (tb *tab) where() string {
	ctx, cancel := context.WithTimeout(tb.ctx, 5*time.Second)
	defer cancel()
	s, err := chromedp.Run(ctx, chromedp.Evaluate[string](`location.href + "\n" + (document.body?.innerText ?? "").slice(0, 1500)`))
	if err != nil {
		return err.Error()
	}
	return s
}

func (tb *tab) visit(path string) {
	tb.t.Helper()
	tb.do(chromedp.Navigate(tb.w.base + path))
}

func (tb *tab) click(css string) {
	tb.t.Helper()
	tb.do(chromedp.Click(chromedp.CSS(css)))
}

// signOut leaves by the button in the frame, which a phone has in its menu.
func (tb *tab) signOut() {
	tb.t.Helper()
	if tb.view.width > 1024 {
		tb.click(".bar .end .group summary")
		tb.click(".bar .end .group form button")
		return
	}
	tb.click(".menu summary")
	tb.click(".menu form button")
}

func (tb *tab) wait(css string) {
	tb.t.Helper()
	tb.do(chromedp.WaitVisible(chromedp.CSS(css)))
}

// fill types into the controls by name, as if by hand.
func (tb *tab) fill(values map[string]string) {
	tb.t.Helper()
	given, err := json.Marshal(values)
	if err != nil {
		tb.t.Fatal(err)
	}
	missing := eval[[]string](tb, `Object.entries(`+string(given)+`).filter(([name, value]) => {
		const e = document.getElementsByName(name)[0];
		if (!e) return true;
		e.value = value;
		for (const what of ["input", "change"]) e.dispatchEvent(new Event(what, { bubbles: true }));
		return e.value !== value;
	}).map(([name]) => name)`)
	if len(missing) > 0 {
		tb.t.Fatalf("no control takes %v\n%s", missing, tb.where())
	}
}

func (tb *tab) upload(css, path string) {
	tb.t.Helper()
	tb.do(chromedp.SetUploadFiles(chromedp.CSS(css), []string{path}))
}

func (tb *tab) text(css string) string {
	tb.t.Helper()
	return eval[string](tb, `document.querySelector(`+fmt.Sprintf("%q", css)+`)?.innerText ?? ""`)
}

// says fails unless the element's text has the words.
func (tb *tab) says(css string, words ...string) {
	tb.t.Helper()
	got := tb.text(css)
	for _, word := range words {
		if !strings.Contains(got, word) {
			tb.t.Errorf("%s does not say %q but:\n%s", css, word, got)
		}
	}
}

func (tb *tab) path() string {
	tb.t.Helper()
	return eval[string](tb, `location.pathname + location.search`)
}

// until waits until an expression holds on a page that is there as a whole.
func (tb *tab) until(expression string) {
	tb.t.Helper()
	ctx, cancel := context.WithTimeout(tb.ctx, tb.waits)
	defer cancel()
	for {
		ok, err := chromedp.Run(ctx, chromedp.Evaluate[bool](`document.readyState === "complete" && !!(`+expression+`)`))
		if err == nil && ok {
			return
		}
		select {
		case <-ctx.Done():
			tb.t.Fatalf("never: %s (%v)\n%s", expression, err, tb.where())
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func eval[T any](tb *tab, expression string) T {
	tb.t.Helper()
	ctx, cancel := context.WithTimeout(tb.ctx, tb.waits)
	defer cancel()
	v, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		tb.t.Fatalf("%v\n%s", err, tb.where())
	}
	return v
}

// picture writes what the page looks like, where SCREENSHOTS names a folder.
func (tb *tab) picture(name string) {
	tb.t.Helper()
	dir := os.Getenv("SCREENSHOTS")
	if dir == "" {
		return
	}
	height := eval[float64](tb, `document.documentElement.scrollHeight`)
	shot := call(tb, page.CaptureScreenshot, page.CaptureScreenshotParams{
		CaptureBeyondViewport: ptr(true), Clip: &page.Viewport{Width: float64(tb.view.width), Height: min(height, 4000), Scale: 1},
	})
	name += fmt.Sprintf("-%d", tb.view.width)
	if tb.view.elder {
		name += "-elder"
	}
	if tb.view.dark {
		name += "-dark"
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		tb.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, name+".png"), shot.Data, 0o644); err != nil {
		tb.t.Fatal(err)
	}
}
