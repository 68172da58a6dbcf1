package bound

import (
	"context"
	"net/url"
	"slices"
	"strings"
	"testing"

	"sidian/internal/bound"
	"sidian/internal/bound/boundtest"
	"sidian/internal/cert"
	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/httpx"
	"sidian/internal/sealapply/sealapplytest"
	"sidian/internal/web/page/pagetest"
	applypages "sidian/internal/web/sealapply"
)

var must = pagetest.Must

type site struct {
	*boundtest.World
	*pagetest.Site
	t      *testing.T
	people map[string]context.Context
}

func newSite(t *testing.T, d *db.DB) *site {
	t.Helper()
	w, kit := boundtest.New(t, d), pagetest.Kit(t)
	people := map[string]context.Context{"clerk": w.Collector, "designer": w.Designer, "system": w.System, "maker": w.Maker, "reviewer": w.Reviewer,
		"agent": w.Agent, "stranger": w.Stranger, "land": w.World.Stranger}
	apply := &applypages.Service{Kit: kit, Apply: w.Apply, Seal: w.Seal, IAM: w.IAM, Bound: w.Bound}
	must(t, apply.Load())
	s := &Service{Kit: kit, Bound: w.Bound, IAM: w.IAM, Catalogue: w.Catalogue}
	return &site{World: w, people: people, t: t, Site: pagetest.Serve(t, kit, pagetest.People{Service: w.IAM, By: people}, s, func(r *httpx.Router) { apply.Routes(r) })}
}

// The way of an enterprise on the pages: the clerk ticks, the agent takes on one
// page, staff follow.
func TestPages(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newSite(t, d)
		s.Get("clerk", Home).Is(200, "没有同步发放", "绑定规则")
		s.Get("agent", applypages.Offers).Is(200, "没有可以同步申领的印章")
		draft := s.Drafted(t)
		wish := Wishes + "/" + draft.ID
		s.Get("clerk", wish).Is(200, "同时申领企业印章", "经办人姓名")
		s.Send("clerk", wish, url.Values{"agent_name": {"王样例"}, "agent_citizen": {"1"}}).Is(422, "不是有效的公民身份号码", `href="#agent_citizen"`)
		s.Get("land", wish).Is(404)
		s.Send("clerk", wish, url.Values{"agent_name": {boundtest.AgentName}, "agent_citizen": {boundtest.AgentCitizen}}).Is(303)
		s.Get("clerk", wish+"?done=wished").Is(200, "已选择同时申领", "王**", "取消同时申领").Lacks(boundtest.AgentCitizen)
		s.Finish(t, draft)
		s.Drain(t)
		s.Get("system", Home+"?state=open").Is(200, "登记企业", "待申领")
		mine, err := s.Bound.Mine(s.Agent)
		must(t, err)
		id := mine.Items[0].ID
		own, at := applypages.Offers+"/"+id, Home+"/"+id
		s.Get("agent", applypages.Offers).Is(200, "去申领", "企业印章", "青禾县样例信息技术有限公司")
		s.Get("stranger", own).Is(404)
		s.Get("agent", own).Is(200, "是否同时申领企业印章", "企业还没有在平台登记", "以后再说").Lacks(`id="take"`)
		s.Get("system", at).Is(200, "登记为用章单位", "按证照登记")
		s.Send("clerk", at+"/register", nil).Is(403)
		s.Send("system", at+"/register", nil).Is(303)
		s.Get("agent", own).Is(200, "企业还没有可以保管印章的人")
		o, err := s.Bound.Get(s.Agent, id)
		must(t, err)
		s.people["boss"] = s.Hire(t, "boss", "custodian", o.Org)
		form := s.Get("agent", own).Is(200, `id="take"`, "周试用", o.Code, "样例·boss", "营业执照").Lacks(`name="fields.org_name"`, `name="fields.uscc"`, `name="fields.legal_person"`)
		version := form.Between(`name="version" value="`, `"`)
		s.Upload("agent", own+"/take", url.Values{"version": {version}}).Is(422, "必填", "必须上传", "请阅读并勾选声明", `href="#a-application"`)
		s.Upload("stranger", own+"/take", url.Values{"version": {version}}).Is(404)
		filled := url.Values{"version": {version}, "fields.handler": {boundtest.AgentName}, "fields.handler_phone": {"13800138000"}, "fields.use": {"对外经营"}, "width": {"42"}, "height": {"42"}, "agree": {"1"}}
		filled.Set("custodian", sealapplytest.Account(s.people["boss"]))
		files := []pagetest.File{pagetest.Chosen("file.application", "申请.pdf", sealapplytest.PDF("a")), pagetest.Chosen("file.form", "表.pdf", sealapplytest.PDF("b")), pagetest.Chosen("file", "印模.png", sealapplytest.Imprint(t, "样例印模"))}
		to := s.Upload("agent", own+"/take", filled, files...).Is(303).To()
		if !strings.HasPrefix(to, applypages.Wallet+"/") {
			t.Fatalf("taking leads to %s", to)
		}
		s.Upload("agent", own+"/take", filled, files...).Is(409)
		s.Get("agent", own).Is(200, "正由县级审核", "查看印章申请").Lacks(`id="take"`)
		o, err = s.Bound.Get(s.Agent, id)
		must(t, err)
		s.Get("reviewer", "/console/seal-applications/"+o.Application).Is(200, "与所依据的证照一致", o.Identifier)
		s.Pass(t, o)
		s.Filed(t, o)
		s.Get("clerk", Home+"?state=done").Is(200, "已发放", "近一年", o.Code)
		_, err = s.Cert.Act(s.Sealer, cert.ActRequest{ID: o.Certificate, Action: "revoke", Reason: "测试事由", Basis: "测试依据第一条"})
		must(t, err)
		s.Drain(t)
		s.Get("agent", own).Is(200, "待注销印章")
		s.Get("maker", at).Is(200, "注销印章", "吊销")
		s.Send("maker", at+"/cancel", nil).Is(422, "须填写理由")
		s.Send("maker", at+"/thaw", url.Values{"reason": {"恢复"}}).Is(409)
		s.Send("maker", at+"/cancel", url.Values{"reason": {"营业执照已吊销"}}).Is(303)
		s.Get("clerk", Home).Is(200, "已注销")
	})
}

