package due_test

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/due"
	"sidian/internal/fault"
)

// page asks for a page and tells its objects.
func (w *world) page(q due.Query) (objects, next string) {
	w.t.Helper()
	var p *due.Page
	w.read(func(tx *db.Tx) (err error) { p, err = w.Mine(tx, q); return err })
	var all []string
	for _, x := range p.Items {
		if x.Left.Text == "" {
			w.t.Errorf("%s does not tell what is left", x.Object)
		}
		all = append(all, x.Object)
	}
	return strings.Join(all, " "), p.Next
}

func (w *world) counts(q due.Query) (c due.Counts) {
	w.t.Helper()
	w.read(func(tx *db.Tx) (err error) { c, err = w.Counts(tx, q); return err })
	return c
}

// peopled is a world of promises of two units: overdue, near, far, paused, of
// one clerk, of nobody, closed.
func peopled(t *testing.T, d *db.DB) *world {
	w := newWorld(t, d, "2026-11-16 09:00")
	put := func(object, org, account, permission, rule string) {
		w.put(due.Promise{Topic: "grant.decide", Object: object, Org: org, Account: account, Permission: permission, Rule: rule, Title: "事项"})
	}
	put("late", "o1", "", "grant.approve", "grant.decide") // due on the 18th
	put("late2", "o2", "", "grant.approve", "grant.decide")
	put("mine-late", "o1", "me", "grant.approve", "glass.review")
	put("paused", "o1", "me", "grant.approve", "account.handover")
	put("kept", "o1", "me", "grant.approve", "glass.review")
	w.at("2026-11-17 09:00").pause("paused")
	w.do(w.Keep, "kept")
	w.at("2026-11-20 09:00")
	put("mine", "o1", "me", "grant.approve", "glass.review") // due on the 23rd
	put("hers", "o1", "she", "grant.approve", "grant.decide")
	put("seal", "o1", "", "seal.use", "grant.decide")
	put("own", "", "me", "", "password.expire")
	w.at("2026-11-23 10:00")
	return w
}

func TestMine(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := peopled(t, d)
		approve := func(orgs ...string) []due.Hold { return []due.Hold{{Permission: "grant.approve", Orgs: orgs}} }
		for _, tc := range []struct {
			name string
			q    due.Query
			want string
		}{
			{"nothing", due.Query{}, ""},
			{"mine alone", due.Query{Account: "me"}, "mine-late mine own paused"},
			{"what I may", due.Query{Holds: approve("o1")}, "late"},
			{"of both units", due.Query{Holds: approve("o1", "o2", "o1")}, "late late2"},
			{"another unit's", due.Query{Holds: approve("o3")}, ""},
			{"another permission", due.Query{Holds: []due.Hold{{Permission: "seal.use", Orgs: []string{"o1"}}}}, "seal"},
			{"no permission", due.Query{Holds: []due.Hold{{Orgs: []string{"o1", ""}}}}, ""},
			{"mine and what I may", due.Query{Account: "me", Holds: approve("o1")}, "mine-late late mine own paused"},
			{"the unit", due.Query{Orgs: []string{"o1"}}, "mine-late late mine hers seal paused"},
			{"all of it, each once", due.Query{Account: "me", Holds: approve("o1"), Orgs: []string{"o1", "o2"}}, "mine-late late late2 mine hers seal own paused"},
			{"her", due.Query{Account: "she", Holds: approve("o2")}, "late2 hers"},
		} {
			tc.q.Limit = 100
			objects, next := w.page(tc.q)
			if sorted(w, objects) != sorted(w, tc.want) || next != "" || len(strings.Fields(objects)) != len(strings.Fields(tc.want)) {
				t.Errorf("%s: %s, want %s", tc.name, objects, tc.want)
			}
		}
		all := due.Query{Account: "me", Holds: approve("o1"), Orgs: []string{"o1", "o2"}}
		whole, _ := w.page(all)
		for limit := 1; limit <= 9; limit++ {
			var paged []string
			q := all
			for q.Limit = limit; ; {
				objects, next := w.page(q)
				paged = append(paged, strings.Fields(objects)...)
				if next == "" {
					break
				}
				q.Cursor = next
			}
			if got := strings.Join(paged, " "); got != whole {
				t.Errorf("by pages of %d: %s, want %s", limit, got, whole)
			}
		}
		if got := w.counts(all); got != (due.Counts{Mine: due.Count{Open: 5, Overdue: 2, Soon: 1, Paused: 1}, Unit: due.Count{Open: 7, Overdue: 3, Soon: 1, Paused: 1}}) {
			t.Errorf("%+v", got)
		}
		if got := w.counts(due.Query{}); got != (due.Counts{}) {
			t.Errorf("%+v", got)
		}
		for _, c := range []string{"rubbish", "%", strings.Repeat("A", 300)} {
			err := w.DB.Read(t.Context(), func(tx *db.Tx) error { _, err := w.Mine(tx, due.Query{Account: "me", Cursor: c}); return err })
			refused(t, err, fault.Invalid, "cursor")
		}
	})
}

// sorted puts objects with one end into one order: ids break ties by chance.
func sorted(w *world, objects string) string {
	w.t.Helper()
	all := strings.Fields(objects)
	ends := map[string]string{}
	w.read(func(tx *db.Tx) error {
		for _, o := range all {
			p, err := w.Promise(tx, "grant.decide", o)
			if err != nil {
				return err
			}
			ends[o] = local(p.Due)
			if p.State == due.Paused {
				ends[o] = "z"
			}
		}
		return nil
	})
	if !slices.IsSortedFunc(all, func(a, b string) int { return cmp.Compare(ends[a], ends[b]) }) {
		return "not by the end: " + objects
	}
	slices.Sort(all)
	return strings.Join(all, " ")
}

