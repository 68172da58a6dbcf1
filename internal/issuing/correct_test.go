package issuing_test

import (
	"strings"
	"testing"
	"time"

	"sidian/internal/audit"
	"sidian/internal/cert"
	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/fault"
	"sidian/internal/issuing"
	"sidian/internal/issuing/issuingtest"
)

func correcting(c *cert.Certificate, action string) issuing.CorrectRequest {
	return issuing.CorrectRequest{Certificate: c.ID, Action: action, Reason: "办件 8 号，地址登记有误", Basis: "《行政许可法》第四十九条"}
}

// corrected is a draft of a correction of the address.
func corrected(t *testing.T, w *issuingtest.World, c *cert.Certificate, action string) *issuing.Draft {
	t.Helper()
	x, err := w.Issuing.Correct(w.Collector, correcting(c, action))
	must(t, err)
	content := *x.Content
	content.Fields["dizhi"] = raw(t, "青禾县南塘镇更正路9号")
	x, err = w.Issuing.Save(w.Collector, issuing.SaveRequest{ID: x.ID, Version: x.Version, Content: content})
	must(t, err)
	return x
}

func passed(t testing.TB, w *issuingtest.World, x *issuing.Draft) *issuing.Draft {
	t.Helper()
	x, err := w.Issuing.Submit(w.Collector, issuingtest.Decide(x))
	must(t, err)
	x, err = w.Issuing.Pass(w.Reviewer, issuingtest.Decide(x))
	must(t, err)
	return x
}

// A correction begins with what the version in force says, goes the same three
// steps with what differs in sight, and ends the old version when the new one is
// issued.
func TestCorrect(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := issuingtest.New(t, d)
		s := w.Issuing
		old := w.World.Issue(t, issuingtest.Kind)
		x, err := s.Correct(w.Collector, correcting(old, "correct"))
		must(t, err)
		want := issuingtest.Content(t, issuingtest.Kind)
		if x.State != issuing.Drafted || len(x.Problems) != 0 || x.Content.Holders[0] != want.Holders[0] || string(x.Content.Fields["dizhi"]) != string(want.Fields["dizhi"]) ||
			x.Content.ValidFrom != want.ValidFrom || x.Content.ValidTo != old.ValidTo || x.Correction == nil || x.Correction.ActionName != "更正" || len(x.Correction.Changes) != 0 {
			t.Fatalf("begun: %+v %+v %+v", x, x.Content, x.Correction)
		}
		_, err = s.Correct(w.Second, correcting(old, "change"))
		wantCode(t, err, "issuing.correcting")
		if !strings.Contains(fault.As(err).Hint, x.ID) {
			t.Errorf("the way out does not name the draft: %s", fault.As(err).Hint)
		}
		content := *x.Content
		content.Fields["dizhi"] = raw(t, "青禾县南塘镇更正路9号")
		x, err = s.Save(w.Collector, issuing.SaveRequest{ID: x.ID, Version: x.Version, Content: content})
		must(t, err)
		x = passed(t, w, x)
		if ch := x.Correction.Changes; len(ch) != 1 || ch[0].Name != "fields.dizhi" || ch[0].Label == "" || ch[0].After == "" || ch[0].Before == ch[0].After {
			t.Fatalf("differs: %+v", ch)
		}
		seen, err := s.Reveal(w.Reviewer, issuing.RevealRequest{ID: x.ID, Purpose: "issue", Reason: "核对更正的内容"})
		must(t, err)
		if seen.Changes[0].After != "青禾县南塘镇更正路9号" || seen.Changes[0].Masked {
			t.Errorf("revealed: %+v", seen.Changes)
		}
		if n := rows(t, d, audit.Query{Object: "issuing/" + x.ID, Action: "issuing.reveal", Purpose: "issue"}); n != 1 {
			t.Errorf("%d rows of revealing", n)
		}
		_, err = s.Reveal(w.Reviewer, issuing.RevealRequest{ID: x.ID, Purpose: "issue", Reason: "身份证 999999199005060117"})
		wantField(t, err, "reason", "personal")
		_, err = s.Reveal(w.Stranger, issuing.RevealRequest{ID: x.ID, Purpose: "issue", Reason: "核对更正的内容"})
		wantKind(t, err, fault.NotFound)
		_, err = s.Issue(w.Collector, issuingtest.Decide(x))
		wantKind(t, err, fault.Forbidden)
		x, err = s.Issue(w.Sealer, issuingtest.Decide(x))
		must(t, err)
		again, err := s.Issue(w.Sealer, issuingtest.Decide(x))
		must(t, err)
		next, err := w.Cert.Get(w.Sealer, x.Certificate)
		must(t, err)
		was, err := w.Cert.Get(w.Sealer, old.ID)
		must(t, err)
		if again.Certificate != next.ID || next.Prior != old.ID || next.Version != 2 || next.Number != old.Number || was.Status != "abolished" || was.Successor != next.ID {
			t.Errorf("the next version %+v of %+v", next, was)
		}
		if x.Correction == nil || len(x.Correction.Changes) != 0 || x.Content != nil {
			t.Errorf("kept after the end: %+v", x.Correction)
		}
		_, err = s.Correct(w.Collector, correcting(old, "correct"))
		wantCode(t, err, "cert.final")
		y, err := s.Correct(w.Collector, correcting(next, "replace")) // the certificate is free for another
		must(t, err)
		_, err = s.Drop(w.Collector, reasoned(y, "申请人不再需要"))
		must(t, err)
		_, err = s.Correct(w.Second, correcting(next, "change"))
		must(t, err)
		must(t, w.CheckAll(t.Context()))
	})
}

