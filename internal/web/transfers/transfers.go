// Package transfers has the pages of handing the authority to issue over (证照颁发部门
// 调整, ISS-15): a unit that issues a kind, or who manages its catalogue, proposes
// which unit takes it over and from which day; the unit above both agrees or refuses;
// who proposed may take it back until then.
//
// What may be done is decided by package cert of the domain.
package transfers

import (
	"net/http"

	"sidian/internal/catalogue"
	"sidian/internal/cert"
	"sidian/internal/httpx"
	"sidian/internal/iam"
	"sidian/internal/web/page"
)

// A Service serves the pages. It is safe for concurrent use.
type Service struct {
	Kit       *page.Kit
	IAM       *iam.Service
	Catalogue *catalogue.Service
	Cert      *cert.Service
}

// Addresses.
const (
	Home = "/console/transfers"
	New  = Home + "/new"
)

const (
	permIssue = "cert.issue"
	permAgree = "catalogue.agree"
)

// The needs of the pages, which are those of the interface.
var (
	needEither = iam.Needs(permIssue, permAgree)
	needAgree  = iam.Needs(permAgree)
)

// Load puts the pages into the navigation. It must be called once, before Routes.
func (s *Service) Load() error {
	s.Kit.Add(page.Item{Key: "transfers", Label: "颁证职责移交", Href: Home, Group: page.Catalogue, Order: 50, For: needEither})
	return nil
}

// Routes mounts the pages.
func (s *Service) Routes(r *httpx.Router) {
	httpx.HandlePage(r, "GET "+Home, needEither, s.getList)
	httpx.HandlePage(r, "GET "+New, needEither, s.getNew)
	httpx.HandlePage(r, "POST "+New, needEither, s.postNew)
	httpx.HandlePage(r, "GET "+Home+"/{id}", needEither, s.getOne)
	httpx.HandlePage(r, "POST "+Home+"/{id}/decision", needAgree, s.postDecision)
	httpx.HandlePage(r, "POST "+Home+"/{id}/withdrawal", needEither, s.postWithdrawal)
}

func at(id string, parts ...string) string {
	return page.At(Home, append([]string{id}, parts...)...)
}

// done are what was done, as the page that follows says it.
var done = map[string]page.Notice{
	"propose":  {Class: page.Good, Title: "移交已提出", Text: "管理单位同意以后，到移交之日才改由承接单位办理。"},
	"agree":    {Class: page.Good, Title: "已同意移交", Text: "到移交之日自动改由承接单位办理，不需要再操作。"},
	"refuse":   {Class: page.Good, Title: "已记录：不同意移交", Text: "仍由原单位办理；情况变化的，由移交单位重新提出。"},
	"withdraw": {Class: page.Good, Title: "已撤回", Text: "仍由原单位办理；需要时重新提出。"},
}

func (s *Service) sheet(r *http.Request, heading, lead, width string) *page.Sheet {
	return s.Kit.Sheet(r, "transfers", heading, lead, width).Said(r, done)
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

// today is the date by the calendar of the certificates' place.
func (s *Service) today() string { return page.Day(s.Cert.DB.Now()) }
