package issuing_test

import (
	"cmp"
	"context"
	"slices"
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
	"sidian/internal/seal/sealtest"
)

// Collected half, sent back once with a reason at a field, made good, passed by
// another and sealed by a third.
func TestStory(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := issuingtest.New(t, d)
		s := w.Issuing
		c := issuingtest.Content(t, issuingtest.Kind)
		delete(c.Fields, "dizhi")
		x, err := s.Create(w.Collector, issuing.CreateRequest{Kind: issuingtest.Kind, Unit: sealtest.Market, Content: c, CaseNo: "BJ-7"})
		must(t, err)
		if x.State != issuing.Drafted || x.Version != 1 || x.Mode != issuing.Online || x.Origin != issuing.ByStaff || len(x.Problems) == 0 || x.Left.Text == "" || x.Due.IsZero() {
			t.Fatalf("begun: %+v", x)
		}
		_, err = s.Submit(w.Collector, issuingtest.Decide(x))
		wantCode(t, err, "issuing.incomplete")
		wantField(t, err, "fields.dizhi", "required")

		full := issuingtest.Content(t, issuingtest.Kind)
		x, err = s.Save(w.Collector, issuing.SaveRequest{ID: x.ID, Version: x.Version, Content: full, CaseNo: "BJ-7"})
		must(t, err)
		if x.Version != 2 || len(x.Problems) != 0 {
			t.Fatalf("saved: %+v", x)
		}
		x, err = s.Submit(w.Collector, issuingtest.Decide(x))
		must(t, err)
		if x.State != issuing.Submitted || len(x.May) != 0 {
			t.Fatalf("submitted: %+v", x)
		}
		_, err = s.Save(w.Collector, issuing.SaveRequest{ID: x.ID, Version: 2, Content: c})
		wantCode(t, err, "issuing.state")
		_, err = s.Issue(w.Sealer, issuingtest.Decide(x))
		wantCode(t, err, "issuing.state")

		x, err = s.Return(w.Reviewer, reasoned(x, "地址与登记的不一致", issuing.FieldWrong{Name: "fields.dizhi", Message: "请按营业执照填写"}))
		must(t, err)
		if x.State != issuing.Drafted || x.Returned == nil || x.Returned.Fields[0].Name != "fields.dizhi" {
			t.Fatalf("returned: %+v", x.Returned)
		}
		if got := told(t, w, w.Collector); !strings.Contains(got, "退回") {
			t.Errorf("the clerk is told %q", got)
		}
		full.Fields["dizhi"] = raw(t, "青禾县南塘镇示范物流园B区1号")
		x, err = s.Save(w.Second, issuing.SaveRequest{ID: x.ID, Version: x.Version, Content: full, CaseNo: "BJ-7"})
		must(t, err)
		x, err = s.Submit(w.Second, issuingtest.Decide(x))
		must(t, err)
		if x.Returned != nil || x.Version != 3 {
			t.Errorf("submitted again: %+v", x)
		}
		x, err = s.Pass(w.Reviewer, issuingtest.Decide(x))
		must(t, err)
		x, err = s.Issue(w.Sealer, issuingtest.Decide(x))
		must(t, err)
		if x.State != issuing.Issued || x.Certificate == "" || x.Content != nil || x.EndedAt.IsZero() {
			t.Fatalf("issued: %+v", x)
		}
		again, err := s.Issue(w.Sealer, issuingtest.Decide(x))
		must(t, err)
		if again.Certificate != x.Certificate {
			t.Errorf("asked again: %s, %s", again.Certificate, x.Certificate)
		}
		got, err := w.Cert.Get(w.Sealer, x.Certificate)
		must(t, err)
		if got.Status != cert.Effective || got.CaseNo != "BJ-7" || got.Fields["dizhi"] != "青禾县南塘镇示范物流园B区1号" {
			t.Errorf("the certificate: %+v", got)
		}
		must(t, w.CheckAll(t.Context()))
		var did []string
		for _, h := range x.History {
			did = append(did, string(h.Action))
		}
		if want := "create save submit return save submit pass issue issued"; strings.Join(did, " ") != want {
			t.Errorf("did %v", did)
		}
		var open int
		must(t, d.Read(t.Context(), func(tx *db.Tx) error {
			open = 0
			for _, topic := range []string{"issuing.collect", "issuing.review", "issuing.seal"} {
				p, err := w.Due.Promise(tx, topic, x.ID)
				if err != nil {
					return err
				}
				if p.ClosedAt.IsZero() {
					open++
				}
			}
			return nil
		}))
		if open != 0 {
			t.Errorf("%d clocks run on", open)
		}
		if n := rows(t, d, audit.Query{Object: "issuing/" + x.ID, Action: "issuing.read", Purpose: "issue"}); n == 0 {
			t.Error("looking left no row")
		}
	})
}

