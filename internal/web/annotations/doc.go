// Package annotations has the pages of annotated copies of certificates (加注件): what
// a certificate was copied for, the form that makes a copy with a preview of its page,
// and the copy to take along.
//
// Below /wallet/copies, on a phone first, holders make copies of their own certificates
// in three steps, fetch them and take them back.
//
// What may be made, and who may see it, is decided by package annotation of the
// domain.
package annotations

import (
	"embed"

	"sidian/internal/annotation"
	"sidian/internal/httpx"
	"sidian/internal/iam"
	"sidian/internal/web/page"
)

//go:embed pages/*.html
var pages embed.FS

// A Service serves the pages. It is safe for concurrent use.
type Service struct {
	Kit    *page.Kit
	Copies *annotation.Service

	set *page.Set
}

// Addresses.
const (
	Home = "/console/annotations"
	New  = Home + "/new"
	Find = Home + "/find"
)

// The needs of the pages.
var (
	needSee  = iam.Needs("cert.read", "cert.annotate")
	needMake = iam.Needs("cert.annotate")
	needOwn  = iam.Needs("cert.read.own")
)

// Load parses the templates and puts the pages into the navigation. It must be
// called once, before Routes.
func (s *Service) Load() (err error) {
	s.Kit.Add(page.Item{Key: "annotations", Label: "加注件", Href: Home, Group: page.Certificates, Order: 35, For: needSee})
	s.Kit.Add(page.Item{Key: "own-copies", Label: "我的加注件", Href: Own, Group: page.Own, Order: 15, For: needOwn})
	s.set, err = s.Kit.Load(pages)
	return err
}

// Routes mounts the pages.
func (s *Service) Routes(r *httpx.Router) {
	httpx.HandlePage(r, "GET "+Home, needSee, s.getList)
	httpx.HandlePage(r, "POST "+Find, needSee, s.postFind)
	httpx.HandlePage(r, "GET "+New, needMake, s.getNew)
	httpx.HandlePage(r, "POST "+New, needMake, s.postNew)
	httpx.HandlePage(r, "GET "+Home+"/{id}", needSee, s.getShow)
	httpx.HandlePage(r, "POST "+Home+"/{id}/file", needMake, s.postFile)

	httpx.HandlePage(r, "GET "+Own, needOwn, s.getOwn)
	httpx.HandlePage(r, "GET "+OwnNew, needOwn, s.getOwnNew)
	httpx.HandlePage(r, "POST "+OwnNew, needOwn, s.postOwnNew)
	httpx.HandlePage(r, "GET "+Own+"/{id}", needOwn, s.getOwnOne)
	httpx.HandlePage(r, "POST "+Own+"/{id}/file", needOwn, s.postOwnFile)
	httpx.HandlePage(r, "POST "+Own+"/{id}/end", needOwn, s.postOwnEnd)
}
