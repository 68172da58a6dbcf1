package providers

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"sidian/gm"
	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/iam/iamtest"
	"sidian/internal/provider/providertest"
	"sidian/ofd/sign"
)

// Two people decide whom the platform believes; one is enough to stop.
func TestTwoPeople(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		x := providertest.New(t, "third-a.example", nil)
		s := newSite(t, d, x)
		at := Home + "/third-a.example"
		s.Get("sealadmin", Home).Is(200, "还没有登记签章服务商", "登记服务商", "https://zz.example/open/v1/providers", "证书 SM3 摘要")
		s.Get("sealadmin", at).Is(404)
		s.Get("sealadmin", Home+"/new").Is(200, "由另一位印章管理人员批准", "青禾县市场监督管理局").Lacks("青禾县自然资源局")
		s.propose("sealadmin", x).Leads(at + "?done=proposed")
		s.propose("second", x).Is(409, "已有待批准的登记", x.URL)
		s.Get("sealadmin", at+"?done=proposed").Is(200, "已提出登记", "待批准", "您可以撤回", "撤回", "样例第三方根").Lacks("/approve\"", "立即暂停")
		s.Get("sealadmin", Home).Is(200, "待批准", "样例服务商·third-a.example")
		s.Post("sealadmin", at+"/approve", "reason", "自己批准").Is(403, "不能批准自己提出的登记")
		s.Post("second", at+"/approve").Is(422, "须写明理由", `id="approve-reason-error"`)
		s.Get("second", at).Is(200, "/approve\"", "/reject\"", "核对证书的 SM3 摘要")
		s.Post("second", at+"/test").Is(200, "试问成功", "按约定作了答复", "印章状态：有效")
		s.Post("second", at+"/approve", "reason", "已核实").Leads(at + "?done=approve")
		s.Post("second", at+"/approve", "reason", "再来").Is(404)
		s.Get("second", at+"?done=approve").Is(200, "已批准，立即生效", "第 1 版：批准", "样例·second", "提出变更", "立即暂停")

		s.Get("sealadmin", Home+"/new?from=third-a.example").Is(200, "变更签章服务商", `value="样例服务商·third-a.example"`, "BEGIN CERTIFICATE")
		s.upload("sealadmin", Home+"/new", fields(x, "from", x.ID, "name", "样例服务商新名"), file{"certificate-file", x.Answers.PEM()}, file{"makers-file", x.Maker.PEM()}).Leads(at + "?done=proposed")
		s.Get("second", at).Is(200, "待批准的新版本", "样例服务商新名", "原为：样例服务商·third-a.example", "新的制章者", "该制章者制作的印章")
		s.Get("second", Home).Is(200, "新版本待批准")
		s.Post("sealadmin", at+"/reject", "reason", "写错了").Leads(at + "?done=reject")

		s.Post("sealadmin", at+"/suspend").Is(422, `id="suspend-reason-error"`)
		s.Post("sealadmin", at+"/suspend", "reason", "接到通报").Leads(at + "?done=suspend")
		s.Get("sealadmin", at).Is(200, "已暂停", "提出恢复").Lacks("/remove\"")
		s.Post("sealadmin", at+"/remove", "reason", "不要了").Is(403, "不能移除由自己暂停的服务商")
		s.Post("sealadmin", at+"/suspend", "reason", "再停").Is(409, "目前已暂停")
		s.Post("sealadmin", at+"/resume", "reason", "已查明").Leads(at + "?done=resume")
		s.Post("second", at+"/approve", "reason", "已查明").Leads(at + "?done=approve")
		s.Post("sealadmin", at+"/suspend", "reason", "协议到期").Leads(at + "?done=suspend")
		s.Post("second", at+"/remove", "reason", "协议到期").Leads(at + "?done=remove")
		s.Get("second", at+"?done=remove").Is(200, "已移除", "协议到期", "这项登记已经结束").Lacks("/test\"", "/suspend\"")
		s.Get("second", Home).Is(200, "还没有登记签章服务商")
		s.Get("second", Home+"?ended=1").Is(200, "已结束的登记", "已移除", "未批准", "由新版本代替")
		s.Get("second", Home+"/new?from=third-a.example").Is(409, "已经结束")
	})
}

