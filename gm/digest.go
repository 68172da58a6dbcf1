package gm

import (
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"errors"
	"fmt"
	"hash"

	"github.com/emmansun/gmsm/sm3"
	"github.com/emmansun/gmsm/sm4"
)

// Digest is an SM3 digest (GB/T 32905): 32 octets.
type Digest = [32]byte

// Sum returns the SM3 digest of data.
func Sum(data []byte) Digest { return sm3.Sum(data) }

// NewHash returns a new SM3 hash.
func NewHash() hash.Hash { return sm3.New() }

// HMAC returns HMAC-SM3 of data under key.
func HMAC(key, data []byte) Digest {
	m := hmac.New(sm3.New, key)
	m.Write(data)
	return Digest(m.Sum(nil))
}

// NewGCM returns SM4 (GB/T 32907) in Galois counter mode with 12-octet nonces and 16-octet tags. The key has 16 octets.
func NewGCM(key []byte) (cipher.AEAD, error) {
	block, err := sm4.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("gm: SM4 key of %d octets, want 16", len(key))
	}
	return cipher.NewGCM(block)
}

// maxDerived is the limit of HKDF (RFC 5869 §2.3): 255 blocks of the hash.
const maxDerived = 255 * 32

var errDeriveLength = errors.New("gm: length of a derived key outside 1..8160")

// DeriveKey returns n octets derived from secret by HKDF-SM3 (RFC 5869) with no salt and label as info. Each purpose
// has a label of its own, so that no derived key is ever used for two. The secret must already be uniformly random
// (32 octets or so); a passphrase is not. It returns nil if n is outside 1..8160, which a cipher then refuses as a key.
func DeriveKey(secret []byte, label string, n int) []byte {
	key, err := deriveKey(secret, label, n)
	if err != nil {
		return nil
	}
	return key
}

func deriveKey(secret []byte, label string, n int) ([]byte, error) {
	if n < 1 || n > maxDerived {
		return nil, errDeriveLength
	}
	return hkdf.Key(sm3.New, secret, nil, label, n)
}
