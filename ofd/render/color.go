package render

import (
	"math"
	"strings"

	"sidian/ofd"
)

// color gives the paint for c, and its opacity 0..1. A nil colour is black. bound is the shape to be painted, in the
// object's space, for what can only be approximated.
func (w *walker) color(c *ofd.Color, bound rect) (paint, float64) {
	if c == nil {
		return paint{}, 1
	}
	alpha := float64(c.Opacity()) / 255
	switch {
	case c.Axial != nil:
		if s := w.axial(c.Axial); s != nil {
			return paint{r: s.mean[0], g: s.mean[1], b: s.mean[2], shade: s}, alpha
		}
	case c.Radial != nil:
		if s := w.radial(c.Radial); s != nil {
			return paint{r: s.mean[0], g: s.mean[1], b: s.mean[2], shade: s}, alpha
		}
	case c.Gouraud != nil:
		return w.meshMean(c.Gouraud.Points), alpha
	case c.LaGouraud != nil:
		return w.meshMean(c.LaGouraud.Points), alpha
	}
	r, g, b := w.rgb(c)
	return paint{r: r, g: g, b: b}, alpha
}

// meshMean stands for a mesh shading, which neither SVG nor our rasteriser has.
func (w *walker) meshMean(points []ofd.ShadePoint) paint {
	w.warn(WarnApproximate, "网格渐变以平均色近似绘制")
	var sum [3]float64
	n := 0.0
	for i := range points {
		if points[i].Color != nil {
			r, g, b := w.rgb(points[i].Color)
			sum[0], sum[1], sum[2] = sum[0]+float64(r), sum[1]+float64(g), sum[2]+float64(b)
			n++
		}
	}
	if n == 0 {
		return paint{}
	}
	return paint{r: uint8(sum[0] / n), g: uint8(sum[1] / n), b: uint8(sum[2] / n)}
}

// rgb converts a plain colour by its colour space (GB/T 33190-2016 §8.3.1). Where no space is named, the number of
// components tells it: files of the field write one value for gray and four for CMYK.
func (w *walker) rgb(c *ofd.Color) (r, g, b uint8) {
	v := c.Value
	var cs *ofd.ColorSpace
	if c.ColorSpace != 0 {
		cs = w.res.ColorSpaces[c.ColorSpace]
	}
	if cs != nil && c.Index != nil && *c.Index >= 0 && *c.Index < len(cs.Palette) && len(v) == 0 {
		v = cs.Palette[*c.Index]
	}
	top := 255.0
	if cs != nil && cs.BitsPerComponent > 0 && cs.BitsPerComponent <= 16 {
		top = float64(int(1)<<cs.BitsPerComponent - 1)
	}
	kind := ""
	if cs != nil {
		kind = strings.ToUpper(cs.Type)
	}
	switch {
	case len(v) == 0:
		return 0, 0, 0
	case len(v) >= 4 && (kind == "CMYK" || cs == nil):
		return cmyk(v[0]/top, v[1]/top, v[2]/top, v[3]/top)
	case kind == "GRAY" || len(v) < 3:
		y := channel(v[0] / top)
		return y, y, y
	}
	return channel(v[0] / top), channel(v[1] / top), channel(v[2] / top)
}

// cmyk converts without a profile: the plain complement.
func cmyk(c, m, y, k float64) (r, g, b uint8) {
	return channel((1 - c) * (1 - k)), channel((1 - m) * (1 - k)), channel((1 - y) * (1 - k))
}

func channel(v float64) uint8 {
	if !(v > 0) {
		return 0
	}
	return uint8(math.Min(v, 1)*255 + 0.5)
}
