// Package records is the pages about what was done and what is to be done: the
// search of audit entries, the time line of an object, the look-back from a
// record to persons and from a person to records, exports, alarms, what is due,
// and the values of deadlines.
//
// Nothing here changes what it shows. Whoever reads the audit is audited
// themselves, by the services below.
package records

import (
	"context"
	"embed"

	"sidian/internal/auditor"
	"sidian/internal/cert"
	"sidian/internal/httpx"
	"sidian/internal/iam"
	"sidian/internal/todo"
	"sidian/internal/web/page"
)

//go:embed pages/*.html
var pages embed.FS

// A Service serves the pages. It is safe for concurrent use.
type Service struct {
	Kit     *page.Kit
	Auditor *auditor.Service
	Todo    *todo.Service
	IAM     *iam.Service
	Cert    *cert.Service
	// Account finds the id of the account of a username, or "". Usernames gives
	// the usernames of accounts, by id. Both are asked for who audits alone.
	Account   func(ctx context.Context, username string) (string, error)
	Usernames func(ctx context.Context, accounts []string) (map[string]string, error)

	set   *page.Set
	words *vocabulary
	chain inspection
}

// Load reads the words, parses the templates and puts the pages into the
// navigation. It must be called once, before Routes.
func (s *Service) Load() (err error) {
	if s.words, err = readWords(wordList); err != nil {
		return err
	}
	s.Kit.Add(
		page.Item{Key: "due", Label: "待办", Href: "/console/due", Order: 10, For: httpx.SignedIn()},
		page.Item{Key: "audit", Label: "审计", Href: "/console/audit", Order: 30, For: httpx.Needs(auditor.Read)},
		page.Item{Key: "alarms", Label: "告警", Href: "/console/alarms", Order: 31, For: httpx.Needs(auditor.Review)},
	)
	s.set, err = s.Kit.Load(pages)
	return err
}

// Routes mounts the pages.
func (s *Service) Routes(r *httpx.Router) {
	read, take, alarm := httpx.Needs(auditor.Read), httpx.Needs(auditor.Take), httpx.Needs(auditor.Review)
	httpx.HandlePage(r, "GET /console/audit", read, s.getSearch)
	httpx.HandlePage(r, "POST /console/audit", read, s.postSearch)
	httpx.HandlePage(r, "POST /console/audit/check", read, s.postCheck, httpx.Costly())
	httpx.HandlePage(r, "GET /console/audit/entries/{id}", read, s.getEntry)
	httpx.HandlePage(r, "GET /console/audit/objects", read, s.getObject)
	httpx.HandlePage(r, "GET /console/audit/lookback", read, s.getLookBack)
	httpx.HandlePage(r, "POST /console/audit/find", read, s.postFind)
	httpx.HandlePage(r, "GET /console/audit/people/{account}", read, s.getPerson)
	httpx.HandlePage(r, "GET /console/audit/exports", take, s.getExport)
	httpx.HandlePage(r, "POST /console/audit/exports", take, s.postExport, httpx.Timeout(exporting))
	httpx.HandlePage(r, "GET /console/alarms", alarm, s.getAlarms)
	httpx.HandlePage(r, "POST /console/alarms/{id}/acknowledge", alarm, s.postAcknowledge)

	signedIn, manage := httpx.SignedIn(), httpx.Needs(todo.Manage)
	httpx.HandlePage(r, "GET /console/due", signedIn, s.getDue)
	httpx.HandlePage(r, "GET /console/due/history", httpx.Needs(todo.Read), s.getHistory)
	httpx.HandlePage(r, "GET /console/due/rules", signedIn, s.getRules)
	httpx.HandlePage(r, "GET /console/due/rules/new", manage, s.getNewRule)
	httpx.HandlePage(r, "POST /console/due/rules", manage, s.postRule)
	httpx.HandlePage(r, "GET /console/due/rules/{id}", manage, s.getRule)
	httpx.HandlePage(r, "POST /console/due/rules/{id}/end", manage, s.postEndRule)
}
