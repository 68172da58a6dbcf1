package cert

import "sidian/internal/db"

type sealedPlan struct {
	id     string
	sealed []byte
}

// plansAfter returns up to n plans after an id, in the order of ids.
func plansAfter(tx *db.Tx, after string, n int) (all []sealedPlan, err error) {
	err = tx.All(`select id, plan from cert_certificate where id > $1 order by id limit $2`, []any{after, n}, func(scan func(...any) error) error {
		var p sealedPlan
		err := scan(&p.id, &p.sealed)
		all = append(all, p)
		return err
	})
	return all, err
}

// replacePlan puts a plan that was sealed again where it was, unless another
// stands there by now.
func replacePlan(tx *db.Tx, p sealedPlan, again []byte) (bool, error) {
	n, err := tx.Exec(`update cert_certificate set plan = $3 where id = $1 and plan = $2`, p.id, p.sealed, again)
	return n == 1, err
}

func countPlans(tx *db.Tx) (n int64, err error) {
	err = tx.Get(`select count(*) from cert_certificate`, nil, &n)
	return n, err
}
