package account_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"html"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"sidian/internal/auth"
	"sidian/internal/auth/authtest"
	"sidian/internal/db"
	"sidian/internal/httpx"
	"sidian/internal/web/account"
	"sidian/internal/web/page"
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// A site serves the pages over a county of people.
type site struct {
	*authtest.County
	*httptest.Server
	clock   *clock
	log     *bytes.Buffer
	handler atomic.Pointer[http.Handler]
}

// newSite serves a new county.
func newSite(t *testing.T, d *db.DB, o auth.Options) *site {
	t.Helper()
	s := &site{clock: &clock{}, log: &bytes.Buffer{}}
	d.Now = s.clock.now
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { (*s.handler.Load()).ServeHTTP(w, r) }))
	t.Cleanup(s.Close)
	o.BaseURL = s.URL
	s.County = authtest.NewWith(t, d, o)
	s.mount(t)
	return s
}

// serve serves the same county by other rules, as after a restart.
func (s *site) serve(t *testing.T, o auth.Options) {
	t.Helper()
	o.BaseURL = s.URL
	s.Auth = authtest.Service(t, s.County.County, o)
	s.mount(t)
}

func (s *site) mount(t *testing.T) {
	t.Helper()
	kit, err := page.New(page.Options{})
	must(t, err)
	pages := &account.Service{Auth: s.Auth, IAM: s.Service, Kit: kit, Notices: s.notices(t)}
	must(t, pages.Load())
	r := httpx.New(httpx.Options{BaseURL: s.URL, Authorizer: s.Auth, SlowPublic: httpx.Rate{PerSecond: -1}, PageError: kit.Refuse,
		Log: slog.New(slog.NewTextHandler(s.log, nil))})
	pages.Routes(r)
	// Where signed-in people have work to do, and only they.
	httpx.HandlePage(r, "GET /console", httpx.SignedIn(), func(w http.ResponseWriter, _ *http.Request) error {
		_, err := io.WriteString(w, "<main>工作台</main>")
		return err
	})
	must(t, r.Err())
	must(t, kit.Check(r.Routes()))
	handler := http.Handler(r)
	s.handler.Store(&handler)
}

// A browser keeps cookies, and follows no redirect by itself.
type browser struct {
	t *testing.T
	*site
	client *http.Client
	from   string // what the browser says of where a request comes from
}

func (s *site) browser(t *testing.T) *browser {
	t.Helper()
	jar, err := cookiejar.New(nil)
	must(t, err)
	return &browser{t, s, &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}, "same-origin"}
}

// An answer is a page as the browser got it.
type answer struct {
	t      *testing.T
	status int
	to     string // where it leads
	header http.Header
	body   string
}

func (b *browser) do(method, path string, form url.Values) answer {
	b.t.Helper()
	address := path
	if strings.HasPrefix(path, "/") {
		address = b.URL + path
	}
	q, err := http.NewRequestWithContext(b.t.Context(), method, address, strings.NewReader(form.Encode()))
	must(b.t, err)
	q.Header.Set("Accept", "text/html")
	q.Header.Set("Sec-Fetch-Site", b.from)
	if method == http.MethodPost {
		q.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	r, err := b.client.Do(q)
	must(b.t, err)
	defer r.Body.Close()
	body, err := io.ReadAll(r.Body)
	must(b.t, err)
	return answer{b.t, r.StatusCode, r.Header.Get("Location"), r.Header, html.UnescapeString(string(body))}
}

func (b *browser) get(path string) answer { b.t.Helper(); return b.do(http.MethodGet, path, nil) }

// post sends a form, given as names and values in turn.
func (b *browser) post(path string, pairs ...string) answer {
	b.t.Helper()
	form := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		form.Set(pairs[i], pairs[i+1])
	}
	return b.do(http.MethodPost, path, form)
}

func (b *browser) token() string {
	b.t.Helper()
	u, err := url.Parse(b.URL)
	must(b.t, err)
	for _, c := range b.client.Jar.Cookies(u) {
		if c.Name == "sidian" {
			return c.Value
		}
	}
	return ""
}

