package seals

import (
	"context"
	"testing"
	"time"

	"sidian/internal/db"
	"sidian/internal/pki/pkitest"
	"sidian/internal/seal/sealtest"
	"sidian/internal/web/page/pagetest"
)

var must = pagetest.Must

// site is the pages over a county with seals.
type site struct {
	*sealtest.World
	*pagetest.Site
	t      *testing.T
	pages  *Service
	people map[string]context.Context
}

func newSite(t *testing.T, d *db.DB) *site {
	t.Helper()
	w, kit := sealtest.New(t, d), pagetest.Kit(t)
	out := &site{World: w, t: t, people: map[string]context.Context{
		"keeper": w.Keeper, "admin": w.Admin, "clerk": w.Clerk, "system": w.System, "security": w.Security,
		"next": w.Hire(t, "next", "custodian", sealtest.Market), "land": w.Hire(t, "land", "custodian", sealtest.Land), "designer": w.Hire(t, "designer", "designer", sealtest.Market),
	}}
	out.pages = &Service{Kit: kit, Seal: w.Seal, PKI: w.PKI, IAM: w.IAM}
	out.Site = pagetest.Serve(t, kit, pagetest.People{Service: w.IAM, By: out.people}, out.pages)
	return out
}

func (s *site) id(who string) string { return sealtest.Account(s.people[who]) }

// upload sends a file as the form for answers does.
func (s *site) upload(who, path string, file []byte) pagetest.Answer {
	s.t.Helper()
	return s.Upload(who, path, nil, pagetest.Chosen("file", "answer.pem", file))
}

func day(years int) string { return time.Now().AddDate(years, 0, 0).Format(time.DateOnly) }

const root = pkitest.Root
