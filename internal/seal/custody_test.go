package seal_test

import (
	"errors"
	"testing"

	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/fault"
	"sidian/internal/iam"
	"sidian/internal/seal"
	"sidian/internal/seal/sealtest"
)

// A seal changes hands when who was offered it accepts, and not before.
func TestHandOver(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := sealtest.New(t, d)
		x := w.Make(t, sealtest.Market, seal.LegalName)
		next := w.Hire(t, "next", "custodian", sealtest.Market)
		third := w.Hire(t, "third", "custodian", sealtest.Market)
		land := w.Hire(t, "land", "custodian", sealtest.Land)
		to := sealtest.Account

		_, err := w.Seal.HandOver(next, x.ID, to(next), "想要")
		if !errors.Is(err, fault.Forbidden) {
			t.Errorf("whoever does not keep it: %v", err)
		}
		_, err = w.Seal.HandOver(w.Keeper, x.ID, "nobody", "轮岗")
		wantCode(t, err, fault.Invalid, "seal.receiver")
		_, err = w.Seal.HandOver(w.Keeper, x.ID, to(w.Keeper), "轮岗")
		wantCode(t, err, fault.Conflict, "seal.receiver")
		_, err = w.Seal.HandOver(w.Keeper, x.ID, to(next), "")
		wantCode(t, err, fault.Invalid, "seal.reason")
		_, err = w.Seal.Accept(next, x.ID)
		wantCode(t, err, fault.Conflict, "seal.handover")
		wantCode(t, w.Seal.Decline(w.Keeper, x.ID, "没有"), fault.Conflict, "seal.handover")

		_, err = w.Seal.HandOver(w.Keeper, x.ID, to(third), "轮岗")
		must(t, err)
		h, err := w.Seal.HandOver(w.Admin, x.ID, to(next), "改由他人") // in place of the first
		must(t, err)
		_, err = w.Seal.Accept(third, x.ID)
		wantCode(t, err, fault.Conflict, "seal.handover")
		if kept, offered, err := w.Seal.Kept(next); err != nil || len(kept) != 0 || len(offered) != 1 {
			t.Errorf("kept %v offered %v: %v", kept, offered, err)
		}
		if n, err := w.Notice.Unread(next); err != nil || n != 1 {
			t.Errorf("%d notices: %v", n, err)
		}
		if err := w.Seal.Decline(land, x.ID, "捣乱"); !errors.Is(err, fault.Forbidden) {
			t.Errorf("a stranger ends it: %v", err)
		}
		got, err := w.Seal.Accept(next, x.ID)
		must(t, err)
		if got.Custodian != to(next) || h.From != to(w.Keeper) {
			t.Errorf("custodian %s", got.Custodian)
		}
		entries(t, d, "seal/"+x.ID, "seal.make", "seal.file", "seal.handover", "seal.handover", "seal.accept",
			"seal.handover", "seal.handover", "seal.accept", "seal.accept", "seal.decline", "seal.decline") // refusals included
		_, err = w.Seal.Accept(next, x.ID)
		wantCode(t, err, fault.Conflict, "seal.handover")
		all, err := w.Seal.Handovers(w.Admin, x.ID)
		must(t, err)
		if len(all) != 2 || all[0].State == all[1].State {
			t.Errorf("record %+v", all)
		}

		// Who may not use the unit's seals cannot accept one.
		_, err = w.Seal.HandOver(next, x.ID, to(land), "交给他人")
		must(t, err)
		if _, err := w.Seal.Accept(land, x.ID); !errors.Is(err, fault.Forbidden) {
			t.Errorf("another unit's custodian: %v", err)
		}
		must(t, w.Seal.Decline(land, x.ID, "不是本单位的"))
		must(t, w.Seal.Cancel(w.Admin, x.ID, "撤并"))
		_, err = w.Seal.HandOver(next, x.ID, to(third), "轮岗")
		wantCode(t, err, fault.Conflict, "seal.state")
	})
}

// Who keeps a seal cannot leave before somebody else has accepted it.
func TestLeaving(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := sealtest.New(t, d)
		leaver := w.Hire(t, "leaver", "custodian", sealtest.Market)
		next := w.Hire(t, "next", "custodian", sealtest.Market)
		r := w.Request(t, sealtest.Market, seal.LegalName)
		r.Custodian = sealtest.Account(leaver)
		x := w.MakeOf(t, r)
		has := func() (n int) {
			list, err := w.IAM.Holdings(w.System, sealtest.Account(leaver))
			must(t, err)
			for _, h := range list {
				if h.Kind == seal.HoldingSeal && h.ID == x.ID {
					n++
				}
			}
			return n
		}
		if has() != 1 {
			t.Error("the seal is no holding")
		}
		done, err := w.IAM.HandOver(w.System, iam.HandOverRequest{
			From: sealtest.Account(leaver), To: sealtest.Account(next), Items: []string{"seal/" + x.ID}, Reason: "离岗",
		})
		must(t, err)
		if len(done) != 1 || done[0].Done || has() != 1 {
			t.Errorf("handed over without the receiver: %+v", done)
		}
		_, err = w.Seal.Accept(next, x.ID)
		must(t, err)
		if has() != 0 {
			t.Error("the leaver still holds it")
		}
	})
}
