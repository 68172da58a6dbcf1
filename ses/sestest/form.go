package sestest

import (
	"crypto/sha1"
	"crypto/sha256"
	"encoding/asn1"
	"math/big"
	"time"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"sidian/gm"
	"sidian/ses"
)

// Form says how a seal signature is written; the zero Form is plain V4.
type Form struct {
	Version    int // shape: ses.V1, V4 (also 0) or V5
	Stated     int // number in TBS_Sign, 0: that of the shape
	SealStated int // number in the seal's header, 0: that of the shape

	SealValue   func(der []byte) []byte // re-encodes the maker's signature value
	Value       func(der []byte) []byte // re-encodes the signer's signature value
	SealOver    string                  // what the maker signs: "" as the version says, "info" or "full"
	UnusedBits  byte                    // first octet of every BIT STRING
	OctetString bool                    // OCTET STRING for every BIT STRING
	SealWrapped bool                    // seal inside an OCTET STRING
	Algorithm   bool                    // AlgorithmIdentifier for the signer's OID
	BareCert    bool                    // signer's certificate without its OCTET STRING

	SealExt, Ext  string // extDatas of the seal and of TBS_Sign: "", "plain" or "tag0"
	CriticalFalse bool   // critical FALSE spelled out

	Digest    string // names the signers by digest: "SM3", "SHA-256", "SHA-1"
	NotListed bool   // the seal lists another signer
	EmptyList bool

	TimeInfo  []byte // the whole element timeInfo
	Dates     func(t time.Time) []byte
	ValidFrom time.Time // zero: as SealOptions
	ValidTo   time.Time
	Created   time.Time
	Time      time.Time // zero: Now

	DataHash     []byte  // nil: of the Signature.xml given
	PropertyInfo *string // nil: the usual path
	PropertyTag  cbasn1.Tag
	Picture      *ses.Picture

	Timestamp     func(value []byte) []byte // token
	StampTag      string                    // "" [0] EXPLICIT BIT STRING, "untagged", "octet", "token"
	SealTimestamp []byte                    // V5
}

// Path is where Signature.xml stands unless a Form says otherwise.
const Path = "/Doc_0/Signs/Sign_0/Signature.xml"

// Raw re-encodes a signature value as 64 raw octets r‖s.
func Raw(der []byte) []byte {
	return integers(der, func(n *big.Int) []byte { return n.FillBytes(make([]byte, 32)) })
}

// Padded re-encodes a signature value with INTEGERs of 34 octets, not minimal.
func Padded(der []byte) []byte {
	return derOf(integers2(der, func(n *big.Int) []byte { return n.FillBytes(make([]byte, 34)) }))
}

// Unsigned re-encodes a signature value with INTEGERs of 32 octets, whose
// first bit may be set: read as DER they are negative.
func Unsigned(der []byte) []byte {
	return derOf(integers2(der, func(n *big.Int) []byte { return n.FillBytes(make([]byte, 32)) }))
}

func integers2(der []byte, enc func(*big.Int) []byte) [2][]byte {
	var rs struct{ R, S *big.Int }
	if _, err := asn1.Unmarshal(der, &rs); err != nil {
		panic(err) // test code: the value comes from gm
	}
	return [2][]byte{enc(rs.R), enc(rs.S)}
}

func integers(der []byte, enc func(*big.Int) []byte) []byte {
	rs := integers2(der, enc)
	return append(rs[0], rs[1]...)
}

func derOf(rs [2][]byte) []byte {
	return build(func(b *cryptobyte.Builder) {
		b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
			for _, v := range rs {
				b.AddASN1(cbasn1.INTEGER, func(b *cryptobyte.Builder) { b.AddBytes(v) })
			}
		})
	})
}

func build(f func(*cryptobyte.Builder)) []byte {
	var b cryptobyte.Builder
	f(&b)
	return b.BytesOrPanic()
}

func sequence(f func(*cryptobyte.Builder)) []byte {
	return build(func(b *cryptobyte.Builder) { b.AddASN1(cbasn1.SEQUENCE, f) })
}

func text(b *cryptobyte.Builder, tag cbasn1.Tag, s string) {
	b.AddASN1(tag, func(b *cryptobyte.Builder) { b.AddBytes([]byte(s)) })
}

