package outbox

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	mathrand "math/rand/v2"
	"slices"
	"time"

	"sidian/internal/db"
	"sidian/internal/fault"
)

// Drain delivers up to n due events to c and reports how many were delivered.
// What fails is put off, and not counted. The error is that of the database.
func Drain(ctx context.Context, d *db.DB, c Consumer, n int) (delivered int, err error) {
	c.Pace = c.Pace.filled()
	for delivered < n {
		r, err := round(ctx, d, c, min(n-delivered, c.Pace.Batch))
		delivered += r.done
		if err != nil || r.taken == 0 {
			return delivered, err
		}
	}
	return delivered, nil
}

// A rounded is what a round came to: how many events it took, how many of them
// were delivered, and whether more may be due that it did not take.
type rounded struct {
	taken, done int
	more        bool
}

// serial is how many events a serializable transaction takes: the longer it is, the
// more races it loses to others, and the more is done again.
const serial = 16

// round takes up to n due events and delivers them.
func round(ctx context.Context, d *db.DB, c Consumer, n int) (r rounded, err error) {
	if c.Deliver != nil {
		return leased(ctx, d, c, n)
	}
	if c.Rows {
		err = d.WriteRows(ctx, func(tx *db.Tx) error {
			due, err := takeDue(tx, c.Name, n)
			if err != nil || len(due) == 0 {
				return err
			}
			r.taken, r.more = len(due), len(due) == n
			r.done, err = handle(tx, c, due)
			return err
		})
		return r.or(err, c.Name)
	}
	n = min(n, serial)
	// What is due is looked for outside the transaction, which is serializable:
	// who puts events would lose races to the many that find nothing.
	var events []string
	err = d.Read(ctx, func(tx *db.Tx) (err error) {
		events, err = lookDue(tx, c.Name, n)
		return err
	})
	if err != nil || len(events) == 0 {
		return r, err
	}
	err = d.Write(ctx, func(tx *db.Tx) error {
		due, err := takeThese(tx, c.Name, events)
		if err != nil {
			return err
		}
		r.taken, r.more = len(due), len(events) == n
		r.done, err = handle(tx, c, due)
		return err
	})
	return r.or(err, c.Name)
}

func (r rounded) or(err error, consumer string) (rounded, error) {
	if err != nil {
		return rounded{}, fmt.Errorf("outbox: delivering to %s: %w", consumer, err)
	}
	return r, nil
}

// handle handles a batch inside tx: all of it at once, and each event alone where
// that fails. An event whose handling fails is put off in the same transaction;
// only what ends the transaction is an error.
func handle(tx *db.Tx, c Consumer, due []delivery) (done int, err error) {
	if len(due) > 1 {
		err := tx.Savepoint(func() error {
			all := events(due)
			if err := c.all(tx, all); err != nil {
				return err
			}
			return markDone(tx, c.Name, "", ids(all)...)
		})
		if err == nil || ends(tx, err) {
			return len(due), err
		}
	}
	for _, d := range due {
		err := tx.Savepoint(func() error {
			if err := c.all(tx, []Event{d.event}); err != nil {
				return err
			}
			return markDone(tx, c.Name, "", d.event.ID)
		})
		switch {
		case err == nil:
			done++
			continue
		case ends(tx, err):
			return 0, err
		}
		d.attempts++
		if err := putOff(tx, c, d, err); err != nil {
			return 0, err
		}
	}
	return done, nil
}

func (c Consumer) all(tx *db.Tx, all []Event) error {
	if c.HandleAll != nil {
		return c.HandleAll(tx, all)
	}
	for _, ev := range all {
		if err := c.Handle(tx, ev); err != nil {
			return err
		}
	}
	return nil
}

func events(due []delivery) []Event {
	out := make([]Event, len(due))
	for i, d := range due {
		out[i] = d.event
	}
	return out
}

func ids(all []Event) []string {
	out := make([]string, len(all))
	for i, e := range all {
		out[i] = e.ID
	}
	return out
}

// ends reports whether err is the transaction's own, not the handler's.
func ends(tx *db.Tx, err error) bool { return tx.IsRace(err) || tx.Context().Err() != nil }

// perWorker is how many events a worker is given under one lease.
const perWorker = 16

