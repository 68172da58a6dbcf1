// Package pkcs11 keeps the wrapping key in a token that is reached by PKCS#11,
// and, where the token knows SM2, signing keys too. It is built with the build
// tag pkcs11 and cgo; without them Open says so.
//
// The wrapping key is AES-256 with CKM_AES_GCM, or what WrapMechanism names in
// CBC mode with an HMAC-SM3 beside it (package envelope). It is found by its
// label, is never extractable, and is told from others by CKA_ID, so that a
// token that was restored from a backup, or one of a cluster, serves as well.
//
// PKCS#11 has no numbers of its own for SM2: each vendor has some, and Mechanisms
// names them. SoftHSM2 has none.
package pkcs11

import "sidian/internal/keys"

// Options say which token, and what is in it.
type Options struct {
	Library string // path of the module (.so)
	Token   string // label of the token
	PinFile string // mode 0600
	Label   string // CKA_LABEL of the wrapping key
	// Create makes the wrapping key where there is none: for the setting-up of a
	// platform, and for the exchange of a master key, and never otherwise.
	Create   bool
	Sessions int // at once; 0: 8

	WrapMechanism uint // CBC with padding left to us, such as a vendor's SM4-CBC; 0: CKM_AES_GCM
	WrapKeyType   uint // CKK and
	WrapKeyGen    uint // CKM by which Create makes it; 0: AES
	SM2           Mechanisms
	// Purposes are those whose signing keys are made in the token; nil: all but
	// personal ones, of which there may be more than a token holds.
	Purposes []keys.Purpose
}

// Mechanisms are a vendor's numbers for SM2; zero Sign: the token is not asked
// to sign.
type Mechanisms struct {
	Generate uint // CKM: key pair
	Sign     uint // CKM: over a digest of 32 octets, giving r‖s
	KeyType  uint // CKK; 0: CKK_EC
}
