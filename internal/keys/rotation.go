package keys

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"sidian/internal/db"
	"sidian/internal/fault"
)

// A Rotation seals the values of a purpose again under its current root, while
// business goes on: in short transactions, with as long a rest after each as it
// took, from where the last one ended whatever happened in between. One process
// at a time works on a resealer; another takes over when its lease ran out.
//
// A resealer has finished with a root when a whole pass over its rows, begun
// when every process knew the root, found nothing to change.
//
// A Rotation is used by one goroutine at a time.
type Rotation struct {
	s         *Store
	p         Purpose
	resealers []Resealer
	owner     string
	n         int // rows of the next batch
}

// Rotation returns what seals the values of p again. It must be given every
// owner of such values: those of one that is not there are lost when their root
// is destroyed.
func (s *Store) Rotation(p Purpose, resealers ...Resealer) *Rotation {
	return &Rotation{s: s, p: p, resealers: resealers, owner: newID(), n: firstBatch}
}

const (
	firstBatch, leastBatch, mostBatch = 64, 8, 512
	// A batch should take between these, whatever the rows weigh.
	quick, slow = 8 * time.Millisecond, 25 * time.Millisecond
	// lease is how long a process that does not get on is waited for.
	lease = 30 * time.Second
	// settle is when every process has known a root for long, and what was
	// sealed under its predecessor is committed.
	settle = 4 * fresh
)

// Run works until nothing is left to do now: all is sealed again, it is paused,
// another process is at it, or the new root is too young for the last look. It
// costs one short read when there is nothing to do, and is meant to be called
// every minute. A resealer that fails does not hold up the others; it is tried
// again by the next Run.
func (r *Rotation) Run(ctx context.Context) error {
	root, err := r.target(ctx)
	if err != nil || root.id == "" {
		return err
	}
	var wrong []error
	for _, x := range r.resealers {
		for more := true; more; {
			began := r.s.db.Now()
			if more, err = r.batch(ctx, root, x); err != nil {
				wrong = append(wrong, err)
				break
			}
			if more {
				r.pace(ctx, r.s.db.Now().Sub(began))
			}
			if ctx.Err() != nil {
				return ctx.Err()
			}
		}
	}
	return errors.Join(wrong...)
}

// target is the root that values are to be under; none while there was never
// another.
func (r *Rotation) target(ctx context.Context) (root, error) {
	set, err := r.s.loadRoots(ctx)
	if err != nil {
		return root{}, err
	}
	last, ok := set.last[r.p]
	if !ok {
		return root{}, errNoRoot(r.p)
	}
	if last.id == set.first[r.p].id {
		return root{}, nil
	}
	return last, nil
}

// batch is one transaction of one resealer. It reports whether there is more to
// do now.
func (r *Rotation) batch(ctx context.Context, target root, x Resealer) (more bool, err error) {
	var failed error
	err = r.s.db.Write(ctx, func(tx *db.Tx) error {
		more, failed = false, nil
		st, ready, err := r.ready(tx, target, x)
		if err != nil || !ready {
			return err
		}
		next, done, err := x.Reseal(tx, st.after, r.n)
		if err != nil {
			failed = err
			return err
		}
		more = st.advance(next, done, target, tx.Now())
		return putState(tx, st)
	})
	if err == nil || failed == nil || ctx.Err() != nil || errors.Is(err, fault.Unavailable) {
		return more, err
	}
	return false, r.trouble(ctx, target, x, failed)
}

// ready returns the state of a resealer, begun if need be, and whether this
// process is to work on it now.
func (r *Rotation) ready(tx *db.Tx, target root, x Resealer) (st state, ready bool, err error) {
	if off, err := paused(tx, r.p); err != nil || off {
		return st, false, err
	}
	now := tx.Now()
	st, there, err := stateOf(tx, target.id, x.Name(), true)
	if err != nil {
		return st, false, err
	}
	if !there {
		st = state{root: target.id, name: x.Name(), pass: 1, passAt: now, startedAt: now}
		if c, ok := x.(Counter); ok {
			if st.total, err = c.Count(tx); err != nil {
				return st, false, err
			}
		}
	}
	young := st.pass > 1 && st.after == "" && now.Before(target.created.Add(settle))
	if !st.finishedAt.IsZero() || young || st.owner != r.owner && now.Before(st.leaseUntil) {
		return st, false, nil
	}
	if st.after == "" {
		st.passAt = now
	}
	if st.owner != r.owner { // it rested: the time of that is no measure
		st.owner, st.rateAt, st.rateDone = r.owner, now, st.done
	}
	st.leaseUntil, st.trouble = now.Add(lease), ""
	return st, true, nil
}

// advance counts a batch, and ends the pass after the last row. It reports
// whether there is more to do now.
func (st *state) advance(next string, done int, target root, now time.Time) bool {
	st.after = next
	st.done += int64(done)
	st.passDone += int64(done)
	if next != "" {
		return true
	}
	settled := target.created.Add(settle)
	if st.passDone == 0 && !st.passAt.Before(settled) {
		st.finishedAt, st.leaseUntil = now, now
		return false
	}
	st.pass++
	st.passDone = 0
	if now.Before(settled) {
		st.leaseUntil = now // whoever looks next
		return false
	}
	return true
}

// trouble writes down why a resealer does not get on. Errors of stores hold no
// values.
func (r *Rotation) trouble(ctx context.Context, target root, x Resealer, why error) error {
	text := strings.ToValidUTF8(why.Error(), "")
	if len(text) > maxTrouble {
		text = strings.ToValidUTF8(text[:maxTrouble], "")
	}
	err := r.s.db.Write(ctx, func(tx *db.Tx) error {
		st, there, err := stateOf(tx, target.id, x.Name(), true)
		if err != nil {
			return err
		}
		now := tx.Now()
		if !there { // it failed before it got anywhere
			st = state{root: target.id, name: x.Name(), pass: 1, passAt: now, startedAt: now, rateAt: now}
		}
		st.trouble, st.leaseUntil = text, now
		return putState(tx, st)
	})
	return errors.Join(fmt.Errorf("keys: sealing %s again: %w", x.Name(), why), err)
}

const maxTrouble = 500

// pace fits the size of the batches to the time they take, and leaves business
// as much time as the last one took.
func (r *Rotation) pace(ctx context.Context, took time.Duration) {
	switch {
	case took < quick:
		r.n = min(2*r.n, mostBatch)
	case took > slow:
		r.n = max(r.n/2, leastBatch)
	}
	select {
	case <-time.After(min(took, time.Second)):
	case <-ctx.Done():
	}
}

// Pause stops the sealing again of this purpose in every process, after the
// batch that is on its way.
func (r *Rotation) Pause(tx *db.Tx) error { return insertPause(tx, r.p) }

// Resume ends a pause.
func (r *Rotation) Resume(tx *db.Tx) error { return deletePause(tx, r.p) }
