package arch

import (
	"go/ast"
	"go/parser"
	"go/token"
	"testing"
)

// The rules are only as good as what they find.

func TestStatementIsFound(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]bool{
		"select id from cert_certificate":              true,
		"\n\t\tselect id\n\t\t  from cert_certificate": true,
		"insert into x_y (id) values ($1)":             true,
		"update x_y set a = 1":                         true,
		"delete from x_y":                              true,
		"with a as (select 1) select * from a":         true,
		"update the record":                            false,
		"Select one of the kinds from the list":        true, // prose that reads like SQL is written otherwise
		"with a view":                                  false,
		"deleted from the list":                        false,
		"create a table":                               false,
		"-- why\nselect a from b_c":                    true,
		"insert into the slot":                         true,
		"from cert_certificate":                        false,
		"请从列表选择":                                       false,
	} {
		if got := statement.MatchString(s); got != want {
			t.Errorf("%q: %v", s, got)
		}
	}
}

func TestTableIsFound(t *testing.T) {
	t.Parallel()
	m := table.FindAllStringSubmatch("select 1 from cert_certificate c join seal_seal s on s.id = c.seal_id", -1)
	if len(m) != 2 || m[0][1] != "cert" || m[1][1] != "seal" {
		t.Errorf("%v", m)
	}
}

func TestNestingIsFound(t *testing.T) {
	t.Parallel()
	f, err := parser.ParseFile(token.NewFileSet(), "x.go", `package x
func f() { d.Write(ctx, func(tx *db.Tx) error { return d.Read(ctx, func(tx *db.Tx) error { return nil }) }) }`, 0)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	ast.Inspect(f, func(x ast.Node) bool {
		if begins(x) != nil {
			n++
		}
		return true
	})
	if n != 2 {
		t.Errorf("found %d transactions", n)
	}
}

func TestAllowed(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		pkg, imp string
		want     bool
	}{
		{"gm", "github.com/emmansun/gmsm/sm3", true},
		{"ofd/draw/fonts", "golang.org/x/image/vector", true},
		{"ofd/draw", "github.com/klauspost/compress/flate", true}, // ofd's, which it stands under
		{"ofd", "golang.org/x/image/vector", false},
		{"gbcode", "github.com/klauspost/compress/flate", false},
	} {
		if got := allowed(c.pkg, c.imp); got != c.want {
			t.Errorf("%s imports %s: %v", c.pkg, c.imp, got)
		}
	}
}
