package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// A writer is the one connection that writes to SQLite, and the goroutine that
// owns it. Functions that queue run one after the other, each in a savepoint of
// one transaction, and are answered once its single commit is on the disk. The
// writer does not wait for that: it runs the next batch.
//
// A function runs on the goroutine that asked for it; the writer only hands it
// the connection and takes it back. So a panic, or a test's FailNow, ends whom
// it should, and its savepoint is rolled back like any other.
type writer struct {
	on    *sql.DB
	base  context.Context // of the writer's own statements, which nothing cancels
	queue chan *request
	ended chan struct{}

	mu     sync.RWMutex // held to send on queue, and exclusively to close it
	closed bool

	wal *wal

	commits chan commit   // on their way to the disk
	synced  chan struct{} // closed when the last of them is there

	s *session // of the writer's goroutine; nil after a fault
}

// A batch ends with batchCount functions or after batchTime: those that wait
// for its commit should not wait for ever.
const (
	batchCount = 256
	batchTime  = 25 * time.Millisecond
)

// A commit is what is visible, and not yet known to be on the disk.
type commit struct {
	number  uint64
	members []*request
}

type request struct {
	ctx   context.Context
	fn    func(runner) error
	state atomic.Int32
	turn  chan *session // the connection, when it is this function's turn
	ran   chan error    // what the function returned
	done  chan error    // the outcome, after the commit
	err   error
}

// States of a request: who moves it away from waiting decides.
const (
	waiting int32 = iota
	taken
	withdrawn
)

// errAborted stands for a function that did not return: it panicked.
var errAborted = errors.New("db: the transaction's function did not return")

func startWriter(ctx context.Context, on *sql.DB, l *wal) (*writer, error) {
	on.SetMaxOpenConns(1)
	w := &writer{on: on, base: context.WithoutCancel(ctx), queue: make(chan *request, batchCount), ended: make(chan struct{}), wal: l,
		commits: make(chan commit, 64), synced: make(chan struct{})}
	if err := w.connect(); err != nil {
		return nil, err
	}
	go w.loop()
	go w.sync()
	return w, nil
}

// connect opens the connection, once what the last one committed is on the disk:
// this one may write to another file.
func (w *writer) connect() (err error) {
	if err := w.wal.durable(); err != nil {
		return err
	}
	w.wal.close()
	w.s, err = newSession(w.base, w.on, true)
	return err
}

// do queues fn and waits for the outcome.
func (w *writer) do(ctx context.Context, fn func(runner) error) error {
	r := &request{ctx: ctx, fn: fn, turn: make(chan *session, 1), ran: make(chan error, 1), done: make(chan error, 1)}
	if err := w.enqueue(r); err != nil {
		return err
	}
	select {
	case s := <-r.turn:
		r.run(s)
	case err := <-r.done:
		return err
	case <-ctx.Done():
		if r.state.CompareAndSwap(waiting, withdrawn) {
			return ctx.Err()
		}
		select { // its turn had just come
		case s := <-r.turn:
			r.run(s)
		case err := <-r.done:
			return err
		}
	}
	return <-r.done
}

func (w *writer) enqueue(r *request) error {
	w.mu.RLock()
	defer w.mu.RUnlock()
	if w.closed {
		return ErrClosed
	}
	select {
	case w.queue <- r:
		return nil
	case <-r.ctx.Done():
		return r.ctx.Err()
	}
}

// run runs the function, and gives the connection back however it ends.
func (r *request) run(s *session) {
	err := errAborted
	defer func() { r.ran <- err }()
	err = r.fn(s)
}

func (w *writer) close() error {
	w.mu.Lock()
	if !w.closed {
		w.closed = true
		close(w.queue)
	}
	w.mu.Unlock()
	<-w.ended
	return nil
}

func (w *writer) loop() {
	defer close(w.ended)
	for r := range w.queue {
		w.batch(r)
	}
	close(w.commits)
	<-w.synced
	if w.s != nil {
		w.s.close()
	}
	w.wal.close()
}

// batch runs first and what queues behind it, commits, and answers them all.
func (w *writer) batch(first *request) {
	var members []*request
	err := w.begin()
	deadline := time.Now().Add(batchTime)
	for r := first; r != nil && err == nil; r = w.next(len(members), deadline) {
		if !r.state.CompareAndSwap(waiting, taken) {
			continue
		}
		members = append(members, r)
		err = w.one(r)
	}
	if err == nil {
		err = w.wal.failure()
	}
	if err == nil {
		n := w.wal.next() // before anybody can see the commit
		if _, err = w.s.exec(w.base, "commit", nil); err == nil {
			w.commits <- commit{n, members}
			return
		}
		w.commits <- commit{n, nil} // those that wait for it wait for those before it
	}
	// Nothing of this batch is kept. Not even an error of its functions means
	// anything: it may be about what another one wrote.
	w.abandon()
	if len(members) == 0 && first.state.CompareAndSwap(waiting, taken) {
		members = append(members, first)
	}
	answer(members, fmt.Errorf("db: committing: %w", err))
}

// sync brings commits to the disk, those together that came while it was busy, and
// answers their members.
func (w *writer) sync() {
	defer close(w.synced)
	for c := range w.commits {
		for n := len(w.commits); n > 0; n-- {
			next := <-w.commits
			c = commit{next.number, append(c.members, next.members...)}
		}
		answer(c.members, w.wal.sync(c.number))
	}
}

// answer tells the members of a batch their outcome, or why it has none.
func answer(members []*request, err error) {
	for _, r := range members {
		if err != nil {
			r.err = err
		}
		r.done <- r.err
	}
}

// next is the request that joins the batch after n others, or nil if the batch
// ends. Those who were just answered get one chance to queue again: the fewer the
// commits, the fewer pages are written twice.
func (w *writer) next(n int, deadline time.Time) *request {
	if n >= batchCount || time.Now().After(deadline) {
		return nil
	}
	for range 2 {
		select {
		case r := <-w.queue: // nil when closed
			return r
		default:
			runtime.Gosched()
		}
	}
	return nil
}

// one runs r in a savepoint. Its own error is kept in r; the error returned is
// that of the transaction around it.
func (w *writer) one(r *request) error {
	if _, err := w.s.exec(w.base, "savepoint w", nil); err != nil {
		return err
	}
	r.turn <- w.s
	if r.err = <-r.ran; r.err != nil {
		if _, err := w.s.exec(w.base, "rollback to w", nil); err != nil {
			return errors.Join(err, r.err)
		}
	}
	// Fails if SQLite rolled back everything by itself, as it does on a full
	// disk: then there is no savepoint.
	_, err := w.s.exec(w.base, "release w", nil)
	return err
}

func (w *writer) begin() (err error) {
	if w.s == nil {
		if err = w.connect(); err != nil {
			return err
		}
	}
	w.s.trim()
	_, err = w.s.exec(w.base, "begin immediate", nil)
	return err
}

// abandon rolls back, and lets go of a connection that cannot even do that.
func (w *writer) abandon() {
	if w.s == nil {
		return
	}
	if _, err := w.s.exec(w.base, "rollback", nil); err != nil {
		w.s.conn.Raw(func(any) error { return errBad })
		w.s.close()
		w.s = nil
	}
}

var errBad = fmt.Errorf("db: discarding a connection: %w", errAborted)
