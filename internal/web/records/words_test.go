package records

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"sidian/internal/cert/state"
)

func words(t *testing.T) *vocabulary {
	t.Helper()
	v, err := readWords(wordList)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestWords(t *testing.T) {
	t.Parallel()
	v := words(t)
	for action, want := range map[string]string{"cert.issue": "用印签发证照", "cert.": "证照", "cert.unheard": "证照：cert.unheard", "what.ever": "what.ever", "": ""} {
		if got := v.word(action); got != want {
			t.Errorf("%s: %s, want %s", action, got, want)
		}
	}
	for _, bad := range []string{"cert.issue", "cert.issue a\ncert.issue b", "issue 签发"} {
		if _, err := readWords(bad); err == nil {
			t.Errorf("%q was read", bad)
		}
	}
	for _, a := range v.actions {
		if group, _, _ := strings.Cut(a, "."); v.of[group+"."] == "" {
			t.Errorf("%s has no group", a)
		}
	}
	if got := len(v.options()); got != len(v.actions)+len(v.groups) {
		t.Errorf("%d options for %d actions and %d groups", got, len(v.actions), len(v.groups))
	}
}

// Every action that the source puts into the audit has a Chinese word.
func TestEveryActionHasAWord(t *testing.T) {
	t.Parallel()
	v := words(t)
	found := 0
	for dir, p := range sources(t, filepath.Join("..", "..")) {
		for _, f := range p.files {
			ast.Inspect(f, func(n ast.Node) bool {
				lit, ok := n.(*ast.CompositeLit)
				if !ok || !isEntry(lit.Type) {
					return true
				}
				for _, e := range lit.Elts {
					kv, ok := e.(*ast.KeyValueExpr)
					if !ok || fmt.Sprint(kv.Key) != "Action" {
						continue
					}
					at := p.set.Position(kv.Pos())
					actions := p.resolve(kv.Value, p.enclosing(f, kv.Pos()), 0)
					if len(actions) == 0 {
						t.Errorf("%s: it cannot be read which actions these are: write them as constants or literals", at)
					}
					for a := range actions {
						found++
						if !v.knows(a) {
							t.Errorf("%s (%s): the action %q has no word in words.txt", at, dir, a)
						}
					}
				}
				return true
			})
		}
	}
	for _, a := range state.Actions() {
		if !v.knows("cert." + a.Code) {
			t.Errorf("the action %q of certificates has no word in words.txt", a.Code)
		}
	}
	if found < 60 {
		t.Errorf("%d actions were found: the source is read wrongly", found)
	}
}

// knows tells whether an action has a word, or for "grant.*" any of that group.
func (v *vocabulary) knows(action string) bool {
	prefix, open := strings.CutSuffix(action, "*")
	for _, a := range v.actions {
		if a == action || open && strings.HasPrefix(a, prefix) {
			return true
		}
	}
	return false
}

// entries are made in audit itself as Entry, and elsewhere as audit.Entry; what
// auditors are shown is made out of them.
func isEntry(e ast.Expr) bool {
	s, ok := e.(*ast.SelectorExpr)
	return ok && s.Sel.Name == "Entry" && fmt.Sprint(s.X) == "audit"
}

type source struct {
	set   *token.FileSet
	files []*ast.File
}

func sources(t *testing.T, root string) map[string]*source {
	t.Helper()
	out := map[string]*source{}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		dir := filepath.Dir(path)
		if strings.HasSuffix(dir, "test") {
			return nil // serves tests
		}
		if out[dir] == nil {
			out[dir] = &source{set: token.NewFileSet()}
		}
		f, err := parser.ParseFile(out[dir].set, path, nil, parser.SkipObjectResolution)
		out[dir].files = append(out[dir].files, f)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// enclosing is the function around a position.
func (p *source) enclosing(f *ast.File, at token.Pos) *ast.FuncDecl {
	for _, d := range f.Decls {
		if fn, ok := d.(*ast.FuncDecl); ok && fn.Pos() <= at && at < fn.End() {
			return fn
		}
	}
	return nil
}

// resolve lists the texts that an expression may be, as far as the package
// tells; what is put together with something unknown ends in "*".
func (p *source) resolve(e ast.Expr, in *ast.FuncDecl, depth int) map[string]bool {
	out := map[string]bool{}
	add := func(more map[string]bool) {
		for a := range more {
			out[a] = true
		}
	}
	if depth > 4 {
		return out
	}
	switch x := e.(type) {
	case *ast.BasicLit:
		if s, err := strconv.Unquote(x.Value); err == nil {
			out[s] = true
		}
	case *ast.BinaryExpr:
		for a := range p.resolve(x.X, in, depth+1) {
			out[strings.TrimSuffix(a, "*")+"*"] = true
		}
	case *ast.CallExpr: // a function of the package that may name it otherwise
		for _, arg := range x.Args {
			add(p.resolve(arg, in, depth+1))
		}
	case *ast.SelectorExpr:
		add(p.fields(x.Sel.Name, depth))
	case *ast.Ident:
		add(p.consts(x.Name, depth))
		add(p.arguments(x.Name, in, depth))
		add(p.locals(x.Name, in, depth))
	}
	return out
}

func (p *source) consts(name string, depth int) map[string]bool {
	for _, f := range p.files {
		for _, d := range f.Decls {
			g, ok := d.(*ast.GenDecl)
			if !ok || g.Tok != token.CONST {
				continue
			}
			for _, s := range g.Specs {
				v := s.(*ast.ValueSpec)
				for i, n := range v.Names {
					if n.Name == name && i < len(v.Values) {
						return p.resolve(v.Values[i], nil, depth+1)
					}
				}
			}
		}
	}
	return nil
}

// arguments are what the package's calls give for a parameter.
func (p *source) arguments(name string, in *ast.FuncDecl, depth int) map[string]bool {
	at := parameter(name, in)
	if at < 0 {
		return nil
	}
	out := map[string]bool{}
	for _, f := range p.files {
		ast.Inspect(f, func(n ast.Node) bool {
			c, ok := n.(*ast.CallExpr)
			if !ok || at >= len(c.Args) {
				return true
			}
			called := ""
			switch fn := c.Fun.(type) {
			case *ast.Ident:
				called = fn.Name
			case *ast.SelectorExpr:
				called = fn.Sel.Name
			}
			if called == in.Name.Name {
				for a := range p.resolve(c.Args[at], p.enclosing(f, c.Pos()), depth+1) {
					out[a] = true
				}
			}
			return true
		})
	}
	return out
}

func parameter(name string, in *ast.FuncDecl) int {
	if in == nil {
		return -1
	}
	i := 0
	for _, f := range in.Type.Params.List {
		for _, n := range f.Names {
			if n.Name == name {
				return i
			}
			i++
		}
	}
	return -1
}

// locals are what is assigned to a variable of the function.
func (p *source) locals(name string, in *ast.FuncDecl, depth int) map[string]bool {
	out := map[string]bool{}
	if in == nil {
		return out
	}
	ast.Inspect(in, func(n ast.Node) bool {
		a, ok := n.(*ast.AssignStmt)
		if !ok || len(a.Lhs) != len(a.Rhs) {
			return true
		}
		for i, l := range a.Lhs {
			if id, ok := l.(*ast.Ident); ok && id.Name == name {
				for s := range p.resolve(a.Rhs[i], in, depth+1) {
					out[s] = true
				}
			}
		}
		return true
	})
	return out
}

// fields are what is given to a field of that name anywhere in the package.
func (p *source) fields(name string, depth int) map[string]bool {
	out := map[string]bool{}
	for _, f := range p.files {
		ast.Inspect(f, func(n ast.Node) bool {
			if kv, ok := n.(*ast.KeyValueExpr); ok && fmt.Sprint(kv.Key) == name {
				for a := range p.resolve(kv.Value, p.enclosing(f, kv.Pos()), depth+1) {
					out[a] = true
				}
			}
			return true
		})
	}
	return out
}
