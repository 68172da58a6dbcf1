package onboard

import (
	"regexp"
	"strings"
	"unicode/utf8"

	"sidian/gbcode"
)

// personal finds what looks like somebody's number, wherever it was written:
// whoever shifted a column must not find it in a report.
var personal = regexp.MustCompile(`\d{11,}[\dXx]?`)

var username = regexp.MustCompile(`^[A-Za-z0-9._-]{1,40}$`)

// show is a value as problems keep it.
func show(c *Column, value string) string {
	value = strings.ToValidUTF8(value, "�")
	if utf8.RuneCountInString(value) > 60 {
		value = string([]rune(value)[:60]) + "…"
	}
	switch {
	case value == "":
		return ""
	case c != nil && (c.Key == "name" && c.Personal || c.Key == "username" && !username.MatchString(value)):
		return gbcode.MaskName(value) // a name may stand in the wrong column
	case c != nil && c.Personal:
		return maskNumber(value)
	}
	return personal.ReplaceAllStringFunc(value, maskNumber)
}

func maskNumber(s string) string {
	if utf8.RuneCountInString(s) < 9 {
		return "****"
	}
	return gbcode.Mask(s, 3, 2)
}
