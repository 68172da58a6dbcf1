package gm

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"fmt"
	"math/big"
	"time"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// Certificate is a digital certificate (数字证书), X.509 (GB/T 20518). Its fields are read-only after parsing.
type Certificate struct {
	Raw        []byte // the whole certificate, DER
	RawTBS     []byte // what the issuer signed
	RawSubject []byte
	RawIssuer  []byte
	RawKey     []byte // SubjectPublicKeyInfo

	Version      int // 1 or 3
	SerialNumber *big.Int
	Subject      pkix.Name
	Issuer       pkix.Name
	NotBefore    time.Time
	NotAfter     time.Time

	HasKeyUsage    bool
	KeyUsage       x509.KeyUsage
	ExtKeyUsage    []asn1.ObjectIdentifier
	ExtKeyCritical bool // the extended key usage extension is marked critical
	HasConstraints bool // basicConstraints is present
	IsCA           bool
	MaxPathLen     int // -1: no limit
	SubjectKeyID   []byte
	AuthorityKeyID []byte
	CRLURLs        []string
	OCSPURLs       []string
	Extensions     []pkix.Extension

	SignatureAlgorithm asn1.ObjectIdentifier
	Signature          []byte
	KeyAlgorithm       string // "SM2", "RSA", that of a Suite, or the identifier of what this package cannot use

	unhandled   []asn1.ObjectIdentifier // critical extensions that are not understood
	sm2Key      *PublicKey
	rsaKey      *rsa.PublicKey
	ecKey       *ecdsa.PublicKey // of suites for time stamps
	subjectName string           // nameKey of the subject
	issuerName  string
	digest      Digest
}

const pemCertificate = "CERTIFICATE"

// ParseCertificate reads one certificate from DER. Octets after it are refused.
func ParseCertificate(der []byte) (*Certificate, error) {
	der = bytes.Clone(der)
	parts, ok := unseal(der)
	if !ok {
		return nil, malformed("a certificate")
	}
	c := &Certificate{Raw: der, RawTBS: parts.tbs, SignatureAlgorithm: parts.algorithm, Signature: parts.signature, MaxPathLen: -1}
	if err := c.parseTBS(parts); err != nil {
		return nil, err
	}
	c.subjectName, c.issuerName = nameKey(c.RawSubject), nameKey(c.RawIssuer)
	c.digest = Sum(der)
	return c, nil
}

// parseTBS reads TBSCertificate (RFC 5280 §4.1.2).
func (c *Certificate) parseTBS(parts sealedParts) error {
	input := cryptobyte.String(c.RawTBS)
	var tbs, version, issuer, validity, subject, key, extensions cryptobyte.String
	var hasVersion, hasExtensions bool
	if !input.ReadASN1(&tbs, cbasn1.SEQUENCE) ||
		!tbs.ReadOptionalASN1(&version, &hasVersion, explicitTag(0)) ||
		!readInteger(&tbs, &c.SerialNumber) || !parts.sameAlgorithm(&tbs) ||
		!tbs.ReadASN1Element(&issuer, cbasn1.SEQUENCE) || !tbs.ReadASN1(&validity, cbasn1.SEQUENCE) ||
		!readTime(&validity, &c.NotBefore) || !readTime(&validity, &c.NotAfter) ||
		!tbs.ReadASN1Element(&subject, cbasn1.SEQUENCE) || !tbs.ReadASN1Element(&key, cbasn1.SEQUENCE) ||
		!tbs.SkipOptionalASN1(implicitTag(1)) || !tbs.SkipOptionalASN1(implicitTag(2)) ||
		!tbs.ReadOptionalASN1(&extensions, &hasExtensions, explicitTag(3)) || !tbs.Empty() {
		return malformed("a certificate")
	}
	c.Version = 1
	if hasVersion {
		if !version.ReadASN1Integer(&c.Version) || c.Version < 0 || c.Version > 2 {
			return malformed("the version of a certificate")
		}
		c.Version++
	}
	c.RawIssuer, c.RawSubject, c.RawKey = issuer, subject, key
	var issuerOK, subjectOK bool
	c.Issuer, issuerOK = parseName(issuer)
	c.Subject, subjectOK = parseName(subject)
	if !issuerOK || !subjectOK {
		return malformed("a name in a certificate")
	}
	if err := c.parseKey(); err != nil {
		return err
	}
	if !hasExtensions {
		return nil
	}
	return c.parseExtensions(extensions)
}

var oidECPublicKey = asn1.ObjectIdentifier{1, 2, 840, 10045, 2, 1}

