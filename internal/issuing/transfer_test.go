package issuing_test

import (
	"testing"
	"time"

	"sidian/internal/cert"
	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/fault"
	"sidian/internal/issuing"
	"sidian/internal/issuing/issuingtest"
	"sidian/internal/pki/pkitest"
	"sidian/internal/seal"
	"sidian/internal/seal/sealtest"
)

// After a transfer of the authority, the unit that took it over makes the next
// version, under its own seal; the unit that issued the first does not.
func TestCorrectAfterTransfer(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		now := time.Now()
		d.Now = func() time.Time { return now }
		w := issuingtest.New(t, d)
		old := w.World.Issue(t, issuingtest.Kind)
		x := w.Make(t, sealtest.Land, seal.LegalName)
		_, err := w.Seal.Grant(w.Keeper, seal.Policy{Seal: x.ID, Purpose: seal.Any, Until: now.AddDate(3, 0, 0), Reason: "本平台工作人员签发"})
		must(t, err)
		from := now.AddDate(0, 0, 5).In(time.FixedZone("CST", 8*3600)).Format(time.DateOnly)
		tr, err := w.Cert.ProposeTransfer(w.Sealer, cert.TransferRequest{Kind: issuingtest.Kind, Issuer: sealtest.Market, Successor: sealtest.Land, From: from, Basis: "机构改革方案第三条", Reason: "道路运输许可职责划转"})
		must(t, err)
		_, err = w.Cert.DecideTransfer(w.Hire(t, "manager", "manager", pkitest.Root), tr.ID, true, "同意划转")
		must(t, err)
		_, err = w.Issuing.Correct(w.Stranger, correcting(old, "correct"))
		wantKind(t, err, fault.Forbidden)

		now = now.AddDate(0, 0, 5)
		_, err = w.Issuing.Correct(w.Collector, correcting(old, "correct"))
		if f := fault.As(err); f == nil || f.Code != "cert.transferred" {
			t.Errorf("the unit that gave it away: %v", err)
		}
		begun, err := w.Issuing.Correct(w.Stranger, correcting(old, "correct"))
		must(t, err)
		if begun.Unit != sealtest.Land || begun.Correction == nil {
			t.Errorf("begun for %s: %+v", begun.Unit, begun.Correction)
		}
		content := *begun.Content
		content.Fields["dizhi"] = raw(t, "青禾县南塘镇更正路9号")
		begun, err = w.Issuing.Save(w.Stranger, issuing.SaveRequest{ID: begun.ID, Version: begun.Version, Content: content})
		must(t, err)
		begun, err = w.Issuing.Submit(w.Stranger, issuingtest.Decide(begun))
		must(t, err)
		_, err = w.Issuing.Pass(w.Reviewer, issuingtest.Decide(begun)) // of the unit that issued the first
		wantKind(t, err, fault.NotFound)
		begun, err = w.Issuing.Pass(w.Hire(t, "heir.reviewer", "reviewer", sealtest.Land), issuingtest.Decide(begun))
		must(t, err)
		sealer := w.Hire(t, "heir.sealer", "issuer", sealtest.Land)
		begun, err = w.Issuing.Issue(sealer, issuingtest.Decide(begun))
		must(t, err)
		next, err := w.Cert.Get(sealer, begun.Certificate)
		must(t, err)
		uses, err := w.Seal.UsesOf(sealer, cert.Object(next.ID))
		must(t, err)
		if next.Issuer != sealtest.Land || next.Number != old.Number || next.Prior != old.ID || len(uses) != 1 || uses[0].Seal != x.ID {
			t.Errorf("the next version is of %s, number %s, after %s, sealed %+v", next.Issuer, next.Number, next.Prior, uses)
		}
	})
}
