package db_test

import (
	"testing"

	"sidian/internal/db"
)

func TestRewrite(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, in, want string }{
		{"parameters", `a = $2 and b = $10`, `a = ?2 and b = ?10`},
		{"literal", `a = '$1' and b = 'it''s $2' and c = $3`, `a = '$1' and b = 'it''s $2' and c = ?3`},
		{"quoted name", `"$1" = $1`, `"$1" = ?1`},
		{"comment", "a -- $1\n= $1", "a -- $1\n= ?1"},
		{"row locks", "select 1 from a d order by x limit 1\n for update of d skip locked ", "select 1 from a d order by x limit 1"},
		{"row lock", "select 1 for update", "select 1"},
		{"no row lock", "select 'x for update skip locked', 1", "select 'x for update skip locked', 1"},
		{"unended literal", `a = 'x $1`, `a = 'x $1`},
		{"Chinese", `a = '证 $1' || $1`, `a = '证 $1' || ?1`},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got := db.Rewrite(c.in); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestDDL(t *testing.T) {
	t.Parallel()
	const in = `create table a_b (
  id bigint primary key, -- a bytea
  text_bigint text not null default 'bigint',
  raw bytea,
  ok boolean not null default false,
  j jsonb
);
-- only sqlite
create trigger s;
-- only postgres
create trigger p;
-- all
create index a_b_raw on a_b (raw);
`
	const sqlite = `create table a_b (
  id integer primary key, -- a bytea
  text_bigint text not null default 'bigint',
  raw blob,
  ok integer not null default false,
  j text
) strict;
create trigger s;
create index a_b_raw on a_b (raw);
`
	const postgres = `create table a_b (
  id bigint primary key, -- a bytea
  text_bigint text not null default 'bigint',
  raw bytea,
  ok boolean not null default false,
  j jsonb
);
create trigger p;
create index a_b_raw on a_b (raw);
`
	for engine, want := range map[string]string{"sqlite": sqlite, "postgres": postgres} {
		if got := db.DDL(engine, in); got != want {
			t.Errorf("%s: got\n%s\nwant\n%s", engine, got, want)
		}
	}
}

// A statement is never cut or changed outside its parameters and lock.
func FuzzRewrite(f *testing.F) {
	for _, s := range []string{`a = $2`, `'$1`, `"`, `-- $1`, "select 1 for update", `$`, `$$`, `''''$1`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		once := db.Rewrite(s)
		if twice := db.Rewrite(once); twice != once && len(twice) > len(once) {
			t.Errorf("%q became %q and then %q", s, once, twice)
		}
	})
}
