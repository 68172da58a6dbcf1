package convert

import (
	"bytes"
	"compress/zlib"
	"errors"
	"fmt"
	"math"
	"os"
	"strings"
	"testing"

	"sidian/ofd/find"
)

// made writes a PDF file by hand: objects from number 1 on, the first the
// catalogue, the second the tree of pages, the third the page.
type made struct {
	page    string   // more entries of the page
	catalog string   // more entries of the catalogue
	content string   // of the page
	objects []string // from number 5 on
	trailer string
	media   string
}

func (m made) file() []byte {
	if m.media == "" {
		m.media = "0 0 200 100"
	}
	list := append([]string{
		"<</Type/Catalog/Pages 2 0 R" + m.catalog + ">>", "<</Type/Pages/Kids[3 0 R]/Count 1>>",
		"<</Type/Page/Parent 2 0 R/MediaBox[" + m.media + "]/Contents 4 0 R" + m.page + ">>", stream("", m.content),
	}, m.objects...)
	var b bytes.Buffer
	b.WriteString("%PDF-1.7\n")
	var at []int
	for i, o := range list {
		at = append(at, b.Len())
		fmt.Fprintf(&b, "%d 0 obj\n%s\nendobj\n", i+1, o)
	}
	start := b.Len()
	fmt.Fprintf(&b, "xref\n0 %d\n0000000000 65535 f \n", len(list)+1)
	for _, n := range at {
		fmt.Fprintf(&b, "%010d 00000 n \n", n)
	}
	fmt.Fprintf(&b, "trailer\n<</Size %d/Root 1 0 R%s>>\nstartxref\n%d\n%%%%EOF\n", len(list)+1, m.trailer, start)
	return b.Bytes()
}

func stream(dict, data string) string {
	return fmt.Sprintf("<<%s/Length %d>>\nstream\n%s\nendstream", dict, len(data), data)
}

func deflated(data string) string {
	var b bytes.Buffer
	w := zlib.NewWriter(&b)
	w.Write([]byte(data)) // a buffer takes everything
	w.Close()
	return b.String()
}

// wide repeats each pixel of n bytes 32 times in both directions, since viewers
// enlarge small pictures in different ways.
func wide(w, n int, pix string) string {
	const times = 32
	var out strings.Builder
	for ; len(pix) >= w*n; pix = pix[w*n:] {
		var row strings.Builder
		for i := 0; i < w*n; i += n {
			row.WriteString(strings.Repeat(pix[i:i+n], times))
		}
		out.WriteString(strings.Repeat(row.String(), times))
	}
	return out.String()
}

// f is a shape that looks different however it is turned.
const f = "20 10 m 20 80 l 60 80 l 60 70 l 30 70 l 30 50 l 50 50 l 50 40 l 30 40 l 30 10 l h "

