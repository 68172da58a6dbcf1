package sealing_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"sidian/gm"
	"sidian/internal/audit"
	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/fault"
	"sidian/internal/seal"
	"sidian/internal/seal/sealtest"
	"sidian/internal/sealing"
	"sidian/internal/sealing/sealingtest"
)

// refusals counts what the audit says was refused of an action.
func refusals(t testing.TB, w *sealingtest.World, action string) (n int) {
	t.Helper()
	must(t, w.DB.Read(t.Context(), func(tx *db.Tx) error {
		list, _, err := audit.List(tx, audit.Query{Action: action, Result: audit.Refused})
		n = len(list)
		return err
	}))
	return n
}

// What may not be asked for.
func TestAskRefused(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := sealingtest.New(t, d)
		good := func() sealing.Ask { return sealingtest.Request(t, 1, w.Step(sealtest.Market, 0, 20, 200)) }
		for _, tt := range []struct {
			name  string
			by    context.Context
			spoil func(*sealing.Ask)
			kind  fault.Kind
			code  string
			field string
		}{
			{"a stranger", context.Background(), func(*sealing.Ask) {}, fault.Unauthorized, "", ""},
			{"a program", w.Program, func(*sealing.Ask) {}, fault.Forbidden, "sealing.person", ""},
			{"for another unit", w.Asker, func(a *sealing.Ask) { a.Org = sealtest.Land }, fault.Forbidden, "auth.scope", ""},
			{"no title", w.Asker, func(a *sealing.Ask) { a.Title = " " }, fault.Invalid, "sealing.request", "title"},
			{"a number in the title", w.Asker, func(a *sealing.Ask) { a.Title = "关于 11010519491231002X 的证明" }, fault.Invalid, "sealing.request", "title"},
			{"a phone in the reason", w.Asker, func(a *sealing.Ask) { a.Reason = "联系 13800138000" }, fault.Invalid, "sealing.request", "reason"},
			{"no seal", w.Asker, func(a *sealing.Ask) { a.Steps = nil }, fault.Invalid, "sealing.request", "steps"},
			{"too many seals", w.Asker, func(a *sealing.Ask) { a.Steps = slices.Repeat(a.Steps, 21) }, fault.Invalid, "sealing.request", "steps"},
			{"no place", w.Asker, func(a *sealing.Ask) { a.Steps[0].Places = nil }, fault.Invalid, "sealing.request", "steps[0].places"},
			{"off the page", w.Asker, func(a *sealing.Ask) { a.Steps[0].Places[0].X = 200 }, fault.Invalid, "sealing.place", "steps[0].places[0]"},
			{"no such seal", w.Asker, func(a *sealing.Ask) { a.Steps[0].Seal = "nothing" }, fault.NotFound, "seal.unknown", "steps[0].seal"},
			{"no file", w.Asker, func(a *sealing.Ask) { a.Data = nil }, fault.Invalid, "sealing.file", "file"},
			{"no OFD", w.Asker, func(a *sealing.Ask) { a.Data = []byte("hello") }, fault.Invalid, "sealing.file", "file"},
			{"a torn OFD", w.Asker, func(a *sealing.Ask) { a.Data = a.Data[:len(a.Data)/2] }, fault.Invalid, "sealing.file", "file"},
			{"a PDF", w.Asker, func(a *sealing.Ask) { a.Data = []byte("%PDF-1.4\n") }, fault.Invalid, "sealing.pdf", "file"},
			{"too large", w.Asker, func(a *sealing.Ask) { a.Data = make([]byte, sealing.MaxFile+1) }, fault.TooLarge, "sealing.size", "file"},
		} {
			a := good()
			tt.spoil(&a)
			_, err := w.Sealing.Ask(tt.by, a)
			sameRefusal(t, w, tt.by, a, err)
			f := fault.As(err)
			if f == nil || f.Kind != tt.kind || tt.code != "" && tt.code != "auth.scope" && f.Code != tt.code || f.Hint == "" {
				t.Errorf("%s: %+v", tt.name, err)
				continue
			}
			if tt.field != "" && !slices.ContainsFunc(f.Fields, func(x fault.Field) bool { return x.Name == tt.field && x.Message != "" }) {
				t.Errorf("%s: fields %+v", tt.name, f.Fields)
			}
		}
	})
}

