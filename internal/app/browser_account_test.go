package app_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base32"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/webauthn"

	"sidian/gm"
	"sidian/internal/app"
	"sidian/internal/auth"
	"sidian/internal/auth/ukey"
	"sidian/internal/iam"
	"sidian/internal/pki"
)

// own is a demo of its own, in which stories change how people sign in, and
// which has the identity platform of invented people.
type own struct {
	*world
	*app.App
}

func enterOwn(t *testing.T) *own {
	t.Helper()
	w := &world{users: map[string]app.DemoUser{}, cookie: map[string]*http.Cookie{}, chrome: enter(t).chrome}
	t.Parallel() // before it is made: counties that wait for their turn cost memory and time
	dir, creds := app.CountyDir(t)
	for _, u := range creds.Users {
		w.users[u.Username] = u
	}
	l, err := net.Listen("tcp", "localhost:0")
	if err != nil {
		t.Fatal(err)
	}
	w.base = fmt.Sprintf("http://localhost:%d", l.Addr().(*net.TCPAddr).Port)
	ctx, stop := context.WithCancel(context.Background())
	c := app.CountyConf(dir, w.base, "")
	c.Outgoing.Private = append(c.Outgoing.Private, strings.TrimPrefix(w.base, "http://"))
	a, err := app.Open(ctx, c, app.Options{Mark: app.Mark, People: true, Log: io.Discard})
	if err != nil {
		t.Fatal(err)
	}
	stopped := make(chan error, 1)
	go func() { stopped <- errors.Join(a.Run(ctx, l), a.Close()) }()
	t.Cleanup(func() {
		stop()
		if err := <-stopped; err != nil {
			t.Errorf("ending the demo: %v", err)
		}
	})
	return &own{w, a}
}

// as is a context in which a user of the demo acts.
func (o *own) as(t *testing.T, username string) context.Context {
	t.Helper()
	ctx, err := o.IAM.As(t.Context(), o.account(t, username))
	if err != nil {
		t.Fatal(err)
	}
	return ctx
}

// account is the id of the account of a user of the demo. A password is looked at
// once: that it is slow is what it is for.
func (o *own) account(t *testing.T, username string) string {
	t.Helper()
	if id, ok := o.ids.Load(username); ok {
		return id.(string)
	}
	in, err := o.Auth.SignIn(t.Context(), auth.SignInRequest{Username: username, Password: o.users[username].Password})
	if err != nil {
		t.Fatal(err)
	}
	o.ids.Store(username, in.Account)
	return in.Account
}

// firstStep gives the user name and the password.
func (tb *tab) firstStep(user string) {
	tb.t.Helper()
	tb.visit("/login?again=1")
	tb.fill(map[string]string{"username": user, "password": tb.w.users[user].Password})
	tb.click("main button.first")
}

func (tb *tab) at(path string) {
	tb.t.Helper()
	tb.until(`location.pathname === "` + path + `" && document.readyState === "complete"`)
}

// looks checks what every page must keep, and takes its picture.
func (tb *tab) looks(axe, name string) {
	tb.t.Helper()
	tb.fits()
	tb.accessible(axe, name)
	switch {
	case tb.view.elder:
		tb.targets(60)
	case tb.view.width < 640: // small buttons of tables are lower under a mouse
		tb.targets(44)
	}
	tb.picture(name)
}

// oneTimeCode is the code of a secret, so many steps of the clock later.
func oneTimeCode(t *testing.T, secret string, later int64) string {
	t.Helper()
	key, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(secret)
	if err != nil {
		t.Fatal(err)
	}
	mac := hmac.New(sha1.New, key)
	if err := binary.Write(mac, binary.BigEndian, uint64(time.Now().Unix()/30+later)); err != nil {
		t.Fatal(err)
	}
	sum := mac.Sum(nil)
	return fmt.Sprintf("%06d", binary.BigEndian.Uint32(sum[sum[19]&15:])&0x7fffffff%1_000_000)
}

