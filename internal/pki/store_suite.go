package pki

import (
	"sidian/internal/db"
	"sidian/internal/keys"
)

// A suiteRow is an authority of a suite as it is stored.
type suiteRow struct {
	id                  string
	certificate, sealed []byte
}

// suiteRowOf returns nil for none.
func suiteRowOf(tx *db.Tx, id string) (r *suiteRow, err error) {
	err = tx.All(`select id, certificate, sealed from pki_suite where id = $1 order by id`, []any{id}, func(scan func(...any) error) error {
		r = &suiteRow{}
		return scan(&r.id, &r.certificate, &r.sealed)
	})
	return r, err
}

func insertSuite(tx *db.Tx, r *suiteRow) (int64, error) {
	return tx.Exec(`
		insert into pki_suite (id, certificate, sealed, created_at) values ($1, $2, $3, $4)
		on conflict do nothing`, r.id, r.certificate, r.sealed, tx.Now().UnixMilli())
}

// replaceSuite reports whether the old one still stood there.
func replaceSuite(tx *db.Tx, r *suiteRow, old []byte) (int64, error) {
	return tx.Exec(`update pki_suite set certificate = $2, sealed = $3 where id = $1 and certificate = $4`, r.id, r.certificate, r.sealed, old)
}

// suitesAfter lists up to n keys after an id, in the order of ids.
func suitesAfter(tx *db.Tx, after string, n int) (all []keys.Sealed, err error) {
	err = tx.All(`select id, sealed from pki_suite where id > $1 order by id limit $2`, []any{after, n}, func(scan func(...any) error) error {
		var id string
		var sealed []byte
		err := scan(&id, &sealed)
		all = append(all, keys.Sealed{Cell: suiteCell(id), Value: sealed})
		return err
	})
	return all, err
}

func resealSuite(tx *db.Tx, was keys.Sealed, again []byte) (int64, error) {
	return tx.Exec(`update pki_suite set sealed = $3 where id = $1 and sealed = $2`, was.Cell.Row, was.Value, again)
}
