package outbox

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"sidian/internal/db"
	"sidian/internal/fault"
)

// A delivery is an event on its way to one consumer.
type delivery struct {
	event    Event
	attempts int
	lease    string
	reason   string
}

func insertEvent(tx *db.Tx, ev Event, body string) error {
	return tx.Send(`
		insert into outbox_event (id, topic, key, leaf, body, at)
		values ($1, $2, $3, $4, $5, $6)`, ev.ID, ev.Topic, ev.Key, ev.Leaf, body, ev.At.UnixMilli())
}

// insertDeliveries writes one delivery for each consumer, at once.
func insertDeliveries(tx *db.Tx, event string, consumers []string) error {
	if len(consumers) == 0 {
		return nil
	}
	rows, args := make([]string, len(consumers)), []any{event, tx.Now().UnixMilli()}
	for i, c := range consumers {
		args = append(args, c)
		rows[i] = fmt.Sprintf("($1, $%d, $2)", len(args))
	}
	return tx.Send(`insert into outbox_delivery (event_id, consumer, next_at) values `+strings.Join(rows, ", "), args...)
}

const dueDelivery = `
		select e.id, e.topic, e.key, e.leaf, e.body, e.at, d.attempts
		  from outbox_delivery d
		  join outbox_event e on e.id = d.event_id
		 where d.consumer = $1 and d.next_at <= $2 and d.done_at is null and d.dead_at is null`

const inOrder = `
		 order by d.next_at, d.event_id`

// takeDue returns up to n due deliveries, and holds their rows.
func takeDue(tx *db.Tx, consumer string, n int) ([]delivery, error) {
	return deliveries(tx, dueDelivery+inOrder+`
		 limit $3
		   for update of d skip locked`, consumer, tx.Now().UnixMilli(), n)
}

// lookDue returns the events of up to n due deliveries, and holds nothing.
func lookDue(tx *db.Tx, consumer string, n int) (events []string, err error) {
	err = tx.All(`
		select d.event_id
		  from outbox_delivery d
		 where d.consumer = $1 and d.next_at <= $2 and d.done_at is null and d.dead_at is null`+inOrder+`
		 limit $3`, []any{consumer, tx.Now().UnixMilli(), n}, func(scan func(...any) error) error {
		var id string
		err := scan(&id)
		events = append(events, id)
		return err
	})
	return events, err
}

// takeThese returns those deliveries that are still due, and holds their rows.
func takeThese(tx *db.Tx, consumer string, events []string) ([]delivery, error) {
	marks, args := db.Marks([]any{consumer, tx.Now().UnixMilli()}, db.Padded(events))
	return deliveries(tx, dueDelivery+`
		   and d.event_id in (`+marks+`)`+inOrder+`
		   for update of d skip locked`, args...)
}

func deliveries(tx *db.Tx, q string, args ...any) (due []delivery, err error) {
	err = tx.All(q, args, func(scan func(...any) error) error {
		var d delivery
		var body string
		var at int64
		err := scan(&d.event.ID, &d.event.Topic, &d.event.Key, &d.event.Leaf, &body, &at, &d.attempts)
		d.event.Body, d.event.At = json.RawMessage(body), time.UnixMilli(at).UTC()
		due = append(due, d)
		return err
	})
	return due, err
}

// The lease in the where clauses is "" where a transaction holds the row, and
// otherwise tells whose delivery this is: after a lease has ended, another's.

func markDone(tx *db.Tx, consumer, lease string, events ...string) error {
	marks, args := db.Marks([]any{tx.Now().UnixMilli(), consumer, lease}, db.Padded(events))
	return tx.Send(`
		update outbox_delivery set done_at = $1, lease = '', error = ''
		 where event_id in (`+marks+`) and consumer = $2 and (lease = $3 or $3 = '') and done_at is null`, args...)
}

// lease counts an attempt at deliveries that are held.
func lease(tx *db.Tx, consumer string, events []string, token string, until time.Time) error {
	if len(events) == 0 {
		return nil
	}
	marks, args := db.Marks([]any{token, until.UnixMilli(), consumer}, db.Padded(events))
	return tx.Send(`
		update outbox_delivery set lease = $1, attempts = attempts + 1, next_at = $2
		 where event_id in (`+marks+`) and consumer = $3`, args...)
}

func postpone(tx *db.Tx, consumer string, d delivery, until time.Time) error {
	_, err := tx.Exec(`
		update outbox_delivery set attempts = $1, next_at = $2, error = $3, lease = ''
		 where event_id = $4 and consumer = $5 and (lease = $6 or $6 = '') and done_at is null`,
		d.attempts, until.UnixMilli(), d.reason, d.event.ID, consumer, d.lease)
	return err
}

