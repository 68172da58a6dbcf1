package convert

import (
	"math"

	"sidian/ofd"
	"sidian/ofd/internal/pdf"
)

// A drawer carries out the content of one page.
type drawer struct {
	*converter
	page      *drawnPage
	bytes     int // of paths and texts
	resources pdf.Dict

	st    state
	saved []state
	path  shape
	open  point // start of the subpath, user space transformed
	now   point
	have  bool // there is a current point
	clip  byte // W, * or 0: the clip after the next painting
	tm    ofd.Matrix
	line  ofd.Matrix
	depth int // forms and glyphs

	glyph   bool // inside a glyph of a Type 3 font
	stencil bool // which has no colour of its own

}

// page draws one page (ISO 32000-1 §8.2).
func (c *converter) page(p *pdfPage) (*drawnPage, error) {
	w, h, m, err := p.geometry()
	if err != nil {
		return nil, err
	}
	if c.file.Get(p.dict["AA"]) != nil {
		return nil, refuse("javascript", "the page has scripts")
	}
	d := &drawer{converter: c, page: &drawnPage{w: w, h: h}, resources: p.resources, st: newState(m, rect{0, 0, w, h})}
	data, err := c.contents(p.dict["Contents"])
	if err != nil {
		return nil, err
	}
	if err := d.run(data); err != nil {
		return nil, err
	}
	d.st, d.saved, d.resources = newState(m, rect{0, 0, w, h}), nil, p.resources
	if err := d.annotations(p.dict["Annots"]); err != nil {
		return nil, err
	}
	return d.page, nil
}

// contents joins the streams of a page.
func (c *converter) contents(o pdf.Object) ([]byte, error) {
	list := pdf.Array{o}
	switch v := c.file.Get(o).(type) {
	case nil:
		return nil, nil
	case pdf.Array:
		list = v
	}
	var out []byte
	for _, o := range list {
		s, ok := c.file.Get(o).(*pdf.Stream)
		if !ok {
			return nil, refuse("malformed", "a page's content is missing")
		}
		data, rest, err := c.file.Decode(s)
		if err != nil {
			return nil, err
		}
		if rest != nil {
			return nil, refuse("malformed", "a page's content is a picture")
		}
		out = append(append(out, data...), '\n')
		if len(out) > c.limits.Stream {
			return nil, refuse("limit", "a page's content is too large")
		}
	}
	return out, nil
}

// maxOperands bounds what stands before one operator.
const maxOperands = 512

func (d *drawer) run(data []byte) error {
	lex := pdf.NewLexer(data)
	var args []pdf.Object
	level := len(d.saved)
	for {
		o, ok, err := lex.Next()
		if err != nil {
			return refuse("content", "%v", err)
		}
		if !ok {
			break
		}
		op, is := o.(pdf.Op)
		if !is {
			if args = append(args, o); len(args) > maxOperands {
				return refuse("content", "too many operands")
			}
			continue
		}
		if d.used++; d.used > d.limits.Operators {
			return refuse("limit", "more than %d operators", d.limits.Operators)
		}
		if op == "BI" {
			s, err := lex.InlineImage(d.inlineLength)
			if err != nil {
				return refuse("content", "%v", err)
			}
			err = d.inlineImage(s)
			if err != nil {
				return err
			}
		} else if err := d.operator(string(op), args, level); err != nil {
			return err
		}
		args = args[:0]
	}
	if len(d.saved) > level { // more q than Q
		d.st, d.saved = d.saved[level], d.saved[:level]
	}
	return nil
}

// numbers gives the last n operands as numbers.
func numbers(args []pdf.Object, n int) ([]float64, bool) {
	if len(args) < n {
		return nil, false
	}
	out := make([]float64, n)
	for i, o := range args[len(args)-n:] {
		v, ok := pdf.Number(o)
		if !ok || math.Abs(v) > 1e9 {
			return nil, false
		}
		out[i] = v
	}
	return out, true
}

// arity is how many numbers operators have that have numbers only.
var arity = map[string]int{
	"cm": 6, "w": 1, "J": 1, "j": 1, "M": 1, "i": 1,
	"m": 2, "l": 2, "c": 6, "v": 4, "y": 4, "re": 4,
	"Tc": 1, "Tw": 1, "Tz": 1, "TL": 1, "Tr": 1, "Ts": 1, "Td": 2, "TD": 2, "Tm": 6,
	"g": 1, "G": 1, "rg": 3, "RG": 3, "k": 4, "K": 4,
}

// maxSaved bounds saved states.
const maxSaved = 256

