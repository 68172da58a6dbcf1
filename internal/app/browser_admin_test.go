package app_test

import (
	"net/url"
	"regexp"
	"strings"
	"testing"
)

// adminPages are pages that need nothing to be there.
var adminPages = []sight{
	{"admin-system", "system", "/console/admin"},
	{"admin-security", "security", "/console/admin"},
	{"admin-audit", "audit", "/console/admin"},
	{"units", "system", "/console/admin/units"},
	{"units-below", "system", "/console/admin/units?parent=gov"},
	{"units-search", "system", "/console/admin/units?q=" + url.QueryEscape("市场")},
	{"units-none", "system", "/console/admin/units?q=none"},
	{"units-gaps", "system", "/console/admin/units/gaps"},
	{"unit", "system", "/console/admin/units/market"},
	{"unit-read", "audit", "/console/admin/units/market"},
	{"unit-new", "system", "/console/admin/units/new?parent=gov"},
	{"unit-edit", "system", "/console/admin/units/market/edit"},
	{"unit-close", "system", "/console/admin/units/market/close"},
	{"unit-post", "system", "/console/admin/units/market/posts/contact"},
	{"people", "system", "/console/admin/people"},
	{"people-none", "system", "/console/admin/people?username=nobody"},
	{"person-new", "system", "/console/admin/people/new?unit=market"},
	{"grants", "security", "/console/admin/grants?state=effective"},
	{"grants-none", "security", "/console/admin/grants?state=refused"},
	{"grant-new", "system", "/console/admin/grants/new"},
	{"clients", "security", "/console/admin/clients"},
	{"client-new", "security", "/console/admin/clients/new"},
	{"policies", "security", "/console/admin/policies"},
	{"policy", "audit", "/console/admin/policies/0"},
	{"policy-permissions", "audit", "/console/admin/policies/0?view=permissions"},
	{"policy-rules", "audit", "/console/admin/policies/0?view=rules"},
	{"policy-text", "audit", "/console/admin/policies/0?view=text"},
	{"policy-new", "system", "/console/admin/policies/new"},
	{"explain", "system", "/console/admin/policies/explain?who=clerk&permission=cert.reveal&class=" + url.QueryEscape("敏感")},
	{"glasses", "security", "/console/admin/glasses"},
	{"glass-new", "system", "/console/admin/glasses/new"},
	{"sessions", "security", "/console/admin/sessions"},
}

// Every page of administrators at every width, and in elder mode and the dark.
func TestBrowserAdminPages(t *testing.T) {
	w := enter(t)
	source := axeSource(t)
	t.Parallel()
	w.tour(t, source, adminPages, everyView()...)
}

// A grant from draft to effect, and one that is refused: two persons, each at
// their own desk.
func TestBrowserGrant(t *testing.T) {
	w := enter(t)
	source := axeSource(t)
	t.Parallel()
	for _, width := range []int64{1440, 360} {
		system, security := w.open(t, view{width: width, user: "system"}), w.open(t, view{width: width, user: "security"})
		username := "newbie" + itoa(int(width))
		system.visit("/console/admin/people/new?unit=market")
		system.fill(map[string]string{"name": "样例·新人" + itoa(int(width)), "username": username, "phone": "13700137000"})
		system.click("main button.first")
		system.until(`document.querySelector("h1")?.innerText.includes("样例·新人")`)
		system.says("main", "已登记", "开一次性链接", "137****7000", "青禾县市场监督管理局", "还没有角色")
		system.picture("person")
		person := eval[string](system, `location.pathname`)
		for _, decision := range []struct{ role, do, says string }{{"clerk", "approve", "已批准，立即生效"}, {"reviewer", "refuse", "已记为不批准"}} {
			system.visit(person)
			system.click(`a[href^="/console/admin/grants/new"]`)
			system.wait("#role")
			system.picture("grant-new-for")
			system.click("main button.first") // no role, no reason: the browser itself asks for them
			system.fill(map[string]string{"role": decision.role, "reason": "到市场监督管理局任职", "basis": "青市监〔2026〕1号"})
			system.click("main button.first")
			system.until(`location.search.includes("done=proposed") && document.readyState === "complete"`)
			system.says("main", "已起草", "待批准", "剩余", "工作日", "自己不能批准")
			system.accessible(source, "grant-proposed")
			system.picture("grant-proposed")
			grant := eval[string](system, `location.pathname`)

			security.visit("/console/admin")
			security.says("main", "等您批准的授权")
			security.visit(grant)
			security.says("main", "样例·新人"+itoa(int(width)))
			security.wait("#approve")
			security.fits()
			security.accessible(source, "grant-decide")
			security.picture("grant-decide")
			eval[bool](security, `(document.getElementById("`+decision.do+`-reason").value = "与任职文件相符") !== ""`)
			security.click("#" + decision.do + " button")
			security.until(`location.search.includes("done=") && document.readyState === "complete"`)
			security.says("main", decision.says, "与任职文件相符")
			security.picture("grant-" + decision.do + "d")
		}
		system.visit(person)
		system.says("#roles", "经办人", "生效", "审核人", "不批准")
		system.click(`a[href$="/link"]`)
		system.wait("#purpose")
		system.fill(map[string]string{"purpose": "first", "reason": "当面核实"})
		system.click("main button.first")
		system.until(`document.querySelector("#link")?.innerText.includes("/s/")`)
		system.accessible(source, "person-link")
		system.fits()
		eval[bool](system, `(document.querySelector("#link").textContent = "（链接）") !== ""`) // no picture keeps one
		system.picture("person-link")
		system.visit(person + "/close")
		system.says("main", "角色：经办人", "接手人的用户名")
		system.accessible(source, "person-handover")
		system.fits()
		system.picture("person-handover")
	}
}

