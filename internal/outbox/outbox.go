// Package outbox carries what happened in one bounded context to the others,
// to the evidence ledger and to other platforms, exactly when it happened: an
// event is written in the transaction that made it true, and delivered at
// least once to each consumer after that transaction has committed.
//
// Events are delivered roughly in the order in which they became due, and in no
// order that a consumer may rely on.
//
// It owns the tables outbox_event and outbox_delivery.
package outbox

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"sidian/internal/db"
)

// An Event is a fact, named in the past tense by the package that owns it.
type Event struct {
	ID    string    // assigned by Put
	Topic string    // "cert.issued"
	Key   string    // the record it is about
	Leaf  []byte    // canonical evidence for the ledger, without personal data, or nil
	Body  any       // the event's public shape, marshalled to JSON; delivered as json.RawMessage
	At    time.Time // assigned by Put: the time of its transaction
}

// Decode unmarshals the body of a delivered event.
func (e Event) Decode(v any) error {
	raw, ok := e.Body.(json.RawMessage)
	if !ok {
		return fmt.Errorf("outbox: event %s of %s was not delivered", e.ID, e.Topic)
	}
	if err := json.Unmarshal(raw, v); err != nil {
		return fmt.Errorf("outbox: decoding event %s of %s: %w", e.ID, e.Topic, err)
	}
	return nil
}

// A Consumer receives the events of some topics, each at least once: it must be
// idempotent. Exactly one of Handle, HandleAll and Deliver is set.
type Consumer struct {
	Name   string
	Topics []string
	// Handle works inside the transaction that marks the delivery done: of what
	// it does in the database, each event is handled exactly once. It may be
	// called again for an event beside which another failed: it has no effect but
	// on the database.
	Handle func(*db.Tx, Event) error
	// HandleAll does so for a batch of events. When it fails, it is called again
	// for each event alone, so that one event does not hold up the others.
	HandleAll func(*db.Tx, []Event) error
	// Rows says that row locks order what Handle or HandleAll does (db.WriteRows):
	// it only adds rows, say. Serializable consumers lose races to each other, over
	// deliveries that stand beside theirs.
	Rows bool
	// Deliver works outside any transaction, under a lease: for what talks to
	// other machines. Its context ends with the lease, which a few events share.
	Deliver func(context.Context, Event) error
	// Pace is how it is run; the zero Pace has sensible values.
	Pace Pace
}

// A Pace says how a consumer is run.
type Pace struct {
	Batch    int           // events taken at a time; 100
	Interval time.Duration // between looks when nobody wakes the runner; 1 s
	Rest     time.Duration // after a look, in which what is put gathers; 50 ms
	Lease    time.Duration // how long deliveries outside a transaction may take; 1 min
	Backoff  time.Duration // before the second attempt; doubles, with jitter; 1 s
	MaxWait  time.Duration // cap of the backoff; 1 h
	Attempts int           // after which a delivery is dead and waits for a person; 20
	Workers  int           // parallel deliveries of Deliver; 1
}

func (p Pace) filled() Pace {
	or(&p.Batch, 100)
	or(&p.Interval, time.Second)
	or(&p.Rest, 50*time.Millisecond)
	or(&p.Lease, time.Minute)
	or(&p.Backoff, time.Second)
	or(&p.MaxWait, time.Hour)
	or(&p.Attempts, 20)
	or(&p.Workers, 1)
	return p
}

func or[T int | time.Duration](v *T, standard T) {
	if *v <= 0 {
		*v = standard
	}
}

// An Outbox knows its consumers from the start: a delivery row is made for
// each of them when the event is put, so that none is missed and each has its
// own pace.
//
// A consumer that is added to the program later gets what is put from then on.
// What was put before is asked for with [Outbox.Backfill].
type Outbox struct {
	consumers []Consumer
	byTopic   map[string][]string
	err       error
	runner    atomic.Pointer[Runner]
}

// New returns an outbox with these consumers. A consumer that is malformed, or
// two of one name, make Put and NewRunner fail.
func New(consumers ...Consumer) *Outbox {
	o := &Outbox{byTopic: map[string][]string{}}
	for _, c := range consumers {
		if o.err = c.check(o.consumers); o.err != nil {
			return o
		}
		c.Pace = c.Pace.filled()
		o.consumers = append(o.consumers, c)
		for _, t := range c.Topics {
			o.byTopic[t] = append(o.byTopic[t], c.Name)
		}
	}
	return o
}

func (c Consumer) check(others []Consumer) error {
	ways := 0
	for _, set := range []bool{c.Handle != nil, c.HandleAll != nil, c.Deliver != nil} {
		if set {
			ways++
		}
	}
	switch {
	case c.Name == "":
		return fmt.Errorf("outbox: a consumer without a name")
	case ways != 1:
		return fmt.Errorf("outbox: consumer %s has %d of Handle, HandleAll and Deliver; it needs one", c.Name, ways)
	case len(c.Topics) == 0:
		return fmt.Errorf("outbox: consumer %s has no topics", c.Name)
	case slices.ContainsFunc(others, func(o Consumer) bool { return o.Name == c.Name }):
		return fmt.Errorf("outbox: two consumers have the name %s", c.Name)
	}
	topics := slices.Sorted(slices.Values(c.Topics))
	if len(slices.Compact(topics)) != len(c.Topics) {
		return fmt.Errorf("outbox: consumer %s has a topic twice", c.Name)
	}
	return nil
}

// Consumers returns the consumers, with their paces filled in.
func (o *Outbox) Consumers() []Consumer { return slices.Clone(o.consumers) }

// Put records ev in tx.
func (o *Outbox) Put(tx *db.Tx, ev Event) error {
	if o.err != nil {
		return o.err
	}
	if ev.Topic == "" {
		return fmt.Errorf("outbox: an event without a topic")
	}
	body, err := json.Marshal(ev.Body)
	if err != nil {
		return fmt.Errorf("outbox: encoding an event of %s: %w", ev.Topic, err)
	}
	ev.ID, ev.At = newID(tx.Now()), tx.Now()
	if err := insertEvent(tx, ev, string(body)); err != nil {
		return err
	}
	if err := insertDeliveries(tx, ev.ID, o.byTopic[ev.Topic]); err != nil {
		return err
	}
	if r := o.runner.Load(); r != nil {
		tx.AfterCommit(func() { r.wakeFor(ev.Topic) })
	}
	return nil
}

// newID sorts roughly by time, which keeps the index's writes together.
func newID(at time.Time) string {
	return fmt.Sprintf("%012x%s", at.UnixMilli(), strings.ToLower(rand.Text()[:14]))
}
