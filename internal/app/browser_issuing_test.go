package app_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// reaches moves the focus on by the Tab key until it is where the selector says,
// as who has no mouse does.
func (tb *tab) reaches(css string) {
	tb.t.Helper()
	for range 150 {
		if eval[bool](tb, fmt.Sprintf(`!!document.activeElement?.matches(%q)`, css)) {
			if eval[bool](tb, `getComputedStyle(document.activeElement).outlineStyle === "none" && getComputedStyle(document.activeElement).boxShadow === "none"`) {
				tb.t.Errorf("nobody sees that %s has the focus", css)
			}
			return
		}
		tb.do(chromedp.KeyEvent(kb.Tab))
	}
	tb.t.Fatalf("the Tab key never comes to %s\n%s", css, tb.where())
}

func (tb *tab) enters(css string) {
	tb.t.Helper()
	tb.reaches(css)
	tb.do(chromedp.KeyEvent(kb.Enter))
}

// types writes into the control of a name, having come there by the Tab key.
func (tb *tab) types(name, value string) {
	tb.t.Helper()
	tb.reaches(fmt.Sprintf(`[name=%q]`, name))
	switch eval[string](tb, `document.activeElement.type`) {
	case "select-one":
		for range 20 {
			if eval[string](tb, `document.activeElement.selectedOptions[0]?.innerText`) == value {
				return
			}
			tb.do(chromedp.KeyEvent(kb.ArrowDown))
		}
		tb.t.Fatalf("%s cannot be chosen\n%s", value, tb.where())
	case "date":
		year, rest, _ := strings.Cut(value, "-")
		month, day, _ := strings.Cut(rest, "-")
		parts := map[string]string{"year": year, "month": month, "day": day}
		for _, name := range eval[[]string](tb, `new Intl.DateTimeFormat().formatToParts().map(p => p.type).filter(t => t !== "literal")`) {
			if tb.do(chromedp.KeyEvent(parts[name])); name == "year" { // which may have more digits; the others go on by themselves
				tb.do(chromedp.KeyEvent(kb.ArrowRight))
			}
		}
	default:
		tb.do(chromedp.KeyEvent(value))
	}
	if got := eval[string](tb, `document.activeElement.value`); got != value && eval[string](tb, `document.activeElement.type`) != "select-one" {
		tb.t.Errorf("%s holds %q, typed was %q", name, got, value)
	}
}

// foodLicence is what a clerk types for a food licence; the order is the form's.
func foodLicence(number string) [][2]string {
	return [][2]string{
		{"holders[0].type", "非法人组织"}, {"holders[0].name", "青禾县样例早点铺"}, {"holders[0].id_type", "统一社会信用代码"}, {"holders[0].id", "91999999MA000X015M"}, {"fields.fddbr", "张样例"}, {"fields.zhusuo", "青禾县南塘镇样例村6组"},
		{"fields.jycs", "青禾县城关街道示范路29号"}, {"fields.ztyt", "食品销售经营者"}, {"fields.jyxm", "预包装食品销售，热食类食品制售（早餐）"},
		{"fields.jgjg", "青禾县市场监督管理局城关所"}, {"fields.tsjbdh", "12315"}, {"fields.qfr", "示范签发"}, {"case_no", number},
	}
}

// TestBrowserIssuing: a certificate comes about by three people: the clerk, who
// has no mouse, collects; the reviewer sends it back once; the issuer seals it.
func TestBrowserIssuing(t *testing.T) {
	w := enter(t)
	axe := axeSource(t)
	t.Parallel()
	for i, width := range []int64{1440, 360} {
		as := func(user string) *tab { return w.open(t, view{width: width, user: user, elder: width < 640}) }
		number := fmt.Sprintf("YL-ISSUING-%d", i+1)
		clerk := as("clerk")
		clerk.visit("/console/issuing")
		clerk.says("main", "采集", "轮到我的")
		clerk.looks(axe, "issuing-queue")
		clerk.enters(`a[href="/console/issuing/new"]`)
		clerk.until(`location.pathname === "/console/issuing/new"`)
		clerk.looks(axe, "issuing-kinds")
		clerk.enters(`a[href$="kind=food_operation"]`)
		clerk.wait("#collect")
		for _, x := range foodLicence(number) {
			if x[0] == "fields.ztyt" { // left out at first
				continue
			}
			clerk.types(x[0], x[1])
		}
		clerk.enters(`#collect button[value=submit]`)
		clerk.wait(".summary a")
		clerk.says(".summary", "主体业态")
		clerk.looks(axe, "issuing-wrong")
		clerk.types("fields.ztyt", "食品销售经营者")
		clerk.enters(`#collect button[value=submit]`)
		clerk.until(`/^\/console\/issuing\/[a-z0-9]{20,}/.test(location.pathname)`)
		clerk.says("main", "待审核", "青禾县样例早点铺")
		at := strings.Split(clerk.path(), "?")[0]
		clerk.drawn()
		clerk.looks(axe, "issuing-submitted")

		reviewer := as("reviewer")
		reviewer.visit(at)
		reviewer.drawn()
		reviewer.says("main", "审核", "食品销售经营者", "采集的信息")
		reviewer.looks(axe, "issuing-review")
		reviewer.fill(map[string]string{"reason": "经营项目需要核对", "wrong.fields.jyxm": "与现场核查记录不一致"})
		reviewer.click("#return button")
		reviewer.until(`location.search.includes("done=")`)
		reviewer.looks(axe, "issuing-returned")

		clerk.visit(at)
		clerk.says("main", "退回的理由", "经营项目需要核对", "与现场核查记录不一致")
		clerk.fill(map[string]string{"fields.jyxm": "预包装食品销售"})
		clerk.drawn()
		clerk.looks(axe, "issuing-mend")
		clerk.enters(`#collect button[value=submit]`)
		clerk.until(`document.querySelector("main").innerText.includes("待审核")`)
		if clerk.visit(at); eval[bool](clerk, `!!document.querySelector("#pass, #issue")`) {
			t.Error("who collected may review or seal")
		}

		reviewer.visit(at)
		reviewer.says("main", "预包装食品销售")
		reviewer.click("#pass button.first, #pass button")
		reviewer.until(`location.search.includes("done=")`)

		issuer := as("issuer")
		issuer.visit(at)
		issuer.drawn()
		issuer.looks(axe, "issuing-seal")
		issuer.click("#issue button.first, #issue button")
		issuer.until(`location.search.includes("done=")`)
		issuer.looks(axe, "issuing-issued")
		certificate := eval[string](issuer, `document.querySelector('main a[href^="/console/certificates/"]').getAttribute("href")`)
		issuer.visit(certificate)
		issuer.says("main", "有效", number, "青禾县样例早点铺")
		if width > 640 {
			certificate = corrects(clerk, reviewer, issuer, axe, certificate)
		}
		lives(issuer, axe, certificate, width > 640)
	}
}

