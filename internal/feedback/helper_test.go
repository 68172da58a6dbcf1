package feedback_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"sidian/internal/audit"
	"sidian/internal/cert"
	"sidian/internal/cert/certtest"
	"sidian/internal/cert/state"
	"sidian/internal/db"
	"sidian/internal/due"
	"sidian/internal/fault"
	"sidian/internal/feedback"
	"sidian/internal/pki/pkitest"
	"sidian/internal/seal/sealtest"
)

const kind = "road_transport"

// What an officer writes; none of it may stand where it is not encrypted, but for
// the basis of the act.
const (
	basis  = "《道路运输条例》第六十三条"
	paper  = "青交执决〔2026〕17号"
	note   = "检查时发现擅自改装营运车辆"
	answer = "经核对文书不是对该证照作出的"
)

// A world is an instance whose market authority issues, and in whose land authority
// an officer works.
type world struct {
	*certtest.World
	*feedback.Service
	t   *testing.T
	now time.Time

	officer, second  context.Context // of the land authority
	issuer, stranger context.Context // of the market; of the land
	clerk, overseer  context.Context
}

func newWorld(t *testing.T, d *db.DB) *world {
	t.Helper()
	w := &world{t: t, now: time.Date(2026, 11, 20, 4, 0, 0, 0, time.UTC)}
	d.Now = func() time.Time { return w.now }
	w.World = certtest.New(t, d, kind)
	w.officer, w.second = w.Hire(t, "officer", "officer", sealtest.Land), w.Hire(t, "second", "officer", sealtest.Market)
	w.issuer, w.stranger = w.Hire(t, "signer", "issuer", sealtest.Market), w.Hire(t, "other", "issuer", sealtest.Land)
	w.clerk, w.overseer = w.Hire(t, "filer", "clerk", sealtest.Market), w.Hire(t, "overseer", "supervisor", pkitest.Root)
	w.Service = w.service()
	return w
}

// service is what another process would have.
func (w *world) service() *feedback.Service {
	w.t.Helper()
	s, err := feedback.New(w.t.Context(), feedback.Parts{
		DB: w.World.DB, Keys: w.World.Keys, IAM: w.World.IAM, Cert: w.World.Cert, Blobs: w.Blob, Notices: w.Notice, Due: &due.Service{DB: w.World.DB, Outbox: w.World.Outbox}, Outbox: w.World.Outbox,
	})
	must(w.t, err)
	return s
}

func filing(c *cert.Certificate, change ...func(*feedback.Filing)) feedback.Filing {
	f := feedback.Filing{Certificate: c.VerifyURL, Action: "suspend", On: "2026-11-20", Basis: basis, DocumentNo: paper, Note: note}
	for _, fn := range change {
		fn(&f)
	}
	return f
}

func (w *world) tell(c *cert.Certificate, change ...func(*feedback.Filing)) *feedback.Feedback {
	w.t.Helper()
	f, err := w.Tell(w.officer, filing(c, change...))
	must(w.t, err)
	return f
}

// status is the certificate as its unit sees it, with how many acts of feedback it
// has.
func (w *world) status(c *cert.Certificate) (status string, acts int) {
	w.t.Helper()
	tr, err := w.World.Cert.Trace(w.issuer, c.ID)
	must(w.t, err)
	for _, a := range tr.Acts {
		if strings.HasPrefix(a.Reason, "执法反馈 ") {
			acts++
		}
	}
	return tr.Certificate.Status, acts
}

func (w *world) act(c *cert.Certificate, action string) {
	w.t.Helper()
	r := cert.ActRequest{ID: c.ID, Action: action, Reason: "办件 7 号"}
	if a, _ := state.Find(action); a.Basis {
		r.Basis = basis
	}
	_, err := w.World.Cert.Act(w.issuer, r)
	must(w.t, err)
}

// told are the titles of what somebody was told.
func (w *world) told(who context.Context) (titles string) {
	w.t.Helper()
	p, err := w.Notice.Inbox(who, 50, "")
	must(w.t, err)
	for _, n := range p.Items {
		titles += n.Title + "\n"
	}
	return titles
}

func (w *world) count(q string, args ...any) (n int64) {
	w.t.Helper()
	must(w.t, w.World.DB.Read(w.t.Context(), func(tx *db.Tx) error { return tx.Get(q, args, &n) }))
	return n
}

func (w *world) rows(action, result string) (n int) {
	w.t.Helper()
	must(w.t, w.World.DB.Read(w.t.Context(), func(tx *db.Tx) error {
		list, _, err := audit.List(tx, audit.Query{Action: action, Result: result})
		n = len(list)
		return err
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
func wantCode(t testing.TB, err error, code string, fields ...string) {
	t.Helper()
	e := fault.As(err)
	if e == nil || e.Code != code {
		t.Errorf("got %v, want a refusal with code %s", err, code)
		return
	}
	if !strings.ContainsFunc(e.Msg, func(r rune) bool { return r >= 0x4e00 }) || e.Hint == "" {
		t.Errorf("the refusal %q does not say the rule and the way out: %q", e.Msg, e.Hint)
	}
	for i, want := range fields {
		if i >= len(e.Fields) || e.Fields[i].Name != want {
			t.Errorf("%s names %+v, not %s", code, e.Fields, want)
		}
	}
}
