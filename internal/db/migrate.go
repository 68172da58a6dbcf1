package db

import (
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// migrations are the schema: numbered, forward only, each in one transaction.
// docs/sql.md says how they are written.
//
//go:embed migrations/*.sql
var migrations embed.FS

// Why a database is refused.
var (
	ErrAbsent  = errors.New("db: the database has not been created")
	ErrExists  = errors.New("db: the database has been created already")
	ErrOlder   = errors.New("db: the database's schema is older than this program; migrate it")
	ErrNewer   = errors.New("db: the database's schema is newer than this program")
	ErrAltered = errors.New("db: a migration that was applied is not the one in this program")
)

// A migration is one numbered file.
type migration struct{ name, text, sum string }

// Fingerprint is a digest of the schema that this program was built with.
func Fingerprint() (string, error) {
	all, err := loadMigrations(migrations)
	if err != nil {
		return "", err
	}
	h := sha256.New()
	for _, m := range all {
		fmt.Fprintln(h, m.name, m.sum)
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

func loadMigrations(from fs.FS) ([]migration, error) {
	files, err := fs.Glob(from, "migrations/*.sql")
	if err != nil {
		return nil, err
	}
	slices.Sort(files)
	var out []migration
	for _, f := range files {
		b, err := fs.ReadFile(from, f)
		if err != nil {
			return nil, err
		}
		sum := sha256.Sum256(b)
		name := strings.TrimSuffix(path.Base(f), ".sql")
		if n := len(out); n > 0 && out[n-1].name[:4] == name[:4] {
			return nil, fmt.Errorf("db: migrations %s and %s have one number", out[n-1].name, name)
		}
		out = append(out, migration{name: name, text: string(b), sum: hex.EncodeToString(sum[:])})
	}
	return out, nil
}

// section keeps the lines of a migration that are for engine: those after a
// line "-- only ENGINE" are for that one, up to "-- all".
func section(text, engine string) string {
	var b strings.Builder
	on := true
	for line := range strings.Lines(text) {
		switch words := strings.Fields(line); {
		case len(words) == 3 && words[0] == "--" && words[1] == "only":
			on = words[2] == engine
		case len(words) == 2 && words[0] == "--" && words[1] == "all":
			on = true
		case on:
			b.WriteString(line)
		}
	}
	return b.String()
}

// pending compares what is applied with what this program knows, and returns
// what is still to be applied.
func pending(known []migration, applied map[string]string) ([]migration, error) {
	var todo []migration
	seen := 0
	for _, m := range known {
		switch sum, ok := applied[m.name]; {
		case !ok:
			todo = append(todo, m)
		case sum != m.sum:
			return nil, fmt.Errorf("%w: %s", ErrAltered, m.name)
		case len(todo) > 0:
			return nil, fmt.Errorf("db: migration %s is to be applied, but the later %s is applied already; give it a later number", todo[0].name, m.name)
		default:
			seen++
		}
	}
	if seen == len(applied) {
		return todo, nil
	}
	for _, name := range sortedNames(applied) {
		if !slices.ContainsFunc(known, func(m migration) bool { return m.name == name }) {
			return nil, fmt.Errorf("%w: it has the migration %s; use the program that applied it, or a later one", ErrNewer, name)
		}
	}
	return todo, nil
}

func sortedNames(m map[string]string) []string {
	var out []string
	for n := range m {
		out = append(out, n)
	}
	slices.Sort(out)
	return out
}

// applied returns checksums by name, or nil if there is no migration table.
func (d *DB) applied(ctx context.Context) (map[string]string, error) {
	var out map[string]string
	err := d.Read(ctx, func(tx *Tx) error {
		exists := false
		err := tx.All(d.eng.tables(), nil, func(scan func(...any) error) error {
			var name string
			err := scan(&name)
			exists = exists || name == "db_migration"
			return err
		})
		if err != nil || !exists {
			return err
		}
		out = map[string]string{}
		return tx.All(`select name, checksum from db_migration order by name`, nil, func(scan func(...any) error) error {
			var name, sum string
			err := scan(&name, &sum)
			out[name] = sum
			return err
		})
	})
	if err != nil {
		return nil, fmt.Errorf("db: reading the applied migrations: %w", err)
	}
	return out, nil
}

// check lets only a database with exactly this program's schema pass.
func (d *DB) check(ctx context.Context) error {
	todo, err := d.todo(ctx)
	if err == nil && len(todo) > 0 {
		return fmt.Errorf("%w: %s is not applied", ErrOlder, todo[0].name)
	}
	return err
}

func (d *DB) todo(ctx context.Context) ([]migration, error) {
	known, err := loadMigrations(migrations)
	if err != nil {
		return nil, err
	}
	applied, err := d.applied(ctx)
	if err != nil {
		return nil, err
	}
	if applied == nil {
		return nil, fmt.Errorf("%w: it has no schema", ErrAbsent)
	}
	return pending(known, applied)
}

const migrationTable = `create table db_migration (
  name text primary key,
  checksum text not null,
  applied_at bigint not null
);`

func (d *DB) create(ctx context.Context) error {
	applied, err := d.applied(ctx)
	if err != nil {
		return err
	}
	if applied != nil {
		return ErrExists
	}
	if err := d.Write(ctx, func(tx *Tx) error { return tx.Define(migrationTable) }); err != nil {
		return fmt.Errorf("db: making the migration table: %w", err)
	}
	_, err = d.migrate(ctx)
	return err
}

func (d *DB) migrate(ctx context.Context) (done []string, err error) {
	todo, err := d.todo(ctx)
	if err != nil {
		return nil, err
	}
	for _, m := range todo {
		if err := d.apply(ctx, m); err != nil {
			return done, fmt.Errorf("db: applying migration %s: %w", m.name, err)
		}
		done = append(done, m.name)
	}
	return done, nil
}

// apply runs one migration and notes it, in one transaction. Of two processes
// that migrate at once, the second finds it noted.
func (d *DB) apply(ctx context.Context, m migration) error {
	return d.Write(ctx, func(tx *Tx) error {
		if lock := d.eng.mutex(); lock != "" {
			if err := tx.Define(lock); err != nil {
				return err
			}
		}
		n, err := tx.Exec(`
			insert into db_migration (name, checksum, applied_at) values ($1, $2, $3)
			on conflict do nothing`, m.name, m.sum, tx.Now().UnixMilli())
		if err != nil || n == 0 {
			return err
		}
		return tx.Define(m.text)
	})
}
