package ses

import (
	"encoding/asn1"
	"errors"
	"fmt"
	"math/big"
	"time"
	"unicode/utf8"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"sidian/gm"
)

// ErrRefused says that what was asked for would break the standard: a seal or
// signature that a strict verifier refuses is not written.
var ErrRefused = errors.New("ses: refused")

func refused(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrRefused, fmt.Sprintf(format, args...))
}

// SealOptions says what a seal to be made holds.
type SealOptions struct {
	ID       string // unique identifier, ASCII
	VendorID string // of the maker's product, ASCII
	Type     int    // kind of seal
	Name     string

	Signers []*gm.Certificate // who may use the seal, at least one
	Digests bool              // list the signers by SM3 digest instead of whole certificates

	Created, ValidFrom, ValidTo time.Time

	Picture    Picture // Type ASCII, Width and Height in whole millimetres
	Extensions []Extension
}

// MakeSeal makes a V4 seal (GB/T 38540-2020 §6.1, §6.2), signed by the maker.
// The error wraps ErrRefused when the options break the standard.
func MakeSeal(opts SealOptions, maker gm.Signer, makerCert *gm.Certificate) (*Seal, error) {
	if err := opts.check(); err != nil {
		return nil, fmt.Errorf("making a seal: %w", err)
	}
	if err := usable(maker, makerCert, opts.Created); err != nil {
		return nil, fmt.Errorf("making a seal: maker: %w", err)
	}
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.SEQUENCE, opts.write)
	info, err := b.Bytes()
	if err != nil {
		return nil, fmt.Errorf("making a seal: writing SES_SealInfo: %w", err)
	}
	value, err := maker.Sign(info)
	if err != nil {
		return nil, fmt.Errorf("making a seal: signing: %w", err)
	}
	return ParseSeal(sequence(info, signerElements(makerCert, value)))
}

// check refuses what strict DER or the standard cannot hold.
func (o *SealOptions) check() error {
	switch {
	case o.ID == "" || !printable(o.ID) || len(o.ID) > maxText:
		return refused("identifier %q is not printable ASCII", o.ID)
	case o.VendorID == "" || !printable(o.VendorID) || len(o.VendorID) > maxText:
		return refused("vendor identifier %q is not printable ASCII", o.VendorID)
	case o.Name == "" || !utf8.ValidString(o.Name) || len(o.Name) > maxText:
		return refused("name is empty or not UTF-8")
	case len(o.Signers) == 0 || len(o.Signers) > MaxSigners:
		return refused("%d signers", len(o.Signers))
	case o.Created.IsZero() || !writableTime(o.Created) || !writableTime(o.ValidFrom) || !writableTime(o.ValidTo):
		return refused("a date is missing or outside the years 1 to 9999")
	case !o.ValidTo.After(o.ValidFrom):
		return refused("validity ends before it begins")
	case len(o.Extensions) > MaxExtensions:
		return refused("%d extensions", len(o.Extensions))
	}
	for _, c := range o.Signers {
		if c == nil {
			return refused("a signer has no digital certificate")
		}
	}
	return o.Picture.check()
}

func (p *Picture) check() error {
	switch {
	case !knownPicture(p.Type):
		return refused("picture type %q", p.Type)
	case len(p.Data) == 0 || len(p.Data) > MaxPicture:
		return refused("picture of %d octets", len(p.Data))
	case p.Width <= 0 || p.Height <= 0 || p.Width > 1000 || p.Height > 1000:
		return refused("picture of %d by %d mm", p.Width, p.Height)
	}
	return nil
}

