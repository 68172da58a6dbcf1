package ink

import "math"

// dab is the pen on the paper at one moment: where, and how broad.
type dab struct{ x, y, r float64 }

// smooth turns the points of a stroke into dabs that lie densely on a smooth
// curve: centripetal Catmull-Rom, which neither loops nor overshoots where points
// lie unevenly, as cubic Bézier curves. nib is the width of the pen.
func smooth(s Stroke, nib float64) []dab {
	s = thin(s, nib/8)
	if len(s) == 1 {
		return []dab{{s[0].X, s[0].Y, nib * 0.55}}
	}
	r := radii(s, nib)
	out := []dab{{s[0].X, s[0].Y, r[0]}}
	for i := range len(s) - 1 {
		p1, p2 := s[i], s[i+1]
		b1, b2 := controls(before(s, i), p1, p2, after(s, i+1))
		n := int(math.Ceil(math.Hypot(p2.X-p1.X, p2.Y-p1.Y)/(nib/4))) + 1
		for k := 1; k <= n; k++ {
			t := float64(k) / float64(n)
			u := 1 - t
			a, b, c, d := u*u*u, 3*u*u*t, 3*u*t*t, t*t*t
			out = append(out, dab{
				a*p1.X + b*b1.X + c*b2.X + d*p2.X, a*p1.Y + b*b1.Y + c*b2.Y + d*p2.Y, r[i] + (r[i+1]-r[i])*t,
			})
		}
	}
	return out
}

// thin leaves out points that lie closer than the hand is steady.
func thin(s Stroke, least float64) Stroke {
	out := Stroke{s[0]}
	for i, p := range s[1:] {
		last := out[len(out)-1]
		if math.Hypot(p.X-last.X, p.Y-last.Y) >= least {
			out = append(out, p)
		} else if i == len(s)-2 && len(out) > 1 {
			out[len(out)-1] = p // the stroke ends where it ended
		}
	}
	return out
}

// before and after are the neighbours of a point; those of an end are mirrored.
func before(s Stroke, i int) Point {
	if i > 0 {
		return s[i-1]
	}
	return Point{X: 2*s[0].X - s[1].X, Y: 2*s[0].Y - s[1].Y}
}

func after(s Stroke, i int) Point {
	if i+1 < len(s) {
		return s[i+1]
	}
	return Point{X: 2*s[i].X - s[i-1].X, Y: 2*s[i].Y - s[i-1].Y}
}

// controls are the control points of the Bézier curve that is the Catmull-Rom
// curve from p1 to p2 with knots at the square roots of the distances.
func controls(p0, p1, p2, p3 Point) (b1, b2 Point) {
	d1, d2, d3 := math.Hypot(p1.X-p0.X, p1.Y-p0.Y), math.Hypot(p2.X-p1.X, p2.Y-p1.Y), math.Hypot(p3.X-p2.X, p3.Y-p2.Y)
	b1, b2 = p1, p2
	if a, b := math.Sqrt(d1), math.Sqrt(d2); a > 0 {
		k := 2*d1 + 3*a*b + d2
		n := 3 * a * (a + b)
		b1 = Point{X: (d1*p2.X - d2*p0.X + k*p1.X) / n, Y: (d1*p2.Y - d2*p0.Y + k*p1.Y) / n}
	}
	if c, b := math.Sqrt(d3), math.Sqrt(d2); c > 0 {
		k := 2*d3 + 3*c*b + d2
		n := 3 * c * (c + b)
		b2 = Point{X: (d3*p1.X - d2*p3.X + k*p2.X) / n, Y: (d3*p1.Y - d2*p3.Y + k*p2.Y) / n}
	}
	return b1, b2
}

// radii are half the widths at the points: by pressure where the pad knows it,
// otherwise thinner where the hand is fast, as ink is. They change gradually, and
// a stroke begins and ends fine.
func radii(s Stroke, nib float64) []float64 {
	r := make([]float64, len(s))
	v := speeds(s)
	usual := typical(v)
	last := 0.
	for i, p := range s {
		w := 1.
		switch {
		case p.P > 0:
			w = 0.35 + 0.95*p.P
		case usual > 0:
			w = 1.3 - 0.42*min(v[i]/usual, 2)
		}
		if i > 0 {
			w = 0.65*last + 0.35*w
		}
		last = w
		r[i] = nib / 2 * w
	}
	taper(s, r, nib)
	return r
}

// speeds are how fast the pen passed each point; zeros where times are not known.
func speeds(s Stroke) []float64 {
	v := make([]float64, len(s))
	for i := 1; i < len(s); i++ {
		if dt := s[i].T - s[i-1].T; dt > 0 {
			v[i] = math.Hypot(s[i].X-s[i-1].X, s[i].Y-s[i-1].Y) / dt
		} else {
			v[i] = v[i-1]
		}
	}
	if len(v) > 1 {
		v[0] = v[1]
	}
	return v
}

// typical is the mean of the speeds that are not zero.
func typical(v []float64) float64 {
	sum, n := 0., 0
	for _, x := range v {
		if x > 0 {
			sum, n = sum+x, n+1
		}
	}
	if n == 0 {
		return 0
	}
	return sum / float64(n)
}

// taper makes the ends finer, over a length of about two nibs.
func taper(s Stroke, r []float64, nib float64) {
	way := 2 * nib
	d := 0.
	for i := range s {
		if i > 0 {
			d += math.Hypot(s[i].X-s[i-1].X, s[i].Y-s[i-1].Y)
		}
		if d >= way {
			break
		}
		r[i] *= 0.6 + 0.4*d/way
	}
	d = 0
	for i := len(s) - 1; i >= 0; i-- {
		if i < len(s)-1 {
			d += math.Hypot(s[i].X-s[i+1].X, s[i].Y-s[i+1].Y)
		}
		if d >= way {
			break
		}
		r[i] *= 0.4 + 0.6*d/way
	}
}
