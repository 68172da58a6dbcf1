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

// Tags by number, for fields that are [n] in their structure.
func explicitTag(n uint8) cbasn1.Tag { return cbasn1.Tag(n).ContextSpecific().Constructed() }
func implicitTag(n uint8) cbasn1.Tag { return cbasn1.Tag(n).ContextSpecific() }

func malformed(what string) error { return fmt.Errorf("gm: reading %s: %w", what, ErrMalformed) }

// readInteger reads an INTEGER of at most 64 octets by value; an encoding longer than needed is taken as it is.
func readInteger(s *cryptobyte.String, out **big.Int) bool {
	var content cryptobyte.String
	if !s.ReadASN1(&content, cbasn1.INTEGER) || len(content) == 0 || len(content) > 64 {
		return false
	}
	v := new(big.Int).SetBytes(content)
	if content[0]&0x80 != 0 {
		v.Sub(v, new(big.Int).Lsh(big.NewInt(1), uint(len(content))*8))
	}
	*out = v
	return true
}

// readAlgorithm reads an AlgorithmIdentifier; parameters are returned raw and may be empty.
func readAlgorithm(s *cryptobyte.String, oid *asn1.ObjectIdentifier, params *cryptobyte.String) bool {
	var seq cryptobyte.String
	if !s.ReadASN1(&seq, cbasn1.SEQUENCE) || !seq.ReadASN1ObjectIdentifier(oid) {
		return false
	}
	if params != nil {
		*params = seq
	}
	return true
}

// readBits reads a BIT STRING's octets whatever its count of unused bits says.
func readBits(s *cryptobyte.String, out *[]byte) bool {
	var content cryptobyte.String
	if !s.ReadASN1(&content, cbasn1.BIT_STRING) || len(content) == 0 || content[0] > 7 {
		return false
	}
	*out = content[1:]
	return true
}

// readTime reads a UTCTime or a GeneralizedTime; fractions of a second and zone offsets are accepted.
func readTime(s *cryptobyte.String, out *time.Time) bool {
	var content cryptobyte.String
	var tag cbasn1.Tag
	if !s.ReadAnyASN1(&content, &tag) {
		return false
	}
	t, err := parseTime(tag, string(content))
	if err != nil {
		return false
	}
	*out = t
	return true
}

func parseTime(tag cbasn1.Tag, text string) (time.Time, error) {
	layouts := []string{"20060102150405Z0700", "200601021504Z0700", "20060102150405"}
	if tag == cbasn1.UTCTime {
		layouts = []string{"060102150405Z0700", "0601021504Z0700"}
	} else if tag != cbasn1.GeneralizedTime {
		return time.Time{}, malformed("a time")
	}
	for _, layout := range layouts {
		t, err := time.Parse(layout, text)
		if err != nil {
			continue
		}
		if tag == cbasn1.UTCTime && t.Year() >= 2050 { // RFC 5280 §4.1.2.5.1: 50..99 are 19xx
			t = t.AddDate(-100, 0, 0)
		}
		return t.UTC(), nil
	}
	return time.Time{}, malformed("a time")
}

// addTime writes a time as certificates hold it: UTCTime up to 2049, GeneralizedTime after (RFC 5280 §4.1.2.5).
func addTime(b *cryptobyte.Builder, t time.Time) {
	t = t.UTC().Truncate(time.Second)
	if y := t.Year(); y >= 1950 && y < 2050 {
		b.AddASN1UTCTime(t)
		return
	}
	b.AddASN1GeneralizedTime(t)
}

// addAlgorithm writes an AlgorithmIdentifier without parameters, as for SM2 and SM3 (GM/T 0009, GB/T 35275).
func addAlgorithm(b *cryptobyte.Builder, oid asn1.ObjectIdentifier) {
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) { b.AddASN1ObjectIdentifier(oid) })
}

// sealed writes SEQUENCE { tbs, SM2-with-SM3, BIT STRING signature over tbs }: certificates, requests, lists.
func sealed(tbs []byte, signer Signer) ([]byte, error) {
	sig, err := signer.Sign(tbs)
	if err != nil {
		return nil, err
	}
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddBytes(tbs)
		addAlgorithm(b, OIDSM2WithSM3)
		b.AddASN1BitString(sig)
	})
	return b.Bytes()
}

// sealedParts is SEQUENCE { tbs, algorithm, BIT STRING signature } taken apart.
type sealedParts struct {
	tbs          []byte
	algorithm    asn1.ObjectIdentifier
	rawAlgorithm []byte
	signature    []byte
}

// unseal takes der apart and refuses octets after it.
func unseal(der []byte) (p sealedParts, ok bool) {
	input := cryptobyte.String(der)
	var seq, body, algorithm cryptobyte.String
	ok = input.ReadASN1(&seq, cbasn1.SEQUENCE) && input.Empty() &&
		seq.ReadASN1Element(&body, cbasn1.SEQUENCE) && seq.ReadASN1Element(&algorithm, cbasn1.SEQUENCE) &&
		seq.ReadASN1BitStringAsBytes(&p.signature) && seq.Empty()
	p.tbs, p.rawAlgorithm = body, algorithm
	return p, ok && readAlgorithm(&algorithm, &p.algorithm, nil)
}

// sameAlgorithm reads the AlgorithmIdentifier inside what was signed, which must be the one outside, octet by octet
// (RFC 5280 §4.1.1.2, §5.1.1.2): the outer one is not protected by the signature.
func (p sealedParts) sameAlgorithm(s *cryptobyte.String) bool {
	var inner cryptobyte.String
	return s.ReadASN1Element(&inner, cbasn1.SEQUENCE) && bytes.Equal(inner, p.rawAlgorithm)
}

// readAnyOID reads an object identifier. One whose arcs are beyond what
// encoding/asn1 holds (those made of UUIDs, ITU-T X.667) is read over, and
// empty: it is none that this package knows.
func readAnyOID(s *cryptobyte.String, out *asn1.ObjectIdentifier) bool {
	before := *s
	if s.ReadASN1ObjectIdentifier(out) {
		return true
	}
	*s, *out = before, asn1.ObjectIdentifier{}
	var content cryptobyte.String
	return s.ReadASN1(&content, cbasn1.OBJECT_IDENTIFIER) && len(content) > 0 && content[len(content)-1]&0x80 == 0
}
