package render

import (
	"testing"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/qrcode"
)

// TestMarkCode reads the strip's code back from pictures at the resolution of a screen and of a printer.
func TestMarkCode(t *testing.T) {
	t.Parallel()
	const text = "https://example.cn/v/ABCD1234EFGH5678"
	a4 := small{page: `<ofd:Area><ofd:PhysicalBox>0 0 210 297</ofd:PhysicalBox></ofd:Area>` + layer(rgbPath("255 0 0", "", square))}.open(t)
	for _, dpi := range []float64{96, 200} {
		img, _, err := Image(a4, 0, Options{DPI: dpi, Mark: &Mark{Lines: []string{"复印件 不具有法律效力", "核验码 ABCD"}, QR: text}})
		if err != nil {
			t.Fatal(err)
		}
		bits, err := gozxing.NewBinaryBitmapFromImage(img)
		if err != nil {
			t.Fatal(err)
		}
		got, err := qrcode.NewQRCodeReader().Decode(bits, map[gozxing.DecodeHintType]any{gozxing.DecodeHintType_TRY_HARDER: true})
		if err != nil || got.GetText() != text {
			t.Errorf("at %v DPI: %v, %v", dpi, got, err)
		}
	}
}
