package sealing

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"image"
	"image/png"
	"strings"

	xdraw "golang.org/x/image/draw"

	"sidian/internal/audit"
	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/seal"
	"sidian/ofd"
	"sidian/ofd/render"
)

// previewDPI is how finely a page is shown in pixels.
const previewDPI = 110

// Preview is a page of a request's document as it is, with the imprints of the
// seals that are still to come in their places: what an approver looks at. page
// counts from 1, format is svg or png. That somebody looked is recorded.
func (s *Service) Preview(ctx context.Context, id string, page int, format string) (data []byte, media string, err error) {
	r, err := s.look(ctx, id)
	if err != nil {
		return nil, "", err
	}
	d, err := s.document(ctx, r.document)
	if err != nil {
		return nil, "", err
	}
	if page < 1 || page > len(d.Body().Pages()) {
		return nil, "", fault.NotFound.New("文件没有第 %d 页", page).WithCode("sealing.page").WithHint("请核对页码")
	}
	overs, err := s.overlays(ctx, r, page)
	if err != nil {
		return nil, "", err
	}
	var b bytes.Buffer
	switch format {
	case "png":
		media, err = "image/png", previewPNG(&b, d, page, overs)
	default:
		media, err = "image/svg+xml", previewSVG(&b, d, page, overs)
	}
	var limit *render.LimitError
	if errors.As(err, &limit) {
		return nil, "", fault.Invalid.Wrap(err, "这一页太大，不能显示").WithCode("sealing.page").WithHint("请下载文件后用阅读软件查看")
	}
	if err != nil {
		return nil, "", fmt.Errorf("sealing: showing a page: %w", err)
	}
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		return audit.Put(tx, audit.Entry{Action: "sealing.view", Object: "sealing/" + r.ID, After: r.document})
	})
	return b.Bytes(), media, err
}

// An overlay is an imprint that is shown before it is there.
type overlay struct {
	png  []byte
	spot Spot
}

func (s *Service) overlays(ctx context.Context, r *Request, page int) (out []overlay, err error) {
	if r.State != Open {
		return nil, nil
	}
	for _, st := range r.Steps {
		if st.State == Stamped || st.State == Dropped {
			continue
		}
		var im *seal.Imprint
		for _, spot := range st.Places {
			if spot.Page != page {
				continue
			}
			if im == nil {
				if im, err = s.Seal.Imprint(ctx, st.Seal); err != nil {
					return nil, err
				}
			}
			out = append(out, overlay{im.PNG, spot})
		}
	}
	return out, nil
}

func previewPNG(w *bytes.Buffer, d *ofd.Document, page int, overs []overlay) error {
	picture, _, err := render.Image(d, page-1, render.Options{DPI: previewDPI})
	if err != nil {
		return err
	}
	for _, o := range overs {
		im, err := png.Decode(bytes.NewReader(o.png))
		if err != nil {
			return fmt.Errorf("an imprint: %w", err)
		}
		shown, box := o.cut(im)
		px := func(mm float64) int { return int(mm/25.4*previewDPI + 0.5) }
		to := image.Rect(px(box.X), px(box.Y), px(box.X+box.W), px(box.Y+box.H))
		xdraw.CatmullRom.Scale(picture, to, im, shown, xdraw.Over, nil)
	}
	return png.Encode(w, picture)
}

// cut is what of the imprint's pixels shows, and where on the page.
func (o overlay) cut(im image.Image) (image.Rectangle, ofd.Box) {
	all := im.Bounds()
	c := o.spot.Clip
	if c == nil {
		return all, o.spot.box()
	}
	x := func(mm float64) int { return all.Min.X + int(mm/o.spot.W*float64(all.Dx())+0.5) }
	y := func(mm float64) int { return all.Min.Y + int(mm/o.spot.H*float64(all.Dy())+0.5) }
	return image.Rect(x(c.X), y(c.Y), x(c.X+c.W), y(c.Y+c.H)).Intersect(all), o.spot.box()
}

// previewSVG puts the imprints into the picture of the page, whose units are
// millimetres.
func previewSVG(w *bytes.Buffer, d *ofd.Document, page int, overs []overlay) error {
	var b bytes.Buffer
	if _, err := render.SVG(d, page-1, &b, render.Options{}); err != nil {
		return err
	}
	svg := b.String()
	end := strings.LastIndex(svg, "</svg>")
	if end < 0 {
		return errors.New("the picture has no end")
	}
	w.WriteString(svg[:end])
	for _, o := range overs {
		box, c := o.spot.box(), Clip{W: o.spot.W, H: o.spot.H}
		if o.spot.Clip != nil {
			c = *o.spot.Clip
		}
		fmt.Fprintf(w, `<svg x="%.3f" y="%.3f" width="%.3f" height="%.3f" viewBox="%.3f %.3f %.3f %.3f" preserveAspectRatio="none">`+
			`<image width="%.3f" height="%.3f" preserveAspectRatio="none" href="data:image/png;base64,%s"/></svg>`,
			box.X, box.Y, box.W, box.H, c.X, c.Y, c.W, c.H, o.spot.W, o.spot.H, base64.StdEncoding.EncodeToString(o.png))
	}
	w.WriteString(svg[end:])
	return nil
}
