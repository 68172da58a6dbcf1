package seal

import (
	"sidian/internal/db"
	"sidian/internal/fault"
)

// An approvalRow is an approval with the MAC that its row carries, which is
// another once it was taken. That an old copy of the row is put back changes
// nothing: the use that took it decides (insertUse).
type approvalRow struct {
	Approval
	mac []byte
}

func (r *approvalRow) key() string { return r.ID }
func (r *approvalRow) had() []byte { return r.mac }
func (r *approvalRow) fields() []any {
	return []any{r.Seal, r.Object, r.Content, r.Operator, r.Approver, r.Device, r.Factor, r.Basis, r.Until, r.At, r.UsedBy, r.UsedAt}
}

func insertApproval(tx *db.Tx, g *guards, a *Approval) error {
	a.At = ms(tx.Now().UnixMilli())
	mac := macOf(g.approvals, &approvalRow{Approval: *a})
	_, err := tx.Exec(`
		insert into seal_approval (id, seal_id, object, content, operator, approver, device, factor, basis, until, created_at, mac)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
		a.ID, a.Seal, a.Object, a.Content[:], a.Operator, a.Approver, a.Device, a.Factor, a.Basis, a.Until.UnixMilli(), a.At.UnixMilli(), mac)
	return err
}

// useApproval takes an approval for a use; it tells whether its row says that it
// was there to be taken.
func useApproval(tx *db.Tx, g *guards, a *approvalRow, use string) (bool, error) {
	a.UsedBy, a.UsedAt = use, ms(tx.Now().UnixMilli())
	a.mac = macOf(g.approvals, a)
	n, err := tx.Exec(`update seal_approval set used_by = $2, used_at = $3, mac = $4 where id = $1 and used_by is null`, a.ID, use, a.UsedAt.UnixMilli(), a.mac)
	return n == 1, err
}

func approvalByID(tx *db.Tx, id string) (*approvalRow, error) {
	found, err := approvals(tx, `id = $1 order by id`, id)
	if err == nil && len(found) == 0 {
		return nil, fault.Forbidden.New("没有这项用印审批，不能用印").WithCode("seal.approval").WithHint("请先申请用印，由印章保管人批准")
	}
	if err != nil {
		return nil, err
	}
	return found[0], nil
}

// approvalsIn returns approvals by id.
func approvalsIn(tx *db.Tx, ids []string) (map[string]*Approval, error) {
	out := map[string]*Approval{}
	if len(ids) == 0 {
		return out, nil
	}
	marks, args := db.Marks(nil, ids)
	found, err := approvals(tx, `id in (`+marks+`) order by id`, args...)
	for _, a := range found {
		out[a.ID] = &a.Approval
	}
	return out, err
}

func approvals(tx *db.Tx, where string, args ...any) (out []*approvalRow, err error) {
	err = tx.All(`
		select id, seal_id, object, content, operator, approver, device, factor, basis, until, created_at, coalesce(used_by, ''), used_at, mac
		  from seal_approval where `+where, args, func(scan func(...any) error) error {
		a := &approvalRow{}
		var content []byte
		var until, at int64
		var used *int64
		err := scan(&a.ID, &a.Seal, &a.Object, &content, &a.Operator, &a.Approver, &a.Device, &a.Factor, &a.Basis, &until, &at, &a.UsedBy, &used, &a.mac)
		copy(a.Content[:], content)
		a.Until, a.At, a.UsedAt = ms(until), ms(at), maybe(used)
		out = append(out, a)
		return err
	})
	return out, err
}
