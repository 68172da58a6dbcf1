package admin

import (
	"context"
	"html"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"sidian/internal/auth"
	"sidian/internal/auth/authtest"
	"sidian/internal/db"
	"sidian/internal/due"
	"sidian/internal/httpx"
	"sidian/internal/iam"
	"sidian/internal/iam/iamtest"
	"sidian/internal/web/page"
)

// site is the pages over a county; who asks is told by a header.
type site struct {
	*authtest.County
	*httptest.Server
	t *testing.T
}

// browser makes the county's people come by a browser, whose writes are looked
// at for where they come from.
type browser struct{ *authtest.County }

func (b browser) Identify(r *http.Request) (context.Context, httpx.Caller, error) {
	ctx, c, err := b.County.County.Identify(r)
	c.Browser = c.ID != ""
	return ctx, c, err
}

func newSite(t *testing.T, d *db.DB) *site {
	t.Helper()
	c := authtest.NewWith(t, d, auth.Options{})
	c.Due = &due.Service{DB: d, Outbox: c.Outbox}
	kit, err := page.New(page.Options{})
	if err != nil {
		t.Fatal(err)
	}
	s := &Service{IAM: c.Service, Auth: c.Auth, Kit: kit, BaseURL: "https://zz.example"}
	if err := s.Load(); err != nil {
		t.Fatal(err)
	}
	r := httpx.New(httpx.Options{Title: "test", Authorizer: browser{c}, PageError: kit.Refuse, Log: slog.New(slog.DiscardHandler), SlowPublic: httpx.Rate{PerSecond: 1000, Burst: 1000}})
	s.Routes(r)
	if err := r.Err(); err != nil {
		t.Fatal(err)
	}
	if err := kit.Check(r.Routes()); err != nil {
		t.Error(err)
	}
	out := &site{County: c, Server: httptest.NewServer(r), t: t}
	t.Cleanup(out.Close)
	return out
}

// An answer is what a page said.
type answer struct {
	t      *testing.T
	status int
	to     string // where it leads
	body   string // as text: entities are resolved
}

func (s *site) do(who, method, path string, form url.Values, header ...string) answer {
	s.t.Helper()
	var body io.Reader
	if form != nil {
		body = strings.NewReader(form.Encode())
	}
	q, err := http.NewRequestWithContext(s.t.Context(), method, s.URL+path, body)
	if err != nil {
		s.t.Fatal(err)
	}
	q.Header.Set(iamtest.Acting, who)
	q.Header.Set("Accept", "text/html")
	if method == http.MethodPost {
		q.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		q.Header.Set("Sec-Fetch-Site", "same-origin")
	}
	for i := 0; i+1 < len(header); i += 2 {
		q.Header.Set(header[i], header[i+1])
	}
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	r, err := client.Do(q)
	if err != nil {
		s.t.Fatal(err)
	}
	defer r.Body.Close()
	b, err := io.ReadAll(r.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return answer{s.t, r.StatusCode, r.Header.Get("Location"), html.UnescapeString(string(b))}
}

func (s *site) get(who, path string) answer {
	s.t.Helper()
	return s.do(who, http.MethodGet, path, nil)
}

// post sends a form: pairs of names and values.
func (s *site) post(who, path string, pairs ...string) answer {
	s.t.Helper()
	form := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		form.Add(pairs[i], pairs[i+1])
	}
	return s.do(who, http.MethodPost, path, form)
}

// is fails unless the answer has the status and says the words.
func (a answer) is(status int, words ...string) answer {
	a.t.Helper()
	if a.status != status {
		a.t.Errorf("status %d, want %d", a.status, status)
	}
	for _, w := range words {
		if !strings.Contains(a.body, w) {
			a.t.Errorf("does not say %q", w)
		}
	}
	if a.t.Failed() {
		_, main, _ := strings.Cut(a.body, "<main")
		a.t.Logf("%s", main)
		a.t.FailNow()
	}
	return a
}

// lacks fails if the answer says one of the words.
func (a answer) lacks(words ...string) answer {
	a.t.Helper()
	for _, w := range words {
		if strings.Contains(a.body, w) {
			a.t.Fatalf("says %q:\n%s", w, a.body)
		}
	}
	return a
}

// leads fails unless the answer is done and leads to an address that begins so;
// it returns the last part of its path.
func (a answer) leads(prefix string) string {
	a.t.Helper()
	if a.status != http.StatusSeeOther || !strings.HasPrefix(a.to, prefix) {
		_, main, _ := strings.Cut(a.body, "<main")
		a.t.Fatalf("status %d to %q, want 303 to %s\n%s", a.status, a.to, prefix, main)
	}
	path, _, _ := strings.Cut(a.to, "?")
	return path[strings.LastIndexByte(path, '/')+1:]
}

// open runs as somebody's first page after it was done.
func (s *site) open(who string, a answer, words ...string) answer {
	s.t.Helper()
	if a.status != http.StatusSeeOther {
		a.is(http.StatusSeeOther)
	}
	return s.get(who, a.to).is(http.StatusOK, words...)
}

func (s *site) id(who string) string { return s.People[who].ID }

// proposed drafts a grant and returns its id.
func (s *site) proposed(username, role, unit string) string {
	s.t.Helper()
	g, err := s.ProposeGrant(s.Ctx(s.t, "system"), iam.GrantRequest{Account: s.id(username), Role: role, Org: unit, Reason: "业务需要"})
	if err != nil {
		s.t.Fatal(err)
	}
	return g.ID
}

// idle opens an account without a role.
func (s *site) idle(username, name, org string) iam.Account {
	s.t.Helper()
	a, err := s.CreateAccount(s.Ctx(s.t, "system"), iam.AccountRequest{Username: username, Kind: iam.Staff, Name: name, Org: org, Phone: "13900139000"})
	if err != nil {
		s.t.Fatal(err)
	}
	s.People[username] = a
	return a
}

func day(days int) string { return time.Now().AddDate(0, 0, days).Format("2006-01-02") }
