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

// OCSPStatus is the state of a certificate in an OCSP response.
type OCSPStatus int

// The three states of RFC 6960 §2.2.
const (
	OCSPGood OCSPStatus = iota
	OCSPRevoked
	OCSPUnknown
)

// OCSPSingle is the answer about one certificate.
type OCSPSingle struct {
	HashAlgorithm  asn1.ObjectIdentifier
	IssuerNameHash []byte
	IssuerKeyHash  []byte
	Serial         *big.Int
	Status         OCSPStatus
	RevokedAt      time.Time
	Reason         int
	ThisUpdate     time.Time
	NextUpdate     time.Time // zero when absent
}

// OCSPResponse is a successful OCSP response of type basic (RFC 6960 §4.2.1) with SM2 or RSA signature.
type OCSPResponse struct {
	Raw                []byte
	RawTBS             []byte
	ProducedAt         time.Time
	ResponderName      []byte // DER of the name, or nil
	ResponderKeyHash   []byte // or nil
	Responses          []OCSPSingle
	Nonce              []byte // the extension's octets, or nil
	Certificates       []*Certificate
	SignatureAlgorithm asn1.ObjectIdentifier
	Signature          []byte
}

var (
	oidOCSPBasic = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 48, 1, 1}
	oidOCSPNonce = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 48, 1, 2}
)

// ocspStatuses of RFC 6960 §4.2.1, by number.
var ocspStatuses = map[int]string{1: "malformedRequest", 2: "internalError", 3: "tryLater", 5: "sigRequired", 6: "unauthorized"}

// ParseOCSP reads an OCSPResponse. A response other than "successful" is an error that names its status.
func ParseOCSP(der []byte) (*OCSPResponse, error) {
	r := &OCSPResponse{Raw: bytes.Clone(der)}
	input := cryptobyte.String(r.Raw)
	var outer, wrapped, inner, basic cryptobyte.String
	var status int
	var kind asn1.ObjectIdentifier
	var present bool
	if !input.ReadASN1(&outer, cbasn1.SEQUENCE) || !input.Empty() || !outer.ReadASN1Enum(&status) {
		return nil, malformed("an OCSP response")
	}
	if status != 0 {
		return nil, fmt.Errorf("gm: OCSP responder answered %d %s", status, ocspStatuses[status])
	}
	if !outer.ReadOptionalASN1(&wrapped, &present, explicitTag(0)) || !present || !outer.Empty() ||
		!wrapped.ReadASN1(&inner, cbasn1.SEQUENCE) || !inner.ReadASN1ObjectIdentifier(&kind) {
		return nil, malformed("an OCSP response")
	}
	if !kind.Equal(oidOCSPBasic) {
		return nil, fmt.Errorf("gm: OCSP response of type %s: %w", kind, ErrUnsupported)
	}
	if !inner.ReadASN1(&basic, cbasn1.OCTET_STRING) || !r.parseBasic(basic) {
		return nil, malformed("a basic OCSP response")
	}
	return r, nil
}

func (r *OCSPResponse) parseBasic(s cryptobyte.String) bool {
	var basic, tbs, wrapped, list cryptobyte.String
	var present bool
	if !s.ReadASN1(&basic, cbasn1.SEQUENCE) || !s.Empty() || !basic.ReadASN1Element(&tbs, cbasn1.SEQUENCE) ||
		!readAlgorithm(&basic, &r.SignatureAlgorithm, nil) || !readBits(&basic, &r.Signature) ||
		!basic.ReadOptionalASN1(&wrapped, &present, explicitTag(0)) || !basic.Empty() {
		return false
	}
	r.RawTBS = tbs
	if present {
		if !wrapped.ReadASN1(&list, cbasn1.SEQUENCE) {
			return false
		}
		r.Certificates = readCertificates(list)
	}
	return r.parseData(tbs)
}

const maxOCSPAnswers = 1000

