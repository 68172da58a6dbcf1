package web

import (
	"embed"
	"html/template"
	"net/http"

	"sidian/internal/cert"
	"sidian/internal/cert/state"
	"sidian/internal/httpx"
	"sidian/internal/web/page"
)

//go:embed pages/*.html
var pages embed.FS

// Load parses the templates and puts the pages of this package into the
// navigation. It must be called once, before Routes.
func (s *Service) Load() (err error) {
	if s.Kit == nil {
		if s.Kit, err = page.New(page.Options{Mark: s.Mark}); err != nil {
			return err
		}
	}
	s.Kit.Add(
		page.Item{Key: "verify", Label: "核验", Href: "/verify", Order: 1, For: httpx.Public()},
		page.Item{Key: "console", Label: "工作台", Href: "/console", Order: 5, For: httpx.SignedIn(), Stranger: true},
	)
	s.set, err = s.Kit.Load(pages, template.FuncMap{"status": chipOf})
	return err
}

// Refuse renders a refusal as a page: see [page.Kit.Refuse].
func (s *Service) Refuse(w http.ResponseWriter, r *http.Request, p *httpx.Problem) {
	s.Kit.Refuse(w, r, p)
}

func (s *Service) frame(r *http.Request, title, nav, width string) page.Frame {
	return s.Kit.Frame(r, title, nav, width)
}

func (s *Service) show(w http.ResponseWriter, code int, name string, data any) error {
	return s.set.Show(w, code, name, data)
}

// chipOf is the status of a certificate.
func chipOf(code, word string) page.Chip {
	switch code {
	case cert.Effective:
		return page.Chip{Class: page.Good, Word: word}
	case cert.Sealing:
		return page.Chip{Class: page.Plain, Word: word}
	case cert.Expired, string(state.Suspended), string(state.Lost):
		return page.Chip{Class: page.Care, Word: word}
	}
	return page.Chip{Class: page.Bad, Word: word}
}
