package catalogue

import "strings"

// Classes of data (数据分级). A field without one is internal.
const (
	Public    = "公开" // shown to everyone
	Internal  = "内部" // personal numbers masked, the rest shown
	Sensitive = "敏感" // always masked, strictly
)

// ClassOf is the class that holds for the field.
func (f *Field) ClassOf() string {
	if f.Class == "" {
		return Internal
	}
	return f.Class
}

// MaskOf is the mask that holds for the field: its own, else by class and type.
// A public field is shown, an internal one masked where its type tells that it
// is a personal number, a sensitive one always; its own mask is then the strict
// one of that name.
func (f *Field) MaskOf() string {
	rule := f.Mask
	if rule == "" && f.ClassOf() != Public {
		rule = f.maskOfType()
	}
	if f.ClassOf() != Sensitive {
		return rule
	}
	if rule == "" {
		return "all"
	}
	return strictly(rule)
}

// maskOfType is what the type, the check or the source of a value tells of it.
func (f *Field) maskOfType() string {
	switch {
	case f.Type == CitizenID || f.Check == "citizen_id":
		return "id"
	case f.Check == "mobile" || f.Check == "phone":
		return "phone"
	case f.Check == "luhn":
		return "bank"
	case f.ClassOf() == Internal:
		return "" // a credit code is public, and a text does not tell what it is
	case f.Type == USCC || f.Check == "uscc":
		return "id"
	case strings.HasPrefix(f.Source, "holder") && strings.Contains(f.Source, ".name"):
		return "name"
	case strings.HasPrefix(f.Source, "holder") && strings.Contains(f.Source, ".id"):
		return "id"
	}
	return ""
}

// Masked gives the text of a value as those may see it who have no need of the
// whole.
func (f *Field) Masked(text string) string { return Mask(f.MaskOf(), text) }
