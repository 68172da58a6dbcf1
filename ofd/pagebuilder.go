package ofd

// A PageBuilder collects the objects of a page or a template page, in paint
// order.
type PageBuilder struct {
	b      *Builder
	id     ID
	box    Box
	name   string
	zorder string
	tpls   []TemplateUse
	body   []byte // layers
	open   bool   // a layer is open
}
