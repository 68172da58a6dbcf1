package auth

import (
	"sidian/gm"
	"sidian/internal/db"
)

// linkRow is a row of auth_link.
type linkRow struct {
	id, issuer    string
	subject       gm.Digest
	platform      string
	account       string
	created, used int64
}

func insertLink(tx *db.Tx, r linkRow) (int64, error) {
	return tx.Exec(`
		insert into auth_link (id, issuer, subject, platform, account, created_at) values ($1, $2, $3, $4, $5, $6)
		on conflict do nothing`, r.id, r.issuer, r.subject, r.platform, r.account, tx.Now().UnixMilli())
}

func linkedAccount(tx *db.Tx, issuer string, subject gm.Digest) (account string, err error) {
	err = tx.Get(`select account from auth_link where issuer = $1 and subject = $2`, []any{issuer, subject}, &account)
	return account, err
}

func useLink(tx *db.Tx, issuer string, subject gm.Digest) error {
	_, err := tx.Exec(`update auth_link set used_at = $3 where issuer = $1 and subject = $2`, issuer, subject, tx.Now().UnixMilli())
	return err
}

func linksOf(tx *db.Tx, account string) (list []linkRow, err error) {
	err = tx.All(`
		select id, issuer, platform, account, created_at, used_at from auth_link
		 where account = $1 order by created_at, id`, []any{account}, func(scan func(...any) error) error {
		var r linkRow
		err := scan(&r.id, &r.issuer, &r.platform, &r.account, &r.created, &r.used)
		list = append(list, r)
		return err
	})
	return list, err
}

func deleteLink(tx *db.Tx, account, id string) (bool, error) {
	n, err := tx.Exec(`delete from auth_link where account = $1 and id = $2`, account, id)
	return n == 1, err
}
