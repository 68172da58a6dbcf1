package iam

import "sidian/internal/db"

const grantColumns = `id, account, role, org, state, reason, proposed_by, proposed_at, decided_by`

func insertGrant(tx *db.Tx, g Grant) (int64, error) {
	return tx.Exec(`
		insert into iam_grant (id, account, role, org, state, reason, proposed_by, proposed_at)
		values ($1, $2, $3, $4, $5, $6, $7, $8)
		on conflict do nothing`, g.ID, g.Account, g.Role, g.Org, g.State, g.Reason, g.By, tx.Now().UnixMilli())
}

func getGrant(tx *db.Tx, id string) (g Grant, err error) {
	err = tx.Get(`select `+grantColumns+` from iam_grant where id = $1`, []any{id},
		&g.ID, &g.Account, &g.Role, &g.Org, &g.State, &g.Reason, &g.By, &g.At, &g.Decided)
	return g, err
}

func decideGrant(tx *db.Tx, id, state, by string) error {
	_, err := tx.Exec(`update iam_grant set state = $2, decided_by = $3, decided_at = $4 where id = $1`, id, state, by, tx.Now().UnixMilli())
	return err
}

func queryGrants(tx *db.Tx, rest string, args ...any) (list []Grant, err error) {
	err = tx.All(`select `+grantColumns+` from iam_grant `+rest, args, func(scan func(...any) error) error {
		var g Grant
		err := scan(&g.ID, &g.Account, &g.Role, &g.Org, &g.State, &g.Reason, &g.By, &g.At, &g.Decided)
		list = append(list, g)
		return err
	})
	return list, err
}

// liveGrants are those that have effect or may get it.
func liveGrants(tx *db.Tx, account string) ([]Grant, error) {
	return queryGrants(tx, `where account = $1 and state in ('proposed', 'effective') order by id`, account)
}

func grantsIn(tx *db.Tx, state string) ([]Grant, error) {
	return queryGrants(tx, `where state = $1 order by proposed_at, id limit 500`, state)
}

func effectiveRoles(tx *db.Tx, account string) (roles []Scoped, err error) {
	err = tx.All(`select role, org from iam_grant where account = $1 and state = 'effective' order by id`, []any{account},
		func(scan func(...any) error) error {
			var r Scoped
			err := scan(&r.Role, &r.Org)
			roles = append(roles, r)
			return err
		})
	return roles, err
}

func countEffective(tx *db.Tx, role string) (n int64, err error) {
	err = tx.Get(`select count(*) from iam_grant where role = $1 and state = 'effective'`, []any{role}, &n)
	return n, err
}
