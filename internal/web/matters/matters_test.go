package matters

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"sidian/internal/catalogue"
	"sidian/internal/cert/certtest"
	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/item"
	"sidian/internal/matter"
	"sidian/internal/outbox"
	"sidian/internal/seal/sealtest"
	"sidian/internal/web/page"
	"sidian/internal/web/page/pagetest"
)

const (
	transport = "road_transport"
	itemCode  = "TRANSPORT-1"
	plainItem = "PLAIN-1"
)

type world struct {
	*certtest.World
	*pagetest.Site
	m     *matter.Service
	clerk context.Context
	who   catalogue.Holder
}

func newWorld(t *testing.T, d *db.DB) *world {
	t.Helper()
	c := certtest.New(t, d, transport, "business_license")
	w := &world{World: c, who: certtest.Example(t, transport).Holders[0]}
	items := &item.Service{DB: d, IAM: c.IAM, Catalogue: c.Catalogue}
	w.m = &matter.Service{DB: d, Catalogue: c.Catalogue, Items: items, Cert: c.Cert, Outbox: outbox.New()}
	pagetest.Must(t, w.m.Unlock(t.Context(), c.Keys))
	designer := c.Hire(t, "designer9", "designer", sealtest.Market)
	for code, name := range map[string]string{itemCode: "道路运输经营许可", plainItem: "道路运输信息变更"} {
		_, err := items.Create(designer, sealtest.Market, code, item.Content{Name: name, Type: "01", Tier: "4", Starts: "2026-01-01", Materials: []item.Material{{Name: "工商登记材料"}, {Name: "经营许可申请表"}}})
		pagetest.Must(t, err)
	}
	for _, b := range []item.Bound{{Role: item.Result, Kind: transport, Reason: "目录"}, {Role: item.Input, Kind: "business_license", Material: "工商登记材料", Exempt: true, Reason: "免提交"}} {
		_, err := items.Bind(designer, itemCode, b)
		pagetest.Must(t, err)
	}
	w.clerk = c.Hire(t, "clerk9", "clerk", sealtest.Market)
	people := map[string]context.Context{"clerk": w.clerk, "counter": c.Hire(t, "counter9", "counter", sealtest.Market), "reviewer": c.Hire(t, "reviewer9", "reviewer", sealtest.Market),
		"stranger": c.Hire(t, "stranger9", "clerk", sealtest.Land), "designer": designer}
	kit := pagetest.Kit(t)
	w.Site = pagetest.Serve(t, kit, pagetest.People{Service: c.IAM, By: people}, &Service{Kit: kit, IAM: c.IAM, Items: items, Cert: c.Cert, Matters: w.m})
	return w
}

func (w *world) form(caseNo string, pairs ...string) url.Values {
	v := url.Values{"item": {itemCode}, "unit": {sealtest.Market}, "case_no": {caseNo}, "type": {w.who.Type}, "id_type": {w.who.IDType}, "id": {w.who.ID}, "name": {w.who.Name}}
	for i := 0; i < len(pairs); i += 2 {
		v.Set(pairs[i], pairs[i+1])
	}
	return v
}

