package issuing_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"sidian/internal/cert"
	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	domain "sidian/internal/issuing"
	"sidian/internal/issuing/issuingtest"
	"sidian/internal/pki/pkitest"
	"sidian/internal/seal/sealtest"
	"sidian/internal/web"
	"sidian/internal/web/issuing"
	"sidian/internal/web/page"
	"sidian/internal/web/page/pagetest"
)

// An incident from its report to the last thing that was owed, on the pages.
func TestIncidentPages(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		const at = issuing.Incidents
		w.Get("clerk", at).Is(200, "没有突发情况", "报告突发情况")
		w.Get("clerk", at+"/new").Is(200, "应急措施", `type="datetime-local"`)
		w.Post("clerk", at+"/new", "unit", sealtest.Market, "what", "", "measures", "窗口先收件", "began_at", "2026-01-05T08:00").Is(422, "必填", "窗口先收件")
		w.Post("clerk", at+"/new", "unit", sealtest.Market, "what", "断电", "measures", "先收件", "began_at", "昨天").Is(422, "应写作")
		began := page.In(d.Now().Add(-time.Hour)).Format("2006-01-02T15:04")
		id := strings.TrimSuffix(strings.TrimPrefix(w.Post("clerk", at+"/new", "unit", sealtest.Market, "what", "机房断电", "measures", "窗口先收件", "began_at", began).LeadsLike(at+"/[a-z0-9]+\\?done=declared"), at+"/"), "?done=declared")
		here := at + "/" + id
		w.Post("clerk", at+"/new", "unit", sealtest.Market, "what", "机房断电", "measures", "窗口先收件", "began_at", began).Is(409, "已有一件持续中")
		w.Get("overseer", here).Is(200, "机房断电", "持续中").Lacks(`action="` + here + `/clear"`)
		w.Get("stranger", here).Is(404)
		w.Post("stranger", here+"/clear").Is(404)
		w.Post("overseer", here+"/clear").Is(403)
		w.Post("clerk", here+"/owed", "operation", "issue", "kind", issuingtest.Kind, "about", "BJ-1").Leads(here + "?done=owed")
		w.Post("clerk", here+"/owed", "operation", "cancel", "about", "证 001").Leads(here + "?done=owed")
		w.Post("clerk", here+"/owed", "operation", "cancel", "about", "").Is(422, "必填")
		w.Send("clerk", here+"/clear", pagetest.Form(), "Sec-Fetch-Site", "cross-site").Is(403)
		w.Post("clerk", here+"/clear", "cleared_at", "").Leads(here + "?done=cleared")
		shown := w.Get("clerk", here).Is(200, "补办中", "剩余", "BJ-1", "补签发", "还有 2 项")
		owed := shown.Between(`name="owed"`, `</select>`)
		cancel := owed[strings.LastIndex(owed, `value="`)+7:]
		cancel = cancel[:strings.Index(cancel, `"`)]
		make := shown.Between("&owed=", `"`)
		w.Get("clerk", issuing.Home+"/new?kind="+issuingtest.Kind+"&owed="+make).Is(200, `name="owed" value="`+make+`"`)
		w.Upload("clerk", issuing.Home+"/new?kind="+issuingtest.Kind, form(w, t, "once", "make-up", "then", "save", "owed", make)).LeadsLike(issuing.Home + "/[a-z0-9]+\\?done=saved")
		w.Post("clerk", here+"/done", "owed", cancel, "note", "").Is(422, "必填")
		w.Post("clerk", here+"/done", "owed", cancel, "note", "已在旧系统注销").Leads(here + "?done=done")
		w.Get("clerk", here).Is(200, "已补办", "已在旧系统注销", "还有 1 项")
		w.Get("overseer", at).Is(200, "机房断电", "1 项")
	})
}

