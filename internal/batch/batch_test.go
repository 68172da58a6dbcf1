package batch_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"sidian/internal/audit"
	"sidian/internal/batch"
	"sidian/internal/batch/batchtest"
	"sidian/internal/cert"
	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/fault"
	"sidian/internal/keys/keystest"
)

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
func wantCode(t testing.TB, err error, code string) {
	t.Helper()
	e := fault.As(err)
	if e == nil || e.Code != code {
		t.Fatalf("got %v (%+v), want a refusal with code %s", err, e, code)
	}
	if !strings.ContainsFunc(e.Msg, func(r rune) bool { return r >= 0x4e00 }) || e.Hint == "" {
		t.Fatalf("the refusal %q does not say the rule and the way out: %q", e.Msg, e.Hint)
	}
}

// certificates counts those of the market, and wants each to stand for itself.
func certificates(t testing.TB, w *batchtest.World) (n int) {
	t.Helper()
	numbers := map[string]bool{}
	for q := (cert.ListQuery{Limit: 100}); ; {
		p, err := w.Cert.List(w.Issuer, q)
		must(t, err)
		for _, c := range p.Items {
			if c.Status != cert.Effective || numbers[c.Number] {
				t.Errorf("%s is %s, or there twice", c.Number, c.Status)
			}
			numbers[c.Number] = true
			n++
		}
		if q.Cursor = p.Next; p.Next == "" {
			return n
		}
	}
}

// wantDone wants that a batch ended with so many issued, each once, and that
// nothing of what its rows said is left.
func wantDone(t testing.TB, w *batchtest.World, id string, n int) *batch.Batch {
	t.Helper()
	b, err := w.Batch.Get(w.Clerk, id)
	must(t, err)
	if b.State != batch.Done || b.Issued != n || b.Pending != 0 {
		t.Fatalf("%+v, want %d issued", b, n)
	}
	must(t, w.DB.Read(t.Context(), func(tx *db.Tx) error {
		left, err := w.Batch.Resealer().Count(tx)
		if left != 0 {
			t.Errorf("%d rows still say something", left)
		}
		return err
	}))
	must(t, w.CheckAll(t.Context()))
	return b
}

// TestBulk goes the whole way: upload with wrong rows, approval by another, start
// by a third, issue, and the correction of what was wrong by a small table.
func TestBulk(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := batchtest.New(t, d)
		rows := batchtest.Rows(300)
		rows[7] = batchtest.Row(8, map[string]string{"经营范围": ""})
		rows[9] = batchtest.Row(10, map[string]string{"有效期起始日期": "2026-02-30"})
		rows[11] = rows[3]
		b := w.Upload(t, rows...)
		if b.State != batch.Checked || b.Total != 300 || b.Refused != 3 || b.Pending != 297 || !slices.Equal(b.May, []string{"submit", "discard"}) {
			t.Fatalf("%+v", b)
		}
		p, err := w.Batch.Problems(w.Reviewer, b.ID, 0, 0)
		must(t, err)
		var got []string
		for _, x := range p.Items {
			got = append(got, fmt.Sprintf("%d %s %s %s", x.Line, x.Cell, x.Column, x.Code))
			if x.Rule == "" || x.Fix == "" || x.Value != "" {
				t.Errorf("%+v", x)
			}
		}
		if want := []string{"9 G9 经营范围 required", "11 H11 有效期起始日期 date", "13   batch.twice"}; !slices.Equal(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
		if again := w.Upload(t, rows...); again.State != batch.Checked || again.ID == b.ID {
			t.Errorf("looked at anew: %+v", again)
		} else {
			b = again
		}
		w.Do(t, w.Clerk, b.ID, batch.ActSubmit)
		if again := w.Upload(t, rows...); again.ID != b.ID {
			t.Error("the same table makes another batch")
		}
		samples, err := w.Batch.Samples(w.Reviewer, b.ID)
		must(t, err)
		if len(samples) != batch.SampleSize || samples[0].Line != 2 || samples[9].Line < 200 {
			t.Errorf("%d samples: %+v", len(samples), samples)
		}
		must(t, w.Batch.Work(t.Context()))
		if n := certificates(t, w); n != 0 {
			t.Fatalf("%d issued before anybody approved", n)
		}
		w.Do(t, w.Reviewer, b.ID, batch.ActApprove)
		w.Do(t, w.Issuer, b.ID, batch.ActStart)
		must(t, w.Batch.Work(t.Context()))
		if b = wantDone(t, w, b.ID, 297); b.Refused != 3 || b.Percent() != 100 || b.Rate <= 0 {
			t.Errorf("%+v", b)
		}
		if n := certificates(t, w); n != 297 {
			t.Fatalf("%d certificates", n)
		}
		for _, format := range []string{batch.CSV, batch.XLSX} {
			name, _, data, err := w.Batch.Report(w.Clerk, b.ID, format)
			if err != nil || !strings.HasSuffix(name, "."+format) || len(data) == 0 {
				t.Errorf("%s: %v", name, err)
			}
			if text := string(data); format == batch.CSV && (strings.Count(text, "已签发") != 297 || !strings.Contains(text, "必填") || strings.Contains(text, "幸福路")) {
				t.Errorf("the report: %.600s", text)
			}
		}
		// A small table puts right what was wrong; what was issued stands in it too,
		// and is not issued again.
		c, err := w.Batch.Upload(w.Second, batch.Upload{Kind: batchtest.Kind, Unit: batchtest.Market, Corrects: b.ID,
			Data: batchtest.CSV(t, rows[0], batchtest.Row(8, nil), batchtest.Row(10, nil))})
		must(t, err)
		if c.Repeated != 1 || c.Pending != 2 || c.Corrects != b.ID {
			t.Fatalf("%+v", c)
		}
		w.Do(t, w.Second, c.ID, batch.ActSubmit)
		w.Do(t, w.Reviewer, c.ID, batch.ActApprove)
		w.Do(t, w.Issuer, c.ID, batch.ActStart)
		must(t, w.Batch.Work(t.Context()))
		wantDone(t, w, c.ID, 2)
		if n := certificates(t, w); n != 299 {
			t.Errorf("%d certificates", n)
		}
		list, err := w.Batch.List(w.Clerk, "", 0)
		if err != nil || len(list.Items) != 3 || list.Items[0].ID != c.ID {
			t.Errorf("%+v, %v", list, err)
		}
	})
}

