// Package lists has the pages of lists that are compiled in three stages: a unit
// reports its rows, the authority of the same level reviews them, the highest unit
// settles what stands twice and publishes; what a unit may use (用证清单), where its
// certificates may be used (应用场景), its norms, the batches of mature kinds, what
// applicants need not hand in (免提交); what was left lying; and, for anybody, what of
// all this is published.
//
// What may be done is decided by package listing of the domain.
package lists

import (
	"sidian/internal/httpx"
	"sidian/internal/iam"
	"sidian/internal/listing"
	"sidian/internal/table"
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

	Uses    = Home + "/uses"    // 用证清单
	Guides  = Home + "/scenes"  // 应用场景, as units write them
	Norms   = Home + "/norms"   // 技术和使用规范
	Batches = Home + "/batches" // 推广批次
	Exempts = Home + "/exempts" // 免提交证照清单

	// Of anybody.
	Public        = "/open/lists"
	Scenes        = "/open/scenes"
	PublicExempts = "/open/exempts"
	PublicNorms   = "/open/norms"
)

const (
	maxTable    = table.MaxFile + 1<<20
	maxDocument = listing.MaxDocument + 1<<20
)

// The needs of the pages.
var (
	needSee    = iam.Needs("list.report", "list.review")
	needReview = iam.Needs("list.review")
	needReport = iam.Needs("list.report")
)

// Load puts the pages into the navigation. It must be called once, before Routes.
func (s *Service) Load() error {
	s.Kit.Add(
		page.Item{Key: "openlists", Label: "证照清单", Href: Public, Order: 2, For: httpx.Public(), Away: true},
		page.Item{Key: "lists", Label: "清单编制", Href: Home, Group: page.Catalogue, Order: 30, For: needSee},
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

	httpx.HandlePage(r, "POST "+Report, needReview, s.postPeriod)

	httpx.HandlePage(r, "GET "+Uses, needSee, s.getUses)
	httpx.HandlePage(r, "GET "+Home+"/use-template", needReport, s.getUseTemplate)
	httpx.HandlePage(r, "GET "+Uses+"/{org}", needSee, s.getUse)
	httpx.HandlePage(r, "POST "+Uses+"/{org}", needSee, s.postUse)
	httpx.HandlePage(r, "GET "+Uses+"/{org}/change", needReport, s.getUseChange)
	httpx.HandlePage(r, "POST "+Uses+"/{org}/change", needReport, s.postUseChange, httpx.MaxBody(maxTable))
	httpx.HandlePage(r, "POST "+Uses+"/{org}/table", needReport, s.postUseTable, httpx.MaxBody(maxTable))

	httpx.HandlePage(r, "GET "+Guides, needSee, s.getGuides)
	httpx.HandlePage(r, "GET "+Guides+"/new", needReport, s.getGuideNew)
	httpx.HandlePage(r, "POST "+Guides+"/new", needReport, s.postGuideNew)
	httpx.HandlePage(r, "GET "+Guides+"/{id}", needSee, s.getGuide)
	httpx.HandlePage(r, "POST "+Guides+"/{id}", needReport, s.postGuide)
	httpx.HandlePage(r, "POST "+Guides+"/{id}/withdraw", needReport, s.postGuideOver)

	httpx.HandlePage(r, "GET "+Norms, needSee, s.getNorms)
	httpx.HandlePage(r, "POST "+Norms, needReport, s.postNorm, httpx.MaxBody(maxDocument))
	httpx.HandlePage(r, "POST "+Norms+"/{id}/withdraw", needReport, s.postNormOver)

	httpx.HandlePage(r, "GET "+Batches, needSee, s.getBatches)
	httpx.HandlePage(r, "POST "+Batches, needReview, s.postMark)
	httpx.HandlePage(r, "POST "+Batches+"/launch", needReview, s.postLaunch)

	httpx.HandlePage(r, "GET "+Exempts, needSee, s.getExempts)
	httpx.HandlePage(r, "POST "+Exempts, needReview, s.postExempt)
	httpx.HandlePage(r, "POST "+Exempts+"/{id}/end", needReview, s.postExemptOver)

	httpx.HandlePage(r, "GET "+PublicExempts, httpx.Public(), s.getPublicExempts)
	httpx.HandlePage(r, "GET "+PublicNorms, httpx.Public(), s.getPublicNorms)
	httpx.HandlePage(r, "GET "+Public, httpx.Public(), s.getPublic)
	httpx.HandlePage(r, "GET "+Public+"/{id}", httpx.Public(), s.getEdition)
	httpx.HandlePage(r, "GET "+Scenes, httpx.Public(), s.getScenes)
}
