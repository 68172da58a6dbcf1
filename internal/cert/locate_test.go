package cert_test

import (
	"context"
	"strings"
	"testing"

	"sidian/internal/cert/certtest"
	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/fault"
	"sidian/internal/seal/sealtest"
)

// An auditor finds a certificate by what is in hand, and is told nothing of whom
// it is about; others find nothing.
func TestLocate(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := certtest.New(t, d, "marriage")
		c := w.Issue(t, "marriage")
		of := map[string]context.Context{
			"market": w.Hire(t, "inner", "audit", sealtest.Market), "land": w.Hire(t, "other", "audit", sealtest.Land), "all": w.Hire(t, "all", "audit", "county"),
		}
		for what, text := range map[string]string{"id": c.ID, "number": c.Number, "identifier": c.Identifier, "code": c.Code, "spaces": " " + c.Number + "\n"} {
			for who, want := range map[string]int{"market": 1, "all": 1, "land": 0} {
				found, err := w.Cert.Locate(of[who], text)
				must(t, err)
				if len(found) != want || want > 0 && (found[0].Object != "cert/"+c.ID || found[0].KindName != "结婚证" || found[0].IssuedAt.IsZero()) {
					t.Errorf("by %s, of %s: %+v", what, who, found)
				}
			}
		}
		for _, text := range []string{"", " ", "none", "%", "' or '1'='1", "a\x00", "\xff", strings.Repeat("1", 1000)} {
			if found, err := w.Cert.Locate(of["all"], text); err != nil || len(found) != 0 {
				t.Errorf("%q: %+v, %v", text, found, err)
			}
		}
		_, err := w.Cert.Locate(w.Client, c.Number)
		wantFault(t, err, fault.Forbidden, "auth.scope", "", "")
		_, err = w.Cert.Locate(w.System, c.Number)
		wantFault(t, err, fault.Forbidden, "auth.permission", "", "")
		_, err = w.Cert.Locate(t.Context(), c.Number)
		wantFault(t, err, fault.Unauthorized, "auth.required", "", "")
	})
}
