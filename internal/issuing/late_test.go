package issuing_test

import (
	"strings"
	"testing"
	"time"

	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/fault"
	"sidian/internal/issuing"
	"sidian/internal/issuing/issuingtest"
	"sidian/internal/seal/sealtest"
)

// What was made offline comes in a batch: late after one working day (N3), each
// item for itself, and the whole may be sent again.
func TestBatch(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := issuingtest.New(t, d)
		wednesday := time.Date(2026, 11, 18, 10, 0, 0, 0, time.FixedZone("Beijing", 8*3600))
		d.Now = func() time.Time { return wednesday }
		item := func(ref string, back time.Duration) issuing.BatchItem {
			return issuing.BatchItem{Ref: ref, Content: issuingtest.Content(t, issuingtest.Kind), FinishedAt: wednesday.Add(-back)}
		}
		in, late, more, half := item("in time", 20*time.Hour), item("late", 50*time.Hour), item("more", time.Hour), item("half", time.Hour)
		more.Fields["phone"] = raw(t, "13800000000")
		delete(half.Fields, "dizhi")
		req := issuing.BatchRequest{Kind: issuingtest.Kind, Unit: sealtest.Market, Items: []issuing.BatchItem{in, late, more, half}}
		out, err := w.Issuing.Push(w.Collector, req)
		must(t, err)
		if out.Taken != 3 || out.Late != 1 || out.Items[0].State != issuing.Submitted || out.Items[0].Late || !out.Items[1].Late ||
			out.Items[2].Draft != "" || out.Items[2].Code != "issuing.content" || out.Items[3].State != issuing.Drafted || len(out.Items[3].Fields) == 0 {
			t.Fatalf("pushed: %+v", out)
		}
		again, err := w.Issuing.Push(w.Collector, req)
		must(t, err)
		for i, x := range again.Items {
			if x.Draft != out.Items[i].Draft || x.Draft != "" && !x.Already {
				t.Errorf("pushed again: %+v", x)
			}
		}
		p, err := w.Issuing.List(w.Reviewer, issuing.Query{View: issuing.ViewAll, Batch: out.Batch})
		must(t, err)
		if len(p.Items) != 3 || p.Items[0].Mode != issuing.Offline {
			t.Errorf("%d are of the batch", len(p.Items))
		}
		x, err := w.Issuing.Get(w.Collector, out.Items[3].Draft)
		must(t, err)
		at := wednesday
		_, err = w.Issuing.Save(w.Collector, issuing.SaveRequest{ID: x.ID, Version: 1, Content: *x.Content, FinishedAt: &at})
		wantField(t, err, "finished_at", "fixed")
		_, err = w.Issuing.Push(w.Stranger, req)
		wantKind(t, err, fault.Forbidden)
		req.Items = nil
		_, err = w.Issuing.Push(w.Collector, req)
		wantCode(t, err, "issuing.batch")
	})
}

