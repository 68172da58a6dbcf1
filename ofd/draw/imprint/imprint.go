// Package imprint draws pictures of seals for demonstrations and tests: a ring,
// a five-pointed star, the organisation's name along the ring and a line below
// the star, in seal red on a transparent ground.
//
// These are drawings, not seals of any body: a real imprint comes from the
// seal's maker together with the seal's structure (GB/T 38540-2020).
package imprint

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"math"

	"golang.org/x/image/vector"

	"sidian/ofd/draw/fonts"
	"sidian/ofd/internal/font"
)

// DefaultBytes is what a picture may weigh if a Spec says nothing else. With
// its certificates a seal then stays below 6 KB; a sealed document carries it
// twice, in Seal.esl and in SignedValue.dat.
const DefaultBytes = 4400

// resolutions, in pixels per mm, that are tried until the picture is light
// enough: 10 is 254 dpi.
var resolutions = [...]float64{12, 10, 9, 8, 7, 6, 5, 4}

// levels of transparency: two bits a pixel. More look hardly smoother at these
// sizes and cost a third more.
const levels = 4

// A Spec says what a seal shows. Zero sizes mean a round seal of 42 mm.
type Spec struct {
	Name   string  // of the organisation, along the ring
	Bottom string  // for example 电子证照专用章, below the star; may be ""
	Code   string  // small digits along the bottom of the ring; may be ""
	Width  float64 // mm
	Height float64 // mm; differs from Width for an oval seal, which has no star
	// MaxBytes bounds the picture; 0 = DefaultBytes. The resolution follows.
	MaxBytes int
}

// Limits of a seal's texts, in characters.
const (
	maxName   = 40
	maxBottom = 16
	maxCode   = 20
)

// A SpecError says what is wrong with a Spec.
type SpecError struct{ Detail string }

func (e *SpecError) Error() string { return "imprint: " + e.Detail }

// red is the colour of Chinese seals.
var red = color.NRGBA{R: 214, G: 24, B: 24}

// PNG draws the seal as a palette PNG with transparency, as finely as MaxBytes
// allows.
func PNG(spec Spec) ([]byte, error) {
	if err := spec.fill(); err != nil {
		return nil, err
	}
	f, err := font.Parse(fonts.Serif())
	if err != nil {
		return nil, err
	}
	for _, scale := range resolutions {
		data, err := picture(f, spec, scale)
		if err != nil || len(data) <= spec.MaxBytes {
			return data, err
		}
	}
	return nil, &SpecError{fmt.Sprintf("too much detail for a picture of %d bytes", spec.MaxBytes)}
}

func picture(f *font.Font, spec Spec, scale float64) ([]byte, error) {
	w, h := int(math.Ceil(spec.Width*scale)), int(math.Ceil(spec.Height*scale))
	d := drawing{font: f, r: vector.NewRasterizer(w, h), scale: scale}
	if err := d.seal(spec); err != nil {
		return nil, err
	}
	mask := image.NewAlpha(image.Rect(0, 0, w, h))
	d.r.DrawOp = draw.Src
	d.r.Draw(mask, mask.Bounds(), image.Opaque, image.Point{})
	var out bytes.Buffer
	encoder := png.Encoder{CompressionLevel: png.BestCompression}
	if err := encoder.Encode(&out, paletted(mask)); err != nil {
		return nil, fmt.Errorf("imprint: writing the picture: %w", err)
	}
	return out.Bytes(), nil
}

func (s *Spec) fill() error {
	if s.Width == 0 {
		s.Width = 42
	}
	if s.Height == 0 {
		s.Height = s.Width
	}
	if s.MaxBytes == 0 {
		s.MaxBytes = DefaultBytes
	}
	switch {
	case s.Width < 10 || s.Width > 80 || s.Height < 10 || s.Height > s.Width:
		return &SpecError{fmt.Sprintf("a seal of %g × %g mm", s.Width, s.Height)}
	case s.Name == "" || len([]rune(s.Name)) > maxName:
		return &SpecError{fmt.Sprintf("a name of %d characters, 1 to %d fit", len([]rune(s.Name)), maxName)}
	case len([]rune(s.Bottom)) > maxBottom:
		return &SpecError{fmt.Sprintf("a line of %d characters, %d fit", len([]rune(s.Bottom)), maxBottom)}
	case len([]rune(s.Code)) > maxCode:
		return &SpecError{fmt.Sprintf("a code of %d characters, %d fit", len([]rune(s.Code)), maxCode)}
	}
	return nil
}

// paletted maps the coverage to shades of one colour. The ground is white with
// no opacity, so that a reader that ignores opacity shows no red square.
func paletted(mask *image.Alpha) *image.Paletted {
	palette := make(color.Palette, levels)
	for i := range palette {
		c := red
		c.A = uint8(i * 255 / (levels - 1))
		palette[i] = c
	}
	palette[0] = color.NRGBA{R: 255, G: 255, B: 255}
	out := image.NewPaletted(mask.Bounds(), palette)
	for i, a := range mask.Pix {
		out.Pix[i] = uint8((int(a)*(levels-1) + 127) / 255)
	}
	return out
}
