package app_test

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"sidian/internal/app"
	"sidian/internal/seal"
	"sidian/internal/sealapply"
	"sidian/internal/sealapply/sealapplytest"
)

// later is a demo of its own whose clock can be moved on.
type later struct {
	*own
	ahead *atomic.Int64 // nanoseconds
}

func enterLater(t *testing.T) *later {
	t.Helper()
	w := &world{users: map[string]app.DemoUser{}, cookie: map[string]*http.Cookie{}, chrome: enter(t).chrome}
	dir, creds := app.CountyDir(t)
	for _, u := range creds.Users {
		w.users[u.Username] = u
	}
	l, err := net.Listen("tcp", "localhost:0")
	if err != nil {
		t.Fatal(err)
	}
	w.base = fmt.Sprintf("http://localhost:%d", l.Addr().(*net.TCPAddr).Port)
	ahead := &atomic.Int64{}
	ctx, stop := context.WithCancel(context.Background())
	a, err := app.Open(ctx, app.CountyConf(dir, w.base, ""), app.Options{Mark: app.Mark, Log: io.Discard, Now: func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) }})
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
	return &later{&own{w, a}, ahead}
}

// to moves the clock on; who was signed in is not any more.
func (o *later) to(at time.Time) {
	o.ahead.Store(int64(time.Until(at)))
	o.mu.Lock()
	defer o.mu.Unlock()
	clear(o.cookie)
}

const school = "青禾县第一中学"

// A sealStory is one way through the pages, at one width.
type sealStory struct {
	*later
	t     *testing.T
	axe   string
	width int64
	dir   string
}

func (s *sealStory) as(user string) *tab {
	s.t.Helper()
	return s.open(s.t, view{width: s.width, user: user})
}

// also looks at a page as others do: large on a phone, and in the dark at a desk.
func (s *sealStory) also(user, path, name string) {
	s.t.Helper()
	tb := s.open(s.t, view{width: s.width, user: user, elder: s.width < 640, dark: s.width >= 640})
	tb.visit(path)
	tb.wait("main h1")
	tb.looks(s.axe, name)
}

func (s *sealStory) file(name string, data []byte) string {
	s.t.Helper()
	path := filepath.Join(s.dir, name)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		s.t.Fatal(err)
	}
	return path
}

// press sends a form, and waits for the page that follows.
func press(tb *tab, button string) {
	tb.t.Helper()
	eval[bool](tb, `window.old = true`)
	tb.click(button)
	tb.until(`!window.old && document.querySelector("main h1")`)
}

const onward = `main button.first`

// TestBrowserSealApply: a school applies for its seal, is refused by the county
// the first time and told why, corrects, and is passed by county, city and
// province; the seal is made, filed and publicly in force; it is renewed in the
// thirty days before its end, and cancelled with two papers.
func TestBrowserSealApply(t *testing.T) {
	enter(t)
	axe := axeSource(t)
	t.Parallel()
	for _, width := range []int64{1440, 360} {
		t.Run(fmt.Sprint(width), func(t *testing.T) {
			t.Parallel()
			axe := axe
			if width > 640 { // the phone's half has the checker
				axe = ""
			}
			s := &sealStory{later: enterLater(t), t: t, axe: axe, width: width, dir: t.TempDir()}
			here := s.applies()
			s.refusedFirst(here)
			id := s.passed(here)
			s.renewed(id)
			s.cancelled()
			if width < 640 {
				s.wallet() // of a citizen, on the phone
			} else {
				s.axe = axeSource(t)
				s.campaign() // of a department, at the desk
			}
		})
	}
}