func TestPictures(t *testing.T) {
	t.Parallel()
	xobject := func(object string) made {
		return made{content: "q 160 0 0 80 20 10 cm /X Do Q", page: "/Resources<</XObject<</X 5 0 R>>>>", objects: []string{object}}
	}
	stripes := strings.Repeat("\x00\xff\xff\xff\x00\x00", 4)
	tests := []struct {
		name string
		m    made
	}{
		{"even-odd and non-zero", made{content: "1 0 0 rg " + f + "10 5 100 90 re f* 0 0 1 rg 120 10 60 60 re 130 20 20 20 re f"}},
		{"cmyk", made{content: "1 0 0 0 k 10 10 30 80 re f 0 1 0 0 k 50 10 30 80 re f 0 0 1 0 k 90 10 30 80 re f 0 0 0 1 k 130 10 30 80 re f .3 .6 .1 .2 k 165 10 30 80 re f"}},
		{"curves by v and y", made{content: "4 w 10 10 m 60 90 100 10 v 150 90 190 10 y S 10 50 m 30 90 70 90 90 50 c s"}},
		{"stretched pen", made{content: "q 4 0 0 1 0 0 cm 3 w 5 20 m 40 20 l 40 80 l S Q"}},
		{"saved and restored", made{content: "q 1 0 0 rg q 0 1 0 rg 10 10 30 80 re f Q 50 10 30 80 re f Q 90 10 30 80 re f"}},
		{"clipped by an even-odd path", made{content: "20 10 160 80 re 60 30 80 40 re W* n 0 .5 0 rg 0 0 200 100 re f"}},
		{"clipped twice", made{content: "100 0 m 200 100 l 0 100 l h W n 0 0 100 100 re W n 0 .5 .5 rg 0 0 200 100 re f"}},
		{"crop box", made{page: "/CropBox[10 5 120 95]", content: f + "f"}},
		{"turned by 90", made{page: "/Rotate 90", content: f + "f"}},
		{"turned by 180", made{page: "/Rotate 180", content: f + "f"}},
		{"turned by 270, cropped, not from nothing", made{page: "/Rotate 270/CropBox[-20 -10 150 90]", media: "-50 -50 200 100", content: f + "f"}},
		{"form with a matrix", func() made {
			m := xobject(stream("/Type/XObject/Subtype/Form/BBox[0 0 100 100]/Matrix[.8 .2 -.2 .8 10 0]", "1 0 1 rg "+f+"f"))
			m.content = "/X Do q .5 0 0 .5 100 20 cm /X Do Q"
			return m
		}()},
		{"gray image", xobject(stream("/Type/XObject/Subtype/Image/Width 128/Height 64/BitsPerComponent 8/ColorSpace/DeviceGray", wide(4, 1, "\x00\x40\x80\xc0\xff\xa0\x60\x20")))},
		{"image of four bits", xobject(stream("/Type/XObject/Subtype/Image/Width 256/Height 64/BitsPerComponent 4/ColorSpace/DeviceGray", wide(4, 1, "\x00\x44\x88\xcc\xff\xaa\x66\x22")))},
		{"indexed image", xobject(stream("/Type/XObject/Subtype/Image/Width 512/Height 32/BitsPerComponent 2/ColorSpace[/Indexed/DeviceRGB 3<ff000000ff000000ffffff00>]", wide(4, 1, "\x00\x55\xaa\xff")))},
		{"image by a predictor", xobject(stream("/Type/XObject/Subtype/Image/Width 40/Height 50/BitsPerComponent 8/ColorSpace/DeviceRGB/Filter/FlateDecode/DecodeParms<</Predictor 15/Colors 3/Columns 40>>",
			deflated(strings.Repeat("\x01\xff\x00\x00"+strings.Repeat("\xfb\x05\x03", 39), 10)+strings.Repeat("\x02"+strings.Repeat("\x00\x02\x02", 40), 10)+strings.Repeat("\x03"+strings.Repeat("\x60\x20\x10", 40), 10)+strings.Repeat("\x04"+strings.Repeat("\x01\x01\x00", 40), 10)+strings.Repeat("\x00"+strings.Repeat("\x10\x80\xf0", 40), 10))))},
		{"decoded the other way round", xobject(stream("/Type/XObject/Subtype/Image/Width 128/Height 64/BitsPerComponent 8/ColorSpace/DeviceGray/Decode[1 0]", wide(4, 1, "\x00\x40\x80\xc0\xff\xa0\x60\x20")))},
		{"cmyk image", xobject(stream("/Type/XObject/Subtype/Image/Width 64/Height 32/BitsPerComponent 8/ColorSpace/DeviceCMYK", wide(2, 4, "\xff\x00\x00\x00\x00\x80\x80\x00")))},
		{"stencil in the colour of filling", func() made {
			m := xobject(stream("/Type/XObject/Subtype/Image/ImageMask true/Width 768/Height 256/BitsPerComponent 1", wide(3, 1, stripes)))
			m.content = "1 0 0 rg q 160 0 0 40 20 50 cm /X Do Q 0 0 1 rg q 160 0 0 40 20 5 cm /X Do Q"
			return m
		}()},
		{"soft mask", func() made {
			m := xobject(stream("/Type/XObject/Subtype/Image/Width 1/Height 1/BitsPerComponent 8/ColorSpace/DeviceRGB/SMask 6 0 R", "\xff\x00\x80"))
			m.objects = append(m.objects, stream("/Type/XObject/Subtype/Image/Width 128/Height 32/BitsPerComponent 8/ColorSpace/DeviceGray", wide(4, 1, "\x00\x55\xaa\xff")))
			return m
		}()},
		{"stencil mask", func() made {
			m := xobject(stream("/Type/XObject/Subtype/Image/Width 1/Height 1/BitsPerComponent 8/ColorSpace/DeviceRGB/Mask 6 0 R", "\x20\x80\x20"))
			m.objects = append(m.objects, stream("/Type/XObject/Subtype/Image/ImageMask true/Width 512/Height 64/BitsPerComponent 1", wide(2, 1, "\x00\xff\xff\x00")))
			return m
		}()},
		{"masked by colour", xobject(stream("/Type/XObject/Subtype/Image/Width 128/Height 32/BitsPerComponent 8/ColorSpace/DeviceGray/Mask[100 200]", wide(4, 1, "\x00\x80\xc0\xd0")))},
		{"inline image", made{content: "q 160 0 0 80 20 10 cm BI /W 128 /H 64 /BPC 8 /CS /G ID " + wide(4, 1, "\x00\x40\x80\xc0\xff\xa0\x60\x20") + "\nEI Q"}},
		{"filtered twice", made{content: "0 0 1 rg q 160 0 0 80 20 10 cm BI /W 512 /H 64 /IM true /F [/AHx /RL] ID " + strings.Repeat("e100 e1ff", 32) + strings.Repeat("e1ff e100", 32) + "80>\nEI Q"}},
		{"separation", made{page: "/Resources<</ColorSpace<</S[/Separation/Spot/DeviceRGB 5 0 R]>>>>", content: "/S cs 1 scn 10 10 80 80 re f .3 scn 110 10 80 80 re f",
			objects: []string{"<</FunctionType 2/Domain[0 1]/C0[1 1 1]/C1[.8 .1 0]/N 1>>"}}},
		{"stitched and sampled tints", made{page: "/Resources<</ColorSpace<</S[/Separation/Spot/DeviceRGB 5 0 R]>>>>", content: "/S cs .2 scn 10 10 80 80 re f .8 scn 110 10 80 80 re f", objects: []string{
			"<</FunctionType 3/Domain[0 1]/Bounds[.5]/Encode[0 1 0 1]/Functions[6 0 R 7 0 R]>>",
			"<</FunctionType 2/Domain[0 1]/C0[1 1 1]/C1[0 0 1]/N 1>>", stream("/FunctionType 0/Domain[0 1]/Range[0 1 0 1 0 1]/Size[2]/BitsPerSample 8", "\x00\x00\xff\xff\x80\x00")}}},
		{"glyphs that are content", made{page: "/Resources<</Font<</F 5 0 R>>>>", content: "BT 0 .5 0 rg /F 60 Tf 20 20 Td (ab) Tj ET", objects: []string{
			"<</Type/Font/Subtype/Type3/FontBBox[0 0 1000 1000]/FontMatrix[.001 0 0 .001 0 0]/CharProcs<</x 6 0 R/y 7 0 R>>/Encoding<</Differences[97/x/y]>>/FirstChar 97/LastChar 98/Widths[1000 1000]>>",
			stream("", "1000 0 0 0 900 900 d1 1 0 0 rg 0 0 900 900 re 300 300 300 300 re f*"), stream("", "1000 0 d0 1 0 0 rg 0 0 900 450 re f")}}},
		{"an annotation with a look", made{page: "/Annots[5 0 R]", content: f + "f", objects: []string{"<</Type/Annot/Subtype/Stamp/Rect[100 20 180 80]/AP<</N 6 0 R>>>>",
			stream("/Type/XObject/Subtype/Form/BBox[0 0 10 10]", "1 0 0 RG 1 w 1 1 8 8 re S")}}},
		{"a hidden annotation, a popup, a link", made{page: "/Annots[<</Type/Annot/Subtype/Stamp/F 2/Rect[0 0 9 9]>><</Type/Annot/Subtype/Popup/Rect[0 0 9 9]>><</Type/Annot/Subtype/Link/Rect[10 10 60 60]/Border[0 0 0]>>]", content: f + "f"}},
		{"no content at all", made{content: ""}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			limit := difference{3.5, 15}
			if strings.Contains(tt.name, "predictor") || strings.Contains(tt.name, "stencil in") {
				limit.mean = 12 // fine patterns are smoothed in different ways; the tiles agree
			}
			looksAlike(t, tt.m.file(), limit)
		})
	}
}

