package gm

import (
	"bytes"
	"encoding/asn1"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"time"
)

// SignedDataResult is what Verify found.
type SignedDataResult struct {
	Certificate *Certificate // the signer's
	SigningTime time.Time    // zero when not told; claimed by the signer
	Form        Form
	Notes       []Note
}

// SignerCertificate returns the signer's certificate out of those in the message, or nil.
func (s *SignedData) SignerCertificate() *Certificate { return s.Signer.find(s.Certificates) }

// find picks the certificate that the signer identifier names.
func (i *SignerInfo) find(certificates []*Certificate) *Certificate {
	for _, c := range certificates {
		if i.Serial == nil {
			if len(i.SubjectKeyID) > 0 && bytes.Equal(i.SubjectKeyID, c.SubjectKeyID) {
				return c
			}
			continue
		}
		if c.SerialNumber.Cmp(i.Serial) == 0 && c.issuerName == nameKey(i.RawIssuer) {
			return c
		}
	}
	return nil
}

// Verify checks the signature over content (needed even when the message carries its content or digest).
// Error: ErrNoCertificate (the signer cannot be told), ErrDigestMismatch, ErrInvalidSignature, ErrUnsupported.
// Chain, validity and key usage of the signer's certificate are other questions.
func (s *SignedData) Verify(content []byte) (*SignedDataResult, error) {
	return s.VerifyWith(content, nil)
}

// VerifyWith is Verify with further certificates among which the signer's may be.
func (s *SignedData) VerifyWith(content []byte, further *Pool) (*SignedDataResult, error) {
	certificate := s.SignerCertificate()
	if certificate == nil {
		certificate = s.Signer.find(further.Certificates())
	}
	notes := append([]Note{}, s.Notes...)
	if certificate == nil && len(s.Certificates) == 1 {
		certificate = s.Certificates[0]
		notes = append(notes, Note{NoteSignerID, "签名者标识与所附数字证书不一致，已用所附的唯一一张证书验证"})
	}
	if certificate == nil {
		return nil, fmt.Errorf("gm: verifying signed data: %w", ErrNoCertificate)
	}
	form, matched, err := s.match(content)
	if err != nil {
		return nil, err
	}
	notes = append(notes, matched...)
	var found []Note
	if s.Signer.Attributes != nil {
		form, found, err = s.verifyAttributes(certificate, content, form)
	} else {
		found, err = s.verifyPlain(certificate, content)
	}
	if err != nil {
		return nil, fmt.Errorf("gm: verifying signed data: %w", err)
	}
	return &SignedDataResult{certificate, s.Signer.SigningTime, form, append(notes, found...)}, nil
}

// match finds how the message holds content: the whole, its digest, the digest as base64 text, or nothing of it.
func (s *SignedData) match(content []byte) (Form, []Note, error) {
	if s.Content == nil {
		return FormDetached, nil, nil
	}
	digest, ok := hashBy(s.Signer.DigestAlgorithm, content)
	if !ok {
		return 0, nil, fmt.Errorf("gm: digest algorithm %s: %w", s.Signer.DigestAlgorithm, ErrUnsupported)
	}
	text := base64Digest(s.Content)
	switch {
	case bytes.Equal(s.Content, digest):
		return FormDigest, nil, nil
	case bytes.Equal(s.Content, content):
		return FormContent, nil, nil
	case text != nil && bytes.Equal(text, digest):
		return FormBase64, []Note{{NoteBase64Hash, "签名数据的内容是摘要的 Base64 文本，不是摘要本身"}}, nil
	}
	return 0, nil, fmt.Errorf("gm: verifying signed data: %w", ErrDigestMismatch)
}

// base64Digest decodes content when it is the base64 text of a digest, else nil.
func base64Digest(content []byte) []byte {
	if len(content) > 128 {
		return nil
	}
	digest, err := base64.StdEncoding.DecodeString(strings.TrimSpace(string(content)))
	if err != nil {
		return nil
	}
	return digest
}

// verifyPlain checks a signature over the content itself (no attributes). Detached: over content, or over its digest.
func (s *SignedData) verifyPlain(c *Certificate, content []byte) ([]Note, error) {
	candidates := [][]byte{s.Content}
	if s.Content == nil {
		candidates = [][]byte{content}
		if digest, ok := hashBy(s.Signer.DigestAlgorithm, content); ok {
			candidates = append(candidates, digest)
		}
	} else if digest := base64Digest(s.Content); digest != nil {
		candidates = append(candidates, digest)
	}
	return s.checkAny(c, candidates)
}

