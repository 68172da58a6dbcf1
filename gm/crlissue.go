package gm

import (
	"crypto/x509"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"time"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// CRLTemplate says what a list to be issued holds.
type CRLTemplate struct {
	Number     *big.Int // rises with every list of an issuer
	ThisUpdate time.Time
	NextUpdate time.Time
	Revoked    []Revoked // any order; written by serial number, so that the same state gives the same bytes to sign
}

// CreateCRL issues a revocation list (version 2) signed by the issuer's key.
func CreateCRL(tmpl *CRLTemplate, issuer *Certificate, signer Signer) (*RevocationList, error) {
	if err := checkCRLTemplate(tmpl, issuer, signer); err != nil {
		return nil, fmt.Errorf("gm: issuing a revocation list: %w", err)
	}
	tbs, err := tmpl.build(issuer)
	if err != nil {
		return nil, fmt.Errorf("gm: issuing a revocation list: %w", err)
	}
	der, err := sealed(tbs, signer)
	if err != nil {
		return nil, fmt.Errorf("gm: issuing a revocation list: %w", err)
	}
	l, err := ParseCRL(der)
	if err != nil {
		return nil, fmt.Errorf("gm: reading back a revocation list: %w", err)
	}
	if _, err := l.CheckFrom(issuer); err != nil {
		return nil, fmt.Errorf("gm: checking a revocation list: %w", err)
	}
	return l, nil
}

func checkCRLTemplate(tmpl *CRLTemplate, issuer *Certificate, signer Signer) error {
	switch {
	case tmpl == nil || issuer == nil || signer == nil:
		return errors.New("template, issuer or signer missing")
	case tmpl.Number == nil || tmpl.Number.Sign() < 0 || tmpl.Number.BitLen() > 159:
		return errors.New("number missing, negative or longer than 20 octets") // RFC 5280 §5.2.3
	case !tmpl.NextUpdate.After(tmpl.ThisUpdate):
		return errors.New("next update not after this update")
	case issuer.HasKeyUsage && issuer.KeyUsage&x509.KeyUsageCRLSign == 0:
		return errors.New("the issuer's key usage lacks cRLSign")
	}
	seen := map[string]bool{}
	for _, r := range tmpl.Revoked {
		if r.Serial == nil || seen[r.Serial.String()] || r.Reason < 0 || r.Reason > ReasonAACompromise || r.Reason == 7 {
			return errors.New("an entry without serial number, twice, or with an unknown reason")
		}
		seen[r.Serial.String()] = true
	}
	key, err := issuer.PublicKey()
	if err != nil {
		return err
	}
	if !key.Equal(signer.Public()) {
		return errors.New("the signer's key is not the issuer's")
	}
	return nil
}

func (t *CRLTemplate) build(issuer *Certificate) ([]byte, error) {
	entries := slices.Clone(t.Revoked)
	slices.SortFunc(entries, func(a, b Revoked) int { return a.Serial.Cmp(b.Serial) })
	var list extensionList
	if len(issuer.SubjectKeyID) > 0 {
		list.add(oidAuthorityKeyID, false, func(b *cryptobyte.Builder) { addAuthorityKeyID(b, issuer.SubjectKeyID) })
	}
	list.add(oidCRLNumber, false, func(b *cryptobyte.Builder) { b.AddASN1BigInt(t.Number) })
	if list.err != nil {
		return nil, list.err
	}
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1Int64(1)
		addAlgorithm(b, OIDSM2WithSM3)
		b.AddBytes(issuer.RawSubject)
		addTime(b, t.ThisUpdate)
		addTime(b, t.NextUpdate)
		if len(entries) > 0 { // an empty list is absent (RFC 5280 §5.1.2.6)
			b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
				for _, r := range entries {
					addRevoked(b, r)
				}
			})
		}
		b.AddASN1(explicitTag(0), func(b *cryptobyte.Builder) { addExtensions(b, list.out) })
	})
	return b.Bytes()
}

func addRevoked(b *cryptobyte.Builder, r Revoked) {
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1BigInt(r.Serial)
		addTime(b, r.At)
		if r.Reason == ReasonUnspecified { // RFC 5280 §5.3.1: left out
			return
		}
		var list extensionList
		list.add(oidReasonCode, false, func(b *cryptobyte.Builder) { b.AddASN1Enum(int64(r.Reason)) })
		if list.err != nil {
			b.SetError(list.err)
			return
		}
		addExtensions(b, list.out)
	})
}
