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
		s.Get("system", form).Is(200, "样例·新人", "青禾县市场监督管理局", "各角色可以做什么", "由安全管理员")
		s.Post("system", at("grants", "new"), "account", who.ID, "role", "clerk", "org", iamtest.Market).Is(wrong, "有错误", "须填写理由", `href="#reason"`)
		s.Post("system", at("grants", "new"), "account", who.ID, "org", iamtest.Market, "reason", "任职").Is(wrong, `href="#role"`)
		s.Post("system", at("grants", "new"), "username", "nobody", "role", "clerk", "org", iamtest.Market, "reason", "任职").Is(wrong, "没有这个用户名")
		s.Post("system", at("grants", "new"), "account", who.ID, "role", "clerk", "org", iamtest.Market, "other", "没有的单位", "reason", "任职").Is(wrong, "没有这个单位")
		s.Post("system", at("grants", "new"), "account", who.ID, "role", "clerk", "org", iamtest.Market, "until", "2026-13-01", "reason", "任职").Is(wrong, "应为日期")
		s.Post("system", at("grants", "new"), "account", who.ID, "role", "clerk", "org", iamtest.Market, "until", "2020-01-01", "reason", "任职").Is(wrong, "应在将来")
		s.Post("system", at("grants", "new"), "account", who.ID, "role", "holder", "org", iamtest.Market, "reason", "任职").Is(wrong)
		s.Post("system", at("grants", "new"), "account", s.id("system"), "role", "clerk", "org", iamtest.Market, "reason", "给自己").Is(denied, "不得为自己申请角色")
		s.Post("security", at("grants", "new"), "account", who.ID, "role", "clerk", "org", iamtest.Market, "reason", "越权").Is(denied)

		made := s.Post("system", at("grants", "new"), "account", who.ID, "role", "clerk", "org", iamtest.Market, "until", day(30), "basis", "青市监〔2026〕1号", "reason", "任职")
		id := idOf(made, at("grants"))
		s.open("system", made, "已起草", "待批准", "剩余", "经办证照", "青市监〔2026〕1号", "由安全管理员批准后生效").Lacks(`id="approve"`)
		s.Post("system", at("grants", "new"), "account", who.ID, "role", "clerk", "org", iamtest.Market, "reason", "再来").Is(conflict, "已有待批准的申请")
		s.Get("audit", at("grants", id)).Is(200, "等安全管理员批准").Lacks(`id="approve"`)
		s.Get("security", at("grants")).Is(200, "样例·新人：经办人", "剩余")

		decide := at("grants", id, "decide")
		s.Post("system", decide, "do", "approve", "reason", "自己批").Is(denied)
		s.Post("audit", decide, "do", "approve", "reason", "越权").Is(denied)
		s.Post("clerk", decide, "do", "approve", "reason", "越权").Is(denied)
		s.Post("security", decide, "reason", "没选").Is(wrong, "请选择批准或不批准")
		s.Post("security", decide, "do", "refuse").Is(wrong, `href="#refuse-reason"`, "必填")
		s.Post("security", at("grants", "none", "decide"), "do", "approve", "reason", "x").Is(missing)
		s.open("security", s.Post("security", decide, "do", "approve", "reason", "属实"), "已批准", "生效", "属实")
		s.Post("security", decide, "do", "approve", "reason", "再批").Is(conflict, "状态不允许")
		if err := iam.Allow(s.Ctx(t, "newbie"), "cert.draft", iamtest.Market); err != nil {
			t.Error(err)
		}

		revoke := at("grants", id, "revoke")
		s.Post("security", revoke).Is(wrong, `href="#reason"`)
		s.open("security", s.Post("security", revoke, "reason", "调离"), "已撤销", "调离")
		s.Post("security", revoke, "reason", "再撤").Is(conflict)

		other := s.proposed("newbie", "reviewer", iamtest.Market)
		s.open("security", s.Post("security", at("grants", other, "decide"), "do", "refuse", "reason", "没有依据"), "不批准", "没有依据")
		s.Get("system", page.Asking(at("grants"), "state", "refused")).Is(200, "样例·新人：审核人")
		s.Get("system", page.Asking(at("grants"), "state", "all", "account", who.ID)).Is(200, "样例·新人：审核人", "样例·新人：经办人").Lacks("样例·issuer：")
	})
}

