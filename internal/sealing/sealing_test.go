package sealing_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/fault"
	"sidian/internal/pki/pkitest"
	"sidian/internal/seal"
	"sidian/internal/seal/sealtest"
	"sidian/internal/sealing"
	"sidian/internal/sealing/sealingtest"
	"sidian/ofd/sign"
)

// wantFault wants a refusal that names the rule and the way out.
func wantFault(t testing.TB, what string, err error, kind fault.Kind, code string) {
	t.Helper()
	e := fault.As(err)
	if e == nil || e.Kind != kind || e.Code != code || e.Msg == "" || e.Hint == "" {
		t.Errorf("%s: got %+v, want %s %s with a way out", what, err, kind, code)
	}
}

// wantSealed wants that the file of a request verifies with n stamps, each by
// itself.
func wantSealed(t testing.TB, w *sealingtest.World, r *sealing.Request, n int) *sign.Report {
	t.Helper()
	data, got, err := w.Sealing.File(w.Asker, r.ID)
	must(t, err)
	if got.State != sealing.Done || got.Document == got.Original {
		t.Errorf("the request is %s", got.State)
	}
	return wantVerified(t, w, data, n)
}

func wantVerified(t testing.TB, w *sealingtest.World, data []byte, n int) *sign.Report {
	t.Helper()
	trust, err := w.PKI.Trust(t.Context())
	must(t, err)
	report := sign.Verify(data, sign.Options{Anchors: trust.Anchors, Intermediates: trust.Intermediates, CRLs: trust.Lists, Now: w.DB.Now()})
	if report.Verdict != sign.Valid || len(report.Signatures) != n || len(report.Uncovered) > 0 {
		t.Fatalf("%s with %d signatures: %+v", report.Verdict, len(report.Signatures), report)
	}
	for _, s := range report.Signatures {
		if s.TimeSource != sign.TimeStamped || s.Check(sign.CheckCoverage).Result != sign.Pass {
			t.Errorf("signature %s: time by %s, coverage %+v", s.ID, s.TimeSource, s.Check(sign.CheckCoverage))
		}
	}
	return report
}

func state(r *sealing.Request) string {
	var b strings.Builder
	b.WriteString(r.State)
	for _, st := range r.Steps {
		b.WriteString(" " + st.State)
	}
	return b.String()
}

// One seal, from the request to the document that verifies.
func TestSeal(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := sealingtest.New(t, d)
		r := w.Ask(t, 2, w.Step(sealtest.Market, 0, 120, 200))
		if state(r) != "open waiting" || r.Pages != 2 || r.OrgName != "青禾县市场监督管理局" || r.Base != r.Document || r.Steps[0].Places[0].W != 42 {
			t.Fatalf("asked: %s %+v", state(r), r.Steps[0].Places)
		}
		_, _, err := w.Sealing.File(w.Asker, r.ID)
		wantFault(t, "the file before", err, fault.Conflict, "sealing.unfinished")
		for whose, ctx := range map[string]context.Context{sealing.Mine: w.Asker, sealing.ToApprove: w.Keepers[sealtest.Market], sealing.Unit: w.Leader} {
			page, err := w.Sealing.List(ctx, sealing.ListQuery{Whose: whose})
			must(t, err)
			if len(page.Items) != 1 || page.Items[0].ID != r.ID || len(page.Items[0].Steps) != 1 {
				t.Errorf("the list %s has %d", whose, len(page.Items))
			}
		}
		for _, ctx := range []context.Context{w.Other, w.Keepers[sealtest.Land]} {
			if _, err := w.Sealing.Get(ctx, r.ID); fault.As(err) == nil || fault.As(err).Kind != fault.NotFound {
				t.Errorf("a stranger sees it: %v", err)
			}
		}
		inbox, err := w.Notice.Inbox(w.Keepers[sealtest.Market], 10, "")
		must(t, err)
		if len(inbox.Items) == 0 || inbox.Items[0].Topic != "sealing.asked" {
			t.Errorf("the keeper was told %+v", inbox.Items)
		}
		r = w.Approve(t, r, 0)
		if state(r) != "done stamped" || len(r.Steps[0].Approvals) != 1 || r.Steps[0].Approvals[0].Factor != "totp" {
			t.Fatalf("approved: %s %+v", state(r), r.Steps[0])
		}
		report := wantSealed(t, w, r, 1)
		if report.Signatures[0].Seal.ID != w.Seals[sealtest.Market].ID {
			t.Error("another seal stands on it")
		}
		uses, err := w.Seal.UsesOf(t.Context(), "sealing/"+r.Steps[0].ID)
		must(t, err)
		if len(uses) != 1 || uses[0].State != seal.Done || uses[0].Attempts != 1 || fmt.Sprintf("%x", uses[0].Document[:]) != r.Document {
			t.Errorf("uses: %+v", uses)
		}
		inbox, err = w.Notice.Inbox(w.Asker, 10, "")
		must(t, err)
		if len(inbox.Items) == 0 || inbox.Items[0].Topic != "sealing.done" {
			t.Errorf("the asker was told %+v", inbox.Items)
		}
		e, err := w.Sealing.Evidence(w.Asker, uses[0].ID)
		must(t, err)
		if e.Operator != sealtest.Account(w.Asker) || e.After != r.Document || e.Before != r.Base || len(e.Approvals) != 1 ||
			e.Approvals[0].Account != sealtest.Account(w.Keepers[sealtest.Market]) || e.TimeFrom != sign.TimeStamped || e.At.IsZero() || e.Content == "" {
			t.Errorf("evidence: %+v", e)
		}
		if _, err := w.Sealing.Evidence(w.Other, uses[0].ID); fault.As(err) == nil || fault.As(err).Kind != fault.NotFound {
			t.Errorf("a stranger sees evidence: %v", err)
		}
	})
}

