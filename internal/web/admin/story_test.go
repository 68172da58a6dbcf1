package admin

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"sidian/internal/auth"
	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/iam"
	"sidian/internal/iam/iamtest"
	"sidian/internal/web/page"
)

const (
	wrong    = http.StatusUnprocessableEntity
	conflict = http.StatusConflict
	denied   = http.StatusForbidden
	missing  = http.StatusNotFound
)

// From draft to effect, by two persons; refused, replayed, by the wrong hands.
func TestGrants(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newSite(t, d)
		who := s.idle("newbie", "样例·新人", iamtest.Market)
		form := page.Asking(at("grants", "new"), "account", who.ID)
		s.get("system", form).is(200, "样例·新人", "青禾县市场监督管理局", "各角色可以做什么", "由安全管理员")
		s.post("system", at("grants", "new"), "account", who.ID, "role", "clerk", "org", iamtest.Market).is(wrong, "有错误", "须填写理由", `href="#reason"`)
		s.post("system", at("grants", "new"), "account", who.ID, "org", iamtest.Market, "reason", "任职").is(wrong, `href="#role"`)
		s.post("system", at("grants", "new"), "username", "nobody", "role", "clerk", "org", iamtest.Market, "reason", "任职").is(wrong, "没有这个用户名")
		s.post("system", at("grants", "new"), "account", who.ID, "role", "clerk", "org", iamtest.Market, "other", "没有的单位", "reason", "任职").is(wrong, "没有这个单位")
		s.post("system", at("grants", "new"), "account", who.ID, "role", "clerk", "org", iamtest.Market, "until", "2026-13-01", "reason", "任职").is(wrong, "应为日期")
		s.post("system", at("grants", "new"), "account", who.ID, "role", "clerk", "org", iamtest.Market, "until", "2020-01-01", "reason", "任职").is(wrong, "应在将来")
		s.post("system", at("grants", "new"), "account", who.ID, "role", "holder", "org", iamtest.Market, "reason", "任职").is(wrong)
		s.post("system", at("grants", "new"), "account", s.id("system"), "role", "clerk", "org", iamtest.Market, "reason", "给自己").is(denied, "不得为自己申请角色")
		s.post("security", at("grants", "new"), "account", who.ID, "role", "clerk", "org", iamtest.Market, "reason", "越权").is(denied)

		made := s.post("system", at("grants", "new"), "account", who.ID, "role", "clerk", "org", iamtest.Market, "until", day(30), "basis", "青市监〔2026〕1号", "reason", "任职")
		id := made.leads(at("grants"))
		s.open("system", made, "已起草", "待批准", "剩余", "经办证照", "青市监〔2026〕1号", "由安全管理员批准后生效").lacks(`id="approve"`)
		s.post("system", at("grants", "new"), "account", who.ID, "role", "clerk", "org", iamtest.Market, "reason", "再来").is(conflict, "已有待批准的申请")
		s.get("audit", at("grants", id)).is(200, "等安全管理员批准").lacks(`id="approve"`)
		s.get("security", at("grants")).is(200, "样例·新人：经办人", "剩余")

		decide := at("grants", id, "decide")
		s.post("system", decide, "do", "approve", "reason", "自己批").is(denied)
		s.post("audit", decide, "do", "approve", "reason", "越权").is(denied)
		s.post("clerk", decide, "do", "approve", "reason", "越权").is(denied)
		s.post("security", decide, "reason", "没选").is(wrong, "请选择批准或不批准")
		s.post("security", decide, "do", "refuse").is(wrong, `href="#refuse-reason"`, "必填")
		s.post("security", at("grants", "none", "decide"), "do", "approve", "reason", "x").is(missing)
		s.open("security", s.post("security", decide, "do", "approve", "reason", "属实"), "已批准", "生效", "属实")
		s.post("security", decide, "do", "approve", "reason", "再批").is(conflict, "状态不允许")
		if err := iam.Allow(s.Ctx(t, "newbie"), "cert.draft", iamtest.Market); err != nil {
			t.Error(err)
		}

		revoke := at("grants", id, "revoke")
		s.post("security", revoke).is(wrong, `href="#reason"`)
		s.open("security", s.post("security", revoke, "reason", "调离"), "已撤销", "调离")
		s.post("security", revoke, "reason", "再撤").is(conflict)

		other := s.proposed("newbie", "reviewer", iamtest.Market)
		s.open("security", s.post("security", at("grants", other, "decide"), "do", "refuse", "reason", "没有依据"), "不批准", "没有依据")
		s.get("system", page.Asking(at("grants"), "state", "refused")).is(200, "样例·新人：审核人")
		s.get("system", page.Asking(at("grants"), "state", "all", "account", who.ID)).is(200, "样例·新人：审核人", "样例·新人：经办人").lacks("样例·issuer：")
	})
}

