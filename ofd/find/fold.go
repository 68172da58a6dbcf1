package find

import "unicode"

// fold gives the form in which characters are compared: full-width ASCII as
// ASCII (Unicode block FF00). 0 means that the character does not count: blanks,
// controls, and the marks that have no width.
func fold(r rune) rune {
	switch {
	case r >= 0xFF01 && r <= 0xFF5E:
		return r - 0xFEE0
	case r == 0xFFE5:
		return 0xA5 // ￥ ¥
	case r == 0xFEFF, r == 0xFFFD, unicode.IsSpace(r), unicode.IsControl(r), unicode.Is(unicode.Cf, r):
		return 0
	}
	return r
}

func foldAll(s string) []rune {
	var out []rune
	for _, r := range s {
		if r = fold(r); r != 0 {
			out = append(out, r)
		}
	}
	return out
}
