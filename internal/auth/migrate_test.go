package auth_test

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sidian/gm"
	"sidian/internal/auth"
	"sidian/internal/auth/authtest"
	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/iam"
	"sidian/internal/keys"
)

// wipe makes a database as empty as one that was never used.
func wipe(t *testing.T, tx *db.Tx, engine string) {
	t.Helper()
	if engine == "postgres" {
		must(t, tx.Define(`drop schema public cascade; create schema public;`))
		return
	}
	var names []string
	must(t, tx.All(`select name from sqlite_schema where type = 'table' and name not like 'sqlite%' order by rowid desc`, nil, func(scan func(...any) error) error {
		var n string
		err := scan(&n)
		names = append(names, n)
		return err
	}))
	for _, n := range names {
		must(t, tx.Define("drop table "+n))
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// older applies the migrations up to last, as the program of that time did.
func older(t *testing.T, tx *db.Tx, last string) {
	t.Helper()
	must(t, tx.Define("create table db_migration (\n  name text primary key,\n  checksum text not null,\n  applied_at bigint not null\n);"))
	files, err := filepath.Glob("../db/migrations/*.sql")
	must(t, err)
	for _, f := range files {
		name := strings.TrimSuffix(filepath.Base(f), ".sql")
		if name > last {
			continue
		}
		b, err := os.ReadFile(f)
		must(t, err)
		must(t, tx.Define(string(b)))
		sum := sha256.Sum256(b)
		_, err = tx.Exec(`insert into db_migration (name, checksum, applied_at) values ($1, $2, 1)`, name, hex.EncodeToString(sum[:]))
		must(t, err)
	}
}

type keyRow struct {
	id, purpose, kind, master string
	public, wrapped           []byte
	created                   int64
}

// What an instance had before this package existed goes on working: passwords,
// one-time codes, and who is signed in.
func TestOldInstancesSignIn(t *testing.T) {
	t.Parallel()
	for _, engine := range dbtest.Engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			ctx, url, master := t.Context(), dbtest.Bare(t, engine), filepath.Join(t.TempDir(), "master.key")
			d, err := db.Create(ctx, url)
			must(t, err)
			must(t, keys.CreateMaster(master))
			ks, err := keys.Create(ctx, d, master)
			must(t, err)
			s := service(t, d, ks)
			hash, totp, err := auth.Stored(ctx, s, "old", "Old-Password-2025", []byte("12345678901234567890"))
			must(t, err)
			box, err := ks.Box(ctx)
			must(t, err)
			name, err := box.Seal(keys.Cell{Table: "iam_account", Column: "name", Row: "old"}, []byte("样例·旧"))
			must(t, err)
			token := strings.Repeat("k", 43)
			now := d.Now().UnixMilli()
			must(t, d.Write(ctx, func(tx *db.Tx) error {
				var masterID string
				var check []byte
				must(t, tx.Get(`select id, check_value from keys_master`, nil, &masterID, &check))
				var list []keyRow
				must(t, tx.All(`select id, purpose, kind, public, wrapped, master, created_at from keys_key order by id`, nil, func(scan func(...any) error) error {
					var k keyRow
					err := scan(&k.id, &k.purpose, &k.kind, &k.public, &k.wrapped, &k.master, &k.created)
					list = append(list, k)
					return err
				}))
				wipe(t, tx, engine)
				older(t, tx, "0014_cert")
				for q, args := range map[string][]any{
					`insert into keys_master (id, check_value, created_at) values ($1, $2, 1)`:                 {masterID, check},
					`insert into iam_org (id, name, tier, created_at) values ('root', '青禾县人民政府', 'county', 1)`: {},
					`insert into iam_attempt (key, failures, since, until) values ($1, 1, 1, 0)`:               {[]byte("x")},
				} {
					_, err := tx.Exec(q, args...)
					must(t, err)
				}
				for _, k := range list {
					_, err := tx.Exec(`insert into keys_key (id, purpose, kind, public, wrapped, master, created_at) values ($1, $2, $3, $4, $5, $6, $7)`,
						k.id, k.purpose, k.kind, k.public, k.wrapped, k.master, k.created)
					must(t, err)
				}
				_, err := tx.Exec(`
					insert into iam_account (id, username, kind, org, password, password_at, name, totp, created_at)
					values ('old', 'old', 'staff', 'root', $1, $2, $3, $4, 1)`, hash, now, name, totp)
				must(t, err)
				_, err = tx.Exec(`
					insert into iam_session (hash, id, account, second, agent, address, created_at, seen_at)
					values ($1, 'session', 'old', 1, 'test', '', $2, $2)`, gm.Sum([]byte(token)), now)
				return err
			}))
			must(t, d.Close())
			applied, err := db.Migrate(ctx, url)
			if err != nil || len(applied) < 2 {
				t.Fatalf("migrating: %v, %v", applied, err)
			}
			d, err = db.Open(ctx, url)
			must(t, err)
			defer d.Close()
			ks, err = keys.Open(ctx, d, master)
			must(t, err)
			s = service(t, d, ks)
			_, err = s.IAM.Adopt(ctx) // as sidian migrate does
			must(t, err)
			_, err = s.SignIn(from(t, "192.0.2.1"), auth.SignInRequest{Username: "old", Password: "Old-Password-2025"})
			wantCode(t, err, "auth.failed") // not yet
			if n, err := s.Adopt(ctx); err != nil || n != 2 {
				t.Fatalf("%d rows adopted, want an account and a session: %v", n, err)
			}
			if n, err := s.Adopt(ctx); err != nil || n != 0 {
				t.Fatalf("%d rows adopted again: %v", n, err)
			}
			if got := findings(t, s); got != "" {
				t.Errorf("after adoption: %s", got)
			}
			if p, ok := iam.From(with(t, s, token)); !ok || p.Account != "old" || p.Name != "样例·旧" || p.Level != 2 {
				t.Errorf("who was signed in is %+v", p)
			}
			in := signIn(t, s, "OLD", "Old-Password-2025")
			if in.Next != "" || in.Name != "样例·旧" {
				t.Errorf("by password: %+v", in)
			}
			in, err = s.SignIn(from(t, "192.0.2.1"), auth.SignInRequest{Username: "old", Password: "Old-Password-2025",
				Code: auth.TOTPCode([]byte("12345678901234567890"), d.Now().Unix()/30)})
			if err != nil || !in.Second {
				t.Errorf("with a code: %+v, %v", in, err)
			}
			if stored := one[string](t, d, `select password from auth_credential`); !strings.HasPrefix(stored, "2$") {
				t.Errorf("the password is still %s", stored)
			}
			// Nothing is adopted later, also where the mark is taken away.
			sql(t, d, `update auth_credential set assurance = 3, mac = null`)
			for _, also := range []string{``, `delete from keys_census where table_name = 'auth'`} {
				if also != `` {
					sql(t, d, also)
				}
				other := service(t, d, ks)
				if n, err := other.Adopt(ctx); err != nil || n != 0 {
					t.Errorf("%s: %d rows adopted, %v", also, n, err)
				}
				if got := findings(t, other); !strings.Contains(got, "auth_credential row.altered") {
					t.Errorf("%s: doctor finds %q", also, got)
				}
			}
			if got := findings(t, s); !strings.Contains(got, "auth census.missing") {
				t.Errorf("doctor finds %q", got)
			}
		})
	}
}

func service(t *testing.T, d *db.DB, ks *keys.Store) *auth.Service {
	t.Helper()
	people, err := iam.New(t.Context(), d, ks, iam.Options{})
	must(t, err)
	s, err := auth.New(t.Context(), people, ks, auth.Options{Hash: authtest.Cost})
	must(t, err)
	return s
}