// Who did one part does not do the next, whatever roles they hold.
func TestApart(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := issuingtest.New(t, d)
		s := w.Issuing
		x, err := s.Create(w.Whole, issuing.CreateRequest{Kind: issuingtest.Kind, Unit: sealtest.Market, Content: issuingtest.Content(t, issuingtest.Kind)})
		must(t, err)
		x, err = s.Submit(w.Whole, issuingtest.Decide(x))
		must(t, err)
		if len(x.May) != 0 || !strings.Contains(x.Waits, "不能审核") {
			t.Errorf("may %v, waits %q", x.May, x.Waits)
		}
		_, err = s.Pass(w.Whole, issuingtest.Decide(x))
		wantCode(t, err, "issuing.own")
		_, err = s.Return(w.Whole, reasoned(x, "退回自己的"))
		wantCode(t, err, "issuing.own")
		x, err = s.Pass(w.Reviewer, issuingtest.Decide(x))
		must(t, err)
		_, err = s.Issue(w.Whole, issuingtest.Decide(x))
		wantCode(t, err, "issuing.own")
		if n := rows(t, d, audit.Query{Object: "issuing/" + x.ID, Result: audit.Refused}); n != 3 {
			t.Errorf("%d refusals are recorded, want 3", n)
		}

		reviewed := w.Submitted(t)
		reviewed, err = s.Pass(w.Whole, issuingtest.Decide(reviewed))
		must(t, err)
		_, err = s.Issue(w.Whole, issuingtest.Decide(reviewed))
		wantCode(t, err, "issuing.own")
		_, err = s.Return(w.Whole, reasoned(reviewed, "签发前退回"))
		wantCode(t, err, "issuing.own")
		reviewed, err = s.Return(w.Sealer, reasoned(reviewed, "持证人已变更"))
		must(t, err)
		_, err = s.Save(w.Whole, issuing.SaveRequest{ID: reviewed.ID, Version: reviewed.Version, CaseNo: "BJ-2", Content: *reviewed.Content})
		wantCode(t, err, "issuing.own")
		// Who sent it back from sealing may seal it in the end.
		reviewed, err = s.Submit(w.Collector, issuingtest.Decide(reviewed))
		must(t, err)
		reviewed, err = s.Pass(w.Reviewer, issuingtest.Decide(reviewed))
		must(t, err)
		reviewed, err = s.Issue(w.Sealer, issuingtest.Decide(reviewed))
		must(t, err)
		if reviewed.State != issuing.Issued {
			t.Errorf("it is %s", reviewed.State)
		}
	})
}

