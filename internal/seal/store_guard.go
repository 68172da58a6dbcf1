package seal

import (
	"fmt"

	"sidian/internal/db"
)

func rulesAfter(tx *db.Tx, after string, n int) (out []guardedRow, err error) {
	found, err := rules(tx, `where id > $1 order by id limit $2`, after, n)
	for i := range found {
		out = append(out, &found[i])
	}
	return out, err
}

func policiesAfter(tx *db.Tx, after string, n int) (out []guardedRow, err error) {
	found, err := policies(tx, `where id > $1 order by id limit $2`, after, n)
	for i := range found {
		out = append(out, &found[i])
	}
	return out, err
}

// openApprovalsAfter lists approvals that nobody took.
func openApprovalsAfter(tx *db.Tx, after string, n int) (out []guardedRow, err error) {
	found, err := approvals(tx, `id > $1 and used_by is null order by id limit $2`, after, n)
	for _, r := range found {
		out = append(out, r)
	}
	return out, err
}

// openUsesAfter lists uses that may still be stamped.
func openUsesAfter(tx *db.Tx, after string, n int) (out []guardedRow, err error) {
	found, err := queryUses(tx, `id > $1 and state = 'intended' order by id limit $2`, after, n)
	for _, r := range found {
		out = append(out, r)
	}
	return out, err
}

var setMacs = map[string]string{
	"seal_rule":     `update seal_rule set mac = $2 where id = $1 and mac is null`,
	"seal_policy":   `update seal_policy set mac = $2 where id = $1 and mac is null`,
	"seal_approval": `update seal_approval set mac = $2 where id = $1 and mac is null`,
	"seal_use":      `update seal_use set mac = $2 where id = $1 and mac is null`,
}

func setMac(tx *db.Tx, table, id string, mac []byte) error {
	n, err := tx.Exec(setMacs[table], id, mac)
	if err == nil && n == 0 {
		err = fmt.Errorf("seal: a row of %s has a MAC already", table)
	}
	return err
}