// bits adds octets as a BIT STRING in the way the Form says.
func (f *Form) bits(b *cryptobyte.Builder, data []byte) {
	if f.OctetString {
		b.AddASN1OctetString(data)
		return
	}
	b.AddASN1(cbasn1.BIT_STRING, func(b *cryptobyte.Builder) {
		b.AddUint8(f.UnusedBits)
		b.AddBytes(data)
	})
}

func (f *Form) version() int {
	if f.Version == 0 {
		return ses.V4
	}
	return f.Version
}

func either(n, other int) int64 {
	if n != 0 {
		return int64(n)
	}
	return int64(other)
}

// extensions adds ExtensionDatas with one vendor's entry.
func (f *Form) extensions(b *cryptobyte.Builder, form string) {
	list := func(b *cryptobyte.Builder) {
		b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
				b.AddASN1ObjectIdentifier(asn1.ObjectIdentifier{1, 2, 3, 4, 5})
				if f.CriticalFalse {
					b.AddASN1Boolean(false)
				}
				b.AddASN1OctetString([]byte("vendor"))
			})
		})
	}
	switch form {
	case "plain":
		list(b)
	case "tag0":
		b.AddASN1(cbasn1.Tag(0).ContextSpecific().Constructed(), list)
	}
}

func (f *Form) date(b *cryptobyte.Builder, t time.Time) {
	switch {
	case f.Dates != nil:
		b.AddBytes(f.Dates(t))
	case f.version() == ses.V1:
		b.AddASN1UTCTime(t)
	default:
		b.AddASN1GeneralizedTime(t)
	}
}

func (p *PKI) info(f *Form) []byte {
	o := p.SealOptions()
	or := func(t, other time.Time) time.Time {
		if t.IsZero() {
			return other
		}
		return t
	}
	pic := o.Picture
	if f.Picture != nil {
		pic = *f.Picture
	}
	return sequence(func(b *cryptobyte.Builder) {
		b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
			text(b, cbasn1.IA5String, "ES")
			b.AddASN1Int64(either(f.SealStated, f.version()))
			text(b, cbasn1.IA5String, o.VendorID)
		})
		text(b, cbasn1.IA5String, o.ID)
		b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1Int64(int64(o.Type))
			text(b, cbasn1.UTF8String, o.Name)
			p.signers(b, f)
			f.date(b, or(f.Created, o.Created))
			f.date(b, or(f.ValidFrom, o.ValidFrom))
			f.date(b, or(f.ValidTo, o.ValidTo))
		})
		b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
			text(b, cbasn1.IA5String, pic.Type)
			b.AddASN1OctetString(pic.Data)
			b.AddASN1Int64(int64(pic.Width))
			b.AddASN1Int64(int64(pic.Height))
		})
		f.extensions(b, f.SealExt)
	})
}

func (p *PKI) signers(b *cryptobyte.Builder, f *Form) {
	if f.version() != ses.V1 {
		b.AddASN1Int64(map[bool]int64{true: ses.ListDigests, false: ses.ListCertificates}[f.Digest != ""])
	}
	cert := p.Signer.Raw
	if f.NotListed {
		cert = p.TSA.Raw
	}
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		switch {
		case f.EmptyList:
		case f.Digest == "":
			b.AddASN1OctetString(cert)
		default:
			b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
				text(b, cbasn1.PrintableString, f.Digest)
				b.AddASN1OctetString(digest(f.Digest, cert))
			})
		}
	})
}

func digest(name string, data []byte) []byte {
	switch name {
	case "SHA-1":
		d := sha1.Sum(data)
		return d[:]
	case "SHA-256":
		d := sha256.Sum256(data)
		return d[:]
	}
	d := gm.Sum(data)
	return d[:]
}