// Rules, and what is refused.
func TestRules(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newSite(t, d)
		s.Get("clerk", Rules).Is(200, "平台默认", "营业执照", "冻结印章").Lacks("登记规则")
		s.Send("clerk", Rules, url.Values{"kind": {boundtest.Licence}}).Is(403)
		s.Get("designer", Rules).Is(200, "登记规则")
		put := url.Values{"kind": {boundtest.Licence}, "sort": {"none"}, "days": {"30"}, "basis": {"样例办法第三条"}, "reason": {"暂停试点"}}
		put.Set("fields", "no equals")
		s.Send("designer", Rules, put).Is(422, "没有等号")
		put.Set("fields", "legal_person=nothing")
		s.Send("designer", Rules, put).Is(422, "没有“nothing”这一项")
		put.Del("fields")
		s.Send("designer", Rules, put).Is(303)
		s.Get("designer", Rules+"?done=put").Is(200, "规则已登记", "不提供印章", "暂停试点")
		s.Licensed(t)
		s.Drain(t)
		list, err := s.Bound.List(s.Collector, bound.Query{})
		must(t, err)
		if len(list.Items) != 0 {
			t.Errorf("%d offers against the rule", len(list.Items))
		}
		draft := s.Drafted(t)
		s.Get("clerk", Wishes+"/"+draft.ID).Is(404, "不同步发放印章")
		put.Set("sort", bound.Enterprise)
		put.Set("fields", "legal_person=name")
		s.Send("designer", Rules, put).Is(303)
		o, _ := s.Offered(t)
		s.Send("agent", applypages.Offers+"/"+o.ID+"/later", nil).Is(303)
		s.Do("agent", "POST", applypages.Offers+"/"+o.ID+"/decline", "application/x-www-form-urlencoded", strings.NewReader(""), "Sec-Fetch-Site", "cross-site").Is(403)
		s.Send("agent", applypages.Offers+"/"+o.ID+"/decline", nil).Is(303)
		s.Send("agent", applypages.Offers+"/"+o.ID+"/decline", nil).Is(409)
		s.Get("agent", applypages.Offers+"/"+o.ID+"?done=declined").Is(200, "已谢绝")
		s.Get("land", Home+"/"+o.ID).Is(404)
		s.Get("land", Home).Is(200).Lacks(o.Code)
		s.Send("clerk", Home+"/"+o.ID+"/agent", url.Values{"agent_name": {boundtest.AgentName}, "agent_citizen": {boundtest.AgentCitizen}}).Is(409)
		if !slices.Contains(bound.States(), o.State) {
			t.Errorf("state %s", o.State)
		}
	})
}
