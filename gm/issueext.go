package gm

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// extensions of a certificate to be issued, in the order in which they are written.
func (t *CertificateTemplate) extensions(pub *PublicKey, authorityKeyID []byte) ([]pkix.Extension, error) {
	var list extensionList
	list.add(oidBasicConstraints, true, func(b *cryptobyte.Builder) {
		b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
			if !t.IsCA {
				return // DEFAULT FALSE is left out
			}
			b.AddASN1Boolean(true)
			if t.MaxPathLen >= 0 {
				b.AddASN1Int64(int64(t.MaxPathLen))
			}
		})
	})
	if t.KeyUsage != 0 {
		list.add(oidKeyUsage, true, func(b *cryptobyte.Builder) { addKeyUsage(b, t.KeyUsage) })
	}
	if len(t.ExtKeyUsage) > 0 {
		// RFC 3161 §2.3: the only purpose of a time-stamping key, and critical.
		critical := len(t.ExtKeyUsage) == 1 && t.ExtKeyUsage[0].Equal(OIDTimeStamping)
		list.add(oidExtKeyUsage, critical, func(b *cryptobyte.Builder) {
			b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
				for _, oid := range t.ExtKeyUsage {
					b.AddASN1ObjectIdentifier(oid)
				}
			})
		})
	}
	list.add(oidSubjectKeyID, false, func(b *cryptobyte.Builder) { b.AddASN1OctetString(pub.KeyID()) })
	if len(authorityKeyID) > 0 {
		list.add(oidAuthorityKeyID, false, func(b *cryptobyte.Builder) { addAuthorityKeyID(b, authorityKeyID) })
	}
	if t.CRLURL != "" {
		list.add(oidCRLPoints, false, func(b *cryptobyte.Builder) { addCRLPoint(b, t.CRLURL) })
	}
	if t.OCSPURL != "" {
		list.add(oidAuthorityInfo, false, func(b *cryptobyte.Builder) { addOCSPAccess(b, t.OCSPURL) })
	}
	for _, e := range t.Extensions {
		for _, have := range list.out {
			if have.Id.Equal(e.Id) {
				return nil, errors.New("extension " + e.Id.String() + " given twice")
			}
		}
		list.out = append(list.out, e)
	}
	return list.out, list.err
}

type extensionList struct {
	out []pkix.Extension
	err error
}

func (l *extensionList) add(oid asn1.ObjectIdentifier, critical bool, value cryptobyte.BuilderContinuation) {
	var b cryptobyte.Builder
	value(&b)
	der, err := b.Bytes()
	l.err = errors.Join(l.err, err)
	l.out = append(l.out, pkix.Extension{Id: oid, Critical: critical, Value: der})
}

func addExtensions(b *cryptobyte.Builder, list []pkix.Extension) {
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		for _, e := range list {
			b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
				b.AddASN1ObjectIdentifier(e.Id)
				if e.Critical {
					b.AddASN1Boolean(true)
				}
				b.AddASN1OctetString(e.Value)
			})
		}
	})
}

// addKeyUsage writes a named bit list: trailing zero bits are cut off (X.690 §11.2.2).
func addKeyUsage(b *cryptobyte.Builder, usage x509.KeyUsage) {
	var octets [2]byte
	last := 0
	for i := range 9 {
		if usage&(1<<i) != 0 {
			octets[i/8] |= 0x80 >> (i % 8)
			last = i
		}
	}
	b.AddASN1(cbasn1.BIT_STRING, func(b *cryptobyte.Builder) {
		b.AddUint8(uint8(7 - last%8))
		b.AddBytes(octets[:last/8+1])
	})
}

func addAuthorityKeyID(b *cryptobyte.Builder, id []byte) {
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1(implicitTag(0), func(b *cryptobyte.Builder) { b.AddBytes(id) })
	})
}

func addURI(b *cryptobyte.Builder, uri string) {
	b.AddASN1(implicitTag(6), func(b *cryptobyte.Builder) { b.AddBytes([]byte(uri)) })
}

func addCRLPoint(b *cryptobyte.Builder, url string) {
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1(explicitTag(0), func(b *cryptobyte.Builder) {
				b.AddASN1(explicitTag(0), func(b *cryptobyte.Builder) { addURI(b, url) })
			})
		})
	})
}

func addOCSPAccess(b *cryptobyte.Builder, url string) {
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1ObjectIdentifier(oidOCSPMethod)
			addURI(b, url)
		})
	})
}