// Two departments and a higher tier on one document: the departments in
// parallel, in the order that nobody foresaw, and then the county.
func TestSeveral(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		for _, first := range []int{0, 1} {
			w := world(t, d, first == 0)
			r := w.Ask(t, 3, w.Step(sealtest.Market, 1, 20, 200), w.Step(sealtest.Land, 1, 80, 200), w.Step(pkitest.Root, 2, 140, 200))
			base := r.Base
			_, err := w.Sealing.Approve(w.Keepers[pkitest.Root], sealing.ApproveRequest{Step: r.Steps[2].ID, Seen: r.Base, Answer: sealingtest.Code})
			wantFault(t, "out of order", err, fault.Conflict, "sealing.state")
			r = w.Approve(t, r, first)
			if r.Base != base || r.Document == base || r.State != sealing.Open {
				t.Fatalf("after the first: %s", state(r))
			}
			r = w.Approve(t, r, 1-first)
			if state(r) != "open stamped stamped waiting" || r.Base != r.Document || r.Base == base {
				t.Fatalf("after the departments: %s", state(r))
			}
			_, err = w.Sealing.Approve(w.Keepers[pkitest.Root], sealing.ApproveRequest{Step: r.Steps[2].ID, Seen: base, Answer: sealingtest.Code})
			wantFault(t, "what was seen is gone", err, fault.Conflict, "sealing.seen")
			r = w.Approve(t, r, 2)
			report := wantSealed(t, w, r, 3)
			var ids []string
			for _, s := range report.Signatures {
				ids = append(ids, s.Seal.ID)
			}
			for _, x := range w.Seals {
				if !slices.Contains(ids, x.ID) {
					t.Errorf("the seal %s is missing", x.Name)
				}
			}
		}
	})
}

var worldsMu sync.Mutex

var worlds = map[*db.DB]*sealingtest.World{}

// world makes an instance in d the first time, and returns it the second.
func world(t *testing.T, d *db.DB, first bool) *sealingtest.World {
	t.Helper()
	worldsMu.Lock()
	defer worldsMu.Unlock()
	if first {
		worlds[d] = sealingtest.New(t, d)
	}
	return worlds[d]
}

// A seal over the edges of thirty pages, and one on the last by keyword.
func TestStraddleSealed(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := sealingtest.New(t, d)
		r := w.Ask(t, 30, sealing.StepAsk{Seal: w.Seals[sealtest.Market].ID, Places: []sealing.Place{
			{Straddle: &sealing.Straddle{}, Y: 130}, {Keyword: sealingtest.Keyword},
		}})
		for _, page := range []int{1, 30} {
			for _, format := range []string{"svg", "png"} {
				if _, media, err := w.Sealing.Preview(w.Keepers[sealtest.Market], r.ID, page, format); err != nil || !strings.HasPrefix(media, "image/"+format) {
					t.Errorf("page %d as %s: %s, %v", page, format, media, err)
				}
			}
		}
		r = w.Approve(t, r, 0)
		report := wantSealed(t, w, r, 1)
		if n := len(r.Steps[0].Places); n != 31 || report.Signatures[0].SES == nil {
			t.Errorf("%d places", n)
		}
	})
}

