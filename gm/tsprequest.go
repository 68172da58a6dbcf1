package gm

import (
	"encoding/asn1"
	"errors"
	"fmt"
	"math/big"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// NewTimestampRequest writes a TimeStampReq (RFC 3161 §2.4.1, GM/T 0033) for the SM3 digest of message. nonce may be
// nil; the certificate is asked for.
func NewTimestampRequest(message []byte, nonce *big.Int) ([]byte, error) {
	return NewTimestampRequestBy("sm3", message, nonce)
}

// NewTimestampRequestBy is NewTimestampRequest with the digest algorithm of a name.
func NewTimestampRequestBy(hash string, message []byte, nonce *big.Int) ([]byte, error) {
	digest, ok := SumBy(hash, message)
	if !ok {
		return nil, fmt.Errorf("gm: time stamp request by %s: %w", hash, ErrUnsupported)
	}
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1Int64(1)
		addImprint(b, HashOID(hash), digest)
		if nonce != nil {
			b.AddASN1BigInt(nonce)
		}
		b.AddASN1Boolean(true) // certReq
	})
	der, err := b.Bytes()
	if err != nil {
		return nil, fmt.Errorf("gm: making a time stamp request: %w", err)
	}
	return der, nil
}

func addImprint(b *cryptobyte.Builder, hash asn1.ObjectIdentifier, digest []byte) {
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		addAlgorithm(b, hash)
		b.AddASN1OctetString(digest)
	})
}

func readImprint(s *cryptobyte.String, hash *asn1.ObjectIdentifier, digest *[]byte) bool {
	var imprint cryptobyte.String
	return s.ReadASN1(&imprint, cbasn1.SEQUENCE) && readAlgorithm(&imprint, hash, nil) &&
		imprint.ReadASN1((*cryptobyte.String)(digest), cbasn1.OCTET_STRING) && imprint.Empty()
}

// timestampRequest is a TimeStampReq that was read.
type timestampRequest struct {
	version      int
	hash         asn1.ObjectIdentifier
	imprint      []byte
	policy       asn1.ObjectIdentifier
	nonce        *big.Int
	certificates bool
	extensions   bool
}

func parseTimestampRequest(der []byte) (r timestampRequest, ok bool) {
	input := cryptobyte.String(der)
	var seq cryptobyte.String
	if !input.ReadASN1(&seq, cbasn1.SEQUENCE) || !input.Empty() ||
		!seq.ReadASN1Integer(&r.version) || !readImprint(&seq, &r.hash, &r.imprint) {
		return r, false
	}
	if seq.PeekASN1Tag(cbasn1.OBJECT_IDENTIFIER) && !readAnyOID(&seq, &r.policy) {
		return r, false
	}
	if seq.PeekASN1Tag(cbasn1.INTEGER) && !readInteger(&seq, &r.nonce) {
		return r, false
	}
	if seq.PeekASN1Tag(cbasn1.BOOLEAN) && !readLenientBool(&seq, &r.certificates) {
		return r, false
	}
	r.extensions = seq.PeekASN1Tag(explicitTag(0))
	return r, seq.SkipOptionalASN1(explicitTag(0)) && seq.Empty()
}

// failures of RFC 3161 §2.4.2, by bit number.
const (
	failBadAlgorithm      = 0
	failBadRequest        = 2
	failBadFormat         = 5
	failTimeNotAvailable  = 14
	failPolicy            = 15
	failExtension         = 16
	failAdditionalInfo    = 17
	failSystem            = 25
	statusGranted         = 0
	statusGrantedWithMods = 1
	statusRejection       = 2
)

var failureNames = map[int]string{
	failBadAlgorithm: "badAlg", failBadRequest: "badRequest", failBadFormat: "badDataFormat",
	failTimeNotAvailable: "timeNotAvailable", failPolicy: "unacceptedPolicy", failExtension: "unacceptedExtension",
	failAdditionalInfo: "addInfoNotAvailable", failSystem: "systemFailure",
}

// ErrTimestampRefused: the authority answered, and refused.
var ErrTimestampRefused = errors.New("gm: time stamp refused by the authority")

// ParseTimestampResponse reads a TimeStampResp and returns the token; a status other than granted is an error that
// wraps ErrTimestampRefused and names the failure.
func ParseTimestampResponse(der []byte) (token []byte, err error) {
	input := cryptobyte.String(der)
	var response, info, text, element cryptobyte.String
	var status int
	var present bool
	if !input.ReadASN1(&response, cbasn1.SEQUENCE) || !input.Empty() || !response.ReadASN1(&info, cbasn1.SEQUENCE) ||
		!info.ReadASN1Integer(&status) || !info.ReadOptionalASN1(&text, &present, cbasn1.SEQUENCE) {
		return nil, malformed("a time stamp response")
	}
	if status != statusGranted && status != statusGrantedWithMods {
		return nil, fmt.Errorf("%w: status %d %s", ErrTimestampRefused, status, failureName(info))
	}
	if !response.ReadASN1Element(&element, cbasn1.SEQUENCE) || !response.Empty() {
		return nil, malformed("a time stamp response without a token")
	}
	return append([]byte{}, element...), nil
}

func failureName(info cryptobyte.String) string {
	var bits []byte
	if !readBits(&info, &bits) {
		return "without a reason"
	}
	for i := range min(len(bits)*8, 32) {
		if bits[i/8]&(0x80>>(i%8)) == 0 {
			continue
		}
		if name := failureNames[i]; name != "" {
			return name
		}
	}
	return "for an unknown reason"
}
