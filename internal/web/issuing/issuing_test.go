package issuing_test

import (
	"context"
	"net/url"
	"strconv"
	"testing"

	"sidian/internal/catalogue"
	"sidian/internal/cert"
	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	domain "sidian/internal/issuing"
	"sidian/internal/issuing/issuingtest"
	"sidian/internal/seal/sealtest"
	"sidian/internal/web"
	"sidian/internal/web/issuing"
	"sidian/internal/web/page"
	"sidian/internal/web/page/pagetest"
)

type world struct {
	*issuingtest.World
	*pagetest.Site
}

func newWorld(t *testing.T, d *db.DB) *world {
	t.Helper()
	return siteOf(t, issuingtest.New(t, d))
}

func siteOf(t *testing.T, w *issuingtest.World) *world {
	t.Helper()
	kit := pagetest.Kit(t)
	pages := &web.Service{IAM: w.IAM, Catalogue: w.Catalogue, Cert: w.Cert, Kit: kit}
	s := &issuing.Service{Kit: kit, Web: pages, IAM: w.IAM, Catalogue: w.Catalogue, Cert: w.Cert, Issuing: w.Issuing,
		Beside: func(_ context.Context, draft string, own bool) []page.Link {
			return []page.Link{{Key: "beside", Label: "同时申领印章", Href: "/console/seal-wishes/" + draft}}
		}}
	people := map[string]context.Context{"clerk": w.Collector, "second": w.Second, "reviewer": w.Reviewer, "sealer": w.Sealer, "stranger": w.Stranger, "overseer": w.Overseer}
	return &world{w, pagetest.Serve(t, kit, pagetest.People{Service: w.IAM, By: people}, s)}
}

// form is what the collecting form gives for the example.
func form(w *world, t *testing.T, more ...string) url.Values {
	t.Helper()
	c := issuingtest.Content(t, issuingtest.Kind)
	return pagetest.Form(append([]string{"issuer", sealtest.Market,
		"holders[0].type", c.Holders[0].Type, "holders[0].id_type", c.Holders[0].IDType, "holders[0].id", c.Holders[0].ID, "holders[0].name", c.Holders[0].Name,
		"fields.dizhi", "青禾县南塘镇1号", "fields.jjlx", "有限责任公司", "fields.jyfw", "道路普通货物运输", "valid_from", "2026-01-05", "case_no", "BJ-5"}, more...)...)
}

const home = issuing.Home

// The story on the pages: half a form is kept, completed, sent back at a field,
// made good, passed and sealed, by three people.
func TestStory(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		w.Get("clerk", home).Is(200, "采集新证照", "这里是空的")
		w.Get("clerk", home+"/new").Is(200, "道路运输经营许可证")
		once := w.Get("clerk", home+"/new?kind="+issuingtest.Kind).Is(200, "提交审核", "照面内容").Between(`name="once" value="`, `"`)

		half := form(w, t, "once", once, "then", "submit")
		half.Del("fields.dizhi")
		w.Upload("clerk", home+"/new?kind="+issuingtest.Kind, half).Is(422, "还有", "必填")
		at := w.Upload("clerk", home+"/new?kind="+issuingtest.Kind, half).Is(422).Between(`action="`+home+"/", `/save"`)
		at = home + "/" + at
		list, err := w.Issuing.List(w.Collector, listAll)
		pagetest.Must(t, err)
		if len(list.Items) != 1 {
			t.Fatalf("the same form twice made %d drafts", len(list.Items))
		}

		w.Upload("clerk", at+"/save", form(w, t, "version", "1", "then", "submit")).Leads(at + "?done=submitted")
		w.Get("clerk", at+"?done=submitted").Is(200, "已提交审核", "由另一位审核人审核").Lacks(`action="`+at+`/save"`, `action="`+at+`/pass"`)
		w.Get("reviewer", home).Is(200, "待审核", "BJ-5", "剩余")
		w.Get("reviewer", at).Is(200, "审核通过", "退回补正", "逐项说明", "青禾县南塘镇1号")
		w.Post("reviewer", at+"/return", "version", "2", "reason", "").Is(422, "必填")
		w.Post("reviewer", at+"/return", "version", "2", "reason", "地址与登记的不一致", "wrong.fields.dizhi", "请写到门牌号").Leads(at + "?done=returned")
		w.Get("clerk", at).Is(200, "地址与登记的不一致", "请写到门牌号", "提交审核", `id="beside"`, "同时申领印章")
		w.Get("reviewer", at).Is(200).Lacks(`id="beside"`)
		w.Get("clerk", home).Is(200, "已退回")
		w.Get("clerk", home+"?only=returned").Is(200, "已退回", "BJ-5")
		w.Get("clerk", home+"?only=late").Is(200, "没有符合条件的").Lacks("BJ-5")
		w.Get("clerk", home+"?only=others").Is(422)
		again := form(w, t, "version", "2", "then", "submit")
		again.Set("fields.dizhi", "青禾县南塘镇1号院3幢")
		w.Upload("second", at+"/save", again).Leads(at + "?done=submitted")
		w.Post("reviewer", at+"/pass", "version", "2").Is(409, "保存为第 3 版")
		w.Post("reviewer", at+"/pass", "version", versionNow(t, w)).Leads(at + "?done=passed")
		w.Post("sealer", at+"/issue", "version", versionNow(t, w)).Leads(at + "?done=issued")
		w.Post("sealer", at+"/issue", "version", versionNow(t, w)).Leads(at + "?done=issued")
		w.Get("sealer", at+"?done=issued").Is(200, "已签发", "查看证照").Lacks("青禾县南塘镇")
		w.Get("clerk", home+"?view=ended").Is(200, "已签发")
	})
}

