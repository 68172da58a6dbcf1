// Package issuing has the pages on which a certificate comes about step by step
// (证照经办): the queue of each part, the form beside the face, and the decisions of
// who reviews and who seals.
//
// What may be done, and by whom, is decided by package issuing of the domain.
package issuing

import (
	"embed"

	"sidian/internal/catalogue"
	"sidian/internal/cert"
	"sidian/internal/httpx"
	"sidian/internal/iam"
	"sidian/internal/issuing"
	"sidian/internal/web"
	"sidian/internal/web/page"
)

//go:embed pages/*.html
var pages embed.FS

// A Service serves the pages. It is safe for concurrent use.
type Service struct {
	Kit       *page.Kit
	Web       *web.Service // draws forms and faces
	IAM       *iam.Service
	Catalogue *catalogue.Service
	Cert      *cert.Service
	Issuing   *issuing.Service

	set *page.Set
}

// Home is the queue.
const Home = "/console/issuing"

// Load parses the templates and puts the queue into the navigation. It must be
// called once, before Routes.
func (s *Service) Load() (err error) {
	s.Kit.Add(page.Item{Key: "issuing", Label: "证照经办", Href: Home, Order: 21, For: issuing.NeedWork})
	s.set, err = s.Kit.Load(pages)
	return err
}

// Routes mounts the pages.
func (s *Service) Routes(r *httpx.Router) {
	form := httpx.MaxBody(web.MaxForm)
	httpx.HandlePage(r, "GET "+Home, issuing.NeedWork, s.getQueue)
	httpx.HandlePage(r, "GET "+Home+"/new", issuing.NeedCollect, s.getNew)
	httpx.HandlePage(r, "POST "+Home+"/new", issuing.NeedCollect, s.postNew, form)
	httpx.HandlePage(r, "POST "+Home+"/preview", issuing.NeedCollect, s.postPreview, form)
	httpx.HandlePage(r, "GET "+Home+"/{id}", issuing.NeedWork, s.getDraft)
	httpx.HandlePage(r, "POST "+Home+"/{id}/save", issuing.NeedCollect, s.postSave, form)
	httpx.HandlePage(r, "POST "+Home+"/{id}/pass", issuing.NeedReview, s.postPass)
	httpx.HandlePage(r, "POST "+Home+"/{id}/return", issuing.NeedReturn, s.postReturn)
	httpx.HandlePage(r, "POST "+Home+"/{id}/issue", issuing.NeedSeal, s.postIssue)
	httpx.HandlePage(r, "POST "+Home+"/{id}/drop", issuing.NeedCollect, s.postDrop)
}
