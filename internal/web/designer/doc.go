// Package designer has the pages on which a kind of certificate is designed in the
// browser (证照设计): its elements, its fields, and its face, which is put together
// on a millimetre grid with the mouse or the keyboard, and drawn by the renderer
// that draws what is issued.
//
// A design is the draft of an entry of the directory, a folder of files
// ([catalogue.Service.DraftFiles]). Each form writes what it shows and leaves
// everything else in the files as it was, byte for byte. Everything works without
// the script, which adds dragging and the live picture.
package designer

import (
	"embed"

	"sidian/internal/catalogue"
	"sidian/internal/httpx"
	"sidian/internal/iam"
	"sidian/internal/web"
	"sidian/internal/web/page"
)

//go:embed pages/*.html
var pages embed.FS

//go:embed assets/*
var assets embed.FS

// A Service serves the pages. It is safe for concurrent use.
type Service struct {
	Kit       *page.Kit
	IAM       *iam.Service
	Catalogue *catalogue.Service

	set *page.Set
}

// Home is the list of designs.
const Home = "/console/designer"

// Need is what all pages need.
var Need = httpx.Needs("kind.manage")

// Load parses the templates and puts the designs into the navigation. It must be
// called once, before Routes.
func (s *Service) Load() (err error) {
	if err = s.Kit.AddAssets(assets); err != nil {
		return err
	}
	s.Kit.Add(page.Item{Key: "designer", Label: "证照设计", Href: Home, Order: 15, For: Need})
	s.set, err = s.Kit.Load(pages)
	return err
}

// Routes mounts the pages.
func (s *Service) Routes(r *httpx.Router) {
	const one = Home + "/{id}"
	form := httpx.MaxBody(maxForm)
	httpx.HandlePage(r, "GET "+Home, Need, s.getHome)
	httpx.HandlePage(r, "GET "+Home+"/new", Need, s.getNew)
	httpx.HandlePage(r, "POST "+Home+"/new", Need, s.postNew)
	httpx.HandlePage(r, "GET "+one, Need, s.getLayout)
	httpx.HandlePage(r, "POST "+one+"/layout", Need, s.postLayout, form)
	httpx.HandlePage(r, "POST "+one+"/preview", Need, s.postPreview, form)
	httpx.HandlePage(r, "POST "+one+"/image", Need, s.postImage, form)
	httpx.HandlePage(r, "POST "+one+"/drop-image", Need, s.postDropImage)
	httpx.HandlePage(r, "GET "+one+"/styles", Need, s.getStyles)
	httpx.HandlePage(r, "POST "+one+"/styles", Need, s.postStyles, form)
	httpx.HandlePage(r, "GET "+one+"/fields", Need, s.getFields)
	httpx.HandlePage(r, "POST "+one+"/fields", Need, s.postFields, form)
	httpx.HandlePage(r, "GET "+one+"/elements", Need, s.getElements)
	httpx.HandlePage(r, "POST "+one+"/elements", Need, s.postElements, form)
	httpx.HandlePage(r, "GET "+one+"/sample", Need, s.getSample)
	httpx.HandlePage(r, "POST "+one+"/sample", Need, s.postSample, httpx.MaxBody(web.MaxForm))
	httpx.HandlePage(r, "GET "+one+"/check", Need, s.getCheck)
	httpx.HandlePage(r, "POST "+one+"/submit", Need, s.postSubmit)
	httpx.HandlePage(r, "GET "+one+"/folder", Need, s.getFolder)
	httpx.HandlePage(r, "POST "+one+"/folder", Need, s.postFolder, httpx.MaxBody(maxUpload))
}
