package gm

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"math/big"
	"testing"
	"time"
)

func TestSampleCertificates(t *testing.T) {
	t.Parallel()
	root, signer := sample(t, "root.der"), sample(t, "signer.der")
	if got := signer.SubjectName(); got != "Signer（OFD bench）" {
		t.Errorf("subject %q", got)
	}
	if got := signer.IssuerName(); got != root.SubjectName() {
		t.Errorf("issuer %q", got)
	}
	if signer.SerialNumber.Int64() != 1793494970718 || signer.Version != 3 || signer.IsCA || !root.IsCA || signer.KeyAlgorithm != "SM2" {
		t.Errorf("fields: %+v", signer)
	}
	if signer.KeyUsage != usageSigning || root.KeyUsage != usageCA {
		t.Errorf("key usage %b %b", signer.KeyUsage, root.KeyUsage)
	}
	if want := time.Date(2026, 11, 21, 2, 12, 51, 0, time.UTC); !signer.NotBefore.Equal(want) {
		t.Errorf("not before %v", signer.NotBefore)
	}
	if notes, err := signer.CheckFrom(root); err != nil || len(notes) > 0 {
		t.Error(notes, err)
	}
	_, err := signer.CheckFrom(sample(t, "maker.der"))
	wantError(t, err, ErrInvalidSignature)
}

func TestParseCertificates(t *testing.T) {
	t.Parallel()
	root, maker := sample(t, "root.der"), sample(t, "maker.der")
	key, err := newKey(t).PEM(nil)
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name string
		data []byte
		want int
	}{
		{"one DER", root.Raw, 1},
		{"two DER", append(bytes.Clone(root.Raw), maker.Raw...), 2},
		{"one PEM", root.PEM(), 1},
		{"PEM with text and a key", bytes.Join([][]byte{[]byte("subject=测试\n"), root.PEM(), key, maker.PEM()}, nil), 2},
		{"only a key", key, 0},
		{"empty", nil, 0},
		{"rubbish", []byte("rubbish"), 0},
		{"DER and rubbish", append(bytes.Clone(root.Raw), "rubbish"...), 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got, err := ParseCertificates(test.data)
			if len(got) != test.want {
				t.Errorf("%d certificates, want %d (%v)", len(got), test.want, err)
			}
			if test.want == 0 {
				wantError(t, err, ErrMalformed)
			}
		})
	}
}

func TestDamagedCertificateIsNeverTakenForGood(t *testing.T) {
	t.Parallel()
	root, signer := sample(t, "root.der"), sample(t, "signer.der")
	for i := range signer.Raw {
		c, err := ParseCertificate(flipped(signer.Raw, i))
		if err != nil {
			continue
		}
		if notes, err := c.CheckFrom(root); err == nil && len(notes) == 0 {
			t.Errorf("octet %d changed and nothing noticed", i)
		}
		if i < len(signer.Raw) {
			if _, err := ParseCertificate(signer.Raw[:i]); err == nil {
				t.Errorf("cut at %d and read", i)
			}
		}
	}
	_, err := ParseCertificate(append(bytes.Clone(signer.Raw), 0))
	wantError(t, err, ErrMalformed)
}

func TestCertificateSigningUsage(t *testing.T) {
	t.Parallel()
	p := newPKI(t)
	policy := asn1.ObjectIdentifier{1, 2, 3, 4, 5}
	tests := []struct {
		name string
		tmpl CertificateTemplate
		want []string
	}{
		{"signing", CertificateTemplate{KeyUsage: usageSigning}, nil},
		{"digital signature", CertificateTemplate{KeyUsage: x509.KeyUsageDigitalSignature}, nil},
		{"non-repudiation", CertificateTemplate{KeyUsage: x509.KeyUsageContentCommitment}, nil},
		{"both", CertificateTemplate{KeyUsage: usageSigning | usageEncryption}, nil},
		{"no extension", CertificateTemplate{}, nil},
		{"encryption", CertificateTemplate{KeyUsage: usageEncryption}, []string{"encryption_only"}},
		{"encipher only", CertificateTemplate{KeyUsage: x509.KeyUsageEncipherOnly | x509.KeyUsageKeyAgreement}, []string{"encryption_only"}},
		{"decipher only", CertificateTemplate{KeyUsage: x509.KeyUsageDecipherOnly}, []string{"key_usage"}},
		{"authority", CertificateTemplate{KeyUsage: x509.KeyUsageCRLSign}, []string{"key_usage"}},
		{"critical unknown", CertificateTemplate{KeyUsage: usageSigning, Extensions: []pkix.Extension{{Id: policy, Critical: true, Value: []byte{5, 0}}}}, []string{"critical_extension"}},
		{"unknown", CertificateTemplate{KeyUsage: usageSigning, Extensions: []pkix.Extension{{Id: policy, Value: []byte{5, 0}}}}, nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			test.tmpl.Subject = name("测试", test.name)
			c, _ := p.issued(t, test.tmpl)
			if c.KeyUsage != test.tmpl.KeyUsage {
				t.Errorf("key usage %b, want %b", c.KeyUsage, test.tmpl.KeyUsage)
			}
			wantCodes(t, problemCodes(c.CheckSigningUsage()), test.want...)
		})
	}
}

