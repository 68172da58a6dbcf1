package audit_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"sidian/internal/audit"
	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/fault"
)

// fill writes entries whose fields repeat, a minute apart with ties.
func fill(t testing.TB, d *db.DB, n int) (start time.Time) {
	t.Helper()
	start = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	now := start
	d.Now = func() time.Time { return now }
	r := rand.New(rand.NewPCG(1, 2))
	pick := func(of ...string) string { return of[r.IntN(len(of))] }
	for begin := 0; begin < n; begin += 50 {
		now = start.Add(time.Duration(begin) * time.Minute)
		err := d.Write(context.Background(), func(tx *db.Tx) error {
			for i := begin; i < min(n, begin+50); i++ {
				e := audit.Entry{
					Actor: audit.Actor{Account: pick("a", "b", ""), Org: pick("o1", "o2", "o3", ""), App: pick("", "", "p"),
						Address: pick("", "10.0.0.1", "10.0.0.2"), Session: pick("", "s1", "s2")},
					Action: pick("cert.read", "cert.issue", "seal.make", "certify.x"), Object: pick("cert/1", "cert/2", "seal/1"),
					Reason: pick("", "窗口办理", "100% _x"), Result: pick(audit.Done, audit.Done, audit.Refused), Purpose: pick("", "window"),
					Request: pick("r1", "r2", "r3"),
				}
				if err := audit.Put(tx, e); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return start
}

// Whatever way a search takes, it finds what going through all entries finds,
// in the same order, on pages of any size.
func TestSearchAgreesWithScan(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		start := fill(t, d, 600)
		whole, _ := list(t, d, audit.Query{Limit: 1000})
		if len(whole) != 600 {
			t.Fatalf("%d entries", len(whole))
		}
		many := []string{"o1", "o2"}
		for i := range 100 {
			many = append(many, fmt.Sprint("none", i))
		}
		for name, c := range map[string]struct {
			q     audit.Query
			wants func(audit.Entry) bool
		}{
			"account":             {audit.Query{Account: "a"}, func(e audit.Entry) bool { return e.Actor.Account == "a" }},
			"app":                 {audit.Query{App: "p"}, func(e audit.Entry) bool { return e.Actor.App == "p" }},
			"address":             {audit.Query{Address: "10.0.0.2"}, func(e audit.Entry) bool { return e.Actor.Address == "10.0.0.2" }},
			"action prefix":       {audit.Query{Action: "cert."}, func(e audit.Entry) bool { return strings.HasPrefix(e.Action, "cert.") }},
			"shorter prefix":      {audit.Query{Action: "cert"}, func(e audit.Entry) bool { return strings.HasPrefix(e.Action, "cert") }},
			"whole action":        {audit.Query{Action: "seal.make"}, func(e audit.Entry) bool { return e.Action == "seal.make" }},
			"objects":             {audit.Query{Objects: "cert/"}, func(e audit.Entry) bool { return strings.HasPrefix(e.Object, "cert/") }},
			"refused":             {audit.Query{Result: audit.Refused}, func(e audit.Entry) bool { return e.Result == audit.Refused }},
			"done":                {audit.Query{Result: audit.Done, Account: "b"}, func(e audit.Entry) bool { return e.Result == audit.Done && e.Actor.Account == "b" }},
			"one organisation":    {audit.Query{Orgs: []string{"o1"}}, func(e audit.Entry) bool { return e.Actor.Org == "o1" }},
			"two, one twice":      {audit.Query{Orgs: []string{"o1", "o3", "o1"}}, func(e audit.Entry) bool { return e.Actor.Org == "o1" || e.Actor.Org == "o3" }},
			"many organisations":  {audit.Query{Orgs: many}, func(e audit.Entry) bool { return e.Actor.Org == "o1" || e.Actor.Org == "o2" }},
			"none":                {audit.Query{Orgs: []string{}, Object: "cert/1"}, func(audit.Entry) bool { return false }},
			"the platform itself": {audit.Query{Orgs: []string{""}}, func(e audit.Entry) bool { return e.Actor.Org == "" }},
			"text":                {audit.Query{Text: "办理"}, func(e audit.Entry) bool { return e.Reason == "窗口办理" }},
			"text is no pattern":  {audit.Query{Text: "% _"}, func(e audit.Entry) bool { return e.Reason == "100% _x" }},
			"session and request": {audit.Query{Session: "s1", Request: "r2"}, func(e audit.Entry) bool { return e.Actor.Session == "s1" && e.Request == "r2" }},
			"purpose":             {audit.Query{Purpose: "window"}, func(e audit.Entry) bool { return e.Purpose == "window" }},
			"span": {audit.Query{Action: "cert.", From: start.Add(100 * time.Minute), To: start.Add(300 * time.Minute)}, func(e audit.Entry) bool {
				return strings.HasPrefix(e.Action, "cert.") && !e.At.Before(start.Add(100*time.Minute)) && e.At.Before(start.Add(300*time.Minute))
			}},
			"all of it": {audit.Query{Object: "cert/1", Account: "a", Result: audit.Refused, Orgs: many, Action: "cert.", Text: "窗"}, func(e audit.Entry) bool {
				return e.Object == "cert/1" && e.Actor.Account == "a" && e.Result == audit.Refused && (e.Actor.Org == "o1" || e.Actor.Org == "o2") &&
					strings.HasPrefix(e.Action, "cert.") && strings.Contains(e.Reason, "窗")
			}},
			"injection":        {audit.Query{Object: "cert/1' or '1'='1"}, func(audit.Entry) bool { return false }},
			"injected action":  {audit.Query{Action: "cert.' or 1=1 --"}, func(audit.Entry) bool { return false }},
			"wild card":        {audit.Query{Action: "%"}, func(audit.Entry) bool { return false }},
			"cut in character": {audit.Query{Action: "证"}, func(audit.Entry) bool { return false }},
		} {
			var want []string
			for _, e := range whole {
				if c.wants(e) {
					want = append(want, e.ID)
				}
			}
			for _, limit := range []int{1, 7, 1000} {
				if limit == 1 && len(want) > 60 {
					continue
				}
				q := c.q
				q.Limit = limit
				var got []string
				for {
					page, next := list(t, d, q)
					for _, e := range page {
						got = append(got, e.ID)
					}
					if next == (audit.Cursor{}) {
						break
					}
					q.After = next
				}
				if !slices.Equal(got, want) {
					t.Errorf("%s, pages of %d: %d entries, want %d", name, limit, len(got), len(want))
				}
			}
		}
	})
}

func TestGet(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		put(t, d, audit.Entry{Action: "x.y", Object: "x/1"})
		all, _ := list(t, d, audit.Query{})
		err := d.Read(t.Context(), func(tx *db.Tx) error {
			e, err := audit.Get(tx, all[0].ID)
			if e != all[0] {
				t.Errorf("got %+v", e)
			}
			if _, err := audit.Get(tx, "none"); !errors.Is(err, fault.NotFound) {
				t.Errorf("none: %v", err)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

// An entry waits to be chained from the transaction that wrote it.
func TestWaits(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		put(t, d, audit.Entry{Action: "x.y", Object: "x/1"})
		undo := errors.New("undo")
		err := d.Write(t.Context(), func(tx *db.Tx) error {
			return errors.Join(audit.Put(tx, audit.Entry{Action: "x.y", Object: "x/2"}), undo)
		})
		if !errors.Is(err, undo) {
			t.Fatal(err)
		}
		var n int
		err = d.Read(t.Context(), func(tx *db.Tx) error {
			return tx.Get(`select count(*) from audit_pending p join audit_entry e on e.id = p.entry`, nil, &n)
		})
		if n != 1 || err != nil {
			t.Errorf("%d wait, %v", n, err)
		}
	})
}
