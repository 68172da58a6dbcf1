// Package boundtest gives other packages' tests an instance in which seals are
// issued together with certificates, and people for each part.
package boundtest

import (
	"context"
	"testing"

	"sidian/internal/bound"
	"sidian/internal/cert"
	"sidian/internal/cert/certtest"
	"sidian/internal/db"
	"sidian/internal/iam"
	"sidian/internal/issuing"
	"sidian/internal/issuing/issuingtest"
	"sidian/internal/outbox"
	"sidian/internal/pki/pkitest"
	"sidian/internal/seal/sealtest"
	"sidian/internal/sealapply"
	"sidian/internal/sealapply/sealapplytest"
)

// Licence offers the enterprise's seal. Card is a kind of persons that is made to
// offer theirs (see CardRule).
const (
	Licence = "business_license"
	Card    = "physician"
)

// Authority reviews, makes and files seals.
const Authority = "sealauthority"

// The agent of the enterprise, as the clerk saw them.
const (
	AgentName    = "王样例"
	AgentCitizen = "999999198504120116"
)

// A World is an instance, with people as contexts in which they act.
type World struct {
	*issuingtest.World
	Apply *sealapply.Service
	Bound *bound.Service

	Agent    context.Context // acts for the enterprise; a verified holder
	Stranger context.Context // another
	Reviewer context.Context // of seals, at Authority
	Maker    context.Context // makes and files there
	Designer context.Context // of the market
}

// New makes an instance in d that issues Licence, and other kinds if named.
func New(t testing.TB, d *db.DB, kinds ...string) *World {
	t.Helper()
	w := &World{World: issuingtest.New(t, d, append([]string{Licence}, kinds...)...)}
	w.Bound = &bound.Service{DB: d, IAM: w.IAM, Catalogue: w.Catalogue, Cert: w.Cert, Issuing: w.Issuing, Seals: w.Seal, Notices: w.Notice}
	must(t, w.Bound.Unlock(t.Context(), w.Keys))
	o := outbox.New(w.Bound.Consumers()...)
	w.Outbox, w.Cert.Outbox, w.Seal.Outbox = o, o, o
	var err error
	w.Apply, err = sealapply.New(t.Context(), sealapply.Parts{DB: d, Keys: w.Keys, IAM: w.IAM, Blobs: w.Blob, Seals: w.Seal, PKI: w.PKI, Notices: w.Notice, Due: w.Due, Outbox: o})
	must(t, err)
	w.Bound.Apply, w.Apply.Basis = w.Apply, w.Bound.Basis
	_, err = w.IAM.CreateOrg(w.System, iam.OrgRequest{ID: Authority, Parent: pkitest.Root, Name: "青禾县行政审批服务管理局", Region: "999999", Tier: "county", Type: "authority"})
	must(t, err)
	w.Reviewer, w.Maker = w.Hire(t, "sealreviewer", "sealadmin", Authority), w.Hire(t, "sealmaker", "sealadmin", Authority)
	w.Designer = w.Hire(t, "designer", "designer", sealtest.Market)
	w.Agent = w.Person(t, "agent", AgentName, AgentCitizen)
	w.Stranger = w.Person(t, "passerby", "李样例", "999999198001010011")
	return w
}

// Person is a citizen whose identity is verified.
func (w *World) Person(t testing.TB, username, name, citizen string) context.Context {
	t.Helper()
	ctx := w.Holder(t, username, name, citizen)
	w.Know(sealtest.Account(ctx), name, 2)
	return ctx
}

// Drain delivers what happened to who opens offers and follows.
func (w *World) Drain(t testing.TB) {
	t.Helper()
	for range 3 { // what follows from following
		for _, c := range w.Bound.Consumers() {
			_, err := outbox.Drain(context.Background(), w.DB, c, 100)
			must(t, err)
		}
	}
}

// Licensed is a licence that the market issued, and its holder.
func (w *World) Licensed(t testing.TB) *cert.Certificate {
	t.Helper()
	return w.Issue(t, Licence)
}

// Drafted is a draft of a licence, with the wish for the seal.
func (w *World) Drafted(t testing.TB) *issuing.Draft {
	t.Helper()
	d, err := w.Issuing.Create(w.Collector, issuing.CreateRequest{Kind: Licence, Unit: sealtest.Market, Content: issuingtest.Content(t, Licence)})
	must(t, err)
	return d
}

