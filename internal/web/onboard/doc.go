// Package onboard has the pages by which a system administrator brings in units
// and people by the thousand, and a security administrator decides on the roles
// that were proposed with them.
//
// The way is: take the template, send the table, look at what is wrong in it,
// let it come in, take what is handed out. Each step is a page, and nothing
// comes in before the third.
package onboard

import (
	"embed"

	"sidian/internal/httpx"
	"sidian/internal/iam"
	"sidian/internal/onboard"
	"sidian/internal/table"
	"sidian/internal/web/page"
)

//go:embed pages/*.html
var pages embed.FS

// A Service serves the pages. It is safe for concurrent use.
type Service struct {
	Onboard *onboard.Service
	IAM     *iam.Service
	Kit     *page.Kit
	// BaseURL is what one-time links begin with; empty: the reader's own address.
	BaseURL string

	set *page.Set
}

// Home is where tables are sent.
const Home = "/console/admin/onboarding"

// The needs of the pages.
var (
	need   = iam.Needs(onboard.Permission)
	decide = iam.Needs("grant.approve")
)

// Load parses the templates and puts the pages into the navigation. It must be
// called once, before Routes.
func (s *Service) Load() (err error) {
	s.Kit.Add(page.Item{Key: "onboarding", Label: "批量导入", Href: Home, For: need, Group: page.Administration, Order: 13})
	s.set, err = s.Kit.Load(pages)
	return err
}

// Routes mounts the pages.
func (s *Service) Routes(r *httpx.Router) {
	httpx.HandlePage(r, "GET "+Home, need, s.getHome)
	httpx.HandlePage(r, "POST "+Home, need, s.postHome, httpx.MaxBody(table.MaxFile+1<<20), httpx.Costly(), httpx.Timeout(slow))
	httpx.HandlePage(r, "GET "+Home+"/template", need, s.getTemplate)
	httpx.HandlePage(r, "GET "+Home+"/{id}", need, s.getRun)
	httpx.HandlePage(r, "POST "+Home+"/{id}/{action}", need, s.postAction)
	httpx.HandlePage(r, "GET "+Home+"/{id}/report", need, s.getReport, httpx.Timeout(slow))
	httpx.HandlePage(r, "POST "+Home+"/{id}/links", need, s.postLinks, httpx.Timeout(slow))
	httpx.HandlePage(r, "GET "+Home+"/{id}/grants", decide, s.getGrants)
	httpx.HandlePage(r, "POST "+Home+"/{id}/grants", decide, s.postGrants, httpx.Timeout(slow))
}