// Units and their posts.
func TestUnits(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newSite(t, d)
		const once = "abcdefghijklmnopqrstuvwxyz"
		fields := []string{"once", once, "parent", "青禾县市场监督管理局", "name", "青禾县市场监督管理局城关所", "tier", "town", "type", "department"}
		s.Post("system", at("units", "new"), "parent", "没有", "name", "x", "tier", "town", "type", "other").Is(wrong, "没有这个单位")
		s.Post("system", at("units", "new"), "parent", iamtest.Market, "name", "x", "tier", "city", "type", "other").Is(conflict, "层级不能高于上级")
		s.Post("system", at("units", "new"), "parent", iamtest.Market, "name", "x", "tier", "town", "type", "other", "uscc", "123").Is(wrong, `href="#uscc"`)
		s.Post("system", at("units", "new"), "parent", iamtest.Market, "name", "x", "tier", "town", "type", "other", "sort", "很前").Is(wrong, `href="#sort"`)
		s.Post("security", at("units", "new"), fields...).Is(denied)
		made := s.Post("system", at("units", "new"), fields...)
		id := idOf(made, at("units"))
		s.open("system", made, "已新增", "城关所", "乡镇级", "还没有")
		s.Post("system", at("units", "new"), fields...).Is(conflict, "已存在") // the same form, sent again
		s.Get("audit", page.Asking(at("units"), "q", "城关")).Is(200, "城关所", "青禾县人民政府 › 青禾县市场监督管理局")
		s.Get("audit", page.Asking(at("units"), "parent", iamtest.Root)).Is(200, "青禾县自然资源局", "展开 1 个").Lacks("城关所")
		s.Get("clerk", at("units", "gaps")).Is(200, "城关所").Lacks("任命联系人")

		edit := at("units", id, "edit")
		s.Post("system", edit, "name", "青禾县市场监管所", "type", "department").Is(wrong, `href="#reason"`)
		s.open("system", s.Post("system", edit, "name", "青禾县市场监管所", "type", "department", "reason", "机构改革"), "已修改", "曾用名", "城关所")

		contact, reviewer := at("units", id, "posts", "contact"), at("units", id, "posts", "reviewer")
		s.Get("system", contact).Is(200, "任命联系人", "样例·clerk")
		s.Post("system", contact, "account", s.id("clerk")).Is(wrong, `href="#reason"`)
		s.Post("system", contact, "account", s.id("outsider"), "reason", "任命").Is(conflict, "须由本单位或上级单位的人员担任")
		s.Post("system", contact, "account", s.id("holder"), "reason", "任命").Is(conflict)
		s.Post("system", at("units", id, "posts", "king"), "account", s.id("clerk"), "reason", "任命").Is(wrong)
		s.open("system", s.Post("system", contact, "account", s.id("clerk"), "reason", "任命"), "已任命", "样例·clerk")
		s.Post("system", reviewer, "account", s.id("clerk"), "reason", "兼任").Is(conflict, "三个不同的人")
		s.Post("security", at("units", id, "posts", "contact", "dismiss"), "reason", "越权").Is(denied)
		s.open("system", s.Post("system", at("units", id, "posts", "contact", "dismiss"), "reason", "调离"), "已免去", "历任")
		s.Post("system", at("units", id, "posts", "contact", "dismiss"), "reason", "再免").Is(wrong)

		s.Post("system", at("units", iamtest.Market, "close"), "reason", "撤并").Is(conflict, "还有下级单位")
		s.Post("system", at("units", id, "close")).Is(wrong, `href="#reason"`)
		s.open("system", s.Post("system", at("units", id, "close"), "reason", "撤并"), "已停用").Lacks("新增下级单位")
		s.Post("system", at("units", id, "close"), "reason", "撤并").Is(conflict)
		s.Get("system", page.Asking(at("units"), "parent", iamtest.Market)).Is(200).Lacks("市场监管所")
		s.Get("system", page.Asking(at("units"), "parent", iamtest.Market, "closed", "1")).Is(200, "市场监管所")
	})
}

