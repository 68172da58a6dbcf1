package app_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"

	"sidian/ofd"
	"sidian/ofd/draw"
)

// declaration is a form that three people sign, one below the other.
func declaration(t *testing.T) string {
	t.Helper()
	fonts, err := draw.Embedded()
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	check(err)
	b := ofd.New(ofd.DocInfo{DocID: "5efb6f1d1d2a4b6f8a1e000000000001", Title: "个人住房情况声明", CreationDate: "2026-01-01", Creator: "sidian"})
	d := draw.New(b)
	page := d.Page(b.AddPage(210, 297))
	put := func(y, size float64, text string) {
		t.Helper()
		_, err := page.Text(ofd.Box{X: 25, Y: y, W: 160, H: 30}, text, draw.Style{Font: fonts.Serif, Size: size})
		check(err)
	}
	put(30, 8, "个人住房情况声明")
	put(60, 5, "一、声明人在青禾县只有一套住房，坐落于青禾县城关街道样例路99号6号楼1102室。")
	put(85, 5, "二、上述情况属实。如有不实，愿意承担相应的法律责任。")
	put(110, 5, "三、本声明仅供办理住房公积金提取使用。")
	page = d.Page(b.AddPage(210, 297))
	put(40, 5, "声明人、共有人和经办人在下面签字，签字后本声明生效。")
	put(90, 5, "声明人（签字）：")
	put(130, 5, "共有人（签字）：")
	put(170, 5, "经办人（签字）：")
	check(d.Finish())
	made, err := b.Build()
	check(err)
	data, err := made.Bytes()
	check(err)
	path := filepath.Join(t.TempDir(), "个人住房情况声明.ofd")
	check(os.WriteFile(path, data, 0o600))
	return path
}

// zhang is 张 as a hand writes it, in shares of the pad: the corners that the pen
// passes.
var zhang = [][][2]float64{
	{{.30, .22}, {.42, .20}, {.43, .24}, {.42, .36}},                         // 弓: 横折
	{{.30, .38}, {.42, .36}},                                                 // 横
	{{.30, .38}, {.28, .54}, {.42, .52}, {.44, .56}, {.42, .76}, {.35, .70}}, // 竖折折钩
	{{.66, .22}, {.60, .32}, {.53, .40}},                                     // 长: 撇
	{{.49, .50}, {.60, .48}, {.72, .46}},                                     // 横
	{{.56, .22}, {.56, .50}, {.56, .80}, {.62, .72}},                         // 竖提
	{{.58, .50}, {.63, .62}, {.70, .74}, {.77, .78}},                         // 捺
}

// writes moves a finger over the pad: real events of the browser, as a
// touchscreen makes them.
func (tb *tab) writes(strokes [][][2]float64) {
	tb.t.Helper()
	eval[bool](tb, `document.querySelector("[data-ink] canvas").scrollIntoView({ block: "center" }), true`)
	box := eval[[]float64](tb, `(b => [b.left, b.top, b.width, b.height])(document.querySelector("[data-ink] canvas").getBoundingClientRect())`)
	touch := func(kind input.DispatchTouchEventType, points ...*input.TouchPoint) {
		tb.t.Helper()
		call(tb, input.DispatchTouchEvent, input.DispatchTouchEventParams{Type: kind, TouchPoints: points})
	}
	for _, s := range strokes {
		for i, p := range curve(s) {
			kind := input.DispatchTouchEventTypeTouchMove
			if i == 0 {
				kind = input.DispatchTouchEventTypeTouchStart
			}
			touch(kind, &input.TouchPoint{X: box[0] + p[0]*box[2], Y: box[1] + p[1]*box[3], Force: ptr(.6)})
		}
		touch(input.DispatchTouchEventTypeTouchEnd)
	}
}

// curve is a stroke as a hand moves through its corners.
func curve(c [][2]float64) (out [][2]float64) {
	const steps = 6
	for i := range len(c) - 1 {
		for k := range steps {
			u := float64(k) / steps
			out = append(out, [2]float64{c[i][0] + (c[i+1][0]-c[i][0])*u, c[i][1] + (c[i+1][1]-c[i][1])*u})
		}
	}
	return append(out, c[len(c)-1])
}

