// Package feedback has the pages of what officers tell of certificates (执法反馈): an
// officer says on the phone what was decided and follows what becomes of it; the unit
// that issued confirms, and the state of the certificate is that; and who oversees
// sees how long it took.
//
// What may be done is decided by package feedback of the domain.
package feedback

import (
	"embed"
	"time"

	"sidian/internal/feedback"
	"sidian/internal/httpx"
	"sidian/internal/iam"
	"sidian/internal/web/page"
)

//go:embed pages/*.html
var pages embed.FS

// A Service serves the pages. It is safe for concurrent use.
type Service struct {
	Kit      *page.Kit
	Feedback *feedback.Service

	set *page.Set
}

// Addresses.
const (
	Home   = "/console/feedback"
	New    = Home + "/new"
	Report = Home + "/report"
)

// The needs of the pages.
var (
	needTell   = iam.Needs("inspect.record")
	needDecide = iam.Needs("cert.status")
	needSee    = iam.Needs("inspect.record", "cert.status", "cert.read")
	needReport = iam.Needs("supervise.read", "cert.status")
)

const slow = 2 * time.Minute

// Load parses the templates and puts the pages into the navigation. It must be
// called once, before Routes.
func (s *Service) Load() (err error) {
	s.Kit.Add(
		page.Item{Key: "feedback", Label: "执法反馈", Href: Home, Group: page.Certificates, Order: 60, For: needSee},
		page.Item{Key: "feedback-report", Label: "执法反馈统计", Href: Report, Group: page.Certificates, Order: 61, For: needReport},
	)
	s.set, err = s.Kit.Load(pages)
	return err
}

// Routes mounts the pages.
func (s *Service) Routes(r *httpx.Router) {
	httpx.HandlePage(r, "GET "+Home, needSee, s.getList)
	httpx.HandlePage(r, "GET "+New, needTell, s.getNew)
	httpx.HandlePage(r, "POST "+New, needTell, s.postNew, httpx.MaxBody(feedback.MaxDocument+1<<20), httpx.Timeout(slow), httpx.Costly())
	httpx.HandlePage(r, "GET "+Home+"/{id}", needSee, s.getShow)
	httpx.HandlePage(r, "GET "+Home+"/{id}/document", needSee, s.getDocument)
	httpx.HandlePage(r, "POST "+Home+"/{id}/decision", needDecide, s.postDecision)
	httpx.HandlePage(r, "POST "+Home+"/{id}/withdraw", needTell, s.postWithdraw)
	httpx.HandlePage(r, "GET "+Report, needReport, s.getReport)
}
