package matter_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"sidian/internal/audit"
	"sidian/internal/cert"
	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/fault"
	"sidian/internal/item"
	"sidian/internal/keys/keystest"
	"sidian/internal/matter"
	"sidian/internal/matter/event"
	"sidian/internal/seal/sealtest"
)

// A case is opened, its certificate is issued under its number, and it is closed
// with it; before, it cannot be.
func TestStory(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		m := w.open(t, "BJ-1")
		if m.State != matter.Open || m.Missing != 1 || len(m.Results) != 1 || m.ItemVersion != 1 {
			t.Fatalf("opened as %+v", m)
		}
		again := w.open(t, "BJ-1")
		if again.ID != m.ID || !again.Already {
			t.Error("the same case twice is two cases")
		}
		_, err := w.matters.Close(w.clerk, matter.CloseRequest{ID: m.ID})
		e := wantCode(t, err, "matter.certificate")
		if !strings.Contains(e.Msg, m.Results[0].Title) || !strings.Contains(e.Hint, "BJ-1") {
			t.Errorf("the refusal does not name the kind and the way: %q %q", e.Msg, e.Hint)
		}
		c := w.issue(t, "BJ-1", nil)
		w.deliver(t)
		got, err := w.matters.Get(w.reader, m.ID)
		must(t, err)
		if got.Missing != 0 || got.Results[0].Certificate != c.ID || w.events(t, event.Result) != 1 {
			t.Fatalf("the certificate did not link itself: %+v", got)
		}
		_, err = w.matters.Withdraw(w.clerk, matter.EndRequest{ID: m.ID, Reason: "不办了"})
		wantCode(t, err, "matter.issued")
		got, err = w.matters.Close(w.clerk, matter.CloseRequest{ID: m.ID})
		must(t, err)
		if got.State != matter.Closed || got.Outcome != matter.Issued || got.ClosedBy == "" || got.ClosedAt.IsZero() {
			t.Errorf("closed as %+v", got)
		}
		_, err = w.matters.Close(w.clerk, matter.CloseRequest{ID: m.ID})
		wantCode(t, err, "matter.closed")
		if w.events(t, event.Opened) != 1 || w.events(t, event.Closed) != 1 || w.events(t, event.Result) != 1 {
			t.Error("the callbacks are not one each")
		}
	})
}

// A certificate may be there before its case.
func TestIssuedBefore(t *testing.T) {
	t.Parallel()
	w := newWorld(t, dbtest.New(t, "sqlite"))
	c := w.issue(t, "BJ-2", nil)
	w.deliver(t)
	m := w.open(t, "BJ-2")
	if m.Missing != 0 || m.Results[0].Certificate != c.ID || w.events(t, event.Result) != 1 {
		t.Fatalf("opened as %+v", m)
	}
}

// An item without a result is done; a case that ends without one says why.
func TestWithout(t *testing.T) {
	t.Parallel()
	w := newWorld(t, dbtest.New(t, "sqlite"))
	q := opening(t, "BJ-3")
	q.Item = strings.ToLower(plainItem)
	m, err := w.matters.Open(w.clerk, q)
	must(t, err)
	m, err = w.matters.Close(w.clerk, matter.CloseRequest{ID: m.ID})
	must(t, err)
	if m.Outcome != matter.Done {
		t.Errorf("it is %s", m.Outcome)
	}
	m = w.open(t, "BJ-4")
	_, err = w.matters.Withdraw(w.clerk, matter.EndRequest{ID: m.ID, Reason: " "})
	wantCode(t, err, "matter.reason")
	_, err = w.matters.Withdraw(w.clerk, matter.EndRequest{ID: m.ID, Reason: "联系 13912345678"})
	wantCode(t, err, "matter.reason")
	m, err = w.matters.Withdraw(w.clerk, matter.EndRequest{ID: m.ID, Reason: "申请人另行申请"})
	must(t, err)
	if m.Outcome != matter.Withdrawn || m.Reason == "" || m.Missing != 1 {
		t.Errorf("withdrawn as %+v", m)
	}
	m, err = w.matters.Refuse(w.clerk, matter.EndRequest{ID: w.open(t, "BJ-5").ID, Reason: "不符合条件"})
	must(t, err)
	if m.Outcome != matter.Refused {
		t.Errorf("it is %s", m.Outcome)
	}
}

