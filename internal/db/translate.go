package db

import "strings"

// rewrite copies q, and passes each word outside quotes and comments through
// word. A word is a run of letters, digits, '_' and '$'.
func rewrite(q string, word func(string) string) string {
	var b strings.Builder
	b.Grow(len(q))
	for i := 0; i < len(q); {
		n := quoted(q[i:])
		if n == 0 {
			if n = wordLen(q[i:]); n > 0 {
				b.WriteString(word(q[i : i+n]))
				i += n
				continue
			}
			n = 1
		}
		b.WriteString(q[i : i+n])
		i += n
	}
	return b.String()
}

// quoted is the length of the literal, quoted name or comment that q starts
// with, or 0.
func quoted(q string) int {
	switch {
	case q[0] == '\'' || q[0] == '"':
		if end := strings.IndexByte(q[1:], q[0]); end >= 0 {
			return end + 2
		}
		return len(q)
	case strings.HasPrefix(q, "--"):
		if end := strings.IndexByte(q, '\n'); end >= 0 {
			return end
		}
		return len(q)
	}
	return 0
}

func wordLen(q string) int {
	n := 0
	for n < len(q) && (q[n] == '_' || q[n] == '$' || q[n]|0x20 >= 'a' && q[n]|0x20 <= 'z' || q[n] >= '0' && q[n] <= '9') {
		n++
	}
	return n
}
