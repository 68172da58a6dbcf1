package ofd

// A PageBuilder collects the objects of a page or a template page, in paint
// order. Its methods take objects by value and give the ID the object has in
// the document.
type PageBuilder struct {
	b      *Builder
	id     ID
	box    Box
	name   string
	zorder string
	uses   []TemplateUse
	enc    encoder // layers
	open   bool    // a layer is open
}

// ID is the page's ST_ID.
func (p *PageBuilder) ID() ID { return p.id }

// Template lays a template page under (Background) or over (Foreground) the
// page.
func (p *PageBuilder) Template(id ID, zorder string) {
	p.uses = append(p.uses, TemplateUse{TemplateID: id, ZOrder: zorder})
}

// Layer starts a new layer: Body, Background, Foreground or Custom. Objects
// added before any layer begin a Body layer.
func (p *PageBuilder) Layer(kind string, drawParam ID) ID {
	p.endLayer()
	id := p.b.NewID()
	p.enc.open("Layer")
	p.enc.id("ID", id)
	if kind != "Body" {
		p.enc.opt("Type", kind)
	}
	p.enc.optID("DrawParam", drawParam)
	p.enc.more()
	p.open = true
	return id
}

func (p *PageBuilder) endLayer() {
	if p.open {
		p.enc.close("Layer")
		p.open = false
	}
}

// Text adds a text object.
func (p *PageBuilder) Text(t TextObject) ID { return p.Add(&t) }

// Path adds a path object.
func (p *PageBuilder) Path(o PathObject) ID { return p.Add(&o) }

// Image adds an image object.
func (p *PageBuilder) Image(o ImageObject) ID { return p.Add(&o) }

// Composite adds a composite object.
func (p *PageBuilder) Composite(o CompositeObject) ID { return p.Add(&o) }

// Add adds any object. One that has an ID keeps it.
func (p *PageBuilder) Add(o Object) ID {
	if !p.open {
		p.Layer("Body", 0)
	}
	id := p.enc.object(o, p.b.takeID)
	p.b.keep(p.enc.err)
	return id
}

// content writes the page's Content.xml.
func (p *PageBuilder) content() []byte {
	p.endLayer()
	e := encoder{b: make([]byte, 0, len(p.enc.b)+512)}
	e.head("Page")
	e.more()
	for _, u := range p.uses {
		e.open("Template")
		e.id("TemplateID", u.TemplateID)
		e.opt("ZOrder", u.ZOrder)
		e.empty()
	}
	e.start("Area")
	e.boxElement("PhysicalBox", p.box)
	e.close("Area")
	if len(p.enc.b) > 0 {
		e.start("Content")
		e.b = append(e.b, p.enc.b...)
		e.close("Content")
	}
	e.close("Page")
	p.b.keep(e.err)
	return e.b
}