// What does not count: another's certificate, another kind's, one that stands no
// more, one of another case. The refusal says why.
func TestDoesNotCount(t *testing.T) {
	t.Parallel()
	w := newWorld(t, dbtest.New(t, "sqlite"))
	early := w.issue(t, "", nil)
	m := w.open(t, "BJ-6")
	w.issue(t, "BJ-6", func(q *cert.IssueRequest) { q.Holders[0].ID = "91999999MA000X031B" })
	revoked := w.issue(t, "BJ-6", nil)
	other := w.issue(t, "BJ-7", nil)
	w.deliver(t)
	_, err := w.Cert.Act(w.Hire(t, "status9", "issuer", sealtest.Market), cert.ActRequest{ID: revoked.ID, Action: "revoke", Reason: "测试", Basis: "测试"})
	must(t, err)
	_, err = w.matters.Close(w.clerk, matter.CloseRequest{ID: m.ID})
	e := wantCode(t, err, "matter.certificate")
	if len(e.Fields) != 2 || !strings.Contains(e.Fields[0].Message+e.Fields[1].Message, "持证主体不是本件的申请人") || !strings.Contains(e.Fields[0].Message+e.Fields[1].Message, "证照现为") {
		t.Errorf("it does not say why: %+v", e.Fields)
	}
	for name, id := range map[string]string{"another case's": other.ID, "issued before": early.ID, "nobody's": "none"} {
		_, err := w.matters.Close(w.clerk, matter.CloseRequest{ID: m.ID, Certificates: []string{id}})
		if f := fault.As(err); f == nil || f.Code != "matter.named" {
			t.Errorf("%s: %v", name, err)
		}
	}
	late := w.issue(t, "", nil)
	m, err = w.matters.Close(w.clerk, matter.CloseRequest{ID: m.ID, Certificates: []string{late.ID}})
	must(t, err)
	if m.Results[0].Certificate != late.ID {
		t.Errorf("closed with %+v", m.Certificates)
	}
	_, err = w.matters.Close(w.clerk, matter.CloseRequest{ID: w.open(t, "BJ-8").ID, Certificates: []string{late.ID}})
	wantCode(t, err, "matter.named")
}

// A kind of another item does not count, nor what the item makes since.
func TestResultsStay(t *testing.T) {
	t.Parallel()
	w := newWorld(t, dbtest.New(t, "sqlite"))
	i, err := w.items.Get(w.designer, itemCode)
	must(t, err)
	m := w.open(t, "BJ-9")
	for _, b := range i.Bindings {
		if b.Role == item.Result {
			_, err = w.items.Unbind(w.designer, itemCode, b.ID, "测试")
			must(t, err)
		}
	}
	_, err = w.matters.Close(w.clerk, matter.CloseRequest{ID: m.ID})
	wantCode(t, err, "matter.certificate")
	n := w.open(t, "BJ-10")
	w.issue(t, "BJ-10", nil)
	w.deliver(t)
	if n, err = w.matters.Get(w.clerk, n.ID); err != nil || len(n.Certificates) != 1 || n.Certificates[0].Counts {
		t.Errorf("%+v, %v", n, err)
	}
}

// What an item exempts may not be asked for, by whatever name (CAT-12).
func TestExempt(t *testing.T) {
	t.Parallel()
	w := newWorld(t, dbtest.New(t, "sqlite"))
	for name, demand := range map[string]matter.Demand{
		"by kind": {Name: "证明", Kind: license}, "by title": {Name: "《营业执照》副本 复印件", Form: "copy"}, "by material": {Name: "工商登记材料"},
	} {
		q := opening(t, "BJ-11")
		q.Materials = append(q.Materials, demand)
		_, err := w.matters.Open(w.clerk, q)
		if f := fault.As(err); f == nil || f.Code != "matter.exempt" || !strings.Contains(f.Msg, "营业执照") || f.Fields[0].Name != "materials[1]" {
			t.Errorf("%s: %v", name, err)
		}
	}
	if w.events(t, event.Opened) != 0 {
		t.Error("a refused case was opened")
	}
}

