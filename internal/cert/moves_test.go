package cert_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"sidian/internal/cert"
	"sidian/internal/cert/certtest"
	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/fault"
	"sidian/internal/pki/pkitest"
	"sidian/internal/seal/sealtest"
)

// Who decides a transfer is told how many certificates it moves, by their states, with
// what the unit took over itself; nobody else is, and not afterwards.
func TestTransferMoves(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		const kind = "approval" // the one whose validity ends
		now := time.Date(2026, 11, 20, 4, 0, 0, 0, time.UTC)
		d.Now = func() time.Time { return now }
		w := certtest.New(t, d, kind, "physician")
		old, heir := w.Hire(t, "old", "issuer", sealtest.Market), w.Hire(t, "heir", "issuer", sealtest.Land)
		manager := w.Hire(t, "manager", "manager", pkitest.Root)
		w.Issue(t, "physician")
		var all []*cert.Certificate
		for range 6 {
			all = append(all, w.Issue(t, kind))
		}
		for i, action := range []string{"suspend", "suspend", "cancel"} {
			_, err := w.Cert.Act(old, cert.ActRequest{ID: all[i].ID, Action: action, Reason: "测试事由", Basis: "样例文号〔2026〕1号"})
			must(t, err)
		}
		propose := func(who context.Context, from, to string, days int) *cert.Transfer {
			t.Helper()
			x, err := w.Cert.ProposeTransfer(who, cert.TransferRequest{Kind: kind, Issuer: from, Successor: to, From: now.AddDate(0, 0, days).Format(time.DateOnly), Basis: "机构改革方案第三条", Reason: "许可职责划转"})
			must(t, err)
			return x
		}
		wants := func(x *cert.Transfer, want string) {
			t.Helper()
			got, err := w.Cert.TransferOf(manager, x.ID)
			must(t, err)
			if got.Moves == nil {
				t.Fatalf("it does not say what it moves: %+v", got)
			}
			text := fmt.Sprint(got.Moves.Total)
			for _, s := range got.Moves.States {
				text += fmt.Sprintf(" %s %d", s.Status, s.Count)
			}
			if text != want {
				t.Errorf("it moves %s, want %s", text, want)
			}
		}
		first := propose(old, sealtest.Market, sealtest.Land, 5)
		wants(first, "6 effective 3 suspended 2 cancelled 1")
		ends, err := time.Parse(time.DateOnly, all[5].ValidTo)
		must(t, err)
		before := now
		now = ends.AddDate(0, 0, 1) // it has run out, and nobody wrote it down
		wants(first, "6 suspended 2 expired 3 cancelled 1")
		now = before
		_, err = w.Cert.TransferOf(w.Hire(t, "filer", "clerk", pkitest.Root), first.ID)
		wantFault(t, err, fault.NotFound, "cert.transfer-unknown", "", "")
		_, err = w.Cert.TransferOf(manager, "none")
		wantFault(t, err, fault.NotFound, "cert.transfer-unknown", "", "")
		_, err = w.Cert.DecideTransfer(manager, first.ID, true, "同意划转")
		must(t, err)
		if got, err := w.Cert.TransferOf(heir, first.ID); err != nil || got.Moves != nil || got.State != cert.TransferAgreed {
			t.Errorf("after it was agreed: %+v %v", got, err)
		}
		// What came to the heir goes on with what the heir gives away.
		now = now.AddDate(0, 0, 6)
		wants(propose(heir, sealtest.Land, sealtest.Market, 3), "6 effective 3 suspended 2 cancelled 1")
	})
}
