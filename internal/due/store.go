package due

import (
	"encoding/json"
	"fmt"
	"math"
	"time"

	"sidian/internal/db"
	"sidian/internal/fault"
)

// terms is how the values of a rule stand in the row of a promise.
type terms struct {
	Amount   int      `json:"amount,omitempty"`
	Unit     Unit     `json:"unit"`
	On       string   `json:"on,omitempty"`
	Backward bool     `json:"backward,omitempty"`
	Closes   string   `json:"closes,omitempty"`
	Extends  bool     `json:"extends,omitempty"`
	Remind   []Offset `json:"remind,omitempty"`
	Escalate []Offset `json:"escalate,omitempty"`
	Origin   Origin   `json:"origin"`
}

func encodeTerms(r Rule) (string, error) {
	b, err := json.Marshal(terms{r.Amount, r.Unit, day(r.On), r.Backward, r.Closes, r.Extends, r.Remind, r.Escalate, r.Origin})
	return string(b), err
}

func decodeTerms(s string) (r Rule, err error) {
	var t terms
	if err := json.Unmarshal([]byte(s), &t); err != nil {
		return r, fmt.Errorf("due: reading the terms of a promise: %w", err)
	}
	r = Rule{Amount: t.Amount, Unit: t.Unit, Backward: t.Backward, Closes: t.Closes, Extends: t.Extends, Remind: t.Remind, Escalate: t.Escalate, Origin: t.Origin}
	return r, r.On.UnmarshalText([]byte(t.On))
}

// zero is how no time stands in a column that is not null.
const zero = math.MinInt64

func ms(t time.Time) int64 {
	if t.IsZero() {
		return zero
	}
	return t.UnixMilli()
}

func fromMS(at int64) time.Time {
	if at == zero {
		return time.Time{}
	}
	return time.UnixMilli(at).UTC()
}

// orNull is a time for a column that is null where there is none.
func orNull(t time.Time) *int64 {
	if t.IsZero() {
		return nil
	}
	at := t.UnixMilli()
	return &at
}

// behind is the order of those whose clock stands: behind all others.
const behind = 1 << 53

func (p *Promise) order() int64 {
	if p.State == Paused {
		return behind
	}
	return p.Due.UnixMilli()
}

// insert writes a new promise, and tells whether nothing open stood in its place.
func insert(tx *db.Tx, p *Promise) (made bool, err error) {
	t, err := encodeTerms(p.terms)
	if err != nil {
		return false, err
	}
	n, err := tx.Exec(`
		insert into due_promise (id, topic, object, rule, rule_id, region, org, account, permission, title, link, terms, basis,
		                         since_at, until_at, due_at, opens_at, care_at, order_at, next_at, step, moments,
		                         missing_year, provisional, state, created_at)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26)
		on conflict (topic, object) where closed_at is null do nothing`,
		p.ID, p.Topic, p.Object, p.Rule, p.RuleID, p.Region, p.Org, p.Account, p.Permission, p.Title, p.Link, t, p.Basis,
		ms(p.Since), ms(p.Until), ms(p.Due), ms(p.Opens), ms(p.care), p.order(), orNull(p.nextAt()), p.step, encodeMoments(p.moments),
		p.missing, p.Provisional, string(p.State), ms(p.CreatedAt))
	return n == 1, err
}

// save writes what changes in the life of a promise.
func save(tx *db.Tx, p *Promise) error {
	_, err := tx.Exec(`
		update due_promise set account = $2, due_at = $3, opens_at = $4, care_at = $5, order_at = $6, next_at = $7, step = $8,
		       moments = $9, missing_year = $10, provisional = $11, pauses = $12, state = $13, reason = $14, late = $15, closed_at = $16
		 where id = $1`,
		p.ID, p.Account, ms(p.Due), ms(p.Opens), ms(p.care), p.order(), orNull(p.nextAt()), p.step,
		encodeMoments(p.moments), p.missing, p.Provisional, encodeSpans(p.pauses), string(p.State), p.Reason, p.Late, orNull(p.ClosedAt))
	return err
}