// Another unit's people are told that there is nothing; who lacks the right, so.
func TestForeign(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := issuingtest.New(t, d)
		s := w.Issuing
		x := w.Submitted(t)
		on := issuingtest.Decide(x)
		why := reasoned(x, "测试")
		for name, try := range map[string]func(context.Context) error{
			"get": func(c context.Context) error { _, err := s.Get(c, x.ID); return err },
			"save": func(c context.Context) error {
				_, err := s.Save(c, issuing.SaveRequest{ID: x.ID, Version: 1})
				return err
			},
			"submit": func(c context.Context) error { _, err := s.Submit(c, on); return err },
			"pass":   func(c context.Context) error { _, err := s.Pass(c, on); return err },
			"return": func(c context.Context) error { _, err := s.Return(c, why); return err },
			"issue":  func(c context.Context) error { _, err := s.Issue(c, on); return err },
			"drop":   func(c context.Context) error { _, err := s.Drop(c, why); return err },
		} {
			wantKind(t, try(w.Stranger), fault.NotFound)
			wantKind(t, try(w.Overseer), fault.NotFound)
			wantKind(t, try(t.Context()), fault.Unauthorized)
			_ = name
		}
		_, err := s.Create(w.Stranger, issuing.CreateRequest{Kind: issuingtest.Kind, Unit: sealtest.Market})
		wantKind(t, err, fault.Forbidden)
		_, err = s.Create(w.Stranger, issuing.CreateRequest{Kind: issuingtest.Kind, Unit: sealtest.Land})
		wantCode(t, err, "issuing.issuer")
		_, err = s.Pass(w.Collector, on)
		wantKind(t, err, fault.Forbidden)
		_, err = s.Create(w.Reviewer, issuing.CreateRequest{Kind: issuingtest.Kind, Unit: sealtest.Market})
		wantKind(t, err, fault.Forbidden)
		p, err := s.List(w.Stranger, issuing.Query{View: issuing.ViewAll, Unit: sealtest.Market})
		must(t, err)
		if len(p.Items) != 0 {
			t.Errorf("another unit lists %d", len(p.Items))
		}
	})
}

// Two clerks have one draft open: the second is told where it differs, and
// nothing is overwritten.
func TestStale(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := issuingtest.New(t, d)
		s := w.Issuing
		x := w.Draft(t)
		one, two := issuingtest.Content(t, issuingtest.Kind), issuingtest.Content(t, issuingtest.Kind)
		one.Fields["dizhi"], two.Fields["jyfw"] = raw(t, "青禾县东街1号"), raw(t, "道路旅客运输")
		first := issuing.SaveRequest{ID: x.ID, Version: 1, Content: one, CaseNo: "BJ-1"}
		y, err := s.Save(w.Collector, first)
		must(t, err)
		_, err = s.Save(w.Second, issuing.SaveRequest{ID: x.ID, Version: 1, Content: two, CaseNo: "BJ-1"})
		wantCode(t, err, "issuing.stale")
		names, wrong := w.IAM.Names(t.Context(), []string{sealtest.Account(w.Collector)})
		must(t, wrong)
		if who := names[sealtest.Account(w.Collector)]; who == "" || !strings.Contains(fault.As(err).Msg, who+"于 ") {
			t.Errorf("who saved it and when is not told: %s", fault.As(err).Msg)
		}
		wantField(t, err, "fields.dizhi", "differs")
		wantField(t, err, "fields.jyfw", "differs")
		again, err := s.Save(w.Collector, first) // the answer was lost, the same is sent again
		must(t, err)
		if again.Version != y.Version {
			t.Errorf("the same saved again is version %d", again.Version)
		}
		_, err = s.Submit(w.Second, issuingtest.Decide(x))
		wantCode(t, err, "issuing.stale")
		now, err := s.Get(w.Second, x.ID)
		must(t, err)
		if string(now.Content.Fields["dizhi"]) != `"青禾县东街1号"` || now.Version != 2 {
			t.Errorf("kept %s in version %d", now.Content.Fields["dizhi"], now.Version)
		}
		_, err = s.Save(w.Second, issuing.SaveRequest{ID: x.ID, Version: 2, Content: two, CaseNo: "BJ-1"})
		must(t, err)
	})
}