// Who oversees very many units sees the same as who asks for each.
func TestManyOrgs(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := peopled(t, d)
		few := []string{"o1", "o2"}
		many := slices.Clone(few)
		for i := range 700 {
			many = append(many, fmt.Sprint("other", i))
		}
		for _, limit := range []int{3, 100} {
			a, nextA := w.page(due.Query{Orgs: few, Holds: []due.Hold{{Permission: "seal.use", Orgs: few}}, Limit: limit})
			b, nextB := w.page(due.Query{Orgs: many, Holds: []due.Hold{{Permission: "seal.use", Orgs: many}}, Limit: limit})
			if a != b || nextA != nextB || a == "" {
				t.Errorf("%s, then %s", a, b)
			}
		}
		if a, b := w.counts(due.Query{Orgs: few, Holds: []due.Hold{{Permission: "seal.use", Orgs: few}}}), w.counts(due.Query{Orgs: many, Holds: []due.Hold{{Permission: "seal.use", Orgs: many}}}); a != b || a.Mine.Open != 1 {
			t.Errorf("%+v, then %+v", a, b)
		}
	})
}

// Counting stops at its limit, with the most pressing counted.
func TestCountLimit(t *testing.T) {
	t.Parallel()
	w := newWorld(t, dbtest.New(t, "sqlite"), "2026-11-16 09:00")
	put := func(from, to int) {
		w.write(func(tx *db.Tx) error {
			for i := from; i < to; i++ {
				p := grant(fmt.Sprint(i))
				p.Org = fmt.Sprint("o", i%3)
				if _, err := w.Put(tx, p); err != nil {
					return err
				}
			}
			return nil
		})
	}
	put(0, due.CountLimit+300)
	w.at("2026-12-16 09:00")
	got := w.counts(due.Query{Orgs: []string{"o0", "o1", "o2"}})
	if got.Unit != (due.Count{Open: due.CountLimit, Overdue: due.CountLimit}) {
		t.Errorf("%+v", got)
	}
}

func TestHistory(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, "2026-10-29 09:00")
		end := func(object, org, at string, drop bool) {
			p := grant(object)
			p.Org = org
			w.at("2026-10-29 09:00").put(p)
			w.at(at)
			w.do(func(tx *db.Tx, topic, object string) (due.Promise, error) {
				if drop {
					return w.Drop(tx, topic, object, "撤回")
				}
				return w.Keep(tx, topic, object)
			}, object)
		}
		end("1", "o1", "2026-10-29 10:00", false)
		end("2", "o1", "2026-10-31 23:59", false) // still October in Beijing; due on 2 November
		end("3", "o1", "2026-11-01 00:00", false)
		end("4", "o1", "2026-11-20 09:00", false) // late
		end("5", "o1", "2026-11-20 09:00", true)
		end("6", "o2", "2026-11-20 09:00", false)
		for range 2 {
			w.tick()
		}
		history := func(q due.HistoryQuery) string {
			t.Helper()
			var all []due.Tally
			w.read(func(tx *db.Tx) (err error) { all, err = w.History(tx, q); return err })
			var lines []string
			for _, x := range all {
				lines = append(lines, fmt.Sprintf("%s %s %d/%d/%d %dm", x.Month, x.Org, x.Kept, x.Late, x.Dropped, x.Minutes))
				if x.Name != "审批角色授权" || x.Rule != "grant.decide" {
					t.Errorf("%+v", x)
				}
			}
			return strings.Join(lines, "; ")
		}
		minutes := func(from, to string) int { return int(beijing(t, to).Sub(beijing(t, from)) / time.Minute) }
		nov1 := minutes("2026-10-29 09:00", "2026-11-01 00:00") + minutes("2026-10-29 09:00", "2026-11-20 09:00")
		oct1 := 60 + minutes("2026-10-29 09:00", "2026-10-31 23:59")
		o2 := minutes("2026-10-29 09:00", "2026-11-20 09:00")
		for _, tc := range []struct {
			q    due.HistoryQuery
			want string
		}{
			{due.HistoryQuery{Orgs: []string{"o2", "o1", "o1"}}, fmt.Sprintf("2026-11 o1 1/1/1 %dm; 2026-11 o2 0/1/0 %dm; 2026-10 o1 2/0/0 %dm", nov1, o2, oct1)},
			{due.HistoryQuery{Orgs: []string{"o1"}, To: "2026-10"}, fmt.Sprintf("2026-10 o1 2/0/0 %dm", oct1)},
			{due.HistoryQuery{Orgs: []string{"o2"}, From: "2026-11", Rule: "grant.decide"}, fmt.Sprintf("2026-11 o2 0/1/0 %dm", o2)},
			{due.HistoryQuery{Orgs: []string{"o1"}, Rule: "glass.review"}, ""},
			{due.HistoryQuery{}, ""},
		} {
			if got := history(tc.q); got != tc.want {
				t.Errorf("%+v: %s, want %s", tc.q, got, tc.want)
			}
		}
		err := w.DB.Read(t.Context(), func(tx *db.Tx) error { _, err := w.History(tx, due.HistoryQuery{From: "2026-13"}); return err })
		refused(t, err, fault.Invalid, "due.month")
	})
}
