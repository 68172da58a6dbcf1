package account_test

import (
	"context"
	"crypto/x509"
	"crypto/x509/pkix"
	"regexp"
	"strings"
	"testing"
	"time"

	"sidian/gm"
	"sidian/internal/auth"
	"sidian/internal/auth/passkey"
	"sidian/internal/auth/ukey"
	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/iam/iamtest"
)

// newcomer is a clerk with a password and, where the rule demands a second
// factor, nothing to prove it by: what a reset of factors leaves.
func (s *site) newcomer(t *testing.T, username string) *browser {
	t.Helper()
	a := s.County.County.Hire(t, username, "clerk", iamtest.Market)
	link, err := s.Auth.Invite(s.Ctx(t, "system"), a.ID, auth.First, "新到岗")
	must(t, err)
	b := s.browser(t)
	b.post(link.Path, "next", "First-Password-1", "again", "First-Password-1").leads("/login?done=set")
	s.Passwords[username] = auth.Equipped{Account: a, Password: "First-Password-1"}
	return b
}

// strict serves the same people under the rule that demands a second factor.
func strict(t *testing.T, d *db.DB, o auth.Options) (*site, *browser) {
	t.Helper()
	o.SecondStep = false
	s := newSite(t, d, o)
	b := s.newcomer(t, "fresh")
	o.SecondStep = true
	s.serve(t, o)
	return s, b
}

func TestEnrolAtSignIn(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s, b := strict(t, d, auth.Options{})
		b.signIn("fresh").leads("/login/enrol")
		b.get("/console").leads("/login?back=%2Fconsole")
		b.get("/login/enrol?back=/me").leads("/login/enrol/totp?back=%2Fme") // the only one that is offered
		b.get("/login/second").leads("/login/enrol")
		b.get("/login/enrol/certificate").says(404, "没有启用这种登录方式")
		b.get("/login/enrol/none").says(404)
		p := b.get("/login/enrol/totp?back=/me").says(200, "data:image/svg+xml;base64,", "otpauth://totp/", `value="/me"`, "换一个账号登录")
		secret := p.secretOf()
		again := b.post("/login/enrol/totp", "code", "000000", "uri", p.value("uri"), "back", "/me").says(422, "一次性口令不正确", `href="#code"`, "六位数字")
		if again.secretOf() != secret {
			t.Error("a wrong code costs another scan")
		}
		b.post("/login/enrol/totp", "code", "000000", "uri", "javascript:alert(1)").lacks("javascript:").says(422)
		b.post("/login/enrol/totp", "code", s.code(secret), "back", "/me").leads("/me")
		b.get("/me").says(200, "一次性口令", "用了第二因素", "已启用")
		other := s.browser(t)
		other.signIn("fresh").leads("/login/second")
		other.post("/login/second", "code", s.code(secret)).leads("/console")
	})
}

func TestTOTPAtMe(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newSite(t, d, auth.Options{})
		b, other := s.browser(t).enter("clerk"), s.browser(t).enter("clerk")
		b.get("/me").says(200, "还没有第二因素", "没有", "就是这里")
		b.get("/me/factors").says(200, "一次性口令", "/me/factors/totp")
		secret := b.get("/me/factors/totp").says(200).secretOf()
		b.post("/me/factors/totp", "code", s.code(secret)).leads("/me?done=totp")
		b.get("/me?done=totp").says(200, "一次性口令已登记", "已启用", "移除")
		other.get("/console").leads("/login?back=%2Fconsole") // ended
		other.signIn("clerk").leads("/login/second")

		// An old proof is no proof.
		s.clock.forward(16 * time.Minute)
		b.get("/me/factors/totp").leads("/me/confirm?back=%2Fme%2Ffactors%2Ftotp")
		b.post("/me/factors/totp", "code", "000000").leads("/me/confirm?back=%2Fme%2Ffactors%2Ftotp")
		b.get("/me/confirm?back=/me/factors/totp").says(200, `value="/me/factors/totp"`)
		b.post("/me/confirm", "password", "wrong", "back", "/me/factors/totp").says(422, "当前密码不正确", `href="#password"`)
		b.post("/me/confirm", "password", s.Passwords["clerk"].Password, "back", "https://evil.example").leads("/me")
		b.get("/me/factors/totp").says(200)

		s.clock.forward(16 * time.Minute)
		b.get("/me/factors/totp/remove").says(200, "移除第二因素", "现在的密码")
		b.post("/me/factors/totp/remove").says(422, "再次证明是本人", `href="#password"`)
		b.post("/me/factors/totp/remove", "password", "wrong").says(422, "当前密码不正确", `href="#password"`)
		b.post("/me/factors/totp/remove", "password", s.Passwords["clerk"].Password).leads("/me?done=removed")
		b.get("/me/factors/totp/remove").says(404, "没有登记这个第二因素")
		s.browser(t).signIn("clerk").leads("/console")
	})
}

// Where the rule demands one, the last one stays.
func TestLastFactorStays(t *testing.T) {
	t.Parallel()
	s, b := strict(t, dbtest.New(t, "sqlite"), auth.Options{})
	b.signIn("fresh").leads("/login/enrol")
	secret := b.get("/login/enrol/totp").secretOf()
	b.post("/login/enrol/totp", "code", s.code(secret)).leads("/console")
	b.post("/me/factors/totp/remove", "password", "First-Password-1").says(422, "最后一个第二因素")
}

// person is somebody with an SM2 digital certificate in a UKey.
type person struct {
	key  *gm.PrivateKey
	cert *gm.Certificate
	pool *gm.Pool
}

