package render

import (
	"bufio"
	"encoding/base64"
	"fmt"
	"hash/fnv"
	"io"
	"strconv"
	"strings"

	"sidian/ofd"
)

// SVG writes one page, counted from 0. The picture is self-contained and passive: no script, no style, no text, no
// reference but to its own parts and to data: URIs of PNG and JPEG images. It can stand in an <img> or inside a page whose
// content security policy allows data: images; its ids come from its content, so that several pages can stand together.
func SVG(doc *ofd.Document, page int, w io.Writer, opts Options) ([]Warning, error) {
	wk := newWalker(doc, opts)
	s, err := wk.marked(page)
	if err != nil {
		return nil, err
	}
	out := bufio.NewWriter(w)
	if err := writeSVG(out, s); err != nil {
		return s.warnings, err
	}
	return s.warnings, out.Flush()
}

// svgWriter collects definitions and body apart, because definitions are known only as the body is written.
type svgWriter struct {
	prefix    string
	defs      strings.Builder
	body      strings.Builder
	glyphs    map[*glyphShape]string
	images    map[*picture]string
	clips     map[clipKey]string
	gradients int
	err       error
}

func writeSVG(w io.Writer, s *scene) error {
	x := &svgWriter{glyphs: map[*glyphShape]string{}, images: map[*picture]string{}, clips: map[clipKey]string{}, prefix: idMark}
	page := rect{0, 0, s.width, s.height}
	for i := range s.items {
		if !s.items[i].hidden(page) {
			x.item(&s.items[i])
		}
	}
	if x.err != nil {
		return x.err
	}
	defs, body := x.defs.String(), x.body.String()
	h := fnv.New64a()
	_, _ = io.WriteString(h, defs)
	_, _ = io.WriteString(h, body)
	own := fmt.Sprintf("o%010x", h.Sum64()>>24)
	ids := strings.NewReplacer(idMark, own)
	wd, ht := num(s.width), num(s.height)
	head := `<svg xmlns="http://www.w3.org/2000/svg" width="` + wd + `mm" height="` + ht + `mm" viewBox="0 0 ` + wd + " " + ht + `" role="img">` +
		"\n" + `<rect width="` + wd + `" height="` + ht + `" fill="#fff"/>` + "\n"
	if _, err := io.WriteString(w, head); err != nil {
		return fmt.Errorf("render: writing SVG: %w", err)
	}
	if defs != "" {
		body = "<defs>\n" + defs + "</defs>\n" + body
	}
	if _, err := ids.WriteString(w, body+"</svg>\n"); err != nil {
		return fmt.Errorf("render: writing SVG: %w", err)
	}
	return nil
}

// idMark stands for the ids' prefix until the content, and so the prefix, is known. No number, base64 or keyword holds it.
const idMark = "\x00"

// num writes millimetres to a tenth of a micrometre.
func num(v float64) string { return digits(v, 4) }

func digits(v float64, n int) string {
	s := strconv.FormatFloat(v, 'f', n, 64)
	if strings.IndexByte(s, '.') >= 0 {
		s = strings.TrimRight(strings.TrimRight(s, "0"), ".")
	}
	if s == "-0" {
		return "0"
	}
	return s
}

// factor writes a matrix entry, which may be small: glyph units are thousandths of the type size.
func factor(v float64) string { return digits(v, 8) }

func svgMatrix(m matrix) string {
	if m == identity {
		return ""
	}
	if m[0] == 1 && m[1] == 0 && m[2] == 0 && m[3] == 1 {
		return ` transform="translate(` + num(m[4]) + " " + num(m[5]) + `)"`
	}
	return ` transform="matrix(` + factor(m[0]) + " " + factor(m[1]) + " " + factor(m[2]) + " " + factor(m[3]) + " " + num(m[4]) + " " + num(m[5]) + `)"`
}

var svgVerb = [...]byte{moveTo: 'M', lineTo: 'L', quadTo: 'Q', cubicTo: 'C', closeTo: 'Z'}

