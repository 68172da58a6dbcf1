package pdf

import (
	"bytes"
	"math"
	"strconv"
)

// A Lexer reads objects one after the other (ISO 32000-1 §7.2, §7.3).
type Lexer struct {
	data []byte
	pos  int
	refs bool // "1 0 R" is a reference; not in content streams
}

// NewLexer reads a content stream.
func NewLexer(data []byte) *Lexer { return &Lexer{data: data} }

// maxNest bounds arrays and dictionaries inside each other.
const maxNest = 64

func isSpace(c byte) bool {
	return c == ' ' || c == '\n' || c == '\r' || c == '\t' || c == '\f' || c == 0
}

func isDelimiter(c byte) bool {
	switch c {
	case '(', ')', '<', '>', '[', ']', '{', '}', '/', '%':
		return true
	}
	return false
}

func (l *Lexer) skip() {
	for l.pos < len(l.data) {
		c := l.data[l.pos]
		if c == '%' {
			for l.pos < len(l.data) && l.data[l.pos] != '\n' && l.data[l.pos] != '\r' {
				l.pos++
			}
		} else if !isSpace(c) {
			return
		} else {
			l.pos++
		}
	}
}

// Next gives the next object; ok is false at the end.
func (l *Lexer) Next() (o Object, ok bool, err error) {
	l.skip()
	if l.pos >= len(l.data) {
		return nil, false, nil
	}
	o, err = l.object(0)
	return o, err == nil, err
}

func (l *Lexer) peek(s string) bool {
	return bytes.HasPrefix(l.data[min(l.pos, len(l.data)):], []byte(s))
}

func (l *Lexer) object(depth int) (Object, error) {
	if depth > maxNest {
		return nil, beyond("objects nested deeper than %d", maxNest)
	}
	l.skip()
	if l.pos >= len(l.data) {
		return nil, broken("an object is cut off")
	}
	switch c := l.data[l.pos]; {
	case c == '/':
		return l.name(), nil
	case c == '(':
		return l.literal()
	case l.peek("<<"):
		l.pos += 2
		return l.dict(depth)
	case c == '<':
		return l.hex()
	case c == '[':
		l.pos++
		return l.array(depth)
	case c >= '0' && c <= '9' || c == '+' || c == '-' || c == '.':
		return l.number()
	case isDelimiter(c):
		return nil, broken("byte %q at %d begins no object", c, l.pos)
	}
	word := l.word()
	switch word {
	case "true":
		return true, nil
	case "false":
		return false, nil
	case "null":
		return nil, nil
	}
	return Op(word), nil
}

func (l *Lexer) word() string {
	from := l.pos
	for l.pos < len(l.data) && !isSpace(l.data[l.pos]) && !isDelimiter(l.data[l.pos]) {
		l.pos++
	}
	return string(l.data[from:l.pos])
}

func (l *Lexer) name() Name {
	l.pos++
	raw := l.word()
	out := make([]byte, 0, len(raw))
	for i := 0; i < len(raw); i++ {
		if raw[i] == '#' && i+2 < len(raw) {
			if v, err := strconv.ParseUint(raw[i+1:i+3], 16, 8); err == nil {
				out = append(out, byte(v))
				i += 2
				continue
			}
		}
		out = append(out, raw[i])
	}
	return Name(out)
}

func (l *Lexer) number() (Object, error) {
	from := l.pos
	text := l.word()
	if n, err := strconv.Atoi(text); err == nil {
		if l.refs && n >= 0 {
			if r, ok := l.reference(n); ok {
				return r, nil
			}
		}
		return n, nil
	}
	v, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsInf(v, 0) || math.IsNaN(v) {
		return nil, broken("%q at %d is no number", text, from)
	}
	return v, nil
}

// reference reads "g R" behind a number, or nothing.
func (l *Lexer) reference(num int) (Ref, bool) {
	from := l.pos
	l.skip()
	gen, digits := 0, 0
	for l.pos < len(l.data) && l.data[l.pos] >= '0' && l.data[l.pos] <= '9' && digits < 6 {
		gen = gen*10 + int(l.data[l.pos]-'0')
		l.pos++
		digits++
	}
	if digits > 0 {
		l.skip()
		if l.peek("R") && (l.pos+1 == len(l.data) || isSpace(l.data[l.pos+1]) || isDelimiter(l.data[l.pos+1])) {
			l.pos++
			return Ref{num, gen}, true
		}
	}
	l.pos = from
	return Ref{}, false
}

