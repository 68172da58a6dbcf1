package render

import "math"

// raster turns polygons into coverage, one byte a pixel, by summing signed areas along each row. Unlike
// x/image/vector it knows the even-odd rule and cuts geometry off at its window, however far away that lies.
type raster struct {
	x0, y0, w, h int // window in pixels
	acc          []float32
	lo, hi       []int32 // touched columns of each row
	spans        int     // pieces of edges since the last reset, the greater part of the work
}

// maxCells bounds the buffer; taller windows are worked through in bands.
const maxCells = 1 << 20

func (r *raster) reset(x0, y0, w, h int) {
	r.x0, r.y0, r.w, r.h, r.spans = x0, y0, w, h, 0
	n := (w + 2) * h
	if cap(r.acc) < n {
		r.acc = make([]float32, n)
	}
	r.acc = r.acc[:n]
	if cap(r.lo) < h {
		r.lo, r.hi = make([]int32, h), make([]int32, h)
	}
	r.lo, r.hi = r.lo[:h], r.hi[:h]
	for y := range h {
		r.lo[y], r.hi[y] = int32(w), -1
	}
}

// edge adds a line in window coordinates.
func (r *raster) edge(a, b point) {
	dir := 1.0
	if a.y > b.y {
		a, b, dir = b, a, -1
	}
	h := float64(r.h)
	if !(a.y < b.y) || b.y <= 0 || a.y >= h {
		return
	}
	slope := (b.x - a.x) / (b.y - a.y)
	if a.y < 0 {
		a = point{a.x - a.y*slope, 0}
	}
	if b.y > h {
		b = point{b.x - (b.y-h)*slope, h}
	}
	// What lies left of the window covers whole rows, what lies right of it nothing: cut the line where it changes side.
	for _, x := range r.crossings(a, b) {
		if cut := (point{x, a.y + (x-a.x)/slope}); cut.y > a.y && cut.y < b.y {
			r.inside(a, cut, dir)
			a = cut
		}
	}
	r.inside(a, b, dir)
}

// crossings are the window's sides in the order a line going down from a to b meets them.
func (r *raster) crossings(a, b point) [2]float64 {
	if a.x <= b.x {
		return [2]float64{0, float64(r.w)}
	}
	return [2]float64{float64(r.w), 0}
}

// inside draws a line that lies wholly left of, within, or right of the window, a.y <= b.y, both within its rows.
func (r *raster) inside(a, b point, dir float64) {
	w := float64(r.w)
	if (a.x+b.x)/2 >= w {
		return
	}
	a.x, b.x = math.Min(math.Max(a.x, 0), w), math.Min(math.Max(b.x, 0), w)
	if !(a.y < b.y) {
		return
	}
	slope := (b.x - a.x) / (b.y - a.y)
	x := a.x
	for y := int(a.y); y < r.h && float64(y) < b.y; y++ {
		dy := math.Min(float64(y+1), b.y) - math.Max(float64(y), a.y)
		if dy <= 0 {
			continue
		}
		next := math.Min(math.Max(x+slope*dy, 0), w)
		r.span(y, math.Min(x, next), math.Max(x, next), dy*dir)
		x = next
	}
}

// span spreads the area right of a piece of edge over the cells of row y it passes; d is its signed height.
func (r *raster) span(y int, x0, x1, d float64) {
	r.spans++
	row := r.acc[y*(r.w+2) : (y+1)*(r.w+2)]
	i0, i1 := int(x0), int(math.Ceil(x1))
	r.lo[y] = min(r.lo[y], int32(i0))
	r.hi[y] = max(r.hi[y], int32(max(i1, i0+1)))
	if i1 <= i0+1 {
		f := (x0+x1)/2 - float64(i0)
		row[i0] += float32(d * (1 - f))
		row[i0+1] += float32(d * f)
		return
	}
	// The coverage of a cell is the mean of a ramp from 0 at x0 to 1 at x1.
	s := 1 / (x1 - x0)
	area, share := 0.0, 0.0
	for i := i0; i < i1; i++ {
		right := float64(i + 1)
		next := s * (right - x0) * (right - x0) / 2
		if right > x1 {
			next = (x1-x0)/2 + right - x1
		}
		row[i] += float32(d * (next - area - share))
		share, area = next-area, next
	}
	row[i1] += float32(d * (1 - share))
}

// row writes the coverage of window row y into out and clears it; from and to bound the columns that are not 0.
func (r *raster) row(y int, rule fillRule, out []uint8) (from, to int) {
	from, to = int(r.lo[y]), r.w
	if r.hi[y] < 0 {
		return 0, 0
	}
	acc := r.acc[y*(r.w+2) : (y+1)*(r.w+2)]
	sum, last := float32(0), from
	for x := from; x < to; x++ {
		sum += acc[x]
		acc[x] = 0
		out[x] = cover(sum, rule)
		if out[x] != 0 {
			last = x + 1
		}
		if x > int(r.hi[y]) && out[x] == 0 {
			break
		}
	}
	acc[r.w], acc[r.w+1] = 0, 0
	r.lo[y], r.hi[y] = int32(r.w), -1
	return from, last
}

func cover(sum float32, rule fillRule) uint8 {
	if sum < 0 {
		sum = -sum
	}
	if rule == evenOdd {
		sum = float32(math.Mod(float64(sum), 2))
		if sum > 1 {
			sum = 2 - sum
		}
	}
	if sum >= 1 {
		return 255
	}
	return uint8(sum*255 + 0.5)
}
