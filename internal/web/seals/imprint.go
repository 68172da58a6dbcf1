package seals

import (
	"net/http"
	"strings"

	"sidian/internal/seal"
	"sidian/internal/web/page"
)

// Of a pixel of the style sheet there are 96 to an inch: an imprint is shown as
// large as it is stamped.
const (
	pixels = 96.0
	inch   = 25.4 // mm
)

func onScreen(mm int) int { return int(float64(mm)*pixels/inch + .5) }

// getImprint is the picture of a seal, as its owner gave it. Whoever may see the
// seal may see it.
func (s *Service) getImprint(w http.ResponseWriter, r *http.Request) error {
	x, err := s.Seal.Get(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	im, err := s.Seal.Imprint(r.Context(), x.ID)
	if err != nil {
		return err
	}
	tag := `"` + x.Imprint + `"`
	h := w.Header()
	h.Set("Cache-Control", "private, no-cache") // whoever reads next may be another
	if x.Imprint != "" {
		h.Set("ETag", tag)
		if strings.Contains(r.Header.Get("If-None-Match"), tag) {
			w.WriteHeader(http.StatusNotModified)
			return nil
		}
	}
	h.Set("Content-Type", "image/png")
	_, _ = w.Write(im.PNG) // the client went away: nobody is left to tell
	return nil
}

// A picture is an imprint on a page, in its true size.
type picture struct {
	Src, Alt      string
	Width, Height int // pixels
}

func (s *Service) picture(r *http.Request, x *seal.Seal) (*picture, error) {
	im, err := s.Seal.Imprint(r.Context(), x.ID)
	if err != nil {
		return nil, err
	}
	return &picture{Src: page.At(Home, x.ID, "imprint.png"), Alt: "印模：" + x.Name, Width: onScreen(im.Width), Height: onScreen(im.Height)}, nil
}
