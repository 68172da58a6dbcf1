package gbcode

import (
	"fmt"
	"strings"
)

// A Division is an administrative division code: six digits to the county
// (GB/T 2260), nine to the township, twelve to the village (GB/T 10114).
// Only the shape is checked; the list of divisions changes every year.
type Division struct{ s string }

// ParseDivision reads 6, 9 or 12 digits that do not begin with 0.
func ParseDivision(s string) (Division, error) {
	if len(s) != 6 && len(s) != 9 && len(s) != 12 {
		return Division{}, fmt.Errorf("gbcode: division code: %w", ErrLength)
	}
	if i := notDigit(s); i >= 0 {
		return Division{}, fmt.Errorf("gbcode: division code: position %d: %w", i+1, ErrCharset)
	}
	if s[0] == '0' || s[2:4] == "00" && s[4:6] != "00" {
		return Division{}, fmt.Errorf("gbcode: division code: %w", ErrShape)
	}
	return Division{s}, nil
}

// ParseDivisionLenient also reads 2- and 4-digit short forms, full-width
// digits and spaces, and tells.
func ParseDivisionLenient(s string) (Division, []Warning, error) {
	s, warnings := tidy(s)
	if len(s) == 2 || len(s) == 4 {
		s += strings.Repeat("0", 6-len(s))
		warnings = append(warnings, Warning{"short", "区划简码已补足 6 位"})
	}
	d, err := ParseDivision(s)
	return d, warnings, err
}

// String returns the digits, or "" for none.
func (d Division) String() string { return d.s }

// IsZero tells whether d is no division at all.
func (d Division) IsZero() bool { return d.s == "" }

// A Level is the tier of a division, in the words of GB/T 36902.
type Level string

// The tiers.
const (
	Province Level = "省级"
	City     Level = "地市级"
	County   Level = "区县级"
	Town     Level = "乡镇级"
	Village  Level = "村级"
)

// Level tells the tier by the trailing zeros; "" for none.
func (d Division) Level() Level {
	switch s := d.significant(); len(s) {
	case 2:
		return Province
	case 4:
		return City
	case 6:
		return County
	case 9:
		return Town
	case 12:
		return Village
	}
	return ""
}

// Contains tells whether e lies in d, or is d.
func (d Division) Contains(e Division) bool {
	return d.s != "" && strings.HasPrefix(e.s, d.significant())
}

// significant is the code without the trailing groups that are all zero.
func (d Division) significant() string {
	s := d.s
	for _, from := range []int{9, 6, 4, 2} {
		if len(s) > from && strings.Trim(s[from:], "0") == "" {
			s = s[:from]
		}
	}
	return s
}

// MarshalText implements encoding.TextMarshaler.
func (d Division) MarshalText() ([]byte, error) { return []byte(d.s), nil }

// UnmarshalText implements encoding.TextUnmarshaler; it is strict, and empty
// text is none.
func (d *Division) UnmarshalText(text []byte) (err error) {
	if len(text) == 0 {
		*d = Division{}
		return nil
	}
	*d, err = ParseDivision(string(text))
	return err
}