func markDead(tx *db.Tx, consumer string, d delivery) error {
	_, err := tx.Exec(`
		update outbox_delivery set attempts = $1, dead_at = $2, error = $3, lease = ''
		 where event_id = $4 and consumer = $5 and (lease = $6 or $6 = '') and done_at is null`,
		d.attempts, tx.Now().UnixMilli(), d.reason, d.event.ID, consumer, d.lease)
	return err
}

// A Dead delivery failed too often and waits for a person.
type Dead struct {
	Event    string
	Consumer string
	Topic    string
	Key      string
	Attempts int
	Reason   string
	At       time.Time
}

// DeadLetters returns dead deliveries to consumer in the order of their events,
// after the given event, at most n.
func DeadLetters(tx *db.Tx, consumer, after string, n int) (out []Dead, err error) {
	err = tx.All(`
		select d.event_id, d.consumer, e.topic, e.key, d.attempts, d.error, d.dead_at
		  from outbox_delivery d
		  join outbox_event e on e.id = d.event_id
		 where d.consumer = $1 and d.event_id > $2 and d.dead_at is not null
		 order by d.event_id
		 limit $3`, []any{consumer, after, n},
		func(scan func(...any) error) error {
			var d Dead
			var at int64
			err := scan(&d.Event, &d.Consumer, &d.Topic, &d.Key, &d.Attempts, &d.Reason, &at)
			d.At = time.UnixMilli(at).UTC()
			out = append(out, d)
			return err
		})
	return out, err
}

// Revive makes a dead delivery due again, with all its attempts.
func Revive(tx *db.Tx, consumer, event string) error {
	n, err := tx.Exec(`
		update outbox_delivery set dead_at = null, attempts = 0, next_at = $1
		 where event_id = $2 and consumer = $3 and dead_at is not null`, tx.Now().UnixMilli(), event, consumer)
	if err == nil && n == 0 {
		return fault.NotFound.New("没有这条停滞的投递").WithCode("outbox.not-dead")
	}
	return err
}

// Stat is how one consumer stands.
type Stat struct {
	Consumer string
	Waiting  int64     // deliveries not done, dead ones not counted
	Dead     int64     // deliveries that wait for a person
	Oldest   time.Time // when the oldest waiting event was put; zero if none
}

// Stats returns how each consumer that has something undone stands, by name.
func Stats(tx *db.Tx) (out []Stat, err error) {
	err = tx.All(`
		select d.consumer,
		       count(*) filter (where d.dead_at is null),
		       count(*) filter (where d.dead_at is not null),
		       min(e.at) filter (where d.dead_at is null)
		  from outbox_delivery d
		  join outbox_event e on e.id = d.event_id
		 where d.done_at is null
		 group by d.consumer
		 order by d.consumer`, nil,
		func(scan func(...any) error) error {
			var s Stat
			var oldest *int64
			err := scan(&s.Consumer, &s.Waiting, &s.Dead, &oldest)
			if oldest != nil {
				s.Oldest = time.UnixMilli(*oldest).UTC()
			}
			out = append(out, s)
			return err
		})
	return out, err
}

// backfill makes the deliveries that one page of old events lack, and returns
// where the page ended: "" at the end.
func backfill(tx *db.Tx, consumer, topic string, since time.Time, after string, n int) (end string, made int64, err error) {
	var ids []string
	err = tx.All(`
		select id from outbox_event
		 where topic = $1 and id > $2 and at >= $3
		 order by id
		 limit $4`, []any{topic, after, since.UnixMilli(), n},
		func(scan func(...any) error) error {
			var id string
			err := scan(&id)
			ids = append(ids, id)
			return err
		})
	if err != nil || len(ids) == 0 {
		return "", 0, err
	}
	for _, id := range ids {
		k, err := tx.Exec(`
			insert into outbox_delivery (event_id, consumer, next_at) values ($1, $2, $3)
			on conflict do nothing`, id, consumer, tx.Now().UnixMilli())
		if err != nil {
			return "", 0, err
		}
		made += k
	}
	return ids[len(ids)-1], made, nil
}

// prune deletes up to n events put before the given time that wait for nobody,
// with their deliveries.
func prune(tx *db.Tx, before time.Time, n int) (int64, error) {
	if _, err := tx.Exec(`
		delete from outbox_delivery
		 where event_id in (`+finished+`)`, before.UnixMilli(), n); err != nil {
		return 0, err
	}
	return tx.Exec(`
		delete from outbox_event
		 where id in (
			select e.id from outbox_event e
			 where e.at < $1
			   and not exists (select 1 from outbox_delivery d where d.event_id = e.id)
			 order by e.id limit $2)`, before.UnixMilli(), n)
}

const finished = `
	select e.id from outbox_event e
	 where e.at < $1
	   and not exists (select 1 from outbox_delivery d where d.event_id = e.id and d.done_at is null)
	 order by e.id limit $2`
