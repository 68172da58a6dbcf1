package gbcode

import "fmt"

// CheckDigit1110 is ISO 7064 MOD 11,10 over a string of digits. It reports
// false when s holds anything but digits or nothing at all.
func CheckDigit1110(s string) (byte, bool) {
	if s == "" || notDigit(s) >= 0 {
		return 0, false
	}
	p := 10
	for i := range len(s) {
		if p = (p + int(s[i]-'0')) % 10; p == 0 {
			p = 10
		}
		p = p * 2 % 11
	}
	return byte('0' + (11-p)%10), true
}

// CheckFoodLicence checks the number of a food operation licence
// (食品经营许可证): JY, one digit for the form of business, six for the
// division, six for the sequence, one check digit.
func CheckFoodLicence(s string) error {
	return checkLicence("food operation licence", s, "JY")
}

// CheckFoodProduction checks the number of a food production licence
// (食品生产许可证): SC, three digits for the class of food, six for the
// division, four for the sequence, one check digit.
func CheckFoodProduction(s string) error {
	return checkLicence("food production licence", s, "SC")
}

func checkLicence(what, s, prefix string) error {
	switch {
	case len(s) != 16:
		return fmt.Errorf("gbcode: %s: %w", what, ErrLength)
	case s[:2] != prefix:
		return fmt.Errorf("gbcode: %s: prefix: %w", what, ErrShape)
	case notDigit(s[2:]) >= 0:
		return fmt.Errorf("gbcode: %s: position %d: %w", what, notDigit(s[2:])+3, ErrCharset)
	}
	if c, _ := CheckDigit1110(s[2:15]); c != s[15] {
		return fmt.Errorf("gbcode: %s: position 16: %w", what, ErrCheck)
	}
	return nil
}

// CheckRegistrationNumber checks the 15-digit registration number that
// businesses had before 2015 (工商注册号).
func CheckRegistrationNumber(s string) error {
	if len(s) != 15 {
		return fmt.Errorf("gbcode: registration number: %w", ErrLength)
	}
	if i := notDigit(s); i >= 0 {
		return fmt.Errorf("gbcode: registration number: position %d: %w", i+1, ErrCharset)
	}
	if c, _ := CheckDigit1110(s[:14]); c != s[14] {
		return fmt.Errorf("gbcode: registration number: position 15: %w", ErrCheck)
	}
	return nil
}
