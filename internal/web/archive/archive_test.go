package archive

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

	"sidian/gm"
	"sidian/internal/archive"
	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/httpx"
	"sidian/internal/iam"
	"sidian/internal/pki"
	"sidian/internal/seal/sealtest"
	"sidian/internal/sealing/sealingtest"
	"sidian/internal/web/page"
	"sidian/ofd/sign"
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// site is the pages over a county; who asks is told by a header.
type site struct {
	*sealingtest.World
	*httptest.Server
	t      *testing.T
	people map[string]context.Context
}

// Identify makes the site an httpx.Authorizer that believes the header.
func (s *site) Identify(r *http.Request) (context.Context, httpx.Caller, error) {
	as, ok := s.people[r.Header.Get("Acting")]
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

// newSite has one sealed document of Market in the queue.
func newSite(t *testing.T, d *db.DB) (s *site, item string) {
	t.Helper()
	w := sealingtest.New(t, d)
	w.Seal.TimeStamps = true
	a := &archive.Service{
		DB: d, Keys: w.Keys, Blob: w.Blob, Sealing: w.Sealing, Notice: w.Notice, Name: "样例平台",
		Issue: func(ctx context.Context, name, key string, public *gm.PublicKey) (*gm.Certificate, error) {
			return w.PKI.Issue(ctx, pki.IssueRequest{Use: pki.Unit, Name: name, Key: key, Public: public})
		},
		Trust: func(ctx context.Context) (sign.Options, error) {
			x, err := w.PKI.Trust(ctx)
			if err != nil {
				return sign.Options{}, err
			}
			return sign.Options{Anchors: x.Anchors, Intermediates: x.Intermediates, CRLs: x.Lists, Now: d.Now()}, nil
		},
	}
	s = &site{World: w, t: t, people: map[string]context.Context{
		"archivist": w.Hire(t, "archivist", "archivist", sealtest.Market), "foreign": w.Hire(t, "foreign", "archivist", sealtest.Land), "clerk": w.Asker,
	}}
	w.Approve(t, w.Ask(t, 1, w.Step(sealtest.Market, 0, 20, 200)), 0)
	_, err := a.Sweep(t.Context())
	must(t, err)
	list, err := a.List(s.people["archivist"], archive.Query{})
	must(t, err)
	kit, err := page.New(page.Options{})
	must(t, err)
	pages := &Service{Kit: kit, Archive: a, Now: d.Now}
	must(t, pages.Load())
	r := httpx.New(httpx.Options{Title: "test", Authorizer: s, PageError: kit.Refuse, Log: slog.New(slog.DiscardHandler)})
	pages.Routes(r)
	must(t, r.Err())
	must(t, kit.Check(r.Routes()))
	s.Server = httptest.NewServer(r)
	t.Cleanup(s.Close)
	return s, list.Items[0].ID
}

// ask asks for a page, or sends a form where there is one, and wants a status
// and words.
func (s *site) ask(who, path string, form url.Values, site string, status int, words ...string) string {
	s.t.Helper()
	method, body := http.MethodGet, io.Reader(nil)
	if form != nil {
		method, body = http.MethodPost, strings.NewReader(form.Encode())
	}
	q, err := http.NewRequestWithContext(s.t.Context(), method, s.URL+path, body)
	must(s.t, err)
	q.Header.Set("Acting", who)
	q.Header.Set("Accept", "text/html")
	q.Header.Set("Sec-Fetch-Site", site)
	if form != nil {
		q.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	r, err := client.Do(q)
	must(s.t, err)
	defer r.Body.Close()
	b, err := io.ReadAll(r.Body)
	must(s.t, err)
	text := html.UnescapeString(string(b))
	if r.StatusCode != status {
		s.t.Fatalf("%s %s by %s: %d, want %d\n%s", method, path, who, r.StatusCode, status, text)
	}
	for _, word := range words {
		if !strings.Contains(text, word) {
			s.t.Errorf("%s %s does not say %q", method, path, word)
		}
	}
	return r.Header.Get("Location")
}

const same = "same-origin"

// The archivist's way over the pages, and who may not go it.
func TestWay(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s, id := newSite(t, d)
		one, at := page.At(Home, id), func(act string) string { return page.At(Items, id, act) }
		filing := url.Values{"title": {"关于公布办事指南的通知"}, "responsible": {"样例局"}, "year": {"2026"}, "term": {"D30"}, "agency": {"BGS"}, "secrecy": {"公开"}}
		filing.Set("year", d.Now().Format("2006"))

		s.ask("archivist", Home, nil, same, 200, "待整理", "关于公布办事指南的通知", one)
		s.ask("archivist", one, nil, same, 200, "保存整理信息", "文件摘要（SM3）")
		s.ask("archivist", at("pages")+"/1", nil, same, 200, "<svg")
		s.ask("archivist", at("pages")+"/99", nil, same, 404)
		s.ask("clerk", Home, nil, same, 403)
		s.ask("foreign", one, nil, same, 404)
		s.ask("foreign", at("file"), filing, same, 404)
		s.ask("archivist", at("file"), filing, "cross-site", 403)
		s.ask("archivist", at("nonsense"), url.Values{}, same, 404)

		wrong := url.Values{"title": {"给13800138000"}, "secrecy": {"机密"}}
		s.ask("archivist", at("file"), wrong, same, 422, `href="#title"`, "不能含公民身份号码或手机号码", "国家秘密不得在本平台处理", `href="#term"`)
		if to := s.ask("archivist", at("file"), filing, same, 303); to != one+"?done=file" {
			t.Errorf("filed, then %s", to)
		}
		s.ask("archivist", at("pack"), url.Values{}, same, 409, "先设置立档单位", page.At(Units, sealtest.Market))
		s.ask("foreign", page.At(Units, sealtest.Market), nil, same, 403)
		s.ask("archivist", page.At(Units, sealtest.Market), nil, same, 200, "<h1>立档单位：")
		s.ask("archivist", page.At(Units, sealtest.Market), url.Values{"fonds": {"小写"}}, same, 422, `href="#fonds"`)
		s.ask("archivist", page.At(Units, sealtest.Market), url.Values{"fonds": {"Z109"}, "category": {"WS"}, "agency": {"BGS"}, "archives": {"样例县档案馆"}}, same, 303)
		if to := s.ask("archivist", at("pack"), url.Values{}, same, 303); to != one+"?done=pack" {
			t.Errorf("packed, then %s", to)
		}
		s.ask("archivist", one+"?done=pack", nil, same, 200, "四性检测", "真实性", "安全性", "下载归档信息包", "Z109-WS")
		s.ask("archivist", at("package"), nil, same, 200, "PK")
		s.ask("archivist", at("pack"), url.Values{}, same, 409) // sent again
		s.ask("archivist", at("hand"), url.Values{"receipt": {""}}, same, 422, `href="#receipt"`)
		s.ask("archivist", at("return"), nil, same, 200, "退回的理由")
		s.ask("archivist", at("return"), url.Values{"reason": {""}}, same, 422)
		s.ask("archivist", at("hand"), url.Values{"receipt": {"收1号"}}, same, 303)
		s.ask("archivist", one, nil, same, 200, "收1号", "已移交")
		s.ask("archivist", at("exclude"), url.Values{"reason": {"重复件"}}, same, 409)
		s.ask("archivist", Rates, nil, same, 200, "归档率", "100%")
	})
}
