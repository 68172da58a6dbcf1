// Package sealapply has the pages of applications for electronic seals (印章申请):
// a unit's way from its wish, one step after another, to the review of each
// tier, the making and the filing; renewal, change, replacement and cancelling;
// campaigns that make many seals under one approval; and the short way of
// holders on their phones.
//
// What may be done is decided by package sealapply of the domain: a page leaves
// out what its reader may not do, and what is sent nevertheless is refused there.
// Every step is kept as a draft, so that nothing that was typed is lost.
package sealapply

import (
	"context"
	"embed"
	"time"

	"sidian/internal/bound"
	"sidian/internal/httpx"
	"sidian/internal/iam"
	"sidian/internal/seal"
	"sidian/internal/sealapply"
	"sidian/internal/todo"
	"sidian/internal/web/page"
)

//go:embed pages/*.html
var pages embed.FS

//go:embed assets/*
var assets embed.FS

// A Service serves the pages. It is safe for concurrent use.
type Service struct {
	Kit   *page.Kit
	Apply *sealapply.Service
	Seal  *seal.Service
	IAM   *iam.Service
	// Todo knows how much time a reviewer has left; nil: pages do without.
	Todo *todo.Service

	// Account is the id of the account of a user name, or "".
	Account func(ctx context.Context, username string) (id string, err error)
	// Keepers finds accounts that might keep seals of an organisation; whether
	// they may is asked here. Nil: those who keep seals or hold a post there.
	Keepers func(ctx context.Context, org string) (accounts []string, err error)
	// Bound offers seals together with certificates; nil: pages do without.
	Bound *bound.Service

	set *page.Set
}

// Addresses.
const (
	Home      = "/console/seal-applications"
	Wallet    = "/wallet/seals" // of holders
	Campaigns = "/console/seal-campaigns"
	Bonds     = "/console/seal-bonds"
	// told are the addresses that notices and promises name.
	told          = "/seals/applications/{id}"
	toldCampaigns = "/seals/campaigns/{id}"
)

// The needs of the pages.
var (
	needWork     = httpx.Needs("seal.apply", "seal.review", "seal.make", "seal.file", "seal.manage")
	needSee      = httpx.Needs("seal.apply", "seal.apply.own", "seal.review", "seal.make", "seal.file", "seal.manage")
	needApply    = httpx.Needs("seal.apply", "seal.apply.own")
	needOwn      = httpx.Needs("seal.apply.own")
	needDecide   = httpx.Needs("seal.review", "seal.make", "seal.manage")
	needMake     = httpx.Needs("seal.make", "seal.manage")
	needFile     = httpx.Needs("seal.file")
	needReview   = httpx.Needs("seal.review")
	needCampaign = httpx.Needs("seal.apply", "seal.review", "seal.make")
	needUnit     = httpx.Needs("seal.apply")
	needRun      = httpx.Needs("seal.make")
)

// Bodies of uploads: what the largest form asks for at once, and a campaign's
// bundle. Each file is measured again by the domain.
const (
	maxFiles  = 128 << 20
	maxBundle = 201 << 20
	inMemory  = 4 << 20
	slow      = 5 * time.Minute
)

// Load parses the templates and puts the pages into the navigation. It must be
// called once, before Routes.
func (s *Service) Load() (err error) {
	s.Kit.Add(
		page.Item{Key: "seal-applications", Label: "印章申请", Href: Home, Group: page.Seals, Order: 11, For: needWork},
		page.Item{Key: "my-seals", Label: "我的印章", Href: Wallet, Group: page.Own, Order: 20, For: needOwn},
	)
	if s.Bound != nil {
		s.Kit.Add(page.Item{Key: "seal-offers", Label: "同步申领印章", Href: Offers, Group: page.Own, Order: 25, For: bound.NeedOwn})
	}
	if err := s.Kit.AddAssets(assets); err != nil {
		return err
	}
	s.set, err = s.Kit.Load(pages, words())
	return err
}

// Routes mounts the pages.
func (s *Service) Routes(r *httpx.Router) {
	httpx.HandlePage(r, "GET "+Home, needWork, s.getList)
	httpx.HandlePage(r, "GET "+Home+"/new", needApply, s.getNew)
	httpx.HandlePage(r, "POST "+Home+"/new", needUnit, s.postNew)
	httpx.HandlePage(r, "GET "+Wallet, needOwn, s.getWallet)
	httpx.HandlePage(r, "GET "+Wallet+"/new", needOwn, s.getShort)
	httpx.HandlePage(r, "POST "+Wallet+"/new", needOwn, s.postShort, upload()...)
	s.one(r, Home, needSee, needApply)
	s.one(r, Wallet, needOwn, needOwn)

	at := Home + "/{id}"
	httpx.HandlePage(r, "POST "+at+"/review", needDecide, s.postReview)
	httpx.HandlePage(r, "POST "+at+"/make", needMake, s.postMake)
	httpx.HandlePage(r, "POST "+at+"/file", needFile, s.postFile)
	httpx.HandlePage(r, "GET "+told, needSee, s.getTold)
	s.campaignRoutes(r)
	s.bondRoutes(r)
	if s.Bound != nil {
		s.offerRoutes(r)
	}
}

func upload() []httpx.Option {
	return []httpx.Option{httpx.MaxBody(maxFiles), httpx.Timeout(slow)}
}

// one mounts the pages of one application, at the desk or in the wallet.
func (s *Service) one(r *httpx.Router, home string, see, apply httpx.Need) {
	at := home + "/{id}"
	httpx.HandlePage(r, "GET "+at, see, s.getShow)
	httpx.HandlePage(r, "GET "+at+"/imprint.png", see, s.getImprint)
	httpx.HandlePage(r, "GET "+at+"/attachments/{file}", see, s.getAttachment)
	for _, k := range steps {
		httpx.HandlePage(r, "GET "+at+"/"+k.key, apply, s.getStep(k.key))
	}
	httpx.HandlePage(r, "POST "+at+"/start", apply, s.postStart)
	httpx.HandlePage(r, "POST "+at+"/form", apply, s.postForm, upload()...)
	httpx.HandlePage(r, "POST "+at+"/imprint", apply, s.postImprint, upload()...)
	httpx.HandlePage(r, "POST "+at+"/statement", apply, s.postStatement)
	httpx.HandlePage(r, "POST "+at+"/certificate", apply, s.postCertificate)
	httpx.HandlePage(r, "POST "+at+"/keeper", apply, s.postKeeper)
	httpx.HandlePage(r, "POST "+at+"/submit", apply, s.postSubmit)
	httpx.HandlePage(r, "POST "+at+"/withdraw", apply, s.postWithdraw)
}
