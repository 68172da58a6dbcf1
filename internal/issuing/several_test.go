package issuing_test

import (
	"bytes"
	"context"
	"io/fs"
	"testing"
	"testing/fstest"

	"sidian/internal/cert"
	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/issuing"
	"sidian/internal/issuing/issuingtest"
	"sidian/internal/pki/pkitest"
	"sidian/internal/seal"
	"sidian/internal/seal/sealtest"
	"sidian/internal/sealing"
	"sidian/kinds"
)

const joint = "joint"

// jointKind is the kind approval, sealed by the issuer and then by the unit above.
func jointKind(t testing.TB) fs.FS {
	t.Helper()
	out := fstest.MapFS{}
	list, err := fs.ReadDir(kinds.FS, "approval")
	must(t, err)
	for _, e := range list {
		b, err := fs.ReadFile(kinds.FS, "approval/"+e.Name())
		must(t, err)
		const one = "  - { role: issuer, kind: legal-name, page: 0, at: [128, 221, 42, 42] }\n"
		if e.Name() == "kind.yaml" {
			if !bytes.Contains(b, []byte(one)) {
				t.Fatal("the kind has another seal slot")
			}
			b = bytes.Replace(b, []byte(one), []byte(one+"  - { role: superior, kind: legal-name, page: 0, at: [32, 221, 42, 42], order: 2 }\n"), 1)
		}
		out[joint+"/"+e.Name()] = &fstest.MapFile{Data: bytes.ReplaceAll(b, []byte(`"approval"`), []byte(`"`+joint+`"`))}
	}
	return out
}

// What several units seal is not issued before all have, and goes back to those
// that passed when one of them is not to be had.
func TestSeveralSeals(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := issuingtest.New(t, d)
		w.Cert.Desk = &sealing.Service{DB: w.DB, IAM: w.IAM, Seal: w.Seal, Blob: w.Blob, Outbox: w.Outbox, BaseURL: pkitest.BaseURL,
			Confirm: func(context.Context, string) (string, error) { return "totp", nil }}
		_, err := w.Catalogue.Import(t.Context(), jointKind(t), joint)
		must(t, err)
		must(t, w.Cert.Entrust(t.Context(), joint, sealtest.Market))
		let := func(x *seal.Seal) {
			_, err := w.Seal.PutRule(w.Admin, seal.Rule{Seal: x.ID, Purpose: seal.Any, Asker: seal.AskAny, Levels: []string{seal.ByCustodian}, Max: 100, Until: d.Now().AddDate(1, 0, 0), Reason: "测试"})
			must(t, err)
		}
		let(w.Seals[seal.LegalName])
		r := w.Request(t, pkitest.Root, seal.LegalName)
		r.Custodian = sealtest.Account(w.Hire(t, "keeper-root", "custodian", pkitest.Root))
		let(w.MakeOf(t, r))

		x, err := w.Issuing.Create(w.Collector, issuing.CreateRequest{Kind: joint, Unit: sealtest.Market, Content: issuingtest.Content(t, "approval")})
		must(t, err)
		x, err = w.Issuing.Issue(w.Sealer, issuingtest.Decide(passed(t, w, x)))
		must(t, err)
		if x.State != issuing.Issuing || x.Pending == "" || x.Certificate != "" {
			t.Fatalf("it is %s, waiting for %q, of which %q came", x.State, x.Pending, x.Certificate)
		}
		again, err := w.Issuing.Issue(w.Sealer, issuingtest.Decide(x))
		must(t, err)
		if again.Pending != x.Pending || again.State != issuing.Issuing {
			t.Errorf("asked again: %+v", again)
		}
		_, err = w.Cert.WithdrawSeals(w.Sealer, x.Pending, "上级不予用印")
		must(t, err)
		_, err = w.Issuing.Issue(w.Sealer, issuingtest.Decide(x))
		wantCode(t, err, "issuing.seals")
		x, err = w.Issuing.Get(w.Sealer, x.ID)
		must(t, err)
		if x.State != issuing.Passed || x.Pending != "" || x.Returned == nil {
			t.Errorf("given up: %+v", x)
		}
		p, err := w.Cert.List(w.Sealer, cert.ListQuery{Kind: joint})
		must(t, err)
		for _, c := range p.Items {
			if c.Status == cert.Effective {
				t.Error("it is in force without its seals")
			}
		}
	})
}

// Dates that no calendar has, and ends before the beginning, are told before
// review; those around a leap day and the new year are taken.
func TestDates(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := issuingtest.New(t, d)
		for _, x := range []struct {
			from, to string
			good     bool
		}{
			{"2023-02-29", "", false}, {"2024-02-29", "", true}, {"2025-12-31", "2026-01-01", true}, {"2026-01-01", "2025-12-31", false}, {"2026-13-01", "", false}, {"20260105", "", false},
		} {
			c := issuingtest.Content(t, issuingtest.Kind)
			c.ValidFrom, c.ValidTo = x.from, x.to
			draft, err := w.Issuing.Create(w.Collector, issuing.CreateRequest{Kind: issuingtest.Kind, Unit: sealtest.Market, Content: c})
			must(t, err)
			_, err = w.Issuing.Submit(w.Collector, issuingtest.Decide(draft))
			if x.good {
				must(t, err)
			} else {
				wantCode(t, err, "issuing.incomplete")
			}
		}
	})
}