// TestApart: whatever roles somebody holds, a batch has three people; others'
// batches are not there.
func TestApart(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := batchtest.New(t, d)
		act := func(who context.Context, id, action, reason string) error {
			_, err := w.Batch.Act(who, batch.Decision{ID: id, Action: action, Reason: reason})
			return err
		}
		up := batch.Upload{Kind: batchtest.Kind, Unit: batchtest.Market, Data: batchtest.CSV(t, batchtest.Rows(2)...)}
		b, err := w.Batch.Upload(w.Whole, up)
		must(t, err)
		wantCode(t, act(w.Other, b.ID, batch.ActSubmit, ""), "batch.own")
		wantCode(t, act(w.Reviewer, b.ID, batch.ActApprove, ""), "batch.state")
		must(t, act(w.Whole, b.ID, batch.ActSubmit, ""))
		wantCode(t, act(w.Whole, b.ID, batch.ActApprove, ""), "batch.own")
		wantCode(t, act(w.Whole, b.ID, batch.ActReturn, "退回"), "batch.own")
		if err := act(w.Second, b.ID, batch.ActApprove, ""); fault.As(err) == nil || fault.As(err).Kind != fault.Forbidden {
			t.Errorf("a clerk approves: %v", err)
		}
		must(t, act(w.Other, b.ID, batch.ActApprove, ""))
		wantCode(t, act(w.Whole, b.ID, batch.ActStart, "开始"), "batch.own")
		wantCode(t, act(w.Other, b.ID, batch.ActStart, "开始"), "batch.own")
		wantCode(t, act(w.Issuer, b.ID, batch.ActStart, ""), "reason.required")
		wantCode(t, act(w.Issuer, b.ID, batch.ActStart, "身份证 11010519491231002X"), "reason.personal")
		for _, who := range []context.Context{w.Stranger, w.Client} {
			for _, action := range []string{batch.ActSubmit, batch.ActApprove, batch.ActStart, batch.ActCancel, batch.ActDiscard} {
				if err := act(who, b.ID, action, "越权"); fault.As(err) == nil || !slices.Contains([]fault.Kind{fault.NotFound, fault.Forbidden}, fault.As(err).Kind) {
					t.Errorf("%s by another: %v", action, err)
				}
			}
		}
		_, err = w.Batch.Get(w.Stranger, b.ID)
		wantCode(t, err, "batch.unknown")
		_, err = w.Batch.Samples(w.Stranger, b.ID)
		wantCode(t, err, "batch.unknown")
		_, _, _, err = w.Batch.Report(w.Stranger, b.ID, batch.CSV)
		wantCode(t, err, "batch.unknown")
		if list, err := w.Batch.List(w.Stranger, "", 0); err != nil || len(list.Items) != 0 {
			t.Errorf("%+v, %v", list, err)
		}
		if _, err = w.Batch.Upload(w.Stranger, up); fault.As(err) == nil || fault.As(err).Kind != fault.Forbidden {
			t.Errorf("another unit's clerk uploads: %v", err)
		}
		up.Unit = "" // the stranger's own, which does not issue this
		_, err = w.Batch.Upload(w.Stranger, up)
		wantCode(t, err, "batch.issuer")
		wantCode(t, act(w.Clerk, "none", batch.ActSubmit, ""), "batch.unknown")
		wantCode(t, act(w.Clerk, b.ID, "eat", ""), "batch.action")
		up.Unit, up.Corrects = batchtest.Market, b.ID
		up.Data = batchtest.CSV(t, batchtest.Row(9, nil))
		_, err = w.Batch.Upload(w.Clerk, up) // nothing in it is wrong
		wantCode(t, err, "batch.corrects")
		var refusals int
		must(t, d.Read(t.Context(), func(tx *db.Tx) error {
			list, _, err := audit.List(tx, audit.Query{Object: "batch/" + b.ID, Limit: 100})
			for _, e := range list {
				if e.Result == audit.Refused {
					refusals++
				}
			}
			return err
		}))
		if refusals < 10 {
			t.Errorf("%d refusals stand in the audit", refusals)
		}
	})
}

