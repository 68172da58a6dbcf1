package app_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sidian/internal/app"
)

// produce makes an instance as `sidian init` does and serves it: two steps to
// sign in, nobody's password known, nothing in it.
func produce(t *testing.T) (*world, *app.Initialised) {
	t.Helper()
	w := &world{users: map[string]app.DemoUser{}, cookie: map[string]*http.Cookie{}, chrome: enter(t).chrome}
	l, err := net.Listen("tcp", "localhost:0")
	if err != nil {
		t.Fatal(err)
	}
	w.base = fmt.Sprintf("http://localhost:%d", l.Addr().(*net.TCPAddr).Port)
	dir := t.TempDir()
	config := filepath.Join(dir, "sidian.yaml")
	text := fmt.Sprintf("listen: localhost:1\nbase_url: %s\nregion: \"999999\"\ndata_dir: %s\n", w.base, filepath.Join(dir, "data"))
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	made, err := app.Init(t.Context(), app.InitRequest{Config: config, Name: "青禾县数据局（样例）", Log: io.Discard})
	if err != nil {
		t.Fatal(err)
	}
	c, err := app.ReadConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	a, err := app.Open(ctx, c, app.Options{Log: io.Discard})
	if err != nil {
		t.Fatal(err)
	}
	stopped := make(chan error, 1)
	go func() { stopped <- errors.Join(a.Run(ctx, l), a.Close()) }()
	t.Cleanup(func() {
		stop()
		if err := <-stopped; err != nil {
			t.Errorf("ending the instance: %v", err)
		}
	})
	return w, made
}

// A somebody has a browser and what they sign in with.
type somebody struct {
	*tab
	name, password, secret string
	step                   int64 // of the last one-time code: none serves twice
}

func (s *somebody) code() string {
	s.t.Helper()
	now := func() int64 { return time.Now().Unix() / 30 }
	for s.step+1 > now()+1 {
		time.Sleep(200 * time.Millisecond)
	}
	s.step = max(s.step+1, now()-1)
	return oneTimeCode(s.t, s.secret, s.step-now())
}

// begin is the way from a one-time link to the first session.
func (w *world) begin(t *testing.T, width int64, link, username, axe string) *somebody {
	t.Helper()
	s := &somebody{tab: w.open(t, view{width: width}), name: username, password: "Morning-Desk-27-" + strings.ToUpper(username[:1])}
	s.visit(strings.TrimPrefix(link, w.base))
	s.says("main", "您好", "只能用一次", "一次性口令")
	s.looks(axe, "first-link-"+username)
	s.secret = strings.ReplaceAll(s.shownSecret(), " ", "")
	s.fill(map[string]string{"next": s.password, "again": s.password, "code": s.code()})
	s.click("main button.first")
	s.at("/login")
	s.says("main", "已设置好")
	s.signIn()
	return s
}

// signIn is both steps.
func (s *somebody) signIn() {
	s.t.Helper()
	s.visit("/login?again=1")
	s.fill(map[string]string{"username": s.name, "password": s.password})
	s.click("main button.first")
	s.at("/login/second")
	s.fill(map[string]string{"code": s.code()})
	s.click("main button.first")
	s.until(`!location.pathname.startsWith("/login") && document.readyState === "complete"`)
}

func (s *somebody) send(button string) {
	s.t.Helper()
	eval[bool](s.tab, `window.old = true`)
	s.click(button)
	s.until(`!window.old && document.readyState === "complete"`)
}

// TestBrowserFirstStart: a production instance from its links to the first
// clerk at work; a role that takes effect, and one that is refused; an account
// that is locked, and unlocked by another hand.
func TestBrowserFirstStart(t *testing.T) {
	enter(t)
	axe := axeSource(t)
	t.Parallel()
	for _, width := range []int64{360, 1440} {
		t.Run(fmt.Sprint(width), func(t *testing.T) {
			t.Parallel()
			w, made := produce(t)
			axe := axe
			if width > 640 { // the phone's half has the checker
				axe = ""
			}
			hands := map[string]*somebody{}
			for _, a := range made.Administrators {
				hands[a.Username] = w.begin(t, width, a.Link, a.Username, axe)
			}
			system, security, audit := hands["system"], hands["security"], hands["audit"]
			for name, path := range map[string]string{"system": "/console/admin", "security": "/console/admin", "audit": "/console/audit"} {
				hands[name].visit("/console")
				hands[name].at(path) // each has a place of their own
				hands[name].looks(axe, "first-home-"+name)
			}

			system.visit("/console/admin/people/new")
			system.fill(map[string]string{"name": "样例·第一人", "username": "first", "kind": "staff", "org": "青禾县数据局（样例）"})
			system.send("main button.first")
			system.says("main", "已登记", "还不能登录")
			person := eval[string](system.tab, `location.pathname`)
			first := w.firstGrants(t, system, security, person, axe)

			audit.visit("/console/audit")
			audit.says("main", "系统管理员", "安全管理员")
			audit.looks(axe, "first-audit")
			audit.visit("/console/admin/grants/new")
			audit.says("main", "您没有", "权限")
			audit.looks(axe, "first-auditor-may-not")
			w.lockedOut(t, first, security, person, axe)
		})
	}
}

