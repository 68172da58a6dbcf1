package convert

import (
	"errors"
	"testing"

	"sidian/ofd"
	"sidian/ofd/draw/fonts"
	"sidian/ofd/render"

	"codeberg.org/go-pdf/fpdf"
)

// small keeps what a hostile file may cost a fuzzer low.
var small = Limits{Operators: 2000, Objects: 500, Stream: 1 << 20, Total: 4 << 20, Pixels: 1 << 16, AllPixels: 1 << 18, Pages: 5}

// seeds are files of every kind of content.
func seeds(f *testing.F) [][]byte {
	p := fpdf.New("P", "mm", "A4", "")
	p.AddUTF8FontFromBytes("song", "", fonts.Sans())
	p.SetFont("song", "", 12)
	p.AddPage()
	p.Text(20, 20, "盖章")
	out := [][]byte{made{content: f1}.file(), made{content: "BT ET q 1 0 0 1 5 5 cm BI /W 1 /H 1 /BPC 8 /CS /G ID x\nEI Q"}.file(),
		made{page: "/Resources<</XObject<</X 5 0 R>>>>", content: "/X Do", objects: []string{stream("/Subtype/Form/BBox[0 0 9 9]", f1)}}.file(),
		made{page: "/Annots[<</Subtype/Link/Rect[0 0 9 9]/Border[0 0 1]>>]", content: "/Pattern cs"}.file()}
	if data, err := output(p); err == nil {
		out = append(out, data)
	} else {
		f.Fatal(err)
	}
	return out
}

const f1 = "20 10 m 20 80 l 60 80 70 90 60 70 c h W n 0 0 9 9 re B* "

// FuzzPDF wants a document that opens again, or a refusal, of any file.
func FuzzPDF(f *testing.F) {
	for _, s := range seeds(f) {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, data []byte) { check(t, data) })
}

// FuzzContent reaches the operators without a file's structure in the way.
func FuzzContent(f *testing.F) {
	for _, s := range []string{f1, "q 2 0 0 1 0 0 cm 3 w [1 2] 0 d 0 0 m 9 9 l S Q", "1 0 0 0 k /G gs /X Do", "BT /F 9 Tf 1 0 0 1 5 5 Tm [(a) -200 (b)] TJ T* (c) ' ET",
		"BI /W 2 /H 2 /IM true /F [/AHx /Fl] ID 00>\nEI", "0 Tr 3 Tr 50 Tz 2 Ts (a) Tj"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, content string) {
		check(t, made{content: content, page: "/Resources<</ExtGState<</G<</ca .5/LW 2>>>>/XObject<</X 5 0 R>>/Font<</F 6 0 R>>>>", objects: []string{
			stream("/Subtype/Form/BBox[0 0 9 9]/Matrix[1 .5 0 1 0 0]", f1),
			"<</Type/Font/Subtype/Type3/FontBBox[0 0 9 9]/FontMatrix[.1 0 0 .1 0 0]/CharProcs<</a 5 0 R>>/Encoding<</Differences[97/a]>>/FirstChar 97/Widths[10]>>"}}.file())
	})
}

func check(t *testing.T, data []byte) {
	d, err := PDF(data, Options{Limits: small})
	if err != nil {
		var r *RefusedError
		if !errors.As(err, &r) {
			t.Fatalf("neither a document nor a refusal: %v", err)
		}
		return
	}
	b, err := d.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	if d, err = ofd.Open(b); err != nil {
		t.Fatalf("what was written does not open: %v", err)
	}
	for i := range d.Pages() {
		if _, err := d.Pages()[i].Content(); err != nil {
			t.Fatalf("page %d cannot be read: %v", i+1, err)
		}
	}
	if w, h := d.Body().Area.Physical.W, d.Body().Area.Physical.H; len(d.Pages()) > 0 && w*h < 1e5 {
		_, _, err := render.Image(d, 0, render.Options{DPI: 20})
		var l *render.LimitError
		if err != nil && !errors.As(err, &l) {
			t.Fatalf("page 1 cannot be drawn: %v", err)
		}
	}
}
