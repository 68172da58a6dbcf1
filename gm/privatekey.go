package gm

import (
	"crypto/rand"
	"encoding/pem"
	"errors"
	"fmt"

	"github.com/emmansun/gmsm/pkcs"
	"github.com/emmansun/gmsm/pkcs8"
	"github.com/emmansun/gmsm/sm2"
	"github.com/emmansun/gmsm/smx509"
)

// Signer signs messages with an SM2 key. It takes the message, never a digest, so that what was signed is always
// known and Z_A is never forgotten. A key in memory, in a store or in an HSM is a Signer.
type Signer interface {
	Public() *PublicKey
	// Sign returns the DER SEQUENCE{r, s} over message with SM3 and user identifier 1234567812345678.
	Sign(message []byte) ([]byte, error)
}

// PrivateKey is an SM2 private key in memory. It implements Signer and is safe for concurrent use.
type PrivateKey struct {
	key    *sm2.PrivateKey
	public *PublicKey
}

// GenerateKey returns a new random key.
func GenerateKey() (*PrivateKey, error) {
	key, err := sm2.GenerateKey(rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("gm: generating an SM2 key: %w", err)
	}
	return wrapPrivateKey(key), nil
}

func wrapPrivateKey(key *sm2.PrivateKey) *PrivateKey {
	return &PrivateKey{key: key, public: wrapPublicKey(&key.PublicKey)}
}

// Public returns the public half.
func (k *PrivateKey) Public() *PublicKey { return k.public }

// Sign signs message (GB/T 32918.2 §6) with fresh randomness: two signatures over one message differ.
func (k *PrivateKey) Sign(message []byte) ([]byte, error) {
	digest, err := signedDigest(k.public, message)
	if err != nil {
		return nil, fmt.Errorf("gm: signing: %w", err)
	}
	sig, err := sm2.SignASN1(rand.Reader, k.key, digest[:], nil)
	if err != nil {
		return nil, fmt.Errorf("gm: signing: %w", err)
	}
	return sig, nil
}

// kdfIterations of PBKDF2 for a wrapped key: a quarter of a second on one core, which a guesser pays for every guess.
const kdfIterations = 600_000

const (
	pemPlain     = "PRIVATE KEY"
	pemEncrypted = "ENCRYPTED PRIVATE KEY"
	pemEC        = "EC PRIVATE KEY"
)

// DER returns the key as PKCS#8: in clear when passphrase is empty, else wrapped by PBES2 with
// PBKDF2-HMAC-SM3 and SM4-CBC. (openssl 3.0 lacks that derivation in its key reader, though it has both halves.)
func (k *PrivateKey) DER(passphrase []byte) ([]byte, error) {
	encrypter := pkcs.NewPBESEncrypter(pkcs.SM4CBC, pkcs.NewPBKDF2Opts(pkcs.SM3, 16, kdfIterations))
	der, err := pkcs8.MarshalPrivateKey(k.key, passphrase, encrypter)
	if err != nil {
		return nil, fmt.Errorf("gm: encoding a private key: %w", err)
	}
	return der, nil
}

// PEM returns DER(passphrase) in PEM.
func (k *PrivateKey) PEM(passphrase []byte) ([]byte, error) {
	der, err := k.DER(passphrase)
	if err != nil {
		return nil, err
	}
	kind := pemPlain
	if len(passphrase) > 0 {
		kind = pemEncrypted
	}
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), nil
}

// ParsePrivateKey reads an SM2 key from PEM or DER: PKCS#8 in clear or wrapped, or SEC 1 in clear. A wrapped key
// needs its passphrase (else the error is ErrPassphrase); a passphrase given for a key in clear is an error too, so
// that nobody believes a file to be protected that is not.
func ParsePrivateKey(pemOrDER, passphrase []byte) (*PrivateKey, error) {
	der := pemOrDER
	if block, _ := pem.Decode(pemOrDER); block != nil {
		switch block.Type {
		case pemPlain, pemEncrypted, pemEC:
			der = block.Bytes
		default:
			return nil, fmt.Errorf("gm: PEM block %q holds no private key: %w", block.Type, ErrMalformed)
		}
	}
	wrapped := isWrapped(der)
	switch {
	case wrapped && len(passphrase) == 0:
		return nil, fmt.Errorf("gm: private key is wrapped and no passphrase given: %w", ErrPassphrase)
	case !wrapped && len(passphrase) > 0:
		return nil, errors.New("gm: passphrase given, but the private key is in clear")
	}
	key, err := decodeKey(der, passphrase)
	if err != nil {
		return nil, err
	}
	return wrapPrivateKey(key), nil
}

func decodeKey(der, passphrase []byte) (*sm2.PrivateKey, error) {
	if len(passphrase) > 0 {
		if err := checkKDF(der); err != nil {
			return nil, err
		}
		key, err := pkcs8.ParsePKCS8PrivateKeySM2(der, passphrase)
		if err != nil {
			return nil, fmt.Errorf("gm: unwrapping a private key: %w", ErrPassphrase)
		}
		return key, nil
	}
	if key, err := pkcs8.ParsePKCS8PrivateKeySM2(der); err == nil {
		return key, nil
	}
	key, err := smx509.ParseSM2PrivateKey(der)
	if err != nil {
		return nil, fmt.Errorf("gm: not an SM2 private key: %w", ErrMalformed)
	}
	return key, nil
}
