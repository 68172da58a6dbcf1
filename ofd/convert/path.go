package convert

import (
	"math"

	"sidian/ofd"
)

// construct adds to the current path (ISO 32000-1 §8.5.2). Points are put on
// the page at once, as the standard wants: later matrices do not move them.
func (d *drawer) construct(op string, v []float64) error {
	at := func(i int) point { return d.st.ctm.Apply(point{X: v[i], Y: v[i+1]}) }
	if op != "m" && op != "re" && !d.have {
		return refuse("content", "a path without a start")
	}
	switch op {
	case "m":
		d.open, d.now, d.have = at(0), at(0), true
		d.path = append(d.path, seg{op: 'm', p: [3]point{d.now}})
	case "l":
		d.now = at(0)
		d.path = append(d.path, seg{op: 'l', p: [3]point{d.now}})
	case "c":
		d.path = append(d.path, seg{op: 'c', p: [3]point{at(0), at(2), at(4)}})
		d.now = at(4)
	case "v":
		d.path = append(d.path, seg{op: 'c', p: [3]point{d.now, at(0), at(2)}})
		d.now = at(2)
	case "y":
		d.path = append(d.path, seg{op: 'c', p: [3]point{at(0), at(2), at(2)}})
		d.now = at(2)
	case "re":
		x, y, w, h := v[0], v[1], v[2], v[3]
		d.path = append(d.path, boxShape(d.st.ctm, rect{x, y, x + w, y + h})...)
		d.open = at(0)
		d.now, d.have = d.open, true
	}
	if len(d.path) > maxSegments {
		return refuse("limit", "a path of more than %d pieces", maxSegments)
	}
	return nil
}

// maxSegments bounds one path.
const maxSegments = 200_000

func (d *drawer) closePath() {
	if d.have {
		d.path = append(d.path, seg{op: 'h'})
		d.now = d.open
	}
}

// endPath applies the clip that was announced, and forgets the path.
func (d *drawer) endPath() {
	if d.clip != 0 {
		if len(d.path) == 0 {
			d.st.box = rect{}
		} else {
			d.st.narrow(d.path, d.clip == '*')
		}
	}
	d.path, d.have, d.clip = nil, false, 0
}

func (d *drawer) paintPath(op string) error {
	if op == "s" || op == "b" || op == "b*" {
		d.closePath()
	}
	fill := op != "S" && op != "s"
	stroke := op[0] != 'f' && op[0] != 'F'
	evenOdd := op[len(op)-1] == '*'
	err := d.emitPath(fill, stroke, evenOdd)
	d.endPath()
	return err
}

// hairline is how wide the thinnest line is drawn, mm: "one device pixel" of a
// good printer (§8.4.3.2).
const hairline = 0.06

func (d *drawer) emitPath(fill, stroke, evenOdd bool) error {
	if len(d.path) == 0 {
		return nil
	}
	if fill && d.st.fill.bad != nil {
		return d.st.fill.bad
	}
	if stroke && d.st.stroke.bad != nil {
		return d.st.stroke.bad
	}
	o := &ofd.PathObject{NoStroke: !stroke, Fill: fill, EvenOdd: evenOdd}
	if fill {
		o.FillColor = d.st.fill.color()
	}
	bound := d.path.bounds()
	var local *ofd.Matrix
	if stroke {
		o.StrokeColor = d.st.stroke.color()
		var reach float64
		local, reach = d.pen(&o.Pen)
		bound = bound.grow(reach)
	} else {
		// What has no area is shown as the thinnest line all the same (§8.5.3.3.1).
		if bound.x1-bound.x0 < hairline/4 || bound.y1-bound.y0 < hairline/4 {
			return d.emitThin(bound)
		}
		bound = bound.grow(0.01)
	}
	visible := bound.cut(d.st.box)
	if visible.empty() {
		return nil
	}
	m := d.place(&o.Graphic, visible, local, bound)
	o.Data = d.path.data(m)
	d.bytes += len(o.Data)
	return d.emit(o)
}

// emitThin fills a path without an area as the box of a hair's width.
func (d *drawer) emitThin(b rect) error {
	if b.x1-b.x0 < hairline {
		mid := (b.x0 + b.x1) / 2
		b.x0, b.x1 = mid-hairline/2, mid+hairline/2
	}
	if b.y1-b.y0 < hairline {
		mid := (b.y0 + b.y1) / 2
		b.y0, b.y1 = mid-hairline/2, mid+hairline/2
	}
	visible := b.cut(d.st.box)
	if visible.empty() {
		return nil
	}
	o := &ofd.PathObject{NoStroke: true, Fill: true, FillColor: d.st.fill.color()}
	o.Data = boxShape(ofd.Identity, b).data(d.place(&o.Graphic, visible, nil, b))
	return d.emit(o)
}

