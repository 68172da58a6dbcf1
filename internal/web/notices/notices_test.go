package notices

import (
	"context"
	"fmt"
	"html"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/httpx"
	"sidian/internal/iam/iamtest"
	"sidian/internal/notice"
	"sidian/internal/web/page"
)

// site is the pages over a county; who asks is told by a header.
type site struct {
	*iamtest.County
	*httptest.Server
	t    *testing.T
	told *notice.Service
	d    *db.DB
	mu   sync.Mutex
	now  time.Time
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

func newSite(t *testing.T, d *db.DB) *site {
	t.Helper()
	out := &site{t: t, d: d, now: time.Now().Truncate(time.Second)}
	d.Now = func() time.Time { // what is told later is later
		out.mu.Lock()
		defer out.mu.Unlock()
		out.now = out.now.Add(time.Millisecond)
		return out.now
	}
	out.County, out.told = iamtest.New(t, d), &notice.Service{DB: d}
	kit, err := page.New(page.Options{})
	must(t, err)
	s := &Service{Kit: kit, Notices: out.told, IAM: out.Service}
	must(t, s.Load())
	r := httpx.New(httpx.Options{Title: "test", Authorizer: browser{out.County}, PageError: kit.Refuse, Log: slog.New(slog.DiscardHandler)})
	s.Routes(r)
	must(t, r.Err())
	must(t, kit.Check(r.Routes()))
	out.Server = httptest.NewServer(r)
	t.Cleanup(out.Close)
	return out
}

func (s *site) tell(n notice.Notice) {
	s.t.Helper()
	n.Topic = "seal.frozen"
	must(s.t, s.d.Write(s.t.Context(), func(tx *db.Tx) error { return s.told.PutTx(tx, n) }))
}

// An answer is what a page said.
type answer struct {
	t      *testing.T
	status int
	to     string
	body   string // as text: entities are resolved
}

func (s *site) do(who, method, path string, form url.Values, header ...string) answer {
	s.t.Helper()
	q, err := http.NewRequestWithContext(s.t.Context(), method, s.URL+path, strings.NewReader(form.Encode()))
	must(s.t, err)
	if who != "" {
		q.Header.Set(iamtest.Acting, who)
	}
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
	must(s.t, err)
	defer r.Body.Close()
	b, err := io.ReadAll(r.Body)
	must(s.t, err)
	return answer{s.t, r.StatusCode, r.Header.Get("Location"), html.UnescapeString(string(b))}
}

func (s *site) get(who, path string) answer {
	s.t.Helper()
	return s.do(who, http.MethodGet, path, nil)
}

func (a answer) is(status int, words ...string) answer {
	a.t.Helper()
	if a.status != status {
		a.t.Fatalf("status %d, want %d\n%s", a.status, status, a.body)
	}
	for _, w := range words {
		if !strings.Contains(a.body, w) {
			a.t.Fatalf("does not say %q:\n%s", w, a.body)
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

var readForm = regexp.MustCompile(`action="(/console/notices/[^"/]+/read)"`)

// badge is what the frame says is not read.
func badge(n string) string {
	return `消息 <span class="count new">` + n + `<span class="sr"> 条未读</span>`
}

// What is not read comes first and is counted in the frame; to look marks it.
func TestInbox(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newSite(t, d)
		s.get("custodian", Home).is(200, "没有未读的消息", "查看以前的消息", ">消息</a>").lacks("条未读", "全部标为已读")
		s.tell(notice.Notice{Account: s.People["custodian"].ID, Title: "印章已交由您保管", Text: "请签收", Link: "/console/seals/1?tab=2"})
		s.tell(notice.Notice{Org: iamtest.Market, Permission: "seal.use", Title: "有用印申请待批准", Link: "/console/sealing/9"})
		s.tell(notice.Notice{Org: iamtest.Land, Permission: "seal.use", Title: "别的单位的事", Link: "/console/sealing/8"})
		s.tell(notice.Notice{Account: s.People["holder"].ID, Title: "请签署文件", Link: "/console/signing/7"})
		p := s.get("custodian", Home).is(200, badge("2"), "印章已交由您保管", "请签收", "有用印申请待批准", "青禾县市场监督管理局", "本人", `value="/console/seals/1?tab=2"`).lacks("别的单位的事", "请签署文件")
		if strings.Index(p.body, "有用印申请待批准") > strings.Index(p.body, "印章已交由您保管") {
			t.Error("what came later stands later")
		}
		s.get("holder", Home).is(200, badge("1"), "请签署文件").lacks("用印申请")
		s.get("", Home).is(http.StatusSeeOther)

		first := readForm.FindStringSubmatch(p.body)[1]
		if a := s.do("custodian", "POST", first, url.Values{"to": {"/console/sealing/9"}}).is(303); a.to != "/console/sealing/9" {
			t.Errorf("leads to %s", a.to)
		}
		if a := s.do("custodian", "POST", first, nil).is(303); a.to != Home+"?done=read" { // read is read
			t.Errorf("leads to %s", a.to)
		}
		s.get("custodian", Home+"?done=read").is(200, badge("1"), "已标为已读", "印章已交由您保管").lacks("有用印申请待批准")
		s.get("custodian", Home+"?view=all").is(200, "有用印申请待批准", `href="/console/sealing/9"`, "印章已交由您保管", "未读")
		for _, to := range []string{"https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"} {
			if a := s.do("custodian", "POST", first, url.Values{"to": {to}, "view": {"all"}, "cursor": {"x&y=1"}}).is(303); a.to != Home+"?cursor=x%26y%3D1&done=read&view=all" {
				t.Errorf("%s leads to %s", to, a.to)
			}
		}
		s.do("holder", "POST", first, nil).is(404, "没有这条消息")
		s.do("custodian", "POST", Home+"/none/read", nil).is(404)
		s.do("", "POST", first, nil).is(401)
		if a := s.do("custodian", "POST", Home+"/read", nil).is(303); a.to != Home+"?done=all" {
			t.Errorf("leads to %s", a.to)
		}
		s.get("custodian", Home+"?done=all").is(200, "已全部标为已读", "没有未读的消息").lacks("条未读")
		s.get("holder", Home).is(200, badge("1"))
	})
}

// Where much was read, what was not is found all the same; pages follow each other.
func TestManyPages(t *testing.T) {
	t.Parallel()
	d := dbtest.New(t, "sqlite")
	s := newSite(t, d)
	me := s.People["custodian"].ID
	s.tell(notice.Notice{Account: me, Title: "最早的一条"})
	for i := range 70 {
		s.tell(notice.Notice{Account: me, Title: fmt.Sprintf("事项%03d号", i)})
	}
	p := s.get("custodian", Home).is(200, badge("71"), "事项069号", "事项050号", "更早的消息").lacks("事项049号", "最早的一条")
	next := regexp.MustCompile(`rel="next" href="([^"]+)"`)
	second := s.get("custodian", next.FindStringSubmatch(p.body)[1]).is(200, "事项049号", "回到最前").lacks("事项050号")
	list, err := s.told.Inbox(s.Ctx(t, "custodian"), 100, "")
	must(t, err)
	for _, n := range list.Items {
		if n.Title != "最早的一条" {
			must(t, s.told.Read(s.Ctx(t, "custodian"), n.ID))
		}
	}
	s.get("custodian", Home).is(200, "最早的一条", badge("1")).lacks("事项069号")
	s.get("custodian", next.FindStringSubmatch(second.body)[1]).is(200, "最早的一条")
	s.get("custodian", Home+"?view=all&cursor=%21").is(422)
	for i := range 60 {
		s.tell(notice.Notice{Account: me, Title: fmt.Sprintf("又来%03d号", i)})
	}
	s.get("custodian", Home).is(200, badge("61"))
	for i := range 40 {
		s.tell(notice.Notice{Account: me, Title: fmt.Sprintf("再来%03d号", i)})
	}
	s.get("custodian", Home).is(200, badge("99+"))
}

// A page of another site marks nothing.
func TestForged(t *testing.T) {
	t.Parallel()
	s := newSite(t, dbtest.New(t, "sqlite"))
	s.tell(notice.Notice{Account: s.People["clerk"].ID, Title: "办件已退回"})
	path := readForm.FindStringSubmatch(s.get("clerk", Home).body)[1]
	for _, p := range []string{path, Home + "/read"} {
		for _, from := range []string{"cross-site", "same-site"} {
			s.do("clerk", "POST", p, nil, "Sec-Fetch-Site", from).is(403, "其他网站")
		}
	}
	s.get("clerk", Home).is(200, badge("1"))
}
