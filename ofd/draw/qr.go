package draw

import (
	"fmt"
	"math"

	"sidian/ofd"
	"sidian/ofd/draw/internal/qr"
)

// quietZone is the light margin of a QR code in modules (ISO/IEC 18004 §6.3.8).
const quietZone = 4

// QR draws a QR code of error correction level M, with its quiet zone, as one
// path in the middle of the box; nil = black. Up to 666 bytes of UTF-8 fit; a
// module should not come out smaller than 0.3 mm.
func (c *Canvas) QR(box ofd.Box, text string, color *ofd.Color) (ofd.ID, error) {
	code, err := qr.Encode(text)
	if err != nil {
		return 0, fmt.Errorf("draw: a QR code of %d bytes: %w", len(text), err)
	}
	side := math.Min(box.W, box.H)
	modules := float64(code.Size + 2*quietZone)
	g := c.graphic(ofd.Box{X: box.X + (box.W-side)/2, Y: box.Y + (box.H-side)/2, W: side, H: side})
	// Six digits keep the edge of the last module within a micrometre.
	scale := math.Floor(side/modules*1e6) / 1e6
	g.CTM = &ofd.Matrix{scale, 0, 0, scale, 0, 0}
	data := code.Path(make([]byte, 0, 100*code.Size), quietZone)
	return c.add(&ofd.PathObject{
		Graphic: g, NoStroke: true, Fill: true, FillColor: orBlack(color), Data: string(data[:len(data)-1]),
	}), nil
}