func newPerson(t *testing.T, now time.Time) *person {
	t.Helper()
	root, err := gm.GenerateKey()
	must(t, err)
	key, err := gm.GenerateKey()
	must(t, err)
	ca, err := gm.CreateCertificate(&gm.CertificateTemplate{Subject: pkix.Name{CommonName: "样例根"}, NotBefore: now.AddDate(-1, 0, 0), NotAfter: now.AddDate(2, 0, 0),
		KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign, IsCA: true, MaxPathLen: -1}, root.Public(), nil, root)
	must(t, err)
	c, err := gm.CreateCertificate(&gm.CertificateTemplate{Subject: pkix.Name{CommonName: "李样例 999999199003070011"}, NotBefore: now.AddDate(-1, 0, 0), NotAfter: now.AddDate(1, 0, 0),
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageContentCommitment}, key.Public(), ca, root)
	must(t, err)
	return &person{key, c, gm.NewPool(ca)}
}

func (p *person) trust(context.Context) (ukey.Trust, error) {
	return ukey.Trust{Anchors: p.pool, AllowUnknown: true}, nil
}

var challengePart = regexp.MustCompile(`(?s)<code id="challenge"[^>]*>(.*?)</code>`)

// answers signs the challenge that a page shows.
func (p *person) answers(t *testing.T, a answer) string {
	t.Helper()
	m := challengePart.FindStringSubmatch(a.body)
	if m == nil {
		t.Fatalf("the page shows no challenge:\n%s", a.text())
	}
	signed, err := ukey.Answer([]byte(m[1]), p.key, p.cert)
	must(t, err)
	return string(signed)
}

func TestCertificate(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		me, another := newPerson(t, time.Now()), newPerson(t, time.Now())
		s := newSite(t, d, auth.Options{Trust: me.trust})
		b := s.browser(t).enter("clerk")
		ask := b.get("/me/factors/certificate").says(200, "sidian answer", "UKey", s.URL)
		b.post("/me/factors/certificate", "name", "单位的 UKey", "answer", another.answers(t, ask)).says(422, "有错误：", `value="单位的 UKey"`)
		ask = b.get("/me/factors/certificate")
		signed := me.answers(t, ask)
		b.post("/me/factors/certificate", "name", "单位的 UKey", "answer", signed).leads("/me?done=certificate")
		b.get("/me").says(200, "单位的 UKey", "李**", "数字证书，有效期至").lacks("李样例", "999999199003070011")

		in := s.browser(t)
		in.signIn("clerk").leads("/login/second")
		in.get("/login/second?back=/me").leads("/login/second/certificate?back=%2Fme") // the only one there is
		step := in.get("/login/second/certificate?back=/me").says(200, "数字证书登录确认", `value="/me"`)
		fresh := in.post("/login/second/certificate", "answer", signed, "back", "/me").says(422, "有错误：", `value="/me"`)
		if a, b := challengePart.FindString(step.body), challengePart.FindString(fresh.body); a == b || b == "" {
			t.Error("a challenge is shown again that was answered")
		}
		in.post("/login/second/certificate", "answer", me.answers(t, step)).says(422) // that of before
		in.post("/login/second/certificate", "answer", me.answers(t, in.get("/login/second/certificate")), "back", "/me").leads("/me")
		in.get("/me").says(200, "用了第二因素")
	})
}

// What a platform does not offer is refused where it is asked for.
func TestNotOffered(t *testing.T) {
	t.Parallel()
	s := newSite(t, dbtest.New(t, "sqlite"), auth.Options{})
	b := s.browser(t).enter("clerk")
	b.get("/me/factors/certificate").says(404, "没有启用这种登录方式")
	b.post("/me/factors/passkey/options").says(404, "没有启用这种登录方式")
	b.post("/me/factors/passkey", "response", "{}").says(404, "没有启用这种登录方式")
	b.get("/me/factors/nothing").says(404)
	stranger := s.browser(t)
	stranger.post("/login/enrol/passkey/options").says(404)
	stranger.post("/login/second/passkey/options").says(401)
	stranger.post("/login/second/passkey", "response", "{}").says(401)
	if strings.Contains(b.get("/me").body, "<script>") {
		t.Error("a script stands in the page")
	}
}

// What a browser says an authenticator said is checked, and a name is kept.
func TestPasskeyAnswers(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c, err := passkey.FromBase("http://localhost", "四电")
		must(t, err)
		relying, err := passkey.New(c)
		must(t, err)
		s := newSite(t, d, auth.Options{Passkeys: relying})
		b := s.browser(t).enter("clerk")
		b.get("/me/factors/passkey").says(200, `data-passkey="create"`, "passkey.", "<noscript>")
		b.post("/me/factors/passkey", "name", "电脑", "response", "{}").says(422, "重新开始这一步") // nothing was asked
		for _, response := range []string{"", "{}", "null", `{"id":"x"}`, strings.Repeat("[", 1000)} {
			asked := b.post("/me/factors/passkey/options").says(200, `"challenge"`, `"rp"`)
			if asked.header.Get("Content-Type") != "application/json" || strings.Contains(asked.body, "样例") {
				t.Errorf("the question: %v %s", asked.header, asked.body)
			}
			b.post("/me/factors/passkey", "name", "电脑", "response", response).says(422, "有错误：", `value="电脑"`)
		}
		b.get("/me").says(200, "还没有第二因素")
		s.clock.forward(16 * time.Minute)
		b.post("/me/factors/passkey/options").says(403, "再次证明是本人")
		b.get("/me/factors/passkey").says(200) // the script asks, and says so
	})
}
