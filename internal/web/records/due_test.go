package records_test

import (
	"net/http"
	"net/url"
	"regexp"
	"testing"

	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/due"
	"sidian/internal/iam"
	"sidian/internal/seal/sealtest"
	"sidian/workday"
)

func (o *office) promise(p due.Promise) {
	o.t.Helper()
	must(o.t, o.DB.Write(o.t.Context(), func(tx *db.Tx) error { _, err := o.due.Put(tx, p); return err }))
}

// What waits is shown to who does it, and to who oversees the unit; the rest see
// nothing of it.
func TestDue(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := newOffice(t, d)
		o.page("security", "/console/due", "没有待办")
		_, err := o.World.IAM.ProposeGrant(o.as("system"), iam.GrantRequest{Account: o.account("counter"), Role: "reviewer", Org: sealtest.Market, Reason: "顶岗"})
		must(t, err)
		o.promise(due.Promise{Topic: "password.expire", Object: "x", Account: o.account("counter"), Org: sealtest.Market, Title: "更换口令", Link: "/me/password"})
		o.promise(due.Promise{Topic: "account.handover", Object: "y", Permission: "seal.manage", Org: sealtest.Land, Title: "移交印章", Link: "/seals/y", Since: d.Now().AddDate(0, 0, -90)})

		o.page("security", "/console/due", "审批角色授权", "剩余", "工作日", "平台默认", "青禾县市场监督管理局", "您，或同权限的人员", "<a href=")
		counter := o.page("counter", "/console/due", "更换口令", `href="/me/password"`, "您本人")
		o.lacks("a counter's", counter, "审批角色授权", "移交印章")
		unit := o.page("counter", "/console/due?view=unit", "更换口令", "审批角色授权", "持有相应权限的人员")
		o.lacks("the unit's", unit, "移交印章", "/admin/grants/")
		all := o.page("supervisor", "/console/due?view=all", "移交印章", "超期", "更换口令", "指定的经办人员")
		o.lacks("the supervisor's", all, `href="/seals/y"`, `href="/me/password"`)
		o.page("supervisor", "/console/due?org=land", "移交印章", "青禾县自然资源局")
		o.lacks("the outsider's", main(o.page("outsider", "/console/due?view=all", "移交印章")), "更换口令", "审批角色授权")
		o.lacks("the system administrator's", main(o.page("system", "/console/due")), "审批角色授权", "移交印章", "更换口令")
		o.wants(o.ask("counter", "/console/due?org=land", nil), "foreign", http.StatusForbidden)
		o.wants(o.ask("counter", "/console/due?view=whole", nil), "no such view", http.StatusUnprocessableEntity)
		o.wants(o.ask("counter", "/api/v1/due?view=unit", nil, "Accept", "application/json"), "json", http.StatusOK, `"title":"更换口令"`, `"mine":true`, `"counts":{"mine":`)

		must(t, d.Write(t.Context(), func(tx *db.Tx) error { _, err := o.due.Keep(tx, "account.handover", "y"); return err }))
		_, err = o.due.Tick(t.Context())
		must(t, err)
		o.page("supervisor", "/console/due/history", "离岗人员移交", "超期 1", "0.0%", "天")
		o.lacks("history of others", o.page("counter", "/console/due/history", "审批角色授权", "100.0%"), "离岗人员移交")
		o.page("counter", "/console/due/history?from=2020-01&to=2020-02", "没有办结的事项")
		o.wants(o.ask("counter", "/console/due/history?from=2026", nil), "month", http.StatusUnprocessableEntity, "2026-11")
	})
}

var ruleLink = regexp.MustCompile(`/console/due/rules/[a-z0-9]{10,}`)

// A value is registered with its basis, and begins on its day; the old one stays.
func TestRules(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := newOffice(t, d)
		o.page("counter", "/console/due/rules", "审批角色授权", "平台默认", "法定", "豫政办〔2022〕101号", "现行", "请联系系统管理员")
		o.page("system", "/console/due/rules/new?code=grant.decide", "现行取值", "登记新的取值")
		o.wants(o.ask("system", "/console/due/rules/new?code=none", nil), "no such code", http.StatusNotFound)
		today := workday.DateOf(d.Now())
		form := func(change ...string) url.Values {
			v := url.Values{"code": {"grant.decide"}, "region": {"999999"}, "amount": {"1"}, "unit": {"workday"}, "from": {today.AddDays(1).String()}, "origin": {"local"},
				"basis": {"青禾县样例办发〔2026〕1号第三条"}, "reason": {"县里要求加快"}}
			for i := 0; i+1 < len(change); i += 2 {
				v.Set(change[i], change[i+1])
			}
			return v
		}
		for name, c := range map[string]struct {
			change []string
			word   string
		}{
			"no basis":        {[]string{"basis", " "}, "请写明依据"},
			"no reason":       {[]string{"reason", ""}, "请写明登记理由"},
			"past":            {[]string{"from", today.AddDays(-1).String()}, "不能早于今天"},
			"no day":          {[]string{"from", "明天"}, "日期应写作"},
			"looser":          {[]string{"code", "log.keep", "unit", "month", "amount", "1"}, "不得宽于"},
			"amount":          {[]string{"amount", "一"}, "应为整数"},
			"platform":        {[]string{"origin", "platform"}, "请选择来源"},
			"foreign region":  {[]string{"region", "410000"}, "本单位所在地区"},
			"whole country":   {[]string{"region", ""}, "本单位所在地区"},
			"no region":       {[]string{"region", "99x"}, "地区"},
			"unknown unit":    {[]string{"unit", "fortnight"}, "单位应为"},
			"order":           {[]string{"until", today.String()}, "停用日期不能早于起用日期"},
			"mass assignment": {[]string{"account", "x", "basis", ""}, "请写明依据"},
		} {
			o.wants(o.ask("system", "/console/due/rules", form(c.change...)), name, http.StatusUnprocessableEntity, c.word, "有错误")
		}
		a := o.ask("system", "/console/due/rules", form())
		if a.code != http.StatusSeeOther {
			t.Fatalf("%d %.3000s", a.code, main(a.body))
		}
		o.wants(o.ask("system", "/console/due/rules", form()), "the same again", http.StatusSeeOther)
		body := o.page("system", "/console/due/rules?done=put", "已登记", "待起用", "青禾县样例办发〔2026〕1号第三条", "999999")
		link := ruleLink.FindString(body)
		o.page("system", link, "县里要求加快", "停用这个取值", "system")
		o.wants(o.ask("system", link+"/end", url.Values{"last": {today.String()}, "reason": {""}}), "no reason", http.StatusUnprocessableEntity, "停用理由")
		o.wants(o.ask("system", link+"/end", url.Values{"last": {"?"}, "reason": {"x"}}), "no day", http.StatusUnprocessableEntity, "日期应写作")
		o.wants(o.ask("system", "/console/due/rules/grant.decide@@2000-01-01/end", url.Values{"last": {today.String()}, "reason": {"x"}}), "a shipped one", http.StatusConflict, "不能停用")
		a = o.ask("system", link+"/end", url.Values{"last": {today.String()}, "reason": {"不再执行"}})
		if a.code != http.StatusSeeOther {
			t.Fatalf("%d %.3000s", a.code, main(a.body))
		}
		o.page("system", "/console/due/rules?done=end", "已停用")
		o.page("audit", "/console/audit?action=due.", "登记时限", "停用时限", "不再执行", "拒绝")
	})
}
