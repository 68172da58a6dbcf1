package ofd

// color reads a CT_Color, the current element (GB/T 33190-2016 §8.3.2).
func (o *objectReader) color() *Color {
	c := &Color{}
	for i := range o.Attrs() {
		a := &o.Attrs()[i]
		switch string(a.Local) {
		case "Value":
			c.Value = colorValue(a.Value)
		case "Index":
			if n := intOf(a.Value, -1); n >= 0 {
				c.Index = &n
			}
		case "ColorSpace":
			c.ColorSpace = idOf(a.Value)
		case "Alpha":
			c.Alpha = alphaPtr(a.Value)
		}
	}
	for d := o.Depth(); o.Child(d); {
		switch string(o.Local()) {
		case "Pattern":
			c.Pattern = o.pattern()
		case "AxialShd":
			c.Axial = o.axial()
		case "RadialShd":
			c.Radial = o.radial()
		case "GouraudShd":
			g := &GouraudShade{Extend: intOf(o.Attr("Extend"), 0)}
			g.Points, g.Back = o.shadePoints()
			c.Gouraud = g
		case "LaGourandShd", "LaGouraudShd":
			g := &LatticeShade{Extend: intOf(o.Attr("Extend"), 0), VerticesPerRow: intOf(o.Attr("VerticesPerRow"), 0)}
			g.Points, g.Back = o.shadePoints()
			c.LaGouraud = g
		}
	}
	return c
}

// colorValue reads "r g b"; some files write the parts as #RR.
func colorValue(b []byte) []float64 {
	out := make([]float64, 0, 4)
	for len(out) < 4 {
		var w []byte
		if w, b = word(b); len(w) == 0 {
			return out
		}
		v, ok := parseFloat(w)
		if w[0] == '#' {
			v, ok = parseHex(w[1:])
		}
		if !ok {
			return out
		}
		out = append(out, v)
	}
	return out
}

func parseHex(b []byte) (float64, bool) {
	v := 0
	for _, c := range b {
		switch {
		case c >= '0' && c <= '9':
			v = v<<4 | int(c-'0')
		case c >= 'a' && c <= 'f':
			v = v<<4 | int(c-'a'+10)
		case c >= 'A' && c <= 'F':
			v = v<<4 | int(c-'A'+10)
		default:
			return 0, false
		}
	}
	return float64(v), len(b) > 0 && len(b) <= 4
}

func (o *objectReader) pattern() *Pattern {
	p := &Pattern{
		Width: floatOf(o.Attr("Width")), Height: floatOf(o.Attr("Height")),
		XStep: floatOf(o.Attr("XStep")), YStep: floatOf(o.Attr("YStep")),
		ReflectMethod:  string(o.Attr("ReflectMethod")),
		RelativeToPage: string(o.Attr("RelativeTo")) == "Page",
		CTM:            matrixPtr(o.Attr("CTM")),
	}
	for d := o.Depth(); o.Child(d); {
		if string(o.Local()) == "CellContent" {
			p.Thumbnail = idOf(o.Attr("Thumbnail"))
			p.Objects = o.objects()
		}
	}
	return p
}

func (o *objectReader) axial() *AxialShade {
	s := &AxialShade{
		MapType: string(o.Attr("MapType")), MapUnit: floatOf(o.Attr("MapUnit")), Extend: intOf(o.Attr("Extend"), 0),
		Start: pointOf(o.Attr("StartPoint")), End: pointOf(o.Attr("EndPoint")),
	}
	s.Stops = o.stops()
	return s
}

func (o *objectReader) radial() *RadialShade {
	s := &RadialShade{
		MapType: string(o.Attr("MapType")), MapUnit: floatOf(o.Attr("MapUnit")), Extend: intOf(o.Attr("Extend"), 0),
		Eccentricity: floatOf(o.Attr("Eccentricity")), Angle: floatOf(o.Attr("Angle")),
		Start: pointOf(o.Attr("StartPoint")), End: pointOf(o.Attr("EndPoint")),
		StartRadius: floatOf(o.Attr("StartRadius")), EndRadius: floatOf(o.Attr("EndRadius")),
	}
	s.Stops = o.stops()
	return s
}

func (o *objectReader) stops() []Stop {
	var list []Stop
	for d := o.Depth(); o.Child(d); {
		if string(o.Local()) != "Segment" {
			continue
		}
		s := Stop{Position: floatPtr(o.Attr("Position"))}
		for d := o.Depth(); o.Child(d); {
			if string(o.Local()) == "Color" {
				s.Color = o.color()
			}
		}
		list = append(list, s)
	}
	return list
}

func (o *objectReader) shadePoints() (list []ShadePoint, back *Color) {
	for d := o.Depth(); o.Child(d); {
		switch string(o.Local()) {
		case "Point":
			p := ShadePoint{X: floatOf(o.Attr("X")), Y: floatOf(o.Attr("Y")), EdgeFlag: intOf(o.Attr("EdgeFlag"), 0)}
			for d := o.Depth(); o.Child(d); {
				if string(o.Local()) == "Color" {
					p.Color = o.color()
				}
			}
			list = append(list, p)
		case "BackColor":
			back = o.color()
		}
	}
	return list, back
}
