package arch

import (
	"go/ast"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestClock: time is told, not asked for.
func TestClock(t *testing.T) {
	for _, f := range files(t) {
		if under(f.pkg, clocks...) || isTest(f.pkg) {
			continue
		}
		for _, member := range []string{"Now", "Since", "Until"} {
			f.uses("time", member, func(p token.Pos) {
				t.Errorf("%s asks for the time: take it from tx.Now(), a field or an argument", f.at(p))
			})
		}
	}
}

// TestBackground: a context comes from who asked.
func TestBackground(t *testing.T) {
	for _, f := range files(t) {
		if under(f.pkg, "cmd", "examples") || isTest(f.pkg) {
			continue
		}
		for _, member := range []string{"Background", "TODO"} {
			f.uses("context", member, func(p token.Pos) {
				t.Errorf("%s makes a context of its own: take the caller's, or context.WithoutCancel of it", f.at(p))
			})
		}
	}
}

// TestNoPanic: what can go wrong is an error. A panic that says the program
// itself is wrong stands in a function whose name begins with must.
func TestNoPanic(t *testing.T) {
	for _, f := range files(t) {
		if isTest(f.pkg) || slices.Contains(rethrowing, f.path) {
			continue
		}
		for _, d := range f.ast.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if ok && strings.HasPrefix(strings.ToLower(fn.Name.Name), "must") {
				continue
			}
			ast.Inspect(d, func(n ast.Node) bool {
				if c, ok := n.(*ast.CallExpr); ok {
					if id, ok := c.Fun.(*ast.Ident); ok && id.Name == "panic" {
						t.Errorf("%s panics: return an error", f.at(c.Pos()))
					}
				}
				return true
			})
		}
	}
}

// statement finds SQL in a string constant.
var statement = regexp.MustCompile(`(?is)^\s*(--[^\n]*\n\s*)*(select\s.+\sfrom\s|insert\s+into\s|update\s+\w+\s+set\s|delete\s+from\s|with\s+\w+(\s*\([^)]*\))?\s+as\s*\(|create\s+(table|index|trigger)\s)`)

// TestSQLStandsInStores: a package's SQL can be read in one place.
func TestSQLStandsInStores(t *testing.T) {
	for _, f := range files(t) {
		base := filepath.Base(f.path)
		if strings.HasPrefix(base, "store") || under(f.pkg, "internal/db") || isTest(f.pkg) {
			continue
		}
		for _, s := range f.strings {
			if statement.MatchString(s.value) {
				t.Errorf("%s holds SQL: statements stand in store*.go", f.at(s.pos))
			}
		}
	}
}

// table finds the tables that a statement names.
var table = regexp.MustCompile(`(?i)\b(?:from|join|into|update|table|references|on)\s+(?:if not exists\s+|only\s+)?([a-z]+)_[a-z0-9_]+`)

// TestTableOwnership: a table belongs to the package it is named after, and no
// other package reads or writes it.
func TestTableOwnership(t *testing.T) {
	for _, f := range files(t) {
		owner := inner(f.pkg)
		if owner == "" || isTest(f.pkg) {
			continue
		}
		for _, s := range f.strings {
			if !statement.MatchString(s.value) && !strings.HasPrefix(filepath.Base(f.path), "store") {
				continue
			}
			for _, m := range table.FindAllStringSubmatch(s.value, -1) {
				if owned(m[1]) && m[1] != owner {
					t.Errorf("%s: SQL names %q, which belongs to %s", f.at(s.pos), m[0], m[1])
				}
			}
		}
	}
}

// owned reports whether a table's prefix is the name of a package: other words
// with an underscore are columns and catalogues of the engines.
func owned(prefix string) bool {
	_, err := os.Stat(filepath.Join(root, "internal", prefix))
	return err == nil
}

var created = regexp.MustCompile(`(?im)^create\s+table\s+(?:if not exists\s+)?(\w+)`)

