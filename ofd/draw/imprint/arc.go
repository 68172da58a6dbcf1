package imprint

import "math"

// ellipse is the line that the middles of characters stand on, half axes in mm.
type ellipse struct{ a, b float64 }

// at gives a point by its angle from the top, clockwise, and the direction that
// is upwards for a character there.
func (e ellipse) at(t float64) (x, y, up float64) {
	x, y = e.a*math.Sin(t), -e.b*math.Cos(t)
	return x, y, math.Atan2(math.Sin(t)/e.a, math.Cos(t)/e.b)
}

// samples of the curve's length; fine enough for a picture.
const samples = 720

// lengths gives the length of the curve from the top to each sample.
func (e ellipse) lengths() [samples + 1]float64 {
	var out [samples + 1]float64
	px, py, _ := e.at(0)
	for i := 1; i <= samples; i++ {
		x, y, _ := e.at(2 * math.Pi * float64(i) / samples)
		out[i] = out[i-1] + math.Hypot(x-px, y-py)
		px, py = x, y
	}
	return out
}

// arc sets characters along the curve, spread evenly about the middle angle (0
// = top, π = bottom, where they stand upright too) over at most a share of its
// length.
func (d *drawing) arc(text []rune, e ellipse, size, middle, share float64) error {
	lengths := e.lengths()
	total := lengths[samples]
	n := float64(len(text))
	step := math.Min(size*1.75, total*share/n)
	centre, sign, turn := 0.0, 1.0, 0.0
	if middle != 0 {
		step = math.Min(size*0.9, total*share/n)
		centre, sign, turn = total/2, -1, math.Pi
	}
	for i, r := range text {
		at := centre + sign*(float64(i)-(n-1)/2)*step
		x, y, up := e.at(angleAt(lengths[:], math.Mod(at+total, total)))
		p := placement{x: x, y: y, angle: up + turn, width: math.Min(size, step*0.92), height: size}
		if err := d.glyph(r, p); err != nil {
			return err
		}
	}
	return nil
}

// angleAt finds the angle at which the curve has a length.
func angleAt(lengths []float64, at float64) float64 {
	for i := 1; i < len(lengths); i++ {
		if lengths[i] >= at {
			part := (at - lengths[i-1]) / (lengths[i] - lengths[i-1])
			return 2 * math.Pi * (float64(i-1) + part) / samples
		}
	}
	return 2 * math.Pi
}