func TestCertificateValidity(t *testing.T) {
	t.Parallel()
	leaf := newPKI(t).leaf
	for at, want := range map[time.Time][]string{
		day(0):                    nil,
		day(365):                  nil,
		day(0).Add(-time.Second):  {"not_yet_valid"},
		day(365).Add(time.Second): {"expired"},
		day(100).In(beijing):      nil,
	} {
		wantCodes(t, problemCodes(leaf.CheckValidity(at)), want...)
	}
}

func TestIssuedCertificateHoldsItsTemplate(t *testing.T) {
	t.Parallel()
	p := newPKI(t)
	tmpl := CertificateTemplate{
		Subject: name("测试", "远期"), SerialNumber: big.NewInt(255), NotBefore: day(0), NotAfter: time.Date(2050, 1, 1, 0, 0, 0, 0, time.UTC),
		KeyUsage: usageSigning, ExtKeyUsage: []asn1.ObjectIdentifier{OIDClientAuth, OIDTimeStamping}, CRLURL: "http://a/crl", OCSPURL: "http://a/ocsp",
	}
	c, key := p.issued(t, tmpl)
	switch {
	case !c.NotAfter.Equal(tmpl.NotAfter), c.SerialNumber.Int64() != 255:
		t.Error("serial number or end")
	case len(c.CRLURLs) != 1 || c.CRLURLs[0] != "http://a/crl", len(c.OCSPURLs) != 1 || c.OCSPURLs[0] != "http://a/ocsp":
		t.Error("addresses", c.CRLURLs, c.OCSPURLs)
	case !c.HasExtKeyUsage(OIDClientAuth) || !c.HasExtKeyUsage(OIDTimeStamping) || c.HasExtKeyUsage(OIDOCSPSigning) || c.ExtKeyCritical:
		t.Error("extended key usage")
	case !bytes.Equal(c.SubjectKeyID, key.Public().KeyID()), !bytes.Equal(c.AuthorityKeyID, p.ca.SubjectKeyID):
		t.Error("key identifiers")
	case c.MaxPathLen != -1 || p.ca.MaxPathLen != 0 || p.root.MaxPathLen != -1:
		t.Error("path lengths")
	}
	if !p.authority(t).Certificate.ExtKeyCritical {
		t.Error("timeStamping alone must be critical")
	}
	again, err := ParseCertificate(c.Raw)
	if err != nil || !again.Equal(c) || again.Digest() != Sum(c.Raw) {
		t.Error("not read back equal", err)
	}
	named, err := CreateCertificate(&CertificateTemplate{RawSubject: c.RawSubject, NotBefore: day(0), NotAfter: day(1)}, key.Public(), p.ca, p.caKey)
	if err != nil || !bytes.Equal(named.RawSubject, c.RawSubject) {
		t.Error("raw subject", err)
	}
}

