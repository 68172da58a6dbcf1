package seals

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
	"time"

	"sidian/internal/db"
	"sidian/internal/httpx"
	"sidian/internal/iam"
	"sidian/internal/pki/pkitest"
	"sidian/internal/seal/sealtest"
	"sidian/internal/web/page"
)

// site is the pages over a county with seals; who asks is told by a header.
type site struct {
	*sealtest.World
	*httptest.Server
	t      *testing.T
	pages  *Service
	people map[string]context.Context
}

const acting = "Acting"

// Identify makes the site an httpx.Authorizer that believes the header, and whose
// people come by a browser.
func (s *site) Identify(r *http.Request) (context.Context, httpx.Caller, error) {
	as, ok := s.people[r.Header.Get(acting)]
	if !ok {
		return r.Context(), httpx.Caller{}, nil
	}
	p, _ := iam.From(as)
	now, err := s.IAM.As(r.Context(), p.Account)
	return now, httpx.Caller{ID: "account/" + p.Account, Browser: true}, err
}

// Permit is iam's, at the door of a route.
func (s *site) Permit(ctx context.Context, permissions []string) error {
	return s.IAM.Permit(ctx, permissions)
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func newSite(t *testing.T, d *db.DB) *site {
	t.Helper()
	w := sealtest.New(t, d)
	kit, err := page.New(page.Options{})
	must(t, err)
	out := &site{World: w, t: t, people: map[string]context.Context{
		"keeper": w.Keeper, "admin": w.Admin, "clerk": w.Clerk, "system": w.System, "security": w.Security,
		"next": w.Hire(t, "next", "custodian", sealtest.Market), "land": w.Hire(t, "land", "custodian", sealtest.Land), "designer": w.Hire(t, "designer", "designer", sealtest.Market),
	}}
	out.pages = &Service{Kit: kit, Seal: w.Seal, PKI: w.PKI, IAM: w.IAM}
	must(t, out.pages.Load())
	r := httpx.New(httpx.Options{Title: "test", Authorizer: out, PageError: kit.Refuse, Log: slog.New(slog.DiscardHandler), SlowPublic: httpx.Rate{PerSecond: 1000, Burst: 1000}})
	out.pages.Routes(r)
	must(t, r.Err())
	must(t, kit.Check(r.Routes()))
	out.Server = httptest.NewServer(r)
	t.Cleanup(out.Close)
	return out
}

func (s *site) id(who string) string { return sealtest.Account(s.people[who]) }

// An answer is what a page said.
type answer struct {
	t      *testing.T
	status int
	header http.Header
	body   string // as text: entities are resolved
	raw    string
}

func (s *site) do(who, method, path, media string, body io.Reader, header ...string) answer {
	s.t.Helper()
	q, err := http.NewRequestWithContext(s.t.Context(), method, s.URL+path, body)
	must(s.t, err)
	q.Header.Set(acting, who)
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
	return answer{s.t, r.StatusCode, r.Header, html.UnescapeString(string(b)), string(b)}
}

func (s *site) get(who, path string, header ...string) answer {
	s.t.Helper()
	return s.do(who, http.MethodGet, path, "", nil, header...)
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

// upload sends a file as the form for answers does.
func (s *site) upload(who, path string, file []byte) answer {
	s.t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	f, err := w.CreateFormFile("file", "answer.pem")
	must(s.t, err)
	_, err = f.Write(file)
	must(s.t, err)
	must(s.t, w.Close())
	return s.do(who, http.MethodPost, path, w.FormDataContentType(), &b)
}

// is fails unless the answer has the status and says the words.
func (a answer) is(status int, words ...string) answer {
	a.t.Helper()
	_, main, _ := strings.Cut(a.body, "<main")
	if a.status != status {
		a.t.Fatalf("status %d, want %d\n%s", a.status, status, main)
	}
	for _, w := range words {
		if !strings.Contains(a.body, w) {
			a.t.Fatalf("does not say %q:\n%s", w, main)
		}
	}
	return a
}

// lacks fails if the answer says one of the words.
func (a answer) lacks(words ...string) answer {
	a.t.Helper()
	for _, w := range words {
		if strings.Contains(a.body, w) {
			_, main, _ := strings.Cut(a.body, "<main")
			a.t.Fatalf("says %q:\n%s", w, main)
		}
	}
	return a
}

// escaped fails if the page has what was typed as it was typed.
func (a answer) escaped(typed string) {
	a.t.Helper()
	if strings.Contains(a.raw, typed) {
		a.t.Errorf("the page has %q", typed)
	}
}

// leads fails unless the answer is done and leads to an address.
func (a answer) leads(to string) answer {
	a.t.Helper()
	if got := a.header.Get("Location"); a.status != http.StatusSeeOther || got != to {
		_, main, _ := strings.Cut(a.body, "<main")
		a.t.Fatalf("status %d to %q, want 303 to %q\n%s", a.status, got, to, main)
	}
	return a
}

// between is what stands between two texts.
func (a answer) between(from, to string) string {
	a.t.Helper()
	_, rest, ok := strings.Cut(a.body, from)
	found, _, end := strings.Cut(rest, to)
	if !ok || !end {
		a.t.Fatalf("nothing between %q and %q", from, to)
	}
	return found
}

func day(years int) string { return time.Now().AddDate(years, 0, 0).Format(time.DateOnly) }

const root = pkitest.Root
