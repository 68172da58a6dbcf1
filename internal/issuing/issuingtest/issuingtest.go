// Package issuingtest gives other packages' tests an instance with people for
// each part that is played in issuing.
package issuingtest

import (
	"context"
	"testing"

	"sidian/internal/cert"
	"sidian/internal/cert/certtest"
	"sidian/internal/db"
	"sidian/internal/due"
	"sidian/internal/iam"
	"sidian/internal/issuing"
	"sidian/internal/pki/pkitest"
	"sidian/internal/seal"
	"sidian/internal/seal/sealtest"
)

// Kind is what is issued, of a legal person; Personal is a kind for persons.
const (
	Kind     = "road_transport"
	Personal = "physician"
)

// A World is an instance, with people as contexts in which they act.
type World struct {
	*certtest.World
	Due     *due.Service
	Issuing *issuing.Service

	Collector, Second context.Context // clerks of the market
	Reviewer, Sealer  context.Context // of the market
	Whole             context.Context // holds all three roles for the market
	Stranger          context.Context // holds all three roles for the land authority
	Overseer          context.Context // supervisor of the county
}

// New makes an instance in d.
func New(t testing.TB, d *db.DB, kinds ...string) *World { return In(t, d, t.TempDir(), kinds...) }

// In is New with its files in dir, where Open finds them.
func In(t testing.TB, d *db.DB, dir string, kinds ...string) *World {
	t.Helper()
	if len(kinds) == 0 {
		kinds = []string{Kind}
	}
	c := certtest.In(t, d, dir, kinds...)
	for _, x := range c.Seals {
		_, err := c.Seal.Grant(c.Keeper, seal.Policy{Seal: x.ID, Purpose: seal.Any, Until: d.Now().AddDate(3, 0, 0), Reason: "本平台工作人员签发"})
		must(t, err)
	}
	w, err := wire(t.Context(), c)
	must(t, err)
	w.Collector, w.Second = w.Hire(t, "collector", "clerk", sealtest.Market), w.Hire(t, "second", "clerk", sealtest.Market)
	w.Reviewer, w.Sealer = w.Hire(t, "reviewer", "reviewer", sealtest.Market), w.Hire(t, "sealer", "issuer", sealtest.Market)
	w.Whole = w.all(t, "whole", sealtest.Market)
	w.Stranger = w.all(t, "stranger", sealtest.Land)
	w.Overseer = w.Hire(t, "overseer", "supervisor", pkitest.Root)
	return w
}

func (w *World) all(t testing.TB, name, org string) context.Context {
	t.Helper()
	return w.Grant(t, w.Grant(t, w.Hire(t, name, "clerk", org), "reviewer", org), "issuer", org)
}

// Open opens what In made in d and dir, as another process would.
func Open(ctx context.Context, d *db.DB, dir, client string) (*World, error) {
	c, err := certtest.Open(ctx, d, dir, client)
	if err != nil {
		return nil, err
	}
	return wire(ctx, c)
}

func wire(ctx context.Context, c *certtest.World) (w *World, err error) {
	w = &World{World: c, Due: &due.Service{DB: c.DB, Outbox: c.Outbox}}
	w.Issuing, err = issuing.New(ctx, issuing.Parts{DB: c.DB, Keys: c.Keys, IAM: c.IAM, Catalogue: c.Catalogue, Cert: c.Cert, Notices: c.Notice, Due: w.Due})
	return w, err
}

// Content is the example of a kind, as it is collected.
func Content(t testing.TB, kind string) issuing.Content {
	t.Helper()
	return contentOf(certtest.Example(t, kind))
}

func contentOf(r cert.IssueRequest) issuing.Content {
	return issuing.Content{Holders: r.Holders, Fields: r.Fields, ValidFrom: r.ValidFrom, ValidTo: r.ValidTo}
}

// Draft is a complete draft of the market's, begun by the collector.
func (w *World) Draft(t testing.TB) *issuing.Draft {
	t.Helper()
	d, err := w.Issuing.Create(w.Collector, issuing.CreateRequest{Kind: Kind, Unit: sealtest.Market, Content: Content(t, Kind), CaseNo: "BJ-1"})
	must(t, err)
	return d
}

// Submitted is a draft that was submitted.
func (w *World) Submitted(t testing.TB) *issuing.Draft {
	t.Helper()
	d := w.Draft(t)
	d, err := w.Issuing.Submit(w.Collector, Decide(d))
	must(t, err)
	return d
}

// Passed is a draft that passed review.
func (w *World) Passed(t testing.TB) *issuing.Draft {
	t.Helper()
	d := w.Submitted(t)
	d, err := w.Issuing.Pass(w.Reviewer, Decide(d))
	must(t, err)
	return d
}

// Decide is a decision about a draft as it was seen.
func Decide(d *issuing.Draft) issuing.Decision {
	return issuing.Decision{ID: d.ID, Version: d.Version}
}

// Holder is a citizen whose identity is verified.
func (w *World) Holder(t testing.TB, username, name, citizen string) context.Context {
	t.Helper()
	h, err := w.IAM.CreateAccount(w.System, iam.AccountRequest{Username: username, Kind: iam.Holder, Name: name, Citizen: citizen})
	must(t, err)
	p, err := w.IAM.Principal(context.Background(), h.ID, iam.Proof{Level: 2})
	must(t, err)
	return iam.With(context.Background(), p)
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
