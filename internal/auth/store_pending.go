package auth

import (
	"time"

	"sidian/gm"
	"sidian/internal/db"
)

// pendingRow is a row of auth_pending.
type pendingRow struct {
	hash     gm.Digest
	id       string
	account  string // "" while Away
	state    State
	how      string // byPassword, byPlatform
	second   bool   // a second factor was proved
	level    int64
	failures int64
	until    int64
	mac      []byte
}

// How a pending sign-in began.
const (
	byPassword = "password"
	byPlatform = "platform"
)

func insertPending(tx *db.Tx, p pendingRow) error {
	_, err := tx.Exec(`
		insert into auth_pending (hash, id, account, state, how, second, level, created_at, until, mac)
		values ($1, $2, nullif($3, ''), $4, $5, $6, $7, $8, $9, $10)`,
		p.hash, p.id, p.account, string(p.state), p.how, p.second, p.level, tx.Now().UnixMilli(), p.until, p.mac)
	return err
}

// livePending returns a sign-in under way by its token's hash, as the row stands.
func livePending(tx *db.Tx, hash gm.Digest) (pendingRow, error) {
	p := pendingRow{hash: hash}
	err := tx.Get(`
		select id, coalesce(account, ''), state, how, second, level, failures, until, mac
		  from auth_pending where hash = $1 and until > $2`,
		[]any{hash, tx.Now().UnixMilli()}, &p.id, &p.account, (*string)(&p.state), &p.how, &p.second, &p.level, &p.failures, &p.until, &p.mac)
	return p, err
}

// takePending uses a sign-in under way: of two steps at once one goes on.
func takePending(tx *db.Tx, hash gm.Digest) (bool, error) {
	n, err := tx.Exec(`delete from auth_pending where hash = $1 and until > $2`, hash, tx.Now().UnixMilli())
	return n == 1, err
}

// failPending counts a failure, and ends the sign-in at the last one.
func failPending(tx *db.Tx, hash gm.Digest, last int64) error {
	if _, err := tx.Exec(`update auth_pending set failures = failures + 1 where hash = $1`, hash); err != nil {
		return err
	}
	_, err := tx.Exec(`delete from auth_pending where hash = $1 and failures >= $2`, hash, last)
	return err
}

// endPending ends all sign-ins under way of an account.
func endPending(tx *db.Tx, account string) error {
	_, err := tx.Exec(`delete from auth_pending where account = $1`, account)
	return err
}

// putCeremony keeps what a challenge was. A new one of a kind replaces the last.
func putCeremony(tx *db.Tx, owner, kind string, body []byte, life time.Duration) error {
	_, err := tx.Exec(`
		insert into auth_ceremony (owner, kind, body, until) values ($1, $2, $3, $4)
		on conflict (owner, kind) do update set body = excluded.body, until = excluded.until`,
		owner, kind, body, tx.Now().Add(life).UnixMilli())
	return err
}

// takeCeremony uses what a challenge was, whatever comes of it.
func takeCeremony(tx *db.Tx, owner, kind string) (body []byte, err error) {
	err = tx.Get(`delete from auth_ceremony where owner = $1 and kind = $2 and until > $3 returning body`,
		[]any{owner, kind, tx.Now().UnixMilli()}, &body)
	return body, err
}

func sweepPending(tx *db.Tx) error {
	now := tx.Now().UnixMilli()
	if _, err := tx.Exec(`delete from auth_pending where until < $1`, now); err != nil {
		return err
	}
	_, err := tx.Exec(`delete from auth_ceremony where until < $1`, now)
	return err
}

func getCeremony(tx *db.Tx, owner, kind string) (body []byte, err error) {
	err = tx.Get(`select body from auth_ceremony where owner = $1 and kind = $2 and until > $3`,
		[]any{owner, kind, tx.Now().UnixMilli()}, &body)
	return body, err
}
