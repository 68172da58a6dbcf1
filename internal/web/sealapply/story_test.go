package sealapply

import (
	"net/url"
	"strings"
	"testing"

	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/seal"
	"sidian/internal/sealapply/sealapplytest"
	"sidian/internal/web/page"
)

// begin makes a draft of Market's legal-name seal, at the desk of its keeper.
func (s *site) begin() string {
	s.t.Helper()
	to := s.post("keeper", Home+"/new", url.Values{"kind": {"apply"}, "org": {sealapplytest.Market}, "seal_kind": {seal.LegalName}, "reason": {"机构改革后新设"}}).to()
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
	s.upload("keeper", at+"/form", typedForm, sentFile{"file.application", "书面申请.pdf", sealapplytest.PDF("a")}, sentFile{"file.form", "申请表.pdf", sealapplytest.PDF("b")}).is(303)
	s.upload("keeper", at+"/imprint", url.Values{"width": {"42"}, "height": {"42"}}, sentFile{"file", "印模.png", sealapplytest.Imprint(s.t, name)}).is(303)
	shown := s.get("keeper", at+"/imprint").is(200, "42 × 42 毫米", "不得重新绘制", `width="42mm"`)
	s.post("keeper", at+"/statement", url.Values{"agree": {"1"}, "version": {hidden(shown.body, "version")}, "imprint": {hidden(shown.body, "imprint")}}).is(303)
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
		s.get("keeper", Home).is(200, "还没有印章申请", "申请印章")
		s.get("keeper", Home+"/new").is(200, "要办什么", "续期", "到期前 30 天")
		s.get("keeper", Home+"/new?kind=apply").is(200, "法定名称章", "一个单位一枚", "青禾县市场监督管理局").lacks("个人印章")
		s.post("keeper", Home+"/new", url.Values{"kind": {"apply"}, "org": {sealapplytest.Market}}).is(422, "没有这种印章", `href="#kind-legal-name"`, "请选择一种")
		at := s.begin()
		s.get("keeper", at+"/form").is(200, "申请表和材料", "青禾县市场监督管理局", "书面申请", "必填")
		s.upload("keeper", at+"/form", url.Values{"fields.legal_person": {"李样例"}, "fields.handler_phone": {"12"}, "then": {"next"}}).is(422, "11 位手机号码", `href="#f-handler_phone"`)
		s.upload("keeper", at+"/form", url.Values{"fields.legal_person": {"李样例"}, "then": {"next"}}).is(422, "已保存，还有必填的内容", `href="#a-application"`)
		s.upload("keeper", at+"/form", url.Values{"fields.legal_person": {"李样例"}, "then": {"stay"}}, sentFile{"file.application", "x.pdf", []byte("MZ not a pdf")}).is(422, "文件类型不符")
		s.get("keeper", at+"/check").is(200, "disabled", "项核验没有通过", "去“印模”更正", "还没有上传印模图像")
		s.post("keeper", at+"/submit", nil).is(409, "自动核验未通过")
		s.get("county", at).is(404)
		s.fillIn(at)
		s.get("keeper", at+"/form").is(200, "李*", "✓ 已上传", "书面申请.pdf").lacks("李样例", "13800138000")
		s.get("keeper", at+"/certificate").is(200, "由本平台签发", "向外部电子认证服务机构申请")
		s.post("keeper", at+"/certificate", url.Values{"mode": {"built-in"}, "then": {"next"}}).is(303)
		s.get("keeper", at+"/keeper").is(200, "样例·keeper（您）", " checked")
		s.post("keeper", at+"/keeper", url.Values{"other": {"nobody"}, "then": {"next"}}).is(422, "没有这个用户名")
		s.get("keeper", at+"/check").is(200, "核验全部通过").lacks("disabled")
		s.post("keeper", at+"/submit", nil).is(303)
		s.post("keeper", at+"/submit", nil).is(409) // pressed again

		s.get("keeper", at+"?done=submitted").is(200, "已提交", "正由县级（青禾县行政审批服务管理局）审核").lacks("通过并报送")
		s.get("county", Home).is(200, "待我审核", "申请法定名称章：青禾县市场监督管理局", "剩余")
		shown := s.get("county", at).is(200, "县级审核", "通过并报送市级", "自动核验：全部通过", "书面申请.pdf", "李*")
		round := url.Values{"tier": {"county"}, "round": {hidden(shown.body, "round")}}
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
		s.post("county", at+"/review", decide("decision", "refuse")).is(422, "须填写理由", `href="#opinion"`)
		s.post("county", at+"/review", decide()).is(422, "请选择通过或不通过")
		s.post("county", at+"/review", decide("decision", "refuse", "opinion", "书面申请没有加盖公章")).is(303)
		s.get("keeper", at).is(200, "没有通过的理由", "书面申请没有加盖公章", "更正后重新提交")
		s.upload("keeper", at+"/form", url.Values{"remove": {fileOf(s.get("keeper", at+"/form").body)}}).is(303)
		s.upload("keeper", at+"/form", typedForm).is(422, "必须上传")
		s.upload("keeper", at+"/form", typedForm, sentFile{"file.application", "书面申请（盖章）.pdf", sealapplytest.PDF("c")}).is(303)
		s.post("keeper", at+"/submit", nil).is(303)
		s.post("county", at+"/review", decide("decision", "approve")).is(409) // the round before
		for _, x := range []struct{ who, tier, word string }{{"county", "county", "通过并报送市级"}, {"city", "city", "通过并报送省级"}, {"prov", "province", "通过"}} {
			s.get(x.who, at).is(200, x.word)
			s.post(x.who, at+"/review", url.Values{"tier": {x.tier}, "round": {"2"}, "decision": {"approve"}, "opinion": {"同意"}}).is(303)
		}
		s.get("county", at).is(200, "各级审核均已通过", "制作")
		s.post("county", at+"/make", nil).is(303)
		s.post("county", at+"/file", url.Values{"number": {strings.Repeat("9", 60)}}).is(422, "备案号过长", `href="#number"`)
		s.post("county", at+"/file", url.Values{"number": {"青印备〔2026〕7号"}}).is(303)
		done := s.get("keeper", at).is(200, "印章已备案生效", "青印备〔2026〕7号", "公开状态", "第 2 次提交")
		found, err := s.Seal.PublicFind(t.Context(), sealapplytest.Name(sealapplytest.Market))
		must(t, err)
		if len(found) != 1 || found[0].State != seal.Effective || !strings.Contains(done.body, "/open/seals/"+found[0].ID) {
			t.Errorf("the public sees %+v", found)
		}
		s.cancelled(found[0].ID)
	})
}

