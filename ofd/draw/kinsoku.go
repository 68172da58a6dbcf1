package draw

import "unicode"

// Characters that must not begin or end a line (GB/T 15834-2011 §5.1, and the
// closing and opening marks of the same kind it does not list).
const (
	notAtStart = "!%),.:;?]}¢°·’”†‡›℃‰′″～~、。〃々〉》」』】〕〗〞︐︑︒︓︔︕︖︰︶︸︺︼︾﹀﹂﹄﹐﹑﹒﹓﹔﹕﹖﹗﹚﹜﹞！％），．：；？］｀｜｝￠"
	notAtEnd   = "$([{£¥‘“‹〈《「『【〔〖〝№︵︷︹︻︽︿﹁﹃﹙﹛﹝＄（［｛￡￥"
	// Marks that are written as pairs and never parted.
	paired = "—…⸺︱︙"
)

type breakClass uint8

const (
	mayStart breakClass = 1 << iota
	mayEnd
	inWord
	isSpace
	isPair
)

// classes are those of the characters above and of ASCII; what is not there
// may start and end a line.
var classes = func() map[rune]breakClass {
	m := map[rune]breakClass{}
	for r := rune(0x21); r < 0x180; r++ {
		m[r] = mayStart | mayEnd
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			m[r] |= inWord
		}
	}
	for _, r := range "-_./:@#&+*=,'%" { // inside of numbers, codes, addresses
		m[r] |= inWord
	}
	for _, r := range notAtStart {
		m[r] = classOf(m, r) &^ mayStart
	}
	for _, r := range notAtEnd {
		m[r] = classOf(m, r) &^ mayEnd
	}
	for _, r := range paired {
		m[r] = classOf(m, r) | isPair
	}
	m[' '], m['\u3000'] = mayStart|mayEnd|isSpace, mayStart|mayEnd|isSpace
	return m
}()

func classOf(m map[rune]breakClass, r rune) breakClass {
	if c, ok := m[r]; ok {
		return c
	}
	return mayStart | mayEnd
}

// breakable tells whether a line may end between two characters.
func breakable(a, b rune) bool {
	if isPlainIdeograph(a) && isPlainIdeograph(b) {
		return true
	}
	ca, cb := classOf(classes, a), classOf(classes, b)
	switch {
	case cb&isSpace != 0:
		return false // spaces hang at the end of the line
	case ca&mayEnd == 0, cb&mayStart == 0 && ca&isSpace == 0:
		return false
	case ca&isSpace != 0:
		return true
	case a == b && ca&isPair != 0:
		return false
	}
	return ca&inWord == 0 || cb&inWord == 0
}

func isPlainIdeograph(r rune) bool { return r >= 0x3400 && r <= 0x9FFF }