// leased takes some events for each worker, and delivers each outside any
// transaction. The attempt is counted when the event is taken: one whose delivery
// kills the process dies in the end as well. What is not begun in half of the
// lease is given back.
func leased(ctx context.Context, d *db.DB, c Consumer, n int) (r rounded, err error) {
	token := rand.Text()
	var due []delivery
	most := min(n, c.Pace.Workers*perWorker)
	err = d.WriteRows(ctx, func(tx *db.Tx) (err error) {
		if due, err = takeDue(tx, c.Name, most); err != nil {
			return err
		}
		r.more = len(due) == most
		if few := c.untried(due); len(few) < len(due) {
			due, r.more = few, true
		}
		for i := range due {
			due[i].attempts++
		}
		return lease(tx, c.Name, ids(events(due)), token, tx.Now().Add(c.Pace.Lease))
	})
	if err != nil {
		return rounded{}, fmt.Errorf("outbox: taking deliveries to %s: %w", c.Name, err)
	}
	if len(due) == 0 {
		return r, nil
	}
	results := c.deliverAll(ctx, due)
	r.taken = len(due)
	err = d.WriteRows(context.WithoutCancel(ctx), func(tx *db.Tx) (err error) {
		r.done, err = note(tx, c, token, due, results)
		return err
	})
	if err != nil {
		return rounded{}, fmt.Errorf("outbox: noting deliveries to %s: %w", c.Name, err)
	}
	return r, nil
}

// untried is what is taken of due events: where some were tried before, no more
// than there are workers. One of them may have killed the process, and its
// attempts are not to be those of many others.
func (c Consumer) untried(due []delivery) []delivery {
	if slices.ContainsFunc(due, func(d delivery) bool { return d.attempts > 0 }) {
		return due[:min(len(due), c.Pace.Workers)]
	}
	return due
}

// errNotBegun says that the lease was half over, or the program told to stop,
// before the turn of an event had come.
var errNotBegun = errors.New("outbox: the delivery was not begun")

// deliverAll delivers within the lease, as many at a time as there are workers.
func (c Consumer) deliverAll(ctx context.Context, due []delivery) []error {
	all, stop := context.WithTimeout(ctx, c.Pace.Lease)
	defer stop()
	begin, late := context.WithTimeout(ctx, c.Pace.Lease/2)
	defer late()
	results, order := make([]error, len(due)), make([]int, len(due))
	for i := range order {
		order[i] = i
	}
	_ = Together(c.Pace.Workers, order, func(i int) error { // each has its own error
		if results[i] = errNotBegun; i < c.Pace.Workers || begin.Err() == nil && all.Err() == nil {
			results[i] = c.deliver(all, due[i].event)
		}
		return nil
	})
	return results
}

// note notes what became of deliveries, and tells how many arrived.
func note(tx *db.Tx, c Consumer, token string, due []delivery, results []error) (done int, err error) {
	var arrived []string
	for i, x := range due {
		x.lease = token
		switch {
		case results[i] == nil:
			arrived = append(arrived, x.event.ID)
			continue
		case errors.Is(results[i], errNotBegun):
			x.attempts--
			err = postpone(tx, c.Name, x, tx.Now())
		default:
			err = putOff(tx, c, x, results[i])
		}
		if err != nil {
			return 0, err
		}
	}
	if len(arrived) == 0 {
		return 0, nil
	}
	return len(arrived), markDone(tx, c.Name, token, arrived...)
}

// deliver calls Deliver. A panic is a failed delivery: one bad event must not stop
// the others.
func (c Consumer) deliver(ctx context.Context, ev Event) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = errors.Join(err, errPanic)
		}
	}()
	return c.Deliver(ctx, ev)
}

var errPanic = errors.New("outbox: the consumer panicked")

// putOff notes a failed attempt: when to try again, or that it is dead.
func putOff(tx *db.Tx, c Consumer, d delivery, err error) error {
	d.reason = reason(err)
	if d.attempts >= c.Pace.Attempts {
		return markDead(tx, c.Name, d)
	}
	return postpone(tx, c.Name, d, tx.Now().Add(c.Pace.wait(d.attempts)))
}

// wait is the time before the attempt after the given one: doubling from
// Backoff up to MaxWait, and between half of that and the whole, so that what
// failed together is not tried together.
func (p Pace) wait(attempts int) time.Duration {
	w := p.Backoff
	for i := 1; i < attempts && w < p.MaxWait; i++ {
		w *= 2
	}
	w = min(w, p.MaxWait)
	return w/2 + mathrand.N(w/2+1)
}

// reason is what is kept of an error: its kind and code, or its type. Its text
// may hold personal data, and goes no further than the log.
func reason(err error) string {
	var s *db.StatementError
	if e := fault.As(err); e != nil {
		return string(e.Kind) + " " + e.Code
	}
	switch {
	case errors.As(err, &s):
		return s.Error()
	case errors.Is(err, errPanic):
		return "panic"
	case errors.Is(err, context.DeadlineExceeded):
		return "lease ended"
	case errors.Is(err, context.Canceled):
		return "stopped"
	}
	for next := errors.Unwrap(err); next != nil; next = errors.Unwrap(err) {
		err = next
	}
	return fmt.Sprintf("%T", err)
}
