package seal

import (
	"strings"

	"sidian/internal/db"
	"sidian/internal/fault"
)

func insertApproval(tx *db.Tx, a *Approval) error {
	_, err := tx.Exec(`
		insert into seal_approval (id, seal_id, object, content, operator, approver, device, factor, basis, until, created_at)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
		a.ID, a.Seal, a.Object, a.Content[:], a.Operator, a.Approver, a.Device, a.Factor, a.Basis, a.Until.UnixMilli(), tx.Now().UnixMilli())
	return err
}

// useApproval takes an approval for a use; it tells whether it was there to be
// taken.
func useApproval(tx *db.Tx, id, use string) (bool, error) {
	n, err := tx.Exec(`update seal_approval set used_by = $2, used_at = $3 where id = $1 and used_by is null`, id, use, tx.Now().UnixMilli())
	return n == 1, err
}

func approvalByID(tx *db.Tx, id string) (*Approval, error) {
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
		out[a.ID] = a
	}
	return out, err
}

func approvals(tx *db.Tx, where string, args ...any) (out []*Approval, err error) {
	err = tx.All(`
		select id, seal_id, object, content, operator, approver, device, factor, basis, until, created_at, coalesce(used_by, ''), used_at
		  from seal_approval where `+where, args, func(scan func(...any) error) error {
		a := &Approval{}
		var content []byte
		var until, at int64
		var used *int64
		err := scan(&a.ID, &a.Seal, &a.Object, &content, &a.Operator, &a.Approver, &a.Device, &a.Factor, &a.Basis, &until, &at, &a.UsedBy, &used)
		copy(a.Content[:], content)
		a.Until, a.At, a.UsedAt = ms(until), ms(at), maybe(used)
		out = append(out, a)
		return err
	})
	return out, err
}

func insertRule(tx *db.Tx, r *Rule) error {
	_, err := tx.Exec(`
		insert into seal_rule (id, seal_id, purpose, asker, levels, max_documents, until, reason, account, created_at)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
		r.ID, r.Seal, r.Purpose, r.Asker, strings.Join(r.Levels, ","), r.Max, r.Until.UnixMilli(), r.Reason, r.CreatedBy, tx.Now().UnixMilli())
	return err
}

func ruleByID(tx *db.Tx, id string) (*Rule, error) {
	found, err := rules(tx, `id = $1 and ended_at is null order by id`, id)
	if err == nil && len(found) == 0 {
		return nil, fault.NotFound.New("没有这条用印审批规则，或已终止").WithCode("seal.rule-unknown").WithHint("请刷新后核对")
	}
	if err != nil {
		return nil, err
	}
	return &found[0], nil
}

// rulesOf lists the rules of a seal that are in force, oldest first.
func rulesOf(tx *db.Tx, seal string) ([]Rule, error) {
	return rules(tx, `seal_id = $1 and ended_at is null and until >= $2 order by created_at, id limit $3`, seal, tx.Now().UnixMilli(), maxRules+1)
}

func rules(tx *db.Tx, where string, args ...any) (out []Rule, err error) {
	err = tx.All(`select id, seal_id, purpose, asker, levels, max_documents, until, reason, account, created_at from seal_rule where `+where, args,
		func(scan func(...any) error) error {
			var r Rule
			var levels string
			var until, at int64
			err := scan(&r.ID, &r.Seal, &r.Purpose, &r.Asker, &levels, &r.Max, &until, &r.Reason, &r.CreatedBy, &at)
			r.Levels, r.Until, r.CreatedAt = strings.Split(levels, ","), ms(until), ms(at)
			out = append(out, r)
			return err
		})
	return out, err
}

func endRule(tx *db.Tx, id string) error {
	_, err := tx.Exec(`update seal_rule set ended_at = $2 where id = $1 and ended_at is null`, id, tx.Now().UnixMilli())
	return err
}

// carryRules gives the matrix of a seal to the one that takes its place.
func carryRules(tx *db.Tx, from string, to *Seal) error {
	old, err := rulesOf(tx, from)
	if err != nil {
		return err
	}
	for _, r := range old {
		if err := endRule(tx, r.ID); err != nil {
			return err
		}
		r.ID, r.Seal = newID(), to.ID
		if r.Until.After(to.ValidTo) {
			r.Until = to.ValidTo
		}
		if err := insertRule(tx, &r); err != nil {
			return err
		}
	}
	return nil
}
