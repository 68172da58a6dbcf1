package app_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/chromedp"
)

// axeVersion is the checker's; it comes from the registry, never into the repo.
const axeVersion = "axe-core@4.14.1"

// axe is the checker's source: from the folder that AXE_CORE names, else
// installed for this run.
var axe = sync.OnceValues(func() (string, error) {
	dir := os.Getenv("AXE_CORE")
	if dir == "" {
		var err error
		if dir, err = os.MkdirTemp("", "sidian-axe-"); err != nil {
			return "", err
		}
		defer os.RemoveAll(dir)
		install := exec.CommandContext(context.Background(), "npm", "install", "--prefix", dir, "--no-audit", "--no-fund", "--ignore-scripts", axeVersion)
		if out, err := install.CombinedOutput(); err != nil {
			return "", fmt.Errorf("%w: %s", err, out)
		}
		dir = filepath.Join(dir, "node_modules", "axe-core")
	}
	b, err := os.ReadFile(filepath.Join(dir, "axe.min.js"))
	return string(b), err
})

func axeSource(t *testing.T) string {
	t.Helper()
	source, err := axe()
	if err != nil && os.Getenv("CI") != "" {
		t.Fatalf("installing %s: %v", axeVersion, err)
	}
	if err != nil {
		t.Skipf("%s cannot be installed here, accessibility is not checked: %v", axeVersion, err)
	}
	return source
}

type violation struct {
	ID, Impact, Help string
	Nodes            []struct{ HTML, FailureSummary string }
}

// checked are the pages that the checker has been over, by story and name.
var checked sync.Map

// accessible runs the checker over a page once in a story: what it looks for does
// not hang on the width. In the dark it looks at the colours again. Two that
// run at once do not share pages: one of them has no source.
func (tb *tab) accessible(source, name string) {
	tb.t.Helper()
	if source == "" {
		return
	}
	story, _, _ := strings.Cut(tb.t.Name(), "/")
	_, again := checked.LoadOrStore(story+" "+name, true)
	rules := ""
	if again && tb.view.dark {
		_, again = checked.LoadOrStore(story+" "+name+" in the dark", true)
		rules = `, runOnly: ["color-contrast"]`
	}
	if again {
		return
	}
	eval[bool](tb, source+"\n;true")
	found := eval[[]violation](tb, `axe.run(document, { resultTypes: ["violations"]`+rules+` }).then(r => r.violations.map(v => ({
		ID: v.id, Impact: v.impact, Help: v.help, Nodes: v.nodes.slice(0, 3).map(n => ({ HTML: n.html.slice(0, 200), FailureSummary: n.failureSummary })) })))`)
	for _, v := range found {
		for _, n := range v.Nodes {
			tb.t.Errorf("%s: %s (%s)\n%s\n%s", v.ID, v.Help, v.Impact, n.HTML, n.FailureSummary)
		}
	}
}

// A sight is a page that is looked at for itself, as somebody.
type sight struct{ name, user, path string }

// tour looks at pages in every way. A page is fetched once and then turned: how
// wide, how large and how dark it is shown is the browser's to say.
func (w *world) tour(t *testing.T, source string, sights []sight, in ...view) {
	t.Helper()
	users := map[string]*tab{}
	for _, p := range sights {
		tb := users[p.user]
		if tb == nil {
			first := in[0]
			first.user = p.user
			tb = w.open(t, first)
			users[p.user] = tb
		}
		tb.turn(in[0])
		tb.visit(p.path)
		for _, v := range in {
			t.Logf("%s at %d px (elder %t, dark %t)", p.name, v.width, v.elder, v.dark)
			tb.turn(v)
			tb.looks(source, p.name)
		}
	}
}

// turn shows the page that is there in another way.
func (tb *tab) turn(v view) {
	tb.t.Helper()
	if v.user = tb.view.user; v == tb.view {
		return
	}
	if v.width != tb.view.width {
		tb.do(chromedp.EmulateViewport(v.width, 900))
	}
	if v.dark != tb.view.dark {
		tb.darken(v.dark)
	}
	eval[bool](tb, fmt.Sprintf(`document.documentElement.classList.toggle("elder", %t) || true`, v.elder))
	tb.view = v
}

// fits fails if the page is wider than the window.
func (tb *tab) fits() {
	tb.t.Helper()
	if wide := eval[[]string](tb, `document.documentElement.scrollWidth <= innerWidth ? [] :
		[...document.body.querySelectorAll("*")].filter(e => e.getBoundingClientRect().right > innerWidth + 1).map(e => e.outerHTML.slice(0, 120)).slice(0, 5)`); len(wide) > 0 {
		tb.t.Errorf("wider than %d px: %q", tb.view.width, wide)
	}
}

func call[P, R any](tb *tab, command cdp.Command[P, R], params P) R {
	tb.t.Helper()
	ctx, cancel := context.WithTimeout(tb.ctx, tb.waits)
	defer cancel()
	r, err := chromedp.Call(ctx, command, params)
	if err != nil {
		tb.t.Fatal(err)
	}
	return r
}
