package seal

import (
	"errors"

	"sidian/internal/db"
	"sidian/internal/fault"
)

func insertPolicy(tx *db.Tx, p *Policy) error {
	_, err := tx.Exec(`
		insert into seal_policy (id, seal_id, app, purpose, until, reason, max_uses, max_daily, created_at)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9)`, p.ID, p.Seal, p.App, p.Purpose, p.Until.UnixMilli(), p.Reason, p.Max, p.Daily, tx.Now().UnixMilli())
	return err
}

func policies(tx *db.Tx, where string, args ...any) (out []Policy, err error) {
	err = tx.All(`select id, seal_id, app, purpose, until, reason, max_uses, max_daily, ended_at from seal_policy
		 where `+where, args, func(scan func(...any) error) error {
		var p Policy
		var until int64
		var ended *int64
		err := scan(&p.ID, &p.Seal, &p.App, &p.Purpose, &until, &p.Reason, &p.Max, &p.Daily, &ended)
		p.Until, p.EndedAt = ms(until), maybe(ended)
		out = append(out, p)
		return err
	})
	return out, err
}

func policyByID(tx *db.Tx, id string) (*Policy, error) {
	found, err := policies(tx, `id = $1`, id)
	if err == nil && len(found) == 0 {
		err = fault.NotFound.New("没有这项常备用印授权").WithCode("seal.policy-unknown")
	}
	if err != nil {
		return nil, err
	}
	return &found[0], nil
}

func policiesOf(tx *db.Tx, seal string) ([]Policy, error) {
	return policies(tx, `seal_id = $1 order by created_at desc, id desc limit 500`, seal)
}

func endPolicy(tx *db.Tx, id string) (int64, error) {
	return tx.Exec(`update seal_policy set ended_at = $2 where id = $1 and ended_at is null`, id, tx.Now().UnixMilli())
}

// carryPolicies gives the policies of a seal to the one that takes its place,
// until its end, and ends the old ones.
func carryPolicies(tx *db.Tx, from string, to *Seal) error {
	old, err := policies(tx, `seal_id = $1 and ended_at is null and until >= $2 order by id`, from, tx.Now().UnixMilli())
	if err != nil {
		return err
	}
	for _, p := range old {
		if _, err := endPolicy(tx, p.ID); err != nil {
			return err
		}
		p.ID, p.Seal = newID(), to.ID
		if p.Until.After(to.ValidTo) {
			p.Until = to.ValidTo
		}
		if err := insertPolicy(tx, &p); err != nil {
			return err
		}
	}
	return nil
}

// policiesFor lists the policies that allow the use now, the longest first.
func policiesFor(tx *db.Tx, sealID, app, purpose string) ([]Policy, error) {
	return policies(tx, `seal_id = $1 and app = $2 and (purpose = $3 or purpose = '*') and until >= $4 and ended_at is null
		 order by until desc, id
		 limit 20`, sealID, app, purpose, tx.Now().UnixMilli())
}

// countUses counts the uses under a policy since a time (ms), to a limit: what
// was withdrawn does not count. It counts rows, so that no two stamps wait for
// one counter.
func countUses(tx *db.Tx, policy string, since, limit int64) (n int64, err error) {
	err = tx.Get(`
		select count(*) from (
		  select id from seal_use
		   where policy_id = $1 and policy_id <> '' and created_at >= $2 and state <> 'withdrawn'
		   order by created_at, id
		   limit $3) u`, []any{policy, since, limit}, &n)
	if errors.Is(err, fault.NotFound) {
		return 0, nil
	}
	return n, err
}
