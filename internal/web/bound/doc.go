// Package bound has the pages on which staff see what was offered with
// certificates (同步发放): what was taken and how long it took, whose agent or
// registration is missing, and which seals wait to be restored or cancelled
// because of their certificate. The holder's page is in the wallet (package
// web/sealapply).
//
// What may be done, and by whom, is decided by package bound of the domain.
package bound

import (
	"sidian/internal/bound"
	"sidian/internal/catalogue"
	"sidian/internal/httpx"
	"sidian/internal/iam"
	"sidian/internal/web/page"
)

// A Service serves the pages. It is safe for concurrent use.
type Service struct {
	Kit       *page.Kit
	Bound     *bound.Service
	IAM       *iam.Service
	Catalogue *catalogue.Service
}

// Addresses.
const (
	Home   = bound.ConsoleLink
	Rules  = Home + "/rules"
	Wishes = "/console/seal-wishes" // of drafts: where a clerk says that the seal is wanted, too
	// Own is where who applied for a certificate says so.
	Own = "/wallet/seal-wishes"
)

// Load puts the list into the navigation. It must be called once, before Routes.
func (s *Service) Load() error {
	s.Kit.Add(page.Item{Key: "bound", Label: "同步发放", Href: Home, Group: page.Certificates, Order: 30, For: bound.NeedStaff})
	return nil
}

// Routes mounts the pages.
func (s *Service) Routes(r *httpx.Router) {
	at := Home + "/{id}"
	httpx.HandlePage(r, "GET "+Home, bound.NeedStaff, s.getList)
	httpx.HandlePage(r, "GET "+Rules, bound.NeedKinds, s.getRules)
	httpx.HandlePage(r, "POST "+Rules, bound.NeedDesign, s.postRule)
	for home, need := range map[string]httpx.Need{Wishes: bound.NeedDraft, Own: bound.NeedHolder} {
		httpx.HandlePage(r, "GET "+home+"/{draft}", need, s.getWish)
		httpx.HandlePage(r, "POST "+home+"/{draft}", need, s.postWish)
		httpx.HandlePage(r, "POST "+home+"/{draft}/end", need, s.postUnwish)
	}
	httpx.HandlePage(r, "GET "+at, bound.NeedStaff, s.getShow)
	httpx.HandlePage(r, "POST "+at+"/agent", bound.NeedDraft, s.postAgent)
	httpx.HandlePage(r, "POST "+at+"/register", bound.NeedRegister, s.postRegister)
	httpx.HandlePage(r, "POST "+at+"/thaw", bound.NeedManage, s.postThaw)
	httpx.HandlePage(r, "POST "+at+"/cancel", bound.NeedManage, s.postCancel)
}
