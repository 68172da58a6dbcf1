package gm

import (
	"crypto/rand"
	"errors"
	"fmt"

	"github.com/emmansun/gmsm/sm2"
)

// NewSigner is a Signer whose private key is kept elsewhere: sign is given the digest of GB/T 32918.2 §6.1 (e, which
// contains Z_A) and returns r‖s, 32 octets each. Every signature is checked before it is returned, so that a device
// that fails, or signs with another key, is found out here.
func NewSigner(pub *PublicKey, sign func(digest Digest) ([]byte, error)) Signer {
	return &deviceSigner{pub, sign}
}

type deviceSigner struct {
	public *PublicKey
	sign   func(Digest) ([]byte, error)
}

func (d *deviceSigner) Public() *PublicKey { return d.public }

func (d *deviceSigner) Sign(message []byte) ([]byte, error) {
	e, err := signedDigest(d.public, message)
	if err != nil {
		return nil, fmt.Errorf("gm: signing: %w", err)
	}
	raw, err := d.sign(e)
	if err != nil {
		return nil, err
	}
	if len(raw) != 64 {
		return nil, fmt.Errorf("gm: a device returned a signature of %d octets: %w", len(raw), ErrMalformed)
	}
	sig, err := encodeSignature(raw[:32], raw[32:])
	if err != nil {
		return nil, fmt.Errorf("gm: signing: %w", err)
	}
	if err := Verify(d.public, message, sig); err != nil {
		return nil, errors.Join(errors.New("gm: a device signed with another key, or wrongly"), err)
	}
	return sig, nil
}

// SignDigest signs the digest of GB/T 32918.2 §6.1 (e, which contains Z_A) and returns r‖s, 32 octets each: what a
// device does below NewSigner. Who has a message uses Sign.
func (k *PrivateKey) SignDigest(digest Digest) ([]byte, error) {
	sig, err := sm2.SignASN1(rand.Reader, k.key, digest[:], nil)
	if err != nil {
		return nil, fmt.Errorf("gm: signing: %w", err)
	}
	r, s, _, err := lenientIntegers(sig)
	if err != nil {
		return nil, err
	}
	raw := make([]byte, 64)
	copy(raw[32-len(r):32], r)
	copy(raw[64-len(s):], s)
	return raw, nil
}