var (
	caps  = []string{"Butt", "Round", "Square"}
	joins = []string{"Miter", "Round", "Bevel"}
)

// pen sets how lines look. Where the matrix stretches the pen, the object gets
// a matrix of its own; reach is how far the line goes beyond its path.
func (d *drawer) pen(p *ofd.Pen) (local *ofd.Matrix, reach float64) {
	scale, round := even(d.st.ctm)
	unit := scale
	if !round {
		m := d.st.ctm
		k := math.Sqrt(math.Abs(m[0]*m[3] - m[1]*m[2]))
		if k > 1e-9 {
			m = ofd.Matrix{m[0] / k, m[1] / k, m[2] / k, m[3] / k, 0, 0}
			if _, ok := inverse(m); ok {
				local, unit = &m, k
			}
		}
		scale = math.Max(math.Hypot(d.st.ctm[0], d.st.ctm[1]), math.Hypot(d.st.ctm[2], d.st.ctm[3]))
	}
	width := math.Max(d.st.width*unit, hairline)
	p.LineWidth = &width
	if d.st.cap > 0 && d.st.cap < len(caps) {
		p.Cap = caps[d.st.cap]
	}
	if d.st.join > 0 && d.st.join < len(joins) {
		p.Join = joins[d.st.join]
	}
	miter := math.Max(1, d.st.miter)
	p.MiterLimit = &miter
	for _, v := range d.st.dash {
		p.DashPattern = append(p.DashPattern, v*unit)
	}
	if len(p.DashPattern)%2 == 1 {
		p.DashPattern = append(p.DashPattern, p.DashPattern...)
	}
	if p.DashPattern != nil {
		p.DashOffset = d.st.phase * unit
	}
	reach = math.Max(d.st.width*scale, hairline) / 2
	if d.st.join == 0 {
		reach *= math.Min(miter, 10)
	}
	return local, reach*1.5 + 0.01
}

// place sets boundary, matrix and clips of an object, and gives the matrix from
// the page to the object's own space. visible is what is left of bound.
func (d *drawer) place(g *ofd.Graphic, visible rect, local *ofd.Matrix, bound rect) ofd.Matrix {
	g.Boundary = boxOf(visible)
	to := moved(-g.Boundary.X, -g.Boundary.Y)
	if local != nil {
		m := *local
		g.CTM = &m
		if inv, ok := inverse(m); ok {
			to = to.Then(inv)
		}
	}
	var list []ofd.Clip
	for _, c := range d.st.clips {
		data := c.shape.data(to)
		d.bytes += len(data)
		b := nowhere
		for _, s := range c.shape {
			for i := range s.p {
				if s.op == 'c' || i == 0 && s.op != 'h' {
					b.add(to.Apply(s.p[i]))
				}
			}
		}
		// The path's own space begins at the corner of its boundary.
		at := moved(-b.x0, -b.y0)
		p := &ofd.PathObject{Graphic: ofd.Graphic{Boundary: ofd.Box{X: b.x0, Y: b.y0, W: math.Max(b.x1-b.x0, 0.001), H: math.Max(b.y1-b.y0, 0.001)}},
			NoStroke: true, Fill: true, EvenOdd: c.evenOdd, Data: c.shape.data(to.Then(at))}
		list = append(list, ofd.Clip{Areas: []ofd.ClipArea{{Path: p}}})
	}
	if list != nil {
		g.Clips = &ofd.Clips{Clips: list}
	}
	return to
}

func boxOf(r rect) ofd.Box {
	const least = 0.001
	return ofd.Box{X: r.x0, Y: r.y0, W: math.Max(r.x1-r.x0, least), H: math.Max(r.y1-r.y0, least)}
}

// emit puts an object on the page.
func (d *drawer) emit(o ofd.Object) error {
	d.page.objects = append(d.page.objects, o)
	if len(d.page.objects) > d.limits.Objects {
		return refuse("limit", "more than %d objects on a page", d.limits.Objects)
	}
	if d.bytes > d.limits.Output {
		return refuse("limit", "more than %d bytes of paths and text on a page", d.limits.Output)
	}
	return nil
}