func svgPath(p *path, n int) string {
	var b strings.Builder
	i := 0
	for _, v := range p.verbs {
		b.WriteByte(svgVerb[v])
		for k := range verbPoints[v] {
			if k > 0 {
				b.WriteByte(' ')
			}
			a := p.points[i+k]
			b.WriteString(digits(a.x, n))
			b.WriteByte(' ')
			b.WriteString(digits(a.y, n))
		}
		i += verbPoints[v]
	}
	return b.String()
}

func (x *svgWriter) item(it *item) {
	c := cutOf(it)
	if !c.none() {
		x.body.WriteString(`<g clip-path="url(#` + x.clip(&c) + `)">`)
	}
	switch {
	case it.image != nil:
		x.image(it)
	case it.glyphs != nil && it.stroke == nil && it.paint.shade == nil:
		x.run(it)
	default:
		p := it.outline()
		x.body.WriteString(`<path d="` + svgPath(p, pathDigits(it.m)) + `"` + svgMatrix(it.m) + x.look(it) + "/>")
	}
	if !c.none() {
		x.body.WriteString("</g>")
	}
	x.body.WriteByte('\n')
}

// pathDigits keeps a tenth of a micrometre also where the matrix enlarges.
func pathDigits(m matrix) int {
	switch size := m.size(); {
	case size > 100:
		return 7
	case size > 5:
		return 5
	case size < 0.05:
		return 2
	}
	return 4
}

// look gives fill or stroke as presentation attributes; a strict content security policy forbids style.
func (x *svgWriter) look(it *item) string {
	colour := "#" + hex2(it.paint.r) + hex2(it.paint.g) + hex2(it.paint.b)
	if it.paint.shade != nil {
		colour = "url(#" + x.gradient(it.paint.shade) + ")"
	}
	if it.stroke != nil {
		return ` fill="none" stroke="` + colour + `"` + opacity("stroke-opacity", it.alpha) + svgPen(it.stroke)
	}
	out := ` fill="` + colour + `"` + opacity("fill-opacity", it.alpha)
	if it.rule == evenOdd {
		out += ` fill-rule="evenodd"`
	}
	return out
}

func hex2(v uint8) string { return string([]byte{"0123456789abcdef"[v>>4], "0123456789abcdef"[v&15]}) }

func opacity(name string, alpha float64) string {
	if alpha >= 1 {
		return ""
	}
	return " " + name + `="` + digits(alpha, 3) + `"`
}

var (
	svgCaps  = [...]string{capButt: "", capRound: ` stroke-linecap="round"`, capSquare: ` stroke-linecap="square"`}
	svgJoins = [...]string{joinRound: ` stroke-linejoin="round"`, joinBevel: ` stroke-linejoin="bevel"`}
)

func svgPen(p *pen) string {
	out := ` stroke-width="` + factor(p.width) + `"` + svgCaps[p.cap] + svgJoins[p.join]
	if p.join == joinMiter {
		out += ` stroke-miterlimit="` + num(p.miter) + `"`
	}
	if len(p.dash) > 0 {
		parts := make([]string, len(p.dash))
		for i, d := range p.dash {
			parts[i] = num(d)
		}
		out += ` stroke-dasharray="` + strings.Join(parts, " ") + `"`
		if p.dashOffset != 0 {
			out += ` stroke-dashoffset="` + num(p.dashOffset) + `"`
		}
	}
	return out
}

// run draws glyphs by reference to their outlines.
func (x *svgWriter) run(it *item) {
	x.body.WriteString("<g" + svgMatrix(it.m) + x.look(it) + ">")
	for _, g := range it.glyphs {
		x.body.WriteString(`<use href="#` + x.glyph(g.shape) + `"` + svgMatrix(g.m) + "/>")
	}
	x.body.WriteString("</g>")
}

func (x *svgWriter) glyph(s *glyphShape) string {
	id, ok := x.glyphs[s]
	if !ok {
		id = x.prefix + "g" + strconv.Itoa(len(x.glyphs))
		x.glyphs[s] = id
		x.defs.WriteString(`<path id="` + id + `" d="` + svgPath(s.path, 1) + "\"/>\n")
	}
	return id
}