// SealDER writes a seal in a form.
func (p *PKI) SealDER(f Form) []byte {
	p.tb.Helper()
	info := p.info(&f)
	head := build(func(b *cryptobyte.Builder) {
		b.AddASN1OctetString(p.Maker.Raw)
		b.AddASN1ObjectIdentifier(gm.OIDSM2WithSM3)
	})
	full := sequence(func(b *cryptobyte.Builder) { b.AddBytes(info); b.AddBytes(head) })
	over := info
	if f.SealOver == "full" || f.SealOver == "" && f.version() == ses.V1 {
		over = full
	}
	value := p.sign(p.MakerKey, over, f.SealValue)
	tail := build(func(b *cryptobyte.Builder) { b.AddBytes(head); f.bits(b, value) })
	return sequence(func(b *cryptobyte.Builder) {
		b.AddBytes(info)
		if f.version() == ses.V1 {
			b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) { b.AddBytes(tail) })
			return
		}
		b.AddBytes(tail)
		if f.SealTimestamp != nil {
			b.AddASN1(cbasn1.Tag(0).ContextSpecific().Constructed(), func(b *cryptobyte.Builder) { b.AddASN1BitString(f.SealTimestamp) })
		}
	})
}

func (p *PKI) sign(key gm.Signer, message []byte, encode func([]byte) []byte) []byte {
	p.tb.Helper()
	value, err := key.Sign(message)
	if err != nil {
		p.tb.Fatal(err)
	}
	if encode != nil {
		return encode(value)
	}
	return value
}

// SignatureDER writes a seal signature over Signature.xml in a form; seal is
// what SealDER gave.
func (p *PKI) SignatureDER(xml, seal []byte, f Form) []byte {
	p.tb.Helper()
	signer := build(func(b *cryptobyte.Builder) {
		if f.BareCert {
			b.AddBytes(p.Signer.Raw)
		} else {
			b.AddASN1OctetString(p.Signer.Raw)
		}
		if f.Algorithm {
			b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) { b.AddASN1ObjectIdentifier(gm.OIDSM2WithSM3) })
		} else {
			b.AddASN1ObjectIdentifier(gm.OIDSM2WithSM3)
		}
	})
	v1 := f.version() == ses.V1
	tbs := p.toSign(xml, seal, &f, signer)
	value := p.sign(p.SignerKey, tbs, f.Value)
	return sequence(func(b *cryptobyte.Builder) {
		b.AddBytes(tbs)
		if !v1 {
			b.AddBytes(signer)
		}
		f.bits(b, value)
		if f.Timestamp != nil {
			f.stamp(b, f.Timestamp(value))
		}
	})
}

func (f *Form) stamp(b *cryptobyte.Builder, token []byte) {
	switch f.StampTag {
	case "untagged":
		b.AddASN1BitString(token)
	case "octet":
		b.AddASN1(cbasn1.Tag(0).ContextSpecific().Constructed(), func(b *cryptobyte.Builder) { b.AddASN1OctetString(token) })
	case "token":
		b.AddASN1(cbasn1.Tag(0).ContextSpecific().Constructed(), func(b *cryptobyte.Builder) { b.AddBytes(token) })
	default:
		b.AddASN1(cbasn1.Tag(0).ContextSpecific().Constructed(), func(b *cryptobyte.Builder) { b.AddASN1BitString(token) })
	}
}

func (p *PKI) toSign(xml, seal []byte, f *Form, signer []byte) []byte {
	hash := gm.Sum(xml)
	sum := hash[:]
	if f.DataHash != nil {
		sum = f.DataHash
	}
	property, tag := Path, cbasn1.IA5String
	if f.PropertyInfo != nil {
		property = *f.PropertyInfo
	}
	if f.PropertyTag != 0 {
		tag = f.PropertyTag
	}
	at := f.Time
	if at.IsZero() {
		at = Now
	}
	return sequence(func(b *cryptobyte.Builder) {
		b.AddASN1Int64(either(f.Stated, f.version()))
		if f.SealWrapped {
			b.AddASN1OctetString(seal)
		} else {
			b.AddBytes(seal)
		}
		switch {
		case f.TimeInfo != nil:
			b.AddBytes(f.TimeInfo)
		case f.version() == ses.V1:
			f.bits(b, build(func(b *cryptobyte.Builder) { b.AddASN1UTCTime(at) }))
		default:
			b.AddASN1GeneralizedTime(at)
		}
		f.bits(b, sum)
		text(b, tag, property)
		if f.version() == ses.V1 {
			b.AddBytes(signer)
			return
		}
		f.extensions(b, f.Ext)
	})
}
