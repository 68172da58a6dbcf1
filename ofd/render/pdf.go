package render

import (
	"bytes"
	"fmt"
	"image"
	"io"
	"math"
	"strconv"
	"strings"
	"time"

	"codeberg.org/go-pdf/fpdf"

	"sidian/ofd"
)

const ptPerMM = 72 / mmPerInch

// PDF writes the pages of Options.Pages, one PDF page for each OFD page, as vector graphics and images. The same document
// gives the same bytes.
func PDF(doc *ofd.Document, w io.Writer, opts Options) ([]Warning, error) {
	wk := newWalker(doc, opts)
	pages := opts.Pages
	if pages == nil {
		for i := range doc.Pages() {
			pages = append(pages, i)
		}
	}
	if len(pages) == 0 {
		return nil, fmt.Errorf("%w: the document has none", ErrNoPage)
	}
	if len(pages) > wk.limits.PDFPages {
		return nil, &LimitError{What: "pages", Got: float64(len(pages)), Max: float64(wk.limits.PDFPages)}
	}
	x := newPDFWriter(doc)
	var warnings []Warning
	for _, n := range pages {
		s, err := wk.marked(n)
		if err != nil {
			return warnings, err
		}
		x.page(s)
		warnings = merge(warnings, s.warnings)
	}
	if err := x.pdf.Output(w); err != nil {
		return warnings, fmt.Errorf("render: writing PDF: %w", err)
	}
	return warnings, nil
}

func merge(all, more []Warning) []Warning {
	seen := make(map[Warning]bool, len(all))
	for _, x := range all {
		seen[x] = true
	}
	for _, x := range more {
		if !seen[x] && len(all) < maxWarnings {
			all = append(all, x)
		}
	}
	return all
}

type pdfWriter struct {
	pdf    *fpdf.Fpdf
	ops    strings.Builder
	images map[*picture]string
	glyphs map[*glyphShape]string
	height float64 // of the page, points

	written int
	shades  int
}

func newPDFWriter(doc *ofd.Document) *pdfWriter {
	f := fpdf.NewCustom(&fpdf.InitType{UnitStr: "pt", Size: fpdf.SizeType{Wd: 595, Ht: 842}})
	f.SetAutoPageBreak(false, 0)
	f.SetMargins(0, 0, 0)
	f.SetCompression(true)
	f.SetCatalogSort(true)
	info := doc.Info()
	f.SetTitle(info.Title, true)
	f.SetCreator("sidian", true)
	f.SetProducer("sidian ofd/render", true)
	made, err := time.Parse(time.DateOnly, info.CreationDate)
	if err != nil { // the clock would make every output another file
		made = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)
	}
	f.SetCreationDate(made)
	f.SetModificationDate(made)
	return &pdfWriter{pdf: f, images: map[*picture]string{}, glyphs: map[*glyphShape]string{}}
}

func (x *pdfWriter) page(s *scene) {
	wd, ht := s.width*ptPerMM, s.height*ptPerMM
	x.height = ht
	x.pdf.AddPageFormat("P", fpdf.SizeType{Wd: wd, Ht: ht})
	// From here on everything is written in the scene's space: millimetres, y downwards.
	x.write("q ", factor(ptPerMM), " 0 0 ", factor(-ptPerMM), " 0 ", factor(ht), " cm\n")
	page := rect{0, 0, s.width, s.height}
	for i := range s.items {
		if x.written > maxPDF {
			s.warnings = append(s.warnings, Warning{WarnLimit, "页面内容超出输出上限，其余部分未绘制；请用专用阅读器查看原件"})
			break
		}
		if !s.items[i].hidden(page) {
			x.item(&s.items[i], page)
		}
	}
	x.write("Q\n")
	x.flush()
}

// maxPDF bounds the operators of one file, in bytes before compression: a clip is written anew for every object in it.
const maxPDF = 128 << 20

func (x *pdfWriter) write(parts ...string) {
	for _, p := range parts {
		x.ops.WriteString(p)
		x.written += len(p)
	}
}

// flush hands over what has been written, before fpdf writes operators of its own.
func (x *pdfWriter) flush() {
	if x.ops.Len() > 0 {
		x.pdf.RawWriteStr(x.ops.String())
		x.ops.Reset()
	}
}

func (x *pdfWriter) item(it *item, page rect) {
	x.write("q\n")
	c := cutOf(it)
	if c.boxed {
		b := c.box
		x.write(num(b.x0), " ", num(b.y0), " ", num(math.Max(b.width(), 0)), " ", num(math.Max(b.height(), 0)), " re W n\n")
	}
	for _, s := range c.shapes {
		x.path(s.path, 4)
		x.write([...]string{nonZero: "W n\n", evenOdd: "W* n\n"}[s.rule])
	}
	x.alpha(it.alpha)
	switch {
	case it.image != nil:
		x.matrix(it.m)
		x.image(it.image)
	case it.stroke != nil:
		x.matrix(it.m)
		x.pen(it.stroke)
		x.colour(it.paint, " RG\n")
		x.path(it.outline(), pathDigits(it.m))
		x.write("S\n")
	case it.paint.shade != nil && x.shades < maxShades: // others get their mean colour
		x.shades++
		x.shade(it, page)
	default:
		x.matrix(it.m)
		x.colour(it.paint, " rg\n")
		x.fill(it)
	}
	x.write("Q\n")
}

