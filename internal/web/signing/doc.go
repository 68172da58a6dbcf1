// Package signing has the pages of personal electronic signatures: the tasks
// that a unit lays before people, the way on a phone from a link to a
// signature, the pad on which a second device writes, and a person's own digital
// certificate.
//
// The way is: what is asked and by whom, the document page by page, the
// handwriting, the handwriting in its place with the sentence that is confirmed,
// and what came of it. Each step is a page with an address. What may be done is
// decided by package signature at each of them anew.
//
// The address of a link is told to no other page: it is nothing without its
// person, and still nobody's business. Names of signers are masked everywhere
// but in the form that a clerk fills in.
package signing

import (
	"context"
	"embed"
	"time"

	"sidian/internal/httpx"
	"sidian/internal/iam"
	"sidian/internal/signature"
	"sidian/internal/signature/ink"
	"sidian/internal/web/page"
)

//go:embed pages/*.html
var pages embed.FS

//go:embed assets/*
var assets embed.FS

// A Service serves the pages. It is safe for concurrent use.
type Service struct {
	Signature *signature.Service
	IAM       *iam.Service
	Kit       *page.Kit

	// Way is what a signature is confirmed with (auth.Service.Way). Nil: a
	// one-time code.
	Way func(ctx context.Context) (string, error)
	// Find is the account of a member of staff by user name, or fault.NotFound.
	// Nil: signers are named by real name and citizen number alone.
	Find func(ctx context.Context, username string) (account string, err error)
	// Demo shows where the one-time codes of a demo are found.
	Demo bool

	set *page.Set
}

// Addresses.
const (
	Home     = "/console/signing"         // of units
	Wallet   = "/wallet/signing"          // of people
	Identity = "/wallet/signing/identity" // their digital certificate
	Sign     = "/sign"                    // where notices lead, with the id of a task
)

// The needs of the pages.
var (
	needAsk  = httpx.Needs("signature.ask")
	needSee  = httpx.Needs("signature.read", "signature.ask")
	needSign = httpx.Needs("signature.sign", "signature.sign.own")
)

// How long the slow pages may take: documents are converted and drawn, keys and
// authorities are asked.
const slow = 60 * time.Second

// Load parses the templates and puts the pages into the navigation. It must be
// called once, before Routes.
func (s *Service) Load() (err error) {
	s.Kit.Add(
		page.Item{Key: "signing", Label: "文件签署", Href: Home, Group: page.Seals, Order: 20, For: needSee},
		page.Item{Key: "wallet-signing", Label: "我的签署", Href: Wallet, Group: page.Own, Order: 30, For: needSign},
	)
	if err := s.Kit.AddAssets(assets); err != nil {
		return err
	}
	s.set, err = s.Kit.Load(pages, words())
	return err
}

// Routes mounts the pages.
func (s *Service) Routes(r *httpx.Router) {
	s.routesOfUnits(r)
	s.routesOfPeople(r)
	public := httpx.Public()
	httpx.HandlePage(r, "GET /s/sign/{token}", public, s.getLink, httpx.Costly())
	httpx.HandlePage(r, "GET /s/pad/{token}", public, s.getPad, httpx.Costly())
}

func (s *Service) routesOfUnits(r *httpx.Router) {
	const at = Home + "/{id}"
	upload := []httpx.Option{httpx.MaxBody(signature.MaxFile + 1<<20), httpx.Timeout(slow), httpx.NoIdempotency()}
	httpx.HandlePage(r, "GET "+Home, needSee, s.getList)
	httpx.HandlePage(r, "GET "+Home+"/new", needAsk, s.getNew)
	httpx.HandlePage(r, "POST "+Home+"/new", needAsk, s.postNew, upload...)
	httpx.HandlePage(r, "POST "+Home+"/look", needAsk, s.postLook, append(upload, httpx.Costly())...)
	httpx.HandlePage(r, "GET "+at, needSee, s.getTask, httpx.Timeout(slow))
	httpx.HandlePage(r, "GET "+at+"/file", needSee, s.getFile)
	httpx.HandlePage(r, "GET "+at+"/evidence", needSee, s.getEvidence, httpx.Timeout(slow))
	httpx.HandlePage(r, "POST "+at+"/link", needAsk, s.postLink)
	httpx.HandlePage(r, "POST "+at+"/remind", needAsk, s.postRemind)
	httpx.HandlePage(r, "GET "+at+"/withdraw", needAsk, s.getWithdraw)
	httpx.HandlePage(r, "POST "+at+"/withdraw", needAsk, s.postWithdraw)
}

func (s *Service) routesOfPeople(r *httpx.Router) {
	const at = Sign + "/{id}/{number}"
	httpx.HandlePage(r, "GET "+Wallet, needSign, s.getWallet)
	httpx.HandlePage(r, "GET "+Identity, needSign, s.getIdentity)
	httpx.HandlePage(r, "POST "+Identity, needSign, s.postEnrol, httpx.Timeout(slow))
	httpx.HandlePage(r, "POST "+Identity+"/renew", needSign, s.postRenew, httpx.Timeout(slow))
	httpx.HandlePage(r, "GET "+Identity+"/cancel", needSign, s.getCancel)
	httpx.HandlePage(r, "POST "+Identity+"/cancel", needSign, s.postCancel, httpx.Timeout(slow))

	httpx.HandlePage(r, "GET "+Sign+"/{id}", httpx.SignedIn(), s.getSign)
	httpx.HandlePage(r, "GET "+at, needSign, s.getRead, httpx.Timeout(slow))
	httpx.HandlePage(r, "GET "+at+"/write", needSign, s.getWrite)
	httpx.HandlePage(r, "POST "+at+"/write", needSign, s.postWrite, httpx.MaxBody(3*ink.MaxBytes))
	httpx.HandlePage(r, "POST "+at+"/pad", needSign, s.postPad)
	httpx.HandlePage(r, "GET "+at+"/confirm", needSign, s.getConfirm, httpx.Timeout(slow))
	httpx.HandlePage(r, "POST "+at+"/confirm", needSign, s.postConfirm, httpx.Costly(), httpx.Timeout(slow))
	httpx.HandlePage(r, "GET "+at+"/refuse", needSign, s.getRefuse)
	httpx.HandlePage(r, "POST "+at+"/refuse", needSign, s.postRefuse)
	httpx.HandlePage(r, "GET "+at+"/done", needSign, s.getDone, httpx.Timeout(slow))
	httpx.HandlePage(r, "GET "+at+"/file", needSign, s.getFile)
	httpx.HandlePage(r, "GET "+at+"/evidence", needSign, s.getEvidence, httpx.Timeout(slow))
}
