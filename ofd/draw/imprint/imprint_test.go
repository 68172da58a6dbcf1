package imprint

import (
	"bytes"
	"errors"
	"image"
	"image/color"
	"image/png"
	"strings"
	"testing"
)

func TestPNG(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name string
		spec Spec
		w, h int
	}{
		{"round", Spec{Name: "示例县市场监督管理局", Bottom: "电子证照专用章"}, 42, 42},
		{"long name and code", Spec{Name: "示例省示例市示例自治县人力资源和社会保障事业发展中心", Bottom: "业务专用章", Code: "3301000012345"}, 42, 42},
		{"oval", Spec{Name: "示例县税务局", Bottom: "征税专用章", Width: 45, Height: 30}, 45, 30},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			data, err := PNG(tc.spec)
			if err != nil {
				t.Fatal(err)
			}
			if len(data) > DefaultBytes {
				t.Errorf("%d bytes", len(data))
			}
			again, err := PNG(tc.spec)
			if err != nil || !bytes.Equal(data, again) {
				t.Error("the same seal gave other bytes")
			}
			img, err := png.Decode(bytes.NewReader(data))
			if err != nil {
				t.Fatal(err)
			}
			w, h := img.Bounds().Dx(), img.Bounds().Dy()
			if w < 4*tc.w || w*tc.h != h*tc.w {
				t.Fatalf("%d × %d pixels", w, h)
			}
			if share := inked(img); share < 0.08 || share > 0.4 {
				t.Errorf("%.0f %% of the picture is inked", 100*share)
			}
			if a := alpha(img, 1, 1); a != 0 {
				t.Errorf("the corner is not transparent: %d", a)
			}
			if a := alpha(img, w/2, 4); a != 255 {
				t.Errorf("the ring is not opaque: %d", a)
			}
			if a := alpha(img, w/2, h/2); (a == 255) != (tc.w == tc.h) {
				t.Errorf("alpha %d in the middle, where only a round seal has a star", a)
			}
		})
	}
}

func alpha(img image.Image, x, y int) uint8 {
	return color.NRGBAModel.Convert(img.At(x, y)).(color.NRGBA).A
}

func inked(img image.Image) float64 {
	n, b := 0, img.Bounds()
	for y := b.Min.Y; y < b.Max.Y; y++ {
		for x := b.Min.X; x < b.Max.X; x++ {
			if alpha(img, x, y) > 127 {
				n++
			}
		}
	}
	return float64(n) / float64(b.Dx()*b.Dy())
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	for name, spec := range map[string]Spec{
		"no name":           {},
		"name too long":     {Name: strings.Repeat("长", 41)},
		"line too long":     {Name: "名", Bottom: strings.Repeat("长", 17)},
		"too large":         {Name: "名", Width: 200},
		"higher than wide":  {Name: "名", Width: 30, Height: 40},
		"too light":         {Name: "名", MaxBytes: 100},
		"unknown character": {Name: "名\U00020000"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := PNG(spec)
			var refused *SpecError
			if !errors.As(err, &refused) {
				t.Errorf("got %v", err)
			}
		})
	}
}