// Without a rule, over its maximum, with a seal that may not stamp.
func TestRules(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := sealingtest.New(t, d)
		x := w.Make(t, sealtest.Market, seal.Special)
		ask := func(by context.Context) error {
			a := sealingtest.Request(t, 1, sealing.StepAsk{Seal: x.ID, Places: []sealing.Place{{Page: 1, X: 20, Y: 200}}})
			_, tried := w.Sealing.Try(by, a)
			_, err := w.Sealing.Ask(by, a)
			if x, y := fault.As(err), fault.As(tried); (x == nil) != (y == nil) || x != nil && x.Code != y.Code {
				t.Errorf("asking: %v; trying: %v", err, tried)
			}
			return err
		}
		wantFault(t, "without a rule", ask(w.Asker), fault.Forbidden, "seal.rule")
		if refusals(t, w, "sealing.ask") == 0 {
			t.Error("the refusal is not in the audit")
		}
		_, err := w.Seal.PutRule(w.Admin, seal.Rule{Seal: x.ID, Purpose: seal.Any, Levels: []string{seal.ByCustodian}, Max: 2, Until: d.Now().AddDate(1, 0, 0), Reason: "测试"})
		must(t, err)
		wantFault(t, "of another unit", ask(w.Other), fault.Forbidden, "seal.rule")
		must(t, ask(w.Asker))
		must(t, ask(w.Asker))
		wantFault(t, "over the maximum", ask(w.Asker), fault.Conflict, "sealing.max")
		must(t, w.Seal.Freeze(w.Keeper, x.ID, "核查"))
		wantFault(t, "frozen", ask(w.Asker), fault.Conflict, "seal.frozen")
		must(t, w.Seal.Cancel(w.Keeper, x.ID, "停用"))
		wantFault(t, "cancelled", ask(w.Asker), fault.Conflict, "seal.cancelled")
	})
}

// Who may not approve, and what.
func TestApproveRefused(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := sealingtest.New(t, d)
		keeper := w.Keepers[sealtest.Market]
		r := w.Ask(t, 1, w.Step(sealtest.Market, 0, 20, 200))
		good := sealing.ApproveRequest{Step: r.Steps[0].ID, Seen: r.Base, Answer: sealingtest.Code}
		try := func(what string, by context.Context, kind fault.Kind, code string, change func(*sealing.ApproveRequest)) {
			t.Helper()
			q := good
			if change != nil {
				change(&q)
			}
			_, err := w.Sealing.Approve(by, q)
			wantFault(t, what, err, kind, code)
		}
		try("without the second factor", keeper, fault.Forbidden, "confirm.needed", func(q *sealing.ApproveRequest) { q.Answer = "" })
		try("with a wrong one", keeper, fault.Forbidden, "confirm.needed", func(q *sealing.ApproveRequest) { q.Answer = "000000" })
		try("another document", keeper, fault.Conflict, "sealing.seen", func(q *sealing.ApproveRequest) { q.Seen = strings.Repeat("0", 64) })
		try("no such step", keeper, fault.NotFound, "sealing.unknown", func(q *sealing.ApproveRequest) { q.Step = "nothing" })
		try("the keeper of another unit", w.Keepers[sealtest.Land], fault.NotFound, "sealing.unknown", nil)
		try("a program", w.Program, fault.Forbidden, "sealing.person", nil)
		if _, err := w.Sealing.Approve(w.Leader, good); fault.As(err) == nil || fault.As(err).Kind != fault.Forbidden {
			t.Errorf("who keeps another seal: %v", err)
		}
		if _, err := w.Sealing.Approve(w.Asker, good); fault.As(err) == nil || fault.As(err).Kind != fault.Forbidden {
			t.Errorf("who may not approve: %v", err)
		}
		if n := refusals(t, w, "sealing.approve"); n < 4 {
			t.Errorf("%d refusals are in the audit", n)
		}
		confirm := w.Sealing.Confirm
		w.Sealing.Confirm = nil
		try("nobody confirms", keeper, fault.Forbidden, "confirm.needed", nil)
		w.Sealing.Confirm = confirm

		// The keeper asks, and would approve it himself.
		own, err := w.Sealing.Ask(keeper, sealingtest.Request(t, 1, w.Step(sealtest.Market, 0, 20, 200)))
		must(t, err)
		try("one's own", keeper, fault.Forbidden, "sealing.own", func(q *sealing.ApproveRequest) { q.Step, q.Seen = own.Steps[0].ID, own.Base })

		must(t, w.Seal.Freeze(keeper, w.Seals[sealtest.Market].ID, "核查"))
		try("frozen", keeper, fault.Conflict, "seal.frozen", nil)
		must(t, w.Seal.Thaw(w.Admin, w.Seals[sealtest.Market].ID, "核查完毕"))
		_, err = w.Sealing.Approve(keeper, good)
		must(t, err)
		try("twice", keeper, fault.Conflict, "sealing.state", nil)
	})
}

