package catalogue

import (
	"errors"
	"regexp"
	"time"

	"sidian/gbcode"
)

// A named check of a value; nil when it passes.
type check func(string) error

var checks = map[string]check{
	"food_licence":        gbcode.CheckFoodLicence,
	"food_production":     gbcode.CheckFoodProduction,
	"registration_number": gbcode.CheckRegistrationNumber,
	"uscc":                func(s string) error { _, err := gbcode.ParseCreditCode(s); return err },
	"citizen_id":          func(s string) error { _, err := gbcode.ParseCitizenID(s); return err },
	"division":            func(s string) error { _, err := gbcode.ParseDivision(s); return err },
	"mobile":              matching(`1[3-9]\d{9}`),
	"phone":               matching(`(1[3-9]\d{9}|0\d{2,3}-?\d{7,8}(-\d{1,6})?|1\d{4}|400-?\d{3}-?\d{4})`),
	"real_estate_unit":    matching(`\d{6}[0-9A-Z]{22}`), // 不动产单元号, 28 characters
	"luhn":                luhn,
}

// Checks names the checks that a kind may ask for.
func Checks() []string {
	return []string{"food_licence", "food_production", "registration_number", "uscc", "citizen_id", "division", "mobile", "phone", "real_estate_unit", "luhn"}
}

func matching(pattern string) check {
	re := regexp.MustCompile(`^(?:` + pattern + `)$`)
	return func(s string) error {
		if !re.MatchString(s) {
			return gbcode.ErrShape
		}
		return nil
	}
}

// luhn is the check of bank card numbers (GB/T 14504, ISO/IEC 7812-1 annex B).
func luhn(s string) error {
	sum, odd := 0, len(s)%2
	for i := range len(s) {
		d := int(s[i]) - '0'
		if d < 0 || d > 9 {
			return gbcode.ErrCharset
		}
		if i%2 == odd {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	if len(s) < 12 || sum%10 != 0 {
		return gbcode.ErrCheck
	}
	return nil
}

// why says in Chinese what is wrong with a code.
func why(err error) (code, message string) {
	switch {
	case errors.Is(err, gbcode.ErrLength):
		return "length", "位数不对"
	case errors.Is(err, gbcode.ErrCharset):
		return "charset", "有不允许的字符（字母应大写）"
	case errors.Is(err, gbcode.ErrCheck):
		return "check", "校验码不符，请核对是否录错"
	case errors.Is(err, gbcode.ErrDate):
		return "date", "其中的出生日期不存在"
	}
	return "format", "格式不对"
}

var decimal = regexp.MustCompile(`^-?(0|[1-9]\d{0,14})(\.(\d{1,6}))?$`)

var codeText = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9./()（）〔〕\-]*$`)

// validDate reads a day of the years a certificate may speak of.
func validDate(layout, s string) (time.Time, bool) {
	t, err := time.Parse(layout, s)
	return t, err == nil && t.Year() >= 1800 && t.Year() < 3000
}