// firstGrants gives the first person a role, refuses another, and hands over
// the link.
func (w *world) firstGrants(t *testing.T, system, security *somebody, person, axe string) *somebody {
	t.Helper()
	for _, g := range []struct{ role, decision, says string }{{"clerk", "approve", "已批准，立即生效"}, {"issuer", "refuse", "已记为不批准"}} {
		system.visit(person)
		system.click(`a[href^="/console/admin/grants/new"]`)
		system.wait("#role")
		system.fill(map[string]string{"role": g.role, "reason": "到岗"})
		system.send("main button.first")
		system.says("main", "已起草", "待批准", "安全管理员批准后生效")
		system.looks(axe, "first-grant-drafted")
		grant := eval[string](system.tab, `location.pathname`)
		if eval[bool](system.tab, `!!document.getElementById("approve")`) {
			t.Error("who drafted a grant is offered to approve it")
		}
		security.visit(grant)
		eval[bool](security.tab, `(document.getElementById("`+g.decision+`-reason").value = "与任职文件核对过") !== ""`)
		security.send("#" + g.decision + " button")
		security.says("main", g.says)
		security.looks(axe, "first-grant-"+g.decision)
	}
	system.visit(person)
	system.says("#roles", "生效", "不批准")
	system.visit(person + "/link")
	system.fill(map[string]string{"purpose": "first", "reason": "当面核实"})
	system.send("main button.first")
	link := eval[string](system.tab, `document.querySelector("#link").textContent.trim()`)
	first := w.begin(t, system.view.width, link, "first", axe)
	first.visit("/console")
	first.says("main", "工作台", "青禾县数据局（样例）")
	first.looks(axe, "first-clerk")
	first.visit("/console/admin/grants")
	first.says("main", "您没有", "权限")
	return first
}

// lockedOut is somebody's own doing: the right password does not help, another
// hand does, and the page said so.
func (w *world) lockedOut(t *testing.T, first, security *somebody, person, axe string) {
	t.Helper()
	stranger := w.open(t, view{width: first.view.width})
	stranger.visit("/login")
	for i := range 6 {
		stranger.fill(map[string]string{"username": "first", "password": "Wrong-Guess-" + itoa(i)})
		eval[bool](stranger, `window.old = true`)
		stranger.click("main button.first")
		stranger.until(`!window.old && document.querySelector(".summary")`)
	}
	stranger.says(".summary", "已暂时锁定", "安全管理员")
	stranger.looks(axe, "first-locked")
	stranger.fill(map[string]string{"password": first.password})
	eval[bool](stranger, `window.old = true`)
	stranger.click("main button.first")
	stranger.until(`!window.old && document.querySelector(".summary")`)
	stranger.says(".summary", "已暂时锁定")

	security.visit(person + "/unlock")
	security.looks(axe, "first-unlock")
	security.fill(map[string]string{"reason": "本人到场，核对了工作证"})
	security.send("main button.first")
	security.says("main", "已解除锁定")
	security.looks(axe, "first-unlocked")
	first.signOut()
	first.at("/")
	first.signIn()
	first.at("/console")
}

// TestBrowserEmergency: the glass is broken, one certificate is read, another
// administrator is alarmed and looks into it, and the auditor finds from the
// certificate who read it and why.
func TestBrowserEmergency(t *testing.T) {
	o := enterOwn(t)
	axe := axeSource(t)
	page := certificateLink.FindString(string(o.get(t, "civil", "/console?kind=marriage")))
	why := "登记系统停机，急诊须核对监护关系"
	for _, width := range []int64{1440, 360} {
		system, security, audit := o.open(t, view{width: width, user: "system"}), o.open(t, view{width: width, user: "security"}), o.open(t, view{width: width, user: "audit"})
		system.visit(page)
		system.says("main", "您没有", "权限")
		system.visit("/console/admin/glasses/new")
		system.fill(map[string]string{"org": "青禾县民政局", "object": "cert/" + page[strings.LastIndexByte(page, '/')+1:], "reason": why})
		eval[bool](system, `window.old = true`)
		system.click("main button.first")
		system.until(`!window.old && location.search.includes("done=opened") && document.readyState === "complete"`)
		glass := eval[string](system, `location.pathname`)
		system.visit(page)
		system.says("main", "结婚证", "*")
		system.fits()
		system.accessible(axe, "emergency-certificate")
		system.picture("emergency-certificate")

		for range 60 { // the alarm is an event, which is on its way
			security.visit("/console/alarms")
			if strings.Contains(security.text("main"), "发起了应急查阅") {
				break
			}
		}
		security.says("main", "发起了应急查阅", "青禾县民政局", "system")
		security.looks(axe, "emergency-alarm")
		security.visit(glass)
		security.says("main", why)
		security.fill(map[string]string{"verdict": "proper", "reason": "与急诊记录相符"})
		eval[bool](security, `window.old = true`)
		security.click("#review button.first")
		security.until(`!window.old && location.search.includes("done=reviewed") && document.readyState === "complete"`)
		security.says("main", "复核：正当", "与急诊记录相符")
		security.looks(axe, "emergency-reviewed")
		system.visit(page)
		system.says("main", "您没有", "权限") // it is over with the review

		audit.visit("/console/audit/lookback?object=" + url.QueryEscape("cert/"+page[strings.LastIndexByte(page, '/')+1:]))
		audit.says("main", "责任倒查：结婚证", "样例·系统管理员", "应急", "青禾县民政局")
		audit.looks(axe, "emergency-lookback")
		audit.click(`section.card h2 a[href^="/console/audit/people/"]`)
		audit.until(`location.pathname.startsWith("/console/audit/people/") && document.readyState === "complete"`)
		audit.says("main", "样例·系统管理员", "应急查阅")
		if !eval[bool](audit, `!!document.querySelector('a[href*="`+page[strings.LastIndexByte(page, '/')+1:]+`"]')`) {
			t.Errorf("from the person there is no way back to the certificate\n%s", audit.where())
		}
		audit.looks(axe, "emergency-person")
	}
}
