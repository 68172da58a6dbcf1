// Package db is the platform's one door to its relational database.
//
// SQL is written once, in PostgreSQL's dialect, restricted to what both
// engines understand (docs/sql.md); an engine translates the little that
// differs. Statements run only inside a transaction: [DB] begins them, [Tx]
// runs them. A function that takes a *Tx therefore composes with any other,
// and one that takes a *DB does not.
//
// It owns the tables db_migration and db_sequence.
package db

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"sidian/internal/fault"
)

// A DB is a database whose schema is the one this program was built with. It
// is safe for concurrent use.
type DB struct {
	// Now is the clock of every transaction. Tests replace it before the first
	// transaction begins.
	Now func() time.Time

	eng    engine
	store  store
	writes *writes
}

// Open opens the database at url: "sqlite:PATH" or "postgres://…". A
// PostgreSQL address may carry max_conns, the most connections to hold (20).
//
// It creates nothing. A database that is absent, empty, older or newer than
// this program, or whose applied migrations were altered is refused, with
// [ErrAbsent], [ErrOlder], [ErrNewer] or [ErrAltered].
func Open(ctx context.Context, url string) (*DB, error) {
	return open(ctx, url, serving, func(d *DB) error { return d.check(ctx) })
}

// Create makes the schema in a database that has none, and opens it. On SQLite
// it also makes the file. A database that has a schema is refused with
// [ErrExists].
func Create(ctx context.Context, url string) (*DB, error) {
	return open(ctx, url, creating, func(d *DB) error { return d.create(ctx) })
}

// Migrate brings the schema of an existing database up to this program's, and
// reports the names of the migrations that it applied.
func Migrate(ctx context.Context, url string) (applied []string, err error) {
	d, err := open(ctx, url, migrating, func(d *DB) error {
		applied, err = d.migrate(ctx)
		return err
	})
	if err != nil {
		return applied, err
	}
	return applied, d.Close()
}

func open(ctx context.Context, url string, to purpose, prepare func(*DB) error) (*DB, error) {
	eng, err := engineOf(url)
	if err != nil {
		return nil, err
	}
	s, err := eng.open(ctx, url, to)
	if err != nil {
		return nil, err
	}
	d := &DB{Now: time.Now, eng: eng, store: s, writes: &writes{tables: map[string]uint64{}}}
	if err := prepare(d); err != nil {
		return nil, errors.Join(err, s.close())
	}
	return d, nil
}

// Engine is "sqlite" or "postgres".
func (d *DB) Engine() string { return d.eng.name() }

// Can answers a question about the engine.
func (d *DB) Can(c Capability) bool { return d.eng.can(c) }

// Close waits for the writes under way, refuses what comes after, and lets go
// of the database.
func (d *DB) Close() error { return d.store.close() }

// Ping reports whether the database answers.
func (d *DB) Ping(ctx context.Context) error { return d.store.ping(ctx) }

// Read runs fn in a read-only snapshot.
func (d *DB) Read(ctx context.Context, fn func(*Tx) error) error {
	if nested() {
		return ErrNested
	}
	return d.store.read(ctx, func(r runner) error {
		_, err := d.call(ctx, r, fn)
		return err
	})
}

// Write runs fn in a writing transaction and returns nil only when it is
// durably committed. Transactions are serializable.
//
// fn may run more than once, so it must have no effect outside the
// transaction: no HTTP, no signing, no file. What must follow a commit is
// recorded with outbox.Put. A Read or Write begun inside fn is refused.
//
// A ctx that ends before fn begins, or between its statements, ends the
// transaction; once fn has returned nil the outcome is waited for.
func (d *DB) Write(ctx context.Context, fn func(*Tx) error) error {
	return d.write(ctx, serializable, fn)
}

// WriteRows is Write for transactions that row locks order: each statement adds
// rows, changes rows by key under a condition on the row itself, or takes them
// for update, or all of it follows a row that is locked first. Serializability
// would add nothing there but lost races, over rows that stand beside those
// that were meant. PostgreSQL runs it as read committed; on SQLite it is Write.
func (d *DB) WriteRows(ctx context.Context, fn func(*Tx) error) error {
	return d.write(ctx, readCommitted, fn)
}

// A transaction that lost a race runs again, at most attempts times in all,
// after a random wait below a bound that doubles from firstWait to mostWait.
const (
	attempts  = 12
	firstWait = 2 * time.Millisecond
	mostWait  = 250 * time.Millisecond
)

func (d *DB) write(ctx context.Context, l level, fn func(*Tx) error) error {
	if nested() {
		return ErrNested
	}
	wait := firstWait
	for i := 1; ; i++ {
		var tx *Tx
		err := d.store.write(ctx, l, func(r runner) (err error) {
			tx, err = d.call(ctx, r, fn)
			return err
		})
		if tx != nil {
			d.writes.ended(tx.wrote)
		}
		if err == nil {
			for _, fn := range tx.after {
				fn()
			}
			return nil
		}
		c, clean := classed(d.eng, err)
		if c != race {
			return clean
		}
		if i == attempts {
			return fault.Unavailable.Wrap(clean, "系统繁忙，操作未完成").WithCode("db.busy").WithHint("请稍后重试")
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(rand.N(wait)):
			wait = min(2*wait, mostWait)
		}
	}
}

// call runs fn on a Tx over r, and returns that. A statement that went wrong ends
// the transaction, whatever fn returns: PostgreSQL would not go on either.
func (d *DB) call(ctx context.Context, r runner, fn func(*Tx) error) (*Tx, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	tx := &Tx{ctx: ctx, run: r, eng: d.eng, now: d.Now().UTC().Truncate(time.Millisecond), writes: d.writes, begun: d.writes.begun()}
	defer func() { tx.over = true }()
	if err := within(fn, tx); err != nil {
		return tx, err
	}
	return tx, tx.failed
}
