package sealapply

import (
	"net/url"
	"strings"
	"testing"

	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/iam"
	"sidian/internal/seal"
	"sidian/internal/sealapply"
	"sidian/internal/sealapply/sealapplytest"
	"sidian/internal/web/page"
	"sidian/internal/web/page/pagetest"
)

// begin makes a draft of Market's legal-name seal, at the desk of its keeper.
func (s *site) begin() string {
	s.t.Helper()
	to := s.Send("keeper", Home+"/new", url.Values{"kind": {"apply"}, "org": {sealapplytest.Market}, "seal_kind": {seal.LegalName}, "reason": {"机构改革后新设"}}).Is(303).To()
	if !strings.HasSuffix(to, "/form") {
		s.t.Fatalf("the draft leads to %s", to)
	}
	return strings.TrimSuffix(to, "/form")
}

var typedForm = url.Values{"fields.legal_person": {"李样例"}, "fields.handler": {"王样例"}, "fields.handler_phone": {"13800138000"}, "fields.use": {"政务服务"}, "then": {"next"}}

// fillIn does all steps of a draft.
func (s *site) fillIn(at string) {
	s.t.Helper()
	name := sealapplytest.Name(sealapplytest.Market)
	s.Upload("keeper", at+"/form", typedForm, pagetest.Chosen("file.application", "书面申请.pdf", sealapplytest.PDF("a")), pagetest.Chosen("file.form", "申请表.pdf", sealapplytest.PDF("b"))).Is(303)
	s.Upload("keeper", at+"/imprint", url.Values{"width": {"42"}, "height": {"42"}}, pagetest.Chosen("file", "印模.png", sealapplytest.Imprint(s.t, name))).Is(303)
	shown := s.Get("keeper", at+"/imprint").Is(200, "42 × 42 毫米", "不得重新绘制", `width="42mm"`)
	s.Send("keeper", at+"/statement", url.Values{"agree": {"1"}, "version": {hidden(shown.Body, "version")}, "imprint": {hidden(shown.Body, "imprint")}}).Is(303)
}

// hidden is the value of a hidden control.
func hidden(body, name string) string {
	_, after, _ := strings.Cut(body, `name="`+name+`" value="`)
	v, _, _ := strings.Cut(after, `"`)
	return v
}

