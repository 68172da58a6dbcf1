package onboard

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

	"sidian/internal/auth"
	"sidian/internal/auth/authtest"
	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/httpx"
	"sidian/internal/iam/iamtest"
	"sidian/internal/onboard"
	"sidian/internal/web/page"
)

// site is the pages over a county; who asks is told by a header.
type site struct {
	*authtest.County
	*httptest.Server
	t    *testing.T
	work *onboard.Service
}

// browser makes the county's people come by a browser.
type browser struct{ *authtest.County }

func (b browser) Identify(r *http.Request) (context.Context, httpx.Caller, error) {
	ctx, c, err := b.County.County.Identify(r)
	c.Browser = c.ID != ""
	return ctx, c, err
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func newSite(t *testing.T, d *db.DB) *site {
	t.Helper()
	c := authtest.NewWith(t, d, auth.Options{})
	work, err := onboard.New(t.Context(), c.Service, c.Auth, c.Keys)
	must(t, err)
	kit, err := page.New(page.Options{})
	must(t, err)
	s := &Service{Onboard: work, IAM: c.Service, Kit: kit, BaseURL: "https://zz.example"}
	must(t, s.Load())
	r := httpx.New(httpx.Options{Title: "test", Authorizer: browser{c}, PageError: kit.Refuse, Log: slog.New(slog.DiscardHandler), SlowPublic: httpx.Rate{PerSecond: 1000, Burst: 1000}})
	s.Routes(r)
	work.Routes(r)
	must(t, r.Err())
	must(t, kit.Check(r.Routes()))
	out := &site{County: c, Server: httptest.NewServer(r), t: t, work: work}
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
	q.Header.Set(iamtest.Acting, who)
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

func (s *site) post(who, path string, form url.Values, header ...string) answer {
	s.t.Helper()
	return s.do(who, http.MethodPost, path, "application/x-www-form-urlencoded", strings.NewReader(form.Encode()), header...)
}

// upload sends a table as the form does.
func (s *site) upload(who, path, kind, table string, fields ...string) answer {
	s.t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	must(s.t, w.WriteField("kind", kind))
	for i := 0; i+1 < len(fields); i += 2 {
		must(s.t, w.WriteField(fields[i], fields[i+1]))
	}
	f, err := w.CreateFormFile("file", "table.csv")
	must(s.t, err)
	_, err = io.WriteString(f, table)
	must(s.t, err)
	must(s.t, w.Close())
	return s.do(who, http.MethodPost, path, w.FormDataContentType(), &b)
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

const table = "用户名,姓名,所属单位,角色,手机号码\nli,李四,market,经办人,13800138001\nwang,王五,没有的局,经办人,1380013800\n"

// TestWizard goes the whole way, at the desks of two administrators.
func TestWizard(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newSite(t, d)
		s.get("system", Home).is(200, "批量导入", "还没有导入过", "单位模板")
		got := s.get("system", Home+"/template?kind=people").is(200)
		if !strings.HasPrefix(got.body, "PK") || got.header.Get("Cache-Control") != "no-store" {
			t.Errorf("the template: %v", got.header)
		}
		s.upload("system", Home, "people", "用户名\n").is(422, "标题行与模板不一致", "缺少列：姓名")
		s.upload("system", Home, "", table).is(422, "请说明导入单位还是人员")
		run := s.upload("system", Home, "people", table).is(303).header.Get("Location")
		if again := s.upload("system", Home, "people", table).is(303).header.Get("Location"); again == run {
			t.Error("a draft that is looked at anew is another") // what was found before may be over
		} else {
			run = again
		}
		page := s.get("system", run).is(200, "待开始", "第 3 行", "没有这个单位", "应为 11 位手机号码", "导入 1 行人员")
		if strings.Contains(page.body, "1380013800") {
			t.Error("personal data is shown")
		}
		s.post("system", run+"/start", url.Values{}).is(422, "须填写理由")
		s.post("system", run+"/start", url.Values{"reason": {"青市监〔2026〕1号"}}).is(303)
		s.post("system", run+"/start", url.Values{"reason": {"再来一次"}}).is(409)
		s.get("system", run).is(200, "导入中", "data-follow", "onboard.")
		s.post("system", run+"/pause", url.Values{}).is(303)
		s.get("system", run).is(200, "已暂停", "继续导入")
		s.post("system", run+"/resume", url.Values{}).is(303)
		must(t, s.work.Work(t.Context()))
		s.get("system", run).is(200, "已完成", "一次性链接", "https://zz.example"+run+"/grants")
		s.get("system", Home).is(200, "已完成", "导入 1 行，未导入 1 行")
		for path, how := range map[string]func(string) answer{
			run + "/report": func(p string) answer { return s.get("system", p) },
			run + "/links":  func(p string) answer { return s.post("system", p, url.Values{"after": {"1"}}) },
		} {
			if got := how(path).is(200); !strings.HasPrefix(got.body, "PK") || !strings.HasPrefix(got.header.Get("Content-Disposition"), "attachment") {
				t.Errorf("%s: %v", path, got.header)
			}
		}
		shown := s.get("security", run+"/grants").is(200, "李四", "经办人", "青禾县市场监督管理局")
		_, after, _ := strings.Cut(shown.body, `name="grant" value="`)
		grant, _, _ := strings.Cut(after, `"`)
		s.post("security", run+"/grants", url.Values{"grant": {grant}, "decision": {"approve"}}).is(422, "须填写理由")
		s.post("security", run+"/grants", url.Values{"grant": {grant}, "decision": {"approve"}, "reason": {"已核对"}}).is(303)
		s.get("security", run+"/grants?done=1&refused=0").is(200, "已决定", "没有等您批准的角色")
	})
}

// TestRefused lets everybody else try every page and every route.
func TestRefused(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newSite(t, d)
		run := s.upload("system", Home, "people", table).is(303).header.Get("Location")
		id := strings.TrimPrefix(run, Home+"/")
		const base = "/api/v1/onboarding"
		for _, who := range []string{"security", "audit", "clerk", "holder"} {
			for _, path := range []string{Home, Home + "/template?kind=units", run, run + "/report", base + "/template?kind=units", base + "/runs", base + "/runs/" + id,
				base + "/runs/" + id + "/report", base + "/runs/" + id + "/problems"} {
				s.get(who, path).is(403)
			}
			for _, path := range []string{run + "/start", run + "/pause", run + "/discard", run + "/links", base + "/runs/" + id + "/links", base + "/runs/" + id + "/actions/pause"} {
				s.post(who, path, url.Values{"reason": {"越权"}}).is(403)
			}
			for _, path := range []string{Home, base + "/checks", base + "/runs"} {
				s.upload(who, path, "people", table, "reason", "越权").is(403)
			}
		}
		s.get("system", run+"/grants").is(403)
		s.post("system", run+"/grants", url.Values{"grant": {"x"}, "decision": {"approve"}, "reason": {"自己批准"}}).is(403)
		s.Hire(t, "small", "system", iamtest.Land)
		s.get("small", run).is(404)
		s.post("small", run+"/discard", url.Values{}).is(404)
		s.get("system", Home+"/none").is(404)
		s.post("system", run+"/explode", url.Values{}).is(404)
		s.post("system", run+"/discard", url.Values{}, "Sec-Fetch-Site", "cross-site").is(403)
		s.get("system", run).is(200, "待开始")
		s.post("system", run+"/discard", url.Values{}).is(303)
		s.get("system", run).is(200, "已放弃")
	})
}

// TestRoutes goes the way of programs.
func TestRoutes(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newSite(t, d)
		const base = "/api/v1/onboarding"
		s.upload("system", base+"/checks", "people", table).is(200, `"good":1`, `"bad":1`, `"cell":"C3"`, `"code":"org.unknown"`)
		s.get("system", base+"/runs").is(200, `"items":[]`)
		s.upload("system", base+"/runs", "people", table).is(422, "reason.required")
		a := s.upload("system", base+"/runs", "people", table, "reason", "任职").is(202, `"state":"running"`)
		_, after, _ := strings.Cut(a.body, `"id":"`)
		id, _, _ := strings.Cut(after, `"`)
		must(t, s.work.Work(t.Context()))
		s.get("system", base+"/runs/"+id).is(200, `"state":"finished"`, `"done":1`, `"refused":1`)
		s.get("system", base+"/runs/"+id+"/problems").is(200, `"row":3`)
		s.get("security", base+"/runs/"+id+"/grants").is(200, `"role":"clerk"`)
		s.get("system", base+"/template?kind=cats").is(422)
	})
}
