package ofd

import (
	"path"
	"strings"

	"sidian/ofd/internal/xmlx"
)

func newResources() *Resources {
	return &Resources{
		Fonts: map[ID]*Font{}, Media: map[ID]*Media{}, ColorSpaces: map[ID]*ColorSpace{},
		DrawParams: map[ID]*DrawParam{}, Composites: map[ID]*Composite{},
	}
}

// Resources reads the document's PublicRes and DocumentRes files, once. A
// file that is missing has no resources; one that is broken is an error.
func (b *Body) Resources() (*Resources, error) {
	b.resOnce.Do(func() {
		b.res = newResources()
		for _, list := range [][]string{b.PublicRes, b.DocumentRes} {
			if b.resErr = b.doc.readResources(list, b.res); b.resErr != nil {
				return
			}
		}
	})
	return b.res, b.resErr
}

// resources adds those of the page and its templates to the document's.
func (p *Page) resources() (*Resources, error) {
	base, err := p.body.Resources()
	if err != nil {
		return nil, err
	}
	c, err := p.Content()
	if err != nil {
		return nil, err
	}
	files := append([]string(nil), c.PageRes...)
	for _, use := range c.Templates {
		t := p.body.Template(use.TemplateID)
		if t == nil || t.Part == p.Part {
			continue
		}
		if tc, err := t.Content(); err == nil {
			files = append(files, tc.PageRes...)
		}
	}
	if len(files) == 0 {
		return base, nil
	}
	all := newResources()
	all.add(base)
	return all, p.body.doc.readResources(files, all)
}

func (s *Resources) add(o *Resources) {
	for id, v := range o.Fonts {
		s.Fonts[id] = v
	}
	for id, v := range o.Media {
		s.Media[id] = v
	}
	for id, v := range o.ColorSpaces {
		s.ColorSpaces[id] = v
	}
	for id, v := range o.DrawParams {
		s.DrawParams[id] = v
	}
	for id, v := range o.Composites {
		s.Composites[id] = v
	}
}

func (d *Document) readResources(files []string, into *Resources) error {
	for _, name := range files {
		p := d.Part(name)
		if p == nil {
			continue
		}
		rr := resReader{doc: d, into: into, base: p.Name}
		if err := readXML(p, d.limits, rr.read, "Res"); err != nil {
			return err
		}
		if rr.bad != nil {
			return rr.bad
		}
	}
	return nil
}

// A resReader reads one Res file (GB/T 33190-2016 §7.9).
type resReader struct {
	objectReader
	doc  *Document
	into *Resources
	base string // part name of the Res file
	dir  string // folder its files lie in
	bad  error
}

// resDir is the folder Res@BaseLoc names.
func resDir(base, baseLoc string) string {
	dir := path.Dir(base)
	if dir == "." {
		dir = ""
	}
	if strings.TrimSpace(baseLoc) == "" {
		return dir
	}
	at, err := resolveIn(dir, strings.TrimSuffix(strings.TrimSpace(baseLoc), "/"))
	if err != nil {
		return dir
	}
	return at
}

// file resolves a location of a resource: relative to BaseLoc by rule, and
// relative to the Res file itself where there is no such part.
func (d *Document) resFile(base, dir, loc string) (string, error) {
	name, err := resolveIn(dir, loc)
	if err != nil {
		return "", err
	}
	if p := d.Part(name); p != nil {
		return p.Name, nil
	}
	if p, _, err := d.Find(base, loc); err == nil && p != nil {
		return p.Name, nil
	}
	return name, nil
}

func (rr *resReader) file(loc []byte) string {
	name, err := rr.doc.resFile(rr.base, rr.dir, string(loc))
	if err != nil && rr.bad == nil {
		rr.bad = &MalformedError{Part: rr.base, Path: "Res", Err: err}
	}
	return name
}

