package gm

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"fmt"
	"slices"
)

// A Suite is a digest with a signature algorithm that a time stamp is made by. Beside SM3 with SM2 there are those by
// which proof outlives SM3 and SM2 (RFC 4998 §5.3). They are for time stamps and the authorities above them: a seal or
// a document signed by them is not understood.
type Suite struct {
	Name   string // such as "sha256-ecdsa-p256"
	Digest string // as [SumBy] takes it
	Key    string // as Certificate.KeyAlgorithm says it

	signature asn1.ObjectIdentifier
	curve     elliptic.Curve // nil: SM2
}

// Suites are those that time stamps are made by, ours first.
func Suites() []Suite { return slices.Clone(suites) }

var suites = []Suite{
	{"sm3-sm2", "sm3", "SM2", OIDSM2WithSM3, nil},
	{"sha256-ecdsa-p256", "sha256", "ECDSA P-256", oidECDSAWithSHA256, elliptic.P256()},
	{"sha384-ecdsa-p384", "sha384", "ECDSA P-384", oidECDSAWithSHA384, elliptic.P384()},
}

var (
	oidECDSAWithSHA256 = asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 3, 2}
	oidECDSAWithSHA384 = asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 3, 3}
)

// curves of RFC 5480 §2.1.1.1 that are understood.
var curves = []struct {
	oid   asn1.ObjectIdentifier
	name  string
	curve elliptic.Curve
}{
	{asn1.ObjectIdentifier{1, 2, 840, 10045, 3, 1, 7}, "ECDSA P-256", elliptic.P256()},
	{asn1.ObjectIdentifier{1, 3, 132, 0, 34}, "ECDSA P-384", elliptic.P384()},
}

// hashes are the digests that are understood.
var hashes = []struct {
	name string
	oids []asn1.ObjectIdentifier // the first is written
	sum  func([]byte) []byte
}{
	{"sm3", []asn1.ObjectIdentifier{OIDSM3, oidSM3Plain}, func(b []byte) []byte { x := Sum(b); return x[:] }},
	{"sha256", []asn1.ObjectIdentifier{OIDSHA256}, func(b []byte) []byte { x := sha256.Sum256(b); return x[:] }},
	{"sha384", []asn1.ObjectIdentifier{OIDSHA384}, func(b []byte) []byte { x := sha512.Sum384(b); return x[:] }},
	{"sha1", []asn1.ObjectIdentifier{OIDSHA1}, func(b []byte) []byte { x := sha1.Sum(b); return x[:] }},
}

// signatureDigests are the digests inside signature algorithms.
var signatureDigests = []struct {
	oid    asn1.ObjectIdentifier
	digest string
}{
	{OIDSM2WithSM3, "sm3"}, {OIDSM2Sign, "sm3"}, {oidECDSAWithSHA256, "sha256"}, {oidECDSAWithSHA384, "sha384"}, {OIDSHA256RSA, "sha256"}, {OIDSHA1RSA, "sha1"},
}

// SumBy is the digest of data by the algorithm of a name: sm3, sha256, sha384; false for another.
func SumBy(name string, data []byte) ([]byte, bool) {
	for _, h := range hashes {
		if h.name == name {
			return h.sum(data), true
		}
	}
	return nil, false
}

// hashBy is SumBy by the algorithm's identifier.
func hashBy(oid asn1.ObjectIdentifier, data []byte) (digest []byte, ok bool) {
	return SumBy(HashName(oid), data)
}

// HashName is the name of a digest algorithm, or its identifier where it is not known.
func HashName(oid asn1.ObjectIdentifier) string {
	for _, h := range hashes {
		if slices.ContainsFunc(h.oids, oid.Equal) {
			return h.name
		}
	}
	return oid.String()
}

// HashOID is the identifier of the digest algorithm of a name; nil for another.
func HashOID(name string) asn1.ObjectIdentifier {
	for _, h := range hashes {
		if h.name == name {
			return h.oids[0]
		}
	}
	return nil
}

// SignatureDigest is the name of the digest by which the issuer signed the certificate, or the identifier of the
// signature algorithm where it is not known.
func (c *Certificate) SignatureDigest() string {
	for _, s := range signatureDigests {
		if s.oid.Equal(c.SignatureAlgorithm) {
			return s.digest
		}
	}
	return c.SignatureAlgorithm.String()
}

// Digests are the names of the digests that a time stamp rests on itself: that of its imprint, and that by which it is
// signed.
func (t *Timestamp) Digests() (imprint, signed string) {
	return HashName(t.HashOID), HashName(t.signed.Signer.DigestAlgorithm)
}

// SuiteOf finds a suite by its name.
func SuiteOf(name string) (Suite, bool) {
	for _, s := range suites {
		if s.Name == name {
			return s, true
		}
	}
	return Suite{}, false
}

// SuiteKey is the private key of a time stamp authority of a suite other than SM3 with SM2, or of the authority above
// it. It is safe for concurrent use.
type SuiteKey struct {
	key   *ecdsa.PrivateKey
	suite Suite
}

// GenerateSuiteKey returns a new random key for the suite of a name.
func GenerateSuiteKey(name string) (*SuiteKey, error) {
	s, ok := SuiteOf(name)
	if !ok || s.curve == nil {
		return nil, fmt.Errorf("gm: generating a key for suite %q: %w", name, ErrUnsupported)
	}
	key, err := ecdsa.GenerateKey(s.curve, rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("gm: generating a key: %w", err)
	}
	return &SuiteKey{key, s}, nil
}