// Units and their posts.
func TestUnits(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newSite(t, d)
		const once = "abcdefghijklmnopqrstuvwxyz"
		fields := []string{"once", once, "parent", "青禾县市场监督管理局", "name", "青禾县市场监督管理局城关所", "tier", "town", "type", "department"}
		s.post("system", at("units", "new"), "parent", "没有", "name", "x", "tier", "town", "type", "other").is(wrong, "没有这个单位")
		s.post("system", at("units", "new"), "parent", iamtest.Market, "name", "x", "tier", "city", "type", "other").is(conflict, "层级不能高于上级")
		s.post("system", at("units", "new"), "parent", iamtest.Market, "name", "x", "tier", "town", "type", "other", "uscc", "123").is(wrong, `href="#uscc"`)
		s.post("system", at("units", "new"), "parent", iamtest.Market, "name", "x", "tier", "town", "type", "other", "sort", "很前").is(wrong, `href="#sort"`)
		s.post("security", at("units", "new"), fields...).is(denied)
		made := s.post("system", at("units", "new"), fields...)
		id := made.leads(at("units"))
		s.open("system", made, "已新增", "城关所", "乡镇级", "还没有")
		s.post("system", at("units", "new"), fields...).is(conflict, "已存在") // the same form, sent again
		s.get("audit", page.Asking(at("units"), "q", "城关")).is(200, "城关所", "青禾县人民政府 › 青禾县市场监督管理局")
		s.get("audit", page.Asking(at("units"), "parent", iamtest.Root)).is(200, "青禾县自然资源局", "展开 1 个").lacks("城关所")
		s.get("clerk", at("units", "gaps")).is(200, "城关所").lacks("任命联系人")

		edit := at("units", id, "edit")
		s.post("system", edit, "name", "青禾县市场监管所", "type", "department").is(wrong, `href="#reason"`)
		s.open("system", s.post("system", edit, "name", "青禾县市场监管所", "type", "department", "reason", "机构改革"), "已修改", "曾用名", "城关所")

		contact, reviewer := at("units", id, "posts", "contact"), at("units", id, "posts", "reviewer")
		s.get("system", contact).is(200, "任命联系人", "样例·clerk")
		s.post("system", contact, "account", s.id("clerk")).is(wrong, `href="#reason"`)
		s.post("system", contact, "account", s.id("outsider"), "reason", "任命").is(conflict, "须由本单位或上级单位的人员担任")
		s.post("system", contact, "account", s.id("holder"), "reason", "任命").is(conflict)
		s.post("system", at("units", id, "posts", "king"), "account", s.id("clerk"), "reason", "任命").is(wrong)
		s.open("system", s.post("system", contact, "account", s.id("clerk"), "reason", "任命"), "已任命", "样例·clerk")
		s.post("system", reviewer, "account", s.id("clerk"), "reason", "兼任").is(conflict, "三个不同的人")
		s.post("security", at("units", id, "posts", "contact", "dismiss"), "reason", "越权").is(denied)
		s.open("system", s.post("system", at("units", id, "posts", "contact", "dismiss"), "reason", "调离"), "已免去", "历任")
		s.post("system", at("units", id, "posts", "contact", "dismiss"), "reason", "再免").is(wrong)

		s.post("system", at("units", iamtest.Market, "close"), "reason", "撤并").is(conflict, "还有下级单位")
		s.post("system", at("units", id, "close")).is(wrong, `href="#reason"`)
		s.open("system", s.post("system", at("units", id, "close"), "reason", "撤并"), "已停用").lacks("新增下级单位")
		s.post("system", at("units", id, "close"), "reason", "撤并").is(conflict)
		s.get("system", page.Asking(at("units"), "parent", iamtest.Market)).is(200).lacks("市场监管所")
		s.get("system", page.Asking(at("units"), "parent", iamtest.Market, "closed", "1")).is(200, "市场监管所")
	})
}

