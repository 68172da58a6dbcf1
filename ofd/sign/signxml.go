package sign

import (
	"encoding/base64"
	"strconv"
	"time"

	"sidian/gm"
	"sidian/ofd"
)

// beijing is the zone of SignatureDateTime: text without a zone, local time.
var beijing = time.FixedZone("UTC+8", 8*3600)

const dateTime = "2006-01-02 15:04:05"

// Written identifiers: SM3 and SM2 with SM3 (GM/T 0006).
const (
	oidSM3        = "1.2.156.10197.1.401"
	oidSM2WithSM3 = "1.2.156.10197.1.501"
)

// reference is one protected part and its digest.
type reference struct {
	part   string
	digest gm.Digest
}

// stampAt is a StampAnnot to be written.
type stampAt struct {
	id    int
	page  ofd.ID
	place Place
}

// signatureXML is what a Signature.xml to be written holds.
type signatureXML struct {
	provider   string
	time       time.Time
	references []reference
	stamps     []stampAt
	seal       string // part name, "" without a seal
	value      string // part name
}

// bytes writes the file in the order of GB/T 33190's schema, with absolute
// locations and the literal prefix ofd:, which some readers look for as text.
// It is final when written: the signature is over these bytes.
func (x *signatureXML) bytes() []byte {
	b := make([]byte, 0, 1024+160*len(x.references)+96*len(x.stamps))
	b = append(b, `<?xml version="1.0" encoding="UTF-8"?>`+"\n"+
		`<ofd:Signature xmlns:ofd="http://www.ofdspec.org/2016"><ofd:SignedInfo><ofd:Provider ProviderName="`...)
	b = appendEscaped(b, x.provider)
	b = append(b, `"/><ofd:SignatureMethod>`+oidSM2WithSM3+`</ofd:SignatureMethod><ofd:SignatureDateTime>`...)
	b = x.time.In(beijing).AppendFormat(b, dateTime)
	b = append(b, `</ofd:SignatureDateTime><ofd:References CheckMethod="`+oidSM3+`">`...)
	for _, r := range x.references {
		b = append(b, `<ofd:Reference FileRef="/`...)
		b = appendEscaped(b, r.part)
		b = append(b, `"><ofd:CheckValue>`...)
		b = base64.StdEncoding.AppendEncode(b, r.digest[:])
		b = append(b, `</ofd:CheckValue></ofd:Reference>`...)
	}
	b = append(b, `</ofd:References>`...)
	for _, s := range x.stamps {
		b = s.append(b)
	}
	if x.seal != "" {
		b = append(b, `<ofd:Seal><ofd:BaseLoc>/`...)
		b = appendEscaped(b, x.seal)
		b = append(b, `</ofd:BaseLoc></ofd:Seal>`...)
	}
	b = append(b, `</ofd:SignedInfo><ofd:SignedValue>/`...)
	b = appendEscaped(b, x.value)
	return append(b, `</ofd:SignedValue></ofd:Signature>`...)
}

// append writes a StampAnnot. PageRef is the page's ST_ID, not its index.
func (s *stampAt) append(b []byte) []byte {
	b = append(b, `<ofd:StampAnnot ID="`...)
	b = strconv.AppendInt(b, int64(s.id), 10)
	b = append(b, `" PageRef="`...)
	b = strconv.AppendUint(b, uint64(s.page), 10)
	b = append(b, `" Boundary="`...)
	b = appendBox(b, s.place.X, s.place.Y, s.place.W, s.place.H)
	if c := s.place.Clip; c != nil {
		b = append(b, `" Clip="`...)
		b = appendBox(b, c.X, c.Y, c.W, c.H)
	}
	return append(b, `"/>`...)
}

// appendBox writes an ST_Box, rounded to micrometres.
func appendBox(b []byte, list ...float64) []byte {
	for i, v := range list {
		if i > 0 {
			b = append(b, ' ')
		}
		b = appendMillimetres(b, v)
	}
	return b
}

func appendMillimetres(b []byte, v float64) []byte {
	n := len(b)
	b = strconv.AppendFloat(b, v, 'f', 3, 64)
	for b[len(b)-1] == '0' {
		b = b[:len(b)-1]
	}
	if b[len(b)-1] == '.' {
		b = b[:len(b)-1]
	}
	if string(b[n:]) == "-0" {
		b = append(b[:n], '0')
	}
	return b
}

// appendEscaped writes text for an attribute or an element.
func appendEscaped(b []byte, s string) []byte {
	for i := range len(s) {
		switch c := s[i]; {
		case c == '&':
			b = append(b, "&amp;"...)
		case c == '<':
			b = append(b, "&lt;"...)
		case c == '>':
			b = append(b, "&gt;"...)
		case c == '"':
			b = append(b, "&quot;"...)
		case c < 0x20 && c != '\t' && c != '\n' && c != '\r': // not allowed in XML at all
		default:
			b = append(b, c)
		}
	}
	return b
}
