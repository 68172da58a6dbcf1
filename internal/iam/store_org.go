package iam

import (
	"sidian/internal/db"
)

const orgColumns = `id, coalesce(parent, ''), name, uscc, region, tier, sort, closed_at`

func scanOrg(scan func(...any) error, o *Org) error {
	var closed *int64
	err := scan(&o.ID, &o.Parent, &o.Name, &o.USCC, &o.Region, &o.Tier, &o.Sort, &closed)
	o.Closed = closed != nil
	return err
}

func insertOrg(tx *db.Tx, o Org) (int64, error) {
	return tx.Exec(`
		insert into iam_org (id, parent, name, uscc, region, tier, sort, created_at)
		values ($1, nullif($2, ''), $3, $4, $5, $6, $7, $8)
		on conflict do nothing`, o.ID, o.Parent, o.Name, o.USCC, o.Region, o.Tier, o.Sort, tx.Now().UnixMilli())
}

func getOrg(tx *db.Tx, id string) (o Org, err error) {
	var closed *int64
	err = tx.Get(`select `+orgColumns+` from iam_org where id = $1`, []any{id},
		&o.ID, &o.Parent, &o.Name, &o.USCC, &o.Region, &o.Tier, &o.Sort, &closed)
	o.Closed = closed != nil
	return o, err
}

func allOrgs(tx *db.Tx) (list []Org, err error) {
	err = tx.All(`select `+orgColumns+` from iam_org order by sort, id`, nil, func(scan func(...any) error) error {
		var o Org
		if err := scanOrg(scan, &o); err != nil {
			return err
		}
		list = append(list, o)
		return nil
	})
	return list, err
}

func openChildren(tx *db.Tx, id string) (n int64, err error) {
	err = tx.Get(`select count(*) from iam_org where parent = $1 and closed_at is null`, []any{id}, &n)
	return n, err
}

func closeOrg(tx *db.Tx, id string) error {
	_, err := tx.Exec(`update iam_org set closed_at = $2 where id = $1`, id, tx.Now().UnixMilli())
	return err
}
