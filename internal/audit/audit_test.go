package audit_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"sidian/gm"
	"sidian/internal/audit"
	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/fault"
	"sidian/internal/obs"
)

func put(t *testing.T, d *db.DB, e audit.Entry) {
	t.Helper()
	if err := d.Write(t.Context(), func(tx *db.Tx) error { return audit.Put(tx, e) }); err != nil {
		t.Fatal(err)
	}
}

func list(t *testing.T, d *db.DB, q audit.Query) (out []audit.Entry, next audit.Cursor) {
	t.Helper()
	err := d.Read(t.Context(), func(tx *db.Tx) (err error) { out, next, err = audit.List(tx, q); return err })
	if err != nil {
		t.Fatal(err)
	}
	return out, next
}

func TestPut(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		actor := audit.Actor{Account: "a1", Name: "经办人", Org: "o1", App: "p1", Address: "10.0.0.1"}
		ctx := audit.WithActor(t.Context(), actor)
		want := audit.Entry{Action: "cert.revoke", Object: "cert/1", Reason: "登记注销", Before: gm.Sum([]byte("x"))}
		err := d.Write(ctx, func(tx *db.Tx) error {
			want.At = tx.Now()
			return audit.Put(tx, want)
		})
		if err != nil {
			t.Fatal(err)
		}
		got, _ := list(t, d, audit.Query{Object: "cert/1"})
		want.Actor, want.Result = actor, audit.Done
		if len(got) != 1 {
			t.Fatalf("%d entries", len(got))
		}
		want.ID, want.Version = got[0].ID, 2
		if got[0] != want {
			t.Errorf("got %+v\nwant %+v", got[0], want)
		}
	})
}

// The canonical bytes stored are those of the columns: who changes one without
// the other is found.
func TestStoredCanonical(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		put(t, d, audit.Entry{Actor: audit.Actor{Account: "a"}, Action: "x.y", Object: "x/1", After: gm.Sum(nil)})
		var stored []byte
		err := d.Read(t.Context(), func(tx *db.Tx) error {
			return tx.Get(`select canonical from audit_entry`, nil, &stored)
		})
		if err != nil {
			t.Fatal(err)
		}
		got, _ := list(t, d, audit.Query{})
		if !bytes.Equal(stored, got[0].Canonical()) {
			t.Errorf("stored %x\ncolumns %x", stored, got[0].Canonical())
		}
	})
}

// A row written before there were versions is read with the bytes that it was
// written with.
func TestOldRow(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		old := audit.Entry{ID: "0", Version: 1, At: time.UnixMilli(5).UTC(), Actor: audit.Actor{Account: "a", Name: "b", Org: "c", App: "d", Address: "e"},
			Action: "f.g", Object: "f/1", Reason: "h", Result: audit.Done}
		err := d.Write(t.Context(), func(tx *db.Tx) error {
			_, err := tx.Exec(`
				insert into audit_entry (id, at, account, name, org, app, address, action, object, reason, result, canonical)
				values ('0', 5, 'a', 'b', 'c', 'd', 'e', 'f.g', 'f/1', 'h', 'done', $1)`, old.Canonical())
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		got, _ := list(t, d, audit.Query{})
		if len(got) != 1 || got[0] != old || !bytes.HasPrefix(old.Canonical()[8:], []byte("sidian-audit-1")) {
			t.Errorf("got %+v", got)
		}
	})
}

// What a transaction's context knows stands in its entries; what an entry says
// itself goes before.
func TestContext(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx := audit.WithActor(t.Context(), audit.Actor{Account: "a", Session: "s"})
		ctx = audit.WithGrounds(ctx, audit.Grounds{Purpose: "window"})
		ctx = audit.WithGrounds(ctx, audit.Grounds{Rule: "cert.read@7"})
		ctx = obs.WithRequestID(ctx, "r")
		err := d.Write(ctx, func(tx *db.Tx) error {
			return errors.Join(
				audit.Put(tx, audit.Entry{Action: "x.y", Object: "x/1"}),
				audit.Put(tx, audit.Entry{Action: "x.y", Object: "x/2", Purpose: "inspect", Rule: "other@1", Request: "q"}))
		})
		if err != nil {
			t.Fatal(err)
		}
		for object, want := range map[string][4]string{
			"x/1": {"s", "r", "window", "cert.read@7"},
			"x/2": {"s", "q", "inspect", "other@1"},
		} {
			got, _ := list(t, d, audit.Query{Object: object})
			if len(got) != 1 || [4]string{got[0].Actor.Session, got[0].Request, got[0].Purpose, got[0].Rule} != want {
				t.Errorf("%s: %+v", object, got)
			}
		}
	})
}

