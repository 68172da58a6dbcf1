package notices

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/iam/iamtest"
	"sidian/internal/notice"
	"sidian/internal/web/page/pagetest"
)

// site is the pages over a county.
type site struct {
	*iamtest.County
	*pagetest.Site
	t    *testing.T
	told *notice.Service
	d    *db.DB
	mu   sync.Mutex
	now  time.Time
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
	kit := pagetest.Kit(t)
	out.Site = pagetest.Serve(t, kit, out.County, &Service{Kit: kit, Notices: out.told, IAM: out.Service})
	return out
}

func (s *site) tell(n notice.Notice) {
	s.t.Helper()
	n.Topic = "seal.frozen"
	pagetest.Must(s.t, s.d.Write(s.t.Context(), func(tx *db.Tx) error { return s.told.PutTx(tx, n) }))
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
		s.Get("custodian", Home).Is(200, "没有未读的消息", "查看以前的消息", ">消息</a>").Lacks("条未读", "全部标为已读")
		s.tell(notice.Notice{Account: s.People["custodian"].ID, Title: "印章已交由您保管", Text: "请签收", Link: "/console/seals/1?tab=2"})
		s.tell(notice.Notice{Org: iamtest.Market, Permission: "seal.use", Title: "有用印申请待批准", Link: "/console/sealing/9"})
		s.tell(notice.Notice{Org: iamtest.Land, Permission: "seal.use", Title: "别的单位的事", Link: "/console/sealing/8"})
		s.tell(notice.Notice{Account: s.People["holder"].ID, Title: "请签署文件", Link: "/console/signing/7"})
		p := s.Get("custodian", Home).Is(200, badge("2"), "印章已交由您保管", "请签收", "有用印申请待批准", "青禾县市场监督管理局", "本人", `value="/console/seals/1?tab=2"`).Lacks("别的单位的事", "请签署文件")
		if strings.Index(p.Body, "有用印申请待批准") > strings.Index(p.Body, "印章已交由您保管") {
			t.Error("what came later stands later")
		}
		s.Get("holder", Home).Is(200, badge("1"), "请签署文件").Lacks("用印申请")
		s.Get("", Home).Is(http.StatusSeeOther)

		first := readForm.FindStringSubmatch(p.Body)[1]
		if a := s.Send("custodian", first, url.Values{"to": {"/console/sealing/9"}}).Is(303); a.To() != "/console/sealing/9" {
			t.Errorf("leads to %s", a.To())
		}
		if a := s.Send("custodian", first, nil).Is(303); a.To() != Home+"?done=read" { // read is read
			t.Errorf("leads to %s", a.To())
		}
		s.Get("custodian", Home+"?done=read").Is(200, badge("1"), "已标为已读", "印章已交由您保管").Lacks("有用印申请待批准")
		s.Get("custodian", Home+"?view=all").Is(200, "有用印申请待批准", `href="/console/sealing/9"`, "印章已交由您保管", "未读")
		for _, to := range []string{"https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"} {
			if a := s.Send("custodian", first, url.Values{"to": {to}, "view": {"all"}, "cursor": {"x&y=1"}}).Is(303); a.To() != Home+"?cursor=x%26y%3D1&done=read&view=all" {
				t.Errorf("%s leads to %s", to, a.To())
			}
		}
		s.Send("holder", first, nil).Is(404, "没有这条消息")
		s.Send("custodian", Home+"/none/read", nil).Is(404)
		s.Send("", first, nil).Is(401)
		if a := s.Send("custodian", Home+"/read", nil).Is(303); a.To() != Home+"?done=all" {
			t.Errorf("leads to %s", a.To())
		}
		s.Get("custodian", Home+"?done=all").Is(200, "已全部标为已读", "没有未读的消息").Lacks("条未读")
		s.Get("holder", Home).Is(200, badge("1"))
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
	p := s.Get("custodian", Home).Is(200, badge("71"), "事项069号", "事项050号", "更早的消息").Lacks("事项049号", "最早的一条")
	next := regexp.MustCompile(`rel="next" href="([^"]+)"`)
	second := s.Get("custodian", next.FindStringSubmatch(p.Body)[1]).Is(200, "事项049号", "回到最前").Lacks("事项050号")
	list, err := s.told.Inbox(s.Ctx(t, "custodian"), 100, "")
	pagetest.Must(t, err)
	for _, n := range list.Items {
		if n.Title != "最早的一条" {
			pagetest.Must(t, s.told.Read(s.Ctx(t, "custodian"), n.ID))
		}
	}
	s.Get("custodian", Home).Is(200, "最早的一条", badge("1")).Lacks("事项069号")
	s.Get("custodian", next.FindStringSubmatch(second.Body)[1]).Is(200, "最早的一条")
	s.Get("custodian", Home+"?view=all&cursor=%21").Is(422)
	for i := range 60 {
		s.tell(notice.Notice{Account: me, Title: fmt.Sprintf("又来%03d号", i)})
	}
	s.Get("custodian", Home).Is(200, badge("61"))
	for i := range 40 {
		s.tell(notice.Notice{Account: me, Title: fmt.Sprintf("再来%03d号", i)})
	}
	s.Get("custodian", Home).Is(200, badge("99+"))
}

// A page of another site marks nothing.
func TestForged(t *testing.T) {
	t.Parallel()
	s := newSite(t, dbtest.New(t, "sqlite"))
	s.tell(notice.Notice{Account: s.People["clerk"].ID, Title: "办件已退回"})
	path := readForm.FindStringSubmatch(s.Get("clerk", Home).Body)[1]
	for _, p := range []string{path, Home + "/read"} {
		for _, from := range []string{"cross-site", "same-site"} {
			s.Send("clerk", p, nil, "Sec-Fetch-Site", from).Is(403, "其他网站")
		}
	}
	s.Get("clerk", Home).Is(200, badge("1"))
}
