package outbox

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	mathrand "math/rand/v2"
	"sync"
	"time"

	"sidian/internal/db"
	"sidian/internal/fault"
)

// Drain delivers up to n due events to c and reports how many were delivered.
// What fails is put off, and not counted. The error is that of the database.
func Drain(ctx context.Context, d *db.DB, c Consumer, n int) (delivered int, err error) {
	c.Pace = c.Pace.filled()
	for delivered < n {
		taken, done, err := round(ctx, d, c, min(n-delivered, c.Pace.Batch))
		delivered += done
		if err != nil || taken == 0 {
			return delivered, err
		}
	}
	return delivered, nil
}

// round takes up to n due events and delivers them.
func round(ctx context.Context, d *db.DB, c Consumer, n int) (taken, done int, err error) {
	if c.Deliver != nil {
		return leased(ctx, d, c, n)
	}
	// What is due is looked for outside the transaction, which is serializable:
	// who puts events would lose races to the many that find nothing.
	var events []string
	err = d.Read(ctx, func(tx *db.Tx) (err error) {
		events, err = lookDue(tx, c.Name, n)
		return err
	})
	if err != nil || len(events) == 0 {
		return 0, 0, err
	}
	err = d.Write(ctx, func(tx *db.Tx) error {
		due, err := takeThese(tx, c.Name, events)
		if err != nil {
			return err
		}
		taken = len(due)
		done, err = handle(tx, c, due)
		return err
	})
	if err != nil {
		return 0, 0, fmt.Errorf("outbox: delivering to %s: %w", c.Name, err)
	}
	return taken, done, nil
}

// handle handles a batch inside tx. An event whose handling fails is put off in
// the same transaction; only what ends the transaction is an error.
func handle(tx *db.Tx, c Consumer, due []delivery) (done int, err error) {
	if c.HandleAll != nil && len(due) > 1 {
		err := tx.Savepoint(func() error {
			all := events(due)
			if err := c.HandleAll(tx, all); err != nil {
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
			if err := c.one(tx, d.event); err != nil {
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

func (c Consumer) one(tx *db.Tx, ev Event) error {
	if c.HandleAll != nil {
		return c.HandleAll(tx, []Event{ev})
	}
	return c.Handle(tx, ev)
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

// leased takes as many events as there are workers, and delivers each outside
// any transaction. The attempt is counted when the event is taken: one whose
// delivery kills the process dies in the end as well.
func leased(ctx context.Context, d *db.DB, c Consumer, n int) (taken, done int, err error) {
	token := rand.Text()
	var due []delivery
	err = d.WriteRows(ctx, func(tx *db.Tx) (err error) {
		if due, err = takeDue(tx, c.Name, min(n, c.Pace.Workers)); err != nil {
			return err
		}
		for i := range due {
			due[i].attempts++
			if err := lease(tx, c.Name, due[i], token, tx.Now().Add(c.Pace.Lease)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return 0, 0, fmt.Errorf("outbox: taking deliveries to %s: %w", c.Name, err)
	}
	results := make([]error, len(due))
	var wg sync.WaitGroup
	for i, x := range due {
		wg.Go(func() { results[i] = c.deliver(ctx, x.event) })
	}
	wg.Wait()
	err = d.WriteRows(context.WithoutCancel(ctx), func(tx *db.Tx) error {
		var arrived []string
		for i, x := range due {
			if results[i] == nil {
				arrived = append(arrived, x.event.ID)
				continue
			}
			x.lease = token
			if err := putOff(tx, c, x, results[i]); err != nil {
				return err
			}
		}
		if done = len(arrived); done == 0 {
			return nil
		}
		return markDone(tx, c.Name, token, arrived...)
	})
	if err != nil {
		return 0, 0, fmt.Errorf("outbox: noting deliveries to %s: %w", c.Name, err)
	}
	return len(due), done, nil
}

// deliver calls Deliver within the lease. A panic is a failed delivery: one bad
// event must not stop the others.
func (c Consumer) deliver(ctx context.Context, ev Event) (err error) {
	ctx, stop := context.WithTimeout(ctx, c.Pace.Lease)
	defer stop()
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
