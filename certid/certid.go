// Package certid makes and reads the identifiers of electronic certificates,
// 电子证照标识 (GB/T 36904-2018):
//
//	1.2.156.3005.2.<kind 21>.<issuer 18>.<serial>.<version 3>.<check>
//
// The check character is ISO/IEC 7064 MOD 37,36 over kind, issuer, serial and
// version, without the root and without the dots.
//
// Covered: composing, strict and lenient reading, the next version. Not
// covered: whether the kind or the issuer exists; no catalogue is consulted.
package certid

import (
	"errors"
	"fmt"
	"strings"

	"sidian/gbcode"
)

// Root is the arc under which every identifier stands (GB/T 36904 §4).
const Root = "1.2.156.3005.2"

// The reasons for which an identifier is refused.
var (
	ErrShape   = errors.New("not of the form root.kind.issuer.serial.version.check")
	ErrCharset = errors.New("character not allowed")
	ErrLength  = errors.New("wrong length")
	ErrCheck   = errors.New("check character does not match")
	ErrKind    = errors.New("kind code is not a credit code and three digits")
	ErrIssuer  = errors.New("issuer is not a credit code")
	ErrVersion = errors.New("version is not 001 to 999")
)

// An ID is an identifier. One from [New] or [Parse] conforms to the standard;
// one from [ParseLenient] has its shape, and Conforms tells the rest. The zero
// value is no identifier. IDs compare with ==.
type ID struct {
	kind, issuer, serial string
	version              uint16
	check                byte
}

// New composes the identifier of a certificate and computes its check
// character. The version of a first issue is 1.
func New(kind Kind, issuer gbcode.CreditCode, serial string, version int) (ID, error) {
	if kind.s == "" {
		return ID{}, fmt.Errorf("certid: composing: %w", ErrKind)
	}
	if issuer.IsZero() {
		return ID{}, fmt.Errorf("certid: composing: %w", ErrIssuer)
	}
	if version < 1 || version > 999 {
		return ID{}, fmt.Errorf("certid: composing: %w", ErrVersion)
	}
	if err := checkSerial(serial); err != nil {
		return ID{}, fmt.Errorf("certid: composing: serial: %w", err)
	}
	id := ID{kind: kind.s, issuer: issuer.String(), serial: serial, version: uint16(version)}
	id.check, _ = Check3736(id.body())
	return id, nil
}

// maxSerial keeps the whole identifier within the 128 characters that other
// systems' columns hold.
const maxSerial = 64

func checkSerial(s string) error {
	if s == "" || len(s) > maxSerial {
		return ErrLength
	}
	if !alphanumeric(s) {
		return ErrCharset
	}
	return nil
}

// NextVersion is the identifier of the same certificate after a change: the
// serial stays, the version grows by one (GB/T 36904 §5).
func (id ID) NextVersion() (ID, error) {
	if id.IsZero() {
		return ID{}, fmt.Errorf("certid: next version: %w", ErrShape)
	}
	if id.version >= 999 {
		return ID{}, fmt.Errorf("certid: next version: %w", ErrVersion)
	}
	id.version++
	id.check, _ = Check3736(id.body())
	return id, nil
}

func (id ID) body() string {
	return id.kind + id.issuer + id.serial + fmt.Sprintf("%03d", id.version)
}

// String returns the whole identifier with its root, or "" for none.
func (id ID) String() string {
	if id.IsZero() {
		return ""
	}
	return Root + "." + id.kind + "." + id.issuer + "." + id.serial +
		fmt.Sprintf(".%03d.", id.version) + string(id.check)
}

// IsZero tells whether id is no identifier.
func (id ID) IsZero() bool { return id.check == 0 }

// Kind is the 21-character code of the certificate's kind.
func (id ID) Kind() string { return id.kind }

// Issuer is the code of the issuer; a credit code when the ID conforms.
func (id ID) Issuer() string { return id.issuer }

// Serial is the number the issuer chose, unique for kind and issuer.
func (id ID) Serial() string { return id.serial }

// Version is 1 for the first issue and grows with every change.
func (id ID) Version() int { return int(id.version) }

// Check is the check character as it was given.
func (id ID) Check() byte { return id.check }

// Conforms tells whether [Parse] would accept the identifier.
func (id ID) Conforms() bool {
	_, err := Parse(id.String())
	return err == nil
}

// MarshalText implements encoding.TextMarshaler.
func (id ID) MarshalText() ([]byte, error) { return []byte(id.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler; it is strict, and empty
// text is none.
func (id *ID) UnmarshalText(text []byte) (err error) {
	if len(text) == 0 {
		*id = ID{}
		return nil
	}
	*id, err = Parse(string(text))
	return err
}

const alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"

// Check3736 is the check character of ISO/IEC 7064 MOD 37,36 (GB/T 17710). It
// reports false when s holds anything but 0–9 and A–Z.
func Check3736(s string) (byte, bool) {
	p := 36
	for i := range len(s) {
		v := strings.IndexByte(alphabet, s[i])
		if v < 0 {
			return 0, false
		}
		if p = (p + v) % 36; p == 0 {
			p = 36
		}
		p = p * 2 % 37
	}
	return alphabet[(37-p)%36], true
}

func alphanumeric(s string) bool {
	for i := range len(s) {
		if strings.IndexByte(alphabet, s[i]) < 0 {
			return false
		}
	}
	return true
}
