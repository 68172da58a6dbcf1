package app_test

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

// page is what a stranger is shown at an address.
func (w *world) page(t *testing.T, path string) string {
	t.Helper()
	q, err := http.NewRequestWithContext(t.Context(), http.MethodGet, w.base+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	r, err := http.DefaultClient.Do(q)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	b, err := io.ReadAll(r.Body)
	if err != nil || r.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s %v", path, r.Status, err)
	}
	return string(b)
}

// turns waits until a stranger is shown the words at an address, or is no more:
// what happens by itself takes its time.
func (w *world) turns(t *testing.T, path, words string, shown bool) {
	t.Helper()
	for end := time.Now().Add(patience); strings.Contains(w.page(t, path), words) != shown; time.Sleep(100 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%s: whether it says %q is never %t", path, words, shown)
		}
	}
}

// does decides about a certificate, as its issuer.
func (tb *tab) does(certificate, action string, with map[string]string) {
	tb.t.Helper()
	tb.visit(certificate + "/actions/" + action)
	values := map[string]string{"reason": "办件 YL-ACT-2"}
	for k, v := range with {
		values[k] = v
	}
	tb.fill(values)
	tb.click("main form button.first, main form button")
	tb.until(`location.pathname === "` + certificate + `"`)
}

// TestBrowserComposite: a department and its authority say which permits fold into
// one, a clerk without a mouse folds those of a shop, and another person issues.
// When one of them is suspended the whole is at once, by nobody's hand; a stranger
// sees it on the code, and sees it stand again. Revoked, it is over.
func TestBrowserComposite(t *testing.T) {
	w := enter(t)
	axe := axeSource(t)
	t.Parallel()
	designer := w.open(t, view{width: 1440, user: "designer"})
	designer.visit("/console/composite-schemes/new")
	designer.fill(map[string]string{"unit": "market", "code": "XB-01", "title": "餐饮“一业一证”", "industry": "餐饮服务（小餐饮）", "kind": "industry_permit", "basis": "青禾县改革方案（样例）",
		"parts[0].kind": "business_license", "parts[0].need": "must", "parts[0].basis": "登记管理条例第三条", "parts[1].kind": "food_operation", "parts[1].need": "must", "parts[1].basis": "食品安全法第三十五条"})
	press(designer, "#define-form button.first")
	designer.says("main", "起草", "必备")
	scheme := eval[string](designer, `location.pathname`)
	press(designer, `form[action$="/submit"] button`)
	director := w.open(t, view{width: 1440, user: "director"})
	director.visit(scheme)
	director.looks(axe, "scheme-agree")
	press(director, `form[action$="/publish"] button`)
	director.says("main", "现行")

	licence, _ := w.someOf(t, "business_license", "青禾县示范餐饮店（样例）")
	food, _ := w.someOf(t, "food_operation", "青禾县示范餐饮店（样例）")
	clerk := w.open(t, view{width: 1440, user: "clerk"})
	clerk.visit("/console/composites")
	clerk.says("main", "便利店“一业一证”") // the county begins with one
	clerk.looks(axe, "composites")
	clerk.enters(`a[href^="/console/composites/new"]`)
	clerk.wait("#compose-form")
	clerk.types("scheme", "餐饮“一业一证”（餐饮服务（小餐饮））")
	clerk.types("holder", w.identifier(t, licence))
	clerk.enters("#compose-form button")
	clerk.wait("#propose")
	clerk.says("#candidates", "营业执照", "食品经营许可证", "归集")
	clerk.looks(axe, "composite-preview")
	clerk.enters("#propose button")
	clerk.until(`/^\/console\/composites\/[a-z0-9]{20,}/.test(location.pathname)`)
	clerk.says("main", "待签发")
	at := eval[string](clerk, `location.pathname`)
	if eval[bool](clerk, `!!document.querySelector("#issue")`) {
		t.Error("who folded may issue")
	}

	issuer := w.open(t, view{width: 1440, user: "issuer"})
	issuer.visit(at)
	press(issuer, "#issue button")
	issuer.says("main", "有效", "归集的许可")
	issuer.looks(axe, "composite-issued")
	certificate := certificateLink.FindString(eval[string](issuer, `document.querySelector('main a[href^="/console/certificates/"]').getAttribute("href")`))
	code := codeLink.FindString(string(w.get(t, "issuer", certificate)))
	phone := w.open(t, view{width: 360, elder: true})
	phone.visit(code)
	phone.says("main", "食品经营许可证", "准许经营", "有效")
	phone.looks(axe, "composite-code")

	law := map[string]string{"basis": "青市监决〔2026〕21号"}
	issuer.does(food, "suspend", law)
	w.turns(t, code, "真实有效", false)
	phone.visit(code)
	phone.says("main", "食品经营许可证", "不准经营")
	phone.looks(axe, "composite-code-suspended")
	issuer.visit(at)
	issuer.says("main", "必备许可暂停", "此项不准经营", "平台")
	issuer.looks(axe, "composite-suspended")
	issuer.does(food, "resume", law)
	w.turns(t, code, "真实有效", true)
	for !strings.Contains(issuer.text("main"), "恢复") { // the page tells of it when the platform has done it
		issuer.visit(at)
	}
	phone.visit(code)
	if phone.says("main", "准许经营"); strings.Contains(phone.text("main"), "不准经营") {
		t.Errorf("resumed, the code says\n%s", phone.text("main"))
	}
	issuer.does(food, "revoke", law)
	w.turns(t, code, "真实有效", false)
	phone.visit(code)
	phone.says("main", "食品经营许可证", "不准经营", "吊销")
	phone.looks(axe, "composite-code-broken")
}
