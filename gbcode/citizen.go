package gbcode

import (
	"fmt"
	"time"
)

// A CitizenID is a citizen identity number, 公民身份号码 (GB 11643-1999). The
// residence permits of Hong Kong, Macao and Taiwan residents (areas 81–83) and
// of foreigners (first digit 9) have the same form and are accepted.
type CitizenID struct{ s string }

var citizenWeights = [17]int{7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2}

// ParseCitizenID reads 18 characters with a birth date that exists and the
// right check character; an X must be upper case.
func ParseCitizenID(s string) (CitizenID, error) {
	if len(s) != 18 {
		return CitizenID{}, fmt.Errorf("gbcode: citizen identity number: %w", ErrLength)
	}
	for i := range 18 {
		if (s[i] < '0' || s[i] > '9') && !(i == 17 && s[i] == 'X') {
			return CitizenID{}, fmt.Errorf("gbcode: citizen identity number: position %d: %w", i+1, ErrCharset)
		}
	}
	if s[:2] == "00" {
		return CitizenID{}, fmt.Errorf("gbcode: citizen identity number: area: %w", ErrShape)
	}
	if !isDate(s[6:14]) {
		return CitizenID{}, fmt.Errorf("gbcode: citizen identity number: birth date: %w", ErrDate)
	}
	if citizenCheck(s[:17]) != s[17] {
		return CitizenID{}, fmt.Errorf("gbcode: citizen identity number: position 18: %w", ErrCheck)
	}
	return CitizenID{s}, nil
}

// ParseCitizenIDLenient also reads full-width characters, spaces, a small x,
// and the 15-digit number of before 1999, which it extends (19 after the area,
// check character at the end); it tells what it did.
func ParseCitizenIDLenient(s string) (CitizenID, []Warning, error) {
	s, warnings := tidy(s)
	if len(s) == 15 {
		id, err := UpgradeCitizenID(s)
		if err != nil {
			return CitizenID{}, warnings, err
		}
		return id, append(warnings, Warning{"fifteen", "15 位身份证号已升为 18 位"}), nil
	}
	id, err := ParseCitizenID(s)
	return id, warnings, err
}

// UpgradeCitizenID makes the 18-character number of a 15-digit one.
func UpgradeCitizenID(s string) (CitizenID, error) {
	if len(s) != 15 {
		return CitizenID{}, fmt.Errorf("gbcode: 15-digit identity number: %w", ErrLength)
	}
	if i := notDigit(s); i >= 0 {
		return CitizenID{}, fmt.Errorf("gbcode: 15-digit identity number: position %d: %w", i+1, ErrCharset)
	}
	body := s[:6] + "19" + s[6:]
	return ParseCitizenID(body + string(citizenCheck(body)))
}

// NewCitizenID composes a number for an area, a day of birth and a sequence
// number of 0–999 (odd for men). It serves samples and tests.
func NewCitizenID(area Division, birth time.Time, sequence int) (CitizenID, error) {
	if len(area.s) != 6 || sequence < 0 || sequence > 999 {
		return CitizenID{}, fmt.Errorf("gbcode: citizen identity number from area and sequence: %w", ErrShape)
	}
	body := fmt.Sprintf("%s%s%03d", area.s, birth.Format("20060102"), sequence)
	if len(body) != 17 {
		return CitizenID{}, fmt.Errorf("gbcode: citizen identity number: birth date: %w", ErrDate)
	}
	return ParseCitizenID(body + string(citizenCheck(body)))
}

func citizenCheck(body string) byte {
	sum := 0
	for i, w := range citizenWeights {
		sum += int(body[i]-'0') * w
	}
	return "10X98765432"[sum%11]
}

// isDate tells whether eight digits are a day of the years 1800–2199.
func isDate(s string) bool {
	t, err := time.Parse("20060102", s)
	return err == nil && t.Year() >= 1800 && t.Year() < 2200
}

func notDigit(s string) int {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return i
		}
	}
	return -1
}

// String returns the 18 characters, or "" for none.
func (c CitizenID) String() string { return c.s }

// IsZero tells whether c is no number at all.
func (c CitizenID) IsZero() bool { return c.s == "" }

// Area is the division of first registration.
func (c CitizenID) Area() Division { return Division{part(c.s, 0, 6)} }

// Birth is the day of birth at 00:00 UTC; the zero time for none.
func (c CitizenID) Birth() time.Time {
	t, err := time.Parse("20060102", part(c.s, 6, 14))
	if err != nil {
		return time.Time{}
	}
	return t
}

// Female tells the sex: position 17 is odd for men, even for women.
func (c CitizenID) Female() bool { return c.s != "" && (c.s[16]-'0')%2 == 0 }

// Sex is 男 or 女, or "" for none.
func (c CitizenID) Sex() string {
	switch {
	case c.s == "":
		return ""
	case c.Female():
		return "女"
	}
	return "男"
}

// Mask hides the day of birth and part of the area: three characters,
// asterisks, four characters.
func (c CitizenID) Mask() string { return Mask(c.s, 3, 4) }

// MarshalText implements encoding.TextMarshaler.
func (c CitizenID) MarshalText() ([]byte, error) { return []byte(c.s), nil }

// UnmarshalText implements encoding.TextUnmarshaler; it is strict, and empty
// text is none.
func (c *CitizenID) UnmarshalText(text []byte) (err error) {
	if len(text) == 0 {
		*c = CitizenID{}
		return nil
	}
	*c, err = ParseCitizenID(string(text))
	return err
}
