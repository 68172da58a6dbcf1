package auth

import "sidian/internal/db"

// passkeyRow is a row of auth_passkey; body is a passkey.Credential.
type passkeyRow struct {
	id, account   string
	credential    []byte
	body          []byte
	name          string
	created, used int64
	mac           []byte
}

const passkeyColumns = `id, account, credential, body, name, created_at, used_at, mac`

func insertPasskey(tx *db.Tx, r passkeyRow) (int64, error) {
	return tx.Exec(`
		insert into auth_passkey (id, account, credential, body, name, created_at, mac) values ($1, $2, $3, $4, $5, $6, $7)
		on conflict do nothing`, r.id, r.account, r.credential, r.body, r.name, r.created, r.mac)
}

// passkeyRows lists an account's rows as they stand: see Service.passkeysOf.
func passkeyRows(tx *db.Tx, account string) ([]passkeyRow, error) {
	return passkeys(tx, `select `+passkeyColumns+` from auth_passkey where account = $1 order by created_at, id`, account)
}

func allPasskeys(tx *db.Tx) ([]passkeyRow, error) {
	return passkeys(tx, `select `+passkeyColumns+` from auth_passkey order by id`)
}

func passkeys(tx *db.Tx, statement string, args ...any) (list []passkeyRow, err error) {
	err = tx.All(statement, args, func(scan func(...any) error) error {
		var r passkeyRow
		err := scan(&r.id, &r.account, &r.credential, &r.body, &r.name, &r.created, &r.used, &r.mac)
		list = append(list, r)
		return err
	})
	return list, err
}

// usePasskey keeps an advanced counter, if the passkey still is as it was read:
// of two proofs with one counter, one counts.
func usePasskey(tx *db.Tx, account string, credential, was, body []byte) (bool, error) {
	n, err := tx.Exec(`update auth_passkey set body = $4, used_at = $5 where account = $1 and credential = $2 and body = $3`,
		account, credential, was, body, tx.Now().UnixMilli())
	return n == 1, err
}

// certificateRow is a row of auth_certificate.
type certificateRow struct {
	id, account   string
	fingerprint   string
	name          string
	shown         string // the subject, masked
	until         int64
	created, used int64
	mac           []byte
}

const certificateColumns = `id, account, fingerprint, name, shown, until, created_at, used_at, mac`

func insertCertificate(tx *db.Tx, r certificateRow) (int64, error) {
	return tx.Exec(`
		insert into auth_certificate (id, account, fingerprint, name, shown, until, created_at, mac) values ($1, $2, $3, $4, $5, $6, $7, $8)
		on conflict do nothing`, r.id, r.account, r.fingerprint, r.name, r.shown, r.until, r.created, r.mac)
}

// certificateRows lists an account's rows as they stand: see
// Service.certificatesOf.
func certificateRows(tx *db.Tx, account string) ([]certificateRow, error) {
	return certificates(tx, `select `+certificateColumns+` from auth_certificate where account = $1 order by created_at, id`, account)
}

func allCertificates(tx *db.Tx) ([]certificateRow, error) {
	return certificates(tx, `select `+certificateColumns+` from auth_certificate order by id`)
}

func certificates(tx *db.Tx, statement string, args ...any) (list []certificateRow, err error) {
	err = tx.All(statement, args, func(scan func(...any) error) error {
		var r certificateRow
		err := scan(&r.id, &r.account, &r.fingerprint, &r.name, &r.shown, &r.until, &r.created, &r.used, &r.mac)
		list = append(list, r)
		return err
	})
	return list, err
}

func useCertificate(tx *db.Tx, id string) (bool, error) {
	n, err := tx.Exec(`update auth_certificate set used_at = $2 where id = $1`, id, tx.Now().UnixMilli())
	return n == 1, err
}

// deletePasskey returns the MAC that the row had, or fault.NotFound.
func deletePasskey(tx *db.Tx, account, id string) (mac []byte, err error) {
	err = tx.Get(`delete from auth_passkey where account = $1 and id = $2 returning mac`, []any{account, id}, &mac)
	return mac, err
}

// deleteCertificate returns the MAC that the row had, or fault.NotFound.
func deleteCertificate(tx *db.Tx, account, id string) (mac []byte, err error) {
	err = tx.Get(`delete from auth_certificate where account = $1 and id = $2 returning mac`, []any{account, id}, &mac)
	return mac, err
}
