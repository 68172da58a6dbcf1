package issuing_test

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"sync"
	"testing"

	"sidian/internal/audit"
	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/due"
	"sidian/internal/fault"
	"sidian/internal/issuing"
	"sidian/internal/issuing/issuingtest"
	"sidian/internal/outbox"
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

// A row that was edited in the database is refused at the next step, whoever was
// to take it, with an alarm; looking at it says why.
func TestAltered(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := issuingtest.New(t, d)
		_, err := w.Issuing.Adopt(t.Context())
		must(t, err)
		for name, statement := range map[string]string{
			"passed by nobody":        `update issuing_draft set state = 'passed' where id = $1`,
			"another unit":            `update issuing_draft set unit = 'x' where id = $1`,
			"another way":             `update issuing_draft set mode = 'offline', finished_at = 1 where id = $1`,
			"another version":         `update issuing_draft set version = version + 1 where id = $1`,
			"without its MAC":         `update issuing_draft set mac = null where id = $1`,
			"collected by another":    `update issuing_step set actor = 'x' where draft = $1 and seq = 1`,
			"a step taken away":       `delete from issuing_step where draft = $1 and seq = 2`,
			"a step without its MAC":  `update issuing_step set mac = null where draft = $1 and seq = 2`,
			"a step that nobody took": `insert into issuing_step (draft, seq, at, actor, action, state, version, mac) select draft, 3, at, 'x', 'pass', 'passed', version, mac from issuing_step where draft = $1 and seq = 2`,
		} {
			x := w.Submitted(t)
			edit(t, d, statement, x.ID)
			on := issuingtest.Decide(x)
			for who, err := range map[string]error{
				"pass":   erring(w.Issuing.Pass(w.Reviewer, on)),
				"return": erring(w.Issuing.Return(w.Reviewer, reasoned(x, "退回"))),
				"issue":  erring(w.Issuing.Issue(w.Sealer, on)),
				"save":   erring(w.Issuing.Save(w.Collector, issuing.SaveRequest{ID: x.ID, Version: x.Version, Content: *x.Content})),
			} {
				if err == nil {
					t.Fatalf("%s: %s is done", name, who)
				}
				wantCode(t, err, "issuing.altered")
			}
			if n := rows(t, d, audit.Query{Object: "issuing/" + x.ID, Action: "issuing.altered"}); n != 1 {
				t.Errorf("%s: %d alarms", name, n)
			}
			p, err := w.Issuing.List(w.Reviewer, issuing.Query{View: issuing.ViewAll})
			must(t, err)
			if !slices.ContainsFunc(p.Items, func(y *issuing.Draft) bool {
				return y.ID == x.ID && len(y.May) == 0 && strings.Contains(y.Waits, "完整性")
			}) {
				t.Errorf("%s: not listed as what it is", name)
			}
			got, err := w.Issuing.Get(w.Reviewer, x.ID)
			if name == "another unit" {
				wantKind(t, err, fault.NotFound)
				continue
			}
			must(t, err)
			if len(got.May) != 0 || !strings.Contains(got.Waits, "完整性校验不符") {
				t.Errorf("%s: may %v, %s", name, got.May, got.Waits)
			}
		}
	})
}

func erring(_ *issuing.Draft, err error) error { return err }

// Drafts of before get their MACs once, by several processes at the same time or
// by whoever goes on with them; after that none may be without.
func TestAdopt(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := issuingtest.New(t, d)
		touched, left := w.Submitted(t), w.Submitted(t)
		back, err := w.Issuing.Return(w.Reviewer, reasoned(w.Submitted(t), "退回补正"))
		must(t, err)
		edit(t, d, `update issuing_draft set mac = null, steps = 0, due_at = 0, sent_back = false`)
		edit(t, d, `update issuing_step set mac = null`)
		_, err = w.Issuing.Pass(w.Reviewer, issuingtest.Decide(touched))
		must(t, err)
		var all sync.WaitGroup
		for range 2 {
			all.Go(func() {
				if _, err := w.Issuing.Adopt(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		for _, x := range []*issuing.Draft{left, touched} {
			if x == left {
				_, err = w.Issuing.Pass(w.Reviewer, issuingtest.Decide(x))
				must(t, err)
			}
			_, err = w.Issuing.Issue(w.Sealer, issuingtest.Decide(x))
			must(t, err)
		}
		p, err := w.Issuing.List(w.Collector, issuing.Query{Only: issuing.OnlyReturned})
		must(t, err)
		if len(p.Items) != 1 || p.Items[0].ID != back.ID {
			t.Errorf("sent back: %+v", p.Items)
		}
		var due int64
		must(t, d.Read(t.Context(), func(tx *db.Tx) error {
			return tx.Get(`select due_at from issuing_draft where id = $1`, []any{back.ID}, &due)
		}))
		if due != back.Due.UnixMilli() {
			t.Errorf("due at %d, want %d", due, back.Due.UnixMilli())
		}
		fresh := w.Submitted(t)
		edit(t, d, `update issuing_draft set mac = null, steps = 0 where id = $1`, fresh.ID)
		_, err = w.Issuing.Pass(w.Reviewer, issuingtest.Decide(fresh))
		wantCode(t, err, "issuing.altered")
	})
}

// What waits is sorted anew when a deadline moves; what has gone on is not.
func TestMoved(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := issuingtest.New(t, d)
		one, two := w.Draft(t), w.Submitted(t)
		for _, x := range []*issuing.Draft{one, two} {
			must(t, d.Write(t.Context(), func(tx *db.Tx) error {
				return w.Issuing.Moved(tx, outbox.Event{Topic: due.TopicMoved, Body: json.RawMessage(`{"topic":"issuing.collect","object":"` + x.ID + `","due":"2020-01-02T00:00:00Z"}`)})
			}))
		}
		p, err := w.Issuing.List(w.Collector, issuing.Query{View: issuing.ViewAll, Only: issuing.OnlyLate})
		must(t, err)
		if len(p.Items) != 1 || p.Items[0].ID != one.ID {
			t.Errorf("overdue: %+v", p.Items)
		}
		_, err = w.Issuing.Submit(w.Collector, issuingtest.Decide(one)) // its MAC holds
		must(t, err)
	})
}
