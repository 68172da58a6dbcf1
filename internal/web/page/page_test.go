package page

import (
	"net/http/httptest"
	"testing"
	"time"
)

func TestLocal(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"", "https://evil.example", "//evil.example", `/\evil.example`, "/a\r\nSet-Cookie: x", "javascript:alert(1)"} {
		if got := Local(path, "/console"); got != "/console" {
			t.Errorf("%q leads to %q", path, got)
		}
	}
	if got := Local("/console/new?kind=marriage", "/"); got != "/console/new?kind=marriage" {
		t.Errorf("a page of ours leads to %q", got)
	}
}

func TestHere(t *testing.T) {
	t.Parallel()
	for asked, want := range map[string]string{
		"/console?kind=marriage":              "/console?kind=marriage",
		"/console/new?kind=marriage&look=1":   "/console/new?kind=marriage",
		"/console/certificates/abc?new=1":     "/console/certificates/abc",
		"/verify?q=%E7%85%A7&cursor=1%2B2%3D": "/verify?q=%E7%85%A7&cursor=1%2B2%3D",
	} {
		if got := Here(httptest.NewRequest("GET", asked, nil)); got != want {
			t.Errorf("%s: %s", asked, got)
		}
	}
}

func TestAgo(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 5, 6, 15, 0, 0, 0, beijing)
	for want, at := range map[string]time.Time{
		"刚刚": now.Add(-59 * time.Second), "5 分钟前": now.Add(-5 * time.Minute), "3 小时前": now.Add(-3 * time.Hour),
		"2026-05-05": now.Add(-20 * time.Hour), "—": {},
	} {
		if got := Ago(at, now); got != want {
			t.Errorf("%v: %s, want %s", at, got, want)
		}
	}
}
