package ukey_test

import (
	"bytes"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/base64"
	"encoding/pem"
	"math/big"
	"strings"
	"testing"
	"time"

	"sidian/gm"
	"sidian/internal/auth/ukey"
	"sidian/internal/fault"
)

const site = "https://zhengwu.example"

var noon = time.Date(2027, 3, 1, 12, 0, 0, 0, time.UTC)

const signing = x509.KeyUsageDigitalSignature | x509.KeyUsageContentCommitment

// authority is a root, an issuing authority below it, and the UKey of a person.
type authority struct {
	rootKey, caKey, key *gm.PrivateKey
	root, ca, person    *gm.Certificate
}

func newKey(t testing.TB) *gm.PrivateKey {
	t.Helper()
	k, err := gm.GenerateKey()
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func issue(t testing.TB, tmpl gm.CertificateTemplate, key *gm.PrivateKey, parent *gm.Certificate, signer gm.Signer) *gm.Certificate {
	t.Helper()
	if tmpl.NotBefore.IsZero() {
		tmpl.NotBefore, tmpl.NotAfter = noon.AddDate(-1, 0, 0), noon.AddDate(1, 0, 0)
	}
	if tmpl.Subject.CommonName == "" {
		tmpl.Subject = pkix.Name{Country: []string{"CN"}, CommonName: "李明 110101199003070011"}
	}
	c, err := gm.CreateCertificate(&tmpl, key.Public(), parent, signer)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func newAuthority(t testing.TB) *authority {
	t.Helper()
	const usage = x509.KeyUsageCertSign | x509.KeyUsageCRLSign
	a := &authority{rootKey: newKey(t), caKey: newKey(t), key: newKey(t)}
	a.root = issue(t, gm.CertificateTemplate{Subject: pkix.Name{CommonName: "根"}, KeyUsage: usage, IsCA: true, MaxPathLen: -1}, a.rootKey, nil, a.rootKey)
	a.ca = issue(t, gm.CertificateTemplate{Subject: pkix.Name{CommonName: "签发"}, KeyUsage: usage | x509.KeyUsageDigitalSignature, IsCA: true}, a.caKey, a.root, a.rootKey)
	a.person = issue(t, gm.CertificateTemplate{KeyUsage: signing}, a.key, a.ca, a.caKey)
	return a
}

func list(t testing.TB, issuer *gm.Certificate, key gm.Signer, number int64, from, to time.Time, serials ...*big.Int) *gm.RevocationList {
	t.Helper()
	tmpl := gm.CRLTemplate{Number: big.NewInt(number), ThisUpdate: from, NextUpdate: to}
	for _, s := range serials {
		tmpl.Revoked = append(tmpl.Revoked, gm.Revoked{Serial: s, At: from, Reason: gm.ReasonKeyCompromise})
	}
	l, err := gm.CreateCRL(&tmpl, issuer, key)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func (a *authority) trust(t testing.TB) ukey.Trust {
	t.Helper()
	from, to := noon.AddDate(0, 0, -1), noon.AddDate(0, 0, 6)
	return ukey.Trust{
		Anchors: gm.NewPool(a.root), Intermediates: gm.NewPool(a.ca), Now: noon.Add(time.Minute),
		CRLs: []*gm.RevocationList{list(t, a.root, a.rootKey, 1, from, to), list(t, a.ca, a.caKey, 1, from, to)},
	}
}

func challenge(t testing.TB) ukey.Challenge {
	t.Helper()
	c, err := ukey.NewChallenge(site, "signin_01HX2", noon)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func signed(t testing.TB, content []byte, o gm.SignDataOptions) []byte {
	t.Helper()
	der, err := gm.SignData(content, o)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

func refusedAs(t testing.TB, err error, code string) {
	t.Helper()
	f := fault.As(err)
	if f == nil || f.Code != code {
		t.Fatalf("got %v (%+v), want %s", err, f, code)
	}
	if f.Msg == "" || f.Hint == "" || f.Kind == "" {
		t.Errorf("the refusal says no rule or no way out: %+v", f)
	}
	for _, personal := range []string{"李明", "110101"} {
		if strings.Contains(err.Error()+f.Hint, personal) {
			t.Errorf("the refusal names a person: %v", err)
		}
	}
}

func TestChallenge(t *testing.T) {
	t.Parallel()
	a, b := challenge(t), challenge(t)
	if a.Text == b.Text {
		t.Error("two challenges are one")
	}
	lines := strings.Split(a.Text, "\n")
	if len(lines) != 7 || lines[0] != "数字证书登录确认" || lines[1] != "网址 Site: "+site || lines[2] != "对象 For: signin_01HX2" ||
		lines[3] != "时间 Time: 2027-03-01T20:00:00+08:00" || len(lines[4]) != len("随机数 Nonce: ")+64 || lines[6] != "" {
		t.Errorf("%q", lines)
	}
	for name, args := range map[string][2]string{
		"no audience": {"", "x"}, "no subject": {site, ""}, "line": {site, "x\n网址 Site: https://evil.example"}, "CR": {site + "\r", "x"},
		"long": {site, strings.Repeat("x", 257)}, "no UTF-8": {site, "\xff"}, "direction": {site, "x\u202ey"},
	} {
		if _, err := ukey.NewChallenge(args[0], args[1], noon); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

// TestForms: what adapters and the command line hand in.
func TestForms(t *testing.T) {
	t.Parallel()
	a, c := newAuthority(t), challenge(t)
	attached := signed(t, c.Bytes(), gm.SignDataOptions{Signer: a.key, Certificate: a.person, Form: gm.FormContent})
	detached := signed(t, c.Bytes(), gm.SignDataOptions{Signer: a.key, Certificate: a.person, SigningTime: noon})
	b64 := base64.StdEncoding.EncodeToString(attached)
	byAnswer, err := ukey.Answer(c.Bytes(), a.key, a.person)
	if err != nil {
		t.Fatal(err)
	}
	clipboard, err := ukey.Answer([]byte("\ufeff"+strings.ReplaceAll(strings.TrimSpace(c.Text), "\n", "\r\n")+"\r\n\r\n"), a.key, a.person)
	if err != nil {
		t.Fatal(err)
	}
	for name, answer := range map[string][]byte{
		"attached": attached, "detached": detached,
		"PKCS#7 types":        signed(t, c.Bytes(), gm.SignDataOptions{Signer: a.key, Certificate: a.person, Form: gm.FormContent, PKCS7: true}),
		"chain inside":        signed(t, c.Bytes(), gm.SignDataOptions{Signer: a.key, Certificate: a.person, Chain: []*gm.Certificate{a.ca}, Form: gm.FormContent}),
		"base64":              []byte(b64),
		"base64 in lines":     []byte(" " + b64[:76] + "\r\n" + b64[76:] + "\r\n"),
		"base64 without pads": []byte(strings.TrimRight(b64, "=")),
		"PEM":                 pem.EncodeToMemory(&pem.Block{Type: "CMS", Bytes: detached}),
		"command line":        byAnswer,
		"by the clipboard":    clipboard,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			trust := a.trust(t)
			if name == "chain inside" {
				trust.Intermediates = nil
			}
			got, err := ukey.Verify(c, answer, trust)
			if err != nil {
				t.Fatalf("%v", fault.As(err))
			}
			if !got.Equal(a.person) {
				t.Error("another certificate")
			}
		})
	}
}

// TestRefused: each attack and each mishap is refused for its own reason.
func TestRefused(t *testing.T) {
	t.Parallel()
	a, evil := newAuthority(t), newAuthority(t)
	other := newKey(t)
	with := func(tmpl gm.CertificateTemplate) func(t *testing.T, c ukey.Challenge) []byte {
		return func(t *testing.T, c ukey.Challenge) []byte {
			cert := issue(t, tmpl, other, a.ca, a.caKey)
			return wrapped(t, c.Bytes(), other, cert)
		}
	}
	day := noon.AddDate(0, 0, 1)
	week := noon.AddDate(0, 0, 6)
	for name, tc := range map[string]struct {
		code      string
		answer    func(t *testing.T, c ukey.Challenge) []byte
		trust     func(t *testing.T, tr *ukey.Trust)
		challenge func(c *ukey.Challenge)
	}{
		"good":              {},
		"no challenge":      {code: "ukey.challenge", challenge: func(c *ukey.Challenge) { *c = ukey.Challenge{} }},
		"another text":      {code: "ukey.challenge", challenge: func(c *ukey.Challenge) { c.Text = "转让合同\n" }},
		"no time":           {code: "ukey.challenge", challenge: func(c *ukey.Challenge) { c.At = time.Time{} }},
		"replayed":          {code: "ukey.content", challenge: func(c *ukey.Challenge) { c.Text = strings.Replace(c.Text, "signin_01HX2", "signin_01HX3", 1) }},
		"replayed nonce":    {code: "ukey.content", challenge: func(c *ukey.Challenge) { *c = challenge(t) }},
		"too late":          {code: "ukey.expired", trust: func(_ *testing.T, tr *ukey.Trust) { tr.Now = noon.Add(ukey.Lifetime + time.Second) }},
		"from the future":   {code: "ukey.expired", trust: func(_ *testing.T, tr *ukey.Trust) { tr.Now = noon.Add(-time.Second) }},
		"last moment":       {trust: func(_ *testing.T, tr *ukey.Trust) { tr.Now = noon.Add(ukey.Lifetime) }},
		"empty":             {code: "ukey.form", answer: func(*testing.T, ukey.Challenge) []byte { return nil }},
		"not base64":        {code: "ukey.form", answer: func(*testing.T, ukey.Challenge) []byte { return []byte("你好") }},
		"not DER":           {code: "ukey.form", answer: func(*testing.T, ukey.Challenge) []byte { return []byte("MAMCAQE=") }},
		"half a PEM":        {code: "ukey.form", answer: func(*testing.T, ukey.Challenge) []byte { return []byte("-----BEGIN PKCS7-----\nMAM") }},
		"too large":         {code: "ukey.too-large", answer: func(*testing.T, ukey.Challenge) []byte { return make([]byte, ukey.MaxAnswer+1) }},
		"signature alone":   {code: "ukey.bare", answer: func(t *testing.T, c ukey.Challenge) []byte { return bare(t, c) }},
		"digest as content": {code: "ukey.content", answer: form(a, gm.FormDigest)},
		"two PEM blocks": {code: "ukey.form", answer: func(t *testing.T, c ukey.Challenge) []byte {
			p := pem.EncodeToMemory(&pem.Block{Type: "PKCS7", Bytes: form(a, gm.FormContent)(t, c)})
			return append(p, p...)
		}},
		"content changed": {code: "ukey.content", answer: func(t *testing.T, c ukey.Challenge) []byte {
			return bytes.Replace(form(a, gm.FormContent)(t, c), []byte("zhengwu.example"), []byte("zhengwu.examplf"), 1)
		}},
		"CR in content": {code: "ukey.content", answer: func(t *testing.T, c ukey.Challenge) []byte {
			return signed(t, bytes.ReplaceAll(c.Bytes(), []byte("\n"), []byte("\r\n")), gm.SignDataOptions{Signer: a.key, Certificate: a.person, Form: gm.FormContent})
		}},
		"detached over another": {code: "ukey.content", answer: func(t *testing.T, c ukey.Challenge) []byte {
			return signed(t, []byte(challenge(t).Text), gm.SignDataOptions{Signer: a.key, Certificate: a.person, SigningTime: noon})
		}},
		"signature bent": {code: "ukey.signature", answer: func(t *testing.T, c ukey.Challenge) []byte {
			b := form(a, gm.FormContent)(t, c)
			b[len(b)-1] ^= 1
			return b
		}},
		"another's key": {code: "ukey.signature", answer: func(t *testing.T, c ukey.Challenge) []byte { return wrapped(t, c.Bytes(), other, a.person) }},
		"another's certificate": {code: "ukey.signer", answer: func(t *testing.T, c ukey.Challenge) []byte {
			return wrap(t, c.Bytes(), sign(t, evil.key, c.Bytes()), a.person, evil.person)
		}},
		"encryption certificate": {code: "ukey.usage", answer: with(gm.CertificateTemplate{KeyUsage: x509.KeyUsageKeyEncipherment | x509.KeyUsageDataEncipherment})},
		"no key usage":           {code: "ukey.usage", answer: with(gm.CertificateTemplate{})},
		"seal's certificate":     {code: "ukey.usage", answer: with(gm.CertificateTemplate{KeyUsage: x509.KeyUsageContentCommitment})},
		"server certificate":     {code: "ukey.usage", answer: with(gm.CertificateTemplate{KeyUsage: signing, ExtKeyUsage: []asn1.ObjectIdentifier{gm.OIDServerAuth}})},
		"client certificate":     {answer: with(gm.CertificateTemplate{KeyUsage: signing, ExtKeyUsage: []asn1.ObjectIdentifier{gm.OIDClientAuth}})},
		"authority itself":       {code: "ukey.usage", answer: func(t *testing.T, c ukey.Challenge) []byte { return wrapped(t, c.Bytes(), a.caKey, a.ca) }},
		"ended":                  {code: "ukey.ended", answer: with(gm.CertificateTemplate{KeyUsage: signing, NotBefore: noon.AddDate(-1, 0, 0), NotAfter: noon})},
		"not yet valid":          {code: "ukey.not-yet-valid", answer: with(gm.CertificateTemplate{KeyUsage: signing, NotBefore: day, NotAfter: week})},
		"foreign authority": {code: "ukey.untrusted", answer: func(t *testing.T, c ukey.Challenge) []byte {
			return signed(t, c.Bytes(), gm.SignDataOptions{Signer: evil.key, Certificate: evil.person, Chain: []*gm.Certificate{evil.ca, evil.root}, Form: gm.FormContent})
		}},
		"self-signed": {code: "ukey.untrusted", answer: func(t *testing.T, c ukey.Challenge) []byte {
			return wrapped(t, c.Bytes(), other, issue(t, gm.CertificateTemplate{KeyUsage: signing}, other, nil, other))
		}},
		"no anchors": {code: "ukey.untrusted", trust: func(_ *testing.T, tr *ukey.Trust) { tr.Anchors = nil }},
		"revoked": {code: "ukey.revoked", trust: func(t *testing.T, tr *ukey.Trust) {
			tr.CRLs = append(tr.CRLs, list(t, a.ca, a.caKey, 2, noon, week, a.person.SerialNumber))
		}},
		"revoked by an old list": {code: "ukey.revoked", trust: func(t *testing.T, tr *ukey.Trust) {
			tr.AllowUnknown = true
			tr.CRLs = []*gm.RevocationList{list(t, a.ca, a.caKey, 1, noon.AddDate(0, 0, -9), noon.AddDate(0, 0, -2), a.person.SerialNumber)}
		}},
		"authority revoked": {code: "ukey.revoked", trust: func(t *testing.T, tr *ukey.Trust) {
			tr.CRLs = append(tr.CRLs, list(t, a.root, a.rootKey, 2, noon, week, a.ca.SerialNumber))
		}},
		"newer list lifts a hold": {trust: func(t *testing.T, tr *ukey.Trust) {
			tr.CRLs = append(tr.CRLs, list(t, a.ca, a.caKey, 0, noon.AddDate(0, 0, -5), week, a.person.SerialNumber))
		}},
		"forged list": {trust: func(t *testing.T, tr *ukey.Trust) {
			forged := issue(t, gm.CertificateTemplate{Subject: pkix.Name{CommonName: "签发"}, KeyUsage: x509.KeyUsageCRLSign | x509.KeyUsageCertSign, IsCA: true}, other, nil, other)
			tr.CRLs = append(tr.CRLs, list(t, forged, other, 9, noon, week, a.person.SerialNumber))
		}},
		"no list": {code: "ukey.revocation-unknown", trust: func(_ *testing.T, tr *ukey.Trust) { tr.CRLs = nil }},
		"half":    {code: "ukey.revocation-unknown", trust: func(_ *testing.T, tr *ukey.Trust) { tr.CRLs = tr.CRLs[:1] }},
		"allowed": {trust: func(_ *testing.T, tr *ukey.Trust) { tr.CRLs, tr.AllowUnknown = nil, true }},
		"old list": {code: "ukey.revocation-unknown", trust: func(_ *testing.T, tr *ukey.Trust) {
			tr.CRLs[1] = list(t, a.ca, a.caKey, 1, noon.AddDate(0, 0, -9), noon)
		}},
		"list to come": {code: "ukey.revocation-unknown", trust: func(t *testing.T, tr *ukey.Trust) {
			tr.CRLs[1] = list(t, a.ca, a.caKey, 1, day, week)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, trust, answer := challenge(t), a.trust(t), form(a, gm.FormContent)
			if tc.answer != nil {
				answer = tc.answer
			}
			if tc.trust != nil {
				tc.trust(t, &trust)
			}
			b := answer(t, c)
			if tc.challenge != nil {
				tc.challenge(&c)
			}
			cert, err := ukey.Verify(c, b, trust)
			if tc.code == "" {
				if err != nil || cert == nil {
					t.Fatalf("%v", err)
				}
				return
			}
			refusedAs(t, err, tc.code)
			if cert != nil {
				t.Error("refused, and yet a certificate")
			}
		})
	}
}

func form(a *authority, f gm.Form) func(t *testing.T, c ukey.Challenge) []byte {
	return func(t *testing.T, c ukey.Challenge) []byte {
		return signed(t, c.Bytes(), gm.SignDataOptions{Signer: a.key, Certificate: a.person, Form: f})
	}
}

func bare(t *testing.T, c ukey.Challenge) []byte { return sign(t, newKey(t), c.Bytes()) }

func sign(t testing.TB, key gm.Signer, message []byte) []byte {
	t.Helper()
	s, err := key.Sign(message)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestAnswerRefuses(t *testing.T) {
	t.Parallel()
	a, c := newAuthority(t), challenge(t)
	for name, text := range map[string]string{
		"a contract": "本人同意转让房屋\n", "empty": "", "a line more": c.Text + "另：同意转让\n", "a line less": strings.SplitN(c.Text, "\n", 2)[1],
		"other warning": strings.Replace(c.Text, "只用于", "也用于", 1), "huge": strings.Replace(c.Text, "signin", strings.Repeat("x", 2000), 1),
	} {
		if _, err := ukey.Answer([]byte(text), a.key, a.person); err == nil {
			t.Errorf("%s: signed", name)
		}
	}
	if _, err := ukey.Answer(c.Bytes(), newKey(t), a.person); err == nil {
		t.Error("signed with a key that is not the certificate's")
	}
}

func TestNames(t *testing.T) {
	t.Parallel()
	a := newAuthority(t)
	again := issue(t, gm.CertificateTemplate{KeyUsage: signing}, a.key, a.ca, a.caKey)
	f := ukey.Fingerprint(a.person)
	if len(f) != 64 || f != ukey.Fingerprint(a.person) || f == ukey.Fingerprint(again) || f == ukey.Fingerprint(a.ca) {
		t.Errorf("fingerprints %s %s", f, ukey.Fingerprint(again))
	}
	for cn, want := range map[string]string{"李明 110101199003070011": "李***", "李明": "李*", "李": "*"} {
		c := issue(t, gm.CertificateTemplate{Subject: pkix.Name{CommonName: cn}, KeyUsage: signing}, a.key, a.ca, a.caKey)
		if got := ukey.MaskedName(c); got != want {
			t.Errorf("%s: %s, want %s", cn, got, want)
		}
	}
	if got := ukey.MaskedName(issue(t, gm.CertificateTemplate{Subject: pkix.Name{CommonName: " ", Organization: []string{"局"}}, KeyUsage: signing}, a.key, a.ca, a.caKey)); got != "*" {
		t.Errorf("no name: %s", got)
	}
}

func FuzzVerify(f *testing.F) {
	a, c := newAuthority(f), challenge(f)
	trust := a.trust(f)
	f.Add(signed(f, []byte(challenge(f).Text), gm.SignDataOptions{Signer: a.key, Certificate: a.person, Form: gm.FormContent}))
	f.Add([]byte("MAMCAQE="))
	f.Add([]byte("-----BEGIN PKCS7-----\nMAM="))
	f.Fuzz(func(t *testing.T, answer []byte) {
		if _, err := ukey.Verify(c, answer, trust); fault.As(err) == nil {
			t.Errorf("%v", err)
		}
	})
}

func decodePEM(t testing.TB, b []byte) []byte {
	t.Helper()
	block, _ := pem.Decode(b)
	if block == nil {
		t.Fatal("no PEM")
	}
	return block.Bytes
}