// ParseSuiteKey reads what DER wrote.
func ParseSuiteKey(der []byte) (*SuiteKey, error) {
	any, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		return nil, malformed("the key of a time stamp authority")
	}
	key, ok := any.(*ecdsa.PrivateKey)
	for _, s := range suites {
		if ok && s.curve == key.Curve {
			return &SuiteKey{key, s}, nil
		}
	}
	return nil, fmt.Errorf("gm: a key of no suite: %w", ErrUnsupported)
}

// DER returns the key as PKCS#8, in clear.
func (k *SuiteKey) DER() ([]byte, error) { return x509.MarshalPKCS8PrivateKey(k.key) }

// Suite is the name of the key's suite.
func (k *SuiteKey) Suite() string { return k.suite.Name }

// Sign returns the DER SEQUENCE{r, s} over message with the suite's digest (RFC 5754 §3.3).
func (k *SuiteKey) Sign(message []byte) ([]byte, error) {
	digest, _ := SumBy(k.suite.Digest, message)
	sig, err := ecdsa.SignASN1(rand.Reader, k.key, digest)
	if err != nil {
		return nil, fmt.Errorf("gm: signing: %w", err)
	}
	return sig, nil
}

// Certifies tells whether a certificate is for this key.
func (k *SuiteKey) Certifies(c *Certificate) bool {
	return c != nil && c.ecKey != nil && c.ecKey.Equal(&k.key.PublicKey)
}

// parseEC reads a key on a curve that is understood; another is no error.
func (c *Certificate) parseEC(oid asn1.ObjectIdentifier, point []byte) {
	for _, x := range curves {
		if !x.oid.Equal(oid) {
			continue
		}
		if key, err := ecdsa.ParseUncompressedPublicKey(x.curve, point); err == nil {
			c.KeyAlgorithm, c.ecKey = x.name, key
		}
	}
}

// suiteDigest tells whether a signature algorithm goes with a digest in a suite.
func suiteDigest(signature, digest asn1.ObjectIdentifier) bool {
	return slices.ContainsFunc(suites, func(s Suite) bool { return s.signature.Equal(signature) && s.Digest == HashName(digest) })
}

// checkSignature is CheckSignature with the suites of time stamps beside.
func (c *Certificate) checkSignature(algorithm asn1.ObjectIdentifier, message, sig []byte) ([]Note, error) {
	if c.ecKey == nil {
		return c.CheckSignature(algorithm, message, sig)
	}
	for _, s := range suites {
		if s.curve == nil || !s.signature.Equal(algorithm) {
			continue
		}
		digest, _ := SumBy(s.Digest, message)
		if !ecdsa.VerifyASN1(c.ecKey, digest, sig) {
			return nil, ErrInvalidSignature
		}
		return nil, nil
	}
	return nil, fmt.Errorf("gm: algorithm %s with an %s key: %w", algorithm, c.KeyAlgorithm, ErrUnsupported)
}

// CreateSuiteCertificate is CreateCertificate for the authorities of a suite: key is what the certificate is for, by
// the key of the issuer whose certificate is parent (nil: self-signed, by is key).
func CreateSuiteCertificate(tmpl *CertificateTemplate, key *SuiteKey, parent *Certificate, by *SuiteKey) (*Certificate, error) {
	c, err := createSuiteCertificate(tmpl, key, parent, by)
	if err != nil {
		return nil, fmt.Errorf("gm: issuing a certificate: %w", err)
	}
	return c, nil
}

func createSuiteCertificate(tmpl *CertificateTemplate, key *SuiteKey, parent *Certificate, by *SuiteKey) (*Certificate, error) {
	switch {
	case tmpl == nil || key == nil || by == nil:
		return nil, errors.New("template or key missing")
	case !tmpl.NotAfter.After(tmpl.NotBefore):
		return nil, errors.New("validity empty")
	case parent == nil && !by.key.Equal(key.key), parent != nil && !by.Certifies(parent):
		return nil, errors.New("the signer's key is not the issuer's")
	case parent != nil && !parent.mayIssue():
		return nil, errors.New("the issuer is no authority")
	}
	t := &x509.Certificate{
		Subject: tmpl.Subject, NotBefore: tmpl.NotBefore, NotAfter: tmpl.NotAfter, KeyUsage: tmpl.KeyUsage, BasicConstraintsValid: true,
		IsCA: tmpl.IsCA, MaxPathLen: tmpl.MaxPathLen, MaxPathLenZero: tmpl.MaxPathLen == 0, ExtraExtensions: tmpl.Extensions,
	}
	var err error
	if t.SerialNumber, err = randomSerial(); err != nil {
		return nil, err
	}
	if len(tmpl.ExtKeyUsage) > 0 { // RFC 3161 §2.3: critical, which the standard library leaves to us
		value, err := asn1.Marshal(tmpl.ExtKeyUsage)
		if err != nil {
			return nil, err
		}
		t.ExtraExtensions = append(slices.Clone(t.ExtraExtensions), pkix.Extension{Id: oidExtKeyUsage, Critical: true, Value: value})
	}
	above := t
	if parent != nil {
		if above, err = x509.ParseCertificate(parent.Raw); err != nil {
			return nil, err
		}
	}
	der, err := x509.CreateCertificate(rand.Reader, t, above, key.key.Public(), crypto.Signer(by.key))
	if err != nil {
		return nil, err
	}
	c, err := ParseCertificate(der)
	if err != nil {
		return nil, err
	}
	issuer := c
	if parent != nil {
		issuer = parent
	}
	if _, err := c.CheckFrom(issuer); err != nil || !bytes.Equal(c.RawIssuer, issuer.RawSubject) {
		return nil, errors.Join(errors.New("what was issued does not verify"), err)
	}
	return c, nil
}
