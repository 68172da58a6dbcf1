package gm

import (
	"errors"

	"github.com/emmansun/gmsm/sm2"
	"github.com/emmansun/gmsm/sm3"
)

// userID is the identifier of the signer in Z_A which GM/T 0009 §10 sets for everything that is not agreed otherwise.
var userID = []byte("1234567812345678")

// Verify checks an SM2 signature with SM3 over message (GB/T 32918.2 §7), user identifier 1234567812345678. The
// signature must be strict DER SEQUENCE{INTEGER r, INTEGER s}, minimal and positive, with nothing after it.
// The error wraps ErrInvalidSignature (the answer "not valid") or ErrMalformed (no such encoding).
func Verify(pub *PublicKey, message, sig []byte) error {
	if pub == nil {
		return errors.New("gm: verify without a public key")
	}
	digest, err := signedDigest(pub, message)
	if err != nil {
		return err
	}
	return verifyDigest(pub, digest, sig)
}

// signedDigest is e = SM3(Z_A || M) (GB/T 32918.2 §6.1 A1, A2).
func signedDigest(pub *PublicKey, message []byte) (Digest, error) {
	za, err := pub.za()
	if err != nil {
		return Digest{}, err
	}
	h := sm3.New()
	h.Write(za)
	h.Write(message)
	return Digest(h.Sum(nil)), nil
}

func verifyDigest(pub *PublicKey, digest Digest, sig []byte) error {
	if !strictSignature(sig) {
		return errSignatureEncoding
	}
	if !sm2.VerifyASN1(pub.key, digest[:], sig) {
		return ErrInvalidSignature
	}
	return nil
}
