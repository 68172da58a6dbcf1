package sealing

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"sidian/internal/fault"
	"sidian/internal/sealing"
	"sidian/ofd/render"
)

// mediaSVG is what pages are shown as.
const mediaSVG = "image/svg+xml"

func errPage(n string) error {
	return fault.NotFound.New("文件没有第 %s 页", n).WithCode("sealing.page").WithHint("请核对页码")
}

// getDraftPage is a page of the document of a draft; with seals, they are shown
// where they are to stand.
func (s *Service) getDraftPage(w http.ResponseWriter, r *http.Request) error {
	d, err := s.draft(r)
	if err != nil {
		return err
	}
	n, err := strconv.Atoi(r.PathValue("page"))
	if err != nil || n < 1 || n > d.Pages {
		return errPage(r.PathValue("page"))
	}
	doc, err := s.document(r.Context(), d)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	_, err = render.SVG(doc, n-1, &b, render.Options{})
	var limit *render.LimitError
	if errors.As(err, &limit) {
		return fault.Invalid.Wrap(err, "这一页太大，不能显示").WithCode("sealing.page").WithHint("请用阅读软件查看")
	}
	if err != nil {
		return fmt.Errorf("sealing: showing a page: %w", err)
	}
	svg := b.String()
	if r.URL.Query().Get("seals") != "" {
		found, _ := s.spots(r.Context(), d, doc) // what cannot be placed is told where it is placed
		var over strings.Builder
		for _, f := range found {
			if f.Page != n {
				continue
			}
			im, err := s.Seal.Imprint(r.Context(), d.Seals[f.Seal].Seal)
			if err != nil {
				return err
			}
			over.WriteString(imprinted(im.PNG, f.Spot))
		}
		svg = onto(svg, over.String())
	}
	w.Header().Set("Cache-Control", "private, max-age=600") // a draft never changes
	w.Header().Set("Content-Type", mediaSVG)
	_, _ = w.Write([]byte(svg)) // the client went away: nobody is left to tell
	return nil
}

// getDraftImprint is the imprint of a seal that was picked.
func (s *Service) getDraftImprint(w http.ResponseWriter, r *http.Request) error {
	d, err := s.draft(r)
	if err != nil {
		return err
	}
	if d.seal(r.PathValue("seal")) == nil {
		return errDraft()
	}
	im, err := s.Seal.Imprint(r.Context(), r.PathValue("seal"))
	if err != nil {
		return err
	}
	w.Header().Set("Cache-Control", "private, max-age=600")
	w.Header().Set("Content-Type", "image/png")
	_, _ = w.Write(im.PNG) // the client went away: nobody is left to tell
	return nil
}

// onto puts drawings into a picture of a page, whose units are millimetres.
func onto(svg, drawings string) string {
	end := strings.LastIndex(svg, "</svg>")
	if end < 0 || drawings == "" {
		return svg
	}
	return svg[:end] + drawings + svg[end:]
}

// imprinted draws an imprint, or the slice of it that shows, and its outline.
func imprinted(png []byte, at sealing.Spot) string {
	box, cut := boxOf(at)
	return fmt.Sprintf(`<svg x="%.3f" y="%.3f" width="%.3f" height="%.3f" viewBox="%.3f %.3f %.3f %.3f" preserveAspectRatio="none">`+
		`<image width="%.3f" height="%.3f" preserveAspectRatio="none" href="data:image/png;base64,%s"/></svg>`,
		box.X, box.Y, box.W, box.H, cut.X, cut.Y, cut.W, cut.H, at.W, at.H, base64.StdEncoding.EncodeToString(png)) + outlined(at)
}

// outlined marks a seal that is still to come: a dashed line and, where there is
// room, a word.
func outlined(at sealing.Spot) string {
	b, _ := boxOf(at)
	out := fmt.Sprintf(`<rect x="%.3f" y="%.3f" width="%.3f" height="%.3f" fill="none" stroke="#1552c0" stroke-width=".4" stroke-dasharray="1.6 1.2"/>`, b.X-.6, b.Y-.6, b.W+1.2, b.H+1.2)
	if b.W < 12 {
		return out
	}
	return out + fmt.Sprintf(`<rect x="%.3f" y="%.3f" width="10" height="5" fill="#1552c0"/>`+
		`<text x="%.3f" y="%.3f" font-size="3.4" fill="#fff" text-anchor="middle" font-family="sans-serif">将盖</text>`, b.X-.6, b.Y-5.6, b.X+4.4, b.Y-1.9)
}

// boxOf is what of a spot shows on its page, and which part of the imprint that is.
func boxOf(at sealing.Spot) (box, cut sealing.Clip) {
	if at.Clip == nil {
		return sealing.Clip{X: at.X, Y: at.Y, W: at.W, H: at.H}, sealing.Clip{W: at.W, H: at.H}
	}
	c := *at.Clip
	return sealing.Clip{X: at.X + c.X, Y: at.Y + c.Y, W: c.W, H: c.H}, c
}
