package pagetest

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
)

// An Answer is what a page said.
type Answer struct {
	t      testing.TB
	Status int
	Header http.Header
	Raw    []byte
	Body   string // as text: entities are resolved
}

// For is the answer as a subtest looks at it.
func (a Answer) For(t testing.TB) Answer {
	a.t = t
	return a
}

// To is where the answer leads, or "".
func (a Answer) To() string { return a.Header.Get("Location") }

var pictures = regexp.MustCompile(`data:image/[^"]*|d="M[^"]*"`)

// main is what a failure shows of the page.
func (a Answer) main() string {
	_, main, ok := strings.Cut(a.Body, "<main")
	if !ok {
		main = a.Body
	}
	return pictures.ReplaceAllString(main, "…")
}

// Is fails unless the answer has the status and says the words.
func (a Answer) Is(status int, words ...string) Answer {
	a.t.Helper()
	if a.Status != status {
		a.t.Fatalf("status %d to %q, want %d\n%s", a.Status, a.To(), status, a.main())
	}
	for _, w := range words {
		if !strings.Contains(a.Body, w) {
			a.t.Fatalf("does not say %q:\n%s", w, a.main())
		}
	}
	return a
}

// Lacks fails if the answer says one of the words.
func (a Answer) Lacks(words ...string) Answer {
	a.t.Helper()
	for _, w := range words {
		if strings.Contains(a.Body, w) {
			a.t.Fatalf("says %q:\n%s", w, a.main())
		}
	}
	return a
}

// Leads fails unless the answer is done and leads to an address.
func (a Answer) Leads(to string) Answer {
	a.t.Helper()
	a.LeadsLike(regexp.QuoteMeta(to))
	return a
}

// LeadsLike fails unless the answer is done and leads to an address of a form,
// which it returns.
func (a Answer) LeadsLike(pattern string) string {
	a.t.Helper()
	if a.Status != http.StatusSeeOther || !regexp.MustCompile("^"+pattern+"$").MatchString(a.To()) {
		a.t.Fatalf("status %d to %q, want 303 to %s\n%s", a.Status, a.To(), pattern, a.main())
	}
	return a.To()
}

// Between is what stands between two texts.
func (a Answer) Between(from, to string) string {
	a.t.Helper()
	_, rest, ok := strings.Cut(a.Body, from)
	found, _, end := strings.Cut(rest, to)
	if !ok || !end {
		a.t.Fatalf("nothing between %q and %q:\n%s", from, to, a.main())
	}
	return found
}