func (rr *resReader) read(r *xmlx.Reader) {
	rr.objectReader = objectReader{Reader: r, budget: deltaBudget}
	rr.dir = resDir(rr.base, string(r.Attr("BaseLoc")))
	for d := r.Depth(); r.Child(d); {
		// ColorSpaces, DrawParams, Fonts, MultiMedias, CompositeGraphicUnits
		for d := r.Depth(); r.Child(d); {
			rr.resource()
		}
	}
}

func (rr *resReader) resource() {
	id := idOf(rr.Attr("ID"))
	switch string(rr.Local()) {
	case "Font":
		put(rr.into, rr.into.Fonts, id, rr.font(id))
	case "MultiMedia":
		put(rr.into, rr.into.Media, id, rr.media(id))
	case "ColorSpace":
		put(rr.into, rr.into.ColorSpaces, id, rr.colorSpace(id))
	case "DrawParam":
		put(rr.into, rr.into.DrawParams, id, rr.drawParam(id))
	case "CompositeGraphicUnit":
		put(rr.into, rr.into.Composites, id, rr.composite(id))
	}
}

func put[T any](all *Resources, m map[ID]*T, id ID, v *T) {
	if _, taken := m[id]; taken {
		all.Duplicates = append(all.Duplicates, id)
		return
	}
	m[id] = v
}

func (rr *resReader) font(id ID) *Font {
	f := &Font{
		ID: id, Name: string(rr.Attr("FontName")), Family: string(rr.Attr("FamilyName")), Charset: string(rr.Attr("Charset")),
		Italic: boolOf(rr.Attr("Italic"), false), Bold: boolOf(rr.Attr("Bold"), false),
		Serif: boolOf(rr.Attr("Serif"), false), FixedWidth: boolOf(rr.Attr("FixedWidth"), false),
	}
	for d := rr.Depth(); rr.Child(d); {
		if string(rr.Local()) == "FontFile" {
			if loc := rr.Trimmed(); len(loc) > 0 {
				f.File = rr.file(loc)
			}
		}
	}
	return f
}

func (rr *resReader) media(id ID) *Media {
	m := &Media{ID: id, Type: string(rr.Attr("Type")), Format: string(rr.Attr("Format"))}
	for d := rr.Depth(); rr.Child(d); {
		if string(rr.Local()) == "MediaFile" {
			m.File = rr.file(rr.Trimmed())
		}
	}
	return m
}

func (rr *resReader) colorSpace(id ID) *ColorSpace {
	c := &ColorSpace{ID: id, Type: string(rr.Attr("Type")), BitsPerComponent: intOf(rr.Attr("BitsPerComponent"), 8)}
	if loc := rr.Attr("Profile"); len(trim(loc)) > 0 {
		c.Profile = rr.file(loc)
	}
	for d := rr.Depth(); rr.Child(d); {
		if string(rr.Local()) != "Palette" {
			continue
		}
		for d := rr.Depth(); rr.Child(d); {
			c.Palette = append(c.Palette, colorValue(rr.Content()))
		}
	}
	return c
}

func (rr *resReader) drawParam(id ID) *DrawParam {
	p := &DrawParam{ID: id, Relative: idOf(rr.Attr("Relative"))}
	for i := range rr.Attrs() {
		p.Pen.attr(&rr.Attrs()[i])
	}
	for d := rr.Depth(); rr.Child(d); {
		switch string(rr.Local()) {
		case "FillColor":
			p.FillColor = rr.color()
		case "StrokeColor":
			p.StrokeColor = rr.color()
		}
	}
	return p
}

func (rr *resReader) composite(id ID) *Composite {
	c := &Composite{ID: id, Width: floatOf(rr.Attr("Width")), Height: floatOf(rr.Attr("Height"))}
	for d := rr.Depth(); rr.Child(d); {
		switch string(rr.Local()) {
		case "Thumbnail":
			c.Thumbnail = idOf(rr.Content())
		case "Substitution":
			c.Substitution = idOf(rr.Content())
		case "Content":
			c.Objects = append(c.Objects, rr.objects()...)
		}
	}
	return c
}