// A person's way: registered, found, given a link, moved, and gone.
func TestPeople(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newSite(t, d)
		fields := []string{"kind", "staff", "name", "赵试用", "username", "zhao", "org", "青禾县市场监督管理局", "phone", "13700137000", "citizen", iamtest.HolderCitizen}
		s.post("system", at("people", "new"), "kind", "staff", "name", "赵试用", "username", "zhao").is(wrong, `href="#org"`)
		s.post("system", at("people", "new"), "kind", "king", "name", "赵试用", "username", "Z!", "phone", "1").is(wrong, `href="#kind"`, `href="#username"`, `href="#phone"`)
		made := s.post("system", at("people", "new"), fields...)
		id := made.leads(at("people"))
		s.open("system", made, "赵试用", "137****7000", "还没有角色").lacks("13700137000", iamtest.HolderCitizen)
		s.People["zhao"] = iam.Account{ID: id, Kind: iam.Staff}
		s.post("system", at("people", "new"), fields...).is(conflict, "用户名已被使用")

		s.post("system", at("people"), "phone", "13700137000").is(200, "赵试用").lacks("样例·clerk", "phone=13700137000")
		s.post("system", at("people"), "name", "赵试用").is(200, "zhao").lacks("people?name=", "&name=")
		s.post("security", at("people"), "citizen", iamtest.HolderCitizen).is(200, "zhao", "holder")
		s.post("system", at("people"), "name", "赵试").is(200, "没有找到")
		if a := s.post("system", at("people"), "username", "zh"); !strings.HasPrefix(a.to, page.Asking(at("people"), "username", "zh")) {
			t.Errorf("to %s", a.to)
		}
		s.get("system", at("people")+"?name=%E8%B5%B5%E8%AF%95%E7%94%A8&phone=13700137000&username=zhao").is(200, "zhao").lacks(`value="赵试用"`, `value="13700137000"`)

		link := at("people", id, "link")
		s.post("system", link, "purpose", "first").is(wrong, `href="#reason"`)
		s.post("system", link, "purpose", "recover", "reason", "越权").is(denied)
		s.post("system", at("people", s.id("system"), "link"), "purpose", "reset", "reason", "给自己").is(denied)
		s.post("system", link, "purpose", "first", "reason", "当面核实").is(200, "链接只显示这一次", "https://zz.example/s/", "怎样交给本人")

		edit := at("people", id, "edit")
		s.get("system", edit).is(200, "137****7000").lacks("13700137000")
		s.post("system", edit, "name", "", "reason", "更正").is(wrong, `href="#name"`)
		s.open("system", s.post("system", edit, "name", "赵更名", "phone", "13600136000", "reason", "更正"), "赵更名", "136****6000")
		s.post("security", edit, "name", "x", "reason", "越权").is(denied)

		s.post("security", at("people", id, "unlock")).is(wrong, `href="#reason"`)
		s.open("security", s.post("security", at("people", id, "unlock"), "reason", "本人来电核实"), "已解除锁定")
		s.post("system", at("people", id, "unlock"), "reason", "越权").is(denied)

		s.post("system", at("people", id, "move"), "org", "没有", "reason", "调动").is(wrong, `href="#org"`)
		s.open("system", s.post("system", at("people", id, "move"), "org", iamtest.Land, "reason", "调动"), "青禾县自然资源局")
	})
}

// Who leaves hands over first.
func TestLeaving(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newSite(t, d)
		s.idle("heir", "样例·接手人", iamtest.Market)
		end, hand := at("people", s.id("clerk"), "close"), at("people", s.id("clerk"), "handover")
		s.get("system", end).is(200, "角色：经办人", "接手人的用户名").lacks("停用账号</button>")
		s.get("security", end).is(200, "角色：经办人", "由系统管理员办理")
		s.post("system", end, "reason", "离岗").is(conflict, "未移交")
		held, err := s.Holdings(s.Ctx(t, "system"), s.id("clerk"))
		if err != nil || len(held) == 0 {
			t.Fatalf("%v %v", held, err)
		}
		item := held[0].Kind + "/" + held[0].ID
		s.post("system", hand, "to", "nobody", "items", item, "reason", "离岗").is(wrong, `href="#to"`)
		s.post("system", hand, "to", "heir", "reason", "离岗").is(wrong, `href="#items"`)
		s.post("system", hand, "to", "heir", "items", item).is(wrong, `href="#reason"`)
		s.post("system", hand, "to", "clerk", "items", item, "reason", "给自己").is(wrong, `href="#to"`)
		s.post("system", hand, "to", "heir", "items", "grant/other", "reason", "别人的").is(wrong, "没有要移交的某一项")
		s.post("security", hand, "to", "heir", "items", item, "reason", "越权").is(denied)
		s.post("system", hand, "to", "heir", "items", item, "reason", "离岗").is(200, "移交结果", "待安全管理员批准")
		s.post("system", hand, "to", "heir", "items", item, "reason", "再移").is(wrong)
		s.get("security", at("grants")).is(200, "样例·接手人：经办人")
		s.get("system", end).is(200, "没有要移交的事项")
		s.post("system", end).is(wrong, `href="#reason"`)
		s.open("system", s.post("system", end, "reason", "离岗"), "已停用")
		s.post("system", end, "reason", "再停").is(conflict)
		s.post("system", at("people", s.id("system"), "close"), "reason", "停自己").is(conflict)
	})
}

