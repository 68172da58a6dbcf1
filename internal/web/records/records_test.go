package records_test

import (
	"archive/zip"
	"bytes"
	"net/http"
	"net/url"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"sidian/internal/auditor"
	"sidian/internal/cert"
	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/iam"
	"sidian/internal/outbox"
	"sidian/internal/seal/sealtest"
)

// look makes a certificate that some saw, one changed and one tried to see.
func (o *office) look() *cert.Certificate {
	o.t.Helper()
	c := o.Issue(o.t, "business_license")
	_, err := o.World.Cert.Get(o.as("counter"), c.ID)
	must(o.t, err)
	_, err = o.World.Cert.Reveal(o.as("counter"), cert.RevealRequest{ID: c.ID, Keys: []string{cert.RevealHolder}, Purpose: "window", Reason: "窗口核对办件"})
	must(o.t, err)
	if _, err = o.World.Cert.Get(o.as("outsider"), c.ID); err == nil {
		o.t.Fatal("an outsider saw it")
	}
	o.chain()
	return c
}

var entryLink = regexp.MustCompile(`/console/audit/entries/[a-z0-9]+`)

// From a record to the persons, from a person to the records, and each entry
// with its proof.
func TestAudit(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := newOffice(t, d)
		c := o.look()
		object := "cert/" + c.ID

		o.page("audit", "/console/audit", "审计链完好", "最近的记录", "用印签发证照", "导出记录")
		o.page("audit", "/console/audit?object="+url.QueryEscape(object)+"&span=today", "查询结果", "显示未脱敏信息", "窗口服务", "窗口核对办件", "拒绝", "样例·counter", "青禾县市场监督管理局")
		o.page("audit", "/console/audit?action=cert.reveal", "显示未脱敏信息")
		o.lacks("another action", main(o.page("audit", "/console/audit?object="+object+"&action=seal.")), "窗口核对办件")
		reveal := o.page("audit", "/console/audit?action=cert.reveal&object="+object)
		entry := o.page("audit", entryLink.FindString(main(reveal)), "与审计链一致", "变更前", "链上位置", "窗口核对办件", "独立核验链首", "规范字节")
		o.verifies(entry)

		o.page("audit", "/console/audit/objects?object="+object, "营业执照", "先发生的在前", "用印签发证照", "拒绝", "青禾县自然资源局")
		o.page("audit", "/console/audit/lookback?object="+object, "样例·counter", "样例·outsider", "查阅 2 次", "未遂 1 次", "窗口服务", "窗口核对办件", "共 ")
		o.page("audit", "/console/audit/people/"+o.account("counter"), "样例·counter", "证照", "显示未脱敏信息", "窗口核对办件", "倒查")
		o.lacks("narrowed", main(o.page("audit", "/console/audit/people/"+o.account("counter")+"?object=seal/")), "显示未脱敏信息")
		o.page("audit", "/console/audit/people/"+o.account("counter")+"?to=2020-01-01", "没有审计记录")
	})
}

// verifies runs what the page says to run.
func (o *office) verifies(page string) {
	o.t.Helper()
	_, rest, _ := strings.Cut(page, `id="commands"`)
	_, rest, _ = strings.Cut(rest, ">")
	commands, _, _ := strings.Cut(rest, "</code>")
	unescape := strings.NewReplacer("&#43;", "+", "&gt;", ">", "&lt;", "<", "&#34;", `"`, "&amp;", "&", "&#39;", "'")
	sh := exec.Command("sh", "-e", "-c", unescape.Replace(commands))
	sh.Dir = o.t.TempDir()
	if out, err := sh.CombinedOutput(); err != nil || !strings.Contains(string(out), "Verified OK") {
		o.t.Errorf("the commands of the page: %v\n%s\n%s", err, out, commands)
	}
}

