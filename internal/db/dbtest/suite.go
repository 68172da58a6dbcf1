package dbtest

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"sidian/internal/db"
	"sidian/internal/fault"
)

// suiteTables are what the suite works on.
const suiteTables = `
create table suite_type (
  id text primary key,
  n bigint,
  b bytea,
  j jsonb,
  ok boolean not null default false
);
create table suite_item (
  id text primary key,
  code text not null unique,
  n bigint not null default 0,
  constraint suite_item_n check (n >= 0)
);
create table suite_part (
  id text primary key,
  item text not null references suite_item (id)
);
create table suite_flag (
  id bigint primary key,
  set_by text not null
);`

// Suite is what every engine must do: an engine that passes it is supported.
func Suite(t *testing.T, open func(t *testing.T) *db.DB) {
	for _, c := range []struct {
		name string
		run  func(*testing.T, *db.DB)
	}{
		{"values come back as they went", suiteValues},
		{"columns are strict", suiteStrict},
		{"text that one engine refuses, all refuse", suiteText},
		{"text sorts by bytes", suiteCollation},
		{"like tells case apart", suiteLike},
		{"unique is a conflict", suiteUnique},
		{"a reference is a conflict", suiteReference},
		{"no row is not found", suiteNotFound},
		{"a failed statement ends the transaction", suitePoison},
		{"a savepoint undoes its part", suiteSavepoint},
		{"what is sent happens", suiteSend},
		{"what is sent and fails ends the transaction", suiteSendFails},
		{"a savepoint answers for what was sent", suiteSendSavepoint},
		{"a memo forgets what was written over", suiteMemo},
		{"an error rolls back", suiteRollback},
		{"a panic rolls back and goes on", suitePanic},
		{"a cancelled context commits nothing", suiteCancel},
		{"reads cannot write", suiteReadOnly},
		{"a read is one snapshot", suiteSnapshot},
		{"transactions do not nest", suiteNesting},
		{"a transaction ends with its function", suiteOver},
		{"rows are closed before the next statement", suiteOpenRows},
		{"concurrent writers lose nothing", suiteWriters},
		{"concurrent writers are serializable", suiteSkew},
		{"a row changes once under its condition", suiteRows},
		{"locked rows are skipped", suiteSkipLocked},
		{"sequences give each number once", suiteSequence},
		{"large rows", suiteLarge},
		{"subset", suiteSubset},
		{"errors show no values", suiteClean},
		{"after a commit", suiteAfter},
		{"closed", suiteClosed},
	} {
		t.Run(strings.ReplaceAll(c.name, " ", "_"), func(t *testing.T) {
			t.Parallel()
			d := open(t)
			write(t, d, func(tx *db.Tx) error { return tx.Define(suiteTables) })
			c.run(t, d)
		})
	}
}

func write(t *testing.T, d *db.DB, fn func(*db.Tx) error) {
	t.Helper()
	if err := d.Write(t.Context(), fn); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, d *db.DB, fn func(*db.Tx) error) {
	t.Helper()
	if err := d.Read(t.Context(), fn); err != nil {
		t.Fatal(err)
	}
}

// texts returns the first column of a query.
func texts(t *testing.T, d *db.DB, q string, args ...any) (out []string) {
	t.Helper()
	read(t, d, func(tx *db.Tx) error {
		out = nil
		return tx.All(q, args, func(scan func(...any) error) error {
			var s string
			err := scan(&s)
			out = append(out, s)
			return err
		})
	})
	return out
}

func count(t *testing.T, d *db.DB, table string) (n int) {
	t.Helper()
	read(t, d, func(tx *db.Tx) error { return tx.Get(`select count(*) from `+table, nil, &n) })
	return n
}