func TestRefuses(t *testing.T) {
	t.Parallel()
	w := newWorld(t, dbtest.New(t, "sqlite"))
	m := w.open(t, "BJ-12")
	for name, c := range map[string]struct {
		do   func() error
		kind fault.Kind
	}{
		"another unit opens": {func() error { _, err := w.matters.Open(w.stranger, opening(t, "BJ-13")); return err }, fault.Forbidden},
		"for another unit's item": {func() error {
			q := opening(t, "BJ-13")
			q.Unit = sealtest.Land
			_, err := w.matters.Open(w.stranger, q)
			return err
		}, fault.Forbidden},
		"a reader opens":      {func() error { _, err := w.matters.Open(w.reader, opening(t, "BJ-13")); return err }, fault.Forbidden},
		"nobody opens":        {func() error { _, err := w.matters.Open(context.Background(), opening(t, "BJ-13")); return err }, fault.Unauthorized},
		"another unit reads":  {func() error { _, err := w.matters.Get(w.stranger, m.ID); return err }, fault.NotFound},
		"another unit closes": {func() error { _, err := w.matters.Close(w.stranger, matter.CloseRequest{ID: m.ID}); return err }, fault.NotFound},
		"a reader closes":     {func() error { _, err := w.matters.Close(w.reader, matter.CloseRequest{ID: m.ID}); return err }, fault.Forbidden},
		"no such item": {func() error {
			q := opening(t, "BJ-13")
			q.Item = "NONE"
			_, err := w.matters.Open(w.clerk, q)
			return err
		}, fault.Invalid},
		"the number is taken": {func() error {
			q := opening(t, "BJ-12")
			q.Materials = nil
			_, err := w.matters.Open(w.clerk, q)
			return err
		}, fault.Conflict},
		"no applicant": {func() error {
			q := opening(t, "BJ-13")
			q.Applicant.ID = ""
			_, err := w.matters.Open(w.clerk, q)
			return err
		}, fault.Invalid},
		"a person as number": {func() error { _, err := w.matters.Open(w.clerk, opening(t, "13912345678")); return err }, fault.Invalid},
	} {
		if k, _ := fault.Of(c.do()); k != c.kind {
			t.Errorf("%s: %v, want %v", name, c.do(), c.kind)
		}
	}
	p, err := w.matters.List(w.stranger, matter.Query{})
	must(t, err)
	if len(p.Items) != 0 {
		t.Error("another unit's cases are listed")
	}
	if p, err = w.matters.List(w.reader, matter.Query{State: "open", CaseNo: "BJ-12"}); err != nil || len(p.Items) != 1 {
		t.Errorf("listed %v, %v", p, err)
	}
}

// Of twenty who close at once one does; one event says so.
func TestTogether(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		m := w.open(t, "BJ-14")
		c := w.issue(t, "", nil)
		var closed atomic.Int64
		var all sync.WaitGroup
		for range 20 {
			all.Go(func() {
				_, err := w.matters.Close(w.clerk, matter.CloseRequest{ID: m.ID, Certificates: []string{c.ID}})
				switch {
				case err == nil:
					closed.Add(1)
				case !errors.Is(err, fault.Conflict) && !errors.Is(err, fault.Unavailable):
					t.Errorf("one of twenty: %v", err)
				}
			})
		}
		all.Wait()
		if closed.Load() != 1 || w.events(t, event.Closed) != 1 || w.events(t, event.Result) != 1 {
			t.Errorf("%d closed it, %d events", closed.Load(), w.events(t, event.Closed))
		}
	})
}

type died struct{}

// Who dies after a commit finds, asking again, what was done: the same case, and
// that it is closed.
func TestCrash(t *testing.T) {
	t.Parallel()
	w := newWorld(t, dbtest.New(t, "sqlite"))
	die := func(do func()) {
		defer func() {
			if r := recover(); r != (died{}) {
				t.Errorf("it did not die, but %v", r)
			}
		}()
		w.matters.Step = func(string) { panic(died{}) }
		defer func() { w.matters.Step = nil }()
		do()
	}
	die(func() { _, _ = w.matters.Open(w.clerk, opening(t, "BJ-15")) })
	m := w.open(t, "BJ-15")
	if !m.Already {
		t.Error("what was opened is lost")
	}
	w.issue(t, "BJ-15", nil)
	w.deliver(t)
	die(func() { _, _ = w.matters.Close(w.clerk, matter.CloseRequest{ID: m.ID}) })
	got, err := w.matters.Get(w.clerk, m.ID)
	must(t, err)
	if got.State != matter.Closed || w.events(t, event.Closed) != 1 || w.events(t, event.Opened) != 1 {
		t.Errorf("it is %s", got.State)
	}
}