// What people hold in hand leads to the object; it never stands in an address
// unless it is an id.
func TestFind(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := newOffice(t, d)
		c := o.look()
		want := "/console/audit/lookback?object=" + url.QueryEscape("cert/"+c.ID)
		for name, what := range map[string]string{
			"number": c.Number, "identifier": c.Identifier, "code": c.Code, "address": "https://zz.example/v/" + c.Code + "?from=scan", "id": c.ID, "object": "cert/" + c.ID, "spaces": "  " + c.Number + " ",
		} {
			a := o.ask("audit", "/console/audit/find", url.Values{"to": {"lookback"}, "what": {what}})
			if a.code != http.StatusSeeOther || a.location != want {
				t.Errorf("%s: %d %s, want %s", name, a.code, a.location, want)
			}
		}
		a := o.ask("audit", "/console/audit/find", url.Values{"to": {"objects"}, "what": {"account/" + o.account("counter")}})
		if a.location != "/console/audit/objects?object="+url.QueryEscape("account/"+o.account("counter")) {
			t.Errorf("%d %s", a.code, a.location)
		}
		for _, what := range []string{"", "没有的编号", "x/y", "cert/", "'; drop table", strings.Repeat("长", 300), "a\x00b"} {
			a := o.ask("audit", "/console/audit/find", url.Values{"what": {what}})
			o.wants(a, "find "+what, http.StatusUnprocessableEntity, "没有找到这个对象", `aria-invalid="true"`)
		}
		// An auditor of another organisation finds neither it nor who saw it, beside their own.
		a = o.ask("inner", "/console/audit/find", url.Values{"what": {c.Number}})
		o.wants(a, "of others", http.StatusUnprocessableEntity, "没有找到")
		body := o.page("inner", want, "样例·outsider")
		o.lacks("of others", body, "样例·counter", "窗口核对办件")
	})
}

func TestSearchForm(t *testing.T) {
	t.Parallel()
	d := dbtest.New(t, "sqlite")
	o := newOffice(t, d)
	o.look()
	post := func(form url.Values) answer { return o.ask("audit", "/console/audit", form) }
	for name, c := range map[string]struct {
		form url.Values
		want string
	}{
		"all":      {url.Values{}, "/console/audit#found"},
		"person":   {url.Values{"person": {"counter"}}, "/console/audit?account=" + o.account("counter") + "#found"},
		"unit":     {url.Values{"unit": {"青禾县市场监督管理局"}}, "/console/audit?org=market#found"},
		"part":     {url.Values{"unit": {"市场监督"}}, "/console/audit?org=market#found"},
		"platform": {url.Values{"unit": {"平台"}, "span": {"7d"}}, "/console/audit?org=-&span=7d#found"},
	} {
		if a := post(c.form); a.code != http.StatusSeeOther || a.location != c.want {
			t.Errorf("%s: %d %s, want %s", name, a.code, a.location, c.want)
		}
	}
	// A text may be a name: it stands in no address.
	a := post(url.Values{"text": {"窗口核对"}})
	o.wants(a, "text", http.StatusOK, "窗口核对办件")
	// So may what stands for a user name.
	o.wants(post(url.Values{"person": {"无此人"}}), "nobody", http.StatusUnprocessableEntity, "没有这个用户名", "到“人员”")
	o.wants(post(url.Values{"unit": {"青禾县"}}), "several units", http.StatusUnprocessableEntity, "有多个单位", "请写全称")
	o.wants(post(url.Values{"unit": {"没有的局"}}), "no unit", http.StatusUnprocessableEntity, "没有名称含")
	for query, word := range map[string]string{
		"?from=yesterday": "日期应写作", "?span=ever": "没有这个时间范围", "?from=2026-05-02&to=2026-05-01": "结束时间应晚于起始时间", "?result=maybe": "可选",
		"?cursor=%27": "原样使用",
	} {
		a := o.ask("audit", "/console/audit"+query, nil)
		o.wants(a, query, http.StatusUnprocessableEntity, word)
	}
	o.wants(o.ask("inner", "/console/audit?org=market", nil), "foreign unit", http.StatusForbidden)
	o.page("audit", "/console/audit?account=nobody", "没有符合条件的审计记录")
	o.page("audit", "/console/audit?action=unknown.action", "unknown.action")
}

