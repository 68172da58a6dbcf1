package gm

import (
	"bytes"
	"encoding/asn1"
	"errors"
	"fmt"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// maxEmbedded certificates are read from one message.
const maxEmbedded = 64

// readCertificates reads concatenated certificates; those that cannot be read are left out, since a message may carry
// more than its signer needs.
func readCertificates(s cryptobyte.String) (out []*Certificate) {
	for !s.Empty() && len(out) < maxEmbedded {
		var element cryptobyte.String
		var tag cbasn1.Tag
		if !s.ReadAnyASN1Element(&element, &tag) {
			return out
		}
		if c, err := ParseCertificate(element); err == nil {
			out = append(out, c)
		}
	}
	return out
}

// keyBits are the octets of the subjectPublicKey BIT STRING: what OCSP hashes to name a key.
func (c *Certificate) keyBits() []byte {
	input := cryptobyte.String(c.RawKey)
	var info cryptobyte.String
	var oid asn1.ObjectIdentifier
	var bits []byte
	if !input.ReadASN1(&info, cbasn1.SEQUENCE) || !readAlgorithm(&info, &oid, nil) || !readBits(&info, &bits) {
		return nil
	}
	return bits
}

// For finds the answer about cert, issued by issuer.
func (r *OCSPResponse) For(cert, issuer *Certificate) (OCSPSingle, bool) {
	for _, answer := range r.Responses {
		name, ok := hashBy(answer.HashAlgorithm, cert.RawIssuer)
		key, _ := hashBy(answer.HashAlgorithm, issuer.keyBits())
		if ok && answer.Serial.Cmp(cert.SerialNumber) == 0 &&
			bytes.Equal(name, answer.IssuerNameHash) && bytes.Equal(key, answer.IssuerKeyHash) {
			return answer, true
		}
	}
	return OCSPSingle{}, false
}

// Verify checks the signature: made by issuer itself, or by a responder that issuer certified for OCSP signing and
// whose certificate was valid when the response was produced (RFC 6960 §4.2.2.2).
func (r *OCSPResponse) Verify(issuer *Certificate) ([]Note, error) {
	if r.byResponder(issuer) {
		return issuer.CheckSignature(r.SignatureAlgorithm, r.RawTBS, r.Signature)
	}
	last := fmt.Errorf("gm: OCSP response: %w", ErrNoCertificate)
	for _, c := range r.Certificates {
		if !r.byResponder(c) {
			continue
		}
		if err := r.mayRespond(c, issuer); err != nil {
			last = err
			continue
		}
		return c.CheckSignature(r.SignatureAlgorithm, r.RawTBS, r.Signature)
	}
	return nil, last
}

func (r *OCSPResponse) mayRespond(responder, issuer *Certificate) error {
	if responder.issuerName != issuer.subjectName {
		return fmt.Errorf("gm: OCSP responder: %w", ErrWrongIssuer)
	}
	if !responder.HasExtKeyUsage(OIDOCSPSigning) || len(responder.CheckSigningUsage()) > 0 {
		return fmt.Errorf("gm: OCSP responder: %w", ErrKeyUsage)
	}
	if len(responder.CheckValidity(r.ProducedAt)) > 0 {
		return errors.New("gm: certificate of the OCSP responder was not valid when it answered")
	}
	if _, err := responder.CheckFrom(issuer); err != nil {
		return fmt.Errorf("gm: certificate of the OCSP responder: %w", err)
	}
	return nil
}

// byResponder tells whether the response's responder identifier is c's: by name, or by a digest of its key (SHA-1 by
// RFC 6960, SM3 by GM/T 0034 in practice).
func (r *OCSPResponse) byResponder(c *Certificate) bool {
	if r.ResponderName != nil {
		return nameKey(r.ResponderName) == c.subjectName
	}
	for _, oid := range []asn1.ObjectIdentifier{OIDSHA1, OIDSM3, OIDSHA256} {
		if digest, _ := hashBy(oid, c.keyBits()); bytes.Equal(digest, r.ResponderKeyHash) {
			return true
		}
	}
	return false
}