// The applicant stands in no event, no audit entry and no column in the open.
func TestApplicantIsHidden(t *testing.T) {
	t.Parallel()
	w := newWorld(t, dbtest.New(t, "sqlite"))
	q := opening(t, "BJ-16")
	q.Applicant.Type, q.Applicant.IDType, q.Applicant.ID, q.Applicant.Name = "person", "111", "11010119900307002X", "张样例"
	m, err := w.matters.Open(w.clerk, q)
	must(t, err)
	if m.Applicant.Name == q.Applicant.Name || strings.Contains(m.Applicant.ID, "19900307") {
		t.Errorf("shown as %+v", m.Applicant)
	}
	if text := w.Texts(t); strings.Contains(text, q.Applicant.ID) || strings.Contains(text, q.Applicant.Name) {
		t.Error("the applicant stands in the open")
	}
	must(t, w.DB.Read(t.Context(), func(tx *db.Tx) error {
		var text string
		var raw []byte
		if err := tx.Get(`select case_no || item_name || materials || reason, applicant from matter_matter where id = $1`, []any{m.ID}, &text, &raw); err != nil {
			return err
		}
		if strings.Contains(text+string(raw), q.Applicant.ID) || strings.Contains(text+string(raw), q.Applicant.Name) {
			t.Error("the row says who")
		}
		list, _, err := audit.List(tx, audit.Query{Object: "matter/" + m.ID})
		if len(list) != 1 {
			t.Errorf("%d audit entries", len(list))
		}
		return err
	}))
	keystest.Reseals(t, w.DB, w.Keys, w.matters.Resealer(), 1)
}

// What the list has may not be asked for either, whatever the item says.
func TestListed(t *testing.T) {
	t.Parallel()
	w := newWorld(t, dbtest.New(t, "sqlite"))
	w.matters.Listed = func(_ *db.Tx, unit string) ([]string, error) {
		if unit == sealtest.Market {
			return []string{transport}, nil
		}
		return nil, nil
	}
	q := opening(t, "L-1")
	q.Materials = []matter.Demand{{Name: "证件", Kind: transport, Form: "copy"}}
	_, err := w.matters.Open(w.clerk, q)
	wantCode(t, err, "matter.exempt")
	q.Materials = []matter.Demand{{Name: "经营许可申请表"}}
	_, err = w.matters.Open(w.clerk, q)
	must(t, err)
}

// A certificate that carries no number is attached while the case is open, once and
// by who may; then the case closes. Programs that were told are counted.
func TestAttach(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		w.matters.Calls = func(_ *db.Tx, topic, event string) ([]matter.Call, error) {
			if event == "" {
				t.Error("no event")
			}
			return []matter.Call{{Topic: topic, State: "delivered"}}, nil
		}
		before := w.issue(t, "", nil)
		m, other := w.open(t, "A-1"), w.open(t, "A-2")
		attach := func(ctx context.Context, id, certificate string) error {
			_, err := w.matters.Attach(ctx, matter.AttachRequest{ID: id, Certificate: certificate})
			return err
		}
		c := w.issue(t, "", nil)
		wantCode(t, attach(w.clerk, m.ID, "none"), "matter.named")
		wantCode(t, attach(w.stranger, m.ID, c.ID), "matter.unknown")
		wantCode(t, attach(w.reader, m.ID, c.ID), "auth.permission")
		if !before.IssuedAt.Equal(m.OpenedAt) {
			wantCode(t, attach(w.clerk, m.ID, before.ID), "matter.named")
		}
		must(t, attach(w.clerk, m.ID, c.ID))
		must(t, attach(w.clerk, m.ID, c.ID)) // the same again changes nothing
		wantCode(t, attach(w.clerk, other.ID, c.ID), "matter.named")
		got, err := w.matters.Get(w.clerk, m.ID)
		must(t, err)
		if got.Missing != 0 || got.State != matter.Open || len(got.Certificates) != 1 {
			t.Errorf("%+v", got)
		}
		_, err = w.matters.Close(w.clerk, matter.CloseRequest{ID: m.ID})
		must(t, err)
		wantCode(t, attach(w.clerk, m.ID, c.ID), "matter.closed")
		w.deliver(t)
		got, err = w.matters.Get(w.clerk, m.ID)
		must(t, err)
		told := map[string]bool{}
		for _, c := range got.Calls {
			told[c.Topic] = true
		}
		if len(got.Calls) != 3 || !told[event.Opened] || !told[event.Result] || !told[event.Closed] {
			t.Errorf("%+v", got.Calls)
		}
	})
}