// TestStory goes the whole way: refused first and told why, corrected, three
// tiers, made, filed.
func TestStory(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newSite(t, d)
		s.Get("keeper", Home).Is(200, "还没有印章申请", "申请印章")
		s.Get("keeper", Home+"/new").Is(200, "要办什么", "续期", "到期前 30 天")
		s.Get("keeper", Home+"/new?kind=apply").Is(200, "法定名称章", "一个单位一枚", "青禾县市场监督管理局").Lacks("个人印章")
		s.Send("keeper", Home+"/new", url.Values{"kind": {"apply"}, "org": {sealapplytest.Market}}).Is(422, "没有这种印章", `href="#kind-legal-name"`, "请选择一种")
		at := s.begin()
		s.Get("keeper", at+"/form").Is(200, "申请表和材料", "青禾县市场监督管理局", "书面申请", "必填")
		s.Upload("keeper", at+"/form", url.Values{"fields.legal_person": {"李样例"}, "fields.handler_phone": {"12"}, "then": {"next"}}).Is(422, "11 位手机号码", `href="#f-handler_phone"`)
		s.Upload("keeper", at+"/form", url.Values{"fields.legal_person": {"李样例"}, "then": {"next"}}).Is(422, "已保存，还有必填的内容", `href="#a-application"`)
		s.Upload("keeper", at+"/form", url.Values{"fields.legal_person": {"李样例"}, "then": {"stay"}}, pagetest.Chosen("file.application", "x.pdf", []byte("MZ not a pdf"))).Is(422, "文件类型不符")
		s.Get("keeper", at+"/check").Is(200, "disabled", "项核验没有通过", "去“印模”更正", "还没有上传印模图像")
		s.Send("keeper", at+"/submit", nil).Is(409, "自动核验未通过")
		s.Get("county", at).Is(404)
		s.fillIn(at)
		s.Get("keeper", at+"/form").Is(200, "李*", "✓ 已上传", "书面申请.pdf").Lacks("李样例", "13800138000")
		s.Get("keeper", at+"/certificate").Is(200, "由本平台签发", "向外部电子认证服务机构申请")
		s.Send("keeper", at+"/certificate", url.Values{"mode": {"built-in"}, "then": {"next"}}).Is(303)
		s.Get("keeper", at+"/keeper").Is(200, "样例·keeper（您）", " checked")
		s.Send("keeper", at+"/keeper", url.Values{"other": {"nobody"}, "then": {"next"}}).Is(422, "没有这个用户名")
		s.Get("keeper", at+"/check").Is(200, "核验全部通过").Lacks("disabled")
		s.Send("keeper", at+"/submit", nil).Is(303)
		s.Send("keeper", at+"/submit", nil).Is(409) // pressed again

		s.Get("keeper", at+"?done=submitted").Is(200, "已提交", "正由县级（青禾县行政审批服务管理局）审核").Lacks("通过并报送")
		s.Get("county", Home).Is(200, "待我审核", "申请法定名称章：青禾县市场监督管理局", "剩余")
		shown := s.Get("county", at).Is(200, "县级审核", "通过并报送市级", "自动核验：全部通过", "书面申请.pdf", "李*")
		round := url.Values{"tier": {"county"}, "round": {hidden(shown.Body, "round")}}
		decide := func(more ...string) url.Values {
			v := url.Values{}
			for k := range round {
				v.Set(k, round.Get(k))
			}
			for i := 0; i+1 < len(more); i += 2 {
				v.Set(more[i], more[i+1])
			}
			return v
		}
		s.Send("county", at+"/review", decide("decision", "refuse")).Is(422, "须填写理由", `href="#opinion"`)
		s.Send("county", at+"/review", decide()).Is(422, "请选择通过或不通过")
		s.Send("county", at+"/review", decide("decision", "refuse", "opinion", "书面申请没有加盖公章")).Is(303)
		s.Get("keeper", at).Is(200, "没有通过的理由", "书面申请没有加盖公章", "更正后重新提交")
		s.Upload("keeper", at+"/form", url.Values{"remove": {fileOf(s.Get("keeper", at+"/form").Body)}}).Is(303)
		s.Upload("keeper", at+"/form", typedForm).Is(422, "必须上传")
		s.Upload("keeper", at+"/form", typedForm, pagetest.Chosen("file.application", "书面申请（盖章）.pdf", sealapplytest.PDF("c"))).Is(303)
		s.Send("keeper", at+"/submit", nil).Is(303)
		s.Send("county", at+"/review", decide("decision", "approve")).Is(409) // the round before
		for _, x := range []struct{ who, tier, word string }{{"county", "county", "通过并报送市级"}, {"city", "city", "通过并报送省级"}, {"prov", "province", "通过"}} {
			s.Get(x.who, at).Is(200, x.word)
			s.Send(x.who, at+"/review", url.Values{"tier": {x.tier}, "round": {"2"}, "decision": {"approve"}, "opinion": {"同意"}}).Is(303)
		}
		s.Get("county", at).Is(200, "各级审核均已通过", "制作")
		s.Send("county", at+"/make", nil).Is(303)
		s.Send("county", at+"/file", url.Values{"number": {strings.Repeat("9", 60)}}).Is(422, "备案号过长", `href="#number"`)
		s.Send("county", at+"/file", url.Values{"number": {"青印备〔2026〕7号"}}).Is(303)
		done := s.Get("keeper", at).Is(200, "印章已备案生效", "青印备〔2026〕7号", "公开状态", "第 2 次提交")
		found, err := s.Seal.PublicFind(t.Context(), sealapplytest.Name(sealapplytest.Market))
		must(t, err)
		if len(found) != 1 || found[0].State != seal.Effective || !strings.Contains(done.Body, "/open/seals/"+found[0].ID) {
			t.Errorf("the public sees %+v", found)
		}
		s.cancelled(found[0].ID)
	})
}

