package seal

import (
	"strings"
	"time"

	"sidian/internal/db"
	"sidian/internal/fault"
)

// A ruleRow is a rule with what only its row has.
type ruleRow struct {
	Rule
	endedAt time.Time
	mac     []byte
}

func (r *ruleRow) key() string { return r.ID }
func (r *ruleRow) had() []byte { return r.mac }
func (r *ruleRow) fields() []any {
	return []any{r.Seal, r.Purpose, r.Asker, strings.Join(r.Levels, ","), r.Max, r.Until, r.Reason, r.CreatedBy, r.CreatedAt, r.endedAt}
}

func insertRule(tx *db.Tx, g *guards, rule *Rule) error {
	r := &ruleRow{Rule: *rule}
	r.CreatedAt = tx.Now()
	r.mac = macOf(g.rules, r)
	_, err := tx.Exec(`
		insert into seal_rule (id, seal_id, purpose, asker, levels, max_documents, until, reason, account, created_at, mac)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
		r.ID, r.Seal, r.Purpose, r.Asker, strings.Join(r.Levels, ","), r.Max, r.Until.UnixMilli(), r.Reason, r.CreatedBy, r.CreatedAt.UnixMilli(), r.mac)
	if err != nil {
		return err
	}
	return g.rules.Insert(tx, r.mac)
}

func ruleByID(tx *db.Tx, id string) (*ruleRow, error) {
	found, err := rules(tx, `where id = $1 and ended_at is null order by id`, id)
	if err == nil && len(found) == 0 {
		return nil, fault.NotFound.New("没有这条用印审批规则，或已终止").WithCode("seal.rule-unknown").WithHint("请刷新后核对")
	}
	if err != nil {
		return nil, err
	}
	return &found[0], nil
}

// rulesOf lists the rules of a seal that are in force, oldest first, and apart
// those that were edited: they grant nothing.
func rulesOf(tx *db.Tx, g *guards, seal string) (list, altered []Rule, err error) {
	found, err := rules(tx, `where seal_id = $1 and ended_at is null and until >= $2 order by created_at, id limit $3`, seal, tx.Now().UnixMilli(), maxRules+1)
	for i := range found {
		if intact(g.rules, &found[i]) {
			list = append(list, found[i].Rule)
		} else {
			altered = append(altered, found[i].Rule)
		}
	}
	return list, altered, err
}

const ruleFrom = `select id, seal_id, purpose, asker, levels, max_documents, until, reason, account, created_at, ended_at, mac from seal_rule `

func scanRule(scan func(...any) error) (r ruleRow, err error) {
	var levels string
	var until, at int64
	var ended *int64
	err = scan(&r.ID, &r.Seal, &r.Purpose, &r.Asker, &levels, &r.Max, &until, &r.Reason, &r.CreatedBy, &at, &ended, &r.mac)
	r.Levels, r.Until, r.CreatedAt, r.endedAt = strings.Split(levels, ","), ms(until), ms(at), maybe(ended)
	return r, err
}

func rules(tx *db.Tx, where string, args ...any) (out []ruleRow, err error) {
	err = tx.All(ruleFrom+where, args, func(scan func(...any) error) error {
		r, err := scanRule(scan)
		out = append(out, r)
		return err
	})
	return out, err
}

// endRule ends an intact rule that is in force.
func endRule(tx *db.Tx, g *guards, r *ruleRow) error {
	before := r.mac
	r.endedAt = tx.Now()
	r.mac = macOf(g.rules, r)
	n, err := tx.Exec(`update seal_rule set ended_at = $2, mac = $3 where id = $1 and ended_at is null`, r.ID, r.endedAt.UnixMilli(), r.mac)
	if err != nil || n == 0 {
		return err
	}
	return g.rules.Update(tx, before, r.mac)
}

// carryRules gives the matrix of a seal to the one that takes its place. A line
// that was edited stays where it is.
func carryRules(tx *db.Tx, g *guards, from string, to *Seal) error {
	old, err := rules(tx, `where seal_id = $1 and ended_at is null and until >= $2 order by created_at, id limit $3`, from, tx.Now().UnixMilli(), maxRules+1)
	if err != nil {
		return err
	}
	for _, row := range old {
		if !intact(g.rules, &row) {
			continue
		}
		r := row.Rule
		if err := endRule(tx, g, &row); err != nil {
			return err
		}
		r.ID, r.Seal = newID(), to.ID
		if r.Until.After(to.ValidTo) {
			r.Until = to.ValidTo
		}
		if err := insertRule(tx, g, &r); err != nil {
			return err
		}
	}
	return nil
}
