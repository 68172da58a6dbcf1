package seal_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/fault"
	"sidian/internal/pki/pkitest"
	"sidian/internal/seal"
	"sidian/internal/seal/sealtest"
	"sidian/internal/status"
	"sidian/ofd/sign"
)

// brought makes a seal that is in a state.
func brought(t testing.TB, w *sealtest.World, state string) *seal.Seal {
	t.Helper()
	r := w.Request(t, sealtest.Market, seal.LegalName)
	if state == seal.Made {
		x, err := w.Seal.Make(w.Keeper, r)
		must(t, err)
		return x
	}
	x := w.MakeOf(t, r)
	switch state {
	case seal.Frozen:
		must(t, w.Seal.Freeze(w.Keeper, x.ID, "测试"))
	case "lost":
		must(t, w.Seal.Lost(w.Keeper, x.ID, "测试"))
	case seal.Cancelled:
		must(t, w.Seal.Cancel(w.Keeper, x.ID, "测试"))
	case seal.Replaced:
		r.Replaces = x.ID
		w.MakeOf(t, r)
	}
	return x
}

// Every pair of state and action is either allowed, and leads to one state with
// one public value, or refused with a reason.
func TestStates(t *testing.T) {
	t.Parallel()
	w := sealtest.New(t, dbtest.New(t, "sqlite"))
	actions := map[string]func(context.Context, string, string) error{
		"freeze": w.Seal.Freeze, "thaw": w.Seal.Thaw, "cancel": w.Seal.Cancel, "lost": w.Seal.Lost,
		"file": func(ctx context.Context, id, reason string) error {
			_, err := w.Seal.File(ctx, id, seal.FileRequest{Authority: pkitest.Root, Number: "另一个号" + id, Reason: reason})
			return err
		},
		"replace": func(ctx context.Context, id, _ string) error {
			r := w.Request(t, sealtest.Market, seal.LegalName)
			r.Replaces = id
			x, err := w.Seal.Make(ctx, r)
			if err != nil {
				return err
			}
			_, err = w.Seal.File(ctx, x.ID, seal.FileRequest{Authority: pkitest.Root})
			return err
		},
	}
	type end struct {
		state string
		value status.Value
	}
	allowed := map[string]map[string]end{
		seal.Made:      {"file": {seal.Effective, status.Valid}, "cancel": {seal.Cancelled, status.Invalid}},
		seal.Effective: {"freeze": {seal.Frozen, status.Suspended}, "cancel": {seal.Cancelled, status.Invalid}, "lost": {seal.Frozen, status.Invalid}, "replace": {seal.Replaced, status.Replaced}},
		seal.Frozen:    {"thaw": {seal.Effective, status.Valid}, "cancel": {seal.Cancelled, status.Invalid}, "lost": {seal.Frozen, status.Invalid}, "replace": {seal.Replaced, status.Replaced}},
		"lost":         {"cancel": {seal.Cancelled, status.Invalid}, "replace": {seal.Replaced, status.Invalid}},
		seal.Cancelled: {},
		seal.Replaced:  {},
	}
	for from, may := range allowed {
		for action, do := range actions {
			t.Run(from+" "+action, func(t *testing.T) {
				t.Parallel()
				x := brought(t, w, from)
				err := do(w.Keeper, x.ID, "测试")
				want, ok := may[action]
				if !ok {
					if e := fault.As(err); e == nil || e.Kind != fault.Conflict || e.Hint == "" {
						t.Errorf("got %v", err)
					}
					return
				}
				must(t, err)
				got, err := w.Seal.Get(w.Keeper, x.ID)
				must(t, err)
				if got.State != want.state {
					t.Errorf("state %s, want %s", got.State, want.state)
				}
				must(t, w.DB.Read(t.Context(), func(tx *db.Tx) error {
					e, err := status.EntryTx(tx, status.Seals, x.ID)
					if e.Value != want.value {
						t.Errorf("public value %d, want %d", e.Value, want.value)
					}
					return err
				}))
			})
		}
	}
}

