package convert

import (
	"errors"
	"fmt"
	"math"

	"sidian/ofd"
	"sidian/ofd/internal/pdf"
)

// Options say how to convert.
type Options struct {
	Info   ofd.DocInfo // fields that are set stand for the file's own
	Limits Limits
}

// Limits bound what one file may cost. Zero fields are defaults.
type Limits struct {
	Size      int   // bytes of the file; 20 MiB
	Pages     int   // 500
	Operators int   // of all pages, forms as often as they are drawn; 4,000,000
	Objects   int   // graphic objects of one page; 50,000
	Output    int   // bytes of paths and text of one page; 8 MiB
	Stream    int   // inflated bytes of one stream; 48 MiB
	Total     int64 // inflated bytes of all streams; 400 MiB
	Pixels    int   // of one image; 40,000,000
	AllPixels int   // of all images that are decoded; 200,000,000
	Depth     int   // forms inside each other; 16
}

func (l Limits) filled() Limits {
	for _, f := range []struct {
		v   *int
		def int
	}{
		{&l.Size, 20 << 20}, {&l.Pages, 500}, {&l.Operators, 4_000_000}, {&l.Objects, 50_000}, {&l.Output, 8 << 20},
		{&l.Stream, 48 << 20}, {&l.Pixels, 40_000_000}, {&l.AllPixels, 200_000_000}, {&l.Depth, 16},
	} {
		if *f.v == 0 {
			*f.v = f.def
		}
	}
	if l.Total == 0 {
		l.Total = 400 << 20
	}
	return l
}

// PDF gives an OFD document that looks like the PDF file on every page. The
// same bytes give the same document. What it cannot show as it is, it refuses:
// *RefusedError.
func PDF(data []byte, o Options) (*ofd.Document, error) {
	l := o.Limits.filled()
	if len(data) > l.Size {
		return nil, refuse("limit", "a file of %d bytes, at most %d are converted", len(data), l.Size)
	}
	f, err := pdf.Open(data, pdf.Limits{Stream: l.Stream, Total: l.Total, Objects: 1_000_000})
	if err != nil {
		return nil, refused(err)
	}
	root := f.Dict(f.Trailer["Root"])
	if root == nil {
		return nil, refuse("malformed", "there is no document catalogue")
	}
	if err := checkDocument(f, root); err != nil {
		return nil, err
	}
	pages, err := pagesOf(f, root, l.Pages)
	if err != nil {
		return nil, err
	}
	c := newConverter(f, l, ofd.New(infoOf(f, o.Info)))
	var drawn []*drawnPage
	for i, p := range pages {
		d, err := c.page(p)
		if err != nil {
			err = refused(err)
			var told *RefusedError
			if errors.As(err, &told) {
				told.Page = i + 1
				told.Reason = fmt.Sprintf("第 %d 页：%s", i+1, told.Reason)
			}
			return nil, err
		}
		drawn = append(drawn, d)
	}
	return c.build(drawn)
}

// A converter makes one document.
type converter struct {
	file   *pdf.File
	limits Limits
	b      *ofd.Builder
	faces  map[pdf.Object]*face

	images map[imageKey]*madeImage
	order  []*face
	used   int // operators
	pixels int
}

func newConverter(f *pdf.File, l Limits, b *ofd.Builder) *converter {
	return &converter{file: f, limits: l, b: b, faces: map[pdf.Object]*face{}, images: map[imageKey]*madeImage{}}
}

// A drawnPage waits for its fonts, which are known when all pages are drawn.
type drawnPage struct {
	w, h    float64
	objects []ofd.Object
	texts   []pendingText
}

type pendingText struct {
	object *ofd.TextObject
	face   *face
}

func (c *converter) build(pages []*drawnPage) (*ofd.Document, error) {
	for i, f := range c.order {
		id, err := f.embed(c.b, i)
		if err != nil {
			return nil, refuse("font", "font %s cannot be written: %v", f.name, err)
		}
		f.id = id
	}
	for _, p := range pages {
		page := c.b.AddPage(p.w, p.h)
		for _, t := range p.texts {
			t.object.Font = t.face.id
		}
		for _, o := range p.objects {
			page.Add(o)
		}
	}
	d, err := c.b.Build()
	if err != nil {
		return nil, fmt.Errorf("converting a PDF file: %w", err)
	}
	return d, nil
}

