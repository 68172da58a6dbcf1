package arch

import (
	"go/ast"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// local calls fn for each import of a package of this module.
func local(t *testing.T, fn func(f *file, to string)) {
	t.Helper()
	for _, f := range files(t) {
		for _, imp := range f.imports {
			if to, ok := strings.CutPrefix(imp, module+"/"); ok {
				fn(f, to)
			}
		}
	}
}

// TestPackagesArePlaced: every package stands in one of the tables.
func TestPackagesArePlaced(t *testing.T) {
	seen := map[string]bool{}
	for _, f := range files(t) {
		first, _, _ := strings.Cut(f.pkg, "/")
		name := inner(f.pkg)
		known := f.pkg == "." || first == "cmd" || first == "examples" || first == "scripts" || library(f.pkg) != "" ||
			name != "" && (slices.Contains(floor, name) || isContext(name) || slices.Contains(top, name) || slices.Contains(apart, name))
		if !known && !seen[f.pkg] {
			t.Errorf("package %s stands in no table of internal/arch/rules_test.go", f.pkg)
		}
		seen[f.pkg] = true
	}
}

// TestExamples: an example is what somebody else would write: it imports the
// standard library alone. Its tests run it against the platform.
func TestExamples(t *testing.T) {
	for _, f := range files(t) {
		for _, imp := range f.imports {
			if first, _, _ := strings.Cut(imp, "/"); under(f.pkg, "examples") && (first == module || strings.Contains(first, ".")) {
				t.Errorf("%s imports %s: others have it not", f.path, imp)
			}
		}
	}
}

// TestLibraries: libraries import libraries, the standard library, and what
// stands in the table; the offline commands import libraries.
func TestLibraries(t *testing.T) {
	for _, f := range files(t) {
		lib := library(f.pkg)
		for _, imp := range f.imports {
			to, isLocal := strings.CutPrefix(imp, module+"/")
			if lib == "" && !under(f.pkg, offline...) {
				continue
			}
			switch {
			case isLocal && strings.HasPrefix(to, "internal/"):
				t.Errorf("%s imports %s: libraries, and commands that work offline, import libraries only", f.path, to)
			case isLocal, lib == "":
			case strings.Contains(strings.SplitN(imp, "/", 2)[0], ".") && !allowed(f.pkg, imp):
				t.Errorf("%s: the library %s imports %s, which is not in its line of the table", f.path, lib, imp)
			}
		}
	}
}

// allowed asks the library and those it stands under.
func allowed(pkg, imp string) bool {
	for p := pkg; p != "."; p = filepath.Dir(p) {
		if slices.ContainsFunc(libraries[p], func(m string) bool { return under(imp, m) }) {
			return true
		}
	}
	return false
}

// TestFloor: the floor imports libraries and floor.
func TestFloor(t *testing.T) {
	local(t, func(f *file, to string) {
		if slices.Contains(floor, inner(f.pkg)) && strings.HasPrefix(to, "internal/") && !slices.Contains(floor, inner(to)) {
			t.Errorf("%s: the floor imports %s, which stands above it", f.path, to)
		}
	})
}

// TestContexts: a context imports the contexts that the map gives it, and the
// events of any.
func TestContexts(t *testing.T) {
	local(t, func(f *file, to string) {
		from, dest := inner(f.pkg), inner(to)
		switch {
		case !isContext(from) || from == dest:
		case strings.HasSuffix(f.pkg, "test"): // wires a whole service for the tests of others
		case isContext(dest) && to == "internal/"+dest+"/event":
		case isContext(dest) && !slices.Contains(edges[from], dest):
			t.Errorf("%s: %s may not import %s: say it with an event, or argue for the edge", f.path, from, dest)
		case slices.Contains(top, dest):
			t.Errorf("%s: the context %s imports %s, which stands above it", f.path, from, dest)
		}
	})
}

// TestEventsImportNothing: a context's events are plain types.
func TestEventsImportNothing(t *testing.T) {
	local(t, func(f *file, to string) {
		if isContext(inner(f.pkg)) && strings.HasSuffix(f.pkg, "/event") && library(to) == "" {
			t.Errorf("%s: events import %s; they import libraries and the standard library", f.path, to)
		}
	})
}

// TestEdgesHaveNoCycle: the map of contexts has an order.
func TestEdgesHaveNoCycle(t *testing.T) {
	state := map[string]int{}
	var visit func(string, []string)
	visit = func(c string, way []string) {
		switch {
		case state[c] == 1:
			t.Errorf("contexts import each other: %s", strings.Join(append(way, c), " -> "))
			return
		case state[c] == 2:
			return
		case !isContext(c):
			t.Errorf("the edge %s leads to no context", strings.Join(append(way, c), " -> "))
			return
		}
		state[c] = 1
		for _, next := range edges[c] {
			visit(next, append(way, c))
		}
		state[c] = 2
	}
	for c := range edges {
		visit(c, nil)
	}
}

// TestTop: of the program's edges, each imports those before it.
func TestTop(t *testing.T) {
	local(t, func(f *file, to string) {
		from, dest := slices.Index(top, inner(f.pkg)), slices.Index(top, inner(to))
		if from >= 0 && dest > from {
			t.Errorf("%s imports %s, which stands above it", f.path, to)
		}
	})
}

// TestVariants: a variant imports its parent, and only app imports a variant.
func TestVariants(t *testing.T) {
	local(t, func(f *file, to string) {
		for _, v := range variants {
			if under(to, v) && to != v && !isTest(to) && !under(f.pkg, to) && inner(f.pkg) != "app" {
				t.Errorf("%s imports the variant %s: only internal/app does", f.path, to)
			}
		}
	})
}

// TestOnly: some packages have one door.
func TestOnly(t *testing.T) {
	for _, f := range files(t) {
		if isTest(f.pkg) {
			continue
		}
		for _, imp := range f.imports {
			for _, o := range only {
				exact := imp == o.prefix || strings.Contains(o.prefix, ".") && under(imp, o.prefix)
				if exact && !under(f.pkg, o.by...) {
					t.Errorf("%s imports %s: %s", f.path, imp, o.why)
				}
			}
		}
	}
}

// TestHTTP: requests come in at few places, and go out from client.go files.
func TestHTTP(t *testing.T) {
	for _, f := range files(t) {
		base := filepath.Base(f.path)
		in := under(f.pkg, incoming...) || isContext(inner(f.pkg)) && (base == "http.go" || strings.HasPrefix(base, "http_"))
		if f.name("net/http") == "" || in || base == "client.go" || isTest(f.pkg) || under(f.pkg, "internal/blob") {
			continue
		}
		t.Errorf("%s imports net/http: requests come in at httpx, api, web, app, obs and http.go, and go out from client.go", f.path)
	}
}

// TestTestPackages: what serves tests is imported by tests, and by its like.
func TestTestPackages(t *testing.T) {
	local(t, func(f *file, to string) {
		if isTest(to) && !isTest(f.pkg) {
			t.Errorf("%s imports %s, which serves tests only", f.path, to)
		}
	})
	for _, f := range files(t) {
		if slices.Contains(f.imports, "testing") && !isTest(f.pkg) {
			t.Errorf("%s imports testing, and is no test", f.path)
		}
	}
}

// TestNoInit: nothing happens because a package is linked in.
func TestNoInit(t *testing.T) {
	for _, f := range files(t) {
		for _, d := range f.ast.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil && fn.Name.Name == "init" {
				t.Errorf("%s has an init function: say it where the program is put together", f.at(fn.Pos()))
			}
		}
	}
}

// TestNoWorkspace: the module builds by itself.
func TestNoWorkspace(t *testing.T) {
	for _, name := range []string{"go.work", "vendor"} {
		if _, err := os.Stat(filepath.Join(root, name)); err == nil {
			t.Errorf("%s is in the repository", name)
		}
	}
}