// Who may not, what says no reason, and what the certificate's state does not
// allow is refused, at the beginning and when the state changes on the way.
func TestCorrectRefused(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := issuingtest.New(t, d)
		s := w.Issuing
		old := w.World.Issue(t, issuingtest.Kind)
		for _, r := range []issuing.CorrectRequest{{Certificate: old.ID, Action: "correct", Basis: "第四十九条"}, {Certificate: old.ID, Action: "correct", Reason: "登记有误"},
			{Certificate: old.ID, Action: "correct", Reason: "登记有误 999999199005060117", Basis: "第四十九条"}, {Certificate: old.ID, Action: "correct", Reason: "登记\n有误", Basis: "第四十九条"}} {
			_, err := s.Correct(w.Collector, r)
			wantCode(t, err, "issuing.grounds")
		}
		_, err := s.Correct(w.Collector, correcting(old, "revoke"))
		wantField(t, err, "action", "unknown")
		_, err = s.Correct(w.Stranger, correcting(old, "correct"))
		if k, _ := fault.Of(err); err == nil || k != fault.Forbidden && k != fault.NotFound {
			t.Errorf("another unit's clerk: %v", err)
		}
		_, err = s.Correct(w.Reviewer, correcting(old, "correct"))
		wantKind(t, err, fault.Forbidden)
		_, err = s.Correct(w.Collector, issuing.CorrectRequest{Certificate: "none", Action: "correct", Reason: "登记有误", Basis: "第四十九条"})
		wantKind(t, err, fault.NotFound)

		act := func(action string) {
			t.Helper()
			_, err := w.Cert.Act(w.Sealer, cert.ActRequest{ID: old.ID, Action: action, Reason: "办件 9 号", Basis: "决定书 9 号"})
			must(t, err)
		}
		act("suspend")
		_, err = s.Correct(w.Collector, correcting(old, "correct"))
		wantCode(t, err, "cert.state")
		act("resume")
		x := corrected(t, w, old, "change")
		act("mortgage")
		_, err = s.Submit(w.Collector, issuingtest.Decide(x))
		wantCode(t, err, "cert.barred")
		act("unmortgage")
		x = passed(t, w, x)
		act("object") // what was reviewed is not what stands
		_, err = s.Issue(w.Sealer, issuingtest.Decide(x))
		wantCode(t, err, "cert.stale")
		x, err = s.Get(w.Sealer, x.ID)
		must(t, err)
		if x.State != issuing.Passed || x.Returned == nil {
			t.Fatalf("it is %s, %+v", x.State, x.Returned)
		}
		x, err = s.Return(w.Sealer, reasoned(x, "证照刚有异议标注，请核对"))
		must(t, err)
		x, err = s.Issue(w.Sealer, issuingtest.Decide(passed(t, w, x)))
		must(t, err)
		next, err := w.Cert.Get(w.Sealer, x.Certificate)
		must(t, err)
		if len(next.Marks) != 1 || next.Prior != old.ID {
			t.Errorf("the next version: %+v", next)
		}

		same, err := s.Correct(w.Collector, correcting(next, "correct"))
		must(t, err)
		_, err = s.Issue(w.Sealer, issuingtest.Decide(passed(t, w, same)))
		wantCode(t, err, "cert.same")
	})
}

// A crash at any step of issuing a next version leaves exactly one, which the
// draft names, and the old one ended.
func TestCorrectCrash(t *testing.T) {
	t.Parallel()
	for _, at := range []string{"begin", "plan", "stamp", "store", "issue", "settle", "issued"} {
		t.Run(at, func(t *testing.T) {
			t.Parallel()
			dbtest.Each(t, func(t *testing.T, d *db.DB) {
				w := issuingtest.New(t, d)
				old := w.World.Issue(t, issuingtest.Kind)
				x := passed(t, w, corrected(t, w, old, "correct"))
				dying(t, w, at, func() { _, _ = w.Issuing.Issue(w.Sealer, issuingtest.Decide(x)) })
				d.Now = func() time.Time { return time.Now().Add(26 * time.Hour) } // the day of the decision stays
				_, _, err := w.Cert.Resume(t.Context())
				must(t, err)
				_, err = w.Issuing.Resume(t.Context())
				must(t, err)
				got, err := w.Issuing.Issue(w.Sealer, issuingtest.Decide(x))
				must(t, err)
				was, err := w.Cert.Get(w.Sealer, old.ID)
				must(t, err)
				if got.State != issuing.Issued || was.Status != "abolished" || was.Successor != got.Certificate {
					t.Errorf("%s, of which %s came; the old one is %s, followed by %s", got.State, got.Certificate, was.Status, was.Successor)
				}
				must(t, w.CheckAll(t.Context()))
			})
		})
	}
}