// A batch by table: the template comes back filled, what was late says by when it
// was due, and what was refused says why.
func TestOfflinePages(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		const at = issuing.Offline
		wednesday := time.Date(2026, 11, 18, 10, 0, 0, 0, time.FixedZone("Beijing", 8*3600))
		d.Now = func() time.Time { return wednesday }
		w.Get("clerk", issuing.Home).Is(200, at)
		w.Get("clerk", at).Is(200, "还没有离线批次")
		w.Get("clerk", at+"/new").Is(200, "证照种类", "道路运输经营许可证")
		push := at + "/new?kind=" + issuingtest.Kind
		w.Get("clerk", push).Is(200, "下载表格模板", `type="file"`)
		if a := w.Get("clerk", at+"/template?kind="+issuingtest.Kind); a.Status != 200 || !strings.HasPrefix(string(a.Raw), "PK") {
			t.Fatalf("the template: %d, %d bytes", a.Status, len(a.Raw))
		}
		w.Get("stranger", push).Is(403, "不签发")
		w.Get("reviewer", push).Is(403)
		c := issuingtest.Content(t, issuingtest.Kind)
		line := func(ref, finished, more string) string {
			return strings.Join([]string{ref, finished, "BJ-1", c.Holders[0].Name, c.Holders[0].ID, "2026-01-05", "青禾县南塘镇1号", "有限责任公司", "道路普通货物运输"}, ",") + more + "\n"
		}
		const head = "流水号,业务办结时间,办件编号,持证主体名称,持证主体代码,有效期起,地址,经济类型,经营范围\n"
		send := func(who, text string) pagetest.Answer {
			return w.Upload(who, push, pagetest.Form("unit", sealtest.Market), pagetest.Chosen("file", "a.csv", []byte(text)))
		}
		w.Upload("clerk", push, pagetest.Form("unit", sealtest.Market)).Is(422, "请选择文件")
		send("clerk", "PK\x03\x04broken").Is(422)
		send("clerk", head+line("LX-1", "昨天", "")).Is(422, "业务办结时间应写作")
		send("stranger", head+line("LX-1", "2026-11-17 15:00", "")).Is(403)
		to := send("clerk", head+line("LX-1", "2026-11-17 15:00", "")+line("LX-2", "2026-11-16 08:00", "")).LeadsLike(at + "/[a-z0-9]+\\?done=pushed")
		w.Get("clerk", to).Is(200, "已收到离线批次", "LX-1", "按时", "推送超时", "最迟应于", "推送超时 1 件", "待审核")
		w.Get("reviewer", strings.TrimSuffix(to, "?done=pushed")).Is(200, "LX-2")
		w.Get("stranger", strings.TrimSuffix(to, "?done=pushed")).Is(404)
		send("clerk", head+line("LX-1", "2026-11-17 15:00", "")+line("LX-3", "2026-11-30 08:00", "")).Is(200, "没有收的", "LX-3", "不能晚于现在", "以前已收 1 件")
		w.Get("clerk", at).Is(200, "未收 1 件", "推送超时 1 件")
	})
}

// A holder applies on the phone, follows the progress and takes back; staff see
// where it comes from.
func TestOwnPages(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		const at = issuing.Own
		x := issuingtest.New(t, d, issuingtest.Personal)
		c := issuingtest.Content(t, issuingtest.Personal)
		kit := pagetest.Kit(t)
		pages := &web.Service{IAM: x.IAM, Catalogue: x.Catalogue, Cert: x.Cert, Kit: kit}
		s := &issuing.Service{Kit: kit, Web: pages, IAM: x.IAM, Catalogue: x.Catalogue, Cert: x.Cert, Issuing: x.Issuing}
		people := map[string]context.Context{"me": x.Holder(t, "me", c.Holders[0].Name, c.Holders[0].ID), "other": x.Holder(t, "other", "李样例", "999999199008230281"), "clerk": x.Collector}
		w := pagetest.Serve(t, kit, pagetest.People{Service: x.IAM, By: people}, s)
		w.Get("", at).LeadsLike("/login.*")
		w.Get("clerk", at).Is(403)
		w.Get("me", at).Is(200, "还没有申领", "申领证照")
		w.Get("me", at+"/new").Is(200, "医师")
		apply := at + "/new?kind=" + issuingtest.Personal
		w.Get("me", apply).Is(200, c.Holders[0].ID, "提交申领").Lacks("办件编号", "有效期起")
		w.Get("me", at+"/new?kind=none").Is(404)
		values := web.ValuesOf(kindOf(t, x), requestOf(c))
		form := pagetest.Form("unit", sealtest.Market)
		for name, v := range values {
			form.Set(name, v)
		}
		w.Upload("other", apply, form).Is(403, "只能申领本人")
		to := w.Upload("me", apply, form).LeadsLike(at + "/[a-z0-9]+\\?done=applied")
		here := strings.TrimSuffix(to, "?done=applied")
		w.Get("me", to).Is(200, "申领已提交", "签发单位核对", "撤回")
		w.Upload("me", apply, form).Is(409, "正在办理")
		w.Get("other", here).Is(404)
		w.Post("other", here+"/withdraw").Is(404)
		w.Get("clerk", issuing.Home).Is(200, "网上申领")
		w.Post("me", here+"/withdraw").Leads(here + "?done=withdrawn")
		w.Get("me", here).Is(200, "已撤回").Lacks(`action="` + here + `/withdraw"`)
		w.Get("me", at).Is(200, "已撤回")
	})
}

