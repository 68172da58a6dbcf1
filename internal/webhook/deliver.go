package webhook

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"sidian/internal/audit"
	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/iam"
	"sidian/internal/keys"
	"sidian/internal/outbox"
)

// States of a delivery.
const (
	Pending   = "pending"
	Delivered = "delivered"
	Dead      = "dead"
	Dropped   = "dropped"
)

// A Delivery is one event for one subscription.
type Delivery struct {
	ID           string    `json:"id"`
	Subscription string    `json:"subscription"`
	Event        string    `json:"event" doc:"webhook-id，重推时不变"`
	Topic        string    `json:"topic"`
	State        string    `json:"state" enum:"pending,delivered,dead,dropped"`
	Attempts     int64     `json:"attempts"`
	Next         time.Time `json:"next_at,omitzero"`
	Trouble      string    `json:"trouble,omitempty" doc:"最近一次未成功的原因"`
	Created      time.Time `json:"created_at"`
	Closed       time.Time `json:"closed_at,omitzero"`

	body, org, url, client string
	secrets                []sealedSecret
}

type sealedSecret []byte

// Consumer makes the deliveries of events, in the transaction that takes them: it
// only adds rows.
func (s *Service) Consumer() outbox.Consumer {
	c := outbox.Consumer{Name: "webhook", HandleAll: s.take, Rows: true}
	for _, t := range s.Topics {
		c.Topics = append(c.Topics, t.Name)
	}
	return c
}

// about is what every body that programs may be told says: whose it is.
type about struct {
	Org    string `json:"org"`
	Issuer string `json:"issuer"` // of a certificate
}

// take looks up once for each topic who is told of it.
func (s *Service) take(tx *db.Tx, all []outbox.Event) error {
	told := map[string][]string{}
	for _, ev := range all {
		ids, known := told[ev.Topic]
		if !known {
			var err error
			if ids, err = subscribed(tx, ev.Topic); err != nil {
				return err
			}
			told[ev.Topic] = ids
		}
		if len(ids) == 0 {
			continue
		}
		if err := takeOne(tx, ev, ids); err != nil {
			return err
		}
	}
	return nil
}

// takeOne makes the deliveries of an event to subscriptions.
func takeOne(tx *db.Tx, ev outbox.Event, ids []string) error {
	var a about
	var data json.RawMessage
	if err := errors.Join(ev.Decode(&a), ev.Decode(&data)); err != nil {
		return err
	}
	if a.Org == "" {
		a.Org = a.Issuer
	}
	if a.Org == "" {
		return nil // nobody could be asked whether they may know
	}
	body, err := json.Marshal(message{ID: ev.ID, Type: ev.Topic, At: ev.At.UTC(), Data: data})
	if err != nil {
		return err
	}
	for _, id := range ids {
		if err := insertDelivery(tx, newID(), id, ev.ID, ev.Topic, string(body), a.Org); err != nil {
			return err
		}
	}
	return nil
}

type message struct {
	ID   string          `json:"id"`
	Type string          `json:"type"`
	At   time.Time       `json:"at"`
	Data json.RawMessage `json:"data"`
}

func newID() string { return strings.ToLower(rand.Text()[:20]) }

// How deliveries are tried.
const (
	batch    = 64
	parallel = 8
	lease    = time.Minute
	patience = 7 * 24 * time.Hour  // before a subscription that takes nothing is paused
	keepFor  = 30 * 24 * time.Hour // a closed delivery
)

// waits are the times between attempts; after the last a delivery is dead.
var waits = []time.Duration{5 * time.Second, 30 * time.Second, 2 * time.Minute, 10 * time.Minute, time.Hour, 3 * time.Hour, 6 * time.Hour, 12 * time.Hour, 24 * time.Hour}

// Work delivers what is due now, each under a lease: who dies leaves it to
// another.
func (s *Service) Work(ctx context.Context) error {
	for ctx.Err() == nil {
		var due []*Delivery
		err := s.DB.Write(ctx, func(tx *db.Tx) (err error) { due, err = lend(tx, batch, tx.Now().Add(lease)); return err })
		if err != nil || len(due) == 0 {
			return err
		}
		s.at("lent")
		if err := outbox.Together(parallel, due, func(d *Delivery) error { return s.one(ctx, d) }); err != nil {
			return err
		}
	}
	return nil
}

