// Package batch has the pages on which certificates are issued by the thousand
// (批量签发): take the template, send the table, look at what is wrong in it, let
// another person approve it and a third start it, follow it, take the result.
//
// What may be done, and by whom, is decided by package batch of the domain.
package batch

import (
	"embed"
	"time"

	"sidian/internal/batch"
	"sidian/internal/catalogue"
	"sidian/internal/cert"
	"sidian/internal/httpx"
	"sidian/internal/iam"
	"sidian/internal/table"
	"sidian/internal/web/page"
)

//go:embed pages/*.html
var pages embed.FS

// A Service serves the pages. It is safe for concurrent use.
type Service struct {
	Kit       *page.Kit
	IAM       *iam.Service
	Catalogue *catalogue.Service
	Cert      *cert.Service
	Batch     *batch.Service

	set *page.Set
}

// Home is the list, where tables are sent.
const Home = "/console/batch"

// Load parses the templates and puts the list into the navigation. It must be
// called once, before Routes.
func (s *Service) Load() (err error) {
	s.Kit.Add(page.Item{Key: "batch", Label: "批量签发", Href: Home, Group: page.Certificates, Order: 10, For: batch.NeedWork})
	s.set, err = s.Kit.Load(pages)
	return err
}

// Routes mounts the pages.
func (s *Service) Routes(r *httpx.Router) {
	httpx.HandlePage(r, "GET "+Home, batch.NeedWork, s.getHome)
	httpx.HandlePage(r, "POST "+Home, batch.NeedUpload, s.postHome, httpx.MaxBody(table.MaxFile+1<<20), httpx.Costly(), httpx.Timeout(batch.Slow))
	httpx.HandlePage(r, "GET "+Home+"/template", batch.NeedUpload, s.getTemplate)
	httpx.HandlePage(r, "GET "+Home+"/{id}", batch.NeedWork, s.getBatch)
	httpx.HandlePage(r, "POST "+Home+"/{id}/{action}", batch.NeedWork, s.postAction)
	httpx.HandlePage(r, "GET "+Home+"/{id}/report", batch.NeedWork, s.getReport, httpx.Timeout(time.Minute))
}