func suiteValues(t *testing.T, d *db.DB) {
	digest := [32]byte{1, 2, 3}
	write(t, d, func(tx *db.Tx) error {
		for _, r := range []struct {
			id string
			b  any
		}{{"bytes", []byte{0, 255}}, {"empty", []byte{}}, {"none", []byte(nil)}, {"digest", digest}} {
			if _, err := tx.Exec(`insert into suite_type (id, n, b, j, ok) values ($1, $2, $3, $4, $5)`,
				r.id, int64(-1)<<62, r.b, `{}`, true); err != nil {
				return err
			}
		}
		return nil
	})
	for id, want := range map[string][]byte{"bytes": {0, 255}, "empty": {}, "none": nil, "digest": digest[:]} {
		var n int64
		var b []byte
		var ok bool
		read(t, d, func(tx *db.Tx) error {
			return tx.Get(`select n, b, ok from suite_type where id = $1`, []any{id}, &n, &b, &ok)
		})
		// An empty value may come back as nil; only the database tells it from null.
		if n != -1<<62 || !slices.Equal(b, want) || !ok {
			t.Errorf("%s: got %d %v %v", id, n, b, ok)
		}
	}
	if got := texts(t, d, `select id from suite_type where b is null`); !slices.Equal(got, []string{"none"}) {
		t.Errorf("null are %v", got)
	}
}

func suiteStrict(t *testing.T, d *db.DB) {
	for _, q := range []string{
		`insert into suite_type (id, n) values ('a', 'x')`,
		`insert into suite_item (id, code, n) values ('a', 'A', -1)`,
		`insert into suite_item (id, code) values ('a', null)`,
		`insert into suite_type (id, ok) values ('b', null)`,
	} {
		err := d.Write(t.Context(), func(tx *db.Tx) error { _, err := tx.Exec(q); return err })
		if err == nil {
			t.Errorf("%s was accepted", q)
		}
		if k, _ := fault.Of(err); k != "" {
			t.Errorf("%s: has the kind %s, and is a mistake of the program", q, k)
		}
	}
}

func suiteText(t *testing.T, d *db.DB) {
	for _, s := range []string{"a\x00b", "\xff"} {
		err := d.Write(t.Context(), func(tx *db.Tx) error {
			_, err := tx.Exec(`insert into suite_item (id, code) values ($1, 'x')`, s)
			return err
		})
		if !errors.Is(err, fault.Invalid) {
			t.Errorf("%q: %v", s, err)
		}
	}
}

func suiteCollation(t *testing.T, d *db.DB) {
	in := []string{"b", "a", "B", "中", "|", "z"}
	write(t, d, func(tx *db.Tx) error {
		for _, s := range in {
			if _, err := tx.Exec(`insert into suite_item (id, code) values ($1, $1)`, s); err != nil {
				return err
			}
		}
		return nil
	})
	if got, want := texts(t, d, `select id from suite_item order by id`), "B a b z | 中"; strings.Join(got, " ") != want {
		t.Errorf("sorted: %v, want %s", got, want)
	}
	if got := texts(t, d, `select id from suite_item where id > $1 order by id`, "b"); strings.Join(got, " ") != "z | 中" {
		t.Errorf("after b: %v", got)
	}
}

func suiteLike(t *testing.T, d *db.DB) {
	write(t, d, func(tx *db.Tx) error {
		_, err := tx.Exec(`insert into suite_item (id, code) values ('1', 'Z1'), ('2', 'z1')`)
		return err
	})
	if got := texts(t, d, `select id from suite_item where code like 'z%' order by id`); strings.Join(got, " ") != "2" {
		t.Errorf("like 'z%%': %v", got)
	}
}

func suiteUnique(t *testing.T, d *db.DB) {
	add := func(id, code string) error {
		return d.Write(t.Context(), func(tx *db.Tx) error {
			_, err := tx.Exec(`insert into suite_item (id, code) values ($1, $2)`, id, code)
			return err
		})
	}
	if err := add("1", "A"); err != nil {
		t.Fatal(err)
	}
	for _, r := range [][2]string{{"1", "B"}, {"2", "A"}} {
		if err := add(r[0], r[1]); !errors.Is(err, fault.Conflict) || fault.As(err).Code != "db.exists" {
			t.Errorf("%v: %v", r, err)
		}
	}
}

