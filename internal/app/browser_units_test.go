package app_test

import (
	"bytes"
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"sidian/internal/seal"
	"sidian/kinds"
)

// jointKind is a kind that three units of three tiers seal, one after the other.
func jointKind(t *testing.T) fs.FS {
	t.Helper()
	out := fstest.MapFS{}
	list, err := fs.ReadDir(kinds.FS, "approval")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range list {
		b, err := fs.ReadFile(kinds.FS, "approval/"+e.Name())
		if err != nil {
			t.Fatal(err)
		}
		const one = "  - { role: issuer, kind: legal-name, page: 0, at: [128, 221, 42, 42] }\n"
		if e.Name() == "kind.yaml" {
			if !bytes.Contains(b, []byte(one)) {
				t.Fatal("the kind has another seal slot")
			}
			b = bytes.Replace(b, []byte(one), []byte(`  - { role: issuer, kind: legal-name, page: 0, at: [128, 221, 42, 42], order: 1 }
  - { role: 市级核准, kind: legal-name, page: 0, at: [80, 221, 42, 42], order: 2 }
  - { role: 省级核准, kind: legal-name, page: 0, at: [128, 172, 42, 42], order: 3 }
`), 1)
			b = bytes.Replace(b, []byte("11999999000000000Q006"), []byte("11999999000000000Q906"), 1)
			b = bytes.Replace(b, []byte("name: 准予行政许可决定书\n"), []byte("name: 三级联合许可决定书\n"), 1)
		}
		out["joint/"+e.Name()] = &fstest.MapFile{Data: bytes.ReplaceAll(b, []byte(`"approval"`), []byte(`"joint"`))}
	}
	return out
}