var listAll = domain.Query{View: domain.ViewAll}

func versionNow(t *testing.T, w *world) string {
	t.Helper()
	list, err := w.Issuing.List(w.Collector, listAll)
	pagetest.Must(t, err)
	return strconv.Itoa(list.Items[0].Version)
}

// What two clerks typed is not lost, and who may not is refused.
func TestRefusals(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		x := w.Draft(t)
		at := home + "/" + x.ID
		w.Upload("clerk", at+"/save", form(w, t, "version", "1", "then", "save")).Leads(at + "?done=saved")
		mine := form(w, t, "version", "1", "then", "save")
		mine.Set("fields.jyfw", "道路旅客运输")
		w.Upload("second", at+"/save", mine).Is(409, "样例·collector于", "保存为第 2 版", "道路旅客运输", "与最新版不同", `name="version" value="2"`)
		w.Upload("clerk", at+"/save?look=1", form(w, t, "version", "2")).Is(200, "照面")
		w.Upload("clerk", home+"/preview?kind="+issuingtest.Kind, form(w, t)).Is(200, "pages")

		for _, path := range []string{at, home + "/none"} {
			w.Get("stranger", path).Is(404)
		}
		w.Get("overseer", home).Is(403)
		w.Get("", home).Leads("/login?back=%2Fconsole%2Fissuing")
		w.Get("reviewer", home+"/new").Is(403)
		w.Get("stranger", home+"/new?kind="+issuingtest.Kind).Is(403, "不签发")
		w.Post("clerk", at+"/pass", "version", "2").Is(403)
		w.Post("clerk", at+"/issue", "version", "2").Is(403)
		w.Post("stranger", at+"/drop", "version", "2", "reason", "别的单位").Is(404)
		w.Send("clerk", at+"/drop", pagetest.Form("version", "2", "reason", "跨站"), "Sec-Fetch-Site", "cross-site").Is(403)
		w.Post("clerk", at+"/drop", "version", "2", "reason", "").Is(422, "必填")
		w.Post("clerk", at+"/drop", "version", "2", "reason", "申请人撤回").Leads(at + "?done=dropped")
		w.Get("clerk", at).Is(200, "已终止", "申请人撤回")
	})
}

type certRequest = cert.IssueRequest

func kindOf(t *testing.T, w *issuingtest.World) *catalogue.Kind {
	t.Helper()
	k, err := w.Catalogue.Get(t.Context(), issuingtest.Personal)
	pagetest.Must(t, err)
	return k
}

func mustKind(t *testing.T, w *world) *catalogue.Kind {
	t.Helper()
	k, err := w.World.Catalogue.Get(t.Context(), issuingtest.Kind)
	pagetest.Must(t, err)
	return k
}