// TestCFF shows glyphs of a CFF program that uses every operator, as a simple
// and as a composite font; poppler reads it by itself.
func TestCFF(t *testing.T) {
	t.Parallel()
	program, err := os.ReadFile("../internal/cff/testdata/letters.cff")
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ name, font, text string }{
		{"simple", "<</Type/Font/Subtype/Type1/BaseFont/ABCDEF+Letters/FontDescriptor 6 0 R/FirstChar 65/LastChar 67/Widths[600 600 600]/Encoding/WinAnsiEncoding>>", "(ABC)"},
		{"by differences", "<</Type/Font/Subtype/Type1/BaseFont/ABCDEF+Letters/FontDescriptor 6 0 R/FirstChar 1/LastChar 3/Widths[600 600 600]/Encoding<</Differences[1/A/B/C]>>>>", "<010203>"},
		{"composite", "<</Type/Font/Subtype/Type0/BaseFont/Letters/Encoding/Identity-H/DescendantFonts[<</Type/Font/Subtype/CIDFontType0/BaseFont/Letters/CIDSystemInfo<</Registry(Adobe)/Ordering(Identity)/Supplement 0>>/FontDescriptor 6 0 R/DW 600>>]/ToUnicode 8 0 R>>", "<000100020003>"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			kind := "Type1C"
			if tt.name == "composite" {
				kind = "CIDFontType0C"
			}
			m := made{page: "/Resources<</Font<</F 5 0 R>>>>", content: "BT /F 80 Tf 10 20 Td " + tt.text + " Tj ET", objects: []string{tt.font,
				"<</Type/FontDescriptor/FontName/Letters/Flags 4/FontBBox[0 -300 900 900]/ItalicAngle 0/Ascent 900/Descent -300/CapHeight 700/StemV 80/FontFile3 7 0 R>>",
				stream("/Subtype/"+kind, string(program)),
				stream("", "1 begincodespacerange <0000> <ffff> endcodespacerange 1 beginbfrange <0001> <0003> <0041> endbfrange")}}
			d := looksAlike(t, m.file(), difference{2.5, 12})
			if hits, err := find.Keyword(d, "ABC", find.Options{}); err != nil || len(hits) != 1 {
				t.Errorf("found %+v, %v", hits, err)
			}
		})
	}
}