// sees is looks for a page with a box to tick: the whole sentence beside it is the
// target.
func (tb *tab) sees(axe, name string) {
	tb.t.Helper()
	if got := eval[float64](tb, `document.querySelector("label.intent").getBoundingClientRect().height`); got < 60 {
		tb.t.Errorf("the sentence is a target of %v px", got)
	}
	tb.fits()
	tb.accessible(axe, name)
	tb.picture(name)
}

func (tb *tab) touchscreen() {
	tb.t.Helper()
	tb.spoilt = true
	call(tb, emulation.SetTouchEmulationEnabled, emulation.SetTouchEmulationEnabledParams{Enabled: true, MaxTouchPoints: 5})
}

// Three people sign a declaration, one after the other: the first on a phone that
// scans the code, the second at a desk for which a phone writes, the third at
// work. Nothing is printed.
func TestBrowserSigning(t *testing.T) {
	w := enter(t)
	source := axeSource(t)
	t.Parallel()
	clerk := w.open(t, view{width: 1440, user: "clerk"})
	task := clerk.begins(source, declaration(t))
	link := clerk.handsOver(source, task, 1)

	stranger := w.open(t, view{width: 360})
	stranger.visit(link)
	stranger.says("main", "青禾县市场监督管理局请您签署文件", "个人住房情况声明", "张**", "登录，查看文件")
	stranger.looks(source, "signing-link")
	other := w.open(t, view{width: 360, user: "li"})
	other.visit(link)
	other.says("main", "不是发给您的")
	if strings.Contains(other.text("main"), "个人住房情况声明") {
		t.Error("somebody else's link tells what it is for")
	}
	other.looks(source, "signing-other")
	other.visit("/wallet/signing")
	other.says("main", "个人住房情况声明", "未轮到")
	other.click("a.signcard")
	other.wait(".reader")
	other.says("main", "还没有轮到您")

	phone := w.open(t, view{width: 360, held: true, user: "zhang"})
	phone.touchscreen()
	phone.visit(link)
	phone.signs(source, "zhang")

	clerk.visit(task)
	clerk.says("main", "张**", "已签署", "签署中")
	clerk.looks(source, "signing-task-one")

	desk := w.open(t, view{width: 1440, user: "li"})
	desk.signsByPhone(source, "li")

	work := w.open(t, view{width: 1440, user: "reviewer"})
	work.visit("/wallet/signing")
	work.click("a.signcard")
	work.wait(".reader")
	work.touchscreen()
	work.reads()
	work.writes(zhang)
	work.click(".inkform .signbar button.first")
	work.confirms("reviewer", "")
	work.says("main", "签署完成", "全程未打印", "3/3")
	work.looks(source, "signing-done-all")

	clerk.visit(task)
	clerk.says("main", "已完成", "下载签署证据", "签署完成", "手机手写签名")
	clerk.looks(source, "signing-task-done")
	verifies(t, w, "clerk", task)
	phone.visit("/wallet/signing?view=signed")
	phone.says("main", "个人住房情况声明", "已签署")
	phone.looks(source, "signing-wallet")
}

// someone is what a clerk types for a person of the county.
func someone(t *testing.T, row int, name, born string, seq int) map[string]string {
	t.Helper()
	body := fmt.Sprintf("999999%s%03d", born, seq)
	sum := 0
	for i, c := range body {
		sum += int(c-'0') * []int{7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2}[i]
	}
	at := fmt.Sprintf("signers[%d].", row)
	return map[string]string{at + "name": name, at + "citizen": body + string("10X98765432"[sum%11])}
}

