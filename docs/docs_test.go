// Package docs_test keeps the documents true: what they name exists.
package docs_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
)

const root = ".."

// texts are the documents whose claims are checked, from the root.
func texts(t *testing.T) []string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(root, "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	err = filepath.WalkDir(".", func(p string, d fs.DirEntry, err error) error {
		if err == nil && filepath.Ext(p) == ".md" {
			names = append(names, p)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

func read(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// row is one row of a table: its cells, trimmed.
type row struct {
	line  int
	cells []string
}

// rows gives the rows of the tables in a document.
func rows(text string) (out []row) {
	for i, line := range strings.Split(text, "\n") {
		if !strings.HasPrefix(line, "|") || strings.HasPrefix(line, "|-") || strings.HasPrefix(line, "| -") {
			continue
		}
		inner := strings.TrimSuffix(strings.TrimPrefix(line, "|"), "|")
		cells := strings.Split(strings.ReplaceAll(inner, `\|`, "\x00"), "|")
		for j := range cells {
			cells[j] = strings.ReplaceAll(strings.TrimSpace(cells[j]), "\x00", "|")
		}
		out = append(out, row{i + 1, cells})
	}
	return out
}

var (
	requirementID = regexp.MustCompile(`^(N\d+|[A-Z]{3,4}-\d\d)$`)
	testName      = regexp.MustCompile(`\b(?:Test|Fuzz|Example)[A-Z_][A-Za-z0-9_]*\b`)
	storyName     = regexp.MustCompile(`\b[a-z0-9_-]+\.txtar\b`)
	testFunc      = regexp.MustCompile(`(?m)^func ((?:Test|Fuzz|Example)[A-Za-z0-9_]*)\(`)
	ranges        = map[string]int{ // how many requirements each section has
		"N": 10, "GEN": 10, "CAT": 15, "ISS": 19, "STA": 10, "STK": 5, "HLD": 5, "AUT": 5, "USE": 12, "ANN": 3, "VER": 5, "TRC": 3,
		"PRE": 7, "SHR": 3, "OBJ": 6, "REM": 3, "SEAL": 24, "SIGN": 9, "MAT": 12, "ARC": 5, "CHN": 4, "INT": 7, "KPI": 9, "SEC": 11,
		"LOG": 1, "CHL": 5, "OPS": 2,
	}
	states = []string{"built", "part", "not yet", "external"}
)

// tests are the names of all tests and stories of the module.
var tests = sync.OnceValues(func() (map[string]bool, error) {
	names := map[string]bool{}
	err := filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && p != root && (strings.HasPrefix(d.Name(), ".") || d.Name() == "node_modules"):
			return filepath.SkipDir
		case strings.HasSuffix(p, ".txtar"):
			names[d.Name()] = true
		case strings.HasSuffix(p, "_test.go"):
			data, err := os.ReadFile(p)
			if err != nil {
				return err
			}
			for _, m := range testFunc.FindAllStringSubmatch(string(data), -1) {
				names[m[1]] = true
			}
		}
		return nil
	})
	return names, err
})

// TestRequirements: each requirement has one row, with a state, and a built one
// names a test.
func TestRequirements(t *testing.T) {
	t.Parallel()
	seen, count := map[string]int{}, map[string]int{}
	for _, r := range rows(read(t, "requirements.md")) {
		id := r.cells[0]
		if !requirementID.MatchString(id) {
			continue
		}
		if first := seen[id]; first > 0 {
			t.Errorf("requirements.md:%d: %s stands in line %d already", r.line, id, first)
		}
		seen[id] = r.line
		section, _, grouped := strings.Cut(id, "-")
		if !grouped {
			section = "N"
		}
		count[section]++
		if len(r.cells) != 5 {
			t.Errorf("requirements.md:%d: %s has %d cells, not 5 (a | inside a cell is written \\|)", r.line, id, len(r.cells))
			continue
		}
		state, _, _ := strings.Cut(r.cells[1], ":")
		proof := r.cells[4]
		named := testName.MatchString(proof) || storyName.MatchString(proof)
		switch {
		case !slices.Contains(states, state):
			t.Errorf("requirements.md:%d: %s has the state %q; it must be one of %v", r.line, id, r.cells[1], states)
		case (state == "built" || state == "part") && !named:
			t.Errorf("requirements.md:%d: %s is %s and names no test", r.line, id, state)
		case state == "not yet" && named:
			t.Errorf("requirements.md:%d: %s is not yet built, yet names a test", r.line, id)
		}
	}
	for section, n := range ranges {
		if count[section] != n {
			t.Errorf("requirements.md: %d rows of %s, not %d", count[section], section, n)
		}
	}
}

// TestNamedTests: every test that a document names exists.
func TestNamedTests(t *testing.T) {
	t.Parallel()
	known, err := tests()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range texts(t) {
		base := filepath.Base(name)
		if base == "CONTRIBUTING.md" || base == "CHANGELOG.md" {
			continue // speaks of patterns, or of the past
		}
		for i, line := range strings.Split(read(t, name), "\n") {
			for _, m := range append(testName.FindAllString(line, -1), storyName.FindAllString(line, -1)...) {
				if !known[m] {
					t.Errorf("%s:%d: there is no test %s", name, i+1, m)
				}
			}
		}
	}
}

var (
	link   = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	inCode = regexp.MustCompile("`([a-z][A-Za-z0-9_./-]*\\.(?:go|sh|yaml|yml|sql|mjs|md))`")
)

// TestLinks: relative links and the files that stand in code marks resolve.
func TestLinks(t *testing.T) {
	t.Parallel()
	for _, name := range texts(t) {
		dir := filepath.Dir(name)
		for i, line := range strings.Split(read(t, name), "\n") {
			for _, m := range link.FindAllStringSubmatch(line, -1) {
				to, _, _ := strings.Cut(m[1], "#")
				if to == "" || strings.Contains(to, "://") || strings.HasPrefix(to, "mailto:") {
					continue
				}
				if _, err := os.Stat(filepath.Join(dir, to)); err != nil {
					t.Errorf("%s:%d: the link %s leads nowhere", name, i+1, m[1])
				}
			}
			for _, m := range inCode.FindAllStringSubmatch(line, -1) {
				if strings.Contains(m[1], "/") && !strings.Contains(m[1], "NNNN") && !found(dir, m[1]) {
					t.Errorf("%s:%d: there is no file %s", name, i+1, m[1])
				}
			}
		}
	}
}

// found looks for a file beside the document, from the root, and where the
// text of a document about one package looks from.
func found(dir, name string) bool {
	for _, base := range []string{dir, root, filepath.Join(root, "internal"), filepath.Join(root, "internal/db")} {
		if _, err := os.Stat(filepath.Join(base, name)); err == nil {
			return true
		}
	}
	return false
}
