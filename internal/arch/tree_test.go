package arch

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// A file is one Go file that is no test.
type file struct {
	path    string // from the root, with slashes
	pkg     string // its folder
	imports []string
	strings []text
	ast     *ast.File
	set     *token.FileSet
}

// A text is a string constant of a file.
type text struct {
	value string
	pos   token.Pos
}

func (f *file) at(pos token.Pos) string {
	return f.path + ":" + strconv.Itoa(f.set.Position(pos).Line)
}

const root = "../.."

// tree is every Go file of the module that is no test.
var tree = sync.OnceValues(func() (out []*file, err error) {
	err = filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if n := d.Name(); p != root && (strings.HasPrefix(n, ".") || n == "testdata" || n == "node_modules" || ownModule(p)) {
				return filepath.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(p, ".go") || strings.HasSuffix(p, "_test.go") {
			return nil
		}
		f, err := parse(p)
		if err == nil {
			out = append(out, f)
		}
		return err
	})
	return out, err
})

// ownModule reports whether a folder is a module of its own, such as chain.
func ownModule(p string) bool {
	found, _ := filepath.Glob(filepath.Join(p, "go.mod"))
	return len(found) > 0
}

func parse(p string) (*file, error) {
	rel, err := filepath.Rel(root, p)
	if err != nil {
		return nil, err
	}
	set := token.NewFileSet()
	parsed, err := parser.ParseFile(set, p, nil, parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	f := &file{path: filepath.ToSlash(rel), set: set, ast: parsed}
	f.pkg = path.Dir(f.path)
	for _, i := range parsed.Imports {
		f.imports = append(f.imports, strings.Trim(i.Path.Value, `"`))
	}
	ast.Inspect(parsed, func(n ast.Node) bool {
		if l, ok := n.(*ast.BasicLit); ok && l.Kind == token.STRING {
			if v, err := strconv.Unquote(l.Value); err == nil {
				f.strings = append(f.strings, text{v, l.Pos()})
			}
		}
		return true
	})
	return f, nil
}

func files(t *testing.T) []*file {
	t.Helper()
	out, err := tree()
	if err != nil {
		t.Fatal(err)
	}
	if len(out) < 50 {
		t.Fatalf("only %d files were found: the tests look in the wrong place", len(out))
	}
	return out
}

// under reports whether a package is one of these or below one.
func under(pkg string, parents ...string) bool {
	return slices.ContainsFunc(parents, func(p string) bool { return pkg == p || strings.HasPrefix(pkg, p+"/") })
}

// inner is the package directly under internal that a package belongs to, or "".
func inner(pkg string) string {
	rest, ok := strings.CutPrefix(pkg, "internal/")
	if !ok {
		return ""
	}
	name, _, _ := strings.Cut(rest, "/")
	return name
}

// library is the longest listed library that a package belongs to, or "".
func library(pkg string) string {
	for p := pkg; p != "." && p != ""; p = path.Dir(p) {
		if _, ok := libraries[p]; ok {
			return p
		}
	}
	return ""
}

func isContext(name string) bool { _, ok := edges[name]; return ok }

// isTest reports whether a package serves tests and measurements only.
func isTest(pkg string) bool {
	return strings.HasSuffix(path.Base(pkg), "test") || under(pkg, measuring...)
}

// name is how a file calls an imported package, or "" if it does not import it.
func (f *file) name(imported string) string {
	for _, i := range f.ast.Imports {
		if strings.Trim(i.Path.Value, `"`) != imported {
			continue
		}
		if i.Name != nil {
			return i.Name.Name
		}
		return path.Base(imported)
	}
	return ""
}

// uses calls fn for each mention of member of an imported package.
func (f *file) uses(imported, member string, fn func(token.Pos)) {
	name := f.name(imported)
	if name == "" {
		return
	}
	ast.Inspect(f.ast, func(n ast.Node) bool {
		if s, ok := n.(*ast.SelectorExpr); ok && s.Sel.Name == member {
			if x, ok := s.X.(*ast.Ident); ok && x.Name == name {
				fn(s.Pos())
			}
		}
		return true
	})
}
