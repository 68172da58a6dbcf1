package render

import "math"

// strokePolygons turns the contours of a path into polygons whose union, by the non-zero rule, is the stroke. All are
// turned the same way round, so that where pieces overlap nothing cancels out. Everything is in the pen's space.
func strokePolygons(lines []polyline, p *pen, tol float64) [][]point {
	s := stroker{pen: p, r: p.width / 2}
	s.steps = roundSteps(s.r, tol)
	for _, l := range lines {
		for _, d := range dashes(l, p) {
			s.contour(d)
		}
	}
	return s.out
}

type stroker struct {
	pen   *pen
	r     float64
	steps int
	out   [][]point
}

// roundSteps is the number of corners of a whole circle of radius r.
func roundSteps(r, tol float64) int {
	if !(r > tol) {
		return 8
	}
	return int(math.Min(math.Max(math.Ceil(math.Pi/math.Acos(1-tol/r)), 8), 96))
}

// polygon keeps a convex piece, turned so that its area is positive.
func (s *stroker) polygon(pts ...point) {
	area := 0.0
	for i, a := range pts {
		b := pts[(i+1)%len(pts)]
		area += a.x*b.y - b.x*a.y
	}
	if area == 0 {
		return
	}
	if area < 0 {
		for i, j := 0, len(pts)-1; i < j; i, j = i+1, j-1 {
			pts[i], pts[j] = pts[j], pts[i]
		}
	}
	s.out = append(s.out, pts)
}

func (s *stroker) disc(c point) {
	pts := make([]point, s.steps)
	for i := range pts {
		sin, cos := math.Sincos(2 * math.Pi * float64(i) / float64(s.steps))
		pts[i] = point{c.x + s.r*cos, c.y + s.r*sin}
	}
	s.polygon(pts...)
}

func (s *stroker) contour(l polyline) {
	pts := distinct(l.pts, l.closed)
	if len(pts) == 1 {
		s.dot(pts[0], l.closed)
		return
	}
	n := len(pts) - 1
	if l.closed {
		n = len(pts)
	}
	for i := range n {
		s.segment(pts[i], pts[(i+1)%len(pts)])
	}
	for i := 1; i < len(pts)-1; i++ {
		s.corner(pts[i-1], pts[i], pts[i+1])
	}
	k := len(pts) - 1
	if l.closed && len(pts) > 2 {
		s.corner(pts[k-1], pts[k], pts[0])
		s.corner(pts[k], pts[0], pts[1])
		return
	}
	s.end(pts[1], pts[0])
	s.end(pts[k-1], pts[k])
}

// dot is a contour without length: seen only with round or square ends.
func (s *stroker) dot(c point, closed bool) {
	switch {
	case s.pen.cap == capRound:
		s.disc(c)
	case s.pen.cap == capSquare && !closed:
		s.polygon(point{c.x - s.r, c.y - s.r}, point{c.x + s.r, c.y - s.r}, point{c.x + s.r, c.y + s.r}, point{c.x - s.r, c.y + s.r})
	}
}

// distinct leaves out repeated points; of a closed contour also a last one that repeats the first.
func distinct(in []point, closed bool) []point {
	out := make([]point, 0, len(in))
	for _, p := range in {
		if len(out) == 0 || out[len(out)-1] != p {
			out = append(out, p)
		}
	}
	if closed && len(out) > 1 && out[0] == out[len(out)-1] {
		out = out[:len(out)-1]
	}
	return out
}

// direction is the unit vector from a to b.
func direction(a, b point) point {
	l := math.Hypot(b.x-a.x, b.y-a.y)
	if l == 0 {
		return point{}
	}
	return point{(b.x - a.x) / l, (b.y - a.y) / l}
}

func (s *stroker) segment(a, b point) {
	d := direction(a, b)
	nx, ny := -d.y*s.r, d.x*s.r
	s.polygon(point{a.x + nx, a.y + ny}, point{b.x + nx, b.y + ny}, point{b.x - nx, b.y - ny}, point{a.x - nx, a.y - ny})
}