func (b *browser) plant(token string) {
	b.t.Helper()
	u, err := url.Parse(b.URL)
	must(b.t, err)
	b.client.Jar.SetCookies(u, []*http.Cookie{httpx.SessionCookie(token, false)})
}

// leads fails unless the answer leads there.
func (a answer) leads(to string) answer {
	a.t.Helper()
	if a.status != http.StatusSeeOther || a.to != to {
		a.t.Fatalf("it leads with %d to %q, not to %q\n%s", a.status, a.to, to, a.text())
	}
	return a
}

// says fails unless the page has that status and those words.
func (a answer) says(status int, words ...string) answer {
	a.t.Helper()
	if a.status != status {
		a.t.Fatalf("status %d, not %d (to %q)\n%s", a.status, status, a.to, a.text())
	}
	for _, w := range words {
		if !strings.Contains(a.body, w) {
			a.t.Errorf("it does not say %q:\n%s", w, a.text())
		}
	}
	return a
}

func (a answer) lacks(words ...string) answer {
	a.t.Helper()
	for _, w := range words {
		if strings.Contains(a.body, w) {
			a.t.Errorf("it says %q:\n%s", w, a.text())
		}
	}
	return a
}

var mainPart = regexp.MustCompile(`(?s)<main.*</main>`)

func (a answer) text() string { return mainPart.FindString(a.body) }

func regexpFind(t *testing.T, in, pattern string) string {
	t.Helper()
	got := regexp.MustCompile(pattern).FindString(in)
	if got == "" {
		t.Fatalf("nothing like %s", pattern)
	}
	return got
}

// value is what a hidden or filled control holds.
func (a answer) value(name string) string {
	a.t.Helper()
	m := regexp.MustCompile(`name="` + name + `"[^>]* value="([^"]*)"`).FindStringSubmatch(a.body)
	if m == nil {
		a.t.Fatalf("there is no control %s:\n%s", name, a.text())
	}
	return m[1]
}

// secretOf is the secret of one-time codes that a page shows.
func (a answer) secretOf() string {
	a.t.Helper()
	m := regexp.MustCompile(`(?s)<code id="key".*?</code>`).FindString(a.body)
	groups := regexp.MustCompile(`<span>([A-Z2-7]+)</span>`).FindAllStringSubmatch(m, -1)
	secret := ""
	for _, g := range groups {
		secret += g[1]
	}
	if len(secret) != 32 {
		a.t.Fatalf("the page shows no secret:\n%s", a.text())
	}
	return secret
}

// signIn goes through the first step.
func (b *browser) signIn(who string) answer {
	b.t.Helper()
	e := b.Passwords[who]
	return b.post("/login", "username", e.Username, "password", e.Password)
}

// enter signs in, with whatever is asked for.
func (b *browser) enter(who string) *browser {
	b.t.Helper()
	a := b.signIn(who)
	if a.to == "/login/second" {
		a = b.post("/login/second", "code", b.code(b.Passwords[who].TOTP))
	}
	a.leads("/console")
	return b
}

// A clock goes when the test says so, beside going by itself.
type clock struct{ ahead atomic.Int64 }

func (c *clock) now() time.Time          { return time.Now().Add(time.Duration(c.ahead.Load())) }
func (c *clock) forward(d time.Duration) { c.ahead.Add(int64(d)) }

// code is a one-time code that nobody used yet: the clock goes on for it.
func (s *site) code(secret string) string {
	s.clock.forward(31 * time.Second)
	return totp(secret, s.DB.Now())
}

// totp is RFC 6238 as every app has it.
func totp(secret string, at time.Time) string {
	key, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(secret)
	if err != nil {
		return err.Error()
	}
	mac := hmac.New(sha1.New, key)
	_ = binary.Write(mac, binary.BigEndian, uint64(at.Unix()/30)) // a hash takes everything
	sum := mac.Sum(nil)
	from := sum[len(sum)-1] & 15
	return fmt.Sprintf("%06d", binary.BigEndian.Uint32(sum[from:])&0x7fffffff%1_000_000)
}
