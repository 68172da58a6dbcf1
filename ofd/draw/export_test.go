package draw

import (
	"strings"
	"unicode"

	"sidian/ofd/draw/fonts"
)

func characterList() string { return strings.TrimSuffix(fonts.Characters(), "\n") }

// unicodeHan leaves out 〇 and the marks that Unicode counts as Han.
func unicodeHan(r rune) bool { return unicode.Is(unicode.Han, r) && r >= 0x3400 }