// cancelled goes on to the end of a seal, with its two attachments.
func (s *site) cancelled(id string) {
	s.get("keeper", Home+"/new?kind=renew&seal="+id).is(200, "没有可以续期的印章", "到期前 30 天")
	s.post("keeper", Home+"/new", url.Values{"kind": {"renew"}, "seal": {id}, "reason": {"续期"}}).is(303) // its check refuses it
	s.get("keeper", Home+"/new?kind=cancel&seal="+id).is(200, "注销", "书面申请和身份证明")
	s.post("keeper", Home+"/new", url.Values{"kind": {"cancel"}, "seal": {id}}).is(422, "须说明事由")
	list := s.get("keeper", Home+"?kind=renew").is(200, "续期")
	_, after, _ := strings.Cut(list.body, `href="`+Home+"/")
	for !strings.Contains(after[:30], "\"") || strings.HasPrefix(after, "new") {
		_, after, _ = strings.Cut(after, `href="`+Home+"/")
	}
	renewal, _, _ := strings.Cut(after, `"`)
	s.get("keeper", page.At(Home, renewal, "check")).is(200, "起才能申请续期", "disabled")
	s.post("keeper", page.At(Home, renewal, "withdraw"), url.Values{}).is(422, "须填写理由", `href="#withdraw-reason"`)
	s.post("keeper", page.At(Home, renewal, "withdraw"), url.Values{"why": {"还早"}}).is(303)
	to := strings.TrimSuffix(s.post("keeper", Home+"/new", url.Values{"kind": {"cancel"}, "seal": {id}, "reason": {"单位撤并"}}).to(), "/form")
	s.get("keeper", to+"/form").is(200, "书面申请", "身份证明", "注销原因").lacks("法定代表人")
	s.get("keeper", to+"/imprint").is(303)
	cancel := url.Values{"fields.handler": {"王样例"}, "fields.handler_phone": {"13800138000"}, "fields.why": {"单位撤销"}, "then": {"next"}}
	s.upload("keeper", to+"/form", cancel, sentFile{"file.application", "a.pdf", sealapplytest.PDF("a")}).is(422, "必须上传")
	s.post("keeper", to+"/submit", nil).is(409, "缺少：身份证明")
	s.upload("keeper", to+"/form", cancel, sentFile{"file.identity", "b.pdf", sealapplytest.PDF("b")}).is(303)
	s.post("keeper", to+"/submit", nil).is(303)
	s.post("county", to+"/review", url.Values{"tier": {"county"}, "round": {"1"}, "decision": {"approve"}}).is(303)
	s.get("keeper", to).is(200, "已注销", "公开状态已更新")
	x, err := s.Seal.PublicGet(s.t.Context(), id)
	must(s.t, err)
	if x.State != seal.Cancelled {
		s.t.Errorf("the public state is %s", x.State)
	}
}

// fileOf is the first file that may be removed.
func fileOf(body string) string {
	_, after, _ := strings.Cut(body, `name="remove" value="`)
	id, _, _ := strings.Cut(after, `"`)
	return id
}
