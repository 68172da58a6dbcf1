package db

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// An engine is what the platform needs to know about a kind of database.
// Adding one means implementing this and [store], and passing package dbtest.
type engine interface {
	name() string
	can(Capability) bool

	// open opens an existing database, and makes it first where it is to be
	// created and the engine keeps databases in files.
	open(ctx context.Context, url string, to purpose) (store, error)

	// query translates a statement of the subset; ddl a migration.
	query(q string) string
	ddl(q string) string
	// tables lists the names of the tables that exist.
	tables() string
	// mutex is a statement that lets one process at a time migrate, or "".
	mutex() string

	// class says what the platform makes of an error of a statement, and an
	// error that says the same without any value that was bound.
	class(err error) (class, error)
}

// A purpose is what a database is opened for.
type purpose int

const (
	serving purpose = iota
	creating
	migrating // transactions may touch all there is
)

// A store is an open database.
type store interface {
	// read runs fn in one read-only snapshot.
	read(ctx context.Context, fn func(runner) error) error
	// write runs fn in one writing transaction, and commits it durably if fn
	// returns nil.
	write(ctx context.Context, l level, fn func(runner) error) error
	ping(ctx context.Context) error
	close() error
}

// A runner runs translated statements in one transaction.
type runner interface {
	exec(ctx context.Context, q string, args []any) (int64, error)
	rows(ctx context.Context, q string, args []any) (rows, error)
	// send runs a statement whose answer is not waited for. Its error may come
	// with a later statement, or with the commit; none, if it is one, where the
	// statement touches no row.
	send(ctx context.Context, q string, args []any, none error) error
	// settle waits for what was sent, where some of it must touch a row: what
	// follows must not happen otherwise. drop forgets what was sent and not run.
	settle(ctx context.Context) error
	drop()
	// script runs several statements without arguments.
	script(ctx context.Context, q string) error
}

// rows are the rows of a query, as database/sql has them.
type rows interface {
	Next() bool
	Scan(dest ...any) error
	Err() error
	Close() error
}

// A level is how much a writing transaction is kept from others.
type level int

const (
	serializable level = iota
	readCommitted
)

// A Capability is a question that a test, or a statement listed in docs/sql.md,
// may ask of an engine.
type Capability string

// What engines differ in.
const (
	// ParallelWriters: two writing transactions run at once, and may therefore
	// lose a race and run again.
	ParallelWriters Capability = "parallel-writers"
	// RowLocks: "for update skip locked" passes over rows that another
	// transaction holds. Without it no other transaction can hold any.
	RowLocks Capability = "row-locks"
	// SharedCommit: writes that queue are committed together.
	SharedCommit Capability = "shared-commit"
)

// A class is the meaning of a statement's error.
type class int

const (
	other class = iota
	duplicate
	reference
	race
)

func engineOf(url string) (engine, error) {
	switch scheme, _, _ := strings.Cut(url, ":"); scheme {
	case "sqlite":
		return sqlite{}, nil
	case "postgres", "postgresql":
		return postgres{}, nil
	default:
		return nil, fmt.Errorf("db: no engine for the address's scheme %q; there are sqlite: and postgres:", scheme)
	}
}

// ErrClosed is returned by transactions of a closed DB.
var ErrClosed = errors.New("db: closed")
