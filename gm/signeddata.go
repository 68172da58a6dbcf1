package gm

import (
	"bytes"
	"encoding/asn1"
	"fmt"
	"math/big"
	"time"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// Form is how a GB/T 35275 SignedData holds what it signs.
type Form int

// The forms met. FormAttributes is what is written unless another is asked for.
const (
	FormAttributes Form = iota // no content; authenticated attributes with the digest are signed
	FormDigest                 // content is the 32-octet digest, which is signed as the message
	FormBase64                 // content is the digest as base64 text, which is signed (read only)
	FormContent                // content is the whole message, which is signed
	FormDetached               // no content, no attributes: the message itself, or its digest, is signed (read only)
)

// String names the form as reports do.
func (f Form) String() string {
	names := [...]string{"attributes", "digest", "base64", "content", "detached"}
	if f < 0 || int(f) >= len(names) {
		return "unknown"
	}
	return names[f]
}

// SignedData is a GB/T 35275 (PKCS#7 shaped) signed message with one signer.
type SignedData struct {
	Raw             []byte
	ContentInfoType asn1.ObjectIdentifier // outer
	Version         int
	ContentType     asn1.ObjectIdentifier // inner
	Content         []byte                // nil when detached
	Certificates    []*Certificate
	CRLs            [][]byte
	Signer          SignerInfo
	Notes           []Note // met while reading

	suites bool // signatures of every Suite are understood: it is a time stamp
}

// SignerInfo is what belongs to the one signer.
type SignerInfo struct {
	Version            int
	RawIssuer          []byte
	Serial             *big.Int
	SubjectKeyID       []byte // instead of issuer and serial (CMS)
	DigestAlgorithm    asn1.ObjectIdentifier
	SignatureAlgorithm asn1.ObjectIdentifier
	Attributes         []byte    // stored bytes of [0] authenticatedAttributes, nil when absent
	SigningTime        time.Time // zero when absent; claimed by the signer
	MessageDigest      []byte
	ContentType        asn1.ObjectIdentifier // of the attribute, nil when absent
	Unauthenticated    []byte                // stored bytes of [1], nil when absent
	Signature          []byte

	ess []essCertificate
}

// maxMessage keeps a hostile message from costing memory; certificates and a digest need some kilobytes.
const maxMessage = 64 << 20

// ParseSignedData reads a SignedData of GB/T 35275 or PKCS#7/CMS, DER, or BER (noted). A bare SEQUENCE{r, s}, which old
// signers store in its place, is ErrNoCertificate: nobody can tell whose it is.
func ParseSignedData(der []byte) (*SignedData, error) {
	if len(der) > maxMessage {
		return nil, malformed("signed data: too large")
	}
	if strictSignature(der) {
		return nil, fmt.Errorf("gm: a bare signature instead of signed data: %w", ErrNoCertificate)
	}
	s, err := parseSignedData(bytes.Clone(der))
	if err == nil {
		return s, nil
	}
	again, ok := definite(der)
	if !ok || bytes.Equal(again, der) {
		return nil, err
	}
	if s, err = parseSignedData(again); err != nil {
		return nil, err
	}
	s.Notes = append(s.Notes, Note{NoteBER, "签名数据采用 BER 编码（不定长或冗长的长度），已转换后读取"})
	return s, nil
}

func parseSignedData(der []byte) (*SignedData, error) {
	s := &SignedData{Raw: der}
	input := cryptobyte.String(der)
	var outer, wrapped, data, digests, info cryptobyte.String
	if !input.ReadASN1(&outer, cbasn1.SEQUENCE) || !outer.ReadASN1ObjectIdentifier(&s.ContentInfoType) {
		return nil, malformed("signed data")
	}
	if !s.ContentInfoType.Equal(OIDSignedData) && !s.ContentInfoType.Equal(OIDPKCS7SignedData) {
		return nil, fmt.Errorf("gm: content of type %s is no signed data: %w", s.ContentInfoType, ErrMalformed)
	}
	if !input.Empty() {
		s.Notes = append(s.Notes, Note{NoteTrailing, "签名数据之后有多余的字节，已忽略"})
	}
	if !outer.ReadASN1(&wrapped, explicitTag(0)) || !outer.Empty() || !wrapped.ReadASN1(&data, cbasn1.SEQUENCE) ||
		!data.ReadASN1Integer(&s.Version) || !data.ReadASN1(&digests, cbasn1.SET) ||
		!data.ReadASN1(&info, cbasn1.SEQUENCE) || !s.parseContent(info) || !s.parseSets(&data) {
		return nil, malformed("signed data")
	}
	return s, s.parseSigners(data)
}

// parseContent reads the inner ContentInfo. Content is an OCTET STRING's octets, or, for other types, the element.
func (s *SignedData) parseContent(info cryptobyte.String) bool {
	var wrapped, octets cryptobyte.String
	var present bool
	if !info.ReadASN1ObjectIdentifier(&s.ContentType) || !info.ReadOptionalASN1(&wrapped, &present, explicitTag(0)) || !info.Empty() {
		return false
	}
	if !present {
		return true
	}
	if !wrapped.PeekASN1Tag(cbasn1.OCTET_STRING) {
		s.Content = wrapped
		return !wrapped.Empty() && !wrapped.PeekASN1Tag(cbasn1.OCTET_STRING|0x20)
	}
	if !wrapped.ReadASN1(&octets, cbasn1.OCTET_STRING) || !wrapped.Empty() {
		return false
	}
	s.Content = append([]byte{}, octets...) // not nil even when empty
	return true
}

// parseSets reads [0] certificates and [1] lists.
func (s *SignedData) parseSets(data *cryptobyte.String) bool {
	var certificates, lists cryptobyte.String
	var present bool
	if !data.ReadOptionalASN1(&certificates, &present, explicitTag(0)) || !data.ReadOptionalASN1(&lists, &present, explicitTag(1)) {
		return false
	}
	s.Certificates = readCertificates(certificates)
	for !lists.Empty() && len(s.CRLs) < maxEmbedded {
		var element cryptobyte.String
		var tag cbasn1.Tag
		if !lists.ReadAnyASN1Element(&element, &tag) {
			return false
		}
		s.CRLs = append(s.CRLs, element)
	}
	return true
}

func (s *SignedData) parseSigners(data cryptobyte.String) error {
	var set, info cryptobyte.String
	if !data.ReadASN1(&set, cbasn1.SET) || !data.Empty() || !set.ReadASN1(&info, cbasn1.SEQUENCE) || !s.Signer.parse(info) {
		return malformed("the signer of signed data")
	}
	if !set.Empty() {
		return fmt.Errorf("gm: signed data with several signers: %w", ErrUnsupported)
	}
	return nil
}

// parse reads SignerInfo.
func (i *SignerInfo) parse(s cryptobyte.String) bool {
	var id, issuer, signature cryptobyte.String
	if !s.ReadASN1Integer(&i.Version) {
		return false
	}
	if s.PeekASN1Tag(implicitTag(0)) {
		if !s.ReadASN1(&id, implicitTag(0)) {
			return false
		}
		i.SubjectKeyID = id
	} else {
		if !s.ReadASN1(&id, cbasn1.SEQUENCE) || !id.ReadASN1Element(&issuer, cbasn1.SEQUENCE) || !readInteger(&id, &i.Serial) {
			return false
		}
		i.RawIssuer = issuer
	}
	if !readAlgorithm(&s, &i.DigestAlgorithm, nil) || !i.parseAttributes(&s) ||
		!readAlgorithm(&s, &i.SignatureAlgorithm, nil) || !s.ReadASN1(&signature, cbasn1.OCTET_STRING) {
		return false
	}
	i.Signature = signature
	if s.PeekASN1Tag(explicitTag(1)) {
		var rest cryptobyte.String
		if !s.ReadASN1Element(&rest, explicitTag(1)) {
			return false
		}
		i.Unauthenticated = rest
	}
	return s.Empty()
}
