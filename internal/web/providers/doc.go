// Package providers has the pages on which the seal administrators keep the
// registry of those who seal and sign elsewhere (签章服务商), and the public page of
// whom this platform believes.
//
// Whom the platform believes is decided by two people: one proposes, another
// approves. To stop believing takes one, at once.
package providers

import (
	"embed"
	"time"

	"sidian/internal/httpx"
	"sidian/internal/iam"
	"sidian/internal/provider"
	"sidian/internal/web/page"
)

//go:embed pages/*.html
var pages embed.FS

// A Service serves the pages. It is safe for concurrent use.
type Service struct {
	Kit       *page.Kit
	Providers *provider.Service
	IAM       *iam.Service
	BaseURL   string // of this platform, without a final slash
	Now       func() time.Time

	set *page.Set
}

// Where the pages are.
const (
	Home   = "/console/providers"
	Public = "/open/providers"
)

// The needs of the pages.
var (
	read   = iam.Needs(provider.Read)
	manage = iam.Needs(provider.Manage)
)

const (
	maxUpload = 2 << 20     // of a form with digital certificates, or a list of trust
	slow      = time.Minute // a question to somebody who may not answer
)

// Load parses the templates and puts the pages into the navigation. It must be
// called once, before Routes.
func (s *Service) Load() (err error) {
	s.Kit.Add(page.Item{Key: "providers", Label: "签章服务商", Href: Home, Group: page.Seals, Order: 40, For: read})
	s.set, err = s.Kit.Load(pages)
	return err
}

// Routes mounts the pages.
func (s *Service) Routes(r *httpx.Router) {
	httpx.HandlePage(r, "GET "+Public, httpx.Public(), s.getPublic, httpx.Costly())
	httpx.HandlePage(r, "GET "+Public+"/certificate.pem", httpx.Public(), s.getCertificate, httpx.Costly())
	httpx.HandlePage(r, "GET "+Home, read, s.getHome)
	httpx.HandlePage(r, "GET "+Home+"/new", manage, s.getNew)
	httpx.HandlePage(r, "POST "+Home+"/new", manage, s.postNew, httpx.MaxBody(maxUpload))
	httpx.HandlePage(r, "GET "+Home+"/import", manage, s.getImport)
	httpx.HandlePage(r, "POST "+Home+"/import", manage, s.postImport, httpx.MaxBody(maxUpload))
	httpx.HandlePage(r, "GET "+Home+"/{id}", read, s.getOne)
	httpx.HandlePage(r, "POST "+Home+"/{id}/{action}", manage, s.postAction, httpx.Timeout(slow))
}