func (d *drawer) operator(op string, args []pdf.Object, level int) error {
	if d.stencil && colors[op] {
		return nil
	}
	if n, ok := arity[op]; ok {
		v, ok := numbers(args, n)
		if !ok {
			return refuse("content", "operator %s without its %d numbers", op, n)
		}
		return d.numeric(op, v)
	}
	switch op {
	case "q":
		if len(d.saved) >= maxSaved {
			return refuse("limit", "more than %d saved states", maxSaved)
		}
		d.saved = append(d.saved, d.st)
	case "Q":
		if len(d.saved) > level {
			d.st, d.saved = d.saved[len(d.saved)-1], d.saved[:len(d.saved)-1]
		}
	case "d":
		return d.setDash(args)
	case "gs":
		return d.setState(args)
	case "h":
		d.closePath()
	case "n":
		d.endPath()
	case "S", "s", "f", "F", "f*", "B", "B*", "b", "b*":
		return d.paintPath(op)
	case "W":
		d.clip = 'W'
	case "W*":
		d.clip = '*'
	case "cs", "CS":
		return d.setSpace(op, args)
	case "sc", "scn", "SC", "SCN":
		return d.setColor(op, args)
	case "sh":
		return refuse("shading", "a shading is painted")
	case "Do":
		return d.object(args)
	case "BT":
		d.tm, d.line = ofd.Identity, ofd.Identity
	case "ET", "BMC", "BDC", "EMC", "MP", "DP", "BX", "EX", "ri":
	case "Tf", "T*", "Tj", "TJ", "'", "\"":
		return d.textOperator(op, args)
	case "d0", "d1":
		if d.glyph {
			d.stencil = op == "d1"
			return nil
		}
		return refuse("content", "operator %s outside a glyph", op)
	default:
		return refuse("content", "operator %q is not known", op)
	}
	return nil
}

func (d *drawer) numeric(op string, v []float64) error {
	switch op {
	case "cm":
		d.st.ctm = ofd.Matrix(v).Then(d.st.ctm)
		if !finite(d.st.ctm) {
			return refuse("content", "a matrix beyond all bounds")
		}
	case "w":
		d.st.width = math.Abs(v[0])
	case "J":
		d.st.cap = int(v[0])
	case "j":
		d.st.join = int(v[0])
	case "M":
		d.st.miter = v[0]
	case "m", "l", "c", "v", "y", "re":
		return d.construct(op, v)
	case "g", "rg", "k":
		d.st.fill.set(deviceSpace(len(v)), v)
	case "G", "RG", "K":
		d.st.stroke.set(deviceSpace(len(v)), v)
	case "i":
	default:
		d.textNumber(op, v)
	}
	return nil
}

func finite(m ofd.Matrix) bool {
	for _, v := range m {
		if math.IsNaN(v) || math.Abs(v) > 1e9 {
			return false
		}
	}
	return true
}

func (d *drawer) setDash(args []pdf.Object) error {
	if len(args) < 2 {
		return refuse("content", "operator d without its operands")
	}
	list, ok := d.file.Numbers(args[len(args)-2])
	phase, ok2 := pdf.Number(args[len(args)-1])
	if !ok || !ok2 || len(list) > 64 {
		return refuse("content", "a dash pattern that cannot be read")
	}
	sum := 0.0
	for _, v := range list {
		if v < 0 {
			return refuse("content", "a dash pattern with a negative length")
		}
		sum += v
	}
	if sum == 0 {
		list = nil
	}
	d.st.dash, d.st.phase = list, phase
	return nil
}

// setState applies an ExtGState (§8.4.5).
func (d *drawer) setState(args []pdf.Object) error {
	g := d.file.Dict(d.resource("ExtGState", args))
	if g == nil {
		return refuse("content", "a graphics state that is missing")
	}
	for _, n := range []struct {
		key pdf.Name
		op  string
	}{{"LW", "w"}, {"LC", "J"}, {"LJ", "j"}, {"ML", "M"}} {
		if v, ok := pdf.Number(d.file.Get(g[n.key])); ok {
			if err := d.numeric(n.op, []float64{v}); err != nil {
				return err
			}
		}
	}
	if a := d.file.Array(g["D"]); len(a) == 2 {
		if err := d.setDash([]pdf.Object{d.file.Get(a[0]), d.file.Get(a[1])}); err != nil {
			return err
		}
	}
	if a := d.file.Array(g["Font"]); len(a) == 2 {
		size, _ := pdf.Number(d.file.Get(a[1]))
		if err := d.setFont(a[0], size); err != nil {
			return err
		}
	}
	if v, ok := pdf.Number(d.file.Get(g["ca"])); ok {
		d.st.fill.alpha = math.Max(0, math.Min(1, v))
	}
	if v, ok := pdf.Number(d.file.Get(g["CA"])); ok {
		d.st.stroke.alpha = math.Max(0, math.Min(1, v))
	}
	return d.checkState(g)
}

