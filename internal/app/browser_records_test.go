package app_test

import (
	"net/url"
	"regexp"
	"strings"
	"testing"

	"sidian/internal/iam"
)

var entryLink = regexp.MustCompile(`/console/audit/entries/[a-z0-9]+`)

// From a masked field that somebody had shown, back from the record to the
// person, and from the person to all they saw.
func TestBrowserLookBack(t *testing.T) {
	o := enterOwn(t)
	clerk := o.open(t, view{width: 1440, user: "civil"})
	page := certificateLink.FindString(string(o.get(t, "civil", "/console?kind=marriage")))
	clerk.visit(page)
	number := eval[string](clerk, `[...document.querySelectorAll("dt")].find(e => e.innerText === "证照编号").nextElementSibling.innerText`)
	masked := eval[string](clerk, `[...document.querySelectorAll("dt")].find(e => e.innerText === "持证主体").nextElementSibling.innerText`)
	if !strings.Contains(masked, "*") {
		t.Fatalf("the holder is not masked: %s", masked)
	}
	clerk.click(`section[aria-labelledby="h-data"] details > summary`)
	clerk.click(`input[name=key][value=holder]`)
	clerk.fill(map[string]string{"purpose": "issue", "reason": "办件 YL-LOOK-1"})
	clerk.picture("reveal-form")
	clerk.click(`form[action$="/reveal"] button`)
	clerk.wait(".verdict")
	clerk.says(".verdict", "已显示，并已记入审计", "持证主体")
	if got := eval[string](clerk, `[...document.querySelectorAll("dt")].find(e => e.innerText === "持证主体").nextElementSibling.innerText`); strings.Contains(got, "*") {
		t.Errorf("the holder is still masked: %s", got)
	}
	clerk.fits()
	clerk.picture("revealed")
	clerk.visit(page)
	clerk.says("main", masked[:3])

	audit := o.open(t, view{width: 360, user: "audit", noScript: true})
	audit.visit("/console/audit/lookback")
	audit.fill(map[string]string{"what": "没有的编号"})
	audit.click("main button.first")
	audit.wait(".summary")
	audit.says(".summary", "没有找到这个对象", "没有登记过")
	audit.fill(map[string]string{"what": number})
	audit.click("main button.first")
	audit.until(`location.search.startsWith("?object=")`)
	audit.says("main", "责任倒查：结婚证", "样例·婚姻登记员", "办理证照", "办件 YL-LOOK-1", "显示未脱敏信息", "青禾县民政局")
	if strings.Contains(audit.path(), number) {
		t.Error("the number stands in the address")
	}
	audit.fits()
	audit.picture("lookback-found")
	audit.click(`section.card h2 a[href^="/console/audit/people/"]`)
	audit.until(`location.pathname.startsWith("/console/audit/people/")`)
	audit.says("main", "用户名", "证照", "查阅")
	audit.picture("person-found")
	audit.visit("/console/audit")
	audit.fill(map[string]string{"person": "civil", "action": "cert.reveal"})
	audit.click("form.search button")
	audit.until(`location.search.includes("account=")`)
	audit.says("main", "办件 YL-LOOK-1")
	audit.click(`tbody th a`)
	audit.until(`location.pathname.startsWith("/console/audit/entries/")`)
	audit.says("main", "显示未脱敏信息", "记录内容", "办理证照")
	audit.picture("entry-found")
	if !strings.HasPrefix(clerk.path(), "/console/certificates/") {
		t.Error(clerk.path())
	}
	clerk.visit("/console/audit")
	clerk.says("main", "审计")
	if strings.Contains(clerk.text("main"), "最近的记录") {
		t.Error("a clerk reads the audit")
	}
}

// Breaking the glass raises an alarm, which another administrator looks into.
func TestBrowserAlarm(t *testing.T) {
	o := enterOwn(t)
	if _, err := o.IAM.OpenGlass(o.as(t, "system"), iam.GlassRequest{Org: "market", Object: "cert/c1", Reason: "窗口系统故障，持证人等候核对"}); err != nil {
		t.Fatal(err)
	}
	tb := o.open(t, view{width: 1440, user: "security"})
	for range 40 {
		tb.visit("/console/alarms")
		if strings.Contains(tb.text("main"), "应急查阅") && strings.Contains(tb.text("h1"), "告警") && !strings.Contains(tb.text("main"), "没有待处置的告警") {
			break
		}
	}
	tb.says("main", "发起了应急查阅", "青禾县市场监督管理局", "应急查阅记录", "system")
	tb.says("title", "条待处置")
	tb.picture("alarm-open")
	tb.fill(map[string]string{"note": "已向窗口核实，查阅属实"})
	tb.click("article form button")
	tb.until(`location.search === "?done=1"`)
	tb.says(".verdict", "已处置")
	tb.visit("/console/alarms?state=acknowledged")
	tb.says("main", "已向窗口核实，查阅属实", "security")
	tb.picture("alarm-done")
}

// Every page of records at every width, in elder mode and the dark.
func TestBrowserRecordsPages(t *testing.T) {
	o := enterOwn(t)
	source := axeSource(t)
	page := certificateLink.FindString(string(o.get(t, "civil", "/console?kind=marriage")))
	object := "cert/" + page[strings.LastIndexByte(page, '/')+1:]
	if _, err := o.IAM.ProposeGrant(o.as(t, "system"), iam.GrantRequest{Account: o.account(t, "clerk"), Role: "reviewer", Org: "land", Reason: "借调"}); err != nil {
		t.Fatal(err)
	}
	entry := entryLink.FindString(string(o.get(t, "audit", "/console/audit?action=cert.issue&object="+url.QueryEscape(object))))
	if entry == "" {
		t.Fatal("no entry tells of the issue")
	}
	pages := []sight{
		{"audit", "audit", "/console/audit?span=7d"},
		{"audit-none", "audit", "/console/audit?account=nobody"},
		{"audit-wrong", "audit", "/console/audit?from=x"},
		{"audit-entry", "audit", entry},
		{"audit-object", "audit", "/console/audit/objects?object=" + object},
		{"audit-lookback", "audit", "/console/audit/lookback?object=" + object},
		{"audit-lookback-ask", "audit", "/console/audit/lookback"},
		{"audit-person", "audit", "/console/audit/people/" + o.account(t, "civil")},
		{"audit-export", "audit", "/console/audit/exports?span=30d&org=civil&action=cert."},
		{"alarms", "audit", "/console/alarms"},
		{"due", "security", "/console/due"},
		{"due-none", "clerk", "/console/due"},
		{"due-unit", "land", "/console/due?view=unit"},
		{"due-history", "land", "/console/due/history"},
		{"due-rules", "system", "/console/due/rules"},
		{"due-rule-new", "system", "/console/due/rules/new?code=grant.decide"},
		{"certificate-masked", "civil", page},
		{"certificate-for-a-purpose", "county", page},
	}
	o.tour(t, source, pages, everyView()...)
}