func suiteReference(t *testing.T, d *db.DB) {
	err := d.Write(t.Context(), func(tx *db.Tx) error {
		_, err := tx.Exec(`insert into suite_part (id, item) values ('1', 'none')`)
		return err
	})
	if !errors.Is(err, fault.Conflict) || fault.As(err).Code != "db.reference" {
		t.Error(err)
	}
}

func suiteNotFound(t *testing.T, d *db.DB) {
	err := d.Write(t.Context(), func(tx *db.Tx) error {
		var id string
		if err := tx.Get(`select id from suite_item where id = 'none'`, nil, &id); !errors.Is(err, fault.NotFound) {
			t.Error(err)
		}
		_, err := tx.Exec(`insert into suite_item (id, code) values ('1', 'A')`) // it is no failure
		return err
	})
	if err != nil || count(t, d, "suite_item") != 1 {
		t.Error(err)
	}
}

func suitePoison(t *testing.T, d *db.DB) {
	err := d.Write(t.Context(), func(tx *db.Tx) error {
		if _, err := tx.Exec(`insert into suite_item (id, code) values ('1', 'A')`); err != nil {
			return err
		}
		tx.Exec(`insert into suite_item (id, code) values ('1', 'B')`)
		if _, err := tx.Exec(`insert into suite_item (id, code) values ('3', 'C')`); !errors.Is(err, fault.Conflict) {
			t.Errorf("the next statement: %v", err)
		}
		return nil // swallowed
	})
	if !errors.Is(err, fault.Conflict) {
		t.Error(err)
	}
	if n := count(t, d, "suite_item"); n != 0 {
		t.Errorf("%d rows were kept", n)
	}
}

func suiteSavepoint(t *testing.T, d *db.DB) {
	add := func(tx *db.Tx, id string) error {
		_, err := tx.Exec(`insert into suite_item (id, code) values ($1, $1)`, id)
		return err
	}
	own := errors.New("own")
	write(t, d, func(tx *db.Tx) error {
		if err := add(tx, "1"); err != nil {
			return err
		}
		if err := tx.Savepoint(func() error {
			if err := add(tx, "2"); err != nil {
				return err
			}
			return add(tx, "1")
		}); !errors.Is(err, fault.Conflict) {
			t.Errorf("failing statement: %v", err)
		}
		if err := tx.Savepoint(func() error {
			if err := tx.Savepoint(func() error { return add(tx, "3") }); err != nil {
				return err
			}
			return own
		}); !errors.Is(err, own) {
			t.Errorf("own error: %v", err)
		}
		return tx.Savepoint(func() error { return add(tx, "4") })
	})
	if got := texts(t, d, `select id from suite_item order by id`); strings.Join(got, " ") != "1 4" {
		t.Error(got)
	}
}

func suiteRollback(t *testing.T, d *db.DB) {
	own := errors.New("own")
	err := d.Write(t.Context(), func(tx *db.Tx) error {
		if _, err := tx.Exec(`insert into suite_item (id, code) values ('1', 'A')`); err != nil {
			return err
		}
		return own
	})
	if !errors.Is(err, own) || count(t, d, "suite_item") != 0 {
		t.Error(err)
	}
}

func suiteReadOnly(t *testing.T, d *db.DB) {
	err := d.Read(t.Context(), func(tx *db.Tx) error {
		_, err := tx.Exec(`insert into suite_item (id, code) values ('1', 'A')`)
		return err
	})
	if err == nil || count(t, d, "suite_item") != 0 {
		t.Errorf("a read wrote: %v", err)
	}
}