func (x *svgWriter) image(it *item) {
	id, ok := x.images[it.image]
	if !ok {
		data, format, err := it.image.encoded()
		if err != nil {
			x.err = fmt.Errorf("render: encoding an image: %w", err)
			return
		}
		id = x.prefix + "i" + strconv.Itoa(len(x.images))
		x.images[it.image] = id
		x.defs.WriteString(`<image id="` + id + `" width="1" height="1" preserveAspectRatio="none" href="data:image/` + format + ";base64," +
			base64.StdEncoding.EncodeToString(data) + "\"/>\n")
	}
	x.body.WriteString(`<use href="#` + id + `"` + svgMatrix(it.m) + opacity("opacity", it.alpha) + "/>")
}

// clip defines the cut, each shape clipped by the one outside it, and gives the id of the innermost.
func (x *svgWriter) clip(c *cut) string {
	outer := ""
	if c.boxed {
		b := c.box
		if b.empty() {
			b = rect{}
		}
		outer = x.clipPath(clipKey{box: b}, rectPath(b), nonZero)
	}
	for _, s := range c.shapes {
		outer = x.clipPath(clipKey{shape: s, outer: outer}, s.path, s.rule)
	}
	return outer
}

// clipKey finds a clip again without writing it out: many objects may share a clip of many points.
type clipKey struct {
	box   rect
	shape *clip
	outer string
}

func (x *svgWriter) clipPath(key clipKey, p *path, rule fillRule) string {
	if id, ok := x.clips[key]; ok {
		return id
	}
	outer := key.outer
	def := ">"
	if outer != "" {
		def = ` clip-path="url(#` + outer + `)">`
	}
	def += `<path d="` + svgPath(p, 4) + `"`
	if rule == evenOdd {
		def += ` clip-rule="evenodd"`
	}
	def += "/></clipPath>\n"
	id := x.prefix + "c" + strconv.Itoa(len(x.clips))
	x.clips[key] = id
	x.defs.WriteString(`<clipPath id="` + id + `"` + def)
	return id
}

func (x *svgWriter) gradient(s *shade) string {
	id := x.prefix + "s" + strconv.Itoa(x.gradients)
	x.gradients++
	spread := [...]string{spreadPad: "", spreadRepeat: ` spreadMethod="repeat"`, spreadReflect: ` spreadMethod="reflect"`}[s.spread]
	p0, p1, r0, r1, stops, e0, e1 := s.p0, s.p1, s.r0, s.r1, s.stops, s.extend0, s.extend1
	if s.radial && r0 > r1 { // SVG's inner circle comes first
		p0, p1, r0, r1, e0, e1 = p1, p0, r1, r0, e1, e0
		stops = reversed(stops)
	}
	name := "linearGradient"
	place := ` x1="` + num(p0.x) + `" y1="` + num(p0.y) + `" x2="` + num(p1.x) + `" y2="` + num(p1.y) + `"`
	if s.radial {
		name = "radialGradient"
		place = ` fx="` + num(p0.x) + `" fy="` + num(p0.y) + `" fr="` + num(r0) + `" cx="` + num(p1.x) + `" cy="` + num(p1.y) + `" r="` + num(r1) + `"`
	}
	x.defs.WriteString("<" + name + ` id="` + id + `" gradientUnits="userSpaceOnUse"` + place + spread + ">")
	if s.spread == spreadPad && !e0 {
		x.stop(stop{at: 0, r: stops[0].r, g: stops[0].g, b: stops[0].b})
	}
	for _, st := range stops {
		x.stop(st)
	}
	if last := stops[len(stops)-1]; s.spread == spreadPad && !e1 {
		x.stop(stop{at: 1, r: last.r, g: last.g, b: last.b})
	}
	x.defs.WriteString("</" + name + ">\n")
	return id
}

func reversed(in []stop) []stop {
	out := make([]stop, len(in))
	for i, s := range in {
		s.at = 1 - s.at
		out[len(in)-1-i] = s
	}
	return out
}

func (x *svgWriter) stop(s stop) {
	x.defs.WriteString(`<stop offset="` + num(s.at) + `" stop-color="#` + hex2(s.r) + hex2(s.g) + hex2(s.b) + `"` + opacity("stop-opacity", s.alpha) + "/>")
}
