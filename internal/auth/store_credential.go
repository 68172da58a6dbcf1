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
	held       string // what else belongs to the account: see holds
	mac        []byte

	altered bool // the row was edited in the database: the other fields are zero
}

const credentialColumns = `account, password, password_at, must_change, totp, totp_step, totp_at, assurance, held, mac`

func (c *credential) fields() []any {
	return []any{&c.account, &c.password, &c.passwordAt, &c.mustChange, &c.totp, &c.step, &c.totpAt, &c.level, &c.held, &c.mac}
}

// getCredential reads a row as it stands: see Service.credential.
func getCredential(tx *db.Tx, account string) (c credential, err error) {
	err = tx.Get(`select `+credentialColumns+` from auth_credential where account = $1`, []any{account}, c.fields()...)
	return c, err
}

// putCredential stores all of a row.
func putCredential(tx *db.Tx, c credential) error {
	_, err := tx.Exec(`
		insert into auth_credential (account, password, password_at, must_change, totp, totp_step, totp_at, assurance, held, mac)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
		on conflict (account) do update
		   set password = excluded.password, password_at = excluded.password_at, must_change = excluded.must_change,
		       totp = excluded.totp, totp_step = excluded.totp_step, totp_at = excluded.totp_at, assurance = excluded.assurance,
		       held = excluded.held, mac = excluded.mac`,
		c.account, c.password, c.passwordAt, c.mustChange, c.totp, c.step, c.totpAt, c.level, c.held, c.mac)
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

// credentialsAfter lists rows by account.
func credentialsAfter(tx *db.Tx, after string, n int) ([]credential, error) {
	return credentials(tx, `select `+credentialColumns+` from auth_credential where account > $1 order by account limit $2`, after, n)
}

// sealedAfter lists rows with sealed secrets of one-time codes by account.
func sealedAfter(tx *db.Tx, after string, n int) ([]credential, error) {
	return credentials(tx, `select `+credentialColumns+` from auth_credential where account > $1 and totp is not null order by account limit $2`, after, n)
}

// unguardedAfter lists rows from before there were MACs.
func unguardedAfter(tx *db.Tx, after string, n int) ([]credential, error) {
	return credentials(tx, `select `+credentialColumns+` from auth_credential where account > $1 and mac is null order by account limit $2`, after, n)
}

func credentials(tx *db.Tx, statement, after string, n int) (list []credential, err error) {
	err = tx.All(statement, []any{after, n}, func(scan func(...any) error) error {
		var c credential
		err := scan(c.fields()...)
		list = append(list, c)
		return err
	})
	return list, err
}

func resealTOTP(tx *db.Tx, account string, was, sealed, mac []byte) (int64, error) {
	return tx.Exec(`update auth_credential set totp = $3, mac = $4 where account = $1 and totp = $2`, account, was, sealed, mac)
}

func countSealed(tx *db.Tx) (n int64, err error) {
	err = tx.Get(`select count(*) from auth_credential where totp is not null`, nil, &n)
	return n, err
}

// stepTo uses a step of the one-time code, once.
func stepTo(tx *db.Tx, account string, step int64) (bool, error) {
	n, err := tx.Exec(`update auth_credential set totp_step = $2 where account = $1 and totp_step < $2`, account, step)
	return n == 1, err
}