// What is wrong is said at its place, and nothing that was chosen is lost.
func TestPropose(t *testing.T) {
	t.Parallel()
	x := providertest.New(t, "third-a.example", nil)
	s := newSite(t, dbtest.New(t, "sqlite"), x)
	good, root := file{"certificate-file", x.Answers.PEM()}, file{"authorities-file", x.CA.Raw}
	for name, c := range map[string]struct {
		fields map[string]string
		files  []file
		status int
		says   []string
	}{
		"no unit":          {fields(x, "org", ""), []file{good, root}, 422, []string{`href="#org"`}},
		"nothing":          {map[string]string{"org": iamtest.Market}, nil, 422, []string{`href="#id"`, `href="#name"`, `href="#certificate"`, `href="#makers"`, "必填"}},
		"hostile files":    {fields(x), []file{{"certificate-file", []byte("<script>alert(1)</script>\x00\xff")}, {"makers-file", make([]byte, 1000)}, root}, 422, []string{`href="#certificate"`, "第 1 张："}},
		"two certificates": {fields(x), []file{good, {"certificate-file", x.Maker.PEM()}, root}, 422, []string{`href="#certificate"`, "须是一张"}},
		"no authority":     {fields(x), []file{good, {"authorities-file", x.Unit.PEM()}}, 422, []string{`href="#authorities"`, "不是签发机构的证书"}},
		"unlisted host":    {fields(x, "endpoint", "https://elsewhere.example/api"), []file{good, root}, 422, []string{"外联", "outgoing.hosts", "BEGIN CERTIFICATE"}},
		"address within":   {fields(x, "endpoint", "http://127.0.0.1/"), []file{good, root}, 422, []string{`href="#endpoint"`}},
		"another's unit":   {fields(x, "org", iamtest.Land), []file{good, root}, 403, []string{"权限"}},
		"no such unit":     {fields(x, "org", "nowhere"), []file{good, root}, 403, nil},
		"our own id":       {fields(x, "id", "zz.example"), []file{good, root}, 422, []string{"不是本平台自己的标识"}},
		"too much":         {fields(x), []file{good, {"makers-file", make([]byte, maxUpload)}}, 413, nil},
	} {
		t.Run(name, func(t *testing.T) {
			s.upload("sealadmin", Home+"/new", c.fields, c.files...).For(t).Is(c.status, c.says...).Lacks("<script>alert(1)</script></textarea><")
		})
	}
	s.upload("sealadmin", Home+"/new", fields(x, "certificate", string(x.Answers.PEM()), "authorities", string(x.CA.PEM())+string(x.CA.PEM()))).Leads(Home + "/third-a.example?done=proposed")
}

// Nobody else decides, and no other site makes a browser decide.
func TestOthers(t *testing.T) {
	t.Parallel()
	x := providertest.New(t, "third-a.example", nil)
	s := newSite(t, dbtest.New(t, "sqlite"), x)
	at := Home + "/third-a.example"
	s.propose("sealadmin", x).Leads(at + "?done=proposed")
	for _, who := range []string{"clerk", "custodian", "system", "security", "audit", "holder"} {
		s.Get(who, Home).Is(403, "权限").Lacks("third-a")
		s.Get(who, at).Is(403).Lacks("third-a.example\"")
		s.Post(who, at+"/approve", "reason", "越权").Is(403)
		s.propose(who, x).Is(403)
	}
	s.Get("", Home).Leads("/login?back=%2Fconsole%2Fproviders")
	s.Get("foreign", at).Is(200, "待批准", "青禾县市场监督管理局").Lacks("/approve\"", "/reject\"", "/test\"")
	for _, action := range []string{"approve", "reject", "test"} {
		s.Post("foreign", at+"/"+action, "reason", "越权").Is(403)
	}
	s.Post("second", at+"/explode", "reason", "x").Is(404)
	s.Post("second", Home+"/none/approve", "reason", "x").Is(404)
	for _, path := range []string{at + "/approve", at + "/reject", at + "/test", Home + "/new", Home + "/import"} {
		for _, from := range []string{"cross-site", "same-site"} {
			s.Do("second", "POST", path, "application/x-www-form-urlencoded", strings.NewReader("reason=x"), "Sec-Fetch-Site", from).Is(403, "其他网站")
		}
	}
	s.Get("second", at).Is(200, "待批准")
}

