//go:build scale

package cert_test

import (
	"fmt"
	"testing"
	"time"

	"sidian/gm"
	"sidian/internal/cert"
	"sidian/internal/cert/certtest"
	"sidian/internal/db"
	"sidian/internal/db/dbtest"
)

// scaleRows is how many certificates a full store holds.
const scaleRows = 1_000_000

// The cost of the daily work stays what it was when a store is full. The
// figures are printed, for docs/performance.md; what is held is the factor.
func TestScale(t *testing.T) {
	for _, engine := range []string{"sqlite", "postgres"} {
		t.Run(engine, func(t *testing.T) {
			d := dbtest.New(t, engine)
			w := certtest.New(t, d, "physician")
			c := w.Issue(t, "physician")
			day(t, w) // caches
			before := day(t, w)
			fill(t, d, c.ID)
			day(t, w)
			after := day(t, w)
			for i, name := range []string{"issue", "list", "by code", "by document"} {
				t.Logf("%s %s: %v with a few rows, %v with %d", engine, name, before[i], after[i], scaleRows)
				if after[i] > 5*before[i]+20*time.Millisecond {
					t.Errorf("%s grows with the store: %v, then %v", name, before[i], after[i])
				}
			}
		})
	}
}

// day is what one of each kind of the daily work takes, the mean of 40.
func day(t *testing.T, w *certtest.World) (took [4]time.Duration) {
	t.Helper()
	const times = 40
	for range times {
		at := time.Now()
		c := w.Issue(t, "physician")
		took[0] += time.Since(at) / times
		for i, look := range []func() error{
			func() error { _, err := w.Cert.List(w.Client, cert.ListQuery{Limit: 20}); return err },
			func() error { _, err := w.Cert.Public(t.Context(), c.Code); return err },
			func() error { _, err := w.Cert.ByDocument(t.Context(), gm.Sum(w.Document(t, c))); return err },
		} {
			at := time.Now()
			must(t, look())
			took[i+1] += time.Since(at) / times
		}
	}
	return took
}

// fill copies one certificate's row until the store is full. The copies are a
// day older, so that lists begin with those that were really issued.
func fill(t *testing.T, d *db.DB, id string) {
	t.Helper()
	const step = 50_000
	digest := map[string]string{"sqlite": "cast(n.i as blob)", "postgres": "int8send(n.i)"}[d.Engine()]
	bigint := map[string]string{"postgres": "::bigint"}[d.Engine()]
	for from := 0; from < scaleRows; from += step {
		must(t, d.Write(t.Context(), func(tx *db.Tx) error {
			_, err := tx.Exec(fmt.Sprintf(`
				insert into cert_certificate
				       (id, identifier, kind, kind_version, issuer, number, version, status, code, plan, content, use_id, document, size,
				        valid_from, valid_to, case_no, lease_until, created_at, issued_at)
				with recursive n(i) as (select %d%s union all select i + 1 from n where i < %d)
				select c.id || '-' || n.i, c.identifier || '-' || n.i, c.kind, c.kind_version, c.issuer, c.number || '-' || n.i, c.version, c.status,
				       c.code || '-' || n.i, c.plan, c.content, c.use_id, %s, c.size,
				       c.valid_from, c.valid_to, c.case_no, c.lease_until, c.created_at - 86400000 - n.i, c.issued_at
				  from cert_certificate c cross join n
				 where c.id = $1`, from+1, bigint, from+step, digest), id)
			return err
		}))
	}
	// What PostgreSQL does by itself within minutes of such growth.
	must(t, d.Write(t.Context(), func(tx *db.Tx) error { _, err := tx.Exec(`analyze cert_certificate`); return err }))
}
