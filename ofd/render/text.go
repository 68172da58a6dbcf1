package render

import (
	"math"

	"sidian/ofd"
)

// text draws a text object (GB/T 33190-2016 §11).
func (w *walker) text(t *ofd.TextObject, st state) {
	if !(t.Size > 0) || t.Size > maxCoordinate {
		return
	}
	glyphs := w.layout(t)
	if len(glyphs) == 0 {
		return
	}
	visible := glyphs[:0]
	for _, g := range glyphs {
		if !g.shape.path.empty() && g.m.finite() {
			visible = append(visible, g)
		}
	}
	if len(visible) == 0 {
		return
	}
	bound := rect{0, 0, math.Max(t.Boundary.W, t.Size), math.Max(t.Boundary.H, t.Size)}
	f := w.face(t.Font)
	if !t.NoFill {
		c := t.FillColor
		if c == nil {
			c = st.style.fill
		}
		w.fillGlyphs(visible, c, bound, st)
		if (f.bold || t.Weight >= 600) && f.replaced {
			paint, alpha := w.color(c, bound)
			w.emit(item{clip: st.clip, m: st.m, alpha: st.alpha * alpha, paint: paint, glyphs: visible, stroke: &pen{width: t.Size / 32, join: joinRound, miter: 4}})
		}
	}
	if t.Stroke {
		c := t.StrokeColor
		if c == nil {
			c = st.style.stroke
		}
		if c != nil { // without a colour the outline stays transparent (§11.2)
			paint, alpha := w.color(c, bound)
			w.emit(item{clip: st.clip, m: st.m, alpha: st.alpha * alpha, paint: paint, glyphs: visible, stroke: st.style.pen()})
		}
	}
}

func (w *walker) fillGlyphs(glyphs []glyph, c *ofd.Color, bound rect, st state) {
	if c != nil && c.Pattern != nil {
		union := &path{}
		for _, g := range glyphs {
			union.appendPath(g.shape.path, g.m)
		}
		w.pattern(union, nonZero, c, st)
		return
	}
	paint, alpha := w.color(c, bound)
	w.emit(item{clip: st.clip, m: st.m, alpha: st.alpha * alpha, paint: paint, glyphs: glyphs})
}
