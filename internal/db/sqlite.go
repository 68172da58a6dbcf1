package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"sync"

	driver "modernc.org/sqlite"
	lib "modernc.org/sqlite/lib"
)

// sqlite is the embedded engine: one connection that writes, driven by
// [writer], and a few that read.
type sqlite struct{}

func (sqlite) name() string { return "sqlite" }

func (sqlite) can(c Capability) bool { return c == SharedCommit }

func (sqlite) open(ctx context.Context, url string, to purpose) (store, error) {
	path := strings.TrimPrefix(url, "sqlite:")
	if strings.ContainsAny(path, "?#%") {
		return nil, fmt.Errorf("db: the path of a SQLite database must not contain ?, # or %%: %q", path)
	}
	if err := sqliteFile(path, to == creating); err != nil {
		return nil, err
	}
	// busy_timeout comes first: turning on WAL may itself have to wait.
	dsn := "file:" + path + "?_pragma=busy_timeout(10000)&_pragma=journal_mode(wal)&_pragma=synchronous(normal)" +
		"&_pragma=foreign_keys(on)&_pragma=case_sensitive_like(on)&_pragma=trusted_schema(off)"
	rw, err := sql.Open("sqlite", dsn+forWriting(to))
	if err != nil {
		return nil, err
	}
	ro, err := sql.Open("sqlite", dsn+"&_pragma=query_only(on)")
	if err != nil {
		return nil, errors.Join(err, rw.Close())
	}
	s := &sqliteStore{rw: rw, ro: ro, wal: newWAL(path), readers: newReaders(ro, max(4, 2*runtime.GOMAXPROCS(0)))}
	if s.writer, err = startWriter(ctx, rw, s.wal); err != nil {
		return nil, errors.Join(fmt.Errorf("db: opening SQLite: %w", err), rw.Close(), ro.Close())
	}
	return s, nil
}

// forWriting is what the writer's connection is told beside. A savepoint keeps what
// the pages were before it: in memory, where a transaction is small, since in a
// temporary file that is two thirds of all that is written. The log grows to 16 MB
// before its pages are moved to the database: pages that change often are moved
// less often.
func forWriting(to purpose) string {
	if to == migrating {
		return "" // as SQLite would have it
	}
	return "&_pragma=temp_store(memory)&_pragma=cache_size(-32768)&_pragma=wal_autocheckpoint(4000)"
}

// sqliteFile sees to it that the file is there, and makes it only to create.
func sqliteFile(path string, create bool) error {
	info, err := os.Stat(path)
	switch {
	case err == nil && !info.Mode().IsRegular():
		return fmt.Errorf("db: %s is not a regular file", path)
	case err == nil:
		return nil
	case !errors.Is(err, os.ErrNotExist):
		return fmt.Errorf("db: looking for the database: %w", err)
	case !create:
		return fmt.Errorf("%w: there is no file %s", ErrAbsent, path)
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("db: making the database file: %w", err)
	}
	return f.Close()
}

// sqliteQueries are the statements as translated, by the original: statements are
// constants of the program, so each is translated once.
var sqliteQueries sync.Map

// sqliteWord writes $1 as ?1.
func sqliteWord(w string) string {
	if len(w) > 1 && w[0] == '$' {
		return "?" + w[1:]
	}
	return w
}

// rowLock is the end of a statement that locks rows: there is one writer.
var rowLock = regexp.MustCompile(`\s+for update( of \w+)?( skip locked)?\s*$`)

// query rewrites $1 to ?1, and drops row locks.
func (sqlite) query(q string) string {
	if v, ok := sqliteQueries.Load(q); ok {
		return v.(string)
	}
	out := rewrite(rowLock.ReplaceAllString(q, ""), sqliteWord)
	sqliteQueries.Store(q, out)
	return out
}

var sqliteTypes = map[string]string{"bytea": "blob", "bigint": "integer", "boolean": "integer", "jsonb": "text"}

// ddl translates types, and makes every table strict: SQLite otherwise stores
// anything anywhere. A table's definition ends with ");" on a line of its own.
func (sqlite) ddl(q string) string {
	q = rewrite(q, func(w string) string {
		if t, ok := sqliteTypes[w]; ok {
			return t
		}
		return w
	})
	return strings.ReplaceAll(q, "\n);", "\n) strict;")
}

func (sqlite) tables() string { return `select name from sqlite_schema where type = 'table'` }
func (sqlite) mutex() string  { return "" }

func (sqlite) class(err error) (class, error) {
	var se *StatementError
	if errors.As(err, &se) {
		return se.cause, err
	}
	var e *driver.Error
	if passes(err) || !errors.As(err, &e) {
		return other, err
	}
	se = &StatementError{Engine: "sqlite", Code: strconv.Itoa(e.Code()), Text: e.Error()}
	// SQLite's texts name tables and columns, never values, but for the text of
	// a statement near which it cannot parse: that is ours.
	switch {
	case e.Code() == lib.SQLITE_CONSTRAINT_UNIQUE, e.Code() == lib.SQLITE_CONSTRAINT_PRIMARYKEY, e.Code() == lib.SQLITE_CONSTRAINT_ROWID:
		se.cause = duplicate
	case e.Code() == lib.SQLITE_CONSTRAINT_FOREIGNKEY:
		se.cause = reference
	case e.Code()&0xff == lib.SQLITE_BUSY:
		se.cause = race
	}
	return se.cause, se
}

type sqliteStore struct {
	rw, ro  *sql.DB
	wal     *wal
	writer  *writer
	readers *readers
}

func (s *sqliteStore) write(ctx context.Context, _ level, fn func(runner) error) error {
	return s.writer.do(ctx, fn)
}

func (s *sqliteStore) read(ctx context.Context, fn func(runner) error) error {
	err := s.readers.do(ctx, fn)
	if failed := s.wal.durable(); failed != nil {
		return failed
	}
	return err
}

func (s *sqliteStore) ping(ctx context.Context) error {
	return s.read(ctx, func(r runner) error { return r.script(ctx, "select 1") })
}

func (s *sqliteStore) close() error {
	return errors.Join(s.writer.close(), s.readers.close(), s.ro.Close(), s.rw.Close())
}