func TestRefused(t *testing.T) {
	t.Parallel()
	gs := func(state, content string) made {
		return made{page: "/Resources<</ExtGState<</G<<" + state + ">>>>>>", content: content}
	}
	tests := []struct {
		name string
		data []byte
		code string
	}{
		{"nothing", nil, "malformed"},
		{"not a PDF", []byte("PK\x03\x04"), "malformed"},
		{"cut off", made{content: f}.file()[:300], "malformed"},
		{"cross references in a circle", bytes.Replace(made{trailer: "/Prev 0000000"}.file(), []byte("/Prev 0000000"), []byte("/Prev 9"), 1), "malformed"},
		{"encrypted", made{trailer: "/Encrypt<</Filter/Standard>>"}.file(), "encrypted"},
		{"signed", made{catalog: "/AcroForm<</SigFlags 3/Fields[5 0 R]>>", objects: []string{"<</FT/Sig/V<</Type/Sig>>>>"}}.file(), "signed"},
		{"signed, in a kid", made{catalog: "/AcroForm<</Fields[<</Kids[5 0 R]>>]>>", objects: []string{"<</FT/Sig/V<</Type/Sig>>>>"}}.file(), "signed"},
		{"certified", made{catalog: "/Perms<</DocMDP<<>>>>"}.file(), "signed"},
		{"XFA", made{catalog: "/AcroForm<</XFA(x)>>"}.file(), "xfa"},
		{"a form without looks", made{catalog: "/AcroForm<</NeedAppearances true/Fields[<</FT/Tx>>]>>"}.file(), "form"},
		{"a script by name", made{catalog: "/Names<</JavaScript<</Names[(a)<</S/JavaScript>>]>>>>"}.file(), "javascript"},
		{"a script at opening", made{catalog: "/OpenAction<</S/JavaScript/JS(x)>>"}.file(), "javascript"},
		{"a script of the page", made{page: "/AA<</O<</S/JavaScript>>>>"}.file(), "javascript"},
		{"attachments", made{catalog: "/Names<</EmbeddedFiles<</Kids[<</Names[(a)5 0 R]>>]>>>>"}.file(), "attachment"},
		{"an attached file on the page", made{page: "/Annots[<</Subtype/FileAttachment/Rect[0 0 9 9]>>]"}.file(), "attachment"},
		{"hidden layers", made{catalog: "/OCProperties<</D<</OFF[5 0 R]>>>>"}.file(), "layer"},
		{"an annotation without a look", made{page: "/Annots[<</Subtype/Highlight/Rect[0 0 9 9]>>]"}.file(), "annotation"},
		{"a film", made{page: "/Annots[<</Subtype/RichMedia/Rect[0 0 9 9]>>]"}.file(), "annotation"},
		{"a field without a look", made{page: "/Annots[<</Subtype/Widget/FT/Tx/V(a)/Rect[0 0 9 9]>>]"}.file(), "form"},
		{"a pattern", made{content: "/Pattern cs /P scn 0 0 9 9 re f"}.file(), "pattern"},
		{"a shading", made{content: "/S sh"}.file(), "shading"},
		{"a blend mode", gs("/BM/Multiply", "/G gs").file(), "blend"},
		{"a soft mask", gs("/SMask<</S/Luminosity>>", "/G gs").file(), "transparent"},
		{"a group faded as a whole", made{page: "/Resources<</ExtGState<</G<</ca .5>>>>/XObject<</X 5 0 R>>>>", content: "/G gs /X Do",
			objects: []string{stream("/Subtype/Form/BBox[0 0 9 9]/Group<</S/Transparency>>", f+"f")}}.file(), "transparent"},
		{"a transfer function", gs("/TR<</FunctionType 2>>", "/G gs").file(), "color"},
		{"a font of the reader's", made{page: "/Resources<</Font<</F<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>>>>>", content: "BT /F 9 Tf (a) Tj ET"}.file(), "font"},
		{"no font", made{content: "BT (a) Tj ET"}.file(), "font"},
		{"text as a clip", made{page: "/Resources<</Font<</F<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>>>>>", content: "BT 7 Tr /F 9 Tf (a) Tj ET"}.file(), "text_clip"},
		{"downwards", made{page: "/Resources<</Font<</F<</Subtype/Type0/Encoding/Identity-V>>>>>>", content: "BT /F 9 Tf (aa) Tj ET"}.file(), "vertical"},
		{"JPEG 2000", made{page: "/Resources<</XObject<</X 5 0 R>>>>", content: "/X Do", objects: []string{stream("/Subtype/Image/Width 1/Height 1/BitsPerComponent 8/ColorSpace/DeviceGray/Filter/JPXDecode", "x")}}.file(), "image"},
		{"a picture cut off", made{page: "/Resources<</XObject<</X 5 0 R>>>>", content: "/X Do", objects: []string{stream("/Subtype/Image/Width 9/Height 9/BitsPerComponent 8/ColorSpace/DeviceGray", "x")}}.file(), "image"},
		{"Lab", made{page: "/Resources<</ColorSpace<</L[/Lab<<>>]>>>>", content: "/L cs"}.file(), "color"},
		{"an operator nobody knows", made{content: "1 2 xyz"}.file(), "content"},
		{"numbers missing", made{content: "1 0 m 5 l"}.file(), "content"},
		{"a path without a start", made{content: "5 5 l S"}.file(), "content"},
		{"a form in itself", made{page: "/Resources<</XObject<</X 5 0 R>>>>", content: "/X Do", objects: []string{stream("/Subtype/Form/BBox[0 0 9 9]/Resources<</XObject<</X 5 0 R>>>>", "/X Do")}}.file(), "limit"},
		{"a bomb", made{page: "/Contents 5 0 R", objects: []string{stream("/Filter/FlateDecode", deflated(strings.Repeat("q Q ", 15<<20)))}}.file(), "limit"},
		{"no size", made{media: "0 0 0 0"}.file(), "page_size"},
		{"turned by 45", made{page: "/Rotate 45"}.file(), "page_size"},
		{"a page that is huge", made{media: "0 0 99999 99999"}.file(), "page_size"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := PDF(tt.data, Options{})
			var r *RefusedError
			if !errors.As(err, &r) {
				t.Fatalf("got %v", err)
			}
			if r.Code != tt.code {
				t.Errorf("refused by %s (%s), want %s", r.Code, r.Detail, tt.code)
			}
			if reasons[r.Code] == "" || !strings.Contains(r.Reason, "请") {
				t.Errorf("the reason names no way out: %s", r.Reason)
			}
		})
	}
}