// Finish takes a draft to its certificate.
func (w *World) Finish(t testing.TB, d *issuing.Draft) *issuing.Draft {
	t.Helper()
	d, err := w.Issuing.Submit(w.Collector, issuingtest.Decide(d))
	must(t, err)
	d, err = w.Issuing.Pass(w.World.Reviewer, issuingtest.Decide(d))
	must(t, err)
	d, err = w.Issuing.Issue(w.Sealer, issuingtest.Decide(d))
	must(t, err)
	return d
}

// Offered is the offer of a licence whose enterprise is registered, has a keeper
// (boss) and an agent.
func (w *World) Offered(t testing.TB) (o *bound.Offer, boss context.Context) {
	t.Helper()
	w.Licensed(t)
	w.Drain(t)
	list, err := w.Bound.List(w.Collector, bound.Query{State: bound.Open})
	must(t, err)
	if len(list.Items) != 1 {
		t.Fatalf("%d offers", len(list.Items))
	}
	o, err = w.Bound.Register(w.System, list.Items[0].ID)
	must(t, err)
	boss = w.Hire(t, "boss", "custodian", o.Org)
	o, err = w.Bound.NameAgent(w.Collector, bound.AgentRequest{ID: o.ID, Name: AgentName, Citizen: AgentCitizen})
	must(t, err)
	return o, boss
}

// Take takes an offer with all that it needs, and leaves the application a draft.
func (w *World) Take(t testing.TB, by context.Context, o *bound.Offer) *bound.Offer {
	t.Helper()
	q := bound.TakeRequest{ID: o.ID, Fields: map[string]string{"handler_phone": "13800138000"}}
	if o.Sort == bound.Personal {
		q.Authority = Authority
	}
	o, err := w.Bound.Take(by, q)
	must(t, err)
	return o
}

// Submit completes the application of an offer and submits it.
func (w *World) Submit(t testing.TB, by context.Context, o *bound.Offer) {
	t.Helper()
	a, err := w.Apply.Get(by, o.Application)
	must(t, err)
	_, _, files, err := w.Apply.FormFor(by, a.Org, a.Kind, a.SealKind)
	must(t, err)
	for _, f := range files {
		if f.Required {
			_, err = w.Apply.Attach(by, a.ID, sealapply.Upload{Code: f.Code, Name: f.Label + ".pdf", Data: sealapplytest.PDF(f.Code)})
			must(t, err)
		}
	}
	a, err = w.Apply.SetImprint(by, a.ID, sealapplytest.Imprint(t, "样例印模"), 42, 42)
	must(t, err)
	forms, err := w.Apply.Forms(by)
	must(t, err)
	for _, f := range forms {
		if f.Region == a.FormRegion && f.Version.String() == a.FormDate {
			_, err = w.Apply.Declare(by, a.ID, f.Statement.Version, a.Imprint.Digest)
			must(t, err)
		}
	}
	_, err = w.Apply.Submit(by, a.ID)
	must(t, err)
}

// Pass reviews an application that was submitted.
func (w *World) Pass(t testing.TB, o *bound.Offer) {
	t.Helper()
	_, err := w.Apply.Review(w.Reviewer, o.Application, sealapply.ReviewRequest{Tier: "county", Approve: true, Opinion: "同意"})
	must(t, err)
}

// Filed makes and files the seal of an application that was passed.
func (w *World) Filed(t testing.TB, o *bound.Offer) {
	t.Helper()
	_, err := w.Apply.Make(w.Maker, o.Application)
	must(t, err)
	_, err = w.Apply.File(w.Maker, o.Application, sealapply.FileRequest{})
	must(t, err)
	w.Drain(t)
}

// CardRule makes Card offer the person's seal, as a designer does.
func (w *World) CardRule(t testing.TB) {
	t.Helper()
	_, err := w.Bound.PutRule(w.Designer, bound.RuleRequest{Kind: Card, Org: sealtest.Market, Sort: bound.Personal, Days: 30, Basis: "测试", Reason: "试点同步发放"})
	must(t, err)
}

// CardHolder is who holds the example of Card.
func (w *World) CardHolder(t testing.TB) context.Context {
	t.Helper()
	h := certtest.Example(t, Card).Holders[0]
	return w.Person(t, "cardholder", h.Name, h.ID)
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