func TestIssuingIsRefused(t *testing.T) {
	t.Parallel()
	p := newPKI(t)
	good := CertificateTemplate{Subject: name("测试", "x"), NotBefore: day(0), NotAfter: day(1), KeyUsage: usageSigning}
	change := func(f func(*CertificateTemplate)) *CertificateTemplate { c := good; f(&c); return &c }
	pub := p.leafKey.Public()
	tests := []struct {
		name   string
		tmpl   *CertificateTemplate
		pub    *PublicKey
		parent *Certificate
		signer Signer
	}{
		{"no template", nil, pub, p.ca, p.caKey},
		{"no key", &good, nil, p.ca, p.caKey},
		{"no signer", &good, pub, p.ca, nil},
		{"self-signed with another key", &good, pub, nil, p.caKey},
		{"signer is not the issuer", &good, pub, p.ca, p.rootKey},
		{"issuer is a leaf", &good, pub, p.leaf, p.leafKey},
		{"authority below path length 0", change(func(c *CertificateTemplate) { c.IsCA, c.KeyUsage = true, usageCA }), pub, p.ca, p.caKey},
		{"authority without certSign", change(func(c *CertificateTemplate) { c.IsCA = true }), pub, p.root, p.rootKey},
		{"leaf with certSign", change(func(c *CertificateTemplate) { c.KeyUsage = usageCA }), pub, p.ca, p.caKey},
		{"empty subject", change(func(c *CertificateTemplate) { c.Subject = pkix.Name{} }), pub, p.ca, p.caKey},
		{"raw subject is no name", change(func(c *CertificateTemplate) { c.RawSubject = []byte{1} }), pub, p.ca, p.caKey},
		{"ends before it begins", change(func(c *CertificateTemplate) { c.NotAfter = day(-1) }), pub, p.ca, p.caKey},
		{"no beginning", change(func(c *CertificateTemplate) { c.NotBefore = time.Time{} }), pub, p.ca, p.caKey},
		{"serial number 0", change(func(c *CertificateTemplate) { c.SerialNumber = new(big.Int) }), pub, p.ca, p.caKey},
		{"serial number too long", change(func(c *CertificateTemplate) { c.SerialNumber = new(big.Int).Lsh(big.NewInt(1), 160) }), pub, p.ca, p.caKey},
		{"extension twice", change(func(c *CertificateTemplate) { c.Extensions = []pkix.Extension{{Id: oidKeyUsage}} }), pub, p.ca, p.caKey},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if c, err := CreateCertificate(test.tmpl, test.pub, test.parent, test.signer); err == nil {
				t.Errorf("issued %s", c.SubjectName())
			}
		})
	}
	if _, err := CreateCertificate(&good, pub, p.ca, p.caKey); err != nil {
		t.Errorf("the unchanged one: %v", err)
	}
}

// TestRSACertificate: seals of GM/T 0031-2014 may be signed by RSA; such certificates are read and verified, not made.
func TestRSACertificate(t *testing.T) {
	t.Parallel()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	tmpl := &x509.Certificate{Subject: name("测试", "RSA"), SerialNumber: big.NewInt(5), NotBefore: day(0), NotAfter: day(365),
		KeyUsage: usageCA | usageSigning, IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	c, err := ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.PublicKey(); !errors.Is(err, ErrUnsupported) {
		t.Errorf("an SM2 key out of an RSA certificate: %v", err)
	}
	if _, err := c.CheckFrom(c); err != nil {
		t.Error(err)
	}
	message := []byte("旧版印章")
	sum1, sum256 := sha1.Sum(message), sha256.Sum256(message)
	sig1, err1 := rsa.SignPKCS1v15(nil, key, crypto.SHA1, sum1[:])
	sig256, err256 := rsa.SignPKCS1v15(nil, key, crypto.SHA256, sum256[:])
	if err := errors.Join(err1, err256); err != nil {
		t.Fatal(err)
	}
	notes, err := c.CheckSignature(OIDSHA1RSA, message, sig1)
	wantError(t, err, nil)
	wantCodes(t, codes(notes), NoteRSASHA1)
	notes, err = c.CheckSignature(OIDSHA256RSA, message, sig256)
	wantError(t, err, nil)
	wantCodes(t, codes(notes))
	_, err = c.CheckSignature(OIDSHA256RSA, message, sig1)
	wantError(t, err, ErrInvalidSignature)
	_, err = c.CheckSignature(OIDSM2WithSM3, message, sig1)
	wantError(t, err, ErrUnsupported)
}

func TestSignatureAlgorithms(t *testing.T) {
	t.Parallel()
	p := newPKI(t)
	sig, err := p.leafKey.Sign([]byte("x"))
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name  string
		oid   asn1.ObjectIdentifier
		notes []string
		err   error
	}{
		{"none told", nil, nil, nil},
		{"SM2 with SM3", OIDSM2WithSM3, nil, nil},
		{"SM2 sign", OIDSM2Sign, nil, nil},
		{"the curve", OIDSM2, []string{NoteAlgorithm}, nil},
		{"the hash", OIDSM3, []string{NoteAlgorithm}, nil},
		{"RSA", OIDSHA256RSA, nil, ErrUnsupported},
	}
	for _, test := range tests {
		notes, err := p.leaf.CheckSignature(test.oid, []byte("x"), sig)
		wantError(t, err, test.err)
		wantCodes(t, codes(notes), test.notes...)
	}
}

func TestDisplayName(t *testing.T) {
	t.Parallel()
	for want, n := range map[string]pkix.Name{
		"甲（乙局）": name("乙局", "甲"),
		"乙局":    name("乙局", ""),
		"甲":     name("甲", "甲"),
		"C=CN":  {Country: []string{"CN"}},
		"":      {},
	} {
		if got := DisplayName(n); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