func (d *drawer) checkState(g pdf.Dict) error {
	modes := d.file.Get(g["BM"])
	if a, ok := modes.(pdf.Array); ok && len(a) > 0 {
		modes = d.file.Get(a[0])
	}
	if modes != nil && modes != pdf.Name("Normal") && modes != pdf.Name("Compatible") {
		return refuse("blend", "blend mode %v", modes)
	}
	if m := d.file.Get(g["SMask"]); m != nil && m != pdf.Name("None") {
		return refuse("transparent", "a soft mask")
	}
	for _, key := range []pdf.Name{"TR", "TR2"} {
		if t := d.file.Get(g[key]); t != nil && t != pdf.Name("Identity") && t != pdf.Name("Default") {
			return refuse("color", "a transfer function")
		}
	}
	return nil
}

// resource finds the resource that an operator's last operand names.
func (d *drawer) resource(kind pdf.Name, args []pdf.Object) pdf.Object {
	if len(args) == 0 {
		return nil
	}
	name, ok := args[len(args)-1].(pdf.Name)
	if !ok {
		return nil
	}
	return d.file.Dict(d.resources[kind])[name]
}

// object paints an XObject (§8.8).
func (d *drawer) object(args []pdf.Object) error {
	s, ok := d.file.Get(d.resource("XObject", args)).(*pdf.Stream)
	if !ok {
		return refuse("content", "an external object that is missing")
	}
	if oc := d.file.Dict(s.Dict["OC"]); oc != nil && d.file.Name(oc["Type"]) == "OCMD" && d.file.Get(oc["P"]) == pdf.Name("AllOff") {
		return refuse("layer", "content that shows when others are hidden")
	}
	switch d.file.Name(s.Dict["Subtype"]) {
	case "Form":
		return d.form(s, ofd.Identity)
	case "Image":
		return d.imageObject(s)
	}
	return refuse("content", "an external object of kind %q", d.file.Name(s.Dict["Subtype"]))
}

// form paints a form XObject (§8.10). A transparency group is the same as its
// content, as long as nothing in it is blended and it is not faded as a whole.
func (d *drawer) form(s *pdf.Stream, before ofd.Matrix) error {
	if d.depth >= d.limits.Depth {
		return refuse("limit", "forms nested deeper than %d", d.limits.Depth)
	}
	if g := d.file.Dict(s.Dict["Group"]); d.file.Name(g["S"]) == "Transparency" && (d.st.fill.alpha < 1 || d.st.stroke.alpha < 1) {
		return refuse("transparent", "a group that is faded as a whole")
	}
	if d.file.Dict(s.Dict["Ref"]) != nil {
		return refuse("content", "a form that refers to another file")
	}
	data, rest, err := d.file.Decode(s)
	if err != nil {
		return err
	}
	if rest != nil {
		return refuse("content", "a form that is a picture")
	}
	m, _ := matrixOf(d.file, s.Dict["Matrix"])
	keep := *d
	d.saved, d.path, d.have, d.clip = nil, nil, false, 0
	d.depth++
	d.st.ctm = m.Then(before).Then(d.st.ctm)
	if !finite(d.st.ctm) {
		return refuse("content", "a matrix beyond all bounds")
	}
	if box, ok := d.file.Numbers(s.Dict["BBox"]); ok {
		if b, ok := normal(box); ok {
			d.st.narrow(boxShape(d.st.ctm, b), false)
		} else {
			d.st.box = rect{}
		}
	}
	if r := d.file.Dict(s.Dict["Resources"]); r != nil {
		d.resources = r
	}
	err = d.run(data)
	used, bytes := d.used, d.bytes
	*d = keep
	d.used, d.bytes = used, bytes
	return err
}

func boxShape(m ofd.Matrix, b rect) shape {
	at := func(x, y float64) point { return m.Apply(point{X: x, Y: y}) }
	return shape{
		{op: 'm', p: [3]point{at(b.x0, b.y0)}}, {op: 'l', p: [3]point{at(b.x1, b.y0)}},
		{op: 'l', p: [3]point{at(b.x1, b.y1)}}, {op: 'l', p: [3]point{at(b.x0, b.y1)}}, {op: 'h'},
	}
}