// A provider that does not answer, and one that lied, are shown to be just that.
func TestHealth(t *testing.T) {
	t.Parallel()
	x := providertest.New(t, "third-a.example", nil)
	s := newSite(t, dbtest.New(t, "sqlite"), x)
	at := Home + "/third-a.example"
	s.propose("sealadmin", x).Leads(at + "?done=proposed")
	s.Post("second", at+"/approve", "reason", "已核实").Leads(at + "?done=approve")
	s.Get("second", at).Is(200, "还没有问过")
	ask := func(mode providertest.Mode, data []byte) {
		x.Behave(mode)
		_, err := s.p.Ask(t.Context(), sign.Verify(data, sign.Options{Anchors: gm.NewPool(x.CA), Now: s.DB.Now()}), "", data)
		must(t, err)
	}
	good := x.Sealed(t)
	ask(providertest.Honest, good)
	s.Get("second", Home).Is(200, "正常答复", "问过 1 次，0 次没有答复")
	ask(providertest.Down, good)
	s.Get("second", Home).Is(200, "最近 1 次未答复")
	s.Get("second", at).Is(200, "最近的问题", "没有正常答复")
	s.Post("second", at+"/test").Is(200, "试问没有成功")
	x.Behave(providertest.Key)
	s.Post("second", at+"/test").Is(200, "没有用登记的密钥正确签名")
	for range 4 {
		ask(providertest.Down, good)
	}
	s.Get("second", Home).Is(200, "连续未答复，暂不询问")
}

// What a lie leads to is said on the page of who lied.
func TestLiar(t *testing.T) {
	t.Parallel()
	x := providertest.New(t, "third-a.example", nil)
	s := newSite(t, dbtest.New(t, "sqlite"), x)
	at := Home + "/third-a.example"
	s.propose("sealadmin", x).Leads(at + "?done=proposed")
	s.Post("second", at+"/approve", "reason", "已核实").Leads(at + "?done=approve")
	s.Get("", Public).Is(200, "样例服务商·third-a.example")
	x.Behave(providertest.Lying)
	bad := providertest.Altered(t, x.Sealed(t))
	_, err := s.p.Ask(t.Context(), sign.Verify(bad, sign.Options{Anchors: gm.NewPool(x.CA), Now: s.DB.Now()}), "", bad)
	must(t, err)
	s.Get("second", at).Is(200, "它的答复曾与事实不符", "“有效”结论不被采信", "答复不可信")
	s.Get("second", Home).Is(200, "答复不可信", "最近的答复未采信").Lacks("正常答复")
	s.Get("", Public).Is(200, "目前没有采信其他服务商").Lacks("third-a")
}

// Whom we believe is anybody's to read, and another platform's to take in.
func TestListOfTrust(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		x := providertest.New(t, "third-a.example", nil)
		s := newSite(t, d, x)
		s.Get("", Public).Is(200, "目前没有采信其他服务商", "本平台：青禾县样例平台", "/open/v1/providers")
		pem := s.Get("", Public+"/certificate.pem").Is(200, "BEGIN CERTIFICATE")
		ours, err := s.p.Certificate(t.Context())
		must(t, err)
		if got, err := gm.ParseCertificates([]byte(pem.Body)); err != nil || len(got) != 1 || !got[0].Equal(ours) || !strings.Contains(pem.Header.Get("Content-Disposition"), "attachment") {
			t.Errorf("%v %v", err, pem.Header)
		}
		s.propose("sealadmin", x).Leads(Home + "/third-a.example?done=proposed")
		s.Get("", Public).Is(200).Lacks("third-a")
		s.Post("second", Home+"/third-a.example/approve", "reason", "已核实").Leads(Home + "/third-a.example?done=approve")
		s.Get("", Public).Is(200, "样例服务商·third-a.example", "样例第三方根").Lacks("样例·second", "互认协议")
	})
}