func suiteOpenRows(t *testing.T, d *db.DB) {
	write(t, d, func(tx *db.Tx) error {
		_, err := tx.Exec(`insert into suite_item (id, code) values ('1', 'A'), ('2', 'B')`)
		return err
	})
	read(t, d, func(tx *db.Tx) error {
		return tx.All(`select id from suite_item order by id`, nil, func(scan func(...any) error) error {
			var n int
			if err := tx.Get(`select count(*) from suite_item`, nil, &n); err == nil {
				t.Error("a statement ran while rows were being read")
			}
			var id string
			return scan(&id)
		})
	})
}

func suiteSequence(t *testing.T, d *db.DB) {
	numbers := d.Numbers("suite", 7)
	var mu sync.Mutex
	seen := map[int64]bool{}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 25 {
				n, err := numbers.Next(t.Context())
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				if seen[n] {
					t.Errorf("%d twice", n)
				}
				seen[n] = true
				mu.Unlock()
			}
		})
	}
	for range 4 { // another process
		wg.Go(func() {
			first, err := d.Sequence(t.Context(), "suite", 5)
			if err != nil {
				t.Error(err)
			}
			mu.Lock()
			defer mu.Unlock()
			for n := first; n < first+5; n++ {
				if seen[n] {
					t.Errorf("%d twice", n)
				}
				seen[n] = true
			}
		})
	}
	wg.Wait()
	if len(seen) != 220 || seen[0] {
		t.Errorf("%d numbers, 0 among them: %v", len(seen), seen[0])
	}
	if first, err := d.Sequence(t.Context(), "other", 1); err != nil || first != 1 {
		t.Errorf("another sequence begins with %d, %v", first, err)
	}
}

func suiteLarge(t *testing.T, d *db.DB) {
	big := make([]byte, 8<<20)
	for i := range big {
		big[i] = byte(i * 7)
	}
	text := strings.Repeat("证照", 1<<20)
	write(t, d, func(tx *db.Tx) error {
		_, err := tx.Exec(`insert into suite_type (id, b) values ($1, $2)`, "big", big)
		if err == nil {
			_, err = tx.Exec(`insert into suite_item (id, code) values ('big', 'x')`)
		}
		if err == nil {
			_, err = tx.Exec(`insert into suite_flag (id, set_by) values (1, $1)`, text)
		}
		return err
	})
	var b []byte
	var s string
	read(t, d, func(tx *db.Tx) error {
		if err := tx.Get(`select b from suite_type where id = 'big'`, nil, &b); err != nil {
			return err
		}
		return tx.Get(`select set_by from suite_flag where id = 1`, nil, &s)
	})
	if !slices.Equal(b, big) || s != text {
		t.Errorf("%d bytes and %d of text came back otherwise", len(b), len(s))
	}
}

