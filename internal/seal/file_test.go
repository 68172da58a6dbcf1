package seal_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/due"
	"sidian/internal/fault"
	"sidian/internal/pki/pkitest"
	"sidian/internal/seal"
	"sidian/internal/seal/sealtest"
)

// A seal is in force from its filing, under a number that no other has.
func TestFile(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := sealtest.New(t, d)
		file := func(who context.Context, x *seal.Seal, number string) (*seal.Seal, error) {
			return w.Seal.File(who, x.ID, seal.FileRequest{Authority: pkitest.Root, Number: number, Reason: "备案"})
		}
		make := func(kind string) *seal.Seal {
			x, err := w.Seal.Make(w.Keeper, w.Request(t, sealtest.Market, kind))
			must(t, err)
			return x
		}
		x := make(seal.LegalName)
		_, err := intend(t, w, w.Client, x, document(t, "a"))
		wantCode(t, err, fault.Conflict, "seal.missing")
		wantCode(t, d.Read(t.Context(), func(tx *db.Tx) error { _, err := w.Seal.UsableTx(tx, x.ID); return err }), fault.Conflict, "seal.made")
		_, err = w.Seal.PublicGet(t.Context(), x.ID)
		wantCode(t, err, fault.NotFound, "seal.unknown")
		_, err = w.Seal.Grant(w.Keeper, seal.Policy{Seal: x.ID, Purpose: seal.Any, Until: w.DB.Now().AddDate(1, 0, 0), Reason: "测试"})
		wantCode(t, err, fault.Conflict, "seal.made")

		if _, err := file(w.Clerk, x, ""); !errors.Is(err, fault.Forbidden) {
			t.Errorf("a clerk files: %v", err)
		}
		filed, err := file(w.Admin, x, "")
		must(t, err)
		if filed.State != seal.Effective || len(filed.Number) != 13 || !strings.HasPrefix(filed.Number, "999999") || filed.Authority != pkitest.Root || filed.FiledAt.IsZero() {
			t.Errorf("filed %+v", filed)
		}
		again, err := file(w.Admin, x, filed.Number)
		must(t, err)
		if *again != *filed {
			t.Errorf("again %+v", again)
		}
		_, err = file(w.Admin, x, "2")
		wantCode(t, err, fault.Conflict, "seal.state")
		y := make(seal.Special)
		_, err = file(w.Admin, y, filed.Number)
		wantCode(t, err, fault.Conflict, "seal.number")
		y, err = file(w.Admin, y, " 青政备2026-1 ")
		must(t, err)
		if y.Number != "青政备2026-1" {
			t.Errorf("number %q", y.Number)
		}
		refusals(t, w, "seal/"+x.ID, 3) // a policy, a clerk, another number
		_, err = file(w.Admin, make(seal.Internal), strings.Repeat("1", 41))
		wantCode(t, err, fault.Invalid, "seal.number")

		r := w.Request(t, sealtest.Market, seal.LegalName)
		r.Custodian = ""
		z, err := w.Seal.Make(w.Keeper, r)
		must(t, err)
		_, err = file(w.Admin, z, "")
		wantCode(t, err, fault.Conflict, "seal.custodian")
		r.Custodian = sealtest.Account(w.Clerk) // who may not use seals
		z, err = w.Seal.Make(w.Keeper, r)
		must(t, err)
		_, err = file(w.Admin, z, "")
		wantCode(t, err, fault.Conflict, "seal.custodian")
	})
}