// TestBrowserThreeSeals: a clerk without a mouse collects and names who else seals;
// the reviewer sends it back once; the issuer asks for the seals; the county, the
// city and the province seal one after the other, and the last seal issues it.
func TestBrowserThreeSeals(t *testing.T) {
	o := enterOwn(t) // the kind is its own
	axe := axeSource(t)
	if _, err := o.Catalogue.Import(t.Context(), jointKind(t), "joint"); err != nil {
		t.Fatal(err)
	}
	if err := o.Cert.Entrust(t.Context(), "joint", "market"); err != nil {
		t.Fatal(err)
	}
	for keeper, unit := range map[string]string{"citykeeper": "cityauth", "provkeeper": "provauth"} {
		ctx := o.as(t, keeper)
		p, err := o.Seal.Search(ctx, seal.Query{Org: unit, Kind: seal.LegalName, State: seal.Effective})
		if err != nil || len(p.Items) == 0 {
			t.Fatalf("the seal of %s: %v", unit, err)
		}
		if _, err := o.Seal.PutRule(ctx, seal.Rule{Seal: p.Items[0].ID, Purpose: seal.Any, Asker: seal.AskAny, Levels: []string{seal.ByCustodian}, Max: 5, Until: time.Now().AddDate(1, 0, 0), Reason: "联合许可"}); err != nil {
			t.Fatal(err)
		}
	}
	as := func(user string) *tab { return o.open(t, view{width: 1440, user: user}) }
	clerk := as("clerk")
	clerk.visit("/console/issuing/new?kind=joint")
	clerk.wait("#collect")
	clerk.looks(axe, "three-collect")
	for _, x := range [][2]string{{"holders[0].type", "法人"}, {"holders[0].name", "青禾县样例旅行社有限公司"}, {"holders[0].id_type", "统一社会信用代码"}, {"holders[0].id", "91999999MA000X04X3"},
		{"fields.sxmc", "跨区域户外广告设置审批"}, {"fields.slh", "999999202611010001"}, {"fields.slrq", "2026-11-01"}, {"fields.xkyj", "《城市市容和环境卫生管理条例》第十一条"}, {"fields.xknr", "准予设置招牌三处"},
		{"valid_from", time.Now().Format(time.DateOnly)}, {"valid_to", time.Now().AddDate(2, 0, 0).Format(time.DateOnly)}, {"seals.市级核准", "示范市政务服务和大数据管理局"}, {"seals.省级核准", "样例省行政审批和政务信息管理局"}} {
		clerk.types(x[0], x[1])
	}
	clerk.enters(`#collect button[value=submit]`)
	clerk.until(`/^\/console\/issuing\/[a-z0-9]{20,}/.test(location.pathname)`)
	clerk.says("main", "待审核")
	at := eval[string](clerk, `location.pathname`)

	reviewer := as("reviewer")
	reviewer.visit(at)
	reviewer.says("main", "市级核准", "省级核准", "第 3 顺序用印")
	reviewer.fill(map[string]string{"reason": "招牌数量须与申请一致", "wrong.fields.xknr": "申请的是两处"})
	press(reviewer, "#return button")
	clerk.visit(at)
	clerk.says("main", "退回的理由", "申请的是两处")
	clerk.fill(map[string]string{"fields.xknr": "准予设置招牌二处"})
	clerk.enters(`#collect button[value=submit]`)
	clerk.until(`document.querySelector("main").innerText.includes("待审核")`)
	reviewer.visit(at)
	press(reviewer, "#pass button")

	issuer := as("issuer")
	issuer.visit(at)
	issuer.looks(axe, "three-ask")
	press(issuer, "#issue button")
	issuer.says("main", "已提请用印", "未到顺序")
	for i, keeper := range []string{"sealer", "citykeeper", "provkeeper"} {
		tb := as(keeper)
		tb.visit("/console/sealing")
		tb.looks(axe, "three-waiting")
		here := eval[string](tb, `[...document.querySelectorAll('main a[href^="/console/sealing/"]')].find(a => a.innerText.includes("三级联合许可决定书"))?.getAttribute("href") ?? ""`)
		if here == "" {
			t.Fatalf("%s finds nothing to seal\n%s", keeper, tb.where())
		}
		tb.visit(here)
		tb.drawn()
		tb.looks(axe, "three-seal-"+keeper)
		tb.approves(keeper, 0)
		issuer.visit(at)
		if i < 2 {
			issuer.says("main", "用印进度", "待审批")
		}
		issuer.looks(axe, "three-progress-"+itoa(i+1))
	}
	for end := time.Now().Add(patience); !strings.Contains(string(o.get(t, "issuer", at)), "/console/certificates/"); time.Sleep(100 * time.Millisecond) {
		if time.Now().After(end) {
			issuer.visit(at)
			t.Fatalf("sealed by all, it is not issued\n%s", issuer.where())
		}
	}
	certificate := certificateLink.FindString(string(o.get(t, "issuer", at)))
	issuer.visit(certificate)
	issuer.says("main", "有效", "三级联合许可决定书")
	issuer.drawn()
	issuer.looks(axe, "three-issued")
	if v, n := o.verdict(t, o.get(t, "issuer", certificate+"/file?format=ofd")); v != "valid" || n != 3 {
		t.Errorf("the certificate is %s with %d signatures", v, n)
	}
	phone := o.open(t, view{width: 360, elder: true})
	phone.visit(codeLink.FindString(string(o.get(t, "issuer", certificate))))
	phone.says("main", "青禾县市场监督管理局", "示范市政务服务和大数据管理局", "样例省行政审批和政务信息管理局")
	phone.looks(axe, "three-code")
}

// TestBrowserDaysPass: days go by. A certificate ends by itself when its validity
// is over; and from the day on which the authority to issue went to another unit
// that unit alone acts, on what the old one issued as well.
func TestBrowserDaysPass(t *testing.T) {
	enter(t)
	axe := axeSource(t)
	t.Parallel()
	o := enterLater(t)
	const old, next, title = "青禾县市场监督管理局", "青禾县自然资源局", "检验检测机构资质认定证书"
	issuer, land := o.open(t, view{width: 1440, user: "issuer"}), o.open(t, view{width: 1440, user: "land"})
	day := time.Now().AddDate(0, 0, 20)
	issuer.visit("/console/transfers/new?kind=inspection_body")
	issuer.fill(map[string]string{"successor": next, "from": day.Format(time.DateOnly), "basis": "青编办〔2026〕7号", "reason": "机构改革，职责划转"})
	issuer.looks(axe, "transfer-propose")
	press(issuer, "#propose button.first")
	at := eval[string](issuer, `location.pathname`)
	director := o.open(t, view{width: 1440, user: "director"})
	director.visit(at)
	director.says("main", old, next, "全部随之移交")
	director.looks(axe, "transfer-decide")
	director.fill(map[string]string{"decision": "agree", "reason": "与改革方案一致"})
	press(director, "#decide button.first")
	director.says("main", "已同意", "之前仍由"+old+"办理")

	one, code := o.someCertificate(t, "inspection_body")
	issuer.does(one, "suspend", map[string]string{"basis": "青市监决〔2026〕31号"})
	land.visit(one + "/actions/resume")
	land.says("main", "权限")
	ending, endingCode := o.endsSoon(t, "food_operation")
	phone := o.open(t, view{width: 360, elder: true})
	phone.visit(endingCode)
	phone.says(".verdict", "真实有效")

	o.to(day.Add(time.Hour))
	as := func(user string, width int64) *tab {
		return o.open(t, view{width: width, user: user, elder: width < 640})
	}
	issuer, land = as("issuer", 1440), as("land", 1440)
	issuer.visit(one + "/actions/resume")
	issuer.says("main", "权限")
	issuer.looks(axe, "transfer-old")
	issuer.visit("/console/new?kind=inspection_body")
	issuer.says("main", "不签发")
	land.does(one, "resume", map[string]string{"basis": "青自然资决〔2026〕1号"})
	land.says("main", "有效")
	land.looks(axe, "transfer-new")
	land.visit("/console/new?kind=inspection_body")
	land.says("main", title)
	land.wait("#issue")
	phone.visit(code)
	phone.says("main", "真实有效")
	phone.looks(axe, "transfer-code")

	phone.visit(endingCode)
	phone.says("main", "过期")
	phone.looks(axe, "expired-code")
	issuer.visit(ending)
	issuer.says("main", "过期")
	issuer.looks(axe, "expired")
}

