package convert

import (
	"sidian/ofd"
	"sidian/ofd/internal/pdf"
)

// glyphs that are little pages (ISO 32000-1 §9.6.5).
type procs struct {
	matrix    ofd.Matrix
	resources pdf.Dict
	byCode    [256]*pdf.Stream
}

// type3 reads a font whose glyphs are content streams. They are painted as
// paths; invisible text beside them lets their characters be found.
func (c *converter) type3(f *face, d pdf.Dict) error {
	f.simple = true
	f.enc = c.readEncoding(d["Encoding"], true)
	m, ok := matrixOf(c.file, d["FontMatrix"])
	if !ok {
		return refuse("font", "a Type 3 font without its matrix")
	}
	f.procs = &procs{matrix: m, resources: c.file.Dict(d["Resources"])}
	glyphs := c.file.Dict(d["CharProcs"])
	for code, name := range f.enc.name {
		if s, ok := c.file.Get(glyphs[pdf.Name(name)]).(*pdf.Stream); ok && name != "" {
			f.procs.byCode[code] = s
		}
	}
	first, _ := c.file.Get(d["FirstChar"]).(int)
	for i, o := range c.file.Array(d["Widths"]) {
		if v, ok := pdf.Number(c.file.Get(o)); ok && i < 256 {
			f.widths[first+i] = v * m[0] * 1000 // widths are in glyph space
		}
	}
	f.missing = refuse("font", "a Type 3 font has no outlines")
	return nil
}

// paintGlyphs paints a run of such glyphs.
func (d *drawer) paintGlyphs(f *face, codes []code, at []float64) error {
	for i, c := range codes {
		s := f.procs.byCode[c.value&0xFF]
		if s == nil {
			continue
		}
		if d.depth >= d.limits.Depth {
			return refuse("limit", "glyphs nested deeper than %d", d.limits.Depth)
		}
		data, rest, err := d.file.Decode(s)
		if err != nil {
			return err
		}
		if rest != nil {
			return refuse("font", "a glyph that is a picture by itself")
		}
		place := ofd.Matrix{d.st.size * d.st.scale, 0, 0, d.st.size, at[i] * d.st.scale, d.st.rise}
		keep := *d
		d.saved, d.path, d.have, d.clip = nil, nil, false, 0
		d.depth++
		d.glyph, d.stencil = true, false
		d.st.ctm = f.procs.matrix.Then(place).Then(d.tm).Then(d.st.ctm)
		d.st.stroke = d.st.fill
		d.st.width, d.st.dash, d.st.cap, d.st.join, d.st.miter = 1, nil, 0, 0, 10
		if f.procs.resources != nil {
			d.resources = f.procs.resources
		}
		if !finite(d.st.ctm) {
			return refuse("content", "a matrix beyond all bounds")
		}
		err = d.run(data)
		used, bytes := d.used, d.bytes
		*d = keep
		d.used, d.bytes = used, bytes
		if err != nil {
			return err
		}
	}
	return nil
}

// colors are the operators that a glyph without a colour of its own must not
// carry out.
var colors = map[string]bool{"g": true, "G": true, "rg": true, "RG": true, "k": true, "K": true, "cs": true, "CS": true, "sc": true, "scn": true, "SC": true, "SCN": true, "ri": true}
