package gm

import (
	"bytes"
	"crypto/x509"
	"encoding/asn1"
	"math/big"
	"path/filepath"
	"testing"
)

func TestRevocationList(t *testing.T) {
	t.Parallel()
	p := newPKI(t)
	list := p.crl(t,
		Revoked{big.NewInt(900), day(5), ReasonUnspecified},
		Revoked{p.leaf.SerialNumber, day(20), ReasonKeyCompromise},
		Revoked{big.NewInt(3), day(1), ReasonRemoveFromCRL})
	tests := []struct {
		name    string
		serial  *big.Int
		revoked bool
		reason  int
		day     int
	}{
		{"without a reason", big.NewInt(900), true, ReasonUnspecified, 5},
		{"with a reason", p.leaf.SerialNumber, true, ReasonKeyCompromise, 20},
		{"removed again", big.NewInt(3), false, 0, 0},
		{"not in the list", big.NewInt(4), false, 0, 0},
	}
	for _, test := range tests {
		at, reason, revoked := list.Status(test.serial)
		if revoked != test.revoked || reason != test.reason || (revoked && !at.Equal(day(test.day))) {
			t.Errorf("%s: %v %d %v", test.name, at, reason, revoked)
		}
	}
	if list.Revoked[0].Serial.Cmp(big.NewInt(3)) != 0 {
		t.Error("entries are not ordered by serial number")
	}
	for n, want := range map[int]bool{29: false, 30: true, 36: true, 37: false} {
		if list.CurrentAt(day(n)) != want {
			t.Errorf("current on day %d: %v", n, !want)
		}
	}
	if !list.Covers(p.leaf) || list.Covers(p.ca) {
		t.Error("coverage")
	}
	again, err := ParseCRL(list.PEM())
	if err != nil || !bytes.Equal(again.Raw, list.Raw) || len(again.Revoked) != 3 {
		t.Error("PEM", err)
	}
}

func TestRevocationListIsBoundToItsIssuer(t *testing.T) {
	t.Parallel()
	p, stranger := newPKI(t), newPKI(t)
	list := p.crl(t)
	if len(list.Revoked) != 0 {
		t.Fatal("an empty list is not empty")
	}
	_, err := list.CheckFrom(p.ca)
	wantError(t, err, nil)
	_, err = list.CheckFrom(p.root)
	wantError(t, err, ErrWrongIssuer)
	_, err = list.CheckFrom(stranger.ca) // same name, other key
	wantError(t, err, ErrInvalidSignature)
	noSign := issue(t, CertificateTemplate{Subject: name("测试", "签发机构"), KeyUsage: x509.KeyUsageCertSign, IsCA: true, MaxPathLen: -1}, p.caKey.Public(), p.root, p.rootKey)
	_, err = list.CheckFrom(noSign)
	wantError(t, err, ErrKeyUsage)
	for i := range list.Raw {
		changed, err := ParseCRL(flipped(list.Raw, i))
		if err != nil {
			continue
		}
		if notes, err := changed.CheckFrom(p.ca); err == nil && len(notes) == 0 {
			t.Errorf("octet %d changed and nothing noticed", i)
		}
	}
}

func TestIssuingRevocationListIsRefused(t *testing.T) {
	t.Parallel()
	p := newPKI(t)
	good := CRLTemplate{Number: big.NewInt(1), ThisUpdate: day(1), NextUpdate: day(2), Revoked: []Revoked{{big.NewInt(1), day(0), 0}}}
	change := func(f func(*CRLTemplate)) *CRLTemplate { c := good; f(&c); return &c }
	tests := []struct {
		name   string
		tmpl   *CRLTemplate
		issuer *Certificate
		signer Signer
	}{
		{"no template", nil, p.ca, p.caKey},
		{"no number", change(func(c *CRLTemplate) { c.Number = nil }), p.ca, p.caKey},
		{"ends before it begins", change(func(c *CRLTemplate) { c.NextUpdate = day(0) }), p.ca, p.caKey},
		{"entry twice", change(func(c *CRLTemplate) { c.Revoked = append(c.Revoked, c.Revoked...) }), p.ca, p.caKey},
		{"unknown reason", change(func(c *CRLTemplate) { c.Revoked = []Revoked{{big.NewInt(1), day(0), 7}} }), p.ca, p.caKey},
		{"issuer may not", &good, p.leaf, p.leafKey},
		{"another signer", &good, p.ca, p.rootKey},
	}
	for _, test := range tests {
		if _, err := CreateCRL(test.tmpl, test.issuer, test.signer); err == nil {
			t.Errorf("%s: issued", test.name)
		}
	}
	if _, err := CreateCRL(&good, p.ca, p.caKey); err != nil {
		t.Errorf("the unchanged one: %v", err)
	}
}

