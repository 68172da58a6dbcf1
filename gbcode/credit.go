package gbcode

import "fmt"

// creditCharset is the alphabet of GB 32100: no I, O, S, V, Z.
const creditCharset = "0123456789ABCDEFGHJKLMNPQRTUWXY"

// creditIndex maps a byte to its place in creditCharset, or -1.
var creditIndex = indexOf(creditCharset)

// creditWeights are the powers of 3 modulo 31 (GB 32100-2015 §4.2.5).
var creditWeights = [17]int{1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28}

func indexOf(charset string) (table [256]int8) {
	for i := range table {
		table[i] = -1
	}
	for i := range len(charset) {
		table[charset[i]] = int8(i)
	}
	return table
}

// A CreditCode is a unified social credit code, 统一社会信用代码 (GB 32100-2015).
type CreditCode struct{ s string }

// ParseCreditCode reads a code exactly as the standard prints it: 18
// characters, upper case, both check characters right.
func ParseCreditCode(s string) (CreditCode, error) {
	if err := checkCreditShape(s); err != nil {
		return CreditCode{}, err
	}
	if creditCheck(s[:17]) != s[17] {
		return CreditCode{}, fmt.Errorf("gbcode: credit code: position 18: %w", ErrCheck)
	}
	return CreditCode{s}, nil
}

// ParseCreditCodeLenient reads what people type and other systems send: it
// forgives width, spaces, hyphens and case, and tells. A wrong check character
// is still an error, because then it is not known whose code it is.
func ParseCreditCodeLenient(s string) (CreditCode, []Warning, error) {
	s, warnings := tidy(s)
	s, warnings = dropHyphens(s, warnings)
	c, err := ParseCreditCode(s)
	return c, warnings, err
}

// NewCreditCode composes a code and computes its check character. The
// authority is position 1 (登记管理部门), the category position 2 (机构类别).
func NewCreditCode(authority, category byte, area Division, org OrgCode) (CreditCode, error) {
	if len(area.s) != 6 || org.s == "" {
		return CreditCode{}, fmt.Errorf("gbcode: credit code from area and organisation: %w", ErrShape)
	}
	body := string([]byte{authority, category}) + area.s + org.s
	for i := range 17 {
		if creditIndex[body[i]] < 0 {
			return CreditCode{}, fmt.Errorf("gbcode: credit code: position %d: %w", i+1, ErrCharset)
		}
	}
	return ParseCreditCode(body + string(creditCheck(body)))
}

func checkCreditShape(s string) error {
	if len(s) != 18 {
		return fmt.Errorf("gbcode: credit code: %w", ErrLength)
	}
	for i := range 18 {
		digitsOnly := i >= 2 && i < 8
		if creditIndex[s[i]] < 0 || digitsOnly && (s[i] < '0' || s[i] > '9') {
			return fmt.Errorf("gbcode: credit code: position %d: %w", i+1, ErrCharset)
		}
	}
	if orgCheck(s[8:16]) != s[16] {
		return fmt.Errorf("gbcode: credit code: organisation part, position 17: %w", ErrCheck)
	}
	return nil
}

func creditCheck(body string) byte {
	sum := 0
	for i, w := range creditWeights {
		sum += int(creditIndex[body[i]]) * w
	}
	return creditCharset[(31-sum%31)%31]
}

// String returns the 18 characters, or "" for none.
func (c CreditCode) String() string { return c.s }

// IsZero tells whether c is no code at all.
func (c CreditCode) IsZero() bool { return c.s == "" }

// Authority is position 1, the registering department (登记管理部门代码).
func (c CreditCode) Authority() byte { return at(c.s, 0) }

// Category is position 2, the kind of body (机构类别代码).
func (c CreditCode) Category() byte { return at(c.s, 1) }

// Area is positions 3–8, the division of the registering body.
func (c CreditCode) Area() Division { return Division{part(c.s, 2, 8)} }

// Org is positions 9–17, the organisation code.
func (c CreditCode) Org() OrgCode { return OrgCode{part(c.s, 8, 17)} }

// Mask hides the middle: four characters, asterisks, four characters.
func (c CreditCode) Mask() string { return Mask(c.s, 4, 4) }

// MarshalText implements encoding.TextMarshaler.
func (c CreditCode) MarshalText() ([]byte, error) { return []byte(c.s), nil }

// UnmarshalText implements encoding.TextUnmarshaler; it is strict, and empty
// text is none.
func (c *CreditCode) UnmarshalText(text []byte) (err error) {
	if len(text) == 0 {
		*c = CreditCode{}
		return nil
	}
	*c, err = ParseCreditCode(string(text))
	return err
}

func at(s string, i int) byte {
	if i >= len(s) {
		return 0
	}
	return s[i]
}

func part(s string, from, to int) string {
	if to > len(s) {
		return ""
	}
	return s[from:to]
}
