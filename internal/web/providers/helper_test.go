package providers

import (
	"bytes"
	"context"
	"html"
	"io"
	"log/slog"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"sidian/internal/db"
	"sidian/internal/httpx"
	"sidian/internal/iam/iamtest"
	"sidian/internal/outbox"
	"sidian/internal/pki"
	"sidian/internal/provider"
	"sidian/internal/provider/event"
	"sidian/internal/provider/providertest"
	"sidian/internal/web/page"
)

// site is the pages over a county; who asks is told by a header.
type site struct {
	*iamtest.County
	*httptest.Server
	t *testing.T
	p *provider.Service
}

// browser makes the county's people come by a browser.
type browser struct{ *iamtest.County }

func (b browser) Identify(r *http.Request) (context.Context, httpx.Caller, error) {
	ctx, c, err := b.County.Identify(r)
	c.Browser = c.ID != ""
	return ctx, c, err
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// newSite may call the hosts of some providers. "sealadmin" and "second" keep
// the registry of Market, "foreign" that of Land.
func newSite(t *testing.T, d *db.DB, all ...*providertest.Provider) *site {
	t.Helper()
	return newSiteAs(t, d, "zz.example", all...)
}

func newSiteAs(t *testing.T, d *db.DB, self string, all ...*providertest.Provider) *site {
	t.Helper()
	c := iamtest.New(t, d)
	c.Hire(t, "second", "sealadmin", iamtest.Market)
	c.Hire(t, "foreign", "sealadmin", iamtest.Land)
	pk := &pki.Service{DB: d, Keys: c.Keys, BaseURL: "https://zz.example"}
	must(t, pk.Setup(t.Context(), pki.SetupRequest{Name: "青禾县样例"}))
	log := slog.New(slog.DiscardHandler)
	o := provider.Options{
		DB: d, Keys: c.Keys, PKI: pk, Log: log, Self: self, Name: "青禾县样例平台", BaseURL: "https://zz.example", Keep: -1,
		Outbox: outbox.New(outbox.Consumer{Name: "test", Topics: []string{event.Distrusted}, Handle: func(*db.Tx, outbox.Event) error { return nil }}),
	}
	for _, p := range all {
		o.Hosts, o.Private = append(o.Hosts, p.Host), append(o.Private, p.Host)
	}
	out := &site{County: c, t: t}
	var err error
	out.p, err = provider.New(t.Context(), o)
	must(t, err)
	kit, err := page.New(page.Options{})
	must(t, err)
	s := &Service{Kit: kit, Providers: out.p, IAM: c.Service, BaseURL: "https://zz.example", Now: d.Now}
	must(t, s.Load())
	r := httpx.New(httpx.Options{Title: "test", Authorizer: browser{c}, PageError: kit.Refuse, Log: log, SlowPublic: httpx.Rate{PerSecond: 1000, Burst: 1000}})
	s.Routes(r)
	must(t, r.Err())
	must(t, kit.Check(r.Routes()))
	out.Server = httptest.NewServer(r)
	t.Cleanup(out.Close)
	return out
}

// An answer is what a page said.
type answer struct {
	t      *testing.T
	status int
	header http.Header
	body   string // as text: entities are resolved
}

func (s *site) do(who, method, path, media string, body io.Reader, header ...string) answer {
	s.t.Helper()
	q, err := http.NewRequestWithContext(s.t.Context(), method, s.URL+path, body)
	must(s.t, err)
	if who != "" {
		q.Header.Set(iamtest.Acting, who)
	}
	q.Header.Set("Accept", "text/html")
	if method == http.MethodPost {
		q.Header.Set("Content-Type", media)
		q.Header.Set("Sec-Fetch-Site", "same-origin")
	}
	for i := 0; i+1 < len(header); i += 2 {
		q.Header.Set(header[i], header[i+1])
	}
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	r, err := client.Do(q)
	must(s.t, err)
	defer r.Body.Close()
	b, err := io.ReadAll(r.Body)
	must(s.t, err)
	return answer{s.t, r.StatusCode, r.Header, html.UnescapeString(string(b))}
}

func (s *site) get(who, path string) answer {
	s.t.Helper()
	return s.do(who, http.MethodGet, path, "", nil)
}

// post sends a form: pairs of names and values.
func (s *site) post(who, path string, pairs ...string) answer {
	s.t.Helper()
	form := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		form.Add(pairs[i], pairs[i+1])
	}
	return s.do(who, http.MethodPost, path, "application/x-www-form-urlencoded", strings.NewReader(form.Encode()))
}

// A file is one that is chosen in a form.
type file struct {
	field string
	data  []byte
}

// upload sends a form as a browser does, with files.
func (s *site) upload(who, path string, fields map[string]string, files ...file) answer {
	s.t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for name, value := range fields {
		must(s.t, w.WriteField(name, value))
	}
	for _, f := range files {
		part, err := w.CreateFormFile(f.field, "file")
		must(s.t, err)
		_, err = part.Write(f.data)
		must(s.t, err)
	}
	must(s.t, w.Close())
	return s.do(who, http.MethodPost, path, w.FormDataContentType(), &b)
}

// fields are what is typed to propose a provider.
func fields(p *providertest.Provider, more ...string) map[string]string {
	out := map[string]string{"id": p.ID, "name": "样例服务商·" + p.ID, "operator": "样例科技有限公司", "zone": "internet", "endpoint": p.URL, "org": iamtest.Market, "reason": "互认协议〔2026〕3号"}
	for i := 0; i+1 < len(more); i += 2 {
		out[more[i]] = more[i+1]
	}
	return out
}

func (s *site) propose(who string, p *providertest.Provider) answer {
	s.t.Helper()
	return s.upload(who, Home+"/new", fields(p), file{"certificate-file", p.Answers.PEM()}, file{"authorities-file", p.CA.Raw})
}

func (a answer) is(status int, words ...string) answer {
	a.t.Helper()
	if a.status != status {
		a.t.Fatalf("status %d, want %d\n%s", a.status, status, a.body)
	}
	for _, w := range words {
		if !strings.Contains(a.body, w) {
			_, main, _ := strings.Cut(a.body, "<main")
			a.t.Fatalf("does not say %q:\n%s", w, main)
		}
	}
	return a
}

func (a answer) lacks(words ...string) answer {
	a.t.Helper()
	for _, w := range words {
		if strings.Contains(a.body, w) {
			a.t.Fatalf("says %q:\n%s", w, a.body)
		}
	}
	return a
}

// leads fails unless the answer is done and leads to an address.
func (a answer) leads(to string) {
	a.t.Helper()
	if got := a.header.Get("Location"); a.status != http.StatusSeeOther || got != to {
		a.t.Fatalf("status %d to %q, want 303 to %s\n%s", a.status, got, to, a.body)
	}
}
