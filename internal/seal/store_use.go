package seal

import (
	"sidian/gm"
	"sidian/internal/db"
	"sidian/internal/fault"
)

func (u *Use) key() string { return u.ID }
func (u *Use) had() []byte { return u.mac }

// fields leave out what changes while the use is open: closing it takes its MAC.
func (u *Use) fields() []any {
	return []any{u.Seal, u.Policy, u.Object, u.Plan, u.Account, u.App, u.Approval, u.Operator, u.Device, u.CreatedAt}
}

// insertUse is refused where another use has taken its approval, whatever the
// approval's own row says.
func insertUse(tx *db.Tx, g *guards, u *Use) error {
	u.CreatedAt = ms(tx.Now().UnixMilli())
	u.mac = macOf(g.uses, u)
	return tx.SendOr(errUsed(), `
		insert into seal_use (id, seal_id, policy_id, object, plan, state, attempts, account, app, approval_id, operator, device, created_at, mac)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
		    on conflict do nothing`,
		u.ID, u.Seal, u.Policy, u.Object, u.Plan[:], u.State, u.Attempts, u.Account, u.App, u.Approval, u.Operator, u.Device, u.CreatedAt.UnixMilli(), u.mac)
}

func useByID(tx *db.Tx, id string) (*Use, error) {
	uses, err := queryUses(tx, `id = $1 order by created_at, id`, id)
	if err != nil {
		return nil, err
	}
	if len(uses) == 0 {
		return nil, fault.NotFound.New("没有这条用印记录").WithCode("seal.use")
	}
	return uses[0], nil
}

func usesOf(tx *db.Tx, object string) ([]*Use, error) {
	return queryUses(tx, `object = $1 order by created_at, id`, object)
}

// pageOfUses lists the uses of a seal before the one that was begun at (ms)
// with id, newest first.
func pageOfUses(tx *db.Tx, seal string, before int64, beforeID string, limit int) ([]*Use, error) {
	return queryUses(tx, `seal_id = $1 and (created_at, id) < ($2, $3) order by created_at desc, id desc limit $4`, seal, before, beforeID, limit)
}

func queryUses(tx *db.Tx, where string, args ...any) (out []*Use, err error) {
	err = tx.All(`
		select id, seal_id, policy_id, object, plan, state, document, attempts, account, app, approval_id, operator, device, created_at, closed_at, mac
		  from seal_use where `+where, args, func(scan func(...any) error) error {
		u, err := scanUse(scan)
		out = append(out, u)
		return err
	})
	return out, err
}

func scanUse(scan func(...any) error) (*Use, error) {
	u := &Use{}
	var plan, document []byte
	var at int64
	var closed *int64
	err := scan(&u.ID, &u.Seal, &u.Policy, &u.Object, &plan, &u.State, &document, &u.Attempts, &u.Account, &u.App, &u.Approval, &u.Operator, &u.Device,
		&at, &closed, &u.mac)
	copy(u.Plan[:], plan)
	copy(u.Document[:], document)
	u.CreatedAt, u.ClosedAt = ms(at), maybe(closed)
	return u, err
}

func countAttempt(tx *db.Tx, use string) error {
	_, err := tx.Exec(`update seal_use set attempts = attempts + 1 where id = $1`, use)
	return err
}

// closeUse ends a use, and its right to be stamped: who opens it again in the
// database has no MAC for it.
func closeUse(tx *db.Tx, use, state string, document gm.Digest) error {
	var d []byte
	if state == Done {
		d = document[:]
	}
	closed := fault.Conflict.New("用印记录已经关闭").WithCode("seal.use")
	return tx.SendOr(closed, `update seal_use set state = $2, document = $3, closed_at = $4, mac = null where id = $1 and state = 'intended'`,
		use, state, d, tx.Now().UnixMilli())
}
