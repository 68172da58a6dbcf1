// Package issuing has the pages on which a certificate comes about step by step
// (证照经办): the queue of each part, the form beside the face, and the decisions of
// who reviews and who seals.
//
// What may be done, and by whom, is decided by package issuing of the domain.
package issuing

import (
	"context"
	"embed"
	"time"

	"sidian/internal/catalogue"
	"sidian/internal/cert"
	"sidian/internal/httpx"
	"sidian/internal/iam"
	"sidian/internal/issuing"
	"sidian/internal/table"
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
	// Beside, if not nil, are doors to what goes along with a draft or an
	// application, a seal to be made with the certificate, say; own tells that
	// its applicant asks.
	Beside func(ctx context.Context, draft string, own bool) []page.Link

	set *page.Set
}

// Home is the queue.
const Home = "/console/issuing"

// Load parses the templates and puts the queue into the navigation. It must be
// called once, before Routes.
func (s *Service) Load() (err error) {
	s.Kit.Add(page.Item{Key: "issuing", Label: "证照经办", Href: Home, Order: 12, For: issuing.NeedWork})
	s.Kit.Add(
		page.Item{Key: "incidents", Label: "突发情况", Href: Incidents, Group: page.Certificates, Order: 50, For: issuing.NeedLook},
		page.Item{Key: "own-applications", Label: "我的申领", Href: Own, Group: page.Own, Order: 10, For: issuing.NeedApply},
	)
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
	httpx.HandlePage(r, "POST "+Home+"/{id}/reveal", issuing.NeedWork, s.postReveal)
	httpx.HandlePage(r, "GET "+Corrections+"/new", issuing.NeedCollect, s.getCorrect)
	httpx.HandlePage(r, "POST "+Corrections+"/new", issuing.NeedCollect, s.postCorrect)

	httpx.HandlePage(r, "GET "+Incidents, issuing.NeedLook, s.getIncidents)
	httpx.HandlePage(r, "GET "+Incidents+"/new", issuing.NeedCollect, s.getDeclare)
	httpx.HandlePage(r, "POST "+Incidents+"/new", issuing.NeedCollect, s.postDeclare)
	httpx.HandlePage(r, "GET "+Incidents+"/{id}", issuing.NeedLook, s.getIncident)
	httpx.HandlePage(r, "POST "+Incidents+"/{id}/owed", issuing.NeedCollect, s.postOwe)
	httpx.HandlePage(r, "POST "+Incidents+"/{id}/done", issuing.NeedCollect, s.postOwedDone)
	httpx.HandlePage(r, "POST "+Incidents+"/{id}/clear", issuing.NeedCollect, s.postClear)

	httpx.HandlePage(r, "GET "+Offline, issuing.NeedWork, s.getOffline)
	httpx.HandlePage(r, "GET "+Offline+"/new", issuing.NeedCollect, s.getPush)
	httpx.HandlePage(r, "POST "+Offline+"/new", issuing.NeedCollect, s.postPush, httpx.MaxBody(table.MaxFile+1<<20), httpx.Timeout(5*time.Minute))
	httpx.HandlePage(r, "GET "+Offline+"/template", issuing.NeedCollect, s.getTemplate)
	httpx.HandlePage(r, "GET "+Offline+"/{id}", issuing.NeedWork, s.getBatch)

	httpx.HandlePage(r, "GET "+Own, issuing.NeedApply, s.getOwn)
	httpx.HandlePage(r, "GET "+Own+"/new", issuing.NeedApply, s.getApply)
	httpx.HandlePage(r, "POST "+Own+"/new", issuing.NeedApply, s.postApply, form)
	httpx.HandlePage(r, "GET "+Own+"/{id}", issuing.NeedApply, s.getApplication)
	httpx.HandlePage(r, "POST "+Own+"/{id}/withdraw", issuing.NeedApply, s.postWithdraw)
	httpx.HandlePage(r, "POST "+Home+"/{id}/pass", issuing.NeedReview, s.postPass)
	httpx.HandlePage(r, "POST "+Home+"/{id}/return", issuing.NeedReturn, s.postReturn)
	httpx.HandlePage(r, "POST "+Home+"/{id}/issue", issuing.NeedSeal, s.postIssue)
	httpx.HandlePage(r, "POST "+Home+"/{id}/drop", issuing.NeedCollect, s.postDrop)
}
