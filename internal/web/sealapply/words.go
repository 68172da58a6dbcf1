package sealapply

import (
	"html/template"
	"strings"

	"sidian/internal/seal"
	"sidian/internal/sealapply"
	"sidian/internal/web/page"
)

// A kindChoice is something that may be applied for.
type kindChoice struct {
	Kind        sealapply.Kind
	Title, Text string
}

// A statement is a text with a box before it.
type statement struct{ Text, Error string }

// A group of choices has one name.
type group struct {
	Name    string
	Options []choice
}

// words are the functions of the templates.
func words() template.FuncMap {
	return template.FuncMap{
		"kinds": func() (list []kindChoice) {
			for _, k := range kinds {
				list = append(list, kindChoice{k.kind, k.title, k.text})
			}
			return list
		},
		"sealname": seal.Label, "prose": prose,
		"agree": func(text, wrong string) statement { return statement{prose(text), wrong} },
		"named": func(name string, options []choice) group { return group{name, options} },
		"settled": func(a *sealapply.Application) []page.Fact {
			return []page.Fact{{Label: "用章单位", Text: a.OrgName}, {Label: "印章种类", Text: a.SealLabel}}
		},
	}
}

// prose is a text of a form without the blanks that its lines were joined by.
func prose(text string) string { return strings.ReplaceAll(text, "， ", "，") }
