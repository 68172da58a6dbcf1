// Package archive has the pages of the pre-archive queue (预归档): what was sealed
// and is to be filed, one document with its picture, its filing, its package and
// the rows of the four-property check, how far each unit is, and how it files.
package archive

import (
	"embed"
	"time"

	"sidian/internal/archive"
	"sidian/internal/httpx"
	"sidian/internal/web/page"
)

//go:embed pages/*.html
var pages embed.FS

//go:embed assets/*
var assets embed.FS

// A Service serves the pages. It is safe for concurrent use.
type Service struct {
	Kit     *page.Kit
	Archive *archive.Service
	Now     func() time.Time

	set *page.Set
}

// Where the pages are. What belongs to an item stands below another address than
// the item itself, which notices lead to: no pattern may match two of them.
const (
	Home  = "/console/archive"
	Items = Home + "/items"
	Rates = Home + "/rates"
	Units = Home + "/units"
)

// The needs of the pages.
var (
	needRead   = httpx.Needs("archive.read")
	needManage = httpx.Needs("archive.manage")
)

// slow is how long packing, and taking a package over a slow line, may take.
const slow = 3 * time.Minute

// Load parses the templates and puts the pages into the navigation. It must be
// called once, before Routes.
func (s *Service) Load() (err error) {
	s.Kit.Add(page.Item{Key: "archive", Label: "归档", Href: Home, Order: 25, For: needRead})
	if err := s.Kit.AddAssets(assets); err != nil {
		return err
	}
	s.set, err = s.Kit.Load(pages)
	return err
}

// Routes mounts the pages.
func (s *Service) Routes(r *httpx.Router) {
	httpx.HandlePage(r, "GET "+Home, needRead, s.getList)
	httpx.HandlePage(r, "GET "+Rates, needRead, s.getRates)
	httpx.HandlePage(r, "GET "+Units+"/{org}", needManage, s.getUnit)
	httpx.HandlePage(r, "POST "+Units+"/{org}", needManage, s.postUnit)
	httpx.HandlePage(r, "GET "+Home+"/{id}", needRead, s.getItem)
	httpx.HandlePage(r, "GET "+Items+"/{id}/pages/{page}", needRead, s.getPicture)
	httpx.HandlePage(r, "GET "+Items+"/{id}/package", needRead, s.getPackage, httpx.Timeout(slow))
	httpx.HandlePage(r, "GET "+Items+"/{id}/{act}", needManage, s.getAct)
	httpx.HandlePage(r, "POST "+Items+"/{id}/{act}", needManage, s.postAct, httpx.Timeout(slow))
}
