package render

import "math"

type verb uint8

const (
	moveTo  verb = iota // 1 point
	lineTo              // 1
	quadTo              // 2
	cubicTo             // 3
	closeTo             // 0
)

var verbPoints = [...]int{moveTo: 1, lineTo: 1, quadTo: 2, cubicTo: 3, closeTo: 0}

// path is a sequence of contours. A path is never changed once it is in a scene, so scenes may share it.
type path struct {
	verbs  []verb
	points []point
}

func (p *path) empty() bool { return p == nil || len(p.verbs) == 0 }

func (p *path) move(a point)    { p.verbs = append(p.verbs, moveTo); p.points = append(p.points, a) }
func (p *path) line(a point)    { p.verbs = append(p.verbs, lineTo); p.points = append(p.points, a) }
func (p *path) quad(a, b point) { p.verbs = append(p.verbs, quadTo); p.points = append(p.points, a, b) }
func (p *path) cubic(a, b, c point) {
	p.verbs = append(p.verbs, cubicTo)
	p.points = append(p.points, a, b, c)
}
func (p *path) close() { p.verbs = append(p.verbs, closeTo) }

func rectPath(r rect) *path {
	p := &path{}
	p.move(point{r.x0, r.y0})
	p.line(point{r.x1, r.y0})
	p.line(point{r.x1, r.y1})
	p.line(point{r.x0, r.y1})
	p.close()
	return p
}

// appendPath adds q, transformed by m.
func (p *path) appendPath(q *path, m matrix) {
	p.verbs = append(p.verbs, q.verbs...)
	for _, a := range q.points {
		p.points = append(p.points, m.apply(a))
	}
}

// bounds is the box of all control points, which holds the curve.
func (p *path) bounds() rect {
	if p == nil || len(p.points) == 0 {
		return rect{}
	}
	r := rect{math.Inf(1), math.Inf(1), math.Inf(-1), math.Inf(-1)}
	for _, a := range p.points {
		r.add(a)
	}
	return r
}

// isRect reports the box p draws when p is one axis-parallel box.
func (p *path) isRect() (rect, bool) {
	if len(p.verbs) != 5 || len(p.points) != 4 || p.verbs[0] != moveTo || p.verbs[4] != closeTo {
		return rect{}, false
	}
	for _, v := range p.verbs[1:4] {
		if v != lineTo {
			return rect{}, false
		}
	}
	a, b, c, d := p.points[0], p.points[1], p.points[2], p.points[3]
	if (a.y == b.y && b.x == c.x && c.y == d.y && d.x == a.x) || (a.x == b.x && b.y == c.y && c.x == d.x && d.y == a.y) {
		return p.bounds(), true
	}
	return rect{}, false
}

// polyline is a flattened contour.
type polyline struct {
	pts    []point
	closed bool
}

// flatten turns p, transformed by m, into straight lines that leave the curve by at most tol.
// The number of pieces a curve is cut into is bounded, so that the cost is linear in the path.
func (p *path) flatten(m matrix, tol float64) []polyline {
	var out []polyline
	var cur polyline
	var start point
	i := 0
	end := func() {
		if len(cur.pts) > 0 {
			out = append(out, cur)
		}
		cur = polyline{}
	}
	at := func() point {
		if len(cur.pts) == 0 {
			cur.pts = append(cur.pts, start)
		}
		return cur.pts[len(cur.pts)-1]
	}
	for _, v := range p.verbs {
		n := verbPoints[v]
		if i+n > len(p.points) {
			break
		}
		var q [3]point
		for k := range n {
			q[k] = m.apply(p.points[i+k])
		}
		i += n
		switch v {
		case moveTo:
			end()
			start = q[0]
			cur.pts = append(cur.pts, start)
		case lineTo:
			at()
			cur.pts = append(cur.pts, q[0])
		case quadTo:
			cur.pts = flattenQuad(cur.pts, at(), q[0], q[1], tol)
		case cubicTo:
			cur.pts = flattenCubic(cur.pts, at(), q[0], q[1], q[2], tol)
		case closeTo:
			if len(cur.pts) > 0 {
				cur.closed = true
				end()
			}
		}
	}
	end()
	return out
}

const maxPieces = 64

func pieces(deviation, tol float64) int {
	if !(deviation > tol) {
		return 1
	}
	return int(math.Min(math.Ceil(math.Sqrt(deviation/tol)), maxPieces))
}

func flattenQuad(pts []point, a, b, c point, tol float64) []point {
	n := pieces(math.Hypot(a.x-2*b.x+c.x, a.y-2*b.y+c.y)/4, tol)
	for k := 1; k <= n; k++ {
		t := float64(k) / float64(n)
		u := 1 - t
		pts = append(pts, point{u*u*a.x + 2*u*t*b.x + t*t*c.x, u*u*a.y + 2*u*t*b.y + t*t*c.y})
	}
	return pts
}

func flattenCubic(pts []point, a, b, c, d point, tol float64) []point {
	dev := math.Max(math.Hypot(a.x-2*b.x+c.x, a.y-2*b.y+c.y), math.Hypot(b.x-2*c.x+d.x, b.y-2*c.y+d.y))
	n := pieces(dev*3/4, tol)
	for k := 1; k <= n; k++ {
		t := float64(k) / float64(n)
		u := 1 - t
		x := u*u*u*a.x + 3*u*u*t*b.x + 3*u*t*t*c.x + t*t*t*d.x
		y := u*u*u*a.y + 3*u*u*t*b.y + 3*u*t*t*c.y + t*t*t*d.y
		pts = append(pts, point{x, y})
	}
	return pts
}
