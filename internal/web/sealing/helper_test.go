package sealing

import (
	"archive/zip"
	"bytes"
	"context"
	"html"
	"io"
	"log/slog"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"sidian/internal/db"
	"sidian/internal/httpx"
	"sidian/internal/iam"
	"sidian/internal/pki/pkitest"
	"sidian/internal/seal/sealtest"
	"sidian/internal/sealing/sealingtest"
	"sidian/internal/web/page"
)

// site is the pages over a county in which seals are asked for; who asks is told
// by a header.
type site struct {
	*sealingtest.World
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
	w := sealingtest.New(t, d)
	kit, err := page.New(page.Options{})
	must(t, err)
	out := &site{World: w, t: t, people: map[string]context.Context{
		"clerk": w.Asker, "other": w.Other, "leader": w.Leader, "market": w.Keepers[sealtest.Market], "land": w.Keepers[sealtest.Land], "county": w.Keepers[pkitest.Root],
		"designer": w.Hire(t, "designer", "designer", sealtest.Market), "system": w.System,
	}}
	key, err := w.Keys.Index(t.Context(), "sealing.draft")
	must(t, err)
	out.pages = &Service{Kit: kit, Sealing: w.Sealing, Seal: w.World.Seal, IAM: w.IAM, Blob: w.Blob, Key: key, Askable: out.askable}
	must(t, out.pages.Load())
	r := httpx.New(httpx.Options{Title: "test", Authorizer: out, PageError: kit.Refuse, Log: slog.New(slog.DiscardHandler), SlowPublic: httpx.Rate{PerSecond: 1000, Burst: 1000}})
	out.pages.Routes(r)
	must(t, r.Err())
	must(t, kit.Check(r.Routes()))
	out.Server = httptest.NewServer(r)
	t.Cleanup(out.Close)
	return out
}

// askable offers the county's seals by the rules.
func (s *site) askable(ctx context.Context, purpose, text string) (out []Choice, err error) {
	p, _ := iam.From(ctx)
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		out = out[:0]
		for _, unit := range []string{sealtest.Market, sealtest.Land, pkitest.Root} {
			x := s.Seals[unit]
			if text != "" && text != x.ID && !strings.HasPrefix(x.Name, text) {
				continue
			}
			if _, err := s.World.Seal.RuleTx(tx, x.ID, purpose, p.Account); err == nil {
				out = append(out, Choice{ID: x.ID, Name: x.Name, Org: x.Org, Unit: x.Name, Kind: x.Kind})
			}
		}
		return nil
	})
	return out, err
}

// An answer is what a page said.
type answer struct {
	t      *testing.T
	status int
	header http.Header
	raw    []byte
	body   string // as text: entities are resolved
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
	return answer{s.t, r.StatusCode, r.Header, b, html.UnescapeString(string(b))}
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

// upload sends a form with a file; without data there is none.
func (s *site) upload(who, path, name string, data []byte, pairs ...string) answer {
	s.t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for i := 0; i+1 < len(pairs); i += 2 {
		must(s.t, w.WriteField(pairs[i], pairs[i+1]))
	}
	if data != nil {
		f, err := w.CreateFormFile("file", name)
		must(s.t, err)
		_, err = f.Write(data)
		must(s.t, err)
	}
	must(s.t, w.Close())
	return s.do(who, http.MethodPost, path, w.FormDataContentType(), &b)
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

// leads fails unless the answer is done and leads to an address of a form; it
// returns that.
func (a answer) leads(pattern string) string {
	a.t.Helper()
	to := a.header.Get("Location")
	if a.status != http.StatusSeeOther || !regexp.MustCompile("^"+pattern+"$").MatchString(to) {
		_, main, _ := strings.Cut(a.body, "<main")
		a.t.Fatalf("status %d to %q, want 303 to %s\n%s", a.status, to, pattern, main)
	}
	return to
}

// begun brings a document and picks seals, and returns the address of the draft
// where its places are chosen.
func (s *site) begun(who string, data []byte, seals ...string) string {
	s.t.Helper()
	to := s.upload(who, New, "通知.ofd", data, "title", "关于公布办事指南的通知", "purpose", "公文", "reason", "按程序印发").leads(Drafts + "/[0-9a-f]+/seals")
	pairs := []string{"go", "on"}
	for _, id := range seals {
		pairs = append(pairs, "seal", id)
	}
	return s.post(who, to, pairs...).leads(Drafts + "/[0-9a-f]+/places")
}

// sent submits a draft with its places as they are proposed, and returns the id
// of the request.
func (s *site) sent(who, places string, pairs ...string) string {
	s.t.Helper()
	page := s.get(who, places).is(200)
	form := []string{"go", "on"}
	for _, m := range regexp.MustCompile(`<input id="(s\d+-[a-z-]+)"[^>]* value="([^"]*)"`).FindAllStringSubmatch(page.body, -1) {
		form = append(form, m[1], m[2])
	}
	for _, m := range regexp.MustCompile(`name="(s\d+-way)" value="([a-z]+)" checked`).FindAllStringSubmatch(page.body, -1) {
		form = append(form, m[1], m[2])
	}
	check := s.post(who, places, append(form, pairs...)...).leads(Drafts + "/[0-9a-f]+/check")
	to := s.post(who, check).leads(Home + `/[a-z0-9]+\?done=asked`)
	return strings.TrimSuffix(strings.TrimPrefix(to, Home+"/"), "?done=asked")
}

// archive is a ZIP of files.
func archive(t *testing.T, files map[string][]byte) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for name, data := range files {
		f, err := z.Create(name)
		must(t, err)
		_, err = f.Write(data)
		must(t, err)
	}
	must(t, z.Close())
	return b.Bytes()
}
