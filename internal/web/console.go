package web

import (
	"fmt"
	"net/http"
	"strconv"

	"sidian/internal/catalogue"
	"sidian/internal/cert"
	"sidian/internal/httpx"
	"sidian/internal/iam"
)

// kindCard is a kind as lists show it.
type kindCard struct {
	Name, Title, Category, Definer, Code string
	Local                                bool
}

func cardOf(k *catalogue.Kind) kindCard {
	return kindCard{Name: k.Name, Title: k.Title, Category: string(k.Category), Definer: k.Definer.Name, Code: k.Code.String(), Local: k.Origin == catalogue.Local}
}

func (s *Service) kinds(r *http.Request) ([]*catalogue.Kind, error) {
	return s.Catalogue.Published(r.Context())
}

func (s *Service) getHome(w http.ResponseWriter, r *http.Request) error {
	kinds, err := s.kinds(r)
	if err != nil {
		return err
	}
	data := struct {
		frame
		Kinds []kindCard
	}{frame: s.frame(r, "首页", "home", "")}
	for _, k := range kinds {
		data.Kinds = append(data.Kinds, cardOf(k))
	}
	return s.show(w, http.StatusOK, "home", data)
}

type consolePage struct {
	frame
	OrgName    string
	Kinds, All []kindCard
	Query      cert.ListQuery
	Page       *cert.Page
}

func (s *Service) getConsole(w http.ResponseWriter, r *http.Request) error {
	ctx, q := r.Context(), r.URL.Query()
	p := consolePage{frame: s.frame(r, "工作台", "console", ""), Page: &cert.Page{}}
	if who, ok := iam.From(ctx); ok && who.Org != "" {
		o, err := s.IAM.Org(ctx, who.Org)
		if err != nil {
			return err
		}
		p.OrgName = o.Name
	}
	kinds, err := s.kinds(r)
	if err != nil {
		return err
	}
	for _, k := range kinds {
		p.All = append(p.All, cardOf(k))
		may, err := s.issuersOf(r, k.Name)
		if err != nil {
			return err
		}
		if len(may) > 0 {
			p.Kinds = append(p.Kinds, cardOf(k))
		}
	}
	p.Query = cert.ListQuery{Kind: q.Get("kind"), Number: q.Get("number"), Holder: q.Get("holder"), Cursor: q.Get("cursor"), Limit: 20}
	if len(iam.Orgs(ctx, "cert.read")) > 0 {
		if p.Page, err = s.Cert.List(ctx, p.Query); err != nil {
			return err
		}
	}
	return s.show(w, http.StatusOK, "console", p)
}

// issuersOf are the organisations for which the caller may issue a kind.
func (s *Service) issuersOf(r *http.Request, kind string) (out []iam.Org, err error) {
	ids, err := s.Cert.Issuers(r.Context(), kind)
	if err != nil {
		return nil, err
	}
	for _, id := range ids {
		if iam.Allow(r.Context(), "cert.issue", id) != nil {
			continue
		}
		o, err := s.IAM.Org(r.Context(), id)
		if err != nil {
			return nil, err
		}
		out = append(out, o)
	}
	return out, nil
}

type shownField struct{ Label, Value string }

func (s *Service) getCertificate(w http.ResponseWriter, r *http.Request) error {
	t, err := s.Cert.Trace(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	k, err := s.Catalogue.Version(r.Context(), t.Certificate.Kind, t.Certificate.KindVersion)
	if err != nil {
		return err
	}
	p := struct {
		frame
		C      *cert.Certificate
		Trace  *cert.Trace
		Fields []shownField
		Pages  []int
		New    bool
	}{s.frame(r, t.Certificate.KindName, "console", ""), t.Certificate, t, nil, nil, r.URL.Query().Get("new") == "1"}
	for _, f := range k.Fields {
		if v := t.Certificate.Fields[f.Key]; v != "" {
			p.Fields = append(p.Fields, shownField{f.Label, v})
		}
	}
	for i := range k.Template.Pages {
		p.Pages = append(p.Pages, i+1)
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
	w.Header().Set("Content-Disposition", fmt.Sprintf("attachment; filename=%q", c.Identifier+"."+format))
	w.Header().Set("Cache-Control", "no-store")
	_, err = w.Write(out)
	return err
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
	w.Header().Set("Content-Type", media)
	w.Header().Set("Cache-Control", "private, max-age=60")
	_, err = w.Write(out)
	return err
}

func expired(r *http.Request) *http.Cookie {
	c := httpx.SessionCookie("", httpx.MetaFrom(r.Context()).Secure)
	c.MaxAge = -1
	return c
}
