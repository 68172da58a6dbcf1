package auth

import "sidian/internal/db"

// credential is a row of auth_credential.
type credential struct {
	account    string
	password   string // "": none yet
	passwordAt int64  // milliseconds
	mustChange bool   // somebody else chose the password
	totp       []byte // sealed; nil: none
	step       int64  // the last step whose code was used
	totpAt     int64  // when the person confirmed totp; 0: it was told to them, no more
	level      int64  // assurance of who the person is
}

const credentialColumns = `account, password, password_at, must_change, totp, totp_step, totp_at, assurance`

func (c *credential) fields() []any {
	return []any{&c.account, &c.password, &c.passwordAt, &c.mustChange, &c.totp, &c.step, &c.totpAt, &c.level}
}

func getCredential(tx *db.Tx, account string) (c credential, err error) {
	err = tx.Get(`select `+credentialColumns+` from auth_credential where account = $1`, []any{account}, c.fields()...)
	return c, err
}

// putCredential gives an account all of its credentials anew.
func putCredential(tx *db.Tx, c credential) error {
	_, err := tx.Exec(`
		insert into auth_credential (account, password, password_at, must_change, totp, totp_step, totp_at, assurance)
		values ($1, $2, $3, $4, $5, $6, $7, $8)
		on conflict (account) do update
		   set password = excluded.password, password_at = excluded.password_at, must_change = excluded.must_change,
		       totp = excluded.totp, totp_step = excluded.totp_step, totp_at = excluded.totp_at, assurance = excluded.assurance`,
		c.account, c.password, tx.Now().UnixMilli(), c.mustChange, c.totp, c.step, c.totpAt, c.level)
	return err
}

// setPassword replaces a password that still is the one that was read.
func setPassword(tx *db.Tx, account, was, hash string) (bool, error) {
	n, err := tx.Exec(`
		update auth_credential set password = $3, password_at = $4, must_change = false where account = $1 and password = $2`,
		account, was, hash, tx.Now().UnixMilli())
	return n == 1, err
}

// setTOTP enrols a secret whose code of a step was used to confirm it; nil
// ends one-time codes.
func setTOTP(tx *db.Tx, account string, sealed []byte, step int64) error {
	at := tx.Now().UnixMilli()
	if sealed == nil {
		at = 0
	}
	_, err := tx.Exec(`update auth_credential set totp = $2, totp_step = $3, totp_at = $4 where account = $1`, account, sealed, step, at)
	return err
}

// keepPassword remembers a password that is replaced, and forgets all but the
// newest n.
func keepPassword(tx *db.Tx, account, hash string, n int) error {
	_, err := tx.Exec(`insert into auth_password (id, account, hash, created_at) values ($1, $2, $3, $4)`, newID(), account, hash, tx.Now().UnixMilli())
	if err != nil {
		return err
	}
	_, err = tx.Exec(`
		delete from auth_password where account = $1 and id not in (
			select id from auth_password where account = $1 order by created_at desc, id desc limit $2)`, account, n)
	return err
}

func earlierPasswords(tx *db.Tx, account string, n int) (hashes []string, err error) {
	err = tx.All(`select hash from auth_password where account = $1 order by created_at desc, id desc limit $2`, []any{account, n},
		func(scan func(...any) error) error {
			var h string
			err := scan(&h)
			hashes = append(hashes, h)
			return err
		})
	return hashes, err
}

// sealedAfter lists sealed secrets of one-time codes by account.
func sealedAfter(tx *db.Tx, after string, n int) (list []credential, err error) {
	err = tx.All(`select account, totp from auth_credential where account > $1 and totp is not null order by account limit $2`, []any{after, n},
		func(scan func(...any) error) error {
			var c credential
			err := scan(&c.account, &c.totp)
			list = append(list, c)
			return err
		})
	return list, err
}

func resealTOTP(tx *db.Tx, account string, was, sealed []byte) (int64, error) {
	return tx.Exec(`update auth_credential set totp = $3 where account = $1 and totp = $2`, account, was, sealed)
}

func countSealed(tx *db.Tx) (n int64, err error) {
	err = tx.Get(`select count(*) from auth_credential where totp is not null`, nil, &n)
	return n, err
}

// takeStep uses a step of the one-time code, once. confirms makes it the
// confirmation of a secret that was told and never confirmed.
func takeStep(tx *db.Tx, account string, step int64, confirms bool) (bool, error) {
	at := int64(0)
	if confirms {
		at = tx.Now().UnixMilli()
	}
	n, err := tx.Exec(`
		update auth_credential set totp_step = $2, totp_at = case when totp_at = 0 then $3 else totp_at end
		 where account = $1 and totp_step < $2`, account, step, at)
	return n == 1, err
}

// ensureCredential makes the row of an account that signs in elsewhere.
func ensureCredential(tx *db.Tx, account string) error {
	_, err := tx.Exec(`insert into auth_credential (account) values ($1) on conflict do nothing`, account)
	return err
}
