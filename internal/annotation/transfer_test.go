package annotation_test

import (
	"testing"
	"time"

	"sidian/internal/annotation"
	"sidian/internal/cert"
	"sidian/internal/db/dbtest"
	"sidian/internal/fault"
	"sidian/internal/pki/pkitest"
	"sidian/internal/seal"
	"sidian/internal/seal/sealtest"
)

// After the authority to issue was given to another unit, that one makes the copies,
// under its own seal, and sees them.
func TestTransferred(t *testing.T) {
	t.Parallel()
	d := dbtest.New(t, "sqlite")
	now := time.Date(2026, 11, 20, 4, 0, 0, 0, time.UTC)
	d.Now = func() time.Time { return now }
	w := newWorld(t, d)
	c := w.Issue(t, kind)
	base, err := w.Cert.Base(t.Context(), c.ID)
	must(t, err)
	x := w.Make(t, sealtest.Land, base.SealKind)
	_, err = w.Seal.Grant(w.Keeper, seal.Policy{Seal: x.ID, Purpose: annotation.Purpose, Until: now.AddDate(3, 0, 0), Reason: "测试"})
	must(t, err)
	manager := w.Hire(t, "manager", "manager", pkitest.Root)
	tr, err := w.Cert.ProposeTransfer(w.staff, cert.TransferRequest{Kind: kind, Issuer: sealtest.Market, Successor: sealtest.Land, From: "2026-11-21", Basis: "机构改革方案第三条", Reason: "职责划转"})
	must(t, err)
	_, err = w.Cert.DecideTransfer(manager, tr.ID, true, "同意划转")
	must(t, err)
	now = now.AddDate(0, 0, 2)
	_, err = w.copies.Make(w.staff, w.request(c.ID))
	if k, _ := fault.Of(err); k != fault.Forbidden {
		t.Errorf("the old unit makes a copy: %v", err)
	}
	made, err := w.copies.Make(w.land, w.request(c.ID))
	must(t, err)
	if made.Issuer != sealtest.Land {
		t.Errorf("it is of %s", made.Issuer)
	}
	_, err = w.copies.Get(w.land, made.ID)
	must(t, err)
	data, _, err := w.copies.Read(w.land, made.ID, noReading)
	must(t, err)
	w.valid(t, data)
}
