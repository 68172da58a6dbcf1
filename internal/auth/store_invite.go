package auth

import (
	"sidian/gm"
	"sidian/internal/db"
)

// invitationRow is a row of auth_invitation.
type invitationRow struct {
	hash     gm.Digest
	id       string
	account  string
	purpose  Purpose
	totp     []byte // sealed; nil: none yet
	failures int64
	until    int64
	mac      []byte
}

func insertInvitation(tx *db.Tx, r invitationRow) error {
	_, err := tx.Exec(`
		insert into auth_invitation (hash, id, account, purpose, totp, created_at, until, mac) values ($1, $2, $3, $4, $5, $6, $7, $8)`,
		r.hash, r.id, r.account, string(r.purpose), r.totp, tx.Now().UnixMilli(), r.until, r.mac)
	return err
}

// liveInvitation returns a link by its token's hash, as the row stands.
func liveInvitation(tx *db.Tx, hash gm.Digest) (invitationRow, error) {
	r := invitationRow{hash: hash}
	err := tx.Get(`
		select id, account, purpose, totp, failures, until, mac from auth_invitation
		 where hash = $1 and ended_at is null and until > $2`, []any{hash, tx.Now().UnixMilli()},
		&r.id, &r.account, (*string)(&r.purpose), &r.totp, &r.failures, &r.until, &r.mac)
	return r, err
}

// endInvitation uses a link: of two at once, one does.
func endInvitation(tx *db.Tx, hash gm.Digest) (bool, error) {
	n, err := tx.Exec(`update auth_invitation set ended_at = $2, totp = null where hash = $1 and ended_at is null and until > $2`,
		hash, tx.Now().UnixMilli())
	return n == 1, err
}

// endInvitations ends all links of an account.
func endInvitations(tx *db.Tx, account string) error {
	_, err := tx.Exec(`update auth_invitation set ended_at = $2, totp = null where account = $1 and ended_at is null`, account, tx.Now().UnixMilli())
	return err
}

// failInvitation counts a failure, and ends the link at the last one.
func failInvitation(tx *db.Tx, hash gm.Digest, last int64) error {
	if _, err := tx.Exec(`update auth_invitation set failures = failures + 1 where hash = $1`, hash); err != nil {
		return err
	}
	_, err := tx.Exec(`update auth_invitation set ended_at = $3, totp = null where hash = $1 and failures >= $2 and ended_at is null`,
		hash, last, tx.Now().UnixMilli())
	return err
}

func sweepInvitations(tx *db.Tx, before int64) error {
	_, err := tx.Exec(`delete from auth_invitation where until < $1`, before)
	return err
}

// offerTOTP keeps the secret that a link offers, once.
func offerTOTP(tx *db.Tx, hash gm.Digest, sealed []byte) (bool, error) {
	n, err := tx.Exec(`update auth_invitation set totp = $2 where hash = $1 and totp is null and ended_at is null`, hash, sealed)
	return n == 1, err
}