func (l *Lexer) literal() (Object, error) {
	var out []byte
	depth := 0
	for l.pos < len(l.data) {
		c := l.data[l.pos]
		l.pos++
		switch c {
		case '(':
			if depth++; depth > 1 {
				out = append(out, c)
			}
		case ')':
			if depth--; depth == 0 {
				return String(out), nil
			}
			out = append(out, c)
		case '\\':
			out = l.escape(out)
		case '\r':
			if l.peek("\n") {
				l.pos++
			}
			out = append(out, '\n')
		default:
			out = append(out, c)
		}
	}
	return nil, broken("a string is cut off")
}

var escapes = map[byte]byte{'n': '\n', 'r': '\r', 't': '\t', 'b': '\b', 'f': '\f'}

func (l *Lexer) escape(out []byte) []byte {
	if l.pos >= len(l.data) {
		return out
	}
	c := l.data[l.pos]
	l.pos++
	switch {
	case escapes[c] != 0:
		return append(out, escapes[c])
	case c >= '0' && c <= '7':
		v := int(c - '0')
		for i := 0; i < 2 && l.pos < len(l.data) && l.data[l.pos] >= '0' && l.data[l.pos] <= '7'; i++ {
			v = v*8 + int(l.data[l.pos]-'0')
			l.pos++
		}
		return append(out, byte(v))
	case c == '\r':
		if l.peek("\n") {
			l.pos++
		}
		return out
	case c == '\n':
		return out
	}
	return append(out, c)
}

func hexDigit(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'a' && c <= 'f':
		return int(c-'a') + 10
	case c >= 'A' && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}

func (l *Lexer) hex() (Object, error) {
	l.pos++
	var out []byte
	half := -1
	for l.pos < len(l.data) {
		c := l.data[l.pos]
		l.pos++
		switch d := hexDigit(c); {
		case c == '>':
			if half >= 0 {
				out = append(out, byte(half<<4))
			}
			return String(out), nil
		case isSpace(c):
		case d < 0:
			return nil, broken("%q in a hexadecimal string", c)
		case half < 0:
			half = d
		default:
			out, half = append(out, byte(half<<4|d)), -1
		}
	}
	return nil, broken("a hexadecimal string is cut off")
}

func (l *Lexer) array(depth int) (Object, error) {
	out := Array{}
	for {
		l.skip()
		if l.peek("]") {
			l.pos++
			return out, nil
		}
		o, err := l.object(depth + 1)
		if err != nil {
			return nil, err
		}
		out = append(out, o)
	}
}

func (l *Lexer) dict(depth int) (Object, error) {
	out := Dict{}
	for {
		l.skip()
		if l.peek(">>") {
			l.pos += 2
			return out, nil
		}
		if !l.peek("/") {
			return nil, broken("a dictionary's key at %d is no name", l.pos)
		}
		key := l.name()
		o, err := l.object(depth + 1)
		if err != nil {
			return nil, err
		}
		out[key] = o
	}
}

// InlineImage reads the dictionary behind BI, and the bytes between ID and EI
// (§8.9.7). length, when it knows it, is how many bytes there are.
func (l *Lexer) InlineImage(length func(Dict) int) (*Stream, error) {
	d := Dict{}
	for {
		l.skip()
		if l.peek("ID") && l.pos+2 < len(l.data) && isSpace(l.data[l.pos+2]) {
			l.pos += 3
			break
		}
		if !l.peek("/") {
			return nil, broken("an inline image's key at %d is no name", l.pos)
		}
		key := l.name()
		o, err := l.object(1)
		if err != nil {
			return nil, err
		}
		d[key] = o
	}
	from := l.pos
	at := from + max(length(d), 0)
	for ; at+2 <= len(l.data); at++ {
		if l.data[at] == 'E' && l.data[at+1] == 'I' && (at == from || isSpace(l.data[at-1]) || at == from+length(d)) &&
			(at+2 == len(l.data) || isSpace(l.data[at+2])) {
			l.pos = at + 2
			return &Stream{Dict: d, Raw: l.data[from:at]}, nil
		}
	}
	return nil, broken("an inline image is cut off")
}
