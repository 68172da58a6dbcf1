package gm

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509"
	"encoding/asn1"
	"fmt"
	"time"
)

// CheckSignature checks sig over message with the certificate's key, leniently: an SM2 signature as 64 raw octets or
// with badly encoded INTEGERs is re-encoded and noted; RSA PKCS#1 v1.5 with SHA-1 or SHA-256 is understood for old V1
// seals. algorithm may be nil (then the key decides). The error wraps ErrInvalidSignature, ErrMalformed or
// ErrUnsupported. Validity, chain and key usage are other questions.
func (c *Certificate) CheckSignature(algorithm asn1.ObjectIdentifier, message, sig []byte) ([]Note, error) {
	switch {
	case c.sm2Key != nil:
		return checkSM2(c.sm2Key, algorithm, message, sig)
	case c.rsaKey != nil:
		return checkRSA(c.rsaKey, algorithm, message, sig)
	}
	return nil, fmt.Errorf("gm: signature by a %s key: %w", c.KeyAlgorithm, ErrUnsupported)
}

// VerifyLenient is Certificate.CheckSignature for a bare SM2 key: a signature as 64 raw octets, or with badly encoded
// INTEGERs, is accepted and noted.
func VerifyLenient(pub *PublicKey, message, sig []byte) ([]Note, error) {
	der, notes, err := NormalizeSignature(sig)
	if err != nil {
		return nil, err
	}
	return notes, Verify(pub, message, der)
}

func checkSM2(pub *PublicKey, algorithm asn1.ObjectIdentifier, message, sig []byte) ([]Note, error) {
	var notes []Note
	switch {
	case len(algorithm) == 0, algorithm.Equal(OIDSM2WithSM3), algorithm.Equal(OIDSM2Sign):
	case algorithm.Equal(OIDSM2), algorithm.Equal(OIDSM3), algorithm.Equal(oidECPublicKey):
		notes = append(notes, Note{NoteAlgorithm, "签名算法标识 " + algorithm.String() + " 不是 SM2 签名算法的标识，已按 SM2withSM3 验证"})
	default:
		return nil, fmt.Errorf("gm: algorithm %s with an SM2 key: %w", algorithm, ErrUnsupported)
	}
	found, err := VerifyLenient(pub, message, sig)
	return append(notes, found...), err
}

// RSA keys: shorter ones protect nothing, longer ones would let a hostile certificate decide how much work there is.
const (
	minRSABits = 1024
	maxRSABits = 8192
)

func checkRSA(pub *rsa.PublicKey, algorithm asn1.ObjectIdentifier, message, sig []byte) ([]Note, error) {
	if bits := pub.N.BitLen(); bits < minRSABits || bits > maxRSABits {
		return nil, fmt.Errorf("gm: RSA key of %d bits: %w", bits, ErrUnsupported)
	}
	var notes []Note
	var err error
	switch {
	case algorithm.Equal(OIDSHA256RSA):
		digest := sha256.Sum256(message)
		err = rsa.VerifyPKCS1v15(pub, crypto.SHA256, digest[:], sig)
	case algorithm.Equal(OIDSHA1RSA):
		digest := sha1.Sum(message)
		err = rsa.VerifyPKCS1v15(pub, crypto.SHA1, digest[:], sig)
		notes = append(notes, Note{NoteRSASHA1, "签名使用 RSA 与 SHA-1，已不安全，只适用于旧版电子印章"})
	default:
		return nil, fmt.Errorf("gm: algorithm %s with an RSA key: %w", algorithm, ErrUnsupported)
	}
	if err != nil {
		return nil, ErrInvalidSignature
	}
	return notes, nil
}

// CheckFrom checks that issuer's key signed this certificate. Names and the right to issue are BuildChain's matter.
func (c *Certificate) CheckFrom(issuer *Certificate) ([]Note, error) {
	return issuer.checkSignature(c.SignatureAlgorithm, c.RawTBS, c.Signature)
}

// CheckValidity tells what is wrong with using the certificate at a time; nil when nothing.
// Codes: "not_yet_valid", "expired".
func (c *Certificate) CheckValidity(at time.Time) []Problem {
	switch {
	case at.Before(c.NotBefore):
		return []Problem{{"not_yet_valid", fmt.Sprintf("数字证书“%s”自 %s 起有效，在 %s 尚未生效",
			c.SubjectName(), showTime(c.NotBefore), showTime(at))}}
	case at.After(c.NotAfter):
		return []Problem{{"expired", fmt.Sprintf("数字证书“%s”有效期至 %s，在 %s 已过期",
			c.SubjectName(), showTime(c.NotAfter), showTime(at))}}
	}
	return nil
}

// beijing: times are shown in the one zone of the country, which has no summer time.
var beijing = time.FixedZone("UTC+8", 8*60*60)

func showTime(t time.Time) string { return t.In(beijing).Format("2006-01-02 15:04:05") }

const (
	usageSigning    = x509.KeyUsageDigitalSignature | x509.KeyUsageContentCommitment
	usageEncryption = x509.KeyUsageKeyEncipherment | x509.KeyUsageDataEncipherment | x509.KeyUsageKeyAgreement
)

// CheckSigningUsage tells what is wrong with signing documents by this certificate; nil when nothing. Of the dual
// certificates of GB/T 20518 only the signing one may sign. Codes: "encryption_only", "key_usage", "critical_extension".
func (c *Certificate) CheckSigningUsage() []Problem {
	var out []Problem
	switch {
	case !c.HasKeyUsage || c.KeyUsage&usageSigning != 0: // no extension: no restriction (RFC 5280 §4.2.1.3)
	case c.KeyUsage&usageEncryption != 0:
		out = append(out, Problem{"encryption_only", fmt.Sprintf("数字证书“%s”是加密证书，不能用于签名；请使用同一主体的签名证书", c.SubjectName())})
	default:
		out = append(out, Problem{"key_usage", fmt.Sprintf("数字证书“%s”的密钥用法不含数字签名，不能用于签名", c.SubjectName())})
	}
	return append(out, c.criticalProblems()...)
}

func (c *Certificate) criticalProblems() []Problem {
	var out []Problem
	for _, oid := range c.unhandled {
		out = append(out, Problem{"critical_extension", fmt.Sprintf("数字证书“%s”含有本系统不能识别的关键扩展 %s", c.SubjectName(), oid)})
	}
	return out
}

// HasExtKeyUsage tells whether the extended key usage names oid.
func (c *Certificate) HasExtKeyUsage(oid asn1.ObjectIdentifier) bool {
	for _, usage := range c.ExtKeyUsage {
		if usage.Equal(oid) {
			return true
		}
	}
	return false
}
