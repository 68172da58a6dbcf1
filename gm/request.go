package gm

import (
	"bytes"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"errors"
	"fmt"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// Request is a certificate signing request (PKCS#10, RFC 2986) for an SM2 key. Attributes (wishes for extensions,
// passwords) are not looked at: what goes into a certificate is the issuer's decision.
type Request struct {
	Raw        []byte
	RawTBS     []byte
	RawSubject []byte
	Subject    pkix.Name
	PublicKey  *PublicKey
	Signature  []byte
}

const pemRequest = "CERTIFICATE REQUEST"

// CreateRequest writes a request for the signer's key.
func CreateRequest(subject pkix.Name, signer Signer) (*Request, error) {
	name, err := asn1.Marshal(subject.ToRDNSequence())
	if err != nil {
		return nil, fmt.Errorf("gm: making a certificate request: %w", err)
	}
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1Int64(0)
		b.AddBytes(name)
		addPublicKey(b, signer.Public())
		b.AddASN1(explicitTag(0), func(*cryptobyte.Builder) {}) // attributes, none
	})
	tbs, err := b.Bytes()
	if err != nil {
		return nil, fmt.Errorf("gm: making a certificate request: %w", err)
	}
	der, err := sealed(tbs, signer)
	if err != nil {
		return nil, fmt.Errorf("gm: making a certificate request: %w", err)
	}
	return ParseRequest(der)
}

// ParseRequest reads a request from PEM or DER and checks that it is signed by its own key (proof of possession).
func ParseRequest(pemOrDER []byte) (*Request, error) {
	all := splitPEMOrDER(pemOrDER, pemRequest)
	if len(all) != 1 {
		return nil, malformed("a certificate request: not exactly one found")
	}
	der := bytes.Clone(all[0])
	parts, ok := unseal(der)
	if !ok {
		return nil, malformed("a certificate request")
	}
	r := &Request{Raw: der, RawTBS: parts.tbs, Signature: parts.signature}
	if err := r.parseInfo(); err != nil {
		return nil, err
	}
	if _, err := checkSM2(r.PublicKey, parts.algorithm, r.RawTBS, r.Signature); err != nil {
		return nil, fmt.Errorf("gm: the request is not signed by its own key: %w", err)
	}
	return r, nil
}

func (r *Request) parseInfo() error {
	input := cryptobyte.String(r.RawTBS)
	var info, subject, key cryptobyte.String
	var version int
	if !input.ReadASN1(&info, cbasn1.SEQUENCE) || !info.ReadASN1Integer(&version) || version != 0 ||
		!info.ReadASN1Element(&subject, cbasn1.SEQUENCE) || !info.ReadASN1Element(&key, cbasn1.SEQUENCE) {
		return malformed("a certificate request")
	}
	var ok bool
	if r.Subject, ok = parseName(subject); !ok {
		return malformed("the name in a certificate request")
	}
	r.RawSubject = subject
	holder := Certificate{RawKey: key}
	if err := holder.parseKey(); err != nil {
		return errors.Join(malformed("the public key of a certificate request"), err)
	}
	if holder.sm2Key == nil {
		return fmt.Errorf("gm: certificate request for a %s key, not SM2: %w", holder.KeyAlgorithm, ErrUnsupported)
	}
	r.PublicKey = holder.sm2Key
	return nil
}

// PEM returns the request in PEM.
func (r *Request) PEM() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: pemRequest, Bytes: r.Raw})
}
