package records_test

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"sidian/internal/audit/chain"
	"sidian/internal/auditor"
	"sidian/internal/cert/certtest"
	"sidian/internal/db"
	"sidian/internal/due"
	"sidian/internal/httpx"
	"sidian/internal/iam"
	"sidian/internal/outbox"
	"sidian/internal/seal/sealtest"
	"sidian/internal/todo"
	"sidian/internal/web/page"
	"sidian/internal/web/records"
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// acting is the header that names who asks, by username.
const acting = "Acting"

// An office is an instance with its pages, and people of every sort.
type office struct {
	*certtest.World
	http.Handler
	*records.Service
	t   *testing.T
	due *due.Service
	log *bytes.Buffer
}

func newOffice(t *testing.T, d *db.DB) *office {
	t.Helper()
	w := certtest.New(t, d, "business_license")
	out := outbox.New(auditor.Alarms())
	o := &office{World: w, t: t, due: &due.Service{DB: d, Outbox: out}, log: &bytes.Buffer{}}
	w.IAM.Due, w.IAM.Outbox = o.due, out
	for username, at := range map[string]struct{ role, org string }{
		"counter": {"counter", sealtest.Market}, "issuer": {"issuer", sealtest.Market}, "outsider": {"issuer", sealtest.Land}, "supervisor": {"supervisor", "county"},
		"inner": {"audit", sealtest.Land},
	} {
		w.Hire(t, username, at.role, at.org)
	}
	kit, err := page.New(page.Options{})
	must(t, err)
	o.Service = &records.Service{
		Kit: kit, Auditor: &auditor.Service{DB: d, Keys: w.Keys, Names: w.IAM.Names}, Todo: &todo.Service{DB: d, Due: o.due}, IAM: w.IAM, Cert: w.Cert,
		Account: func(_ context.Context, username string) (string, error) { return o.account(username), nil },
		Usernames: func(_ context.Context, ids []string) (map[string]string, error) {
			names := map[string]string{}
			for _, id := range ids {
				must(t, d.Read(t.Context(), func(tx *db.Tx) error {
					if s, err := iam.SubjectTx(tx, id); err == nil {
						names[id] = s.Username
					}
					return nil
				}))
			}
			return names, nil
		},
	}
	must(t, o.Load())
	r := httpx.New(httpx.Options{Title: "test", Authorizer: o, PageError: kit.Refuse, NotFoundPage: func(string) bool { return true }, SlowPublic: httpx.Rate{PerSecond: -1},
		RateLimit: httpx.Rate{PerSecond: -1}, CallerRate: httpx.Rate{PerSecond: -1}, Log: slog.New(slog.NewTextHandler(o.log, nil))})
	o.Service.Routes(r)
	o.Service.Todo.Routes(r)
	must(t, r.Err())
	must(t, kit.Check(r.Routes()))
	o.Handler = r
	return o
}

// account is the id of the account of a username, or "".
func (o *office) account(username string) (id string) {
	must(o.t, o.DB.Read(o.t.Context(), func(tx *db.Tx) error {
		if s, err := iam.SubjectNamedTx(tx, username); err == nil {
			id = s.ID
		}
		return nil
	}))
	return id
}

func (o *office) as(username string) context.Context {
	o.t.Helper()
	ctx, err := o.World.IAM.As(o.t.Context(), o.account(username))
	must(o.t, err)
	return ctx
}

// Identify believes the header.
func (o *office) Identify(r *http.Request) (context.Context, httpx.Caller, error) {
	id := o.account(r.Header.Get(acting))
	if id == "" {
		return r.Context(), httpx.Caller{}, nil
	}
	ctx, err := o.World.IAM.As(r.Context(), id)
	return ctx, httpx.Caller{ID: "account/" + id, Browser: true}, err
}

// Permit asks the policy.
func (o *office) Permit(ctx context.Context, permissions []string) error {
	return o.World.IAM.Permit(ctx, permissions)
}

func (o *office) chain() {
	o.t.Helper()
	_, err := chain.Run(o.t.Context(), o.DB, o.Keys)
	must(o.t, err)
	_, err = chain.Sign(o.t.Context(), o.DB, o.Keys)
	must(o.t, err)
}

type answer struct {
	code     int
	body     string
	location string
	header   http.Header
}

// ask sends a request as somebody: a POST when there is a form.
func (o *office) ask(who, path string, form url.Values, headers ...string) answer {
	o.t.Helper()
	method, body := "GET", io.Reader(nil)
	if form != nil {
		method, body = "POST", strings.NewReader(form.Encode())
	}
	r := httptest.NewRequestWithContext(o.t.Context(), method, path, body)
	r.Header.Set("Accept", "text/html")
	r.Header.Set(acting, who)
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Sec-Fetch-Site", "same-origin")
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	o.ServeHTTP(w, r)
	return answer{w.Code, w.Body.String(), w.Header().Get("Location"), w.Header()}
}

// page wants a page with these words.
func (o *office) page(who, path string, words ...string) string {
	o.t.Helper()
	a := o.ask(who, path, nil)
	o.wants(a, path, http.StatusOK, words...)
	return a.body
}

func (o *office) wants(a answer, name string, code int, words ...string) {
	o.t.Helper()
	if a.code != code {
		o.t.Errorf("%s: %d, want %d: %.2000s\n%s", name, a.code, code, main(a.body), o.log)
	}
	for _, word := range words {
		if !strings.Contains(a.body, word) {
			o.t.Errorf("%s lacks %q:\n%.6000s", name, word, main(a.body))
		}
	}
}

func main(body string) string {
	_, m, ok := strings.Cut(body, "<main")
	if !ok {
		return body
	}
	m, _, _ = strings.Cut(m, "</main>")
	return m
}

func (o *office) lacks(name, body string, words ...string) {
	o.t.Helper()
	for _, word := range words {
		if strings.Contains(body, word) {
			o.t.Errorf("%s says %q:\n%.4000s", name, word, main(body))
		}
	}
}

// happens puts events, and has the alarms told of all that waits.
func (o *office) happens(events ...outbox.Event) {
	o.t.Helper()
	must(o.t, o.DB.Write(o.t.Context(), func(tx *db.Tx) error {
		for _, e := range events {
			if err := o.World.IAM.Outbox.Put(tx, e); err != nil {
				return err
			}
		}
		return nil
	}))
	_, err := outbox.Drain(o.t.Context(), o.DB, auditor.Alarms(), 1000)
	must(o.t, err)
}