// What the template does not ask for is not kept, nor what the law keeps out.
func TestMinimal(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := issuingtest.New(t, d)
		now := d.Now()
		base := func() issuing.CreateRequest {
			return issuing.CreateRequest{Kind: issuingtest.Kind, Unit: sealtest.Market, Content: issuingtest.Content(t, issuingtest.Kind)}
		}
		for _, c := range []struct {
			name        string
			change      func(*issuing.CreateRequest)
			field, code string
		}{
			{"more than the face has", func(r *issuing.CreateRequest) { r.Fields["phone"] = raw(t, "13800000000") }, "fields.phone", "unknown"},
			{"a state secret", func(r *issuing.CreateRequest) { r.Fields["dizhi"] = raw(t, "机密★十年") }, "fields.dizhi", "secret"},
			{"a secret case", func(r *issuing.CreateRequest) { r.CaseNo = "绝密★启用前" }, "case_no", "secret"},
			{"a case with a line break", func(r *issuing.CreateRequest) { r.CaseNo = "a\nb" }, "case_no", "charset"},
			{"offline without a time", func(r *issuing.CreateRequest) { r.Mode = issuing.Offline }, "finished_at", "required"},
			{"finished tomorrow", func(r *issuing.CreateRequest) { at := now.Add(24 * time.Hour); r.FinishedAt = &at }, "finished_at", "future"},
			{"another mode", func(r *issuing.CreateRequest) { r.Mode = "fax" }, "mode", "unknown"},
			{"no such kind", func(r *issuing.CreateRequest) { r.Kind = "none" }, "kind", "unknown"},
			{"owed by nobody", func(r *issuing.CreateRequest) { r.Owed = "none" }, "owed", "unknown"},
			{"a long reference", func(r *issuing.CreateRequest) { r.Ref = strings.Repeat("长", 101) }, "ref", "length"},
		} {
			r := base()
			c.change(&r)
			_, err := w.Issuing.Create(w.Collector, r)
			wantKind(t, err, fault.Invalid)
			wantField(t, err, c.field, c.code)
		}
		if p, err := w.Issuing.List(w.Collector, issuing.Query{View: issuing.ViewAll}); err != nil || len(p.Items) != 0 {
			t.Errorf("what was refused is kept: %v %v", p, err)
		}
		x := w.Draft(t)
		_, err := w.Issuing.Drop(w.Collector, issuingtest.Decide(x))
		wantField(t, err, "reason", "required")
		_, err = w.Issuing.Drop(w.Collector, reasoned(x, "证件号 999999199005060117 重复"))
		wantField(t, err, "reason", "personal")
		x, err = w.Issuing.Drop(w.Collector, reasoned(x, "申请人撤回"))
		must(t, err)
		if x.State != issuing.Dropped || x.Content != nil {
			t.Errorf("dropped: %+v", x)
		}
	})
}

// A reference stands for one draft, however often it is sent.
func TestReference(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := issuingtest.New(t, d)
		req := issuing.CreateRequest{Kind: issuingtest.Kind, Unit: sealtest.Market, Content: issuingtest.Content(t, issuingtest.Kind), Ref: "LS-1"}
		x, err := w.Issuing.Create(w.Collector, req)
		must(t, err)
		again, err := w.Issuing.Create(w.Second, req)
		must(t, err)
		if !again.Already || again.ID != x.ID {
			t.Errorf("the same again is %+v", again)
		}
		req.CaseNo = "BJ-9"
		_, err = w.Issuing.Create(w.Collector, req)
		wantCode(t, err, "issuing.reused")
	})
}

