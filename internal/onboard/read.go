package onboard

import (
	"unicode/utf8"

	"sidian/internal/table"
)

// Limits of a table.
const (
	maxColumns = 30
	maxCell    = 500 // characters
)

func reader(k Kind) table.Reader {
	return table.Reader{Code: "onboard", Columns: maxColumns, Cell: maxCell, Title: k.Title(), Show: brief}
}

// A sheet is a table of a kind, as it was read.
type sheet struct {
	*table.Table
	kind Kind
}

// readTable reads a file of a kind.
func (s *Service) readTable(f File) (*sheet, error) {
	if err := f.Kind.check(); err != nil {
		return nil, err
	}
	t, err := reader(f.Kind).Read(f.Data, s.Columns(f.Kind))
	if err != nil {
		return nil, err
	}
	return &sheet{t, f.Kind}, nil
}

func brief(s string) string {
	if utf8.RuneCountInString(s) > 20 {
		s = string([]rune(s)[:20]) + "…"
	}
	return personal.ReplaceAllStringFunc(s, maskNumber)
}

// problem is about a cell of a line; an empty key is about the line.
func (t *sheet) problem(l *table.Line, key, code, rule, fix string) Problem {
	p := Problem{Line: l.Number, Code: code, Rule: rule, Fix: fix}
	if c := t.Column(key); c != nil {
		p.Column, p.Value, p.Cell = c.Title, show(c, l.Text(key)), t.At(key, l.Number)
	}
	return p
}
