package ofd

import "sync"

// A Page is a page of a document. Its content is read when asked for.
type Page struct {
	Index int // 0-based, in its Body
	ID    ID
	Part  string // part name of Content.xml

	body *Body
	mu   sync.Mutex
	cont *Content
}

// A Template is a TemplatePage: content laid under or over pages.
type Template struct {
	Page
	Name   string
	ZOrder string // Background or Foreground; "" when left out
}

// A TemplateUse is a page's reference to a template page.
type TemplateUse struct {
	TemplateID ID
	ZOrder     string // Background when left out
}

// Content is what a page's Content.xml says. It must not be changed.
type Content struct {
	Templates []TemplateUse
	PageRes   []string // part names
	Area      *PageArea
	Layers    []*Layer
}

// Body gives the document the page belongs to.
func (p *Page) Body() *Body { return p.body }

// keepElements bounds the elements of all pages whose content is kept.
const keepElements = 200_000

// Content reads the page. The content is kept for the next call, unless the
// document keeps so much already that a hostile one could fill the memory page
// by page.
func (p *Page) Content() (*Content, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cont != nil {
		return p.cont, nil
	}
	c, elements, err := p.read()
	if err != nil {
		return nil, err
	}
	if p.body.doc.kept.Add(int64(elements)) <= keepElements {
		p.cont = c
	} else {
		p.body.doc.kept.Add(int64(-elements))
	}
	return c, nil
}

// Area gives the page's own area, else the document's.
func (p *Page) Area() (PageArea, error) {
	c, err := p.Content()
	if err != nil {
		return PageArea{}, err
	}
	if c.Area != nil && !c.Area.Physical.Empty() {
		return *c.Area, nil
	}
	return p.body.Area, nil
}

// a4 is taken for a page that has no size of its own, as readers do.
var a4 = Box{W: 210, H: 297}

// Box gives the page's physical box in millimetres (GB/T 33190-2016 §7.7); a
// page without one is A4, as in ofd/render. Places on the page are measured
// from its upper left corner, so that X and Y of the box do not matter to them.
func (p *Page) Box() (Box, error) {
	a, err := p.Area()
	if err != nil {
		return Box{}, err
	}
	if a.Physical.Empty() {
		return a4, nil
	}
	return a.Physical, nil
}

// Boxes gives the box of each page of the document, in order: what whoever
// places a seal needs to know.
func (b *Body) Boxes() ([]Box, error) {
	out := make([]Box, len(b.pages))
	for i, p := range b.pages {
		var err error
		if out[i], err = p.Box(); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// Resources gives the document's resources together with those of this page
// and of the templates it uses.
func (p *Page) Resources() (*Resources, error) { return p.resources() }

// Annotations gives the annotations of this page.
func (p *Page) Annotations() ([]*Annotation, error) { return p.body.annotationsOf(p.ID) }

// Find looks an object of the page up by its ID, also inside page blocks; nil
// when there is none.
func (c *Content) Find(id ID) Object {
	for _, l := range c.Layers {
		if o := findObject(l.Objects, id); o != nil {
			return o
		}
	}
	return nil
}

func findObject(objects []Object, id ID) Object {
	for _, o := range objects {
		if o.Base().ID == id {
			return o
		}
		if b, ok := o.(*PageBlock); ok {
			if in := findObject(b.Objects, id); in != nil {
				return in
			}
		}
	}
	return nil
}