func (tb *tab) shownSecret() string {
	tb.t.Helper()
	return eval[string](tb, `document.getElementById("key").textContent`)
}

// authenticator puts a platform authenticator into the tab's browser.
func (tb *tab) authenticator() {
	tb.t.Helper()
	tb.spoilt = true
	call(tb, webauthn.Enable, webauthn.EnableParams{})
	call(tb, webauthn.AddVirtualAuthenticator, webauthn.AddVirtualAuthenticatorParams{Options: &webauthn.VirtualAuthenticatorOptions{
		Protocol: webauthn.AuthenticatorProtocolCtap2, Transport: webauthn.AuthenticatorTransportInternal,
		HasResidentKey: true, HasUserVerification: true, IsUserVerified: true, AutomaticPresenceSimulation: true,
	}})
}

// A passkey is enrolled at /me and proves who signs in; without scripts the
// page says why it cannot be used.
func TestBrowserPasskey(t *testing.T) {
	o := enterOwn(t)
	tb := o.open(t, view{width: 360})
	tb.authenticator()
	tb.firstStep("clerk")
	tb.at("/console")
	tb.visit("/me")
	tb.says("main", "还没有第二因素", "就是这里", "Chrome")
	tb.click(`a[href="/me/factors"]`)
	tb.wait(`a[href^="/me/factors/passkey"]`)
	tb.click(`a[href^="/me/factors/passkey"]`)
	tb.wait("form[data-passkey] button")
	tb.fill(map[string]string{"name": "我的手机"})
	tb.click("form[data-passkey] button")
	tb.at("/me")
	tb.says("main", "通行密钥已登记", "我的手机", "已启用")
	tb.picture("me-passkey-added")

	tb.visit("/me/factors/passkey")
	tb.wait("form[data-passkey] button")
	tb.click("form[data-passkey] button")
	tb.until(`document.querySelector("[data-note]").textContent.includes("已经有本账号的通行密钥")`)

	tb.signOut()
	tb.at("/")
	tb.visit("/me")
	tb.at("/login")
	tb.fill(map[string]string{"username": "clerk", "password": o.users["clerk"].Password})
	tb.click("main button.first")
	tb.at("/login/second")
	tb.picture("second-passkey")
	tb.click("form[data-passkey] button")
	tb.at("/me")
	tb.says("main", "用了第二因素")

	other := o.open(t, view{width: 360})
	other.authenticator() // that of a stranger
	other.firstStep("clerk")
	other.at("/login/second")
	other.click("form[data-passkey] button")
	other.until(`document.querySelector("[data-note]").textContent.includes("没有完成")`)
	quiet := o.open(t, view{width: 360, noScript: true})
	quiet.firstStep("clerk")
	quiet.at("/login/second")
	quiet.says("main", "浏览器没有运行脚本")
	if eval[int](quiet, `document.querySelectorAll("form[data-passkey] button").length`) != 1 || eval[bool](quiet, `document.querySelector("form[data-passkey] button").checkVisibility()`) {
		t.Error("a button that needs a script is shown without")
	}
}