// An incident is declared and reported; what is owed is made up for within three
// working days after the fault is cleared (N4).
func TestIncident(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := issuingtest.New(t, d)
		s := w.Issuing
		began := d.Now().Add(-time.Hour)
		req := issuing.DeclareRequest{Unit: sealtest.Market, What: "机房断电", Measures: "窗口先收件，开具受理单", BeganAt: began}
		x, err := s.Declare(w.Collector, req)
		must(t, err)
		if x.State != issuing.Open || x.Remaining != 0 {
			t.Fatalf("declared: %+v", x)
		}
		if got := told(t, w, w.Overseer); !strings.Contains(got, "突发情况报告") {
			t.Errorf("who manages is told %q", got)
		}
		_, err = s.Declare(w.Second, req)
		wantCode(t, err, "issuing.incident-open")

		_, err = s.Owe(w.Collector, issuing.OweRequest{ID: x.ID, Operation: "issue", Kind: issuingtest.Kind, About: "身份证 999999199005060117"})
		wantField(t, err, "about", "personal")
		for _, o := range []issuing.OweRequest{
			{ID: x.ID, Operation: "issue", Kind: issuingtest.Kind, About: "BJ-1"}, {ID: x.ID, Operation: "cancel", Kind: issuingtest.Kind, About: "证 001"},
			{ID: x.ID, Operation: "issue", Kind: issuingtest.Kind, About: "BJ-1"}, // once more
		} {
			x, err = s.Owe(w.Collector, o)
			must(t, err)
		}
		if len(x.Owed) != 2 || x.Remaining != 2 {
			t.Fatalf("owed: %+v", x.Owed)
		}
		_, err = s.Clear(w.Collector, x.ID, began.Add(-time.Hour))
		wantField(t, err, "cleared_at", "range")
		x, err = s.Clear(w.Collector, x.ID, time.Time{})
		must(t, err)
		if x.State != issuing.Cleared || x.Due.IsZero() || x.Left.Text == "" {
			t.Fatalf("cleared: %+v", x)
		}
		_, err = s.Clear(w.Collector, x.ID, time.Time{})
		wantCode(t, err, "issuing.incident-cleared")

		draft, err := s.Create(w.Collector, issuing.CreateRequest{Kind: issuingtest.Kind, Unit: sealtest.Market, Content: issuingtest.Content(t, issuingtest.Kind), Owed: x.Owed[0].ID})
		must(t, err)
		_, err = s.Create(w.Second, issuing.CreateRequest{Kind: issuingtest.Kind, Unit: sealtest.Market, Owed: x.Owed[0].ID})
		wantCode(t, err, "issuing.moved")
		_, err = s.Create(w.Second, issuing.CreateRequest{Kind: issuingtest.Kind, Unit: sealtest.Market, Owed: x.Owed[1].ID})
		wantField(t, err, "owed", "kind")
		draft, err = s.Submit(w.Collector, issuingtest.Decide(draft))
		must(t, err)
		draft, err = s.Pass(w.Reviewer, issuingtest.Decide(draft))
		must(t, err)
		draft, err = s.Issue(w.Sealer, issuingtest.Decide(draft))
		must(t, err)
		x, err = s.Incident(w.Overseer, x.ID)
		must(t, err)
		if x.Remaining != 1 || x.Owed[0].Draft != draft.ID || x.Owed[0].DoneAt.IsZero() {
			t.Errorf("made up for: %+v", x.Owed)
		}

		done := issuing.DoneRequest{ID: x.ID, Owed: x.Owed[1].ID, Note: "已在旧系统注销"}
		_, err = s.Done(w.Stranger, done)
		wantKind(t, err, fault.NotFound)
		_, err = s.Done(w.Overseer, done)
		wantKind(t, err, fault.Forbidden)
		d.Now = func() time.Time { return time.Now().AddDate(0, 0, 30) }
		x, err = s.Done(w.Collector, done)
		must(t, err)
		if x.State != issuing.Closed || !x.Late || x.ClosedAt.IsZero() {
			t.Errorf("closed: %+v", x)
		}
		_, err = s.Done(w.Collector, done)
		wantCode(t, err, "issuing.owed-done")
		_, err = s.Owe(w.Collector, issuing.OweRequest{ID: x.ID, Operation: "issue", About: "BJ-3"})
		wantCode(t, err, "issuing.incident-closed")
		p, err := s.Incidents(w.Stranger, 10, "")
		must(t, err)
		if len(p.Items) != 0 {
			t.Errorf("another unit lists %d incidents", len(p.Items))
		}
		_, err = s.Incident(w.Stranger, x.ID)
		wantKind(t, err, fault.NotFound)
	})
}

