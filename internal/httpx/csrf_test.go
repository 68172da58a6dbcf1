package httpx_test

import (
	"context"
	"net/netip"
	"strings"
	"testing"

	"sidian/internal/httpx"
)

// A session's cookie writes only where it is seen that a page of ours sent it;
// a bearer token cannot be forged and may come from anywhere.
func TestForgedWrites(t *testing.T) {
	t.Parallel()
	s := newShop(t, httpx.Options{BaseURL: "https://zz.example", TrustedProxies: []netip.Prefix{netip.MustParsePrefix("192.0.2.1/32")}}, func(r *httpx.Router) {
		ok := func(context.Context, struct{}) (httpx.Empty, error) { return httpx.Empty{}, nil }
		for _, method := range []string{"GET", "POST", "PUT", "PATCH", "DELETE"} {
			httpx.Handle(r, method+" /x", httpx.SignedIn(), ok)
		}
		httpx.Handle(r, "POST /open", httpx.Public(), ok)
	})
	const bearer, cookie, stranger = "bearer", "cookie", "stranger"
	for _, c := range []struct {
		name, who, method, path string
		header                  []string
		code                    string // of the refusal
	}{
		{"our page", cookie, "POST", "/x", []string{"Sec-Fetch-Site", "same-origin"}, ""},
		{"typed by the reader", cookie, "POST", "/x", []string{"Sec-Fetch-Site", "none"}, ""},
		{"our page, older browser", cookie, "POST", "/x", []string{"Origin", "http://zz.example"}, ""},
		{"our address, host changed by the proxy", cookie, "POST", "/x", []string{"Origin", "https://zz.example", "Host", "inner"}, ""},
		{"oldest browser, our page", cookie, "POST", "/x", []string{"Referer", "http://zz.example/console"}, ""},
		{"reading is free", cookie, "GET", "/x", []string{"Sec-Fetch-Site", "cross-site"}, ""},
		{"another site", cookie, "POST", "/x", []string{"Sec-Fetch-Site", "cross-site", "Origin", "https://evil.example"}, "cross-origin"},
		{"a neighbour's name", cookie, "POST", "/x", []string{"Sec-Fetch-Site", "same-site", "Origin", "https://evil.zz.example"}, "cross-origin"},
		{"another site, origin forged by nobody", cookie, "POST", "/x", []string{"Sec-Fetch-Site", "cross-site"}, "cross-origin"},
		{"unknown word", cookie, "POST", "/x", []string{"Sec-Fetch-Site", "same-planet"}, "cross-origin"},
		{"another origin, older browser", cookie, "POST", "/x", []string{"Origin", "https://evil.example"}, "cross-origin"},
		{"subdomain, older browser", cookie, "POST", "/x", []string{"Origin", "https://a.zz.example"}, "cross-origin"},
		{"another port", cookie, "POST", "/x", []string{"Origin", "http://zz.example:8443"}, "cross-origin"},
		{"null", cookie, "POST", "/x", []string{"Origin", "null"}, "cross-origin"},
		{"null, with a word", cookie, "POST", "/x", []string{"Sec-Fetch-Site", "cross-site", "Origin", "null"}, "cross-origin"},
		{"rubbish", cookie, "POST", "/x", []string{"Origin", "::"}, "cross-origin"},
		{"page in the clear", cookie, "POST", "/x", []string{"Origin", "http://zz.example", "X-Forwarded-Proto", "https"}, "cross-origin"},
		{"tells nothing", cookie, "POST", "/x", nil, "cross-origin.unknown"},
		{"another's referer", cookie, "POST", "/x", []string{"Referer", "https://evil.example/zz.example"}, "cross-origin.unknown"},
		{"referer in the clear", cookie, "POST", "/x", []string{"Referer", "http://zz.example/", "X-Forwarded-Proto", "https"}, "cross-origin.unknown"},
		{"referer of nobody", cookie, "POST", "/x", []string{"Referer", "/console"}, "cross-origin.unknown"},
		{"PUT", cookie, "PUT", "/x", []string{"Sec-Fetch-Site", "cross-site"}, "cross-origin"},
		{"PATCH", cookie, "PATCH", "/x", []string{"Sec-Fetch-Site", "same-site"}, "cross-origin"},
		{"DELETE", cookie, "DELETE", "/x", nil, "cross-origin.unknown"},
		{"public, with a cookie", cookie, "POST", "/open", nil, "cross-origin.unknown"},
		{"token, from anywhere", bearer, "POST", "/x", []string{"Origin", "https://evil.example", "Sec-Fetch-Site", "cross-site"}, ""},
		{"token, plain", bearer, "DELETE", "/x", nil, ""},
		{"a stranger's program", stranger, "POST", "/open", nil, ""},
		{"a forged sign-in", stranger, "POST", "/open", []string{"Sec-Fetch-Site", "cross-site"}, "cross-origin"},
		{"a forged sign-in, older browser", stranger, "POST", "/open", []string{"Origin", "null"}, "cross-origin"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			header := append([]string{"remote", "192.0.2.1:1", "Host", "zz.example"}, c.header...)
			switch c.who {
			case cookie:
				header = append(header, "Badge", "li:x", "Cookie", "sidian=x")
			case bearer:
				header = append(header, "Badge", "li:x")
			}
			w := s.do(c.method, c.path, "", header...)
			if c.code == "" {
				if w.Code != 204 {
					t.Errorf("refused: %d %s", w.Code, w.Body)
				}
				return
			}
			if w.Code != 403 || !strings.Contains(w.Body.String(), `"code":"`+c.code+`"`) {
				t.Errorf("%d %s", w.Code, w.Body)
			}
			checkProblem(t, w)
		})
	}
}