// partial writes the issuingDistributionPoint extension of a list that is one part of several.
func TestIssuingDistributionPoint(t *testing.T) {
	t.Parallel()
	p := newPKI(t)
	uri := append([]byte{0x86, 21}, "http://ca.example/crl"...)
	point := append([]byte{0xa0, byte(len(uri) + 2), 0xa0, byte(len(uri))}, uri...)
	sequence := func(content ...byte) []byte { return append([]byte{0x30, byte(len(content))}, content...) }
	tests := []struct {
		name             string
		value            []byte
		ok, leaf, nested bool // nested: covers an authority's certificate
	}{
		{"its address", sequence(point...), true, true, true},
		{"users only", sequence(0x81, 1, 0xff), true, true, false},
		{"authorities only", sequence(0x82, 1, 0xff), true, false, true},
		{"indirect", sequence(0x84, 1, 0xff), false, false, false},
		{"some reasons", sequence(0x83, 2, 7, 0x80), false, false, false},
		{"rubbish", []byte{1}, false, false, false},
	}
	nested := *p.leaf
	nested.IsCA = true
	for _, test := range tests {
		l := &RevocationList{issuerName: p.ca.subjectName}
		if got := l.parseIssuingPoint(test.value); got != test.ok {
			t.Errorf("%s: read %v", test.name, got)
		}
		if test.ok && (l.Covers(p.leaf) != test.leaf || l.Covers(&nested) != test.nested) {
			t.Errorf("%s: covers leaf %v, authority %v", test.name, l.Covers(p.leaf), l.Covers(&nested))
		}
	}
	l := &RevocationList{issuerName: p.ca.subjectName, points: []string{"http://elsewhere/crl"}}
	if l.Covers(p.leaf) {
		t.Error("another part covers the certificate")
	}
	_, err := (&RevocationList{issuerName: p.ca.subjectName, unhandled: []asn1.ObjectIdentifier{oidIssuingPoint}}).CheckFrom(p.ca)
	wantError(t, err, ErrUnsupported)
}

// TestOCSPResponders: openssl answers for certificates of ours, by responders that may and that may not.
func TestOCSPResponders(t *testing.T) {
	t.Parallel()
	p, stranger := newPKI(t), newPKI(t)
	ocsp := []asn1.ObjectIdentifier{OIDOCSPSigning}
	long := CertificateTemplate{Subject: name("测试", "OCSP"), KeyUsage: usageSigning, ExtKeyUsage: ocsp, NotBefore: day(-3650), NotAfter: day(3650)}
	delegated, delegatedKey := p.issued(t, long)
	foreign, foreignKey := stranger.issued(t, long)
	plain := long
	plain.ExtKeyUsage = nil
	ordinary, ordinaryKey := p.issued(t, plain)
	expired := long
	expired.NotAfter = day(-3640)
	old, oldKey := p.issued(t, expired)
	tests := []struct {
		name      string
		responder *Certificate
		key       *PrivateKey
		byKey     bool
		ok        bool
		err       error
	}{
		{"the issuer", p.ca, p.caKey, false, true, nil},
		{"the issuer, by key", p.ca, p.caKey, true, true, nil},
		{"delegated", delegated, delegatedKey, false, true, nil},
		{"delegated, by key", delegated, delegatedKey, true, true, nil},
		{"delegated by another of the same name", foreign, foreignKey, false, false, ErrInvalidSignature},
		{"without the usage", ordinary, ordinaryKey, false, false, ErrKeyUsage},
		{"expired", old, oldKey, false, false, nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			response := opensslOCSP(t, p, test.responder, test.key, test.byKey)
			_, err := response.Verify(p.ca)
			if (err == nil) != test.ok {
				t.Fatalf("verify: %v", err)
			}
			if test.err != nil {
				wantError(t, err, test.err)
			}
			answer, found := response.For(p.leaf, p.ca)
			if !found || answer.Status != OCSPUnknown {
				t.Errorf("answer %+v %v", answer, found)
			}
			if _, err := response.Verify(stranger.root); err == nil {
				t.Error("verified from an issuer that has nothing to do with it")
			}
		})
	}
	if _, err := ParseOCSP([]byte{0x30, 3, 0x0a, 1, 6}); err == nil {
		t.Error("an answer of unauthorized was read as a response")
	}
}

func opensslOCSP(t *testing.T, p *pki, responder *Certificate, key *PrivateKey, byKey bool) *OCSPResponse {
	t.Helper()
	keyPEM, err := key.PEM(nil)
	if err != nil {
		t.Fatal(err)
	}
	dir := folder(t, map[string][]byte{"ca.pem": p.ca.PEM(), "leaf.pem": p.leaf.PEM(), "r.pem": responder.PEM(), "r.key": keyPEM, "index.txt": nil})
	in := func(name string) string { return filepath.Join(dir, name) }
	openssl(t, "ocsp", "-issuer", in("ca.pem"), "-cert", in("leaf.pem"), "-reqout", in("req.der"))
	args := []string{"ocsp", "-index", in("index.txt"), "-CA", in("ca.pem"), "-rsigner", in("r.pem"), "-rkey", in("r.key"),
		"-rmd", "sm3", "-rsigopt", distid, "-reqin", in("req.der"), "-respout", in("resp.der")}
	if byKey {
		args = append(args, "-resp_key_id")
	}
	openssl(t, args...)
	response, err := ParseOCSP(readFile(t, in("resp.der")))
	if err != nil {
		t.Fatal(err)
	}
	return response
}
