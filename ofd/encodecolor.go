package ofd

import "sidian/ofd/internal/xmlx"

// color writes a CT_Color; nil is left out.
func (e *encoder) color(name string, c *Color) {
	if c == nil {
		return
	}
	e.open(name)
	e.array("Value", c.Value)
	if c.Index != nil {
		e.integer("Index", *c.Index)
	}
	e.optID("ColorSpace", c.ColorSpace)
	if c.Alpha != nil {
		e.integer("Alpha", int(*c.Alpha))
	}
	switch {
	case c.Pattern != nil:
		e.more()
		e.pattern(c.Pattern)
	case c.Axial != nil:
		e.more()
		e.axial(c.Axial)
	case c.Radial != nil:
		e.more()
		e.radial(c.Radial)
	case c.Gouraud != nil:
		e.more()
		e.open("GouraudShd")
		e.optInt("Extend", c.Gouraud.Extend)
		e.more()
		e.shadePoints(c.Gouraud.Points, c.Gouraud.Back, true)
		e.close("GouraudShd")
	case c.LaGouraud != nil:
		e.more()
		e.open("LaGourandShd") // spelt so in the XSD
		e.integer("VerticesPerRow", c.LaGouraud.VerticesPerRow)
		e.optInt("Extend", c.LaGouraud.Extend)
		e.more()
		e.shadePoints(c.LaGouraud.Points, c.LaGouraud.Back, false)
		e.close("LaGourandShd")
	default:
		e.empty()
		return
	}
	e.close(name)
}

// pattern writes a CT_Pattern. The objects in its cell must have IDs.
func (e *encoder) pattern(p *Pattern) {
	e.open("Pattern")
	e.number("Width", p.Width)
	e.number("Height", p.Height)
	e.optNumber("XStep", p.XStep)
	e.optNumber("YStep", p.YStep)
	e.opt("ReflectMethod", p.ReflectMethod)
	if p.RelativeToPage {
		e.attr("RelativeTo", "Page")
	}
	e.matrix(p.CTM)
	e.more()
	e.open("CellContent")
	e.optID("Thumbnail", p.Thumbnail)
	e.more()
	for _, o := range p.Objects {
		e.object(o, e.given)
	}
	e.close("CellContent")
	e.close("Pattern")
}

// given takes the ID an object has; it must have one.
func (e *encoder) given(id ID) ID {
	if id == 0 {
		e.fail("pattern: object without ID")
	}
	return id
}

func (e *encoder) axial(s *AxialShade) {
	e.open("AxialShd")
	e.opt("MapType", s.MapType)
	e.optNumber("MapUnit", s.MapUnit)
	e.optInt("Extend", s.Extend)
	e.point("StartPoint", s.Start)
	e.point("EndPoint", s.End)
	e.more()
	e.stops(s.Stops)
	e.close("AxialShd")
}

func (e *encoder) radial(s *RadialShade) {
	e.open("RadialShd")
	e.opt("MapType", s.MapType)
	e.optNumber("MapUnit", s.MapUnit)
	e.optNumber("Eccentricity", s.Eccentricity)
	e.optNumber("Angle", s.Angle)
	e.point("StartPoint", s.Start)
	e.optNumber("StartRadius", s.StartRadius)
	e.point("EndPoint", s.End)
	e.number("EndRadius", s.EndRadius)
	e.optInt("Extend", s.Extend)
	e.more()
	e.stops(s.Stops)
	e.close("RadialShd")
}

func (e *encoder) stops(list []Stop) {
	if len(list) < 2 {
		e.fail("shading: %d stops", len(list))
	}
	for _, s := range list {
		e.open("Segment")
		e.ptrNumber("Position", s.Position)
		e.more()
		e.color("Color", s.Color)
		e.close("Segment")
	}
}

func (e *encoder) shadePoints(list []ShadePoint, back *Color, flags bool) {
	for _, p := range list {
		e.open("Point")
		e.number("X", p.X)
		e.number("Y", p.Y)
		if flags {
			e.integer("EdgeFlag", p.EdgeFlag)
		}
		e.more()
		e.color("Color", p.Color)
		e.close("Point")
	}
	e.color("BackColor", back)
}

// appendCode writes the characters of a TextCode. A character that XML cannot
// carry would be shown as something else than what was meant, but keeping it
// would make the document unreadable: U+FFFD stands for it.
func appendCode(b []byte, s string) []byte { return xmlx.AppendText(b, s) }
