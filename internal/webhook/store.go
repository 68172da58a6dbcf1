package webhook

import (
	"errors"
	"time"

	"sidian/internal/db"
	"sidian/internal/fault"
)

func insertSubscription(tx *db.Tx, x *Subscription, secret []byte) error {
	_, err := tx.Exec(`
		insert into webhook_subscription (id, client, url, secret, state, reason, created_at)
		values ($1, $2, $3, $4, $5, '', $6)`, x.ID, x.Client, x.URL, secret, x.State, x.Created.UnixMilli())
	if err != nil {
		return err
	}
	for _, t := range x.Topics {
		if _, err := tx.Exec(`insert into webhook_topic (subscription_id, topic) values ($1, $2)`, x.ID, t); err != nil {
			return err
		}
	}
	return nil
}

const columns = `id, client, url, state, reason, failing_since, created_at`

func scanSubscription(scan func(...any) error) (*Subscription, error) {
	x := &Subscription{Topics: []string{}}
	var at int64
	var failing *int64
	if err := scan(&x.ID, &x.Client, &x.URL, &x.State, &x.Reason, &failing, &at); err != nil {
		return nil, err
	}
	x.Created = ms(at)
	if failing != nil {
		x.Failing = ms(*failing)
	}
	return x, nil
}

func subscriptionByID(tx *db.Tx, id string) (x *Subscription, err error) {
	err = tx.All(`select `+columns+` from webhook_subscription where id = $1 order by id`, []any{id}, func(scan func(...any) error) error {
		x, err = scanSubscription(scan)
		return err
	})
	if err == nil && x == nil {
		return nil, errUnknown()
	}
	return x, err
}