// one calls once and keeps what came of it.
func (s *Service) one(ctx context.Context, d *Delivery) error {
	allowed, err := s.may(ctx, d)
	if err != nil {
		return err
	}
	if !allowed {
		return s.DB.Write(ctx, func(tx *db.Tx) error {
			return closeDelivery(tx, d.ID, Dropped, "应用无权知悉该单位的此类事件")
		})
	}
	secrets := make([][]byte, 0, 2)
	for _, sealed := range d.secrets {
		b, err := s.Box.Open(keys.Cell{Table: "webhook_subscription", Column: "secret", Row: d.Subscription}, sealed)
		if err != nil {
			return err
		}
		secrets = append(secrets, b)
	}
	h := header(d.Event, s.DB.Now(), []byte(d.body), secrets...)
	_, wrong := s.Call.PostWith(ctx, d.url, "application/json", []byte(d.body), h)
	s.at("called")
	return s.DB.Write(ctx, func(tx *db.Tx) error {
		if wrong == nil {
			return errors.Join(closeDelivery(tx, d.ID, Delivered, ""), setFailing(tx, d.Subscription, 0))
		}
		return s.failed(tx, d, wrong)
	})
}

// may asks at the time of telling: a scope that was taken away counts.
func (s *Service) may(ctx context.Context, d *Delivery) (bool, error) {
	t := s.topic(d.Topic)
	if t == nil {
		return false, nil
	}
	as, err := s.IAM.AsClient(ctx, d.client)
	if err != nil {
		if fault.As(err) != nil {
			return false, nil // it is gone
		}
		return false, err
	}
	return d.Topic == Test || iam.Allow(as, t.Scope, d.org) == nil, nil
}

func (s *Service) failed(tx *db.Tx, d *Delivery, why error) error {
	trouble := why.Error()
	if len(trouble) > 300 {
		trouble = strings.ToValidUTF8(trouble[:300], "")
	}
	since, err := failing(tx, d.Subscription)
	if err != nil {
		return err
	}
	if tx.Now().Sub(since) > patience {
		if err := setState(tx, d.Subscription, Paused, "一周没有一次推送成功，已自动暂停"); err != nil {
			return err
		}
	}
	if int(d.Attempts) > len(waits) {
		return closeDelivery(tx, d.ID, Dead, trouble)
	}
	return retry(tx, d.ID, tx.Now().Add(waits[d.Attempts-1]), trouble)
}

// Test is the topic of a call by which a program tries its address.
const Test = "webhook.test"

// Try asks for a call without an event, to see whether the address takes it.
func (s *Service) Try(ctx context.Context, id string) (d *Delivery, err error) {
	err = s.change(ctx, id, "webhook.test", func(tx *db.Tx, x *Subscription) error {
		d = &Delivery{ID: newID(), Subscription: id, Event: newID(), Topic: Test, State: Pending, Created: tx.Now()}
		body, err := json.Marshal(message{ID: d.Event, Type: Test, At: tx.Now().UTC(), Data: json.RawMessage(`{}`)})
		if err != nil {
			return err
		}
		return insertDelivery(tx, d.ID, id, d.Event, Test, string(body), "")
	})
	return d, err
}

// Deliveries pages through those of a subscription of the calling program,
// newest first.
func (s *Service) Deliveries(ctx context.Context, id, state string, limit int, cursor string) (out []*Delivery, next string, err error) {
	client, err := caller(ctx)
	if err != nil {
		return nil, "", err
	}
	at, after, err := db.ParseCursor(cursor)
	if err != nil {
		return nil, "", err
	}
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		x, err := subscriptionByID(tx, id)
		if err != nil || x.Client != client {
			return errors.Join(err, errUnknown())
		}
		out, err = deliveriesOf(tx, id, state, at, after, limit+1)
		return err
	})
	if len(out) > limit {
		out = out[:limit]
		next = db.Cursor(out[limit-1].Created.UnixMilli(), out[limit-1].ID)
	}
	return out, next, err
}

// Replay tells again what was delivered or is dead, under the same id.
func (s *Service) Replay(ctx context.Context, id string) error {
	client, err := caller(ctx)
	if err != nil {
		return err
	}
	return s.DB.Write(ctx, func(tx *db.Tx) error {
		owner, err := ownerOf(tx, id)
		if err != nil {
			return err
		}
		if owner != client {
			return fault.NotFound.New("没有这次推送").WithCode("webhook.delivery")
		}
		n, err := again(tx, id)
		if err != nil {
			return err
		}
		if n == 0 {
			return fault.Conflict.New("这次推送还在进行，或者订阅已终止").WithCode("webhook.pending").WithHint("请等它成功或停止后再重推")
		}
		return audit.Put(tx, audit.Entry{Action: "webhook.replay", Object: "webhook/delivery/" + id})
	})
}

// Sweep forgets deliveries that closed long ago.
func (s *Service) Sweep(ctx context.Context) error {
	return s.DB.Write(ctx, func(tx *db.Tx) error { return forget(tx, tx.Now().Add(-keepFor)) })
}

func (s *Service) at(step string) {
	if s.step != nil {
		s.step(step)
	}
}
