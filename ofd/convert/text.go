package convert

import (
	"math"
	"strings"

	"sidian/ofd"
	"sidian/ofd/internal/pdf"
)

func (d *drawer) setFont(o pdf.Object, size float64) error {
	f, err := d.font(o)
	if err != nil {
		return err
	}
	d.st.face, d.st.size = f, size
	return nil
}

// textNumber carries out operators of text state and position that have
// numbers only (ISO 32000-1 §9.3, §9.4.2).
func (d *drawer) textNumber(op string, v []float64) {
	switch op {
	case "Tc":
		d.st.charSpace = v[0]
	case "Tw":
		d.st.wordSpace = v[0]
	case "Tz":
		d.st.scale = v[0] / 100
	case "TL":
		d.st.leading = v[0]
	case "Tr":
		d.st.mode = int(v[0])
	case "Ts":
		d.st.rise = v[0]
	case "TD":
		d.st.leading = -v[1]
		d.nextLine(v[0], v[1])
	case "Td":
		d.nextLine(v[0], v[1])
	case "Tm":
		d.tm = ofd.Matrix(v)
		d.line = d.tm
	}
}

func (d *drawer) nextLine(x, y float64) {
	d.line = moved(x, y).Then(d.line)
	d.tm = d.line
}

func (d *drawer) textOperator(op string, args []pdf.Object) error {
	switch op {
	case "T*":
		d.nextLine(0, -d.st.leading)
		return nil
	case "Tf":
		if len(args) < 2 {
			return refuse("content", "operator Tf without its operands")
		}
		size, ok := pdf.Number(args[len(args)-1])
		o := d.resource("Font", args[:len(args)-1])
		if !ok || o == nil {
			return refuse("font", "a font is missing")
		}
		return d.setFont(o, size)
	case "\"":
		v, ok := numbers(args[:max(0, len(args)-1)], 2)
		if !ok {
			return refuse("content", "operator \" without its operands")
		}
		d.st.wordSpace, d.st.charSpace = v[0], v[1]
	}
	if len(args) == 0 {
		return refuse("content", "operator %s without a string", op)
	}
	if op == "'" || op == "\"" {
		d.nextLine(0, -d.st.leading)
	}
	list, ok := args[len(args)-1].(pdf.Array)
	if !ok {
		list = pdf.Array{args[len(args)-1]}
	}
	return d.show(list)
}

// A placed glyph stands at x and y of the object's own space.
type placed struct {
	usedGlyph
	x     float64 // text space, not scaled by Tz
	after float64 // where the next begins
}

// show sets strings and the distances between them as one object.
func (d *drawer) show(list pdf.Array) error {
	f := d.st.face
	if f == nil {
		return refuse("font", "text without a font")
	}
	mode := d.st.mode
	invisible := mode == 3
	switch {
	case mode > 3 && mode != 7 || mode == 7:
		return refuse("text_clip", "text as a clip")
	case f.missing != nil && !invisible && f.procs == nil:
		return f.missing
	}
	painted := f.procs != nil && !invisible
	invisible = invisible || painted
	var run []placed
	var codes []code
	var at []float64
	x := 0.0
	for _, o := range list {
		if v, ok := pdf.Number(o); ok {
			x -= v / 1000 * d.st.size
			continue
		}
		s, ok := o.(pdf.String)
		if !ok {
			return refuse("content", "text that is no string")
		}
		for _, c := range f.codesOf([]byte(s)) {
			u, err := f.use(c, invisible)
			if err != nil {
				return err
			}
			p := placed{usedGlyph: u, x: x}
			codes, at = append(codes, c), append(at, x)
			x += f.width(c)/1000*d.st.size + d.st.charSpace
			if c.size == 1 && c.value == 32 {
				x += d.st.wordSpace
			}
			p.after = x
			run = append(run, p)
		}
	}
	if d.used += len(run); d.used > d.limits.Operators {
		return refuse("limit", "more than %d operators and characters", d.limits.Operators)
	}
	if painted {
		if err := d.paintGlyphs(f, codes, at); err != nil {
			return err
		}
	}
	err := d.emitText(run, invisible)
	d.tm = moved(x*d.st.scale, 0).Then(d.tm)
	if !finite(d.tm) {
		return refuse("content", "a matrix beyond all bounds")
	}
	return err
}

