// Package notices has the page on which anybody who is signed in reads what the
// platform tells them (消息): what is not read first, each with the way to what it
// is about. To go there marks it as read.
//
// The frame of every page leads here and says how many wait. Beside it is the report
// of what certificates were reminded of before their end, for who issues them.
package notices

import (
	"embed"
	"net/http"

	"sidian/internal/catalogue"
	"sidian/internal/httpx"
	"sidian/internal/iam"
	"sidian/internal/notice"
	"sidian/internal/remind"
	"sidian/internal/web/page"
)

//go:embed pages/*.html
var pages embed.FS

// A Service serves the pages. It is safe for concurrent use.
type Service struct {
	Kit     *page.Kit
	Notices *notice.Service
	IAM     *iam.Service

	Remind    *remind.Service
	Catalogue *catalogue.Service // what kinds are called

	set *page.Set
}

// Home is where people read what they were told.
const Home = "/console/notices"

// Load parses the templates and puts the way here into the frame. It must be
// called once, before Routes.
func (s *Service) Load() (err error) {
	s.Kit.Inbox, s.Kit.Badge = Home, s.badge
	s.Kit.Add(page.Item{Key: "reminders", Label: "到期提醒", Href: Reminders, Group: page.Certificates, Order: 40, For: needReminders})
	s.set, err = s.Kit.Load(pages)
	return err
}

// Routes mounts the pages.
func (s *Service) Routes(r *httpx.Router) {
	in := httpx.SignedIn()
	httpx.HandlePage(r, "GET "+Home, in, s.getHome)
	httpx.HandlePage(r, "POST "+Home+"/read", in, s.postReadAll)
	httpx.HandlePage(r, "POST "+Home+"/{id}/read", in, s.postRead)
	httpx.HandlePage(r, "GET "+Reminders, needReminders, s.getReminders)
}

// badge counts for the frame. A page is not lost because its frame could not
// tell a number.
func (s *Service) badge(r *http.Request) int {
	n, err := s.Notices.Unread(r.Context())
	if err != nil {
		return 0
	}
	return n
}
