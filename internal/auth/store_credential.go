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
	level      int64  // assurance of who the person is
}

const credentialColumns = `account, password, password_at, must_change, totp, totp_step, assurance`

func (c *credential) fields() []any {
	return []any{&c.account, &c.password, &c.passwordAt, &c.mustChange, &c.totp, &c.step, &c.level}
}

func getCredential(tx *db.Tx, account string) (c credential, err error) {
	err = tx.Get(`select `+credentialColumns+` from auth_credential where account = $1`, []any{account}, c.fields()...)
	return c, err
}

// putCredential gives an account all of its credentials anew.
func putCredential(tx *db.Tx, c credential) error {
	_, err := tx.Exec(`
		insert into auth_credential (account, password, password_at, must_change, totp, totp_step, assurance)
		values ($1, $2, $3, $4, $5, $6, $7)
		on conflict (account) do update
		   set password = excluded.password, password_at = excluded.password_at, must_change = excluded.must_change,
		       totp = excluded.totp, totp_step = excluded.totp_step, assurance = excluded.assurance`,
		c.account, c.password, tx.Now().UnixMilli(), c.mustChange, c.totp, c.step, c.level)
	return err
}

func setPassword(tx *db.Tx, account, hash string) error {
	_, err := tx.Exec(`update auth_credential set password = $2, password_at = $3, must_change = false where account = $1`,
		account, hash, tx.Now().UnixMilli())
	return err
}

// takeStep uses a step of the one-time code, once.
func takeStep(tx *db.Tx, account string, step int64) (bool, error) {
	n, err := tx.Exec(`update auth_credential set totp_step = $2 where account = $1 and totp_step < $2`, account, step)
	return n == 1, err
}
