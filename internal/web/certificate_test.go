package web

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"sidian/internal/audit"
	"sidian/internal/cert"
	"sidian/internal/cert/certtest"
	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/httpx"
	"sidian/internal/iam"
	"sidian/internal/seal/sealtest"
)

// A desk is an instance whose pages people use.
type desk struct {
	*certtest.World
	http.Handler
	t      *testing.T
	people map[string]context.Context
	pages  *Service
}

func newDesk(t *testing.T, d *db.DB) *desk {
	t.Helper()
	w := certtest.New(t, d, "marriage")
	k := &desk{World: w, t: t, people: map[string]context.Context{}}
	for username, at := range map[string][2]string{
		"window": {"counter", sealtest.Market}, "county": {"counter", "county"}, "outsider": {"counter", sealtest.Land}, "officer": {"officer", sealtest.Market},
	} {
		k.people[username] = w.Hire(t, username, at[0], at[1])
	}
	s := &Service{IAM: w.IAM, Catalogue: w.Catalogue, Cert: w.Cert}
	if err := s.Load(); err != nil {
		t.Fatal(err)
	}
	r := httpx.New(httpx.Options{Title: "test", Authorizer: k, PageError: s.Refuse, NotFoundPage: func(string) bool { return true }})
	s.Routes(r)
	if err := r.Err(); err != nil {
		t.Fatal(err)
	}
	k.Handler, k.pages = r, s
	return k
}

// Identify believes a header; "weak" is the window's clerk, signed in without a
// second factor where the platform demands one.
func (k *desk) Identify(r *http.Request) (context.Context, httpx.Caller, error) {
	who, weak := strings.CutSuffix(r.Header.Get("Acting"), "-weak")
	ctx, ok := k.people[who]
	if !ok {
		return r.Context(), httpx.Caller{}, nil
	}
	p, _ := iam.From(ctx)
	if weak {
		other := *p
		other.Second, other.Strict = false, true
		p = &other
	}
	return iam.With(r.Context(), p), httpx.Caller{ID: "account/" + p.Account, Browser: true}, nil
}

// Permit asks the policy.
func (k *desk) Permit(ctx context.Context, permissions []string) error {
	return k.IAM.Permit(ctx, permissions)
}

func (k *desk) ask(who, path string, form url.Values, want int, words ...string) *httptest.ResponseRecorder {
	k.t.Helper()
	method := http.MethodGet
	if form != nil {
		method = http.MethodPost
	}
	r := httptest.NewRequest(method, path, strings.NewReader(form.Encode()))
	r.Header.Set("Accept", "text/html")
	r.Header.Set("Acting", who)
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	if form.Has("from-elsewhere") {
		r.Header.Set("Sec-Fetch-Site", "cross-site")
	}
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	w := httptest.NewRecorder()
	k.ServeHTTP(w, r)
	if w.Code != want {
		k.t.Errorf("%s %s by %s: %d, want %d\n%.3000s", method, path, who, w.Code, want, w.Body)
	}
	for _, word := range words {
		if !strings.Contains(w.Body.String(), word) {
			k.t.Errorf("%s %s by %s lacks %q", method, path, who, word)
		}
	}
	return w
}

// exports counts the pictures that got a number.
func (k *desk) exports() (n int64) {
	k.t.Helper()
	err := k.DB.Read(k.t.Context(), func(tx *db.Tx) error { return tx.Get(`select count(*) from cert_export`, nil, &n) })
	if err != nil {
		k.t.Fatal(err)
	}
	return n
}

func (k *desk) rows(action, result string) (n int) {
	k.t.Helper()
	err := k.DB.Read(k.t.Context(), func(tx *db.Tx) error {
		found, _, err := audit.List(tx, audit.Query{Action: action, Result: result})
		n = len(found)
		return err
	})
	if err != nil {
		k.t.Fatal(err)
	}
	return n
}

