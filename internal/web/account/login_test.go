package account_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"sidian/internal/auth"
	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/iam/iamtest"
)

func TestPasswordAlone(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newSite(t, d, auth.Options{})
		b := s.browser(t)
		b.get("/console").leads("/login?back=%2Fconsole")
		b.get("/login?back=/me").says(200, `name="back" value="/me"`, "不需要登录")
		e := s.Passwords["clerk"]
		wrong := b.post("/login", "username", e.Username, "password", "wrong")
		wrong.says(422, "有错误：登录", "用户名、密码或一次性口令不正确", `value="clerk"`).lacks("wrong")
		unknown := b.post("/login", "username", "nobody", "password", "wrong")
		unknown.says(422)
		if strings.ReplaceAll(unknown.text(), "nobody", "clerk") != wrong.text() {
			t.Error("the page tells whether a user exists")
		}
		b.post("/login", "username", e.Username, "password", e.Password, "back", "/me").leads("/me")
		b.get("/console").says(200, "工作台")
		b.get("/login").leads("/console")
		b.post("/logout").leads("/")
		b.get("/console").leads("/login?back=%2Fconsole")
	})
}

// One form takes everything at once, as programs and old habits have it.
func TestCodeInTheFirstForm(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newSite(t, d, auth.Options{SecondStep: true})
		b, e := s.browser(t), s.Passwords["clerk"]
		code := s.code(e.TOTP)
		wide := strings.NewReplacer("0", "０", "1", "１", "2", "２", "3", "３").Replace(code[:3] + " " + code[3:])
		b.post("/login", "username", e.Username, "password", e.Password, "code", wide).leads("/console")
		b.get("/console").says(200)
		s.browser(t).post("/login", "username", e.Username, "password", e.Password, "code", code).says(422, "不正确")
	})
}

func TestBackStaysHere(t *testing.T) {
	t.Parallel()
	s := newSite(t, dbtest.New(t, "sqlite"), auth.Options{})
	for given, to := range map[string]string{
		"https://evil.example/": "/console", "//evil.example": "/console", `/\evil.example`: "/console", "/\t/evil.example": "/console",
		"javascript:alert(1)": "/console", "/login": "/console", "/login/second": "/console", "/me?x=1": "/me?x=1", "": "/console",
	} {
		b, e := s.browser(t), s.Passwords["clerk"]
		if got := b.get("/login?back=" + url.QueryEscape(given)).value("back"); got != to {
			t.Errorf("the page of %q carries %q", given, got)
		}
		b.post("/login", "username", e.Username, "password", e.Password, "back", given).leads(to)
		b.get("/login?back=" + url.QueryEscape(given)).leads(to)
	}
}

func TestSecondStep(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newSite(t, d, auth.Options{SecondStep: true})
		b, e := s.browser(t), s.Passwords["clerk"]
		b.get("/login/second").leads("/login")
		b.post("/login/second", "code", "123456").says(401, "登录步骤已失效", `name="password"`)
		b.post("/login", "username", e.Username, "password", e.Password, "back", "/me").leads("/login/second?back=%2Fme")
		half := b.token()
		b.get("/login/second?back=/me").says(200, "一次性口令", `value="/me"`, "换一个账号登录").lacks("通行密钥", "数字证书")

		for _, path := range []string{"/console", "/me", "/me/password", "/me/factors"} {
			b.get(path).leads("/login?back=" + url.QueryEscape(path))
		}
		b.get("/login?back=/me").leads("/login/second?back=%2Fme") // where it goes on
		b.get("/login?again=1").says(200, `name="password"`)
		for _, skipped := range []string{"/login/enrol", "/login/enrol/totp", "/login/password"} {
			b.get(skipped).leads("/login/second")
		}
		b.post("/login/password", "next", "New-Password-1", "again", "New-Password-1").says(401, "登录步骤已失效")
		b.post("/login/enrol/totp", "code", "123456").says(401, "登录步骤已失效")

		b.post("/login/second", "code", "000000", "back", "/me").says(422, "第二因素不正确", `value="/me"`)
		b.post("/login/second", "code", s.code(e.TOTP), "back", "//evil.example").leads("/console")
		if b.token() == half {
			t.Error("the session has the token of the step before")
		}
		b.get("/login/second").leads("/console")
		thief := s.browser(t)
		thief.plant(half)
		thief.get("/console").leads("/login?back=%2Fconsole")
		thief.get("/login/second").leads("/login")
	})
}