// A holder applies for a certificate of their own and sees how it goes; nobody
// applies for another.
func TestApply(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := issuingtest.New(t, d, issuingtest.Personal)
		s := w.Issuing
		c := issuingtest.Content(t, issuingtest.Personal)
		me := w.Holder(t, "holder", c.Holders[0].Name, c.Holders[0].ID)
		other := w.Holder(t, "other", "李样例", "999999199008230281")
		req := issuing.ApplyRequest{Kind: issuingtest.Personal, Unit: sealtest.Market, Content: c}
		_, err := s.Apply(other, req)
		wantCode(t, err, "issuing.not-own")
		_, err = s.Apply(w.Collector, req)
		wantKind(t, err, fault.Forbidden)
		a, err := s.Apply(me, req)
		must(t, err)
		if a.State != issuing.Drafted || !a.MayWithdraw {
			t.Fatalf("applied: %+v", a)
		}
		_, err = s.Apply(me, req)
		wantCode(t, err, "issuing.applied")
		if got := told(t, w, w.Collector); !strings.Contains(got, "收到网上申领") {
			t.Errorf("the unit is told %q", got)
		}
		for _, err := range []error{second(s.Application(other, a.ID)), second(s.Withdraw(other, a.ID)), second(s.Get(me, a.ID))} {
			wantKind(t, err, fault.NotFound)
		}
		a, err = s.Withdraw(me, a.ID)
		must(t, err)
		if a.State != issuing.Dropped || a.StateName != "已撤回" {
			t.Errorf("withdrawn: %+v", a)
		}

		a, err = s.Apply(me, req)
		must(t, err)
		x, err := s.Get(w.Collector, a.ID)
		must(t, err)
		if x.Origin != issuing.ByHolder || len(x.Problems) != 0 || strings.Contains(x.Holder, c.Holders[0].Name) {
			t.Fatalf("the clerk sees %+v", x)
		}
		x, err = s.Submit(w.Collector, issuingtest.Decide(x))
		must(t, err)
		_, err = s.Withdraw(me, a.ID)
		wantCode(t, err, "issuing.state")
		x, err = s.Pass(w.Reviewer, issuingtest.Decide(x))
		must(t, err)
		x, err = s.Issue(w.Sealer, issuingtest.Decide(x))
		must(t, err)
		a, err = s.Application(me, a.ID)
		must(t, err)
		if a.Certificate != x.Certificate || a.State != issuing.Issued {
			t.Errorf("the holder sees %+v", a)
		}
		if got := told(t, w, me); !strings.Contains(got, "已签发") {
			t.Errorf("the holder is told %q", got)
		}
		p, err := s.Applications(me, 1, "")
		must(t, err)
		if len(p.Items) != 1 || p.Next == "" {
			t.Errorf("own applications: %+v", p)
		}
	})
}

func second[T any](_ T, err error) error { return err }

// What is collected is not readable in the database, is sealed again with newer
// keys, and is gone when the way ends.
func TestSealedColumns(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := issuingtest.New(t, d)
		x := w.Submitted(t)
		x, err := w.Issuing.Return(w.Reviewer, reasoned(x, "地址不对"))
		must(t, err)
		r := w.Issuing.Resealer()
		count := func() (n int64) {
			must(t, d.Read(t.Context(), func(tx *db.Tx) (err error) { n, err = r.Count(tx); return err }))
			return n
		}
		if n := count(); n != 2 {
			t.Errorf("%d sealed values, want 2", n)
		}
		must(t, d.Write(t.Context(), func(tx *db.Tx) error {
			for after := ""; ; {
				next, done, err := r.Reseal(tx, after, 1)
				if err != nil || done != 0 {
					t.Errorf("resealing what is fresh: %d, %v", done, err)
					return err
				}
				if after = next; next == "" {
					return nil
				}
			}
		}))
		_, err = w.Issuing.Drop(w.Collector, reasoned(x, "不再办理"))
		must(t, err)
		if n := count(); n != 2 { // two reasons, no content
			t.Errorf("%d sealed values after the end, want 2", n)
		}
	})
}
