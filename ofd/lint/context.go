package lint

import (
	"sidian/ofd"
)

// A context is the document under check, and what several rules need of it,
// made once.
type context struct {
	doc      *ofd.Document
	profile  Profile
	rule     *rule
	count    int
	findings []Finding

	gathered bool
	surfaces []surface
	objects  []located
	links    []ofd.Link
	roles    map[string]ofd.Role
	linkErr  error
	linked   bool
}

// A surface is a page, a template page, an annotation or a composite unit:
// something objects lie on.
type surface struct {
	part    string
	body    *ofd.Body
	page    *ofd.Page // nil for annotations and composite units
	content *ofd.Content
	res     *ofd.Resources
	err     error
}

// A located object knows where it stands.
type located struct {
	ofd.Object
	on *surface
}

// gather reads all pages, templates and annotations.
func (c *context) gather() {
	if c.gathered {
		return
	}
	c.gathered = true
	for _, b := range c.doc.Bodies() {
		for _, t := range b.Templates {
			c.surface(b, &t.Page)
		}
		for _, p := range b.Pages() {
			c.surface(b, p)
		}
		c.annotations(b)
		c.composites(b)
	}
	for i := range c.surfaces {
		s := &c.surfaces[i]
		if s.content == nil {
			continue
		}
		for _, l := range s.content.Layers {
			c.add(l.Objects, s)
		}
	}
}

func (c *context) surface(b *ofd.Body, p *ofd.Page) {
	s := surface{part: p.Part, body: b, page: p}
	if s.content, s.err = p.Content(); s.err == nil {
		s.res, s.err = p.Resources()
	}
	c.surfaces = append(c.surfaces, s)
}

// annotations become surfaces with one layer each.
func (c *context) annotations(b *ofd.Body) {
	if b.AnnotationsPart == "" {
		return
	}
	list, err := b.Annotations()
	if err != nil {
		c.surfaces = append(c.surfaces, surface{part: b.AnnotationsPart, body: b, err: err})
		return
	}
	for _, a := range list {
		s := surface{part: a.Part, body: b, content: single(a.Objects)}
		if p := b.Page(a.PageID); p != nil {
			s.res, s.err = p.Resources()
		} else {
			s.res, s.err = b.Resources()
		}
		c.surfaces = append(c.surfaces, s)
	}
}

func (c *context) composites(b *ofd.Body) {
	res, err := b.Resources()
	if err != nil {
		return // the pages say so
	}
	for _, id := range ids(res.Composites) {
		c.surfaces = append(c.surfaces, surface{part: resourcePart(b), body: b, content: single(res.Composites[id].Objects), res: res})
	}
}

// resourcePart names the file findings about resources are given for.
func resourcePart(b *ofd.Body) string {
	switch {
	case len(b.DocumentRes) > 0:
		return b.DocumentRes[0]
	case len(b.PublicRes) > 0:
		return b.PublicRes[0]
	}
	return b.DocRoot
}

func single(objects []ofd.Object) *ofd.Content {
	return &ofd.Content{Layers: []*ofd.Layer{{Type: "Body", Objects: objects}}}
}

func (c *context) add(objects []ofd.Object, s *surface) {
	for _, o := range objects {
		c.objects = append(c.objects, located{o, s})
		if b, ok := o.(*ofd.PageBlock); ok {
			c.add(b.Objects, s)
		}
	}
}

// texts calls f for every text object.
func (c *context) texts(f func(t *ofd.TextObject, s *surface)) {
	c.gather()
	for _, o := range c.objects {
		if t, ok := o.Object.(*ofd.TextObject); ok {
			f(t, o.on)
		}
	}
}

func (c *context) reach() {
	if c.linked {
		return
	}
	c.linked = true
	c.links, c.roles, c.linkErr = c.doc.Reach()
}