// cancelled goes on to the end of a seal, with its two attachments.
func (s *site) cancelled(id string) {
	s.Get("keeper", Home+"/new?kind=renew&seal="+id).Is(200, "没有可以续期的印章", "到期前 30 天")
	s.Send("keeper", Home+"/new", url.Values{"kind": {"renew"}, "seal": {id}, "reason": {"续期"}}).Is(303) // its check refuses it
	s.Get("keeper", Home+"/new?kind=cancel&seal="+id).Is(200, "注销", "书面申请和身份证明")
	s.Send("keeper", Home+"/new", url.Values{"kind": {"cancel"}, "seal": {id}}).Is(422, "须说明事由")
	list := s.Get("keeper", Home+"?kind=renew").Is(200, "续期")
	_, after, _ := strings.Cut(list.Body, `href="`+Home+"/")
	for !strings.Contains(after[:30], "\"") || strings.HasPrefix(after, "new") {
		_, after, _ = strings.Cut(after, `href="`+Home+"/")
	}
	renewal, _, _ := strings.Cut(after, `"`)
	s.Get("keeper", page.At(Home, renewal, "check")).Is(200, "起才能申请续期", "disabled")
	s.Get("keeper", page.At(Home, renewal, "imprint")).Is(200, "原印模 42 × 42 毫米", `name="width" type="text" value="42"`, "已按原印章的印模填好")
	s.Send("keeper", page.At(Home, renewal, "withdraw"), url.Values{}).Is(422, "须填写理由", `href="#withdraw-reason"`)
	s.Send("keeper", page.At(Home, renewal, "withdraw"), url.Values{"why": {"还早"}}).Is(303)
	to := strings.TrimSuffix(s.Send("keeper", Home+"/new", url.Values{"kind": {"cancel"}, "seal": {id}, "reason": {"单位撤并"}}).Is(303).To(), "/form")
	s.Get("keeper", to+"/form").Is(200, "书面申请", "身份证明", "注销原因").Lacks("法定代表人")
	s.Get("keeper", to+"/imprint").Is(303)
	cancel := url.Values{"fields.handler": {"王样例"}, "fields.handler_phone": {"13800138000"}, "fields.why": {"单位撤销"}, "then": {"next"}}
	s.Upload("keeper", to+"/form", cancel, pagetest.Chosen("file.application", "a.pdf", sealapplytest.PDF("a"))).Is(422, "必须上传")
	s.Send("keeper", to+"/submit", nil).Is(409, "缺少：身份证明")
	s.Upload("keeper", to+"/form", cancel, pagetest.Chosen("file.identity", "b.pdf", sealapplytest.PDF("b"))).Is(303)
	s.Send("keeper", to+"/submit", nil).Is(303)
	s.Send("county", to+"/review", url.Values{"tier": {"county"}, "round": {"1"}, "decision": {"approve"}}).Is(303)
	s.Get("keeper", to).Is(200, "已注销", "公开状态已更新")
	x, err := s.Seal.PublicGet(s.t.Context(), id)
	must(s.t, err)
	if x.State != seal.Cancelled {
		s.t.Errorf("the public state is %s", x.State)
	}
}

// The size of an imprint stands there where it is known, and what was typed stays.
func TestSizes(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		kind string
		unit iam.Org
		want int
	}{
		"province":            {seal.LegalName, iam.Org{Name: "样例省人民政府", Tier: "province"}, 50},
		"county":              {seal.LegalName, iam.Org{Name: "青禾县人民政府", Tier: "county"}, 45},
		"town":                {seal.LegalName, iam.Org{Name: "南塘镇人民政府", Tier: "town"}, 42},
		"a department":        {seal.LegalName, iam.Org{Name: "青禾县自然资源局", Tier: "county"}, 0},
		"another seal of one": {seal.Special, iam.Org{Name: "青禾县人民政府", Tier: "county"}, 0},
		"an enterprise":       {seal.Enterprise, iam.Org{Name: "青禾县样例机械有限公司", Tier: "county"}, 0},
	} {
		if got := standardSize(c.kind, c.unit); got.Width != c.want || got.Height != c.want || (got.How == "") != (c.want == 0) {
			t.Errorf("%s: %+v", name, got)
		}
	}
	s := newSite(t, dbtest.New(t, "sqlite"))
	s.Get("keeper", s.begin()+"/imprint").Is(200, `name="width" type="text" value=""`).Lacks("填好")
	w, keep := s.World, s.World.Hire(t, "govkeeper", "custodian", sealapplytest.County)
	a, err := w.Apply.Create(keep, sealapply.CreateRequest{Kind: sealapply.Apply, Org: sealapplytest.County, SealKind: seal.LegalName, Reason: "机构改革后新设"})
	must(t, err)
	s.people["govkeeper"] = keep
	at := page.At(Home, a.ID, "imprint")
	s.Get("govkeeper", at).Is(200, `name="width" type="text" value="45"`, `name="height" type="text" value="45"`, "人民政府印章的规定直径（国发〔1999〕25号）")
	s.Upload("govkeeper", at, url.Values{"width": {"44"}, "height": {"0"}}).Is(422, `name="width" type="text" value="44"`)
}

// fileOf is the first file that may be removed.
func fileOf(body string) string {
	_, after, _ := strings.Cut(body, `name="remove" value="`)
	id, _, _ := strings.Cut(after, `"`)
	return id
}
