//go:build scale

package cert_test

import (
	"context"
	"encoding/hex"
	"fmt"
	"slices"
	"testing"
	"time"

	"sidian/gm"
	"sidian/internal/cert"
	"sidian/internal/cert/certtest"
	"sidian/internal/db"
	"sidian/internal/db/dbtest"
)

// fewRows and scaleRows are how many certificates two stores hold.
const fewRows, scaleRows = 10_000, 1_000_000

// The cost of the daily work stays what it was when a store is full: at most 1.3
// times that of a hundredth of it, and what is looked at takes 50 ms at most. The
// figures are printed, for docs/performance.md.
func TestScale(t *testing.T) {
	for _, engine := range []string{"sqlite", "postgres"} {
		t.Run(engine, func(t *testing.T) {
			d := dbtest.New(t, engine)
			w := certtest.New(t, d, "physician")
			c := w.Issue(t, "physician")
			for range 100 { // what lists show is opened: a copy cannot be
				w.Issue(t, "physician")
			}
			fill(t, d, c.ID, 0, fewRows)
			day(t, w) // caches
			before := day(t, w)
			fill(t, d, c.ID, fewRows, scaleRows)
			day(t, w)
			after := day(t, w)
			for i, x := range daily {
				t.Logf("%s %s: %v with %d, %v with %d", engine, x.name, before[i], fewRows, after[i], scaleRows)
				if after[i] > before[i]*13/10+2*time.Millisecond || x.look != nil && after[i] > 50*time.Millisecond {
					t.Errorf("%s grows with the store: %v, then %v", x.name, before[i], after[i])
				}
			}
		})
	}
}

// daily is what is done all day, beside issuing.
var daily = []struct {
	name string
	look func(*certtest.World, *cert.Certificate) error
}{
	{"issue", nil},
	{"a page of the list", listed(func(*cert.Certificate) cert.ListQuery { return cert.ListQuery{} })},
	{"a page far behind", func(w *certtest.World, _ *cert.Certificate) error {
		q := cert.ListQuery{Limit: 20}
		for range 3 {
			p, err := w.Cert.List(w.Client, q)
			if err != nil {
				return err
			}
			q.Cursor = p.Next
		}
		return nil
	}},
	{"of a kind and a unit", listed(func(c *cert.Certificate) cert.ListQuery { return cert.ListQuery{Kind: c.Kind, Issuer: c.Issuer} })},
	{"by number", listed(func(c *cert.Certificate) cert.ListQuery { return cert.ListQuery{Number: c.Number} })},
	{"by holder", listed(func(c *cert.Certificate) cert.ListQuery { return cert.ListQuery{Holder: "999999198801200200"} })},
	{"one", func(w *certtest.World, c *cert.Certificate) error { _, err := w.Cert.Get(w.Client, c.ID); return err }},
	{"its history", func(w *certtest.World, c *cert.Certificate) error { _, err := w.Cert.Trace(w.Client, c.ID); return err }},
	{"by code", func(w *certtest.World, c *cert.Certificate) error {
		_, err := w.Cert.Public(context.Background(), c.Code)
		return err
	}},
	{"by document", func(w *certtest.World, c *cert.Certificate) error {
		d, err := hex.DecodeString(c.Document)
		if err == nil {
			_, err = w.Cert.ByDocument(context.Background(), gm.Digest(d))
		}
		return err
	}},
}

func listed(of func(*cert.Certificate) cert.ListQuery) func(*certtest.World, *cert.Certificate) error {
	return func(w *certtest.World, c *cert.Certificate) error {
		q := of(c)
		q.Limit = 20
		_, err := w.Cert.List(w.Client, q)
		return err
	}
}

// day is what one of each kind of the daily work takes, the median of 41.
func day(t *testing.T, w *certtest.World) []time.Duration {
	t.Helper()
	took := make([][]time.Duration, len(daily))
	for range 41 {
		at := time.Now()
		c := w.Issue(t, "physician")
		took[0] = append(took[0], time.Since(at))
		for i, x := range daily[1:] {
			at := time.Now()
			must(t, x.look(w, c))
			took[i+1] = append(took[i+1], time.Since(at))
		}
	}
	medians := make([]time.Duration, len(daily))
	for i := range took {
		slices.Sort(took[i])
		medians[i] = took[i][len(took[i])/2]
	}
	return medians
}

// fill copies one certificate's row, each copy with a holder of its own, from a
// number on up to another. The copies are a day older, so that lists begin with
// those that were really issued.
func fill(t *testing.T, d *db.DB, id string, have, want int) {
	t.Helper()
	const step = 50_000
	digest := map[string]string{"sqlite": "cast(n.i as blob)", "postgres": "int8send(n.i)"}[d.Engine()]
	numbers := `with recursive n (i) as (select cast($2 as bigint) union all select i + 1 from n where i < $3)`
	for from := have; from < want; from += step {
		to := min(from+step, want)
		must(t, d.Write(t.Context(), func(tx *db.Tx) error {
			if _, err := tx.Exec(fmt.Sprintf(`
				insert into cert_certificate
				       (id, identifier, kind, kind_version, issuer, number, version, status, code, plan, content, use_id, document, size,
				        valid_from, valid_to, case_no, lease_until, created_at, issued_at, life, listed)
				%s
				select c.id || '-' || n.i, c.identifier || '-' || n.i, c.kind, c.kind_version, c.issuer, c.number || '-' || n.i, c.version, c.status,
				       c.code || '-' || n.i, c.plan, c.content, c.use_id, %s, c.size,
				       c.valid_from, c.valid_to, c.case_no, c.lease_until, c.created_at - 86400000 - n.i, c.issued_at, c.life, c.listed
				  from cert_certificate c cross join n
				 where c.id = $1`, numbers, digest), id, from+1, to); err != nil {
				return err
			}
			_, err := tx.Exec(fmt.Sprintf(`
				insert into cert_holder (certificate_id, position, id_index, name_index)
				%s
				select h.certificate_id || '-' || n.i, h.position, %s, %s
				  from cert_holder h cross join n
				 where h.certificate_id = $1`, numbers, digest, digest), id, from+1, to)
			return err
		}))
	}
	// What PostgreSQL does by itself within minutes of such growth.
	for _, table := range []string{"cert_certificate", "cert_holder"} {
		must(t, d.Write(t.Context(), func(tx *db.Tx) error { _, err := tx.Exec(`analyze ` + table); return err }))
	}
}
