package page

import (
	"net/url"
	"strings"
)

// At is the address of a page below another.
func At(home string, parts ...string) string {
	var b strings.Builder
	b.WriteString(home)
	for _, p := range parts {
		b.WriteByte('/')
		b.WriteString(url.PathEscape(p))
	}
	return b.String()
}

// Asking is an address with what is asked of it, in pairs of name and value; what
// is empty is left out.
func Asking(path string, pairs ...string) string {
	v := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			v.Set(pairs[i], pairs[i+1])
		}
	}
	if len(v) == 0 {
		return path
	}
	return path + "?" + v.Encode()
}
