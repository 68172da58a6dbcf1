package app_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"sidian/internal/app"
	"sidian/internal/provider/providertest"
	"sidian/ofd"
)

// federation is a county of its own that may call some seal providers, seen
// with the shared browser.
func federation(t *testing.T, all ...*providertest.Provider) *world {
	t.Helper()
	w := &world{users: map[string]app.DemoUser{}, cookie: map[string]*http.Cookie{}, chrome: enter(t).chrome}
	t.Parallel() // before it is made: counties that wait for their turn cost memory and time
	data, creds := app.CountyDir(t)
	for _, u := range creds.Users {
		w.users[u.Username] = u
	}
	l, err := net.Listen("tcp", "localhost:0")
	if err != nil {
		t.Fatal(err)
	}
	w.base = fmt.Sprintf("http://localhost:%d", l.Addr().(*net.TCPAddr).Port)
	c := app.CountyConf(data, w.base, "")
	for _, p := range all {
		c.Outgoing.Hosts, c.Outgoing.Private = append(c.Outgoing.Hosts, p.Host), append(c.Outgoing.Private, p.Host)
	}
	ctx, stop := context.WithCancel(context.Background())
	a, err := app.Open(ctx, c, app.Options{Mark: app.Mark, Log: io.Discard})
	if err != nil {
		t.Fatal(err)
	}
	stopped := make(chan error, 1)
	go func() { stopped <- errors.Join(a.Run(ctx, l), a.Close()) }()
	t.Cleanup(func() {
		stop()
		if err := <-stopped; err != nil {
			t.Errorf("ending the county: %v", err)
		}
	})
	return w
}

// A reader of the story looks at every page in these ways.
var looks = []view{{width: 360}, {width: 1440}, {width: 360, elder: true}, {width: 1440, dark: true}}

// A federationStory has the tabs of those who appear in it, one for each way to look.
type federationStory struct {
	*testing.T
	w      *world
	source string // of the checker of accessibility
	tabs   map[view]*tab
}

func (s *federationStory) tab(v view, user string) *tab {
	v.user = user
	if s.tabs[v] == nil {
		s.tabs[v] = s.w.open(s.T, v)
	}
	return s.tabs[v]
}

// wide is somebody's tab at a desk.
func (s *federationStory) wide(user string) *tab { return s.tab(view{width: 1440}, user) }

// look checks a page as it stands, and takes its picture.
func (s *federationStory) look(tb *tab, name string) {
	s.Helper()
	tb.wait("main h1")
	tb.fits()
	tb.accessible(s.source, name)
	if tb.view.width == 360 {
		tb.targets(44)
	}
	tb.picture(name)
}

// see looks at a page of somebody in some ways.
func (s *federationStory) see(ways []view, user, path, name string, words ...string) {
	s.Helper()
	for _, v := range ways {
		tb := s.tab(v, user)
		tb.visit(path)
		tb.says("main", words...)
		s.look(tb, name)
	}
}

// file writes what is to be uploaded.
func (s *federationStory) file(name string, data []byte) string {
	s.Helper()
	path := filepath.Join(s.TempDir(), name)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		s.Fatal(err)
	}
	return path
}

// verify uploads a document in some ways, and expects one big word and others.
func (s *federationStory) verify(path, picture, word string, words []string, ways ...view) {
	s.Helper()
	for _, v := range ways {
		tb := s.tab(v, "")
		tb.visit("/verify")
		tb.upload("#file", path)
		tb.click("form[enctype] button")
		tb.wait(".verdict")
		if got := tb.text(".verdict h1"); got != word {
			s.Errorf("%s: the big word is %q, not %q: %s", picture, got, word, tb.text("main"))
		}
		tb.says("main", words...)
		s.look(tb, picture)
	}
}

