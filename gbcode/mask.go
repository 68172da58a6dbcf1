package gbcode

import "strings"

// Mask keeps the first head and the last tail characters of s and puts one
// asterisk for each other. At least half of s, and at least one character, is
// always hidden: a short value is masked more, never shown whole.
func Mask(s string, head, tail int) string {
	r := []rune(s)
	if len(r) == 0 {
		return ""
	}
	if head+tail > len(r)/2 && len(r) < 12 {
		head, tail = min(head, len(r)/4), min(tail, len(r)/4)
	}
	hidden := max(len(r)-head-tail, 0)
	if hidden == 0 {
		return strings.Repeat("*", len(r))
	}
	return string(r[:head]) + strings.Repeat("*", hidden) + string(r[len(r)-tail:])
}

// MaskName keeps the first character of a person's name.
func MaskName(s string) string {
	r := []rune(s)
	if len(r) < 2 {
		return strings.Repeat("*", len(r))
	}
	return string(r[:1]) + strings.Repeat("*", len(r)-1)
}
