package convert

import (
	"math"

	"sidian/ofd"
	"sidian/ofd/internal/pdf"
)

// Flags of annotations (ISO 32000-1 §12.5.3).
const (
	annotHidden = 1 << 1
	annotNoView = 1 << 5
)

// annotations paints what annotations look like; what has no fixed look is
// refused.
func (d *drawer) annotations(o pdf.Object) error {
	list := d.file.Array(o)
	if len(list) > 10_000 {
		return refuse("limit", "%d annotations on a page", len(list))
	}
	for _, o := range list {
		a := d.file.Dict(o)
		flags, _ := d.file.Get(a["F"]).(int)
		kind := d.file.Name(a["Subtype"])
		if a == nil || flags&(annotHidden|annotNoView) != 0 || kind == "Popup" {
			continue
		}
		switch kind {
		case "FileAttachment":
			return refuse("attachment", "an attached file")
		case "Screen", "Movie", "Sound", "RichMedia", "3D":
			return refuse("annotation", "an annotation of kind %s", kind)
		}
		if err := d.annotation(kind, a); err != nil {
			return err
		}
	}
	return nil
}

func (d *drawer) annotation(kind pdf.Name, a pdf.Dict) error {
	look := d.file.Get(d.file.Dict(a["AP"])["N"])
	if states, ok := look.(pdf.Dict); ok {
		look = d.file.Get(states[d.file.Name(a["AS"])])
		if look == nil {
			return nil // this state shows nothing
		}
	}
	s, ok := look.(*pdf.Stream)
	box, boxed := d.file.Numbers(a["Rect"])
	to, sound := normal(box)
	switch {
	case kind == "Link":
		return d.linkBorder(a, to, boxed && sound)
	case !ok && kind == "Widget":
		if d.file.Name(a["FT"]) == "Sig" || d.file.Get(a["MK"]) == nil && d.file.Get(a["V"]) == nil {
			return nil // an empty field
		}
		return refuse("form", "a field without a look")
	case !ok:
		return refuse("annotation", "an annotation of kind %s without a look", kind)
	case !boxed || !sound:
		return nil
	}
	return d.appearance(s, to)
}

// appearance fits a look into its rectangle (§12.5.5).
func (d *drawer) appearance(s *pdf.Stream, to rect) error {
	box, _ := d.file.Numbers(s.Dict["BBox"])
	from, ok := normal(box)
	if !ok {
		return nil
	}
	m, _ := matrixOf(d.file, s.Dict["Matrix"])
	turned := boxShape(m, from).bounds()
	if turned.empty() {
		return nil
	}
	sx, sy := (to.x1-to.x0)/(turned.x1-turned.x0), (to.y1-to.y0)/(turned.y1-turned.y0)
	fit := ofd.Matrix{sx, 0, 0, sy, to.x0 - turned.x0*sx, to.y0 - turned.y0*sy}
	return d.form(s, fit)
}

// linkBorder draws the frame of a link, where it asks for one.
func (d *drawer) linkBorder(a pdf.Dict, to rect, ok bool) error {
	width := 0.0
	if b, ok := d.file.Numbers(a["Border"]); ok && len(b) >= 3 {
		width = b[2]
	} else if list := d.file.Array(a["Border"]); len(list) >= 3 {
		width, _ = pdf.Number(d.file.Get(list[2]))
	}
	if bs := d.file.Dict(a["BS"]); bs != nil {
		width = 1
		if v, ok := pdf.Number(d.file.Get(bs["W"])); ok {
			width = v
		}
	}
	color, _ := d.file.Numbers(a["C"])
	if !ok || width <= 0 || a["C"] != nil && len(color) == 0 {
		return nil
	}
	keep := d.st
	defer func() { d.st = keep }()
	if n := len(color); n == 1 || n == 3 || n == 4 {
		d.st.stroke.set(deviceSpace(n), color)
	}
	d.st.width = width
	half := width / 2
	to = rect{to.x0 + half, to.y0 + half, math.Max(to.x1-half, to.x0+half), math.Max(to.y1-half, to.y0+half)}
	d.path = boxShape(d.st.ctm, to)
	err := d.emitPath(false, true, false)
	d.endPath()
	return err
}
