package seals

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"strings"
	"testing"
	"time"

	"sidian/gm"
	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/pki"
	"sidian/internal/pki/pkitest"
	"sidian/internal/seal"
	"sidian/internal/seal/sealtest"
)

// outside is an authority that is not ours.
type outside struct {
	root *gm.Certificate
	key  *gm.PrivateKey
}

func newOutside(t testing.TB) outside {
	t.Helper()
	key, err := gm.GenerateKey()
	must(t, err)
	root, err := gm.CreateCertificate(&gm.CertificateTemplate{
		Subject: pkix.Name{CommonName: "样例省电子认证"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().AddDate(10, 0, 0),
		KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign, IsCA: true, MaxPathLen: 1,
	}, key.Public(), nil, key)
	must(t, err)
	return outside{root, key}
}

// answer certifies what a request asks for, under a name.
func (o outside) answer(t testing.TB, q *pki.CertificateRequest, name string) []byte {
	t.Helper()
	c, err := gm.CreateCertificate(&gm.CertificateTemplate{
		Subject:   pkix.Name{Country: []string{"CN"}, Organization: []string{name}, CommonName: name, SerialNumber: q.Code},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().AddDate(0, 0, 20), KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageContentCommitment,
	}, q.Request.PublicKey, o.root, o.key)
	must(t, err)
	return c.PEM()
}

// TestHeld asks an outside authority for a digital certificate, installs its
// answer, and gives it up.
func TestHeld(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s, o := newSite(t, d), newOutside(t)
		s.pages.PKI = &pki.Service{DB: d, Keys: s.Keys, BaseURL: pkitest.BaseURL, Outside: pki.Outside{Anchors: []*gm.Certificate{o.root}}}
		home := Held + "?org=" + sealtest.Market
		s.get("system", Held).leads(Held + "/units")
		s.get("system", Held+"/units").is(200, "青禾县人民政府", Held+"?org="+root)
		s.get("system", Held+"/units?q=市场").is(200, "青禾县市场监督管理局").lacks("30 日内到期")
		s.get("system", home).is(200, "还没有数字证书", "没有证书请求")
		x := s.Make(t, sealtest.Market, seal.LegalName)
		s.get("system", home).is(200, x.Certificate, "单位印章", "本平台", "停用")
		s.get("next", Held).is(200, x.Certificate).lacks("停用</", "证书请求", "向外部机构申请</a>")

		s.get("system", Held+"/new?org="+sealtest.Market).is(200, "青禾县市场监督管理局", "更换哪张")
		s.post("system", Held+"/new", "org", sealtest.Market).is(422, "请填写机构名称", `href="#authority"`)
		s.post("system", Held+"/new", "org", sealtest.Land, "authority", "某机构", "replaces", s.get("system", home).between(Held+"/held/", "/end")).is(403)
		to := s.post("system", Held+"/new", "org", sealtest.Market, "authority", "样例省电子认证").is(303).header.Get("Location")
		one, _, _ := strings.Cut(to, "?")
		s.get("system", to).is(200, "证书请求已生成", "等待应答", "下载请求文件", "CERTIFICATE REQUEST")
		if a := s.get("system", one+"/csr").is(200, "BEGIN CERTIFICATE REQUEST"); !strings.HasPrefix(a.header.Get("Content-Disposition"), "attachment") {
			t.Errorf("%v", a.header)
		}
		q, err := s.pages.PKI.GetRequest(s.System, one[strings.LastIndexByte(one, '/')+1:])
		must(t, err)
		s.upload("system", one+"/install", nil).is(422, "没有收到应答", `href="#answer"`)
		s.upload("system", one+"/install", []byte("not a certificate")).is(422, "summary")
		s.upload("system", one+"/install", make([]byte, maxAnswer+1)).is(413)
		s.upload("system", one+"/install", o.answer(t, q, "别的单位")).is(422, "summary")
		s.upload("system", one+"/install", newOutside(t).answer(t, q, q.Name)).is(422, "summary") // nobody vouches for it
		s.upload("system", one+"/install", o.answer(t, q, q.Name)).leads(one + "?done=installed")
		s.get("system", one).is(200, "已装入").lacks("装入应答</h2>")
		s.get("system", home).is(200, "即将到期", "样例省电子认证")
		s.get("system", Held+"/units").is(200, "30 日内到期", "天后到期")
		s.post("system", one+"/withdraw", "reason", "不要了").is(409)

		end := Held + "/held/" + s.get("system", home).between(Held+"/held/", "/end") + "/end"
		s.get("system", end).is(200, "停用数字证书", "外部机构签发")
		s.post("system", end, "reason", "换了机构").is(422, "请选择")
		s.post("system", end, "code", "5").is(422, "须填写理由")
		s.post("system", end, "code", "6", "reason", "暂停").is(422)
		s.post("system", end, "code", "5", "reason", "换了机构").leads(home + "&done=stopped")
		s.post("system", end, "code", "5", "reason", "换了机构").is(409)
		s.get("system", home).is(200, "已停用")
	})
}

// Who does not manage digital certificates sees those of their own unit alone.
func TestHeldRefused(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newSite(t, d)
		x := s.Make(t, sealtest.Market, seal.LegalName)
		to := s.post("system", Held+"/new", "org", sealtest.Market, "authority", "某机构").is(303).header.Get("Location")
		one, _, _ := strings.Cut(to, "?")
		end := Held + "/held/" + s.get("system", Held+"?org="+sealtest.Market).between(Held+"/held/", "/end") + "/end"
		for _, who := range []string{"next", "keeper", "security"} {
			for _, path := range []string{Held + "/units", Held + "/new?org=" + sealtest.Market, one, one + "/csr", end} {
				s.get(who, path).is(403)
			}
			for _, path := range []string{Held + "/new", one + "/install", one + "/withdraw", end} {
				s.post(who, path, "org", sealtest.Market, "authority", "某机构", "reason", "越权", "code", "1", "answer", "x").is(403)
			}
		}
		s.get("land", Held+"?org="+sealtest.Market).is(403).lacks(x.Certificate)
		s.get("system", Held+"/requests/none").is(404)
		s.get("system", Held+"/held/none/end").is(404)
		s.get("system", Held+"?org=none").is(403)
		s.post("system", one+"/withdraw").is(422, "须填写理由")
		s.post("system", one+"/withdraw", "reason", "不要了").leads(one + "?done=withdrawn")
		s.get("system", one).is(200, "已撤回")
		s.upload("system", one+"/install", newOutside(t).root.PEM()).is(422, "已撤回")
	})
}