const columns = `id, topic, object, rule, rule_id, region, org, account, permission, title, link, terms, basis,
	since_at, until_at, due_at, opens_at, care_at, step, moments, missing_year, provisional, pauses, state, reason, late,
	tallied, created_at, closed_at`

func scanPromise(scan func(...any) error) (p Promise, err error) {
	var t, moments, pauses string
	var since, until, due, opens, care, created int64
	var closed *int64
	err = scan(&p.ID, &p.Topic, &p.Object, &p.Rule, &p.RuleID, &p.Region, &p.Org, &p.Account, &p.Permission, &p.Title, &p.Link, &t, &p.Basis,
		&since, &until, &due, &opens, &care, &p.step, &moments, &p.missing, &p.Provisional, &pauses, &p.State, &p.Reason, &p.Late,
		&p.tallied, &created, &closed)
	if err != nil {
		return p, err
	}
	p.Since, p.Until, p.Due, p.Opens, p.CreatedAt = fromMS(since), fromMS(until), fromMS(due), fromMS(opens), fromMS(created)
	if closed != nil {
		p.ClosedAt = fromMS(*closed)
	}
	if p.terms, err = decodeTerms(t); err != nil {
		return p, err
	}
	if p.moments, err = decodeMoments(moments); err != nil {
		return p, err
	}
	if p.pauses, err = decodeSpans(pauses); err != nil {
		return p, err
	}
	p.derive()
	p.care = fromMS(care)
	return p, nil
}

func promises(tx *db.Tx, q string, args ...any) (all []Promise, err error) {
	err = tx.All(q, args, func(scan func(...any) error) error {
		p, err := scanPromise(scan)
		all = append(all, p)
		return err
	})
	return all, err
}

func one(tx *db.Tx, q string, args ...any) (Promise, error) {
	all, err := promises(tx, q, args...)
	if err != nil {
		return Promise{}, err
	}
	if len(all) == 0 {
		return Promise{}, fault.NotFound.New("没有登记这项时限").WithCode("due.unknown")
	}
	return all[0], nil
}

const openQuery = `
		select ` + columns + `
		  from due_promise
		 where topic = $1 and object = $2 and closed_at is null`

func openOf(tx *db.Tx, topic, object string) (Promise, error) {
	return one(tx, openQuery, topic, object)
}

// takeOpen is the open promise about an object, for who will change it or rely
// on its being open: its row is held, so that of two who close it the second
// finds it closed, also where a transaction is only read committed.
func takeOpen(tx *db.Tx, topic, object string) (Promise, error) {
	return one(tx, openQuery+`
		   for update`, topic, object)
}

// pastOf lists the promises about an object, newest first.
func pastOf(tx *db.Tx, topic, object string, limit int) ([]Promise, error) {
	return promises(tx, `
		select `+columns+`
		  from due_promise
		 where topic = $1 and object = $2
		 order by created_at desc, id desc
		 limit $3`, topic, object, limit)
}

// lastOf is the promise about an object that was closed last.
func lastOf(tx *db.Tx, topic, object string) (Promise, error) {
	return one(tx, `
		select `+columns+`
		  from due_promise
		 where topic = $1 and object = $2 and closed_at is not null
		 order by closed_at desc, created_at desc, id desc
		 limit 1`, topic, object)
}

func reassign(tx *db.Tx, from, to string) (int64, error) {
	return tx.Exec(`
		update due_promise set account = $2
		 where account = $1 and closed_at is null and permission <> '' and (org <> '' or $2 <> '')`, from, to)
}

func dropOf(tx *db.Tx, account, reason string) (int64, error) {
	return tx.Exec(`
		update due_promise set state = 'dropped', reason = $2, closed_at = $3, next_at = null, order_at = due_at
		 where account = $1 and closed_at is null and permission = ''`, account, reason, tx.Now().UnixMilli())
}