// checkAny tries the signature over several byte strings; only the answer "not valid" leads to the next.
func (s *SignedData) checkAny(c *Certificate, candidates [][]byte) ([]Note, error) {
	algorithm, err := s.Signer.algorithm(c)
	if err != nil {
		return nil, err
	}
	check := c.CheckSignature
	if s.suites {
		check = c.checkSignature
	}
	for _, candidate := range candidates {
		var notes []Note
		notes, err = check(algorithm, candidate, s.Signer.Signature)
		if !errors.Is(err, ErrInvalidSignature) {
			return notes, err
		}
	}
	return nil, err
}

// algorithm combines rsaEncryption with the digest algorithm, as PKCS#7 signers write it; SM2 goes with SM3 only.
func (i *SignerInfo) algorithm(c *Certificate) (asn1.ObjectIdentifier, error) {
	if !i.SignatureAlgorithm.Equal(OIDRSA) {
		isSM3 := i.DigestAlgorithm.Equal(OIDSM3) || i.DigestAlgorithm.Equal(oidSM3Plain)
		if c.sm2Key != nil && !isSM3 {
			return nil, fmt.Errorf("digest algorithm %s with SM2: %w", i.DigestAlgorithm, ErrUnsupported)
		}
		if c.ecKey != nil && !suiteDigest(i.SignatureAlgorithm, i.DigestAlgorithm) {
			return nil, fmt.Errorf("digest algorithm %s with %s: %w", i.DigestAlgorithm, c.KeyAlgorithm, ErrUnsupported)
		}
		return i.SignatureAlgorithm, nil
	}
	switch {
	case i.DigestAlgorithm.Equal(OIDSHA1):
		return OIDSHA1RSA, nil
	case i.DigestAlgorithm.Equal(OIDSHA256):
		return OIDSHA256RSA, nil
	}
	return nil, fmt.Errorf("digest algorithm %s with RSA: %w", i.DigestAlgorithm, ErrUnsupported)
}

// verifyAttributes checks messageDigest against the content, and the signature over the attributes: first over the
// stored bytes, then over the same in DER SET OF order. Products store and sign an order of their own, and a verifier
// that sorts first refuses their good signatures.
func (s *SignedData) verifyAttributes(c *Certificate, content []byte, form Form) (Form, []Note, error) {
	if form == FormDetached {
		form = FormAttributes
	}
	if !s.digestCovers(content) {
		return form, nil, ErrDigestMismatch
	}
	var notes []Note
	if !sameContentType(s.Signer.ContentType, s.ContentType) {
		notes = append(notes, Note{NoteContentType, "签名属性 contentType 缺失或与内容类型不一致"})
	}
	stored, sorted := s.Signer.signedAttributes()
	found, err := s.checkAny(c, [][]byte{stored})
	switch {
	case err == nil && sorted != nil:
		notes = append(notes, Note{NoteSetOrder, "签名属性没有按 DER 的集合次序存放，已按存放的字节验证"})
	case errors.Is(err, ErrInvalidSignature) && sorted != nil:
		if found, err = s.checkAny(c, [][]byte{sorted}); err == nil {
			notes = append(notes, Note{NoteAttributesOrder, "签名属性的存放次序与签名时不同，已重新排序后验证"})
		}
	}
	return form, append(notes, found...), err
}

// digestCovers: messageDigest is over the content, or over the digest of it that the message carries as its content.
func (s *SignedData) digestCovers(content []byte) bool {
	for _, data := range [][]byte{content, s.Content} {
		if data == nil {
			continue
		}
		if digest, ok := hashBy(s.Signer.DigestAlgorithm, data); ok && bytes.Equal(digest, s.Signer.MessageDigest) {
			return true
		}
	}
	return false
}

// sameContentType takes the data types of GB/T 35275 and PKCS#7 for one: signers mix them.
func sameContentType(a, b asn1.ObjectIdentifier) bool {
	data := func(oid asn1.ObjectIdentifier) bool { return oid.Equal(OIDData) || oid.Equal(OIDPKCS7Data) }
	return a.Equal(b) || (data(a) && data(b))
}
