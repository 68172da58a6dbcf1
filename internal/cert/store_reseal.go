package cert

import (
	"sidian/internal/db"
	"sidian/internal/keys"
)

// plansAfter returns up to n plans after an id, in the order of ids.
func plansAfter(tx *db.Tx, after string, n int) (all []keys.Sealed, err error) {
	err = tx.All(`select id, plan from cert_certificate where id > $1 order by id limit $2`, []any{after, n}, func(scan func(...any) error) error {
		var id string
		var plan []byte
		err := scan(&id, &plan)
		all = append(all, keys.Sealed{Cell: cell("plan", id), Value: plan})
		return err
	})
	return all, err
}

func replacePlan(tx *db.Tx, was keys.Sealed, again []byte) (int64, error) {
	return tx.Exec(`update cert_certificate set plan = $3 where id = $1 and plan = $2`, was.Cell.Row, was.Value, again)
}

func countPlans(tx *db.Tx) (n int64, err error) {
	err = tx.Get(`select count(*) from cert_certificate`, nil, &n)
	return n, err
}