// parseKey reads SubjectPublicKeyInfo. A key of an algorithm that is not used here is no error: its name is kept.
func (c *Certificate) parseKey() error {
	input := cryptobyte.String(c.RawKey)
	var info, params cryptobyte.String
	var oid asn1.ObjectIdentifier
	var bits []byte
	if !input.ReadASN1(&info, cbasn1.SEQUENCE) || !readAlgorithm(&info, &oid, &params) || !readBits(&info, &bits) {
		return malformed("the public key of a certificate")
	}
	var err error
	switch {
	case isSM2Key(oid, params):
		c.KeyAlgorithm = "SM2"
		c.sm2Key, err = NewPublicKey(bits)
	case oid.Equal(OIDRSA):
		c.KeyAlgorithm = "RSA"
		c.rsaKey, err = x509.ParsePKCS1PublicKey(bits)
	default:
		c.KeyAlgorithm = oid.String()
		if curve := (asn1.ObjectIdentifier{}); oid.Equal(oidECPublicKey) && params.ReadASN1ObjectIdentifier(&curve) {
			c.parseEC(curve, bits)
		}
	}
	if err != nil {
		return fmt.Errorf("gm: reading the %s public key of a certificate: %w", c.KeyAlgorithm, ErrMalformed)
	}
	return nil
}

// isSM2Key: id-ecPublicKey with the SM2 curve, or the identifier of SM2 itself (GB/T 33560).
func isSM2Key(oid asn1.ObjectIdentifier, params cryptobyte.String) bool {
	if oid.Equal(OIDSM2) {
		return true
	}
	var curve asn1.ObjectIdentifier
	return oid.Equal(oidECPublicKey) && params.ReadASN1ObjectIdentifier(&curve) && curve.Equal(OIDSM2)
}

// maxCertificates in one file: a trust list of a country has hundreds.
const maxCertificates = 10_000

// ParseCertificates reads certificates from PEM (all CERTIFICATE blocks, others are skipped) or from concatenated DER.
// None is an error.
func ParseCertificates(pemOrDER []byte) ([]*Certificate, error) {
	var out []*Certificate
	for _, der := range splitPEMOrDER(pemOrDER, pemCertificate) {
		c, err := ParseCertificate(der)
		if err != nil {
			return nil, err
		}
		if out = append(out, c); len(out) > maxCertificates {
			return nil, malformed("certificates: too many")
		}
	}
	if len(out) == 0 {
		return nil, malformed("certificates: none found")
	}
	return out, nil
}

// splitPEMOrDER returns the DER values in PEM blocks of a type, or, when there is no PEM, concatenated SEQUENCEs.
func splitPEMOrDER(data []byte, kind string) [][]byte {
	var out [][]byte
	if bytes.Contains(data, []byte("-----BEGIN ")) && !isWholeSequence(data) {
		for block, rest := pem.Decode(data); block != nil; block, rest = pem.Decode(rest) {
			if block.Type == kind || block.Type == "X509 "+kind || block.Type == "NEW "+kind {
				out = append(out, block.Bytes)
			}
		}
		return out
	}
	input := cryptobyte.String(data)
	for !input.Empty() {
		var element cryptobyte.String
		if !input.ReadASN1Element(&element, cbasn1.SEQUENCE) {
			return append(out, input) // left for the parser to refuse
		}
		out = append(out, element)
	}
	return out
}

func isWholeSequence(data []byte) bool {
	input := cryptobyte.String(data)
	var element cryptobyte.String
	return input.ReadASN1Element(&element, cbasn1.SEQUENCE)
}

// PublicKey returns the SM2 key; for any other key an error that wraps ErrUnsupported and names the algorithm.
func (c *Certificate) PublicKey() (*PublicKey, error) {
	if c.sm2Key == nil {
		return nil, fmt.Errorf("gm: public key of the certificate is %s, not SM2: %w", c.KeyAlgorithm, ErrUnsupported)
	}
	return c.sm2Key, nil
}

// Equal tells whether both are the same certificate, octet by octet.
func (c *Certificate) Equal(other *Certificate) bool {
	return c != nil && other != nil && c.digest == other.digest
}

// Digest returns SM3 over the DER of the certificate.
func (c *Certificate) Digest() Digest { return c.digest }

// SubjectName is the subject as people read it: common name, organisation.
func (c *Certificate) SubjectName() string { return DisplayName(c.Subject) }

// IssuerName is the issuer as people read it.
func (c *Certificate) IssuerName() string { return DisplayName(c.Issuer) }

// SelfIssued tells whether subject and issuer are the same name.
func (c *Certificate) SelfIssued() bool { return c.subjectName == c.issuerName }

// PEM returns the certificate in PEM.
func (c *Certificate) PEM() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: pemCertificate, Bytes: c.Raw})
}
