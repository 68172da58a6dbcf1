package ink

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"math"

	"golang.org/x/image/vector"
)

// Limits of a picture. It goes into every document that it signs.
const (
	DPI       = 400  // of a picture, unless asked otherwise
	maxPixels = 1200 // a side
)

// PNG is the writing on a transparent ground, width millimetres wide at a
// resolution in dots an inch (0: DPI), no side beyond 1,200 pixels.
func (w *Writing) PNG(width float64, dpi float64, ink color.NRGBA) ([]byte, error) {
	if dpi == 0 {
		dpi = DPI
	}
	if !finite(width, dpi) || width <= 0 || dpi < 0 || w.Width <= 0 || w.Height <= 0 {
		return nil, fmt.Errorf("ink: no picture of %v mm at %v dots an inch", width, dpi)
	}
	k := width / 25.4 * dpi / w.Width // pixels for a unit
	if most := maxPixels / max(w.Width, w.Height); k > most {
		k = most
	}
	size := image.Pt(max(1, min(maxPixels, int(math.Ceil(w.Width*k)))), max(1, min(maxPixels, int(math.Ceil(w.Height*k)))))
	r := vector.NewRasterizer(size.X, size.Y)
	shapes(w.strokes, func(p []vertex) {
		for i, v := range p {
			x, y := float32(v.x*k), float32(v.y*k)
			if i == 0 {
				r.MoveTo(x, y)
			} else {
				r.LineTo(x, y)
			}
		}
		r.ClosePath()
	})
	mask := image.NewAlpha(image.Rectangle{Max: size})
	r.Draw(mask, mask.Bounds(), image.Opaque, image.Point{})
	out := image.NewNRGBA(mask.Bounds())
	for i, a := range mask.Pix {
		if a > 0 { // what is transparent has no colour either: it compresses better
			out.Pix[4*i], out.Pix[4*i+1], out.Pix[4*i+2], out.Pix[4*i+3] = ink.R, ink.G, ink.B, a
		}
	}
	var b bytes.Buffer
	err := (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&b, out)
	return b.Bytes(), err
}
