package signing

import (
	"fmt"
	"strings"

	"github.com/boombuler/barcode/qr"
)

// A code is a QR code as a page draws it: dark on white whatever the page is, in
// modules.
type code struct {
	Side int
	Path string
}

// quiet is the margin of a QR code in modules (ISO/IEC 18004 §6.3.8).
const quiet = 4

// codeOf draws an address, a bar for each run of dark modules.
func codeOf(text string) (*code, error) {
	c, err := qr.Encode(text, qr.M, qr.Auto)
	if err != nil {
		return nil, fmt.Errorf("signing: drawing a QR code: %w", err)
	}
	n := c.Bounds().Dx()
	dark := func(x, y int) bool {
		r, _, _, _ := c.At(x, y).RGBA()
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
	return &code{Side: n + 2*quiet, Path: path.String()}, nil
}
