package ofd

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// TagName gives the element name that stands for a field in the data index.
// What cannot stand in a name is written _xHHHH_, with as many upper-case
// hexadecimal digits as needed but at least four; so is a "_" that begins such
// a sequence itself (the rule of ISO/IEC 9075-14). Kept as they are: ASCII
// letters and digits, "_", "-", ".", and the ideographs that were name
// characters before the fifth edition of XML 1.0 too, since Java's readers
// still know the fourth.
func TagName(field string) string {
	var s strings.Builder
	for i, r := range field {
		if nameRune(r, i == 0) && !(r == '_' && strings.HasPrefix(field[i:], "_x")) {
			s.WriteRune(r)
			continue
		}
		hex := strings.ToUpper(strconv.FormatInt(int64(r), 16))
		s.WriteString("_x" + strings.Repeat("0", max(0, 4-len(hex))) + hex + "_")
	}
	return s.String()
}

func nameRune(r rune, first bool) bool {
	switch {
	case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r == '_', r >= 0x4E00 && r <= 0x9FA5, r == 0x3007:
		return true
	case r >= '0' && r <= '9', r == '-', r == '.':
		return !first
	}
	return false
}

// FieldName is TagName backwards.
func FieldName(tag string) string {
	if !strings.Contains(tag, "_x") {
		return tag
	}
	var s strings.Builder
	for len(tag) > 0 {
		if r, n, ok := escaped(tag); ok {
			s.WriteRune(r)
			tag = tag[n:]
			continue
		}
		_, n := utf8.DecodeRuneInString(tag)
		s.WriteString(tag[:n])
		tag = tag[n:]
	}
	return s.String()
}

// escaped reads _xHHHH_ at the start of s.
func escaped(s string) (rune, int, bool) {
	if !strings.HasPrefix(s, "_x") {
		return 0, 0, false
	}
	end := strings.IndexByte(s[2:], '_')
	if end < 4 || end > 6 {
		return 0, 0, false
	}
	v, err := strconv.ParseUint(s[2:2+end], 16, 32)
	if err != nil || !utf8.ValidRune(rune(v)) {
		return 0, 0, false
	}
	return rune(v), end + 3, true
}
