// Package sestest makes keys, digital certificates and seals for tests, and
// seal signatures with the encodings that are met in the field.
package sestest

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"math/big"
	"sync/atomic"
	"testing"
	"time"

	"sidian/gm"
	"sidian/ses"
)

// Now is the time at which everything here is made.
var Now = time.Date(2026, 3, 2, 8, 30, 0, 0, time.UTC)

// PKI is a root, a seal maker, a signer and a time-stamping authority.
type PKI struct {
	tb testing.TB

	Root, Maker, Signer, TSA             *gm.Certificate
	RootKey, MakerKey, SignerKey, TSAKey *gm.PrivateKey
}

// New makes a PKI that is valid from a year before Now to three years after.
func New(tb testing.TB) *PKI {
	tb.Helper()
	p := &PKI{tb: tb, RootKey: Key(tb), MakerKey: Key(tb), SignerKey: Key(tb), TSAKey: Key(tb)}
	root := Template("测试根")
	root.IsCA, root.MaxPathLen, root.KeyUsage = true, -1, x509.KeyUsageCertSign|x509.KeyUsageCRLSign
	p.Root = create(tb, root, p.RootKey.Public(), nil, p.RootKey)
	p.Maker = p.Issue(Template("测试制章者"), p.MakerKey)
	p.Signer = p.Issue(Template("测试签章人"), p.SignerKey)
	tsa := Template("测试时间戳")
	tsa.ExtKeyUsage = []asn1.ObjectIdentifier{gm.OIDTimeStamping}
	p.TSA = p.Issue(tsa, p.TSAKey)
	return p
}

// Key makes a key.
func Key(tb testing.TB) *gm.PrivateKey {
	tb.Helper()
	k, err := gm.GenerateKey()
	if err != nil {
		tb.Fatal(err)
	}
	return k
}

var serial atomic.Int64

// Template is that of a digital certificate for signing.
func Template(name string) *gm.CertificateTemplate {
	return &gm.CertificateTemplate{
		Subject:      pkix.Name{CommonName: name, Country: []string{"CN"}},
		SerialNumber: big.NewInt(serial.Add(1) + 1000),
		NotBefore:    Now.AddDate(-1, 0, 0), NotAfter: Now.AddDate(3, 0, 0),
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageContentCommitment,
	}
}

// Issue issues a certificate under the root.
func (p *PKI) Issue(t *gm.CertificateTemplate, key *gm.PrivateKey) *gm.Certificate {
	p.tb.Helper()
	return create(p.tb, t, key.Public(), p.Root, p.RootKey)
}

func create(tb testing.TB, t *gm.CertificateTemplate, pub *gm.PublicKey, parent *gm.Certificate, signer gm.Signer) *gm.Certificate {
	tb.Helper()
	c, err := gm.CreateCertificate(t, pub, parent, signer)
	if err != nil {
		tb.Fatal(err)
	}
	return c
}

// Anchors is the pool that holds the root.
func (p *PKI) Anchors() *gm.Pool { return gm.NewPool(p.Root) }

// CRL makes a revocation list of the root, current around Now.
func (p *PKI) CRL(revoked ...gm.Revoked) *gm.RevocationList {
	p.tb.Helper()
	l, err := gm.CreateCRL(&gm.CRLTemplate{
		Number: big.NewInt(1), ThisUpdate: Now.Add(-time.Hour), NextUpdate: Now.Add(30 * 24 * time.Hour), Revoked: revoked,
	}, p.Root, p.RootKey)
	if err != nil {
		p.tb.Fatal(err)
	}
	return l
}

// Timestamp gives a function that stamps a value at a time.
func (p *PKI) Timestamp(at time.Time) func([]byte) ([]byte, error) {
	a := &gm.TimestampAuthority{
		Certificate: p.TSA, Signer: p.TSAKey, Policy: asn1.ObjectIdentifier{1, 2, 3, 4},
	}
	return func(value []byte) ([]byte, error) {
		request, err := gm.NewTimestampRequest(value, big.NewInt(7))
		if err != nil {
			return nil, err
		}
		response, err := a.Respond(request, at)
		if err != nil {
			return nil, err
		}
		return gm.ParseTimestampResponse(response)
	}
}

// SealOptions are those of a seal for the signer, 40 mm, valid for two years.
func (p *PKI) SealOptions() ses.SealOptions {
	return ses.SealOptions{
		ID: "TEST0000000000000001", VendorID: "SIDIAN", Type: 1, Name: "测试专用章",
		Signers: []*gm.Certificate{p.Signer},
		Created: Now.AddDate(0, -1, 0), ValidFrom: Now.AddDate(0, -1, 0), ValidTo: Now.AddDate(2, 0, 0),
		Picture: ses.Picture{Type: "PNG", Data: Picture, Width: 40, Height: 40},
	}
}

// Seal makes a seal.
func (p *PKI) Seal() *ses.Seal {
	p.tb.Helper()
	s, err := ses.MakeSeal(p.SealOptions(), p.MakerKey, p.Maker)
	if err != nil {
		p.tb.Fatal(err)
	}
	return s
}

// Picture is a PNG of one red point.
var Picture = []byte("\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x02\x00\x00\x00\x90wS\xde\x00\x00\x00\x0cIDATx\x9cc\xf8\xcf\xc0\x00\x00\x03\x01\x01\x00\xc9\xfe\x92\xef\x00\x00\x00\x00IEND\xaeB`\x82")
