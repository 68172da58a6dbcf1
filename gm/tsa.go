package gm

import (
	"encoding/asn1"
	"errors"
	"fmt"
	"math/big"
	"time"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// TimestampAuthority issues time stamps. It is safe for concurrent use when its Signer and Serial are.
type TimestampAuthority struct {
	Certificate *Certificate   // extended key usage timeStamping, critical
	Chain       []*Certificate // put into tokens beside Certificate when the request asks for certificates
	Signer      Signer
	Key         *SuiteKey // signs in place of Signer, by its suite
	Policy      asn1.ObjectIdentifier
	Accuracy    time.Duration            // to either side, told in each token; 0: not told
	Serial      func() (*big.Int, error) // unique; nil: 16 random octets
}

func (a *TimestampAuthority) check() error {
	if a.Certificate == nil || (a.Signer == nil) == (a.Key == nil) || len(a.Policy) == 0 {
		return errors.New("certificate, signer or policy missing")
	}
	if a.Key == nil {
		key, err := a.Certificate.PublicKey()
		if err != nil {
			return err
		}
		if !key.Equal(a.Signer.Public()) {
			return errors.New("the certificate is not for the signer's key")
		}
	}
	switch {
	case a.Key != nil && !a.Key.Certifies(a.Certificate):
		return errors.New("the certificate is not for the signer's key")
	case !a.Certificate.HasExtKeyUsage(OIDTimeStamping), len(a.Certificate.CheckSigningUsage()) > 0:
		return ErrKeyUsage
	case a.Accuracy < 0:
		return errors.New("accuracy negative")
	}
	return nil
}

// Respond answers a TimeStampReq with a TimeStampResp, stamping now. A request that cannot be granted (bad format,
// another hash than that of the suite, another policy, an extension) is answered by a rejection, not an error: errors are ours
// (configuration, signing, a certificate that is not valid now).
func (a *TimestampAuthority) Respond(request []byte, now time.Time) ([]byte, error) {
	if err := a.check(); err != nil {
		return nil, fmt.Errorf("gm: time stamp authority: %w", err)
	}
	if len(a.Certificate.CheckValidity(now)) > 0 {
		return nil, errors.New("gm: time stamp authority: its certificate is not valid now")
	}
	r, failure := a.read(request)
	if failure >= 0 {
		return rejection(failure)
	}
	token, err := a.token(r, now)
	if err != nil {
		return nil, fmt.Errorf("gm: time stamp authority: %w", err)
	}
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) { b.AddASN1Int64(statusGranted) })
		b.AddBytes(token)
	})
	return b.Bytes()
}

// read returns the request, or the number of the failure (-1: none).
func (a *TimestampAuthority) read(request []byte) (timestampRequest, int) {
	r, ok := parseTimestampRequest(request)
	switch {
	case !ok:
		return r, failBadFormat
	case r.version != 1:
		return r, failBadRequest
	case HashName(r.hash) != a.suite().Digest:
		return r, failBadAlgorithm
	case len(r.imprint) != len(a.sum(nil)): // RFC 3161 §2.4.1: the length must be that of the algorithm's output
		return r, failBadFormat
	case r.policy != nil && !r.policy.Equal(a.Policy):
		return r, failPolicy
	case r.extensions:
		return r, failExtension
	}
	return r, -1
}

func rejection(failure int) ([]byte, error) {
	var bits [4]byte
	bits[failure/8] = 0x80 >> (failure % 8)
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1Int64(statusRejection)
			b.AddASN1(cbasn1.BIT_STRING, func(b *cryptobyte.Builder) {
				b.AddUint8(uint8(7 - failure%8))
				b.AddBytes(bits[:failure/8+1])
			})
		})
	})
	return b.Bytes()
}

func (a *TimestampAuthority) token(r timestampRequest, now time.Time) ([]byte, error) {
	info, err := a.info(r, now)
	if err != nil {
		return nil, err
	}
	ess, err := essAttribute(a.Certificate, a.suite())
	if err != nil {
		return nil, err
	}
	m := message{
		// RFC 3161 readers know the PKCS#7 type of the outside; GM/T 0033 readers take either.
		outer: OIDPKCS7SignedData, inner: OIDTSTInfo, version: 3, algorithm: a.suite().signature,
		hash: HashOID(a.suite().Digest), content: info, digest: a.sum(info), time: now, further: [][]byte{ess},
		signer: a.Signer, certificate: a.Certificate,
	}
	if a.Key != nil {
		m.signer = a.Key
	}
	if r.certificates {
		m.include = append([]*Certificate{a.Certificate}, a.Chain...)
	}
	return m.sign()
}

// info writes TSTInfo.
func (a *TimestampAuthority) info(r timestampRequest, now time.Time) ([]byte, error) {
	newSerial := a.Serial
	if newSerial == nil {
		newSerial = randomSerial
	}
	serial, err := newSerial()
	if err != nil {
		return nil, err
	}
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1Int64(1)
		b.AddASN1ObjectIdentifier(a.Policy)
		addImprint(b, r.hash, r.imprint)
		b.AddASN1BigInt(serial)
		b.AddASN1(cbasn1.GeneralizedTime, func(b *cryptobyte.Builder) { b.AddBytes([]byte(a.genTime(now))) })
		if a.Accuracy > 0 {
			addAccuracy(b, a.Accuracy)
		}
		if r.nonce != nil {
			b.AddASN1BigInt(r.nonce)
		}
	})
	return b.Bytes()
}

// genTime has milliseconds only where the accuracy promises less than a second; trailing zeros are cut off
// (RFC 3161 §2.4.2).
func (a *TimestampAuthority) genTime(now time.Time) string {
	layout := "20060102150405Z"
	if a.Accuracy > 0 && a.Accuracy < time.Second {
		layout = "20060102150405.999Z"
	}
	return now.UTC().Format(layout)
}

func addAccuracy(b *cryptobyte.Builder, accuracy time.Duration) {
	if accuracy < time.Microsecond {
		accuracy = time.Microsecond
	}
	seconds, rest := int64(accuracy/time.Second), accuracy%time.Second
	millis, micros := int64(rest/time.Millisecond), int64(rest%time.Millisecond/time.Microsecond)
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		if seconds > 0 {
			b.AddASN1Int64(seconds)
		}
		if millis > 0 {
			b.AddASN1Int64WithTag(millis, implicitTag(0))
		}
		if micros > 0 {
			b.AddASN1Int64WithTag(micros, implicitTag(1))
		}
	})
}

// suite is what time stamps are made by.
func (a *TimestampAuthority) suite() Suite {
	if a.Key != nil {
		return a.Key.suite
	}
	return suites[0]
}

func (a *TimestampAuthority) sum(data []byte) []byte {
	digest, _ := SumBy(a.suite().Digest, data)
	return digest
}

// essAttribute writes signingCertificateV2 (RFC 5816) with the suite's digest, issuer and serial number.
func essAttribute(c *Certificate, s Suite) ([]byte, error) {
	digest, _ := SumBy(s.Digest, c.Raw)
	hash := HashOID(s.Digest)
	return newAttribute(oidESSv2, func(b *cryptobyte.Builder) {
		b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
				b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
					if !hash.Equal(OIDSHA256) { // RFC 5035 §4: the default, which DER leaves out
						addAlgorithm(b, hash)
					}
					b.AddASN1OctetString(digest)
					b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
						b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
							b.AddASN1(explicitTag(4), func(b *cryptobyte.Builder) { b.AddBytes(c.RawIssuer) })
						})
						b.AddASN1BigInt(c.SerialNumber)
					})
				})
			})
		})
	})
}