// corrects makes the next version of a certificate, which says what it changes, by
// the same three people; the two know of each other.
func corrects(clerk, reviewer, issuer *tab, axe, certificate string) (next string) {
	t := clerk.t
	t.Helper()
	clerk.visit("/console/corrections/new?certificate=" + certificate[strings.LastIndexByte(certificate, '/')+1:])
	clerk.says("main", "食品经营许可证", "更正")
	clerk.looks(axe, "correction-begin")
	clerk.fill(map[string]string{"action": "correct", "reason": "经营项目登记有误", "basis": "青市监更〔2026〕3号"})
	press(clerk, "#correct button.first")
	at := eval[string](clerk, `location.pathname`)
	clerk.wait("#collect")
	clerk.fill(map[string]string{"fields.jyxm": "预包装食品销售，散装食品销售"})
	press(clerk, `#collect button[value=submit]`)
	clerk.says("#diff", "经营项目", "散装食品销售")
	reviewer.visit(at)
	reviewer.drawn()
	reviewer.says("#diff", "改动对照", "经营项目", "预包装食品销售，散装食品销售")
	reviewer.looks(axe, "correction-diff")
	press(reviewer, "#pass button")
	issuer.visit(at)
	press(issuer, "#issue button")
	next = eval[string](issuer, `document.querySelector('main a[href^="/console/certificates/"]').getAttribute("href")`)
	issuer.visit(certificate)
	if next == certificate || !eval[bool](issuer, fmt.Sprintf(`!!document.querySelector('main a[href=%q]')`, next)) {
		t.Errorf("from the version before there is no way to the next, %s", next)
	}
	issuer.looks(axe, "correction-before")
	issuer.visit(next)
	issuer.says("main", "有效", "第 2 版")
	if !eval[bool](issuer, fmt.Sprintf(`!!document.querySelector('main a[href=%q]')`, certificate)) {
		t.Error("from the next version there is no way to the one before")
	}
	issuer.looks(axe, "correction-after")
	return next
}

// A deed is what an issuer decides about a certificate, and what is seen then.
type deed struct {
	action string
	with   map[string]string
	sees   []string
}

// lives takes a certificate through what may become of it, until it is cancelled.
func lives(tb *tab, axe, at string, all bool) {
	tb.t.Helper()
	later := time.Now().AddDate(6, 0, 0).Format(time.DateOnly)
	law := map[string]string{"basis": "青市监决〔2026〕12号"}
	deeds := []deed{
		{"report_lost", nil, []string{"挂失"}}, {"found", nil, []string{"有效"}},
		{"suspend", law, []string{"暂扣", "青市监决〔2026〕12号"}}, {"resume", law, []string{"有效"}},
		{"inspect_due", nil, []string{"待年审"}}, {"inspect_fail", law, []string{"年审不合格"}}, {"inspect_pass", nil, []string{"年审合格"}},
		{"mortgage", law, []string{"抵押"}}, {"unmortgage", law, []string{"解押"}},
		{"object", nil, []string{"异议标注"}}, {"unobject", nil, []string{"撤销异议标注"}},
		{"extend", map[string]string{"basis": "青市监决〔2026〕13号", "until": later}, []string{"有效", later}},
		{"cancel", law, []string{"注销"}},
	}
	if !all {
		deeds = slices.Concat(deeds[:2], deeds[len(deeds)-1:])
	}
	for i, d := range deeds {
		tb.visit(at + "/actions/" + d.action)
		tb.says("main", "确认", "办理后")
		if i == 0 || d.action == "cancel" {
			tb.looks(axe, "certificate-act-"+d.action)
		}
		values := map[string]string{"reason": "办件 YL-ACT-1"}
		for k, v := range d.with {
			values[k] = v
		}
		tb.fill(values)
		tb.click("main form button.first, main form button")
		tb.until(fmt.Sprintf(`location.pathname === %q`, at))
		tb.says("main", d.sees...)
	}
	tb.drawn()
	tb.looks(axe, "certificate-lived")
	tb.visit(at + "/actions/found")
	tb.says("main", "“注销”", "不能再变更")
}
