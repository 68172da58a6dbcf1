package gm

import (
	"bytes"
	"crypto/x509"
	"encoding/asn1"
	"math/big"
	"path/filepath"
	"strconv"
	"testing"
)

// suiteAuthority is a root of a suite with a time stamp authority under it.
func suiteAuthority(t testing.TB, suite string) (root *Certificate, a *TimestampAuthority) {
	t.Helper()
	make := func(tmpl CertificateTemplate, parent *Certificate, by *SuiteKey) (*Certificate, *SuiteKey) {
		key, err := GenerateSuiteKey(suite)
		if err != nil {
			t.Fatal(err)
		}
		if by == nil {
			by = key
		}
		tmpl.NotBefore, tmpl.NotAfter = day(0), day(365)
		c, err := CreateSuiteCertificate(&tmpl, key, parent, by)
		if err != nil {
			t.Fatal(err)
		}
		return c, key
	}
	root, rootKey := make(CertificateTemplate{Subject: name("测试", "另一套算法的根"), IsCA: true, MaxPathLen: 0, KeyUsage: usageCA}, nil, nil)
	leaf, key := make(CertificateTemplate{Subject: name("测试", "另一套算法的时间戳"), MaxPathLen: -1, KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []asn1.ObjectIdentifier{OIDTimeStamping}}, root, rootKey)
	return root, &TimestampAuthority{Certificate: leaf, Key: key, Policy: testPolicy}
}

// TestSuites: time stamps by every suite are made, verified here and by openssl, and refused when altered.
func TestSuites(t *testing.T) {
	t.Parallel()
	for _, s := range Suites()[1:] {
		t.Run(s.Name, func(t *testing.T) {
			t.Parallel()
			root, a := suiteAuthority(t, s.Name)
			message := []byte("比国密算法更久的证明")
			dir := folder(t, map[string][]byte{"data": message, "root.pem": root.PEM()})
			in := func(name string) string { return filepath.Join(dir, name) }
			openssl(t, "ts", "-query", "-data", in("data"), "-"+s.Digest, "-cert", "-out", in("req"))
			response, err := a.Respond(readFile(t, in("req")), day(50))
			wantError(t, err, nil)
			write(t, in("resp"), response)
			verify := []string{"ts", "-verify", "-queryfile", in("req"), "-in", in("resp"), "-CAfile", in("root.pem"), "-attime", strconv.FormatInt(day(51).Unix(), 10)}
			openssl(t, verify...)
			write(t, in("resp"), bytes.Replace(response, []byte("20270220080000Z"), []byte("20270219080000Z"), 1))
			if out, err := tryOpenssl(t, verify...); err == nil {
				t.Errorf("openssl believes another time:\n%s", out)
			}
			request, err := NewTimestampRequestBy(s.Digest, message, big.NewInt(3))
			wantError(t, err, nil)
			ts, err := ParseTimestamp(stamp(t, a, request))
			wantError(t, err, nil)
			if _, notes, err := ts.Verify(Candidate{"data", message}); err != nil || len(notes) > 0 {
				t.Error(notes, err)
			}
			_, _, err = ts.Verify(Candidate{"data", []byte("x")})
			wantError(t, err, ErrDigestMismatch)
			if imprint, signed := ts.Digests(); imprint != s.Digest || signed != s.Digest || ts.Certificate.KeyAlgorithm != s.Key || ts.Certificate.SignatureDigest() != s.Digest {
				t.Errorf("%s, %s, %s, %s", imprint, signed, ts.Certificate.KeyAlgorithm, ts.Certificate.SignatureDigest())
			}
			if !ts.Certificate.BuildChain(nil, NewPool(root)).Reached {
				t.Error("it leads to no root")
			}
			altered := bytes.Clone(ts.Raw)
			altered[len(altered)-3] ^= 1
			if ts, err := ParseTimestamp(altered); err == nil {
				if _, _, err = ts.Verify(Candidate{"data", message}); err == nil {
					t.Error("an altered signature is believed")
				}
			}
			// By the digest of another suite nothing is stamped, and by another key's certificate.
			_, err = ParseTimestampResponse(must1(a.Respond(newRequest(t, "x", nil), day(50))))
			wantError(t, err, ErrTimestampRefused)
			_, other := suiteAuthority(t, s.Name)
			other.Certificate = a.Certificate
			if _, err := other.Respond(request, day(50)); err == nil {
				t.Error("another key stamps")
			}
		})
	}
}

func must1(b []byte, err error) []byte {
	if err != nil {
		return nil
	}
	return b
}

// TestSuitesAreForTimeStamps: what is signed by another suite is no seal and no signed data.
func TestSuitesAreForTimeStamps(t *testing.T) {
	t.Parallel()
	_, a := suiteAuthority(t, "sha256-ecdsa-p256")
	sig, err := a.Key.Sign([]byte("x"))
	wantError(t, err, nil)
	_, err = a.Certificate.CheckSignature(oidECDSAWithSHA256, []byte("x"), sig)
	wantError(t, err, ErrUnsupported)
	_, err = a.Certificate.PublicKey()
	wantError(t, err, ErrUnsupported)
	request, err := NewTimestampRequestBy("sha256", []byte("x"), nil)
	wantError(t, err, nil)
	token := stamp(t, a, request)
	signed, err := ParseSignedData(token)
	wantError(t, err, nil)
	_, err = signed.Verify(signed.Content)
	wantError(t, err, ErrUnsupported)
}

func TestSuiteKey(t *testing.T) {
	t.Parallel()
	root, a := suiteAuthority(t, "sha384-ecdsa-p384")
	der, err := a.Key.DER()
	wantError(t, err, nil)
	key, err := ParseSuiteKey(der)
	if err != nil || !key.Certifies(a.Certificate) || key.Certifies(root) || key.Certifies(nil) || key.Suite() != "sha384-ecdsa-p384" {
		t.Errorf("read back: %v", err)
	}
	_, err = ParseSuiteKey([]byte("none"))
	wantError(t, err, ErrMalformed)
	sm2, err := newKey(t).DER(nil)
	wantError(t, err, nil)
	if _, err = ParseSuiteKey(sm2); err == nil {
		t.Error("an SM2 key is one of another suite")
	}
	for _, name := range []string{"sm3-sm2", "none"} {
		_, err = GenerateSuiteKey(name)
		wantError(t, err, ErrUnsupported)
	}
	_, err = NewTimestampRequestBy("md5", nil, nil)
	wantError(t, err, ErrUnsupported)
	tmpl := &CertificateTemplate{Subject: name("测试", "下级"), NotBefore: day(0), NotAfter: day(1)}
	for what, make := range map[string]func() (*Certificate, error){
		"no key":             func() (*Certificate, error) { return CreateSuiteCertificate(tmpl, nil, nil, key) },
		"no validity":        func() (*Certificate, error) { return CreateSuiteCertificate(&CertificateTemplate{}, key, nil, key) },
		"another issuer":     func() (*Certificate, error) { return CreateSuiteCertificate(tmpl, key, root, key) },
		"below no authority": func() (*Certificate, error) { return CreateSuiteCertificate(tmpl, key, a.Certificate, key) },
	} {
		if _, err := make(); err == nil {
			t.Errorf("%s is issued", what)
		}
	}
}
