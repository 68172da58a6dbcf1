package iam

import (
	"sidian/gm"
	"sidian/internal/db"
	"sidian/internal/keys"
)

// revisionOf is how often a guarded table changed. A census that was edited
// tells nothing.
func revisionOf(c keys.Census, err error) (revision int64, changed bool) {
	return c.Revision, err != nil
}

// policyRow is a row of iam_policy.
type policyRow struct {
	version      int
	roles, rules string
	digest       []byte
	state        string
	reason       string
	by           string
	at           int64
	decided      string
	decidedAt    int64
	note         string
	mac          []byte
}

func (r *policyRow) id() string  { return itoa(r.version) }
func (r *policyRow) had() []byte { return r.mac }
func (r *policyRow) fields() []any {
	return []any{r.roles, r.rules, r.digest, r.state, r.by, r.at, r.decided, r.decidedAt}
}

func (r *policyRow) digestOf() (d gm.Digest) {
	copy(d[:], r.digest)
	return d
}

const policyColumns = `version, roles, rules, digest, state, reason, proposed_by, proposed_at, decided_by, decided_at, note, mac`

func queryPolicies(tx *db.Tx, rest string, args ...any) (list []*policyRow, err error) {
	err = tx.All(`select `+policyColumns+` from iam_policy `+rest, args, func(scan func(...any) error) error {
		r := &policyRow{}
		var decided *int64
		err := scan(&r.version, &r.roles, &r.rules, &r.digest, &r.state, &r.reason, &r.by, &r.at, &r.decided, &decided, &r.note, &r.mac)
		r.decidedAt = plainMillis(decided)
		list = append(list, r)
		return err
	})
	return list, err
}

func onePolicy(tx *db.Tx, rest string, args ...any) (*policyRow, error) {
	list, err := queryPolicies(tx, rest, args...)
	if err != nil || len(list) == 0 {
		return nil, err
	}
	return list[0], nil
}

func effectivePolicy(tx *db.Tx) (*policyRow, error) {
	return onePolicy(tx, `where state = 'effective' order by version desc limit 1`)
}

func policyOf(tx *db.Tx, version int) (*policyRow, error) {
	return onePolicy(tx, `where version = $1 order by version`, version)
}

func lastPolicy(tx *db.Tx) (*policyRow, error) {
	return onePolicy(tx, `order by version desc limit 1`)
}

func draftPolicy(tx *db.Tx) (*policyRow, error) {
	return onePolicy(tx, `where state = 'draft' order by version limit 1`)
}

func policiesBefore(tx *db.Tx, before int64, limit int) ([]*policyRow, error) {
	return queryPolicies(tx, `where version < $1 order by version desc limit $2`, before, limit)
}

func eachPolicy(tx *db.Tx, see func(guarded)) error {
	list, err := queryPolicies(tx, `order by version`)
	for _, r := range list {
		see(r)
	}
	return err
}

func (s *Service) insertPolicy(tx *db.Tx, r *policyRow) (int64, error) {
	r.mac = macOf(s.guards.policies, r)
	n, err := tx.Exec(`
		insert into iam_policy (version, roles, rules, digest, state, reason, proposed_by, proposed_at, mac)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
		on conflict do nothing`, r.version, r.roles, r.rules, r.digest, r.state, r.reason, r.by, r.at, r.mac)
	if err != nil || n == 0 {
		return n, err
	}
	return n, s.guards.policies.Insert(tx, r.mac)
}

func (s *Service) savePolicy(tx *db.Tx, r *policyRow) error {
	mac, err := change(tx, s.guards.policies, r)
	if err != nil {
		return err
	}
	r.mac = mac
	_, err = tx.Exec(`update iam_policy set state = $2, decided_by = $3, decided_at = $4, note = $5, mac = $6 where version = $1`,
		r.version, r.state, r.decided, millis(r.decidedAt), r.note, r.mac)
	return err
}
