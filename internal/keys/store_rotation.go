package keys

import (
	"errors"
	"time"

	"sidian/internal/db"
	"sidian/internal/fault"
)

// A state is how far a resealer is with a root.
type state struct {
	root, name string
	after      string // of the pass
	pass       int64  // from 1
	passDone   int64  // rows changed in it
	passAt     time.Time
	done       int64 // rows changed in all passes
	total      int64 // rows, as counted at the start
	startedAt  time.Time
	finishedAt time.Time
	rateAt     time.Time // since when, and from what done, the rate is counted
	rateDone   int64
	owner      string
	leaseUntil time.Time
	trouble    string
}

// stateOf returns the state of a resealer; there is false for none.
func stateOf(tx *db.Tx, root, name string, lock bool) (st state, there bool, err error) {
	st = state{root: root, name: name}
	var passAt, started, rateAt, lease int64
	var finished *int64
	q := `
		select after, pass, pass_done, pass_at, done, total, started_at, finished_at, rate_at, rate_done, owner, lease_until, trouble
		  from keys_rotation
		 where root = $1 and name = $2`
	if lock {
		q += ` for update`
	}
	err = tx.Get(q, []any{root, name},
		&st.after, &st.pass, &st.passDone, &passAt, &st.done, &st.total, &started, &finished, &rateAt, &st.rateDone, &st.owner, &lease, &st.trouble)
	if errors.Is(err, fault.NotFound) {
		return st, false, nil
	}
	st.passAt, st.startedAt, st.rateAt, st.leaseUntil = ms(passAt), ms(started), ms(rateAt), ms(lease)
	if finished != nil {
		st.finishedAt = ms(*finished)
	}
	return st, err == nil, err
}

func ms(at int64) time.Time { return time.UnixMilli(at).UTC() }

func putState(tx *db.Tx, st state) error {
	var finished any
	if !st.finishedAt.IsZero() {
		finished = st.finishedAt.UnixMilli()
	}
	_, err := tx.Exec(`
		insert into keys_rotation
		       (root, name, after, pass, pass_done, pass_at, done, total, started_at, finished_at, rate_at, rate_done, owner, lease_until, trouble)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
		    on conflict (root, name) do update
		   set after = excluded.after, pass = excluded.pass, pass_done = excluded.pass_done, pass_at = excluded.pass_at, done = excluded.done,
		       total = excluded.total, finished_at = excluded.finished_at, rate_at = excluded.rate_at, rate_done = excluded.rate_done,
		       owner = excluded.owner, lease_until = excluded.lease_until, trouble = excluded.trouble`,
		st.root, st.name, st.after, st.pass, st.passDone, st.passAt.UnixMilli(), st.done, st.total, st.startedAt.UnixMilli(), finished,
		st.rateAt.UnixMilli(), st.rateDone, st.owner, st.leaseUntil.UnixMilli(), st.trouble)
	return err
}

// finishedSince counts the resealers, among names, that have finished with a
// root of purpose p that is newer than a time.
func finishedSince(tx *db.Tx, p Purpose, since time.Time, names []string) (n int64, err error) {
	marks, args := db.Marks([]any{string(p), since.UnixMilli()}, names)
	err = tx.Get(`
		select count(distinct r.name)
		  from keys_rotation r
		  join keys_key k on k.id = r.root
		 where k.purpose = $1 and k.created_at > $2 and r.finished_at is not null and r.name in (`+marks+`)`, args, &n)
	return n, err
}

func paused(tx *db.Tx, p Purpose) (bool, error) {
	var n int64
	err := tx.Get(`select count(*) from keys_pause where purpose = $1`, []any{string(p)}, &n)
	return n > 0, err
}

func insertPause(tx *db.Tx, p Purpose) error {
	_, err := tx.Exec(`insert into keys_pause (purpose, since) values ($1, $2) on conflict do nothing`, string(p), tx.Now().UnixMilli())
	return err
}

func deletePause(tx *db.Tx, p Purpose) error {
	_, err := tx.Exec(`delete from keys_pause where purpose = $1`, string(p))
	return err
}

// setRetired notes since when a root opens nothing; zero: it does.
func setRetired(tx *db.Tx, id string, at time.Time) error {
	var v any
	if !at.IsZero() {
		v = at.UnixMilli()
	}
	_, err := tx.Exec(`update keys_key set retired_at = $2 where id = $1 and kind = 'secret'`, id, v)
	return err
}

// wipe leaves the record of a retired root without its secret.
func wipe(tx *db.Tx, id string) error {
	if _, err := tx.Exec(`delete from keys_rewrap where id = $1`, id); err != nil {
		return err
	}
	_, err := tx.Exec(`update keys_key set wrapped = $2 where id = $1 and kind = 'secret' and retired_at is not null`, id, []byte{})
	return err
}
