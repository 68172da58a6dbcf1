package keys_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"sidian/gm"
	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/keys"
	"sidian/internal/keys/keystest"
)

func guard(t testing.TB, s *keys.Store, table string) *keys.Rows {
	t.Helper()
	g, err := s.Rows(t.Context(), table)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

type role string

// No two rows have one MAC, whatever their fields could be mistaken for.
func TestMac(t *testing.T) {
	t.Parallel()
	s := keystest.New(t, dbtest.New(t, "sqlite"))
	g := guard(t, s, "iam_grant")
	at := time.UnixMilli(1_700_000_000_123)
	text, number := "a", int64(1)
	seen := map[string]string{}
	for name, mac := range map[string][]byte{
		"plain":              g.Mac("1", "a", "b"),
		"another id":         g.Mac("2", "a", "b"),
		"exchanged":          g.Mac("1", "b", "a"),
		"shifted":            g.Mac("1", "ab", ""),
		"shifted back":       g.Mac("1", "", "ab"),
		"one more":           g.Mac("1", "a", "b", ""),
		"one more, null":     g.Mac("1", "a", "b", nil),
		"one less":           g.Mac("1", "a"),
		"none":               g.Mac("1"),
		"id into fields":     g.Mac("", "1", "a", "b"),
		"bytes":              g.Mac("1", []byte("a"), "b"),
		"true":               g.Mac("1", true),
		"false":              g.Mac("1", false),
		"one":                g.Mac("1", 1),
		"text of one":        g.Mac("1", "1"),
		"eight bytes":        g.Mac("1", []byte{0, 0, 0, 0, 0, 0, 0, 1}),
		"null":               g.Mac("1", nil),
		"empty text":         g.Mac("1", ""),
		"empty bytes":        g.Mac("1", []byte{}),
		"list":               g.Mac("1", []string{"a", "b"}),
		"list of one":        g.Mac("1", []string{"ab"}),
		"empty list":         g.Mac("1", []string{}),
		"negative":           g.Mac("1", -1),
		"a time":             g.Mac("1", at),
		"a digest":           g.Mac("1", gm.Sum(nil)),
		"another table":      guard(t, s, "iam_client").Mac("1", "a", "b"),
		"another's key":      guard(t, keystest.New(t, dbtest.New(t, "sqlite")), "iam_grant").Mac("1", "a", "b"),
		"lookalike of table": guard(t, s, "iam_grant1").Mac("", "a", "b"),
	} {
		if len(mac) != 32 {
			t.Errorf("%s: %d bytes", name, len(mac))
		}
		if other := seen[string(mac)]; other != "" {
			t.Errorf("%s has the MAC of %s", name, other)
		}
		seen[string(mac)] = name
	}
	digest := gm.Sum(nil)
	for name, same := range map[string][2][]any{
		"named text":   {{role("a")}, {"a"}},
		"pointer":      {{&text}, {"a"}},
		"nil pointer":  {{(*string)(nil)}, {nil}},
		"number":       {{&number}, {1}},
		"time":         {{at}, {at.UnixMilli()}},
		"no time":      {{time.Time{}}, {(*int64)(nil)}},
		"digest":       {{digest}, {digest[:]}},
		"absent bytes": {{[]byte(nil)}, {[]byte{}}},
	} {
		if err := g.Check(g.Mac("1", same[0]...), "1", same[1]...); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, f := range map[string]any{"float": 1.5, "struct": struct{}{}, "map": map[string]string{}, "unsigned": uint64(1)} {
		if mac := g.Mac("1", f); mac != nil || g.Check(mac, "1", f) == nil {
			t.Errorf("%s has a MAC", name)
		}
	}
	for _, bad := range [][]byte{nil, {}, g.Mac("1")[:31], append(g.Mac("1"), 0), make([]byte, 32)} {
		if err := g.Check(bad, "1"); !errors.Is(err, keys.ErrAltered) {
			t.Errorf("%x: %v", bad, err)
		}
	}
}

func TestMacOutlivesRotation(t *testing.T) {
	t.Parallel()
	s := keystest.New(t, dbtest.New(t, "sqlite"))
	mac := guard(t, s, "a").Mac("1", "x")
	if err := s.Rotate(t.Context(), keys.Field); err != nil {
		t.Fatal(err)
	}
	if err := guard(t, s, "a").Check(mac, "1", "x"); err != nil {
		t.Error(err)
	}
}

// grants is a guarded table, as a context keeps one.
type grants struct {
	d *db.DB
	g *keys.Rows
}

func newGrants(t *testing.T, d *db.DB) *grants {
	x := &grants{d, guard(t, keystest.New(t, d), "test_grant")}
	x.sql(t, "create table test_grant (\n  id text primary key,\n  role text not null,\n  mac bytea not null\n);")
	return x
}

func (x *grants) sql(t *testing.T, statements ...string) {
	t.Helper()
	for _, q := range statements {
		if err := x.d.Write(t.Context(), func(tx *db.Tx) error { return tx.Define(q) }); err != nil {
			t.Fatal(err)
		}
	}
}

func (x *grants) put(t *testing.T, id, role string) {
	t.Helper()
	err := x.d.Write(t.Context(), func(tx *db.Tx) error {
		var before []byte
		mac := x.g.Mac(id, role)
		err := tx.All(`select mac from test_grant where id = $1`, []any{id}, func(scan func(...any) error) error { return scan(&before) })
		if err != nil {
			return err
		}
		if before != nil {
			if _, err := tx.Exec(`update test_grant set role = $2, mac = $3 where id = $1`, id, role, mac); err != nil {
				return err
			}
			return x.g.Update(tx, before, mac)
		}
		if _, err := tx.Exec(`insert into test_grant (id, role, mac) values ($1, $2, $3)`, id, role, mac); err != nil {
			return err
		}
		return x.g.Insert(tx, mac)
	})
	if err != nil {
		t.Fatal(err)
	}
}

func (x *grants) end(t *testing.T, id string) {
	t.Helper()
	err := x.d.Write(t.Context(), func(tx *db.Tx) error {
		var mac []byte
		if err := tx.Get(`delete from test_grant where id = $1 returning mac`, []any{id}, &mac); err != nil {
			return err
		}
		return x.g.Delete(tx, mac)
	})
	if err != nil {
		t.Fatal(err)
	}
}

func (x *grants) check(t *testing.T) (codes string) {
	t.Helper()
	err := x.d.Read(t.Context(), func(tx *db.Tx) error {
		codes = ""
		found, err := x.g.CheckTable(tx, func(see func([]byte, string, ...any)) error {
			return tx.All(`select id, role, mac from test_grant order by id`, nil, func(scan func(...any) error) error {
				var id, role string
				var mac []byte
				err := scan(&id, &role, &mac)
				see(mac, id, role)
				return err
			})
		})
		for _, f := range found {
			codes += fmt.Sprintf("%s(%s) ", f.Code, f.ID)
			if f.Message == "" || f.Table != "test_grant" {
				t.Errorf("finding %+v", f)
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return codes
}

// Whatever is done to a guarded table behind our back is found.
func TestCensus(t *testing.T) {
	for name, c := range map[string]struct {
		tamper []string
		want   string
	}{
		"nothing":         {nil, ""},
		"a role edited":   {[]string{`update test_grant set role = 'security' where id = '1'`}, "row.altered(1) "},
		"a row exchanged": {[]string{`update test_grant set mac = (select mac from test_grant where id = '2') where id = '1'`}, "row.altered(1) rows.replaced() "},
		"a row deleted":   {[]string{`delete from test_grant where id = '2'`}, "rows.missing() "},
		"a row put back":  {[]string{`insert into test_grant (id, role, mac) select id, role, mac from test_old where id = '4'`}, "rows.extra() "},
		"an old version":  {[]string{`update test_grant set role = 'system', mac = (select mac from test_old where id = '3') where id = '3'`}, "rows.replaced() "},
		"one for another": {[]string{`delete from test_grant where id = '2'`, `insert into test_grant (id, role, mac) select id, role, mac from test_old where id = '4'`}, "rows.replaced() "},
		"a row twice":     {[]string{`insert into test_grant (id, role, mac) select '9', role, mac from test_grant where id = '1'`}, "row.altered(9) rows.extra() "},
		"all deleted":     {[]string{`delete from test_grant`}, "rows.missing() "},
		"the count made to fit": {[]string{`delete from test_grant where id = '2'`,
			`update keys_census set rows = 2 where table_name = 'test_grant'`}, "census.altered() "},
		"another's census":   {[]string{`update keys_census set mac = (select mac from keys_census where table_name = '') where table_name = 'test_grant'`}, "census.altered() "},
		"the census deleted": {[]string{`delete from keys_census where table_name = 'test_grant'`}, "census.missing() "},
		"everything deleted": {[]string{`delete from test_grant`, `delete from keys_census where table_name = 'test_grant'`}, "census.missing() "},
		"an old census":      {[]string{`update keys_census set rows = 1, revision = 1, digest = (select digest from keys_census where table_name = '') where table_name = 'test_grant'`}, "census.altered() "},
	} {
		t.Run(name, func(t *testing.T) {
			dbtest.Each(t, func(t *testing.T, d *db.DB) {
				x := newGrants(t, d)
				if got := x.check(t); got != "" {
					t.Errorf("an empty table: %s", got)
				}
				x.put(t, "3", "system")
				x.put(t, "4", "audit")
				x.sql(t, "create table test_old (\n  id text primary key,\n  role text not null,\n  mac bytea not null\n);",
					`insert into test_old (id, role, mac) select id, role, mac from test_grant`)
				x.put(t, "1", "clerk")
				x.put(t, "2", "clerk")
				x.put(t, "3", "clerk")
				x.end(t, "4")
				x.sql(t, c.tamper...)
				if got := x.check(t); got != c.want {
					t.Errorf("found %q, want %q", got, c.want)
				}
			})
		})
	}
}

// A change through us is refused while the census is not what we wrote, and
// does not make it good; only a recount does.
func TestRecount(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		x := newGrants(t, d)
		x.put(t, "1", "clerk")
		x.put(t, "2", "clerk")
		x.sql(t, `delete from test_grant where id = '2'`, `update keys_census set rows = 1 where table_name = 'test_grant'`)
		err := d.Write(t.Context(), func(tx *db.Tx) error { return x.g.Insert(tx, x.g.Mac("3", "x")) })
		if !errors.Is(err, keys.ErrAltered) {
			t.Errorf("counted on: %v", err)
		}
		if got := x.check(t); got != "census.altered() " {
			t.Errorf("found %q", got)
		}
		recount := func(tx *db.Tx) error {
			return x.g.Recount(tx, func(see func([]byte)) error {
				return tx.All(`select mac from test_grant order by id`, nil, func(scan func(...any) error) error {
					var mac []byte
					err := scan(&mac)
					see(mac)
					return err
				})
			})
		}
		for _, spoil := range []string{``, `delete from keys_census where table_name = 'test_grant'`, `delete from keys_census`} {
			if spoil != "" {
				x.sql(t, spoil)
			}
			if err := d.Write(t.Context(), recount); err != nil {
				t.Fatal(err)
			}
			if got := x.check(t); got != "" {
				t.Errorf("after the recount: %q", got)
			}
		}
		x.put(t, "3", "clerk")
		if got := x.check(t); got != "" {
			t.Errorf("and one more: %q", got)
		}
		var c keys.Census
		err = d.Read(t.Context(), func(tx *db.Tx) (err error) { c, err = x.g.Census(tx); return err })
		if err != nil || c.Rows != 2 || c.Revision == 0 || c.Digest == (gm.Digest{}) {
			t.Errorf("census %+v, %v", c, err)
		}
	})
}

// A row without a MAC is not counted, and changes by several at once all are.
func TestCensusConcurrent(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		x := newGrants(t, d)
		if err := d.Write(t.Context(), func(tx *db.Tx) error { return x.g.Insert(tx, x.g.Mac("1", 1.5)) }); err == nil {
			t.Error("a row without a MAC was counted")
		}
		const people, each = 4, 5
		done := make(chan bool)
		for p := range people {
			go func() {
				defer func() { done <- true }()
				for i := range each {
					x.put(t, fmt.Sprintf("%d-%d", p, i%3), fmt.Sprint("role", i))
				}
			}()
		}
		for range people {
			<-done
		}
		if got := x.check(t); got != "" {
			t.Errorf("found %q", got)
		}
	})
}
