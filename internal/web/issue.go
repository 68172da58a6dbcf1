package web

import (
	"crypto/rand"
	"html/template"
	"net/http"

	"sidian/internal/catalogue"
	"sidian/internal/fault"
	"sidian/internal/httpx"
	"sidian/internal/iam"
)

type issuePage struct {
	frame
	*form
	Kind    kindCard
	Issuers []iam.Org
	Issuer  string
	Once    string
	Problem *problem
	Picture template.HTML
	Busy    string
}

// newIssue is the page for a kind with what was given.
func (s *Service) newIssue(r *http.Request, k *catalogue.Kind, values map[string]string, refusal error) (*issuePage, error) {
	p := &issuePage{frame: s.frame(r, "签发"+k.Title, "console", ""), Kind: cardOf(k), Issuer: values["issuer"], Once: values["once"]}
	var err error
	if p.Issuers, err = s.issuersOf(r, k.Name); err != nil {
		return nil, err
	}
	if p.Once == "" {
		p.Once = rand.Text()
	}
	wrong := map[string]string{}
	if e := fault.As(refusal); e != nil {
		for _, f := range e.Fields {
			wrong[f.Name] = f.Message
		}
	}
	p.form = formOf(k, values, wrong)
	if refusal != nil {
		p.Problem, _ = problemOf(refusal, p.label)
	}
	return p, nil
}

// label finds the control that a refused field belongs to.
func (p *issuePage) label(name string) (id, label string) {
	for _, h := range p.Holders {
		for _, in := range h.Inputs {
			if in.Name == name {
				return in.ID, h.Legend + " " + in.Label
			}
		}
	}
	for _, list := range [][]input{p.Inputs, p.Dates} {
		for _, in := range list {
			if in.Name == name {
				return in.ID, in.Label
			}
		}
	}
	if name == "issuer" {
		return "issuer", "签发单位"
	}
	return controlID(name), name
}

func (s *Service) kindOf(r *http.Request) (*catalogue.Kind, error) {
	return s.Catalogue.Get(r.Context(), r.URL.Query().Get("kind"))
}

func (s *Service) getIssue(w http.ResponseWriter, r *http.Request) error {
	k, err := s.kindOf(r)
	if err != nil {
		return err
	}
	p, err := s.newIssue(r, k, map[string]string{"valid_from": day(s.Cert.DB.Now())}, nil)
	if err != nil {
		return err
	}
	return s.show(w, http.StatusOK, "issue", p)
}

func (s *Service) postIssue(w http.ResponseWriter, r *http.Request) error {
	k, err := s.kindOf(r)
	if err != nil {
		return err
	}
	values, err := read(r)
	if err != nil {
		return err
	}
	if r.URL.Query().Get("look") == "1" {
		return s.look(w, r, k, values)
	}
	// The form is sent once however often the button is pressed: its number
	// stands for the Idempotency-Key of a program.
	meta := httpx.MetaFrom(r.Context())
	meta.Idempotency = "form/" + meta.Caller.ID + "/" + values["once"]
	c, err := s.Cert.Issue(httpx.WithMeta(r.Context(), meta), request(k, values))
	if err == nil {
		http.Redirect(w, r, "/console/certificates/"+c.ID+"?new=1", http.StatusSeeOther)
		return nil
	}
	if fault.As(err) == nil {
		return err
	}
	p, perr := s.newIssue(r, k, values, err)
	if perr != nil {
		return perr
	}
	return s.show(w, http.StatusUnprocessableEntity, "issue", p)
}

// look shows the form again with the face as it would be.
func (s *Service) look(w http.ResponseWriter, r *http.Request, k *catalogue.Kind, values map[string]string) error {
	svg, refusal := s.Cert.Preview(r.Context(), request(k, values))
	if refusal != nil && fault.As(refusal) == nil {
		return refusal
	}
	p, err := s.newIssue(r, k, values, refusal)
	if err != nil {
		return err
	}
	if refusal == nil {
		p.Picture, p.Busy = template.HTML(svg), "照面预览，签发前编号为示意"
	}
	return s.show(w, http.StatusOK, "issue", p)
}

// postPreview answers the script of the form: the face as SVG, or the first
// thing that is wrong as text.
func (s *Service) postPreview(w http.ResponseWriter, r *http.Request) error {
	k, err := s.kindOf(r)
	if err != nil {
		return err
	}
	values, err := read(r)
	if err != nil {
		return err
	}
	svg, err := s.Cert.Preview(r.Context(), request(k, values))
	w.Header().Set("Cache-Control", "no-store")
	if e := fault.As(err); e != nil {
		text := e.Msg
		if len(e.Fields) > 0 {
			p, perr := s.newIssue(r, k, values, nil)
			if perr != nil {
				return perr
			}
			_, label := p.label(e.Fields[0].Name)
			text = "还不能预览：" + label + "，" + e.Fields[0].Message
		}
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		_, err = w.Write([]byte(text))
		return err
	}
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "image/svg+xml")
	_, err = w.Write(svg)
	return err
}
