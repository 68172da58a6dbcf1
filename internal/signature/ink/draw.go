package ink

import (
	"image/color"
	"math"
)

// The inks that signatures are written in (档案 rules ask for black or blue-black).
var (
	Black = color.NRGBA{A: 255}
	Blue  = color.NRGBA{R: 0x12, G: 0x2b, B: 0x8f, A: 255}
)

// A Writing is a drawing as ink on paper: smooth strokes with width, tightly
// framed. Its units are those of the pad.
type Writing struct {
	Width, Height float64 // of the tight frame, at least one nib
	strokes       [][]dab // with the frame's upper left corner as origin
}

// Draw smooths a drawing and gives it width. The drawing must pass Check.
func Draw(d *Drawing) (*Writing, error) {
	if err := d.Check(); err != nil {
		return nil, err
	}
	nib := nibOf(d)
	w := &Writing{}
	minX, minY := math.Inf(1), math.Inf(1)
	maxX, maxY := math.Inf(-1), math.Inf(-1)
	for _, s := range d.Strokes {
		dabs := smooth(s, nib)
		for _, b := range dabs {
			minX, maxX = min(minX, b.x-b.r), max(maxX, b.x+b.r)
			minY, maxY = min(minY, b.y-b.r), max(maxY, b.y+b.r)
		}
		w.strokes = append(w.strokes, dabs)
	}
	for _, s := range w.strokes {
		for i := range s {
			s[i].x -= minX
			s[i].y -= minY
		}
	}
	w.Width, w.Height = maxX-minX, maxY-minY
	return w, nil
}

// nibOf is the width of the pen: in proportion to the characters, whose size is
// about the smaller side of what was written.
func nibOf(d *Drawing) float64 {
	minX, minY, maxX, maxY := d.bounds()
	long, short := max(maxX-minX, maxY-minY), min(maxX-minX, maxY-minY)
	return min(max(0.055*short, 0.014*long), 0.035*long)
}

// Ratio is width by height.
func (w *Writing) Ratio() float64 { return w.Width / w.Height }

// Fit gives the largest size with the writing's proportions inside a box.
func (w *Writing) Fit(width, height float64) (float64, float64) {
	if w.Ratio() > width/height {
		return width, width / w.Ratio()
	}
	return height * w.Ratio(), height
}
