package render

import (
	"math"

	"sidian/ofd"
)

// maxTiles bounds the cells of one pattern fill.
const maxTiles = 4000

// pattern lays the cell side by side inside the path (GB/T 33190-2016 §8.3.3). The cell's origin is that of the object, or
// of the page for RelativeTo="Page"; reflections are left out.
func (w *walker) pattern(p *path, rule fillRule, c *ofd.Color, st state) {
	pat := c.Pattern
	dx, dy := pat.XStep, pat.YStep
	if !(dx > 0) {
		dx = pat.Width
	}
	if !(dy > 0) {
		dy = pat.Height
	}
	m := st.m
	if pat.RelativeToPage {
		m = identity
	}
	if pat.CTM != nil {
		m = matrix(*pat.CTM).then(m)
	}
	inv, ok := m.invert()
	if !(dx > 0 && dy > 0) || !ok {
		return
	}
	outline := &path{}
	outline.appendPath(p, st.m)
	st.clip = st.clip.narrow(outline, rule)
	area := inv.bounds(st.clip.bound.intersect(rect{0, 0, w.out.width, w.out.height}))
	x0, x1 := math.Floor((area.x0-pat.Width)/dx), math.Ceil(area.x1/dx)
	y0, y1 := math.Floor((area.y0-pat.Height)/dy), math.Ceil(area.y1/dy)
	if area.empty() || !(x1 >= x0 && y1 >= y0) {
		return
	}
	if (x1-x0+1)*(y1-y0+1) > maxTiles {
		w.warn(WarnApproximate, "底纹过密，未绘制")
		return
	}
	if pat.ReflectMethod != "" && pat.ReflectMethod != "Normal" {
		w.warn(WarnApproximate, "底纹的翻转方式以平铺近似绘制")
	}
	st.alpha *= float64(c.Opacity()) / 255
	st.style = defaultStyle()
	w.patternDepth++
	defer func() { w.patternDepth-- }()
	if w.patternDepth > 3 {
		return
	}
	for y := y0; y <= y1; y++ {
		for x := x0; x <= x1 && !w.ended; x++ {
			cell := st
			cell.m = translate(x*dx, y*dy).then(m)
			w.list(pat.Objects, cell, w.patternDepth)
		}
	}
}
