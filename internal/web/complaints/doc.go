// Package complaints has the pages of complaints about refused electronic seals
// (拒收投诉): a holder tells in two minutes on the phone what happened and follows
// what becomes of it; the unit explains and makes good; the authority decides; and
// who oversees sees the report.
//
// What may be done, and what each side gets to see, is decided by package
// complaint of the domain.
package complaints

import (
	"embed"
	"time"

	"sidian/internal/complaint"
	"sidian/internal/httpx"
	"sidian/internal/iam"
	"sidian/internal/web/page"
)

//go:embed pages/*.html
var pages embed.FS

//go:embed assets/*
var assets embed.FS

// A Service serves the pages. It is safe for concurrent use.
type Service struct {
	Kit        *page.Kit
	Complaints *complaint.Service

	set *page.Set
}

// Addresses.
const (
	Wallet = "/wallet/complaints"  // of holders
	Home   = "/console/complaints" // of units and authorities
	Report = Home + "/report"
)

// The needs of the pages.
var (
	needFile = iam.Needs("complaint.file.own")
	needWork = iam.Needs("complaint.reply", "complaint.handle")
	needRead = iam.Needs("complaint.read")
)

const (
	maxBody  = complaint.MaxDocument + 1<<20
	inMemory = 4 << 20
	slow     = 2 * time.Minute
)

// Load parses the templates and puts the pages into the navigation. It must be
// called once, before Routes.
func (s *Service) Load() (err error) {
	s.Kit.Add(
		page.Item{Key: "my-complaints", Label: "拒收投诉", Href: Wallet, Group: page.Own, Order: 40, For: needFile},
		page.Item{Key: "complaints", Label: "拒收投诉", Href: Home, Group: page.Seals, Order: 50, For: needWork},
		page.Item{Key: "complaint-report", Label: "拒收统计", Href: Report, Group: page.Seals, Order: 51, For: needRead},
	)
	if err := s.Kit.AddAssets(assets); err != nil {
		return err
	}
	s.set, err = s.Kit.Load(pages)
	return err
}

// Routes mounts the pages.
func (s *Service) Routes(r *httpx.Router) {
	httpx.HandlePage(r, "GET "+Wallet, needFile, s.getWallet)
	httpx.HandlePage(r, "GET "+Wallet+"/new", needFile, s.getNew)
	httpx.HandlePage(r, "POST "+Wallet+"/new", needFile, s.postNew, httpx.MaxBody(maxBody), httpx.Timeout(slow))
	httpx.HandlePage(r, "GET "+Wallet+"/{id}", needFile, s.getOwn)
	httpx.HandlePage(r, "GET "+Wallet+"/{id}/document", needFile, s.getDocument)
	httpx.HandlePage(r, "POST "+Wallet+"/{id}/withdraw", needFile, s.postWithdraw)

	httpx.HandlePage(r, "GET "+Home, needWork, s.getList)
	httpx.HandlePage(r, "GET "+Home+"/{id}", needWork, s.getShow)
	httpx.HandlePage(r, "GET "+Home+"/{id}/document", needWork, s.getDocument)
	httpx.HandlePage(r, "POST "+Home+"/{id}/explanation", iam.Needs("complaint.reply"), s.postExplanation)
	httpx.HandlePage(r, "POST "+Home+"/{id}/rectification", iam.Needs("complaint.reply"), s.postRectification)
	httpx.HandlePage(r, "POST "+Home+"/{id}/decision", iam.Needs("complaint.handle"), s.postDecision)
	httpx.HandlePage(r, "POST "+Home+"/{id}/confirmation", iam.Needs("complaint.handle"), s.postConfirmation)
	httpx.HandlePage(r, "GET "+Report, needRead, s.getReport)
	httpx.HandlePage(r, "GET "+Report+"/file", needRead, s.getExport, httpx.Timeout(slow))
}
