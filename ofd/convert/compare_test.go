package convert

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"
	"image/png"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"codeberg.org/go-pdf/fpdf"

	"sidian/ofd"
	"sidian/ofd/draw/fonts"
	"sidian/ofd/find"
	"sidian/ofd/lint"
	"sidian/ofd/render"
)

// poppler draws the pages of a PDF file, as somebody else sees them.
func poppler(t *testing.T, data []byte, dpi int) []image.Image {
	t.Helper()
	tool, err := exec.LookPath("pdftoppm")
	if err != nil {
		t.Fatal("pdftoppm is missing: install poppler-utils")
	}
	dir := t.TempDir()
	in := filepath.Join(dir, "in.pdf")
	if err := os.WriteFile(in, data, 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(tool, "-r", fmt.Sprint(dpi), "-png", "-cropbox", in, filepath.Join(dir, "p")).CombinedOutput(); err != nil {
		t.Fatalf("pdftoppm: %v %s", err, out)
	}
	names, err := filepath.Glob(filepath.Join(dir, "p-*.png"))
	if err != nil || len(names) == 0 {
		t.Fatalf("pdftoppm drew nothing: %v", err)
	}
	var out []image.Image
	for _, name := range names {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		img, err := png.Decode(bytes.NewReader(b))
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, img)
	}
	return out
}

// A difference of two pictures, in grey levels: the mean over the page, and
// that of the worst tile.
type difference struct{ mean, tile float64 }

// compare blurs nothing: edges differ by how they are smoothed, and a tile is
// large enough to average that out.
func compare(t *testing.T, want, got image.Image) difference {
	t.Helper()
	a, b := pixels(want), pixels(got)
	if abs(a.Rect.Dx()-b.Rect.Dx()) > 1 || abs(a.Rect.Dy()-b.Rect.Dy()) > 1 {
		t.Fatalf("the page is %v, want %v", b.Rect.Size(), a.Rect.Size())
	}
	const side = 24
	w, h := min(a.Rect.Dx(), b.Rect.Dx()), min(a.Rect.Dy(), b.Rect.Dy())
	var d difference
	for y0 := 0; y0 < h; y0 += side {
		for x0 := 0; x0 < w; x0 += side {
			var sum [3]int
			for y := y0; y < min(y0+side, h); y++ {
				p, q := a.Pix[y*a.Stride:], b.Pix[y*b.Stride:]
				for x := x0; x < min(x0+side, w); x++ {
					for k := range sum {
						v := int(p[4*x+k]) - int(q[4*x+k])
						sum[k] += v
						d.mean += float64(abs(v)) / 3
					}
				}
			}
			for _, v := range sum {
				d.tile = math.Max(d.tile, float64(abs(v))/side/side)
			}
		}
	}
	d.mean /= float64(w * h)
	return d
}

func pixels(img image.Image) *image.RGBA {
	if out, ok := img.(*image.RGBA); ok && img.Bounds().Min == (image.Point{}) {
		return out
	}
	out := image.NewRGBA(image.Rect(0, 0, img.Bounds().Dx(), img.Bounds().Dy()))
	draw.Draw(out, out.Rect, img, img.Bounds().Min, draw.Src)
	return out
}

func abs(v int) int { return max(v, -v) }

// converted converts, writes, opens again, and checks by the rules.
func converted(t *testing.T, data []byte) *ofd.Document {
	t.Helper()
	d, err := PDF(data, Options{})
	if err != nil {
		var r *RefusedError
		if errors.As(err, &r) {
			t.Fatalf("%v: %s", err, r.Reason)
		}
		t.Fatal(err)
	}
	b, err := d.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	if d, err = ofd.Open(b); err != nil {
		t.Fatal(err)
	}
	for _, f := range lint.Check(d) {
		t.Errorf("lint: %s %s: %s", f.Rule, f.Part, f.Message)
	}
	return d
}

// looksAlike lets poppler draw the PDF file and ofd/render the document made of
// it. No tolerance hides a missing line: in a tile of 24 × 24 a line of one
// pixel is 4 % of 255 grey levels.
func looksAlike(t *testing.T, data []byte, limit difference) *ofd.Document {
	t.Helper()
	d := converted(t, data)
	validate(t, d)
	const dpi = 100
	want := poppler(t, data, dpi)
	if len(want) != len(d.Pages()) {
		t.Fatalf("%d pages, want %d", len(d.Pages()), len(want))
	}
	for i := range want {
		got, warnings, err := render.Image(d, i, render.Options{DPI: dpi})
		if err != nil {
			t.Fatal(err)
		}
		for _, w := range warnings {
			t.Errorf("page %d: drawing warns %v", i+1, w)
		}
		if diff := compare(t, want[i], got); diff.mean > limit.mean || diff.tile > limit.tile {
			t.Errorf("page %d differs by %.2f, in one tile by %.1f", i+1, diff.mean, diff.tile)
			keep(t, fmt.Sprintf("%d-want", i+1), want[i])
			keep(t, fmt.Sprintf("%d-got", i+1), got)
		}
	}
	return d
}

