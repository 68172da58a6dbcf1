package catalogue

import (
	"strings"

	"sidian/internal/db"
)

// A numberingRow is a unit's number rule as it is stored.
type numberingRow struct {
	id, kind, org, manager        string
	version                       int
	pattern, scope, state         string
	account, reason               string
	decidedBy, decidedOrg, answer string
	created                       int64
	decided                       *int64
}

const numberingColumns = `id, kind, org, manager, version, pattern, scope, state, account, reason, decided_by, decided_org, answer, created_at, decided_at`

func (r *numberingRow) dest() []any {
	return []any{&r.id, &r.kind, &r.org, &r.manager, &r.version, &r.pattern, &r.scope, &r.state, &r.account, &r.reason, &r.decidedBy, &r.decidedOrg, &r.answer,
		&r.created, &r.decided}
}

func (r *numberingRow) rule() *NumberRule {
	return &NumberRule{Org: r.org, Version: r.version, Pattern: r.pattern, Scope: strings.Fields(r.scope)}
}

func numberings(tx *db.Tx, where string, args ...any) (list []*numberingRow, err error) {
	err = tx.All(`select `+numberingColumns+` from catalogue_numbering `+where, args, func(scan func(...any) error) error {
		r := &numberingRow{}
		list = append(list, r)
		return scan(r.dest()...)
	})
	return list, err
}

// numberingTx is one rule, locked; nil where there is none.
func numberingTx(tx *db.Tx, id string, lock bool) (*numberingRow, error) {
	q := `where id = $1`
	if lock {
		q += ` for update`
	}
	list, err := numberings(tx, q, id)
	if err != nil || len(list) == 0 {
		return nil, err
	}
	return list[0], nil
}

// agreedNumberings are the rules that were agreed on for a kind, the newest first.
func agreedNumberings(tx *db.Tx, kind string) ([]*numberingRow, error) {
	return numberings(tx, `where kind = $1 and state = 'agreed' order by version desc`, kind)
}

// knownNumberings are agreedNumberings as they were a moment ago, by kind.
var knownNumberings = db.NewMemo[string, []*numberingRow]("catalogue_numbering")

// allNumberings are the rules of a kind in any state, the newest first.
func allNumberings(tx *db.Tx, kind string) ([]*numberingRow, error) {
	return numberings(tx, `where kind = $1 order by version desc limit 500`, kind)
}

// insertNumbering counts the row's version, and tells whether the unit had no rule
// under way.
func insertNumbering(tx *db.Tx, r *numberingRow) (made bool, err error) {
	if err := tx.Get(`select coalesce(max(version), 0) + 1 from catalogue_numbering where kind = $1`, []any{r.kind}, &r.version); err != nil {
		return false, err
	}
	n, err := tx.Exec(`
		insert into catalogue_numbering (id, kind, org, manager, version, pattern, scope, state, account, reason, created_at)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
		on conflict do nothing`,
		r.id, r.kind, r.org, r.manager, r.version, r.pattern, r.scope, r.state, r.account, r.reason, r.created)
	return n == 1, err
}

func decideNumbering(tx *db.Tx, r *numberingRow) error {
	_, err := tx.Exec(`
		update catalogue_numbering set state = $2, decided_by = $3, decided_org = $4, answer = $5, decided_at = $6
		 where id = $1 and state = 'submitted'`, r.id, r.state, r.decidedBy, r.decidedOrg, r.answer, *r.decided)
	return err
}
