// Package admin has the pages of the three administrators: units and the posts
// in them, people, roles granted by two persons, programs and their secrets,
// the policy in force and how it changes, reading in an emergency, and where
// people are signed in.
//
// Every page is a sheet: a heading, one sentence that says what it is for and
// who decides next, and parts one below the other. What may be done is decided
// by packages iam and auth; a page leaves out what its reader may not do, and
// what is sent nevertheless is refused there.
//
// Names, phone numbers and citizen IDs that are searched for never stand in an
// address.
package admin

import (
	"embed"

	"sidian/internal/auth"
	"sidian/internal/httpx"
	"sidian/internal/iam"
	"sidian/internal/web/page"
)

//go:embed pages/*.html
var pages embed.FS

// A Service serves the pages. It is safe for concurrent use.
type Service struct {
	IAM  *iam.Service
	Auth *auth.Service
	Kit  *page.Kit
	// BaseURL is what one-time links begin with; empty: the reader's own address.
	BaseURL string

	set *page.Set
}

// Home is the overview of administrators.
const Home = "/console/admin"

// The needs of the pages, which are those of the navigation as well.
var (
	needHome     = iam.Needs("grant.read", "policy.read", "client.read")
	needUnits    = iam.Needs("org.manage", "org.read")
	needPeople   = iam.Needs("account.manage", "account.lock")
	needGrants   = iam.Needs("grant.read")
	needClients  = iam.Needs("client.manage", "client.read")
	needPolicies = iam.Needs("policy.read")
	needGlass    = iam.Needs("glass.open", "glass.review")
	needSessions = iam.Needs("session.end")
)

// Load parses the templates and puts the pages into the navigation. It must be
// called once, before Routes.
func (s *Service) Load() (err error) {
	for i, item := range []page.Item{
		{Key: "admin", Label: "管理概览", Href: Home, For: needHome},
		{Key: "units", Label: "单位", Href: Home + "/units", For: needUnits},
		{Key: "people", Label: "人员", Href: Home + "/people", For: needPeople},
		{Key: "grants", Label: "授权", Href: Home + "/grants", For: needGrants},
		{Key: "clients", Label: "应用", Href: Home + "/clients", For: needClients},
		{Key: "policies", Label: "策略", Href: Home + "/policies", For: needPolicies},
		{Key: "glasses", Label: "应急查阅", Href: Home + "/glasses", For: needGlass},
		{Key: "sessions", Label: "会话", Href: Home + "/sessions", For: needSessions},
	} {
		item.Group, item.Order = page.Administration, 10+i
		s.Kit.Add(item)
	}
	s.set, err = s.Kit.Load(pages)
	return err
}

// Routes mounts the pages.
func (s *Service) Routes(r *httpx.Router) {
	httpx.HandlePage(r, "GET "+Home, needHome, s.getHome)
	s.unitRoutes(r)
	s.peopleRoutes(r)
	s.grantRoutes(r)
	s.clientRoutes(r)
	s.policyRoutes(r)
	s.glassRoutes(r)
	httpx.HandlePage(r, "GET "+Home+"/sessions", needSessions, s.getSessions)
	httpx.HandlePage(r, "GET "+Home+"/sessions/{id}/end", needSessions, s.getEndSession)
	httpx.HandlePage(r, "POST "+Home+"/sessions/{id}/end", needSessions, s.postEndSession)
}
