package cert_test

import (
	"testing"

	"sidian/internal/cert"
	"sidian/internal/cert/certtest"
	"sidian/internal/db"
	"sidian/internal/db/dbtest"
)

// What certificates say is said of those that are issued, held or not; an edited row
// is not believed.
func TestSayings(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := certtest.New(t, d, "business_license")
		a, b := w.Issue(t, "business_license"), w.Issue(t, "business_license")
		asked := certtest.Example(t, "business_license")
		ids := []string{a.ID, "none", b.ID}
		must(t, d.WriteRows(t.Context(), func(tx *db.Tx) error {
			got, err := w.Cert.SayingsTx(tx, ids, true)
			if err != nil {
				return err
			}
			if x := got[a.ID]; len(got) != 2 || x == nil || x.Status != cert.Effective || x.KindName != a.KindName || x.Identifier != a.Identifier ||
				len(x.Holders) != len(asked.Holders) || x.Holders[0].Name != asked.Holders[0].Name || len(x.Texts) == 0 {
				t.Errorf("%d say %+v", len(got), x)
			}
			ends, err := cert.EndsTx(tx, ids)
			if end, ok := ends[a.ID]; len(ends) != 2 || !ok || end != a.ValidTo {
				t.Errorf("they end %v", ends)
			}
			return err
		}))
		must(t, d.Write(t.Context(), func(tx *db.Tx) error {
			_, err := tx.Exec(`update cert_certificate set status = 'sealing', mac = null, issued_at = null, document = null where id = $1`, b.ID)
			if err == nil {
				_, err = tx.Exec(`update cert_certificate set life = 'suspended' where id = $1`, a.ID)
			}
			return err
		}))
		must(t, d.Read(t.Context(), func(tx *db.Tx) error {
			got, err := w.Cert.SayingsTx(tx, ids, false)
			if x := got[a.ID]; len(got) != 1 || x == nil || w.Cert.Guard != nil && x.Status != cert.Altered {
				t.Errorf("afterwards %d say something: %+v", len(got), x)
			}
			return err
		}))
	})
}
