package gm

import (
	"encoding/asn1"
	"errors"
	"fmt"
	"time"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// SignDataOptions says how to sign.
type SignDataOptions struct {
	Signer      Signer
	Certificate *Certificate   // the signer's
	Chain       []*Certificate // further certificates to put in, optional
	SigningTime time.Time      // required for FormAttributes
	Form        Form           // FormAttributes (default), FormDigest or FormContent
	// Timestamp, when not nil, gets the signature value and returns a time stamp token over it, which is put into the
	// unauthenticated attributes (RFC 3161 annex A).
	Timestamp func(value []byte) (token []byte, err error)
	PKCS7     bool // outer and inner types of PKCS#7 instead of GB/T 35275, for readers that know only those
}

// SignData signs content. The certificate must be for the signer's key and allowed to sign.
func SignData(content []byte, opts SignDataOptions) ([]byte, error) {
	if err := opts.check(); err != nil {
		return nil, fmt.Errorf("gm: signing data: %w", err)
	}
	m := message{
		outer: OIDSignedData, inner: OIDData, version: 1, algorithm: OIDSM2Sign,
		signer: opts.Signer, certificate: opts.Certificate, include: append([]*Certificate{opts.Certificate}, opts.Chain...),
		timestamp: opts.Timestamp,
	}
	if opts.PKCS7 {
		m.outer, m.inner = OIDPKCS7SignedData, OIDPKCS7Data
	}
	digest := Sum(content)
	switch opts.Form {
	case FormAttributes:
		m.digest, m.time = digest[:], opts.SigningTime
	case FormDigest:
		m.content = digest[:]
	case FormContent:
		m.content = append([]byte{}, content...)
	default:
		return nil, errors.New("gm: signing data: this form is only read")
	}
	der, err := m.sign()
	if err != nil {
		return nil, fmt.Errorf("gm: signing data: %w", err)
	}
	return der, nil
}

func (o SignDataOptions) check() error {
	if o.Signer == nil || o.Certificate == nil {
		return errors.New("signer or certificate missing")
	}
	key, err := o.Certificate.PublicKey()
	switch {
	case err != nil:
		return err
	case !key.Equal(o.Signer.Public()):
		return errors.New("the certificate is not for the signer's key")
	case len(o.Certificate.CheckSigningUsage()) > 0:
		return ErrKeyUsage
	case o.Form == FormAttributes && o.SigningTime.IsZero():
		return errors.New("signing time missing")
	}
	return nil
}

// message is a SignedData to be written.
type message struct {
	outer, inner asn1.ObjectIdentifier
	version      int64
	algorithm    asn1.ObjectIdentifier // of the signature
	content      []byte                // nil: detached
	digest       []byte                // nil: no attributes, content is signed as it is
	time         time.Time
	further      [][]byte              // attributes beside the three usual ones, DER
	unsigned     []byte                // [1] unauthenticated attributes, DER
	hash         asn1.ObjectIdentifier // of the digests; nil: SM3
	signer       interface {
		Sign(message []byte) ([]byte, error)
	}
	certificate *Certificate
	include     []*Certificate
	timestamp   func(value []byte) ([]byte, error)
}

func (m *message) sign() ([]byte, error) {
	signed := m.content
	var attributes []byte
	if m.digest != nil {
		elements, err := m.attributes()
		if err != nil {
			return nil, err
		}
		if signed, err = setOf(cbasn1.SET, elements); err != nil {
			return nil, err
		}
		if attributes, err = setOf(explicitTag(0), elements); err != nil {
			return nil, err
		}
	}
	signature, err := m.signer.Sign(signed)
	if err != nil {
		return nil, err
	}
	if m.timestamp != nil {
		token, err := m.timestamp(signature)
		if err != nil {
			return nil, fmt.Errorf("getting a time stamp: %w", err)
		}
		attribute, err := newAttribute(oidTimestampToken, func(b *cryptobyte.Builder) { b.AddBytes(token) })
		if err != nil {
			return nil, err
		}
		if m.unsigned, err = setOf(explicitTag(1), [][]byte{attribute}); err != nil {
			return nil, err
		}
	}
	return m.encode(attributes, signature)
}

func (m *message) attributes() ([][]byte, error) {
	out := m.further
	for _, attribute := range []struct {
		oid   asn1.ObjectIdentifier
		value cryptobyte.BuilderContinuation
	}{
		{oidContentType, func(b *cryptobyte.Builder) { b.AddASN1ObjectIdentifier(m.inner) }},
		{oidMessageDigest, func(b *cryptobyte.Builder) { b.AddASN1OctetString(m.digest) }},
		{oidSigningTime, func(b *cryptobyte.Builder) { addTime(b, m.time) }},
	} {
		der, err := newAttribute(attribute.oid, attribute.value)
		if err != nil {
			return nil, err
		}
		out = append(out, der)
	}
	return out, nil
}

func newAttribute(oid asn1.ObjectIdentifier, value cryptobyte.BuilderContinuation) ([]byte, error) {
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1ObjectIdentifier(oid)
		b.AddASN1(cbasn1.SET, value)
	})
	return b.Bytes()
}

func (m *message) encode(attributes, signature []byte) ([]byte, error) {
	var certificates []byte
	if pool := NewPool(m.include...); pool.Len() > 0 {
		elements := make([][]byte, 0, pool.Len())
		for _, c := range pool.all {
			elements = append(elements, c.Raw)
		}
		var err error
		if certificates, err = setOf(explicitTag(0), elements); err != nil {
			return nil, err
		}
	}
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1ObjectIdentifier(m.outer)
		b.AddASN1(explicitTag(0), func(b *cryptobyte.Builder) {
			b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
				b.AddASN1Int64(m.version)
				b.AddASN1(cbasn1.SET, m.addHash)
				m.addContent(b)
				b.AddBytes(certificates)
				b.AddASN1(cbasn1.SET, func(b *cryptobyte.Builder) { m.addSigner(b, attributes, signature) })
			})
		})
	})
	return b.Bytes()
}

func (m *message) addHash(b *cryptobyte.Builder) {
	if m.hash == nil {
		addAlgorithm(b, OIDSM3)
		return
	}
	addAlgorithm(b, m.hash)
}

func (m *message) addContent(b *cryptobyte.Builder) {
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1ObjectIdentifier(m.inner)
		if m.content != nil {
			b.AddASN1(explicitTag(0), func(b *cryptobyte.Builder) { b.AddASN1OctetString(m.content) })
		}
	})
}

func (m *message) addSigner(b *cryptobyte.Builder, attributes, signature []byte) {
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1Int64(1)
		b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddBytes(m.certificate.RawIssuer)
			b.AddASN1BigInt(m.certificate.SerialNumber)
		})
		m.addHash(b)
		b.AddBytes(attributes)
		addAlgorithm(b, m.algorithm)
		b.AddASN1OctetString(signature)
		b.AddBytes(m.unsigned)
	})
}
