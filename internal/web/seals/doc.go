// Package seals has the pages of electronic seals as they are kept: the list of
// seals, a seal with its imprint, freezing it at once, who keeps it, under which
// rules it is used and by whom it was; what anybody may know of a seal; and the
// digital certificates that units hold.
//
// Applications for seals and requests to stamp documents have pages of their
// own. What may be done is decided by packages seal, pki and iam: a page leaves
// out what its reader may not do, and what is sent nevertheless is refused there.
//
// A person's name on a seal is masked in lists and to the public.
package seals

import (
	"context"
	"embed"

	"sidian/internal/catalogue"
	"sidian/internal/ferry"
	"sidian/internal/httpx"
	"sidian/internal/iam"
	"sidian/internal/pki"
	"sidian/internal/seal"
	"sidian/internal/web/page"
)

//go:embed pages/*.html
var pages embed.FS

//go:embed assets/*
var assets embed.FS

// A Service serves the pages. It is safe for concurrent use.
type Service struct {
	Kit  *page.Kit
	Seal *seal.Service
	PKI  *pki.Service
	IAM  *iam.Service

	// Catalogue names the kinds of certificates that a standing policy is for; nil:
	// their codes are shown.
	Catalogue *catalogue.Service
	// Keepers lists accounts that might keep seals of an organisation; whether
	// they may is asked here. Nil: those who are known to keep seals or hold a
	// post there.
	Keepers func(ctx context.Context, org string) (accounts []string, err error)
	// Neighbours finds seals of the other zone by the beginning of their names,
	// and Neighbour one by its id, as they were last told; nil: there is no other
	// zone. Their bodies are seal.PublicSeal.
	Neighbours func(ctx context.Context, text string) ([]*ferry.Neighbour, error)
	Neighbour  func(ctx context.Context, id string) (*ferry.Neighbour, error)
	// Peer is what the other zone is called.
	Peer string

	set *page.Set
}

// Addresses.
const (
	Home = "/console/seals"
	Open = "/open/seals"                   // for strangers
	Held = "/console/digital-certificates" // of units

	wallet = "/wallet/seals" // where holders see theirs
)

// The needs of the pages. Holders see a seal of their own; they come to it from
// their wallet.
var (
	needList   = httpx.Needs("seal.read")
	needRead   = httpx.Needs("seal.read", "seal.apply.own", "audit.read")
	needFreeze = httpx.Needs("seal.freeze")
	needManage = httpx.Needs("seal.manage")
	needUse    = httpx.Needs("seal.use")
	needKeep   = httpx.Needs("seal.use", "seal.manage")
	needHeld   = httpx.Needs("pki.manage", "org.read")
	needIssue  = httpx.Needs("pki.manage")
)

// Load parses the templates and puts the pages into the navigation. It must be
// called once, before Routes.
func (s *Service) Load() (err error) {
	s.Kit.Add(
		page.Item{Key: "open-seals", Label: "印章查询", Href: Open, Order: 3, For: httpx.Public(), Away: true},
		page.Item{Key: "seals", Label: "印章", Href: Home, Group: page.Seals, Order: 10, For: needList},
		page.Item{Key: "digital-certificates", Label: "数字证书", Href: Held + "/units", Group: page.Seals, Order: 30, For: needIssue},
	)
	if err := s.Kit.AddAssets(assets); err != nil {
		return err
	}
	s.set, err = s.Kit.Load(pages)
	return err
}

// Routes mounts the pages.
func (s *Service) Routes(r *httpx.Router) {
	at := Home + "/{id}"
	httpx.HandlePage(r, "GET "+Home, needList, s.getList)
	httpx.HandlePage(r, "GET "+at, needRead, s.getSeal)
	httpx.HandlePage(r, "GET "+at+"/imprint.png", needRead, s.getImprint)
	httpx.HandlePage(r, "GET "+at+"/uses", needRead, s.getUses)
	httpx.HandlePage(r, "POST "+at+"/freeze", needFreeze, s.postFreeze)
	httpx.HandlePage(r, "GET "+at+"/thaw", needManage, s.getThaw)
	httpx.HandlePage(r, "POST "+at+"/thaw", needManage, s.postThaw)
	httpx.HandlePage(r, "GET "+at+"/lost", needFreeze, s.getLost)
	httpx.HandlePage(r, "POST "+at+"/lost", needFreeze, s.postLost)

	httpx.HandlePage(r, "GET "+at+"/custody", needRead, s.getCustody)
	httpx.HandlePage(r, "POST "+at+"/custody", needKeep, s.postOffer)
	httpx.HandlePage(r, "POST "+at+"/custody/accept", needUse, s.postAccept)
	httpx.HandlePage(r, "GET "+at+"/custody/decline", needKeep, s.getDecline)
	httpx.HandlePage(r, "POST "+at+"/custody/decline", needKeep, s.postDecline)

	httpx.HandlePage(r, "GET "+at+"/rules", needRead, s.getRules)
	httpx.HandlePage(r, "POST "+at+"/rules", needKeep, s.postRule)
	httpx.HandlePage(r, "GET "+at+"/rules/{rule}/end", needKeep, s.getEndRule)
	httpx.HandlePage(r, "POST "+at+"/rules/{rule}/end", needKeep, s.postEndRule)
	httpx.HandlePage(r, "POST "+at+"/policies", needUse, s.postPolicy)
	httpx.HandlePage(r, "GET "+at+"/policies/{policy}/end", needUse, s.getEndPolicy)
	httpx.HandlePage(r, "POST "+at+"/policies/{policy}/end", needUse, s.postEndPolicy)

	httpx.HandlePage(r, "GET "+Open, httpx.Public(), s.getOpenList)
	httpx.HandlePage(r, "GET "+Open+"/{id}", httpx.Public(), s.getOpenSeal)
	s.heldRoutes(r)
}

func (s *Service) heldRoutes(r *httpx.Router) {
	one := Held + "/requests/{id}"
	httpx.HandlePage(r, "GET "+Held, needHeld, s.getHeld)
	httpx.HandlePage(r, "GET "+Held+"/units", needIssue, s.getUnits)
	httpx.HandlePage(r, "GET "+Held+"/new", needIssue, s.getNewRequest)
	httpx.HandlePage(r, "POST "+Held+"/new", needIssue, s.postNewRequest)
	httpx.HandlePage(r, "GET "+one, needIssue, s.getRequest)
	httpx.HandlePage(r, "GET "+one+"/csr", needIssue, s.getCSR)
	httpx.HandlePage(r, "POST "+one+"/install", needIssue, s.postInstall, httpx.MaxBody(maxAnswer+64<<10))
	httpx.HandlePage(r, "GET "+one+"/withdraw", needIssue, s.getWithdraw)
	httpx.HandlePage(r, "POST "+one+"/withdraw", needIssue, s.postWithdraw)
	httpx.HandlePage(r, "GET "+Held+"/held/{id}/end", needIssue, s.getEndHeld)
	httpx.HandlePage(r, "POST "+Held+"/held/{id}/end", needIssue, s.postEndHeld)
}
