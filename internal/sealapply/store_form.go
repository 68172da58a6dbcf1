package sealapply

import "sidian/internal/db"

type formRow struct {
	region, version string
	content         []byte
}

func insertForm(tx *db.Tx, r *formRow, account, reason string) (int64, error) {
	return tx.Exec(`
		insert into sealapply_form (region, version, content, account, reason, created_at)
		values ($1, $2, $3, $4, $5, $6)
		on conflict do nothing`, r.region, r.version, r.content, account, reason, milli(tx.Now()))
}

func storedForms(tx *db.Tx) (list []*formRow, err error) {
	err = tx.All(`select region, version, content from sealapply_form order by region, version`, nil, func(scan func(...any) error) error {
		r := &formRow{}
		err := scan(&r.region, &r.version, &r.content)
		list = append(list, r)
		return err
	})
	return list, err
}
