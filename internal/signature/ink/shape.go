package ink

import (
	"math"
	"strconv"
)

type vertex struct{ x, y float64 }

// shapes gives the ink as polygons that all turn the same way round, so that where
// they overlap there is ink (rule nonzero): a quadrilateral between each two dabs,
// and a disc at ends and where the pen turns.
func shapes(strokes [][]dab, put func(polygon []vertex)) {
	for _, s := range strokes {
		for i := range s {
			if i == 0 || i == len(s)-1 || turns(s[i-1], s[i], s[i+1]) {
				put(disc(s[i]))
			}
			if i > 0 {
				if q := between(s[i-1], s[i]); q != nil {
					put(q)
				}
			}
		}
	}
}

// turns tells whether the pen changes direction at b so much that a gap would show.
func turns(a, b, c dab) bool {
	ax, ay, cx, cy := b.x-a.x, b.y-a.y, c.x-b.x, c.y-b.y
	n := math.Hypot(ax, ay) * math.Hypot(cx, cy)
	return n == 0 || (ax*cx+ay*cy)/n < 0.995
}

// disc is a circle as a polygon of twelve corners.
func disc(b dab) []vertex {
	const corners = 12
	out := make([]vertex, corners)
	for i := range out {
		sin, cos := math.Sincos(2 * math.Pi * float64(i) / corners)
		out[i] = vertex{b.x + b.r*cos, b.y + b.r*sin}
	}
	return out
}

// between is the ribbon from a to b, or nil where they are the same place.
func between(a, b dab) []vertex {
	dx, dy := b.x-a.x, b.y-a.y
	l := math.Hypot(dx, dy)
	if l == 0 {
		return nil
	}
	nx, ny := -dy/l, dx/l // turned so that the corners go round as those of disc do
	return []vertex{
		{a.x - nx*a.r, a.y - ny*a.r}, {b.x - nx*b.r, b.y - ny*b.r}, {b.x + nx*b.r, b.y + ny*b.r}, {a.x + nx*a.r, a.y + ny*a.r},
	}
}

// Path is the ink as an SVG path (fill-rule nonzero) in a box of the given width
// and the height that belongs to it.
func (w *Writing) Path(width float64) string {
	k := width / w.Width
	var b []byte
	shapes(w.strokes, func(p []vertex) {
		for i, v := range p {
			b = append(b, "ML"[min(i, 1)])
			b = strconv.AppendFloat(b, math.Round(v.x*k*100)/100, 'f', -1, 64)
			b = append(b, ' ')
			b = strconv.AppendFloat(b, math.Round(v.y*k*100)/100, 'f', -1, 64)
		}
		b = append(b, 'Z')
	})
	return string(b)
}
