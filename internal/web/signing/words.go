package signing

import (
	"html/template"

	"sidian/internal/web/page"
)

// words are the functions of the form to begin a task: its controls.
func words() template.FuncMap {
	return template.FuncMap{
		"line": func(id, label, value, hint string, required bool, most int, p *page.Problem) page.Field {
			return page.Field{ID: id, Name: id, Label: label, Value: value, Hint: hint, Required: required, Max: most, Error: p.At(id)}
		},
		"cell": func(x *row, field, label, value, hint string, p *page.Problem) page.Field {
			f := page.Field{ID: x.ID(field), Name: x.Field(field), Label: label, Value: value, Hint: hint, Max: 100, Error: p.At(x.ID(field))}
			switch field {
			case "citizen":
				f.Code, f.Max = true, 18
			case "page", "x", "y":
				f.Mode, f.Max = "decimal", 8
			}
			return f
		},
	}
}
