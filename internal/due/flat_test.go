package due_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/due"
)

// What runs often walks one index from where it begins, and sorts nothing: its
// cost is that of its answer, however many promises there are.
func TestFlat(t *testing.T) {
	t.Parallel()
	d := dbtest.New(t, "sqlite")
	for _, s := range due.Statements() {
		var plan []string
		err := d.Read(t.Context(), func(tx *db.Tx) error {
			return tx.All("explain query plan "+s.SQL, s.Args, func(scan func(...any) error) error {
				var id, parent, unused int64
				var line string
				err := scan(&id, &parent, &unused, &line)
				plan = append(plan, line)
				return err
			})
		})
		if err != nil {
			t.Fatal(err)
		}
		whole := strings.Join(plan, "; ")
		if !slices.Contains(strings.FieldsFunc(whole, func(r rune) bool { return r == ' ' || r == ';' }), s.Index) || strings.Contains(whole, "TEMP B-TREE") {
			t.Errorf("%s\nis run as %s, not over %s", strings.Join(strings.Fields(s.SQL), " "), whole, s.Index)
		}
	}
}

// A hundred thousand promises, a hundred of which are to be announced: that
// many are, and pages tell the right ones.
func TestHundredThousand(t *testing.T) {
	t.Parallel()
	w := newWorld(t, dbtest.New(t, "sqlite"), "2026-11-20 15:00")
	fill(t, w.DB, w, 100_000)
	w.write(func(tx *db.Tx) error {
		for i := range 100 {
			p := grant(fmt.Sprint("near", i))
			p.Org = "near"
			if _, err := w.Put(tx, p); err != nil {
				return err
			}
		}
		return nil
	})
	w.at("2026-11-24 09:00")
	if n := w.tick(); n != 100 {
		t.Errorf("%d announced", n)
	}
	objects, next := w.page(due.Query{Orgs: []string{"far", "near"}, Limit: 100})
	if all := strings.Fields(objects); len(all) != 100 || next == "" || slices.ContainsFunc(all, func(o string) bool { return !strings.HasPrefix(o, "near") }) {
		t.Errorf("the first page: %s", objects)
	}
}

// fill makes n promises of the unit "far" that end late, by doubling one.
func fill(t testing.TB, d *db.DB, w *world, n int) {
	t.Helper()
	p := due.Promise{Topic: "password.expire", Object: "far", Org: "far", Account: "far", Permission: "grant.approve", Title: "更换口令"}
	w.put(p)
	for have := 1; have < n; {
		more := min(have, n-have, 50_000)
		err := d.Write(t.Context(), func(tx *db.Tx) error {
			_, err := tx.Exec(`
				insert into due_promise (id, topic, object, rule, rule_id, region, org, account, permission, title, link, terms, basis, since_at, until_at, due_at,
				                         opens_at, care_at, order_at, next_at, step, moments, missing_year, provisional, state, created_at)
				select substr(id, 1, 4) || cast(row_number() over (order by id) + $1 as text), topic,
				       'far' || cast(row_number() over (order by id) + $1 as text), rule, rule_id, region, org, account, permission, title, link, terms, basis, since_at, until_at, due_at,
				       opens_at, care_at, order_at, next_at, step, moments, missing_year, provisional, state, created_at
				  from (select * from due_promise where org = 'far' order by id limit $2) as base`, have, more)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		have += more
	}
}