// propose registers a provider with the form, as it stands in the browser.
func (s *federationStory) propose(p *providertest.Provider, name string) {
	s.Helper()
	tb := s.wide("seals")
	tb.visit("/console/providers/new")
	tb.fill(map[string]string{"id": p.ID, "name": name, "operator": name + "有限公司", "zone": "internet", "endpoint": p.URL, "reason": "市级互认协议〔2026〕3号，证书摘要已电话核对"})
	tb.upload("#certificate-file", s.file("answers.pem", p.Answers.PEM()))
	tb.upload("#authorities-file", s.file("root.cer", p.CA.Raw))
	tb.click("main form button.first")
	tb.until(`location.search.includes("done=proposed")`)
}

// press fills in the reason of a form and sends it.
func (s *federationStory) press(tb *tab, form, reason string) {
	s.Helper()
	eval[bool](tb, `(document.querySelector("#`+form+` textarea, #`+form+`-form textarea").value = "`+reason+`", true)`)
	tb.click(`form[action$="/` + form + `"] button`)
	tb.until(`location.search.includes("done=` + form + `")`)
}

// Who made a seal says whether it stands (谁签章、谁核验): two people decide whom the
// county believes, each source is named, and one who lies is found out.
func TestBrowserProviders(t *testing.T) {
	honest, other := providertest.New(t, "seal.lvzhou.example", nil), providertest.New(t, "sign.beishan.example", nil)
	w := federation(t, honest, other)
	s := &federationStory{T: t, w: w, source: axeSource(t), tabs: map[view]*tab{}}
	phone, desk, elder, both := looks[0], looks[1], looks[2], looks[:2]

	s.see(both, "seals", "/console/providers", "providers-empty", "还没有登记签章服务商", "登记服务商", "把本平台告诉别人")
	for _, user := range []string{"seals", "cityseals"} { // the county begins with some
		tb := s.wide(user)
		tb.visit("/console/notices")
		if eval[bool](tb, `document.querySelector("main form.actions button") !== null`) {
			tb.click("main form.actions button")
			tb.until(`location.search.includes("done=all")`)
		}
	}
	s.see(both, "seals", "/console/notices", "notices-empty", "没有未读的消息")
	s.see(both, "", "/open/providers", "open-providers-empty", "目前没有采信其他服务商", "本平台")
	sealed := s.file("合同.ofd", honest.Sealed(t))
	s.verify(sealed, "verify-nobody", "不能确认", []string{"没有登记服务商", "请向签章单位核实", "谁签章，谁核验"}, phone)

	// One proposes, another hears of it and decides.
	tb := s.wide("seals")
	tb.visit("/console/providers/new")
	tb.fill(map[string]string{"id": "Bad Id", "name": "样例绿洲", "operator": "样例绿洲", "endpoint": "https://elsewhere.example/api", "reason": "x"})
	tb.upload("#certificate-file", s.file("notes.txt", []byte("这不是证书")))
	tb.click("main form button.first")
	tb.wait(".summary")
	tb.says(".summary", "服务商标识", "小写字母", "答复用的数字证书", "PEM", "外联")
	s.look(tb, "providers-propose-wrong")
	for _, v := range []view{phone, elder} {
		s.tab(v, "seals").visit("/console/providers/new")
		s.look(s.tab(v, "seals"), "providers-propose")
	}
	s.propose(honest, "样例绿洲电子签章平台")
	tb.says("main", "待批准", "您可以撤回")
	if strings.Contains(tb.text("main"), "批准前核对") || eval[bool](tb, `document.querySelector('form[action$="/approve"]') !== null`) {
		t.Error("who proposed is offered to approve")
	}
	s.look(tb, "providers-proposed")
	s.see(looks, "cityseals", "/console/notices", "notices", "待批准的签章服务商", "未读", "样例绿洲电子签章平台")
	tb = s.wide("cityseals")
	if got := eval[string](tb, `document.querySelector(".inbox .count").firstChild.data`); got != "1" {
		t.Errorf("%s wait, not 1", got)
	}
	tb.click(`#list form button`)
	tb.until(`location.pathname === "/console/providers/seal.lvzhou.example"`)
	if eval[bool](tb, `document.querySelector(".inbox .count") !== null`) {
		t.Error("what was looked at still counts as unread")
	}
	s.see(looks, "cityseals", "/console/providers/seal.lvzhou.example", "providers-decide", "待批准的登记", "批准", "退回", "试问一次")
	tb.click(`form[action$="/test"] button`)
	tb.until(`document.querySelector(".verdict.good")`)
	tb.says("main", "试问成功", "按约定作了答复")
	s.look(tb, "providers-tested")
	s.press(tb, "approve", "协议和证书摘要已核对")
	tb.says("main", "已批准，立即生效", "有效")

	s.propose(other, "样例北山签名服务")
	tb.visit("/console/providers/sign.beishan.example")
	s.press(tb, "approve", "协议和证书摘要已核对")
	s.see(looks, "", "/open/providers", "open-providers", "样例绿洲电子签章平台", "样例北山签名服务", "下载答复用的数字证书")

	// One verdict, each source named.
	s.verify(sealed, "verify-answered", "签章有效", []string{"样例绿洲电子签章平台", "答复：有效", "答复于", "由谁核验", "印章状态：有效"}, phone, desk, elder)
	page, _ := w.someCertificate(t, "business_license")
	three := s.three(page, honest, other)
	other.Behave(providertest.Down)
	s.verify(three, "verify-down", "不能确认", []string{"3 个签章", "本平台", "答复：有效", "样例北山签名服务", "未答复", "印章现状"}, phone, desk, elder, looks[3])
	if got := other.Names(); slices.ContainsFunc(got, func(n string) bool { return strings.Contains(n, "合同") }) {
		t.Errorf("the file's name went to a provider: %q", got)
	}

	// It lies: nobody believes it, and people are told.
	other.Behave(providertest.Lying)
	altered := s.file("改动.ofd", providertest.Altered(t, other.Sealed(t)))
	s.verify(altered, "verify-lying", "签章无效", []string{"样例北山签名服务", "答复不可信"}, phone, desk)
	for range 100 {
		if strings.Contains(string(w.get(t, "security", "/console/alarms")), "签章服务商答复不可信") {
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	s.see(both, "security", "/console/alarms", "alarms-distrusted", "签章服务商答复不可信", "sign.beishan.example", "立即暂停")
	s.see(both, "seals", "/console/notices", "notices-distrusted", "签章服务商的答复不可信", "样例北山签名服务")
	tb = s.wide("seals")
	tb.visit("/console/notices")
	tb.click(`#list form button`)
	tb.until(`location.pathname === "/console/providers/sign.beishan.example"`)
	s.see(looks, "seals", "/console/providers/sign.beishan.example", "providers-distrusted", "它的答复曾与事实不符", "立即暂停", "答复不可信")
	s.press(tb, "suspend", "答复与事实不符，先停用再核实")
	s.see(looks, "seals", "/console/providers", "providers", "样例绿洲电子签章平台", "正常答复", "已暂停", "答复不可信", "最近的答复未采信")
	for _, v := range []view{phone, desk} {
		b := s.tab(v, "seals")
		b.visit("/console/providers/sign.beishan.example")
		b.says("main", "已暂停", "提出恢复")
		s.look(b, "providers-suspended")
	}
	s.verify(three, "verify-suspended", "不能确认", []string{"没有登记服务商"}, desk)

	// What is no OFD is told to be just that.
	s.verify(s.file("合同.pdf", []byte("%PDF-1.7\n1 0 obj\n<< /ByteRange [0 1 2 3] >>")), "verify-pdf", "不能核验", []string{"PDF", "没有对这份文件作出结论"}, phone, desk)
}

// three is a certificate of the county that two providers have stamped too.
func (s *federationStory) three(page string, a, b *providertest.Provider) string {
	s.Helper()
	d, err := ofd.Open(s.w.get(s.T, "issuer", page+"/file?format=ofd"))
	if err != nil {
		s.Fatal(err)
	}
	data, err := b.Stamp(s.T, a.Stamp(s.T, d)).Bytes()
	if err != nil {
		s.Fatal(err)
	}
	return s.file("三方.ofd", data)
}