// An application's secrets change over without a pause.
func TestClients(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newSite(t, d)
		fields := []string{"name", "样例窗口系统", "org", iamtest.Market, "scopes", "cert.read", "scopes", "kind.read", "orgs", "青禾县市场监督管理局\n" + iamtest.Land}
		s.post("security", at("clients", "new"), "name", "x", "org", iamtest.Market).is(wrong, `href="#scopes"`)
		s.post("security", at("clients", "new"), "name", "x", "org", iamtest.Market, "scopes", "grant.approve").is(wrong, `href="#scopes"`, "grant.approve")
		s.post("security", at("clients", "new"), "name", "x", "org", "没有", "scopes", "kind.read").is(wrong, `href="#org"`)
		s.post("security", at("clients", "new"), "name", "x", "org", iamtest.Market, "scopes", "kind.read", "orgs", "没有").is(wrong, `href="#orgs"`)
		s.post("system", at("clients", "new"), fields...).is(denied)
		s.post("security", at("clients", "new"), fields...).is(200, "密钥只显示这一次", "client_credentials")
		s.post("security", at("clients", "new"), fields...).is(conflict, "已有同名的应用")
		list, err := s.ClientsPage(s.Ctx(t, "security"), iam.ClientQuery{Text: "样例窗口系统"})
		if err != nil || len(list.Items) != 1 {
			t.Fatalf("%+v %v", list, err)
		}
		id := list.Items[0].ID
		s.get("audit", at("clients", id)).is(200, "查阅本单位证照", "青禾县自然资源局及其下级", "有效的密钥").lacks("增加密钥</button>", "client_secret")
		s.post("audit", at("clients", id, "secrets")).is(denied)
		s.post("security", at("clients", id, "secrets")).is(200, "密钥只显示这一次")
		s.post("security", at("clients", id, "secrets")).is(conflict, "至多同时有 2 个")
		secrets, err := s.Secrets(s.Ctx(t, "security"), id)
		if err != nil || len(secrets) != 2 {
			t.Fatalf("%v %v", secrets, err)
		}
		old := at("clients", id, "secrets", secrets[0].ID, "end")
		s.post("security", old).is(wrong, `href="#reason"`)
		s.open("security", s.post("security", old, "reason", "已换用新的"), "密钥已停用").lacks(secrets[0].ID)
		s.post("security", old, "reason", "再停").is(wrong)
		s.post("security", at("clients", s.App.ID, "secrets", secrets[1].ID, "end"), "reason", "别的应用的").is(wrong)

		edit := at("clients", id, "edit")
		s.get("security", edit).is(200, `value="cert.read" checked`, iamtest.Land)
		s.post("security", edit, "name", "x", "scopes", "kind.read").is(wrong, `href="#reason"`)
		s.post("security", edit, "name", "x", "scopes", "policy.approve", "reason", "加权").is(wrong, `href="#scopes"`)
		s.open("security", s.post("security", edit, "name", "样例窗口系统", "scopes", "kind.read", "orgs", iamtest.Market, "reason", "减权"), "已修改", "查看证照类型").lacks("查阅本单位证照", "青禾县自然资源局")
		s.post("security", at("clients", id, "close")).is(wrong, `href="#reason"`)
		s.open("security", s.post("security", at("clients", id, "close"), "reason", "下线"), "已停用")
		s.post("security", edit, "name", "x", "scopes", "kind.read", "reason", "还想改").is(conflict)
		s.get("security", at("clients")).is(200).lacks("样例窗口系统")
	})
}

