package qr

import (
	"errors"
	"image"
	"image/color"
	"strings"
	"testing"

	boombuler "github.com/boombuler/barcode/qr"
	"github.com/makiuchi-d/gozxing"
	reader "github.com/makiuchi-d/gozxing/qrcode"
)

func picture(c *Code, scale int) image.Image {
	const quiet = 4
	n := (c.Size + 2*quiet) * scale
	img := image.NewGray(image.Rect(0, 0, n, n))
	for y := range n {
		for x := range n {
			shade := color.Gray{255}
			if c.Dark(x/scale-quiet, y/scale-quiet) {
				shade.Y = 0
			}
			img.SetGray(x, y, shade)
		}
	}
	return img
}

func read(t *testing.T, img image.Image) string {
	t.Helper()
	bitmap, err := gozxing.NewBinaryBitmapFromImage(img)
	if err != nil {
		t.Fatal(err)
	}
	result, err := reader.NewQRCodeReader().Decode(bitmap, map[gozxing.DecodeHintType]any{
		gozxing.DecodeHintType_CHARACTER_SET: "UTF-8", gozxing.DecodeHintType_PURE_BARCODE: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	return result.GetText()
}

func TestEncodeIsRead(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ name, text string }{
		{"one letter", "A"},
		{"identifier", "1.2.156.3005.2.11100000MB0143028R001.11330100MB0001234X.91330100MA01ABCD2X.001.5"},
		{"address", "https://zz.example.gov.cn/v/1.2.156.3005.2.11100000MB0143028R001?k=aB3_-"},
		{"chinese", "统一社会信用代码：91330100MA01ABCD2X"},
		{"odd alphanumeric", "HELLO WORLD"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			c, err := Encode(tc.text)
			if err != nil {
				t.Fatal(err)
			}
			if got := read(t, picture(c, 3)); got != tc.text {
				t.Errorf("read %q", got)
			}
		})
	}
}

// Every version is read back, and an independent encoder needs the same size.
func TestEveryVersion(t *testing.T) {
	t.Parallel()
	sizes := map[int]bool{}
	for n := 1; n <= 666; n += 7 {
		text := strings.Repeat("abcdefghij", n/10+1)[:n]
		c, err := Encode(text)
		if err != nil {
			t.Fatalf("%d bytes: %v", n, err)
		}
		if sizes[c.Size] {
			continue
		}
		sizes[c.Size] = true
		if got := read(t, picture(c, 2)); got != text {
			t.Errorf("%d bytes, size %d: read %q", n, c.Size, got)
		}
		other, err := boombuler.Encode(text, boombuler.M, boombuler.Unicode)
		if err != nil {
			t.Fatal(err)
		}
		if got := other.Bounds().Dx(); got != c.Size {
			t.Errorf("%d bytes: %d modules, the other encoder %d", n, c.Size, got)
		}
	}
	if len(sizes) != MaxVersion {
		t.Errorf("%d versions met", len(sizes))
	}
}

func TestTooLong(t *testing.T) {
	t.Parallel()
	if _, err := Encode(strings.Repeat("a", 667)); !errors.Is(err, ErrTooLong) {
		t.Errorf("got %v", err)
	}
}

// Penalties agree with a plain reading of the standard.
func TestPenalty(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"A", strings.Repeat("penalty", 9), strings.Repeat("x", 200)} {
		c, err := Encode(text)
		if err != nil {
			t.Fatal(err)
		}
		cols := make([]bits, c.Size)
		for y := range c.Size {
			for x := range c.Size {
				if c.Dark(x, y) {
					cols[x].set(y)
				}
			}
		}
		if got, want := penalty(c.rows, cols), plainPenalty(c); got != want {
			t.Errorf("%.8s: penalty %d, want %d", text, got, want)
		}
	}
}

func plainPenalty(c *Code) int {
	score, dark, n := 0, 0, c.Size
	for i := range n {
		var row, col strings.Builder
		for k := range n {
			row.WriteByte("01"[b2i(c.Dark(k, i))])
			col.WriteByte("01"[b2i(c.Dark(i, k))])
			dark += b2i(c.Dark(k, i))
			if i+1 < n && k+1 < n {
				if sum := b2i(c.Dark(k, i)) + b2i(c.Dark(k+1, i)) + b2i(c.Dark(k, i+1)) + b2i(c.Dark(k+1, i+1)); sum == 0 || sum == 4 {
					score += 3
				}
			}
		}
		for _, line := range []string{row.String(), col.String()} {
			for at := 0; at < n; {
				end := at
				for end < n && line[end] == line[at] {
					end++
				}
				if end-at >= 5 {
					score += 3 + end - at - 5
				}
				at = end
			}
			for at := 0; at+11 <= n; at++ {
				if s := line[at : at+11]; s == "10111010000" || s == "00001011101" {
					score += 40
				}
			}
		}
	}
	percent := float64(dark) * 100 / float64(n*n)
	for d := 5.0; ; d += 5 {
		if percent >= 50-d && percent <= 50+d {
			return score
		}
		score += 10
	}
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

func BenchmarkEncode(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		c, err := Encode("https://zz.example.gov.cn/v/1.2.156.3005.2.11100000MB0143028R001.11330100MB0001234X.91330100MA01ABCD2X.001.5")
		if err != nil {
			b.Fatal(err)
		}
		c.Path(nil, 4)
	}
}
