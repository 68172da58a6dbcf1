package find

import (
	"cmp"
	"math"
	"slices"
)

// Tolerances of a line, in em of its characters.
const (
	offBase  = 0.35 // base lines that differ by less are one line
	maxGap   = 2.5  // blank between two characters of a line, unless one text code says so
	sameSpot = 0.2  // the same character as near as this is drawn twice, for boldness
)

// lines puts characters in the lines a reader sees, each in reading order,
// without the characters that do not count. Characters that stand alone in their
// code are tried as columns too, since nothing says how they are to be read.
func lines(chars []char, want int) [][]char {
	var along, down []char
	byAngle := map[int][]char{}
	for _, c := range chars {
		if c.folded == 0 || math.IsNaN(c.origin.X) || math.IsNaN(c.origin.Y) || !(c.size > 0) {
			continue
		}
		byAngle[c.angle] = append(byAngle[c.angle], c)
		if c.angle == 90 {
			down = append(down, c)
		} else if c.loose && c.angle == 0 {
			along = append(along, c)
		}
	}
	var out [][]char
	angles := make([]int, 0, len(byAngle))
	for a := range byAngle {
		angles = append(angles, a)
	}
	slices.Sort(angles)
	for _, a := range angles {
		out = append(out, split(byAngle[a], a)...)
	}
	if want > 1 && len(along) > 1 {
		for i := range along {
			along[i].angle = 90
		}
		out = append(out, split(append(along, down...), 90)...)
	}
	return out
}

// split sorts characters that are read in one direction into lines.
func split(chars []char, angle int) [][]char {
	s, c := math.Sincos(float64(angle) * math.Pi / 180)
	along := func(q *char) float64 { return q.origin.X*c + q.origin.Y*s }
	across := func(q *char) float64 { return q.origin.Y*c - q.origin.X*s }
	slices.SortStableFunc(chars, func(a, b char) int { return cmp.Compare(across(&a), across(&b)) })
	var out [][]char
	for from := 0; from < len(chars); {
		to := from + 1
		for to < len(chars) && across(&chars[to])-across(&chars[to-1]) < offBase*min(chars[to].size, chars[to-1].size) &&
			across(&chars[to])-across(&chars[from]) < 2*offBase*max(chars[to].size, chars[from].size) {
			to++
		}
		line := slices.Clone(chars[from:to])
		slices.SortStableFunc(line, func(a, b char) int { return cmp.Compare(along(&a), along(&b)) })
		out = append(out, pieces(line, along)...)
		from = to
	}
	return out
}

// pieces cuts a line where the blank is too wide to be read across.
func pieces(line []char, along func(*char) float64) [][]char {
	var out [][]char
	var now []char
	for i := range line {
		q := &line[i]
		if len(now) > 0 {
			last := &now[len(now)-1]
			if last.folded == q.folded && math.Abs(along(q)-along(last)) < sameSpot*q.size && last.code != q.code {
				continue
			}
			gap := along(q) - along(last) - last.width
			if gap > maxGap*max(q.size, last.size) && !(last.code == q.code && q.at-last.at < 3) {
				out, now = append(out, now), nil
			}
		}
		now = append(now, *q)
	}
	return append(out, now)
}

// order puts hits as they are read: from the top, then from the left.
func order(hits []Hit) {
	slices.SortStableFunc(hits, func(a, b Hit) int {
		if d := a.Y + a.H/2 - b.Y - b.H/2; math.Abs(d) > 0.5*min(a.H, b.H) {
			return cmp.Compare(d, 0)
		}
		return cmp.Compare(a.X, b.X)
	})
}

// repeated tells whether a hit is another one found in a second way.
func repeated(hits []Hit, h Hit) bool {
	for _, o := range hits {
		if math.Abs(o.X-h.X)+math.Abs(o.Y-h.Y)+math.Abs(o.W-h.W)+math.Abs(o.H-h.H) < 0.4*min(h.W, h.H) {
			return true
		}
	}
	return false
}