// A policy is changed by two persons, who see what changes.
func TestPolicies(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newSite(t, d)
		roles, rules := s.InForce().Texts()
		now, number := fmt.Sprintf("version: %d", s.InForce().Version()), fmt.Sprint(s.InForce().Version()+1)
		next := strings.Replace(strings.Replace(string(roles), now, "version: "+number, 1), "may: [org.read, kind.read, cert.draft,", "may: [org.read, kind.read, share.query, cert.draft,", 1)
		policyPage := at("policies", "new")
		s.get("system", policyPage).is(200, now, "检查并比较")
		s.post("system", policyPage, "roles", "version: [", "rules", string(rules), "look", "1").is(wrong, `href="#roles"`)
		s.post("system", policyPage, "roles", next, "rules", "permit (principal, action, resource);", "look", "1").is(wrong, `href="#rules"`)
		s.post("system", policyPage, "roles", strings.ReplaceAll(next, "\n", "\r\n"), "rules", string(rules), "look", "1").is(200, "检查通过", "可能放宽", "共享查询")
		s.get("security", at("policies")).is(200).lacks("第 " + number + " 版")
		s.post("system", policyPage, "roles", next, "rules", string(rules)).is(wrong, `href="#reason"`)
		s.post("security", policyPage, "roles", next, "rules", string(rules), "reason", "越权").is(denied)
		s.open("system", s.post("system", policyPage, "roles", next, "rules", string(rules), "reason", "经办人需要共享查询"), "已起草", "待批准", "可能放宽", "自己起草的自己不能批准").lacks(`id="approve"`)
		s.post("system", policyPage, "roles", next, "rules", string(rules), "reason", "再来").is(conflict, "已有一份待批准的策略")
		s.get("security", Home).is(200, "有一个版本待批准")
		decide := at("policies", number, "decide")
		s.post("system", decide, "do", "approve", "reason", "自己批").is(denied)
		s.post("audit", decide, "do", "approve", "reason", "越权").is(denied)
		s.post("security", decide, "do", "approve").is(wrong, `href="#approve-reason"`)
		s.post("security", decide, "do", "maybe", "reason", "x").is(wrong, "请选择批准或不批准")
		s.open("security", s.post("security", decide, "do", "approve", "reason", "同意"), "已批准", "现行")
		s.post("security", decide, "do", "approve", "reason", "再批").is(conflict)
		for _, view := range []string{"roles", "permissions", "rules", "text", "other"} {
			s.get("audit", page.Asking(at("policies", number), "view", view)).is(200)
		}
		explain := at("policies", "explain")
		s.get("system", page.Asking(explain, "who", "clerk", "permission", "share.query", "unit", iamtest.Market)).is(200, "允许", "凭：经办人", "怎样得出的")
		s.get("system", page.Asking(explain, "who", "clerk", "permission", "share.query", "unit", iamtest.Land)).is(200, "拒绝", "授权单位不包括")
		s.get("security", page.Asking(explain, "who", "clerk", "permission", "cert.reveal", "class", "敏感")).is(200, "拒绝", "须先说明用途")
		s.get("audit", page.Asking(explain, "who", s.id("issuer"), "permission", "cert.issue")).is(200, "允许")
		s.get("audit", page.Asking(explain, "who", s.App.ID, "permission", "cert.issue")).is(200, "允许", "应用的授权范围")
		s.get("audit", page.Asking(explain, "permission", "grant.approve")).is(200, "拒绝")
		s.get("audit", page.Asking(explain, "who", "nobody", "permission", "cert.issue")).is(wrong, `href="#who"`)
		s.get("system", page.Asking(explain, "who", "clerk", "permission", "cert.issue", "unit", "没有的")).is(wrong, `href="#unit"`)
	})
}

