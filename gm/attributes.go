package gm

import (
	"bytes"
	"encoding/asn1"
	"slices"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

var (
	oidContentType    = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 3}
	oidMessageDigest  = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 4}
	oidSigningTime    = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 5}
	oidESSv1          = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 2, 12}
	oidESSv2          = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 2, 47}
	oidTimestampToken = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 2, 14}
	oidSM3Plain       = asn1.ObjectIdentifier{1, 2, 156, 10197, 1, 401, 1}
)

// essCertificate is one entry of a signing-certificate attribute (RFC 2634 §5.4, RFC 5035).
type essCertificate struct {
	hash   asn1.ObjectIdentifier
	digest []byte
}

// parseAttributes reads [0] authenticatedAttributes when present and keeps the stored bytes: they are what was signed.
func (i *SignerInfo) parseAttributes(s *cryptobyte.String) bool {
	if !s.PeekASN1Tag(explicitTag(0)) {
		return true
	}
	var element, list cryptobyte.String
	if !s.ReadASN1Element(&element, explicitTag(0)) {
		return false
	}
	i.Attributes = element
	if !element.ReadASN1(&list, explicitTag(0)) {
		return false
	}
	seen := map[string]bool{}
	for !list.Empty() {
		var attribute, values cryptobyte.String
		var oid asn1.ObjectIdentifier
		if !list.ReadASN1(&attribute, cbasn1.SEQUENCE) || !attribute.ReadASN1ObjectIdentifier(&oid) ||
			!attribute.ReadASN1(&values, cbasn1.SET) || !attribute.Empty() || seen[oid.String()] {
			return false
		}
		seen[oid.String()] = true
		if !i.parseAttribute(oid, values) {
			return false
		}
	}
	return true
}

func (i *SignerInfo) parseAttribute(oid asn1.ObjectIdentifier, values cryptobyte.String) bool {
	switch {
	case oid.Equal(oidContentType):
		return values.ReadASN1ObjectIdentifier(&i.ContentType) && values.Empty()
	case oid.Equal(oidMessageDigest):
		var digest cryptobyte.String
		ok := values.ReadASN1(&digest, cbasn1.OCTET_STRING) && values.Empty()
		i.MessageDigest = digest
		return ok
	case oid.Equal(oidSigningTime):
		return readTime(&values, &i.SigningTime) && values.Empty()
	case oid.Equal(oidESSv1), oid.Equal(oidESSv2):
		return i.parseESS(values, oid.Equal(oidESSv2))
	}
	return true
}

// parseESS reads SigningCertificate (SHA-1) or SigningCertificateV2 (SHA-256 unless it names another).
func (i *SignerInfo) parseESS(values cryptobyte.String, v2 bool) bool {
	var attribute, list cryptobyte.String
	if !values.ReadASN1(&attribute, cbasn1.SEQUENCE) || !attribute.ReadASN1(&list, cbasn1.SEQUENCE) {
		return false
	}
	for !list.Empty() {
		var id, digest cryptobyte.String
		if !list.ReadASN1(&id, cbasn1.SEQUENCE) {
			return false
		}
		entry := essCertificate{hash: OIDSHA1}
		if v2 {
			entry.hash = OIDSHA256
			if id.PeekASN1Tag(cbasn1.SEQUENCE) && !readAlgorithm(&id, &entry.hash, nil) {
				return false
			}
		}
		if !id.ReadASN1(&digest, cbasn1.OCTET_STRING) {
			return false
		}
		entry.digest = digest
		i.ess = append(i.ess, entry)
	}
	return true
}

// signedAttributes returns what a signer of the attributes may have signed: the stored bytes as SET OF (tag A0 -> 31,
// GB/T 35275 as PKCS#7 §9.3), and, when that is another encoding, the same in DER SET OF order.
func (i *SignerInfo) signedAttributes() (stored, sorted []byte) {
	stored = bytes.Clone(i.Attributes)
	stored[0] = byte(cbasn1.SET)
	input := cryptobyte.String(stored)
	var list cryptobyte.String
	var elements [][]byte
	if !input.ReadASN1(&list, cbasn1.SET) {
		return stored, nil
	}
	for !list.Empty() {
		var element cryptobyte.String
		if !list.ReadASN1Element(&element, cbasn1.SEQUENCE) {
			return stored, nil
		}
		elements = append(elements, element)
	}
	if slices.IsSortedFunc(elements, bytes.Compare) {
		return stored, nil
	}
	sorted, err := setOf(cbasn1.SET, elements)
	if err != nil {
		return stored, nil
	}
	return stored, sorted
}

// setOf writes elements in DER SET OF order (X.690 §11.6) under a tag.
func setOf(tag cbasn1.Tag, elements [][]byte) ([]byte, error) {
	elements = slices.Clone(elements)
	slices.SortFunc(elements, bytes.Compare)
	var b cryptobyte.Builder
	b.AddASN1(tag, func(b *cryptobyte.Builder) {
		for _, element := range elements {
			b.AddBytes(element)
		}
	})
	return b.Bytes()
}

// Timestamp returns the time stamp token in the unauthenticated attributes, or nil. It is over the signature value
// (Signer.Signature), and nothing but its own signature protects it.
func (s *SignedData) Timestamp() []byte {
	input := cryptobyte.String(s.Signer.Unauthenticated)
	var list cryptobyte.String
	if !input.ReadASN1(&list, explicitTag(1)) {
		return nil
	}
	for !list.Empty() {
		var attribute, values, token cryptobyte.String
		var oid asn1.ObjectIdentifier
		if !list.ReadASN1(&attribute, cbasn1.SEQUENCE) || !attribute.ReadASN1ObjectIdentifier(&oid) ||
			!attribute.ReadASN1(&values, cbasn1.SET) {
			return nil
		}
		if oid.Equal(oidTimestampToken) && values.ReadASN1Element(&token, cbasn1.SEQUENCE) {
			return token
		}
	}
	return nil
}