// A person's way: registered, found, given a link, moved, and gone.
func TestPeople(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newSite(t, d)
		fields := []string{"kind", "staff", "name", "赵试用", "username", "zhao", "org", "青禾县市场监督管理局", "phone", "13700137000", "citizen", iamtest.HolderCitizen}
		s.Post("system", at("people", "new"), "kind", "staff", "name", "赵试用", "username", "zhao").Is(wrong, `href="#org"`)
		s.Post("system", at("people", "new"), "kind", "king", "name", "赵试用", "username", "Z!", "phone", "1").Is(wrong, `href="#kind"`, `href="#username"`, `href="#phone"`)
		made := s.Post("system", at("people", "new"), fields...)
		id := idOf(made, at("people"))
		s.open("system", made, "赵试用", "137****7000", "还没有角色").Lacks("13700137000", iamtest.HolderCitizen)
		s.People["zhao"] = iam.Account{ID: id, Kind: iam.Staff}
		s.Post("system", at("people", "new"), fields...).Is(conflict, "用户名已被使用")

		s.Post("system", at("people"), "phone", "13700137000").Is(200, "赵试用").Lacks("样例·clerk", "phone=13700137000")
		s.Post("system", at("people"), "name", "赵试用").Is(200, "zhao").Lacks("people?name=", "&name=")
		s.Post("security", at("people"), "citizen", iamtest.HolderCitizen).Is(200, "zhao", "holder")
		s.Post("system", at("people"), "name", "赵试").Is(200, "没有找到")
		if a := s.Post("system", at("people"), "username", "zh"); !strings.HasPrefix(a.To(), page.Asking(at("people"), "username", "zh")) {
			t.Errorf("to %s", a.To())
		}
		s.Get("system", at("people")+"?name=%E8%B5%B5%E8%AF%95%E7%94%A8&phone=13700137000&username=zhao").Is(200, "zhao").Lacks(`value="赵试用"`, `value="13700137000"`)

		link := at("people", id, "link")
		s.Post("system", link, "purpose", "first").Is(wrong, `href="#reason"`)
		s.Post("system", link, "purpose", "recover", "reason", "越权").Is(denied)
		s.Post("system", at("people", s.id("system"), "link"), "purpose", "reset", "reason", "给自己").Is(denied)
		s.Post("system", link, "purpose", "first", "reason", "当面核实").Is(200, "链接只显示这一次", "https://zz.example/s/", "怎样交给本人")

		edit := at("people", id, "edit")
		s.Get("system", edit).Is(200, "137****7000").Lacks("13700137000")
		s.Post("system", edit, "name", "", "reason", "更正").Is(wrong, `href="#name"`)
		s.open("system", s.Post("system", edit, "name", "赵更名", "phone", "13600136000", "reason", "更正"), "赵更名", "136****6000")
		s.Post("security", edit, "name", "x", "reason", "越权").Is(denied)

		s.Post("security", at("people", id, "unlock")).Is(wrong, `href="#reason"`)
		s.open("security", s.Post("security", at("people", id, "unlock"), "reason", "本人来电核实"), "已解除锁定")
		s.Post("system", at("people", id, "unlock"), "reason", "越权").Is(denied)

		s.Post("system", at("people", id, "move"), "org", "没有", "reason", "调动").Is(wrong, `href="#org"`)
		s.open("system", s.Post("system", at("people", id, "move"), "org", iamtest.Land, "reason", "调动"), "青禾县自然资源局")
	})
}

