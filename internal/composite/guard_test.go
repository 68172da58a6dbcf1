package composite_test

import (
	"context"
	"strings"
	"sync"
	"testing"

	"sidian/internal/audit"
	"sidian/internal/composite"
	"sidian/internal/composite/compositetest"
	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/fault"
)

// edit changes rows as somebody does who has the database alone.
func edit(t testing.TB, d *db.DB, statement string, args ...any) {
	t.Helper()
	compositetest.Must(t, d.Write(context.Background(), func(tx *db.Tx) error {
		n, err := tx.Exec(statement, args...)
		if err == nil && n == 0 {
			t.Errorf("%s edits nothing", statement)
		}
		return err
	}))
}

func altered(err error) bool {
	e := fault.As(err)
	return e != nil && e.Code == "composite.altered" && e.Hint != ""
}

// alarms counts what the audit says of edited rows of an object.
func alarms(t testing.TB, d *db.DB, object string) (n int) {
	t.Helper()
	compositetest.Must(t, d.Read(t.Context(), func(tx *db.Tx) error {
		list, _, err := audit.List(tx, audit.Query{Object: object, Action: "composite.altered"})
		n = len(list)
		return err
	}))
	return n
}

// A composite whose row, or a member's, was edited in the database reads as that:
// nothing can be done with it, nothing it folds in is permitted, and an alarm is
// raised, once.
func TestAltered(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := compositetest.New(t, d)
		_, err := w.Composite.Adopt(t.Context())
		compositetest.Must(t, err)
		x := w.Scheme(t)
		food := w.Permit(t, compositetest.Food)
		w.Permit(t, compositetest.Road)
		c := w.Proposed(t, x, food)
		for _, s := range []struct{ name, edit, back string }{
			{"another certificate", `update composite_composite set holder_name = 'x' where id = $1`, `update composite_composite set holder_name = '` + c.HolderName + `' where id = $1`},
			{"proposed by another", `update composite_composite set proposed_by = 'app/x' where id = $1`, `update composite_composite set proposed_by = '` + c.ProposedBy + `' where id = $1`},
			{"another unit", `update composite_composite set unit = 'nowhere' where id = $1`, `update composite_composite set unit = '` + c.Unit + `' where id = $1`},
			{"a member that may be missing", `update composite_member set required = false where composite = $1 and place = 1`, `update composite_member set required = true where composite = $1 and place = 1`},
			{"a member of another number", `update composite_member set number = number || 'x' where composite = $1 and place = 0`, `update composite_member set number = substr(number, 1, length(number) - 1) where composite = $1 and place = 0`},
			{"fewer members", `update composite_composite set folds = folds - 1 where id = $1`, `update composite_composite set folds = folds + 1 where id = $1`},
		} {
			edit(t, d, s.edit, c.ID)
			if s.name != "another unit" {
				got, err := w.Composite.Get(w.Issuer, c.ID)
				compositetest.Must(t, err)
				if got.State != composite.Altered || got.StateName != composite.AlteredName || len(got.May) != 0 || got.Members[0].Permitted {
					t.Errorf("%s: %+v", s.name, got)
				}
				if _, err := decide(w, w.Issuer, c, "issue"); !altered(err) {
					t.Errorf("%s: issued: %v", s.name, err)
				}
			}
			list, err := w.Composite.List(w.Issuer, composite.Query{})
			compositetest.Must(t, err)
			if member := strings.Contains(s.edit, "composite_member"); len(list.Items) != 1 || (list.Items[0].State == composite.Altered) == member {
				t.Errorf("%s: listed as %+v", s.name, list.Items)
			}
			edit(t, d, s.back, c.ID)
		}
		if n := alarms(t, d, "composite/"+c.ID); n != 1 {
			t.Errorf("%d alarms", n)
		}
		c, err = decide(w, w.Issuer, c, "issue") // what was put back is what was written
		compositetest.Must(t, err)
		edit(t, d, `update composite_composite set mac = null, standing = 'in_force' where id = $1`, c.ID)
		w.Act(t, food.ID, "revoke")
		if err := w.Composite.Work(t.Context()); err != nil && !altered(err) {
			t.Error(err)
		}
		members, err := w.Composite.Members(t.Context(), c.Certificate)
		compositetest.Must(t, err)
		if len(members) != 2 || members[0].Permitted || members[1].Permitted || members[0].Status != composite.Altered {
			t.Errorf("%+v", members)
		}
		if n, err := w.Composite.Reconcile(t.Context()); n != 0 || err != nil {
			t.Errorf("%d %v", n, err)
		}
		edit(t, d, `delete from composite_member where composite = $1`, c.ID)
		if members, err = w.Composite.Members(t.Context(), c.Certificate); err != nil || len(members) != 1 || members[0].Permitted {
			t.Errorf("%+v %v", members, err)
		}
	})
}

