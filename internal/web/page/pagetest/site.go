// Package pagetest serves a package of pages to its tests, and asks it as a
// browser would: who asks is told by a header.
package pagetest

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

	"sidian/internal/fault"
	"sidian/internal/httpx"
	"sidian/internal/iam"
	"sidian/internal/iam/iamtest"
	"sidian/internal/web/page"
)

// Must fails the test for an error, with what a refusal says of its fields.
func Must(t testing.TB, err error) {
	t.Helper()
	if f := fault.As(err); f != nil {
		t.Fatalf("%v %s %+v", err, f.Code, f.Fields)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// Kit is a kit without a look of its own.
func Kit(t testing.TB) *page.Kit {
	t.Helper()
	kit, err := page.New(page.Options{})
	Must(t, err)
	return kit
}

// People are an httpx.Authorizer that believes the header [iamtest.Acting]: its
// value is a key of By, whose roles are those that they have now.
type People struct {
	*iam.Service
	By map[string]context.Context
}

// Identify makes who is named by the header act in r.
func (p People) Identify(r *http.Request) (context.Context, httpx.Caller, error) {
	ctx := r.Context()
	as, ok := p.By[r.Header.Get(iamtest.Acting)]
	if !ok {
		return ctx, httpx.Caller{}, nil
	}
	was, _ := iam.From(as)
	now, err := p.Principal(ctx, was.Account, iam.Proof{Session: was.Session, Second: was.Second, Level: was.Level})
	if err != nil {
		return ctx, httpx.Caller{}, err
	}
	return iam.With(ctx, now), httpx.Caller{ID: "account/" + was.Account}, nil
}

// browser makes people come by a browser, whose writes are looked at for where
// they come from.
type browser struct{ httpx.Authorizer }

func (b browser) Identify(r *http.Request) (context.Context, httpx.Caller, error) {
	ctx, c, err := b.Authorizer.Identify(r)
	c.Browser = c.ID != ""
	return ctx, c, err
}

// Pages are what a package of pages offers.
type Pages interface {
	Load() error
	Routes(r *httpx.Router)
}

// A Site is the pages, served until the test ends.
type Site struct {
	*httptest.Server
	t testing.TB
}

// Serve loads and mounts pages and whatever else they ask, and holds their
// navigation against their routes.
func Serve(t testing.TB, kit *page.Kit, who httpx.Authorizer, pages Pages, more ...func(*httpx.Router)) *Site {
	t.Helper()
	Must(t, pages.Load())
	r := httpx.New(httpx.Options{Title: "test", Authorizer: browser{who}, PageError: kit.Refuse, Log: slog.New(slog.DiscardHandler), SlowPublic: httpx.Rate{PerSecond: 1000, Burst: 1000}})
	for _, mount := range append([]func(*httpx.Router){pages.Routes}, more...) {
		mount(r)
	}
	Must(t, r.Err())
	Must(t, kit.Check(r.Routes()))
	s := &Site{httptest.NewServer(r), t}
	t.Cleanup(s.Close)
	return s
}

// Do asks as somebody, from this site unless a header (pairs of names and
// values) says otherwise, and follows no redirect.
func (s *Site) Do(who, method, path, media string, body io.Reader, header ...string) Answer {
	s.t.Helper()
	q, err := http.NewRequestWithContext(s.t.Context(), method, s.URL+path, body)
	Must(s.t, err)
	q.Header.Set("Accept", "text/html")
	if who != "" {
		q.Header.Set(iamtest.Acting, who)
	}
	if method == http.MethodPost {
		q.Header.Set("Content-Type", media)
		q.Header.Set("Sec-Fetch-Site", "same-origin")
	}
	for i := 0; i+1 < len(header); i += 2 {
		q.Header.Set(header[i], header[i+1])
	}
	client := *s.Client()
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	r, err := client.Do(q)
	Must(s.t, err)
	defer r.Body.Close()
	b, err := io.ReadAll(r.Body)
	Must(s.t, err)
	return Answer{s.t, r.StatusCode, r.Header, b, html.UnescapeString(string(b))}
}

// Get asks for a page.
func (s *Site) Get(who, path string, header ...string) Answer {
	s.t.Helper()
	return s.Do(who, http.MethodGet, path, "", nil, header...)
}

// Send sends a form.
func (s *Site) Send(who, path string, form url.Values, header ...string) Answer {
	s.t.Helper()
	return s.Do(who, http.MethodPost, path, "application/x-www-form-urlencoded", strings.NewReader(form.Encode()), header...)
}

// Post sends a form of pairs of names and values.
func (s *Site) Post(who, path string, pairs ...string) Answer {
	s.t.Helper()
	return s.Send(who, path, Form(pairs...))
}

// Form is a form of pairs of names and values.
func Form(pairs ...string) url.Values {
	form := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		form.Add(pairs[i], pairs[i+1])
	}
	return form
}

// A File is one that is chosen in a form.
type File struct {
	Field, Name string
	Data        []byte
}

// Chosen is a file of a name chosen in a field.
func Chosen(field, name string, data []byte) File { return File{field, name, data} }

// Upload sends a form with files, as a browser does.
func (s *Site) Upload(who, path string, form url.Values, files ...File) Answer {
	s.t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for name, list := range form {
		for _, v := range list {
			Must(s.t, w.WriteField(name, v))
		}
	}
	for _, f := range files {
		part, err := w.CreateFormFile(f.Field, f.Name)
		Must(s.t, err)
		_, err = part.Write(f.Data)
		Must(s.t, err)
	}
	Must(s.t, w.Close())
	return s.Do(who, http.MethodPost, path, w.FormDataContentType(), &b)
}
