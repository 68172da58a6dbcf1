package cert

import (
	"time"

	"sidian/internal/db"
)

func insertExport(tx *db.Tx, x *export) error {
	_, err := tx.Exec(`
		insert into cert_export (number, certificate, format, page, purpose, account, app, org, exported_at)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
		x.number, x.certificate, x.format, x.page, x.purpose, x.account, x.app, x.org, x.at.UnixMilli())
	return err
}

// exportBy finds an export by its number, and says where there is none.
func exportBy(tx *db.Tx, number string) (found *export, err error) {
	err = tx.All(`
		select number, certificate, format, page, purpose, account, app, org, exported_at
		  from cert_export where number = $1`, []any{number}, func(scan func(...any) error) error {
		x := &export{}
		var at int64
		err := scan(&x.number, &x.certificate, &x.format, &x.page, &x.purpose, &x.account, &x.app, &x.org, &at)
		x.at = time.UnixMilli(at)
		found = x
		return err
	})
	if err == nil && found == nil {
		err = unknownExport()
	}
	return found, err
}