// By a scheme that was edited nothing is composed or agreed; the next version takes
// its place, and does not make it good.
func TestAlteredScheme(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := compositetest.New(t, d)
		_, err := w.Composite.Adopt(t.Context())
		compositetest.Must(t, err)
		x := w.Scheme(t)
		food := w.Permit(t, compositetest.Food)
		w.Permit(t, compositetest.Road)
		c := w.Proposed(t, x, food)
		edit(t, d, `update composite_scheme set parts = replace(parts, 'true', 'false') where id = $1`, x.ID)
		got, err := w.Composite.Scheme(w.Designer, x.ID)
		compositetest.Must(t, err)
		if got.State != composite.Altered || len(got.Parts) != 0 || len(got.May) != 0 {
			t.Errorf("%+v", got)
		}
		if _, err := w.Composite.Preview(w.Clerk, compositetest.Request(x, food)); !altered(err) {
			t.Errorf("preview: %v", err)
		}
		if _, err := decide(w, w.Issuer, c, "issue"); !altered(err) {
			t.Errorf("issue: %v", err)
		}
		if _, err := w.Composite.DecideScheme(w.Designer, composite.SchemeDecision{ID: x.ID, Action: "withdraw", Revision: x.Revision, Reason: "样例"}); !altered(err) {
			t.Errorf("withdraw: %v", err)
		}
		if n := alarms(t, d, "composite-scheme/"+x.ID); n != 1 {
			t.Errorf("%d alarms", n)
		}
		next := w.Scheme(t)
		if next.Version != 2 || next.State != composite.Published {
			t.Errorf("%+v", next)
		}
		if got, err = w.Composite.Scheme(w.Designer, x.ID); err != nil || got.State != composite.Altered {
			t.Errorf("%+v %v", got, err)
		}
		if _, err := w.Composite.Preview(w.Clerk, compositetest.Request(next, food)); err != nil {
			t.Error(err)
		}
	})
}

// What is from before gets its MACs once, by several processes at the same time or by
// whoever goes on with it; after that none may be without.
func TestAdopt(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := compositetest.New(t, d)
		x := w.Scheme(t)
		food := w.Permit(t, compositetest.Food)
		w.Permit(t, compositetest.Road)
		c := w.Proposed(t, x, food)
		edit(t, d, `update composite_scheme set mac = null`)
		edit(t, d, `update composite_composite set mac = null, folds = 0`)
		edit(t, d, `update composite_member set mac = null`)
		c, err := decide(w, w.Issuer, c, "issue")
		compositetest.Must(t, err)
		edit(t, d, `update composite_composite set mac = null, folds = 0`)
		edit(t, d, `update composite_member set mac = null`)
		w.Act(t, food.ID, "suspend")
		var all sync.WaitGroup
		for range 2 {
			all.Go(func() {
				if _, err := w.Composite.Adopt(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		w.Settle(t)
		got, err := w.Composite.Get(w.Clerk, c.ID)
		compositetest.Must(t, err)
		if got.State != composite.Issued || got.Standing != composite.Suspended {
			t.Errorf("%+v", got)
		}
		if y, err := w.Composite.Scheme(w.Clerk, x.ID); err != nil || y.State != composite.Published {
			t.Errorf("%+v %v", y, err)
		}
		edit(t, d, `update composite_composite set mac = null`)
		if got, err = w.Composite.Get(w.Clerk, c.ID); err != nil || got.State != composite.Altered {
			t.Errorf("%+v %v", got, err)
		}
	})
}
