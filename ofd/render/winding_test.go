package render

import "math"

// winding counts how often the polygon goes round p.
func winding(pts []point, p point) int {
	n := 0
	for i, a := range pts {
		b := pts[(i+1)%len(pts)]
		side := (b.x-a.x)*(p.y-a.y) - (p.x-a.x)*(b.y-a.y)
		switch {
		case a.y <= p.y && b.y > p.y && side > 0:
			n++
		case a.y > p.y && b.y <= p.y && side < 0:
			n--
		}
	}
	return n
}

// distance is how near the polygon's edges come to p.
func distance(pts []point, p point) float64 {
	best := math.Inf(1)
	for i, a := range pts {
		b := pts[(i+1)%len(pts)]
		l := (b.x-a.x)*(b.x-a.x) + (b.y-a.y)*(b.y-a.y)
		k := 0.0
		if l > 0 {
			k = math.Min(math.Max(((p.x-a.x)*(b.x-a.x)+(p.y-a.y)*(b.y-a.y))/l, 0), 1)
		}
		best = math.Min(best, math.Hypot(a.x+k*(b.x-a.x)-p.x, a.y+k*(b.y-a.y)-p.y))
	}
	return best
}