func TestLimits(t *testing.T) {
	t.Parallel()
	image := made{page: "/Resources<</XObject<</X 5 0 R>>>>", content: "/X Do",
		objects: []string{stream("/Subtype/Image/Width 4/Height 2/BitsPerComponent 8/ColorSpace/DeviceGray", "12345678")}}.file()
	for _, tt := range []struct {
		name string
		data []byte
		l    Limits
	}{
		{"size", made{}.file(), Limits{Size: 100}},
		{"operators", made{content: f + "f"}.file(), Limits{Operators: 5}},
		{"objects", made{content: f + "f " + f + "f"}.file(), Limits{Objects: 1}},
		{"output", made{content: f + "f"}.file(), Limits{Output: 10}},
		{"stream", made{content: strings.Repeat(f, 20) + "f"}.file(), Limits{Stream: 100}},
		{"pixels", image, Limits{Pixels: 7}},
		{"all pixels", image, Limits{AllPixels: 7}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if _, err := PDF(tt.data, Options{}); err != nil {
				t.Fatalf("refused without the limit: %v", err)
			}
			_, err := PDF(tt.data, Options{Limits: tt.l})
			var r *RefusedError
			if !errors.As(err, &r) || r.Code != "limit" {
				t.Fatalf("got %v", err)
			}
		})
	}
}