// Who may not change a seal, does not, and it is recorded.
func TestStatesForbidden(t *testing.T) {
	t.Parallel()
	w := sealtest.New(t, dbtest.New(t, "sqlite"))
	custodian := w.Hire(t, "custodian", "custodian", sealtest.Market)
	land := w.Hire(t, "land", "custodian", sealtest.Land)
	x := w.Make(t, sealtest.Market, seal.LegalName)
	for name, c := range map[string]struct {
		who context.Context
		do  func(context.Context, string, string) error
	}{
		"custodian thaws":              {custodian, w.Seal.Thaw},
		"custodian cancels":            {custodian, w.Seal.Cancel},
		"another unit's freezes":       {land, w.Seal.Freeze},
		"another unit's reports it":    {land, w.Seal.Lost},
		"clerk freezes":                {w.Clerk, w.Seal.Freeze},
		"program freezes":              {w.Client, w.Seal.Freeze},
		"system administrator cancels": {w.System, w.Seal.Cancel},
	} {
		if err := c.do(c.who, x.ID, "测试"); !errors.Is(err, fault.Forbidden) {
			t.Errorf("%s: %v", name, err)
		}
	}
	refusals(t, w, "seal/"+x.ID, 7)
	wantCode(t, w.Seal.Freeze(custodian, x.ID, ""), fault.Invalid, "seal.reason")
	wantCode(t, w.Seal.SetState(w.Keeper, x.ID, "expired", "x"), fault.Invalid, "seal.state")
	must(t, w.Seal.Freeze(custodian, x.ID, "遗失"))
	must(t, w.Seal.Thaw(w.Admin, x.ID, "找回"))
}

// A lost seal stops all seals of its key, for ever; what it stamped before stays
// valid, and what takes its place inherits.
func TestLost(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		now := time.Now()
		d.Now = func() time.Time { return now }
		w := sealtest.New(t, d)
		x := w.Make(t, sealtest.Market, seal.LegalName)
		w.Permit(t, x)
		twin := w.Request(t, sealtest.Market, seal.Special)
		twin.Certificate = x.Certificate
		y := w.MakeOf(t, twin)
		waiting := w.Request(t, sealtest.Market, seal.Internal)
		waiting.Certificate = x.Certificate
		z, err := w.Seal.Make(w.Keeper, waiting)
		must(t, err)
		doc := document(t, "a")
		token, err := intend(t, w, w.Client, x, doc)
		must(t, err)
		left, err := intend(t, w, w.Client, x, doc)
		must(t, err)
		stamped, err := w.Seal.Stamp(w.Client, token, doc, place)
		must(t, err)
		now = now.Add(time.Hour)
		must(t, w.Seal.Lost(w.Keeper, x.ID, "介质遗失"))
		for id, want := range map[string]string{x.ID: seal.Frozen, y.ID: seal.Frozen, z.ID: seal.Cancelled} {
			if got, err := w.Seal.Get(w.Keeper, id); err != nil || got.State != want || (want == seal.Frozen) == got.LostAt.IsZero() {
				t.Errorf("a seal of the key: %+v, %v", got, err)
			}
		}
		if _, err := w.Seal.Stamp(w.Client, left, doc, place); !errors.Is(err, fault.Conflict) {
			t.Errorf("a right from before: %v", err)
		}
		wantCode(t, w.Seal.Thaw(w.Keeper, x.ID, "找到了"), fault.Conflict, "seal.lost")
		wantCode(t, w.Seal.Lost(w.Keeper, x.ID, "再报"), fault.Conflict, "seal.state")
		if r := report(t, w, stamped); r.Verdict != sign.Valid {
			t.Errorf("a document from before is %s", r.Verdict)
		}
		next := w.Request(t, sealtest.Market, seal.LegalName)
		next.Replaces = x.ID
		n := w.MakeOf(t, next)
		if _, err := intend(t, w, w.Client, n, doc); err != nil {
			t.Errorf("with the next seal, under the policy carried over: %v", err)
		}
		must(t, w.Seal.Cancel(w.Keeper, y.ID, "不再使用"))
	})
}

// A seal that is frozen between the record and the key does not stamp; neither
// does one that expired.
func TestStill(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		now := time.Now()
		d.Now = func() time.Time { return now }
		w := sealtest.New(t, d)
		x := w.Make(t, sealtest.Market, seal.LegalName)
		w.Permit(t, x)
		doc := document(t, "a")
		token, err := intend(t, w, w.Client, x, doc)
		must(t, err)
		must(t, w.Seal.Freeze(w.Keeper, x.ID, "核查"))
		now = now.Add(2 * time.Second)
		_, err = w.Seal.Stamp(w.Client, token, doc, place)
		wantCode(t, err, fault.Conflict, "seal.frozen")
		must(t, w.Seal.Thaw(w.Keeper, x.ID, "核查完毕"))
		_, err = w.Seal.Stamp(w.Client, token, doc, place)
		must(t, err) // what was refused did not spend the right
	})
}
