package gm

import (
	"crypto/x509/pkix"
	"encoding/asn1"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

const tagBMPString = cbasn1.Tag(30)

// parseName reads a distinguished name (DER of the whole Name). Strings with characters that their type forbids are
// taken as they are: names are shown and compared, nothing is decided by their letters alone.
func parseName(der []byte) (pkix.Name, bool) {
	rdns, ok := parseRDNs(der)
	if !ok {
		return pkix.Name{}, false
	}
	var name pkix.Name
	name.FillFromRDNSequence(&rdns)
	return name, true
}

func parseRDNs(der []byte) (pkix.RDNSequence, bool) {
	input := cryptobyte.String(der)
	var seq cryptobyte.String
	if !input.ReadASN1(&seq, cbasn1.SEQUENCE) || !input.Empty() {
		return nil, false
	}
	var rdns pkix.RDNSequence
	for !seq.Empty() {
		var set cryptobyte.String
		if !seq.ReadASN1(&set, cbasn1.SET) {
			return nil, false
		}
		var rdn pkix.RelativeDistinguishedNameSET
		for !set.Empty() {
			attribute, ok := parseAttribute(&set)
			if !ok {
				return nil, false
			}
			rdn = append(rdn, attribute)
		}
		rdns = append(rdns, rdn)
	}
	return rdns, true
}

func parseAttribute(set *cryptobyte.String) (pkix.AttributeTypeAndValue, bool) {
	var pair, value cryptobyte.String
	var oid asn1.ObjectIdentifier
	var tag cbasn1.Tag
	ok := set.ReadASN1(&pair, cbasn1.SEQUENCE) && pair.ReadASN1ObjectIdentifier(&oid) &&
		pair.ReadAnyASN1(&value, &tag) && pair.Empty()
	return pkix.AttributeTypeAndValue{Type: oid, Value: decodeString(tag, value)}, ok
}

func decodeString(tag cbasn1.Tag, value []byte) string {
	switch {
	case tag == tagBMPString && len(value)%2 == 0:
		units := make([]uint16, len(value)/2)
		for i := range units {
			units[i] = uint16(value[2*i])<<8 | uint16(value[2*i+1])
		}
		return string(utf16.Decode(units))
	case utf8.Valid(value):
		return string(value)
	}
	runes := make([]rune, len(value)) // TeletexString and the like: at least shown without loss
	for i, c := range value {
		runes[i] = rune(c)
	}
	return string(runes)
}

// nameKey is equal for names that RFC 5280 §7.1 calls equal, or nearly: string types, case and inner blanks do not count.
// Certificate authorities in the field write their own name as PrintableString in one place and UTF8String in another.
func nameKey(der []byte) string {
	rdns, ok := parseRDNs(der)
	if !ok {
		return "\x00" + string(der)
	}
	var b strings.Builder
	for _, rdn := range rdns {
		for _, attribute := range rdn {
			value, _ := attribute.Value.(string)
			b.WriteString(attribute.Type.String())
			b.WriteByte('=')
			b.WriteString(strings.Join(strings.Fields(strings.ToLower(value)), " "))
			b.WriteByte(0)
		}
		b.WriteByte(1)
	}
	return b.String()
}

// DisplayName is a distinguished name as people read it: "common name（organisation）", or what there is.
func DisplayName(name pkix.Name) string {
	organisation := strings.Join(name.Organization, " ")
	switch {
	case name.CommonName != "" && organisation != "" && organisation != name.CommonName:
		return name.CommonName + "（" + organisation + "）"
	case name.CommonName != "":
		return name.CommonName
	case organisation != "":
		return organisation
	}
	return name.String()
}