// One-time codes and a digital certificate, without scripts.
func TestBrowserFactors(t *testing.T) {
	o := enterOwn(t)
	tb := o.open(t, view{width: 1440, noScript: true})
	tb.firstStep("issuer")
	tb.at("/console")
	tb.visit("/me/factors/totp")
	secret := tb.shownSecret()
	tb.fill(map[string]string{"code": "000000"})
	tb.click("main button.first")
	tb.wait(".summary")
	tb.picture("totp-wrong")
	if tb.shownSecret() != secret {
		t.Fatal("a wrong code costs another scan")
	}
	code := oneTimeCode(t, secret, 0)
	tb.fill(map[string]string{"code": code[:3] + " " + code[3:]})
	tb.click("main button.first")
	tb.at("/me")
	tb.says("main", "一次性口令已登记")

	key, err := gm.GenerateKey()
	if err != nil {
		t.Fatal(err)
	}
	c, err := o.PKI.Issue(t.Context(), pki.IssueRequest{Use: pki.Personal, Org: "market", Name: "样例·签发人", Public: key.Public(), Years: 1})
	if err != nil {
		t.Fatal(err)
	}
	sign := func() {
		t.Helper()
		answer, err := ukey.Answer([]byte(eval[string](tb, `document.getElementById("challenge").textContent`)), key, c)
		if err != nil {
			t.Fatal(err)
		}
		eval[bool](tb, `document.getElementsByName("answer")[0].value = `+fmt.Sprintf("%q", answer)+`, true`)
	}
	tb.visit("/me/factors/certificate")
	tb.fill(map[string]string{"name": "单位的 UKey"})
	sign()
	tb.click("main button.first")
	tb.at("/me")
	tb.says("main", "数字证书已登记", "单位的 UKey", "样**")
	tb.picture("me-factors")
	tb.signOut()
	tb.at("/")

	tb.firstStep("issuer")
	tb.at("/login/second")
	tb.says("main", "一次性口令", "数字证书")
	tb.picture("second")
	tb.click(`a[href^="/login/second/certificate"]`)
	tb.at("/login/second/certificate")
	sign()
	tb.picture("certificate")
	tb.click("main button.first")
	tb.at("/console")
	tb.signOut()
	tb.at("/")
	tb.firstStep("issuer")
	tb.at("/login/second")
	tb.fill(map[string]string{"code": code})
	tb.click("main button.first")
	tb.wait(".summary")
	tb.says(".summary", "第二因素不正确") // it was used
	tb.fill(map[string]string{"code": oneTimeCode(t, secret, 1)})
	tb.click("main button.first")
	tb.at("/console")
}

// A one-time link, from the administrator's hand to the first sign-in.
func TestBrowserLink(t *testing.T) {
	o := enterOwn(t)
	system := o.as(t, "system")
	a, err := o.IAM.CreateAccount(system, iam.AccountRequest{Username: "newcomer", Kind: iam.Staff, Name: "样例·新到岗", Org: "market"})
	if err != nil {
		t.Fatal(err)
	}
	link, err := o.Auth.Invite(system, a.ID, auth.First, "新到岗")
	if err != nil {
		t.Fatal(err)
	}
	tb := o.open(t, view{width: 360})
	tb.visit(link.Path)
	tb.says("main", "您好", "只能用一次", "密码要求", "未满足")
	tb.looks(axeSource(t), "link")
	secret := tb.shownSecret()
	tb.fill(map[string]string{"next": "Newcomer-2026", "again": "Newcomer-2026", "code": oneTimeCode(t, secret, 0)})
	tb.until(`document.querySelectorAll(".rules .met").length === 2`)
	tb.says(".rules", "不含用户名 未满足")
	tb.click(".secret .show")
	tb.until(`document.getElementById("next").type === "text"`)
	tb.click("main button.first")
	tb.wait(".summary")
	tb.says(".summary", "不得包含用户名")
	tb.fill(map[string]string{"next": "Fresh-Start-2026", "again": "Fresh-Start-2026", "code": "000000"})
	tb.until(`document.querySelectorAll(".rules .met").length === 3`)
	tb.click("main button.first")
	tb.until(`document.querySelector(".summary")?.innerText.includes("一次性口令不正确")`)
	tb.picture("link-wrong")
	tb.fill(map[string]string{"next": "Fresh-Start-2026", "again": "Fresh-Start-2026", "code": oneTimeCode(t, secret, 0)})
	tb.click("main button.first")
	tb.at("/login")
	tb.says("main", "已设置好")
	tb.picture("login-set")
	tb.fill(map[string]string{"username": "newcomer", "password": "Fresh-Start-2026"})
	tb.click("main button.first")
	tb.at("/login/second")
	tb.fill(map[string]string{"code": oneTimeCode(t, secret, 1)})
	tb.click("main button.first")
	tb.at("/console")
	tb.visit(link.Path)
	tb.says("main", "这个链接不能使用", "再发一个")
	tb.looks(axeSource(t), "link-over")
}