// A clerk begins with a phone without scripts; whom the document is wrong for
// refuses in elder mode, in the dark, and says why.
func TestBrowserSigningRefused(t *testing.T) {
	w := enter(t)
	source := axeSource(t)
	t.Parallel()
	clerk := w.open(t, view{width: 360, user: "clerk", noScript: true})
	clerk.visit("/console/signing/new")
	clerk.upload("#file", declaration(t))
	clerk.fill(someone(t, 0, "李样例", "19900823", 28))
	clerk.fill(map[string]string{"title": "住房情况声明（更正）", "signers[0].where": "corner"})
	clerk.fits()
	clerk.picture("signing-new-unscripted")
	clerk.click("#new-signing .button.first")
	clerk.until(`/^\/console\/signing\/[a-z0-9]{26}$/.test(location.pathname)`)
	clerk.says("main", "已发起", "李**")
	task := eval[string](clerk, `location.pathname`)

	for _, v := range []view{{width: 360, user: "li", elder: true, dark: true}, {width: 1440, user: "li", dark: true}} {
		li := w.open(t, v)
		for name, path := range map[string]string{"wallet": "/wallet/signing", "read": strings.Replace(task, "/console/signing", "/sign", 1), "identity": "/wallet/signing/identity"} {
			li.visit(path)
			li.looks(source, "signing-"+name)
		}
		at := strings.Replace(task, "/console/signing", "/sign", 1) + "/1"
		for _, name := range []string{"write", "refuse"} { // the last is gone on with
			li.visit(at + "/" + name)
			li.looks(source, "signing-"+name)
		}
		if v.width == 360 {
			continue
		}
		li.click("main button.danger")
		li.fill(map[string]string{"reason": "第一条的坐落写错了"})
		li.click("main button.danger")
		li.until(`location.pathname.endsWith("/done")`)
		li.says("main", "您已拒绝签署", "第一条的坐落写错了")
		li.looks(source, "signing-refused")
	}
	clerk.visit(task)
	clerk.says("main", "已拒签", "理由：第一条的坐落写错了")
	clerk.fits()
	clerk.picture("signing-task-refused")
	plain := w.open(t, view{width: 360, user: "zhang", noScript: true})
	plain.visit("/wallet/signing?view=signed")
	plain.says("main", "我的电子签名")
	plain.fits()
}

// begins fills in the form, and drags a signature where it belongs.
func (tb *tab) begins(source, file string) (task string) {
	tb.t.Helper()
	tb.visit("/console/signing")
	tb.looks(source, "signing-list")
	tb.visit("/console/signing/new")
	tb.looks(source, "signing-new")
	tb.upload("#file", file)
	tb.until(`document.querySelectorAll("#look .sheet").length === 2 && document.querySelector("#look .place")`)
	for range 2 {
		tb.click("button[name=add]")
	}
	tb.fill(someone(tb.t, 0, "张样例", "19850412", 11))
	tb.fill(someone(tb.t, 1, "李样例", "19900823", 28))
	tb.fill(map[string]string{"signers[0].role": "声明人", "signers[1].role": "共有人", "signers[2].role": "经办人", "signers[2].username": "reviewer"})
	tb.until(`document.querySelectorAll("#look .place").length === 3`)
	tb.fill(map[string]string{"item": "marriage"})
	tb.click("#new-signing .button.first")
	tb.wait(".summary")
	tb.says(".summary", "必须签署纸质文件", "电子签名法")
	tb.says(".wrong", "该事项必须纸质")
	tb.looks(source, "signing-new-paper")
	tb.fill(map[string]string{"item": "", "signers[0].citizen": "999999198504120111"})
	eval[bool](tb, `window.old = document.querySelector(".summary"), true`)
	tb.click("#new-signing .button.first")
	tb.until(`document.querySelector(".summary") !== window.old`)
	tb.says(".summary", "签署人 1 公民身份号码")
	tb.fill(someone(tb.t, 0, "张样例", "19850412", 11))
	tb.drags("#look .place:last-of-type", 60, 90)
	tb.until(`document.getElementsByName("signers[2].where")[0].value === "point" && document.getElementsByName("signers[2].page")[0].value === "2"`)
	tb.picture("signing-new-placed")
	tb.click("#new-signing .button.first")
	tb.until(`/^\/console\/signing\/[a-z0-9]{26}$/.test(location.pathname)`)
	tb.says("main", "已发起", "张**", "李**", "样**", "待签署", "未轮到", "签署过程")
	tb.looks(source, "signing-task")
	return eval[string](tb, `location.pathname`)
}

