package certid

import (
	"fmt"

	"sidian/gbcode"
)

// A Kind is the code of a kind of certificate, 证照类型代码: the credit code of
// the body that defines it and three digits that this body assigns
// (GB/T 36904 §4.2).
type Kind struct{ s string }

// ParseKind reads a 21-character code whose credit code is right.
func ParseKind(s string) (Kind, error) {
	if len(s) != 21 {
		return Kind{}, fmt.Errorf("certid: kind code: %w", ErrLength)
	}
	for i := 18; i < 21; i++ {
		if s[i] < '0' || s[i] > '9' {
			return Kind{}, fmt.Errorf("certid: %w", ErrKind)
		}
	}
	if _, err := gbcode.ParseCreditCode(s[:18]); err != nil {
		return Kind{}, fmt.Errorf("certid: %w: %w", ErrKind, err)
	}
	return Kind{s}, nil
}

// NewKind composes the code of a kind that a body defines under its own
// credit code; the serial is 1–999.
func NewKind(definer gbcode.CreditCode, serial int) (Kind, error) {
	if definer.IsZero() || serial < 1 || serial > 999 {
		return Kind{}, fmt.Errorf("certid: composing: %w", ErrKind)
	}
	return Kind{fmt.Sprintf("%s%03d", definer, serial)}, nil
}

// String returns the 21 characters, or "" for none.
func (k Kind) String() string { return k.s }

// IsZero tells whether k is no kind.
func (k Kind) IsZero() bool { return k.s == "" }

// Definer is the body that defined the kind.
func (k Kind) Definer() gbcode.CreditCode {
	if k.s == "" {
		return gbcode.CreditCode{}
	}
	c, err := gbcode.ParseCreditCode(k.s[:18])
	if err != nil {
		return gbcode.CreditCode{}
	}
	return c
}

// MarshalText implements encoding.TextMarshaler.
func (k Kind) MarshalText() ([]byte, error) { return []byte(k.s), nil }

// UnmarshalText implements encoding.TextUnmarshaler; it is strict, and empty
// text is none.
func (k *Kind) UnmarshalText(text []byte) (err error) {
	if len(text) == 0 {
		*k = Kind{}
		return nil
	}
	*k, err = ParseKind(string(text))
	return err
}
