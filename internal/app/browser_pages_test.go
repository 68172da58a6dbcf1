package app_test

import (
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

var certificateLink = regexp.MustCompile(`/console/certificates/[a-z0-9]+`)
var codeLink = regexp.MustCompile(`/v/[a-z0-9]+`)

// someCertificate is the page of a certificate of a kind, and that of its code.
func (w *world) someCertificate(t *testing.T, kind string) (page, public string) {
	t.Helper()
	page = certificateLink.FindString(string(w.get(t, "county", "/console?kind="+kind)))
	if page == "" {
		t.Fatalf("no certificate of kind %s", kind)
	}
	return page, codeLink.FindString(string(w.get(t, "county", page)))
}

// someOf is the page of a certificate of a kind that somebody holds, and that of
// its code.
func (w *world) someOf(t *testing.T, kind, holder string) (page, public string) {
	t.Helper()
	list := string(w.get(t, "county", "/console?kind="+kind))
	i := strings.Index(list, holder)
	if i < 0 {
		t.Fatalf("%s has no certificate of kind %s", holder, kind)
	}
	row := list[strings.LastIndex(list[:i], "<tr"):]
	page = certificateLink.FindString(row[:strings.Index(row, "</tr")])
	return page, codeLink.FindString(string(w.get(t, "county", page)))
}

var identifierText = regexp.MustCompile(`1\.2\.156\.3005\.2\.[0-9A-Z.]+`)

// identifier is that of the certificate of a page.
func (w *world) identifier(t *testing.T, page string) string {
	t.Helper()
	return identifierText.FindString(string(w.get(t, "county", page)))
}

// Every page at every width, and in elder mode and the dark: nothing sticks
// out, the console is silent, and the checker of accessibility finds nothing.
func TestBrowserPages(t *testing.T) {
	w := enter(t)
	source := axeSource(t)
	t.Parallel()
	firm, firmCode := w.someCertificate(t, "business_license")
	land, personCode := w.someCertificate(t, "real_estate")
	pages := []sight{
		{"home", "", "/"},
		{"login", "", "/login"},
		{"verify", "", "/verify"},
		{"verify-unknown", "", "/verify?q=" + url.QueryEscape("1.2.156.3005.2.0")},
		{"code", "", firmCode},
		{"code-of-a-person", "", personCode},
		{"code-unknown", "", "/v/nothing"},
		{"docs", "", "/docs"},
		{"not-found", "", "/nothing-here"},
		{"console", "county", "/console"},
		{"console-empty", "county", "/console?number=none"},
		{"console-clerk", "clerk", "/console"},
		{"console-holder", "zhang", "/console"},
		{"issue", "county", "/console/new?kind=business_license"},
		{"issue-table", "county", "/console/new?kind=construction"},
		{"issue-two-holders", "county", "/console/new?kind=marriage"},
		{"certificate", "county", firm},
		{"certificate-two-pages", "county", land},
		{"refused", "clerk", "/console/new?kind=business_license"},
	}
	w.tour(t, source, pages, everyView()...)
}

// Elder mode: text of at least 18 pt, targets of at least 60 px, 30 pt at most
// for the largest; 44 px elsewhere.
func TestBrowserElderMode(t *testing.T) {
	w := enter(t)
	t.Parallel()
	tb := w.open(t, view{width: 360, user: "county"})
	tb.visit("/console/new?kind=business_license")
	tb.fill(map[string]string{"fields.name": "周试用"})
	tb.targets(44)
	tb.click("#elder")
	tb.until(`document.documentElement.classList.contains("elder")`)
	if got := eval[string](tb, `document.getElementsByName("fields.name")[0].value`); got != "周试用" {
		t.Errorf("what was typed is gone: %q", got)
	}
	tb.targets(60)
	tb.fits()
	small := eval[[]string](tb, `[...document.querySelectorAll("main *, header *, footer *")].filter(e => e.innerText?.trim() && !e.children.length && e.offsetWidth > 1 && parseFloat(getComputedStyle(e).fontSize) < 24).map(e => e.outerHTML.slice(0, 100))`)
	if len(small) > 0 {
		t.Errorf("text below 18 pt: %q", small)
	}
	if h1 := eval[float64](tb, `parseFloat(getComputedStyle(document.querySelector("h1")).fontSize)`); h1 < 40 {
		t.Errorf("the largest text has %v px, less than 30 pt", h1)
	}
	tb.until(`document.cookie === ""`) // HttpOnly: the server alone reads it
	tb.visit("/verify")
	tb.until(`document.documentElement.classList.contains("elder")`)
	tb.click("#elder")
	tb.until(`!document.documentElement.classList.contains("elder")`)
}

// On a phone the frame takes two rows at most, and its menu opens by the
// keyboard and without scripts.
func TestBrowserMenu(t *testing.T) {
	w := enter(t)
	source := axeSource(t)
	t.Parallel()
	for _, v := range []view{{}, {user: "seals"}, {user: "seals", elder: true}, {user: "zhang", elder: true, dark: true}, {user: "system", noScript: true}} {
		v.width, v.held = 360, true
		tb := w.open(t, v)
		tb.visit("/verify")
		row := 44
		if v.elder {
			row = 60
		}
		if high := eval[float64](tb, `document.querySelector(".bar").offsetHeight`); high > float64(2*row+16) {
			t.Errorf("%+v: the bar is %v px high", v, high)
		}
		tb.fits()
		tb.picture("menu-closed-" + v.user)
		eval[bool](tb, `document.querySelector(".menu summary").focus(), true`)
		tb.do(chromedp.KeyEvent("\r"))
		tb.wait(".menu[open] a[href='/verify'][aria-current]")
		hidden := eval[[]string](tb, `[...document.querySelectorAll(".menu a, .menu button")].filter(e => e.offsetHeight < `+itoa(row)+` || e.tabIndex < 0).map(e => e.outerHTML)`)
		if links := eval[int](tb, `document.querySelectorAll(".menu a").length`); len(hidden) > 0 || links == 0 {
			t.Errorf("%+v: of %d links these cannot be pressed: %q", v, links, hidden)
		}
		if v.user != "" {
			tb.says(".menu", "退出", w.users[v.user].Name)
		}
		tb.fits()
		if !v.noScript {
			tb.accessible(source, "menu-open-"+v.user)
		}
		tb.picture("menu-open-" + v.user)
		tb.do(chromedp.KeyEvent("\r"))
		tb.until(`!document.querySelector(".menu").open`)
	}
}

// targets fails for what can be pressed and is lower than so many pixels.
func (tb *tab) targets(least int) {
	tb.t.Helper()
	low := eval[[]string](tb, `[...document.querySelectorAll("a.button, button, input:not([type=hidden]), select, textarea, .bar a, footer a, .crumb a")]
		.map(e => /^(checkbox|radio)$/.test(e.type) ? e.closest("label") ?? e : e) // its label can be pressed
		.filter(e => e.offsetWidth > 1 && e.getBoundingClientRect().height < `+itoa(least)+` - .5).map(e => e.getBoundingClientRect().height + " " + e.outerHTML.slice(0, 100))`)
	if len(low) > 0 {
		tb.t.Errorf("targets below %d px: %q", least, low)
	}
}
