package gm

import (
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"fmt"
	"math/big"
	"time"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// CertificateTemplate says what a certificate to be issued holds.
type CertificateTemplate struct {
	Subject      pkix.Name
	RawSubject   []byte   // DER of the name, taken instead of Subject when not nil (a request's own)
	SerialNumber *big.Int // nil: 16 random octets
	NotBefore    time.Time
	NotAfter     time.Time
	KeyUsage     x509.KeyUsage
	ExtKeyUsage  []asn1.ObjectIdentifier // timeStamping alone is written critical (RFC 3161 §2.3)
	IsCA         bool
	MaxPathLen   int              // for a CA: -1 no limit, 0 issues leaves only
	CRLURL       string           // CRL distribution point, optional
	OCSPURL      string           // authority information access, optional
	Extensions   []pkix.Extension // further ones, optional
}

// CreateCertificate issues a certificate for pub, signed by signer whose certificate is parent (nil: self-signed, then
// signer's key must be pub). Written are basicConstraints, keyUsage (both critical), subject and authority key
// identifiers, extended key usage, CRL distribution point. The result has been parsed and verified again.
func CreateCertificate(tmpl *CertificateTemplate, pub *PublicKey, parent *Certificate, signer Signer) (*Certificate, error) {
	if err := checkTemplate(tmpl, pub, parent, signer); err != nil {
		return nil, fmt.Errorf("gm: issuing a certificate: %w", err)
	}
	tbs, err := buildTBS(tmpl, pub, parent)
	if err != nil {
		return nil, fmt.Errorf("gm: issuing a certificate: %w", err)
	}
	der, err := sealed(tbs, signer)
	if err != nil {
		return nil, fmt.Errorf("gm: issuing a certificate: %w", err)
	}
	c, err := ParseCertificate(der)
	if err != nil {
		return nil, fmt.Errorf("gm: reading back an issued certificate: %w", err)
	}
	if err := Verify(signer.Public(), c.RawTBS, c.Signature); err != nil {
		return nil, fmt.Errorf("gm: checking an issued certificate: %w", err)
	}
	return c, nil
}

func checkTemplate(tmpl *CertificateTemplate, pub *PublicKey, parent *Certificate, signer Signer) error {
	switch {
	case tmpl == nil || pub == nil || signer == nil:
		return errors.New("template, public key or signer missing")
	case tmpl.NotBefore.IsZero() || !tmpl.NotAfter.After(tmpl.NotBefore):
		return errors.New("validity empty")
	case tmpl.SerialNumber != nil && (tmpl.SerialNumber.Sign() <= 0 || tmpl.SerialNumber.BitLen() > 159):
		return errors.New("serial number not positive or longer than 20 octets") // RFC 5280 §4.1.2.2
	case len(tmpl.RawSubject) == 0 && len(tmpl.Subject.ToRDNSequence()) == 0:
		return errors.New("subject empty")
	case tmpl.IsCA && tmpl.KeyUsage&x509.KeyUsageCertSign == 0:
		return errors.New("an authority without the key usage certSign")
	case !tmpl.IsCA && tmpl.KeyUsage&x509.KeyUsageCertSign != 0:
		return errors.New("key usage certSign without being an authority") // RFC 5280 §4.2.1.3
	}
	if parent == nil {
		if !signer.Public().Equal(pub) {
			return errors.New("self-signed, but the signer's key is another")
		}
		return nil
	}
	key, err := parent.PublicKey()
	switch {
	case err != nil:
		return err
	case !key.Equal(signer.Public()):
		return errors.New("the signer's key is not the issuer's")
	case !parent.mayIssue():
		return errors.New("the issuer is no authority")
	case tmpl.IsCA && parent.MaxPathLen == 0:
		return errors.New("the issuer may issue leaves only")
	}
	return nil
}

// mayIssue: basicConstraints CA and, when keyUsage is there, keyCertSign (RFC 5280 §6.1.4 k, n).
func (c *Certificate) mayIssue() bool {
	return c.IsCA && (!c.HasKeyUsage || c.KeyUsage&x509.KeyUsageCertSign != 0)
}

func randomSerial() (*big.Int, error) {
	var octets [16]byte
	if _, err := rand.Read(octets[:]); err != nil {
		return nil, err
	}
	octets[0] = octets[0]&0x7f | 0x40 // positive, and always 16 octets
	return new(big.Int).SetBytes(octets[:]), nil
}

func buildTBS(tmpl *CertificateTemplate, pub *PublicKey, parent *Certificate) ([]byte, error) {
	serial, err := tmpl.SerialNumber, error(nil)
	if serial == nil {
		if serial, err = randomSerial(); err != nil {
			return nil, err
		}
	}
	subject, err := rawName(tmpl.RawSubject, tmpl.Subject)
	if err != nil {
		return nil, err
	}
	issuer, authority := subject, pub.KeyID()
	if parent != nil {
		issuer, authority = parent.RawSubject, parent.SubjectKeyID
	}
	extensions, err := tmpl.extensions(pub, authority)
	if err != nil {
		return nil, err
	}
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1(explicitTag(0), func(b *cryptobyte.Builder) { b.AddASN1Int64(2) })
		b.AddASN1BigInt(serial)
		addAlgorithm(b, OIDSM2WithSM3)
		b.AddBytes(issuer)
		b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
			addTime(b, tmpl.NotBefore)
			addTime(b, tmpl.NotAfter)
		})
		b.AddBytes(subject)
		addPublicKey(b, pub)
		b.AddASN1(explicitTag(3), func(b *cryptobyte.Builder) { addExtensions(b, extensions) })
	})
	return b.Bytes()
}

func rawName(raw []byte, name pkix.Name) ([]byte, error) {
	if len(raw) == 0 {
		return asn1.Marshal(name.ToRDNSequence())
	}
	if _, ok := parseRDNs(raw); !ok {
		return nil, malformed("a name")
	}
	return raw, nil
}

// addPublicKey writes SubjectPublicKeyInfo: id-ecPublicKey with the SM2 curve.
func addPublicKey(b *cryptobyte.Builder, pub *PublicKey) {
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1ObjectIdentifier(oidECPublicKey)
			b.AddASN1ObjectIdentifier(OIDSM2)
		})
		b.AddASN1BitString(pub.Bytes())
	})
}
