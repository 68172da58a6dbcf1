package interop

import (
	"bytes"
	"image"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"sidian/internal/cert/certtest"
	"sidian/internal/db/dbtest"
	"sidian/ofd"
	"sidian/ofd/convert"
	"sidian/ofd/lint"
)

// Each shipped kind, as PDF, becomes an OFD again that another's reader, asked
// to draw both as PDF, draws the same.
func TestConvertedKindsLookAlike(t *testing.T) {
	t.Parallel()
	w := certtest.New(t, dbtest.New(t, "sqlite"))
	kinds := w.Kinds(t)
	if len(kinds) != 21 {
		t.Errorf("%d kinds", len(kinds))
	}
	for _, kind := range kinds {
		data := w.Document(t, w.Issue(t, kind))
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			pdf := asPDF(t, data)
			d, err := convert.PDF(pdf, convert.Options{})
			must(t, err)
			back, err := d.Bytes()
			must(t, err)
			again, err := ofd.Open(back)
			must(t, err)
			for _, f := range lint.Check(again) {
				if f.Severity == lint.Error {
					t.Errorf("lint: %s %s: %s", f.Rule, f.Part, f.Message)
				}
			}
			want, got := poppler(t, pdf), poppler(t, asPDF(t, back))
			if len(want) != len(got) {
				t.Fatalf("%d pages, want %d", len(got), len(want))
			}
			for i := range want {
				if mean, worst := compare(t, want[i], got[i]); mean > 0.2 || worst > 4 {
					t.Errorf("page %d differs by %.3f grey levels, in one tile by %.2f", i+1, mean, worst)
				}
			}
		})
	}
}

// poppler draws the pages of a PDF file.
func poppler(t *testing.T, data []byte) (out []image.Image) {
	t.Helper()
	if _, err := exec.LookPath("pdftoppm"); err != nil {
		t.Fatal("this test needs pdftoppm of poppler-utils")
	}
	dir := t.TempDir()
	must(t, os.WriteFile(filepath.Join(dir, "in.pdf"), data, 0o600))
	if out, err := exec.Command("pdftoppm", "-r", "100", "-png", filepath.Join(dir, "in.pdf"), filepath.Join(dir, "p")).CombinedOutput(); err != nil {
		t.Fatalf("pdftoppm: %v %s", err, out)
	}
	names, err := filepath.Glob(filepath.Join(dir, "p-*.png"))
	must(t, err)
	for _, name := range names {
		img, err := png.Decode(bytes.NewReader(read(t, name)))
		must(t, err)
		out = append(out, img)
	}
	if len(out) == 0 {
		t.Fatal("pdftoppm drew nothing")
	}
	return out
}

// compare returns how much two pictures differ in grey levels of 255: the mean,
// and that of the worst tile of 24 × 24.
func compare(t *testing.T, a, b image.Image) (mean, worst float64) {
	t.Helper()
	if a.Bounds() != b.Bounds() {
		t.Fatalf("the page is %v, want %v", b.Bounds(), a.Bounds())
	}
	const side = 24
	r := a.Bounds()
	for y := r.Min.Y; y < r.Max.Y; y += side {
		for x := r.Min.X; x < r.Max.X; x += side {
			tile := image.Rect(x, y, x+side, y+side).Intersect(r)
			sum := 0.0
			for v := tile.Min.Y; v < tile.Max.Y; v++ {
				for u := tile.Min.X; u < tile.Max.X; u++ {
					d := grey(a, u, v) - grey(b, u, v)
					sum += d
					mean += max(d, -d)
				}
			}
			worst = max(worst, max(sum, -sum)/side/side)
		}
	}
	return mean / float64(r.Dx()*r.Dy()), worst
}

func grey(img image.Image, x, y int) float64 {
	r, g, b, _ := img.At(x, y).RGBA()
	return float64(r+g+b) / 3 / 257
}