// TestPause pauses, resumes in another's hands, and cancels the rest.
func TestPause(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := batchtest.New(t, d)
		w.Batch.Size = 5
		b := w.Started(t, 30)
		steps := 0
		w.Batch.Step = func(name string) {
			if steps++; name == "issue" && steps > 3 && steps < 7 {
				w.Do(t, w.Whole, b.ID, batch.ActPause)
			}
		}
		must(t, w.Batch.Work(t.Context()))
		b, err := w.Batch.Get(w.Issuer, b.ID)
		must(t, err)
		if b.State != batch.Paused || b.Issued != 10 || b.Pending != 20 {
			t.Fatalf("%+v", b)
		}
		w.Batch.Step = nil
		must(t, w.Batch.Work(t.Context()))
		if n := certificates(t, w); n != 10 {
			t.Fatalf("%d issued while it is paused", n)
		}
		_, err = w.Batch.Act(w.Clerk, batch.Decision{ID: b.ID, Action: batch.ActResume})
		if fault.As(err) == nil || fault.As(err).Kind != fault.Forbidden {
			t.Errorf("a clerk resumes: %v", err)
		}
		w.Do(t, w.Whole, b.ID, batch.ActResume)
		w.Batch.Step = func(name string) {
			if name == "issue" {
				w.Do(t, w.Whole, b.ID, batch.ActCancel) // what is begun is finished
				w.Batch.Step = nil
			}
		}
		must(t, w.Batch.Work(t.Context()))
		if b = wantDone(t, w, b.ID, 15); b.Cancelled != 15 || b.Starter == "" {
			t.Errorf("%+v", b)
		}
		if n := certificates(t, w); n != 15 {
			t.Errorf("%d certificates", n)
		}
	})
}

// died is what a process is stopped with in its tracks.
type died struct{}

// TestCrash: after a crash at any step each row has become one certificate.
func TestCrash(t *testing.T) {
	t.Parallel()
	for _, at := range []string{"begin", "prepare", "plan", "stamp", "store", "issue", "end"} {
		t.Run(at, func(t *testing.T) {
			t.Parallel()
			dbtest.Each(t, func(t *testing.T, d *db.DB) {
				w := batchtest.New(t, d)
				b := w.Started(t, 5)
				w.Batch.Size, w.Batch.Parallel = 3, 1
				times := 0
				die := func(name string) {
					if name == at {
						if times++; times == 2 || at == "begin" || at == "issue" || at == "end" {
							panic(died{})
						}
					}
				}
				w.Batch.Step, w.Cert.Step = die, die
				func() {
					defer func() {
						if r := recover(); r != (died{}) {
							t.Errorf("it did not die, but %v", r)
						}
					}()
					_ = w.Batch.Work(t.Context())
				}()
				w.Cert.Step = nil
				other := w.Again(t)
				must(t, other.Work(t.Context())) // the lease is the dead one's
				if x, err := other.Get(w.Issuer, b.ID); err != nil || x.Pending == 0 {
					t.Fatalf("%+v, %v", x, err)
				}
				d.Now = func() time.Time { return time.Now().Add(time.Hour) }
				_, _, err := w.Cert.Resume(t.Context())
				must(t, err)
				must(t, other.Work(t.Context()))
				wantDone(t, w, b.ID, 5)
				if n := certificates(t, w); n != 5 {
					t.Errorf("%d certificates", n)
				}
			})
		})
	}
}

