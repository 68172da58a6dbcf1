package gbcode

import "fmt"

// An OrgCode is an organisation code, 组织机构代码 (GB 11714-1997): eight
// characters and a check character, here without the hyphen of print.
type OrgCode struct{ s string }

var orgWeights = [8]int{3, 7, 9, 10, 5, 8, 4, 2}

// ParseOrgCode reads nine characters, upper case, without a hyphen.
func ParseOrgCode(s string) (OrgCode, error) {
	if len(s) != 9 {
		return OrgCode{}, fmt.Errorf("gbcode: organisation code: %w", ErrLength)
	}
	for i := range 8 {
		if orgValue(s[i]) < 0 {
			return OrgCode{}, fmt.Errorf("gbcode: organisation code: position %d: %w", i+1, ErrCharset)
		}
	}
	if orgCheck(s[:8]) != s[8] {
		return OrgCode{}, fmt.Errorf("gbcode: organisation code: position 9: %w", ErrCheck)
	}
	return OrgCode{s}, nil
}

// ParseOrgCodeLenient also reads the printed form 12345678-9, full-width
// characters and lower case, and tells.
func ParseOrgCodeLenient(s string) (OrgCode, []Warning, error) {
	s, warnings := tidy(s)
	s, warnings = dropHyphens(s, warnings)
	c, err := ParseOrgCode(s)
	return c, warnings, err
}

// NewOrgCode computes the check character of an eight-character body.
func NewOrgCode(body string) (OrgCode, error) {
	if len(body) != 8 {
		return OrgCode{}, fmt.Errorf("gbcode: organisation code: %w", ErrLength)
	}
	for i := range 8 {
		if orgValue(body[i]) < 0 {
			return OrgCode{}, fmt.Errorf("gbcode: organisation code: position %d: %w", i+1, ErrCharset)
		}
	}
	return OrgCode{body + string(orgCheck(body))}, nil
}

func orgValue(b byte) int {
	switch {
	case b >= '0' && b <= '9':
		return int(b - '0')
	case b >= 'A' && b <= 'Z':
		return int(b-'A') + 10
	}
	return -1
}

// orgCheck is GB 11714 §4.4: 11 minus the weighted sum modulo 11, with X for
// 10 and 0 for 11.
func orgCheck(body string) byte {
	sum := 0
	for i, w := range orgWeights {
		sum += orgValue(body[i]) * w
	}
	switch r := 11 - sum%11; r {
	case 10:
		return 'X'
	case 11:
		return '0'
	default:
		return byte('0' + r)
	}
}

// String returns the nine characters, or "" for none.
func (c OrgCode) String() string { return c.s }

// Print returns the printed form with its hyphen, 12345678-9.
func (c OrgCode) Print() string {
	if c.s == "" {
		return ""
	}
	return c.s[:8] + "-" + c.s[8:]
}

// IsZero tells whether c is no code at all.
func (c OrgCode) IsZero() bool { return c.s == "" }
