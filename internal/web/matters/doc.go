// Package matters has the pages of cases (办件): who works at a unit's counter opens a
// case for an applicant, sees what it must end with, names the certificate that was
// issued for it, and closes it. A case whose item ends in a certificate does not close
// without it (ISS-05).
//
// What may be done is decided by package matter of the domain. An applicant is typed
// once, and from then on shown masked.
package matters

import (
	"net/http"

	"sidian/internal/cert"
	"sidian/internal/httpx"
	"sidian/internal/iam"
	"sidian/internal/item"
	"sidian/internal/matter"
	"sidian/internal/web/page"
)

// A Service serves the pages. It is safe for concurrent use.
type Service struct {
	Kit     *page.Kit
	IAM     *iam.Service
	Items   *item.Service
	Cert    *cert.Service
	Matters *matter.Service
}

// Addresses.
const (
	Home = "/console/matters"
	New  = "/console/new-matter"
)

// The needs of the pages.
var (
	needSee    = iam.Needs("matter.manage", "matter.read")
	needManage = iam.Needs("matter.manage")
)

// Load puts the pages into the navigation. It must be called once, before Routes.
func (s *Service) Load() error {
	s.Kit.Add(page.Item{Key: "matters", Label: "办件", Href: Home, Order: 13, For: needSee})
	return nil
}

// Routes mounts the pages.
func (s *Service) Routes(r *httpx.Router) {
	httpx.HandlePage(r, "GET "+Home, needSee, s.getList)
	httpx.HandlePage(r, "GET "+New, needManage, s.getNew)
	httpx.HandlePage(r, "POST "+New, needManage, s.postNew)
	httpx.HandlePage(r, "GET "+Home+"/{id}", needSee, s.getOne)
	httpx.HandlePage(r, "POST "+Home+"/{id}/attach", needManage, s.postAttach)
	httpx.HandlePage(r, "POST "+Home+"/{id}/close", needManage, s.postClose)
	httpx.HandlePage(r, "POST "+Home+"/{id}/end", needManage, s.postEnd)
}

func at(id string, parts ...string) string {
	return page.At(Home, append([]string{id}, parts...)...)
}

// done are what was done, as the page that follows says it.
var done = map[string]page.Notice{
	"open":   {Class: page.Good, Title: "已受理", Text: "结果证照以本办件编号签发后自动关联。"},
	"there":  {Class: page.Plain, Title: "这一编号已经受理过，内容相同", Text: "没有重复建立。"},
	"attach": {Class: page.Good, Title: "已关联证照"},
	"close":  {Class: page.Good, Title: "已办结", Text: "订阅了办件事件的应用会收到推送。"},
	"end":    {Class: page.Good, Title: "已办结，不出证", Text: "订阅了办件事件的应用会收到推送。"},
}

func (s *Service) sheet(r *http.Request, heading, lead, width string) *page.Sheet {
	return s.Kit.Sheet(r, "matters", heading, lead, width).Said(r, done)
}

// again shows a page again with what was wrong; what is not the page's to show is
// returned.
func (s *Service) again(w http.ResponseWriter, r *http.Request, err error, make func(*http.Request) (*page.Sheet, error)) error {
	if page.StatusOf(err) == 0 {
		return err
	}
	p, e := make(r)
	if e != nil {
		return e
	}
	return s.Kit.ShowAgain(w, p, err)
}
