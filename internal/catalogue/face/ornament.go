package face

import (
	"math"

	"sidian/ofd"
)

// Frames names the ornamental frames.
func Frames() []string { return []string{"braid", "double", "meander", "plain"} }

// Grounds names the ground patterns.
func Grounds() []string { return []string{"waves", "tint"} }

// decoration draws lines, frames and grounds, all of our own design: no
// emblem, no copied artwork.
func (c *compiler) decoration(where string, it *Item, box ofd.Box) {
	color := c.color(where, it.Color, it.Alpha)
	weight := it.Weight
	if weight == 0 {
		weight = 0.25
	}
	switch {
	case it.Line != nil:
		l := *it.Line
		c.stroke(ofd.Box{X: 0, Y: 0, W: c.t.Width, H: c.t.Height}, new(ofd.Path).Move(l[0], l[1]).Line(l[2], l[3]), color, weight, it.Dash)
	case it.Rect != nil:
		c.rect(where, it, *it.Rect, weight)
	case it.Frame == "braid":
		c.braid(box, color, weight)
	case it.Frame == "double":
		c.double(box, color, weight)
	case it.Frame == "meander":
		c.meander(box, color, weight)
	case it.Frame == "plain":
		c.stroke(box, new(ofd.Path).Rect(weight/2, weight/2, box.W-weight, box.H-weight), color, weight, nil)
	case it.Frame != "":
		c.problems.add(where, "frame", "没有名为 %s 的边框，只有 %v", it.Frame, Frames())
	case it.Ground == "waves":
		c.waves(box, color, weight)
	case it.Ground == "tint":
		c.fill(box, new(ofd.Path).Rect(0, 0, box.W, box.H), color)
	case it.Ground != "":
		c.problems.add(where, "ground", "没有名为 %s 的底纹，只有 %v", it.Ground, Grounds())
	case it.Rosette > 0:
		c.rosette(box, it.Rosette, color, weight)
	}
}

func (c *compiler) stroke(box ofd.Box, p *ofd.Path, color *ofd.Color, weight float64, dash []float64) {
	c.ground.Path(ofd.PathObject{
		Graphic:     ofd.Graphic{Boundary: box, Pen: ofd.Pen{LineWidth: &weight, DashPattern: dash}},
		StrokeColor: color, Data: p.String(),
	})
}

func (c *compiler) fill(box ofd.Box, p *ofd.Path, color *ofd.Color) {
	c.ground.Path(ofd.PathObject{Graphic: ofd.Graphic{Boundary: box}, NoStroke: true, Fill: true, FillColor: color, Data: p.String()})
}

func (c *compiler) rect(where string, it *Item, b Box, weight float64) {
	box := ofd.Box{X: b[0], Y: b[1], W: b[2], H: b[3]}
	if it.Fill != "" {
		c.fill(box, new(ofd.Path).Rect(0, 0, box.W, box.H), c.color(where, it.Fill, it.Alpha))
	}
	if it.Color != "" {
		c.stroke(box, new(ofd.Path).Rect(weight/2, weight/2, round(box.W-weight), round(box.H-weight)), c.color(where, it.Color, 0), weight, it.Dash)
	}
}

// round keeps the path data short: a tenth of a millimetre, which the eye does
// not see in an ornament.
func round(v float64) float64 { return math.Round(v*10) / 10 }

func (c *compiler) double(box ofd.Box, color *ofd.Color, weight float64) {
	const gap = 1.4
	c.stroke(box, new(ofd.Path).Rect(weight, weight, round(box.W-2*weight), round(box.H-2*weight)), color, 2*weight, nil)
	g := 2*weight + gap
	c.stroke(box, new(ofd.Path).Rect(g, g, round(box.W-2*g), round(box.H-2*g)), color, weight/2, nil)
}

// band is the width of the ornamental frames in mm.
const band = 7

// braid is two strands that cross each other along the frame, between two
// rules, with a knot in each corner.
func (c *compiler) braid(box ofd.Box, color *ofd.Color, weight float64) {
	c.rules(box, color, weight)
	var p ofd.Path
	for _, phase := range []float64{1, -1} {
		strand(&p, band, box.W-band, band/2, phase, func(along, across float64) (float64, float64) { return along, across })
		strand(&p, band, box.W-band, band/2, phase, func(along, across float64) (float64, float64) { return along, box.H - across })
		strand(&p, band, box.H-band, band/2, phase, func(along, across float64) (float64, float64) { return across, along })
		strand(&p, band, box.H-band, band/2, phase, func(along, across float64) (float64, float64) { return box.W - across, along })
	}
	for _, x := range []float64{band / 2, box.W - band/2} {
		for _, y := range []float64{band / 2, box.H - band/2} {
			knot(&p, x, y, band/2-1)
		}
	}
	c.stroke(box, &p, color, weight, nil)
}

// rules are the lines on both sides of the band.
func (c *compiler) rules(box ofd.Box, color *ofd.Color, weight float64) {
	c.stroke(box, new(ofd.Path).Rect(weight, weight, round(box.W-2*weight), round(box.H-2*weight)), color, 2*weight, nil)
	c.stroke(box, new(ofd.Path).Rect(band, band, round(box.W-2*band), round(box.H-2*band)), color, weight, nil)
	const second = band + 1.2
	c.stroke(box, new(ofd.Path).Rect(second, second, round(box.W-2*second), round(box.H-2*second)), color, weight/2, nil)
}

// strand is a wave of whole periods between from and to.
func strand(p *ofd.Path, from, to, middle, phase float64, place func(along, across float64) (float64, float64)) {
	const period, amplitude = 16.0, 2.3
	n := max(math.Round((to-from)/period), 1)
	half := (to - from) / n / 2
	x, y := place(from, middle)
	p.Move(round(x), round(y))
	for i := range int(2 * n) {
		a := from + float64(i)*half
		swing := 2 * amplitude * phase // of the control point: the curve reaches half of it
		if i%2 == 1 {
			swing = -swing
		}
		x1, y1 := place(a+half/2, middle+swing)
		x2, y2 := place(a+half, middle)
		p.Quad(round(x1), round(y1), round(x2), round(y2))
	}
}

// knot is four petals in a circle.
func knot(p *ofd.Path, x, y, r float64) {
	circle(p, x, y, r)
	for i := range 4 {
		a := float64(i)*math.Pi/2 + math.Pi/4
		circle(p, x+r/2*math.Cos(a), y+r/2*math.Sin(a), r/2)
	}
}

func circle(p *ofd.Path, x, y, r float64) {
	p.Move(round(x-r), round(y)).Arc(round(r), round(r), 0, false, true, round(x+r), round(y)).Arc(round(r), round(r), 0, false, true, round(x-r), round(y))
}
