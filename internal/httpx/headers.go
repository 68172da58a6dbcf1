package httpx

import (
	"crypto/rand"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
)

// policy lets pages use what the platform itself serves, and nothing else: no
// inline script or style, no other site. Pictures drawn on the server may
// stand in the page as data.
//
// form-action is also asked of the addresses to which the answer to a form
// leads (Chromium): a form cannot end at an identity provider. Signing in there
// begins with a link (GET), never with a form.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; " +
	"connect-src 'self'; media-src 'self'; manifest-src 'self'; worker-src 'self'; " +
	"form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// secure sets the headers that every answer has. Nothing is cached unless the
// answer says so.
func secure(h http.Header, https bool) {
	h.Set("Content-Security-Policy", policy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Permissions-Policy", "camera=(self), geolocation=(self), publickey-credentials-get=(self), publickey-credentials-create=(self), "+
		"microphone=(), payment=(), usb=(), midi=(), display-capture=()")
	h.Set("Cache-Control", "no-store")
	if https {
		h.Set("Strict-Transport-Security", "max-age=31536000")
	}
}

func (r *Router) newMeta(hr *http.Request) *Meta {
	addr, trusted := clientAddress(hr, r.opts.TrustedProxies)
	return &Meta{
		RequestID: strings.ToLower(rand.Text()),
		Address:   addr,
		UserAgent: strings.ToValidUTF8(clip(hr.UserAgent(), 200), ""),
		Secure:    hr.TLS != nil || trusted && forwardedProto(hr) == "https",
		Method:    hr.Method,
	}
}

// forwardedProto is what the nearest proxy says: the last word, as what stands
// before it a client can write.
func forwardedProto(hr *http.Request) string {
	all := strings.Join(hr.Header.Values("X-Forwarded-Proto"), ",")
	return strings.ToLower(strings.TrimSpace(all[strings.LastIndexByte(all, ',')+1:]))
}

// clientAddress is the last address that no trusted proxy has, read from the
// right of X-Forwarded-For: what stands further left a client can write.
func clientAddress(hr *http.Request, trusted []netip.Prefix) (addr netip.Addr, viaProxy bool) {
	ap, err := netip.ParseAddrPort(hr.RemoteAddr)
	if err != nil {
		return netip.Addr{}, false
	}
	addr = ap.Addr().Unmap().WithZone("")
	isTrusted := func(a netip.Addr) bool {
		return slices.ContainsFunc(trusted, func(p netip.Prefix) bool { return p.Contains(a) })
	}
	if !isTrusted(addr) {
		return addr, false
	}
	hops := strings.Split(strings.Join(hr.Header.Values("X-Forwarded-For"), ","), ",")
	for _, hop := range slices.Backward(hops) {
		a, err := netip.ParseAddr(strings.TrimSpace(hop))
		if err != nil {
			break
		}
		addr = a.Unmap().WithZone("")
		if !isTrusted(addr) {
			break
		}
	}
	return addr, true
}

func originOf(base string) string {
	u, err := url.Parse(base)
	if err != nil {
		return base
	}
	return u.Scheme + "://" + u.Host
}
