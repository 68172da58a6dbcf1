package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	_ "github.com/jackc/pgx/v5/stdlib" // registers "pgx"

	"sidian/internal/fault"
)

// postgres is the engine of larger installations. Its driver prepares and
// keeps the statements of each connection.
type postgres struct{}

func (postgres) name() string { return "postgres" }

func (postgres) can(c Capability) bool { return c == ParallelWriters || c == RowLocks }

func (postgres) open(ctx context.Context, address string, _ bool) (store, error) {
	address, conns, err := poolSize(address)
	if err != nil {
		return nil, err
	}
	on, err := sql.Open("pgx", address)
	if err != nil {
		return nil, fmt.Errorf("db: the PostgreSQL address cannot be read") // the text would show the password
	}
	on.SetMaxOpenConns(conns)
	on.SetMaxIdleConns(conns)
	on.SetConnMaxIdleTime(5 * time.Minute)
	s := &postgresStore{on}
	if err := s.suits(ctx); err != nil {
		return nil, errors.Join(err, on.Close())
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
	err := s.on.QueryRowContext(ctx, `
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

type postgresStore struct{ on *sql.DB }

func (s *postgresStore) read(ctx context.Context, fn func(runner) error) error {
	return s.run(ctx, &sql.TxOptions{ReadOnly: true, Isolation: sql.LevelRepeatableRead}, fn)
}

func (s *postgresStore) write(ctx context.Context, level sql.IsolationLevel, fn func(runner) error) error {
	return s.run(ctx, &sql.TxOptions{Isolation: level}, fn)
}

func (s *postgresStore) run(ctx context.Context, opts *sql.TxOptions, fn func(runner) error) error {
	tx, err := s.on.BeginTx(ctx, opts)
	if err != nil {
		if err.Error() == "sql: database is closed" {
			return ErrClosed
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return fault.Unavailable.Wrap(err, "数据库暂时不可用").WithCode("db.unavailable").WithHint("请稍后重试；持续出现时请联系系统管理员")
	}
	defer tx.Rollback()
	if err := fn(postgresTx{tx}); err != nil {
		return err
	}
	return tx.Commit()
}

func (s *postgresStore) ping(ctx context.Context) error { return s.on.PingContext(ctx) }
func (s *postgresStore) close() error                   { return s.on.Close() }

type postgresTx struct{ tx *sql.Tx }

func (t postgresTx) exec(ctx context.Context, q string, args []any) (int64, error) {
	res, err := t.tx.ExecContext(ctx, q, args...)
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

func (t postgresTx) rows(ctx context.Context, q string, args []any) (*sql.Rows, error) {
	return t.tx.QueryContext(ctx, q, args...)
}

func (t postgresTx) script(ctx context.Context, q string) error {
	_, err := t.tx.ExecContext(ctx, q)
	return err
}
