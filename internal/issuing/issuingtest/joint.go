package issuingtest

import (
	"bytes"
	"context"
	"io/fs"
	"testing"
	"testing/fstest"

	"sidian/internal/db"
	"sidian/internal/issuing"
	"sidian/internal/pki/pkitest"
	"sidian/internal/seal"
	"sidian/internal/seal/sealtest"
	"sidian/internal/sealing"
	"sidian/kinds"
)

// Joint is a kind that the issuer and another department seal in parallel, then
// the unit above; Partner is the role of the department.
const (
	Joint   = "joint"
	Partner = "会签部门"
)

// jointKind is the kind approval with three seals.
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
			b = bytes.Replace(b, []byte(one), []byte(`  - { role: issuer, kind: legal-name, page: 0, at: [128, 221, 42, 42], order: 1 }
  - { role: 会签部门, kind: legal-name, page: 0, at: [80, 221, 42, 42], order: 1 }
  - { role: superior, kind: legal-name, page: 0, at: [32, 221, 42, 42], order: 2 }
`), 1)
		}
		out[Joint+"/"+e.Name()] = &fstest.MapFile{Data: bytes.ReplaceAll(b, []byte(`"approval"`), []byte(`"`+Joint+`"`))}
	}
	return out
}

// A Several is an instance in which three units of two tiers seal.
type Several struct {
	*World
	Sealing *sealing.Service
	Keepers map[string]context.Context // by unit
}

// NewSeveral makes an instance in d.
func NewSeveral(t testing.TB, d *db.DB) *Several {
	t.Helper()
	w := &Several{World: New(t, d), Keepers: map[string]context.Context{}}
	w.Sealing = &sealing.Service{DB: w.DB, IAM: w.IAM, Seal: w.Seal, Blob: w.Blob, Outbox: w.Outbox, BaseURL: pkitest.BaseURL,
		Confirm: func(context.Context, string) (string, error) { return "totp", nil }}
	w.Cert.Desk = w.Sealing
	_, err := w.Catalogue.Import(t.Context(), jointKind(t), Joint)
	must(t, err)
	must(t, w.Cert.Entrust(t.Context(), Joint, sealtest.Market))
	w.Keepers[sealtest.Market] = w.Keeper
	let := func(x *seal.Seal) {
		_, err := w.Seal.PutRule(w.Admin, seal.Rule{Seal: x.ID, Purpose: seal.Any, Asker: seal.AskAny, Levels: []string{seal.ByCustodian}, Max: 100, Until: d.Now().AddDate(1, 0, 0), Reason: "测试"})
		must(t, err)
	}
	let(w.Seals[seal.LegalName])
	for _, unit := range []string{sealtest.Land, pkitest.Root} {
		w.Keepers[unit] = w.Hire(t, "keeper-"+unit, "custodian", unit)
		r := w.Request(t, unit, seal.LegalName)
		r.Custodian = sealtest.Account(w.Keepers[unit])
		let(w.MakeOf(t, r))
	}
	return w
}

// Named is what is collected for the kind, with the department that seals.
func Named(t testing.TB) issuing.Content {
	t.Helper()
	c := Content(t, "approval")
	c.Seals = map[string]string{Partner: sealtest.Land}
	return c
}
