package auth

import (
	"time"

	"sidian/gm"
	"sidian/internal/db"
)

// attempts counts tries to sign in since a moment; until is zero, or when they
// are judged again.
type attempts struct{ failures, since, until int64 }

func getAttempts(tx *db.Tx, key gm.Digest) (c attempts, err error) {
	err = tx.Get(`select failures, since, until from auth_attempt where key = $1`, []any{key}, &c.failures, &c.since, &c.until)
	return c, unlessNotFound(err)
}

func putAttempts(tx *db.Tx, key gm.Digest, c attempts) error {
	_, err := tx.Exec(`
		insert into auth_attempt (key, failures, since, until) values ($1, $2, $3, $4)
		on conflict (key) do update set failures = excluded.failures, since = excluded.since, until = excluded.until`,
		key, c.failures, c.since, c.until)
	return err
}

func clearAttempts(tx *db.Tx, key gm.Digest) error {
	_, err := tx.Exec(`delete from auth_attempt where key = $1`, key)
	return err
}

// sweep forgets sessions and attempts that have no effect any more.
func sweep(tx *db.Tx, sessionsBefore, attemptsBefore time.Time) error {
	if _, err := tx.Exec(`delete from auth_session where created_at < $1`, sessionsBefore.UnixMilli()); err != nil {
		return err
	}
	_, err := tx.Exec(`delete from auth_attempt where since < $1 and until < $2`, attemptsBefore.UnixMilli(), tx.Now().UnixMilli())
	return err
}