// drags moves what the page shows by so many pixels, with the mouse.
func (tb *tab) drags(css string, dx, dy float64) {
	tb.t.Helper()
	at := eval[[]float64](tb, `(e => (e.scrollIntoView({ block: "center" }), (b => [b.left + b.width / 2, b.top + b.height / 2])(e.getBoundingClientRect())))(document.querySelector(`+fmt.Sprintf("%q", css)+`))`)
	for i, kind := range []input.DispatchMouseEventType{input.DispatchMouseEventTypeMousePressed, input.DispatchMouseEventTypeMouseMoved, input.DispatchMouseEventTypeMouseMoved, input.DispatchMouseEventTypeMouseReleased} {
		part := float64(min(i, 2)) / 2
		call(tb, input.DispatchMouseEvent, input.DispatchMouseEventParams{Type: kind, X: at[0] + dx*part, Y: at[1] + dy*part, Button: input.MouseButtonLeft, Buttons: 1, ClickCount: 1})
	}
}

// handsOver makes a signer's link. What its picture says is the link, too.
func (tb *tab) handsOver(source, task string, number int) (link string) {
	tb.t.Helper()
	tb.visit(task)
	tb.click(fmt.Sprintf(`.signers li:nth-child(%d) form button`, number))
	tb.wait("#new-link")
	tb.looks(source, "signing-task-link")
	link = strings.TrimPrefix(tb.text("#link"), tb.w.base)
	if !strings.HasPrefix(link, "/s/sign/") {
		tb.t.Fatalf("the link is %q", link)
	}
	return link
}

// reads turns the pages to the last.
func (tb *tab) reads() {
	tb.t.Helper()
	for eval[bool](tb, `document.querySelector(".signbar a[rel=next]") !== null`) {
		next := eval[string](tb, `document.querySelector(".signbar a[rel=next]").getAttribute("href")`)
		tb.click(".signbar a[rel=next]")
		tb.until(`location.pathname + location.search === ` + fmt.Sprintf("%q", next))
	}
	tb.click(".signbar a.first")
	tb.until(`!document.querySelector(".reader")`)
}

// signs goes the whole way on a phone.
func (tb *tab) signs(source, user string) {
	tb.t.Helper()
	tb.wait(".reader")
	tb.says("main", "青禾县市场监督管理局请您作为声明人签署", "第 1 页，共 2 页", "拒绝签署", "下一页")
	tb.looks(source, "signing-read")
	tb.click(`.zooms a[data-size="160"]`)
	tb.until(`document.querySelector(".reader.size-160").scrollWidth > innerWidth`)
	tb.fits()
	tb.reads()
	tb.wait("[data-ink] canvas")
	tb.click(".inkform .signbar button.first")
	tb.says("[data-ink-note]", "还没有写")
	tb.looks(source, "signing-write")
	tb.writes(zhang)
	tb.says("[data-ink-note]", "已写 7 笔")
	tb.click("[data-undo]")
	tb.says("[data-ink-note]", "已写 6 笔")
	tb.writes(zhang[6:])
	tb.picture("signing-written")
	tb.large()
	tb.click(".inkform .signbar button.first")
	tb.wait(".place path")
	tb.says("main", "先申请个人数字证书")
	tb.looks(source, "signing-confirm-enrol")
	tb.click("main .signbar button.first")
	tb.wait("#agree")
	tb.sees(source, "signing-confirm")
	tb.click("#agree")
	tb.fill(map[string]string{"code": "000000"})
	tb.click("main .signbar button.first")
	tb.wait(".summary")
	tb.says(".summary", "须再次证明是本人")
	tb.sees(source, "signing-confirm-wrong")
	tb.confirms(user, "")
	tb.says("main", "您已签署", "全程未打印", "1/3", "一次性口令")
	tb.looks(source, "signing-done")
}

