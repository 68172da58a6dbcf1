package gm

import (
	"crypto/sha1"
	"fmt"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// NewOCSPRequest asks about cert, issued by issuer (RFC 6960 §4.1), with nonce as its extension unless empty. Names are
// hashed with SHA-1: every responder knows that, and nothing rests on its strength.
func NewOCSPRequest(cert, issuer *Certificate, nonce []byte) ([]byte, error) {
	name, key := sha1.Sum(cert.RawIssuer), sha1.Sum(issuer.keyBits())
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) { // OCSPRequest
		b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) { // TBSRequest
			b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) { // requestList
				b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) { // Request
					b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) { // CertID
						b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
							b.AddASN1ObjectIdentifier(OIDSHA1)
							b.AddASN1NULL()
						})
						b.AddASN1OctetString(name[:])
						b.AddASN1OctetString(key[:])
						b.AddASN1BigInt(cert.SerialNumber)
					})
				})
			})
			if len(nonce) > 0 {
				addOCSPNonce(b, nonce)
			}
		})
	})
	der, err := b.Bytes()
	if err != nil {
		return nil, fmt.Errorf("gm: making an OCSP request: %w", err)
	}
	return der, nil
}

func addOCSPNonce(b *cryptobyte.Builder, nonce []byte) {
	b.AddASN1(explicitTag(2), func(b *cryptobyte.Builder) {
		b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
				b.AddASN1ObjectIdentifier(oidOCSPNonce)
				b.AddASN1(cbasn1.OCTET_STRING, func(b *cryptobyte.Builder) { b.AddASN1OctetString(nonce) })
			})
		})
	})
}
