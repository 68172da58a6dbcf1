package db

import (
	"context"
	"database/sql"
	"errors"
	"sync"
)

// A session is one connection to SQLite with its prepared statements: to
// prepare one costs as much as to run it.
type session struct {
	conn  *sql.Conn
	stmts map[string]*sql.Stmt
	// steady: statements are not interrupted when their context ends, because
	// SQLite answers an interrupted write by rolling back the whole transaction,
	// that of the other functions in the batch included.
	steady bool
}

// maxStatements bounds the prepared statements of a session. They are the
// program's constants, so few programs come near it.
const maxStatements = 512

func newSession(ctx context.Context, on *sql.DB, steady bool) (*session, error) {
	c, err := on.Conn(ctx)
	if err != nil {
		return nil, err
	}
	return &session{conn: c, stmts: map[string]*sql.Stmt{}, steady: steady}, nil
}

func (s *session) close() error {
	var errs []error
	for _, st := range s.stmts {
		errs = append(errs, st.Close())
	}
	return errors.Join(append(errs, s.conn.Close())...)
}

// trim forgets the prepared statements when there are too many. It is called
// between transactions.
func (s *session) trim() {
	if len(s.stmts) <= maxStatements {
		return
	}
	for q, st := range s.stmts {
		st.Close()
		delete(s.stmts, q)
	}
}

func (s *session) stmt(ctx context.Context, q string) (*sql.Stmt, error) {
	if st, ok := s.stmts[q]; ok {
		return st, nil
	}
	st, err := s.conn.PrepareContext(ctx, q)
	if err != nil {
		return nil, err
	}
	s.stmts[q] = st
	return st, nil
}

func (s *session) context(ctx context.Context) context.Context {
	if s.steady {
		return context.WithoutCancel(ctx)
	}
	return ctx
}

func (s *session) exec(ctx context.Context, q string, args []any) (int64, error) {
	ctx = s.context(ctx)
	st, err := s.stmt(ctx, q)
	if err != nil {
		return 0, err
	}
	res, err := st.ExecContext(ctx, args...)
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

func (s *session) rows(ctx context.Context, q string, args []any) (rows, error) {
	ctx = s.context(ctx)
	st, err := s.stmt(ctx, q)
	if err != nil {
		return nil, err
	}
	return st.QueryContext(ctx, args...)
}

// send is exec: there is no journey to save.
func (s *session) send(ctx context.Context, q string, args []any, none error) error {
	n, err := s.exec(ctx, q, args)
	if err == nil && n == 0 {
		return none
	}
	return err
}

func (s *session) settle(context.Context) error { return nil }
func (s *session) drop()                        {}

func (s *session) script(ctx context.Context, q string) error {
	_, err := s.conn.ExecContext(s.context(ctx), q)
	return err
}

// readers is a pool of reading sessions.
type readers struct {
	on   *sql.DB
	free chan *session // nil where a session has not been opened yet
	stop chan struct{}
	once sync.Once
}

func newReaders(on *sql.DB, n int) *readers {
	on.SetMaxOpenConns(n)
	on.SetMaxIdleConns(n)
	r := &readers{on: on, free: make(chan *session, n), stop: make(chan struct{})}
	for range n {
		r.free <- nil
	}
	return r
}

func (p *readers) do(ctx context.Context, fn func(runner) error) (err error) {
	var s *session
	select {
	case <-p.stop:
		return ErrClosed
	default:
	}
	select {
	case s = <-p.free:
	case <-ctx.Done():
		return ctx.Err()
	case <-p.stop:
		return ErrClosed
	}
	defer func() { p.free <- s }()
	if s == nil {
		if s, err = newSession(ctx, p.on, false); err != nil {
			return err
		}
	}
	if _, err := s.exec(ctx, "begin", nil); err != nil {
		return err
	}
	defer func() {
		// A session whose transaction cannot be ended is not used again.
		if _, rerr := s.exec(context.WithoutCancel(ctx), "rollback", nil); rerr != nil {
			s.close()
			s = nil
			err = errors.Join(err, rerr)
			return
		}
		s.trim()
	}()
	return fn(s)
}

// close refuses new readers and waits for those under way.
func (p *readers) close() error {
	var errs []error
	p.once.Do(func() {
		close(p.stop)
		for range cap(p.free) {
			if s := <-p.free; s != nil {
				errs = append(errs, s.close())
			}
		}
	})
	return errors.Join(errs...)
}
