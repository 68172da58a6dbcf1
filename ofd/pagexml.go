package ofd

import (
	"bytes"

	"sidian/ofd/internal/xmlx"
)

// read reads a Content.xml (GB/T 33190-2016 §7.7) and counts its elements.
func (p *Page) read() (c *Content, elements int, err error) {
	part := p.body.doc.Part(p.Part)
	if part == nil {
		return nil, 0, malformed(p.Part, "", "there is no such part")
	}
	c = &Content{}
	var bad error
	err = readXML(part, p.body.doc.limits, func(r *xmlx.Reader) {
		o := objectReader{Reader: r, budget: deltaBudget}
		for d := r.Depth(); r.Child(d); {
			switch string(r.Local()) {
			case "Template":
				c.Templates = append(c.Templates, readTemplateUse(r))
			case "PageRes":
				name, err := p.body.doc.locate(part.Name, r.Trimmed())
				if err != nil && bad == nil {
					bad = &MalformedError{Part: part.Name, Path: "Page/PageRes", Err: err}
				}
				c.PageRes = append(c.PageRes, name)
			case "Area":
				a := readArea(r)
				c.Area = &a
			case "Content":
				c.Layers = append(c.Layers, o.layers()...)
			}
		}
		elements = r.Elements()
	}, "Page")
	if err == nil {
		err = bad
	}
	if err != nil {
		return nil, 0, err
	}
	return c, elements, nil
}

func readTemplateUse(r *xmlx.Reader) TemplateUse {
	u := TemplateUse{TemplateID: idOf(r.Attr("TemplateID")), ZOrder: string(r.Attr("ZOrder"))}
	if u.ZOrder == "" {
		u.ZOrder = "Background"
	}
	return u
}

// skim gives the locations of a page's PageRes without building its objects.
// The element's name cannot be spelled in any other way, so that a page in
// which these letters do not occur has none.
func (p *Page) skim(part *Part) ([]string, error) {
	data, err := part.Data()
	if err != nil || !bytes.Contains(data, []byte("PageRes")) {
		return nil, err
	}
	var locs []string
	err = readXML(part, p.body.doc.limits, func(r *xmlx.Reader) {
		for d := r.Depth(); r.Child(d); {
			if string(r.Local()) == "PageRes" {
				locs = append(locs, string(r.Trimmed()))
			}
		}
	}, "Page")
	return locs, err
}