// parseData reads ResponseData.
func (r *OCSPResponse) parseData(s cryptobyte.String) bool {
	var data, name, key, answers, extensions cryptobyte.String
	var byName, byKey, present bool
	if !s.ReadASN1(&data, cbasn1.SEQUENCE) || !data.SkipOptionalASN1(explicitTag(0)) ||
		!data.ReadOptionalASN1(&name, &byName, explicitTag(1)) || !data.ReadOptionalASN1(&key, &byKey, explicitTag(2)) ||
		byName == byKey || !readTime(&data, &r.ProducedAt) || !data.ReadASN1(&answers, cbasn1.SEQUENCE) {
		return false
	}
	if byName {
		r.ResponderName = name
	} else if !key.ReadASN1((*cryptobyte.String)(&r.ResponderKeyHash), cbasn1.OCTET_STRING) {
		return false
	}
	for !answers.Empty() {
		answer, ok := readOCSPSingle(&answers)
		if !ok || len(r.Responses) == maxOCSPAnswers {
			return false
		}
		r.Responses = append(r.Responses, answer)
	}
	if !data.ReadOptionalASN1(&extensions, &present, explicitTag(1)) || !data.Empty() {
		return false
	}
	return !present || r.parseExtensions(extensions)
}

func (r *OCSPResponse) parseExtensions(s cryptobyte.String) bool {
	list, ok := readExtensions(s)
	for _, e := range list {
		if !e.Id.Equal(oidOCSPNonce) {
			if e.Critical {
				return false
			}
			continue
		}
		r.Nonce = e.Value
		value := cryptobyte.String(e.Value)
		var inner cryptobyte.String
		if value.ReadASN1(&inner, cbasn1.OCTET_STRING) && value.Empty() {
			r.Nonce = inner
		}
	}
	return ok
}

func readOCSPSingle(s *cryptobyte.String) (out OCSPSingle, ok bool) {
	var single, id, name, key, status, next cryptobyte.String
	var tag cbasn1.Tag
	var present bool
	if !s.ReadASN1(&single, cbasn1.SEQUENCE) || !single.ReadASN1(&id, cbasn1.SEQUENCE) ||
		!readAlgorithm(&id, &out.HashAlgorithm, nil) || !id.ReadASN1(&name, cbasn1.OCTET_STRING) ||
		!id.ReadASN1(&key, cbasn1.OCTET_STRING) || !readInteger(&id, &out.Serial) || !id.Empty() ||
		!single.ReadAnyASN1(&status, &tag) {
		return out, false
	}
	out.IssuerNameHash, out.IssuerKeyHash = name, key
	switch tag {
	case implicitTag(0):
		out.Status = OCSPGood
	case explicitTag(1):
		out.Status = OCSPRevoked
		if !out.parseRevoked(status) {
			return out, false
		}
	case implicitTag(2):
		out.Status = OCSPUnknown
	default:
		return out, false
	}
	if !readTime(&single, &out.ThisUpdate) || !single.ReadOptionalASN1(&next, &present, explicitTag(0)) ||
		(present && !readTime(&next, &out.NextUpdate)) {
		return out, false
	}
	return out, single.SkipOptionalASN1(explicitTag(1)) && single.Empty()
}

func (o *OCSPSingle) parseRevoked(s cryptobyte.String) bool {
	var reason cryptobyte.String
	var present bool
	return readTime(&s, &o.RevokedAt) && s.ReadOptionalASN1(&reason, &present, explicitTag(0)) &&
		(!present || reason.ReadASN1Enum(&o.Reason)) && s.Empty()
}

// CurrentAt tells whether the answer counts at a time: thisUpdate <= at < nextUpdate.
func (o OCSPSingle) CurrentAt(at time.Time) bool {
	return !at.Before(o.ThisUpdate) && (o.NextUpdate.IsZero() || at.Before(o.NextUpdate))
}
