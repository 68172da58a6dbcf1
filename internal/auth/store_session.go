package auth

import (
	"time"

	"sidian/gm"
	"sidian/internal/db"
)

type sessionRow struct {
	hash           gm.Digest
	id, account    string
	second         bool
	agent, address string
	created, seen  int64 // milliseconds
	level          int64 // assurance of who the person is
	mac            []byte
}

func insertSession(tx *db.Tx, r sessionRow) error {
	second := int64(0)
	if r.second {
		second = 1
	}
	_, err := tx.Exec(`
		insert into auth_session (hash, id, account, second, agent, address, created_at, seen_at, proved_at, level, mac)
		values ($1, $2, $3, $4, $5, $6, $7, $7, $7, $8, $9)`,
		r.hash, r.id, r.account, second, r.agent, r.address, r.created, r.level, r.mac)
	return err
}

// liveSession returns a session by its token's hash, as the row stands.
func liveSession(tx *db.Tx, hash gm.Digest) (sessionRow, error) {
	r := sessionRow{hash: hash}
	var second int64
	err := tx.Get(`select id, account, second, created_at, seen_at, level, mac from auth_session where hash = $1 and ended_at is null`,
		[]any{hash}, &r.id, &r.account, &second, &r.created, &r.seen, &r.level, &r.mac)
	r.second = second == 1
	return r, err
}

func touchSession(tx *db.Tx, hash gm.Digest) error {
	_, err := tx.Exec(`update auth_session set seen_at = $2 where hash = $1 and ended_at is null`, hash, tx.Now().UnixMilli())
	return err
}

func sessionOwner(tx *db.Tx, id string) (account string, err error) {
	err = tx.Get(`select account from auth_session where id = $1`, []any{id}, &account)
	return account, err
}

func endSession(tx *db.Tx, id string) error {
	_, err := tx.Exec(`update auth_session set ended_at = $2 where id = $1 and ended_at is null`, id, tx.Now().UnixMilli())
	return err
}

// endSessions ends all sessions of an account but one.
func endSessions(tx *db.Tx, account, but string) error {
	_, err := tx.Exec(`update auth_session set ended_at = $3 where account = $1 and id <> $2 and ended_at is null`, account, but, tx.Now().UnixMilli())
	return err
}

func sessionsOf(tx *db.Tx, account string, seenAfter, createdAfter time.Time) (list []sessionRow, err error) {
	err = tx.All(`
		select id, second, agent, address, created_at, seen_at from auth_session
		 where account = $1 and ended_at is null and seen_at > $2 and created_at > $3
		 order by created_at desc, id limit 100`,
		[]any{account, seenAfter.UnixMilli(), createdAfter.UnixMilli()}, func(scan func(...any) error) error {
			var r sessionRow
			var second int64
			err := scan(&r.id, &second, &r.agent, &r.address, &r.created, &r.seen)
			r.second = second == 1
			list = append(list, r)
			return err
		})
	return list, err
}

// provedAt is when the person last proved themselves in a live session.
func provedAt(tx *db.Tx, id string) (at int64, err error) {
	err = tx.Get(`select proved_at from auth_session where id = $1 and ended_at is null`, []any{id}, &at)
	return at, err
}

func setProved(tx *db.Tx, id string) error {
	_, err := tx.Exec(`update auth_session set proved_at = $2 where id = $1 and ended_at is null`, id, tx.Now().UnixMilli())
	return err
}

// liveSessions lists sessions of all accounts, last used first, after the one
// last used at before with id after.
func liveSessions(tx *db.Tx, seenAfter, createdAfter time.Time, before int64, after string, n int) (list []sessionRow, err error) {
	err = tx.All(`
		select id, account, second, agent, address, created_at, seen_at from auth_session
		 where ended_at is null and seen_at > $1 and created_at > $2 and (seen_at, id) < ($3, $4)
		 order by seen_at desc, id desc limit $5`,
		[]any{seenAfter.UnixMilli(), createdAfter.UnixMilli(), before, after, n}, func(scan func(...any) error) error {
			var r sessionRow
			var second int64
			err := scan(&r.id, &r.account, &second, &r.agent, &r.address, &r.created, &r.seen)
			r.second = second == 1
			list = append(list, r)
			return err
		})
	return list, err
}

// countSessions counts the sessions of an account that are not over.
func countSessions(tx *db.Tx, account string, seenAfter, createdAfter time.Time) (n int64, err error) {
	err = tx.Get(`select count(*) from auth_session where account = $1 and ended_at is null and seen_at > $2 and created_at > $3`,
		[]any{account, seenAfter.UnixMilli(), createdAfter.UnixMilli()}, &n)
	return n, err
}

// openSessions lists sessions that nobody ended, by id; those without a MAC
// alone, or all.
func openSessions(tx *db.Tx, after string, unguarded bool, n int) (list []sessionRow, err error) {
	statement := `
		select hash, id, account, second, created_at, level, mac from auth_session
		 where ended_at is null and id > $1 order by id limit $2`
	if unguarded {
		statement = `
		select hash, id, account, second, created_at, level, mac from auth_session
		 where ended_at is null and mac is null and id > $1 order by id limit $2`
	}
	err = tx.All(statement, []any{after, n}, func(scan func(...any) error) error {
		var r sessionRow
		var hash []byte
		var second int64
		err := scan(&hash, &r.id, &r.account, &second, &r.created, &r.level, &r.mac)
		copy(r.hash[:], hash)
		r.second = second == 1
		list = append(list, r)
		return err
	})
	return list, err
}

func guardSession(tx *db.Tx, id string, mac []byte) error {
	_, err := tx.Exec(`update auth_session set mac = $2 where id = $1`, id, mac)
	return err
}
