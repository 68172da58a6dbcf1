package gm

import (
	"encoding/asn1"
	"fmt"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

var (
	oidPBES2     = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 5, 13}
	oidPBKDF2    = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 5, 12}
	oidSMPBES    = asn1.ObjectIdentifier{1, 2, 156, 10197, 6, 4, 1, 5, 2}
	oidSMPBKDF   = asn1.ObjectIdentifier{1, 2, 156, 10197, 6, 4, 1, 5, 1}
	maxIteration = 20_000_000 // more would be an attack on the reader, not a protection
)

// isWrapped tells an EncryptedPrivateKeyInfo (RFC 5958 §3: first an AlgorithmIdentifier) from a PrivateKeyInfo or an
// ECPrivateKey (first an INTEGER).
func isWrapped(der []byte) bool {
	input := cryptobyte.String(der)
	var seq cryptobyte.String
	return input.ReadASN1(&seq, cbasn1.SEQUENCE) && seq.PeekASN1Tag(cbasn1.SEQUENCE)
}

// checkKDF refuses what the unwrapping must not be asked to do: other schemes than PBES2 with PBKDF2 (PBES1 protects
// too little, scrypt takes memory by the file's word), and iteration counts that would keep a core for minutes.
func checkKDF(der []byte) error {
	input := cryptobyte.String(der)
	var info, scheme, kdf, params cryptobyte.String
	var schemeOID, kdfOID asn1.ObjectIdentifier
	if !input.ReadASN1(&info, cbasn1.SEQUENCE) || !readAlgorithm(&info, &schemeOID, &scheme) {
		return malformed("a wrapped private key")
	}
	if !schemeOID.Equal(oidPBES2) && !schemeOID.Equal(oidSMPBES) {
		return fmt.Errorf("gm: private key wrapped by %s, not PBES2: %w", schemeOID, ErrUnsupported)
	}
	if !scheme.ReadASN1(&kdf, cbasn1.SEQUENCE) || !readAlgorithm(&kdf, &kdfOID, &params) {
		return malformed("a wrapped private key")
	}
	if !kdfOID.Equal(oidPBKDF2) && !kdfOID.Equal(oidSMPBKDF) {
		return fmt.Errorf("gm: private key wrapped with key derivation %s, not PBKDF2: %w", kdfOID, ErrUnsupported)
	}
	var salt cryptobyte.String
	var iterations int
	if !params.ReadASN1(&params, cbasn1.SEQUENCE) || !params.ReadASN1(&salt, cbasn1.OCTET_STRING) ||
		!params.ReadASN1Integer(&iterations) || iterations < 1 || iterations > maxIteration {
		return malformed("the key derivation of a wrapped private key")
	}
	return nil
}