// Holders come from the demo's identity platform, staff link themselves.
func TestBrowserIdentity(t *testing.T) {
	o := enterOwn(t)
	tb := o.open(t, view{width: 360})
	choose := func(person string) {
		t.Helper()
		tb.until(`location.pathname.startsWith("/login/dev")`)
		if !eval[bool](tb, `(a => a ? (a.click(), true) : false)([...document.querySelectorAll("a")].find(a => a.textContent === "`+person+`"))`) {
			t.Fatal(tb.where())
		}
	}
	tb.visit("/me")
	tb.picture("login-platforms")
	tb.click(`a[href^="/login/from/holder"]`)
	choose("张样例")
	tb.at("/me")
	tb.says("main", "张样例", "演示身份平台", "解除绑定")
	tb.picture("me-holder")
	tb.signOut()
	tb.at("/")

	tb.visit("/login")
	tb.click(`a[href^="/login/from/staff"]`)
	choose("样例·经办员")
	tb.at("/login/back/staff")
	tb.says(".summary", "没有绑定本平台的账号")
	tb.picture("login-unlinked")
	tb.firstStep("clerk")
	tb.at("/console")
	tb.visit("/me")
	tb.click(`a[href="/me/links/staff"]`)
	tb.wait(`a[href="/login/from/staff"]`)
	tb.picture("join")
	tb.click(`a[href="/login/from/staff"]`)
	choose("样例·经办员")
	tb.at("/me")
	tb.says("main", "已绑定统一身份认证")
	tb.signOut()
	tb.at("/")
	tb.visit("/login")
	tb.click(`a[href^="/login/from/staff"]`)
	choose("样例·经办员")
	tb.at("/console")
}

// Every page of one's account at every width, in elder mode and the dark.
func TestBrowserAccountPages(t *testing.T) {
	o := enterOwn(t)
	axe := axeSource(t)
	begin := o.open(t, view{width: 1440})
	begin.firstStep("keeper")
	begin.at("/console")
	begin.visit("/me/factors/totp")
	secret := begin.shownSecret()
	begin.fill(map[string]string{"code": oneTimeCode(t, secret, -1)})
	begin.click("main button.first")
	begin.at("/me")
	for i, v := range everyView() {
		tb := o.open(t, v)
		tb.visit("/login")
		tb.looks(axe, "login")
		tb.firstStep("keeper")
		tb.at("/login/second")
		tb.looks(axe, "second-totp")
		if i > 0 {
			continue
		}
		tb.fill(map[string]string{"code": oneTimeCode(t, secret, 0)})
		tb.click("main button.first")
		tb.at("/console")
		o.cookie["keeper"] = &http.Cookie{Name: "sidian", Value: tb.session()}
	}
	o.tour(t, axe, []sight{
		{"me", "keeper", "/me"}, {"me-done", "keeper", "/me?done=password"}, {"me-password", "keeper", "/me/password"}, {"me-factors", "keeper", "/me/factors"}, {"me-totp", "keeper", "/me/factors/totp"},
		{"me-passkey", "keeper", "/me/factors/passkey"}, {"me-certificate", "keeper", "/me/factors/certificate"}, {"me-remove", "keeper", "/me/factors/totp/remove"}, {"me-confirm", "keeper", "/me/confirm"},
		{"me-join", "keeper", "/me/links/staff"},
	}, everyView()...)
}

// session is the token of who is signed in in a tab.
func (tb *tab) session() string {
	tb.t.Helper()
	for _, c := range call(tb, network.GetCookies, network.GetCookiesParams{URLs: []string{tb.w.base}}).Cookies {
		if c.Name == "sidian" {
			return c.Value
		}
	}
	tb.t.Fatal("nobody is signed in")
	return ""
}