// Who leaves hands over first.
func TestLeaving(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newSite(t, d)
		s.idle("heir", "样例·接手人", iamtest.Market)
		end, hand := at("people", s.id("clerk"), "close"), at("people", s.id("clerk"), "handover")
		s.Get("system", end).Is(200, "角色：经办人", "接手人的用户名").Lacks("停用账号</button>")
		s.Get("security", end).Is(200, "角色：经办人", "由系统管理员办理")
		s.Post("system", end, "reason", "离岗").Is(conflict, "未移交")
		held, err := s.Holdings(s.Ctx(t, "system"), s.id("clerk"))
		if err != nil || len(held) == 0 {
			t.Fatalf("%v %v", held, err)
		}
		item := held[0].Kind + "/" + held[0].ID
		s.Post("system", hand, "to", "nobody", "items", item, "reason", "离岗").Is(wrong, `href="#to"`)
		s.Post("system", hand, "to", "heir", "reason", "离岗").Is(wrong, `href="#items"`)
		s.Post("system", hand, "to", "heir", "items", item).Is(wrong, `href="#reason"`)
		s.Post("system", hand, "to", "clerk", "items", item, "reason", "给自己").Is(wrong, `href="#to"`)
		s.Post("system", hand, "to", "heir", "items", "grant/other", "reason", "别人的").Is(wrong, "没有要移交的某一项")
		s.Post("security", hand, "to", "heir", "items", item, "reason", "越权").Is(denied)
		s.Post("system", hand, "to", "heir", "items", item, "reason", "离岗").Is(200, "移交结果", "待安全管理员批准")
		s.Post("system", hand, "to", "heir", "items", item, "reason", "再移").Is(wrong)
		s.Get("security", at("grants")).Is(200, "样例·接手人：经办人")
		s.Get("system", end).Is(200, "没有要移交的事项")
		s.Post("system", end).Is(wrong, `href="#reason"`)
		s.open("system", s.Post("system", end, "reason", "离岗"), "已停用")
		s.Post("system", end, "reason", "再停").Is(conflict)
		s.Post("system", at("people", s.id("system"), "close"), "reason", "停自己").Is(conflict)
	})
}