// A search goes on where it ended, with and without an address.
func TestSearchPages(t *testing.T) {
	t.Parallel()
	o := newOffice(t, dbtest.New(t, "sqlite"))
	for range 60 {
		_, err := o.World.Cert.List(o.as("counter"), cert.ListQuery{Number: "x"})
		must(t, err)
	}
	first := o.page("audit", "/console/audit?action=cert.list", "更早的记录")
	next := regexp.MustCompile(`rel="next" href="([^"]+)"`).FindStringSubmatch(first)
	if next == nil {
		t.Fatal("no next page")
	}
	second := o.page("audit", strings.ReplaceAll(next[1], "&amp;", "&"))
	for _, e := range entryLink.FindAllString(main(second), -1) {
		if strings.Contains(first, e) {
			t.Errorf("%s stands on both pages", e)
		}
	}
	a := o.ask("audit", "/console/audit", url.Values{"text": {"列出"}})
	o.wants(a, "text", 200, `name="cursor"`, `name="text" value="列出"`)
	if strings.Contains(a.body, "text=") {
		t.Error("a text stands in an address")
	}
}

func TestExport(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := newOffice(t, d)
		c := o.look()
		o.page("audit", "/console/audit/exports?object=cert/"+c.ID+"&span=7d&org=market&account="+o.account("counter"), "最近七天", "青禾县市场监督管理局", "counter", "manifest.json", "openssl dgst -sm3", "name=\"object\"")
		o.page("audit", "/console/audit/exports", "全部审计记录")
		good := url.Values{"object": {"cert/" + c.ID}, "format": {"csv"}, "reason": {"年度检查"}}
		a := o.ask("audit", "/console/audit/exports", good)
		o.wants(a, "export", http.StatusOK)
		if a.header.Get("Content-Type") != "application/zip" || !strings.Contains(a.header.Get("Content-Disposition"), "-csv.zip") || a.header.Get("Cache-Control") != "no-store" {
			t.Errorf("%v", a.header)
		}
		z, err := zip.NewReader(bytes.NewReader([]byte(a.body)), int64(len(a.body)))
		must(t, err)
		if _, err := z.Open("manifest.json"); err != nil {
			t.Error(err)
		}
		for name, change := range map[string][2]string{"no reason": {"reason", " "}, "format": {"format", "exe"}} {
			form := url.Values{}
			for k, v := range good {
				form[k] = v
			}
			form.Set(change[0], change[1])
			a := o.ask("audit", "/console/audit/exports", form)
			o.wants(a, name, http.StatusUnprocessableEntity, `aria-invalid="true"`, "有错误")
		}
		o.wants(o.ask("inner", "/console/audit/exports", url.Values{"org": {"market"}, "format": {"csv"}, "reason": {"试"}}), "foreign", http.StatusForbidden)
	})
}

