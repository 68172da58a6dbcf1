// Package lists has the pages of lists that are compiled in three stages: a unit
// reports its rows, the authority of the same level reviews them, the highest unit
// settles what stands twice and publishes; what was left lying; and, for anybody, the
// published lists and the scenes with their guides.
//
// What may be done is decided by package listing of the domain.
package lists

import (
	"sidian/internal/httpx"
	"sidian/internal/iam"
	"sidian/internal/listing"
	"sidian/internal/web/page"
)

// A Service serves the pages. It is safe for concurrent use.
type Service struct {
	Kit     *page.Kit
	Listing *listing.Service
}

// Addresses.
const (
	Home   = "/console/lists"
	Rounds = Home + "/rounds"
	Report = Home + "/report"
	Public = "/open/lists"  // of anybody
	Scenes = "/open/scenes" // of anybody
)

// The needs of the pages.
var (
	needSee    = iam.Needs("list.report", "list.review")
	needReview = iam.Needs("list.review")
)

// Load puts the pages into the navigation. It must be called once, before Routes.
func (s *Service) Load() error {
	s.Kit.Add(
		page.Item{Key: "openlists", Label: "证照清单", Href: Public, Order: 9, For: httpx.Public(), Away: true},
		page.Item{Key: "lists", Label: "清单编制", Href: Home, Group: page.Administration, Order: 25, For: needSee},
	)
	return nil
}

// Routes mounts the pages.
func (s *Service) Routes(r *httpx.Router) {
	httpx.HandlePage(r, "GET "+Home, needSee, s.getHome)
	httpx.HandlePage(r, "POST "+Home, needReview, s.postOpen)
	httpx.HandlePage(r, "GET "+Report, needSee, s.getReport)
	httpx.HandlePage(r, "GET "+Rounds+"/{id}", needSee, s.getRound)
	httpx.HandlePage(r, "POST "+Rounds+"/{id}/{act}", needReview, s.postRound)
	httpx.HandlePage(r, "GET "+Rounds+"/{id}/units/{org}", needSee, s.getPart)
	httpx.HandlePage(r, "POST "+Rounds+"/{id}/units/{org}/{act}", needSee, s.postPart)

	httpx.HandlePage(r, "GET "+Public, httpx.Public(), s.getPublic)
	httpx.HandlePage(r, "GET "+Public+"/{id}", httpx.Public(), s.getEdition)
	httpx.HandlePage(r, "GET "+Scenes, httpx.Public(), s.getScenes)
}
