package web

import (
	"net/http/httptest"
	"testing"
	"time"

	"sidian/internal/cert"
)

func TestTidy(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, typed, want string }{
		{"identifier", "1.2.156.3005.2.11100000MB0143028R001.11.001.Z", "1.2.156.3005.2.11100000MB0143028R001.11.001.Z"},
		{"small letters and spaces", " 1.2.156.3005.2.11100000mb0143028r001 .11.001.z\n", "1.2.156.3005.2.11100000MB0143028R001.11.001.Z"},
		{"wide letters", "１．２．１５６。３００５", "1.2.156.3005"},
		{"code", "EHMR5JIJS3V6", "ehmr5jijs3v6"},
		{"address", "http://localhost:8080/v/ehmr5jijs3v6?from=scan", "ehmr5jijs3v6"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got := tidy(c.typed); got != c.want {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
}

func TestLocal(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"", "https://evil.example", "//evil.example", `/\evil.example`, "/a\r\nSet-Cookie: x", "javascript:alert(1)"} {
		if got := local(path, "/console"); got != "/console" {
			t.Errorf("%q leads to %q", path, got)
		}
	}
	if got := local("/console/new?kind=marriage", "/"); got != "/console/new?kind=marriage" {
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
		if got := here(httptest.NewRequest("GET", asked, nil)); got != want {
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
		if got := ago(at, now); got != want {
			t.Errorf("%v: %s, want %s", at, got, want)
		}
	}
}

func TestFileName(t *testing.T) {
	t.Parallel()
	c := &cert.Certificate{KindName: "不动产权证书", Number: `样（2026）/第"1"号`}
	if got := fileName(c, "ofd"); got != "不动产权证书-样（2026）-第-1-号.ofd" {
		t.Error(got)
	}
	if got := fileName(c, "pdf"); got != "不动产权证书-样（2026）-第-1-号-复印件.pdf" {
		t.Error(got)
	}
}

// A page that does not parse is found here and not by who asks for it.
func TestLoad(t *testing.T) {
	t.Parallel()
	s := &Service{}
	if err := s.Load(); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"app.css", "app.js", "icon.svg"} {
		if s.views.address(name) == "" {
			t.Errorf("%s has no address", name)
		}
	}
}
