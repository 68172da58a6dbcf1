package cert

import (
	"time"

	"sidian/internal/cert/state"
	"sidian/internal/db"
)

// putAct moves a certificate from the state that was seen to its next, once:
// else errMoved. seen is how many acts it had.
func putAct(tx *db.Tx, r *row, seen int, a *Act) error {
	n, err := tx.Exec(`
		update cert_certificate
		   set life = $3, life_on = $4, life_basis = $5, marks = $6, acts = $7, acted_on = $8, successor = $9, valid_to = $10, expires_at = $11, mac = $12
		 where id = $1 and acts = $2 and status = 'effective'`,
		r.ID, seen, r.life, r.Since, r.Basis, r.marks, r.Acts, r.actedOn, r.Successor, r.ValidTo, r.expires, r.mac)
	if err := moved(n, err); err != nil {
		return err
	}
	_, err = tx.Exec(`
		insert into cert_act (certificate_id, seq, action, account, app, org, reason, basis, acted_on, until, was, became, changes, successor, recorded_at)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)`,
		r.ID, r.Acts, a.Action, a.account, a.app, a.org, a.Reason, a.Basis, a.On, a.Until, a.was, a.became, a.Changes, a.Successor, tx.Now().UnixMilli())
	return err
}

// actsOf lists what was done to a certificate, the first first.
func actsOf(tx *db.Tx, id string) (out []*Act, err error) {
	err = tx.All(`
		select seq, action, account, app, org, reason, basis, acted_on, until, was, became, changes, successor, recorded_at
		  from cert_act where certificate_id = $1 order by seq limit $2`, []any{id, maxSteps}, func(scan func(...any) error) error {
		a := &Act{}
		var at int64
		err := scan(&a.Seq, &a.Action, &a.account, &a.app, &a.org, &a.Reason, &a.Basis, &a.On, &a.Until, &a.was, &a.became, &a.Changes, &a.Successor, &at)
		a.At = time.UnixMilli(at).UTC()
		out = append(out, a)
		return err
	})
	return out, err
}

// begin writes what a life begins with: when it ends, what it takes the place
// of, and what marks it takes over.
func begin(tx *db.Tx, r *row) error {
	_, err := tx.Exec(`update cert_certificate set expires_at = $2, prior = $3, marks = $4, listed = 1, mac = $5 where id = $1`, r.ID, r.expires, r.Prior, r.marks, r.mac)
	return err
}

// ended lists certificates whose validity was over at a time, the longest first.
func ended(tx *db.Tx, at time.Time, limit int) ([]*row, error) {
	return query(tx, `id in (
		select id from cert_certificate
		 where life = 'effective' and expires_at is not null and expires_at <= $1
		 order by expires_at, id limit $2)
		 order by id`, at.UnixMilli(), limit)
}

// unlisted lists certificates from before there was a public list.
func unlisted(tx *db.Tx, limit int) ([]*row, error) {
	return query(tx, `id in (
		select id from cert_certificate where listed = 0 and status = 'effective' order by id limit $1)
		 order by id`, limit)
}

// listed takes a row that was edited out of those that have no place yet.
func listed(tx *db.Tx, id string) error {
	_, err := tx.Exec(`update cert_certificate set listed = 1 where id = $1`, id)
	return err
}

// postpone looks at the end of a validity again a day later.
func postpone(tx *db.Tx, id string) error {
	_, err := tx.Exec(`update cert_certificate set expires_at = $2 where id = $1`, id, tx.Now().AddDate(0, 0, 1).UnixMilli())
	return err
}

// unguarded lists issued rows without a MAC, to give them theirs.
func unguarded(tx *db.Tx, limit int) ([]*row, error) {
	return query(tx, `mac is null and status = 'effective' order by id limit $1`, limit)
}

// adopt gives a row of before its MAC, unless it changed since it was read.
func adopt(tx *db.Tx, r *row, mac []byte) error {
	_, err := tx.Exec(`update cert_certificate set mac = $3 where id = $1 and acts = $2 and mac is null`, r.ID, r.Acts, mac)
	return err
}

// stateOf is what a row says.
func (r *row) stateOf() state.State {
	return state.State{Status: state.Status(r.Status), Marks: state.ParseMarks(r.marks)}
}
