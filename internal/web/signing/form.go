package signing

import "strings"

// tidyCode is a one-time code as it was meant: apps show it in two halves, and
// Chinese keyboards write wide digits.
func tidyCode(typed string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= '０' && r <= '９':
			return r - '０' + '0'
		case r == ' ' || r == '\u3000' || r == '\u00a0' || r == '-' || r == '\t':
			return -1
		}
		return r
	}, typed)
}