// Reading in an emergency: who opens it is warned, who reviews it is alarmed.
func TestBrowserGlass(t *testing.T) {
	w := enter(t)
	source := axeSource(t)
	t.Parallel()
	for _, width := range []int64{1440, 360} {
		system, security := w.open(t, view{width: width, user: "system"}), w.open(t, view{width: width, user: "security"})
		system.visit("/console/admin/glasses/new")
		system.says("main", "发起即告警")
		system.fill(map[string]string{"org": "青禾县自然资源局", "object": "cert/sample", "reason": "太短"})
		system.click("main button.first")
		system.wait(".summary")
		system.says(".wrong", "至少 10 个字")
		system.picture("glass-short")
		system.fill(map[string]string{"reason": "登记系统停机，法院急需核对一份证书"})
		system.click("main button.first")
		system.until(`location.search.includes("done=opened") && document.readyState === "complete"`)
		system.says("main", "应急查阅已发起", "还剩", "分钟", "自己不能复核")
		system.accessible(source, "glass-open")
		system.picture("glass-open")
		glass := eval[string](system, `location.pathname`)
		security.visit("/console/admin")
		security.says("main", "有进行中的")
		security.visit(glass)
		security.fill(map[string]string{"verdict": "proper", "reason": "与审计记录核对，查阅与事由相符"})
		security.accessible(source, "glass-review")
		security.fits()
		security.picture("glass-review")
		security.click("#review button.first")
		security.until(`location.search.includes("done=reviewed") && document.readyState === "complete"`)
		security.says("main", "复核：正当", "与审计记录核对")
		security.picture("glass-reviewed")
	}
}

// A policy is checked, compared and refused; an application's secret is shown
// once.
func TestBrowserPolicyAndClient(t *testing.T) {
	w := enter(t)
	source := axeSource(t)
	t.Parallel()
	system, security := w.open(t, view{width: 1440, user: "system"}), w.open(t, view{width: 360, user: "security"})
	system.visit("/console/admin/policies/new")
	roles := eval[string](system, `document.getElementById("roles").value`)
	system.fill(map[string]string{"roles": "version: ["})
	system.click(`button[name=look]`)
	system.wait(".summary")
	system.says(".wrong", "roles.yaml")
	system.picture("policy-wrong")
	now := regexp.MustCompile(`version: \d+`).FindString(roles)
	system.fill(map[string]string{"roles": strings.Replace(strings.Replace(roles, now, now+"0", 1), "may: [org.read, kind.read, cert.draft,", "may: [org.read, kind.read, share.query, cert.draft,", 1)})
	system.click(`button[name=look]`)
	system.until(`document.querySelector("main .verdict")?.innerText.includes("检查通过")`)
	system.says("#changes", "可能放宽", "共享查询")
	system.picture("policy-checked")
	system.fill(map[string]string{"reason": "经办人需要共享查询"})
	system.click("main button.first")
	system.until(`location.search.includes("done=proposed") && document.readyState === "complete"`)
	draft := eval[string](system, `location.pathname`)
	security.visit(draft)
	security.accessible(source, "policy-decide")
	security.fits()
	security.picture("policy-decide")
	eval[bool](security, `(document.getElementById("refuse-reason").value = "窗口已有此权限") !== ""`)
	security.click("#refuse button")
	security.until(`location.search.includes("done=refused") && document.readyState === "complete"`)
	security.says("main", "不批准", "窗口已有此权限")

	security.visit("/console/admin/clients/new")
	security.fill(map[string]string{"name": "样例浏览器系统", "org": "青禾县市场监督管理局"})
	security.click("main button.first")
	security.wait(".summary")
	security.says(".wrong", "至少勾选一项")
	security.accessible(source, "client-wrong")
	security.picture("client-wrong")
	security.click(`input[value="kind.read"]`)
	security.click("main button.first")
	security.until(`document.querySelector("#secret")`)
	security.accessible(source, "client-secret")
	security.fits()
	eval[bool](security, `(document.querySelector("#secret").textContent = "（密钥）") !== ""`) // no picture keeps one
	security.picture("client-secret")
	security.click("main a.first")
	security.until(`document.querySelector("#secrets")`)
	security.says("main", "样例浏览器系统", "查看证照类型", "增加密钥")
	security.accessible(source, "client")
	security.picture("client")
}