func subscriptionsOf(tx *db.Tx, client string) (out []*Subscription, err error) {
	err = tx.All(`
		select `+columns+` from webhook_subscription
		 where client = $1 and state <> 'ended'
		 order by created_at, id`, []any{client}, func(scan func(...any) error) error {
		x, err := scanSubscription(scan)
		out = append(out, x)
		return err
	})
	if err != nil {
		return nil, err
	}
	for _, x := range out {
		err := tx.All(`select topic from webhook_topic where subscription_id = $1 order by topic`, []any{x.ID}, func(scan func(...any) error) error {
			var t string
			err := scan(&t)
			x.Topics = append(x.Topics, t)
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

func countLive(tx *db.Tx, client string) (n int64, err error) {
	err = tx.Get(`select count(*) from webhook_subscription where client = $1 and state <> 'ended'`, []any{client}, &n)
	return n, err
}

func setState(tx *db.Tx, id, state, reason string) error {
	_, err := tx.Exec(`update webhook_subscription set state = $2, reason = $3, failing_since = null where id = $1 and state <> 'ended'`, id, state, reason)
	return err
}

func replaceSecret(tx *db.Tx, id string, secret []byte, until time.Time) error {
	_, err := tx.Exec(`update webhook_subscription set former = secret, former_until = $3, secret = $2 where id = $1`, id, secret, until.UnixMilli())
	return err
}

// failing is since when a subscription took nothing, from now on at the latest.
func failing(tx *db.Tx, id string) (time.Time, error) {
	var at *int64
	if err := tx.Get(`select failing_since from webhook_subscription where id = $1`, []any{id}, &at); err != nil {
		return time.Time{}, err
	}
	if at != nil {
		return ms(*at), nil
	}
	return tx.Now(), setFailing(tx, id, tx.Now().UnixMilli())
}

func setFailing(tx *db.Tx, id string, at int64) error {
	_, err := tx.Exec(`update webhook_subscription set failing_since = nullif(cast($2 as bigint), 0) where id = $1 and failing_since is distinct from nullif(cast($2 as bigint), 0)`, id, at)
	return err
}

// subscribed are the subscriptions that are told of a topic, or will be when
// they go on.
func subscribed(tx *db.Tx, topic string) (ids []string, err error) {
	err = tx.All(`
		select t.subscription_id
		  from webhook_topic t join webhook_subscription s on s.id = t.subscription_id
		 where t.topic = $1 and s.state <> 'ended'
		 order by t.subscription_id`, []any{topic}, func(scan func(...any) error) error {
		var id string
		err := scan(&id)
		ids = append(ids, id)
		return err
	})
	return ids, err
}

func insertDelivery(tx *db.Tx, id, subscription, event, topic, body, org string) error {
	now := tx.Now().UnixMilli()
	_, err := tx.Exec(`
		insert into webhook_delivery (id, subscription_id, event, topic, body, org_id, state, attempts, next_at, trouble, created_at)
		values ($1, $2, $3, $4, $5, $6, 'pending', 0, $7, '', $7)
		on conflict (subscription_id, event) do nothing`, id, subscription, event, topic, body, org, now)
	return err
}

// lend takes deliveries that are due, until a time: of each subscription for which
// something is due, the longest waiting first, an equal part.
func lend(tx *db.Tx, n int, until time.Time) (out []*Delivery, err error) {
	ids, err := waiting(tx, n)
	if err != nil {
		return nil, err
	}
	for i, id := range ids {
		left := n - len(out)
		due, err := dueOf(tx, id, max(1, left/(len(ids)-i)))
		if err != nil {
			return nil, err
		}
		out = append(out, due...)
	}
	for _, d := range out {
		if _, err := tx.Exec(`update webhook_delivery set attempts = attempts + 1, next_at = $2 where id = $1`, d.ID, until.UnixMilli()); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// waiting lists active subscriptions for which something is due, at most n, by
// what waits longest. Each is one look into the index, however much waits for it or
// for those that are paused.
func waiting(tx *db.Tx, n int) (ids []string, err error) {
	err = tx.All(`
		select w.id, w.due_at
		  from (select s.id, (select d.next_at
		                        from webhook_delivery d
		                       where d.subscription_id = s.id and d.state = 'pending'
		                       order by d.next_at, d.id
		                       limit 1) as due_at
		          from webhook_subscription s
		         where s.state = 'active') w
		 where w.due_at <= $1
		 order by w.due_at, w.id
		 limit $2`, []any{tx.Now().UnixMilli(), n}, func(scan func(...any) error) error {
		var id string
		var at int64
		err := scan(&id, &at)
		ids = append(ids, id)
		return err
	})
	return ids, err
}

// dueOf locks deliveries that are due for a subscription.
func dueOf(tx *db.Tx, subscription string, n int) (out []*Delivery, err error) {
	now := tx.Now().UnixMilli()
	err = tx.All(`
		select d.id, d.subscription_id, d.event, d.topic, d.body, d.org_id, d.attempts, s.url, s.client, s.secret, s.former, s.former_until
		  from webhook_delivery d join webhook_subscription s on s.id = d.subscription_id
		 where d.subscription_id = $1 and d.state = 'pending' and d.next_at <= $2 and s.state = 'active'
		 order by d.next_at, d.id
		 limit $3
		   for update of d skip locked`, []any{subscription, now, n}, func(scan func(...any) error) error {
		d := &Delivery{State: Pending}
		var secret, former []byte
		var end *int64
		if err := scan(&d.ID, &d.Subscription, &d.Event, &d.Topic, &d.body, &d.org, &d.Attempts, &d.url, &d.client, &secret, &former, &end); err != nil {
			return err
		}
		d.Attempts++
		d.secrets = append(d.secrets, secret)
		if end != nil && *end > now {
			d.secrets = append(d.secrets, former)
		}
		out = append(out, d)
		return nil
	})
	return out, err
}

func closeDelivery(tx *db.Tx, id, state, trouble string) error {
	_, err := tx.Exec(`update webhook_delivery set state = $2, trouble = $3, closed_at = $4 where id = $1 and state = 'pending'`, id, state, trouble, tx.Now().UnixMilli())
	return err
}

func retry(tx *db.Tx, id string, at time.Time, trouble string) error {
	_, err := tx.Exec(`update webhook_delivery set next_at = $2, trouble = $3 where id = $1 and state = 'pending'`, id, at.UnixMilli(), trouble)
	return err
}

func dropPending(tx *db.Tx, subscription, why string) error {
	_, err := tx.Exec(`
		update webhook_delivery set state = 'dropped', trouble = $2, closed_at = $3
		 where subscription_id = $1 and state = 'pending'`, subscription, why, tx.Now().UnixMilli())
	return err
}

func ownerOf(tx *db.Tx, delivery string) (client string, err error) {
	err = tx.Get(`
		select s.client from webhook_delivery d join webhook_subscription s on s.id = d.subscription_id
		 where d.id = $1`, []any{delivery}, &client)
	if errors.Is(err, fault.NotFound) {
		err = nil
	}
	return client, err
}

func again(tx *db.Tx, id string) (int64, error) {
	return tx.Exec(`
		update webhook_delivery set state = 'pending', attempts = 0, next_at = $2, closed_at = null
		 where id = $1 and state in ('delivered', 'dead')
		   and exists (select 1 from webhook_subscription s where s.id = subscription_id and s.state <> 'ended')`, id, tx.Now().UnixMilli())
}

func deliveriesOf(tx *db.Tx, subscription, state string, before int64, beforeID string, limit int) (out []*Delivery, err error) {
	where, args := `subscription_id = $1 and (created_at, id) < ($2, $3)`, []any{subscription, before, beforeID, limit}
	if state != "" {
		where, args = where+` and state = $5`, append(args, state)
	}
	err = tx.All(`
		select id, event, topic, state, attempts, next_at, trouble, created_at, closed_at
		  from webhook_delivery
		 where `+where+`
		 order by created_at desc, id desc
		 limit $4`, args, func(scan func(...any) error) error {
		d := &Delivery{Subscription: subscription}
		var next, at int64
		var closed *int64
		if err := scan(&d.ID, &d.Event, &d.Topic, &d.State, &d.Attempts, &next, &d.Trouble, &at, &closed); err != nil {
			return err
		}
		d.Created = ms(at)
		if d.State == Pending {
			d.Next = ms(next)
		}
		if closed != nil {
			d.Closed = ms(*closed)
		}
		out = append(out, d)
		return nil
	})
	return out, err
}

func forget(tx *db.Tx, before time.Time) error {
	_, err := tx.Exec(`delete from webhook_delivery where closed_at < $1`, before.UnixMilli())
	return err
}

func ms(v int64) time.Time { return time.UnixMilli(v).UTC() }

type secretRow struct {
	id             string
	secret, former []byte
}

func secretsAfter(tx *db.Tx, after string, n int) (out []secretRow, err error) {
	err = tx.All(`
		select id, secret, former from webhook_subscription
		 where id > $1
		 order by id
		 limit $2`, []any{after, n}, func(scan func(...any) error) error {
		var r secretRow
		err := scan(&r.id, &r.secret, &r.former)
		out = append(out, r)
		return err
	})
	return out, err
}

func swapSecrets(tx *db.Tx, was secretRow, secret, former []byte) (int64, error) {
	return tx.Exec(`update webhook_subscription set secret = $3, former = $4 where id = $1 and secret = $2`, was.id, was.secret, secret, former)
}

// mostCalled bounds what is told of one event.
const mostCalled = 50

// calledOf finds the deliveries of an event by the subscriptions of its topic.
func calledOf(tx *db.Tx, topic, event string) (out []Called, err error) {
	err = tx.All(`
		select d.state, d.attempts, d.created_at, d.closed_at
		  from webhook_topic t join webhook_delivery d on d.subscription_id = t.subscription_id and d.event = $2
		 where t.topic = $1
		 order by d.created_at, d.id
		 limit $3`, []any{topic, event, mostCalled}, func(scan func(...any) error) error {
		var c Called
		var at int64
		var closed *int64
		err := scan(&c.State, &c.Attempts, &at, &closed)
		if c.Created = ms(at); closed != nil {
			c.Closed = ms(*closed)
		}
		out = append(out, c)
		return err
	})
	return out, err
}
