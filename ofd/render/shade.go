package render

import (
	"math"
	"sort"
	"strings"

	"sidian/ofd"
)

// maxStops bounds the colours of one shading.
const maxStops = 256

func (w *walker) axial(a *ofd.AxialShade) *shade {
	s := &shade{p0: point{a.Start.X, a.Start.Y}, p1: point{a.End.X, a.End.Y}}
	if s.p0 == s.p1 || !w.stops(s, a.Stops) {
		return nil
	}
	s.extend0, s.extend1 = a.Extend&1 != 0, a.Extend&2 != 0
	s.spread = spreadOf(a.MapType)
	if s.spread != spreadPad && a.MapUnit > 0 {
		// One run of the colours is MapUnit long, counted from the start.
		d := direction(s.p0, s.p1)
		s.p1 = point{s.p0.x + d.x*a.MapUnit, s.p0.y + d.y*a.MapUnit}
	}
	return s
}

func (w *walker) radial(a *ofd.RadialShade) *shade {
	s := &shade{radial: true, p0: point{a.Start.X, a.Start.Y}, p1: point{a.End.X, a.End.Y}, r0: a.StartRadius, r1: a.EndRadius}
	if s.r0 < 0 || s.r1 < 0 || s.r0 == s.r1 && s.p0 == s.p1 || !w.stops(s, a.Stops) {
		return nil
	}
	if a.Eccentricity != 0 {
		w.warn(WarnApproximate, "椭圆径向渐变以圆形近似绘制")
	}
	s.extend0, s.extend1 = a.Extend&1 != 0, a.Extend&2 != 0
	s.spread = spreadOf(a.MapType)
	return s
}

func spreadOf(kind string) spread {
	switch strings.ToLower(kind) {
	case "repeat":
		return spreadRepeat
	case "reflect":
		return spreadReflect
	}
	return spreadPad
}

// stops fills in missing positions evenly, sorts, and takes the mean colour.
func (w *walker) stops(s *shade, in []ofd.Stop) bool {
	if len(in) == 0 || len(in) > maxStops {
		return false
	}
	var sum [3]float64
	for i, seg := range in {
		at := 0.0
		if len(in) > 1 {
			at = float64(i) / float64(len(in)-1)
		}
		if seg.Position != nil {
			at = math.Min(math.Max(*seg.Position, 0), 1)
		}
		st := stop{at: at, alpha: 1}
		if seg.Color != nil {
			st.r, st.g, st.b = w.rgb(seg.Color)
			st.alpha = float64(seg.Color.Opacity()) / 255
		}
		s.stops = append(s.stops, st)
		sum[0], sum[1], sum[2] = sum[0]+float64(st.r), sum[1]+float64(st.g), sum[2]+float64(st.b)
	}
	if len(s.stops) == 1 {
		s.stops = append(s.stops, s.stops[0])
	}
	sort.SliceStable(s.stops, func(i, j int) bool { return s.stops[i].at < s.stops[j].at })
	n := float64(len(in))
	s.mean = [3]uint8{uint8(sum[0] / n), uint8(sum[1] / n), uint8(sum[2] / n)}
	return true
}

// at gives the colour at a place of the item's space; alpha 0 where the shading does not reach.
func (s *shade) at(p point) stop {
	t, ok := s.parameter(p)
	if !ok {
		return stop{}
	}
	switch s.spread {
	case spreadRepeat:
		t -= math.Floor(t)
	case spreadReflect:
		t = math.Abs(math.Mod(t, 2))
		if t > 1 {
			t = 2 - t
		}
	default:
		if (t < 0 && !s.extend0) || (t > 1 && !s.extend1) {
			return stop{}
		}
	}
	return s.lookup(math.Min(math.Max(t, 0), 1))
}

func (s *shade) lookup(t float64) stop {
	i := sort.Search(len(s.stops), func(i int) bool { return s.stops[i].at >= t })
	if i == 0 {
		return s.stops[0]
	}
	if i == len(s.stops) {
		return s.stops[i-1]
	}
	a, b := s.stops[i-1], s.stops[i]
	k := 0.0
	if b.at > a.at {
		k = (t - a.at) / (b.at - a.at)
	}
	mix := func(x, y uint8) uint8 { return uint8(float64(x) + (float64(y)-float64(x))*k + 0.5) }
	return stop{at: t, r: mix(a.r, b.r), g: mix(a.g, b.g), b: mix(a.b, b.b), alpha: a.alpha + (b.alpha-a.alpha)*k}
}

// parameter is the place along the shading: 0 at its start, 1 at its end.
func (s *shade) parameter(p point) (float64, bool) {
	dx, dy := s.p1.x-s.p0.x, s.p1.y-s.p0.y
	if !s.radial {
		return ((p.x-s.p0.x)*dx + (p.y-s.p0.y)*dy) / (dx*dx + dy*dy), true
	}
	// The largest t for which p lies on the circle between start and end, with a radius that is not negative.
	dr := s.r1 - s.r0
	px, py := p.x-s.p0.x, p.y-s.p0.y
	a := dx*dx + dy*dy - dr*dr
	b := px*dx + py*dy + s.r0*dr
	c := px*px + py*py - s.r0*s.r0
	if math.Abs(a) < 1e-12 {
		if b == 0 {
			return 0, false
		}
		t := c / (2 * b)
		return t, s.r0+t*dr >= 0
	}
	disc := b*b - a*c
	if disc < 0 {
		return 0, false
	}
	root := math.Sqrt(disc)
	for _, t := range [2]float64{max((b+root)/a, (b-root)/a), min((b+root)/a, (b-root)/a)} {
		if s.r0+t*dr >= 0 && (s.spread != spreadPad || (t >= 0 || s.extend0) && (t <= 1 || s.extend1)) {
			return t, true
		}
	}
	return 0, false
}
