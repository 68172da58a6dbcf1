package account_test

import (
	"context"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"sidian/internal/auth"
	"sidian/internal/auth/oidc"
	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/fault"
	"sidian/internal/iam/iamtest"
)

// A platform signs in whoever it is told to.
type platform struct {
	name string
	kind oidc.Kind

	mu sync.Mutex
	is oidc.Identity
}

func (p *platform) Provider() oidc.Provider {
	return oidc.Provider{Name: p.name, Title: "样例统一身份认证", Kind: p.kind}
}

func (p *platform) Start(_ context.Context, now time.Time) (oidc.Attempt, error) {
	state := now.Format("150405.000000000")
	return oidc.Attempt{URL: "https://id.example/authorize?state=" + state, State: state, At: now}, nil
}

func (p *platform) Finish(_ context.Context, a oidc.Attempt, query url.Values, now time.Time) (oidc.Identity, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if query.Get("error") != "" {
		return oidc.Identity{}, fault.Unauthorized.New("统一身份认证平台没有让您登录").WithCode("oidc.refused").WithHint("请重试，或改用用户名和密码")
	}
	if query.Get("state") != a.State {
		return oidc.Identity{}, fault.Unauthorized.New("登录状态不符").WithCode("oidc.state").WithHint("请重新登录")
	}
	is := p.is
	is.Provider, is.Kind, is.Issuer, is.At = p.name, p.kind, "https://id.example", now
	return is, nil
}

func (p *platform) becomes(is oidc.Identity) { p.mu.Lock(); defer p.mu.Unlock(); p.is = is }

// away sends the browser away and returns the address at which it comes back.
func (b *browser) away(name, back string) string {
	b.t.Helper()
	a := b.get("/login/from/" + name + "?back=" + url.QueryEscape(back))
	to, err := url.Parse(a.to)
	must(b.t, err)
	if a.status != 303 || to.Host != "id.example" {
		b.t.Fatalf("sent with %d to %q\n%s", a.status, a.to, a.text())
	}
	return "/login/back/" + name + "?code=x&state=" + to.Query().Get("state")
}

func TestHolderFromElsewhere(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		p := &platform{name: "holder", kind: oidc.Holder}
		s := newSite(t, d, auth.Options{Platforms: []auth.Platform{p}})
		b := s.browser(t)
		b.get("/login?back=/me").says(200, "用统一身份认证登录", `href="/login/from/holder?back=%2fme"`, "样例统一身份认证", "持证人")
		b.get("/login/from/nowhere").says(422, "没有这个身份认证平台")
		p.becomes(oidc.Identity{Subject: "s", Name: "张样例", Citizen: iamtest.HolderCitizen, Level: 1})
		b.get(b.away("holder", "/me")).says(422, "没有经过实名核验", `value="/me"`).lacks("code=x")
		p.becomes(oidc.Identity{Subject: "s", Name: "张样例", Citizen: iamtest.HolderCitizen, Level: 2})
		home := b.away("holder", "/me")
		before := b.token()
		b.from = "cross-site" // that is where it comes from
		b.get(home).leads("/me")
		if b.token() == before || b.token() == "" {
			t.Error("the session has the token of before")
		}
		b.from = "same-origin"
		b.get("/me").says(200, "样例统一身份认证", "解除绑定")
		b.get(home).says(422) // a second time
	})
}

func TestForgedReturns(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		p := &platform{name: "holder", kind: oidc.Holder}
		p.becomes(oidc.Identity{Subject: "s", Name: "张样例", Citizen: iamtest.HolderCitizen, Level: 2})
		s := newSite(t, d, auth.Options{Platforms: []auth.Platform{p}})
		victim, attacker := s.browser(t), s.browser(t)
		theirs := attacker.away("holder", "/")
		victim.get(theirs).says(422, "登录步骤已失效") // it never went away
		victim.away("holder", "/")
		victim.get(theirs).says(422, "登录状态不符", "请重新登录")
		victim.get("/console").leads("/login?back=%2Fconsole")
		mine := victim.away("holder", "https://evil.example/")
		victim.get("/login/back/holder?error=access_denied&state=x").says(422, "没有让您登录")
		victim.get(mine).says(422) // the answer is used up
		mine = victim.away("holder", "//evil.example/")
		victim.get("/login/back/elsewhere?"+mine[strings.IndexByte(mine, '?')+1:]).says(422, "没有这个身份认证平台")
		victim.get(mine).leads("/console")
	})
}

// Staff link an identity themselves, from a page of ours, lately proved.
func TestLinkAnIdentity(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		p := &platform{name: "staff", kind: oidc.Staff}
		p.becomes(oidc.Identity{Subject: "w", Name: "样例", Level: 2})
		s := newSite(t, d, auth.Options{Platforms: []auth.Platform{p}})
		stranger := s.browser(t)
		stranger.get(stranger.away("staff", "/")).says(422, "没有绑定本平台的账号")

		b := s.browser(t).enter("clerk")
		b.get("/me").says(200, "绑定样例统一身份认证", `href="/me/links/staff"`)
		b.get("/me/links/staff").says(200, `href="/login/from/staff"`)
		b.get("/me/links/nowhere").says(404)
		b.from = "cross-site" // another site wants its own identity linked
		b.get("/login/from/staff").leads("/me/links/staff")
		b.from = "same-origin"
		s.clock.forward(16 * time.Minute)
		b.get("/login/from/staff").leads("/me/confirm?back=%2Fme%2Flinks%2Fstaff")
		b.post("/me/confirm", "password", s.Passwords["clerk"].Password, "back", "/me/links/staff").leads("/me/links/staff")
		home := b.away("staff", "/")
		b.get("/login/back/staff?code=x&state=forged").says(422, "登录状态不符", "我的安全")
		b.get(home).says(422)
		b.get(b.away("staff", "/")).leads("/me?done=linked")
		linked := b.get("/me?done=linked").says(200, "已绑定统一身份认证").lacks("绑定样例统一身份认证")

		stranger.get(stranger.away("staff", "/me")).leads("/me")
		remove := regexpFind(t, linked.body, `/me/links/[^/"]+/remove`)
		s.browser(t).enter("issuer").get(remove).says(404, "没有这个绑定")
		b.get(remove).says(200, "解除绑定", "样例统一身份认证")
		b.post(remove, "password", "wrong").says(422, "当前密码不正确")
		b.post(remove, "password", s.Passwords["clerk"].Password).leads("/me?done=unlinked")
		stranger.get("/console").leads("/login?back=%2Fconsole")
		stranger.get(stranger.away("staff", "/")).says(422, "没有绑定本平台的账号")
	})
}
