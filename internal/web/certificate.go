package web

import (
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"

	"sidian/internal/cert"
	"sidian/internal/web/page"
)

type shownField struct{ Label, Value string }

type certificatePage struct {
	page.Frame
	C      *cert.Certificate
	Trace  *cert.Trace
	Fields []shownField
	Pages  []int // from 1; none while there is no document
	New    bool  // it was issued a moment ago
}

func (s *Service) getCertificate(w http.ResponseWriter, r *http.Request) error {
	t, err := s.Cert.Trace(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	c := t.Certificate
	k, err := s.Catalogue.Version(r.Context(), c.Kind, c.KindVersion)
	if err != nil {
		return err
	}
	p := certificatePage{Frame: s.frame(r, c.KindName, "console", ""), C: c, Trace: t, New: r.URL.Query().Get("new") == "1"}
	for _, f := range k.Fields {
		if v := c.Fields[f.Key]; v != "" {
			p.Fields = append(p.Fields, shownField{f.Label, v})
		}
	}
	if c.Document != "" {
		for i := range k.Template.Pages {
			p.Pages = append(p.Pages, i+1)
		}
	}
	return s.show(w, http.StatusOK, "certificate", p)
}

func (s *Service) getFile(w http.ResponseWriter, r *http.Request) error {
	format := r.URL.Query().Get("format")
	data, c, err := s.Cert.Document(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	out, media, err := s.Cert.Export(r.Context(), data, c, format, 0)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", media)
	w.Header().Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": fileName(c, format)}))
	w.Header().Set("Cache-Control", "no-store")
	_, _ = w.Write(out) // the client went away: nobody is left to tell
	return nil
}

// fileName is what a download is called: what it is and its number, and that a
// copy is one.
func fileName(c *cert.Certificate, format string) string {
	name := c.KindName + "-" + c.Number
	if format != "ofd" {
		name += "-复印件"
	}
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune(`/\:*?"<>|`, r) || r < ' ' {
			return '-'
		}
		return r
	}, name) + "." + format
}

// getFace is the picture of a page on the screen of those who may read it.
func (s *Service) getFace(w http.ResponseWriter, r *http.Request) error {
	page, err := strconv.Atoi(r.URL.Query().Get("page"))
	if err != nil {
		page = 1
	}
	data, c, err := s.Cert.Document(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	out, media, err := s.Cert.Export(r.Context(), data, c, "svg", page-1)
	if err != nil {
		return err
	}
	sendPicture(w, out, media, time.Minute)
	return nil
}
