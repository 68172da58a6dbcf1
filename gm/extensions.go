package gm

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

var (
	oidSubjectKeyID     = asn1.ObjectIdentifier{2, 5, 29, 14}
	oidKeyUsage         = asn1.ObjectIdentifier{2, 5, 29, 15}
	oidSubjectAltName   = asn1.ObjectIdentifier{2, 5, 29, 17}
	oidBasicConstraints = asn1.ObjectIdentifier{2, 5, 29, 19}
	oidCRLNumber        = asn1.ObjectIdentifier{2, 5, 29, 20}
	oidReasonCode       = asn1.ObjectIdentifier{2, 5, 29, 21}
	oidIssuingPoint     = asn1.ObjectIdentifier{2, 5, 29, 28}
	oidCRLPoints        = asn1.ObjectIdentifier{2, 5, 29, 31}
	oidPolicies         = asn1.ObjectIdentifier{2, 5, 29, 32}
	oidAuthorityKeyID   = asn1.ObjectIdentifier{2, 5, 29, 35}
	oidExtKeyUsage      = asn1.ObjectIdentifier{2, 5, 29, 37}
	oidAuthorityInfo    = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 1, 1}
	oidOCSPMethod       = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 48, 1}
)

// readExtensions reads SEQUENCE OF Extension; the same extension twice is refused (RFC 5280 §4.2).
func readExtensions(s cryptobyte.String) ([]pkix.Extension, bool) {
	var seq cryptobyte.String
	if !s.ReadASN1(&seq, cbasn1.SEQUENCE) || !s.Empty() {
		return nil, false
	}
	var out []pkix.Extension
	seen := map[string]bool{}
	for !seq.Empty() {
		var item, value cryptobyte.String
		var e pkix.Extension
		if !seq.ReadASN1(&item, cbasn1.SEQUENCE) || !readAnyOID(&item, &e.Id) {
			return nil, false
		}
		if item.PeekASN1Tag(cbasn1.BOOLEAN) && !readLenientBool(&item, &e.Critical) {
			return nil, false
		}
		if !item.ReadASN1(&value, cbasn1.OCTET_STRING) || !item.Empty() || len(e.Id) > 0 && seen[e.Id.String()] {
			return nil, false
		}
		seen[e.Id.String()] = true
		e.Value = value
		out = append(out, e)
	}
	return out, true
}

// readLenientBool takes any non-zero octet as TRUE, as BER does.
func readLenientBool(s *cryptobyte.String, out *bool) bool {
	var content cryptobyte.String
	if !s.ReadASN1(&content, cbasn1.BOOLEAN) || len(content) != 1 {
		return false
	}
	*out = content[0] != 0
	return true
}

func (c *Certificate) parseExtensions(s cryptobyte.String) error {
	var ok bool
	if c.Extensions, ok = readExtensions(s); !ok {
		return malformed("the extensions of a certificate")
	}
	for _, e := range c.Extensions {
		handled, ok := c.parseExtension(e)
		if !ok {
			return malformed("extension " + e.Id.String() + " of a certificate")
		}
		if !handled && e.Critical {
			c.unhandled = append(c.unhandled, e.Id)
		}
	}
	return nil
}

// parseExtension reads what decides something. handled: the extension is understood, or cannot change the meaning of
// what is decided here even when critical.
func (c *Certificate) parseExtension(e pkix.Extension) (handled, ok bool) {
	value := cryptobyte.String(e.Value)
	switch {
	case e.Id.Equal(oidKeyUsage):
		c.HasKeyUsage = true
		c.KeyUsage, ok = readKeyUsage(value)
	case e.Id.Equal(oidBasicConstraints):
		c.HasConstraints = true
		c.IsCA, c.MaxPathLen, ok = readConstraints(value)
	case e.Id.Equal(oidExtKeyUsage):
		c.ExtKeyCritical = e.Critical
		c.ExtKeyUsage, ok = readOIDs(value)
	case e.Id.Equal(oidSubjectKeyID):
		var id cryptobyte.String
		ok = value.ReadASN1(&id, cbasn1.OCTET_STRING)
		c.SubjectKeyID = id
	case e.Id.Equal(oidAuthorityKeyID):
		c.AuthorityKeyID, ok = readAuthorityKeyID(value)
	case e.Id.Equal(oidCRLPoints):
		c.CRLURLs, ok = readCRLPoints(value), true
	case e.Id.Equal(oidAuthorityInfo):
		c.OCSPURLs, ok = readOCSPURLs(value), true
	case e.Id.Equal(oidSubjectAltName), e.Id.Equal(oidPolicies):
		ok = true
	default:
		return false, true
	}
	return true, ok
}

