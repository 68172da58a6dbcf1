package ses

import (
	"fmt"
	"time"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"sidian/gm"
)

// SignOptions says what a seal signature is over.
type SignOptions struct {
	Seal         *Seal     // V4, and it must list the signer
	DataHash     []byte    // SM3 of Signature.xml, 32 octets
	PropertyInfo string    // path of Signature.xml, ASCII
	Time         time.Time // signing time; must lie in the validity of seal and digital certificate
	Extensions   []Extension

	// Timestamp, when set, returns a time-stamp token (RFC 3161, GM/T 0033)
	// over the octets of the signature value.
	Timestamp func(value []byte) (token []byte, err error)
}

// Sign makes a V4 seal signature (GB/T 38540-2020 §7.1, §7.2). It refuses a
// signer that the seal does not list, and times outside the validity of the
// seal or of the signer's digital certificate (ErrRefused).
func Sign(opts SignOptions, signer gm.Signer, cert *gm.Certificate) ([]byte, error) {
	if err := opts.check(signer, cert); err != nil {
		return nil, fmt.Errorf("signing with a seal: %w", err)
	}
	tbs, err := opts.toSign()
	if err != nil {
		return nil, fmt.Errorf("signing with a seal: writing TBS_Sign: %w", err)
	}
	value, err := signer.Sign(tbs)
	if err != nil {
		return nil, fmt.Errorf("signing with a seal: %w", err)
	}
	rest := signerElements(cert, value)
	if opts.Timestamp == nil {
		return sequence(tbs, rest), nil
	}
	token, err := opts.Timestamp(value)
	if err != nil {
		return nil, fmt.Errorf("signing with a seal: time stamp: %w", err)
	}
	stamp := cryptobyte.NewBuilder(make([]byte, 0, len(token)+16))
	stamp.AddASN1(tag0.Constructed(), func(b *cryptobyte.Builder) { b.AddASN1BitString(token) })
	der, err := stamp.Bytes()
	if err != nil {
		return nil, fmt.Errorf("signing with a seal: writing the time stamp: %w", err)
	}
	return sequence(tbs, rest, der), nil
}

func (o *SignOptions) check(signer gm.Signer, cert *gm.Certificate) error {
	switch {
	case o.Seal == nil || o.Seal.Version != V4:
		return refused("a seal of GB/T 38540-2020 is needed")
	case len(o.DataHash) != len(gm.Digest{}):
		return refused("digest of %d octets", len(o.DataHash))
	case o.PropertyInfo == "" || !printable(o.PropertyInfo) || len(o.PropertyInfo) > maxText:
		return refused("propertyInfo %q is not printable ASCII", o.PropertyInfo)
	case o.Time.IsZero() || !writableTime(o.Time):
		return refused("signing time missing")
	case len(o.Extensions) > MaxExtensions:
		return refused("%d extensions", len(o.Extensions))
	}
	if err := usable(signer, cert, o.Time); err != nil {
		return err
	}
	if _, ok := o.Seal.Lists(cert.Raw); !ok {
		return refused("the seal does not list the signer's digital certificate")
	}
	if !o.Seal.ValidAt(o.Time) {
		return refused("the seal is not valid at %s", o.Time.UTC().Format(time.RFC3339))
	}
	return nil
}

// ValidAt tells whether t lies in the seal's validity, ends included.
func (s *Seal) ValidAt(t time.Time) bool {
	return !t.Before(s.ValidFrom) && !t.After(s.ValidTo)
}

// toSign writes TBS_Sign; the seal's stored octets go in unchanged.
func (o *SignOptions) toSign() ([]byte, error) {
	b := cryptobyte.NewBuilder(make([]byte, 0, len(o.Seal.Raw)+256))
	b.AddASN1Int64(V4)
	b.AddBytes(o.Seal.Raw)
	addTime(b, o.Time)
	b.AddASN1BitString(o.DataHash)
	addString(b, cbasn1.IA5String, o.PropertyInfo)
	if len(o.Extensions) > 0 {
		b.AddASN1(tag0.Constructed(), func(b *cryptobyte.Builder) { addExtensions(b, o.Extensions) })
	}
	body, err := b.Bytes()
	if err != nil {
		return nil, err
	}
	return sequence(body), nil
}
