package db

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"sidian/internal/fault"
)

// postgres is the engine of larger installations. Its driver prepares and
// keeps the statements of each connection.
type postgres struct{}

func (postgres) name() string { return "postgres" }

func (postgres) can(c Capability) bool { return c == ParallelWriters || c == RowLocks }

func (postgres) open(ctx context.Context, address string, _ purpose) (store, error) {
	address, conns, err := poolSize(address)
	if err != nil {
		return nil, err
	}
	conf, err := pgxpool.ParseConfig(address)
	if err != nil {
		return nil, errors.New("db: the PostgreSQL address cannot be read") // the text would show the password
	}
	conf.MaxConns, conf.MaxConnIdleTime = int32(conns), 5*time.Minute
	on, err := pgxpool.NewWithConfig(ctx, conf)
	if err != nil {
		return nil, fmt.Errorf("db: opening PostgreSQL: %w", err)
	}
	s := &postgresStore{on: on}
	if err := s.suits(ctx); err != nil {
		on.Close()
		return nil, err
	}
	return s, nil
}

// poolSize takes max_conns out of an address.
func poolSize(address string) (string, int, error) {
	u, err := url.Parse(address)
	if err != nil {
		return "", 0, errors.New("db: the PostgreSQL address is not a URL") // its text would show the password
	}
	q := u.Query()
	n := 20
	if v := q.Get("max_conns"); v != "" {
		if n, err = strconv.Atoi(v); err != nil || n < 1 {
			return "", 0, fmt.Errorf("db: max_conns=%s is not a positive number", v)
		}
		q.Del("max_conns")
		u.RawQuery = q.Encode()
	}
	return u.String(), n, nil
}

// suits refuses a database that would sort or store differently.
func (s *postgresStore) suits(ctx context.Context) error {
	var encoding, collation string
	err := s.on.QueryRow(ctx, `
		select pg_encoding_to_char(encoding), datcollate
		  from pg_database where datname = current_database()`).Scan(&encoding, &collation)
	if err != nil {
		var e *pgconn.PgError
		if errors.As(err, &e) && e.Code == "3D000" {
			return fmt.Errorf("%w: the server has no such database", ErrAbsent)
		}
		return fmt.Errorf("db: opening PostgreSQL: %w", err)
	}
	if c := strings.ToUpper(collation); encoding != "UTF8" || c != "C" && c != "POSIX" {
		return fmt.Errorf("db: the PostgreSQL database has encoding %s and collation %s; it must be created with encoding 'UTF8', lc_collate 'C' and template template0", encoding, collation)
	}
	return nil
}

func (postgres) query(q string) string { return q }
func (postgres) ddl(q string) string   { return q }
func (postgres) tables() string {
	return `select tablename from pg_tables where schemaname = current_schema()`
}

// mutex is taken for the length of a transaction; the number is "sidian" in
// ASCII.
func (postgres) mutex() string { return `select pg_advisory_xact_lock(126879280685422)` }

func (postgres) class(err error) (class, error) {
	var se *StatementError
	if errors.As(err, &se) {
		return se.cause, err
	}
	if passes(err) {
		return other, err
	}
	var e *pgconn.PgError
	if !errors.As(err, &e) {
		return other, cleanEncoding(err)
	}
	se = &StatementError{Engine: "postgres", Code: e.Code, Constraint: e.ConstraintName, Text: e.Message}
	switch {
	case e.Code == "23505":
		se.cause = duplicate
	case e.Code == "23503":
		se.cause = reference
	case e.Code == "40001" || e.Code == "40P01":
		se.cause = race
	case strings.HasPrefix(e.Code, "22"):
		se.Text = "a value does not fit" // the message shows it
	}
	return se.cause, se
}

// cleanEncoding drops the value from the driver's error about an argument that
// it cannot send: `failed to encode args[0]: unable to encode "…" into …`.
func cleanEncoding(err error) error {
	const mark = "failed to encode args["
	text := err.Error()
	i := strings.Index(text, mark)
	if i < 0 {
		return err
	}
	n, _, _ := strings.Cut(text[i+len(mark):], "]")
	return &StatementError{Engine: "postgres", Code: "encode", Text: "argument [" + n + "] does not fit its column's type"}
}

type postgresStore struct {
	on     *pgxpool.Pool
	closed atomic.Bool
}

func (s *postgresStore) read(ctx context.Context, fn func(runner) error) error {
	return s.run(ctx, "begin isolation level repeatable read read only", fn)
}

func (s *postgresStore) write(ctx context.Context, l level, fn func(runner) error) error {
	if l == readCommitted {
		return s.run(ctx, "begin isolation level read committed", fn)
	}
	return s.run(ctx, "begin isolation level serializable", fn)
}

func (s *postgresStore) run(ctx context.Context, begin string, fn func(runner) error) error {
	conn, err := s.on.Acquire(ctx)
	if err != nil {
		if s.closed.Load() {
			return ErrClosed
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return unavailable(err)
	}
	defer conn.Release()
	p := newPipeline(conn, begin)
	defer p.rollback(ctx)
	if err = fn(p); err == nil {
		err = p.commit(ctx)
	}
	if err != nil && conn.Conn().IsClosed() && ctx.Err() == nil && fault.As(err) == nil {
		return unavailable(err)
	}
	return err
}

func (s *postgresStore) ping(ctx context.Context) error { return s.on.Ping(ctx) }

func (s *postgresStore) close() error {
	s.closed.Store(true)
	s.on.Close() // waits for the transactions under way
	return nil
}

// unavailable is what a person is told when the server cannot be reached.
func unavailable(err error) error {
	return fault.Unavailable.Wrap(err, "数据库暂时不可用").WithCode("db.unavailable").WithHint("请稍后重试；持续出现时请联系系统管理员")
}

// plain makes arguments of named types into those of the language, as
// database/sql does: the driver would otherwise ask a type for its String.
func plain(args []any) ([]any, error) {
	for i, a := range args {
		switch a.(type) {
		case nil, string, int64, bool, []byte, float64:
			continue
		}
		v, err := driver.DefaultParameterConverter.ConvertValue(a)
		if err != nil {
			return nil, fmt.Errorf("db: argument $%d is of a type that is not stored", i+1)
		}
		args[i] = v
	}
	return args, nil
}
