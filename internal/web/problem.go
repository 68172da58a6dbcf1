package web

import (
	"sidian/internal/fault"
)

// problem is a refusal as a page shows it, above the form that caused it.
type problem struct {
	Msg, Hint string
	Fields    []fieldProblem
}

type fieldProblem struct{ ID, Label, Message string }

// problemOf shows a refusal; an error without a kind is nobody's to see.
func problemOf(err error, label func(name string) (id, label string)) (*problem, bool) {
	e := fault.As(err)
	if e == nil {
		return nil, false
	}
	p := &problem{Msg: e.Msg, Hint: e.Hint}
	for _, f := range e.Fields {
		id, text := label(f.Name)
		p.Fields = append(p.Fields, fieldProblem{ID: id, Label: text, Message: f.Message})
	}
	return p, true
}

func plainLabel(name string) (string, string) { return name, name }
