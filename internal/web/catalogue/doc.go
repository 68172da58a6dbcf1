// Package catalogue has the pages of the directory of certificate kinds (证照目录):
// the kinds in force with their versions, the entries that become versions when the
// issuing unit and the managing unit agree, how kinds stand to what the country
// published, and the directory that anybody reads.
//
// What may be done is decided by package catalogue of the domain; a draft is worked
// on in the designer (package designer).
package catalogue

import (
	"time"

	"sidian/internal/catalogue"
	"sidian/internal/httpx"
	"sidian/internal/iam"
	"sidian/internal/web/page"
)

// A Service serves the pages. It is safe for concurrent use.
type Service struct {
	Kit       *page.Kit
	IAM       *iam.Service
	Catalogue *catalogue.Service
	// Designer is where drafts are worked on, /console/designer; empty: nowhere.
	Designer string
}

// Addresses.
const (
	Home      = "/console/kinds"
	Entries   = Home + "/entries"
	Standards = Home + "/standards"
	Open      = "/open/kinds" // of anybody
)

// The needs of the pages.
var (
	needSee    = iam.Needs("kind.read", "kind.manage", "catalogue.agree")
	needManage = iam.Needs("kind.manage")
	needAgree  = iam.Needs("catalogue.agree")
	needAct    = iam.Needs("kind.manage", "catalogue.agree")
)

// slow is long enough for a face to be drawn on a busy machine.
const slow = time.Minute

// Load puts the pages into the navigation. It must be called once, before Routes.
func (s *Service) Load() error {
	s.Kit.Add(
		page.Item{Key: "open-kinds", Label: "证照目录", Href: Open, Order: 2, For: httpx.Public(), Away: true},
		page.Item{Key: "kinds", Label: "证照目录", Href: Home, Group: page.Catalogue, Order: 10, For: needSee},
	)
	return nil
}

// Routes mounts the pages.
func (s *Service) Routes(r *httpx.Router) {
	const one = Home + "/{name}/entries/{id}"
	httpx.HandlePage(r, "GET "+Home, needSee, s.getKinds)
	httpx.HandlePage(r, "GET "+Entries, needSee, s.getEntries)
	httpx.HandlePage(r, "GET "+Standards, needSee, s.getStandards)
	httpx.HandlePage(r, "POST "+Standards, needAgree, s.postStandard)
	httpx.HandlePage(r, "GET "+Home+"/{name}", needSee, s.getKind)
	httpx.HandlePage(r, "POST "+Home+"/{name}", needManage, s.postKind)
	httpx.HandlePage(r, "POST "+Home+"/{name}/standard", needManage, s.postMove)
	httpx.HandlePage(r, "POST "+Home+"/{name}/numbers", needManage, s.postNumbers)
	httpx.HandlePage(r, "GET "+Home+"/{name}/numbers/{id}", needSee, s.getNumber)
	httpx.HandlePage(r, "POST "+Home+"/{name}/numbers/{id}/{act}", needAct, s.postNumber)
	httpx.HandlePage(r, "GET "+one, needSee, s.getEntry, httpx.Timeout(slow))
	httpx.HandlePage(r, "GET "+one+"/sample", needSee, s.getSample, httpx.Timeout(slow))
	httpx.HandlePage(r, "GET "+one+"/{act}", needAct, s.getAct)
	httpx.HandlePage(r, "POST "+one+"/{act}", needAct, s.postAct, httpx.Timeout(slow))

	httpx.HandlePage(r, "GET "+Open, httpx.Public(), s.getOpen)
	httpx.HandlePage(r, "GET "+Open+"/{name}", httpx.Public(), s.getOpenKind)
}