// What is personal is shown for a purpose alone, on this page and no longer, and
// each time it is recorded.
func TestReveal(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		k := newDesk(t, d)
		example := certtest.Example(t, "marriage")
		name, number := example.Holders[0].Name, example.Holders[0].ID
		c := k.Issue(t, "marriage")
		path := "/console/certificates/" + c.ID
		masked := k.ask("window", path, nil, 200, "显示，因为…", "敏感", "公开", "窗口服务", path+"/face").Body.String()
		for _, secret := range []string{name, number} {
			if strings.Contains(masked, secret) {
				t.Errorf("%s is not masked", secret)
			}
		}
		good := url.Values{"key": {cert.RevealHolder}, "purpose": {"window"}, "reason": {"办件 YL-1"}}
		with := func(name string, values ...string) url.Values {
			v := url.Values{}
			for k, x := range good {
				v[k] = x
			}
			v[name] = values
			return v
		}
		before := k.rows("cert.reveal", audit.Done)
		for what, form := range map[string]url.Values{"no reason": with("reason"), "no purpose": with("purpose"), "nothing chosen": with("key"), "no such field": with("key", "none"),
			"a number in the reason": with("reason", number)} {
			got := k.ask("window", path+"/reveal", form, http.StatusUnprocessableEntity, `role="alert"`).Body.String()
			if strings.Contains(got, name) {
				t.Errorf("%s: shown", what)
			}
		}
		k.ask("window", path+"/reveal", with("purpose", "issue"), http.StatusForbidden, "用途")
		k.ask("window", path+"/reveal", with("from-elsewhere", "1"), http.StatusForbidden)
		k.ask("outsider", path, nil, http.StatusForbidden)
		k.ask("outsider", path+"/reveal", good, http.StatusForbidden)
		k.ask("officer", path+"/reveal", good, http.StatusForbidden)
		k.ask("nobody", path+"/reveal", good, http.StatusUnauthorized)
		k.ask("window", "/console/certificates/none/reveal", good, http.StatusNotFound)
		if n := k.rows("cert.reveal", audit.Done); n != before {
			t.Errorf("%d rows for what was refused", n-before)
		}

		got := k.ask("window", path+"/reveal", good, 200, name, number, "已显示，并已记入审计")
		if got.Header().Get("Cache-Control") != "no-store" || !strings.HasPrefix(got.Header().Get("Refresh"), "300; url="+path) {
			t.Errorf("%v", got.Header())
		}
		k.ask("window", path+"/reveal", good, 200, name)
		if n := k.rows("cert.reveal", audit.Done); n != before+2 {
			t.Errorf("%d rows for two looks", n-before)
		}
		if again := k.ask("window", path, nil, 200, "办件 YL-1").Body.String(); strings.Contains(again, name) {
			t.Error("it stays")
		}

		k.ask("window-weak", path, nil, 200, "须以双因素登录", "/me")
		weak := k.ask("window-weak", path+"/reveal", good, http.StatusForbidden, "须以双因素登录", "/me").Body.String()
		if strings.Contains(weak, name) {
			t.Error("shown without a second factor")
		}
	})
}

// Staff of another unit say what they look at the face for, each time.
func TestReadForAPurpose(t *testing.T) {
	t.Parallel()
	k := newDesk(t, dbtest.New(t, "sqlite"))
	c := k.Issue(t, "marriage")
	path := "/console/certificates/" + c.ID
	page := k.ask("county", path, nil, 200, "查看照面和原件，因为…").Body.String()
	if strings.Contains(page, path+"/face") || strings.Contains(page, "format=ofd") {
		t.Error("the face is shown before it is said what for")
	}
	good := url.Values{"purpose": {"window"}, "reason": {"办件 YL-2"}, "as": {"show"}}
	k.ask("county", path+"/file", url.Values{"as": {"show"}}, http.StatusUnprocessableEntity, "用途必填", "事由必填")
	k.ask("county", path+"/file", url.Values{"as": {"ofd"}, "purpose": {"inspect"}, "reason": {"看看"}}, http.StatusForbidden)
	k.ask("outsider", path+"/file", good, http.StatusForbidden)
	before := k.exports()
	k.ask("county", path+"/file", good, 200, "data:image/svg", "已显示照面，并已记入审计", "打印件不具有与原件同等的法律效力")
	if n := k.exports() - before; n < 1 {
		t.Errorf("%d of the pictures shown bear a number", n)
	}
	good.Set("as", "ofd")
	if w := k.ask("county", path+"/file", good, 200); w.Header().Get("Content-Type") != "application/ofd" || w.Header().Get("Cache-Control") != "no-store" {
		t.Errorf("%v", w.Header())
	}
	if n := k.rows("cert.read", audit.Done); n != 2 {
		t.Errorf("%d rows for two readings", n)
	}
}