// Canonical bytes mean the same for ever.
func TestCanonicalGolden(t *testing.T) {
	t.Parallel()
	e := audit.Entry{ID: "1", Version: 1, At: time.UnixMilli(1700000000123), Actor: audit.Actor{Account: "a"}, Action: "b", Object: "c", Result: "done"}
	const want = "000000000000000e" + "73696469616e2d61756469742d31" + "000000000000000131" + "0000018bcfe5687b" +
		"000000000000000161" + "0000000000000000" + "0000000000000000" + "0000000000000000" + "0000000000000000" +
		"000000000000000162" + "000000000000000163" + "0000000000000000" + "0000000000000004646f6e65" +
		"0000000000000000" + "0000000000000000"
	if got := hex.EncodeToString(e.Canonical()); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	e.Version, e.Actor.Session, e.Request, e.Purpose, e.Rule = 2, "s", "r", "p", "u"
	const second = "000000000000000e" + "73696469616e2d61756469742d32" + "000000000000000131" + "0000018bcfe5687b" +
		"000000000000000161" + "0000000000000000" + "0000000000000000" + "0000000000000000" + "0000000000000000" +
		"000000000000000173" + "000000000000000172" + "000000000000000162" + "000000000000000163" + "000000000000000170" + "000000000000000175" +
		"0000000000000000" + "0000000000000004646f6e65" + "0000000000000000" + "0000000000000000"
	if got := hex.EncodeToString(e.Canonical()); got != second {
		t.Errorf("got  %s\nwant %s", got, second)
	}
	if got := (audit.Entry{Version: 3}).Canonical(); got != nil {
		t.Errorf("an unknown version has the bytes %x", got)
	}
	moved := e
	moved.Actor.Account, moved.Actor.Name = "", "a"
	if bytes.Equal(moved.Canonical(), e.Canonical()) {
		t.Error("a text in another field has the same bytes")
	}
}

func TestRefusesChange(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		put(t, d, audit.Entry{Action: "x.y", Object: "x/1"})
		for _, q := range []string{`update audit_entry set reason = 'x'`, `delete from audit_entry`} {
			err := d.Write(t.Context(), func(tx *db.Tx) error { _, err := tx.Exec(q); return err })
			if err == nil || !strings.Contains(err.Error(), "audit_entry rows are not") {
				t.Errorf("%s: %v", q, err)
			}
		}
		if got, _ := list(t, d, audit.Query{}); len(got) != 1 || got[0].Reason != "" {
			t.Errorf("entries: %+v", got)
		}
	})
}

func TestPutRefuses(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		for name, e := range map[string]audit.Entry{
			"no action":    {Object: "x"},
			"no object":    {Action: "x"},
			"result":       {Action: "x", Object: "x", Result: "maybe"},
			"long object":  {Action: "x", Object: strings.Repeat("x", 300)},
			"long session": {Action: "x", Object: "x", Actor: audit.Actor{Session: strings.Repeat("x", 300)}},
			"long purpose": {Action: "x", Object: "x", Purpose: strings.Repeat("x", 300)},
			"long reason":  {Action: "x", Object: "x", Reason: strings.Repeat("x", 9000)},
		} {
			err := d.Write(t.Context(), func(tx *db.Tx) error { return audit.Put(tx, e) })
			if err == nil {
				t.Errorf("%s was recorded", name)
			}
			if name == "long reason" && !errors.Is(err, fault.TooLarge) {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}

func TestList(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
		now := start
		d.Now = func() time.Time { return now }
		for i, object := range []string{"a/1", "a/2", "a/1", "a/1", "a/2", "a/1"} {
			now = start.Add(time.Duration(i/2) * time.Hour) // ties
			put(t, d, audit.Entry{Actor: audit.Actor{Account: []string{"x", "y"}[i%2]}, Action: "a.b", Object: object})
		}
		var paged []string
		q := audit.Query{Limit: 2}
		for {
			page, next := list(t, d, q)
			for _, e := range page {
				paged = append(paged, e.ID)
			}
			if next == (audit.Cursor{}) {
				break
			}
			q.After = next
		}
		all, _ := list(t, d, audit.Query{})
		var whole []string
		for i, e := range all {
			whole = append(whole, e.ID)
			if i > 0 && e.At.After(all[i-1].At) {
				t.Error("not the newest first")
			}
		}
		if len(whole) != 6 || !slices.Equal(paged, whole) {
			t.Errorf("pages %v\nwhole %v", paged, whole)
		}
		for name, c := range map[string]struct {
			q    audit.Query
			want int
		}{
			"object":             {audit.Query{Object: "a/1"}, 4},
			"account":            {audit.Query{Account: "y"}, 3},
			"object and account": {audit.Query{Object: "a/2", Account: "y"}, 1},
			"from":               {audit.Query{From: start.Add(time.Hour)}, 4},
			"to":                 {audit.Query{To: start.Add(time.Hour)}, 2},
			"span":               {audit.Query{From: start.Add(time.Hour), To: start.Add(2 * time.Hour)}, 2},
			"nobody":             {audit.Query{Account: "z"}, 0},
		} {
			if got, _ := list(t, d, c.q); len(got) != c.want {
				t.Errorf("%s: %d entries, want %d", name, len(got), c.want)
			}
		}
	})
}

// What one transaction did is told in the order in which it did it.
func TestOrderWithinTransaction(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		var want []string
		err := d.Write(t.Context(), func(tx *db.Tx) error {
			want = nil
			for _, object := range []string{"x/5", "x/1", "x/4", "x/2", "x/3", "x/6"} {
				want = append(want, object)
				if err := audit.Put(tx, audit.Entry{Action: "x.y", Object: object}); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		all, _ := list(t, d, audit.Query{})
		for _, e := range slices.Backward(all) {
			got = append(got, e.Object)
		}
		if !slices.Equal(got, want) {
			t.Errorf("got %v, want %v", got, want)
		}
	})
}