// applies goes through all steps, and returns the address of the application.
func (s *sealStory) applies() string {
	t := s.t
	ctx := s.own.as(t, "schoolkeeper")
	list, err := s.SealApply.List(ctx, sealapply.Query{})
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range list.Items { // what the demo has put on the county's desk
		if _, err := s.SealApply.Withdraw(ctx, a.ID, "重新填报"); err != nil {
			t.Fatal(err)
		}
	}
	keeper := s.as("schoolkeeper")
	keeper.visit("/console/seal-applications")
	keeper.says("main", "申请印章", "已撤回")
	keeper.looks(s.axe, "apply-list")
	keeper.visit("/console/seal-applications?view=mine&state=draft")
	keeper.says("main", "没有符合条件的申请", "清除条件")
	keeper.visit("/console/seal-applications")
	press(keeper, `main .actions a.first`)
	keeper.says("main", "要办什么", "申请新印章", "到期前 30 天内")
	keeper.looks(s.axe, "apply-kinds")
	press(keeper, `a[href$="kind=apply"]`)
	keeper.says("main", "第 1 步", "法定名称章", "一个单位一枚")
	press(keeper, onward)
	keeper.says(".summary", "没有这种印章")
	keeper.looks(s.axe, "apply-start-wrong")
	keeper.click("#kind-legal-name")
	keeper.fill(map[string]string{"reason": "学校启用电子印章，用于学籍证明"})
	press(keeper, onward)
	here := strings.TrimSuffix(eval[string](keeper, `location.pathname`), "/form")
	if got := eval[string](keeper, `document.getElementById("f-org_name").value`); got != school {
		t.Errorf("the register's name is not filled in: %q", got)
	}
	keeper.fill(map[string]string{"fields.legal_person": "李样例", "fields.handler": "王样例", "fields.handler_phone": "1380013"})
	keeper.upload("#a-form", s.file("申请表.pdf", sealapplytest.PDF("form")))
	press(keeper, onward)
	keeper.says(".summary", "手机号码")
	keeper.says("main", "✓ 已上传", "申请表.pdf")
	keeper.looks(s.axe, "apply-form-wrong")
	keeper.fill(map[string]string{"fields.handler_phone": "13800138000", "fields.use": "学籍、成绩证明"})
	keeper.upload("#a-application", s.file("书面申请.pdf", sealapplytest.PDF("no stamp")))
	press(keeper, onward)
	keeper.at(here + "/imprint")
	keeper.says("main", "不得重新绘制，须与实物印章一致")
	keeper.looks(s.axe, "apply-imprint-none")
	keeper.upload("#file", s.file("印模.png", sealapplytest.Imprint(t, school)))
	keeper.fill(map[string]string{"width": "42", "height": "42"})
	press(keeper, `form[enctype] button.first`)
	keeper.says("main", "印模已上传", "42 × 42 毫米", "真实性声明")
	keeper.until(`Math.abs(document.querySelector(".imprint svg").getBoundingClientRect().width - 42 / 25.4 * 96) < 1`)
	keeper.looks(s.axe, "apply-imprint")
	press(keeper, `form[action$="/statement"] button`)
	keeper.says(".summary", "还没有签署声明")
	keeper.click("#agree")
	press(keeper, `form[action$="/statement"] button`)
	keeper.at(here + "/certificate")
	keeper.says("main", "由本平台签发")
	keeper.looks(s.axe, "apply-certificate")
	press(keeper, onward)
	keeper.at(here + "/keeper")
	keeper.says("main", "样例·中学印章保管人（您）")
	keeper.looks(s.axe, "apply-keeper")
	press(keeper, onward)
	keeper.at(here + "/check")
	keeper.says("main", "核验全部通过", "印模已上传", "真实性声明已签署", school)
	keeper.looks(s.axe, "apply-check")
	s.also("schoolkeeper", here+"/form", "apply-form")
	press(keeper, `form[action$="/submit"] button`)
	keeper.at(here)
	keeper.says("main", "已提交", "正由县级", "县级审核", "市级审核", "省级审核", "制作", "备案")
	keeper.looks(s.axe, "apply-sent")
	return here
}

// refusedFirst is the county's refusal, the notice, and the correction.
func (s *sealStory) refusedFirst(here string) {
	county, keeper := s.as("seals"), s.as("schoolkeeper")
	county.visit("/console/seal-applications")
	county.says("main", "待我审核", school, "剩余", "个工作日")
	county.looks(s.axe, "apply-queue")
	press(county, `a[href="`+here+`"]`)
	county.says("main", "县级审核", "通过并报送市级", "自动核验：全部通过", "书面申请.pdf")
	county.looks(s.axe, "apply-review")
	s.also("seals", here, "apply-review")
	press(county, `#decide button[value="refuse"]`)
	county.says(".summary", "须填写理由")
	county.fill(map[string]string{"opinion": "书面申请没有加盖学校公章，请重新扫描"})
	press(county, `#decide button[value="refuse"]`)
	county.says("main", "已退回申请单位", "未通过")
	county.looks(s.axe, "apply-refused-county")

	if inbox, err := s.Notice.Inbox(s.own.as(s.t, "schoolkeeper"), 5, ""); err != nil || len(inbox.Items) == 0 || !strings.Contains(inbox.Items[0].Title, "未通过") {
		s.t.Errorf("the school is told %+v %v", inbox, err)
	} else {
		keeper.visit(inbox.Items[0].Link) // as the notice leads
	}
	keeper.at(here)
	keeper.says("main", "没有通过的理由", "书面申请没有加盖学校公章", "县级审核")
	keeper.looks(s.axe, "apply-refused")
	press(keeper, `.verdict a.first`)
	keeper.at(here + "/check")
	keeper.visit(here + "/form")
	press(keeper, `.given button`) // the first of the list is the written application
	keeper.says("main", "材料已删除")
	keeper.upload("#a-application", s.file("书面申请（盖章）.pdf", sealapplytest.PDF("stamped")))
	press(keeper, onward)
	keeper.visit(here + "/check")
	keeper.says("main", "更正后重新提交")
	press(keeper, `form[action$="/submit"] button`)
	keeper.says("main", "第 2 次提交", "县级审核")
}

