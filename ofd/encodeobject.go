package ofd

import "strconv"

// object writes one graphic object; IDs it lacks are taken from next.
func (e *encoder) object(o Object, next func(ID) ID) ID {
	g := o.Base()
	id := next(g.ID)
	switch o := o.(type) {
	case *TextObject:
		e.textObject("TextObject", o, id)
	case *PathObject:
		e.pathObject("PathObject", o, id)
	case *ImageObject:
		e.imageObject(o, id)
	case *CompositeObject:
		e.open("CompositeObject")
		e.graphic(g, id)
		e.id("ResourceID", o.ResourceID)
		e.tail("CompositeObject", g)
	case *PageBlock:
		e.open("PageBlock")
		e.id("ID", id)
		e.more()
		for _, in := range o.Objects {
			e.object(in, next)
		}
		e.close("PageBlock")
	default:
		e.fail("object %d: unknown type %T", id, o)
	}
	return id
}

// tail ends an element that has no children but the common ones.
func (e *encoder) tail(name string, g *Graphic) {
	if g.Clips == nil {
		e.empty()
		return
	}
	e.more()
	e.clips(g.Clips)
	e.close(name)
}

func (e *encoder) graphic(g *Graphic, id ID) {
	e.optID("ID", id)
	e.box("Boundary", g.Boundary)
	e.opt("Name", g.Name)
	if g.Hidden {
		e.flag("Visible", false)
	}
	e.matrix(g.CTM)
	e.optID("DrawParam", g.DrawParam)
	e.pen(&g.Pen)
	if g.Alpha != nil {
		e.integer("Alpha", int(*g.Alpha))
	}
}

func (e *encoder) pen(p *Pen) {
	e.ptrNumber("LineWidth", p.LineWidth)
	e.opt("Cap", p.Cap)
	e.opt("Join", p.Join)
	e.ptrNumber("MiterLimit", p.MiterLimit)
	e.optNumber("DashOffset", p.DashOffset)
	e.array("DashPattern", p.DashPattern)
}

func (e *encoder) clips(c *Clips) {
	if c == nil {
		return
	}
	e.open("Clips")
	if c.TransFlag != nil {
		e.flag("TransFlag", *c.TransFlag)
	}
	e.more()
	for _, clip := range c.Clips {
		e.start("Clip")
		for i := range clip.Areas {
			e.clipArea(&clip.Areas[i])
		}
		e.close("Clip")
	}
	e.close("Clips")
}

func (e *encoder) clipArea(a *ClipArea) {
	e.open("Area")
	e.optID("DrawParam", a.DrawParam)
	e.matrix(a.CTM)
	e.more()
	switch {
	case a.Path != nil:
		e.pathObject("Path", a.Path, 0)
	case a.Text != nil:
		e.textObject("Text", a.Text, 0)
	default:
		e.fail("clip area: neither path nor text")
	}
	e.close("Area")
}

func (e *encoder) textObject(name string, t *TextObject, id ID) {
	e.open(name)
	e.graphic(&t.Graphic, id)
	e.id("Font", t.Font)
	if t.Size <= 0 {
		e.fail("text object %d: size %v", id, t.Size)
	}
	e.number("Size", t.Size)
	e.optFlag("Stroke", t.Stroke)
	if t.NoFill {
		e.flag("Fill", false)
	}
	if t.HScale != 0 && t.HScale != 1 {
		e.number("HScale", t.HScale)
	}
	e.optInt("ReadDirection", t.ReadDirection)
	e.optInt("CharDirection", t.CharDirection)
	e.optInt("Weight", t.Weight)
	e.optFlag("Italic", t.Italic)
	e.more()
	e.clips(t.Clips)
	e.color("FillColor", t.FillColor)
	e.color("StrokeColor", t.StrokeColor)
	e.transforms(t.Transforms)
	if len(t.Codes) == 0 {
		e.fail("text object %d: no text", id)
	}
	for i := range t.Codes {
		e.code(&t.Codes[i], id)
	}
	e.close(name)
}

func (e *encoder) transforms(list []GlyphTransform) {
	for i := range list {
		g := &list[i]
		e.open("CGTransform")
		e.integer("CodePosition", g.CodePosition)
		e.integer("CodeCount", max(g.CodeCount, 1))
		e.integer("GlyphCount", max(g.GlyphCount, 1))
		e.more()
		e.start("Glyphs")
		for k, id := range g.Glyphs {
			if k > 0 {
				e.b = append(e.b, ' ')
			}
			e.b = strconv.AppendUint(e.b, uint64(id), 10)
		}
		e.close("Glyphs")
		e.close("CGTransform")
	}
}

// code writes a TextCode. Without distances the characters would lie on each
// other (GB/T 33190-2016 §11.3), so that n characters must come with n-1.
func (e *encoder) code(c *TextCode, id ID) {
	n := runes(c.Text)
	if n == 0 {
		e.fail("text object %d: empty text", id)
	}
	if len(c.DeltaX) == 0 && len(c.DeltaY) == 0 && n > 1 || bad(c.DeltaX, n) || bad(c.DeltaY, n) {
		e.fail("text object %d: %d characters with %d and %d distances", id, n, len(c.DeltaX), len(c.DeltaY))
	}
	e.open("TextCode")
	e.number("X", c.X)
	e.number("Y", c.Y)
	e.deltas("DeltaX", c.DeltaX)
	e.deltas("DeltaY", c.DeltaY)
	e.more()
	e.b = appendCode(e.b, c.Text)
	e.close("TextCode")
}

func bad(deltas []float64, n int) bool { return len(deltas) != 0 && len(deltas) != n-1 }

func (e *encoder) pathObject(name string, p *PathObject, id ID) {
	e.open(name)
	e.graphic(&p.Graphic, id)
	if p.NoStroke {
		e.flag("Stroke", false)
	}
	e.optFlag("Fill", p.Fill)
	if p.EvenOdd {
		e.attr("Rule", "Even-Odd")
	}
	e.more()
	e.clips(p.Clips)
	e.color("StrokeColor", p.StrokeColor)
	e.color("FillColor", p.FillColor)
	if p.Data == "" {
		e.fail("path object %d: no path", id)
	}
	e.element("AbbreviatedData", p.Data)
	e.close(name)
}

func (e *encoder) imageObject(i *ImageObject, id ID) {
	e.open("ImageObject")
	e.graphic(&i.Graphic, id)
	e.id("ResourceID", i.ResourceID)
	e.optID("Substitution", i.Substitution)
	e.optID("ImageMask", i.ImageMask)
	if i.Border == nil {
		e.tail("ImageObject", &i.Graphic)
		return
	}
	e.more()
	e.clips(i.Clips)
	e.border(i.Border)
	e.close("ImageObject")
}

func (e *encoder) border(b *Border) {
	e.open("Border")
	e.ptrNumber("LineWidth", b.LineWidth)
	e.optNumber("HorizonalCornerRadius", b.HorizontalCornerRadius) // spelt so in the XSD
	e.optNumber("VerticalCornerRadius", b.VerticalCornerRadius)
	e.optNumber("DashOffset", b.DashOffset)
	e.array("DashPattern", b.DashPattern)
	e.more()
	e.color("BorderColor", b.Color)
	e.close("Border")
}