// An application's secrets change over without a pause.
func TestClients(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newSite(t, d)
		fields := []string{"name", "样例窗口系统", "org", iamtest.Market, "scopes", "cert.read", "scopes", "kind.read", "orgs", "青禾县市场监督管理局\n" + iamtest.Land}
		s.Post("security", at("clients", "new"), "name", "x", "org", iamtest.Market).Is(wrong, `href="#scopes"`)
		s.Post("security", at("clients", "new"), "name", "x", "org", iamtest.Market, "scopes", "grant.approve").Is(wrong, `href="#scopes"`, "grant.approve")
		s.Post("security", at("clients", "new"), "name", "x", "org", "没有", "scopes", "kind.read").Is(wrong, `href="#org"`)
		s.Post("security", at("clients", "new"), "name", "x", "org", iamtest.Market, "scopes", "kind.read", "orgs", "没有").Is(wrong, `href="#orgs"`)
		s.Post("system", at("clients", "new"), fields...).Is(denied)
		s.Post("security", at("clients", "new"), fields...).Is(200, "密钥只显示这一次", "client_credentials")
		s.Post("security", at("clients", "new"), fields...).Is(conflict, "已有同名的应用")
		list, err := s.ClientsPage(s.Ctx(t, "security"), iam.ClientQuery{Text: "样例窗口系统"})
		if err != nil || len(list.Items) != 1 {
			t.Fatalf("%+v %v", list, err)
		}
		id := list.Items[0].ID
		s.Get("audit", at("clients", id)).Is(200, "查阅本单位证照", "青禾县自然资源局及其下级", "有效的密钥").Lacks("增加密钥</button>", "client_secret")
		s.Post("audit", at("clients", id, "secrets")).Is(denied)
		s.Post("security", at("clients", id, "secrets")).Is(200, "密钥只显示这一次")
		s.Post("security", at("clients", id, "secrets")).Is(conflict, "至多同时有 2 个")
		secrets, err := s.Secrets(s.Ctx(t, "security"), id)
		if err != nil || len(secrets) != 2 {
			t.Fatalf("%v %v", secrets, err)
		}
		old := at("clients", id, "secrets", secrets[0].ID, "end")
		s.Post("security", old).Is(wrong, `href="#reason"`)
		s.open("security", s.Post("security", old, "reason", "已换用新的"), "密钥已停用").Lacks(secrets[0].ID)
		s.Post("security", old, "reason", "再停").Is(wrong)
		s.Post("security", at("clients", s.App.ID, "secrets", secrets[1].ID, "end"), "reason", "别的应用的").Is(wrong)

		edit := at("clients", id, "edit")
		s.Get("security", edit).Is(200, `value="cert.read" checked`, iamtest.Land)
		s.Post("security", edit, "name", "x", "scopes", "kind.read").Is(wrong, `href="#reason"`)
		s.Post("security", edit, "name", "x", "scopes", "policy.approve", "reason", "加权").Is(wrong, `href="#scopes"`)
		s.open("security", s.Post("security", edit, "name", "样例窗口系统", "scopes", "kind.read", "orgs", iamtest.Market, "reason", "减权"), "已修改", "查看证照类型").Lacks("查阅本单位证照", "青禾县自然资源局")
		s.Post("security", at("clients", id, "close")).Is(wrong, `href="#reason"`)
		s.open("security", s.Post("security", at("clients", id, "close"), "reason", "下线"), "已停用")
		s.Post("security", edit, "name", "x", "scopes", "kind.read", "reason", "还想改").Is(conflict)
		s.Get("security", at("clients")).Is(200).Lacks("样例窗口系统")
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
		s.Get("system", policyPage).Is(200, now, "检查并比较")
		s.Post("system", policyPage, "roles", "version: [", "rules", string(rules), "look", "1").Is(wrong, `href="#roles"`)
		s.Post("system", policyPage, "roles", next, "rules", "permit (principal, action, resource);", "look", "1").Is(wrong, `href="#rules"`)
		s.Post("system", policyPage, "roles", strings.ReplaceAll(next, "\n", "\r\n"), "rules", string(rules), "look", "1").Is(200, "检查通过", "可能放宽", "共享查询")
		s.Get("security", at("policies")).Is(200).Lacks("第 " + number + " 版")
		s.Post("system", policyPage, "roles", next, "rules", string(rules)).Is(wrong, `href="#reason"`)
		s.Post("security", policyPage, "roles", next, "rules", string(rules), "reason", "越权").Is(denied)
		s.open("system", s.Post("system", policyPage, "roles", next, "rules", string(rules), "reason", "经办人需要共享查询"), "已起草", "待批准", "可能放宽", "自己起草的自己不能批准").Lacks(`id="approve"`)
		s.Post("system", policyPage, "roles", next, "rules", string(rules), "reason", "再来").Is(conflict, "已有一份待批准的策略")
		s.Get("security", Home).Is(200, "有一个版本待批准")
		decide := at("policies", number, "decide")
		s.Post("system", decide, "do", "approve", "reason", "自己批").Is(denied)
		s.Post("audit", decide, "do", "approve", "reason", "越权").Is(denied)
		s.Post("security", decide, "do", "approve").Is(wrong, `href="#approve-reason"`)
		s.Post("security", decide, "do", "maybe", "reason", "x").Is(wrong, "请选择批准或不批准")
		s.open("security", s.Post("security", decide, "do", "approve", "reason", "同意"), "已批准", "现行")
		s.Post("security", decide, "do", "approve", "reason", "再批").Is(conflict)
		for _, view := range []string{"roles", "permissions", "rules", "text", "other"} {
			s.Get("audit", page.Asking(at("policies", number), "view", view)).Is(200)
		}
		explain := at("policies", "explain")
		s.Get("system", page.Asking(explain, "who", "clerk", "permission", "share.query", "unit", iamtest.Market)).Is(200, "允许", "凭：经办人", "怎样得出的")
		s.Get("system", page.Asking(explain, "who", "clerk", "permission", "share.query", "unit", iamtest.Land)).Is(200, "拒绝", "授权单位不包括")
		s.Get("security", page.Asking(explain, "who", "clerk", "permission", "cert.reveal", "class", "敏感")).Is(200, "拒绝", "须先说明用途")
		s.Get("audit", page.Asking(explain, "who", s.id("issuer"), "permission", "cert.issue")).Is(200, "允许")
		s.Get("audit", page.Asking(explain, "who", s.App.ID, "permission", "cert.issue")).Is(200, "允许", "应用的授权范围")
		s.Get("audit", page.Asking(explain, "permission", "grant.approve")).Is(200, "拒绝")
		s.Get("audit", page.Asking(explain, "who", "nobody", "permission", "cert.issue")).Is(wrong, `href="#who"`)
		s.Get("system", page.Asking(explain, "who", "clerk", "permission", "cert.issue", "unit", "没有的")).Is(wrong, `href="#unit"`)
	})
}