func readKeyUsage(s cryptobyte.String) (x509.KeyUsage, bool) {
	var bits []byte
	if !readBits(&s, &bits) {
		return 0, false
	}
	var usage x509.KeyUsage
	for i := range min(len(bits)*8, 9) {
		if bits[i/8]&(0x80>>(i%8)) != 0 {
			usage |= 1 << i
		}
	}
	return usage, true
}

func readConstraints(s cryptobyte.String) (ca bool, pathLen int, ok bool) {
	var seq cryptobyte.String
	if !s.ReadASN1(&seq, cbasn1.SEQUENCE) {
		return false, -1, false
	}
	if seq.PeekASN1Tag(cbasn1.BOOLEAN) && !readLenientBool(&seq, &ca) {
		return false, -1, false
	}
	pathLen = -1
	if seq.PeekASN1Tag(cbasn1.INTEGER) && (!seq.ReadASN1Integer(&pathLen) || pathLen < 0) {
		return false, -1, false
	}
	return ca, pathLen, true
}

func readOIDs(s cryptobyte.String) (out []asn1.ObjectIdentifier, ok bool) {
	var seq cryptobyte.String
	if !s.ReadASN1(&seq, cbasn1.SEQUENCE) {
		return nil, false
	}
	for !seq.Empty() {
		var oid asn1.ObjectIdentifier
		if !seq.ReadASN1ObjectIdentifier(&oid) {
			return nil, false
		}
		out = append(out, oid)
	}
	return out, true
}

func readAuthorityKeyID(s cryptobyte.String) ([]byte, bool) {
	var seq, id cryptobyte.String
	var present bool
	if !s.ReadASN1(&seq, cbasn1.SEQUENCE) || !seq.ReadOptionalASN1(&id, &present, implicitTag(0)) {
		return nil, false
	}
	return id, true // issuer and serial, [1] and [2], are hints only
}

// readCRLPoints collects the http addresses of full names; anything else in the extension is of no use here.
func readCRLPoints(s cryptobyte.String) (out []string) {
	var seq cryptobyte.String
	if !s.ReadASN1(&seq, cbasn1.SEQUENCE) {
		return nil
	}
	for !seq.Empty() {
		var point, name, full cryptobyte.String
		var present bool
		if !seq.ReadASN1(&point, cbasn1.SEQUENCE) {
			return out
		}
		if point.ReadOptionalASN1(&name, &present, explicitTag(0)) && present &&
			name.ReadOptionalASN1(&full, &present, explicitTag(0)) && present {
			out = append(out, readURIs(full)...)
		}
	}
	return out
}

// readURIs collects the uniformResourceIdentifier [6] of GeneralNames content.
func readURIs(names cryptobyte.String) (out []string) {
	for !names.Empty() {
		var value cryptobyte.String
		var tag cbasn1.Tag
		if !names.ReadAnyASN1(&value, &tag) {
			return out
		}
		if tag == implicitTag(6) {
			out = append(out, string(value))
		}
	}
	return out
}

func readOCSPURLs(s cryptobyte.String) (out []string) {
	var seq cryptobyte.String
	if !s.ReadASN1(&seq, cbasn1.SEQUENCE) {
		return nil
	}
	for !seq.Empty() {
		var access cryptobyte.String
		var method asn1.ObjectIdentifier
		if !seq.ReadASN1(&access, cbasn1.SEQUENCE) || !access.ReadASN1ObjectIdentifier(&method) {
			return out
		}
		if method.Equal(oidOCSPMethod) {
			out = append(out, readURIs(access)...)
		}
	}
	return out
}