// validate checks what was written against the standard's own schemas, where
// the project's shared folder has them.
func validate(t *testing.T, d *ofd.Document) {
	t.Helper()
	schemas, err := filepath.Abs(filepath.Join("..", "..", "..", "shared", "xsd"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(schemas); err != nil {
		return
	}
	dir := t.TempDir()
	for _, p := range d.Parts() {
		schema := map[string]string{"OFD.xml": "OFD.xsd", "Document.xml": "Document.xsd", "Content.xml": "Page.xsd", "PublicRes.xml": "Res.xsd", "DocumentRes.xml": "Res.xsd"}[filepath.Base(p.Name)]
		if schema == "" {
			continue
		}
		data, err := p.Data()
		if err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(dir, strings.ReplaceAll(p.Name, "/", "_"))
		if err := os.WriteFile(file, data, 0o600); err != nil {
			t.Fatal(err)
		}
		if out, err := exec.Command("xmllint", "--noout", "--nonet", "--huge", "--schema", filepath.Join(schemas, schema), file).CombinedOutput(); err != nil {
			t.Errorf("%s: %v %.500s", p.Name, err, out)
		}
	}
}

// keep writes a picture where PICTURES says, to be looked at.
func keep(t *testing.T, name string, img image.Image) {
	dir := os.Getenv("PICTURES")
	if dir == "" {
		return
	}
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	name = strings.ReplaceAll(t.Name()+"-"+name+".png", "/", "_")
	if err := os.WriteFile(filepath.Join(dir, name), b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
}

func output(p *fpdf.Fpdf) ([]byte, error) {
	var b bytes.Buffer
	err := p.Output(&b)
	return b.Bytes(), err
}

func written(t *testing.T, p *fpdf.Fpdf) []byte {
	t.Helper()
	data, err := output(p)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func newPDF(t *testing.T) *fpdf.Fpdf {
	t.Helper()
	p := fpdf.New("P", "mm", "A4", "")
	p.AddUTF8FontFromBytes("song", "", fonts.Serif())
	p.SetFont("song", "", 14)
	p.AddPage()
	return p
}

// gradient is a picture whose halves are told apart when it is turned over.
func gradient(alpha bool) image.Image {
	img := image.NewNRGBA(image.Rect(0, 0, 60, 40))
	for y := range 40 {
		for x := range 60 {
			a := uint8(255)
			if alpha {
				a = uint8(x * 4)
			}
			img.SetNRGBA(x, y, color.NRGBA{uint8(x * 4), uint8(y * 6), 80, a})
		}
	}
	return img
}

func TestLooksAlike(t *testing.T) {
	t.Parallel()
	text, usual := difference{5.5, 12}, difference{1, 10}
	tests := []struct {
		name  string
		limit difference
		draw  func(t *testing.T, p *fpdf.Fpdf)
		words []string
	}{
		{"Chinese text and a table", text, func(t *testing.T, p *fpdf.Fpdf) {
			p.CellFormat(0, 12, "青禾县行政审批局（样例）", "", 1, "C", false, 0, "")
			for i := range 12 {
				p.SetFillColor(240, 240-5*i, 250)
				p.CellFormat(40, 8, fmt.Sprintf("序号 %d", i+1), "1", 0, "L", true, 0, "")
				p.CellFormat(60, 8, "张三 Zhang San", "1", 0, "R", i%2 == 0, 0, "")
				p.CellFormat(60, 8, "登记机关（盖章）", "1", 1, "C", false, 0, "")
			}
			p.SetFontSize(9)
			p.MultiCell(0, 5, strings.Repeat("行政机关应当依法办理，一次告知所需材料；applicants are told once. ", 12), "", "J", false)
		}, []string{"青禾县行政审批局（样例）", "登记机关(盖章)", "Zhang San", "一次告知"}},
		{"lines, dashes and curves", usual, func(t *testing.T, p *fpdf.Fpdf) {
			for i := range 10 {
				p.SetLineWidth(0.1 + float64(i)*0.3)
				p.SetDrawColor(i*20, 0, 200-i*20)
				p.SetLineCapStyle([]string{"butt", "round", "square"}[i%3])
				p.SetLineJoinStyle([]string{"miter", "round", "bevel"}[i%3])
				p.SetDashPattern([][]float64{{}, {4, 2}, {1, 1, 5, 2}}[i%3], float64(i))
				p.Line(20, 20+float64(i)*7, 190, 22+float64(i)*8)
			}
			p.SetDashPattern(nil, 0)
			p.SetFillColor(255, 220, 0)
			p.Ellipse(60, 150, 40, 20, 30, "DF")
			p.Polygon([]fpdf.PointType{{X: 120, Y: 130}, {X: 180, Y: 140}, {X: 150, Y: 190}, {X: 125, Y: 160}}, "DF")
			p.Curve(20, 200, 60, 170, 100, 210, "D")
		}, nil},
		{"turned, skewed and scaled", text, func(t *testing.T, p *fpdf.Fpdf) {
			for i, f := range []func(){
				func() { p.TransformRotate(30, 60, 60) }, func() { p.TransformSkewX(20, 60, 110) },
				func() { p.TransformScale(150, 60, 60, 160) }, func() { p.TransformMirrorHorizontal(60) },
			} {
				y := 60 + float64(i)*50
				p.TransformBegin()
				f()
				p.SetLineWidth(1.5)
				p.Rect(60, y, 50, 14, "D")
				p.Text(64, y+10, "盖章 Seal 印")
				p.TransformEnd()
			}
		}, []string{"盖章 Seal 印"}},
		{"pictures with and without alpha", usual, func(t *testing.T, p *fpdf.Fpdf) {
			var a, b, c bytes.Buffer
			if err := errors.Join(png.Encode(&a, gradient(false)), png.Encode(&b, gradient(true)), jpeg.Encode(&c, gradient(false), nil)); err != nil {
				t.Fatal(err)
			}
			for i, r := range []*bytes.Buffer{&a, &b, &c} {
				name := fmt.Sprint("i", i)
				p.RegisterImageOptionsReader(name, fpdf.ImageOptions{ImageType: []string{"PNG", "PNG", "JPG"}[i]}, r)
				p.ImageOptions(name, 20+float64(i)*60, 30, 50, 0, false, fpdf.ImageOptions{}, 0, "")
			}
			p.TransformBegin()
			p.TransformRotate(40, 100, 150)
			p.ImageOptions("i0", 80, 130, 60, 40, false, fpdf.ImageOptions{}, 0, "")
			p.TransformEnd()
		}, nil},
		{"clipped", usual, func(t *testing.T, p *fpdf.Fpdf) {
			p.SetFillColor(0, 120, 200)
			p.ClipRect(20, 20, 60, 30, false)
			p.Rect(0, 0, 100, 35, "F")
			p.ClipEnd()
			p.ClipCircle(60, 110, 30, false)
			for i := range 20 {
				p.Line(20, 80+float64(i)*4, 120, 70+float64(i)*4)
			}
			p.Text(35, 112, "裁剪文字裁剪")
			var a bytes.Buffer
			if err := png.Encode(&a, gradient(false)); err != nil {
				t.Fatal(err)
			}
			p.RegisterImageOptionsReader("i", fpdf.ImageOptions{ImageType: "PNG"}, &a)
			p.ImageOptions("i", 50, 115, 60, 0, false, fpdf.ImageOptions{}, 0, "")
			p.ClipEnd()
		}, nil},
		{"half transparent", usual, func(t *testing.T, p *fpdf.Fpdf) {
			p.SetFillColor(200, 0, 0)
			p.Rect(20, 20, 60, 60, "F")
			p.SetAlpha(0.4, "Normal")
			p.SetFillColor(0, 0, 200)
			p.Rect(50, 50, 60, 60, "F")
			p.Text(30, 130, "半透明文字")
		}, []string{"半透明"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := newPDF(t)
			tt.draw(t, p)
			d := looksAlike(t, written(t, p), tt.limit)
			for _, word := range tt.words {
				if hits, err := find.Keyword(d, word, find.Options{}); err != nil || len(hits) == 0 {
					t.Errorf("%q is not found: %v", word, err)
				}
			}
		})
	}
}

// TestOwnPDF converts what ofd/render writes, back to documents.
func TestOwnPDF(t *testing.T) {
	t.Parallel()
	names, err := filepath.Glob(filepath.Join("..", "sign", "testdata", "signed", "q0[01]*.ofd"))
	if err != nil || len(names) == 0 {
		t.Fatal("no documents", err)
	}
	more, err := filepath.Glob(filepath.Join("..", "..", "..", "shared", "samples", "open", "*.ofd"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range append(names, more...) {
		t.Run(filepath.Base(name), func(t *testing.T) {
			t.Parallel()
			data, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			doc, err := ofd.Open(data)
			if err != nil {
				t.Fatal(err)
			}
			var b bytes.Buffer
			pages := []int{0, len(doc.Pages()) - 1}
			if _, err := render.PDF(doc, &b, render.Options{Pages: pages[:min(2, len(doc.Pages()))]}); err != nil {
				t.Fatal(err)
			}
			looksAlike(t, b.Bytes(), difference{2.5, 20})
		})
	}
}