// The right to use a seal is good for one content, one step, one person, once.
func TestRight(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := sealingtest.New(t, d)
		q := sealingtest.Request(t, 1, w.Step(sealtest.Market, 0, 20, 200))
		q.Manual = true
		r, err := w.Sealing.Ask(w.Asker, q)
		must(t, err)
		r = w.Approve(t, r, 0)
		var right string
		must(t, d.Read(t.Context(), func(tx *db.Tx) error {
			return tx.Get(`select approval from sealing_step where id = $1`, []any{r.Steps[0].ID}, &right)
		}))
		base, err := w.Blob.Get(t.Context(), digestOf(t, r.Base))
		must(t, err)
		content, err := contentOf(prepared(t, base))
		must(t, err)
		object := "sealing/" + r.Steps[0].ID
		intend := func(by context.Context, object string, content gm.Digest) error {
			return d.Write(by, func(tx *db.Tx) error {
				_, err := w.Seal.IntendApprovedTx(tx, right, object, content)
				return err
			})
		}
		wantFault(t, "a changed document", intend(w.Asker, object, gm.Sum([]byte("another"))), fault.Conflict, "seal.approval-content")
		wantFault(t, "another step", intend(w.Asker, "sealing/other", content), fault.Forbidden, "seal.approval-object")
		wantFault(t, "another person", intend(w.Leader, object, content), fault.Forbidden, "seal.approval-operator")
		r, err = w.Sealing.Stamp(w.Asker, r.ID)
		must(t, err)
		wantSealed(t, w, r, 1)
		wantFault(t, "a second time", intend(w.Asker, object, content), fault.Conflict, "seal.approval-used")
	})
}

func digestOf(t testing.TB, hex string) (d gm.Digest) {
	t.Helper()
	b := []byte{}
	_, err := fmt.Sscanf(hex, "%x", &b)
	must(t, err)
	copy(d[:], b)
	return d
}

// An approval that nobody used in time is none: the step waits again.
func TestApprovalRunsOut(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := sealingtest.New(t, d)
		q := sealingtest.Request(t, 1, w.Step(sealtest.Market, 0, 20, 200))
		q.Manual = true
		r, err := w.Sealing.Ask(w.Asker, q)
		must(t, err)
		r = w.Approve(t, r, 0)
		for range 25 {
			later(w)
		}
		_, err = w.Sealing.Stamp(w.Asker, r.ID)
		wantFault(t, "after a day", err, fault.Conflict, "seal.approval-expired")
		r, err = w.Sealing.Get(w.Asker, r.ID)
		must(t, err)
		if state(r) != "open waiting" || r.Steps[0].Trouble == "" {
			t.Fatalf("%s %+v", state(r), r.Steps[0])
		}
		r = w.Approve(t, r, 0)
		r, err = w.Sealing.Stamp(w.Asker, r.ID)
		must(t, err)
		wantSealed(t, w, r, 1)
	})
}

// A document that a third party closed is refused with the reason; one that it
// signed and left open is sealed beside.
func TestThirdParty(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := sealingtest.New(t, d)
		open, closed := thirdParty(t)
		a := sealingtest.Request(t, 1, w.Step(sealtest.Market, 0, 20, 200))
		a.Data = closed
		_, err := w.Sealing.Ask(w.Asker, a)
		wantFault(t, "closed", err, fault.Invalid, "sealing.unsignable")
		a.Data = open
		r, err := w.Sealing.Ask(w.Asker, a)
		must(t, err)
		r = w.Approve(t, r, 0)
		data, _, err := w.Sealing.File(w.Asker, r.ID)
		must(t, err)
		wantIntact(t, data, 2)
		_, _, err = w.Sealing.Upload(w.Asker, r.ID)
		must(t, err)
	})
}

// The same request twice is one request.
func TestAskRepeated(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := sealingtest.New(t, d)
		ctx := repeating(w.Asker, "k")
		a := sealingtest.Request(t, 1, w.Step(sealtest.Market, 0, 20, 200))
		one, err := w.Sealing.Ask(ctx, a)
		must(t, err)
		two, err := w.Sealing.Ask(ctx, a)
		must(t, err)
		if one.ID != two.ID {
			t.Error("it was asked for twice")
		}
	})
}