// A pdfPage is a page with what it inherits (ISO 32000-1 §7.7.3).
type pdfPage struct {
	dict      pdf.Dict
	resources pdf.Dict
	media     []float64
	crop      []float64
	rotate    int
	unit      float64
}

func pagesOf(f *pdf.File, root pdf.Dict, limit int) ([]*pdfPage, error) {
	var out []*pdfPage
	nodes := 0
	var walk func(o pdf.Object, above pdfPage, depth int) error
	walk = func(o pdf.Object, above pdfPage, depth int) error {
		d := f.Dict(o)
		if nodes++; nodes > 10*limit+100 || depth > 64 {
			return refuse("limit", "too many pages, or a tree of pages too deep")
		}
		if d == nil {
			return refuse("malformed", "a page is missing")
		}
		p := above
		p.dict = d
		if r := f.Dict(d["Resources"]); r != nil {
			p.resources = r
		}
		if box, ok := f.Numbers(d["MediaBox"]); ok {
			p.media = box
		}
		if box, ok := f.Numbers(d["CropBox"]); ok {
			p.crop = box
		}
		if v, ok := pdf.Number(f.Get(d["Rotate"])); ok {
			p.rotate = int(v)
		}
		if kids, ok := f.Get(d["Kids"]).(pdf.Array); ok {
			for _, k := range kids {
				if err := walk(k, p, depth+1); err != nil {
					return err
				}
			}
			return nil
		}
		p.unit = 1
		if v, ok := pdf.Number(f.Get(d["UserUnit"])); ok && v > 0 {
			p.unit = v
		}
		if out = append(out, &p); len(out) > limit {
			return refuse("limit", "more than %d pages", limit)
		}
		return nil
	}
	if err := walk(root["Pages"], pdfPage{}, 0); err != nil {
		return nil, err
	}
	if len(out) == 0 {
		return nil, refuse("no_page", "there is no page")
	}
	return out, nil
}

const mmPerPoint = 25.4 / 72

// maxSide is the longest side of a page in mm: what a PDF page may have.
const maxSide = 5080

// geometry gives the page's size in mm and the matrix to it from user space:
// the crop box, turned by Rotate, seen from its upper left corner.
func (p *pdfPage) geometry() (w, h float64, m ofd.Matrix, err error) {
	media, ok := normal(p.media)
	if !ok {
		return 0, 0, m, refuse("page_size", "the page has no media box")
	}
	box := media
	if crop, ok := normal(p.crop); ok {
		box = rect{math.Max(crop.x0, media.x0), math.Max(crop.y0, media.y0), math.Min(crop.x1, media.x1), math.Min(crop.y1, media.y1)}
		if box.empty() {
			box = media
		}
	}
	k := mmPerPoint * p.unit
	w, h = (box.x1-box.x0)*k, (box.y1-box.y0)*k
	switch (p.rotate%360 + 360) % 360 {
	case 0:
		m = ofd.Matrix{k, 0, 0, -k, -box.x0 * k, box.y1 * k}
	case 90:
		m = ofd.Matrix{0, k, k, 0, -box.y0 * k, -box.x0 * k}
		w, h = h, w
	case 180:
		m = ofd.Matrix{-k, 0, 0, k, box.x1 * k, -box.y0 * k}
	case 270:
		m = ofd.Matrix{0, -k, -k, 0, box.y1 * k, box.x1 * k}
		w, h = h, w
	default:
		return 0, 0, m, refuse("page_size", "a page turned by %d degrees", p.rotate)
	}
	if !(w > 0.1 && h > 0.1 && w <= maxSide && h <= maxSide) {
		return 0, 0, m, refuse("page_size", "a page of %g × %g mm", w, h)
	}
	// Sides in points are rounded: A4 is 210 × 297 mm.
	return math.Round(w*100) / 100, math.Round(h*100) / 100, m, nil
}

func normal(b []float64) (rect, bool) {
	if len(b) != 4 {
		return rect{}, false
	}
	r := rect{math.Min(b[0], b[2]), math.Min(b[1], b[3]), math.Max(b[0], b[2]), math.Max(b[1], b[3])}
	return r, !r.empty()
}
