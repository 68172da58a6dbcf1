package render

import (
	"math"
	"strings"

	"sidian/ofd"
)

// style is the draw parameters that hold for an object (GB/T 33190-2016 §8.2).
type style struct {
	width      float64
	cap        lineCap
	join       lineJoin
	miter      float64
	dash       []float64
	dashOffset float64
	fill       *ofd.Color
	stroke     *ofd.Color
}

func defaultStyle() style { return style{width: 0.353, miter: 4.234} }

// maxDashPattern bounds the entries of a dash pattern.
const maxDashPattern = 64

// apply puts what p states over the style.
func (s *style) apply(p *ofd.Pen) {
	if p.LineWidth != nil && *p.LineWidth >= 0 && *p.LineWidth < maxCoordinate {
		s.width = *p.LineWidth
	}
	switch strings.ToLower(p.Cap) {
	case "butt":
		s.cap = capButt
	case "round":
		s.cap = capRound
	case "square":
		s.cap = capSquare
	}
	switch strings.ToLower(p.Join) {
	case "miter":
		s.join = joinMiter
	case "round":
		s.join = joinRound
	case "bevel":
		s.join = joinBevel
	}
	if p.MiterLimit != nil && *p.MiterLimit >= 1 && *p.MiterLimit < 1000 {
		s.miter = *p.MiterLimit
	}
	if p.DashPattern != nil {
		s.dash, s.dashOffset = usableDash(p.DashPattern), p.DashOffset
	}
	if math.IsNaN(s.dashOffset) || math.Abs(s.dashOffset) > maxCoordinate {
		s.dashOffset = 0
	}
}

// usableDash is nil, a solid line, when the pattern has no length or a negative part.
func usableDash(in []float64) []float64 {
	sum := 0.0
	for _, d := range in {
		if !(d >= 0) || d > maxCoordinate {
			return nil
		}
		sum += d
	}
	if sum <= 0 || len(in) > maxDashPattern {
		return nil
	}
	return in
}

// hairline is drawn for a line width of 0, in millimetres.
const hairline = 0.1

func (s *style) pen() *pen {
	width := s.width
	if width == 0 {
		width = hairline // "as thin as the device can", as converters from PDF mean it
	}
	return &pen{width: width, cap: s.cap, join: s.join, miter: s.miter, dash: s.dash, dashOffset: s.dashOffset}
}

// drawParam applies a DrawParam and those it inherits from, the farthest first.
func (w *walker) drawParam(s style, id ofd.ID) style {
	var chain []*ofd.DrawParam
	for id != 0 && len(chain) < 16 {
		p := w.res.DrawParams[id]
		if p == nil {
			w.warn(WarnResource, "绘制参数 %d 不存在，按默认值绘制", id)
			break
		}
		chain = append(chain, p)
		id = p.Relative
	}
	for i := len(chain) - 1; i >= 0; i-- {
		p := chain[i]
		s.apply(&p.Pen)
		if p.FillColor != nil {
			s.fill = p.FillColor
		}
		if p.StrokeColor != nil {
			s.stroke = p.StrokeColor
		}
	}
	return s
}

// clips intersects the unit's clips; the areas of one clip are united (§8.4).
func (w *walker) clips(c *ofd.Clips, st state, place matrix) *clip {
	m := st.m
	if c.TransFlag != nil && !*c.TransFlag {
		m = place
	}
	out := st.clip
	for i := range c.Clips {
		if !w.spend(1, 0) {
			return out
		}
		if len(c.Clips[i].Areas) == 0 {
			continue
		}
		union, rule := &path{}, nonZero
		for k := range c.Clips[i].Areas {
			if w.clipArea(union, &c.Clips[i].Areas[k], m) && len(c.Clips[i].Areas) == 1 {
				rule = evenOdd
			}
		}
		out = out.narrow(union, rule)
	}
	return out
}

// clipArea adds an area to the union and reports whether it follows the even-odd rule.
func (w *walker) clipArea(union *path, a *ofd.ClipArea, m matrix) bool {
	if a.CTM != nil {
		m = matrix(*a.CTM).then(m)
	}
	switch {
	case a.Path != nil:
		p, _ := abbreviated(a.Path.Data)
		if !w.spend(0, len(p.points)) {
			return false
		}
		union.appendPath(p, inner(&a.Path.Graphic).then(m))
		return a.Path.EvenOdd
	case a.Text != nil:
		for _, g := range w.layout(a.Text) {
			if g.shape.path.empty() {
				continue
			}
			union.appendPath(g.shape.path, g.m.then(inner(&a.Text.Graphic)).then(m))
		}
	}
	return false
}

// inner is the matrix of a graphic unit: its CTM, then its place.
func inner(g *ofd.Graphic) matrix {
	m := translate(g.Boundary.X, g.Boundary.Y)
	if g.CTM != nil {
		m = matrix(*g.CTM).then(m)
	}
	return m
}
