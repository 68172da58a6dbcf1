// Package items has the pages of service items (事项): who manages a unit's items
// enters them, one by one or by table, and binds them to kinds of certificates;
// who works with them reads what an item needs and makes; and anybody reads the
// guide of an item (办事指南), which says what need not be handed in.
//
// What may be done is decided by package item of the domain.
package items

import (
	"time"

	"sidian/internal/httpx"
	"sidian/internal/iam"
	"sidian/internal/item"
	"sidian/internal/table"
	"sidian/internal/web/page"
)

// A Service serves the pages. It is safe for concurrent use.
type Service struct {
	Kit   *page.Kit
	Items *item.Service
}

// Addresses.
const (
	Home     = "/console/items"
	Needs    = Home + "/needs"
	Coverage = Home + "/coverage"
	Import   = Home + "/import"
	Guides   = "/open/items" // of anybody
)

// The needs of the pages.
var (
	needSee    = iam.Needs("item.read", "item.manage")
	needManage = iam.Needs("item.manage")
)

const (
	maxBody = table.MaxFile + 1<<20
	slow    = 2 * time.Minute
)

// Load puts the pages into the navigation. It must be called once, before Routes.
func (s *Service) Load() error {
	s.Kit.Add(
		page.Item{Key: "guides", Label: "办事指南", Href: Guides, Group: page.Catalogue, Order: 60, For: httpx.Public()},
		page.Item{Key: "items", Label: "事项", Href: Home, Group: page.Catalogue, Order: 20, For: needSee},
	)
	return nil
}

// Routes mounts the pages.
func (s *Service) Routes(r *httpx.Router) {
	httpx.HandlePage(r, "GET "+Home, needSee, s.getList)
	httpx.HandlePage(r, "GET "+Home+"/new", needManage, s.getNew)
	httpx.HandlePage(r, "POST "+Home+"/new", needManage, s.postNew)
	httpx.HandlePage(r, "GET "+Needs, needSee, s.getNeeds)
	httpx.HandlePage(r, "POST "+Needs+"/{id}", needManage, s.postAnswer)
	httpx.HandlePage(r, "GET "+Coverage, needSee, s.getCoverage)

	httpx.HandlePage(r, "GET "+Import, needManage, s.getImport)
	httpx.HandlePage(r, "POST "+Import, needManage, s.postImport, httpx.MaxBody(maxBody), httpx.Timeout(slow))
	httpx.HandlePage(r, "GET "+Import+"/template", needManage, s.getTemplate)
	httpx.HandlePage(r, "GET "+Import+"/runs/{id}", needManage, s.getRun)
	httpx.HandlePage(r, "POST "+Import+"/runs/{id}/start", needManage, s.postStart, httpx.Timeout(slow))
	httpx.HandlePage(r, "POST "+Import+"/runs/{id}/discard", needManage, s.postDiscard)

	httpx.HandlePage(r, "GET "+Home+"/of/{code}", needSee, s.getShow)
	httpx.HandlePage(r, "GET "+Home+"/of/{code}/edit", needManage, s.getEdit)
	httpx.HandlePage(r, "POST "+Home+"/of/{code}/edit", needManage, s.postEdit)
	httpx.HandlePage(r, "GET "+Home+"/of/{code}/bind", needManage, s.getBind)
	httpx.HandlePage(r, "POST "+Home+"/of/{code}/bind", needManage, s.postBind)
	httpx.HandlePage(r, "GET "+Home+"/of/{code}/unbind/{id}", needManage, s.getUnbind)
	httpx.HandlePage(r, "POST "+Home+"/of/{code}/unbind/{id}", needManage, s.postUnbind)
	httpx.HandlePage(r, "GET "+Home+"/of/{code}/need", needManage, s.getNeed)
	httpx.HandlePage(r, "POST "+Home+"/of/{code}/need", needManage, s.postNeed)

	httpx.HandlePage(r, "GET "+Guides, httpx.Public(), s.getGuides)
	httpx.HandlePage(r, "GET "+Guides+"/{code}", httpx.Public(), s.getGuide)
}
