package sign

import (
	"math"

	"sidian/ofd"
)

// Straddle gives the places of a seal that straddles pages: an equal slice of
// it at the right edge of each of the pages from first to last (from 0).
// pageWidth, y, w and h are millimetres.
func Straddle(first, last int, pageWidth, y, w, h float64) []Place {
	n := last - first + 1
	if n <= 0 {
		return nil
	}
	slice := w / float64(n)
	list := make([]Place, n)
	for i := range list {
		list[i] = Place{
			PageIndex: first + i, X: pageWidth - slice*float64(i+1), Y: y, W: w, H: h,
			Clip: &Clip{X: slice * float64(i), W: slice, H: h},
		}
	}
	return list
}

// LeastSlice is the narrowest slice of a straddling seal, in millimetres: what
// is narrower can be seen neither on paper nor on a screen.
const LeastSlice = 1.0

// StraddlePages is Straddle over pages of any number and widths: boxes are those
// of the document's pages. Where one seal over all pages would leave slices
// under LeastSlice, the pages are parted into as few groups as will do, as even
// as can be, and each group bears a whole seal: 100 pages under a seal of 42 mm
// are 3 groups, of 34, 33 and 33 pages. The slices of one group put together
// are the seal. It is nil when the pages are fewer than two, or not there.
func StraddlePages(boxes []ofd.Box, first, last int, y, w, h float64) []Place {
	n := last - first + 1
	if first < 0 || last >= len(boxes) || n < 2 || !(w >= 2*LeastSlice) {
		return nil
	}
	most := int(math.Floor(w / LeastSlice))
	groups := (n + most - 1) / most
	var list []Place
	for g := range groups {
		from, to := first+g*n/groups, first+(g+1)*n/groups-1
		places := Straddle(from, to, 0, y, w, h)
		for i := range places {
			places[i].X += boxes[from+i].W
		}
		list = append(list, places...)
	}
	return list
}