// TestMigrations: numbers are four digits and used once, tables are named after
// packages, and what one engine does otherwise stays out.
func TestMigrations(t *testing.T) {
	found, err := filepath.Glob(filepath.Join(root, "internal/db/migrations/*"))
	if err != nil || len(found) == 0 {
		t.Fatalf("no migrations: %v", err)
	}
	form := regexp.MustCompile(`^\d{4}_[a-z][a-z0-9_]*\.sql$`)
	outside := []struct{ pattern, why string }{
		{`(?i)\bdeferrable\b`, "a constraint that fails at the commit fails the whole batch"},
		{`(?i)\bvarchar\b`, "text with a named check"},
		{`(?i)\b(timestamptz?|datetime)\b`, "times are bigint milliseconds"},
		{`(?i)\w[ \t]+(serial|bigserial|autoincrement)\b`, "numbers come from db.Sequence, identifiers from the program"},
		{`(?i)\bcollate\b`, "databases sort by bytes"},
		{`(?i)\binteger\b`, "bigint"},
	}
	seen := map[string]string{}
	for _, p := range found {
		name := filepath.Base(p)
		if !form.MatchString(name) {
			t.Errorf("migration %s is not named NNNN_name.sql", name)
			continue
		}
		if other := seen[name[:4]]; other != "" {
			t.Errorf("migrations %s and %s have one number", other, name)
		}
		seen[name[:4]] = name
		b, err := os.ReadFile(p)
		if err != nil {
			t.Fatal(err)
		}
		sql := regexp.MustCompile(`--[^\n]*`).ReplaceAllString(string(b), "")
		for _, o := range outside {
			if m := regexp.MustCompile(o.pattern).FindString(sql); m != "" {
				t.Errorf("migration %s has %q: %s", name, m, o.why)
			}
		}
		for _, m := range created.FindAllStringSubmatch(sql, -1) {
			prefix, rest, _ := strings.Cut(m[1], "_")
			if rest == "" || !owned(prefix) {
				t.Errorf("migration %s makes the table %s: tables are named <package>_<noun>", name, m[1])
			}
		}
	}
}

// TestStoresTakeTransactions: what runs SQL joins its caller's transaction.
func TestStoresTakeTransactions(t *testing.T) {
	for _, f := range files(t) {
		if !isContext(inner(f.pkg)) || filepath.Base(f.path) != "store.go" {
			continue
		}
		for _, d := range f.ast.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if !ok {
				continue
			}
			for _, p := range fn.Type.Params.List {
				if s, ok := p.Type.(*ast.SelectorExpr); ok && s.Sel.Name == "Context" {
					t.Errorf("%s takes a context: functions of a store take a *db.Tx", f.at(fn.Pos()))
				}
			}
		}
	}
}

// TestNoNestedTransactions: a transaction begun inside another is refused when
// it runs; here it is seen before.
func TestNoNestedTransactions(t *testing.T) {
	for _, f := range files(t) {
		ast.Inspect(f.ast, func(n ast.Node) bool {
			body := begins(n)
			if body == nil {
				return true
			}
			ast.Inspect(body, func(m ast.Node) bool {
				if m != nil && begins(m) != nil {
					t.Errorf("%s: a transaction begins inside another", f.at(m.Pos()))
				}
				return true
			})
			return true
		})
	}
}

// begins returns the function of a call like d.Write(ctx, func(tx *db.Tx) …).
func begins(n ast.Node) *ast.FuncLit {
	c, ok := n.(*ast.CallExpr)
	if !ok || len(c.Args) != 2 {
		return nil
	}
	s, ok := c.Fun.(*ast.SelectorExpr)
	if !ok || s.Sel.Name != "Write" && s.Sel.Name != "Read" {
		return nil
	}
	fn, _ := c.Args[1].(*ast.FuncLit)
	return fn
}

// TestDefineIsForSchemas: DDL stands in migrations.
func TestDefineIsForSchemas(t *testing.T) {
	for _, f := range files(t) {
		if under(f.pkg, "internal/db") {
			continue
		}
		ast.Inspect(f.ast, func(n ast.Node) bool {
			if c, ok := n.(*ast.CallExpr); ok && len(c.Args) == 1 {
				if s, ok := c.Fun.(*ast.SelectorExpr); ok && s.Sel.Name == "Define" {
					if x, ok := s.X.(*ast.Ident); ok && x.Name == "tx" {
						t.Errorf("%s defines tables: that is for migrations", f.at(c.Pos()))
					}
				}
			}
			return true
		})
	}
}
