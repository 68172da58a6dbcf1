package web

import (
	"net/http"
	"net/url"
	"time"

	"sidian/internal/cert"
	"sidian/internal/iam"
	"sidian/internal/web/page"
)

type consolePage struct {
	page.Frame
	OrgName  string
	Holder   bool // a citizen's account, which has no work here
	MayRead  bool
	Groups   []kindGroup // kinds that the caller may issue
	All      []kindCard
	Query    cert.ListQuery
	Searched bool
	Page     *cert.Page
	More     string // address of the next page
	Now      time.Time
}

// perPage is how many certificates a page of the list has.
const perPage = 20

func (s *Service) getConsole(w http.ResponseWriter, r *http.Request) error {
	ctx, q := r.Context(), r.URL.Query()
	p := consolePage{Frame: s.frame(r, "工作台", "console", ""), Page: &cert.Page{}, Now: s.Cert.DB.Now()}
	if who, ok := iam.From(ctx); ok {
		p.Holder = who.Kind == iam.Holder
		if who.Org != "" {
			o, err := s.IAM.Org(ctx, who.Org)
			if err != nil {
				return err
			}
			p.OrgName = o.Name
		}
	}
	if err := s.kindsOf(r, &p); err != nil {
		return err
	}
	p.Query = cert.ListQuery{Kind: q.Get("kind"), Number: q.Get("number"), Holder: q.Get("holder"), Cursor: q.Get("cursor"), Limit: perPage}
	p.Searched = p.Query.Kind+p.Query.Number+p.Query.Holder+p.Query.Cursor != ""
	if p.MayRead = len(iam.Orgs(ctx, "cert.read")) > 0; p.MayRead {
		var err error
		if p.Page, err = s.Cert.List(ctx, p.Query); err != nil {
			return err
		}
	}
	if p.Page.Next != "" {
		p.More = "/console?" + url.Values{"kind": {p.Query.Kind}, "number": {p.Query.Number}, "holder": {p.Query.Holder}, "cursor": {p.Page.Next}}.Encode() + "#list"
	}
	return s.show(w, http.StatusOK, "console", p)
}

func (s *Service) kindsOf(r *http.Request, p *consolePage) error {
	kinds, err := s.Catalogue.Published(r.Context())
	if err != nil {
		return err
	}
	var mine []kindCard
	for _, k := range kinds {
		p.All = append(p.All, cardOf(k))
		may, err := s.issuersOf(r, k.Name)
		if err != nil {
			return err
		}
		if len(may) > 0 {
			mine = append(mine, cardOf(k))
		}
	}
	p.Groups = groupsOf(mine)
	return nil
}