// TestTogether: several processes work at once, on two batches that share rows.
func TestTogether(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := batchtest.New(t, d)
		b := w.Started(t, 24)
		more, err := w.Batch.Upload(w.Second, batch.Upload{Kind: batchtest.Kind, Unit: batchtest.Market, Data: batchtest.CSV(t, batchtest.Rows(28)[20:]...)})
		must(t, err)
		w.Do(t, w.Second, more.ID, batch.ActSubmit)
		w.Do(t, w.Reviewer, more.ID, batch.ActApprove)
		w.Do(t, w.Issuer, more.ID, batch.ActStart)
		var all sync.WaitGroup
		for range 3 {
			s := w.Again(t)
			s.Size = 4
			all.Go(func() {
				for range 100 {
					_ = s.Work(t.Context()) // a lost race is tried again, as the chore does
					x, err := s.Get(w.Issuer, b.ID)
					y, err2 := s.Get(w.Issuer, more.ID)
					if err == nil && err2 == nil && x.State == batch.Done && y.State == batch.Done {
						return
					}
					time.Sleep(20 * time.Millisecond)
				}
			})
		}
		all.Wait()
		x, err := w.Batch.Get(w.Issuer, b.ID)
		must(t, err)
		y, err := w.Batch.Get(w.Issuer, more.ID)
		must(t, err)
		if x.State != batch.Done || y.State != batch.Done || x.Issued+y.Issued != 28 || x.Repeated+y.Repeated != 4 {
			t.Errorf("%+v and %+v", x, y)
		}
		if n := certificates(t, w); n != 28 {
			t.Errorf("%d certificates", n)
		}
	})
}

// TestTrouble: a refusal that is not a row's own pauses the batch, and nothing is
// lost by it.
func TestTrouble(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := batchtest.New(t, d)
		b := w.Started(t, 6)
		for _, s := range w.Seals {
			must(t, w.Seal.Freeze(w.Keeper, s.ID, "测试"))
		}
		must(t, w.Batch.Work(t.Context()))
		b, err := w.Batch.Get(w.Issuer, b.ID)
		must(t, err)
		if b.State != batch.Paused || b.Trouble == "" || b.Issued != 0 || b.Failed != 0 || b.Pending != 6 {
			t.Fatalf("%+v", b)
		}
		for _, s := range w.Seals {
			must(t, w.Seal.Thaw(w.Keeper, s.ID, "测试"))
		}
		w.Do(t, w.Issuer, b.ID, batch.ActResume)
		must(t, w.Batch.Work(t.Context()))
		wantDone(t, w, b.ID, 6)
	})
}

// TestForgotten ends what nobody went on with, and keeps nothing of it.
func TestForgotten(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := batchtest.New(t, d)
		b := w.Upload(t, batchtest.Rows(3)...)
		must(t, w.Batch.Sweep(t.Context()))
		if x, err := w.Batch.Get(w.Clerk, b.ID); err != nil || x.State != batch.Checked {
			t.Fatalf("%+v, %v", x, err)
		}
		d.Now = func() time.Time { return time.Now().AddDate(0, 0, 31) }
		must(t, w.Batch.Sweep(t.Context()))
		x, err := w.Batch.Get(w.Clerk, b.ID)
		if err != nil || x.State != batch.Over || x.Cancelled != 3 || x.Pending != 0 {
			t.Fatalf("%+v, %v", x, err)
		}
	})
}

// What rows say goes along when the keys of fields are exchanged.
func TestReseal(t *testing.T) {
	t.Parallel()
	d := dbtest.New(t, "sqlite")
	w := batchtest.New(t, d)
	w.Upload(t, batchtest.Rows(3)...)
	keystest.Reseals(t, d, w.Keys, w.Batch.Resealer(), 3)
}