// Reading in an emergency: alarmed about, short, and reviewed by another.
func TestGlasses(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newSite(t, d)
		glassPage := at("glasses", "new")
		s.get("system", glassPage).is(200, "发起即告警", "至少 10 个字")
		s.post("system", glassPage, "org", iamtest.Market, "object", "cert/1", "reason", "太短").is(wrong, `href="#reason"`, "至少 10 个字")
		s.post("system", glassPage, "org", "没有", "object", "cert/1", "reason", "系统迁移后需要核对一份证照").is(wrong, `href="#org"`)
		s.post("security", glassPage, "org", iamtest.Market, "object", "cert/1", "reason", "系统迁移后需要核对一份证照").is(denied)
		made := s.post("system", glassPage, "org", iamtest.Market, "object", "cert/1", "reason", "系统迁移后需要核对一份证照")
		id := made.leads(at("glasses"))
		s.open("system", made, "应急查阅已发起", "还剩", "结束应急查阅", "自己不能复核").lacks(`id="review"`)
		s.post("system", glassPage, "org", iamtest.Land, "object", "cert/2", "reason", "系统迁移后需要核对另一份").is(conflict, "进行中")
		s.get("security", Home).is(200, "有进行中的")
		s.get("audit", at("glasses")).is(200, "进行中", "cert/1")
		review := at("glasses", id, "review")
		s.post("system", review, "verdict", "proper", "reason", "自己复核").is(denied)
		s.post("security", review, "verdict", "maybe", "reason", "说不清").is(wrong, `href="#verdict"`)
		s.post("security", review, "verdict", "proper").is(wrong, `href="#reason"`)
		s.open("system", s.post("system", at("glasses", id, "close")), "应急查阅已结束", "待复核")
		s.post("system", at("glasses", id, "close")).is(conflict)
		s.open("security", s.post("security", review, "verdict", "improper", "reason", "超出事由"), "已复核", "复核：不正当", "超出事由")
		s.post("audit", review, "verdict", "proper", "reason", "改判").is(conflict, "已复核")
		s.get("security", at("glasses")).is(200, "没有待复核的")
		s.get("security", page.Asking(at("glasses"), "view", "all")).is(200, "复核：不正当")
	})
}

// Sessions of others are seen in part, and ended with a reason.
func TestSessions(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newSite(t, d)
		for _, who := range []string{"clerk", "outsider"} {
			if _, err := s.Auth.SignIn(t.Context(), auth.SignInRequest{Username: who, Password: s.Passwords[who].Password}); err != nil {
				t.Fatal(err)
			}
		}
		s.get("security", at("sessions")).is(200, "样*", "青禾县市场监督管理局").lacks("样例·clerk")
		list, _, err := s.Auth.OtherSessions(s.Ctx(t, "security"), "", 10)
		if err != nil || len(list) != 2 {
			t.Fatalf("%v %v", list, err)
		}
		end := at("sessions", list[0].ID, "end")
		s.get("security", end).is(200, "结束这个会话", list[0].Name)
		s.post("security", end).is(wrong, `href="#reason"`)
		s.post("system", end, "reason", "越权").is(denied)
		s.post("security", at("sessions", "none", "end"), "reason", "没有").is(wrong, "没有这个会话")
		s.open("security", s.post("security", end, "reason", "疑似被他人使用"), "已结束")
		s.post("security", end, "reason", "再来").leads(at("sessions")) // over is over
	})
}