// A correction on the pages: found by its number, prefilled, compared, revealed
// with a reason, issued.
func TestCorrectPages(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		now := time.Now()
		d.Now = func() time.Time { return now }
		w := newWorld(t, d)
		old := w.World.World.Issue(t, issuingtest.Kind)
		const at = issuing.Corrections + "/new"
		w.Get("clerk", issuing.Home).Is(200, at)
		w.Get("clerk", at+"?number="+old.Number).Is(200, "certificate="+old.ID)
		w.Get("clerk", at+"?number=none").Is(200, "没有这个编号")
		here := at + "?certificate=" + old.ID
		w.Get("clerk", here).Is(200, "更正", "变更", "换证", "依据")
		w.Get("reviewer", here).Is(403)
		w.Post("clerk", here, "action", "correct", "reason", "", "basis", "第四十九条").Is(422, "必填", "第四十九条")
		to := w.Post("clerk", here, "action", "correct", "reason", "办件 8 号，地址有误", "basis", "第四十九条").LeadsLike(issuing.Home + "/[a-z0-9]+\\?done=correcting")
		draft := strings.TrimSuffix(to, "?done=correcting")
		w.Post("second", here, "action", "change", "reason", "办件 9 号，地址变更", "basis", "第四十九条").Is(409, "正在办理", strings.TrimPrefix(draft, issuing.Home+"/"))
		w.Get("clerk", to).Is(200, "已按现行证照填好", old.Number, "还没有改动")
		x, err := w.Issuing.Get(w.Collector, strings.TrimPrefix(draft, issuing.Home+"/"))
		pagetest.Must(t, err)
		content := web.ValuesOf(mustKind(t, w), requestOf(*x.Content))
		changed := pagetest.Form("version", "1", "then", "submit")
		for name, v := range content {
			changed.Set(name, v)
		}
		changed.Set("fields.dizhi", "青禾县南塘镇更正路9号")
		w.Upload("clerk", draft+"/save", changed).Leads(draft + "?done=submitted")
		w.Get("reviewer", draft).Is(200, "改动对照", "地址", "办件 8 号，地址有误", "现行版本")
		w.Post("reviewer", draft+"/reveal", "reason", "").Is(422, "必填")
		w.Post("reviewer", draft+"/reveal", "reason", "核对改动").Is(200, "改动已完整显示", "青禾县南塘镇更正路9号")
		w.Post("stranger", draft+"/reveal", "reason", "核对改动").Is(404)
		w.Post("reviewer", draft+"/pass", "version", "2").Leads(draft + "?done=passed")
		w.Post("sealer", draft+"/issue", "version", "2").Leads(draft + "?done=issued")
		w.Get("clerk", here).Is(200, "不能再变更").Lacks(`id="correct"`)

		next := issuing.Corrections + "/new?certificate=" + w.World.World.Issue(t, issuingtest.Kind).ID
		w.Get("clerk", next).Is(200, `id="correct"`)
		day := now.In(time.FixedZone("CST", 8*3600)).Format(time.DateOnly)
		tr, err := w.Cert.ProposeTransfer(w.Sealer, cert.TransferRequest{Kind: issuingtest.Kind, Issuer: sealtest.Market, Successor: sealtest.Land, From: day, Basis: "机构改革方案", Reason: "职责划转"})
		pagetest.Must(t, err)
		_, err = w.Cert.DecideTransfer(w.Hire(t, "manager", "manager", pkitest.Root), tr.ID, true, "同意划转")
		pagetest.Must(t, err)
		w.Get("clerk", next).Is(403, "自 "+day+" 起已移交“青禾县自然资源局”").Lacks("不包括该单位")
		w.Post("clerk", next, "action", "correct", "reason", "办件 8 号", "basis", "第四十九条").Is(403, "已移交")
		w.Get("reviewer", next).Is(403).Lacks("移交") // never might
		w.Get("stranger", next).Is(200, `id="correct"`)
	})
}

func requestOf(c domain.Content) (q certRequest) {
	q.Holders, q.Fields, q.ValidFrom, q.ValidTo = c.Holders, c.Fields, c.ValidFrom, c.ValidTo
	return q
}
