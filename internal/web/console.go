package web

import (
	"context"
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
	Today    *today      // what the reader does first; nil: nothing has a deadline
	Groups   []kindGroup // kinds that the caller may issue
	All      []kindCard
	Query    cert.ListQuery
	Searched bool
	Page     *cert.Page
	More     string // address of the next page; empty when a holder was asked for
	Now      time.Time
}

// perPage is how many certificates a page of the list has.
const perPage = 20

func (s *Service) getConsole(w http.ResponseWriter, r *http.Request) error {
	q := r.URL.Query()
	if to := administration(r.Context()); to != "" {
		return page.See(w, r, to)
	}
	return s.console(w, r, cert.ListQuery{Kind: q.Get("kind"), Number: q.Get("number"), Cursor: q.Get("cursor")})
}

// administration is where the work of the three administrators is, who have
// none here; empty for others.
func administration(ctx context.Context) string {
	for _, a := range []struct{ permission, path string }{
		{"audit.read", "/console/audit"}, {"grant.propose", "/console/admin"}, {"grant.approve", "/console/admin"},
	} {
		if iam.Allow(ctx, a.permission, "") == nil {
			return a.path
		}
	}
	return ""
}

// postConsole is the search. A holder's name or number must not stand in an
// address, which browsers and proxies remember; without one the result has an
// address that can be kept.
func (s *Service) postConsole(w http.ResponseWriter, r *http.Request) error {
	q := cert.ListQuery{Kind: r.PostFormValue("kind"), Number: r.PostFormValue("number"), Holder: r.PostFormValue("holder"), Cursor: r.PostFormValue("cursor")}
	if q.Holder != "" {
		return s.console(w, r, q)
	}
	return page.See(w, r, listAddress(q))
}

func listAddress(q cert.ListQuery) string {
	v := url.Values{}
	for name, value := range map[string]string{"kind": q.Kind, "number": q.Number, "cursor": q.Cursor} {
		if value != "" {
			v.Set(name, value)
		}
	}
	return (&url.URL{Path: "/console", RawQuery: v.Encode(), Fragment: "list"}).String()
}

func (s *Service) console(w http.ResponseWriter, r *http.Request, q cert.ListQuery) error {
	ctx := r.Context()
	q.Limit = perPage
	p := consolePage{Frame: s.frame(r, "工作台", "console", ""), Page: &cert.Page{}, Now: s.Cert.DB.Now(), Query: q}
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
	p.Searched = q.Kind+q.Number+q.Holder+q.Cursor != ""
	if p.MayRead = len(iam.Orgs(ctx, "cert.read")) > 0; p.MayRead {
		var err error
		if p.Page, err = s.Cert.List(ctx, q); err != nil {
			return err
		}
	}
	if !p.Searched {
		var err error
		if p.Today, err = s.today(ctx); err != nil {
			return err
		}
	}
	if p.Page.Next != "" && q.Holder == "" {
		next := q
		next.Cursor = p.Page.Next
		p.More = listAddress(next)
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

// Asked is what the next page of a search that has no address is asked with.
func (p consolePage) Asked() map[string]string {
	return map[string]string{"kind": p.Query.Kind, "number": p.Query.Number, "holder": p.Query.Holder, "cursor": p.Page.Next}
}
