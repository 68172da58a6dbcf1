package xmlx

import "unicode/utf8"

// AppendText appends s as character data. A character XML does not allow
// becomes U+FFFD.
func AppendText(b []byte, s string) []byte { return escape(b, s, false) }

// AppendAttr appends ` name="value"`.
func AppendAttr(b []byte, name, value string) []byte {
	b = append(b, ' ')
	b = append(b, name...)
	b = append(b, '=', '"')
	b = escape(b, value, true)
	return append(b, '"')
}

func escape(b []byte, s string, attr bool) []byte {
	last := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= 0x20 && c < utf8.RuneSelf && c != '&' && c != '<' && c != '>' && c != '"' {
			i++
			continue
		}
		n := 1
		esc := ""
		switch {
		case c == '&':
			esc = "&amp;"
		case c == '<':
			esc = "&lt;"
		case c == '>':
			esc = "&gt;"
		case c == '"' && attr:
			esc = "&quot;"
		case c == '\r':
			esc = "&#xD;"
		case c == '\n' && attr:
			esc = "&#xA;"
		case c == '\t' && attr:
			esc = "&#x9;"
		case c == '"' || c == '\n' || c == '\t':
		case c < 0x20:
			esc = "\uFFFD"
		default:
			var v rune
			v, n = utf8.DecodeRuneInString(s[i:])
			if v == utf8.RuneError && n == 1 || !allowed(v) {
				esc = "\uFFFD"
			}
		}
		if esc != "" {
			b = append(b, s[last:i]...)
			b = append(b, esc...)
			last = i + n
		}
		i += n
	}
	return append(b, s[last:]...)
}
