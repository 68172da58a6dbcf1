package cert_test

import (
	"bytes"
	"encoding/json"
	"regexp"
	"strings"
	"testing"

	"sidian/internal/cert"
	"sidian/internal/cert/certtest"
	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/fault"
	"sidian/internal/pki/pkitest"
	"sidian/internal/seal/sealtest"
)

// Every export has a number of its own, under which anyone is told what it is and
// what has become of its original; a number that was made up is unknown.
func TestExportNumber(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := certtest.New(t, d, "physician")
		holder := certtest.Example(t, "physician").Holders[0]
		above := w.Hire(t, "above", "clerk", pkitest.Root)
		data, c, err := w.Cert.Read(above, w.Issue(t, "physician").ID, cert.Reading{Purpose: "issue", Reason: "核对申请材料"})
		must(t, err)
		for _, format := range []string{"ofd", "svg", "svg", "png", "pdf"} {
			_, _, err := w.Cert.Export(above, data, c, format, 0)
			must(t, err)
		}
		numbers := exportsOf(t, w, c.ID)
		if len(numbers) != 4 {
			t.Fatalf("%d exports are recorded", len(numbers))
		}
		for _, n := range numbers {
			if !regexp.MustCompile(`^DC\d{8}-[A-Z2-7]{16}$`).MatchString(n) {
				t.Errorf("number %q", n)
			}
		}
		x, err := w.Cert.Exported(t.Context(), strings.ToLower(numbers[0]))
		must(t, err)
		if x.Number != numbers[0] || !x.Stands || x.By == "" || x.VerifyURL != c.VerifyURL || !strings.Contains(x.LegalEffect, "复印件") {
			t.Errorf("%+v", x)
		}
		b, err := json.Marshal(x)
		must(t, err)
		if bytes.Contains(b, []byte(holder.Name)) || bytes.Contains(b, []byte(holder.ID)) {
			t.Error("it shows a person in full")
		}
		_, err = w.Cert.Act(w.Hire(t, "sealer", "issuer", sealtest.Market), cert.ActRequest{ID: c.ID, Action: "cancel", Reason: "测试事由", Basis: "样例文号〔2026〕1号"})
		must(t, err)
		x, err = w.Cert.Exported(t.Context(), numbers[1])
		must(t, err)
		if x.Stands || x.Status != "cancelled" || !strings.Contains(x.LegalEffect, "注销") {
			t.Errorf("after it was cancelled: %+v", x)
		}
		for _, made := range []string{"", "DC20261123-AAAAAAAAAAAAAAAA", numbers[0] + "A", "' or 1=1"} {
			_, err := w.Cert.Exported(t.Context(), made)
			wantFault(t, err, fault.NotFound, "cert.export", "", "")
		}
	})
}

func exportsOf(t testing.TB, w *certtest.World, id string) (numbers []string) {
	t.Helper()
	must(t, w.DB.Read(t.Context(), func(tx *db.Tx) error {
		return tx.All(`select number from cert_export where certificate = $1 order by exported_at, number`, []any{id}, func(scan func(...any) error) error {
			var n string
			err := scan(&n)
			numbers = append(numbers, n)
			return err
		})
	}))
	return numbers
}