// What somebody else put into the browser before does not become a session.
func TestFixation(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newSite(t, d, auth.Options{SecondStep: true})
		attacker := s.browser(t)
		attacker.signIn("issuer").leads("/login/second")
		planted := attacker.token()
		victim := s.browser(t)
		victim.plant(planted)
		victim.enter("clerk")
		if victim.token() == planted {
			t.Fatal("the planted token is the session's")
		}
		attacker.get("/me").leads("/login?back=%2Fme")
		attacker.post("/login/second", "code", s.code(s.Passwords["issuer"].TOTP)).says(401, "登录步骤已失效")
	})
}

func TestStepsExpire(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newSite(t, d, auth.Options{SecondStep: true})
		b := s.browser(t)
		b.signIn("clerk").leads("/login/second")
		s.clock.forward(6 * time.Minute)
		b.get("/login/second?back=/me").leads("/login?back=%2Fme")
		b.post("/login/second", "code", s.code(s.Passwords["clerk"].TOTP), "back", "/me").says(401, "登录步骤已失效", "重新登录", `value="/me"`)
		b.get("/console").leads("/login?back=%2Fconsole")
	})
}

func TestLocked(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newSite(t, d, auth.Options{})
		for _, who := range []string{"clerk", "nobody"} {
			b := s.browser(t)
			for range 5 {
				b.post("/login", "username", who, "password", "wrong").says(422)
			}
			b.post("/login", "username", who, "password", s.Passwords["clerk"].Password).says(429, "已暂时锁定", "分钟后重试", "安全管理员")
			b.get("/console").leads("/login?back=%2Fconsole")
		}
	})
}

// The second step counts toward the same lock.
func TestSecondStepLocks(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newSite(t, d, auth.Options{SecondStep: true})
		b := s.browser(t)
		b.signIn("clerk").leads("/login/second")
		var last answer
		for range 7 {
			last = b.post("/login/second", "code", "000000")
		}
		if last.status != 429 && last.status != 401 {
			t.Fatalf("guessing goes on: %d\n%s", last.status, last.text())
		}
		s.browser(t).signIn("clerk").says(429, "已暂时锁定")
	})
}

func TestMustChange(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newSite(t, d, auth.Options{})
		fresh := s.County.County.Hire(t, "fresh", "clerk", iamtest.Market)
		e, err := s.Auth.Equip(s.Ctx(t, "system"), fresh.ID, auth.EquipRequest{MustChange: true})
		must(t, err)
		s.Passwords["fresh"] = e
		b := s.browser(t)
		b.signIn("fresh").leads("/login/password")
		b.get("/console").leads("/login?back=%2Fconsole")
		b.get("/login/password").says(200, "密码要求", "至少 10 个字符", "不含用户名", "三类")
		b.post("/login/password", "next", "short", "again", "other").says(422, "两次输入的新密码不一致", `href="#again"`)
		b.post("/login/password", "next", "short", "again", "short").says(422, "密码不符合规则", `href="#next"`, "有错误：").lacks(`value="short"`)
		b.post("/login/password", "next", e.Password, "again", e.Password).says(422, "不得与当前密码相同", `href="#next"`)
		b.post("/login/password", "next", "Another-One-22", "again", "Another-One-22").leads("/console")
		b.get("/console").says(200)
		s.browser(t).signIn("fresh").says(422)
		s.browser(t).post("/login", "username", "fresh", "password", "Another-One-22").leads("/console")
	})
}

// Another site's page can make a browser send a form; none is taken.
func TestOtherSites(t *testing.T) {
	t.Parallel()
	s := newSite(t, dbtest.New(t, "sqlite"), auth.Options{})
	b := s.browser(t).enter("clerk")
	b.from = "cross-site"
	for _, path := range []string{"/login", "/logout", "/login/second", "/login/second/certificate", "/login/second/passkey", "/login/second/passkey/options", "/login/password",
		"/login/enrol/totp", "/login/enrol/passkey/options", "/s/abc", "/me/password", "/me/confirm", "/me/factors/totp", "/me/factors/passkey/options", "/me/factors/totp/remove",
		"/me/links/x/remove", "/me/sessions/x/end", "/me/sessions/end"} {
		b.post(path).says(http.StatusForbidden, "其他网站的页面")
	}
	b.from = "same-origin"
	b.get("/console").says(200)
}

// No name of a person and nothing secret is in the log.
func TestLogIsSilent(t *testing.T) {
	t.Parallel()
	s := newSite(t, dbtest.New(t, "sqlite"), auth.Options{})
	b := s.browser(t)
	b.signIn("clerk").leads("/console")
	b.get("/s/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")
	b.post("/login", "username", "clerk", "password", "Secret-Guess-1")
	for _, word := range []string{"aaaaaaaa", "Secret-Guess", "clerk", s.Passwords["clerk"].Password, b.token()} {
		if strings.Contains(s.log.String(), word) {
			t.Errorf("the log has %q:\n%s", word, s.log)
		}
	}
}