// The asker begins the stamp where that is wanted; who else tries is refused.
func TestManual(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := sealingtest.New(t, d)
		q := sealingtest.Request(t, 1, w.Step(sealtest.Market, 0, 20, 200), w.Step(sealtest.Land, 0, 80, 200))
		q.Manual = true
		r, err := w.Sealing.Ask(w.Asker, q)
		must(t, err)
		_, err = w.Sealing.Stamp(w.Asker, r.ID)
		wantFault(t, "without approval", err, fault.Conflict, "sealing.unapproved")
		r = w.Approve(t, r, 1) // both are over the base, whichever is stamped first
		r = w.Approve(t, r, 0)
		if state(r) != "open approved approved" {
			t.Fatal(state(r))
		}
		_, err = w.Sealing.Stamp(w.Leader, r.ID)
		wantFault(t, "by another", err, fault.Forbidden, "sealing.asker")
		r, err = w.Sealing.Stamp(w.Asker, r.ID)
		must(t, err)
		wantSealed(t, w, r, 2)
		_, err = w.Sealing.Stamp(w.Asker, r.ID)
		wantFault(t, "again", err, fault.Conflict, "sealing.unapproved")
	})
}

// A rule with a leader: two levels, two people, neither who asked.
func TestLevels(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := sealingtest.New(t, d)
		w.Let(t, w.Seals[sealtest.Market], "clerk", seal.ByLeader, seal.ByCustodian)
		r := w.Ask(t, 1, w.Step(sealtest.Market, 0, 20, 200))
		approve := func(ctx context.Context) error {
			_, err := w.Sealing.Approve(ctx, sealing.ApproveRequest{Step: r.Steps[0].ID, Seen: r.Base, Answer: sealingtest.Code})
			return err
		}
		wantFault(t, "the custodian for the leader", approve(w.Keepers[sealtest.Market]), fault.Forbidden, "sealing.levels")
		must(t, approve(w.Leader))
		wantFault(t, "the leader twice", approve(w.Leader), fault.Forbidden, "sealing.levels")
		must(t, approve(w.Keepers[sealtest.Market]))
		r, err := w.Sealing.Get(w.Asker, r.ID)
		must(t, err)
		if len(r.Steps[0].Approvals) != 2 || r.Steps[0].Approvals[0].Level != seal.ByLeader {
			t.Errorf("approvals: %+v", r.Steps[0].Approvals)
		}
		wantSealed(t, w, r, 1)
	})
}

// A refusal says why, ends the request and is told; nothing is stamped.
func TestRefuse(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := sealingtest.New(t, d)
		r := w.Ask(t, 1, w.Step(sealtest.Market, 0, 20, 200), w.Step(sealtest.Land, 1, 80, 200))
		step := r.Steps[0].ID
		_, err := w.Sealing.Refuse(w.Keepers[sealtest.Market], step, " ")
		wantFault(t, "without a reason", err, fault.Invalid, "sealing.reason")
		_, err = w.Sealing.Refuse(w.Keepers[sealtest.Market], step, "身份证 11010519491231002X 与文件不符")
		wantFault(t, "a number of a person", err, fault.Invalid, "sealing.reason")
		_, err = w.Sealing.Refuse(w.Leader, step, "内容有误")
		wantFault(t, "for another keeper", err, fault.Forbidden, "sealing.custodian")
		r, err = w.Sealing.Refuse(w.Keepers[sealtest.Market], step, "内容有误，请更正后再申请")
		must(t, err)
		if state(r) != "refused dropped dropped" || r.Closing == "" || r.ClosedAt.IsZero() {
			t.Errorf("refused: %s %q", state(r), r.Closing)
		}
		inbox, err := w.Notice.Inbox(w.Asker, 10, "")
		must(t, err)
		if len(inbox.Items) == 0 || !strings.Contains(inbox.Items[0].Text, "内容有误") {
			t.Errorf("the asker was told %+v", inbox.Items)
		}
		_, err = w.Sealing.Approve(w.Keepers[sealtest.Market], sealing.ApproveRequest{Step: step, Seen: r.Base, Answer: sealingtest.Code})
		wantFault(t, "after the refusal", err, fault.Conflict, "sealing.state")

		r = w.Ask(t, 1, w.Step(sealtest.Market, 0, 20, 200))
		_, err = w.Sealing.Withdraw(w.Leader, r.ID, "不办了")
		wantFault(t, "another's", err, fault.Forbidden, "sealing.asker")
		r, err = w.Sealing.Withdraw(w.Asker, r.ID, "不办了")
		must(t, err)
		if state(r) != "withdrawn dropped" {
			t.Error(state(r))
		}
		_, err = w.Sealing.Withdraw(w.Asker, r.ID, "不办了")
		wantFault(t, "again", err, fault.Conflict, "sealing.state")
	})
}