// endsSoon is the page of a certificate of a kind whose validity is over in less
// than twenty days, and that of its code.
func (o *own) endsSoon(t *testing.T, kind string) (page, public string) {
	t.Helper()
	for _, page := range certificateLink.FindAllString(string(o.get(t, "county", "/console?kind="+kind)), -1) {
		text := string(o.get(t, "county", page))
		for n := range 20 {
			if strings.Contains(text, "至 "+time.Now().AddDate(0, 0, n).Format(time.DateOnly)) {
				return page, codeLink.FindString(text)
			}
		}
	}
	t.Fatalf("no certificate of kind %s ends soon", kind)
	return "", ""
}

// TestBrowserReplaced: a certificate that was lost is replaced by the same three
// people, and the old one says what took its place.
func TestBrowserReplaced(t *testing.T) {
	w := enter(t)
	axe := axeSource(t)
	t.Parallel()
	as := func(user string) *tab { return w.open(t, view{width: 1440, user: user}) }
	const firm = "青禾县样例换证信息有限公司"
	issuer := as("issuer")
	issuer.visit("/console/new?kind=business_license")
	values := licence()
	values["holders[0].name"], values["case_no"] = firm, "YL-REPLACE-1"
	issuer.fill(values)
	press(issuer, issueButton)
	was := eval[string](issuer, `location.pathname`)
	code := codeLink.FindString(string(w.get(t, "issuer", was)))

	clerk := as("clerk")
	clerk.visit("/console/corrections/new?certificate=" + was[strings.LastIndexByte(was, '/')+1:])
	clerk.fill(map[string]string{"action": "replace", "reason": "证照损毁，申请换证", "basis": "青市监换〔2026〕1号"})
	clerk.looks(axe, "replace-begin")
	clerk.enters("#correct button.first")
	clerk.wait("#collect")
	at := eval[string](clerk, `location.pathname`)
	clerk.enters(`#collect button[value=submit]`)
	clerk.until(`document.querySelector("main").innerText.includes("待审核")`)
	reviewer := as("reviewer")
	reviewer.visit(at)
	press(reviewer, "#pass button")
	issuer.visit(at)
	press(issuer, "#issue button")
	next := eval[string](issuer, `document.querySelector('main a[href^="/console/certificates/"]').getAttribute("href")`)
	issuer.visit(was)
	if next == was || !eval[bool](issuer, fmt.Sprintf(`!!document.querySelector('main a[href=%q]')`, next)) {
		t.Errorf("from the one that was replaced there is no way to %s", next)
	}
	issuer.looks(axe, "replaced-before")
	issuer.visit(next)
	issuer.says("main", "有效", firm)
	phone := w.open(t, view{width: 360, elder: true})
	phone.visit(code)
	if phone.looks(axe, "replaced-code"); strings.Contains(phone.text(".verdict"), "真实有效") {
		t.Errorf("what was replaced is said to be in force:\n%s", phone.text("main"))
	}
	phone.visit(codeLink.FindString(string(w.get(t, "issuer", next))))
	phone.says("main", "真实有效")
}