func (s *stroker) end(from, at point) {
	switch s.pen.cap {
	case capRound:
		s.disc(at)
	case capSquare:
		d := direction(from, at)
		s.segment(at, point{at.x + d.x*s.r, at.y + d.y*s.r})
	}
}

func (s *stroker) corner(a, b, c point) {
	d, e := direction(a, b), direction(b, c)
	cross := d.x*e.y - d.y*e.x
	dot := d.x*e.x + d.y*e.y
	if math.Abs(cross) < 1e-6 && dot > 0 {
		return
	}
	if s.pen.join == joinRound {
		s.disc(b)
		return
	}
	side := s.r // the outer side of the turn
	if cross > 0 {
		side = -s.r
	}
	p := point{b.x - d.y*side, b.y + d.x*side}
	q := point{b.x - e.y*side, b.y + e.x*side}
	// The miter's length is 1/sin(θ/2) of the line width, θ being the angle between the lines.
	sin2 := (1 + dot) / 2
	if s.pen.join == joinMiter && sin2 > 1e-9 && 1/math.Sqrt(sin2) <= s.pen.miter {
		hx, hy := (p.x+q.x)/2-b.x, (p.y+q.y)/2-b.y
		s.polygon(b, p, point{b.x + hx/sin2, b.y + hy/sin2}, q)
		return
	}
	s.polygon(b, p, q)
}

// maxDashes bounds what one contour may be cut into; a finer pattern is drawn solid.
const maxDashes = 20000

func dashes(l polyline, p *pen) []polyline {
	total := 0.0
	for _, d := range p.dash {
		total += d
	}
	pts := l.pts
	if l.closed && len(pts) > 0 {
		pts = append(append([]point(nil), pts...), pts[0])
	}
	length := 0.0
	for i := 1; i < len(pts); i++ {
		length += math.Hypot(pts[i].x-pts[i-1].x, pts[i].y-pts[i-1].y)
	}
	if !(total > 0) || length/total*float64(len(p.dash)) > maxDashes {
		return []polyline{l}
	}
	return cutDashes(pts, p, total)
}

func cutDashes(pts []point, p *pen, total float64) []polyline {
	i, left, on := dashStart(p, total)
	var out []polyline
	var cur []point
	if on && len(pts) > 0 {
		cur = append(cur, pts[0])
	}
	for k := 1; k < len(pts); k++ {
		a, b := pts[k-1], pts[k]
		seg := math.Hypot(b.x-a.x, b.y-a.y)
		if seg == 0 {
			continue
		}
		done := 0.0
		for seg-done > left {
			done += left
			at := point{a.x + (b.x-a.x)*done/seg, a.y + (b.y-a.y)*done/seg}
			if on {
				out = append(out, polyline{pts: append(cur, at)})
				cur = nil
			} else {
				cur = []point{at}
			}
			on = !on
			i = (i + 1) % len(p.dash)
			left = math.Max(p.dash[i], total*1e-4) // never stands still
		}
		left -= seg - done
		if on {
			cur = append(cur, b)
		}
	}
	if on && len(cur) > 1 {
		out = append(out, polyline{pts: cur})
	}
	return out
}

// dashStart is where the pattern begins: which entry, how much of it is left, and whether it paints.
func dashStart(p *pen, total float64) (i int, left float64, on bool) {
	period := total
	if len(p.dash)%2 == 1 {
		period *= 2
	}
	at := math.Mod(p.dashOffset, period)
	if at < 0 {
		at += period
	}
	on = true
	for range 2 * len(p.dash) {
		if at < p.dash[i] {
			break
		}
		at -= p.dash[i]
		i = (i + 1) % len(p.dash)
		on = !on
	}
	return i, math.Max(p.dash[i]-at, 0), on
}
