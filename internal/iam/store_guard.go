package iam

import (
	"fmt"

	"sidian/internal/db"
)

// setMac stores the MAC of a row that had none.
func setMac(tx *db.Tx, row guarded, mac []byte) error {
	statement := ""
	switch row.(type) {
	case *Org:
		statement = `update iam_org set mac = $2 where id = $1`
	case *grantRow:
		statement = `update iam_grant set mac = $2 where id = $1`
	case *clientRow:
		statement = `update iam_client set mac = $2 where id = $1`
	case *secretRow:
		statement = `update iam_secret set mac = $2 where id = $1`
	default: // tables that are as old as their guard
		return fmt.Errorf("iam: a row of %T without a MAC", row)
	}
	_, err := tx.Exec(statement, row.id(), mac)
	return err
}

func endAllTokens(tx *db.Tx) error {
	_, err := tx.Exec(`delete from iam_token`)
	return err
}

// millis is a nullable time in a column; the zero time is null.
func millis(at int64) *int64 {
	if at == 0 {
		return nil
	}
	return &at
}

// plainMillis is a nullable column; null is zero.
func plainMillis(at *int64) int64 {
	if at == nil {
		return 0
	}
	return *at
}
