package cert_test

import (
	"context"
	"strings"
	"testing"

	"sidian/internal/audit"
	"sidian/internal/cert"
	"sidian/internal/cert/certtest"
	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/fault"
)

// edit changes rows as somebody does who has the database alone.
func edit(t testing.TB, d *db.DB, statement string, args ...any) {
	t.Helper()
	must(t, d.Write(context.Background(), func(tx *db.Tx) error {
		n, err := tx.Exec(statement, args...)
		if err == nil && n == 0 {
			t.Errorf("%s edits nothing", statement)
		}
		return err
	}))
}

// A register row that was edited in the database is not believed by anybody who
// asks, cannot be made good by acting on it, and raises an alarm.
func TestAlteredRow(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		l := newLife(t, d, ending)
		before := l.Issue(t, ending)
		_, err := l.act(before.ID, "suspend")
		must(t, err)
		edit(t, d, `update cert_certificate set mac = null where id = $1`, before.ID) // as a version did that kept none
		if c, err := l.Cert.Get(l.issuer, before.ID); err != nil || c.Status != "suspended" {
			t.Errorf("before all have theirs: %v", err)
		}
		for i, want := range []int{1, 0} {
			if n, err := l.Cert.Adopt(t.Context()); err != nil || n != want {
				t.Errorf("time %d: %d rows got their MACs, %v", i+1, n, err)
			}
		}
		_, err = l.act(before.ID, "resume")
		must(t, err)
		for name, statement := range map[string]string{
			"taken back":       `update cert_certificate set life = 'effective', life_on = '', life_basis = '' where id = $1`,
			"longer":           `update cert_certificate set valid_to = '2099-12-31', expires_at = null where id = $1`,
			"a mark less":      `update cert_certificate set marks = 'objected' where id = $1`,
			"another document": `update cert_certificate set document = content where id = $1`,
			"without its MAC":  `update cert_certificate set life = 'effective', mac = null where id = $1`,
			"the MAC of before": `update cert_certificate set life = 'effective', life_on = '', life_basis = '', acts = 0, acted_on = '',
				mac = (select mac from cert_certificate o where o.id <> cert_certificate.id limit 1) where id = $1`,
		} {
			c := l.Issue(t, ending)
			_, err := l.act(c.ID, "suspend")
			must(t, err)
			edit(t, d, statement, c.ID)
			if got, err := l.Cert.Get(l.issuer, c.ID); err != nil || got.Status != cert.Altered || got.StatusName != "登记数据异常" || got.Basis != "" {
				t.Errorf("%s: shown as %+v, %v", name, got, err)
			}
			if got, err := l.Cert.Public(t.Context(), c.Code); err != nil || got.Status != cert.Altered {
				t.Errorf("%s: the public is told %+v, %v", name, got, err)
			}
			_, err = l.act(c.ID, "resume")
			wantFault(t, err, fault.Conflict, "cert.altered", "", "")
			_, err = l.act(c.ID, "replace", func(r *cert.ActRequest) { q := certtest.Example(t, ending); r.Certificate = &q })
			wantFault(t, err, fault.Conflict, "cert.altered", "", "")
			alarms := 0
			for _, e := range rows(t, l.World, "cert/"+c.ID) {
				if e.Action == "cert.altered" && e.Result == audit.Refused {
					alarms++
				}
			}
			if alarms != 1 {
				t.Errorf("%s: %d alarms in an hour", name, alarms)
			}
		}
	})
}

// Time does not make an edited row good, and goes on with the others.
func TestAlteredRowAndTime(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		l := newLife(t, d, ending)
		_, err := l.Cert.Adopt(t.Context())
		must(t, err)
		bad, good := l.Issue(t, ending), l.Issue(t, ending)
		edit(t, d, `update cert_certificate set marks = 'objected', listed = 0 where id = $1`, bad.ID)
		l.now = l.now.AddDate(3, 0, 0)
		n, err := l.Cert.Expire(t.Context())
		if err != nil || n != 1 {
			t.Errorf("%d ended, %v", n, err)
		}
		for c, want := range map[*cert.Certificate]string{bad: cert.Altered, good: cert.Expired} {
			got, err := l.Cert.Public(t.Context(), c.Code)
			if err != nil || got.Status != want {
				t.Errorf("%+v instead of %s, %v", got, want, err)
			}
		}
		list, err := l.Cert.List(l.system, cert.ListQuery{})
		must(t, err)
		said := []string{}
		for _, c := range list.Items {
			said = append(said, c.StatusName)
		}
		if !strings.Contains(strings.Join(said, " "), "登记数据异常") {
			t.Errorf("the list says %v", said)
		}
	})
}
