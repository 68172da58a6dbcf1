package notice

import (
	"time"

	"sidian/internal/db"
)

func insertDelivery(tx *db.Tx, id, notice, account string, c Channel) error {
	now := tx.Now().UnixMilli()
	_, err := tx.Exec(`
		insert into notice_delivery (id, notice, account, channel, state, attempts, next_at, trouble, created_at)
		values ($1, $2, $3, $4, 'waiting', 0, $5, '', $5)
		on conflict (notice, account, channel) do nothing`, id, notice, account, string(c), now)
	return err
}

// dueDeliveries locks what is due, the longest waiting first.
func dueDeliveries(tx *db.Tx, n int) (out []*job, err error) {
	err = tx.All(`
		select id, notice, account, channel, attempts, created_at
		  from notice_delivery
		 where state = 'waiting' and next_at <= $1
		 order by next_at, id
		 limit $2
		   for update skip locked`, []any{tx.Now().UnixMilli(), n}, func(scan func(...any) error) error {
		j := &job{}
		var at int64
		err := scan(&j.id, &j.notice, &j.account, &j.channel, &j.attempts, &at)
		j.created = ms(at)
		out = append(out, j)
		return err
	})
	return out, err
}

// lend notes that a delivery is tried now; until the lease ends nobody else does.
func lend(tx *db.Tx, j *job, until time.Time) error {
	_, err := tx.Exec(`update notice_delivery set attempts = $2, next_at = $3, tried_at = $4 where id = $1`, j.id, j.attempts, until.UnixMilli(), tx.Now().UnixMilli())
	return err
}

func closeDelivery(tx *db.Tx, id, state, trouble string) error {
	_, err := tx.Exec(`update notice_delivery set state = $2, trouble = $3, closed_at = $4 where id = $1 and state = 'waiting'`, id, state, trouble, tx.Now().UnixMilli())
	return err
}

// closeReceipt notes what a gateway tells of what it has. A receipt may be
// faster than the note that the message was handed over.
func closeReceipt(tx *db.Tx, id string, c Channel, state, trouble string) (int64, error) {
	return tx.Exec(`
		update notice_delivery set state = $3, trouble = $4, closed_at = $5
		 where id = $1 and channel = $2 and (state = 'sent' or state = 'waiting' and attempts > 0)`, id, string(c), state, trouble, tx.Now().UnixMilli())
}

func isDelivery(tx *db.Tx, id string, c Channel) (bool, error) {
	var n int64
	err := tx.Get(`select count(*) from notice_delivery where id = $1 and channel = $2`, []any{id, string(c)}, &n)
	return n > 0, err
}

func retry(tx *db.Tx, id string, at time.Time, trouble string) error {
	_, err := tx.Exec(`update notice_delivery set next_at = $2, trouble = $3 where id = $1 and state = 'waiting'`, id, at.UnixMilli(), trouble)
	return err
}

// putOff is retry for what was not tried.
func putOff(tx *db.Tx, id string, at time.Time, why string) error { return retry(tx, id, at, why) }

// triedSince counts the other messages to the account of a job by its channel.
func triedSince(tx *db.Tx, j *job, since time.Time) (n int, err error) {
	err = tx.Get(`
		select count(*) from notice_delivery
		 where account = $1 and channel = $2 and tried_at > $3 and tried_at is not null and id <> $4`, []any{j.account, string(j.channel), since.UnixMilli(), j.id}, &n)
	return n, err
}

func deliveriesOf(tx *db.Tx, account string, before int64, beforeID string, limit int) (out []Delivery, err error) {
	err = tx.All(`
		select d.id, d.channel, coalesce(n.title, ''), d.state, d.attempts, d.next_at, d.trouble, d.created_at, d.closed_at
		  from notice_delivery d left join notice_notice n on n.id = d.notice
		 where d.account = $1 and (d.created_at, d.id) < ($2, $3)
		 order by d.created_at desc, d.id desc
		 limit $4`, []any{account, before, beforeID, limit}, func(scan func(...any) error) error {
		var d Delivery
		var next, at int64
		var closed *int64
		err := scan(&d.ID, &d.Channel, &d.Title, &d.State, &d.Attempts, &next, &d.Trouble, &at, &closed)
		d.StateName, d.Created = StateName(d.State), ms(at)
		if d.State == Waiting {
			d.Next = ms(next)
		}
		if closed != nil {
			d.Closed = ms(*closed)
		}
		out = append(out, d)
		return err
	})
	return out, err
}

// deleteSent forgets some of what was to be sent before a time.
func deleteSent(tx *db.Tx, before int64) (int64, error) {
	return tx.Exec(`
		delete from notice_delivery
		 where id in (select id from notice_delivery where created_at < $1 order by created_at, id limit 256)`, before)
}

func sendingsOf(tx *db.Tx, notice, account string) (out []Sending, err error) {
	err = tx.All(`
		select channel, state, closed_at from notice_delivery
		 where notice = $1 and account = $2
		 order by channel`, []any{notice, account}, func(scan func(...any) error) error {
		var s Sending
		var closed *int64
		err := scan(&s.Channel, &s.State, &closed)
		if closed != nil {
			s.Closed = ms(*closed)
		}
		out = append(out, s)
		return err
	})
	return out, err
}
