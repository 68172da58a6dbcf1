package gm

import "errors"

// Note is a leniency met while reading or verifying: the thing is accepted, but a strict reader would refuse it.
type Note struct {
	Code    string // stable English code, e.g. "raw_rs"
	Message string // Chinese, for people
}

// Codes of notes.
const (
	NoteRawRS           = "raw_rs"            // signature is 64 raw octets r‖s instead of DER
	NoteIntegerEncoding = "integer_encoding"  // INTEGER of a signature padded, or without its sign octet
	NoteTrailing        = "trailing_data"     // octets after the structure
	NoteAlgorithm       = "algorithm_oid"     // an unusual algorithm identifier for what was done
	NoteRSASHA1         = "rsa_sha1"          // RSA with SHA-1, no longer secure
	NoteAttributesOrder = "attributes_sorted" // attributes stored in one order and signed in another
	NoteBase64Hash      = "base64_hash"       // content is the base64 text of the digest
	NoteContentType     = "content_type"      // contentType attribute names another type than the content
	NoteSetOrder        = "attributes_order"  // attributes not in DER SET order (signed as stored)
	NoteTSAUsage        = "tsa_usage"         // extended key usage of the time stamp's certificate not as RFC 3161 §2.3 wants
	NoteESSCertificate  = "ess_certificate"   // signing-certificate attribute missing from a time stamp
	NoteImprint         = "imprint_candidate" // the imprint is over something else than the usual bytes
	NoteSignerID        = "signer_identifier" // signer found by other means than issuer and serial number
	NoteBER             = "ber"               // BER with indefinite or long lengths instead of DER
	NoteDigestAlgorithm = "digest_algorithm"  // digest algorithm identifier unusual
)

// Problem is one reason for which a check does not pass.
type Problem struct {
	Code    string // stable English code, e.g. "expired"
	Message string // Chinese, for people
}

// Errors to be told apart with errors.Is. ErrInvalidSignature is an answer ("not valid"); ErrUnsupported and
// ErrNoCertificate mean that no answer could be given; ErrMalformed that the bytes are not what they should be.
var (
	ErrInvalidSignature = errors.New("gm: signature not valid")
	ErrUnsupported      = errors.New("gm: algorithm not supported")
	ErrNoCertificate    = errors.New("gm: no certificate of the signer")
	ErrMalformed        = errors.New("gm: malformed")
	ErrPassphrase       = errors.New("gm: wrong passphrase")
	ErrWrongIssuer      = errors.New("gm: issued by another")
	ErrKeyUsage         = errors.New("gm: certificate may not be used for this")
	ErrDigestMismatch   = errors.New("gm: signed digest is of other content")
)

func isUnsupported(err error) bool { return errors.Is(err, ErrUnsupported) }
