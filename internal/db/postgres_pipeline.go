package db

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// A pipeline is one transaction on one connection. What it is told to send
// waits for the next statement that has an answer, and goes with it: a journey
// to the server costs both sides more than most statements do. The beginning
// goes with the first statement, the commit with the last.
type pipeline struct {
	conn    *pgxpool.Conn
	waiting []statement
}

type statement struct {
	q    string
	args []any
	none error // of the transaction, where the statement touches no row
}

func newPipeline(conn *pgxpool.Conn, begin string) *pipeline {
	return &pipeline{conn, []statement{{q: begin}}}
}

// send queues a statement whose answer nobody needs. Its error comes with the
// next one that is not queued, or with the commit.
func (p *pipeline) send(_ context.Context, q string, args []any, none error) error {
	args, err := plain(args)
	if err == nil {
		p.waiting = append(p.waiting, statement{q, args, none})
	}
	return err
}

func (p *pipeline) exec(ctx context.Context, q string, args []any) (int64, error) {
	args, err := plain(args)
	if err != nil {
		return 0, err
	}
	tag, err := p.run(ctx, statement{q: q, args: args})
	return tag.RowsAffected(), err
}

// run runs what waits and then s, in one journey.
func (p *pipeline) run(ctx context.Context, s statement) (pgconn.CommandTag, error) {
	if len(p.waiting) == 0 {
		tag, err := p.conn.Exec(ctx, s.q, s.args...)
		return tag, s.or(tag, err)
	}
	answers, err := p.journey(ctx, s)
	if err != nil {
		return pgconn.CommandTag{}, err
	}
	tag, err := answers.Exec()
	err = s.or(tag, err)
	if cerr := answers.Close(); err == nil {
		err = cerr
	}
	return tag, err
}

// journey sends what waits and s, and reads the answers of what waited. The first
// error is the answer: what follows it may have gone wrong because of it.
func (p *pipeline) journey(ctx context.Context, s statement) (pgx.BatchResults, error) {
	var b pgx.Batch
	for _, w := range p.waiting {
		b.Queue(w.q, w.args...)
	}
	b.Queue(s.q, s.args...)
	sent := p.waiting
	p.waiting = nil
	answers := p.conn.SendBatch(ctx, &b)
	for _, w := range sent {
		tag, err := answers.Exec()
		if err = w.or(tag, err); err != nil {
			_ = answers.Close()
			return nil, err
		}
	}
	return answers, nil
}

// or is the error of a statement that was answered.
func (s statement) or(tag pgconn.CommandTag, err error) error {
	if err == nil && tag.RowsAffected() == 0 {
		return s.none
	}
	return err
}

func (p *pipeline) rows(ctx context.Context, q string, args []any) (rows, error) {
	args, err := plain(args)
	if err != nil {
		return nil, err
	}
	if len(p.waiting) == 0 {
		r, err := p.conn.Query(ctx, q, args...)
		return pipelineRows{r, nil}, err
	}
	answers, err := p.journey(ctx, statement{q: q, args: args})
	if err != nil {
		return nil, err
	}
	r, err := answers.Query()
	if err != nil {
		return nil, errors.Join(err, answers.Close())
	}
	return pipelineRows{r, answers}, nil
}

// pipelineRows are the rows of the last statement of a journey.
type pipelineRows struct {
	pgx.Rows
	answers pgx.BatchResults // nil for a statement that went alone
}

func (r pipelineRows) Close() error {
	r.Rows.Close()
	if r.answers != nil {
		return r.answers.Close()
	}
	return nil
}

func (p *pipeline) script(ctx context.Context, q string) error {
	if err := p.flush(ctx); err != nil {
		return err
	}
	_, err := p.conn.Conn().PgConn().Exec(ctx, q).ReadAll()
	return err
}

// flush runs what waits.
func (p *pipeline) flush(ctx context.Context) error {
	n := len(p.waiting)
	if n == 0 {
		return nil
	}
	last := p.waiting[n-1]
	p.waiting = p.waiting[:n-1]
	_, err := p.run(ctx, last)
	return err
}

// settle runs what waits, if some of it must touch a row: the server would go on
// with what follows where it touches none.
func (p *pipeline) settle(ctx context.Context) error {
	if slices.ContainsFunc(p.waiting, func(w statement) bool { return w.none != nil }) {
		return p.flush(ctx)
	}
	return nil
}

func (p *pipeline) drop() { p.waiting = nil }

// commit ends the transaction. Nothing is asked of the server for one that ran
// no statement.
func (p *pipeline) commit(ctx context.Context) error {
	if p.idle() && len(p.waiting) == 1 { // it waits to begin
		return nil
	}
	if err := p.settle(ctx); err != nil { // the server would commit all the same
		return err
	}
	tag, err := p.run(ctx, statement{q: "commit"})
	if err == nil && tag.String() != "COMMIT" {
		err = errRolledBack
	}
	return err
}

// idle reports whether the server has no transaction open on the connection.
func (p *pipeline) idle() bool { return p.conn.Conn().PgConn().TxStatus() == 'I' }

var errRolledBack = errors.New("db: PostgreSQL rolled the transaction back")

// ending is how long a transaction that failed may take to end. A connection on
// which it has not ended by then is thrown away.
const ending = 5 * time.Second

// rollback ends a transaction that did not commit, whatever became of its
// context.
func (p *pipeline) rollback(ctx context.Context) {
	if p.conn.Conn().IsClosed() || p.idle() {
		return
	}
	ctx, stop := context.WithTimeout(context.WithoutCancel(ctx), ending)
	defer stop()
	_, _ = p.conn.Exec(ctx, "rollback") // where it fails, the pool closes the connection
}
