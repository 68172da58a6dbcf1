package page

import (
	"fmt"
	"strings"

	"github.com/boombuler/barcode/qr"
)

// A QR is a QR code as a page draws it, dark on white whatever the page is: the
// side in modules with its margin, and the path of the dark ones.
type QR struct {
	Side int
	Path string
}

// quiet is the margin of a QR code in modules (ISO/IEC 18004 §6.3.8).
const quiet = 4

// DrawQR draws a text, a bar for each run of dark modules.
func DrawQR(text string) (*QR, error) {
	code, err := qr.Encode(text, qr.M, qr.Auto)
	if err != nil {
		return nil, fmt.Errorf("web: drawing a QR code: %w", err)
	}
	n := code.Bounds().Dx()
	dark := func(x, y int) bool {
		r, _, _, _ := code.At(x, y).RGBA()
		return r < 0x8000
	}
	var path strings.Builder
	for y := range n {
		for x := 0; x < n; x++ {
			from := x
			for x < n && dark(x, y) {
				x++
			}
			if x > from {
				fmt.Fprintf(&path, "M%d %dh%dv1h-%dz", from+quiet, y+quiet, x-from, x-from)
			}
		}
	}
	return &QR{Side: n + 2*quiet, Path: path.String()}, nil
}
