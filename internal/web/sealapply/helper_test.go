package sealapply

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
	"sidian/internal/fault"
	"sidian/internal/httpx"
	"sidian/internal/iam"
	"sidian/internal/sealapply/sealapplytest"
	"sidian/internal/todo"
	"sidian/internal/web/page"
)

// site is the pages over an instance with a province, a city and a county; who
// asks is told by a header.
type site struct {
	*sealapplytest.World
	*httptest.Server
	t *testing.T
}

const acting = "Acting"

// desk makes the people of a world come by a browser.
type desk struct {
	*iam.Service
	people map[string]context.Context
}

func (d desk) Identify(r *http.Request) (context.Context, httpx.Caller, error) {
	who, ok := d.people[r.Header.Get(acting)]
	if !ok {
		return r.Context(), httpx.Caller{}, nil
	}
	id := sealapplytest.Account(who)
	ctx, err := d.As(r.Context(), id)
	if err == nil && r.Header.Get(acting) == "holder" {
		ctx, err = d.known(ctx, id)
	}
	return ctx, httpx.Caller{ID: "account/" + id, Browser: true}, err
}

// known is a holder whose identity is verified.
func (d desk) known(ctx context.Context, id string) (context.Context, error) {
	p, err := d.Principal(ctx, id, iam.Proof{Level: 2})
	if err != nil {
		return ctx, err
	}
	return iam.With(ctx, p), nil
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		if f := fault.As(err); f != nil {
			t.Fatalf("%v %s %+v", err, f.Code, f.Fields)
		}
		t.Fatal(err)
	}
}

func newSite(t *testing.T, d *db.DB) *site {
	t.Helper()
	w := sealapplytest.New(t, d)
	kit, err := page.New(page.Options{})
	must(t, err)
	people := map[string]context.Context{"keeper": w.Keeper, "second": w.Second, "other": w.Other, "clerk": w.Clerk, "county": w.OfCounty, "another": w.Another,
		"city": w.OfCity, "prov": w.OfProv, "holder": w.Holder, "system": w.System}
	s := &Service{Kit: kit, Apply: w.Apply, Seal: w.Seal, IAM: w.IAM, Todo: &todo.Service{DB: w.DB, Due: w.Due}}
	s.Account = func(ctx context.Context, username string) (id string, err error) {
		err = w.DB.Read(ctx, func(tx *db.Tx) error {
			x, err := iam.SubjectNamedTx(tx, username)
			id = x.ID
			return err
		})
		if e := fault.As(err); e != nil && e.Kind == fault.NotFound {
			return "", nil
		}
		return id, err
	}
	must(t, s.Load())
	r := httpx.New(httpx.Options{Title: "test", Version: "1", Authorizer: desk{w.IAM, people}, PageError: kit.Refuse, Log: slog.New(slog.DiscardHandler), SlowPublic: httpx.Rate{PerSecond: 1000, Burst: 1000}})
	s.Routes(r)
	must(t, r.Err())
	must(t, kit.Check(r.Routes()))
	out := &site{World: w, Server: httptest.NewServer(r), t: t}
	t.Cleanup(func() {
		out.Client().CloseIdleConnections()
		out.Close()
	})
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
	q.Header.Set(acting, who)
	q.Header.Set("Accept", "text/html")
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

func (s *site) post(who, path string, form url.Values, header ...string) answer {
	s.t.Helper()
	return s.do(who, http.MethodPost, path, "application/x-www-form-urlencoded", strings.NewReader(form.Encode()), header...)
}

type sentFile struct {
	field, name string
	data        []byte
}

// upload sends a form with files.
func (s *site) upload(who, path string, form url.Values, files ...sentFile) answer {
	s.t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for name, list := range form {
		for _, v := range list {
			must(s.t, w.WriteField(name, v))
		}
	}
	for _, x := range files {
		f, err := w.CreateFormFile(x.field, x.name)
		must(s.t, err)
		_, err = f.Write(x.data)
		must(s.t, err)
	}
	must(s.t, w.Close())
	return s.do(who, http.MethodPost, path, w.FormDataContentType(), &b)
}

func (a answer) is(status int, words ...string) answer {
	a.t.Helper()
	if a.status != status {
		_, main, _ := strings.Cut(a.body, "<main")
		a.t.Fatalf("status %d, want %d\n%s %s", a.status, status, a.header.Get("Location"), main)
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
			a.t.Errorf("says %q", w)
		}
	}
	return a
}

// to is where an answer leads.
func (a answer) to() string {
	a.t.Helper()
	a.is(303)
	return a.header.Get("Location")
}
