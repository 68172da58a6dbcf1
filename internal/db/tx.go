package db

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"time"

	"sidian/internal/fault"
)

// Tx is a transaction. It carries the context it was begun with, and its clock
// stands still. It belongs to the function it was handed to: no other goroutine
// may use it, nor may anyone after that function has returned.
//
// A statement that fails ends the transaction: later ones return the same
// error, and it is not committed. What may fail without that is run in a
// [Tx.Savepoint], or avoided ("on conflict do nothing").
type Tx struct {
	ctx    context.Context
	run    runner
	eng    engine
	now    time.Time
	failed error // the first error of a statement
	open   bool  // rows are being read
	over   bool
	depth  int      // savepoints begun by Savepoint
	after  []func() // run once it is committed

	writes *writes
	begun  uint64   // the last writing transaction of this process before it
	wrote  []string // the tables it wrote to
}

var (
	errOver = errors.New("db: the transaction is over")
	errOpen = errors.New("db: a statement while the rows of another are being read; gather them first")
)

// Context is the context that the transaction began with.
func (t *Tx) Context() context.Context { return t.ctx }

// Now is the time at which the transaction began, in UTC, to the millisecond.
func (t *Tx) Now() time.Time { return t.now }

// AfterCommit calls fn once the transaction is committed, and not at all if it
// is not, or if the process dies first: it serves for hints, such as waking who
// looks at rows anyway. What must follow is recorded with outbox.Put.
func (t *Tx) AfterCommit(fn func()) { t.after = append(t.after, fn) }

// Exec runs a statement and returns how many rows it touched.
func (t *Tx) Exec(q string, args ...any) (int64, error) {
	args, err := t.before(args)
	if err != nil {
		return 0, err
	}
	t.writesTo(written(q))
	n, err := t.run.exec(t.ctx, t.eng.query(q), args)
	return n, t.fail(err)
}

// Send runs a statement of which the caller needs no answer: not how many rows it
// touched, nor whether it failed now. It goes to the server together with the next
// statement that has an answer, or with the commit, and there its error comes, and
// ends the transaction as any other. Where a failure means something to the caller,
// Exec is right.
func (t *Tx) Send(q string, args ...any) error { return t.SendOr(nil, q, args...) }

// SendOr is Send of a statement that must touch a row: where it touches none, the
// transaction ends with the error none.
func (t *Tx) SendOr(none error, q string, args ...any) error {
	args, err := t.before(args)
	if err != nil {
		return err
	}
	t.writesTo(written(q))
	return t.fail(t.run.send(t.ctx, t.eng.query(q), args, none))
}

// Get scans the first row of a query into dest. It returns fault.NotFound if
// there is none.
func (t *Tx) Get(q string, args []any, dest ...any) error {
	found := false
	err := t.All(q, args, func(scan func(...any) error) error {
		if found {
			return nil
		}
		found = true
		return scan(dest...)
	})
	if err == nil && !found {
		return fault.NotFound.New("没有这条记录")
	}
	return err
}

// All calls scan for each row of a query. The rows are closed when it returns.
func (t *Tx) All(q string, args []any, scan func(func(...any) error) error) error {
	args, err := t.before(args)
	if err != nil {
		return err
	}
	t.writesTo(written(q)) // returning
	rows, err := t.run.rows(t.ctx, t.eng.query(q), args)
	if err != nil {
		return t.fail(err)
	}
	t.open = true
	defer func() { t.open = false }()
	defer func() { _ = rows.Close() }() // its error is looked at below
	for rows.Next() {
		if err := scan(func(dest ...any) error { return cleanScan(rows.Scan(dest...)) }); err != nil {
			return err
		}
	}
	return t.fail(errors.Join(rows.Err(), rows.Close()))
}

// Savepoint runs fn in a transaction within this one: if fn fails, what it did
// is undone, its error is returned, and the transaction may go on.
func (t *Tx) Savepoint(fn func() error) (err error) {
	if _, err := t.before(nil); err != nil {
		return err
	}
	hints := len(t.after)
	t.depth++
	name := "sp" + strconv.Itoa(t.depth)
	defer func() { t.depth-- }()
	if _, err := t.Exec("savepoint " + name); err != nil {
		return err
	}
	err = fn()
	if err == nil {
		err = t.failed
	}
	if err == nil { // what fn sent is part of it
		err = t.fail(t.run.settle(t.ctx))
	}
	if err == nil {
		if _, err = t.Exec("release savepoint " + name); err == nil {
			return nil
		}
	}
	if c, _ := t.eng.class(err); c == race || t.ctx.Err() != nil {
		return t.fail(err) // the whole transaction lost
	}
	t.run.drop()
	t.failed, t.after = nil, t.after[:hints]
	_, undone := t.Exec("rollback to savepoint " + name)
	if undone == nil {
		undone = t.Send("release savepoint " + name)
	}
	return errors.Join(err, undone)
}

// Define runs the text of a migration: several statements, without arguments,
// types translated. It serves migrations and the tests of engines.
func (t *Tx) Define(ddl string) error {
	if _, err := t.before(nil); err != nil {
		return err
	}
	t.writesTo(everything)
	return t.fail(t.run.script(t.ctx, t.eng.ddl(section(ddl, t.eng.name()))))
}

func (t *Tx) writesTo(table string) {
	if table != "" && !slices.Contains(t.wrote, table) {
		t.wrote = append(t.wrote, table)
	}
}

func (t *Tx) hasWritten(table string) bool {
	return slices.Contains(t.wrote, table) || slices.Contains(t.wrote, everything)
}

func (t *Tx) before(args []any) ([]any, error) {
	switch {
	case t.over:
		return nil, errOver
	case t.open:
		return nil, errOpen
	case t.failed != nil:
		return nil, t.failed
	}
	if err := t.ctx.Err(); err != nil {
		return nil, t.fail(err)
	}
	args, err := bind(args)
	return args, t.fail(err)
}

// fail remembers the first error of a statement, without the values that were
// bound to it, and with a kind where the platform knows one.
func (t *Tx) fail(err error) error {
	if err == nil {
		return nil
	}
	_, clean := classed(t.eng, err)
	if t.failed == nil {
		t.failed = clean
	}
	return clean
}

// classed is the class of an error, and the error without values, with a kind where
// the platform knows one.
func classed(eng engine, err error) (class, error) {
	c, clean := eng.class(err)
	switch {
	case fault.As(clean) != nil: // it has one
	case c == duplicate:
		clean = fault.Conflict.Wrap(clean, "记录已存在").WithCode("db.exists")
	case c == reference:
		clean = fault.Conflict.Wrap(clean, "所引用的记录不存在，或仍被其他记录引用").WithCode("db.reference")
	}
	return c, clean
}

// IsRace reports whether err says that a transaction lost a race, so that its
// function must return it, to be run again. A function that turns errors into
// something else asks first.
func (t *Tx) IsRace(err error) bool { c, _ := t.eng.class(err); return c == race }
