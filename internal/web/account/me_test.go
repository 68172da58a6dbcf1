package account_test

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"sidian/internal/auth"
	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/iam/iamtest"
)

var endLink = regexp.MustCompile(`/me/sessions/[^/"]+/end`)

func TestSessions(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newSite(t, d, auth.Options{})
		one, two, stranger := s.browser(t).enter("clerk"), s.browser(t).enter("clerk"), s.browser(t).enter("issuer")
		list := one.get("/me").says(200, "登录中的设备", "就是这里", "127.0.0.1", "没有用第二因素", "退出所有设备")
		ends := endLink.FindAllString(list.text(), -1)
		if len(ends) != 1 || strings.Count(list.text(), "就是这里") != 1 {
			t.Fatalf("one other session: %v\n%s", ends, list.text())
		}
		stranger.post(ends[0]).says(404, "没有这个会话")
		two.get("/console").says(200)
		one.post(ends[0]).leads("/me?done=ended")
		one.get("/me?done=ended").says(200, "已结束那个登录")
		two.get("/console").leads("/login?back=%2Fconsole")
		two.enter("clerk")
		one.post("/me/sessions/end").leads("/login?done=out")
		one.get("/login?done=out").says(200, "已在所有设备上退出登录")
		two.get("/console").leads("/login?back=%2Fconsole")
		stranger.get("/console").says(200)
	})
}

func TestChangePassword(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newSite(t, d, auth.Options{PasswordHistory: 3})
		b, other := s.browser(t).enter("clerk"), s.browser(t).enter("clerk")
		old := s.Passwords["clerk"].Password
		b.get("/me/password").says(200, "密码要求", `autocomplete="current-password"`, `autocomplete="new-password"`)
		b.post("/me/password", "current", "wrong", "next", "Another-One-22", "again", "Another-One-22").says(422, `href="#current"`, "当前密码不正确").lacks("Another-One-22")
		b.post("/me/password", "current", old, "next", "clerkclerk1A", "again", "clerkclerk1A").says(422, `href="#next"`, "不得包含用户名")
		b.post("/me/password", "current", old, "next", "Another-One-22", "again", "Another-One-22").leads("/me?done=password")
		b.get("/me?done=password").says(200, "密码已修改")
		other.get("/console").leads("/login?back=%2Fconsole")
		b.post("/me/password", "current", "Another-One-22", "next", old, "again", old).says(422, "最近用过的密码", `href="#next"`)
	})
}

// A stolen session is no place to guess the password from.
func TestConfirmLocks(t *testing.T) {
	t.Parallel()
	s := newSite(t, dbtest.New(t, "sqlite"), auth.Options{})
	b := s.browser(t).enter("clerk")
	for range 5 {
		b.post("/me/confirm", "password", "wrong").says(422)
	}
	b.post("/me/confirm", "password", s.Passwords["clerk"].Password).says(429, "已暂时锁定")
}

func TestOneTimeLink(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newSite(t, d, auth.Options{SecondStep: true})
		a := s.County.County.Hire(t, "fresh", "clerk", iamtest.Market)
		link, err := s.Auth.Invite(s.Ctx(t, "system"), a.ID, auth.First, "新到岗")
		must(t, err)
		b := s.browser(t)
		p := b.get(link.Path).says(200, "您好", "只能用一次", `value="fresh"`, "密码要求", "data:image/svg+xml;base64,").lacks("样例·fresh")
		if p.header.Get("Referrer-Policy") != "no-referrer" || p.header.Get("Cache-Control") != "no-store" {
			t.Errorf("headers: %v", p.header)
		}
		secret := p.secretOf()
		if b.get(link.Path).secretOf() != secret {
			t.Error("opened again, the page shows another secret")
		}
		b.post(link.Path, "next", "First-Password-1", "again", "other").says(422, "两次输入的新密码不一致")
		b.post(link.Path, "next", "weak", "again", "weak", "code", s.code(secret)).says(422, "密码不符合规则", `href="#next"`)
		b.post(link.Path, "next", "First-Password-1", "again", "First-Password-1", "code", "000000").says(422, "一次性口令不正确", `href="#code"`)
		b.post(link.Path, "next", "First-Password-1", "again", "First-Password-1").says(422, "一次性口令不正确")
		b.post(link.Path, "next", "First-Password-1", "again", "First-Password-1", "code", s.code(secret)).leads("/login?done=set")
		b.get("/login?done=set").says(200, "已设置好")

		b.get(link.Path).says(404, "这个链接不能使用", "再发一个", "安全管理员")
		b.post(link.Path, "next", "Second-Password-1", "again", "Second-Password-1", "code", s.code(secret)).says(404, "这个链接不能使用")
		b.post("/login", "username", "fresh", "password", "First-Password-1").leads("/login/second")
		b.post("/login/second", "code", s.code(secret)).leads("/console")
		s.browser(t).get("/s/"+strings.Repeat("a", len(link.Token))).says(404, "这个链接不能使用").lacks("fresh")
	})
}

func TestLinkEnds(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newSite(t, d, auth.Options{})
		a := s.County.County.Hire(t, "fresh", "clerk", iamtest.Market)
		invite := func() string {
			link, err := s.Auth.Invite(s.Ctx(t, "system"), a.ID, auth.First, "新到岗")
			must(t, err)
			return link.Path
		}
		first, b := invite(), s.browser(t)
		second := invite()
		b.get(first).says(404, "这个链接不能使用")
		b.get(second).says(200, "暂时不用一次性口令的，不填")
		s.clock.forward(73 * time.Hour)
		b.get(second).says(404, "这个链接不能使用")
		b.post(second, "next", "First-Password-1", "again", "First-Password-1").says(404)
	})
}

// Whoever opens a link in a browser in which somebody is signed in, signs them
// out when it is used, and not before.
func TestLinkInAnothersBrowser(t *testing.T) {
	t.Parallel()
	s := newSite(t, dbtest.New(t, "sqlite"), auth.Options{})
	b := s.browser(t).enter("issuer")
	link, err := s.Auth.Invite(s.Ctx(t, "security"), s.People["clerk"].ID, auth.Reset, "忘记密码")
	must(t, err)
	b.get(link.Path).says(200, "已经登记的第二因素不变").lacks("二维码")
	b.get("/console").says(200)
	b.post(link.Path, "next", "First-Password-1", "again", "First-Password-1").leads("/login?done=set")
	b.get("/console").leads("/login?back=%2Fconsole")
	b.post("/login", "username", "clerk", "password", "First-Password-1").leads("/console")
}

// Sent twice at the same moment, a link is used once.
func TestLinkTwiceAtOnce(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newSite(t, d, auth.Options{})
		link, err := s.Auth.Invite(s.Ctx(t, "security"), s.People["clerk"].ID, auth.Reset, "忘记密码")
		must(t, err)
		answers := make(chan answer)
		for _, next := range []string{"First-Password-1", "Second-Password-2"} {
			b := s.browser(t)
			go func() { answers <- b.post(link.Path, "next", next, "again", next) }()
		}
		one, two := <-answers, <-answers
		if one.status == 303 {
			one, two = two, one
		}
		one.says(404, "这个链接不能使用")
		two.leads("/login?done=set")
	})
}
