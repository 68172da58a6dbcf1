// Package inktest writes by hand for tests.
package inktest

import (
	"math"

	"sidian/internal/signature/ink"
)

// The strokes of 王小明 as a hurried hand writes them: corners that the pen passes.
var name = [][][2]float64{
	{{22, 34}, {40, 32}, {62, 28}},                                     // 王
	{{28, 58}, {44, 56}, {58, 53}},                                     //
	{{43, 31}, {43, 55}, {41, 84}},                                     //
	{{14, 90}, {40, 86}, {74, 80}, {80, 76}},                           //
	{{118, 22}, {120, 50}, {117, 88}, {112, 96}, {102, 86}},            // 小
	{{104, 50}, {97, 62}, {88, 72}},                                    //
	{{132, 46}, {141, 56}, {150, 70}},                                  //
	{{172, 36}, {170, 60}, {171, 76}},                                  // 明
	{{172, 37}, {188, 32}, {193, 34}, {191, 60}, {190, 72}},            //
	{{173, 54}, {188, 51}},                                             //
	{{172, 74}, {190, 70}},                                             //
	{{206, 28}, {206, 60}, {200, 84}, {192, 100}},                      //
	{{207, 29}, {228, 22}, {233, 25}, {232, 60}, {230, 96}, {218, 88}}, //
	{{207, 46}, {230, 42}},                                             //
	{{206, 62}, {229, 58}, {247, 74}, {262, 60}, {280, 66}},            // and a flourish
}

// Drawing is a name on a pad of 300 by 120, as a phone sends it: some 60 points a
// second, faster in the middle of a stroke than at its ends. seed makes hands
// differ.
func Drawing(seed int) *ink.Drawing {
	d := &ink.Drawing{Width: 300, Height: 120}
	t := 0.
	for i, corners := range name {
		var s ink.Stroke
		for k := range 21 {
			u := float64(k) / 20
			u = u * u * (3 - 2*u)
			x, y := along(corners, u)
			a := float64(seed+i*7) + u*5
			s = append(s, ink.Point{X: x + 0.8*math.Sin(a), Y: y + 0.8*math.Cos(1.3*a), T: math.Round(t)})
			t += 16.6
		}
		t += 120
		d.Strokes = append(d.Strokes, s)
	}
	return d
}

// along is the point at a share of a quadratic B-spline through corners: a hand
// rounds them.
func along(c [][2]float64, u float64) (x, y float64) {
	n := len(c)
	if n == 2 {
		return c[0][0] + (c[1][0]-c[0][0])*u, c[0][1] + (c[1][1]-c[0][1])*u
	}
	p := make([][2]float64, n) // de Casteljau on pairs of three, piece by piece
	copy(p, c)
	pieces := n - 2
	f := u * float64(pieces)
	i := min(int(f), pieces-1)
	t := f - float64(i)
	a, b, e := p[i], p[i+1], p[i+2]
	if i > 0 {
		a = [2]float64{(p[i][0] + p[i+1][0]) / 2, (p[i][1] + p[i+1][1]) / 2}
	}
	if i < pieces-1 {
		e = [2]float64{(p[i+1][0] + p[i+2][0]) / 2, (p[i+1][1] + p[i+2][1]) / 2}
	}
	v := 1 - t
	return v*v*a[0] + 2*v*t*b[0] + t*t*e[0], v*v*a[1] + 2*v*t*b[1] + t*t*e[1]
}