// A case is opened by who stands at the counter, is not closed without its
// certificate, which is named for it, and is closed with it.
func TestStory(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		w.Get("counter", Home).Is(200, "还没有办件", "受理办件")
		w.Get("reviewer", Home).Is(200, "还没有办件").Lacks("受理办件</a>")
		w.Get("counter", New).Is(200, "道路运输经营许可", "先选申请人要办的事项")
		w.Get("counter", New+"?q=没有的").Is(200, "没有可以受理的事项")
		w.Get("counter", page.Asking(New, "item", itemCode)).Is(200, "办结须有的证照", "免交", "工商登记材料", "经营许可申请表").Lacks(`id="material-1"`)
		w.Send("counter", New, w.form("")).Is(422, `href="#case_no"`)
		w.Send("counter", New, w.form("BJ-1", "id", "")).Is(422, `href="#id"`)
		w.Send("counter", New, w.form("BJ-1", "more", "工商登记材料")).Is(409, "免提交", `href="#materials"`)
		w.Send("counter", New, w.form("BJ-1", "materials", "99")).Is(422, `href="#materials"`)
		w.Send("counter", New, w.form("BJ-1", "unit", sealtest.Land)).Is(403)
		to := w.Send("counter", New, w.form("BJ-1", "materials", "1")).LeadsLike(Home + "/[a-z2-7]+.done=open")
		here, _, _ := strings.Cut(to, "?")
		w.Send("counter", New, w.form("BJ-1", "materials", "1")).Leads(here + "?done=there")
		w.Send("counter", New, w.form("BJ-1", "name", "别人")).Is(409, `href="#case_no"`)
		w.Get("counter", to).Is(200, "已受理", "还没有签发", "经营许可申请表", "办理中", "没有应用订阅")

		w.Post("counter", here+"/close").Is(409, "尚未为本件签发", "BJ-1", "不出证的")
		w.Post("counter", here+"/attach", "number", "").Is(422, `href="#number"`)
		w.Post("counter", here+"/attach", "number", "NONE-1").Is(422, "没有签发过这个编号")
		q := certtest.Example(t, transport)
		q.CaseNo = ""
		c, err := w.Cert.Issue(w.World.Client, q)
		pagetest.Must(t, err)
		w.Post("counter", here+"/attach", "number", c.Number).Leads(here + "?done=attach")
		w.Get("counter", here).Is(200, "已签发", "结果证照已齐", c.Identifier)
		w.Post("counter", here+"/end", "how", "withdrawn", "reason", "申请人撤回").Is(409, "已为本件签发证照")
		w.Post("counter", here+"/close").Leads(here + "?done=close")
		w.Get("reviewer", here).Is(200, "办结并出证", "不再改变").Lacks(`id="close"`, `id="attach"`, `id="end"`)
		w.Post("counter", here+"/close").Is(409, "此件已办结")
		w.Get("clerk", Home+"?state=closed").Is(200, "BJ-1", "办结并出证")
		w.Get("clerk", Home+"?state=open").Is(200, "没有符合条件的办件")
		w.Get("clerk", Home+"?case_no=BJ-1").Is(200, "BJ-1")
	})
}

// What ends without a certificate, and who is a person is shown masked.
func TestWithout(t *testing.T) {
	t.Parallel()
	w := newWorld(t, dbtest.New(t, "sqlite"))
	to := w.Send("clerk", New, w.form("P-1", "item", plainItem, "type", "person", "id_type", "111", "id", "110101199003074389", "name", "张三丰")).LeadsLike(Home + "/.*")
	here, _, _ := strings.Cut(to, "?")
	w.Get("clerk", here).Is(200, "没有结果证照").Lacks("110101199003074389", "张三丰", `id="attach"`)
	w.Get("clerk", Home).Lacks("张三丰")
	w.Post("clerk", here+"/end", "how", "", "reason", "撤回").Is(422, `href="#how"`)
	w.Post("clerk", here+"/end", "how", "refused", "reason", "").Is(422, `href="#reason"`)
	w.Post("clerk", here+"/end", "how", "refused", "reason", "联系 13800138000").Is(422, "不得写证件号码")
	w.Post("clerk", here+"/end", "how", "refused", "reason", "不符合条件").Leads(here + "?done=end")
	w.Get("clerk", here+"?done=end").Is(200, "不予许可", "不符合条件", "已办结，不出证")
}

// Who may not, from elsewhere, and what is not there.
func TestRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t, dbtest.New(t, "sqlite"))
	to := w.Send("clerk", New, w.form("R-1")).LeadsLike(Home + "/.*")
	here, _, _ := strings.Cut(to, "?")
	for who, status := range map[string]int{"designer": 403, "": 303} {
		w.Get(who, Home).Is(status)
		w.Get(who, here).Is(status)
		w.Get(who, New).Is(status)
	}
	w.Get("stranger", here).Is(404)
	w.Get("stranger", Home).Is(200).Lacks("R-1")
	w.Get("stranger", Home+"?unit="+sealtest.Market).Is(200).Lacks("R-1")
	w.Get("stranger", page.Asking(New, "item", itemCode)).Is(403)
	w.Get("clerk", page.Asking(New, "item", "NONE")).Is(404)
	w.Get("clerk", Home+"/none").Is(404)
	w.Get("clerk", Home+"?state=x").Is(422)
	w.Get("clerk", Home+"?cursor=!").Is(422)
	for _, act := range []string{"/attach", "/close", "/end"} {
		v := url.Values{"number": {"X"}, "how": {"refused"}, "reason": {"篡改"}}
		w.Send("stranger", here+act, v).Is(404)
		w.Send("reviewer", here+act, v).Is(403)
		w.Send("clerk", here+act, v, "Sec-Fetch-Site", "cross-site").Is(403)
	}
	w.Send("stranger", New, w.form("R-2")).Is(403)
	w.Do("clerk", http.MethodPost, New, "application/x-www-form-urlencoded", strings.NewReader(w.form("R-3").Encode()), "Sec-Fetch-Site", "cross-site").Is(403)
}
