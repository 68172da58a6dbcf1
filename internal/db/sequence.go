package db

import (
	"context"
	"fmt"
)

// Sequence reserves n consecutive numbers of the named sequence, in a
// transaction of its own, and returns the first. The first of all is 1. Numbers
// that are reserved and not used are lost.
func (d *DB) Sequence(ctx context.Context, name string, n int64) (first int64, err error) {
	if n < 1 {
		return 0, fmt.Errorf("db: reserving %d numbers of %s", n, name)
	}
	// One statement on one row: read committed is as good as serializable here,
	// and waits for a rival where that would run again.
	err = d.write(ctx, readCommitted, func(tx *Tx) error {
		var next int64
		err := tx.Get(`
			insert into db_sequence (name, next) values ($1, $2)
			on conflict (name) do update set next = db_sequence.next + $3
			returning next`, []any{name, n + 1, n}, &next)
		first = next - n
		return err
	})
	return first, err
}

// Numbers hands out the numbers of one sequence from blocks that it reserves.
// Each number is handed out once, over all processes; those of several
// processes, or across a restart, are not in the order of their handing out. It
// is safe for concurrent use.
type Numbers struct {
	d     *DB
	name  string
	block int64
	state chan span // holds one span; who takes it may change it
}

// A span is the numbers next, next+1, … below end.
type span struct{ next, end int64 }

// Numbers returns an allocator of the named sequence that reserves block
// numbers at a time.
func (d *DB) Numbers(name string, block int64) *Numbers {
	n := &Numbers{d: d, name: name, block: max(block, 1), state: make(chan span, 1)}
	n.state <- span{}
	return n
}

// Next returns a number that nobody else gets. It may begin a transaction, so
// it is called before one.
func (n *Numbers) Next(ctx context.Context) (int64, error) {
	if nested() {
		return 0, ErrNested
	}
	var s span
	select {
	case s = <-n.state:
	case <-ctx.Done():
		return 0, ctx.Err()
	}
	defer func() { n.state <- s }()
	if s.next == s.end {
		first, err := n.d.Sequence(ctx, n.name, n.block)
		if err != nil {
			return 0, err
		}
		s = span{first, first + n.block}
	}
	s.next++
	return s.next - 1, nil
}