// usable refuses a key that is not the certificate's, and a certificate that
// may not sign or is not valid at the time.
func usable(signer gm.Signer, cert *gm.Certificate, at time.Time) error {
	if signer == nil || cert == nil {
		return refused("key or digital certificate missing")
	}
	pub, err := cert.PublicKey()
	if err != nil {
		return refused("digital certificate: %v", err)
	}
	if !pub.Equal(signer.Public()) {
		return refused("the key is not that of the digital certificate")
	}
	for _, p := range cert.CheckSigningUsage() {
		return refused("digital certificate may not sign: %s", p.Code)
	}
	for _, p := range cert.CheckValidity(at) {
		return refused("digital certificate at %s: %s", at.UTC().Format(time.RFC3339), p.Code)
	}
	return nil
}

// write adds the content of SES_SealInfo.
func (o *SealOptions) write(b *cryptobyte.Builder) {
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) { // SES_Header
		addString(b, cbasn1.IA5String, "ES")
		b.AddASN1Int64(V4)
		addString(b, cbasn1.IA5String, o.VendorID)
	})
	addString(b, cbasn1.IA5String, o.ID)
	b.AddASN1(cbasn1.SEQUENCE, o.writeProperty)
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) { // SES_ESPictrueInfo
		addString(b, cbasn1.IA5String, o.Picture.Type)
		b.AddASN1OctetString(o.Picture.Data)
		b.AddASN1Int64(int64(o.Picture.Width))
		b.AddASN1Int64(int64(o.Picture.Height))
	})
	if len(o.Extensions) > 0 {
		addExtensions(b, o.Extensions)
	}
}

// writeProperty adds the content of SES_ESPropertyInfo.
func (o *SealOptions) writeProperty(b *cryptobyte.Builder) {
	b.AddASN1BigInt(big.NewInt(int64(o.Type)))
	addString(b, cbasn1.UTF8String, o.Name)
	listType := int64(ListCertificates)
	if o.Digests {
		listType = ListDigests
	}
	b.AddASN1Int64(listType)
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) { // SES_CertList
		for _, c := range o.Signers {
			if !o.Digests {
				b.AddASN1OctetString(c.Raw)
				continue
			}
			b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) { // CertDigestObj
				sum := gm.Sum(c.Raw)
				addString(b, cbasn1.PrintableString, "SM3")
				b.AddASN1OctetString(sum[:])
			})
		}
	})
	addTime(b, o.Created)
	addTime(b, o.ValidFrom)
	addTime(b, o.ValidTo)
}

// addExtensions adds ExtensionDatas; critical is left out when FALSE (DER default).
func addExtensions(b *cryptobyte.Builder, list []Extension) {
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		for _, x := range list {
			b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
				b.AddASN1ObjectIdentifier(x.ID)
				if x.Critical {
					b.AddASN1Boolean(true)
				}
				b.AddASN1OctetString(x.Value)
			})
		}
	})
}

// signerElements is cert, signAlgID and signedValue, in this order and as DER.
func signerElements(cert *gm.Certificate, value []byte) []byte {
	b := cryptobyte.NewBuilder(make([]byte, 0, len(cert.Raw)+len(value)+32))
	b.AddASN1OctetString(cert.Raw)
	b.AddASN1ObjectIdentifier(asn1.ObjectIdentifier(gm.OIDSM2WithSM3))
	b.AddASN1BitString(value)
	return b.BytesOrPanic() // cannot fail: the parts are bounded and well-formed
}

func addString(b *cryptobyte.Builder, tag cbasn1.Tag, s string) {
	b.AddASN1(tag, func(b *cryptobyte.Builder) { b.AddBytes([]byte(s)) })
}

// addTime adds a GeneralizedTime in DER's form: UTC, seconds, no fraction.
func addTime(b *cryptobyte.Builder, t time.Time) { b.AddASN1GeneralizedTime(t.UTC()) }

func writableTime(t time.Time) bool {
	y := t.UTC().Year()
	return y >= 1 && y <= 9999
}

// printable tells whether s is what an IA5String should hold: ASCII without control characters.
func printable(s string) bool {
	for i := range len(s) {
		if s[i] < 0x20 || s[i] > 0x7e {
			return false
		}
	}
	return true
}
