package admin

import (
	"net/http"
	"path"
	"strings"
	"testing"
	"time"

	"sidian/internal/auth"
	"sidian/internal/auth/authtest"
	"sidian/internal/db"
	"sidian/internal/due"
	"sidian/internal/iam"
	"sidian/internal/web/page/pagetest"
)

// site is the pages over a county.
type site struct {
	*authtest.County
	*pagetest.Site
	t *testing.T
}

func newSite(t *testing.T, d *db.DB) *site {
	t.Helper()
	c, kit := authtest.NewWith(t, d, auth.Options{}), pagetest.Kit(t)
	c.Due = &due.Service{DB: d, Outbox: c.Outbox}
	s := &Service{IAM: c.Service, Auth: c.Auth, Kit: kit, BaseURL: "https://zz.example"}
	return &site{County: c, Site: pagetest.Serve(t, kit, c.County, s), t: t}
}

// idOf is the last part of the path of the address that an answer leads to,
// which begins so.
func idOf(a pagetest.Answer, prefix string) string {
	to, _, _ := strings.Cut(a.LeadsLike(prefix+".*"), "?")
	return path.Base(to)
}

// open runs as somebody's first page after it was done.
func (s *site) open(who string, a pagetest.Answer, words ...string) pagetest.Answer {
	s.t.Helper()
	return s.Get(who, a.Is(http.StatusSeeOther).To()).Is(http.StatusOK, words...)
}

func (s *site) id(who string) string { return s.People[who].ID }

// proposed drafts a grant and returns its id.
func (s *site) proposed(username, role, unit string) string {
	s.t.Helper()
	g, err := s.ProposeGrant(s.Ctx(s.t, "system"), iam.GrantRequest{Account: s.id(username), Role: role, Org: unit, Reason: "业务需要"})
	if err != nil {
		s.t.Fatal(err)
	}
	return g.ID
}

// idle opens an account without a role.
func (s *site) idle(username, name, org string) iam.Account {
	s.t.Helper()
	a, err := s.CreateAccount(s.Ctx(s.t, "system"), iam.AccountRequest{Username: username, Kind: iam.Staff, Name: name, Org: org, Phone: "13900139000"})
	if err != nil {
		s.t.Fatal(err)
	}
	s.People[username] = a
	return a
}

func day(days int) string { return time.Now().AddDate(0, 0, days).Format("2006-01-02") }
