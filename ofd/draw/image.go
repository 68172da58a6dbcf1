package draw

import (
	"bytes"
	"fmt"
	"image"
	_ "image/jpeg" // the two formats every reader shows
	_ "image/png"
	"math"

	"sidian/ofd"
)

// Limits of a picture.
const (
	MaxImageBytes  = 4 << 20
	MaxImagePixels = 25_000_000
)

// An Image is a checked PNG or JPEG. It is immutable, safe for concurrent use,
// and may be drawn into any number of documents.
type Image struct {
	part   *ofd.Part
	format string
	w, h   int
}

// ParseImage checks a picture: format, size, and that it can be decoded to the
// end. data must not be changed afterwards. Errors are *ImageError.
func ParseImage(data []byte) (*Image, error) {
	if len(data) > MaxImageBytes {
		return nil, &ImageError{fmt.Sprintf("%d bytes, the limit is %d", len(data), MaxImageBytes)}
	}
	config, format, err := image.DecodeConfig(bytes.NewReader(data))
	if err != nil || format != "png" && format != "jpeg" {
		return nil, &ImageError{"neither PNG nor JPEG"}
	}
	if config.Width <= 0 || config.Height <= 0 || config.Width > MaxImagePixels/config.Height {
		return nil, &ImageError{fmt.Sprintf("%d × %d pixels, the limit is %d", config.Width, config.Height, MaxImagePixels)}
	}
	if _, _, err := image.Decode(bytes.NewReader(data)); err != nil {
		return nil, &ImageError{"damaged " + format + ": " + err.Error()}
	}
	name := map[string]string{"png": "PNG", "jpeg": "JPEG"}[format]
	return &Image{part: ofd.Freeze("", data, ofd.Store), format: name, w: config.Width, h: config.Height}, nil
}

// Format is PNG or JPEG.
func (i *Image) Format() string { return i.format }

// Size is the width and height in pixels.
func (i *Image) Size() (w, h int) { return i.w, i.h }

// Fit says how a picture fills its box.
type Fit uint8

// The fits.
const (
	Contain Fit = iota // whole and undistorted, in the middle
	Stretch            // distorted to fill the box
)

// Image draws a picture. Drawn several times, it is stored once.
func (c *Canvas) Image(box ofd.Box, img *Image, fit Fit) ofd.ID {
	if fit == Contain {
		scale := math.Min(box.W/float64(img.w), box.H/float64(img.h))
		w, h := float64(img.w)*scale, float64(img.h)*scale
		box = ofd.Box{X: box.X + (box.W-w)/2, Y: box.Y + (box.H-h)/2, W: w, H: h}
	}
	id, ok := c.d.images[img]
	if !ok {
		if c.d.images == nil {
			c.d.images = map[*Image]ofd.ID{}
		}
		id = c.d.b.AddImagePart(img.part, img.format)
		c.d.images[img] = id
	}
	g := c.graphic(box)
	g.CTM = &ofd.Matrix{mm(box.W), 0, 0, mm(box.H), 0, 0}
	return c.add(&ofd.ImageObject{Graphic: g, ResourceID: id})
}
