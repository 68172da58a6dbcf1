package signing

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"html/template"
	"image/png"
	"strconv"
	"strings"

	"sidian/internal/signature"
)

// Resolutions of pages: to read, sharp when twice as large on a phone, and to
// look at beside other things.
const (
	dpiRead = 150
	dpiShow = 110
)

// A face is a page of a document with what is to be signed on it, in millimetres.
type face struct {
	Page, Of      int
	Width, Height string
	Picture       template.URL
	Boxes         []box
	Small         bool // shown beside other things
}

// A box is where a signature is to show.
type box struct {
	X, Y, W, H string
	MidX, MidY string // where its number stands
	Label      string
	Class      string // mine, next
	Drawing    string // SVG path of the handwriting in it
	View       string // and its viewBox
}

func mm(v float64) string { return strconv.FormatFloat(v, 'f', 2, 64) }

// Label is what the picture is, for who cannot see it.
func (f *face) Label() string {
	var b strings.Builder
	fmt.Fprintf(&b, "文件第 %d 页，共 %d 页", f.Page, f.Of)
	for _, x := range f.Boxes {
		if x.Drawing != "" {
			b.WriteString("，签名位置上是您的手写签名")
		} else {
			fmt.Fprintf(&b, "，有签名位置%s", x.Label)
		}
	}
	return b.String()
}

// face draws a page of a task's document as it stands.
func (s *Service) face(ctx context.Context, t *signature.Task, number int, dpi float64) (*face, error) {
	data, err := s.Signature.Picture(ctx, t.ID, number, dpi)
	if err != nil {
		return nil, err
	}
	size, err := png.DecodeConfig(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("signing: reading a picture: %w", err)
	}
	return &face{
		Page: number, Of: t.Pages, Width: mm(float64(size.Width) * 25.4 / dpi), Height: mm(float64(size.Height) * 25.4 / dpi), Picture: pngURL(data),
	}, nil
}

func pngURL(data []byte) template.URL {
	return template.URL("data:image/png;base64," + base64.StdEncoding.EncodeToString(data))
}

// mark puts a signer's places on the page.
func (f *face) mark(x signature.Signer, class string) {
	for _, p := range x.Places {
		if p.Page != f.Page {
			continue
		}
		f.Boxes = append(f.Boxes, box{
			X: mm(p.X), Y: mm(p.Y), W: mm(p.W), H: mm(p.H), MidX: mm(p.X + p.W/2), MidY: mm(p.Y + p.H/2), Label: strconv.Itoa(x.Number), Class: class,
		})
	}
}

// waiting puts the places of everybody who has not signed yet on the page.
func (f *face) waiting(t *signature.Task) {
	for _, x := range t.Signers {
		if x.State == signature.Signed || x.State == signature.Refused {
			continue
		}
		class := "next"
		if x.State == signature.Waiting {
			class = "later"
		}
		f.mark(x, class)
	}
}

// ask puts a signer's own places on the page, with what they have written.
func (f *face) ask(sc *signature.Scene) {
	f.mark(sc.Signer, "mine")
	for i := range f.Boxes {
		f.Boxes[i].Label, f.Boxes[i].Drawing, f.Boxes[i].View = "您签在这里", sc.Drawing, sc.Box
	}
}

// pagesOf are the pages on which a signer signs.
func pagesOf(x signature.Signer) (list []int) {
	seen := map[int]bool{}
	for _, p := range x.Places {
		if !seen[p.Page] {
			seen[p.Page] = true
			list = append(list, p.Page)
		}
	}
	return list
}