// TestInvisibleText keeps the text that lies under a scanned page, though its
// font is not embedded: nobody sees it, but it can be found.
func TestInvisibleText(t *testing.T) {
	t.Parallel()
	data := made{page: "/Resources<</Font<</F<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding/FirstChar 32/Widths[" + strings.Repeat("500 ", 95) + "]>>>>>>",
		content: "BT 3 Tr /F 12 Tf 20 40 Td (seal here) Tj ET"}.file()
	d := looksAlike(t, data, difference{0, 0})
	hits, err := find.Keyword(d, "seal here", find.Options{})
	if err != nil || len(hits) != 1 {
		t.Fatalf("%+v, %v", hits, err)
	}
	if h := hits[0]; h.X < 6.9 || h.X > 7.2 || h.W < 15 || h.W > 20 || h.Y < 15 || h.Y > 22 {
		t.Errorf("found at %+v", h)
	}
}

// TestUserUnit: poppler does not know it, so the sizes are told here.
func TestUserUnit(t *testing.T) {
	t.Parallel()
	d := converted(t, made{page: "/UserUnit 2", content: f + "f"}.file())
	b, err := d.Pages()[0].Box()
	if err != nil || math.Abs(b.W-200*2*25.4/72) > 0.01 || math.Abs(b.H-100*2*25.4/72) > 0.01 {
		t.Errorf("%+v, %v", b, err)
	}
}

func TestDeterministic(t *testing.T) {
	t.Parallel()
	p := newPDF(t)
	p.Text(20, 40, "盖章")
	p.SetFontSize(20)
	p.Text(20, 80, "签字盖章")
	data := written(t, p)
	var first []byte
	for range 3 {
		d, err := PDF(data, Options{})
		if err != nil {
			t.Fatal(err)
		}
		b, err := d.Bytes()
		if err != nil {
			t.Fatal(err)
		}
		if first == nil {
			first = b
		}
		if !bytes.Equal(first, b) {
			t.Fatal("the same file gave another document")
		}
	}
}
