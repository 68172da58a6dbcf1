package httpx

import "net/http"

// Over https the name begins with __Host-, so that a browser accepts it only
// from this very host, for every path, over https (RFC 6265bis §4.1.3.2).
const (
	plainCookie  = "sidian"
	secureCookie = "__Host-sidian"
)

// SessionCookie carries a session's token; an empty token makes the browser
// forget it. It lives as long as the browser, no longer than the session.
func SessionCookie(token string, secure bool) *http.Cookie {
	c := &http.Cookie{Name: plainCookie, Value: token, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: secure}
	if secure {
		c.Name = secureCookie
	}
	if token == "" {
		c.MaxAge = -1
	}
	return c
}

// SessionToken is the token that a request came with, or "".
func SessionToken(r *http.Request) string {
	name := plainCookie
	if MetaFrom(r.Context()).Secure {
		name = secureCookie
	}
	c, err := r.Cookie(name)
	if err != nil {
		return ""
	}
	return c.Value
}
