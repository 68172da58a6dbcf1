package due

import (
	"context"
	"errors"
	"fmt"
	"time"

	"sidian/internal/db"
	"sidian/internal/outbox"
	"sidian/workday"
)

// The topics of what is announced. Each moment of a promise is announced once
// for each end that it has had: an end that moved is announced at its new time.
const (
	TopicRemind   = "due.remind"   // the end is near
	TopicOverdue  = "due.overdue"  // the end is past
	TopicEscalate = "due.escalate" // it is past for long: somebody above should know
	TopicMoved    = "due.moved"    // the end was counted anew, because holidays became known
)

// An Announcement is the body of these events. It tells about no person but
// the account that owes.
type Announcement struct {
	Promise    string    `json:"promise"` // its id, the key of the event as well
	Topic      string    `json:"topic"`
	Object     string    `json:"object"`
	Rule       string    `json:"rule"`
	Org        string    `json:"org"`
	Account    string    `json:"account"`
	Permission string    `json:"permission"`
	Title      string    `json:"title"`
	Link       string    `json:"link"`
	Due        time.Time `json:"due"`
	Before     time.Time `json:"before,omitzero"` // due.moved: the end that counted before
	At         time.Time `json:"at"`              // when it was to be announced; after a long stop, far before the event
	Nth        int       `json:"nth"`             // the first, second … of its topic
	Of         int       `json:"of"`
}

// batch is how many promises one transaction takes: short enough for others to
// write between.
const batch = 100

// Tick announces the moments that have come, counts anew what holidays that
// became known have moved, and adds up what ended; it tells how many moments
// were announced. It is a chore: any number of processes may run it at the same
// time, and one that dies in it loses nothing. After a long stop it announces
// all that was missed, in order; a clock that is set back repeats nothing.
func (s *Service) Tick(ctx context.Context) (announced int, err error) {
	_, recounting := s.Recount(ctx) // what is wrong there holds up nobody's reminder
	var broken error
	for more := true; more && err == nil; {
		var n int
		n, more, err = s.announce(ctx, &broken)
		announced += n
	}
	if err != nil {
		err = fmt.Errorf("due: announcing: %w", err)
	}
	return announced, errors.Join(recounting, err, broken, s.tally(ctx))
}

// announce announces one batch.
func (s *Service) announce(ctx context.Context, broken *error) (announced int, more bool, err error) {
	var unreadable error
	err = s.DB.WriteRows(ctx, func(tx *db.Tx) error {
		announced, unreadable = 0, nil
		taken, err := takeNext(tx, batch)
		if err != nil {
			return err
		}
		more = len(taken) == batch
		for _, x := range taken {
			if x.err != nil { // it must not hold up the others
				unreadable = errors.Join(unreadable, fmt.Errorf("due: promise %s: %w", x.id, x.err))
				if err := putOff(tx, x.id, tx.Now().Add(time.Hour)); err != nil {
					return err
				}
				continue
			}
			n, err := s.tell(tx, &x.promise)
			if err != nil {
				return err
			}
			announced += n
		}
		return nil
	})
	if err == nil {
		*broken = errors.Join(*broken, unreadable)
	}
	return announced, more, err
}

// tell announces all moments of a promise that have come.
func (s *Service) tell(tx *db.Tx, p *Promise) (n int, err error) {
	for ; p.step < len(p.moments) && !p.moments[p.step].at.After(tx.Now()); p.step++ {
		m := p.moments[p.step]
		a := p.announcement()
		a.At = m.at
		for i, other := range p.moments {
			if other.kind == m.kind {
				a.Of++
				if i <= p.step {
					a.Nth++
				}
			}
		}
		if err := s.put(tx, "due."+m.kind, a); err != nil {
			return n, err
		}
		n++
	}
	return n, advance(tx, p)
}

func (s *Service) put(tx *db.Tx, topic string, a Announcement) error {
	if s.Outbox == nil {
		return errors.New("due: a service without an outbox")
	}
	return s.Outbox.Put(tx, outbox.Event{Topic: topic, Key: a.Promise, Body: a})
}

func (p *Promise) announcement() Announcement {
	return Announcement{Promise: p.ID, Topic: p.Topic, Object: p.Object, Rule: p.Rule, Org: p.Org, Account: p.Account,
		Permission: p.Permission, Title: p.Title, Link: p.Link, Due: p.Due}
}

// Recount counts anew what was counted over a year without a notice on
// holidays that has one now, and tells how many ends it looked at. An end that
// moved is announced as due.moved; one that was kept meanwhile is in time or
// late by its true end. Tick does it as well.
func (s *Service) Recount(ctx context.Context) (recounted int, err error) {
	var broken error
	for more := true; more && err == nil; {
		var n int
		n, more, err = s.recountBatch(ctx, &broken)
		recounted += n
	}
	if err != nil {
		err = fmt.Errorf("due: counting anew: %w", err)
	}
	return recounted, errors.Join(err, broken)
}

func (s *Service) recountBatch(ctx context.Context, broken *error) (n int, more bool, err error) {
	var waiting bool
	var fresh []putting
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		c, err := s.Calendar(tx)
		if err != nil {
			return err
		}
		if fresh, err = unsettledYears(tx, tx.Now().Add(-settles).UnixMilli()); err != nil {
			return err
		}
		waiting, err = anyMissing(tx, c.Years())
		return err
	})
	if err == nil && len(fresh) > 0 {
		waiting = true
		err = s.DB.WriteRows(ctx, func(tx *db.Tx) error { return s.settle(tx, fresh) })
	}
	if err != nil || !waiting {
		return 0, false, err
	}
	var unreadable error
	err = s.DB.WriteRows(ctx, func(tx *db.Tx) error {
		n, unreadable = 0, nil
		calendar, err := s.Calendar(tx)
		if err != nil {
			return err
		}
		all, err := takeMissing(tx, calendar.Years(), batch)
		if err != nil {
			return err
		}
		more = len(all) == batch
		for _, x := range all {
			if x.err != nil {
				unreadable = errors.Join(unreadable, fmt.Errorf("due: promise %s: %w", x.id, x.err))
				err = setAside(tx, x.id)
			} else {
				n++
				err = s.recountOne(tx, &x.promise, calendar)
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil {
		*broken = errors.Join(*broken, unreadable)
	}
	return n, more, err
}

func (s *Service) recountOne(tx *db.Tx, p *Promise, calendar *workday.Calendar) error {
	before, wasLate := p.Due, p.Late
	p.recount(p.terms.planned(calendar, p.Since, p.Until, p.ended()), tx.Now())
	if p.State == Kept {
		p.Late = p.ClosedAt.After(p.Due)
	}
	if err := save(tx, p); err != nil {
		return err
	}
	if p.tallied && p.Late != wasLate {
		return addTally(tx, p.correction())
	}
	if p.closed() || p.Due.Equal(before) {
		return nil
	}
	a := p.announcement()
	a.Before, a.At, a.Nth, a.Of = before, tx.Now(), 1, 1
	return s.put(tx, TopicMoved, a)
}

// ended are the pauses that are over.
func (p *Promise) ended() []span {
	if n := len(p.pauses); n > 0 && p.pauses[n-1].to.IsZero() {
		return p.pauses[:n-1]
	}
	return p.pauses
}
