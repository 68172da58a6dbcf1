package seal

import (
	"errors"
	"time"

	"sidian/internal/db"
	"sidian/internal/fault"
)

// A policyRow is a policy with what only its row has.
type policyRow struct {
	Policy
	createdAt time.Time
	mac       []byte
}

func (r *policyRow) key() string { return r.ID }
func (r *policyRow) had() []byte { return r.mac }
func (r *policyRow) fields() []any {
	return []any{r.Seal, r.App, r.Purpose, r.Until, r.Reason, r.Max, r.Daily, r.createdAt, r.EndedAt}
}

func insertPolicy(tx *db.Tx, g *guards, p *Policy) error {
	r := &policyRow{Policy: *p, createdAt: tx.Now()}
	r.EndedAt = time.Time{}
	r.mac = macOf(g.policies, r)
	_, err := tx.Exec(`
		insert into seal_policy (id, seal_id, app, purpose, until, reason, max_uses, max_daily, created_at, mac)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`, r.ID, r.Seal, r.App, r.Purpose, r.Until.UnixMilli(), r.Reason, r.Max, r.Daily, r.createdAt.UnixMilli(), r.mac)
	if err != nil {
		return err
	}
	return g.policies.Insert(tx, r.mac)
}

const policyFrom = `select id, seal_id, app, purpose, until, reason, max_uses, max_daily, created_at, ended_at, mac from seal_policy `

func scanPolicy(scan func(...any) error) (r policyRow, err error) {
	var until, at int64
	var ended *int64
	err = scan(&r.ID, &r.Seal, &r.App, &r.Purpose, &until, &r.Reason, &r.Max, &r.Daily, &at, &ended, &r.mac)
	r.Until, r.createdAt, r.EndedAt = ms(until), ms(at), maybe(ended)
	return r, err
}

func policies(tx *db.Tx, where string, args ...any) (out []policyRow, err error) {
	err = tx.All(policyFrom+where, args, func(scan func(...any) error) error {
		r, err := scanPolicy(scan)
		out = append(out, r)
		return err
	})
	return out, err
}

func policyByID(tx *db.Tx, id string) (*policyRow, error) {
	found, err := policies(tx, `where id = $1 order by id`, id)
	if err == nil && len(found) == 0 {
		err = fault.NotFound.New("没有这项常备用印授权").WithCode("seal.policy-unknown")
	}
	if err != nil {
		return nil, err
	}
	return &found[0], nil
}

// policiesOf lists the policies of a seal, newest first, without those that were
// edited: they grant nothing.
func policiesOf(tx *db.Tx, g *guards, seal string) (out []Policy, err error) {
	found, err := policies(tx, `where seal_id = $1 order by created_at desc, id desc limit 500`, seal)
	for i := range found {
		if intact(g.policies, &found[i]) {
			out = append(out, found[i].Policy)
		}
	}
	return out, err
}

// endPolicy tells whether an intact policy was still in force.
func endPolicy(tx *db.Tx, g *guards, r *policyRow) (bool, error) {
	if !r.EndedAt.IsZero() {
		return false, nil
	}
	before := r.mac
	r.EndedAt = ms(tx.Now().UnixMilli())
	r.mac = macOf(g.policies, r)
	n, err := tx.Exec(`update seal_policy set ended_at = $2, mac = $3 where id = $1 and ended_at is null`, r.ID, r.EndedAt.UnixMilli(), r.mac)
	if err != nil || n == 0 {
		return false, err
	}
	return true, g.policies.Update(tx, before, r.mac)
}

// carryPolicies gives the policies of a seal to the one that takes its place,
// until its end, and ends the old ones. One that was edited stays where it is.
func carryPolicies(tx *db.Tx, g *guards, from string, to *Seal) error {
	old, err := policies(tx, `where seal_id = $1 and ended_at is null and until >= $2 order by id`, from, tx.Now().UnixMilli())
	if err != nil {
		return err
	}
	for _, r := range old {
		if !intact(g.policies, &r) {
			continue
		}
		p := r.Policy
		if _, err := endPolicy(tx, g, &r); err != nil {
			return err
		}
		p.ID, p.Seal = newID(), to.ID
		if p.Until.After(to.ValidTo) {
			p.Until = to.ValidTo
		}
		if err := insertPolicy(tx, g, &p); err != nil {
			return err
		}
	}
	return nil
}

// policiesFor lists the policies that allow the use now, the longest first.
func policiesFor(tx *db.Tx, sealID, app, purpose string) ([]policyRow, error) {
	return policies(tx, `where seal_id = $1 and app = $2 and (purpose = $3 or purpose = '*') and until >= $4 and ended_at is null
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
