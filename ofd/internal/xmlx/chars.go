package xmlx

import (
	"bytes"
	"unicode/utf8"
)

// badByte finds the first byte that is not part of an XML 1.0 character in
// UTF-8, -1 when there is none (XML 1.0 §2.2).
func badByte(data []byte) int {
	high := false
	for i, c := range data {
		if c < 0x20 && !space(c) {
			return i
		}
		high = high || c >= 0x80
	}
	if !high {
		return -1
	}
	if !utf8.Valid(data) {
		at := 0
		for at < len(data) {
			r, n := utf8.DecodeRune(data[at:])
			if r == utf8.RuneError && n == 1 {
				return at
			}
			at += n
		}
	}
	for _, non := range []string{"\uFFFE", "\uFFFF"} {
		if at := bytes.Index(data, []byte(non)); at >= 0 {
			return at
		}
	}
	return -1
}

// decode replaces references and line ends in b; the result lies in scratch.
func (r *Reader) decode(b []byte) ([]byte, bool) {
	start := len(r.scratch)
	for i := 0; i < len(b); {
		switch c := b[i]; c {
		case '&':
			n, ok := r.reference(b[i:])
			if !ok {
				return nil, false
			}
			i += n
		case '\r':
			if i+1 < len(b) && b[i+1] == '\n' {
				i++
				continue
			}
			r.scratch = append(r.scratch, '\n')
			i++
		default:
			r.scratch = append(r.scratch, c)
			i++
		}
	}
	return r.scratch[start:len(r.scratch):len(r.scratch)], true
}

// reference appends what the reference at the start of b stands for and gives
// its length.
func (r *Reader) reference(b []byte) (int, bool) {
	end := bytes.IndexByte(b[:min(len(b), 16)], ';')
	if end < 0 {
		r.fail("& that begins no reference")
		return 0, false
	}
	name := b[1:end]
	var c byte
	switch string(name) {
	case "lt":
		c = '<'
	case "gt":
		c = '>'
	case "amp":
		c = '&'
	case "quot":
		c = '"'
	case "apos":
		c = '\''
	default:
		v, ok := charRef(name)
		if !ok {
			r.fail("entity %q", name)
			return 0, false
		}
		r.scratch = utf8.AppendRune(r.scratch, v)
		return end + 1, true
	}
	r.scratch = append(r.scratch, c)
	return end + 1, true
}

func charRef(name []byte) (rune, bool) {
	if len(name) < 2 || name[0] != '#' {
		return 0, false
	}
	digits, base := name[1:], rune(10)
	if digits[0] == 'x' {
		digits, base = digits[1:], 16
	}
	if len(digits) == 0 {
		return 0, false
	}
	var v rune
	for _, c := range digits {
		n, ok := digit(c, base)
		if !ok {
			return 0, false
		}
		if v = v*base + n; v > utf8.MaxRune {
			return 0, false
		}
	}
	return v, allowed(v)
}

func digit(c byte, base rune) (rune, bool) {
	switch {
	case c >= '0' && c <= '9':
		return rune(c - '0'), true
	case base == 16 && c >= 'a' && c <= 'f':
		return rune(c-'a') + 10, true
	case base == 16 && c >= 'A' && c <= 'F':
		return rune(c-'A') + 10, true
	}
	return 0, false
}

// allowed is Char of XML 1.0 §2.2.
func allowed(v rune) bool {
	return v == '\t' || v == '\n' || v == '\r' || v >= 0x20 && v <= 0xD7FF || v >= 0xE000 && v <= 0xFFFD || v >= 0x10000 && v <= 0x10FFFF
}

const (
	nameStart = 1
	nameRest  = 2
)

var ascii = func() (t [128]byte) {
	for c := byte('a'); c <= 'z'; c++ {
		t[c], t[c-32] = nameStart|nameRest, nameStart|nameRest
	}
	t['_'], t[':'] = nameStart|nameRest, nameStart|nameRest
	for c := byte('0'); c <= '9'; c++ {
		t[c] = nameRest
	}
	t['-'], t['.'] = nameRest, nameRest
	return t
}()

// nameLen is the length of the Name at the start of b (XML 1.0 §2.3, fifth
// edition), 0 when there is none.
func nameLen(b []byte) int {
	need := byte(nameStart)
	for i := 0; i < len(b); {
		c := b[i]
		if c < utf8.RuneSelf {
			if ascii[c]&need == 0 {
				return i
			}
			i++
		} else {
			v, n := utf8.DecodeRune(b[i:])
			if !nameRune(v, need == nameStart) {
				return i
			}
			i += n
		}
		need = nameRest
	}
	return len(b)
}

var nameRanges = [][2]rune{
	{0xC0, 0xD6}, {0xD8, 0xF6}, {0xF8, 0x2FF}, {0x370, 0x37D}, {0x37F, 0x1FFF}, {0x200C, 0x200D},
	{0x2070, 0x218F}, {0x2C00, 0x2FEF}, {0x3001, 0xD7FF}, {0xF900, 0xFDCF}, {0xFDF0, 0xFFFD}, {0x10000, 0xEFFFF},
}

func nameRune(v rune, start bool) bool {
	if !start && (v == 0xB7 || v >= 0x300 && v <= 0x36F || v == 0x203F || v == 0x2040) {
		return true
	}
	for _, r := range nameRanges {
		if v >= r[0] && v <= r[1] {
			return true
		}
	}
	return false
}