// Reading in an emergency: alarmed about, short, and reviewed by another.
func TestGlasses(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newSite(t, d)
		glassPage := at("glasses", "new")
		s.Get("system", glassPage).Is(200, "发起即告警", "至少 10 个字")
		s.Post("system", glassPage, "org", iamtest.Market, "object", "cert/1", "reason", "太短").Is(wrong, `href="#reason"`, "至少 10 个字")
		s.Post("system", glassPage, "org", "没有", "object", "cert/1", "reason", "系统迁移后需要核对一份证照").Is(wrong, `href="#org"`)
		s.Post("security", glassPage, "org", iamtest.Market, "object", "cert/1", "reason", "系统迁移后需要核对一份证照").Is(denied)
		made := s.Post("system", glassPage, "org", iamtest.Market, "object", "cert/1", "reason", "系统迁移后需要核对一份证照")
		id := idOf(made, at("glasses"))
		s.open("system", made, "应急查阅已发起", "还剩", "结束应急查阅", "自己不能复核").Lacks(`id="review"`)
		s.Post("system", glassPage, "org", iamtest.Land, "object", "cert/2", "reason", "系统迁移后需要核对另一份").Is(conflict, "进行中")
		s.Get("security", Home).Is(200, "有进行中的")
		s.Get("audit", at("glasses")).Is(200, "进行中", "cert/1")
		review := at("glasses", id, "review")
		s.Post("system", review, "verdict", "proper", "reason", "自己复核").Is(denied)
		s.Post("security", review, "verdict", "maybe", "reason", "说不清").Is(wrong, `href="#verdict"`)
		s.Post("security", review, "verdict", "proper").Is(wrong, `href="#reason"`)
		s.open("system", s.Post("system", at("glasses", id, "close")), "应急查阅已结束", "待复核")
		s.Post("system", at("glasses", id, "close")).Is(conflict)
		s.open("security", s.Post("security", review, "verdict", "improper", "reason", "超出事由"), "已复核", "复核：不正当", "超出事由")
		s.Post("audit", review, "verdict", "proper", "reason", "改判").Is(conflict, "已复核")
		s.Get("security", at("glasses")).Is(200, "没有待复核的")
		s.Get("security", page.Asking(at("glasses"), "view", "all")).Is(200, "复核：不正当")
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
		s.Get("security", at("sessions")).Is(200, "样*", "青禾县市场监督管理局").Lacks("样例·clerk")
		list, _, err := s.Auth.OtherSessions(s.Ctx(t, "security"), "", 10)
		if err != nil || len(list) != 2 {
			t.Fatalf("%v %v", list, err)
		}
		end := at("sessions", list[0].ID, "end")
		s.Get("security", end).Is(200, "结束这个会话", list[0].Name)
		s.Post("security", end).Is(wrong, `href="#reason"`)
		s.Post("system", end, "reason", "越权").Is(denied)
		s.Post("security", at("sessions", "none", "end"), "reason", "没有").Is(wrong, "没有这个会话")
		s.open("security", s.Post("security", end, "reason", "疑似被他人使用"), "已结束")
		idOf(s.Post("security", end, "reason", "再来"), at("sessions")) // over is over
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
			s.Get("sub", path).Is(denied).Lacks("outsider")
		}
		for _, path := range []string{outsider, outsider + "/edit", outsider + "/link", outsider + "/close", at("grants", theirs), at("glasses", glass.ID)} {
			s.Get("sub", path).Is(missing).Lacks("样例·outsider")
		}
		for _, path := range []string{at("clients", app.ID), at("clients", app.ID, "edit"), at("clients", app.ID, "close"), at("grants", theirs), at("grants", theirs, "revoke"), at("glasses", glass.ID)} {
			s.Get("guard", path).Is(missing).Lacks("样例国土系统", "cert/9")
		}
		s.Get("sub", page.Asking(at("grants"), "state", "all", "account", s.id("outsider"))).Is(200).Lacks("样例·outsider")
		s.Get("sub", page.Asking(at("grants", "new"), "account", s.id("outsider"))).Is(denied).Lacks("样例·outsider")
		s.Get("sub", page.Asking(at("units"), "q", "自然资源")).Is(200, "没有找到")
		s.Get("sub", page.Asking(at("people"), "username", "outsider")).Is(200, "没有找到")

		s.Post("sub", land+"/edit", "name", "改名", "type", "other", "reason", "越权").Is(denied)
		s.Post("sub", land+"/close", "reason", "越权").Is(denied)
		s.Post("sub", at("units", "new"), "parent", iamtest.Land, "name", "x", "tier", "town", "type", "other").Is(denied)
		s.Post("sub", at("people", "new"), "kind", "staff", "name", "x", "username", "xx", "org", iamtest.Land).Is(denied)
		s.Post("sub", outsider+"/close", "reason", "越权").Is(missing)
		s.Post("sub", outsider+"/handover", "to", "inner", "items", "grant/1", "reason", "越权").Is(missing)
		s.Post("sub", at("people", ours.ID, "move"), "org", iamtest.Land, "reason", "送出去").Is(denied)
		s.Post("sub", at("grants", "new"), "account", ours.ID, "role", "clerk", "org", iamtest.Land, "reason", "越权").Is(denied)
		s.Post("sub", at("grants", "new"), "account", s.id("outsider"), "role", "clerk", "org", iamtest.Market, "reason", "越权").Is(denied)
		s.Post("guard", at("grants", theirs, "decide"), "do", "approve", "reason", "越权").Is(missing)
		s.Post("guard", at("clients", app.ID, "secrets")).Is(missing)
		s.Post("guard", at("clients", "new"), "name", "x", "org", iamtest.Market, "orgs", iamtest.Land, "scopes", "kind.read").Is(denied)
		s.Post("guard", outsider+"/unlock", "reason", "越权").Is(missing)
		s.Post("guard", at("glasses", glass.ID, "review"), "verdict", "proper", "reason", "越权").Is(missing)
		s.Post("sub", at("policies", "new"), "roles", "x", "rules", "", "reason", "一家独大").Is(denied)
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
					if a := s.Send(who, path, form, "Sec-Fetch-Site", from); a.Status != denied || !strings.Contains(a.Body, "其他网站") {
						t.Errorf("%s from %s: %d", path, from, a.Status)
					}
				}
			}
		}
		s.Get("security", at("grants", g)).Is(200, "待批准")
	})
}
