package audit

import (
	"regexp"
	"strings"

	"sidian/gbcode"
	"sidian/internal/fault"
)

// withheld stands in place of a reason that is not kept.
const withheld = "（事由含证件号码或手机号码，未记录）"

var (
	phone   = regexp.MustCompile(`(?:^|[^0-9])1[3-9][0-9]{9}(?:[^0-9]|$)`)
	citizen = regexp.MustCompile(`[0-9]{17}[0-9Xx]`)
)

// Personal tells whether a text holds a citizen number or a mobile number.
// Names cannot be told from other words.
func Personal(text string) bool {
	if phone.MatchString(text) {
		return true
	}
	for i := range len(text) { // numbers may overlap
		m := citizen.FindString(text[i:min(len(text), i+18)])
		if _, err := gbcode.ParseCitizenID(strings.ToUpper(m)); m != "" && err == nil {
			return true
		}
	}
	return false
}

// impersonal keeps numbers of persons out of what is kept for ever: who does
// something with such a reason is asked for another, and of a refusal the
// reason is left out.
func (e *Entry) impersonal() error {
	if !Personal(e.Reason) {
		return nil
	}
	if e.Result == Done {
		return fault.Invalid.New("事由会长期保存在审计记录中，不得写证件号码、手机号码").WithCode("audit.personal").
			WithHint("可写办件编号或文号").WithField("reason", "personal", "不得写证件号码、手机号码")
	}
	e.Reason = withheld
	return nil
}
