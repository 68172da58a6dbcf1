package face

import (
	"math"

	"sidian/ofd"
)

// meander is the square spiral 回纹 along the frame, between two rules.
func (c *compiler) meander(box ofd.Box, color *ofd.Color, weight float64) {
	c.rules(box, color, weight)
	var p ofd.Path
	turn(&p, band, box.W-band, func(along, across float64) (float64, float64) { return along, across })
	turn(&p, band, box.W-band, func(along, across float64) (float64, float64) { return box.W - along, box.H - across })
	turn(&p, band, box.H-band, func(along, across float64) (float64, float64) { return box.W - across, along })
	turn(&p, band, box.H-band, func(along, across float64) (float64, float64) { return across, box.H - along })
	for _, x := range []float64{1.5, box.W - band + 1.5} {
		for _, y := range []float64{1.5, box.H - band + 1.5} {
			const s = band - 3
			p.Rect(round(x), round(y), s, s)
			p.Rect(round(x+1.1), round(y+1.1), s-2.2, s-2.2)
		}
	}
	c.stroke(box, &p, color, weight*1.4, nil)
}

// figure is one period of the meander in a unit square.
var figure = [][2]float64{{0, 1}, {0, 0}, {0.8, 0}, {0.8, 0.7}, {0.35, 0.7}, {0.35, 0.35}, {0.55, 0.35}, {0.55, 0.5}}

func turn(p *ofd.Path, from, to float64, place func(along, across float64) (float64, float64)) {
	const high, margin, pitch = 4.0, 1.5, 5.0
	n := math.Max(math.Floor((to-from)/pitch), 1)
	wide := (to - from) / n
	for i := range int(n) {
		start := from + float64(i)*wide
		for j, q := range figure {
			x, y := place(start+q[0]*wide, margin+q[1]*high)
			if j == 0 {
				p.Move(round(x), round(y))
				continue
			}
			p.Line(round(x), round(y))
		}
		x, y := place(start, margin+high)
		p.Move(round(x), round(y))
		x, y = place(start+wide, margin+high)
		p.Line(round(x), round(y))
	}
}

// waves is a ground of fine lines that swing across the box, each a little
// shifted against its neighbour.
func (c *compiler) waves(box ofd.Box, color *ofd.Color, weight float64) {
	const lines, swings, amplitude = 20, 2, 7.0
	half := box.W / swings / 2
	gap := (box.H - 2*amplitude) / (lines - 1)
	var p ofd.Path
	for i := range lines {
		y := amplitude + float64(i)*gap
		swing := amplitude * math.Cos(float64(i)*math.Pi/lines*3)
		p.Move(0, round(y))
		for s := range 2 * swings {
			x := float64(s) * half
			p.Cubic(round(x+half*0.36), round(y+swing), round(x+half*0.64), round(y+swing), round(x+half), round(y))
			swing = -swing
		}
	}
	c.stroke(box, &p, color, weight, nil)
}

// rosette is a flower of ellipses turned around the middle of the box, the
// figure that banknotes and certificates carry against copying.
func (c *compiler) rosette(box ofd.Box, radius float64, color *ofd.Color, weight float64) {
	const petals = 12
	x, y := box.W/2, box.H/2
	var p ofd.Path
	for i := range petals {
		a := float64(i) * math.Pi / petals
		for _, flat := range []float64{0.42, 0.62} {
			ellipse(&p, x, y, radius, radius*flat, a)
		}
	}
	circle(&p, x, y, radius)
	circle(&p, x, y, radius*0.3)
	c.stroke(box, &p, color, weight, nil)
}

func ellipse(p *ofd.Path, x, y, rx, ry, angle float64) {
	dx, dy := rx*math.Cos(angle), rx*math.Sin(angle)
	degrees := round(angle * 180 / math.Pi)
	p.Move(round(x-dx), round(y-dy)).
		Arc(round(rx), round(ry), degrees, false, true, round(x+dx), round(y+dy)).
		Arc(round(rx), round(ry), degrees, false, true, round(x-dx), round(y-dy))
}