// Another platform's list comes in as proposals, under a key that is held to.
func TestImport(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		x := providertest.New(t, "third-b.example", nil)
		peer := newSiteAs(t, dbtest.New(t, "sqlite"), "peer.example", x)
		must(t, approve(t, peer, x))
		list, err := peer.p.TrustList(t.Context())
		must(t, err)
		published, err := json.Marshal(list)
		must(t, err)
		signer, err := peer.p.Certificate(t.Context())
		must(t, err)
		files := []file{{"list-file", published}, {"signer-file", signer.PEM()}}

		s := newSite(t, d, x)
		take := map[string]string{"org": iamtest.Market, "reason": "已电话核对摘要"}
		s.Get("sealadmin", Home+"/import").Is(200, "引入信任列表", "以后只认这张").Lacks("repin")
		s.upload("sealadmin", Home+"/import", nil).Is(422, `href="#org"`)
		s.upload("sealadmin", Home+"/import", map[string]string{"org": iamtest.Market}, files...).Is(422, `href="#reason"`)
		s.upload("sealadmin", Home+"/import", take).Is(422, `href="#signer"`)
		s.upload("sealadmin", Home+"/import", take, file{"list-file", []byte(`{"jws":"a.b.c"}`)}, files[1]).Is(422, `href="#list"`, "签名不正确", "BEGIN CERTIFICATE")
		s.upload("sealadmin", Home+"/import", take, files[0], file{"signer-file", x.Answers.PEM()}).Is(422, "不是用所给的数字证书签名的")
		s.upload("clerk", Home+"/import", take, files...).Is(403)
		s.upload("sealadmin", Home+"/import", map[string]string{"org": iamtest.Land, "reason": "越权"}, files...).Is(403)
		s.upload("sealadmin", Home+"/import", take, files...).Is(200, "已提出 1 项登记", "third-b.example", "没有引入", "peer.example", "逐项批准")
		s.upload("sealadmin", Home+"/import", take, files...).Is(200, "没有新的登记", "已有待批准的登记")
		s.Get("second", Home+"/third-b.example").Is(200, "平台 peer.example 的信任列表")
		s.Post("second", Home+"/third-b.example/approve", "reason", "已核实").Leads(Home + "/third-b.example?done=approve")

		again := newSiteAs(t, dbtest.New(t, "sqlite"), "peer.example", x) // the same name, another key
		list, err = again.p.TrustList(t.Context())
		must(t, err)
		other, err := again.p.Certificate(t.Context())
		must(t, err)
		take["list"], take["signer"] = list.JWS, string(other.PEM())
		s.upload("sealadmin", Home+"/import", take).Is(409, "另一张数字证书", `name="repin"`)
		take["repin"] = "1"
		s.upload("sealadmin", Home+"/import", take).Is(200, "没有新的登记")
	})
}

func approve(t *testing.T, s *site, x *providertest.Provider) error {
	t.Helper()
	s.propose("sealadmin", x).Leads(Home + "/" + x.ID + "?done=proposed")
	_, err := s.p.Approve(s.Ctx(t, "second"), x.ID, "已核实")
	return err
}

// A program that asks at a page's address is answered as one.
func TestProgram(t *testing.T) {
	t.Parallel()
	s := newSite(t, dbtest.New(t, "sqlite"))
	s.Do("clerk", http.MethodGet, Home, "", nil, "Accept", "application/json").Is(403, `"code":"auth.permission"`)
}
