package dbtest

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib" // registers "pgx"

	"sidian/internal/db"
)

// postgresURL makes a database for the test in the server that TEST_POSTGRES
// names. Without it the test is skipped, except in CI, where it fails: a suite
// that silently ran on one engine has not run.
func postgresURL(t testing.TB, migrated bool) string {
	t.Helper()
	base := os.Getenv("TEST_POSTGRES")
	if base == "" {
		if os.Getenv("CI") != "" {
			t.Fatal("TEST_POSTGRES does not name a PostgreSQL server, and CI runs on both engines")
		}
		t.Skip("TEST_POSTGRES does not name a PostgreSQL server: this half is not run")
	}
	template := "template0"
	if migrated {
		var err error
		if template, err = postgresTemplate(); err != nil {
			t.Fatalf("dbtest: making the PostgreSQL template: %v", err)
		}
		template += copyFiles()
	}
	name := "t_" + strings.ToLower(rand.Text()[:16])
	if err := admin(base, fmt.Sprintf(`create database %s template %s encoding 'UTF8' lc_collate 'C' lc_ctype 'C'`, name, template)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := admin(base, `drop database `+name+` with (force)`); err != nil {
			t.Errorf("dropping the test's database: %v", err)
		}
	})
	return named(base, name)
}

// postgresTemplate makes a migrated database, once per server and schema: test
// processes share it. It is made under another name and renamed when it is
// complete; of two processes that race, one wins and the other uses it.
var postgresTemplate = sync.OnceValues(func() (string, error) {
	base := os.Getenv("TEST_POSTGRES")
	sum, err := db.Fingerprint()
	if err != nil {
		return "", err
	}
	name := "template_" + sum[:16]
	if there, err := exists(base, name); err != nil || there {
		return name, err
	}
	temp := "t_" + strings.ToLower(rand.Text()[:16])
	if err := admin(base, `create database `+temp+` template template0 encoding 'UTF8' lc_collate 'C' lc_ctype 'C'`); err != nil {
		return "", err
	}
	d, err := db.Create(context.Background(), named(base, temp))
	if err != nil {
		return "", errors.Join(err, admin(base, `drop database `+temp+` with (force)`))
	}
	if err := d.Close(); err != nil {
		return "", err
	}
	if err := admin(base, `alter database `+temp+` rename to `+name); err == nil {
		return name, nil
	}
	if there, err := exists(base, name); err != nil || !there {
		return "", fmt.Errorf("dbtest: the template is not there after all: %w", err)
	}
	return name, admin(base, `drop database `+temp+` with (force)`)
})

// copyFiles has a database copied file by file, not through the log of the
// server, where the server can be told (PostgreSQL 15).
var copyFiles = sync.OnceValue(func() string {
	c, err := sql.Open("pgx", os.Getenv("TEST_POSTGRES"))
	if err != nil {
		return ""
	}
	defer c.Close()
	if ok := false; c.QueryRow(`select current_setting('server_version_num')::int >= 150000`).Scan(&ok) != nil || !ok {
		return ""
	}
	return " strategy file_copy"
})

func exists(base, name string) (there bool, err error) {
	c, err := sql.Open("pgx", base)
	if err != nil {
		return false, err
	}
	defer c.Close()
	err = c.QueryRow(`select exists (select 1 from pg_database where datname = $1)`, name).Scan(&there)
	return there, err
}

// admin runs a statement that no transaction may contain.
func admin(base, statement string) error {
	c, err := sql.Open("pgx", base)
	if err != nil {
		return err
	}
	defer c.Close()
	_, err = c.Exec(statement)
	return err
}

// named is the address of another database of the same server. It holds few
// connections: many tests share the server.
func named(base, name string) string {
	u, err := url.Parse(base)
	if err != nil {
		return base // sql.Open will say so
	}
	u.Path = "/" + name
	q := u.Query()
	q.Set("max_conns", "6")
	u.RawQuery = q.Encode()
	return u.String()
}
