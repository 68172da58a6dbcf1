package gm

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"math/big"
	"slices"
	"testing"
	"time"
)

func newKey(t testing.TB) *PrivateKey {
	t.Helper()
	key, err := GenerateKey()
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func name(organisation, common string) pkix.Name {
	return pkix.Name{Country: []string{"CN"}, Organization: []string{organisation}, CommonName: common}
}

// day n of the tests' calendar: day 0 is 2027-01-01, and certificates are valid from day 0 to day 365.
func day(n int) time.Time { return time.Date(2027, 1, 1, 8, 0, 0, 0, time.UTC).AddDate(0, 0, n) }

// pki is a root, an authority below it, and a signing certificate.
type pki struct {
	rootKey, caKey, leafKey *PrivateKey
	root, ca, leaf          *Certificate
}

func issue(t testing.TB, tmpl CertificateTemplate, pub *PublicKey, parent *Certificate, signer Signer) *Certificate {
	t.Helper()
	if tmpl.NotBefore.IsZero() {
		tmpl.NotBefore, tmpl.NotAfter = day(0), day(365)
	}
	c, err := CreateCertificate(&tmpl, pub, parent, signer)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

const usageCA = x509.KeyUsageCertSign | x509.KeyUsageCRLSign

func newPKI(t testing.TB) *pki {
	t.Helper()
	p := &pki{rootKey: newKey(t), caKey: newKey(t), leafKey: newKey(t)}
	p.root = issue(t, CertificateTemplate{Subject: name("测试", "根"), KeyUsage: usageCA, IsCA: true, MaxPathLen: -1}, p.rootKey.Public(), nil, p.rootKey)
	p.ca = issue(t, CertificateTemplate{Subject: name("测试", "签发机构"), KeyUsage: usageCA, IsCA: true, MaxPathLen: 0}, p.caKey.Public(), p.root, p.rootKey)
	p.leaf = issue(t, CertificateTemplate{Subject: name("某县行政审批局", "电子印章"), KeyUsage: usageSigning, CRLURL: "http://ca.example/crl"}, p.leafKey.Public(), p.ca, p.caKey)
	return p
}

// issued returns another certificate below the authority.
func (p *pki) issued(t testing.TB, tmpl CertificateTemplate) (*Certificate, *PrivateKey) {
	t.Helper()
	key := newKey(t)
	return issue(t, tmpl, key.Public(), p.ca, p.caKey), key
}

func (p *pki) crl(t testing.TB, revoked ...Revoked) *RevocationList {
	t.Helper()
	l, err := CreateCRL(&CRLTemplate{Number: big.NewInt(3), ThisUpdate: day(30), NextUpdate: day(37), Revoked: revoked}, p.ca, p.caKey)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

var testPolicy = asn1.ObjectIdentifier{1, 2, 3, 4, 7}

func (p *pki) authority(t testing.TB) *TimestampAuthority {
	t.Helper()
	c, key := p.issued(t, CertificateTemplate{Subject: name("测试", "时间戳"), KeyUsage: usageSigning, ExtKeyUsage: []asn1.ObjectIdentifier{OIDTimeStamping}})
	return &TimestampAuthority{Certificate: c, Chain: []*Certificate{p.ca}, Signer: key, Policy: testPolicy, Accuracy: 1500 * time.Microsecond}
}

func oneCertificate(t testing.TB, data []byte) *Certificate {
	t.Helper()
	all, err := ParseCertificates(data)
	if err != nil {
		t.Fatal(err)
	}
	if len(all) != 1 {
		t.Fatalf("%d certificates, want 1", len(all))
	}
	return all[0]
}

func sample(t testing.TB, file string) *Certificate {
	t.Helper()
	return oneCertificate(t, readFile(t, "testdata", file))
}

func codes(notes []Note) (out []string) {
	for _, note := range notes {
		out = append(out, note.Code)
	}
	return out
}

func problemCodes(problems []Problem) (out []string) {
	for _, problem := range problems {
		out = append(out, problem.Code)
	}
	return out
}

func wantCodes(t *testing.T, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("codes %q, want %q", got, want)
	}
}

func wantError(t *testing.T, got, want error) {
	t.Helper()
	if !errors.Is(got, want) {
		t.Errorf("error %v, want %v", got, want)
	}
}

func flipped(data []byte, at int) []byte {
	out := slices.Clone(data)
	out[(at+len(out))%len(out)] ^= 1
	return out
}
