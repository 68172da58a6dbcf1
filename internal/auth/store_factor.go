package auth

import "sidian/internal/db"

// passkeyRow is a row of auth_passkey; body is a passkey.Credential.
type passkeyRow struct {
	id, account   string
	credential    []byte
	body          []byte
	name          string
	created, used int64
}

func insertPasskey(tx *db.Tx, r passkeyRow) (int64, error) {
	return tx.Exec(`
		insert into auth_passkey (id, account, credential, body, name, created_at) values ($1, $2, $3, $4, $5, $6)
		on conflict do nothing`, r.id, r.account, r.credential, r.body, r.name, tx.Now().UnixMilli())
}

func passkeysOf(tx *db.Tx, account string) (list []passkeyRow, err error) {
	err = tx.All(`
		select id, account, credential, body, name, created_at, used_at from auth_passkey
		 where account = $1 order by created_at, id`, []any{account}, func(scan func(...any) error) error {
		var r passkeyRow
		err := scan(&r.id, &r.account, &r.credential, &r.body, &r.name, &r.created, &r.used)
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
}

func insertCertificate(tx *db.Tx, r certificateRow) (int64, error) {
	return tx.Exec(`
		insert into auth_certificate (id, account, fingerprint, name, shown, until, created_at) values ($1, $2, $3, $4, $5, $6, $7)
		on conflict do nothing`, r.id, r.account, r.fingerprint, r.name, r.shown, r.until, tx.Now().UnixMilli())
}

func certificatesOf(tx *db.Tx, account string) (list []certificateRow, err error) {
	err = tx.All(`
		select id, account, fingerprint, name, shown, until, created_at, used_at from auth_certificate
		 where account = $1 order by created_at, id`, []any{account}, func(scan func(...any) error) error {
		var r certificateRow
		err := scan(&r.id, &r.account, &r.fingerprint, &r.name, &r.shown, &r.until, &r.created, &r.used)
		list = append(list, r)
		return err
	})
	return list, err
}

func useCertificate(tx *db.Tx, account, fingerprint string) (bool, error) {
	n, err := tx.Exec(`update auth_certificate set used_at = $3 where account = $1 and fingerprint = $2`,
		account, fingerprint, tx.Now().UnixMilli())
	return n == 1, err
}

func deletePasskey(tx *db.Tx, account, id string) (bool, error) {
	n, err := tx.Exec(`delete from auth_passkey where account = $1 and id = $2`, account, id)
	return n == 1, err
}

func deleteCertificate(tx *db.Tx, account, id string) (bool, error) {
	n, err := tx.Exec(`delete from auth_certificate where account = $1 and id = $2`, account, id)
	return n == 1, err
}

// deleteFactors ends all second factors of an account but its one-time codes.
func deleteFactors(tx *db.Tx, account string) error {
	if _, err := tx.Exec(`delete from auth_passkey where account = $1`, account); err != nil {
		return err
	}
	_, err := tx.Exec(`delete from auth_certificate where account = $1`, account)
	return err
}
