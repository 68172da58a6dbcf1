package verify_test

import (
	"context"
	"testing"
	"time"

	"sidian/internal/cert"
	"sidian/internal/cert/state"
	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/seal/sealtest"
	"sidian/ofd/sign"
)

// The verification after an act says what has become of the certificate, since
// when, and on what basis; only an effective one stands, with what stands beside
// it.
func TestFate(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		now := time.Date(2026, 11, 20, 4, 0, 0, 0, time.UTC)
		d.Now = func() time.Time { return now }
		w, s := newService(t, d)
		issuer := w.Hire(t, "issuer", "issuer", sealtest.Market)
		act := func(ctx context.Context, id, action string) {
			t.Helper()
			_, err := w.Cert.Act(ctx, cert.ActRequest{ID: id, Action: action, Reason: "办件 7 号", Basis: "青市监决〔2026〕7号"})
			must(t, err)
		}
		for _, a := range state.Actions() {
			was := state.State{Status: state.Effective}
			became, no := a.Apply(was)
			if no != nil || a.Permission == "" || a.Next || a.Until == state.Must {
				continue
			}
			c := w.Issue(t, kind)
			act(issuer, c.ID, a.Code)
			v := verdict(t, s, w.Document(t, c))
			info, _ := state.Of(became.Status)
			if v.Report.Verdict != sign.Valid || v.Stands() != info.Stands || v.Register.Status != string(became.Status) || len(v.Register.Marks) != len(became.Marks) {
				t.Errorf("%s: %s, stands %t, %+v", a.Code, v.Report.Verdict, v.Stands(), v.Register)
			}
			if v.Register.Passes() != (info.Passes && info.Status != state.Expired) || v.Register.ObjectionMark != became.Has(state.Objected) {
				t.Errorf("%s: %+v", a.Code, v.Register)
			}
			if info.Stands != says(v, "同等法律效力") || !says(v, "证照状态为"+info.Name) {
				t.Errorf("%s: %s %v", a.Code, v.LegalEffect, v.Reasons)
			}
			if !info.Stands && (!says(v, info.Say) || !says(v, "自 2026-11-20 起") || !says(v, "青市监决〔2026〕7号")) {
				t.Errorf("%s: %s %v", a.Code, v.LegalEffect, v.Reasons)
			}
			if says(v, "办件 7 号") {
				t.Errorf("%s: a stranger is told the reason", a.Code)
			}
			for _, m := range became.Marks {
				if beside, _ := state.MarkOf(m); !says(v, beside.Say) {
					t.Errorf("%s: %v", a.Code, v.Reasons)
				}
			}
			if a.Undo == "" {
				continue
			}
			act(issuer, c.ID, a.Undo)
			if v := verdict(t, s, w.Document(t, c)); !v.Stands() || len(v.Register.Marks) != 0 {
				t.Errorf("%s taken back: %+v %v", a.Code, v.Register, v.Reasons)
			}
		}
	})
}