// passed is the three tiers, the making and the filing; it returns the seal.
func (s *sealStory) passed(here string) string {
	for _, x := range []struct{ user, button, then string }{
		{"seals", "通过并报送市级", "市级"}, {"cityseals", "通过并报送省级", "省级"}, {"provseals", "通过", "各级审核均已通过"},
	} {
		tb := s.as(x.user)
		tb.visit("/console/seal-applications")
		press(tb, `a[href="`+here+`"]`)
		tb.says("#decide", x.button)
		tb.fill(map[string]string{"opinion": "材料齐全，印模清晰，同意"})
		press(tb, `#decide button[value="approve"]`)
		tb.says("main", "已审核通过", x.then)
	}
	county := s.as("seals")
	county.visit(here)
	county.says("#make", "制作印章")
	county.looks(s.axe, "apply-make")
	press(county, "#make button")
	county.says("main", "印章已制作", "待备案", "备案后生效")
	county.fill(map[string]string{"number": "青印备2026-0001"})
	county.looks(s.axe, "apply-file")
	press(county, "#file button")
	county.says("main", "印章已备案并生效", "青印备2026-0001")
	county.looks(s.axe, "apply-filed")
	s.also("schoolkeeper", here, "apply-filed")
	found, err := s.Seal.PublicFind(s.t.Context(), school)
	if err != nil || len(found) != 1 || found[0].State != seal.Effective {
		s.t.Fatalf("the public finds %+v %v", found, err)
	}
	stranger := s.open(s.t, view{width: s.width})
	stranger.visit("/open/seals/" + found[0].ID)
	stranger.says("main", "有效", school)
	return found[0].ID
}

// renewed tries too early, and again when the time has come.
func (s *sealStory) renewed(id string) {
	keeper := s.as("schoolkeeper")
	keeper.visit("/console/seal-applications/new?kind=renew&seal=" + id)
	keeper.says("main", "没有可以续期的印章", "到期前 30 天内")
	keeper.looks(s.axe, "renew-early")
	x, err := s.Seal.PublicGet(s.t.Context(), id)
	if err != nil {
		s.t.Fatal(err)
	}
	s.to(x.ValidTo.AddDate(0, 0, -29))
	keeper = s.as("schoolkeeper")
	keeper.visit("/console/seal-applications/new?kind=renew&seal=" + id)
	keeper.says("main", "续期", school)
	keeper.fill(map[string]string{"reason": "即将到期，继续使用"})
	press(keeper, onward)
	here := strings.TrimSuffix(eval[string](keeper, `location.pathname`), "/form")
	keeper.fill(map[string]string{"fields.handler": "王样例", "fields.handler_phone": "13800138000"})
	press(keeper, onward)
	keeper.says("main", "沿用原印章的印模")
	keeper.looks(s.axe, "renew-imprint")
	press(keeper, onward) // as it is
	keeper.click("#agree")
	press(keeper, `form[action$="/statement"] button`)
	keeper.visit(here + "/check")
	keeper.says("main", "在到期前的续期时间内", "核验全部通过")
	press(keeper, `form[action$="/submit"] button`)
	county := s.as("seals")
	county.visit(here)
	county.says("#decide", "通过") // one tier alone
	press(county, `#decide button[value="approve"]`)
	press(county, "#make button")
	press(county, "#file button")
	county.says("main", "印章已备案并生效")
	county.looks(s.axe, "renew-filed")
	if old, err := s.Seal.PublicGet(s.t.Context(), id); err != nil || old.State != seal.Replaced {
		s.t.Errorf("the seal before: %+v %v", old, err)
	}
}

// cancelled ends the seal that took the place of the first, with its two papers.
func (s *sealStory) cancelled() {
	keeper := s.as("schoolkeeper")
	keeper.visit("/console/seal-applications/new?kind=cancel")
	keeper.fill(map[string]string{"reason": "学校并入县实验中学"})
	press(keeper, onward)
	here := strings.TrimSuffix(eval[string](keeper, `location.pathname`), "/form")
	keeper.says("main", "书面申请", "身份证明")
	keeper.fill(map[string]string{"fields.handler": "王样例", "fields.handler_phone": "13800138000", "fields.why": "单位合并"})
	keeper.upload("#a-application", s.file("书面申请.pdf", sealapplytest.PDF("end")))
	press(keeper, onward)
	keeper.says(".summary", "身份证明")
	keeper.looks(s.axe, "cancel-missing")
	keeper.upload("#a-identity", s.file("身份证明.pdf", sealapplytest.PDF("who")))
	press(keeper, onward)
	keeper.at(here + "/check")
	press(keeper, `form[action$="/submit"] button`)
	county := s.as("seals")
	county.visit(here)
	press(county, `#decide button[value="approve"]`)
	county.says("main", "印章已注销", "公开状态已更新")
	county.looks(s.axe, "cancelled")
	found, err := s.Seal.PublicFind(s.t.Context(), school)
	for _, x := range found {
		if x.State == seal.Effective {
			s.t.Errorf("after all a seal is in force: %+v", x)
		}
	}
	if err != nil || len(found) != 2 {
		s.t.Errorf("the public finds %+v %v", found, err)
	}
}