// A renewal or change takes the old seal's place in one transaction: policies
// and rules carry over, the old one never stamps again.
func TestReplace(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := sealtest.New(t, d)
		old := w.Make(t, sealtest.Market, seal.LegalName)
		w.Permit(t, old)
		w.Rule(t, old)
		r := w.Request(t, sealtest.Market, seal.LegalName)
		r.Replaces = old.ID
		x, err := w.Seal.Make(w.Keeper, r)
		must(t, err)
		if got, err := intend(t, w, w.Client, old, document(t, "a")); err != nil || got.Seal() != old.ID {
			t.Errorf("before it is filed: %v", err)
		}
		left, err := intend(t, w, w.Client, old, document(t, "a"))
		must(t, err)
		x, err = w.Seal.File(w.Admin, x.ID, seal.FileRequest{Authority: pkitest.Root})
		must(t, err)
		was, err := w.Seal.Get(w.Keeper, old.ID)
		must(t, err)
		if was.State != seal.Replaced || was.ReplacedBy != x.ID || x.Replaces != old.ID {
			t.Errorf("old %+v", was)
		}
		if got, err := intend(t, w, w.Client, x, document(t, "a")); err != nil || got.Seal() != x.ID {
			t.Errorf("after it is filed: %v", err)
		}
		wantCode(t, d.Read(t.Context(), func(tx *db.Tx) error { _, err := w.Seal.UsableTx(tx, old.ID); return err }), fault.Conflict, "seal.replaced")
		if _, err := w.Seal.Stamp(w.Client, left, document(t, "a"), place); err == nil {
			t.Error("the old seal stamps")
		}
		for id, want := range map[string]int{old.ID: 0, x.ID: 1} {
			if rules, err := w.Seal.Rules(w.Keeper, id); err != nil || len(rules) != want {
				t.Errorf("%d rules, want %d: %v", len(rules), want, err)
			}
			live := 0
			policies, err := w.Seal.Policies(w.Keeper, id)
			must(t, err)
			for _, p := range policies {
				if p.EndedAt.IsZero() {
					live++
				}
			}
			if live != want {
				t.Errorf("%d policies, want %d", live, want)
			}
		}
		_, err = w.Seal.Make(w.Keeper, r) // of what is gone
		wantCode(t, err, fault.Conflict, "seal.replaces")
		r.Replaces = x.ID
		r.Kind, r.Name = seal.Special, r.Name+"合同专用章"
		_, err = w.Seal.Make(w.Keeper, r)
		wantCode(t, err, fault.Conflict, "seal.replaces")
		r.Replaces = "none"
		_, err = w.Seal.Make(w.Keeper, r)
		wantCode(t, err, fault.NotFound, "seal.unknown")
	})
}

// The promise of renewal opens thirty days before the end, for who keeps the
// seal, and closes with the seal.
func TestRenewal(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := sealtest.New(t, d)
		x := w.Make(t, sealtest.Market, seal.LegalName)
		days := x.ValidTo.Sub(x.RenewFrom) / (24 * time.Hour)
		if days < 29 || days > 31 {
			t.Errorf("opens %d days before the end", days)
		}
		for at, want := range map[time.Time]bool{
			x.RenewFrom.Add(-time.Second): false, x.RenewFrom: true, x.ValidTo: true, x.ValidTo.Add(time.Second): false, d.Now(): false,
		} {
			if got := x.RenewalOpen(at); got != want {
				t.Errorf("at %v: %v", at, got)
			}
		}
		if got := promised(t, w, w.Keeper); got != 1 {
			t.Errorf("%d promises", got)
		}
		next := w.Hire(t, "next", "custodian", sealtest.Market)
		_, err := w.Seal.HandOver(w.Keeper, x.ID, sealtest.Account(next), "轮岗")
		must(t, err)
		_, err = w.Seal.Accept(next, x.ID)
		must(t, err)
		if before, after := promised(t, w, w.Keeper), promised(t, w, next); before != 0 || after != 1 {
			t.Errorf("%d and %d promises", before, after)
		}
		must(t, w.Seal.Cancel(w.Keeper, x.ID, "撤并"))
		if got := promised(t, w, next); got != 0 {
			t.Errorf("%d promises for a cancelled seal", got)
		}
		if x, err := w.Seal.Get(w.Keeper, x.ID); err != nil || x.RenewalOpen(x.ValidTo) {
			t.Errorf("a cancelled seal may be renewed: %v", err)
		}
	})
}

func promised(t testing.TB, w *sealtest.World, who context.Context) (n int) {
	t.Helper()
	must(t, w.DB.Read(t.Context(), func(tx *db.Tx) error {
		p, err := w.Seal.Due.Mine(tx, due.Query{Account: sealtest.Account(who), Limit: 10})
		if err == nil {
			n = len(p.Items)
		}
		return err
	}))
	return n
}
