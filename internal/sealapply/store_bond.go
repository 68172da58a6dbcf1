package sealapply

import (
	"time"

	"sidian/internal/db"
	"sidian/internal/fault"
)

func insertBond(tx *db.Tx, b *Bond) (int64, error) {
	return tx.Exec(`
		insert into sealapply_bond (id, account, org, basis, registered_by, created_at)
		values ($1, $2, $3, $4, $5, $6)
		on conflict do nothing`, b.ID, b.Account, b.Org, b.Basis, b.RegisteredBy, milli(b.CreatedAt))
}

func endBond(tx *db.Tx, id, account, reason string) (int64, error) {
	return tx.Exec(`update sealapply_bond set ended_by = $2, ended_reason = $3, ended_at = $4 where id = $1 and ended_at is null`,
		id, account, reason, milli(tx.Now()))
}

func queryBonds(tx *db.Tx, rest string, args ...any) (list []Bond, err error) {
	list = []Bond{}
	err = tx.All(`
		select id, account, org, basis, registered_by, created_at, ended_reason, ended_at
		  from sealapply_bond `+rest, args, func(scan func(...any) error) error {
		var b Bond
		var at int64
		var ended *int64
		err := scan(&b.ID, &b.Account, &b.Org, &b.Basis, &b.RegisteredBy, &at, &b.EndedReason, &ended)
		b.CreatedAt, b.EndedAt = time.UnixMilli(at).UTC(), momentOf(ended)
		list = append(list, b)
		return err
	})
	return list, err
}

func bondByID(tx *db.Tx, id string) (*Bond, error) {
	list, err := queryBonds(tx, `where id = $1 order by id`, id)
	if err == nil && len(list) == 0 {
		return nil, fault.NotFound.New("没有这项经办登记").WithCode("sealapply.bond-unknown").WithHint("请从列表中选择")
	}
	if err != nil {
		return nil, err
	}
	return &list[0], nil
}

func bondsOf(tx *db.Tx, org string) ([]Bond, error) {
	return queryBonds(tx, `where org = $1 order by created_at desc, id desc limit 200`, org)
}

// boundTx tells whether an account acts for an enterprise now.
func boundTx(tx *db.Tx, account, org string) (bool, error) {
	var n int64
	err := tx.Get(`select count(*) from sealapply_bond where account = $1 and org = $2 and ended_at is null`, []any{account, org}, &n)
	return n > 0, err
}

// boundOrgs are the enterprises that an account acts for now.
func boundOrgs(tx *db.Tx, account string) (orgs []string, err error) {
	err = tx.All(`select org from sealapply_bond where account = $1 and ended_at is null order by org, id`, []any{account}, func(scan func(...any) error) error {
		var o string
		err := scan(&o)
		orgs = append(orgs, o)
		return err
	})
	return orgs, err
}

// everBoundTx tells whether an account acts or once acted for an enterprise.
func everBoundTx(tx *db.Tx, account, org string) (bool, error) {
	var n int64
	err := tx.Get(`select count(*) from sealapply_bond where account = $1 and org = $2`, []any{account, org}, &n)
	return n > 0, err
}