// campaign begins one for the county, and looks at what is wrong in its table.
func (s *sealStory) campaign() {
	keeper := s.as("keeper")
	keeper.visit("/console/seal-campaigns")
	keeper.says("main", "还没有集中制发")
	press(keeper, "main .actions a.first")
	keeper.fill(map[string]string{"title": "2026 年基层单位电子印章统一制发", "org": "gov", "seal_kind": "legal-name", "until": s.DB.Now().AddDate(0, 1, 0).Format(time.DateOnly), "basis": "青政办发〔2026〕1号"})
	keeper.looks(s.axe, "campaign-new")
	press(keeper, onward)
	keeper.says("main", "Excel 模板", "CSV 模板", "草稿")
	table := "单位编号,单位名称,保管人用户名,印模文件,宽（毫米）,高（毫米）\n"
	var parts []sealPart
	for _, u := range []struct{ id, name string }{{"archive", "青禾县档案馆"}, {"town1", "青禾县南塘镇人民政府"}} {
		table += u.id + "," + u.name + ",keeper," + u.id + ".png,42,42\n"
		parts = append(parts, sealPart{u.id + ".png", sealapplytest.Imprint(s.t, u.name)})
	}
	parts = append(parts, sealPart{"清单.csv", []byte(table + "town2,青禾县北岭镇人民政府,keeper,town2.png,42,42\n")})
	keeper.upload("#file", s.file("清单.zip", zipped(s.t, parts)))
	press(keeper, `form[action$="/rows"] button`)
	keeper.says("main", "2 行可以制作，1 行有问题", "第 4 行", "单位名称与登记的不一致")
	keeper.looks(s.axe, "campaign-checked")
	keeper.click("#agree")
	press(keeper, `form[action$="/submit"] button`)
	keeper.says("main", "已提交", "审核中")
	here := eval[string](keeper, `location.pathname`)
	for _, user := range []string{"seals", "cityseals", "provseals"} {
		tb := s.as(user)
		tb.visit(here)
		press(tb, `#decide button[value="approve"]`)
		tb.says("main", "已审核通过")
	}
	county := s.as("seals")
	county.visit(here)
	county.looks(s.axe, "campaign-approved")
	press(county, `form[action$="/run/start"] button`)
	county.until(`document.querySelector(".badge")?.innerText === "已完成"`)
	county.says("main", "已处理 100%", "公开状态", "青禾县档案馆")
	county.looks(s.axe, "campaign-finished")
}

// wallet is a citizen's short form on the phone.
func (s *sealStory) wallet() {
	zhang := s.as("zhang")
	zhang.visit("/wallet/seals")
	zhang.says("main", "我的印章", "申请个人印章")
	zhang.looks(s.axe, "wallet")
	zhang.visit("/wallet/seals/new?for=enterprise")
	zhang.says("main", "统一社会信用代码", "登记经办")
	zhang.visit("/wallet/seals/new?for=personal")
	zhang.looks(s.axe, "wallet-new")
	press(zhang, onward)
	zhang.says(".summary", "还有必填的内容")
	zhang.looks(s.axe, "wallet-wrong")
	zhang.fill(map[string]string{"authority": "approval", "seal_name": "张样例", "fields.handler": "张样例", "fields.handler_phone": "13800138000", "width": "20", "height": "20"})
	zhang.upload("#a-application", s.file("申请.pdf", sealapplytest.PDF("mine")))
	zhang.upload("#file", s.file("私章.png", sealapplytest.Imprint(s.t, "张样例")))
	zhang.click("#agree")
	press(zhang, onward)
	zhang.says("main", "已提交", "正由县级", "张**")
	zhang.looks(s.axe, "wallet-sent")
	s.also("zhang", "/wallet/seals", "wallet-running")
}

// A sealPart is a file of a ZIP.
type sealPart struct {
	name string
	data []byte
}

func zipped(t *testing.T, parts []sealPart) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, p := range parts {
		w, err := z.Create(p.name)
		if err == nil {
			_, err = w.Write(p.data)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}
