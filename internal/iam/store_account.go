package iam

import "sidian/internal/db"

// accountRow is a row of iam_account; nil where a column is null.
type accountRow struct {
	id, username string
	kind         Kind
	org          string
	name         []byte
	citizen      []byte
	citizenIndex []byte
	phone        []byte
	phoneIndex   []byte
	closed       bool
}

const accountColumns = `id, username, kind, org, name, citizen, phone, closed_at`

func scanAccount(scan func(...any) error) (r accountRow, err error) {
	var closed *int64
	err = scan(&r.id, &r.username, (*string)(&r.kind), &r.org, &r.name, &r.citizen, &r.phone, &closed)
	r.closed = closed != nil
	return r, err
}

func insertAccount(tx *db.Tx, r accountRow) (int64, error) {
	return tx.Exec(`
		insert into iam_account (id, username, kind, org, name, citizen, citizen_index, phone, phone_index, created_at)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
		on conflict do nothing`,
		r.id, r.username, string(r.kind), r.org, r.name, r.citizen, r.citizenIndex, r.phone, r.phoneIndex, tx.Now().UnixMilli())
}

func oneAccount(tx *db.Tx, where string, arg any) (r accountRow, err error) {
	var closed *int64
	err = tx.Get(`select `+accountColumns+` from iam_account where `+where, []any{arg},
		&r.id, &r.username, (*string)(&r.kind), &r.org, &r.name, &r.citizen, &r.phone, &closed)
	r.closed = closed != nil
	return r, err
}

func getAccount(tx *db.Tx, id string) (accountRow, error) { return oneAccount(tx, `id = $1`, id) }

func accountNamed(tx *db.Tx, username string) (accountRow, error) {
	return oneAccount(tx, `username = $1`, username)
}

func accountsOf(tx *db.Tx, org, after string, limit int) (list []accountRow, err error) {
	err = tx.All(`select `+accountColumns+` from iam_account where org = $1 and id > $2 order by id limit $3`,
		[]any{org, after, limit}, func(scan func(...any) error) error {
			r, err := scanAccount(scan)
			list = append(list, r)
			return err
		})
	return list, err
}

func countAccounts(tx *db.Tx) (n int64, err error) {
	err = tx.Get(`select count(*) from iam_account`, nil, &n)
	return n, err
}

func closeAccount(tx *db.Tx, id string) error {
	_, err := tx.Exec(`update iam_account set closed_at = $2 where id = $1`, id, tx.Now().UnixMilli())
	return err
}

func holderBy(tx *db.Tx, citizen [32]byte) (id string, err error) {
	err = tx.Get(`select id from iam_account where citizen_index = $1 and kind = 'holder' and closed_at is null`, []any{citizen}, &id)
	return id, err
}