// An administrator of one unit has nothing to say about another's.
func TestForeign(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newSite(t, d)
		for who, role := range map[string]string{"sub": "system", "guard": "security"} {
			s.County.County.Hire(t, who, role, iamtest.Market)
		}
		theirs := s.proposed("outsider", "clerk", iamtest.Land)
		ours := s.idle("inner", "样例·内部", iamtest.Market)
		app, err := s.CreateClient(s.Ctx(t, "security"), iam.ClientRequest{Name: "样例国土系统", Org: iamtest.Land, Scopes: []string{"kind.read"}})
		if err != nil {
			t.Fatal(err)
		}
		glass, err := s.OpenGlass(s.Ctx(t, "system"), iam.GlassRequest{Org: iamtest.Land, Object: "cert/9", Reason: "系统迁移后需要核对一份证照"})
		if err != nil {
			t.Fatal(err)
		}
		land, outsider := at("units", iamtest.Land), at("people", s.id("outsider"))
		for _, path := range []string{land, land + "/edit", land + "/close", land + "/posts/contact", page.Asking(at("units"), "parent", iamtest.Land), page.Asking(at("people"), "unit", iamtest.Land), page.Asking(at("grants"), "unit", iamtest.Land)} {
			s.get("sub", path).is(denied).lacks("outsider")
		}
		for _, path := range []string{outsider, outsider + "/edit", outsider + "/link", outsider + "/close", at("grants", theirs), at("glasses", glass.ID)} {
			s.get("sub", path).is(missing).lacks("样例·outsider")
		}
		for _, path := range []string{at("clients", app.ID), at("clients", app.ID, "edit"), at("clients", app.ID, "close"), at("grants", theirs), at("grants", theirs, "revoke"), at("glasses", glass.ID)} {
			s.get("guard", path).is(missing).lacks("样例国土系统", "cert/9")
		}
		s.get("sub", page.Asking(at("grants"), "state", "all", "account", s.id("outsider"))).is(200).lacks("样例·outsider")
		s.get("sub", page.Asking(at("grants", "new"), "account", s.id("outsider"))).is(denied).lacks("样例·outsider")
		s.get("sub", page.Asking(at("units"), "q", "自然资源")).is(200, "没有找到")
		s.get("sub", page.Asking(at("people"), "username", "outsider")).is(200, "没有找到")

		s.post("sub", land+"/edit", "name", "改名", "type", "other", "reason", "越权").is(denied)
		s.post("sub", land+"/close", "reason", "越权").is(denied)
		s.post("sub", at("units", "new"), "parent", iamtest.Land, "name", "x", "tier", "town", "type", "other").is(denied)
		s.post("sub", at("people", "new"), "kind", "staff", "name", "x", "username", "xx", "org", iamtest.Land).is(denied)
		s.post("sub", outsider+"/close", "reason", "越权").is(missing)
		s.post("sub", outsider+"/handover", "to", "inner", "items", "grant/1", "reason", "越权").is(missing)
		s.post("sub", at("people", ours.ID, "move"), "org", iamtest.Land, "reason", "送出去").is(denied)
		s.post("sub", at("grants", "new"), "account", ours.ID, "role", "clerk", "org", iamtest.Land, "reason", "越权").is(denied)
		s.post("sub", at("grants", "new"), "account", s.id("outsider"), "role", "clerk", "org", iamtest.Market, "reason", "越权").is(denied)
		s.post("guard", at("grants", theirs, "decide"), "do", "approve", "reason", "越权").is(missing)
		s.post("guard", at("clients", app.ID, "secrets")).is(missing)
		s.post("guard", at("clients", "new"), "name", "x", "org", iamtest.Market, "orgs", iamtest.Land, "scopes", "kind.read").is(denied)
		s.post("guard", outsider+"/unlock", "reason", "越权").is(missing)
		s.post("guard", at("glasses", glass.ID, "review"), "verdict", "proper", "reason", "越权").is(missing)
		s.post("sub", at("policies", "new"), "roles", "x", "rules", "", "reason", "一家独大").is(denied)
	})
}

// No page of another site makes a browser write.
func TestForged(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newSite(t, d)
		g := s.proposed("clerk", "reviewer", iamtest.Market)
		form := url.Values{"do": {"approve"}, "reason": {"伪造"}, "name": {"x"}}
		for who, paths := range map[string][]string{
			"system": {at("units", "new"), at("units", iamtest.Market, "edit"), at("units", iamtest.Market, "close"), at("units", iamtest.Market, "posts", "contact"), at("units", iamtest.Market, "posts", "contact", "dismiss"),
				at("people"), at("people", "new"), at("people", s.id("clerk"), "edit"), at("people", s.id("clerk"), "move"), at("people", s.id("clerk"), "link"), at("people", s.id("clerk"), "close"), at("people", s.id("clerk"), "handover"),
				at("grants", "new"), at("policies", "new"), at("glasses", "new")},
			"security": {at("grants", g, "decide"), at("grants", g, "revoke"), at("people", s.id("clerk"), "unlock"), at("clients", "new"), at("clients", s.App.ID, "edit"), at("clients", s.App.ID, "close"), at("clients", s.App.ID, "secrets"),
				at("policies", "4", "decide"), at("sessions", "x", "end"), at("glasses", "x", "review"), at("glasses", "x", "close")},
		} {
			for _, path := range paths {
				for _, from := range []string{"cross-site", "same-site"} {
					if a := s.do(who, http.MethodPost, path, form, "Sec-Fetch-Site", from); a.status != denied || !strings.Contains(a.body, "其他网站") {
						t.Errorf("%s from %s: %d", path, from, a.status)
					}
				}
			}
		}
		s.get("security", at("grants", g)).is(200, "待批准")
	})
}
