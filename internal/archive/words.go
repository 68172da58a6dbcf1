package archive

import (
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"

	"sidian/internal/audit"
	"sidian/internal/fault"
)

func control(r rune) bool { return r < ' ' || r == 0x7f }

// words checks what people write and others read.
func words(f *fault.Error, field, name, text string, most int) *fault.Error {
	switch n := utf8.RuneCountInString(text); {
	case strings.TrimSpace(text) == "":
		return f.WithField(field, "required", "请填写"+name)
	case n > most:
		return f.WithField(field, "too-long", fmt.Sprintf("%s不超过 %d 字", name, most))
	case strings.ContainsFunc(text, control):
		return f.WithField(field, "control", name+"不能含控制字符")
	case audit.Personal(text):
		return f.WithField(field, "personal", name+"不能含公民身份号码或手机号码")
	}
	return f
}

// needReason refuses an act without a reason.
func needReason(reason string) error {
	f := fault.Invalid.New("须说明理由").WithCode("archive.reason").WithHint("请按说明填写理由")
	return words(f, "reason", "理由", reason, 500).OrNil()
}

// numbers are runs of digits in which a number of a person may stand, digits
// what such numbers are made of.
var (
	numbers = regexp.MustCompile(`[0-9]{7,}[Xx]?`)
	digits  = regexp.MustCompile(`[0-9Xx]`)
)

// masked is a title in which the numbers of persons, should there be some, are
// hidden. Documents of a batch are named by their files, which nobody checked.
func masked(title string) string {
	title = strings.Map(func(r rune) rune {
		if control(r) {
			return ' '
		}
		return r
	}, title)
	if audit.Personal(title) {
		title = numbers.ReplaceAllStringFunc(title, func(n string) string { return n[:3] + strings.Repeat("*", len(n)-5) + n[len(n)-2:] })
	}
	if audit.Personal(title) { // written with spaces or in another way: nothing of it is kept
		title = digits.ReplaceAllString(title, "*")
	}
	if r := []rune(title); len(r) > 200 {
		title = string(r[:200])
	}
	return title
}