// large opens the pad as large as the screen, turned, and writes there.
func (tb *tab) large() {
	tb.t.Helper()
	tb.click("[data-large]")
	tb.until(`document.querySelector("dialog.turned[open] canvas")`)
	tb.picture("signing-large")
	tb.click("dialog [data-clear]")
	turned := make([][][2]float64, len(zhang))
	for i, s := range zhang {
		for _, p := range s { // the pad's right is the screen's bottom
			turned[i] = append(turned[i], [2]float64{1 - p[1], .25 + p[0]/2})
		}
	}
	tb.writes(turned)
	tb.picture("signing-large-written")
	tb.click("dialog [data-small]")
	tb.until(`!document.querySelector("dialog")`)
	tb.says("[data-ink-note]", "已写 7 笔")
	tb.picture("signing-large-back")
}

// confirms signs with a one-time code.
func (tb *tab) confirms(user, name string) {
	tb.t.Helper()
	tb.wait("#code, .card.strong form, form.card.strong")
	if !eval[bool](tb, `document.querySelector("#agree") !== null`) {
		tb.click("main .signbar button.first")
		tb.wait("#agree")
	}
	if name != "" {
		tb.picture(name)
	}
	eval[bool](tb, `document.getElementById("agree").checked = true`)
	tb.fill(map[string]string{"code": oneTimeCode(tb.t, tb.w.users[user].TOTP, 0)})
	tb.click("main .signbar button.first")
	tb.until(`location.pathname.endsWith("/done")`)
}

// signsByPhone signs at a desk, for which a phone writes.
func (tb *tab) signsByPhone(source, user string) {
	tb.t.Helper()
	tb.visit("/wallet/signing")
	tb.says("main", "个人住房情况声明", "待签署")
	tb.looks(source, "signing-wallet")
	tb.click("a.signcard")
	tb.wait(".reader")
	tb.looks(source, "signing-read")
	tb.reads()
	tb.wait(".other")
	tb.looks(source, "signing-write")
	tb.click(".other button")
	tb.wait("#pad-link")
	tb.looks(source, "signing-pad-code")
	pad := strings.TrimPrefix(tb.text("#pad-link"), tb.w.base)
	phone := tb.w.open(tb.t, view{width: 360})
	phone.touchscreen()
	phone.visit(pad)
	phone.wait("#pad canvas")
	phone.says("main", "个人住房情况声明", "李**", "送到电脑上")
	phone.looks(source, "signing-pad")
	second := tb.w.open(tb.t, view{width: 360})
	second.visit(pad)
	second.wait("#pad-wrong")
	second.says("#pad-wrong", "已在另一台设备上打开")
	phone.writes(zhang)
	phone.click("#pad-send")
	phone.wait("#pad-done")
	phone.looks(source, "signing-pad-done")
	tb.until(`!document.getElementById("arrived-go").hidden && document.querySelector("#arrived path").getAttribute("d").length > 200`)
	tb.says("#arriving", "收到了")
	tb.looks(source, "signing-pad-arrived")
	tb.click("#arrived-go")
	tb.wait(".place path")
	tb.confirms(user, "signing-confirm")
	tb.says("main", "您已签署", "2/3")
	tb.looks(source, "signing-done")
}

// verifies takes the signed file to the page that anybody may use.
func verifies(t *testing.T, w *world, user, task string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "signed.ofd")
	if err := os.WriteFile(file, w.get(t, user, task+"/file"), 0o600); err != nil {
		t.Fatal(err)
	}
	if evidence := w.get(t, user, task+"/evidence"); len(evidence) < 2000 {
		t.Errorf("the evidence has %d bytes", len(evidence))
	}
	tb := w.open(t, view{width: 360})
	tb.visit("/verify")
	tb.upload("#file", file)
	tb.click("form[enctype] button")
	tb.wait(".verdict")
	tb.says("main", "张样例", "李样例", "签章真实")
	tb.picture("signing-verified")
}
