package app_test

import (
	"archive/zip"
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

func itoa(n int) string { return strconv.Itoa(n) }

// licence is what a clerk types for a business licence of a new firm.
func licence() map[string]string {
	return map[string]string{
		"holders[0].type": "legal", "holders[0].name": "青禾县样例浏览器测试有限公司",
		"fields.enttype": "有限责任公司（自然人独资）", "fields.name": "周试用", "fields.opscope": "软件开发；信息系统集成服务。",
		"fields.regcap": "500000", "fields.dom": "青禾县城关街道样例路18号", "case_no": "YL-BROWSER-1",
	}
}

const issueButton = "#issue button.first"

func TestBrowserSignIn(t *testing.T) {
	w := enter(t)
	t.Parallel()
	tb := w.open(t, view{width: 360})
	tb.visit("/console")
	if !strings.HasPrefix(tb.path(), "/login?back=") {
		t.Fatalf("a stranger at the console is at %s", tb.path())
	}
	tb.fill(map[string]string{"username": "issuer", "password": "wrong"})
	tb.click("main button.first")
	tb.wait(".summary")
	tb.says(".summary", "用户名、密码或一次性口令不正确", "锁定")
	tb.until(`document.activeElement.className === "summary"`)
	if got := eval[string](tb, `document.getElementById("username").value + document.getElementById("password").value`); got != "issuer" {
		t.Errorf("the user name is not kept, or the password is: %q", got)
	}
	tb.picture("login-wrong")
	tb.fill(map[string]string{"password": w.users["issuer"].Password})
	tb.click("main button.first")
	tb.until(`location.pathname === "/console"`)
	tb.says("main", "工作台", "青禾县市场监督管理局", "营业执照")
	tb.signOut()
	tb.until(`location.pathname === "/"`)
	tb.visit("/console")
	if !strings.HasPrefix(tb.path(), "/login") {
		t.Error("signed out, but the console opens")
	}
}

func TestBrowserLockout(t *testing.T) {
	w := enter(t)
	t.Parallel()
	tb := w.open(t, view{width: 1440})
	tb.visit("/login")
	for i := range 6 {
		tb.fill(map[string]string{"username": "provkeeper", "password": "wrong" + itoa(i)})
		eval[bool](tb, `window.old = true`)
		tb.click("main button.first")
		tb.until(`!window.old && document.querySelector(".summary")`)
	}
	tb.says(".summary", "已暂时锁定", "分钟后重试", "安全管理员")
	tb.fill(map[string]string{"username": "provkeeper", "password": w.users["provkeeper"].Password})
	eval[bool](tb, `window.old = true`)
	tb.click("main button.first")
	tb.until(`!window.old && document.querySelector(".summary")`)
	tb.says(".summary", "已暂时锁定")
	tb.picture("login-locked")
}

// A clerk's whole way: from the kind's card to a sealed certificate that
// anyone can verify by its file, its identifier and its code.
func TestBrowserIssue(t *testing.T) {
	w := enter(t)
	t.Parallel()
	tb := w.open(t, view{width: 1440, user: "issuer"})
	tb.visit("/console")
	tb.click(`a[href="/console/new?kind=business_license"]`)
	tb.wait("#issue")
	tb.says("#note", "示例")
	values := licence()
	dom := values["fields.dom"]
	values["fields.dom"] = ""
	tb.fill(values)
	tb.until(`document.querySelector("#face img").src.startsWith("data:image/svg+xml") && document.getElementById("note").innerText.includes("还差 1 项：住所")`)

	tb.click(issueButton)
	tb.wait(".summary a")
	tb.says(".summary", "“住所”必填")
	tb.says(".wrong", "“住所”必填")
	if got := eval[string](tb, `document.getElementsByName("fields.opscope")[0].value`); got != values["fields.opscope"] {
		t.Errorf("what was typed is not kept: %q", got)
	}
	tb.picture("issue-wrong")
	tb.click(".summary a")
	tb.until(`document.activeElement.name === "fields.dom" || location.hash === "#f-fields-dom"`)
	tb.fill(map[string]string{"fields.dom": dom})
	tb.until(`document.getElementById("note").innerText.includes("照面已更新")`)
	tb.picture("issue-filled")
	tb.click(issueButton)
	tb.until(`location.pathname.startsWith("/console/certificates/")`)
	tb.says("main", "已签发", "有效", "青禾县样例浏览器测试有限公司", "YL-BROWSER-1", "用印签发", "样例·签发人")
	tb.until(`[...document.querySelectorAll(".face img")].every(i => i.complete && i.naturalWidth > 0)`)
	tb.picture("certificate-new")

	original := eval[string](tb, `document.querySelector('a[href$="format=ofd"]').getAttribute("href")`)
	identifier := eval[string](tb, `[...document.querySelectorAll("dt")].find(e => e.innerText === "证照标识").nextElementSibling.innerText`)
	file := filepath.Join(t.TempDir(), "license.ofd")
	data := w.get(t, "issuer", original)
	if err := os.WriteFile(file, data, 0o600); err != nil {
		t.Fatal(err)
	}
	t.Run("verify", func(t *testing.T) { verifyStory(t, w, file, data, identifier) })
}

func verifyStory(t *testing.T, w *world, file string, data []byte, identifier string) {
	tb := w.open(t, view{width: 1440})
	tb.visit("/")
	tb.click(`main a[href="/verify"]`)
	tb.wait("#file")
	tb.upload("#file", file)
	tb.click("form[enctype] button")
	tb.wait(".verdict")
	tb.says(".verdict h1", "真实有效")
	tb.says("main", "签章真实，签章后内容未被改动", "青禾县样例浏览器测试有限公司", "逐项检查", "内容完整", "时间戳")
	tb.until(`document.querySelector(".face img").naturalWidth > 0`)
	tb.fits()
	tb.picture("verify-valid")

	tb.visit("/")
	tb.fill(map[string]string{"q": " " + strings.ToLower(identifier) + " "})
	tb.click("main button.first")
	tb.wait(".verdict")
	tb.says(".verdict h1", "真实有效")
	if eval[bool](tb, `location.pathname.startsWith("/v/") || document.querySelector('main a[href*="/v/"]') !== null`) {
		t.Error("a guessable identifier gives the code away")
	}

	bad := filepath.Join(t.TempDir(), "bad.ofd")
	if err := os.WriteFile(bad, tampered(t, data), 0o600); err != nil {
		t.Fatal(err)
	}
	phone := w.open(t, view{width: 360})
	phone.visit("/verify")
	phone.upload("#file", bad)
	phone.click("form[enctype] button")
	phone.wait(".verdict")
	phone.says(".verdict", "签章无效", "在签名后被改动", "不一致")
	phone.says(".face", "未通过核验")
	phone.fits()
	phone.picture("verify-tampered")

	if err := os.WriteFile(bad, []byte("not an OFD"), 0o600); err != nil {
		t.Fatal(err)
	}
	phone.visit("/verify")
	phone.upload("#file", bad)
	phone.click("form[enctype] button")
	phone.wait(".verdict")
	phone.says(".verdict", "不能打开")
	phone.picture("verify-refused")
}

// tampered changes a letter on the face and nothing else.
func tampered(t *testing.T, data []byte) []byte {
	t.Helper()
	in, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	out, changed := zip.NewWriter(&b), false
	for _, f := range in.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		part, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(f.Name, "Page_0/Content.xml") {
			was := part
			part = bytes.Replace(part, []byte("浏览器"), []byte("刘览器"), 1)
			changed = !bytes.Equal(was, part)
		}
		w, err := out.Create(f.Name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(part); err != nil {
			t.Fatal(err)
		}
	}
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
	if !changed {
		t.Fatal("the face does not have the word that is to be changed")
	}
	return b.Bytes()
}

// Pressed twice, the button issues once.
func TestBrowserIssueTwice(t *testing.T) {
	w := enter(t)
	t.Parallel()
	tb := w.open(t, view{width: 1440, user: "issuer"})
	tb.visit("/console/new?kind=business_license")
	values := licence()
	values["case_no"] = "YL-BROWSER-2"
	tb.fill(values)
	both := eval[[]string](tb, `Promise.all([1, 2].map(() => fetch(document.getElementById("issue").action, { method: "POST", body: new FormData(document.getElementById("issue")) }).then(r => r.url)))`)
	if both[0] != both[1] || !strings.Contains(both[0], "/console/certificates/") {
		t.Errorf("two presses gave %v", both)
	}
	values["fields.dom"] = "青禾县城关街道样例路19号"
	tb.fill(values)
	tb.click(issueButton)
	tb.until(`location.pathname.startsWith("/console/certificates/")`)
	if strings.Contains(both[0], eval[string](tb, `location.pathname`)) {
		t.Error("a form that was changed gave the certificate of the one before")
	}
}

// Joint owners and rows of a table are added in the page.
func TestBrowserAddLines(t *testing.T) {
	w := enter(t)
	t.Parallel()
	for _, noScript := range []bool{false, true} {
		tb := w.open(t, view{width: 1440, user: "county", noScript: noScript})
		tb.visit("/console/new?kind=real_estate")
		tb.fill(map[string]string{"holders[0].name": "张样例"})
		tb.click("button[name=add]")
		tb.until(`document.getElementsByName("holders[1].name").length === 1`)
		tb.fill(map[string]string{"holders[1].name": "李样例", "holders[1].type": "person", "holders[1].id_type": "111", "holders[1].id": "999999199005060126"})
		tb.click(issueButton)
		tb.wait(".summary")
		tb.says("#holders fieldset:nth-child(2)", "校验码")
		tb.says(".summary", "持证主体 2证件号码")
		tb.visit("/console/new?kind=construction")
		tb.fill(map[string]string{"fields.cjdw[0].dwlx": "勘察单位"})
		tb.click("button[name=add]")
		tb.until(`document.getElementsByName("fields.cjdw[1].dwlx").length === 1`)
		tb.fill(map[string]string{"fields.cjdw[1].dwlx": "设计单位"})
		tb.click(issueButton)
		tb.wait(".summary")
		tb.says(".row:nth-of-type(2)", "必填")
	}
}

// Without scripts the form previews and issues, and files are verified.
func TestBrowserWithoutScripts(t *testing.T) {
	w := enter(t)
	t.Parallel()
	tb := w.open(t, view{width: 360, user: "issuer", noScript: true})
	tb.visit("/console/new?kind=business_license")
	values := licence()
	values["fields.dom"], values["case_no"] = "", "YL-BROWSER-3"
	tb.fill(values)
	tb.click("button.noscript")
	tb.until(`document.querySelector("#face img").src.startsWith("data:image/svg+xml")`)
	tb.says(".summary", "这样还不能签发", "“住所”必填")
	tb.fill(map[string]string{"fields.dom": "青禾县城关街道样例路18号"})
	tb.click(issueButton)
	tb.until(`location.pathname.startsWith("/console/certificates/")`)
	tb.says("main", "已签发")
	file := filepath.Join(t.TempDir(), "license.ofd")
	if err := os.WriteFile(file, w.get(t, "issuer", eval[string](tb, `document.querySelector('a[href$="format=ofd"]').getAttribute("href")`)), 0o600); err != nil {
		t.Fatal(err)
	}
	tb.visit("/verify")
	tb.upload("#file", file)
	tb.click("form[enctype] button")
	tb.wait(".verdict")
	tb.says(".verdict h1", "真实有效")
	tb.fits()
	tb.visit("/verify")
	tb.click("#elder")
	tb.until(`document.documentElement.classList.contains("elder")`)
	if tb.path() != "/verify" {
		t.Errorf("elder mode led away, to %s", tb.path())
	}
}

// Who may not is told which rule says so and who can help.
func TestBrowserWrongRole(t *testing.T) {
	w := enter(t)
	t.Parallel()
	clerk := w.open(t, view{width: 1440, user: "clerk"})
	clerk.visit("/console")
	clerk.says("main", "今天先办", "采集一份证照") // what is theirs, and no issuing
	if eval[bool](clerk, `!!document.querySelector('a[href^="/console/new?kind="]')`) {
		t.Error("who may not issue is offered to")
	}
	clerk.visit("/console/new?kind=business_license")
	clerk.says("main", "签发证照", "签发人", "系统管理员")
	other := w.open(t, view{width: 1440, user: "land"})
	other.visit("/console/new?kind=business_license")
	other.says("main", "不签发“营业执照”", "管理单位")
	page, _ := w.someCertificate(t, "business_license")
	other.visit(page)
	other.says("main", "权限", "系统管理员")
}
