// Package ink turns handwriting into pictures: the points that a pen or a finger
// left on a pad become smooth strokes of changing width, as an SVG path and as a
// transparent PNG.
//
// A [Drawing] is what a pad sends ([Parse]). [Drawing.Check] says whether it is a
// signature at all; [Draw] smooths it and gives it width; a [Writing] is tightly
// framed and keeps its proportions. The package is pure: the same drawing gives
// the same bytes. It draws what was written and judges nobody's hand: comparing
// two signatures is no part of it.
package ink

import (
	"fmt"
	"math"
)

// A Point is where the pen was.
type Point struct {
	X, Y float64 // in the units of the pad, from its upper left corner
	T    float64 // milliseconds since the drawing began; the same for all: not known
	P    float64 // pressure, 0 to 1; 0: not known
}

// A Stroke is what was written without lifting the pen.
type Stroke []Point

// A Drawing is handwriting on a pad of a width and height, in any one unit.
type Drawing struct {
	Width, Height float64
	Strokes       []Stroke
}

// Limits of a drawing. A name of four characters takes some 40 strokes and, at
// 120 points a second, 2,000 points.
const (
	MaxBytes   = 512 << 10 // of its JSON
	MaxStrokes = 300
	MaxPoints  = 20_000
	MaxSide    = 20_000          // of the pad
	MaxTime    = 15 * 60 * 1000. // ms from the first point to the last
)

// What is too little to be a signature, as shares of the pad's diagonal: a tap or
// a slip of the hand, not a name.
const (
	leastExtent = 0.05
	leastLength = 0.12
	leastPoints = 8
)

// mostLength bounds how long a line may be, in diagonals of what was written: a
// name takes some twenty. It bounds the work of drawing, too.
const mostLength = 150

// A RefusedError says what is wrong with a drawing. Code is stable, Reason is
// Chinese and says the way out.
type RefusedError struct{ Code, Reason string }

func (e *RefusedError) Error() string { return "ink: refused: " + e.Code + ": " + e.Reason }

func refuse(code, format string, args ...any) error {
	return &RefusedError{Code: code, Reason: fmt.Sprintf(format, args...)}
}

// Points counts the points.
func (d *Drawing) Points() (n int) {
	for _, s := range d.Strokes {
		n += len(s)
	}
	return n
}

// Check refuses what is malformed, too large, or no signature.
func (d *Drawing) Check() error {
	if err := d.sound(); err != nil {
		return err
	}
	minX, minY, maxX, maxY := d.bounds()
	diagonal := math.Hypot(d.Width, d.Height)
	switch {
	case d.Points() == 0:
		return refuse("empty", "还没有书写，请在签名框内手写姓名")
	case d.Points() < leastPoints || math.Hypot(maxX-minX, maxY-minY) < leastExtent*diagonal:
		return refuse("dot", "笔迹太小或只有点，请在签名框内完整书写姓名")
	case d.length() < leastLength*diagonal:
		return refuse("short", "笔迹太短，请在签名框内完整书写姓名")
	case d.length() > mostLength*math.Hypot(maxX-minX, maxY-minY):
		return refuse("large", "笔迹反复涂画，看不清姓名，请清除后重写")
	}
	return nil
}

// sound checks the form: limits, finite numbers, points on the pad, time that
// does not go back.
func (d *Drawing) sound() error {
	if !(d.Width > 0 && d.Height > 0 && d.Width <= MaxSide && d.Height <= MaxSide) {
		return refuse("pad", "签名框的宽和高应大于 0，且不超过 %d", MaxSide)
	}
	if len(d.Strokes) > MaxStrokes || d.Points() > MaxPoints {
		return refuse("large", "笔画过多：最多 %d 笔、%d 个点，请清除后重写", MaxStrokes, MaxPoints)
	}
	last := 0.
	for i, s := range d.Strokes {
		if len(s) == 0 {
			return refuse("stroke", "第 %d 笔没有点", i+1)
		}
		for _, p := range s {
			switch {
			case !finite(p.X, p.Y, p.T, p.P):
				return refuse("number", "第 %d 笔的数值不是有限的数", i+1)
			case p.X < 0 || p.Y < 0 || p.X > d.Width || p.Y > d.Height:
				return refuse("outside", "第 %d 笔超出签名框", i+1)
			case p.P < 0 || p.P > 1:
				return refuse("pressure", "第 %d 笔的压力应在 0 到 1 之间", i+1)
			case p.T < last || p.T > MaxTime:
				return refuse("time", "第 %d 笔的时间应从 0 起、不倒退，书写不超过 15 分钟", i+1)
			}
			last = p.T
		}
	}
	return nil
}

func finite(list ...float64) bool {
	for _, v := range list {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return false
		}
	}
	return true
}

func (d *Drawing) bounds() (minX, minY, maxX, maxY float64) {
	minX, minY = math.Inf(1), math.Inf(1)
	maxX, maxY = math.Inf(-1), math.Inf(-1)
	for _, s := range d.Strokes {
		for _, p := range s {
			minX, maxX = min(minX, p.X), max(maxX, p.X)
			minY, maxY = min(minY, p.Y), max(maxY, p.Y)
		}
	}
	return minX, minY, maxX, maxY
}

func (d *Drawing) length() (sum float64) {
	for _, s := range d.Strokes {
		for i := 1; i < len(s); i++ {
			sum += math.Hypot(s[i].X-s[i-1].X, s[i].Y-s[i-1].Y)
		}
	}
	return sum
}