// suiteSubset runs each construct of docs/sql.md once, and compares answers.
func suiteSubset(t *testing.T, d *db.DB) {
	write(t, d, func(tx *db.Tx) error {
		_, err := tx.Exec(`insert into suite_item (id, code, n) values ('a', 'A', 1), ('b', 'B', 2), ('c', 'C', 3)`)
		return err
	})
	for _, c := range []struct{ name, q, want string }{
		{"parameters out of order", `select id from suite_item where n = $2 and id <> $1`, "b"},
		{"parameter in a literal is none", `select '$1 ' || $1 || $2 from suite_item where id = 'a'`, "$1 x2"},
		{"upsert", `insert into suite_item (id, code, n) values ('a', 'A', 5) on conflict (id) do update set n = excluded.n + suite_item.n returning n`, "6"},
		{"returning", `update suite_item set n = n + 1 where id = 'b' returning n`, "3"},
		{"count with filter", `select count(*) filter (where n > 3) from suite_item`, "1"},
		{"window", `select row_number() over (order by n desc, id) from suite_item order by id`, "1 2 3"},
		{"is distinct from", `select id from suite_item where nullif(n, 6) is distinct from 3 order by id`, "a"},
		{"nulls last", `select id from suite_item order by nullif(n, 6) nulls last, id`, "b c a"},
		{"row values", `select id from suite_item where (n, id) > (3, 'b') order by n, id`, "c a"},
		{"common table expression", `with big as (select id from suite_item where n > 3) select id from big order by id`, "a"},
		{"union all", `select id from suite_item where id = 'a' union all select id from suite_item where id = 'b' order by id`, "a b"},
		{"exists", `select id from suite_item i where exists (select 1 from suite_item o where o.n < i.n) order by id`, "a"},
		{"case", `select case when n > 3 then 'big' else 'small' end from suite_item order by id`, "big small small"},
		{"integer division", `select 7 / 2`, "3"},
		{"coalesce", `select coalesce(null, 'x')`, "x"},
		{"length and substr", `select length('证照') || substr('abc', 2, 1)`, "2b"},
		{"left join", `select o.id from suite_item i left join suite_item o on o.n = i.n + 3 order by i.id`, "<nil> a a"},
		{"upper, replace and abs", `select upper(replace('abc', 'b', '证')) || cast(abs(-3) as text)`, "A证C3"},
		{"cast", `select cast('12' as bigint) + 1`, "13"},
		{"limit", `select id from suite_item order by n desc, id limit 2`, "a b"},
		{"in a query", `select id from suite_item where id in (select id from suite_item where n = 3) order by id`, "b c"},
		{"lower and trim", `select lower(trim(' AB '))`, "ab"},
		{"delete returning", `delete from suite_item where id = 'c' returning id`, "c"},
	} {
		var got []string
		write(t, d, func(tx *db.Tx) error {
			got = nil
			var args []any
			switch {
			case strings.Contains(c.q, "n = $2"):
				args = []any{"a", 2}
			case strings.Contains(c.q, "$2"):
				args = []any{"x", "2"}
			}
			return tx.All(c.q, args, func(scan func(...any) error) error {
				var v any
				err := scan(&v)
				if b, ok := v.([]byte); ok {
					v = string(b)
				}
				got = append(got, fmt.Sprint(v))
				return err
			})
		})
		if strings.Join(got, " ") != c.want {
			t.Errorf("%s: got %v, want %s", c.name, got, c.want)
		}
	}
}

func suiteClean(t *testing.T, d *db.DB) {
	const secret = "41010219900101001X"
	add := func(tx *db.Tx) error {
		_, err := tx.Exec(`insert into suite_item (id, code) values ($1, $1)`, secret)
		return err
	}
	err1 := d.Write(t.Context(), func(tx *db.Tx) error {
		_, err := tx.Exec(`insert into suite_type (id, n) values ('x', $1)`, secret)
		return err
	})
	write(t, d, add)
	err2 := d.Write(t.Context(), add)
	err3 := d.Read(t.Context(), func(tx *db.Tx) error {
		var n int64
		return tx.Get(`select code from suite_item where id = $1`, []any{secret}, &n)
	})
	err4 := d.Write(t.Context(), func(tx *db.Tx) error {
		_, err := tx.Exec(`insert into suite_type (id, n) select 'x', cast($1 as bigint) + 9223372036854775807`, int64(410102199001010))
		return err
	})
	for i, err := range []error{err1, err2, err3, err4} {
		if i < 3 && err == nil || err != nil && strings.Contains(err.Error(), "4101021990") {
			t.Errorf("error %d: %v", i+1, err)
		}
	}
}

func suiteAfter(t *testing.T, d *db.DB) {
	var called []string
	write(t, d, func(tx *db.Tx) error {
		tx.AfterCommit(func() { called = append(called, "kept") })
		tx.Savepoint(func() error {
			tx.AfterCommit(func() { called = append(called, "undone part") })
			return errors.New("no")
		})
		return nil
	})
	d.Write(t.Context(), func(tx *db.Tx) error {
		tx.AfterCommit(func() { called = append(called, "undone") })
		return errors.New("no")
	})
	if strings.Join(called, " ") != "kept" {
		t.Error(called)
	}
}
