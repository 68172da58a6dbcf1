// Package envelope makes authenticated encryption of a block cipher in CBC mode
// whose key stays in a module: encrypt, then HMAC-SM3 under a key that the module
// derives. It serves modules that offer no GCM.
package envelope

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/binary"
	"errors"

	"sidian/gm"
)

// A CBC encrypts or decrypts whole blocks of 16 bytes; padding is added here.
type CBC func(iv, data []byte) ([]byte, error)

const (
	block  = 16
	macLen = 32 // of HMAC-SM3
)

// ErrOpen is what Open returns for what was altered, or is bound to something
// else.
var ErrOpen = errors.New("envelope: altered, or bound to something else")

// label is what the key of the HMAC is derived from: two blocks that no random
// IV leads to.
var label = []byte("sidian keys envelope mac, 32 b.\x01")

// Seal encrypts plain and binds it to bound.
func Seal(encrypt CBC, bound, plain []byte) ([]byte, error) {
	key, err := macKey(encrypt)
	if err != nil {
		return nil, err
	}
	iv := make([]byte, block)
	rand.Read(iv) // never fails
	pad := block - len(plain)%block
	padded := make([]byte, len(plain)+pad)
	copy(padded, plain)
	for i := len(plain); i < len(padded); i++ {
		padded[i] = byte(pad)
	}
	defer clear(padded)
	out, err := encrypt(iv, padded)
	if err != nil {
		return nil, err
	}
	if len(out) != len(padded) {
		return nil, errors.New("envelope: the module returned another length")
	}
	sealed := append(iv, out...)
	mac := mac(key, bound, sealed)
	return append(sealed, mac[:]...), nil
}

// Open decrypts what Seal made with the same bound.
func Open(encrypt, decrypt CBC, bound, sealed []byte) ([]byte, error) {
	n := len(sealed) - macLen
	if n < 2*block || n%block != 0 {
		return nil, ErrOpen
	}
	key, err := macKey(encrypt)
	if err != nil {
		return nil, err
	}
	want := mac(key, bound, sealed[:n])
	if subtle.ConstantTimeCompare(want[:], sealed[n:]) != 1 {
		return nil, ErrOpen
	}
	plain, err := decrypt(sealed[:block], sealed[block:n])
	if err != nil {
		return nil, err
	}
	if len(plain) != n-block {
		return nil, errors.New("envelope: the module returned another length")
	}
	pad := int(plain[len(plain)-1])
	if pad < 1 || pad > block { // cannot be: the HMAC was right
		return nil, ErrOpen
	}
	return plain[:len(plain)-pad], nil
}

func macKey(encrypt CBC) ([]byte, error) {
	secret, err := encrypt(make([]byte, block), label)
	if err != nil {
		return nil, err
	}
	defer clear(secret)
	if len(secret) != len(label) {
		return nil, errors.New("envelope: the module returned another length")
	}
	return gm.DeriveKey(secret, "sidian keys envelope", 32), nil
}

func mac(key, bound, sealed []byte) gm.Digest {
	b := binary.BigEndian.AppendUint64(nil, uint64(len(bound)))
	b = append(append(b, bound...), sealed...)
	return gm.HMAC(key, b)
}
