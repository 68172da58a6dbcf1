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
		s.Get("system", Held).Leads(Held + "/units")
		s.Get("system", Held+"/units").Is(200, "青禾县人民政府", Held+"?org="+root)
		s.Get("system", Held+"/units?q=市场").Is(200, "青禾县市场监督管理局").Lacks("30 日内到期")
		s.Get("system", home).Is(200, "还没有数字证书", "没有证书请求")
		x := s.Make(t, sealtest.Market, seal.LegalName)
		s.Get("system", home).Is(200, x.Certificate, "单位印章", "本平台", "停用")
		s.Get("next", Held).Is(200, x.Certificate).Lacks("停用</", "证书请求", "向外部机构申请</a>")

		s.Get("system", Held+"/new?org="+sealtest.Market).Is(200, "青禾县市场监督管理局", "更换哪张")
		s.Post("system", Held+"/new", "org", sealtest.Market).Is(422, "请填写机构名称", `href="#authority"`)
		s.Post("system", Held+"/new", "org", sealtest.Land, "authority", "某机构", "replaces", s.Get("system", home).Between(Held+"/held/", "/end")).Is(403)
		to := s.Post("system", Held+"/new", "org", sealtest.Market, "authority", "样例省电子认证").Is(303).To()
		one, _, _ := strings.Cut(to, "?")
		s.Get("system", to).Is(200, "证书请求已生成", "等待应答", "下载请求文件", "CERTIFICATE REQUEST")
		if a := s.Get("system", one+"/csr").Is(200, "BEGIN CERTIFICATE REQUEST"); !strings.HasPrefix(a.Header.Get("Content-Disposition"), "attachment") {
			t.Errorf("%v", a.Header)
		}
		q, err := s.pages.PKI.GetRequest(s.System, one[strings.LastIndexByte(one, '/')+1:])
		must(t, err)
		s.upload("system", one+"/install", nil).Is(422, "没有收到应答", `href="#answer"`)
		s.upload("system", one+"/install", []byte("not a certificate")).Is(422, "summary")
		s.upload("system", one+"/install", make([]byte, maxAnswer+1)).Is(413)
		s.upload("system", one+"/install", o.answer(t, q, "别的单位")).Is(422, "summary")
		s.upload("system", one+"/install", newOutside(t).answer(t, q, q.Name)).Is(422, "summary") // nobody vouches for it
		s.upload("system", one+"/install", o.answer(t, q, q.Name)).Leads(one + "?done=installed")
		s.Get("system", one).Is(200, "已装入").Lacks("装入应答</h2>")
		s.Get("system", home).Is(200, "即将到期", "样例省电子认证")
		s.Get("system", Held+"/units").Is(200, "30 日内到期", "天后到期")
		s.Post("system", one+"/withdraw", "reason", "不要了").Is(409)

		end := Held + "/held/" + s.Get("system", home).Between(Held+"/held/", "/end") + "/end"
		s.Get("system", end).Is(200, "停用数字证书", "外部机构签发")
		s.Post("system", end, "reason", "换了机构").Is(422, "请选择")
		s.Post("system", end, "code", "5").Is(422, "须填写理由")
		s.Post("system", end, "code", "6", "reason", "暂停").Is(422)
		s.Post("system", end, "code", "5", "reason", "换了机构").Leads(home + "&done=stopped")
		s.Post("system", end, "code", "5", "reason", "换了机构").Is(409)
		s.Get("system", home).Is(200, "已停用")
	})
}

// Who does not manage digital certificates sees those of their own unit alone.
func TestHeldRefused(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newSite(t, d)
		x := s.Make(t, sealtest.Market, seal.LegalName)
		to := s.Post("system", Held+"/new", "org", sealtest.Market, "authority", "某机构").Is(303).To()
		one, _, _ := strings.Cut(to, "?")
		end := Held + "/held/" + s.Get("system", Held+"?org="+sealtest.Market).Between(Held+"/held/", "/end") + "/end"
		for _, who := range []string{"next", "keeper", "security"} {
			for _, path := range []string{Held + "/units", Held + "/new?org=" + sealtest.Market, one, one + "/csr", end} {
				s.Get(who, path).Is(403)
			}
			for _, path := range []string{Held + "/new", one + "/install", one + "/withdraw", end} {
				s.Post(who, path, "org", sealtest.Market, "authority", "某机构", "reason", "越权", "code", "1", "answer", "x").Is(403)
			}
		}
		s.Get("land", Held+"?org="+sealtest.Market).Is(403).Lacks(x.Certificate)
		s.Get("system", Held+"/requests/none").Is(404)
		s.Get("system", Held+"/held/none/end").Is(404)
		s.Get("system", Held+"?org=none").Is(403)
		s.Post("system", one+"/withdraw").Is(422, "须填写理由")
		s.Post("system", one+"/withdraw", "reason", "不要了").Leads(one + "?done=withdrawn")
		s.Get("system", one).Is(200, "已撤回")
		s.upload("system", one+"/install", newOutside(t).root.PEM()).Is(422, "已撤回")
	})
}
