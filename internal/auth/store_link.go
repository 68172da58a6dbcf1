package auth

import (
	"sidian/gm"
	"sidian/internal/db"
)

// linkRow is a row of auth_link.
type linkRow struct {
	id, issuer    string
	subject       []byte // a blind index of who the person is there
	platform      string
	account       string
	created, used int64
	mac           []byte
}

const linkColumns = `id, issuer, subject, platform, account, created_at, used_at, mac`

func (r *linkRow) columns() []any {
	return []any{&r.id, &r.issuer, &r.subject, &r.platform, &r.account, &r.created, &r.used, &r.mac}
}

func insertLink(tx *db.Tx, r linkRow) (int64, error) {
	return tx.Exec(`
		insert into auth_link (id, issuer, subject, platform, account, created_at, mac) values ($1, $2, $3, $4, $5, $6, $7)
		on conflict do nothing`, r.id, r.issuer, r.subject, r.platform, r.account, r.created, r.mac)
}

// linkOf returns a row as it stands: see Service.linked.
func linkOf(tx *db.Tx, issuer string, subject gm.Digest) (r linkRow, err error) {
	err = tx.Get(`select `+linkColumns+` from auth_link where issuer = $1 and subject = $2`, []any{issuer, subject}, r.columns()...)
	return r, err
}

func useLink(tx *db.Tx, id string) error {
	_, err := tx.Exec(`update auth_link set used_at = $2 where id = $1`, id, tx.Now().UnixMilli())
	return err
}

// linkRows lists an account's rows as they stand: see Service.linksOf.
func linkRows(tx *db.Tx, account string) ([]linkRow, error) {
	return links(tx, `select `+linkColumns+` from auth_link where account = $1 order by created_at, id`, account)
}

func allLinks(tx *db.Tx) ([]linkRow, error) {
	return links(tx, `select `+linkColumns+` from auth_link order by id`)
}

func links(tx *db.Tx, statement string, args ...any) (list []linkRow, err error) {
	err = tx.All(statement, args, func(scan func(...any) error) error {
		var r linkRow
		err := scan(r.columns()...)
		list = append(list, r)
		return err
	})
	return list, err
}

// deleteLink returns the MAC that the row had, or fault.NotFound.
func deleteLink(tx *db.Tx, account, id string) (mac []byte, err error) {
	err = tx.Get(`delete from auth_link where account = $1 and id = $2 returning mac`, []any{account, id}, &mac)
	return mac, err
}