func TestAlarms(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := newOffice(t, d)
		o.page("security", "/console/alarms", "没有待处置的告警")
		_, err := o.World.IAM.OpenGlass(o.as("system"), iam.GlassRequest{Org: sealtest.Market, Object: "cert/c1", Reason: "持证人在窗口等候，系统故障无法查阅"})
		must(t, err)
		o.happens(outbox.Event{Topic: auditor.Locked, Key: "x", Body: auditor.Event{Account: o.account("security")}})
		ids := map[string]string{}
		found, err := o.Service.Auditor.Alarms(o.as("security"), "", "", 0)
		must(t, err)
		for _, a := range found.Alarms {
			ids[a.Kind] = a.ID
		}
		body := o.page("security", "/console/alarms", "2 条待处置", "system", "青禾县市场监督管理局", "发起了应急查阅", "涉及您本人")
		o.lacks("a security administrator's page", body, "/console/audit/people")
		o.page("audit", "/console/alarms", "/console/audit/people/", "/console/audit/lookback")

		path := "/console/alarms/" + ids[auditor.Glass] + "/acknowledge"
		o.wants(o.ask("security", path, url.Values{"note": {" "}}), "no note", http.StatusUnprocessableEntity, "写明理由", `href="#note-`+ids[auditor.Glass])
		o.wants(o.ask("security", "/console/alarms/"+ids[auditor.Locked]+"/acknowledge", url.Values{"note": {"本人"}}), "own", http.StatusForbidden, "涉及本人")
		o.wants(o.ask("security", "/console/alarms/none/acknowledge", url.Values{"note": {"x"}}), "none", http.StatusNotFound)
		a := o.ask("security", path, url.Values{"note": {"已电话核实，查阅属实"}})
		if a.code != http.StatusSeeOther {
			t.Fatalf("%d %s", a.code, main(a.body))
		}
		o.page("security", a.location, "已处置")
		o.wants(o.ask("security", path, url.Values{"note": {"再来"}}), "again", http.StatusConflict, "已经处置")
		o.page("security", "/console/alarms?state=acknowledged", "已电话核实，查阅属实", "处置人")
	})
}

// Who may see which page; another site's page makes nobody write.
func TestWho(t *testing.T) {
	t.Parallel()
	o := newOffice(t, dbtest.New(t, "sqlite"))
	read, take := "audit inner", "audit inner"
	all := "audit inner security system counter issuer outsider supervisor"
	for path, c := range map[string]struct{ post, may string }{
		"/console/audit":                     {"", read},
		"/console/audit/objects":             {"", read},
		"/console/audit/lookback":            {"", read},
		"/console/audit/people/x":            {"", read},
		"/console/audit/exports":             {"", take},
		"/console/audit/entries/none":        {"", read},
		"/console/audit#post":                {"text=x", read},
		"/console/audit/check#post":          {"x=1", read},
		"/console/audit/find#post":           {"what=x", read},
		"/console/audit/exports#post":        {"reason=", take},
		"/console/alarms":                    {"", "audit inner security"},
		"/console/alarms/x/acknowledge#post": {"note=x", "audit inner security"},
		"/console/due":                       {"", all},
		"/console/due?view=unit":             {"", "counter issuer outsider supervisor"},
		"/console/due?org=land":              {"", "outsider supervisor"},
		"/console/due/rules":                 {"", all},
		"/console/due/history":               {"", "counter issuer outsider supervisor"},
		"/console/due/rules/new?code=x":      {"", "system"},
		"/console/due/rules/x":               {"", "system"},
		"/console/due/rules#post":            {"code=grant.decide", "system"},
		"/console/due/rules/x/end#post":      {"last=2030-01-01&reason=x", "system"},
		"/api/v1/due":                        {"", all},
		"/api/v1/due?org=market":             {"", "counter issuer supervisor"},
		"/api/v1/due/rules":                  {"", all},
	} {
		at, _, _ := strings.Cut(path, "#")
		for _, who := range strings.Fields(all + " nobody") {
			var form url.Values
			if c.post != "" {
				form, _ = url.ParseQuery(c.post)
			}
			a := o.ask(who, at, form)
			refused := a.code == http.StatusForbidden || a.code == http.StatusUnauthorized || a.code == http.StatusSeeOther && strings.HasPrefix(a.location, "/login")
			may := strings.Contains(" "+c.may+" ", " "+who+" ")
			if refused == may || a.code >= 500 {
				t.Errorf("%s by %s: %d %.300s\n%s", path, who, a.code, main(a.body), o.log)
			}
			if form == nil || !may {
				continue
			}
			if a := o.ask(who, at, form, "Sec-Fetch-Site", "cross-site", "Origin", "https://evil.example"); a.code != http.StatusForbidden {
				t.Errorf("%s by %s from another site: %d", path, who, a.code)
			}
		}
	}
}
