package render

import "math"

// point is a place in millimetres (page space) or in the units of an object's own space.
type point struct{ x, y float64 }

// rect is an axis-parallel box; it is empty when x1 <= x0 or y1 <= y0.
type rect struct{ x0, y0, x1, y1 float64 }

func (r rect) empty() bool { return !(r.x1 > r.x0 && r.y1 > r.y0) }

func (r rect) width() float64  { return r.x1 - r.x0 }
func (r rect) height() float64 { return r.y1 - r.y0 }

func (r rect) intersect(s rect) rect {
	return rect{math.Max(r.x0, s.x0), math.Max(r.y0, s.y0), math.Min(r.x1, s.x1), math.Min(r.y1, s.y1)}
}

func (r rect) contains(s rect) bool {
	return s.x0 >= r.x0 && s.y0 >= r.y0 && s.x1 <= r.x1 && s.y1 <= r.y1
}

func (r rect) grow(d float64) rect { return rect{r.x0 - d, r.y0 - d, r.x1 + d, r.y1 + d} }

// matrix is a b c d e f of GB/T 33190 §8.5: x' = a·x + c·y + e, y' = b·x + d·y + f.
type matrix [6]float64

var identity = matrix{1, 0, 0, 1, 0, 0}

func translate(x, y float64) matrix { return matrix{1, 0, 0, 1, x, y} }
func scale(x, y float64) matrix     { return matrix{x, 0, 0, y, 0, 0} }

// rotate turns by degrees, clockwise on a page whose y axis points down.
func rotate(degrees float64) matrix {
	s, c := math.Sincos(degrees * math.Pi / 180)
	switch math.Mod(math.Mod(degrees, 360)+360, 360) { // exact, so that upright text stays upright
	case 0:
		s, c = 0, 1
	case 90:
		s, c = 1, 0
	case 180:
		s, c = 0, -1
	case 270:
		s, c = -1, 0
	}
	return matrix{c, s, -s, c, 0, 0}
}

// then is the matrix that applies m first and n afterwards.
func (m matrix) then(n matrix) matrix {
	return matrix{
		m[0]*n[0] + m[1]*n[2], m[0]*n[1] + m[1]*n[3],
		m[2]*n[0] + m[3]*n[2], m[2]*n[1] + m[3]*n[3],
		m[4]*n[0] + m[5]*n[2] + n[4], m[4]*n[1] + m[5]*n[3] + n[5],
	}
}

func (m matrix) apply(p point) point {
	return point{m[0]*p.x + m[2]*p.y + m[4], m[1]*p.x + m[3]*p.y + m[5]}
}

func (m matrix) det() float64 { return m[0]*m[3] - m[1]*m[2] }

// size is the mean factor by which m stretches lengths.
func (m matrix) size() float64 { return math.Sqrt(math.Abs(m.det())) }

// invert reports false when m flattens the plane.
func (m matrix) invert() (matrix, bool) {
	d := m.det()
	if d == 0 || math.IsNaN(d) || math.IsInf(d, 0) || math.Abs(d) < 1e-18 {
		return identity, false
	}
	return matrix{
		m[3] / d, -m[1] / d, -m[2] / d, m[0] / d,
		(m[2]*m[5] - m[3]*m[4]) / d, (m[1]*m[4] - m[0]*m[5]) / d,
	}, true
}

// bounds is the smallest box round the image of r.
func (m matrix) bounds(r rect) rect {
	out := rect{math.Inf(1), math.Inf(1), math.Inf(-1), math.Inf(-1)}
	for _, p := range [4]point{{r.x0, r.y0}, {r.x1, r.y0}, {r.x1, r.y1}, {r.x0, r.y1}} {
		out.add(m.apply(p))
	}
	return out
}

// straight reports that m keeps boxes boxes: no rotation but by right angles.
func (m matrix) straight() bool {
	return (m[1] == 0 && m[2] == 0) || (m[0] == 0 && m[3] == 0)
}

func (m matrix) finite() bool {
	for _, v := range m {
		if math.IsNaN(v) || math.Abs(v) > 1e9 {
			return false
		}
	}
	return true
}

func (r *rect) add(p point) {
	r.x0, r.x1 = math.Min(r.x0, p.x), math.Max(r.x1, p.x)
	r.y0, r.y1 = math.Min(r.y0, p.y), math.Max(r.y1, p.y)
}
