package outbox

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"sidian/internal/db"
)

// A Runner delivers what is due until it is closed, each consumer at its own
// pace. Any number of runners, in any number of processes, share the work.
type Runner struct {
	db    *db.DB
	of    *Outbox
	stop  chan struct{}
	once  sync.Once
	wake  []chan struct{} // one per consumer
	done  sync.WaitGroup
	fault func(consumer string, err error)
}

// NewRunner starts a goroutine per consumer. The end of ctx ends deliveries
// under way; Close lets them finish. fault, if not nil, is told of the errors
// of the database, for the log.
func NewRunner(ctx context.Context, d *db.DB, o *Outbox, fault func(consumer string, err error)) (*Runner, error) {
	if o.err != nil {
		return nil, o.err
	}
	r := &Runner{db: d, of: o, stop: make(chan struct{}), fault: fault}
	for range o.consumers {
		r.wake = append(r.wake, make(chan struct{}, 1))
	}
	if !o.runner.CompareAndSwap(nil, r) {
		return nil, fmt.Errorf("outbox: it has a runner already")
	}
	for i, c := range o.consumers {
		r.done.Go(func() { r.run(ctx, c, r.wake[i]) })
	}
	return r, nil
}

// Wake says that something was put: the runner need not wait for its interval.
// Put does so by itself once its transaction is committed.
func (r *Runner) Wake() {
	for _, c := range r.wake {
		select {
		case c <- struct{}{}:
		default: // it will look anyway
		}
	}
}

// wakeFor wakes those who take a topic.
func (r *Runner) wakeFor(topic string) {
	for i, c := range r.of.consumers {
		if !slices.Contains(c.Topics, topic) {
			continue
		}
		select {
		case r.wake[i] <- struct{}{}:
		default: // it will look anyway
		}
	}
}

// Close stops taking deliveries, waits for those under way, and returns.
func (r *Runner) Close() error {
	r.once.Do(func() { close(r.stop) })
	r.done.Wait()
	r.of.runner.CompareAndSwap(r, nil)
	return nil
}

// run delivers to c until the runner stops. After an error of the database it
// waits longer and longer, up to a minute.
func (r *Runner) run(ctx context.Context, c Consumer, wake <-chan struct{}) {
	wait := c.Pace.Interval
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-r.stop:
			return
		case <-ctx.Done():
			return
		case <-wake:
		case <-timer.C:
		}
		err := r.drain(ctx, c)
		if err == nil {
			wait = c.Pace.Interval
		} else {
			wait = min(2*wait, time.Minute)
			if r.fault != nil && ctx.Err() == nil {
				r.fault(c.Name, err)
			}
		}
		timer.Reset(wait)
		if !r.rest(ctx, c.Pace.Rest) {
			return
		}
	}
}

// rest waits, so that what is put meanwhile is taken together: a look costs as
// much for one event as for a hundred. Whoever has looked for nothing lately is
// woken at once. It reports whether to go on.
func (r *Runner) rest(ctx context.Context, how time.Duration) bool {
	timer := time.NewTimer(how)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-r.stop:
	case <-ctx.Done():
	}
	return false
}

// drain delivers until nothing more is due than what comes meanwhile, which wakes
// the runner again.
func (r *Runner) drain(ctx context.Context, c Consumer) error {
	for {
		select {
		case <-r.stop:
			return nil
		default:
		}
		done, err := round(ctx, r.db, c, c.Pace.Batch)
		if err != nil || !done.more {
			return err
		}
	}
}

// Backfill makes deliveries to consumer of the events of its topics that were
// put since the given time and not pruned: for a consumer that is new to the
// program. It may be repeated.
func (o *Outbox) Backfill(ctx context.Context, d *db.DB, consumer string, since time.Time) (made int64, err error) {
	for _, c := range o.consumers {
		if c.Name != consumer {
			continue
		}
		for _, topic := range c.Topics {
			n, err := backfillTopic(ctx, d, c.Name, topic, since)
			made += n
			if err != nil {
				return made, fmt.Errorf("outbox: backfilling %s: %w", consumer, err)
			}
		}
		return made, nil
	}
	return 0, fmt.Errorf("outbox: no consumer %s", consumer)
}

const page = 500

func backfillTopic(ctx context.Context, d *db.DB, consumer, topic string, since time.Time) (made int64, err error) {
	for after := ""; ; {
		var n int64
		err := d.Write(ctx, func(tx *db.Tx) (err error) {
			var end string
			end, n, err = backfill(tx, consumer, topic, since, after, page)
			if err == nil {
				tx.AfterCommit(func() { after = end })
			}
			return err
		})
		if err != nil {
			return made, err
		}
		made += n
		if after == "" {
			return made, nil
		}
	}
}

// Prune deletes events put before the given time that wait for nobody, and
// reports how many.
func Prune(ctx context.Context, d *db.DB, before time.Time) (pruned int64, err error) {
	for {
		var n int64
		err := d.Write(ctx, func(tx *db.Tx) (err error) { n, err = prune(tx, before, page); return err })
		if err != nil {
			return pruned, fmt.Errorf("outbox: pruning: %w", err)
		}
		if pruned += n; n == 0 {
			return pruned, nil
		}
	}
}
