package ofd

import (
	"strconv"
	"strings"
)

// resources collects the entries of a Res file, by group.
type resources struct {
	fonts, media, params, spaces, units encoder
}

// FontSpec says what font to add.
type FontSpec struct {
	Name       string // FontName; of a font of the reader's system, when not embedded
	Family     string // "" = Name
	Charset    string
	Bold       bool
	Italic     bool
	Serif      bool
	FixedWidth bool
	File       *Part  // embedded TrueType; the builder chooses its name
	Data       []byte // the same as bytes, stored at level Fast
}

// AddFont adds a font. Without File and Data the reader takes one of its
// system's fonts of that name.
func (b *Builder) AddFont(f FontSpec) ID {
	id := b.NewID()
	if f.Name == "" {
		b.res.fonts.fail("font %d: no name", id)
	}
	if f.Family == "" {
		f.Family = f.Name
	}
	part := f.File
	if part == nil && f.Data != nil {
		part = NewPart("", f.Data)
	}
	e := &b.res.fonts
	e.open("Font")
	e.id("ID", id)
	e.attr("FontName", f.Name)
	e.attr("FamilyName", f.Family)
	e.opt("Charset", f.Charset)
	e.optFlag("Italic", f.Italic)
	e.optFlag("Bold", f.Bold)
	e.optFlag("Serif", f.Serif)
	e.optFlag("FixedWidth", f.FixedWidth)
	if part == nil {
		e.empty()
	} else {
		e.more()
		e.element("FontFile", b.addFile(part, "font_"+strconv.Itoa(int(id))+".ttf"))
		e.close("Font")
	}
	b.keep(e.err)
	return id
}

// AddImage adds a picture; format is PNG, JPEG, BMP or TIFF.
func (b *Builder) AddImage(data []byte, format string) ID {
	level := Fast
	if f := strings.ToUpper(format); f == "PNG" || f == "JPEG" || f == "JPG" {
		level = Store
	}
	return b.AddImagePart(NewPartLevel("", data, level), format)
}

// AddImagePart adds a picture that was frozen before.
func (b *Builder) AddImagePart(p *Part, format string) ID {
	id := b.NewID()
	e := &b.res.media
	if format == "" || strings.ContainsAny(format, "./\\") {
		e.fail("image %d: format %q", id, format)
	}
	e.open("MultiMedia")
	e.id("ID", id)
	e.attr("Type", "Image")
	e.attr("Format", format)
	e.more()
	e.element("MediaFile", b.addFile(p, "image_"+strconv.Itoa(int(id))+"."+strings.ToLower(format)))
	e.close("MultiMedia")
	b.keep(e.err)
	return id
}

// addFile puts a file beside the resources and gives its location there.
func (b *Builder) addFile(p *Part, name string) string {
	full := b.free(resFolder + name)
	named, err := p.Renamed(full)
	if err != nil {
		b.keep(err)
		return name
	}
	b.files = append(b.files, named)
	return full[len(resFolder):]
}

// AddDrawParam adds a draw parameter; its ID is chosen when 0.
func (b *Builder) AddDrawParam(p DrawParam) ID {
	id := b.takeID(p.ID)
	e := &b.res.params
	e.open("DrawParam")
	e.id("ID", id)
	e.optID("Relative", p.Relative)
	e.pen(&p.Pen)
	e.more()
	e.color("FillColor", p.FillColor)
	e.color("StrokeColor", p.StrokeColor)
	e.close("DrawParam")
	b.keep(e.err)
	return id
}

// AddColorSpace adds a colour space; Profile is not written.
func (b *Builder) AddColorSpace(c ColorSpace) ID {
	id := b.takeID(c.ID)
	e := &b.res.spaces
	e.open("ColorSpace")
	e.id("ID", id)
	e.attr("Type", c.Type)
	if c.BitsPerComponent != 0 && c.BitsPerComponent != 8 {
		e.integer("BitsPerComponent", c.BitsPerComponent)
	}
	e.more()
	if len(c.Palette) > 0 {
		e.start("Palette")
		for _, cv := range c.Palette {
			e.start("CV")
			for i, v := range cv {
				if i > 0 {
					e.b = append(e.b, ' ')
				}
				e.value(v)
			}
			e.close("CV")
		}
		e.close("Palette")
	}
	e.close("ColorSpace")
	b.keep(e.err)
	return id
}

// AddComposite adds a composite unit.
func (b *Builder) AddComposite(c Composite) ID {
	id := b.takeID(c.ID)
	e := &b.res.units
	e.open("CompositeGraphicUnit")
	e.id("ID", id)
	e.number("Width", c.Width)
	e.number("Height", c.Height)
	e.more()
	e.start("Content")
	for _, o := range c.Objects {
		e.object(o, b.takeID)
	}
	e.close("Content")
	e.close("CompositeGraphicUnit")
	b.keep(e.err)
	return id
}

type resGroup struct {
	name string
	body []byte
}

func (r *resources) public() []resGroup {
	return []resGroup{{"ColorSpaces", r.spaces.b}, {"DrawParams", r.params.b}, {"Fonts", r.fonts.b}}
}

func (r *resources) document() []resGroup {
	return []resGroup{{"MultiMedias", r.media.b}, {"CompositeGraphicUnits", r.units.b}}
}

// resXML writes a Res file, nil when it has nothing in it.
func resXML(groups ...resGroup) []byte {
	var e encoder
	for _, g := range groups {
		if len(g.body) == 0 {
			continue
		}
		if e.b == nil {
			e.head("Res")
			e.attr("BaseLoc", "Res")
			e.more()
		}
		e.start(g.name)
		e.b = append(e.b, g.body...)
		e.close(g.name)
	}
	if e.b != nil {
		e.close("Res")
	}
	return e.b
}

// appendResources writes the Res files: with a skeleton its frozen PublicRes
// and one DocumentRes of our own, else the usual two.
func (b *Builder) appendResources(parts []*Part) []*Part {
	var public, own []byte
	if b.base == nil {
		public, own = resXML(b.res.public()...), resXML(b.res.document()...)
	} else {
		own = resXML(append(b.res.public(), b.res.document()...)...)
		if b.base.public != nil {
			parts = append(parts, b.base.public)
		}
		parts = append(parts, b.base.files...)
	}
	if public != nil {
		parts = append(parts, NewPart(publicName, public))
	}
	if own != nil {
		parts = append(parts, NewPart(ownName, own))
	}
	return append(parts, b.files...)
}