func (x *pdfWriter) fill(it *item) {
	if it.glyphs == nil {
		x.path(it.path, pathDigits(it.m))
		x.write([...]string{nonZero: "f\n", evenOdd: "f*\n"}[it.rule])
		return
	}
	for _, g := range it.glyphs {
		x.write("q ")
		x.matrix(g.m)
		x.write(x.glyph(g.shape), "f Q\n")
	}
}

// glyph is an outline in font units, written out once.
func (x *pdfWriter) glyph(s *glyphShape) string {
	ops, ok := x.glyphs[s]
	if !ok {
		y := &pdfWriter{}
		y.path(s.path, 1)
		ops = y.ops.String()
		x.glyphs[s] = ops
	}
	return ops
}

func (x *pdfWriter) alpha(a float64) {
	if a < 1 {
		x.flush()
		x.pdf.SetAlpha(a, "Normal")
	}
}

func (x *pdfWriter) matrix(m matrix) {
	if m == identity {
		return
	}
	for _, v := range m {
		x.write(factor(v), " ")
	}
	x.write("cm\n")
}

func (x *pdfWriter) colour(p paint, op string) {
	c := func(v uint8) string { return digits(float64(v)/255, 4) }
	x.write(c(p.r), " ", c(p.g), " ", c(p.b), op)
}

func (x *pdfWriter) pen(p *pen) {
	x.write(factor(p.width), " w ", strconv.Itoa(int(p.cap)), " J ", strconv.Itoa(int(p.join)), " j ", num(math.Max(p.miter, 1)), " M\n")
	if len(p.dash) > 0 {
		x.write("[")
		for _, d := range p.dash {
			x.write(num(d), " ")
		}
		x.write("] ", num(p.dashOffset), " d\n")
	}
}

// path writes segments; PDF has no quadratic curves, so they are raised to cubic ones.
func (x *pdfWriter) path(p *path, n int) {
	i := 0
	var at, start point
	put := func(pts ...point) {
		for _, a := range pts {
			x.write(digits(a.x, n), " ", digits(a.y, n), " ")
		}
	}
	for _, v := range p.verbs {
		q := p.points[i : i+verbPoints[v]]
		i += verbPoints[v]
		switch v {
		case moveTo:
			put(q[0])
			x.write("m ")
			start = q[0]
		case lineTo:
			put(q[0])
			x.write("l ")
		case quadTo:
			put(point{at.x + (q[0].x-at.x)*2/3, at.y + (q[0].y-at.y)*2/3}, point{q[1].x + (q[0].x-q[1].x)*2/3, q[1].y + (q[0].y-q[1].y)*2/3}, q[1])
			x.write("c ")
		case cubicTo:
			put(q...)
			x.write("c ")
		case closeTo:
			x.write("h ")
			at = start
		}
		if len(q) > 0 {
			at = q[len(q)-1]
		}
	}
}

// image paints the unit square, whose y axis points down here and up in PDF.
func (x *pdfWriter) image(p *picture) {
	name, ok := x.images[p]
	if !ok {
		name = "p" + strconv.Itoa(len(x.images))
		x.images[p] = name
		x.register(name, p)
	}
	x.write("1 0 0 -1 0 1 cm\n")
	x.flush()
	// fpdf turns this place into "1 0 0 1 0 0 cm".
	x.pdf.ImageOptions(name, 0, x.height-1, 1, 1, false, fpdf.ImageOptions{}, 0, "")
}

// register hands over JPEG files as they are and everything else as plain PNG: fpdf reads only the simple kinds of it.
func (x *pdfWriter) register(name string, p *picture) {
	if p.format != "jpeg" {
		p = &picture{pix: p.pix, width: p.width, height: p.height}
	}
	data, format, err := p.encoded()
	if err != nil {
		x.pdf.SetError(fmt.Errorf("encoding an image: %w", err))
		return
	}
	x.pdf.RegisterImageOptionsReader(name, fpdf.ImageOptions{ImageType: format}, bytes.NewReader(data))
}

// maxShades bounds the sampled shadings of one file: each costs an image.
const maxShades = 200

// shadeSide is the number of samples along the longer side of a shading.
const shadeSide = 256

// shade paints samples of the shading through the item's shape: fpdf's own gradients know neither stops nor matrices.
func (x *pdfWriter) shade(it *item, page rect) {
	box := it.bounds().intersect(page)
	inv, ok := it.m.invert()
	if box.empty() || !ok {
		return
	}
	p := &path{}
	p.appendPath(it.outline(), it.m)
	x.path(p, 4)
	x.write([...]string{nonZero: "W n\n", evenOdd: "W* n\n"}[it.rule])
	step := math.Max(box.width(), box.height()) / shadeSide
	w, h := int(math.Ceil(box.width()/step)), int(math.Ceil(box.height()/step))
	pic := &picture{pix: image.NewRGBA(image.Rect(0, 0, max(w, 1), max(h, 1))), width: max(w, 1), height: max(h, 1)}
	for py := range pic.height {
		for px := range pic.width {
			at := point{box.x0 + (float64(px)+0.5)*box.width()/float64(pic.width), box.y0 + (float64(py)+0.5)*box.height()/float64(pic.height)}
			s := it.paint.shade.at(inv.apply(at))
			o := pic.pix.PixOffset(px, py)
			pic.pix.Pix[o] = uint8(float64(s.r) * s.alpha)
			pic.pix.Pix[o+1] = uint8(float64(s.g) * s.alpha)
			pic.pix.Pix[o+2] = uint8(float64(s.b) * s.alpha)
			pic.pix.Pix[o+3] = uint8(s.alpha * 255)
		}
	}
	x.matrix(matrix{box.width(), 0, 0, box.height(), box.x0, box.y0})
	x.image(pic)
}
