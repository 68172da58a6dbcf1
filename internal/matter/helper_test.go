package matter_test

import (
	"context"
	"strings"
	"testing"

	"sidian/internal/catalogue"
	"sidian/internal/cert"
	"sidian/internal/cert/certtest"
	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/item"
	"sidian/internal/matter"
	"sidian/internal/outbox"
	"sidian/internal/seal/sealtest"
)

const (
	transport = "road_transport"
	license   = "business_license"
	itemCode  = "TRANSPORT-1"
	plainItem = "PLAIN-1"
)

// A world is an instance whose market authority has an item that makes a
// certificate, and one that makes none.
type world struct {
	*certtest.World
	matters *matter.Service
	items   *item.Service
	out     *outbox.Outbox

	clerk, reader, stranger context.Context
	designer                context.Context
}

func newWorld(t testing.TB, d *db.DB) *world {
	t.Helper()
	w := &world{World: certtest.New(t, d, transport, license)}
	w.items = &item.Service{DB: d, IAM: w.IAM, Catalogue: w.Catalogue, Notices: w.Notice}
	w.matters = &matter.Service{DB: d, Catalogue: w.Catalogue, Items: w.items, Cert: w.Cert}
	must(t, w.matters.Unlock(t.Context(), w.Keys))
	w.out = outbox.New(w.matters.Consumer())
	w.matters.Outbox, w.Cert.Outbox = w.out, w.out
	w.clerk, w.reader = w.Hire(t, "clerk9", "clerk", sealtest.Market), w.Hire(t, "reader9", "reviewer", sealtest.Market)
	w.stranger, w.designer = w.Hire(t, "stranger9", "clerk", sealtest.Land), w.Hire(t, "designer9", "designer", sealtest.Market)
	for _, code := range []string{itemCode, plainItem} {
		_, err := w.items.Create(w.designer, sealtest.Market, code, item.Content{Name: "道路运输经营许可", Type: "01", Tier: "4", Starts: "2026-01-01", Materials: []item.Material{{Name: "工商登记材料"}}})
		must(t, err)
	}
	w.bind(t, item.Bound{Role: item.Result, Kind: transport, Reason: "目录"})
	w.bind(t, item.Bound{Role: item.Input, Kind: license, Material: "工商登记材料", Exempt: true, Reason: "免提交清单"})
	return w
}

func (w *world) bind(t testing.TB, b item.Bound) {
	t.Helper()
	_, err := w.items.Bind(w.designer, itemCode, b)
	must(t, err)
}

// applicant is who the example of the kind is about.
func applicant(t testing.TB) catalogue.Holder { return certtest.Example(t, transport).Holders[0] }

func opening(t testing.TB, caseNo string) matter.OpenRequest {
	return matter.OpenRequest{Unit: sealtest.Market, CaseNo: caseNo, Item: itemCode, Applicant: applicant(t), Materials: []matter.Demand{{Name: "经营许可申请表"}}}
}

func (w *world) open(t testing.TB, caseNo string) *matter.Matter {
	t.Helper()
	m, err := w.matters.Open(w.clerk, opening(t, caseNo))
	must(t, err)
	return m
}

// issue issues the example under a case number.
func (w *world) issue(t testing.TB, caseNo string, change func(*cert.IssueRequest)) *cert.Certificate {
	t.Helper()
	q := certtest.Example(t, transport)
	q.CaseNo = caseNo
	if change != nil {
		change(&q)
	}
	c, err := w.Cert.Issue(w.Client, q)
	must(t, err)
	return c
}

// deliver runs the consumers until nothing waits.
func (w *world) deliver(t testing.TB) {
	t.Helper()
	r, err := outbox.NewRunner(t.Context(), w.DB, w.out, func(_ string, err error) { t.Errorf("delivering: %v", err) })
	must(t, err)
	for waits := int64(1); waits > 0 && !t.Failed() && t.Context().Err() == nil; {
		r.Wake()
		must(t, w.DB.Read(t.Context(), func(tx *db.Tx) error {
			return tx.Get(`select count(*) from outbox_delivery where consumer = 'matter' and done_at is null`, nil, &waits)
		}))
	}
	must(t, r.Close())
}

// events counts the events of a topic.
func (w *world) events(t testing.TB, topic string) (n int64) {
	t.Helper()
	must(t, w.DB.Read(t.Context(), func(tx *db.Tx) error {
		return tx.Get(`select count(*) from outbox_event where topic = $1`, []any{topic}, &n)
	}))
	return n
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		if f := fault.As(err); f != nil {
			t.Fatalf("%v %s %+v", err, f.Code, f.Fields)
		}
		t.Fatal(err)
	}
}

// wantCode wants a refusal with a code that says the rule and the way out.
func wantCode(t testing.TB, err error, code string) *fault.Error {
	t.Helper()
	e := fault.As(err)
	if e == nil || e.Code != code {
		t.Fatalf("got %v, want a refusal with code %s", err, code)
	}
	if !strings.ContainsFunc(e.Msg, func(r rune) bool { return r >= 0x4e00 }) || e.Hint == "" {
		t.Fatalf("the refusal %q does not say the rule and the way out: %q", e.Msg, e.Hint)
	}
	return e
}
