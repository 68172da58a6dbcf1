package render

import "math"

// arc adds an elliptical arc from a to b as cubic curves, at most a quarter turn each.
// The parameters are those of AbbreviatedData's A: radii, turn of the ellipse in degrees, the longer way round, clockwise.
func (p *path) arc(a point, rx, ry, degrees float64, large, sweep bool, b point) {
	rx, ry = math.Abs(rx), math.Abs(ry)
	if rx == 0 || ry == 0 || a == b {
		p.line(b)
		return
	}
	sin, cos := math.Sincos(degrees * math.Pi / 180)
	// The chord's half in the ellipse's own axes.
	hx, hy := (a.x-b.x)/2, (a.y-b.y)/2
	ux, uy := cos*hx+sin*hy, -sin*hx+cos*hy
	if l := ux*ux/(rx*rx) + uy*uy/(ry*ry); l > 1 { // too small to reach: grow it until it does
		rx, ry = rx*math.Sqrt(l), ry*math.Sqrt(l)
	}
	den := rx*rx*uy*uy + ry*ry*ux*ux
	k := 0.0
	if den > 0 {
		k = math.Sqrt(math.Max(0, (rx*rx*ry*ry-den)/den))
	}
	if large == sweep {
		k = -k
	}
	cx, cy := k*rx*uy/ry, -k*ry*ux/rx
	center := point{cos*cx - sin*cy + (a.x+b.x)/2, sin*cx + cos*cy + (a.y+b.y)/2}
	from := math.Atan2((uy-cy)/ry, (ux-cx)/rx)
	turn := math.Atan2((-uy-cy)/ry, (-ux-cx)/rx) - from
	if sweep && turn < 0 {
		turn += 2 * math.Pi
	} else if !sweep && turn > 0 {
		turn -= 2 * math.Pi
	}
	m := matrix{rx * cos, rx * sin, -ry * sin, ry * cos, center.x, center.y}
	p.unitArc(m, from, turn)
}

// unitArc adds the part of the unit circle, seen through m, that starts at from and goes on for turn radians.
func (p *path) unitArc(m matrix, from, turn float64) {
	n := int(math.Ceil(math.Abs(turn)/(math.Pi/2) - 1e-9))
	if n < 1 || n > 8 {
		return
	}
	step := turn / float64(n)
	k := 4.0 / 3 * math.Tan(step/4)
	for i := range n {
		s0, c0 := math.Sincos(from + float64(i)*step)
		s1, c1 := math.Sincos(from + float64(i+1)*step)
		p.cubic(m.apply(point{c0 - k*s0, s0 + k*c0}), m.apply(point{c1 + k*s1, s1 - k*c1}), m.apply(point{c1, s1}))
	}
}