// The queue shows each part what waits for them, by when it is due, over pages;
// what was sent back and what is overdue can be asked for.
func TestQueue(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := issuingtest.New(t, d)
		s := w.Issuing
		draft, submitted, passed := w.Draft(t), w.Submitted(t), w.Passed(t)
		want := func(who context.Context, view string, ids ...string) {
			t.Helper()
			p, err := s.List(who, issuing.Query{View: view})
			must(t, err)
			var got []string
			for _, x := range p.Items {
				got = append(got, x.ID)
				if x.Content != nil || x.Left.Text == "" && !x.State.Ended() {
					t.Errorf("a line of the list: %+v", x)
				}
			}
			if !slices.Equal(got, ids) {
				t.Errorf("view %q: %v, want %v", view, got, ids)
			}
		}
		want(w.Collector, issuing.ViewMine, draft.ID)
		want(w.Reviewer, issuing.ViewMine, submitted.ID)
		want(w.Sealer, issuing.ViewMine, passed.ID)
		byDue := func(xs ...*issuing.Draft) (ids []string) {
			slices.SortFunc(xs, func(a, b *issuing.Draft) int {
				return cmp.Or(a.Due.Compare(b.Due), strings.Compare(a.ID, b.ID))
			})
			for _, x := range xs {
				ids = append(ids, x.ID)
			}
			return ids
		}
		want(w.Whole, issuing.ViewMine, byDue(draft, submitted, passed)...)
		want(w.Collector, issuing.ViewReview)
		want(w.Collector, issuing.ViewAll, passed.ID, submitted.ID, draft.ID)
		var paged []string
		for q := (issuing.Query{View: issuing.ViewAll, Limit: 1}); ; {
			p, err := s.List(w.Whole, q)
			must(t, err)
			for _, x := range p.Items {
				paged = append(paged, x.ID)
			}
			if q.Cursor = p.Next; p.Next == "" {
				break
			}
		}
		if len(paged) != 3 {
			t.Errorf("paged: %v", paged)
		}
		paged = nil
		for q := (issuing.Query{Limit: 2}); ; {
			p, err := s.List(w.Whole, q)
			must(t, err)
			for _, x := range p.Items {
				paged = append(paged, x.ID)
			}
			if q.Cursor = p.Next; p.Next == "" {
				break
			}
		}
		if !slices.Equal(paged, byDue(draft, submitted, passed)) {
			t.Errorf("over pages: %v", paged)
		}
		back, err := s.Return(w.Reviewer, reasoned(submitted, "地址与登记的不一致", issuing.FieldWrong{Name: "fields.dizhi", Message: "请更正"}))
		must(t, err)
		p, err := s.List(w.Collector, issuing.Query{Only: issuing.OnlyReturned})
		must(t, err)
		if len(p.Items) != 1 || p.Items[0].ID != back.ID || p.Items[0].Returned == nil || p.Items[0].Returned.Reason != "地址与登记的不一致" || p.Items[0].Returned.Fields != nil {
			t.Errorf("sent back: %+v", p.Items)
		}
		for only, n := range map[string]int{issuing.OnlyLate: 0, "": 2} {
			p, err = s.List(w.Collector, issuing.Query{Only: only})
			must(t, err)
			if len(p.Items) != n {
				t.Errorf("only %q: %d", only, len(p.Items))
			}
		}
		real := d.Now
		d.Now = func() time.Time { return back.Due.Add(time.Minute) }
		p, err = s.List(w.Collector, issuing.Query{View: issuing.ViewAll, Only: issuing.OnlyLate})
		d.Now = real
		must(t, err)
		if !slices.ContainsFunc(p.Items, func(x *issuing.Draft) bool { return x.ID == back.ID }) {
			t.Errorf("overdue: %+v", p.Items)
		}
		for _, q := range []issuing.Query{{Only: "others"}, {View: issuing.ViewEnded, Only: issuing.OnlyLate}} {
			_, err = s.List(w.Collector, q)
			wantCode(t, err, "issuing.only")
		}
		_, err = s.Submit(w.Collector, issuingtest.Decide(back))
		must(t, err)
		p, err = s.List(w.Collector, issuing.Query{View: issuing.ViewAll, Only: issuing.OnlyReturned})
		must(t, err)
		if len(p.Items) != 0 {
			t.Errorf("handed on: %+v", p.Items)
		}
		n, err := s.Counts(w.Whole)
		must(t, err)
		if n["collect"] != 1 || n["review"] != 1 || n["seal"] != 1 {
			t.Errorf("counts: %v", n)
		}
		_, err = s.List(w.Whole, issuing.Query{View: "others"})
		wantCode(t, err, "issuing.view")
	})
}
