package ofd

import (
	"unicode/utf8"

	"sidian/ofd/internal/xmlx"
)

// deltaBudget bounds the distances a page may spread out with "g": ten times
// what a page full of the smallest print has.
const deltaBudget = 1 << 20

// An objectReader reads graphics: pages, composite units, patterns and
// appearances.
type objectReader struct {
	*xmlx.Reader
	budget int
}

func (o *objectReader) layers() []*Layer {
	var list []*Layer
	for d := o.Depth(); o.Child(d); {
		if string(o.Local()) != "Layer" {
			continue
		}
		l := &Layer{ID: idOf(o.Attr("ID")), Type: string(o.Attr("Type")), DrawParam: idOf(o.Attr("DrawParam"))}
		if l.Type == "" {
			l.Type = "Body"
		}
		l.Objects = o.objects()
		list = append(list, l)
	}
	return list
}

// objects reads the content of a CT_PageBlock, the current element.
func (o *objectReader) objects() []Object {
	var list []Object
	for d := o.Depth(); o.Child(d); {
		if obj := o.object(); obj != nil {
			list = append(list, obj)
		}
	}
	return list
}

func (o *objectReader) object() Object {
	switch string(o.Local()) {
	case "TextObject":
		return o.text()
	case "PathObject":
		return o.path()
	case "ImageObject":
		return o.image()
	case "CompositeObject":
		c := &CompositeObject{ResourceID: idOf(o.Attr("ResourceID"))}
		o.graphic(&c.Graphic)
		for d := o.Depth(); o.Child(d); {
			o.common(&c.Graphic)
		}
		return c
	case "PageBlock":
		b := &PageBlock{Graphic: Graphic{ID: idOf(o.Attr("ID"))}}
		b.Objects = o.objects()
		return b
	}
	return nil
}

// graphic reads the attributes of CT_GraphicUnit in one pass.
func (o *objectReader) graphic(g *Graphic) {
	for i := range o.Attrs() {
		a := &o.Attrs()[i]
		switch string(a.Local) {
		case "ID":
			g.ID = idOf(a.Value)
		case "Boundary":
			g.Boundary = boxOf(a.Value)
		case "Name":
			g.Name = string(a.Value)
		case "Visible":
			g.Hidden = !boolOf(a.Value, true)
		case "CTM":
			g.CTM = matrixPtr(a.Value)
		case "DrawParam":
			g.DrawParam = idOf(a.Value)
		case "Alpha":
			g.Alpha = alphaPtr(a.Value)
		default:
			g.Pen.attr(a)
		}
	}
}

func (p *Pen) attr(a *xmlx.Attr) {
	switch string(a.Local) {
	case "LineWidth":
		p.LineWidth = floatPtr(a.Value)
	case "Cap":
		p.Cap = string(a.Value)
	case "Join":
		p.Join = string(a.Value)
	case "MiterLimit":
		p.MiterLimit = floatPtr(a.Value)
	case "DashOffset":
		p.DashOffset = floatOf(a.Value)
	case "DashPattern":
		p.DashPattern = parseArray(a.Value, 64)
	}
}

func alphaPtr(b []byte) *uint8 {
	if b == nil {
		return nil
	}
	v := uint8(min(max(intOf(b, 255), 0), 255))
	return &v
}

// common reads a child that any graphic unit may have.
func (o *objectReader) common(g *Graphic) {
	if string(o.Local()) == "Clips" {
		g.Clips = o.clips()
	}
}

func (o *objectReader) clips() *Clips {
	c := &Clips{}
	if v := o.Attr("TransFlag"); v != nil {
		flag := boolOf(v, true)
		c.TransFlag = &flag
	}
	for d := o.Depth(); o.Child(d); {
		if string(o.Local()) != "Clip" {
			continue
		}
		var clip Clip
		for d := o.Depth(); o.Child(d); {
			if string(o.Local()) == "Area" {
				clip.Areas = append(clip.Areas, o.clipArea())
			}
		}
		c.Clips = append(c.Clips, clip)
	}
	return c
}

func (o *objectReader) clipArea() ClipArea {
	a := ClipArea{DrawParam: idOf(o.Attr("DrawParam")), CTM: matrixPtr(o.Attr("CTM"))}
	for d := o.Depth(); o.Child(d); {
		switch string(o.Local()) {
		case "Path":
			a.Path = o.path()
		case "Text":
			a.Text = o.text()
		}
	}
	return a
}