// emitText writes a run: an object whose size is the text's on the page, with a
// matrix of its own where it is turned, stretched or skewed.
func (d *drawer) emitText(run []placed, invisible bool) error {
	t := d.tm.Then(d.st.ctm)
	size, rise := d.st.size, d.st.rise
	origin := t.Apply(point{X: 0, Y: rise})
	if size < 0 { // turned about both axes
		t[0], t[1], t[2], t[3], size = -t[0], -t[1], -t[2], -t[3], -size
		rise = -rise
		for i := range run {
			run[i].x, run[i].after = -run[i].x, -run[i].after
		}
	}
	k := math.Sqrt(math.Abs(t[0]*t[3] - t[1]*t[2]))
	if len(run) == 0 || size*k < 1e-6 || math.Abs(d.st.scale) < 1e-6 || blank(run) {
		return nil
	}
	if !invisible {
		if mode := d.st.mode; mode != 1 && d.st.fill.bad != nil {
			return d.st.fill.bad
		} else if mode != 0 && d.st.stroke.bad != nil {
			return d.st.stroke.bad
		}
	}
	local := ofd.Matrix{d.st.scale * t[0] / k, d.st.scale * t[1] / k, -t[2] / k, -t[3] / k, 0, 0}
	bound := nowhere
	for _, p := range run {
		box := p.bound
		if invisible || box.x0 > box.x1 {
			box = rect{0, -0.12, math.Max((p.after-p.x)/size, 0.01), 0.88}
		}
		for _, q := range boxShape(ofd.Identity, box)[:4] {
			bound.add(t.Apply(point{X: (p.x + q.p[0].X*size) * d.st.scale, Y: q.p[0].Y*size + rise}))
		}
	}
	o := &ofd.TextObject{Size: size * k, FillColor: d.st.fill.color()}
	if mode := d.st.mode; !invisible && mode != 0 {
		o.Stroke, o.NoFill, o.StrokeColor = true, mode == 1, d.st.stroke.color()
		var reach float64
		_, reach = d.pen(&o.Pen)
		bound = bound.grow(reach)
	}
	if invisible {
		o.Alpha = ofd.Alpha(0)
	}
	visible := bound.grow(0.05).cut(d.st.box)
	if visible.empty() {
		return nil
	}
	at := point{X: origin.X - visible.x0, Y: origin.Y - visible.y0}
	if straight(local) {
		d.place(&o.Graphic, visible, nil, bound)
	} else {
		local[4], local[5] = at.X, at.Y
		at = point{}
		d.place(&o.Graphic, visible, &local, bound)
	}
	o.Codes, o.Transforms = codesOf(run, k, at)
	d.bytes += 40 * len(run)
	d.page.texts = append(d.page.texts, pendingText{o, d.st.face})
	return d.emit(o)
}

func blank(run []placed) bool {
	for _, p := range run {
		if p.bound.x0 <= p.bound.x1 || strings.TrimSpace(string(p.text)) != "" {
			return false
		}
	}
	return true
}

func straight(m ofd.Matrix) bool {
	const e = 5e-4
	return math.Abs(m[0]-1) < e && math.Abs(m[3]-1) < e && math.Abs(m[1]) < e && math.Abs(m[2]) < e
}

// codesOf writes characters with their distances. A glyph that stands for
// several characters gets a code of its own, since readers count the distances
// of such codes in different ways (GB/T 33190-2016 §11.3, §11.4).
func codesOf(run []placed, k float64, at point) ([]ofd.TextCode, []ofd.GlyphTransform) {
	var codes []ofd.TextCode
	var forms []ofd.GlyphTransform
	n := 0
	single := false // the code that is open takes one character at a time
	last := 0.0
	for _, p := range run {
		x := at.X + p.x*k
		if p.forced {
			forms = append(forms, ofd.GlyphTransform{CodePosition: n, CodeCount: len(p.text), GlyphCount: 1, Glyphs: []uint32{uint32(p.gid)}})
		}
		if len(p.text) == 1 && single {
			c := &codes[len(codes)-1]
			c.Text += string(p.text)
			c.DeltaX = append(c.DeltaX, x-last)
		} else {
			c := ofd.TextCode{X: x, Y: at.Y, Text: string(p.text)}
			for i := 1; i < len(p.text); i++ {
				c.DeltaX = append(c.DeltaX, (p.after-p.x)*k/float64(len(p.text)))
			}
			codes = append(codes, c)
			single = len(p.text) == 1
		}
		n += len(p.text)
		last = x
	}
	return codes, forms
}
