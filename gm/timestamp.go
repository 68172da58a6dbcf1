package gm

import (
	"bytes"
	"encoding/asn1"
	"errors"
	"fmt"
	"math"
	"math/big"
	"time"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// Timestamp is a time stamp token (RFC 3161 §2.4.2, GM/T 0033).
type Timestamp struct {
	Raw         []byte
	Time        time.Time
	Accuracy    time.Duration // to either side; 0 when not told
	Policy      asn1.ObjectIdentifier
	Serial      *big.Int
	Nonce       *big.Int // nil when absent
	HashOID     asn1.ObjectIdentifier
	Imprint     []byte
	Certificate *Certificate   // the authority's; nil when the token does not carry it
	Chain       []*Certificate // all certificates of the token
	Notes       []Note         // met while reading

	signed *SignedData
}

// Candidate is something a token may be over; Name tells which one matched.
type Candidate struct {
	Name    string
	Message []byte
}

// ParseTimestamp reads a token (the ContentInfo, not the response around it).
func ParseTimestamp(token []byte) (*Timestamp, error) {
	signed, err := ParseSignedData(token)
	if err != nil {
		return nil, err
	}
	if !signed.ContentType.Equal(OIDTSTInfo) || signed.Content == nil {
		return nil, malformed("a time stamp token: it holds no TSTInfo")
	}
	signed.suites = true
	t := &Timestamp{Raw: signed.Raw, Certificate: signed.SignerCertificate(), Chain: signed.Certificates,
		Notes: signed.Notes, signed: signed}
	if !t.parseInfo(signed.Content) {
		return nil, malformed("TSTInfo of a time stamp token")
	}
	return t, nil
}

func (t *Timestamp) parseInfo(der cryptobyte.String) bool {
	var info, accuracy cryptobyte.String
	var version int
	var present bool
	if !der.ReadASN1(&info, cbasn1.SEQUENCE) || !der.Empty() || !info.ReadASN1Integer(&version) || version != 1 ||
		!readAnyOID(&info, &t.Policy) || !readImprint(&info, &t.HashOID, &t.Imprint) ||
		!readInteger(&info, &t.Serial) || !info.PeekASN1Tag(cbasn1.GeneralizedTime) || !readTime(&info, &t.Time) ||
		!info.ReadOptionalASN1(&accuracy, &present, cbasn1.SEQUENCE) {
		return false
	}
	if present && !t.parseAccuracy(accuracy) {
		return false
	}
	var ordering bool
	if info.PeekASN1Tag(cbasn1.BOOLEAN) && !readLenientBool(&info, &ordering) {
		return false
	}
	if info.PeekASN1Tag(cbasn1.INTEGER) && !readInteger(&info, &t.Nonce) {
		return false
	}
	return info.SkipOptionalASN1(explicitTag(0)) && t.checkExtensions(&info) && info.Empty()
}

// checkExtensions refuses a critical extension: there is none that this package knows.
func (t *Timestamp) checkExtensions(info *cryptobyte.String) bool {
	var content cryptobyte.String
	var present bool
	if !info.ReadOptionalASN1(&content, &present, explicitTag(1)) {
		return false
	}
	for !content.Empty() { // [1] IMPLICIT SEQUENCE OF Extension
		var extension cryptobyte.String
		var oid asn1.ObjectIdentifier
		var critical bool
		if !content.ReadASN1(&extension, cbasn1.SEQUENCE) || !readAnyOID(&extension, &oid) ||
			(extension.PeekASN1Tag(cbasn1.BOOLEAN) && !readLenientBool(&extension, &critical)) || critical {
			return false
		}
	}
	return true
}

func (t *Timestamp) parseAccuracy(s cryptobyte.String) bool {
	var seconds, millis, micros int64
	if s.PeekASN1Tag(cbasn1.INTEGER) && !s.ReadASN1Integer(&seconds) {
		return false
	}
	if s.PeekASN1Tag(implicitTag(0)) && !s.ReadASN1Int64WithTag(&millis, implicitTag(0)) {
		return false
	}
	if s.PeekASN1Tag(implicitTag(1)) && !s.ReadASN1Int64WithTag(&micros, implicitTag(1)) {
		return false
	}
	if seconds < 0 || seconds > math.MaxInt32 || millis < 0 || millis > 999 || micros < 0 || micros > 999 {
		return false
	}
	t.Accuracy = time.Duration(seconds)*time.Second + time.Duration(millis)*time.Millisecond + time.Duration(micros)*time.Microsecond
	return s.Empty()
}

// UseCertificate offers certificates to a token that does not carry its authority's. It tells whether one is named by
// the token. It must not be called while another goroutine uses t.
func (t *Timestamp) UseCertificate(certificates ...*Certificate) bool {
	if t.Certificate == nil {
		t.Certificate = t.signed.Signer.find(certificates)
	}
	return t.Certificate != nil
}

// Verify checks the token's signature, that its certificate may stamp times and was valid at the stamped time, and
// which candidate it is over. The chain of the certificate is another question. matched is the candidate's name; a
// candidate after the first is noted. Error: ErrNoCertificate, ErrInvalidSignature, ErrDigestMismatch, ErrKeyUsage, ….
func (t *Timestamp) Verify(candidates ...Candidate) (matched string, notes []Note, err error) {
	if t.Certificate == nil {
		return "", nil, fmt.Errorf("gm: verifying a time stamp: %w", ErrNoCertificate)
	}
	if t.signed.Signer.Attributes == nil || !t.signed.Signer.ContentType.Equal(OIDTSTInfo) {
		return "", nil, malformed("a time stamp token without signed attributes") // RFC 5652 §5.3: needed for other types than data
	}
	result, err := t.signed.VerifyWith(t.signed.Content, NewPool(t.Certificate))
	if err != nil {
		return "", nil, fmt.Errorf("gm: verifying a time stamp: %w", err)
	}
	notes = append(notes, result.Notes...)
	if !result.Certificate.Equal(t.Certificate) {
		return "", nil, fmt.Errorf("gm: verifying a time stamp: %w", ErrNoCertificate)
	}
	found, err := t.checkCertificate()
	if err != nil {
		return "", nil, fmt.Errorf("gm: verifying a time stamp: %w", err)
	}
	notes = append(notes, found...)
	for i, candidate := range candidates {
		digest, ok := hashBy(t.HashOID, candidate.Message)
		if !ok {
			return "", nil, fmt.Errorf("gm: time stamp over a digest by %s: %w", t.HashOID, ErrUnsupported)
		}
		if !bytes.Equal(digest, t.Imprint) {
			continue
		}
		if i > 0 {
			notes = append(notes, Note{NoteImprint, fmt.Sprintf("时间戳盖在“%s”上，而不是通常的数据上", candidate.Name)})
		}
		return candidate.Name, notes, nil
	}
	return "", nil, fmt.Errorf("gm: verifying a time stamp: %w", ErrDigestMismatch)
}

// checkCertificate: extended key usage (RFC 3161 §2.3), key usage, validity at the stamped time, and that the
// signing-certificate attribute names this certificate (RFC 5816).
func (t *Timestamp) checkCertificate() (notes []Note, err error) {
	c := t.Certificate
	switch {
	case !c.HasExtKeyUsage(OIDTimeStamping), len(c.CheckSigningUsage()) > 0:
		return nil, ErrKeyUsage
	case len(c.CheckValidity(t.Time)) > 0:
		return nil, errors.New("certificate was not valid at the stamped time")
	case len(c.ExtKeyUsage) != 1 || !c.ExtKeyCritical:
		notes = append(notes, Note{NoteTSAUsage, "时间戳证书的扩展密钥用法应当只有“时间戳”并标为关键（RFC 3161）"})
	}
	ess := t.signed.Signer.ess
	if len(ess) == 0 {
		return append(notes, Note{NoteESSCertificate, "时间戳没有写明签名证书的属性（RFC 3161、RFC 5816）"}), nil
	}
	digest, ok := hashBy(ess[0].hash, c.Raw)
	if !ok {
		return append(notes, Note{NoteESSCertificate, "时间戳中签名证书属性所用的摘要算法不能识别"}), nil
	}
	if !bytes.Equal(digest, ess[0].digest) {
		return nil, fmt.Errorf("signing-certificate attribute names another certificate: %w", ErrNoCertificate)
	}
	return notes, nil
}
