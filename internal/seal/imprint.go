package seal

import (
	"bytes"
	"fmt"
	"image/png"

	"sidian/internal/fault"
)

// An Imprint is the picture of a seal, as its owner gave it. It goes into the
// seal as it is, never drawn again.
type Imprint struct {
	PNG           []byte
	Width, Height int // mm
}

// Bounds of an imprint. It goes into every document that the seal stamps.
const (
	maxImprint = 64 << 10 // octets
	maxPixels  = 1200     // a side
	maxSide    = 100      // mm
)

func (i *Imprint) validate(f *fault.Error) *fault.Error {
	if i.Width <= 0 || i.Height <= 0 || i.Width > maxSide || i.Height > maxSide {
		f = f.WithField("imprint", "size", fmt.Sprintf("印模须写明尺寸，长宽为 1 到 %d 毫米", maxSide))
	}
	switch c, err := png.DecodeConfig(bytes.NewReader(i.PNG)); {
	case len(i.PNG) > maxImprint:
		f = f.WithField("imprint", "length", fmt.Sprintf("印模图像最大 %d KiB", maxImprint>>10))
	case err != nil:
		f = f.WithField("imprint", "picture", "印模须是 PNG 图像")
	case c.Width > maxPixels || c.Height > maxPixels:
		f = f.WithField("imprint", "pixels", fmt.Sprintf("印模图像的边长最大 %d 像素", maxPixels))
	default:
		if _, err := png.Decode(bytes.NewReader(i.PNG)); err != nil {
			f = f.WithField("imprint", "picture", "印模图像已损坏")
		}
	}
	return f
}