func (o *objectReader) path() *PathObject {
	p := &PathObject{
		NoStroke: !boolOf(o.Attr("Stroke"), true), Fill: boolOf(o.Attr("Fill"), false),
		EvenOdd: string(o.Attr("Rule")) == "Even-Odd",
	}
	o.graphic(&p.Graphic)
	for d := o.Depth(); o.Child(d); {
		switch string(o.Local()) {
		case "StrokeColor":
			p.StrokeColor = o.color()
		case "FillColor":
			p.FillColor = o.color()
		case "AbbreviatedData":
			p.Data = string(o.Trimmed())
		default:
			o.common(&p.Graphic)
		}
	}
	return p
}

func (o *objectReader) image() *ImageObject {
	i := &ImageObject{
		ResourceID: idOf(o.Attr("ResourceID")), Substitution: idOf(o.Attr("Substitution")), ImageMask: idOf(o.Attr("ImageMask")),
	}
	o.graphic(&i.Graphic)
	for d := o.Depth(); o.Child(d); {
		if string(o.Local()) == "Border" {
			i.Border = o.border()
		} else {
			o.common(&i.Graphic)
		}
	}
	return i
}

func (o *objectReader) border() *Border {
	b := &Border{
		LineWidth:              floatPtr(o.Attr("LineWidth")),
		HorizontalCornerRadius: floatOf(o.Attr("HorizonalCornerRadius")), // spelt so in the XSD
		VerticalCornerRadius:   floatOf(o.Attr("VerticalCornerRadius")),
		DashOffset:             floatOf(o.Attr("DashOffset")),
		DashPattern:            parseArray(o.Attr("DashPattern"), 64),
	}
	for d := o.Depth(); o.Child(d); {
		if string(o.Local()) == "BorderColor" {
			b.Color = o.color()
		}
	}
	return b
}

func (o *objectReader) text() *TextObject {
	t := &TextObject{}
	t.HScale = 1
	o.graphic(&t.Graphic)
	for i := range o.Attrs() {
		a := &o.Attrs()[i]
		switch string(a.Local) {
		case "Font":
			t.Font = idOf(a.Value)
		case "Size":
			t.Size = floatOf(a.Value)
		case "Stroke":
			t.Stroke = boolOf(a.Value, false)
		case "Fill":
			t.NoFill = !boolOf(a.Value, true)
		case "HScale":
			if v := floatPtr(a.Value); v != nil {
				t.HScale = *v
			}
		case "ReadDirection":
			t.ReadDirection = intOf(a.Value, 0)
		case "CharDirection":
			t.CharDirection = intOf(a.Value, 0)
		case "Weight":
			t.Weight = intOf(a.Value, 0)
		case "Italic":
			t.Italic = boolOf(a.Value, false)
		}
	}
	for d := o.Depth(); o.Child(d); {
		switch string(o.Local()) {
		case "FillColor":
			t.FillColor = o.color()
		case "StrokeColor":
			t.StrokeColor = o.color()
		case "CGTransform":
			t.Transforms = append(t.Transforms, o.glyphs())
		case "TextCode":
			t.Codes = append(t.Codes, o.code(t.Codes))
		default:
			o.common(&t.Graphic)
		}
	}
	return t
}

// code reads a TextCode. X and Y that are left out carry over from the run
// before (GB/T 33190-2016 §11.3).
func (o *objectReader) code(before []TextCode) TextCode {
	var c TextCode
	if n := len(before); n > 0 {
		c.X, c.Y = before[n-1].X, before[n-1].Y
	}
	if v, ok := parseFloat(trim(o.Attr("X"))); ok {
		c.X = v
	}
	if v, ok := parseFloat(trim(o.Attr("Y"))); ok {
		c.Y = v
	}
	// The attributes are gone when the text is read: they are kept aside. More
	// distances than characters mean nothing, a few are kept for lint to tell.
	dx, dy := string(o.Attr("DeltaX")), string(o.Attr("DeltaY"))
	c.Text = string(o.Content())
	if dx == "" && dy == "" {
		return c
	}
	limit := min(utf8.RuneCountInString(c.Text)+16, o.budget)
	c.DeltaX, _ = ParseDelta(dx, limit)
	c.DeltaY, _ = ParseDelta(dy, limit)
	o.budget -= len(c.DeltaX) + len(c.DeltaY)
	return c
}

func (o *objectReader) glyphs() GlyphTransform {
	g := GlyphTransform{
		CodePosition: intOf(o.Attr("CodePosition"), 0), CodeCount: intOf(o.Attr("CodeCount"), 1), GlyphCount: intOf(o.Attr("GlyphCount"), 1),
	}
	for d := o.Depth(); o.Child(d); {
		if string(o.Local()) != "Glyphs" {
			continue
		}
		rest := o.Content()
		for len(g.Glyphs) < 1<<16 {
			var w []byte
			if w, rest = word(rest); len(w) == 0 {
				break
			}
			g.Glyphs = append(g.Glyphs, uint32(idOf(w)))
		}
	}
	return g
}
